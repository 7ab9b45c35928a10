"""init and adopt --write: a file of what is deployed, with which `plan` has nothing to do, and of what is new."""

from __future__ import annotations

import random
from typing import TYPE_CHECKING, Any

import pytest
import yaml

from tests.functional import foreign
from tests.functional.command import Ran, ran, until
from tests.functional.helpers import INSERT_ONLY, Calls, Refusing, Terminal
from tests.functional.test_settings import CHOICES

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

    from tests.functional.helpers import Cloud

FLAGS = (
    *(
        "--on-failure",
        "create",
        "--batch-size",
        "7",
        "--filter",
        '{"dynamodb":{"Keys":{"pk":{"S":["it\'s"]}}}}',
    ),
    *("--env", "MARK=secret-value", "--tag", "team=blue", "--role-tag", "access=streams", "--memory", "256"),
    *(
        "--log-retention",
        "30",
        "--function",
        "yes",
    ),
)


@pytest.fixture
def run(variables: dict[str, str], tmp_path: Path) -> Callable[..., Ran]:
    return lambda *words, **more: ran(*words, variables=variables, cwd=tmp_path, **more)


@pytest.fixture
def file(tmp_path: Path) -> Path:
    return tmp_path / "ddbinsert.yaml"


def planned(run: Callable[..., Ran], *words: str) -> list[str]:
    """What `plan` would do with the file: the texts of its steps."""
    done = run("plan", *words, "-o", "json")
    assert done.code == 0, done.out
    every = [one["data"] for one in done.data["triggers"]] if "triggers" in done.data else [done.data]
    return [step["text"] for one in every for step in one["steps"]]


def test_a_trigger_is_written_as_it_is_and_plan_has_nothing_to_do(
    run: Callable[..., Ran], cloud: Cloud, file: Path
) -> None:
    table = cloud.table()
    assert run("attach-trigger", table, *FLAGS).code == 0
    calls = Calls()
    done = run("init", table, "-o", "json", connect=calls.connect)
    assert done.code == 0, done.out
    assert not calls.writes
    (one,) = done.data["triggers"]
    assert (one["function"], one["steps"], one["error"]) == ("yes", 0, None)
    text = file.read_text()
    assert text == done.data["text"]
    assert "secret-value" not in text
    read = yaml.safe_load(text)
    assert read["function"]["name"] == "yes"
    assert read["role"] == {"tags": {"access": "streams"}}
    assert read["tags"] == {"team": "blue"}
    assert read["mapping"]["on_failure"] == "create"
    assert read["mapping"]["batch_size"] == 7
    assert run("config", "check").code == 0
    assert planned(run) == []
    assert run("drift").code == 0
    assert run("plan", "--exit-code").out.startswith("  left as is: function.environment MARK")


def test_a_file_for_new_triggers_is_ready_to_be_carried_out(
    run: Callable[..., Ran], cloud: Cloud, file: Path
) -> None:
    off, live = cloud.table(), cloud.table(view="KEYS_ONLY")
    done = run("init", off, live, "--template", "audit-log")
    assert done.code == 0, done.err
    assert f"{off} → {off}-inserts, new: `plan` finds 6 steps" in " ".join(done.out.split())
    assert done.out.endswith("ddbinsert up\n")
    read = yaml.safe_load(file.read_text())["triggers"]
    assert [read[name]["view_type"] for name in (off, live)] == ["NEW_IMAGE", "KEYS_ONLY"]
    assert len(planned(run)) > 5
    assert run("up", "--yes").code == 0
    assert planned(run) == []
    again = run("init", "--yes", "--output-file", "other.yaml", "-o", "json")
    assert {one["name"] for one in again.data["triggers"]} >= {off, live}
    assert all(one["steps"] == 0 for one in again.data["triggers"] if one["name"] in (off, live))


@pytest.mark.nightly
def test_two_triggers_of_a_table_are_named_by_their_functions(
    run: Callable[..., Ran], cloud: Cloud, file: Path
) -> None:
    table = cloud.table()
    for name in ("one", "two"):
        assert run("attach-trigger", table, "--function", f"{table}-{name}").code == 0
    assert run("init", table).code == 0
    assert [*yaml.safe_load(file.read_text())["triggers"]] == [f"{table}-one", f"{table}-two"]
    assert planned(run) == []


@pytest.mark.nightly
def test_whose_a_function_is_is_known_without_the_right_to_read_all_tags(
    run: Callable[..., Ran], cloud: Cloud
) -> None:
    table = cloud.table()
    assert run("attach-trigger", table, "--function", f"{table}-own").code == 0
    done = run("init", table, "-o", "json", connect=Refusing("GetResources").connect)
    assert done.code == 0, done.err
    assert [(one["function"], one["steps"]) for one in done.data["triggers"]] == [(f"{table}-own", 0)]


def test_a_file_that_exists_is_kept_unless_the_user_says_otherwise(
    run: Callable[..., Ran], cloud: Cloud, file: Path
) -> None:
    table = cloud.table()
    file.write_text("table: mine\n")
    for words in ((), ("--yes",)):
        refused = run("init", table, *words, "-o", "json")
        assert (refused.code, refused.error_code) == (2, "file-exists")
    no = run("init", table, stdin=Terminal("n\n"), err=Terminal())
    assert no.code == 2
    assert file.read_text() == "table: mine\n"
    printed = run("init", table, "--output-file", "-")
    assert yaml.safe_load(printed.out)["table"] == table
    assert file.read_text() == "table: mine\n"
    agreed = run("init", table, stdin=Terminal("y\n\n"), err=Terminal())
    assert agreed.code == 0, agreed.err
    assert yaml.safe_load(file.read_text())["table"] == table
    assert run("init", table, "--force", "--function", "other").code == 0
    assert yaml.safe_load(file.read_text())["function"]["name"] == "other"


def test_without_a_terminal_nothing_is_asked_and_what_is_needed_is_named(
    run: Callable[..., Ran], cloud: Cloud, file: Path
) -> None:
    calls = Calls()
    done = run("init", "-o", "json", connect=calls.connect)
    assert (done.code, done.error_code) == (2, "tables-needed")
    assert "init --yes" in done.json["errors"][0]["hint"]
    assert not calls.made
    missing = run("init", "nowhere", "-o", "json")
    assert (missing.code, missing.error_code) == (5, "table-not-found")
    table = cloud.table()
    denied = run("init", table, connect=Refusing("ListEventSourceMappings").connect)
    assert denied.code == 4
    assert not file.exists()


def test_at_a_terminal_the_tables_the_function_and_the_handler_are_asked_for(
    run: Callable[..., Ran], cloud: Cloud, file: Path
) -> None:
    table, role = cloud.table(view="NEW_IMAGE"), foreign.role(cloud)
    theirs = foreign.consumer(cloud, table, role)
    pages = cloud.dynamodb.get_paginator("list_tables").paginate()
    names = sorted(name for page in pages for name in page["TableNames"])
    number = names.index(table) + 1
    new = run("init", stdin=Terminal(f"{number}\n2\nanalytics\n"), err=Terminal())
    assert new.code == 0, new.err
    assert f"{theirs} (created by others)" in new.err
    read = yaml.safe_load(file.read_text())
    assert read["function"]["template"] == "analytics"
    assert "SINK_ARN: arn:aws:sns:REGION:ACCOUNT:TOPIC}    # required by analytics" in file.read_text()
    assert new.out.splitlines()[-1].endswith("ddbinsert plan")
    assert theirs in file.read_text()
    described = run("init", table, "--force", stdin=Terminal("1\n"), err=Terminal())
    assert described.code == 0, described.err
    assert yaml.safe_load(file.read_text())["function"]["name"] == theirs
    assert planned(run) == []
    stopped = run("init", "--force", stdin=Terminal("0\n"), err=Terminal())
    assert stopped.code == 2


def test_an_adopted_trigger_is_written_so_that_plan_has_nothing_to_do(
    run: Callable[..., Ran], cloud: Cloud, file: Path
) -> None:
    table, role = cloud.table(view="NEW_IMAGE"), foreign.role(cloud)
    theirs = foreign.consumer(cloud, table, role, foreign.EVERYTHING)
    before = run("init", table, "--function", theirs, "--output-file", "before.yaml")
    assert before.code == 0, before.err
    assert "`plan` ends with an error" in before.out
    assert "adopt" in (file.parent / "before.yaml").read_text()
    for words in (("--write", "--dry-run"), ("--force",)):
        assert run("adopt", table, "--function", theirs, *words).code == 2
    done = run("adopt", table, "--function", theirs, "--write", "--yes", "-o", "json")
    assert done.code == 0, done.err
    assert done.data["configuration"]["triggers"][0]["steps"] == 0
    assert cloud.mapping(theirs)["FilterCriteria"]["Filters"] == [{"Pattern": INSERT_ONLY}]
    read = yaml.safe_load(file.read_text())
    assert read["function"]["role"] == role
    assert "template" not in read["function"]
    assert planned(run) == []
    refused = run("adopt", table, "--function", theirs, "--write", "--yes", "-o", "json")
    assert refused.error_code == "file-exists"


#: Settings of mappings and functions, as somebody else may have chosen them.
THEIRS: dict[str, tuple[Any, ...]] = {
    "BatchSize": (1, 500),
    "MaximumBatchingWindowInSeconds": (5,),
    "ParallelizationFactor": (3,),
    "MaximumRetryAttempts": (0, -1, 7),
    "MaximumRecordAgeInSeconds": (60, -1),
    "BisectBatchOnFunctionError": (True,),
    "FunctionResponseTypes": (["ReportBatchItemFailures"],),
    "DestinationConfig": ({"OnFailure": {"Destination": "arn:aws:sqs:us-east-1:000000000000:elsewhere"}},),
    "Enabled": (False,),
    "FilterCriteria": tuple(
        {"Filters": [{"Pattern": text} for text in patterns]}
        for patterns in (
            (foreign.EVERYTHING,),
            ('{"dynamodb":{"Keys":{"pk":{"S":["a"]}}}}', INSERT_ONLY),
            ('{"eventName":["INSERT"],"dynamodb":{"NewImage":{"n":{"N":[{"numeric":[">",1]}]}}}}',),
            ('{"eventName":["INSERT"],"dynamodb":{"NewImage":{"n":{"N":["1"]}}}}',),
        )
    ),
}
FUNCTION: dict[str, tuple[Any, ...]] = {
    "MemorySize": (512,),
    "Timeout": (9,),
    "Environment": ({"Variables": {"SECRET": "value"}},),
    "TracingConfig": ({"Mode": "Active"},),
    "EphemeralStorage": ({"Size": 1024},),
    "LoggingConfig": ({"LogFormat": "JSON", "LogGroup": "/theirs/logs"},),
    "Runtime": ("python3.12",),
}


@pytest.mark.nightly
@pytest.mark.parametrize("seed", range(24))
def test_whatever_a_trigger_is_like_its_file_leaves_plan_nothing_to_do(
    run: Callable[..., Ran], cloud: Cloud, file: Path, seed: int
) -> None:
    choose = random.Random(seed)  # noqa: S311 - which settings are tried
    table = cloud.table(view=None if seed % 2 else "NEW_AND_OLD_IMAGES")
    if seed % 2:
        given = choose.sample(sorted(CHOICES), choose.randint(3, 12))
        words = [
            word for flag in given for word in (flag, *choose.sample(CHOICES[flag], bool(CHOICES[flag])))
        ]
        assert run("attach-trigger", table, *words).code == 0, words
        assert run("init", table).code == 0, words
    else:
        theirs = foreign.consumer(cloud, table, foreign.role(cloud), team="red")
        settings = {name: choose.choice(THEIRS[name]) for name in choose.sample(sorted(THEIRS), 4)}
        cloud.lambda_.update_event_source_mapping(UUID=cloud.mapping(theirs)["UUID"], **settings)
        more = {name: choose.choice(FUNCTION[name]) for name in choose.sample(sorted(FUNCTION), 3)}
        cloud.lambda_.update_function_configuration(FunctionName=theirs, **more)
        assert until(lambda: cloud.configuration(theirs)["LastUpdateStatus"] == "Successful")
        words = [str(settings), str(more)]
        parts = ("--include-function",) if choose.random() < 0.5 else ()
        assert run("adopt", table, "--function", theirs, "--yes", "--write", *parts).code == 0, words
    assert planned(run) == [], (words, file.read_text())
    drifted = run("drift")
    assert drifted.code == 0, (words, drifted.out)
