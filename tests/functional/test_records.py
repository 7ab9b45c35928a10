"""records: what a stream holds, from a chosen place, in every form."""

from __future__ import annotations

import json
import time
from typing import TYPE_CHECKING

import pytest

from tests.functional.command import Ran, ran
from tests.functional.helpers import Calls, InterruptingClock, fresh

if TYPE_CHECKING:
    from pathlib import Path

    from tests.functional.helpers import Cloud


@pytest.fixture(scope="module")
def table(cloud: Cloud) -> str:
    """A table with three inserts, a modification and a removal in its stream."""
    name = cloud.table(view="NEW_AND_OLD_IMAGES")
    for number in range(3):
        cloud.put(name, f"k{number}", status="NEW", ring="\x1b[31m::error::")
    item = {"pk": {"S": "k0"}, "status": {"S": "PAID"}, "total": {"N": "12345678901234567890123.45"}}
    cloud.dynamodb.put_item(TableName=name, Item=item)
    cloud.remove(name, "k1")
    return name


def lines(done: Ran) -> list[dict[str, object]]:
    return [json.loads(line) for line in done.out.splitlines()]


def test_a_person_sees_each_record_and_what_a_modification_changed(
    table: str, variables: dict[str, str]
) -> None:
    calls = Calls()
    done = ran("records", table, variables=variables, connect=calls.connect)
    assert done.code == 0, done.err
    assert not calls.writes
    told = done.out
    assert told.count("INSERT {") == 3
    assert 'MODIFY {"pk":"k0"} seq ' in told
    assert '    status: "NEW" → "PAID"' in told
    assert "    total: (none) → 12345678901234567890123.45" in told
    assert 'status: "NEW" (before)' not in told.split("REMOVE")[0]
    assert "\x1b" not in told
    assert "5 records (3 INSERT, 1 MODIFY, 1 REMOVE) from 1 shard" in done.err
    assert "NEW_AND_OLD_IMAGES" in done.err


def test_json_lines_are_as_lambda_hands_records_over(
    table: str, cloud: Cloud, variables: dict[str, str]
) -> None:
    done = ran("records", table, "-o", "json", variables=variables)
    given = lines(done)
    assert [one["eventName"] for one in given] == ["INSERT"] * 3 + ["MODIFY", "REMOVE"]
    for one in given:
        assert one["eventSourceARN"] == cloud.stream(table)
        assert one["eventSource"] == "aws:dynamodb"
        assert isinstance(one["dynamodb"], dict)
        assert isinstance(one["dynamodb"]["ApproximateCreationDateTime"], (int, float))


def test_plain_lines_keep_every_digit(table: str, variables: dict[str, str]) -> None:
    done = ran("records", table, "--plain", "--event", "modify", variables=variables)
    (line,) = done.out.splitlines()
    assert '"total": 12345678901234567890123.45' in line
    one = json.loads(line)
    assert (one["event"], one["keys"], one["old"]["status"]) == ("MODIFY", {"pk": "k0"}, "NEW")
    assert one["view_type"] == "NEW_AND_OLD_IMAGES"


def test_events_and_conditions_choose(table: str, variables: dict[str, str]) -> None:
    def chosen(*words: str) -> list[object]:
        done = ran("records", table, *words, "-o", "json", variables=variables)
        assert done.code == 0, done.err
        return [one["eventName"] for one in lines(done)]

    assert chosen("--event", "REMOVE", "--event", "MODIFY") == ["MODIFY", "REMOVE"]
    assert chosen("--where", 'NewImage.status = "PAID"') == ["MODIFY"]
    assert chosen("--where", 'Keys.pk = "k1"', "--event", "INSERT") == ["INSERT"]
    assert chosen("--limit", "2") == ["INSERT", "INSERT"]
    wrong = ran("records", table, "--where", "NewImage.status ~ 5", "-o", "json", variables=variables)
    assert wrong.code == 2


def test_reading_starts_at_a_time_or_at_a_sequence_number(
    table: str, cloud: Cloud, variables: dict[str, str]
) -> None:
    every = lines(ran("records", table, "-o", "json", variables=variables))
    number = every[3]["dynamodb"]["SequenceNumber"]  # type: ignore[index]
    later = lines(ran("records", table, "--from-sequence", number, "-o", "json", variables=variables))
    assert later == every[3:]
    assert lines(ran("records", table, "--since", "1h", "-o", "json", variables=variables)) == every
    this_second = int(
        time.time()
    )  # a record has the second of its write, so that one of this second may be shown
    latest = lines(ran("records", table, "--since", "0s", "-o", "json", variables=variables))
    created = [one["dynamodb"]["ApproximateCreationDateTime"] for one in latest]  # type: ignore[index]
    assert all(at >= this_second for at in created)
    for words in (("--from-sequence", "12x"), ("--from-sequence", "1", "--since", "5m")):
        assert ran("records", table, *words, variables=variables).code == 2


def test_a_checkpoint_goes_on_where_the_last_run_ended(
    cloud: Cloud, variables: dict[str, str], tmp_path: Path
) -> None:
    table = cloud.table(view="KEYS_ONLY")

    def read(*words: str) -> Ran:
        return ran(
            "records",
            table,
            *words,
            "--checkpoint",
            "place.json",
            "--plain",
            variables=variables,
            cwd=tmp_path,
        )

    for key in ("a", "b", "c"):
        cloud.put(table, key)
    assert [one["keys"] for one in lines(read("--limit", "2"))] == [{"pk": "a"}, {"pk": "b"}]
    assert [one["keys"] for one in lines(read())] == [{"pk": "c"}]
    assert lines(read()) == []
    cloud.put(table, "d")
    assert [one["keys"] for one in lines(read())] == [{"pk": "d"}]
    cloud.set_stream(table, None)
    cloud.set_stream(table, "KEYS_ONLY")
    other = read("-o", "json")
    assert (other.code, other.error_code) == (5, "checkpoint-of-another-stream")


def test_a_device_without_an_end_is_no_checkpoint(variables: dict[str, str]) -> None:
    done = ran("records", "orders", "--checkpoint", "/dev/zero", "-o", "json", variables=variables)
    assert (done.code, done.error_code) == (2, "checkpoint-file")


@pytest.mark.parametrize("content", ["", "[]", "{}", '{"ddbinsert_checkpoint": 1, "stream": 5}'])
def test_a_file_that_is_no_checkpoint_is_refused_and_kept(
    table: str, variables: dict[str, str], tmp_path: Path, content: str
) -> None:
    (tmp_path / "notes.txt").write_text(content)
    done = ran("records", table, "--checkpoint", "notes.txt", "-o", "json", variables=variables, cwd=tmp_path)
    assert (done.code, done.error_code) == (2, "checkpoint-file")
    assert (tmp_path / "notes.txt").read_text() == content


def test_an_interrupted_follower_notes_how_far_it_came(
    cloud: Cloud, variables: dict[str, str], tmp_path: Path
) -> None:
    table = cloud.table(view="NEW_IMAGE")
    cloud.put(table, "a")
    words = ("records", table, "--checkpoint", "place.json", "--plain")
    done = ran(*words, "--follow", variables=variables, cwd=tmp_path, clock=InterruptingClock(sleep=1))
    followed = ran(*words, "--follow", "--timeout", "300ms", variables=variables, cwd=tmp_path)
    assert len(lines(done)) + len(lines(followed)) == 1
    assert followed.code == 0


def test_without_a_stream_or_a_table_the_command_says_so(cloud: Cloud, variables: dict[str, str]) -> None:
    bare = ran("records", cloud.table(), "-o", "json", variables=variables)
    assert (bare.code, bare.error_code) == (5, "no-stream")
    assert bare.json["errors"][0]["command"][:2] == ["ddbinsert", "enable-stream"]
    missing = ran("records", fresh(), "-o", "json", variables=variables)
    assert (missing.code, missing.error_code) == (5, "table-not-found")
