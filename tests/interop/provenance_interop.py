"""Our bills of materials before CycloneDX's schema, and our provenance before in-toto's own reading.

usage: provenance_interop.py VEDETTE DEPS_FOLDER

The judge of the schema lies under DEPS_FOLDER/cyclonedx (./dev setup fetches it). Without it, or without
node, its tests are skipped with the reason; exit code 77 if all are.
"""

import base64
import hashlib
import json
import shutil
import subprocess
import sys
import tempfile
import unittest
from pathlib import Path

import foreign

VEDETTE = DEPS = None
HERE = Path(__file__).resolve().parent
STATEMENT = """
[build]
type = "https://example.org/train/v1"
builder = "https://ci.example.org/pool"
started = "2026-11-01T10:00:00Z"
[build.parameters]
epochs = 12
[[build.dependencies]]
uri = "git+https://example.org/train"
sha256 = "{digest}"

[[datasets]]
name = "speech-de"
split = "test"
licence = "CC-BY-4.0 OR MIT"
{fingerprint}

[lineage]
base = "silero-vad 5"
base_root = "{digest}"
method = "fine-tuning"

[[evaluations]]
metric = "f1"
value = 0.93
minimum = 0.85
dataset_root = "{root}"
"""


def run(*words):
    return subprocess.run([str(word) for word in words], capture_output=True, text=True, timeout=120)


class Provenance(unittest.TestCase):
    def setUp(self):
        self.folder = Path(tempfile.mkdtemp(prefix="vedette-provenance-"))
        self.addCleanup(shutil.rmtree, self.folder)
        self.model = self.folder / "vad.onnx"
        self.model.write_bytes(b"weights " * 1000)
        (self.folder / "records").write_text("one\ntwo\nthree\n")
        self.ours("key", "generate", self.folder / "key", "--insecure-unencrypted")
        self.trust = ("--publisher", self.folder / "key.pub")
        self.ours("model", "sign", self.model, "--key", self.folder / "key")
        found = self.ours("model", "provenance", "fingerprint", "--lines", self.folder / "records")
        root = found.splitlines()[0].split('"')[1]
        self.assertEqual(root, self.tree_of([b"one", b"two", b"three"]))
        text = STATEMENT.format(fingerprint=found, root=root, digest="ab" * 32)
        (self.folder / "from.toml").write_text(text)
        self.ours("model", "provenance", "sign", self.model, *self.trust, "--from",
                  self.folder / "from.toml", "--key", self.folder / "key")

    def ours(self, *words):
        result = run(VEDETTE, *words)
        self.assertEqual(result.returncode, 0, result.stderr + result.stdout)
        return result.stdout

    # RFC 6962, 2.1, written down once more.
    def tree_of(self, leaves):
        def root(part):
            if len(part) == 1:
                return hashlib.sha256(b"\0" + part[0]).digest()
            split = 1 << (len(part) - 1).bit_length() - 1
            return hashlib.sha256(b"\1" + root(part[:split]) + root(part[split:])).digest()

        return root(leaves).hex()

    def judge(self, bom):
        modules = DEPS / "cyclonedx" / "node_modules"
        if not (modules / "@cyclonedx" / "cyclonedx-library").is_dir():
            self.skipTest("@cyclonedx/cyclonedx-library is not under .deps/cyclonedx: run './dev setup'")
        if shutil.which("node") is None:
            self.skipTest("node is not installed: run './dev setup'")
        return run("node", HERE / "bom_judge.cjs", modules, bom)

    def test_the_judge_refuses_what_is_no_bill(self):
        (self.folder / "bad.json").write_text('{"bomFormat":"CycloneDX","specVersion":"1.6","x":1}')
        self.assertEqual(self.judge(self.folder / "bad.json").returncode, 3)

    def test_a_bill_fits_the_schema(self):
        bom = self.folder / "bom.json"
        self.ours("model", "provenance", "bom", self.model, *self.trust, "--version", "4",
                  "--output", bom)
        verdict = self.judge(bom)
        self.assertEqual(verdict.returncode, 0, verdict.stderr)

    # The pipeline of docs/release.md, by the shell and as it stands there.
    def test_the_documented_pipeline_signs_and_verifies(self):
        page = (HERE.parent.parent / "docs" / "release.md").read_text()
        job = page.split("      run: |\n")[1].split("    - uses:")[0]
        work = self.folder / "checkout"
        (work / "voice").mkdir(parents=True)
        shutil.copy(self.model, work / "voice" / "vad.onnx")
        shutil.copy(self.folder / "from.toml", work / "voice.toml")
        shutil.copy(self.folder / "key.pub", work / "publisher.pub")
        environment = {
            "PATH": f"{VEDETTE.parent}:/usr/bin:/bin",
            "PUBLISHER_KEY": (self.folder / "key").read_text().strip(),
            "TMPDIR": str(self.folder),
        }
        before = set(self.folder.iterdir())
        result = subprocess.run(["bash", "-e", "-c", job], cwd=work, env=environment,
                                capture_output=True, text=True, timeout=120)
        self.assertEqual(result.returncode, 0, result.stdout + result.stderr)
        self.assertTrue((work / "voice.provenance.jsonl").exists())
        self.assertEqual(set(self.folder.iterdir()), before, "the key is gone")

    def test_each_line_is_an_in_toto_statement_about_the_model(self):
        bundle = json.loads(self.model.with_suffix(".onnx.sig").read_text())
        signed = json.loads(base64.b64decode(bundle["dsseEnvelope"]["payload"]))
        lines = Path(str(self.model) + ".provenance.jsonl").read_text().splitlines()
        kinds = []
        for line in lines:
            envelope = json.loads(line)
            self.assertEqual(envelope["payloadType"], "application/vnd.in-toto+json")
            statement = json.loads(base64.b64decode(envelope["payload"]))
            self.assertEqual(statement["_type"], "https://in-toto.io/Statement/v1")
            self.assertEqual(statement["subject"][0]["digest"], signed["subject"][0]["digest"])
            kinds.append(statement["predicateType"])
        self.assertIn("https://slsa.dev/provenance/v1", kinds)
        self.assertEqual(len(set(kinds)), 4)


if __name__ == "__main__":
    VEDETTE, DEPS = (path.resolve() for path in foreign.paths(__doc__))
    sys.exit(foreign.run())
