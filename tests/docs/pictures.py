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
from typing import NamedTuple

from rich.console import Console
from rich.terminal_theme import MONOKAI
from rich.text import Text

PICTURES = Path(__file__).parents[2] / "docs" / "pictures"
_WIDTH = 108


class Picture(NamedTuple):
    """A run that is drawn.

    Attributes:
        arguments: Those of ``ddbinsert``.
        before: A script for the embedded emulator that makes what the run finds.
        exit_code: What the run ends with.
    """

    arguments: tuple[str, ...]
    before: str = ""
    exit_code: int = 0


_TRIGGER = "ddbinsert enable-stream orders --create-table pk:S -q && ddbinsert attach-trigger orders -q\n"
_WIDEN = """(eval "$(ddbinsert local env)" && python - <<'END'
import boto3
client = boto3.client("lambda")
(mapping,) = client.list_event_source_mappings(FunctionName="orders-inserts")["EventSourceMappings"]
wide = {"Filters": [{"Pattern": '{"eventName":["INSERT","MODIFY"]}'}]}
client.update_event_source_mapping(UUID=mapping["UUID"], FilterCriteria=wide)
END
)
"""
RUNS = {
    "demo": Picture(("demo",)),
    "leak": Picture(("verify", "orders"), _TRIGGER + _WIDEN, 1),
    "doctor": Picture(
        ("doctor", "orders"),
        _TRIGGER
        + "ddbinsert send orders --count 3 -q\n"
        + "ddbinsert attach-trigger orders --disabled --yes -q && ddbinsert send orders --count 2 --keep -q\n",
        1,
    ),
}


def picture(name: str) -> str:
    """The SVG of a run, in a terminal of ``_WIDTH`` columns; it refers to no other site."""
    arguments, before, exit_code = RUNS[name]
    command = f"ddbinsert {' '.join(arguments)}"
    with tempfile.TemporaryDirectory() as home:
        variables = {
            "PATH": f"{Path(sys.executable).parent}{os.pathsep}{os.environ.get('PATH', os.defpath)}",
            "HOME": home,
            "TERM": "xterm-256color",
            **({"DDBINSERT_LOCAL": "true"} if before else {}),
        }
        subprocess.run(["/bin/bash", "-ec", before], env=variables, check=True, capture_output=True)
        shown = _in_a_terminal([sys.executable, "-m", "ddbinsert", *arguments], variables, exit_code)
        if before:
            subprocess.run(["/bin/bash", "-c", "ddbinsert local stop"], env=variables, check=True)
    console = Console(record=True, width=_WIDTH, file=io.StringIO(), force_terminal=True)
    console.print(Text.from_ansi(f"$ {command}"), style="bold")
    console.print(Text.from_ansi(shown))
    drawn = console.export_svg(title=command, theme=MONOKAI, unique_id=name)
    without_fonts = re.sub(r"@font-face \{.*?\}\s*", "", drawn, flags=re.DOTALL)
    return re.sub(r"Fira Code, monospace", "ui-monospace, Menlo, Consolas, monospace", without_fonts)


def _in_a_terminal(command: list[str], variables: dict[str, str], exit_code: int) -> str:
    """What a command prints to a terminal, colours included."""
    ours, its = pty.openpty()
    termios.tcsetwinsize(its, (50, _WIDTH))
    process = subprocess.Popen(command, env=variables, stdin=its, stdout=its, stderr=subprocess.DEVNULL)
    os.close(its)
    pieces = []
    with contextlib.suppress(OSError):  # Linux reports the end of a terminal as an error
        while piece := os.read(ours, 65536):
            pieces.append(piece)
    os.close(ours)
    if process.wait() != exit_code:
        raise SystemExit(f"{command} ended with {process.returncode}")
    return b"".join(pieces).decode().replace("\r\n", "\n")


def main() -> None:
    PICTURES.mkdir(exist_ok=True)
    for name in RUNS:
        (PICTURES / f"{name}.svg").write_text(picture(name), encoding="utf-8")


if __name__ == "__main__":
    main()
