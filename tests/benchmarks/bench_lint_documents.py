"""How long `filter lint` takes for 1,000 templates of 500 lines, against loading them with the format's own parser.

python -m pytest -m benchmark -s tests/benchmarks/bench_lint_documents.py
"""

from __future__ import annotations

import gc
import io
import json
import os
import re
import time
from typing import TYPE_CHECKING, Any

import pytest
import yaml

from ddbinsert.cli import main
from ddbinsert.environment import Environment
from tests.benchmarks.figures import figure
from tests.functional.template_formats import cloudformation_json, sam_yaml

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator
    from pathlib import Path

FILES = int(os.environ.get("BENCH_FILES", "1000"))
LINES = 500
MOST = 2.0
#: json loads 500 lines in 0.06 ms: where they are nothing but mappings, judging each of them takes longer.
MOST_OF_MANY = 9.0
PATTERNS = [
    '{"eventName":["INSERT"],"dynamodb":{"NewImage":{"status":{"S":["NEW"]}}}}',
    '{"eventName":["INSERT"],"dynamodb":{"Keys":{"pk":{"S":[{"prefix":"ORDER#"}]}}}}',
]


def _sam(count: int) -> str:
    text = sam_yaml(PATTERNS, "NEW_AND_OLD_IMAGES")
    event = text[text.index("  Mapping:") :]
    for number in range(1, count):
        text += event.replace("Mapping", f"Mapping{number}")
    number = 0
    while text.count("\n") < LINES:
        number += 1
        text += (
            f"  Queue{number}:\n    Type: AWS::SQS::Queue\n    Properties:\n"
            f"      QueueName: !Sub 'queue-{number}-${{AWS::StackName}}'\n      VisibilityTimeout: 30\n"
        )
    return text


def _cloudformation(count: int) -> str:
    document = json.loads(cloudformation_json(PATTERNS, "NEW_AND_OLD_IMAGES"))
    for number in range(1, count):
        document["Resources"][f"Mapping{number}"] = document["Resources"]["Mapping"]
    number = 0
    while json.dumps(document, indent=2).count("\n") < LINES:
        number += 1
        properties = {"QueueName": {"Fn::Sub": f"queue-{number}"}, "VisibilityTimeout": 30}
        document["Resources"][f"Queue{number}"] = {"Type": "AWS::SQS::Queue", "Properties": properties}
    return json.dumps(document, indent=2)


class _Loader(getattr(yaml, "CSafeLoader", yaml.SafeLoader)):  # type: ignore[misc]
    """PyYAML's fast loader, which ignores the short tags."""


_Loader.add_multi_constructor("!", lambda _loader, _suffix, node: node.value)


def _load_yaml(text: str) -> Any:
    return yaml.load(text, Loader=_Loader)  # noqa: S506 - a safe loader


@pytest.fixture(autouse=True)
def _collection() -> Iterator[None]:
    """Garbage is collected as seldom as in the program (`__main__.py`), for both sides."""
    before = gc.get_threshold()
    gc.set_threshold(100_000)
    yield
    gc.set_threshold(*before)


def _lint(folder: Path) -> tuple[float, int]:
    """Processor time of a check, and the number of mappings that it found."""
    out = io.StringIO()
    environment = Environment(out=out, err=out, stdin=io.StringIO(), variables={}, cwd=folder)
    started = time.process_time()
    code = main(("filter", "lint", "."), environment)
    taken = time.process_time() - started
    assert code == 0
    found = re.search(r"files?, ([\d,]+) DynamoDB", out.getvalue())
    assert found is not None
    return taken, int(found[1].replace(",", ""))


@pytest.mark.benchmark
@pytest.mark.parametrize(
    ("name", "text", "load", "mappings", "most"),
    [
        ("t{}.yaml", _sam(1), _load_yaml, 1, MOST),
        ("t{}.yaml", _sam(20), _load_yaml, 20, MOST),
        ("t{}.template.json", _cloudformation(1), json.loads, 1, MOST),
        ("t{}.template.json", _cloudformation(15), json.loads, 15, MOST_OF_MANY),
    ],
    ids=["SAM", "SAM, many", "JSON", "JSON, many"],
)
def test_templates_are_checked_in_twice_the_time_that_their_parser_takes(  # noqa: PLR0917 - a table
    name: str, text: str, load: Callable[[str], Any], mappings: int, most: float, tmp_path: Path
) -> None:
    (tmp_path / name.format(0)).write_text(text)
    _lint(tmp_path)  # imports: the start is measured by bench_startup.py
    for number in range(FILES):
        (tmp_path / name.format(number)).write_text(text)
    loading = checking = float("inf")
    for _ in range(3):
        started = time.process_time()
        for path in sorted(tmp_path.iterdir()):
            load(path.read_text())
        loading = min(loading, time.process_time() - started)
        taken, found = _lint(tmp_path)
        checking = min(checking, taken)
        assert found == FILES * mappings
    figure(
        f"`filter lint` of {FILES:,} {name.partition('.')[2].replace('template.', '')} templates with {mappings} mapping{'s' if mappings > 1 else ''} each",
        against="the format's own parser",
        measured=f"{checking:.2f} s and {loading:.2f} s of processor time",
        ratio=checking / loading,
        most=most,
    )
