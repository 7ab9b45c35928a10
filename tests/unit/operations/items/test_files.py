"""Items from files: JSON and YAML, one or many, and every problem with its file and line."""

from __future__ import annotations

import io
from typing import TYPE_CHECKING, Any

import pytest

from ddbinsert.errors import UsageError
from ddbinsert.operations.items.files import read_items

if TYPE_CHECKING:
    from pathlib import Path


def read(text: str | bytes, tmp_path: Path, name: str = "items") -> list[tuple[int, Any]]:
    """Line and item."""
    (tmp_path / name).write_bytes(text if isinstance(text, bytes) else text.encode())
    drafts = read_items(name, cwd=tmp_path, stdin=io.StringIO())
    return [(draft.line, draft.item) for draft in drafts]


A, B = {"pk": {"S": "a"}}, {"pk": {"S": "b"}}


@pytest.mark.parametrize(
    ("name", "text", "lines"),
    [
        ("a.jsonl", '{"pk":"a"}\n{"pk":"b"}\n', [1, 2]),
        ("a.jsonl", '\n{"pk":"a"}\n\n\n{"pk":"b"}', [2, 5]),
        ("a.json", '[\n {"pk": "a"},\n {"pk":\n   "b"}\n]', [2, 3]),
        ("a.json", '{\n "pk": "a"\n}\n{\n "pk": "b"\n}', [1, 4]),
        ("a.json", '{"pk":{"S":"a"}} {"pk":{"S":"b"}}', [1, 1]),
        ("a", '{"pk":"a"}\r\n{"pk":"b"}\r\n', [1, 2]),
        ("a", "{pk: a}\n# note\n\n{pk: b}\n", [1, 4]),
        ("a", "- pk: a\n- pk: b\n", [1, 2]),
        ("a.yaml", "pk: a\n---\n# second\npk: b\n", [1, 4]),
        ("a.yml", "---\n- pk: a\n-\n  pk: b\n...\n", [2, 4]),
        ("a.yaml", '{"pk": "a"}\n---\n{"pk": {"S": "b"}}', [1, 3]),
        ("a.yaml", "pk: a\n---\n---\npk: b\n", [1, 4]),
    ],
)
def test_every_layout_gives_the_items_with_their_lines(
    tmp_path: Path, name: str, text: str, lines: list[int]
) -> None:
    assert read(text, tmp_path, name) == list(zip(lines, [A, B], strict=True))


def test_standard_input_is_read_to_its_end(tmp_path: Path) -> None:
    drafts = read_items("-", cwd=tmp_path, stdin=io.StringIO('{"pk":"a"}\n{"pk":"b"}'))
    assert [draft.item for draft in drafts] == [A, B]


def test_a_byte_order_mark_is_no_part_of_the_first_item(tmp_path: Path) -> None:
    assert read(b'\xef\xbb\xbf{"pk":"a"}', tmp_path) == [(1, A)]


@pytest.mark.parametrize(
    ("name", "text"),
    [
        (
            "a.json",
            '{"n": 0.1000000000000000055511151231257827021, "big": 12345678901234567890123456789012345678}',
        ),
        (
            "a.yaml",
            "n: 0.1000000000000000055511151231257827021\nbig: 12345678901234567890123456789012345678\n",
        ),
    ],
)
def test_numbers_keep_every_digit(tmp_path: Path, name: str, text: str) -> None:
    ((_, item),) = read(text, tmp_path, name)
    assert item["n"] == {"N": "0.1000000000000000055511151231257827021"}
    assert item["big"] == {"N": "12345678901234567890123456789012345678"}


@pytest.mark.parametrize(
    ("text", "value"),
    [
        ("2024-01-01", {"S": "2024-01-01"}),
        ("'12:30'", {"S": "12:30"}),
        ("'yes'", {"S": "yes"}),
        ("12:30:99x", {"S": "12:30:99x"}),
        ("'5'", {"S": "5"}),
        ("!!str 5", {"S": "5"}),
        ("'007'", {"S": "007"}),
        (".5", {"N": "0.5"}),
        ("true", {"BOOL": True}),
        ("~", {"NULL": True}),
        ("1e3", {"N": "1E+3"}),
        ("!!binary AP8=", {"B": b"\x00\xff"}),
        ("!!set {x, y}", {"SS": ["x", "y"]}),
        ("{a: [1, two]}", {"M": {"a": {"L": [{"N": "1"}, {"S": "two"}]}}}),
    ],
)
def test_yaml_means_what_one_would_think(tmp_path: Path, text: str, value: dict[str, Any]) -> None:
    assert read(f"pk: a\nv: {text}\n", tmp_path, "a.yaml") == [(1, {"pk": {"S": "a"}, "v": value})]


@pytest.mark.parametrize(
    "text", ["yes", "No", "on", "010", "007", "12:30", "0x1F", "0o17", "1_000", ".inf", "-.INF", ".nan"]
)
def test_what_the_versions_of_yaml_read_differently_is_refused_in_items_as_in_the_configuration(
    tmp_path: Path, text: str
) -> None:
    with pytest.raises(UsageError, match=r"a\.yaml:2: .* is ambiguous in YAML; write text in quotes"):
        read(f"pk: a\nv: {text}\n", tmp_path, "a.yaml")


@pytest.mark.parametrize(
    ("name", "text", "says"),
    [
        ("a.jsonl", '{"pk":"a"}\n{"pk":\n', "a.jsonl:3: not valid JSON"),
        ("a.jsonl", '{"pk":"a"}\n{"pk":NaN}\n', "a.jsonl:2: NaN is not valid JSON"),
        ("a.jsonl", '{"pk":"a"}\n{"pk":"a","pk":"b"}\n', "a.jsonl:2: pk is given twice"),
        ("a.jsonl", '{"pk":"a"}\n17\n', "a.jsonl:2: an item is a mapping of attributes, not a number"),
        ("a.json", '[{"pk":"a"}', "a.json:1: a comma or ] is missing"),
        ("a.json", '[{"pk":"a"},', "a.json:1: the array is never closed"),
        ("a.json", '[{"pk":"a"}\n{"pk":"b"}]', "a.json:2: a comma or ] is missing"),
        ("a.json", "[" * 5_000, "a.json:1: "),
        ("a.json", '{"pk":' + "[" * 100_000, "a.json:1: nested too deeply"),
        ("a.json", "", "a.json contains no items"),
        ("a.json", "[]", "a.json contains no items"),
        ("a.yaml", "# nothing\n", "a.yaml contains no items"),
        ("a.yaml", "pk: a\n n: 1\n", "a.yaml:2: not valid YAML"),
        ("a.yaml", "pk: a\npk: b\n", "a.yaml:2: pk is given twice"),
        ("a.yaml", "pk: !!python/object:os.system x\n", "a.yaml:1: the tag !!python/object:os.system"),
        ("a.yaml", "? [a]\n: 1\n", "a.yaml:1: an attribute's name must be plain text"),
        ("a.yaml", "base: &b {x: 1}\n<<: *b\n", "a.yaml:2: an attribute's name must be plain text"),
        ("a.yaml", "- pk: a\n- just text\n", "a.yaml:2: an item is a mapping of attributes, not a text"),
        ("a.yaml", "pk: \x07\n", "a.yaml:1: not valid YAML"),
        ("a.yaml", "pk: !!binary '*'\n", "a.yaml:1: !!binary needs base64"),
        ("a", b"\xff\xfe", "is not UTF-8"),
        ("a.jsonl", '{"n":1e999}\n\n{"pk":{"B":"*"}}', "a.jsonl:1: n: the number is out"),
        (
            "a.jsonl",
            '{"n":1e999}\n\n{"pk":{"B":"*"}}',
            "a.jsonl:3: pk: the value of type B is not valid base64",
        ),
    ],
)
def test_every_problem_names_file_and_line(tmp_path: Path, name: str, text: str | bytes, says: str) -> None:
    with pytest.raises(UsageError) as raised:
        read(text, tmp_path, name)
    assert says in raised.value.message
    assert raised.value.code == "item-file"


def test_aliases_that_explode_are_refused(tmp_path: Path) -> None:
    levels = "\n".join(f"l{n}: &l{n} [{', '.join([f'*l{n - 1}'] * 10)}]" for n in range(1, 9))
    with pytest.raises(UsageError, match="too large or too deep"):
        read(f"l0: &l0 x\n{levels}\n", tmp_path, "a.yaml")


def test_an_alias_of_itself_is_refused(tmp_path: Path) -> None:
    with pytest.raises(UsageError, match=r"a\.yaml:1"):
        read("a: &a [*a]\n", tmp_path, "a.yaml")


def test_many_problems_are_counted_and_ten_are_shown(tmp_path: Path) -> None:
    with pytest.raises(UsageError) as raised:
        read("17\n" * 30, tmp_path, "a.jsonl")
    assert raised.value.message.count("a.jsonl:") == 10
    assert raised.value.message.endswith("and 20 more")


@pytest.mark.parametrize("name", ["missing.json", ".", "nul\0.json"])
def test_a_file_that_can_not_be_read_is_told(tmp_path: Path, name: str) -> None:
    with pytest.raises(UsageError, match="Cannot read"):
        read_items(name, cwd=tmp_path, stdin=io.StringIO())


@pytest.mark.parametrize(
    "text",
    [
        "{'pk': 'a', 'n': Decimal('5')}",
        "{'pk': 'a', 'n': None}",
        "{'pk': 'a', 'b': b'xx'}",
        "{'pk': 'a', 'b': Binary(b'xx')}",
        "{pk: 'a', n: undefined}",
        '{"pk": "a", "n": NaN}',
        "pk: a\nn: -Infinity\n",
        "{pk=AttributeValue(S=a), n=AttributeValue(N=5)}",
        "{pk=a, n=5}",
    ],
)
def test_what_programs_print_of_their_values_is_not_taken_for_text(tmp_path: Path, text: str) -> None:
    with pytest.raises(UsageError, match="neither JSON nor YAML"):
        read(text, tmp_path)


@pytest.mark.parametrize(
    "text", ["{pk: a=b}", "{pk: None of these}", "pk: 'None'", "{pk: call(me)}", "{'a=b': 1}"]
)
def test_text_that_only_resembles_them_stays_text(tmp_path: Path, text: str) -> None:
    assert len(read(text, tmp_path)) == 1
