"""How long `filter lint` takes for 1,000 templates of 500 lines, against loading them with the format's own parser.

python -m pytest -m benchmark -s tests/benchmarks/bench_lint_documents.py
"""

from __future__ import annotations

import io
import json
import os
import time
from typing import TYPE_CHECKING, Any

import pytest
import yaml

from ddbinsert.cli import main
from ddbinsert.environment import Environment
from tests.functional.template_formats import cloudformation_json, sam_yaml

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

FILES = int(os.environ.get("BENCH_FILES", "1000"))
LINES = 500
MOST = 2.0
#: json loads 500 lines in a tenth of a millisecond: reading the file and writing the answer take longer than that.
MOST_OF_JSON = 6.0
PATTERNS = [
    '{"eventName":["INSERT"],"dynamodb":{"NewImage":{"status":{"S":["NEW"]}}}}',
    '{"eventName":["INSERT"],"dynamodb":{"Keys":{"pk":{"S":[{"prefix":"ORDER#"}]}}}}',
]


def _sam() -> str:
    text = sam_yaml(PATTERNS, "NEW_AND_OLD_IMAGES")
    number = 0
    while text.count("\n") < LINES:
        number += 1
        text += (
            f"  Queue{number}:\n    Type: AWS::SQS::Queue\n    Properties:\n"
            f"      QueueName: !Sub 'queue-{number}-${{AWS::StackName}}'\n      VisibilityTimeout: 30\n"
        )
    return text


def _cloudformation() -> str:
    document = json.loads(cloudformation_json(PATTERNS, "NEW_AND_OLD_IMAGES"))
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


@pytest.mark.benchmark
@pytest.mark.parametrize(
    ("name", "text", "load"),
    [("t{}.yaml", _sam(), _load_yaml), ("t{}.template.json", _cloudformation(), json.loads)],
    ids=["SAM", "CloudFormation JSON"],
)
def test_templates_are_checked_in_twice_the_time_that_their_parser_takes(
    name: str, text: str, load: Callable[[str], Any], tmp_path: Path
) -> None:
    for number in range(FILES):
        (tmp_path / name.format(number)).write_text(text)
    started = time.process_time()
    for path in sorted(tmp_path.iterdir()):
        load(path.read_text())
    loading = time.process_time() - started
    out = io.StringIO()
    environment = Environment(out=out, err=out, stdin=io.StringIO(), variables={}, cwd=tmp_path)
    started = time.process_time()
    code = main(("filter", "lint", ".", "-o", "json"), environment)
    checking = time.process_time() - started
    assert code == 0
    assert len(json.loads(out.getvalue())["data"]["mappings"]) == FILES
    print(f"{FILES} files: loading {loading:.2f} s, checking {checking:.2f} s (x {checking / loading:.2f})")
    assert checking <= (MOST if name.endswith(".yaml") else MOST_OF_JSON) * loading
