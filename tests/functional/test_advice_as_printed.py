"""Every command that advice prints is run as it is printed: its finding is gone then, and nothing else differs.

The table has a case for each command that changes something; a test reads the source and misses none.
"""

from __future__ import annotations

import ast
import json
import re
from pathlib import Path
from typing import TYPE_CHECKING, Any, NamedTuple

import pytest

import ddbinsert
from tests.examples import some
from tests.functional.command import Ran, ran, until
from tests.functional.helpers import INSERT_ONLY, Terminal, fresh

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from tests.functional.helpers import Cloud

OWN_CLAUSE = '{"dynamodb":{"NewImage":{"kind":{"S":["a"]}}}}'


class Case(NamedTuple):
    """A trigger that is spoilt, a command that finds it, and what its advice may change.

    Attributes:
        advice: The command as the source has it (`shapes`), such as ``attach-trigger TABLE --enabled --yes``.
        found_by: The command that prints the advice; empty where only a stricter endpoint shows the finding: the
            command is then taken from the source.
        finding: The code of the finding or error that must be gone afterwards.
        spoil: What happened to the healthy trigger.
        differs: What differs from the healthy trigger afterwards, because the advice says so.
        made_with: Flags that the healthy trigger is made with; None where there is no trigger.
        asks: Somebody at a terminal agrees.
    """

    advice: str
    found_by: str
    finding: str
    spoil: Callable[[Cloud, str], object] = lambda _cloud, _table: None
    differs: frozenset[str] = frozenset()
    made_with: tuple[str, ...] | None = ("--batch-size", "7", "--env", "OWN=1", "--memory", "256")
    asks: bool = False


def uuid_of(cloud: Cloud, table: str) -> str:
    return str(cloud.mapping(f"{table}-inserts")["UUID"])


def settings(**values: Any) -> Callable[[Cloud, str], object]:
    """Somebody changes the mapping."""
    return lambda cloud, table: cloud.lambda_.update_event_source_mapping(
        UUID=uuid_of(cloud, table), **values
    )


def stream_again(cloud: Cloud, table: str) -> None:
    cloud.set_stream(table, None)
    cloud.set_stream(table, "NEW_IMAGE")


def stopped_behind(cloud: Cloud, table: str) -> None:
    """The mapping is disabled with an insert undelivered, and the stream is replaced."""
    settings(Enabled=False)(cloud, table)
    assert until(lambda: cloud.mapping(f"{table}-inserts")["State"] == "Disabled")
    cloud.put(table, "left")
    stream_again(cloud, table)


def unmapped(cloud: Cloud, table: str) -> None:
    cloud.lambda_.delete_event_source_mapping(UUID=uuid_of(cloud, table))
    assert until(lambda: cloud.mappings(f"{table}-inserts") == [])


def without_function(cloud: Cloud, table: str) -> None:
    unmapped(cloud, table)
    cloud.lambda_.delete_function(FunctionName=f"{table}-inserts")


CASES = (
    Case("attach-trigger TABLE --enabled --yes", "verify", "mapping-disabled", settings(Enabled=False)),
    Case("attach-trigger TABLE", "verify", "mapping-on-stale-stream", stream_again),
    Case("attach-trigger TABLE", "verify", "mapping-missing", unmapped, made_with=("--memory", "256")),
    Case("attach-trigger TABLE", "verify", "function-not-found", without_function, made_with=()),
    Case("attach-trigger TABLE", "verify", "no-stream", made_with=None),
    Case(
        "attach-trigger TABLE",
        "",
        "permission-lost",
        lambda cloud, table: cloud.iam.delete_role_policy(
            RoleName=f"{table}-inserts-role", PolicyName="ddbinsert"
        ),
    ),
    Case("attach-trigger TABLE * --yes", "verify", "no-filter", settings(FilterCriteria={})),
    Case(
        "attach-trigger TABLE * --yes",
        "verify",
        "filter-leaks",
        settings(FilterCriteria={"Filters": [{"Pattern": OWN_CLAUSE}]}),
        frozenset(("FilterCriteria",)),
    ),
    Case("attach-trigger TABLE --filter ? --yes", "", "", settings(FilterCriteria={})),
    Case("attach-trigger TABLE --report-failures --yes", "", "", settings(FunctionResponseTypes=[])),
    Case(
        "attach-trigger TABLE --retries 5 --bisect * --yes",
        "",
        "poison-record-blocks-shard",
        differs=frozenset(("MaximumRetryAttempts", "BisectBatchOnFunctionError")),
        made_with=("--retries", "-1", "--no-bisect", "--batch-size", "7"),
    ),
    Case(
        "attach-trigger TABLE --on-failure create --yes",
        "",
        "records-given-up",
        differs=frozenset(("DestinationConfig", "policies")),
    ),
    Case(
        "attach-trigger TABLE --on-failure create",
        "failures list",
        "no-destination",
        differs=frozenset(("DestinationConfig", "policies")),
    ),
    Case("attach-trigger TABLE --wait-drained", "attach-trigger", "draining", stream_again),
    # The successor of a mapping that was disabled on purpose is disabled, too.
    Case(
        "attach-trigger TABLE --prune",
        "attach-trigger",
        "draining",
        stopped_behind,
        frozenset(("State",)),
        asks=True,
    ),
    Case("create-function TABLE", "", "log-group-missing", lambda cloud, table: cloud.logs.delete_log_group(
        logGroupName=f"/aws/lambda/{table}-inserts"
    )),
    Case(
        "enable-stream TABLE --view-type ? --replace",
        "attach-trigger --view-type KEYS_ONLY",
        "view-type-differs",
        differs=frozenset(("StreamViewType",)),
        asks=True,
    ),
    Case("enable-stream ?", f"filter backtest --pattern {INSERT_ONLY} --table", "no-stream", made_with=None),
    Case("enable-stream TABLE", "records", "no-stream", made_with=None),
    Case("send ? --keep", "invoke --captured 1", "no-records"),
)  # fmt: skip
#: Commands that only read, or write test items and remove them again.
READS = (
    *("tail", "status", "verify", "failures list", "filter lint", "filter explain", "config schema"),
    *("records", "gaps", "ls", "plan", "drift", "local env"),
)
#: Commands that change something, with the test that runs them.
ELSEWHERE = {
    "* TABLE": "the command itself, with a table (test_command_contract.py)",
    "* TABLE --function ?": "the command itself, with a function (test_discovery.py)",
    "? create-table ?": "test_a_sink_that_does_not_exist_is_made_as_advised",
    "audit create-table ?": "test_a_sink_that_does_not_exist_is_made_as_advised",
    "attach-trigger ?": "the same as attach-trigger TABLE",
    "attach-trigger TABLE --code ? --runtime ?": "test_a_scaffold_is_attached_as_advised",
    "down ?": "test_taking_down_a_mistyped_table_names_the_nearest (test_explicit_and_ours.py)",
    "down ? --function ? --yes": "test_verify_modes.py",
    "down TABLE": "the same as down ?",
    "attach-trigger TABLE *": "test_doctor_advice.py",
    "attach-trigger TABLE --function ? --adopt --filter ?": "adopting asks (test_explicit_and_ours.py)",
    "backfill TABLE --missing": "test_items_without_an_entry_are_listed_and_only_they_are_filled_in (test_backfill.py)",
    "create-function TABLE --runtime ? --yes": "a deprecated runtime (test_doctor_advice.py)",
    "create-function TABLE --template ? --yes": "other code, or a failed function (test_doctor_advice.py)",
    "down TABLE --function ?": "the same as down ?, and asks",
    "enable-stream TABLE --view-type NEW_IMAGE --replace": "the same as with another view type",
    "init --yes": "writes a file only (test_init.py)",
    "init TABLE --function ?": "writes a file only (test_init.py)",
    "invoke TABLE": "test_function.py",
    "up TABLE *": "the same as attach-trigger, from the configuration",
    "enable-stream ? --view-type ?": "the strict rig alone refuses to enable a stream again",
    "local start": "test_local_life.py",
    "* ?": "a command and the name of a trigger of the file (test_several_triggers.py)",
    "up *": "the same as up, with the names that plan was given (test_lifecycle.py)",
    "up * --plan ?": "test_lifecycle.py",
    "failures show TABLE": "test_failures.py; it changes nothing",
    "attach-trigger TABLE --bisect --yes": "the failure path: test_what_is_advised_repairs_its_finding_and_no_other_setting_differs",
    "attach-trigger TABLE --retries 2 --yes": "the failure path: test_what_is_advised_repairs_its_finding_and_no_other_setting_differs",
    "attach-trigger TABLE --retries ? --yes": "the failure path: test_what_is_advised_repairs_its_finding_and_no_other_setting_differs",
    "attach-trigger TABLE --on-failure ? --yes": "the failure path: test_what_is_advised_repairs_its_finding_and_no_other_setting_differs",
}


def shapes() -> Iterator[str]:
    """The command of each advice in the source: ``?`` is a value, ``*`` are several words."""
    for path in Path(ddbinsert.__file__).parent.rglob("*.py"):
        source = path.read_text(encoding="utf-8")
        if "Advice(" not in source:  # quick: this is asked while tests are collected
            continue
        for node in ast.walk(ast.parse(source)):
            if not (isinstance(node, ast.Call) and getattr(node.func, "id", "") == "Advice"):
                continue
            if len(node.args) > 1 and isinstance(node.args[1], ast.Tuple):
                yield " ".join(map(_word, node.args[1].elts))


def _word(node: ast.expr) -> str:
    match node:
        case ast.Constant(value=value):
            return str(value)
        case ast.Name(id="TABLE"):
            return "TABLE"
        case ast.Starred():
            return "*"
        case _:
            return "?"


def test_every_advice_that_changes_something_has_a_case() -> None:
    found = set(shapes())
    changing = {shape for shape in found if not shape.startswith(READS)}
    assert len(found) > 30
    assert changing == {case.advice for case in CASES} | ELSEWHERE.keys()


@pytest.mark.parametrize("shape", sorted({shape for shape in shapes() if shape.startswith(READS)}))
def test_every_advice_that_only_reads_is_a_valid_command_line(shape: str, variables: dict[str, str]) -> None:
    words = ("0m" if word == "?" else word for word in shape.split())
    assert ran(*words, "--help", variables=variables).code == 0


# --- the commands as printed ----------------------------------------------------------------------------


@pytest.fixture
def run(variables: dict[str, str]) -> Callable[..., Ran]:
    return lambda *words, **outside: ran(*words, variables=variables, **outside)


def state(cloud: Cloud, table: str) -> dict[str, Any]:
    """What a trigger is set to; not its identifiers and times."""
    name = f"{table}-inserts"
    live = [each for each in cloud.mappings(name) if each["EventSourceArn"] == cloud.stream(table)]
    (mapping,) = live or ({},)
    passing = ("UUID", "EventSourceMappingArn", "EventSourceArn", "LastModified", "LastProcessingResult")
    function = cloud.all_about(table)["function"]
    group = cloud.log_group(f"/aws/lambda/{name}") or {}
    return {
        **{key: value for key, value in mapping.items() if key not in (*passing, "StateTransitionReason")},
        **{f"function.{key}": value for key, value in function.items() if key != "LastModified"},
        "StreamViewType": cloud.described(table).get("StreamSpecification", {}).get("StreamViewType"),
        "policies": sorted(map(str, _rights(cloud, name))) if cloud.has_role(f"{name}-role") else None,
        "retention": group.get("retentionInDays"),
    }


def _rights(cloud: Cloud, name: str) -> Iterator[Any]:
    """What the role may do, without the time of the stream, which changes with the stream."""
    for document in cloud.policies(f"{name}-role").values():
        for statement in document["Statement"]:
            resources = statement["Resource"]
            named = (resources,) if isinstance(resources, str) else resources
            yield statement["Action"], sorted({re.sub("/stream/.*", "/stream", each) for each in named})


def advised(done: Ran, finding: str) -> list[str]:
    """The command that a result advises about a finding; [] where it has no such finding."""
    try:
        document = json.loads(done.out)
    except ValueError:  # a command that prints a document a line, none of them an error
        return []
    data = document["data"] if isinstance(document["data"], dict) else {}
    found = [
        *(error.get("command") for error in document["errors"] if error["code"] == finding),
        *(each["command"] for each in data.get("findings", ()) if each["code"] == finding),
        *(each["command"] for each in document.get("advice", ()) if finding == "draining"),
    ]
    return next((list(command) for command in found if command), [])


@pytest.mark.parametrize("case", some(CASES, one_in=2), ids=lambda case: f"{case.finding}: {case.advice}")
def test_advice_repairs_its_finding_and_changes_nothing_else(
    run: Callable[..., Ran], cloud: Cloud, case: Case
) -> None:
    table = cloud.table()
    if case.made_with is not None:
        made = run("attach-trigger", table, *case.made_with)
        assert made.code == 0, made.err
    healthy = state(cloud, table)
    case.spoil(cloud, table)
    words = [table if word == "TABLE" else word for word in case.advice.split()]
    words = [INSERT_ONLY if word == "?" else word for word in words if word != "*"]
    if case.found_by:
        showing = (*case.found_by.split(), table, "--output", "json")
        shown = run(*showing)
        words = advised(shown, case.finding)[1:]
        assert words, shown.out + shown.err
        fixed = [word for word in case.advice.split() if word not in ("TABLE", "?", "*")]
        assert [word for word in words if word in fixed] == fixed
    answer: dict[str, Any] = {}
    if case.asks:
        answer = {"stdin": Terminal("y\n"), "err": Terminal(), "out": Terminal()}
    done = run(*words, **answer)
    assert done.code == 0, done.out + done.err
    if case.found_by:
        assert advised(run(*showing), case.finding) == []
    if case.made_with is not None:
        after = state(cloud, table)
        assert {key for key in {*healthy, *after} if healthy.get(key) != after.get(key)} == case.differs


def test_a_missing_table_is_made_as_advised(run: Callable[..., Ran], cloud: Cloud) -> None:
    table = fresh()
    refused = run("attach-trigger", table, "--output", "json")
    assert run(*advised(refused, "table-not-found")[1:]).code == 0
    assert run("attach-trigger", table).code == 0
    assert cloud.exists(table)


def test_a_sink_that_does_not_exist_is_made_as_advised(run: Callable[..., Ran], cloud: Cloud) -> None:
    table, sink = cloud.table(), fresh("sink")
    attach = ("attach-trigger", table, "--template", "audit-log", "--sink", sink)
    refused = run(*attach, "--output", "json")
    assert run(*advised(refused, "sink-not-found")[1:]).code == 0
    assert run(*attach).code == 0


def test_a_scaffold_is_attached_as_advised(
    run: Callable[..., Ran], cloud: Cloud, variables: dict[str, str], tmp_path: Path
) -> None:
    made = run("function", "scaffold", "print", "own code", "--output", "json", cwd=tmp_path)
    table = cloud.table()
    command = [table if word == "TABLE" else word for word in made.data["next"]["command"][1:]]
    done = run(*command, cwd=tmp_path)
    assert done.code == 0, done.err
    assert cloud.function(f"{table}-inserts") is not None
