"""Our TUF client on repositories that python-tuf wrote, its client on a repository of ours, and our client before the
conformance suite of TUF's own authors.

usage: tuf_interop.py VEDETTE_TUF DEPS_FOLDER

The program vedette, which writes our repository, lies beside VEDETTE_TUF.

python-tuf is the Python package tuf, in DEPS_FOLDER/venv (optional). The suite is a checkout of
theupdateframework/tuf-conformance, named by the environment variable VEDETTE_TUF_CONFORMANCE; it needs the tool
faketime, and the packages of its pyproject.toml in its own env/ or in DEPS_FOLDER/venv. What is absent is skipped
with its reason; exit code 77 if all is.
"""

import functools
import hashlib
import http.server
import os
import shutil
import subprocess
import sys
import tempfile
import threading
import unittest
from datetime import datetime, timedelta, timezone
from pathlib import Path

import foreign

try:
    import cryptography  # noqa: F401  python-tuf imports without it, and signs nothing then
    from securesystemslib.signer import CryptoSigner
    from tuf.api.metadata import (DelegatedRole, Delegations, Metadata, MetaFile, Root, Snapshot, SuccinctRoles,
                                  TargetFile, Targets, Timestamp)
    from tuf.api.exceptions import BadVersionNumberError, DownloadError, RepositoryError, UnsignedMetadataError
    from tuf.ngclient import Updater
except ImportError:
    CryptoSigner = None

CLIENT = DEPS = None
TOP_LEVEL = ("root", "timestamp", "snapshot", "targets")
LATER = datetime.now(timezone.utc).replace(microsecond=0) + timedelta(days=1)


class Repository:
    """Files under `folder`: metadata/ and targets/, with consistent snapshots."""

    def __init__(self, folder, signers):
        self.folder = folder
        self.signers = signers  # role -> signers
        (folder / "metadata").mkdir()
        (folder / "targets").mkdir()
        self.roles = {"root": Root(expires=LATER), "timestamp": Timestamp(expires=LATER),
                      "snapshot": Snapshot(expires=LATER), "targets": Targets(expires=LATER)}
        for role in TOP_LEVEL:
            for signer in signers[role]:
                self.roles["root"].add_key(signer.public_key, role)
            self.roles["root"].roles[role].threshold = len(signers[role])

    def add(self, role, path, content):
        target = TargetFile.from_data(path, content, ["sha512", "sha256"])
        self.roles[role].targets[path] = target
        place = self.folder / "targets" / path
        place.parent.mkdir(parents=True, exist_ok=True)
        for digest in target.hashes.values():
            place.with_name(f"{digest}.{place.name}").write_bytes(content)

    def delegate(self, delegator, role, signer, **how):
        """A delegation from `delegator` to `role`, as DelegatedRole takes it."""
        delegations = self.roles[delegator].delegations or Delegations({}, {})
        delegations.roles[role] = DelegatedRole(role, [], 1, how.pop("terminating", False), **how)
        self.roles[delegator].delegations = delegations
        self.roles[delegator].add_key(signer.public_key, role)
        self.roles.setdefault(role, Targets(expires=LATER))
        self.signers[role] = [signer]

    def sign(self, role):
        metadata = Metadata(self.roles[role])
        for signer in self.signers[role]:
            metadata.sign(signer, append=True)
        return metadata.to_bytes()

    def write(self, role):
        octets = self.sign(role)
        version = self.roles[role].version
        name = "timestamp.json" if role == "timestamp" else f"{version}.{role}.json"
        (self.folder / "metadata" / name).write_bytes(octets)
        return MetaFile(version, len(octets), {"sha256": hashlib.sha256(octets).hexdigest()})

    def publish(self):
        for role in self.roles:
            if role not in ("root", "timestamp", "snapshot"):
                self.roles["snapshot"].meta[role + ".json"] = self.write(role)
        self.roles["timestamp"].snapshot_meta = self.write("snapshot")
        self.write("timestamp")
        self.write("root")

    def bump(self, *roles):
        for role in roles:
            self.roles[role].version += 1


class QuietHandler(http.server.SimpleHTTPRequestHandler):
    def log_message(self, *_):
        pass


class Served(unittest.TestCase):
    """A folder of the test's own, and what is below served/ on a web server."""

    def serve(self):
        self.folder = Path(tempfile.mkdtemp(prefix="vedette-tuf-"))
        self.addCleanup(shutil.rmtree, self.folder)
        served = self.folder / "served"
        served.mkdir()
        handler = functools.partial(QuietHandler, directory=served)
        server = http.server.ThreadingHTTPServer(("127.0.0.1", 0), handler)
        self.addCleanup(server.server_close)
        self.addCleanup(server.shutdown)
        threading.Thread(target=server.serve_forever, daemon=True).start()
        self.url = f"http://127.0.0.1:{server.server_port}"
        return served


@unittest.skipIf(CryptoSigner is None, "the Python package tuf is not in .deps/venv")
class PythonTuf(Served):
    def setUp(self):
        served = self.serve()
        ed25519, ecdsa, rsa = (CryptoSigner.generate_ed25519, CryptoSigner.generate_ecdsa, CryptoSigner.generate_rsa)
        self.repository = Repository(served, {"root": [ed25519(), ecdsa(), rsa()], "timestamp": [ecdsa()],
                                              "snapshot": [rsa()], "targets": [ed25519(), rsa()]})

    def client(self, *words):
        return subprocess.run([CLIENT, "--metadata-dir", self.folder / "trusted", "--metadata-url",
                               self.url + "/metadata", *words], capture_output=True, text=True, timeout=60)

    def start(self):
        self.repository.publish()
        self.assertEqual(self.client("init", self.repository.folder / "metadata" / "1.root.json").returncode, 0)

    def download(self, *names):
        options = [word for name in names for word in ("--target-name", name)]
        return self.client(*options, "--target-base-url", self.url + "/targets/", "--target-dir",
                           self.folder / "targets", "download")

    def assert_refused(self, code, result):
        self.assertEqual(result.returncode, 1, result.stderr)
        self.assertIn(code, result.stderr)

    def test_refuses_what_one_key_of_two_signed(self):
        self.start()
        self.repository.bump("timestamp", "snapshot", "targets")
        self.repository.signers["targets"].pop()
        self.repository.publish()
        self.assert_refused("TUF-SIGNATURES", self.client("refresh"))

    def test_refuses_an_older_timestamp(self):
        self.start()
        old = self.repository.sign("timestamp")
        self.repository.bump("timestamp")
        self.repository.publish()
        self.assertEqual(self.client("refresh").returncode, 0)
        (self.repository.folder / "metadata" / "timestamp.json").write_bytes(old)
        self.assert_refused("TUF-ROLLBACK", self.client("refresh"))

    def test_refuses_a_target_that_was_exchanged(self):
        self.repository.add("targets", "dir/file", b"content")
        self.start()
        for file in (self.repository.folder / "targets" / "dir").iterdir():
            file.write_bytes(b"CONTENT")
        self.assert_refused("TUF-HASH", self.download("dir/file"))
        self.assertEqual(os.listdir(self.folder / "targets"), [])

    def test_follows_key_rotation(self):
        self.start()
        old = list(self.repository.signers["root"])
        new = [CryptoSigner.generate_rsa(), CryptoSigner.generate_ed25519(), CryptoSigner.generate_ecdsa()]
        root = self.repository.roles["root"]
        for signer in old:
            root.revoke_key(signer.public_key.keyid, "root")
        for signer in new:
            root.add_key(signer.public_key, "root")
        self.repository.bump("root")
        self.repository.signers["root"] = old + new
        self.repository.publish()
        result = self.client("refresh")
        self.assertEqual(result.returncode, 0, result.stderr)
        self.assertEqual(Metadata.from_file(str(self.folder / "trusted" / "root.json")).signed.version, 2)

    def test_finds_by_path_by_hash_and_among_succinct_roles(self):
        repository = self.repository
        digest = hashlib.sha256("by/hash ü".encode()).hexdigest()
        repository.delegate("targets", "paths", CryptoSigner.generate_rsa(), paths=["by/path/*"])
        repository.delegate("targets", "hashes", CryptoSigner.generate_ed25519(), path_hash_prefixes=[digest[:4]])
        repository.delegate("targets", "bins", CryptoSigner.generate_ecdsa(), paths=["by/bin"])
        signer = CryptoSigner.generate_ed25519()
        bins = SuccinctRoles([], 1, 5, "bin")
        repository.roles["bins"].delegations = Delegations({}, None, bins)
        repository.roles["bins"].add_key(signer.public_key)
        one = bins.get_role_for_target("by/bin")
        repository.roles[one] = Targets(expires=LATER)
        repository.signers[one] = [signer]
        wanted = {"paths": "by/path/file", "hashes": "by/hash ü", one: "by/bin"}
        for role, name in wanted.items():
            repository.add(role, name, f"of {role}".encode())
        self.start()
        result = self.download(*wanted.values())
        self.assertEqual(result.returncode, 0, result.stderr)
        for role, name in wanted.items():
            escaped = name.replace("/", "%2F").replace(" ", "%20").replace("ü", "%C3%BC")
            self.assertEqual((self.folder / "targets" / escaped).read_bytes(), f"of {role}".encode())


@unittest.skipIf(CryptoSigner is None, "the Python package tuf is not in .deps/venv")
class PythonTufClient(Served):
    """python-tuf's client on the repository that `vedette tuf` wrote, and ours on the same."""

    def setUp(self):
        self.served = self.serve()
        for name in ("root1", "root2", "targets", "online", "voice", "online2"):
            self.vedette("key", "generate", self.path(name), "--insecure-unencrypted")
        ed25519 = CryptoSigner.generate_ed25519()  # keys of the other kind come from elsewhere
        self.path("voice").write_bytes(ed25519.private_bytes)
        from cryptography.hazmat.primitives import serialization
        private = serialization.load_pem_private_key(ed25519.private_bytes, None)
        self.path("voice.pub").write_bytes(private.public_key().public_bytes(
            serialization.Encoding.PEM, serialization.PublicFormat.SubjectPublicKeyInfo))
        self.tuf("init", "--root-key", self.path("root1.pub"), "--root-key", self.path("root2.pub"),
                 "--root-threshold", "2", "--targets-key", self.path("targets.pub"),
                 "--online-key", self.path("online.pub"))
        self.tuf("delegate", "voice", "--key", self.path("voice.pub"), "--path", "voice/*")
        self.add("voice/1.json", b"the first", "--role", "voice")
        self.sign("root", "root1", "root2")
        self.sign("targets", "targets")
        self.sign("voice", "voice")
        self.publish("online")
        self.anchor = (self.served / "metadata" / "1.root.json").read_bytes()

    def path(self, name):
        return self.folder / name

    def vedette(self, *words):
        result = subprocess.run([CLIENT.parent / "vedette", *words], capture_output=True, text=True, timeout=60)
        self.assertEqual(result.returncode, 0, result.stderr)

    def tuf(self, verb, *words):
        self.vedette("tuf", verb, self.served, *words)

    def add(self, name, content, *words):
        self.path("content").write_bytes(content)
        self.tuf("add-target", name, self.path("content"), *words)

    def sign(self, role, *keys):
        options = [word for key in keys for word in ("--key", self.path(key))]
        self.vedette("tuf", "sign", self.served / "staged" / f"{role}.json", *options)

    def publish(self, key):
        self.tuf("publish", "--key", self.path(key))

    def updater(self, trusted="python"):
        """A python-tuf client that has just started, over what it trusted before."""
        for folder in (trusted, trusted + "-targets"):
            self.path(folder).mkdir(exist_ok=True)
        updater = Updater(str(self.path(trusted)), self.url + "/metadata/", str(self.path(trusted + "-targets")),
                          self.url + "/targets/", bootstrap=self.anchor)
        updater.refresh()
        return updater

    def fetched(self, name, updater=None):
        updater = updater or self.updater()
        info = updater.get_targetinfo(name)
        return info and Path(updater.download_target(info)).read_bytes()

    def ours(self, name):
        """What our client says."""
        self.path("anchor.json").write_bytes(self.anchor)
        options = ["--metadata-dir", self.path("ours")]
        subprocess.run([CLIENT, *options, "init", self.path("anchor.json")], check=True, timeout=60)
        options += ["--metadata-url", self.url + "/metadata", "--target-base-url", self.url + "/targets",
                    "--target-dir", self.path("ours-targets"), "--target-name", name]
        return subprocess.run([CLIENT, *options, "download"], capture_output=True, text=True, timeout=60)

    def test_it_refuses_what_was_rolled_back(self):
        old = (self.served / "metadata" / "timestamp.json").read_bytes()
        self.publish("online")
        self.updater()
        (self.served / "metadata" / "timestamp.json").write_bytes(old)
        with self.assertRaises(BadVersionNumberError):
            self.updater()

    def test_it_refuses_a_target_that_was_exchanged(self):
        for file in (self.served / "targets" / "voice").iterdir():
            file.write_bytes(b"THE FIRST")
        with self.assertRaises((DownloadError, RepositoryError)):
            self.fetched("voice/1.json")

    def test_it_refuses_a_timestamp_of_a_key_that_was_taken_away(self):
        old = (self.served / "metadata" / "timestamp.json").read_bytes()
        for role in ("snapshot", "timestamp"):
            self.tuf("rotate", role, "--key", self.path("online2.pub"))
        self.sign("root", "root1", "root2")
        self.publish("online2")
        self.updater()
        (self.served / "metadata" / "timestamp.json").write_bytes(old)
        with self.assertRaises(UnsignedMetadataError):
            self.updater()

    def test_it_fetches_what_a_publisher_lists_and_not_what_is_removed(self):
        self.assertEqual(self.fetched("voice/1.json"), b"the first")
        self.assertEqual(self.ours("voice/1.json").returncode, 0)
        self.add("voice/2.json", b"the second", "--role", "voice")
        self.tuf("remove-target", "voice/1.json", "--role", "voice")
        self.sign("voice", "voice")
        self.publish("online")
        self.assertIsNone(self.fetched("voice/1.json"))
        self.assertEqual(self.fetched("voice/2.json"), b"the second")
        self.assertIn("TUF-NO-TARGET", self.ours("voice/1.json").stderr)
        self.assertEqual(self.ours("voice/2.json").returncode, 0)

    def test_it_follows_the_rotation_of_every_key(self):
        self.updater()
        self.vedette("key", "generate", self.path("root3"), "--insecure-unencrypted")
        self.tuf("rotate", "root", "--key", self.path("root2.pub"), "--key", self.path("root3.pub"),
                 "--threshold", "2")
        self.tuf("rotate", "targets", "--key", self.path("root3.pub"))
        for role in ("snapshot", "timestamp"):
            self.tuf("rotate", role, "--key", self.path("online2.pub"))
        self.tuf("delegate", "voice", "--key", self.path("online.pub"), "--path", "voice/*")
        self.add("voice/2.json", b"the second", "--role", "voice")
        self.sign("root", "root1", "root2", "root3")
        self.sign("targets", "root3")
        self.sign("voice", "online")
        self.publish("online2")
        self.assertEqual(self.fetched("voice/2.json"), b"the second")
        self.assertEqual(self.fetched("voice/2.json", self.updater("another")), b"the second")
        self.assertEqual(self.ours("voice/2.json").returncode, 0)


class ConformanceSuite(unittest.TestCase):
    def test_every_case_passes(self):
        checkout = os.environ.get("VEDETTE_TUF_CONFORMANCE")
        if not checkout:
            self.skipTest("VEDETTE_TUF_CONFORMANCE names no checkout of theupdateframework/tuf-conformance")
        if shutil.which("faketime") is None:
            self.skipTest("faketime is not installed")
        pythons = [Path(checkout) / "env" / "bin" / "python", Path(sys.executable)]
        python = next((p for p in pythons if p.exists() and
                       subprocess.run([p, "-c", "import pytest, tuf"], capture_output=True).returncode == 0), None)
        if python is None:
            self.skipTest("no Python has the packages pytest and tuf")
        result = subprocess.run([python, "-m", "pytest", "-q", "-p", "no:cacheprovider", "tuf_conformance",
                                 "--entrypoint", Path(CLIENT).resolve()],
                                cwd=checkout, capture_output=True, text=True, timeout=600)
        print(result.stdout.splitlines()[-1] if result.stdout else result.stderr)
        self.assertEqual(result.returncode, 0, result.stdout[-4000:])


def main():
    global CLIENT, DEPS
    CLIENT, DEPS = foreign.paths(__doc__)
    if CryptoSigner is None:
        foreign.prefer_venv(DEPS)
    return foreign.run()


if __name__ == "__main__":
    sys.exit(main())
