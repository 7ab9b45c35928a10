"""send: test inserts of any key type, and a table that is left as it was."""

from __future__ import annotations

import io
import json
import shlex
import signal
from decimal import Decimal
from typing import TYPE_CHECKING, Any

import pytest

from ddbinsert.core.receipt import parse
from ddbinsert.environment import SystemClock
from tests.functional.command import Ran, begun, ended, ran, until
from tests.functional.helpers import InterruptingClock, check_envelope

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

    from tests.functional.helpers import Cloud

KEYS = ("pk:S", "pk:N", "pk:B", "pk:S,sk:N", "pk:N,sk:B", "pk:B,sk:S")


@pytest.fixture
def send(variables: dict[str, str]) -> Callable[..., Ran]:
    def run(*arguments: str, hold: str | None = "0s", **outside: Any) -> Ran:
        more = ["--hold", hold] if hold is not None and "--keep" not in arguments else []
        return ran("send", *arguments, *more, variables=variables, **outside)

    return run


def heard(cloud: Cloud, function: str) -> list[tuple[str, str]]:
    """Event and key of every record that the function was given, once however often it was delivered."""
    receipts = [found for line in cloud.lines(function) if (found := parse(line))]
    return sorted({one["seq"]: (one["eventName"], one["keys"]["pk"]["S"]) for one in receipts}.values())


@pytest.mark.parametrize("key", KEYS)
def test_items_of_every_key_type_are_written_changed_and_gone_again(
    send: Callable[..., Ran], cloud: Cloud, key: str
) -> None:
    table = cloud.table(key, view="NEW_IMAGE")
    done = send(table, "--count", "30", "--modify", "-o", "json")
    assert done.code == 0, done.err
    check_envelope(done.json, command="send", code=0)
    told = done.data
    assert (told["inserted"], told["modified"], told["removed"], told["cleaned"]) == (30, 30, 0, 30)
    assert told["left"] == 0
    assert told["remove_with"] is None
    assert cloud.items(table) == []


@pytest.mark.parametrize("key", KEYS)
def test_kept_items_are_there_until_the_command_that_it_names_removes_them(
    send: Callable[..., Ran], cloud: Cloud, variables: dict[str, str], key: str
) -> None:
    table = cloud.table(key)
    kept = send(table, "-n", "40", "--keep", "-o", "json").data
    assert len(cloud.items(table)) == kept["left"] == 40
    program, *words = shlex.split(kept["remove_with"])
    assert program == "ddbinsert"
    cleaned = ran(*words, variables=variables)
    assert cleaned.code == 0
    assert "40 items" in cleaned.out
    assert cloud.items(table) == []


def test_a_trigger_hears_of_the_inserts_and_of_nothing_else(
    send: Callable[..., Ran], cloud: Cloud, variables: dict[str, str]
) -> None:
    table = cloud.table()
    assert ran("attach-trigger", table, variables=variables).code == 0
    told = send(table, "-n", "5", "--modify", "--remove", "-o", "json").data
    assert (told["inserted"], told["modified"], told["removed"], told["cleaned"]) == (5, 5, 5, 0)
    function = f"{table}-inserts"
    keys = [f"ddbinsert:r{told['run_id']}:{n:09}" for n in range(5)]
    for key in keys:
        cloud.put(table, key)  # a fence each: order holds per item
    inserts = sorted(("INSERT", key) for key in keys * 2)
    assert until(lambda: len(heard(cloud, function)) >= len(inserts))
    assert heard(cloud, function) == inserts


def test_the_result_for_people_names_the_run_and_the_way_back(send: Callable[..., Ran], cloud: Cloud) -> None:
    table = cloud.table()
    done = send(table, "--keep", "-n", "2")
    assert "2 items" in done.out
    assert f"ddbinsert send {table} --clean " in done.out
    assert "has no stream" in done.err


def test_an_existing_item_is_neither_overwritten_nor_cleaned_away(
    send: Callable[..., Ran], cloud: Cloud, tmp_path: Path
) -> None:
    table = cloud.table()
    cloud.put(table, "mine", value="precious")
    (tmp_path / "items.jsonl").write_text('{"pk":"new","value":1}\n{"pk":"mine","value":2}\n')
    done = send(table, "--item", "items.jsonl", "--modify", "-o", "json", cwd=tmp_path)
    assert (done.code, done.error_code) == (1, "item-exists")
    assert done.data["existing"] == [{"pk": {"S": "mine"}}]
    assert (done.data["inserted"], done.data["modified"], done.data["cleaned"]) == (1, 1, 1)
    assert cloud.items(table) == [{"pk": {"S": "mine"}, "value": {"S": "precious"}}]


class Meanwhile(SystemClock):
    """Another writer acts while the items are kept."""

    def __init__(self, act: Callable[[], object]) -> None:
        super().__init__()
        self._acts = [act]

    def sleep(self, duration: float) -> None:
        if duration == HOLD:
            self._acts.pop()()
        else:
            super().sleep(duration)


HOLD = 77.0


@pytest.mark.parametrize("more", [(), ("--modify",)])
def test_an_item_that_another_writer_put_in_place_of_ours_stays(
    send: Callable[..., Ran], cloud: Cloud, tmp_path: Path, more: tuple[str, ...]
) -> None:
    table = cloud.table()
    own = [{"pk": name, "state": "new", "tags": ["a", "b"], "size": 1.50} for name in ("a", "b", "c", "d")]
    (tmp_path / "items.json").write_text(json.dumps(own))
    client = cloud.dynamodb

    def act() -> None:
        cloud.put(table, "a", value="theirs")
        client.delete_item(TableName=table, Key={"pk": {"S": "b"}})
        client.update_item(  # a function that adds to the item that it processed
            TableName=table,
            Key={"pk": {"S": "c"}},
            UpdateExpression="SET seen = :yes",
            ExpressionAttributeValues={":yes": {"BOOL": True}},
        )

    arguments = ("--item", "items.json", *more, "-o", "json")
    done = send(table, *arguments, hold=f"{HOLD:g}s", cwd=tmp_path, clock=Meanwhile(act))
    assert (done.code, done.error_code) == (1, "item-changed"), done.err
    assert done.data["changed"] == [{"pk": {"S": "a"}}]
    assert (done.data["inserted"], done.data["cleaned"], done.data["left"]) == (4, 3, 0)
    assert cloud.items(table) == [{"pk": {"S": "a"}, "value": {"S": "theirs"}}]


@pytest.mark.parametrize("own", [True, False])
def test_items_of_a_table_that_is_deleted_meanwhile_are_not_called_left(
    send: Callable[..., Ran], cloud: Cloud, tmp_path: Path, variables: dict[str, str], *, own: bool
) -> None:
    table = cloud.table()
    (tmp_path / "items.json").write_text('[{"pk":"a","n":1}]')
    done = send(
        *(table, "-o", "json", *(("--item", "items.json") if own else ("--count", "30"))),
        hold=f"{HOLD:g}s",
        cwd=tmp_path,
        clock=Meanwhile(lambda: cloud.dynamodb.delete_table(TableName=table)),
    )
    assert (done.code, done.data["left"]) == (0, 0), done.err
    assert not list(tmp_path.rglob("sends/*.json"))


def test_two_items_with_one_key_are_refused_also_on_one_line(
    send: Callable[..., Ran], cloud: Cloud, tmp_path: Path
) -> None:
    table = cloud.table("pk:N")
    (tmp_path / "items.json").write_text('[{"pk":1,"a":1},{"pk":1.0,"a":2}]')
    done = send(table, "--item", "items.json", cwd=tmp_path)
    assert done.code == 2
    assert "items.json:1: the same key as in line 1" in done.err
    assert cloud.items(table) == []


def test_items_of_ones_own_arrive_with_every_digit_and_type(
    send: Callable[..., Ran], cloud: Cloud, tmp_path: Path
) -> None:
    table = cloud.table("pk:S,sk:N")
    (tmp_path / "items.yaml").write_text(
        "pk: a\nsk: 1\nprice: 12.34567890123456789\nwhen: 2024-01-01\nraw: !!binary AP8=\ntags: !!set {x, y}\n"
        '---\n{"pk": {"S": "b"}, "sk": {"N": "2"}, "deep": {"M": {"l": {"L": [{"NULL": true}]}}}}\n'
    )
    done = send(table, "--item", "items.yaml", "--keep", "-o", "json", cwd=tmp_path)
    assert done.code == 0
    first, second = sorted(cloud.items(table), key=lambda item: item["pk"]["S"])
    assert Decimal(first.pop("price")["N"]) == Decimal("12.34567890123456789")
    assert sorted(first.pop("tags")["SS"]) == ["x", "y"]
    assert first == {
        "pk": {"S": "a"},
        "sk": {"N": "1"},
        "when": {"S": "2024-01-01"},
        "raw": {"B": b"\x00\xff"},
    }
    assert second["deep"] == {"M": {"l": {"L": [{"NULL": True}]}}}
    assert done.data["remove_with"] is None


def test_items_without_a_key_get_one_each_and_may_be_multiplied(
    send: Callable[..., Ran], cloud: Cloud, variables: dict[str, str]
) -> None:
    table = cloud.table("pk:S,sk:N")
    body = '{"kind":"book"}\n{"kind":"film","pk":"mine"}\n'
    kept = send(table, "--item", "-", "-n", "6", "--keep", "-o", "json", stdin=io.StringIO(body))
    assert kept.code == 0, kept.err
    items = cloud.items(table)
    assert sorted(item["kind"]["S"] for item in items) == ["book"] * 3 + ["film"] * 3
    assert sum(item["pk"]["S"] == "mine" for item in items) == 3
    again = ran(*shlex.split(kept.data["remove_with"])[1:], variables=variables, stdin=io.StringIO(body))
    assert again.code == 0
    assert cloud.items(table) == []


def test_more_items_than_bring_keys_of_their_own_are_refused(send: Callable[..., Ran], cloud: Cloud) -> None:
    table = cloud.table()
    done = send(table, "--item", "-", "-n", "2", "-o", "json", stdin=io.StringIO('{"pk":"a"}'))
    assert (done.code, done.error_code) == (2, "item-file")
    assert cloud.items(table) == []


def test_one_bad_item_keeps_all_from_being_written_and_every_problem_is_told(
    send: Callable[..., Ran], cloud: Cloud, tmp_path: Path
) -> None:
    table = cloud.table()
    (tmp_path / "a.jsonl").write_text('{"pk":"ok"}\n{"pk":5}\n{"x":1}\n{"pk":""}\n{"pk":"ok"}\n')
    done = send(table, "--item", "a.jsonl", "-o", "json", cwd=tmp_path)
    assert (done.code, done.error_code) == (2, "item-file")
    message = done.json["errors"][0]["message"]
    assert message.splitlines() == [
        "a.jsonl:2: pk is of type N, but the table's key requires S (quote it)",
        "a.jsonl:4: pk is empty, which is not allowed for a key attribute",
        "a.jsonl:5: the same key as in line 1",
    ]
    assert cloud.items(table) == []


def test_ctrl_c_while_the_items_are_left_removes_them(send: Callable[..., Ran], cloud: Cloud) -> None:
    table = cloud.table()
    done = send(table, "-n", "30", "-o", "json", hold="60s", clock=InterruptingClock())
    assert (done.code, done.error_code) == (130, "interrupted")
    assert (done.data["inserted"], done.data["cleaned"], done.data["left"]) == (30, 30, 0)
    assert "all of them were removed" in done.err
    assert cloud.items(table) == []


def test_ctrl_c_with_keep_leaves_what_was_written_and_says_how_to_remove_it(
    send: Callable[..., Ran], cloud: Cloud, variables: dict[str, str]
) -> None:
    table = cloud.table()
    done = send(table, "-n", "100", "--rate", "40", "--keep", "-o", "json", clock=InterruptingClock(3))
    assert done.code == 130
    assert done.data["left"] == done.data["inserted"] == len(cloud.items(table)) > 0
    hint = done.json["errors"][0]["hint"]
    command = hint.split("`")[1]
    assert ran(*shlex.split(command)[1:], variables=variables).code == 0
    assert cloud.items(table) == []


@pytest.mark.parametrize("how", [signal.SIGINT, signal.SIGTERM])
def test_a_signal_to_the_process_ends_it_with_a_clean_table(
    cloud: Cloud, variables: dict[str, str], how: signal.Signals
) -> None:
    table = cloud.table()
    process = begun("send", table, "-n", "100000", "--rate", "400", variables=variables)
    assert until(lambda: len(cloud.items(table)) > 50)
    process.send_signal(how)
    done = ended(process)
    assert done.code == 130, done.err
    assert "Traceback" not in done.err
    assert cloud.items(table) == []


def test_a_table_that_is_not_there_is_a_prerequisite(send: Callable[..., Ran]) -> None:
    done = send("nowhere", "-o", "json")
    assert (done.code, done.error_code) == (5, "table-not-found")


@pytest.mark.parametrize(
    "arguments",
    [
        ("--count", "0"),
        ("--count", "-3"),
        ("--rate", "0"),
        ("--rate", "nan"),
        ("--rate", "inf"),
        ("--keep", "--remove"),
        ("--clean", "0123456789ab"),
        ("--clean", "nonsense", "--count", "1"),
        ("--item", "missing.json"),
    ],
)
def test_what_contradicts_itself_is_refused_before_anything_is_written(
    send: Callable[..., Ran], cloud: Cloud, arguments: tuple[str, ...]
) -> None:
    table = cloud.table()
    done = send(table, *arguments, hold=None)
    assert done.code == 2, done.err
    assert cloud.items(table) == []


def test_keeping_and_a_time_to_keep_for_contradict_each_other(
    variables: dict[str, str], cloud: Cloud
) -> None:
    done = ran("send", cloud.table(), "--keep", "--hold", "5s", variables=variables)
    assert done.code == 2


def test_cleaning_leaves_items_with_keys_of_their_own_alone(
    send: Callable[..., Ran], cloud: Cloud, variables: dict[str, str]
) -> None:
    table = cloud.table()
    own = '{"pk":"own"}'
    run_id = send(table, "--item", "-", "--keep", "-o", "json", stdin=io.StringIO(own)).data["run_id"]
    clean = ("send", table, "--item", "-", "--clean", run_id, "-o", "json")
    done = ran(*clean, variables=variables, stdin=io.StringIO(own))
    assert (done.code, done.error_code) == (6, "item-uncertain")
    assert len(cloud.items(table)) == 1
    cloud.dynamodb.delete_item(TableName=table, Key={"pk": {"S": "own"}})
    done = ran(*clean, variables=variables, stdin=io.StringIO(own))
    assert (done.code, done.data["cleaned"]) == (0, 0)


def test_hostile_keys_reach_no_terminal(send: Callable[..., Ran], cloud: Cloud) -> None:
    table = cloud.table()
    item = json.dumps({"pk": "\x1b[31mred\r\n\u202ebidi"})
    done = send(table, "--item", "-", stdin=io.StringIO(item))
    again = send(table, "--item", "-", "--keep", stdin=io.StringIO(item))
    refused = send(table, "--item", "-", stdin=io.StringIO(item))
    assert (done.code, again.code, refused.code) == (0, 0, 1)
    for ran_ in (done, again, refused):
        assert not {"\x1b", "\r", "\u202e"} & set(ran_.out + ran_.err)


def test_quiet_says_nothing_but_the_result(send: Callable[..., Ran], cloud: Cloud) -> None:
    done = send(cloud.table(view="NEW_IMAGE"), "-q")
    assert done.code == 0
    assert done.err == ""
    assert "10 items" in done.out
