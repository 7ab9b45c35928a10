"""Several triggers in one file: brought about, proven, looked at and taken down together, each told by itself."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any
from xml.etree import ElementTree as ET

import pytest

from tests.functional.command import Ran, ran
from tests.functional.helpers import Calls, Terminal

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

    from tests.functional.helpers import Cloud

FILE = """
defaults:
  mapping: {{starting_position: TRIM_HORIZON}}
triggers:
  first: {{table: {one}, mapping: {{batch_size: 5}}}}
  second: {{table: {one}, view_type: KEYS_ONLY, function: {{name: {one}-second}}}}
  third: {{table: {two}}}
"""


@pytest.fixture
def tables(cloud: Cloud, tmp_path: Path) -> tuple[str, str]:
    one, two = cloud.table("pk:S"), cloud.table("pk:S")
    (tmp_path / "ddbinsert.yaml").write_text(FILE.format(one=one, two=two))
    return one, two


@pytest.fixture
def run(variables: dict[str, str], tmp_path: Path) -> Callable[..., Ran]:
    return lambda *words, **more: ran(*words, variables=variables, cwd=tmp_path, **more)


def of(done: Ran) -> dict[str, Any]:
    return {one["name"]: one for one in done.data["triggers"]}


def test_all_of_a_file_is_planned_brought_about_proven_and_taken_down(
    tables: tuple[str, str], run: Callable[..., Ran], tmp_path: Path, cloud: Cloud
) -> None:
    one, _ = tables
    planned = run("plan", "--out", "plan.json", "--exit-code", "-o", "json")
    assert planned.code == 1, planned.err
    assert [len(each["data"]["steps"]) for each in of(planned).values()] == [6, 6, 6]
    calls = Calls()
    up = run("up", "--plan", "plan.json", "-o", "json", connect=calls.connect)
    assert up.code == 0, up.err
    assert calls.made["UpdateTable"] == 2, "the stream of a table with two triggers is enabled once"
    assert (
        of(up)["first"]["data"]["stream_arn"] == of(up)["second"]["data"]["stream_arn"] == cloud.stream(one)
    )
    assert of(up)["second"]["data"]["stream_view_type"] == "KEYS_ONLY"
    for words in (("plan", "--exit-code"), ("drift",), ("up",)):
        calls = Calls()
        after = run(*words, "-o", "json", connect=calls.connect)
        assert after.code == 0, words
        assert [each["data"]["steps"] for each in of(after).values()] == [[], [], []]
        assert not calls.writes

    proven = run("verify", "--junit", "junit.xml", "--timeout", "60s", "-o", "json")
    assert proven.code == 0, proven.out
    assert [(v["name"], v["verdict"]["verdict"]) for v in proven.data["verdicts"]] == [
        (name, "PASS") for name in ("first", "second", "third")
    ]
    suites = ET.parse(tmp_path / "junit.xml").getroot().findall("testsuite")  # noqa: S314 - our own
    assert len(suites) == 3

    states = run("status", "second", "third", "-o", "json")
    assert list(of(states)) == ["second", "third"]
    assert of(states)["second"]["function"] == f"{one}-second"
    looked = run("doctor", "first", "second", "--format", "junit")
    assert looked.out.count("<testsuite ") == 2

    down = run("down", "--stream", "--yes", "-o", "json")
    assert down.code == 0, down.err
    assert cloud.stream(one) is None
    again = run("down", "--stream", "--yes", "-o", "json")
    assert again.code == 0
    assert [each["data"]["steps"] for each in of(again).values()] == [[], [], []]


def test_an_error_of_one_leaves_the_others_alone_and_is_in_the_summary(
    tables: tuple[str, str], run: Callable[..., Ran], tmp_path: Path, cloud: Cloud
) -> None:
    file = tmp_path / "ddbinsert.yaml"
    file.write_text(file.read_text().replace(f"table: {tables[1]}", "table: missing-one"))
    planned = run("plan", "--out", "plan.json", "-o", "json")
    assert planned.code == 5
    assert of(planned)["third"]["error"]["code"] == "table-not-found"
    assert not (tmp_path / "plan.json").exists()
    assert "plan.json was not written" in planned.err
    up = run("up")
    assert up.code == 5
    assert "error: third: Table missing-one does not exist" in up.err
    lines = up.out.splitlines()
    assert lines[-3:] == ["first   6 steps done", "second  6 steps done", "third   error: table-not-found"]
    assert "ddbinsert verify second --endpoint-url" not in up.out
    assert cloud.mapping(f"{tables[0]}-second")["BatchSize"] == 100
    verified = run("verify", "first", "third", "--timeout", "60s", "-o", "json")
    assert verified.code == 5
    assert [one["error"] and one["error"]["code"] for one in verified.data["verdicts"]] == [
        None,
        "table-not-found",
    ]


def test_one_is_taken_down_and_what_the_others_use_stays(
    tables: tuple[str, str], run: Callable[..., Ran], tmp_path: Path, cloud: Cloud
) -> None:
    one, _ = tables
    file = tmp_path / "ddbinsert.yaml"
    shared = f"function: {{name: {one}-second, log_group: /shared/{one}}}"
    text = file.read_text().replace(f"function: {{name: {one}-second}}", shared)
    file.write_text(
        text.replace("batch_size: 5}", f"batch_size: 5}}, function: {{log_group: /shared/{one}}}")
    )
    assert run("up", one).code == 0
    refused = run("down", "first", "--stream", "--yes", "-o", "json")
    assert (refused.code, refused.error_code) == (1, "stream-in-use")
    down = run("down", "first", "--yes", "-o", "json")
    assert down.code == 0, down.err
    assert down.data["stays"] == [f"log group /shared/{one}: function {one}-second writes to it, too"]
    assert cloud.mapping(f"{one}-second")["State"] == "Enabled"
    last = run("down", one, "--keep-role", "--yes", "-o", "json")
    assert last.code == 0, last.err
    assert cloud.iam.get_role(RoleName=f"{one}-second-role")
    groups = cloud.logs.describe_log_groups(logGroupNamePrefix=f"/shared/{one}")["logGroups"]
    assert groups == []


def test_a_plan_of_several_is_carried_out_as_a_whole_or_not_at_all(
    tables: tuple[str, str], run: Callable[..., Ran], tmp_path: Path
) -> None:
    file = tmp_path / "ddbinsert.yaml"
    assert run("plan", "--out", "plan.json").code == 0
    kept = file.read_text()
    changes = {
        kept.replace("batch_size: 5", "batch_size: 6"): "first: mapping.batch_size: 5 → 6",
        kept.replace(f"  third: {{table: {tables[1]}}}", ""): "no longer has third",
    }
    for text, said in changes.items():
        file.write_text(text)
        calls = Calls()
        refused = run("up", "--plan", "plan.json", "-o", "json", connect=calls.connect)
        assert (refused.code, refused.error_code) == (1, "plan-changed")
        assert said in refused.json["errors"][0]["message"]
        assert not calls.writes
    file.write_text(kept)
    assert "mapping.batch_size: 5 → 6" not in run("up", "first", "--plan", "plan.json").err
    assert run("up", "--plan", "plan.json").code == 0


def test_functions_for_two_tables_are_refused_before_anything_is_changed(
    tables: tuple[str, str], run: Callable[..., Ran], tmp_path: Path
) -> None:
    one, two = tables
    (tmp_path / "ddbinsert.yaml").write_text(
        f"defaults: {{function: {{name: {one}-both}}}}\ntriggers: {{a: {{table: {one}}}, b: {{table: {two}}}}}"
    )
    calls = Calls()
    refused = run("up", "-o", "json", connect=calls.connect)
    assert (refused.code, refused.error_code) == (1, "triggers-contradict")
    assert not calls.writes


def test_questions_are_asked_once_for_all_and_by_the_run(
    tables: tuple[str, str], run: Callable[..., Ran], tmp_path: Path, cloud: Cloud
) -> None:
    _, two = tables
    assert run("up").code == 0
    cloud.put(two, "before")
    assert run("down", "third", "--yes").code == 0
    file = tmp_path / "ddbinsert.yaml"
    text = file.read_text().replace("starting_position: TRIM_HORIZON", "starting_position: auto")
    file.write_text(text.replace("batch_size: 5", "filters: [{dynamodb: {Keys: {pk: {S: [{prefix: a}]}}}}]"))
    alone = run("up", "-o", "json")
    assert alone.code == 2, alone.out
    assert alone.json["errors"][0]["code"] in ("confirmation-needed", "starting-position-needed")
    person = {"stdin": Terminal("r\nno\n"), "err": Terminal(), "out": Terminal()}
    refused = run("up", **person)
    assert refused.code == 2
    assert "third: choose the starting position of its mapping" in refused.err
    assert "Not confirmed; nothing was changed." in refused.err
    agreed = run("up", stdin=Terminal("s\ny\n"), err=Terminal(), out=Terminal())
    assert agreed.code == 0, agreed.err
    assert agreed.err.count("Continue?") == 1
    assert cloud.mapping(f"{two}-inserts")["StartingPosition"] == "LATEST"


def test_other_commands_take_a_name_and_ask_for_one_where_a_table_has_several(
    tables: tuple[str, str], run: Callable[..., Ran]
) -> None:
    one, _ = tables
    assert run("up", "second").code == 0
    assert run("send", "second", "--count", "1").code == 0
    assert run("send", one, "--count", "1").code == 0
    assert f"log group /aws/lambda/{one}-second" in run("tail", "second", "--since", "1m").err
    asked = run("tail", one)
    assert asked.code == 2
    assert "Name one: `ddbinsert tail first" in asked.err
    for words in (("attach-trigger",), ("attach-trigger", one), ("gaps", one)):
        refused = run(*words, "-o", "json")
        assert (refused.code, refused.error_code) == (2, "several-triggers"), words
    attached = run("attach-trigger", "second", "--batch-size", "9", "-o", "json")
    assert attached.code == 0
    assert attached.data["function_arn"].endswith(f"{one}-second")
    unknown = run("up", "secnd", "-o", "json")
    assert (unknown.code, unknown.error_code) == (2, "unknown-trigger")
    assert "up second" in unknown.json["errors"][0]["hint"]
