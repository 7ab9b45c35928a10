"""Fuzzing guided by coverage: `python -m tests.fuzz.guided TARGET CORPUS [options of libFuzzer]`; see `__main__.py`."""

from __future__ import annotations

import importlib
import sys

atheris = importlib.import_module("atheris")  # has no types, and is not installed for other tests

if __name__ == "__main__":
    with atheris.instrument_imports(include=["ddbinsert"]):
        from tests.fuzz.targets import TARGETS
    target = TARGETS[sys.argv.pop(1)]
    atheris.Setup(sys.argv, target.check)
    atheris.Fuzz()
