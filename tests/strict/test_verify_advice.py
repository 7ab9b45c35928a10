"""The commands that verify advises, run as printed: the finding is gone then, and nothing else of the trigger differs."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import pytest

from ddbinsert.errors import ExitCode
from tests.strict.sabotage.cases import SABOTAGE
from tests.strict.sabotage.ground import Ground

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from ddbinsert import local
    from tests.strict.sabotage.case import Case

#: Commands of advice that only look.
READS = ("tail", "verify", "failures", "filter", "status", "records")
#: What each option of an advised command may change.
CHANGES = {
    "--enabled": {"State", "StateTransitionReason"},
    "--filter": {"FilterCriteria"},
    "--report-failures": {"FunctionResponseTypes"},
    "--on-failure": {"DestinationConfig"},
    "--retries": {"MaximumRetryAttempts"},
    "--bisect": {"BisectBatchOnFunctionError"},
}
#: The case, and a finding that is gone afterwards.
CASES = {
    "the mapping is disabled": "mapping-disabled",
    "the role's policy is gone": "permission-lost",
    "no filter, a guard in the code": "no-filter",
    "a second filter that lets in modifications": "filter-too-wide",
    "the stream was enabled again, and the mapping left behind": "mapping-on-stale-stream",
    "the mapping was deleted": "mapping-missing",
    "the stream is mapped to another function": "mapping-missing",
    "the role is gone": "role-missing",
    "the role doesn't trust Lambda any more": "permission-lost",
    "the role may not write logs": "role-cannot-write-logs",
    "the log group is gone, and the role may not make it": "log-group-missing",
    "a template that names failures to a mapping that does not listen": "partial-batch-contradiction",
    "the function was deleted": "function-not-found",
    "the stream was disabled": "no-stream",
    "the function names a record that fails, and logs nothing of it": "records-given-up",
    "receipts, then an error; retries without end": "poison-record-blocks-shard",
}
#: Of these, the function goes on failing: what is advised keeps what it cannot process from being lost.
GOES_ON = ("records-given-up",)
_PASSING = ("UUID", "EventSourceMappingArn", "EventSourceArn", "LastModified", "LastProcessingResult")


def state(ground: Ground) -> dict[str, Any]:
    """The settings of the live mapping and of the function; what is not there is left out."""
    live = ground.stream
    answer = ground.aws.lambda_.list_event_source_mappings(FunctionName=ground.function)
    mappings = [each for each in answer["EventSourceMappings"] if each["EventSourceArn"] == live]
    found = {key: value for key, value in (mappings or [{}])[0].items() if key not in _PASSING}
    try:
        function = ground.aws.lambda_.get_function(FunctionName=ground.function)["Configuration"]
    except ground.aws.lambda_.exceptions.ResourceNotFoundException:
        function = {}
    passing = ("LastModified", "RevisionId")
    return found | {f"function.{key}": value for key, value in function.items() if key not in passing}


def advised(document: Any) -> Iterator[tuple[str, list[str]]]:
    """The code and the command of each finding whose command changes something."""
    for finding in (document.get("data") or {}).get("findings", ()):
        command = finding.get("command")
        if command and command[1] not in READS:
            yield finding["code"], command
    for error in document["errors"]:
        if error.get("command") and error["command"][1] not in READS:
            yield error["code"], error["command"]


def looked(ground: Ground, case: Case, *output: str) -> Any:
    """What verify says; once more where a busy machine let a call take longer than the case's short time limit."""
    for _ in range(_TRIES):
        done = ground.run("verify", ground.table, *output, *case.options, *ground._options)
        if done.code != ExitCode.INCONCLUSIVE or "Timed out after" not in done.out + done.err:
            break
    return done


_TRIES = 6


def cases() -> list[Any]:
    """All of them nightly, and the first three in every run."""
    by_name = {case.name: case for case in SABOTAGE}
    return [
        pytest.param(by_name[name], CASES[name], id=name, marks=() if place < 3 else pytest.mark.nightly)
        for place, name in enumerate(CASES)
    ]


@pytest.mark.parametrize(("case", "finding"), cases())
def test_what_verify_advises_repairs_its_finding_and_changes_nothing_else(
    case: Case, finding: str, emulator: local.Emulator, tmp_path: Path
) -> None:
    with Ground(emulator, tmp_path, case.profile) as ground:
        case.build(ground)
        shown = looked(ground, case, "-o", "json")
        found = dict(advised(shown.json))
        assert finding in found
        for code, command in found.items():
            before = state(ground)
            done = ground.run(*command[1:])
            assert done.code == 0, done.err
            after = state(ground)
            allowed = set().union(*(CHANGES.get(word, ()) for word in command))
            assert {key for key in before if before[key] != after.get(key)} <= allowed, code
        left = dict(advised(looked(ground, case, "-o", "json").json))
        assert not (found.keys() - set(GOES_ON)) & left.keys()


def test_what_a_further_mapping_lets_through_is_not_repaired_at_the_first(
    emulator: local.Emulator, tmp_path: Path
) -> None:
    (case,) = (one for one in SABOTAGE if one.name == "a second mapping without a filter, to a version")
    with Ground(emulator, tmp_path, case.profile) as ground:
        case.build(ground)
        document = looked(ground, case, "-o", "json").json
        assert dict(advised(document)) == {}
        (one,) = (each for each in document["data"]["findings"] if each["code"] == "no-filter")
        uuid = one["evidence"][0].partition(":")[0]
        assert f"update-event-source-mapping --uuid {uuid} --filter-criteria" in str(one)
        leaking = ground.aws.lambda_.get_event_source_mapping(UUID=uuid)
        assert leaking["FunctionArn"].rpartition(":")[2].isdigit()
