"""enable-stream, as a user and a script see it."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from tests.functional.command import Ran, ran, until
from tests.functional.helpers import Calls, Terminal, check_envelope, fresh

if TYPE_CHECKING:
    from collections.abc import Callable

    from tests.functional.helpers import Cloud

VIEWS = ("KEYS_ONLY", "NEW_IMAGE", "OLD_IMAGE", "NEW_AND_OLD_IMAGES")


@pytest.fixture
def enable(variables: dict[str, str]) -> Callable[..., Ran]:
    return lambda *arguments, **outside: ran("enable-stream", *arguments, variables=variables, **outside)


@pytest.mark.parametrize("view", VIEWS)
def test_the_stream_is_live_with_the_view_type_and_its_arn_is_all_of_stdout(
    enable: Callable[..., Ran], cloud: Cloud, view: str
) -> None:
    table = cloud.table()
    done = enable(table, "--view-type", view)
    assert done.code == 0
    assert done.out == f"{cloud.stream(table)}\n"
    assert cloud.described(table)["StreamSpecification"] == {"StreamEnabled": True, "StreamViewType": view}
    assert f"enabled stream of table {table} ({view})" in done.err
    assert "endpoint" in done.err.splitlines()[0]
    assert table in done.err.splitlines()[0]


def test_without_a_view_type_a_new_stream_has_new_images(enable: Callable[..., Ran], cloud: Cloud) -> None:
    table = cloud.table()
    assert enable(table).code == 0
    assert cloud.described(table)["StreamSpecification"]["StreamViewType"] == "NEW_IMAGE"


def test_a_second_run_prints_the_same_arn_and_writes_nothing(
    enable: Callable[..., Ran], cloud: Cloud
) -> None:
    table = cloud.table()
    first = enable(table, "--view-type", "KEYS_ONLY")
    calls = Calls()
    second = enable(table, "--view-type", "KEYS_ONLY", connect=calls.connect)
    assert second.code == 0
    assert second.out == first.out
    assert calls.made == {"DescribeTable": 1}
    assert "nothing to do" in second.err


def test_without_a_view_type_a_live_stream_is_kept_whatever_it_shows(
    enable: Callable[..., Ran], cloud: Cloud
) -> None:
    table = cloud.table(view="OLD_IMAGE")
    calls = Calls()
    done = enable(table, connect=calls.connect)
    assert done.out == f"{cloud.stream(table)}\n"
    assert not calls.writes
    assert "OLD_IMAGE" in done.err


def test_another_view_type_is_refused_with_the_reason_and_the_cost(
    enable: Callable[..., Ran], cloud: Cloud
) -> None:
    table = cloud.table(view="NEW_IMAGE")
    before = cloud.stream(table)
    calls = Calls()
    done = enable(table, "--view-type", "KEYS_ONLY", "-o", "json", connect=calls.connect)
    assert done.code == 1
    check_envelope(done.json, command="enable-stream", code=1)
    assert done.error_code == "view-type-differs"
    (error,) = done.json["errors"]
    for words in ("NEW_IMAGE", "KEYS_ONLY", "can't be changed in place", "new ARN", "stay", "old stream"):
        assert words in error["message"]
    assert "--replace" in error["hint"]
    assert not calls.writes
    assert cloud.stream(table) == before


def test_the_refusal_reaches_a_person_on_stderr_alone(enable: Callable[..., Ran], cloud: Cloud) -> None:
    done = enable(cloud.table(view="NEW_IMAGE"), "--view-type", "KEYS_ONLY")
    assert done.code == 1
    assert done.out == ""
    assert "error: " in done.err
    assert "try: " in done.err


def test_replacing_asks_and_where_nobody_can_answer_names_the_flag(
    enable: Callable[..., Ran], cloud: Cloud
) -> None:
    table = cloud.table(view="NEW_IMAGE")
    before = cloud.stream(table)
    calls = Calls()
    done = enable(table, "--view-type", "KEYS_ONLY", "--replace", connect=calls.connect)
    assert done.code == 2
    assert "--yes" in done.err
    assert "new ARN" in done.err
    assert not calls.writes
    assert cloud.stream(table) == before


def test_json_never_asks_even_at_a_terminal(enable: Callable[..., Ran], cloud: Cloud) -> None:
    table = cloud.table(view="NEW_IMAGE")
    done = enable(
        table,
        "--view-type",
        "KEYS_ONLY",
        "--replace",
        "-o",
        "json",
        stdin=Terminal("y\n"),
        err=Terminal(),
    )
    assert done.code == 2
    assert done.error_code == "confirmation-needed"


@pytest.mark.parametrize("answer", ["n\n", "\n", "", "yesterday\n"])
def test_any_answer_but_yes_changes_nothing(enable: Callable[..., Ran], cloud: Cloud, answer: str) -> None:
    table = cloud.table(view="NEW_IMAGE")
    calls = Calls()
    done = enable(
        table,
        "--view-type",
        "KEYS_ONLY",
        "--replace",
        stdin=Terminal(answer),
        err=Terminal(),
        connect=calls.connect,
    )
    assert done.code == 2
    assert "nothing was changed" in done.err
    assert not calls.writes


def test_yes_at_a_terminal_replaces_the_stream(enable: Callable[..., Ran], cloud: Cloud) -> None:
    table = cloud.table(view="NEW_IMAGE")
    before = cloud.stream(table)
    done = enable(table, "--view-type", "KEYS_ONLY", "--replace", stdin=Terminal("Y\n"), err=Terminal())
    assert done.code == 0
    assert done.out == f"{cloud.stream(table)}\n"
    assert cloud.stream(table) != before
    assert "[y/N]" in done.err


def test_a_replaced_stream_takes_our_mapping_along_with_all_its_settings(
    enable: Callable[..., Ran], cloud: Cloud, variables: dict[str, str]
) -> None:
    table = cloud.table()
    function = f"{table}-inserts"
    wish = '{"dynamodb":{"Keys":{"pk":{"S":[{"prefix":"a"}]}}}}'
    attached = ran(
        "attach-trigger", table, "--batch-size", "7", "--retries", "2", "--filter", wish, variables=variables
    )
    assert attached.code == 0
    old = cloud.mapping(function)
    cloud.put(table, "a-before")
    assert cloud.logged(function, "a-before")

    done = enable(table, "--view-type", "NEW_AND_OLD_IMAGES", "--replace", "--yes")
    assert done.code == 0
    live = cloud.stream(table)
    new = cloud.mapping(function)
    assert live != old["EventSourceArn"]
    assert done.out == f"{live}\n"
    assert new["EventSourceArn"] == live
    assert new["UUID"] != old["UUID"]
    assert new["StartingPosition"] == "TRIM_HORIZON"
    kept = ("BatchSize", "MaximumRetryAttempts", "FilterCriteria", "FunctionArn", "FunctionResponseTypes")
    assert {name: new.get(name) for name in kept} == {name: old.get(name) for name in kept}
    (policy,) = cloud.policies(f"{function}-role").values()
    assert str(live) in str(policy)
    assert old["EventSourceArn"] not in str(policy)

    cloud.put(table, "a-after")
    assert cloud.logged(function, "a-after")


def test_replacing_leaves_another_functions_mapping_alone_and_names_it(
    enable: Callable[..., Ran], cloud: Cloud, variables: dict[str, str]
) -> None:
    table = cloud.table()
    ran("attach-trigger", table, variables=variables)
    other = fresh("other")
    ran("create-function", table, "--function", other, variables=variables)
    theirs = cloud.map(other, table)
    ours = cloud.mapping(f"{table}-inserts")["UUID"]
    replacing = (table, "--view-type", "KEYS_ONLY", "--replace")

    refused = enable(table, "--view-type", "KEYS_ONLY")
    assert refused.code == 1
    assert theirs in refused.err
    assert ours in refused.err
    asked = enable(*replacing, stdin=Terminal("n\n"), err=Terminal())
    assert asked.err.index(theirs) < asked.err.index("[y/N]")
    done = enable(*replacing, "--yes", "-o", "json")
    assert done.code == 0
    (warning,) = done.json["warnings"]
    assert f"{theirs} of function {other} stays on the old stream" in warning
    assert "ddbinsert" not in warning
    assert [mapping["UUID"] for mapping in cloud.mappings(other)] == [theirs]
    assert cloud.filters(f"{table}-inserts") == [{"eventName": ["INSERT"]}]


class _Interrupted:
    """A terminal at which Ctrl-C comes in place of an answer."""

    def isatty(self) -> bool:
        return True

    def readline(self) -> str:
        raise KeyboardInterrupt


def test_ctrl_c_at_the_question_changes_nothing(enable: Callable[..., Ran], cloud: Cloud) -> None:
    table = cloud.table(view="NEW_IMAGE")
    calls = Calls()
    done = enable(
        *(table, "--view-type", "KEYS_ONLY", "--replace"),
        stdin=_Interrupted(),
        err=Terminal(),
        connect=calls.connect,
    )
    assert done.code == 130
    assert not calls.writes


def test_replacing_with_the_view_type_that_is_live_changes_nothing(
    enable: Callable[..., Ran], cloud: Cloud
) -> None:
    table = cloud.table(view="NEW_IMAGE")
    before = cloud.stream(table)
    done = enable(table, "--view-type", "NEW_IMAGE", "--replace")
    assert done.code == 0
    assert done.out == f"{before}\n"


def test_a_replacement_that_was_cut_short_is_finished_by_the_next(
    enable: Callable[..., Ran], cloud: Cloud, variables: dict[str, str]
) -> None:
    table = cloud.table()
    function = f"{table}-inserts"
    ran("attach-trigger", table, variables=variables)
    old = cloud.mapping(function)
    # As if the run had died between the new stream and the new mapping.
    cloud.set_stream(table, None)
    assert enable(table, "--view-type", "KEYS_ONLY").code == 0
    assert cloud.mapping(function)["EventSourceArn"] == old["EventSourceArn"] != cloud.stream(table)

    done = enable(table, "--view-type", "KEYS_ONLY", "--replace", "--yes")
    assert done.code == 0
    assert cloud.mapping(function)["EventSourceArn"] == cloud.stream(table)
    cloud.put(table, "after")
    assert cloud.logged(function, "after")


@pytest.mark.parametrize(
    ("key", "schema"),
    [
        ("pk:S", [("pk", "HASH", "S")]),
        ("id:N", [("id", "HASH", "N")]),
        ("b:B", [("b", "HASH", "B")]),
        ("pk:S,sk:N", [("pk", "HASH", "S"), ("sk", "RANGE", "N")]),
        (" pk:B , sk:B ", [("pk", "HASH", "B"), ("sk", "RANGE", "B")]),
        ("a:b:S", [("a:b", "HASH", "S")]),
        ("größe-ключ:N", [("größe-ключ", "HASH", "N")]),
    ],
)
def test_a_missing_table_is_created_with_the_key_that_was_given(
    enable: Callable[..., Ran], cloud: Cloud, key: str, schema: list[tuple[str, str, str]]
) -> None:
    table = fresh()
    done = enable(table, "--create-table", key)
    assert done.code == 0
    described = cloud.described(table)
    types = {a["AttributeName"]: a["AttributeType"] for a in described["AttributeDefinitions"]}
    assert [
        (k["AttributeName"], k["KeyType"], types[k["AttributeName"]]) for k in described["KeySchema"]
    ] == (schema)
    assert done.out == f"{cloud.stream(table)}\n"
    assert {"Key": "ddbinsert:table", "Value": table} in cloud.dynamodb.list_tags_of_resource(
        ResourceArn=described["TableArn"]
    )["Tags"]


def test_creating_a_table_that_is_there_with_this_key_only_enables_its_stream(
    enable: Callable[..., Ran], cloud: Cloud
) -> None:
    table = cloud.table("pk:S,sk:N")
    cloud.dynamodb.put_item(TableName=table, Item={"pk": {"S": "a"}, "sk": {"N": "1"}})
    assert enable(table, "--create-table", "pk:S,sk:N").code == 0
    assert cloud.stream(table)
    assert len(cloud.items(table)) == 1


@pytest.mark.parametrize("key", ["pk:N", "id:S", "pk:S,sk:S"])
def test_a_table_with_another_key_is_refused_and_left_alone(
    enable: Callable[..., Ran], cloud: Cloud, key: str
) -> None:
    table = cloud.table("pk:S")
    done = enable(table, "--create-table", key, "-o", "json")
    assert done.code == 1
    assert done.error_code == "table-key-differs"
    assert "pk:S" in done.json["errors"][0]["message"]
    assert cloud.stream(table) is None


@pytest.mark.parametrize(
    "key",
    [
        "pk",
        ":S",
        "pk:",
        "pk:SS",
        "pk:s",
        "pk:BOOL",
        "a:S,b:S,c:S",
        "pk:S,pk:N",
        "pk:S,",
        "x" * 256 + ":S",
    ],
)
def test_what_is_no_key_is_told_with_an_example_before_anything_is_asked(
    enable: Callable[..., Ran], key: str
) -> None:
    calls = Calls()
    done = enable(fresh(), "--create-table", key, "-o", "json", connect=calls.connect)
    assert done.code == 2
    assert done.error_code == "bad-key-schema"
    assert "pk:S,sk:N" in done.json["errors"][0]["hint"]
    assert not calls.made


def test_a_missing_table_is_a_missing_prerequisite(enable: Callable[..., Ran], cloud: Cloud) -> None:
    table = fresh()
    done = enable(table, "-o", "json")
    assert done.code == 5
    assert done.error_code == "table-not-found"
    assert f"ddbinsert enable-stream {table} --create-table" in done.json["errors"][0]["hint"]
    assert not cloud.exists(table)


def test_no_table_named_anywhere_is_a_usage_error(enable: Callable[..., Ran]) -> None:
    done = enable("-o", "json")
    assert done.code == 2
    assert done.error_code == "no-table"


@pytest.mark.parametrize("view", ["NEW", "new_image", "", "\x1b[31mred"])
def test_an_unknown_view_type_is_told_with_those_that_exist(
    enable: Callable[..., Ran], cloud: Cloud, view: str
) -> None:
    table = cloud.table()
    done = enable(table, "--view-type", view)
    assert done.code == 3
    assert all(known in done.err for known in VIEWS)
    assert "\x1b" not in done.err
    assert cloud.stream(table) is None


def test_a_dry_run_shows_what_would_be_done_and_does_nothing(
    enable: Callable[..., Ran], cloud: Cloud
) -> None:
    table = fresh()
    calls = Calls()
    shown = enable(table, "--create-table", "pk:S", "--dry-run", connect=calls.connect)
    assert shown.code == 0
    assert f"+ create table {table} (pk:S)" in shown.out
    assert f"+ enable stream of table {table} (NEW_IMAGE)" in shown.out
    assert "nothing was changed" in shown.out
    assert not calls.writes
    assert not cloud.exists(table)


def test_a_script_gets_the_arn_and_what_was_done(enable: Callable[..., Ran], cloud: Cloud) -> None:
    table = cloud.table()
    done = enable(table, "-o", "json")
    check_envelope(done.json, command="enable-stream", code=0)
    assert done.data["stream_arn"] == cloud.stream(table)
    assert done.data["stream_view_type"] == "NEW_IMAGE"
    assert done.data["changed"] is True
    assert [step["step"] for step in done.data["steps"]] == ["EnableStream"]
    again = enable(table, "-o", "json")
    assert again.data["changed"] is False
    assert again.data["steps"] == []


def test_the_stream_records_writes_from_then_on(enable: Callable[..., Ran], cloud: Cloud) -> None:
    table = cloud.table()
    stream = enable(table, "--view-type", "KEYS_ONLY", "--quiet")
    assert stream.err == ""
    cloud.put(table, "a")
    arn = stream.out.strip()
    iterators = [
        cloud.streams.get_shard_iterator(
            StreamArn=arn, ShardId=shard["ShardId"], ShardIteratorType="TRIM_HORIZON"
        )["ShardIterator"]
        for shard in cloud.streams.describe_stream(StreamArn=arn)["StreamDescription"]["Shards"]
    ]
    records = until(
        lambda: [
            record
            for iterator in iterators
            for record in cloud.streams.get_records(ShardIterator=iterator)["Records"]
        ]
    )
    assert [record["eventName"] for record in records] == ["INSERT"]
