"""The result of a check of an evidence bundle, as text and as data."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from ddbinsert.render.machine import iso_utc
from ddbinsert.render.verdict.plain_text import plain

if TYPE_CHECKING:
    from collections.abc import Mapping

    from ddbinsert.core.evidence.check import Checked
    from ddbinsert.render.terminal.screen import Screen

_UNSIGNED = (
    "the author: the bundle is not signed, and a completely rewritten bundle also passes this check. "
    "Compare the SHA-256 with one that was stored elsewhere, or check its signature"
)


def data(file: str, checked: Checked) -> dict[str, Any]:
    """The result of a check for the envelope; ``run`` describes the run by the bundle's own content."""
    return {
        "file": file,
        "unchanged": not checked.problems,
        "problems": list(checked.problems),
        "sha256": checked.sha256,
        "bytes": checked.size,
        "files": [{"name": one.name, "bytes": one.size, "sha256": one.sha256} for one in checked.files],
        "run": dict(checked.run),
    }


def human(screen: Screen, file: str, checked: Checked) -> None:
    name = plain(file)
    if checked.problems:
        screen.line(f"CHANGED: {name} differs from what ddbinsert wrote", "bold red")
        for problem in checked.problems:
            screen.line(f"  ✗ {plain(problem)}", "red")
        screen.pairs([("SHA-256", checked.sha256)], indent=2)
        return
    screen.line(f"UNCHANGED: {name} is complete, and no byte was changed", "bold green")
    run = checked.run
    screen.pairs(
        [
            *(("verdict", _verdict(one)) for one in run["consumers"]),
            ("run", f"{iso_utc(run['started'])} to {iso_utc(run['finished'])}"),
            ("files", ", ".join(plain(one.name) for one in checked.files)),
            ("SHA-256", checked.sha256),
            ("not shown", _UNSIGNED),
        ],
        indent=2,
    )


def _verdict(consumer: Mapping[str, Any]) -> str:
    about = plain(f"{consumer['table']}, function {consumer['function'] or 'unknown'}")
    if consumer["verdict"] is None:
        return f"none ({plain(str(consumer.get('error')))}): {about}"
    return f"{plain(str(consumer['verdict']))}: {about}, run {plain(str(consumer['run_id']))}"
