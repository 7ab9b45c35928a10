"""docs/lint-in-ci.md and .pre-commit-hooks.yaml: the entries are valid, and every rule is named."""

from __future__ import annotations

import io
import re
import shlex
from pathlib import Path

import yaml

from ddbinsert.cli import main
from ddbinsert.environment import Environment

ROOT = Path(__file__).parents[2]
PAGE = (ROOT / "docs" / "lint-in-ci.md").read_text(encoding="utf-8")
TEMPLATE = """Resources:
  Function:
    Type: AWS::Serverless::Function
    Properties:
      Events:
        Stream:
          Type: DynamoDB
          Properties:
            Stream: !GetAtt Orders.StreamArn
            StartingPosition: LATEST
            FilterCriteria:
              Filters:
                - Pattern: '{"eventName":["insert"]}'
"""


def called(arguments: list[str], cwd: Path) -> tuple[int, str]:
    out = io.StringIO()
    environment = Environment(out=out, err=out, stdin=io.StringIO(), variables={"NO_COLOR": "1"}, cwd=cwd)
    return int(main(arguments, environment)), out.getvalue()


def test_the_hook_is_a_command_that_runs(tmp_path: Path) -> None:
    (tmp_path / "template.yaml").write_text(TEMPLATE)
    (hook,) = yaml.safe_load((ROOT / ".pre-commit-hooks.yaml").read_text())
    assert f"`{hook['id']}`" in PAGE
    program, *arguments = shlex.split(hook["entry"])
    assert program == "ddbinsert"
    assert called([*arguments, "template.yaml"], tmp_path)[0] == 1
    assert re.search(hook["files"], "infra/template.yaml")
    assert not re.search(hook["files"], "README.md")


def test_every_rule_about_documents_is_on_the_page() -> None:
    folders = [ROOT / "ddbinsert" / "documents", ROOT / "ddbinsert" / "operations"]
    texts = [path.read_text(encoding="utf-8") for folder in folders for path in folder.glob("*.py")]
    rules = set(re.findall(r'(?:rule=|_plain\(\s*)"([a-z]+(?:-[a-z]+)+)"', "\n".join(texts)))
    assert len(rules) > 5
    assert not {rule for rule in rules if f"`{rule}`" not in PAGE}
