"""Audit questions: the index that reads least, texts as the template writes them, the newest first."""

from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest

import ddbinsert.handlers
from ddbinsert.core.audit_log import AuditEntry, Index, Question, choose, entry_of, item_text, newest, request
from ddbinsert.errors import UsageError

BY_ITEM = Index(name="by-item", partition="item", sort="time")
BY_USER = Index(name="by-user", partition="user", sort="time")
BY_TABLE = Index(name="by-table", partition="table", sort="time")
OTHER = Index(name="other", partition="color")
ALL = (OTHER, BY_TABLE, BY_USER, BY_ITEM)


@pytest.mark.parametrize(
    ("question", "index"),
    [
        (Question(item="i", user="u", table="t"), BY_ITEM),
        (Question(user="u", table="t"), BY_USER),
        (Question(table="t"), BY_TABLE),
        (Question(since="2026"), None),
        (Question(), None),
    ],
)
def test_the_index_that_reads_least_answers(question: Question, index: Index | None) -> None:
    assert choose(question, ALL) == index
    assert choose(question, [OTHER]) is None


def test_an_index_that_sorts_by_time_is_preferred() -> None:
    unsorted = Index(name="plain", partition="user")
    assert choose(Question(user="u"), [unsorted, BY_USER]) == BY_USER
    assert choose(Question(user="u"), [unsorted]) == unsorted


def test_a_query_names_its_key_and_filters_the_rest() -> None:
    made = request(Question(item="i", table="t", since="a", until="b"), BY_ITEM)
    assert made["KeyConditionExpression"] == "#item = :item AND #time BETWEEN :since AND :until"
    assert made["FilterExpression"] == "#table = :table"
    assert made["ScanIndexForward"] is False
    assert made["ExpressionAttributeValues"][":item"] == {"S": "i"}


def test_a_scan_filters_everything() -> None:
    made = request(Question(user="u", since="a"), None)
    assert made["FilterExpression"] == "#user = :user AND #time >= :since"
    assert "IndexName" not in made
    assert request(Question(), None) == {}
    assert request(Question(until="b"), None)["FilterExpression"] == "#time <= :until"


KEYS: list[dict[str, Any]] = [
    {"pk": {"S": "a"}},
    {"sk": {"N": "5"}, "pk": {"S": 'quote " \\ \u2028 \x7f é \U0001f600'}},
    {"n": {"N": "1.10"}},
    {"n": {"N": "12345678901234567890123456789012345678"}},
    {"b": {"B": "AQI="}, "a": {"N": "-1E-130"}},
    {"10": {"S": "x"}, "9": {"S": "\n"}},
]


def test_a_key_is_written_as_the_template_writes_it() -> None:
    script = (
        "import json, sys; from ddbinsert_item import *\n"
        "for key in json.load(sys.stdin): print(dumps(plain_map(key)))"
    )
    written = subprocess.run(
        [sys.executable, "-X", "utf8", "-c", script],
        input=json.dumps(KEYS),
        capture_output=True,
        encoding="utf-8",
        check=True,
        cwd=Path(ddbinsert.handlers.__file__).parent / "common" / "python",
    ).stdout.splitlines()
    assert len(written) == len(KEYS)
    # What a user gives is any JSON for the same key: with blanks, and in another order.
    for key, text in zip(KEYS, written, strict=True):
        parts = [
            f"{json.dumps(name)} : {v['N'] if 'N' in v else json.dumps(next(iter(v.values())))}"
            for name, v in reversed(key.items())
        ]
        assert item_text("{ " + ", ".join(parts) + " }") == text


@pytest.mark.parametrize(
    "key", ["", "a", "[]", "{}", "7", '{"a": null}', '{"a": {"S": "x"}}', '{"a": true}', "[" * 9999]
)
def test_what_is_no_key_is_refused(key: str) -> None:
    with pytest.raises(UsageError) as caught:
        item_text(key)
    assert caught.value.code == "bad-key"


def _entry(time: str, number: str) -> AuditEntry:
    return AuditEntry(
        event_id=number, time=time, table="t", item="{}", user=None, source="s", sequence_number=number
    )


def test_the_newest_come_first_and_within_a_second_by_sequence_number() -> None:
    entries = [
        _entry("2026-01-01", "9"),
        _entry("2026-01-02", "1"),
        _entry("2026-01-01", "10"),
        _entry("2025", "x"),
    ]
    assert [one.sequence_number for one in newest(entries, 3)] == ["1", "10", "9"]


def test_an_entry_that_lacks_everything_is_empty_not_an_error() -> None:
    bare = entry_of({"eventID": {"S": "e"}})
    assert (bare.event_id, bare.time, bare.user, bare.image) == ("e", "", None, None)
