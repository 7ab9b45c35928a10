"""Advice is completed with what the user would have to type again to reach the same place."""

from __future__ import annotations

import ast
import re
import shlex
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

import ddbinsert
from ddbinsert.advice import TABLE, Advice
from ddbinsert.cli.advice import AdviceTarget, complete, complete_text
from ddbinsert.cli.registry import commands
from ddbinsert.cli.run import Common
from ddbinsert.config.connection import ConnectionSpec
from ddbinsert.errors import Refused
from ddbinsert.render import machine

if TYPE_CHECKING:
    from collections.abc import Iterator

EVERYWHERE = Common(
    config="my file.yaml", profile="prod", region="eu-west-1", endpoint_url="http://127.0.0.1:1", local=True
)


def test_the_table_the_function_and_the_connection_are_added() -> None:
    advice = complete(Advice("Prove it", ("verify", TABLE)), AdviceTarget(EVERYWHERE, "orders", "own"))
    assert str(advice) == (
        "Prove it: `ddbinsert verify orders --function own --config 'my file.yaml' --profile prod "
        "--region eu-west-1 --endpoint-url http://127.0.0.1:1 --local`"
    )


def test_what_the_advice_names_already_is_not_added_again() -> None:
    given = Advice("Remove it", ("down", TABLE, "--function", "tap", "--no-local"))
    completed = complete(given, AdviceTarget(Common(local=False), "orders", "own"))
    assert completed.command == ("down", "orders", "--function", "tap", "--no-local")


def test_another_table_keeps_its_own_function() -> None:
    completed = complete(
        Advice("Attach it", ("attach-trigger", "users")), AdviceTarget(Common(), "orders", "own")
    )
    assert completed.command == ("attach-trigger", "users")


@pytest.mark.parametrize("words", [("local", "start"), ("config", "schema"), ("function", "scaffold", "x")])
def test_a_command_without_a_connection_gets_no_options_of_one(words: tuple[str, ...]) -> None:
    assert complete(Advice("Do it", words), AdviceTarget(EVERYWHERE, "orders", "own")).command == words


def test_options_that_the_command_lacks_are_left_out() -> None:
    completed = complete(Advice("Write some", ("send", TABLE)), AdviceTarget(Common(), "orders", "own"))
    assert completed.command == ("send", "orders")


@pytest.mark.parametrize("table", ["ORDERS_TABLE", "TABLE", "TABLES-TABLE", "my.TABLE"])
def test_a_table_name_that_holds_the_placeholder_is_not_changed(table: str) -> None:
    to = AdviceTarget(Common(local=True), table)
    assert complete(Advice("x", ("verify", TABLE)), to).command == ("verify", table, "--local")
    assert complete(Advice("x", ("verify", table)), to).command == ("verify", table, "--local")


def test_a_run_without_a_table_shows_where_one_belongs() -> None:
    assert complete(Advice("x", ("verify", TABLE)), AdviceTarget(Common())).line == "ddbinsert verify TABLE"


def test_values_are_quoted_for_the_shell() -> None:
    advice = Advice("Add the filter", ("attach-trigger", "orders", "--where", 'NewImage.status = "it\'s"'))
    assert shlex.split(advice.line) == ["ddbinsert", *advice.command]


def test_an_error_carries_the_command_as_a_list_of_arguments() -> None:
    listed = machine.failure(Refused("No.", hint=Advice("Do it", ("verify", "a b"))))
    assert listed["hint"] == "Do it: `ddbinsert verify 'a b'`"
    assert listed["command"] == ["ddbinsert", "verify", "a b"]
    assert "command" not in machine.failure(Refused("No.", hint=Advice("Wait.")))


# --- no command outside an advice -----------------------------------------------------------------------

#: Text that is not advice of a run: examples of a workflow, titles.
NOT_ADVICE = frozenset(
    (
        "render/demo.py",
        "render/local.py",
        "render/filters/junit.py",
        "render/verdict/junit.py",
        "render/verdict/schema.py",
    )
)
COMMAND_LINE = re.compile(
    r"ddbinsert (?:" + "|".join(sorted({name.split()[0] for name in commands})) + r")\b"
)

#: What every module with such a text contains, also where the text is written in two parts; others are not parsed.
MENTION = re.compile(r"ddbinsert[ \"']")


def texts_of(source: str) -> Iterator[ast.Constant]:
    """The texts of a module but for docstrings and help."""
    tree = ast.parse(source)
    passed: set[int] = set()
    for node in ast.walk(tree):
        if isinstance(node, ast.Expr) and isinstance(node.value, ast.Constant):  # a docstring
            passed.update(map(id, ast.walk(node)))
        if isinstance(node, ast.keyword) and node.arg in ("help", "epilog"):
            passed.update(map(id, ast.walk(node)))
    for node in ast.walk(tree):
        if isinstance(node, ast.Constant) and isinstance(node.value, str) and id(node) not in passed:
            yield node


def test_the_search_for_commands_in_texts_finds_one() -> None:
    source = '"""Run `ddbinsert verify`."""\nf(hint=f"Run `ddbinsert verify {x}`.", help="ddbinsert verify")'
    (found,) = [str(text.value) for text in texts_of(source) if COMMAND_LINE.search(str(text.value))]
    assert found == "Run `ddbinsert verify "


def test_no_text_holds_a_command_line_that_advice_would_complete() -> None:
    package = Path(ddbinsert.__file__).parent
    # Handlers run in Lambda, not in a run of ddbinsert.
    modules = [path for path in package.rglob("*.py") if path.relative_to(package).parts[0] != "handlers"]
    assert len(modules) > 100
    sources = {str(path.relative_to(package)): path.read_text(encoding="utf-8") for path in modules}
    found = [
        f"{name}:{text.lineno}: {text.value!r}"
        for name, source in sources.items()
        if name not in NOT_ADVICE and MENTION.search(source)
        for text in texts_of(source)
        if COMMAND_LINE.search(str(text.value))
    ]
    assert found == []


@pytest.mark.parametrize(
    ("connection", "command"),
    [
        (ConnectionSpec(), "`aws iam get-role --role-name r`"),
        (
            ConnectionSpec(profile="p", region="eu-west-1", endpoint_url="http://127.0.0.1:1"),
            "`aws iam get-role --role-name r --profile p --region eu-west-1 --endpoint-url http://127.0.0.1:1`",
        ),
        (ConnectionSpec(local=True), '`(eval "$(ddbinsert local env)"; aws iam get-role --role-name r)`'),
    ],
)
def test_a_command_of_the_aws_cli_reaches_what_the_run_reached(
    connection: ConnectionSpec, command: str
) -> None:
    to = AdviceTarget(Common(), connection=connection)
    text = "Look at it: {} names the policy (`aws sso login`)"
    assert complete_text(text.format("`aws iam get-role --role-name r`"), to) == text.format(command)
    assert complete(Advice(text.format("`aws iam get-role --role-name r`")), to).text == text.format(command)
