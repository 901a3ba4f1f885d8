"""House rules that no compiler checks: who includes whom, how long a file may be, what no file may say.

Prints every breach with its file and line and exits 1 if there is any.
"""

import re
import subprocess
import sys
from pathlib import Path

DOMAINS = {"identity", "attestation", "release", "ledger", "telemetry", "policy", "inference"}
CORE = {"base", "codec", "crypto"}
# Folder -> folders it may include from (besides itself). Kept like cmake/VedetteLayers.cmake.
MAY_INCLUDE = {
    "base": set(),
    "codec": {"base"},
    "crypto": {"base", "codec"},
    **{domain: set(CORE) for domain in DOMAINS},
    "policy": {"base"},
    "inference": {"base", "codec"},
    "platform": CORE | DOMAINS,
    **{app: CORE | DOMAINS | {"platform"} for app in ("server", "agent", "cli")},
}
# Third-party header prefix -> folders that own it.
OWNERS = {
    "openssl/": {"src/crypto", "src/platform/net/beast"},
    "tss2/": {"src/platform/tpm/esys"},
    "p11-kit/": {"src/platform/pkcs11"},
    "boost/": {"src/platform/net/beast"},
    "sqlite3.h": {"src/platform/store/sqlite"},
    "nlohmann/": {"src/codec"},
    "toml++/": {"src/codec"},
    "seccomp.h": {"src/inference/sandbox"},
    "onnxruntime": {"src/inference/engine"},
    "CLI/": {"src/cli", "apps"},
}
# Concrete adapters are named by composition roots and tests alone.
ADAPTERS = ("platform/net/beast/", "platform/tpm/esys/", "platform/tpm/swtpm/", "platform/pkcs11/", "platform/store/sqlite/",
            "platform/store/files/", "platform/tuf/")
HARD_LIMIT = 600
MAIN_LIMIT = 100
FORBIDDEN = [
    (re.compile(r"(^|[\s\"'=(])/(work|farm|root)/\w"), "a path of one machine"),
    (re.compile(r"https?://[^\s/]*(deb\.debian|npmjs|pypi|pythonhosted|crates\.io|golang\.org|maven)"),
     "the host of a package registry"),
]

breaches = []


def breach(path, line, text):
    breaches.append(f"{path}:{line}: {text}")


def tracked():
    listing = subprocess.run(["git", "ls-files", "--cached", "--others", "--exclude-standard"],
                             check=True, capture_output=True, text=True).stdout
    return [Path(line) for line in listing.splitlines() if Path(line).is_file()]


def layer_of(path):
    return path.parts[1] if path.parts[0] == "src" and len(path.parts) > 2 else None


def check_include(path, number, target, quoted):
    is_test = path.name.endswith("_test.cpp") or path.parts[0] in ("tests", "testing", "fuzz", "bench")
    for prefix, owners in OWNERS.items():
        if target.startswith(prefix) and not is_test:
            if not any(str(path).startswith(owner) for owner in owners):
                breach(path, number, f"<{target}> belongs to {', '.join(sorted(owners))}")
    layer = layer_of(path)
    if not quoted or layer is None or is_test:
        return
    if layer in ("server", "agent", "cli") and target.startswith(ADAPTERS):
        breach(path, number, f"{layer} must not name the adapter {target}; apps/ compose")
    other = target.split("/")[0]
    if other in MAY_INCLUDE and other != layer and other not in MAY_INCLUDE[layer]:
        breach(path, number, f"{layer} must not include {target}")


def check_source(path, lines):
    limit = MAIN_LIMIT if path.parts[0] == "apps" and path.name == "main.cpp" else HARD_LIMIT
    if len(lines) > limit:
        breach(path, len(lines), f"{len(lines)} lines; the limit is {limit}")
    for number, line in enumerate(lines, 1):
        match = re.match(r'\s*#\s*include\s+([<"])([^>"]+)[>"]', line)
        if match:
            check_include(path, number, match.group(2), match.group(1) == '"')
    if path.suffix == ".h" and "#pragma once" not in "\n".join(lines):
        breach(path, 1, "a header without #pragma once")


def check_words(path, lines):
    for number, line in enumerate(lines, 1):
        for pattern, what in FORBIDDEN:
            if pattern.search(line):
                breach(path, number, f"names {what}")


def check_error_codes(sources):
    """A code says one thing: it must be of the form AREA-REASON."""
    for path, lines in sources:
        for number, line in enumerate(lines, 1):
            for code in re.findall(r'\brefuse\(\s*"([^"]*)"', line):
                if not re.fullmatch(r"[A-Z][A-Z0-9]+(-[A-Z0-9]+)+", code):
                    breach(path, number, f"'{code}' is not of the form AREA-REASON")


def check_claims(names_in_sources):
    """Every test that a document names must exist."""
    for document in Path("docs").rglob("*.md"):
        for number, line in enumerate(document.read_text().splitlines(), 1):
            for name in re.findall(r"`test:([A-Za-z0-9_./-]+)`", line):
                if name not in names_in_sources:
                    breach(document, number, f"names the test {name}, which does not exist")
            for path in re.findall(r"`((?:src|tests|scripts|cmake)/[A-Za-z0-9_./-]+)`", line):
                if not Path(path).exists():
                    breach(document, number, f"names {path}, which does not exist")


def test_names(sources):
    names = set()
    for path, lines in sources:
        text = "\n".join(lines)
        for suite, name in re.findall(r"\bTEST(?:_F|_P)?\(\s*(\w+)\s*,\s*(\w+)\s*\)", text):
            names.add(f"{suite}.{name}")
    return names


def main():
    sources = []
    for path in tracked():
        if path.suffix in (".png", ".bin") or "corpus" in path.parts:
            continue
        try:
            lines = path.read_text().splitlines()
        except UnicodeDecodeError:
            continue
        if path.name != "house_check.py":
            check_words(path, lines)
        if path.suffix in (".cpp", ".h"):
            check_source(path, lines)
            sources.append((path, lines))
    check_error_codes(sources)
    check_claims(test_names(sources))
    for text in breaches:
        print(text)
    return 1 if breaches else 0


if __name__ == "__main__":
    sys.exit(main())
