"""Pictures of terminals, made from real runs: ``python -m tests.docs.pictures`` writes docs/pictures/."""

from __future__ import annotations

import contextlib
import io
import os
import pty
import re
import subprocess
import sys
import tempfile
import termios
from pathlib import Path

from rich.console import Console
from rich.terminal_theme import MONOKAI
from rich.text import Text

PICTURES = Path(__file__).parents[2] / "docs" / "pictures"
#: The arguments of ``ddbinsert`` for each picture.
RUNS = {"demo": ("demo",)}
_WIDTH = 108


def picture(name: str) -> str:
    """The SVG of a run, in a terminal of ``_WIDTH`` columns; it refers to no other site."""
    with tempfile.TemporaryDirectory() as home:
        shown = _in_a_terminal([sys.executable, "-m", "ddbinsert", *RUNS[name]], home)
    console = Console(record=True, width=_WIDTH, file=io.StringIO(), force_terminal=True)
    console.print(Text.from_ansi(f"$ ddbinsert {' '.join(RUNS[name])}"), style="bold")
    console.print(Text.from_ansi(shown))
    drawn = console.export_svg(title=f"ddbinsert {' '.join(RUNS[name])}", theme=MONOKAI, unique_id=name)
    without_fonts = re.sub(r"@font-face \{.*?\}\s*", "", drawn, flags=re.DOTALL)
    return re.sub(r"Fira Code, monospace", "ui-monospace, Menlo, Consolas, monospace", without_fonts)


def _in_a_terminal(command: list[str], home: str) -> str:
    """What a command prints to a terminal, colours included."""
    ours, its = pty.openpty()
    termios.tcsetwinsize(its, (50, _WIDTH))
    variables = {"PATH": os.environ.get("PATH", os.defpath), "HOME": home, "TERM": "xterm-256color"}
    process = subprocess.Popen(command, env=variables, stdin=its, stdout=its, stderr=subprocess.DEVNULL)
    os.close(its)
    pieces = []
    with contextlib.suppress(OSError):  # Linux reports the end of a terminal as an error
        while piece := os.read(ours, 65536):
            pieces.append(piece)
    os.close(ours)
    if process.wait() != 0:
        raise SystemExit(f"{command} ended with {process.returncode}")
    return b"".join(pieces).decode().replace("\r\n", "\n")


def main() -> None:
    PICTURES.mkdir(exist_ok=True)
    for name in RUNS:
        (PICTURES / f"{name}.svg").write_text(picture(name), encoding="utf-8")


if __name__ == "__main__":
    main()
