"""No command takes a value that its option cannot mean, also where nothing would use the option in that run.

Every option of every command is tried with values that are wrong for its placeholder: nothing is connected to, and
nothing is written.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, NamedTuple, NoReturn

import pytest

from ddbinsert.cli.checks import CHECKS, EMPTY_IS_VALID
from ddbinsert.cli.program import program
from ddbinsert.cli.registry import commands
from ddbinsert.errors import UsageError
from tests.functional.command import ran

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

#: Placeholder to values that are wrong for it. The empty text is wrong for all of them.
WRONG: dict[str, tuple[str, ...]] = {
    "DURATION": ("banana", "-5s", "nan", "1e9999", "5 parsecs"),
    "WHEN": ("banana", "2026-13-01T00:00", "9999-01-01T00:00Z"),
    "TIME": ("banana", "2026-13-01T00:00", "9999-01-01T00:00Z"),
    "N": ("banana", "-1", "nan", "-inf"),
    "COUNT": ("banana", "-7", "99999999"),
    "MB": ("banana", "-1", "99999999"),
    "SECONDS": ("banana", "-7", "99999999"),
    "DAYS": ("banana", "-1", "0", "99999999"),
    "CONDITION": ("((((", "NewImage.a ="),
    "KEY": ("id:Q", ":", "a:S,b:S,c:S"),
    "TYPE": ("banana",),
    "ARN": ("banana", "arn:aws:"),
    "NAME|ARN": ("arn:aws:",),
    "ARN|create": ("banana",),
    "UUID": ("banana",),
    "RUN": ("banana",),
    "RUN_ID": ("banana",),
    "NUMBER": ("banana", "-1", "1.5"),
    "JSON": ("{", "[]"),
    "NAMES": ("banana",),
    "NAME=VALUE": ("banana",),
    "NAME[=VALUE]": ("=banana",),
    "NAME=TYPE": ("banana", "total=Q"),
    "POSITION": ("banana",),
    "PATTERN": ("{",),
    "MODE": ("banana",),
    "FORMAT": ("banana",),
    "FILE": ("/dev/null/x", "."),
    "DIR": ("/dev/null/x",),
    "FILE|DIR": ("/dev/null/x",),
}
#: Options that take any text as far as is known without asking AWS.
ANY_TEXT = {
    "TEXT": "is searched for",
    "NAME": "names are checked where AWS restricts them",
    "TABLE": "a name or an ARN, checked with the configuration's table",
    "ID": "of a message or an object, in whatever form the service gives it",
    "PATH": "of code, which is read before anything is planned",
    "PATTERN|FILE": "is read before anything else",
    "OLD NEW": "are read before anything else",
    "CLASS": "is checked with the configuration's settings",
    "PLACE": "a folder or an address in S3, which is read before anything else",
    "VALUE": "has the type of the index's partition key",
    "s3://BUCKET/PREFIX": "is checked with the export beside it",
}
#: What a command needs besides.
ARGUMENTS = {
    "permissions": ("verify",),
    "export": ("terraform", "orders"),
    "function scaffold": ("print", "folder"),
    "audit create-table": ("orders-audit",),
    "dedup create-table": ("orders-processed",),
    "demo": (),
    "init": ("orders",),
    "ls": (),
    "filter explain": ('{"eventName":["INSERT"]}',),
    "filter lint": ('{"eventName":["INSERT"]}',),
    "filter test": ('{"eventName":["INSERT"]}', "--record", "-"),
    "filter build": ("--where", "NewImage.a = 1"),
    "filter backtest": ("--table", "orders"),
    "config check": (),
    "config schema": (),
    "local start": (),
    "local stop": (),
    "local status": (),
}


class Try(NamedTuple):
    """A value that is wrong for an option."""

    option: str
    value: str


def _parser(name: str) -> Any:
    found: Any = program()
    for part in name.split():
        found = found.commands[part]
    return found


def _valued(name: str) -> Iterator[Any]:
    """The options of a command that take a value, other than the words of a list, which the parser knows."""
    for each in _parser(name).params:
        takes_value = each.param_type_name == "option" and not each.is_flag
        if takes_value and each.metavar is not None and each.name != "help":
            yield each


def tries(name: str) -> Iterator[Try]:
    for each in _valued(name):
        option = max(each.opts, key=len)
        wrong = WRONG.get(each.metavar, ())
        if option == "--region" and name != "permissions":
            wrong = ()  # AWS may have regions that nobody here knows
        values = wrong if each.metavar in EMPTY_IS_VALID or each.nargs != 1 else (*wrong, "")
        yield from (Try(option, value) for value in values if (option, value) not in FINE)


#: Values that are wrong for most options with the same placeholder.
FINE = {("--retries", "-1"), ("--record-age", "-1"), ("--unset", "id:Q")}


#: Options of files that read standard input or write to standard output.
STREAMS = {"--item", "--event", "--record", "--records", "--pattern", "--output-file"}


@pytest.mark.parametrize("name", commands)
def test_no_file_is_named_like_standard_input_or_output(name: str, tmp_path: Path) -> None:
    """``-`` is a stream, or refused; of every option with a file, also of those that are new."""
    (home := tmp_path / "home").mkdir()
    (folder := tmp_path / "folder").mkdir()
    variables = {"HOME": str(home), "AWS_REGION": "eu-central-1", "DDBINSERT_STATE_DIR": str(tmp_path / "s")}
    for each in _valued(name):
        option = max(each.opts, key=len)
        if not set(each.metavar.split("|")) & {"FILE", "DIR", "PLACE"}:
            continue
        words = (*name.split(), *ARGUMENTS.get(name, ("orders",)), option, "-")
        if option in STREAMS:
            ran(
                *words,
                "--region",
                "eu-central-1",
                variables=variables,
                cwd=folder,
                connect=_connects_to_nothing,
            )
        else:
            done = ran(*words, variables=variables, cwd=folder, connect=_connect)
            assert done.code == 2, (option, done)
            assert f"{option} -: " in done.err
        assert list(folder.iterdir()) == [], option


@pytest.mark.parametrize("words", [("evidence", "check", "-"), ("function", "scaffold", "print", "-")])
def test_no_argument_is_a_file_named_like_standard_input_or_output(
    words: tuple[str, ...], tmp_path: Path
) -> None:
    done = ran(*words, variables={"HOME": str(tmp_path)}, cwd=tmp_path)
    assert done.code == 2
    assert " -: this takes the name" in done.err
    assert not (tmp_path / "-").exists()


def _connects_to_nothing(_connection: object) -> NoReturn:
    raise UsageError("this is as far as it goes")


def _connect(_connection: object) -> NoReturn:
    raise AssertionError("connected before the value was refused")


def test_every_placeholder_is_checked_or_takes_any_text() -> None:
    shown = {str(each.metavar) for name in commands for each in _valued(name)}
    assert shown - WRONG.keys() - ANY_TEXT.keys() - {"URL"} == set()
    assert CHECKS.keys() <= WRONG.keys()


#: Commands that the usual run tries: all of them take half a minute.
SOME = ("gaps", "send", "audit verify", "function scaffold")


@pytest.mark.parametrize(
    "name", [pytest.param(name, marks=() if name in SOME else pytest.mark.nightly) for name in commands]
)
def test_a_wrong_value_is_refused_before_anything_is_done(name: str, tmp_path: Path) -> None:
    home = tmp_path / "home"
    folder = tmp_path / "folder"
    home.mkdir()
    folder.mkdir()
    variables = {
        "HOME": str(home),
        "AWS_REGION": "eu-central-1",
        "AWS_ACCESS_KEY_ID": "x",
        "AWS_SECRET_ACCESS_KEY": "x",
        "DDBINSERT_STATE_DIR": str(tmp_path / "state"),
        "DDBINSERT_CACHE_DIR": str(tmp_path / "cache"),
    }
    taken = []
    for option, value in tries(name):
        words = (*name.split(), *ARGUMENTS.get(name, ("orders",)), f"{option}={value}")
        done = ran(*words, variables=variables, cwd=folder, connect=_connect)
        if done.code not in (2, 3) or option.lstrip("-") not in done.err.replace("_", "-"):
            taken.append((option, value, done.code, done.err.splitlines()[:1]))
        assert list(folder.iterdir()) == [], (option, value)
    assert taken == []
