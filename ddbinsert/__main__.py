"""``python -m ddbinsert``, and the console script."""

from __future__ import annotations

import sys


def run() -> None:
    """Run the process's command line."""
    from ddbinsert.cli import main

    sys.exit(main())


if __name__ == "__main__":
    run()
