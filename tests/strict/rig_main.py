"""Puts a rig in front of a running emulator and prints its endpoint: ``python tests/strict/rig_main.py``.

Ends with Ctrl-C, or when stdin is closed.
"""

from __future__ import annotations

import argparse
import contextlib
import sys
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parents[2]))

from tests.strict.rig import PROFILES, StrictRig


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--upstream", required=True, help="the emulator's address, http://127.0.0.1:PORT")
    parser.add_argument("--profile", choices=sorted(PROFILES), default="aws")
    parser.add_argument("--port", type=int, default=0, help="0 takes a free one")
    given = parser.parse_args()
    rig = StrictRig(given.upstream, profile=PROFILES[given.profile](), port=given.port)
    with rig, contextlib.suppress(KeyboardInterrupt):
        sys.stdout.write(f"{rig.endpoint}\n")
        sys.stdout.flush()
        sys.stdin.read()


if __name__ == "__main__":
    main()
