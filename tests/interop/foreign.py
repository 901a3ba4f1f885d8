"""What the tests before foreign implementations have in common."""

import os
import sys
import unittest
from pathlib import Path


def paths(usage):
    """The two arguments of every such test: the program of ours, and the folder of what was fetched."""
    if len(sys.argv) != 3:
        print(usage, file=sys.stderr)
        sys.exit(2)
    return Path(sys.argv[1]), Path(sys.argv[2])


def prefer_venv(deps):
    """Starts again under DEPS/venv, once: a package with compiled parts belongs to its interpreter."""
    python = deps / "venv" / "bin" / "python"
    if python.exists() and "VEDETTE_INTEROP" not in os.environ:
        os.environ["VEDETTE_INTEROP"] = "venv"
        os.execv(python, [python, *sys.argv])


def run():
    """Exit code 77 if everything was skipped, which is no success."""
    result = unittest.main(argv=sys.argv[:1], exit=False, verbosity=2).result
    if not result.wasSuccessful():
        return 1
    return 77 if result.testsRun and len(result.skipped) == result.testsRun else 0
