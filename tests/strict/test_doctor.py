"""doctor where an endpoint fails as AWS does: code that cannot be loaded, and a record that is retried without end."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import pytest

from tests.strict.bench import until
from tests.strict.sabotage.ground import Ground

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from ddbinsert import local

IMPORT_ERROR = (
    "[ERROR] Runtime.ImportModuleError: Unable to import module 'app': No module named 'no_such_module'\n"
    "Traceback (most recent call last):\n"
)
CANNOT_BE_LOADED = "import no_such_module\n\ndef handler(event, context):\n    return None\n"
FAILS_ON_POISON = """
def handler(event, context):
    for record in event["Records"]:
        if record["dynamodb"]["Keys"]["pk"]["S"] == "poison":
            raise ValueError("no such column: total")
"""


@pytest.fixture
def ground(emulator: local.Emulator, tmp_path: Path) -> Iterator[Ground]:
    with Ground(emulator, tmp_path) as one:
        yield one


def _diagnosed(ground: Ground) -> list[dict[str, Any]]:
    done = ground.run("doctor", ground.table, "--output", "json")
    assert done.code == 1, done.out
    found: list[dict[str, Any]] = done.data["findings"]
    return found


def _with_lambdas_error(document: dict[str, Any]) -> dict[str, Any]:
    """The line that Lambda writes before the end of an invocation whose code cannot be loaded; the emulator has none."""
    events = []
    for event in document["events"]:
        if event["message"].startswith("REPORT"):
            events.append({**event, "message": IMPORT_ERROR, "eventId": f"{event['eventId']}0"})
        events.append(event)
    return {**document, "events": events}


def test_code_that_cannot_be_loaded_is_named_first(ground: Ground) -> None:
    ground.attach_code(CANNOT_BE_LOADED)
    ground.rig.amend("logs:FilterLogEvents", _with_lambdas_error)
    ground.put_one("one")
    assert until(lambda: any("REPORT" in line for line in ground.aws.messages(ground.log_group)))
    first = _diagnosed(ground)[0]
    assert first["id"] == "function-cannot-be-loaded"
    assert "no_such_module" in first["evidence"][0]


def test_a_poison_record_with_endless_retries_is_named_first(ground: Ground) -> None:
    ground.attach_code(
        FAILS_ON_POISON, "--retries", "-1", "--record-age", "-1", "--no-bisect", "--batch-size", "1"
    )
    ground.put_one("well")
    assert until(lambda: any("REPORT" in line for line in ground.aws.messages(ground.log_group)))
    ground.put_one("poison")
    assert until(lambda: sum("no such column" in one for one in ground.aws.messages(ground.log_group)) >= 4)
    first = _diagnosed(ground)[0]
    assert first["id"] == "poison-record-blocks-shard"
    assert first["advice"]["command"][1] == "attach-trigger"
