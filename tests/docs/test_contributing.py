"""CONTRIBUTING.md: the places that it names are all the places there are, and its commands are real."""

from __future__ import annotations

import ast
import re
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]
SOURCE = ROOT / "ddbinsert"
PAGE = (ROOT / "CONTRIBUTING.md").read_text(encoding="utf-8")


def _named(part: str) -> set[str]:
    """The files between the part's marks."""
    text = PAGE.partition(f"<!-- {part} -->")[2].partition("<!-- end -->")[0]
    files = set(re.findall(r"`(ddbinsert/[\w/.]+)`", text))
    assert files
    return files


def _holding(pattern: str) -> set[str]:
    """The source files that hold a word."""
    return {
        str(path.relative_to(ROOT))
        for path in SOURCE.rglob("*.*")
        if path.suffix in {".py", ".json", ".mjs"} and re.search(pattern, path.read_text(encoding="utf-8"))
    }


def test_a_mapping_option_is_in_three_source_files_and_these_are_named() -> None:
    assert _holding(r"\bparallelization\b|\bParallelizationFactor\b") == _named("a mapping option")
    assert len(_named("a mapping option")) == 3


@pytest.mark.parametrize(
    "code", ["batching-window-longer-than-timeout", "role-missing", "throttled-concurrency"]
)
def test_a_cause_is_in_one_source_file(code: str) -> None:
    (file,) = _holding(rf'"{code}"')
    assert file.startswith("ddbinsert/core/proof/causes/")


def test_a_command_is_in_two_source_files() -> None:
    named = {file.replace("NAME", "demo") for file in _named("a command")}
    assert _holding(r'"demo"') & {str(p.relative_to(ROOT)) for p in (SOURCE / "cli").glob("*.py")} == named


def test_a_template_is_in_four_files_all_but_one_in_its_folder() -> None:
    named = _named("a template")
    assert len(named) == 4
    folder = SOURCE / "handlers" / "notify"
    own = {str(path.relative_to(ROOT)) for path in folder.rglob("*.*") if "__pycache__" not in path.parts}
    elsewhere = {file for file in named if "NAME" not in file}
    assert {file.replace("NAME", "notify") for file in named} - elsewhere == own
    assert elsewhere == _holding(r'= "notify"')


def test_every_file_that_is_named_exists() -> None:
    for file in re.findall(r"`((?:tests|docs|\.ci|ddbinsert)/[\w/.-]+)`", PAGE):
        assert "NAME" in file or (ROOT / file).exists(), file
    for link in re.findall(r"\]\(([^)#]+)", PAGE):
        assert (ROOT / link).exists(), link


def _python_files() -> list[Path]:
    return [path for path in SOURCE.rglob("*.py") if "__pycache__" not in path.parts]


def test_no_module_is_longer_than_the_limit_that_is_given() -> None:
    assert "No module over 350 lines, no function over 60" in PAGE
    sizes = {path.relative_to(ROOT): path.read_text(encoding="utf-8").count("\n") for path in _python_files()}
    assert {path: size for path, size in sizes.items() if size > 350} == {}


def test_no_function_is_longer_than_the_limit_that_is_given() -> None:
    """From `def` to its end; of a command, only the statements: its signature lists the options, its docstring the help."""
    found = {}
    for path in _python_files():
        for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
            if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef):
                is_command = path.parent.name == "cli" and bool(node.decorator_list)
                first = node.body[1].lineno if is_command and len(node.body) > 1 else node.lineno
                length = (node.end_lineno or 0) - first + 1
                if length > 60:
                    found[f"{path.relative_to(ROOT)}: {node.name}"] = length
    assert found == {}
