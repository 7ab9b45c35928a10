"""What says of itself that it changes nothing makes no call that does."""

from __future__ import annotations

import io
import re
from typing import TYPE_CHECKING

import pytest

from ddbinsert.cli.registry import commands
from tests.command_lines import called
from tests.functional.command import ran
from tests.functional.helpers import Calls

if TYPE_CHECKING:
    from pathlib import Path

    from tests.functional.helpers import Cloud

_CLAIM = re.compile(r"(changes|removes|writes) nothing|write nothing|read-only", re.IGNORECASE)
#: Calls that are no plain reads by their names and change nothing; reading a queue hides its messages for seconds.
_HARMLESS = {
    "BatchGetItem",
    "Query",
    "Scan",
    "SimulatePrincipalPolicy",
    "ReceiveMessage",
    "ChangeMessageVisibility",
}
#: Command to a line for each way of calling it that claims to change nothing.
LINES = {
    "adopt": ("adopt {t} --include-function --memory 512 --dry-run",),
    "attach-trigger": ("attach-trigger {t} --memory 512 --batch-size 7 --dry-run",),
    "audit query": ("audit query {t} --audit {t}-audit",),
    "audit verify": (
        "audit verify {t} --audit {t}-audit --settle 0s",
        "audit verify {t} --audit {t}-audit --from-table",
    ),
    "backfill": ("backfill {t} --dry-run",),
    "create-function": ("create-function {t} --memory 512 --env MODE=b --dry-run",),
    "doctor": ("doctor {t}",),
    "down": ("down {t} --stream --table --dry-run",),
    "drift": ("drift {t} --function {t}-inserts",),
    "enable-stream": ("enable-stream {t} --view-type KEYS_ONLY --replace --dry-run",),
    "export": ("export terraform {t} --from-live", "export cloudformation {t}"),
    "failures list": ("failures list {t}",),
    "failures show": ("failures show {t}",),
    "filter backtest": ("filter backtest --table {t}",),
    "filter lint": ("filter lint --table {t}",),
    "function sample-event": ("function sample-event {t}",),
    "gaps": ("gaps {t} --settle 0s", "gaps {t} --settle 0s --repair --dry-run", "gaps {t} --from-table"),
    "init": ("init {t} --output-file -",),
    "ls": ("ls",),
    "plan": ("plan {t} --replace",),
    "records": ("records {t}",),
    "status": ("status {t}",),
    "tail": ("tail {t}",),
    "verify": ("verify {t} --observe --for 1s", "verify {t} --match --observe --for 1s"),
}


def test_every_command_that_claims_to_change_nothing_is_tried_here() -> None:
    claiming = set()
    for name in commands:
        _, command = called(name.split())
        texts = [command.help or "", *(getattr(one, "help", None) or "" for one in command.params)]
        dry = any("--dry-run" in one.opts for one in command.params)
        if dry or any(map(_CLAIM.search, texts)):
            claiming.add(name)
    assert claiming - set(LINES) == set()


@pytest.fixture(scope="module")
def made() -> list[str]:
    return []


@pytest.fixture
def table(cloud: Cloud, variables: dict[str, str], made: list[str]) -> str:
    """One table with a trigger, an audit table and two items, for all lines."""
    if made:
        return made[0]
    made.append(name := cloud.table(view="NEW_IMAGE"))
    for line in (
        f"audit create-table {name}-audit",
        f"attach-trigger {name} --on-failure create --yes",
        f"send {name} --keep -n 2",
    ):
        assert ran(*line.split(), variables=variables).code == 0
    return name


@pytest.mark.parametrize("line", [line for lines in LINES.values() for line in lines])
def test_what_changes_nothing_makes_no_call_that_changes_something(
    line: str, table: str, variables: dict[str, str], tmp_path: Path
) -> None:
    calls, folder = Calls(), tmp_path / "cwd"
    folder.mkdir()
    done = ran(
        *line.format(t=table).split(), "--yes",
        variables=variables, cwd=folder, connect=calls.connect, stdin=io.StringIO(),
    )  # fmt: skip
    assert done.code in (0, 1, 5, 6), done.err
    assert calls.made, done.err
    assert set(calls.writes) - _HARMLESS == set()
    assert list(folder.iterdir()) == []
