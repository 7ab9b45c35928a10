"""Receipts and items are written to the same bytes by the Python and the Node.js files."""

from __future__ import annotations

import json
import random
import shutil
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest

import ddbinsert.handlers
from ddbinsert.core import receipt

COMMON = Path(ddbinsert.handlers.__file__).parent / "common"

NAMES = ["pk", "sk", "10", "9", "", "é", "\U0001f600", "\uffee", "__proto__", "constructor", "a.b", "\u2028"]
TEXTS = [
    "", "a", 'quote " and \\ slash', "new\nline\r\t\b\f\0\x1f\x7f", "é ü ß", "\U0001f600\U00010000", "\u2028\u2029",
    "\ufffe\uffff", 'DDBINSERT {"v":1}', "\x1b[31mred", "<script>", "x" * 5000, "\u00ff\u0100",
]  # fmt: skip
NUMBERS = [
    "0",
    "-1",
    "1.10",
    "12345678901234567890123456789012345678",
    "1E-130",
    "01",
    "NaN",
    "1e5",
    " 1",
    "-0.0",
]
MOMENTS = [None, 0, 1, 1700000000, 1700000000.5, 1700000000.123, 1, 4294967296, 2**53, -5, "x", True, 1e300]


def records() -> list[Any]:
    """Stream records, ordinary, odd and broken; the same ones at every run."""
    chance = random.Random(7)  # noqa: S311 - the same cases every time
    made: list[Any] = [{}, {"dynamodb": None}, {"dynamodb": []}, {"dynamodb": {"Keys": []}}, {"eventID": 7}]
    for number in range(400):
        keys = {chance.choice(NAMES): key(chance) for _ in range(chance.randrange(4))}
        change: dict[str, Any] = {
            "Keys": keys,
            "SequenceNumber": chance.choice([str(number), None, 5, "x\u2028"]),
            "ApproximateCreationDateTime": chance.choice(MOMENTS),
        }
        made.append(
            {
                "eventID": chance.choice([f"{number:032x}", None, *TEXTS]),
                "eventName": chance.choice(["INSERT", "MODIFY", "REMOVE", None, 3]),
                "dynamodb": change,
            }
        )
    return made


def key(chance: random.Random) -> Any:
    return chance.choice(
        [
            {"S": chance.choice(TEXTS)},
            {"N": chance.choice(NUMBERS)},
            {"B": "AQI="},
            {"S": "a", "N": "1"},
            {},
            None,
            "bare",
            {"S": 7},
        ]
    )


def attribute(chance: random.Random, depth: int = 0) -> Any:
    kinds = ["S", "N", "B", "BOOL", "NULL", "SS", "NS", "BS", *(["M", "L"] * 2 if depth < 3 else [])]
    match kind := chance.choice(kinds):
        case "S":
            return {kind: chance.choice(TEXTS)}
        case "N":
            return {kind: chance.choice(NUMBERS)}
        case "B":
            return {kind: "AQI="}
        case "BOOL":
            return {kind: chance.random() < 0.5}
        case "NULL":
            return {kind: True}
        case "SS" | "BS":
            return {kind: chance.sample(TEXTS, 3)}
        case "NS":
            return {kind: chance.sample(NUMBERS, 3)}
        case "M":
            return {kind: {chance.choice(NAMES): attribute(chance, depth + 1) for _ in range(4)}}
        case _:
            return {kind: [attribute(chance, depth + 1) for _ in range(3)]}


@pytest.fixture(scope="module")
def node() -> str:
    found = shutil.which("node")
    if found is None:
        pytest.skip("node is not here")
    return found


def run(command: list[str], given: Any, cwd: Path) -> list[str]:
    ended = subprocess.run(
        command,
        input=json.dumps(given),
        capture_output=True,
        text=True,
        check=True,
        cwd=cwd,
        encoding="utf-8",
    )
    return ended.stdout.splitlines()


READ = 'let text = ""; for await (const part of process.stdin) text += part; const cases = JSON.parse(text);'


def in_node(node: str, script: str, given: Any) -> list[str]:
    return run([node, "--input-type=module", "-e", script], given, COMMON / "node")


@pytest.mark.parametrize("decision", [receipt.PROCESSED, receipt.GUARDED, receipt.FAILED])
@pytest.mark.parametrize("again", [False, True])
def test_both_writers_leave_the_same_receipt(node: str, decision: str, *, again: bool) -> None:
    given = records()
    script = (
        'import { line } from "./ddbinsert_receipt.mjs";'
        + READ
        + f"const again = {json.dumps(again)}, arn = again ? 'arn:é:f:live' : '';"
        + f'for (const one of cases) console.log(line(one, "{decision}", "r-\\u2028\\"", {{ again, function: arn }}));'
    )
    arn = "arn:é:f:live" if again else ""
    ours = [receipt.line(one, decision, 'r-\u2028"', again=again, function=arn) for one in given]
    assert in_node(node, script, given) == ours


def test_a_receipt_names_the_function_and_one_without_it_is_still_read() -> None:
    given = {"eventID": "e", "eventName": "INSERT", "dynamodb": {"Keys": {"pk": {"S": "a"}}}}
    arn = "arn:aws:lambda:eu-west-1:123456789012:function:orders-inserts:live"
    read = receipt.parse(receipt.line(given, receipt.PROCESSED, "r", function=arn))
    assert read is not None
    assert read["function"] == arn
    older = receipt.parse(receipt.line(given, receipt.PROCESSED, "r"))
    assert older is not None
    assert "function" not in older
    assert (
        receipt.parse(receipt.line(given, receipt.PROCESSED, "r").replace('"request":"r"', '"function":7'))
        is None
    )


def test_every_receipt_is_one_line_of_ascii_that_reads_back() -> None:
    for one in records():
        line = receipt.line(one, receipt.PROCESSED, "r")
        assert line.isascii()
        assert line.isprintable()
        read = receipt.parse(line)
        assert read is not None
        assert read["decision"] == "processed"


def test_a_receipt_reads_back_from_the_json_log_format() -> None:
    line = receipt.line(records()[-1], receipt.GUARDED, "r")
    wrapped = json.dumps({"timestamp": "t", "level": "INFO", "message": line + "\n", "requestId": "r"})
    assert receipt.parse(wrapped) == receipt.parse(line)


@pytest.mark.parametrize(
    "message",
    [
        "",
        "DDBINSERT ",
        "DDBINSERT {",
        "DDBINSERT [1]",
        'DDBINSERT {"v":2}',
        "DDBINSERT " + "[" * 100_000,
        '{"message": 7, "x": "DDBINSERT "}',
        json.dumps({"item": 'DDBINSERT {"v":1,"decision":"processed"}'}),
    ],
)
def test_what_is_no_receipt_is_none(message: str) -> None:
    assert receipt.parse(message) is None


def test_both_languages_write_items_to_the_same_bytes(node: str) -> None:
    chance = random.Random(11)  # noqa: S311 - the same cases every time
    images = [{chance.choice(NAMES): attribute(chance) for _ in range(5)} for _ in range(200)]
    paths = [["10"], ["a.b"], ["*", "é"], ["pk", "*"], ["__proto__"]]
    python = (
        "import json, sys; from ddbinsert_item import *; from ddbinsert_privacy import Privacy\n"
        "images, paths = json.load(sys.stdin)\n"
        "for i in images:\n"
        "    print(dumps(plain_map(i))); print(dumps(plain_map(i), long_integers=False))\n"
        "    print(dumps(plain_map(Privacy(redacted=[tuple(p) for p in paths]).redact(i))))\n"
        "    print(item_size(i), depth_of({'M': i}))\n"
        "    for p in paths: print(dumps(text_of(lookup(i, tuple(p)))))\n"
    )
    script = (
        'import { depthOf, dumps, itemSize, lookup, plainMap, textOf } from "./ddbinsert_item.mjs";'
        'import { Privacy } from "./ddbinsert_privacy.mjs";'
        + READ
        + "const [images, paths] = cases; for (const i of images) {"
        "console.log(dumps(plainMap(i))); console.log(dumps(plainMap(i), { longIntegers: false }));"
        "console.log(dumps(plainMap(new Privacy({ redacted: paths }).redact(i))));"
        "console.log(`${itemSize(i)} ${depthOf({ M: i })}`);"
        "for (const p of paths) console.log(dumps(textOf(lookup(i, p)))); }"
    )
    ours = run([sys.executable, "-X", "utf8", "-c", python], [images, paths], COMMON / "python")
    assert len(ours) >= 200 * 8
    assert in_node(node, script, [images, paths]) == ours


def test_items_read_as_json_with_their_digits_kept() -> None:
    python = "from ddbinsert_item import *; print(dumps(plain_map({'n': {'N': '1.10'}, 'b': {'NS': ['01', '2']}})))"
    (written,) = run([sys.executable, "-c", python], None, COMMON / "python")
    assert written == '{"b":["01",2],"n":1.10}'
