"""function.alias: each change of the function publishes a version, moves the alias, and keeps the mapping."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import pytest

from tests.functional.command import Ran, ran
from tests.strict.rig import Functions, Mappings, Profile, Roles, Tables

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

    from ddbinsert import local
    from tests.strict.bench import Bench

FILE = """
table: {table}
function: {{alias: live, code: app.py, memory: {memory}}}
mapping: {{starting_position: TRIM_HORIZON}}
"""
SOURCE = "def handler(event, context):\n    print({mark!r}, event)\n"


@pytest.fixture
def bench(bench_of: Callable[..., Bench]) -> Bench:
    profile = Profile(tables=Tables(), functions=Functions(), roles=Roles(), mappings=Mappings())
    return bench_of(profile)


@pytest.fixture
def run(bench: Bench, emulator: local.Emulator, tmp_path: Path) -> Callable[..., Ran]:
    variables = {
        **emulator.variables(region="eu-west-1"),
        "AWS_ENDPOINT_URL": bench.rig.endpoint,
        "HOME": str(tmp_path),
    }
    return lambda *words, **more: ran(*words, variables=variables, cwd=tmp_path, **more)


@pytest.fixture
def write(tmp_path: Path) -> Callable[..., None]:
    def file(table: str, memory: int = 128, mark: str = "one") -> None:
        (tmp_path / "ddbinsert.yaml").write_text(FILE.format(table=table, memory=memory))
        (tmp_path / "app.py").write_text(SOURCE.format(mark=mark))

    return file


def steps(done: Ran) -> list[str]:
    assert done.code == 0, done.err + done.out
    return [one["step"] for one in done.json["data"]["steps"]]


def mapped(bench: Bench, table: str) -> list[dict[str, Any]]:
    found: list[dict[str, Any]] = bench.lambda_.list_event_source_mappings(
        EventSourceArn=bench.dynamodb.describe_table(TableName=table)["Table"]["LatestStreamArn"]
    )["EventSourceMappings"]
    return [one for one in found if one["State"] != "Deleting"]


def test_a_version_is_published_for_each_change_and_the_mapping_stays(
    bench: Bench, run: Callable[..., Ran], write: Callable[..., None], tmp_path: Path
) -> None:
    table = bench.table(view="NEW_IMAGE")
    name = f"{table}-inserts"
    write(table)
    made = steps(run("up", "--yes", "-o", "json"))
    assert made[-2:] == ["PublishVersion", "CreateMapping"]
    (mapping,) = mapped(bench, table)
    assert mapping["FunctionArn"].endswith(f":function:{name}:live")
    assert steps(run("plan", "-o", "json")) == []
    assert run("drift").code == 0
    first = bench.lambda_.get_alias(FunctionName=name, Name="live")["FunctionVersion"]

    for memory, mark, expected in (
        (256, "one", ["UpdateFunctionSettings", "PublishVersion"]),
        (256, "two", ["UpdateFunctionCode", "PublishVersion"]),
    ):
        write(table, memory, mark)
        shown = run("plan")
        assert f"alias live: moved from version {first}" in shown.out
        assert steps(run("up", "--yes", "-o", "json")) == expected
        assert steps(run("plan", "-o", "json")) == []
        now = bench.lambda_.get_alias(FunctionName=name, Name="live")["FunctionVersion"]
        assert int(now) > int(first)
        first = now
    assert [one["UUID"] for one in mapped(bench, table)] == [mapping["UUID"]]

    # The alias is found without the file, too, and somebody who moves it back causes drift.
    assert steps(run("attach-trigger", table, "--config", "/dev/null", "-o", "json")) == []
    bench.lambda_.update_alias(FunctionName=name, Name="live", FunctionVersion="1")
    drifted = run("drift", "-o", "json")
    assert [one["field"] for one in drifted.json["data"]["drift"]] == ["function.alias"]
    assert steps(run("up", "--yes", "-o", "json")) == ["PublishVersion"]
    assert run("drift").code == 0
    written = run("init", table, "--output-file", "-")
    assert "alias: live" in written.out

    removed = run("down", "--yes")
    assert removed.code == 0, removed.err
    assert mapped(bench, table) == []
    with pytest.raises(bench.lambda_.exceptions.ResourceNotFoundException):
        bench.lambda_.get_function(FunctionName=name)


@pytest.mark.nightly
def test_a_mapping_is_moved_to_an_alias_and_back(
    bench: Bench, run: Callable[..., Ran], write: Callable[..., None], tmp_path: Path
) -> None:
    table = bench.table(view="NEW_IMAGE")
    assert run("attach-trigger", table, "--config", "/dev/null").code == 0
    (before,) = mapped(bench, table)
    moved = run("attach-trigger", table, "--config", "/dev/null", "--alias", "live", "-o", "json")
    assert steps(moved) == ["PublishVersion", "UpdateMapping"]
    (after,) = mapped(bench, table)
    assert (after["UUID"], after["FunctionArn"]) == (before["UUID"], f"{before['FunctionArn']}:live")
    # A change by flags, without the alias, reaches the alias of ddbinsert's.
    assert steps(
        run("attach-trigger", table, "--config", "/dev/null", "--memory", "256", "--yes", "-o", "json")
    ) == ["UpdateFunctionSettings", "PublishVersion"]
    asked = run("attach-trigger", table, "--config", "/dev/null", "--unset", "function.alias", "-o", "json")
    assert asked.json["errors"][0]["code"] == "confirmation-needed"
    back = run(
        "attach-trigger", table, "--config", "/dev/null", "--unset", "function.alias", "--yes", "-o", "json"
    )
    assert steps(back) == ["UpdateMapping"]
    assert mapped(bench, table)[0]["FunctionArn"] == before["FunctionArn"]
    wrong = run("attach-trigger", table, "--config", "/dev/null", "--alias", "12")
    assert wrong.code == 3
    assert "not only digits" in wrong.err


@pytest.fixture
def aliased(bench: Bench, run: Callable[..., Ran]) -> tuple[str, str]:
    """A table, whose stream somebody else mapped to an alias of the function; and the UUID of that mapping."""
    table = bench.table(view="NEW_IMAGE")
    name = f"{table}-inserts"
    assert run("create-function", table, "--config", "/dev/null").code == 0
    bench.lambda_.publish_version(FunctionName=name)
    bench.lambda_.create_alias(FunctionName=name, Name="prod", FunctionVersion="1")
    bench.iam.put_role_policy(
        RoleName=f"{name}-role",
        PolicyName="more",
        PolicyDocument='{"Version":"2012-10-17","Statement":[{"Effect":"Allow","Action":"dynamodb:*","Resource":"*"}]}',
    )
    made = bench.lambda_.create_event_source_mapping(
        FunctionName=f"{name}:prod", EventSourceArn=bench.stream_arn(table), StartingPosition="LATEST"
    )
    return table, made["UUID"]


def test_no_second_mapping_is_made_beside_one_of_somebody_elses_alias(
    bench: Bench, run: Callable[..., Ran], aliased: tuple[str, str], tmp_path: Path
) -> None:
    """Two mappings of one function would deliver every record twice; theirs is not changed without --adopt."""
    table, uuid = aliased
    name = f"{table}-inserts"
    refused = run("attach-trigger", table, "--config", "/dev/null", "-o", "json")
    assert (refused.code, refused.json["errors"][0]["code"]) == (1, "not-ours"), refused.out
    assert "mapping.filters" in refused.json["errors"][0]["message"]
    assert [one["UUID"] for one in mapped(bench, table)] == [uuid]
    shown = run("status", table, "--config", "/dev/null")
    assert f"{name}:prod, an alias of version 1" in shown.out
    exported = run("export", "cloudformation", table, "--config", "/dev/null", "--from-live")
    assert "Ref: Alias" in exported.out, exported.err

    adopted = run("attach-trigger", table, "--config", "/dev/null", "--adopt", "--yes", "-o", "json")
    assert adopted.code == 0, adopted.out
    (mapping,) = mapped(bench, table)
    assert (mapping["UUID"], mapping["FunctionArn"][-5:]) == (uuid, ":prod")
    written = run("init", table, "--function", name, "--output-file", "trigger.yaml")
    assert written.code == 0, written.err
    assert f"{name}:prod" in (tmp_path / "trigger.yaml").read_text()
    assert steps(run("plan", "--config", "trigger.yaml", "-o", "json")) == []

    words = ("attach-trigger", table, "--config", "/dev/null", "--memory", "256", "--yes", "-o", "json")
    changed = run(*words)
    assert steps(changed) == ["UpdateFunctionSettings"]
    assert [one for one in changed.json["warnings"] if "with function.alias: prod" in one]
    managed = run("attach-trigger", table, "--config", "/dev/null", "--alias", "prod", "--yes", "-o", "json")
    assert steps(managed) == ["PublishVersion"]
    assert run("down", table, "--config", "/dev/null", "--yes").code == 0
    assert mapped(bench, table) == []


@pytest.mark.parametrize("words", [("up",), ("down",)])
def test_the_mapping_of_an_alias_whose_function_was_deleted_is_used_again_or_removed(
    words: tuple[str, ...], bench: Bench, run: Callable[..., Ran], write: Callable[..., None], tmp_path: Path
) -> None:
    table = bench.table(view="NEW_IMAGE")
    write(table)
    assert run("up", "--yes").code == 0
    (before,) = mapped(bench, table)
    bench.lambda_.delete_function(FunctionName=f"{table}-inserts")
    if words == ("down",):
        (tmp_path / "ddbinsert.yaml").write_text(f"table: {table}\n")
    done = run(*words, "--yes", "-o", "json")
    assert done.code == 0, done.out
    left = mapped(bench, table)
    assert [one["UUID"] for one in left] == ([before["UUID"]] if words == ("up",) else [])
    if words == ("up",):
        assert steps(run("plan", "-o", "json")) == []
