"""Tags that the identity may not read: whose a function is stays unknown, and is never guessed."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING

import pytest

from tests.functional.command import Ran, ran
from tests.functional.helpers import Cloud
from tests.strict.rig import Profile, StrictRig
from tests.strict.rig.identity import Identity

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator
    from pathlib import Path

    from ddbinsert import local

_EVERYTHING = {"Statement": [{"Effect": "Allow", "Action": "*", "Resource": "*"}]}


@pytest.fixture
def rig(emulator: local.Emulator) -> Iterator[StrictRig]:
    with StrictRig(emulator.endpoint, profile=Profile.plain(latency=0)) as running:
        yield running


@pytest.fixture
def run(emulator: local.Emulator, rig: StrictRig, tmp_path: Path) -> Callable[..., Ran]:
    variables = {
        **emulator.variables(),
        "AWS_ENDPOINT_URL": rig.endpoint,
        "HOME": str(tmp_path),
        "DDBINSERT_STATE_DIR": str(tmp_path / "state"),
        "PATH": "/usr/bin",
        "NO_COLOR": "1",
    }

    def run_(line: str) -> Ran:
        return ran(*line.split(), variables=variables, cwd=tmp_path)

    return run_


@pytest.fixture
def table(emulator: local.Emulator, rig: StrictRig, run: Callable[..., Ran]) -> str:
    """A table with a trigger, and an identity that may do everything but read Lambda's tags."""
    cloud = Cloud({**emulator.variables(), "AWS_ENDPOINT_URL": rig.endpoint}, emulator=emulator.endpoint)
    name = cloud.table()
    cloud.close()
    assert run(f"attach-trigger {name}").code == 0
    rig.identity = Identity(_EVERYTHING, without=("lambda:ListTags",))
    return name


@pytest.mark.parametrize(
    "line",
    [
        "attach-trigger TABLE --batch-size 7 --yes",
        "attach-trigger TABLE --batch-size 7 --adopt --yes",
        "create-function TABLE --memory 256",
        "enable-stream TABLE --view-type KEYS_ONLY --replace --yes",
        "adopt TABLE --yes",
        "down TABLE --yes",
        "drift TABLE",
    ],
)
def test_what_changes_a_trigger_stops_where_the_owner_cannot_be_read(
    line: str, table: str, rig: StrictRig, run: Callable[..., Ran]
) -> None:
    before = len(rig.calls)
    done = run(line.replace("TABLE", table))
    assert done.code == 4, done.err
    assert "lambda:ListTags" in done.err
    assert "not created by ddbinsert" not in done.err
    changing = ("Create", "Update", "Delete", "Put", "Tag", "Untag")
    assert not [call for call in rig.calls[before:] if call.operation.startswith(changing)]


def test_status_and_doctor_say_that_the_owner_is_not_readable(table: str, run: Callable[..., Ran]) -> None:
    shown = run(f"status {table}")
    assert shown.code == 0, shown.err
    assert shown.out.count("owner not readable (lambda:ListTags)") == 2
    assert "not created by ddbinsert" not in shown.out
    data = run(f"status {table} -o json").data
    assert (data["function"]["made_by_ddbinsert"], data["mapping"]["made_by_ddbinsert"]) == (None, None)
    found = run(f"doctor {table} -o json").data
    unchecked = {one["id"]: one["why"] for one in found["not_checked"]}
    assert "lambda:ListTags" in unchecked["sink-missing"]
    assert not [one for one in found["findings"] if "--adopt" in json.dumps(one)]


def test_verify_says_that_a_sink_may_be_missing(table: str, run: Callable[..., Ran]) -> None:
    done = run(f"verify {table} -o json --lanes single")
    assert done.code == 0, done.out
    assert "lambda:ListTags" in json.dumps(done.data)


def test_a_temporary_function_is_removed_by_the_run_that_made_it(
    table: str, rig: StrictRig, run: Callable[..., Ran]
) -> None:
    done = run(f"verify {table} --wiretap -o json")
    assert done.code == 0, done.out
    made = [
        call.operation for call in rig.calls if call.operation.startswith(("CreateF", "CreateE", "CreateR"))
    ]
    gone = [
        call.operation
        for call in rig.calls
        if call.operation.startswith(("DeleteF", "DeleteE", "DeleteRole"))
    ]
    assert made.count("CreateFunction") == 2  # of the trigger, and the temporary one
    assert {"DeleteFunction", "DeleteEventSourceMapping", "DeleteRole"} <= set(gone)


def test_ls_names_no_owner_where_tags_cannot_be_read(
    table: str, rig: StrictRig, run: Callable[..., Ran]
) -> None:
    rig.identity = Identity(_EVERYTHING, without=("tag:GetResources",))
    listed = [json.loads(line) for line in run("ls -o json").out.splitlines()]
    (mine,) = [one for one in listed if one.get("table") == table]
    assert mine["owner"] == "unknown"
    assert "tag:GetResources" in json.dumps([one for one in listed if one["type"] == "unread"])


def test_a_sink_that_may_not_be_looked_for_is_not_said_to_be_missing(
    table: str, rig: StrictRig, run: Callable[..., Ran]
) -> None:
    rig.identity = Identity(_EVERYTHING, without=("logs:DescribeLogGroups",))
    done = run(f"attach-trigger {table} --template audit-log --sink nothing --yes")
    assert done.code == 4, done.err
    assert "logs:DescribeLogGroups" in done.err
