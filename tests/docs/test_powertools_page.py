"""docs/powertools.md: its handlers are code that parses, and its commands exist."""

from __future__ import annotations

import ast
import re
import shutil
import subprocess
from pathlib import Path

import pytest

PAGE = (Path(__file__).parents[2] / "docs" / "powertools.md").read_text(encoding="utf-8")


def _block(language: str) -> str:
    (found,) = re.findall(rf"^```{language}\n(.*?)^```", PAGE, re.MULTILINE | re.DOTALL)
    return str(found)


def test_the_python_handler_parses_and_checks_for_inserts() -> None:
    names = {node.attr for node in ast.walk(ast.parse(_block("python"))) if isinstance(node, ast.Attribute)}
    assert {"INSERT", "DynamoDBStreams", "keys"} <= names


@pytest.mark.skipif(not shutil.which("node"), reason="node is not here")
def test_the_node_handler_parses(tmp_path: Path) -> None:
    (tmp_path / "index.mjs").write_text(_block("js"), encoding="utf-8")
    checked = subprocess.run(
        ["node", "--check", "index.mjs"],  # noqa: S607
        cwd=tmp_path,
        capture_output=True,
        text=True,
        check=False,
    )
    assert checked.returncode == 0, checked.stderr
