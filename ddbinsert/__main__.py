"""``python -m ddbinsert``, and the console script."""

from __future__ import annotations

import gc
import os
import sys
from typing import NoReturn

#: New objects between two looks for rubbish; Python's own 700 makes two dozen looks while modules are read.
_OBJECTS = 10_000


def run() -> NoReturn:
    """Run the process's command line, and end the process.

    The interpreter is not taken down piece by piece: that takes longer than many a command's calls, and there is
    nothing left that it would do for anybody.
    """
    gc.set_threshold(_OBJECTS)
    from ddbinsert.cli import main

    code = main()
    try:
        for stream in (sys.stdout, sys.stderr):
            if stream is not None:  # closed by whoever began this process
                stream.flush()
    except (OSError, ValueError):  # a full disk, a closed stream: the interpreter says it in its own way
        sys.exit(code)
    os._exit(code)


if __name__ == "__main__":
    # Taken down in the usual way, for whoever looks on from inside (a profiler, a measurement of coverage).
    from ddbinsert.cli import main

    sys.exit(main())
