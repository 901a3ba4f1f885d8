"""Our bundles before foreign implementations of OpenSSF Model Signing, and theirs before ours.

usage: oms_interop.py OMS_TOOL DEPS_FOLDER

The judges lie under DEPS_FOLDER: npm/node_modules/@sigstore/{bundle,verify} (./dev setup fetches
them) and venv/ with the Python package model-signing (optional; it also needs pyOpenSSL). A judge
that is absent is skipped with its reason; exit code 77 if all are.
"""

import base64
import json
import os
import shutil
import subprocess
import sys
import tempfile
import unittest
from pathlib import Path

import foreign

OMS_TOOL = DEPS = None
HERE = Path(__file__).resolve().parent
FILES = {
    "vad.onnx": b"weights " * 1000,
    "labels.txt": "speech\nÄ\n".encode(),
    "empty": b"",
    "a/b": b"sorts before a-b by path part",
    "a-b": b"sorts before a/b by code point",
    "config/deep/ünïcode 😀.json": b"{}",
}

# Their program knows whole files alone; their library shards too.
THEIR_SHARDS = """
import sys
import model_signing
verb, model, key, bundle, size = sys.argv[1:]
if verb == "verify":
    verifier = model_signing.verifying.Config().use_elliptic_key_verifier(public_key=key)
    verifier.verify(model, bundle)
else:
    hashing = model_signing.hashing.Config().use_shard_serialization(shard_size=int(size))
    hashing.set_ignored_paths(paths=[bundle])
    signer = model_signing.signing.Config().use_elliptic_key_signer(private_key=key)
    signer.set_hashing_config(hashing).sign(model, bundle)
"""
SHARD = 700  # octets: twelve shards of vad.onnx, which sort differently as text and as numbers


def run(*words):
    return subprocess.run([str(word) for word in words], capture_output=True, text=True, timeout=120)


class Interop(unittest.TestCase):
    def setUp(self):
        self.folder = Path(tempfile.mkdtemp(prefix="vedette-interop-"))
        self.addCleanup(shutil.rmtree, self.folder)
        self.private, self.public = self.folder / "key.pem", self.folder / "key.pub"
        self.other_private, self.other_public = self.folder / "other.pem", self.folder / "other.pub"
        self.bundle = self.folder / "model.sig"
        self.model = self.folder / "model"
        for name, content in FILES.items():
            (self.model / name).parent.mkdir(parents=True, exist_ok=True)
            (self.model / name).write_bytes(content)
        self.ours("generate", self.private, self.public)
        self.ours("generate", self.other_private, self.other_public)

    def ours(self, *words, code=0):
        result = run(OMS_TOOL, *words)
        self.assertEqual(result.returncode, code, result.stderr)
        return result

    def refused(self, expected, *words):
        self.assertIn(expected, self.ours(*words, code=3).stderr)

    def change_bundle(self, change):
        bundle = json.loads(self.bundle.read_text())
        change(bundle)
        self.bundle.write_text(json.dumps(bundle))

    def flip_payload(self):
        def flip(bundle):
            envelope = bundle["dsseEnvelope"]
            payload = base64.b64decode(envelope["payload"]).replace(b"vad.onnx", b"bad.onnx")
            envelope["payload"] = base64.b64encode(payload).decode()
        self.change_bundle(flip)


class Sigstore(Interop):
    def setUp(self):
        self.modules = DEPS / "npm" / "node_modules"
        if not (self.modules / "@sigstore" / "verify").is_dir():
            self.skipTest("@sigstore/verify is not under .deps/npm: run './dev setup'")
        if shutil.which("node") is None:
            self.skipTest("node is not installed: run './dev setup'")
        super().setUp()
        self.ours("sign", self.model, self.private, self.bundle)

    def judge(self, key):
        return run("node", HERE / "sigstore_verify.cjs", self.modules, self.bundle, key)

    def test_refuses_a_changed_payload(self):
        self.flip_payload()
        self.assertEqual(self.judge(self.public).returncode, 3)
        self.refused("OMS-SIGNATURE", "verify", self.model, self.public, self.bundle)

    def test_refuses_another_key(self):
        self.assertEqual(self.judge(self.other_public).returncode, 3)

    def test_accepts_our_bundle(self):
        result = self.judge(self.public)
        self.assertEqual(result.returncode, 0, result.stderr)


class ModelSigning(Interop):
    def setUp(self):
        self.python = DEPS / "venv" / "bin" / "python"
        if not self.python.exists() or run(self.python, "-c", "import model_signing").returncode != 0:
            self.skipTest("the Python package model-signing is not in .deps/venv")
        super().setUp()

    def theirs(self, verb, key, model=None, more=()):
        option = "--private_key" if verb == "sign" else "--public_key"
        result = run(self.python, "-m", "model_signing", verb, "key", model or self.model,
                     "--signature", self.bundle, option, key, *more)
        return result.returncode, result.stdout + result.stderr

    def assert_theirs(self, *words, **named):
        code, output = self.theirs(*words, **named)
        self.assertEqual(code, 0, output)

    def assert_theirs_refuses(self, *words, **named):
        code, output = self.theirs(*words, **named)
        self.assertNotEqual(code, 0, output)

    def test_they_refuse_our_bundle_for_a_changed_model(self):
        self.ours("sign", self.model, self.private, self.bundle)
        (self.model / "vad.onnx").write_bytes(b"other")
        self.assert_theirs_refuses("verify", self.public)

    def test_they_refuse_our_bundle_under_another_key(self):
        self.ours("sign", self.model, self.private, self.bundle)
        self.assert_theirs_refuses("verify", self.other_public)

    def test_we_refuse_their_bundle_for_a_changed_model(self):
        self.assert_theirs("sign", self.private)
        (self.model / "vad.onnx").write_bytes(b"other")
        self.refused("OMS-DIGEST", "verify", self.model, self.public, self.bundle)
        (self.model / "vad.onnx").unlink()
        self.refused("OMS-MISSING", "verify", self.model, self.public, self.bundle)
        (self.model / "vad.onnx").write_bytes(FILES["vad.onnx"])
        (self.model / "added").write_bytes(b"")
        self.refused("OMS-UNLISTED", "verify", self.model, self.public, self.bundle)

    def test_we_refuse_their_bundle_under_another_key(self):
        self.assert_theirs("sign", self.private)
        self.refused("OMS-UNTRUSTED", "verify", self.model, self.other_public, self.bundle)

    def test_we_refuse_links_that_they_followed(self):
        os.symlink("vad.onnx", self.model / "link.onnx")
        self.assert_theirs("sign", self.private, more=["--allow_symlinks"])
        self.refused("OMS-SYMLINK", "verify", self.model, self.public, self.bundle)

    def test_they_accept_our_bundle(self):
        self.ours("sign", self.model, self.private, self.bundle)
        self.assert_theirs("verify", self.public)

    def test_they_accept_our_bundle_of_a_single_file(self):
        self.ours("sign", self.model / "vad.onnx", self.private, self.bundle)
        self.assert_theirs("verify", self.public, model=self.model / "vad.onnx")

    def test_they_accept_our_bundle_inside_the_model(self):
        self.bundle = self.model / "model.sig"
        self.ours("sign", self.model, self.private, self.bundle, "model.sig")
        self.assert_theirs("verify", self.public)

    def test_we_accept_their_bundle(self):
        self.assert_theirs("sign", self.private)
        self.ours("verify", self.model, self.public, self.bundle)

    def test_we_accept_their_bundle_of_a_single_file(self):
        self.assert_theirs("sign", self.private, model=self.model / "vad.onnx")
        self.ours("verify", self.model / "vad.onnx", self.public, self.bundle)

    def test_we_accept_their_bundle_inside_the_model(self):
        self.bundle = self.model / "model.sig"
        (self.model / ".git").mkdir()
        (self.model / ".git" / "config").write_bytes(b"x")
        self.assert_theirs("sign", self.private)
        self.ours("verify", self.model, self.public, self.bundle)


class Shards(ModelSigning):
    """The same by shards, with their library."""

    test_we_refuse_links_that_they_followed = None  # of this, a serialization makes no difference

    def theirs(self, verb, key, model=None, more=()):
        result = run(self.python, "-c", THEIR_SHARDS, verb, model or self.model, key, self.bundle,
                     SHARD)
        return result.returncode, result.stdout + result.stderr

    def ours(self, *words, code=0):
        if words[0] == "sign":
            words = ("shards", SHARD, *words[1:])
        return super().ours(*words, code=code)

    def serialization(self):
        envelope = json.loads(self.bundle.read_text())["dsseEnvelope"]
        return json.loads(base64.b64decode(envelope["payload"]))["predicate"]["serialization"]

    def test_we_refuse_their_bundle_for_a_changed_model(self):
        self.assert_theirs("sign", self.private)
        self.assertEqual(self.serialization()["method"], "shards")
        changed = bytearray(FILES["vad.onnx"])
        changed[-1] ^= 1
        (self.model / "vad.onnx").write_bytes(changed)
        self.refused("OMS-DIGEST", "verify", self.model, self.public, self.bundle)
        (self.model / "vad.onnx").write_bytes(FILES["vad.onnx"] + b"x")
        self.refused("OMS-DIGEST", "verify", self.model, self.public, self.bundle)
        (self.model / "vad.onnx").unlink()
        self.refused("OMS-MISSING", "verify", self.model, self.public, self.bundle)
        (self.model / "vad.onnx").write_bytes(FILES["vad.onnx"])
        (self.model / "added").write_bytes(b"x")
        self.refused("OMS-UNLISTED", "verify", self.model, self.public, self.bundle)

    def test_both_take_an_empty_file_for_none(self):
        self.ours("sign", self.model, self.private, self.bundle)
        (self.model / "another").write_bytes(b"")
        self.assert_theirs("verify", self.public)
        self.ours("verify", self.model, self.public, self.bundle)

    def test_they_refuse_what_they_signed_themselves(self):
        """Their size of a shard comes back as 700.0; ours is a whole number for this reason."""
        self.assert_theirs("sign", self.private)
        self.assertIsInstance(self.serialization()["shard_size"], float)
        self.assert_theirs_refuses("verify", self.public)


def main():
    global OMS_TOOL, DEPS
    OMS_TOOL, DEPS = foreign.paths(__doc__)
    return foreign.run()


if __name__ == "__main__":
    sys.exit(main())
