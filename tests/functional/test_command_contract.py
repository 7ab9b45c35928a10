"""What holds for every command: help, options, exit codes, the envelope, the two streams, hostile words."""

from __future__ import annotations

import errno
import io
import os
import re
import subprocess
import sys
from typing import TYPE_CHECKING, Any

import pytest

from ddbinsert.cli.registry import commands
from tests.command_lines import parse, shown_in
from tests.functional.command import Ran, begun, ended, ran, ran_apart
from tests.functional.helpers import Calls, Terminal, check_envelope, fresh

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping
    from pathlib import Path

    from tests.functional.helpers import Cloud

NAMES = sorted(commands)
every_command = pytest.mark.parametrize("name", NAMES)

HOSTILE = {
    "an escape sequence": "\x1b[31mred",
    "a title": "\x1b]0;owned\x07",
    "a C1 control": "\x9b31m",
    "a bidirectional override": "\u202egnp.exe",
    "a bell and a backspace": "a\x07\x08",
    "a line of its own": "orders\nerror: all is well",
    "undecodable bytes": "\udcff\udcfe",
    "a path": "../../etc/passwd",
    "markup": "[red]x[/red]",
    "nothing but spaces": "   ",
    "an ARN": "arn:aws:dynamodb:eu-west-1:123456789012:table/orders",
    "something huge": "x" * 100_000,
}
_UNSAFE = re.compile("[\x00-\x08\x0b-\x1f\x7f-\x9f\u202a-\u202e\u2066-\u2069\ud800-\udfff]")


def _asked(name: str, *arguments: str, **outside: Any) -> Ran:
    return ran(*name.split(), *arguments, variables=outside.pop("variables", {}), **outside)


# --- options that every command has -----------------------------------------------------------------------


@pytest.mark.parametrize(
    "words", ["config check", "status orders", "filter lint {}", "function sample-event orders"]
)
def test_a_timeout_that_is_not_one_is_refused_also_where_nothing_waits(words: str, tmp_path: Path) -> None:
    done = _asked(words, "--timeout", "banana", "-o", "json", cwd=tmp_path)
    assert done.code == 2
    assert "'banana' is not a valid duration" in done.json["errors"][0]["message"]
    assert list(tmp_path.iterdir()) == []


# --- help -------------------------------------------------------------------------------------------------


@every_command
def test_help_says_what_the_command_does_and_ends_in_an_example(name: str) -> None:
    shown = _asked(name, "--help")
    assert shown.code == 0
    assert shown.err == ""
    assert shown.out.startswith(f"Usage: ddbinsert {name} ")
    assert re.search(r"^  Example: \S", shown.out, re.MULTILINE)
    assert _asked(name, "-h").out == shown.out


@every_command
def test_the_example_is_a_command_line_that_parses(name: str) -> None:
    example = (commands[name].body.__doc__ or "").strip().splitlines()[-1].strip()
    assert example.startswith("Example: ")
    (words,) = shown_in(example)
    # `function invoke` is also called `invoke`.
    assert commands[parse(words)].body is commands[name].body


def test_help_of_no_command_loads_what_it_does_not_use(tmp_path: Path) -> None:
    program = f"""
import sys
from ddbinsert.cli import main
for name in {NAMES!r}:
    assert main([*name.split(), "--help"]) == 0, name
print(*sorted(sys.modules), file=sys.stderr)
"""
    done = subprocess.run(
        [sys.executable, "-c", program],
        env={"PATH": os.defpath, "HOME": str(tmp_path)},
        cwd=tmp_path,
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 0, done.stderr
    loaded = set(done.stderr.split())
    assert "ddbinsert.cli" in loaded
    assert loaded & {"boto3", "botocore", "rich", "pydantic", "pydantic_core", "yaml"} == set()


def test_the_list_of_commands_names_every_one_with_its_first_line() -> None:
    shown = ran("--help", variables={})
    assert shown.code == 0
    for name in NAMES:
        group, _, rest = name.partition(" ")
        listed = ran(group, "--help", variables={}).out if rest else shown.out
        assert re.search(rf"^  {rest or group} +\S", listed, re.MULTILINE), name
        assert re.search(rf"^  {group}\b", shown.out, re.MULTILINE), name


def test_the_help_names_the_exit_codes() -> None:
    shown = " ".join(ran("--help", variables={}).out.split())
    for said in (
        "0 yes",
        "1 the answer is no",
        "2 usage",
        "3 configuration",
        "4 AWS refused",
        "130 interrupted",
    ):
        assert said in shown


# --- wrong usage ------------------------------------------------------------------------------------------


@every_command
def test_an_unknown_option_is_a_usage_error_in_the_form_that_was_asked_for(name: str) -> None:
    for asked in (("-o", "json"), ("--output=json",), ("--output", "json")):
        done = _asked(name, "--no-such-option", *asked)
        assert done.code == 2
        check_envelope(done.json, command=name, code=2)
        assert done.error_code == "usage"
        (error,) = done.json["errors"]
        assert "--no-such-option" in error["message"]
        assert f"ddbinsert {name} --help" in error["hint"]
    told = _asked(name, "--no-such-option")
    assert told.code == 2
    assert told.out == ""
    assert "--no-such-option" in told.err


@every_command
def test_a_failure_is_in_the_envelope_and_told_on_stderr(name: str, tmp_path: Path) -> None:
    # A configuration that isn't there; where a command reads none, an option that isn't there.
    done = _asked(name, "--config", "missing.yaml", "-o", "json", cwd=tmp_path)
    assert done.code in (2, 3)
    check_envelope(done.json, command=name, code=done.code)
    assert done.json["errors"]
    assert done.err.startswith("error: ")


@every_command
def test_an_output_that_does_not_exist_is_a_usage_error(name: str) -> None:
    done = _asked(name, "--output", "xml")
    assert done.code == 2
    assert "human" in done.err
    assert "json" in done.err


def test_the_output_can_be_set_in_a_variable(variables: dict[str, str]) -> None:
    done = ran("status", fresh(), variables={**variables, "DDBINSERT_OUTPUT": "json"})
    check_envelope(done.json, command="status", code=5)
    unknown = ran("status", "--nonsense", variables={"DDBINSERT_OUTPUT": "json"})
    check_envelope(unknown.json, command="status", code=2)


def test_an_output_that_does_not_exist_is_told_before_anything_is_done(
    cloud: Cloud, variables: dict[str, str]
) -> None:
    table = cloud.table()
    calls = Calls()
    wrong = {**variables, "DDBINSERT_OUTPUT": "xml"}
    done = ran("attach-trigger", table, variables=wrong, connect=calls.connect)
    assert done.code == 2
    assert "DDBINSERT_OUTPUT" in done.err
    assert not calls.made


@pytest.mark.parametrize("arguments", [("nonsense",), ("local", "nonsense"), ("--nonsense",)])
def test_an_unknown_command_is_a_usage_error(arguments: tuple[str, ...]) -> None:
    done = ran(*arguments, "--output", "json", variables={})
    assert done.code == 2
    assert done.json["exit_code"] == 2
    assert "nonsense" in done.json["errors"][0]["message"]
    assert "nonsense" in done.err


# --- the two streams --------------------------------------------------------------------------------------


@pytest.fixture
def attached(cloud: Cloud, variables: dict[str, str]) -> str:
    table = cloud.table()
    assert ran("attach-trigger", table, variables=variables).code == 0
    return table


def test_quiet_successes_say_nothing_on_stderr_and_json_is_all_of_stdout(
    attached: str, variables: dict[str, str]
) -> None:
    for line in (
        "enable-stream {table}",
        "create-function {table} --memory 256",
        "attach-trigger {table}",
        "attach-trigger {table} --dry-run --batch-size 9",
        "send {table} --count 2",
        "status {table}",
        "verify {table}",
        "down {table} --dry-run",
        "config schema",
    ):
        words = line.format(table=attached).split()
        done = ran(*words, "--quiet", "--output", "json", variables=variables)
        assert done.code == 0, (line, done.err)
        assert done.err == "", line
        name = " ".join(words[:2]) if words[0] == "config" else words[0]
        check_envelope(done.json, command=name, code=0)


def test_quiet_failures_are_told_all_the_same(variables: dict[str, str]) -> None:
    done = ran("status", fresh(), "--quiet", variables=variables)
    assert done.code == 5
    assert done.err.startswith("error: ")


def test_progress_and_header_go_to_stderr(cloud: Cloud, variables: dict[str, str]) -> None:
    table = cloud.table()
    done = ran("attach-trigger", table, variables=variables)
    header = done.err.splitlines()[0]
    for part in ("account 000000000000", "region us-east-1", variables["AWS_ENDPOINT_URL"], f"table {table}"):
        assert part in header
        assert part not in done.out or part == f"table {table}"


# --- colours ----------------------------------------------------------------------------------------------


def _plan(cloud: Cloud, variables: Mapping[str, str], *, terminal: bool, **more: str) -> Ran:
    """Something that has colours on stdout: a plan."""
    streams: dict[str, Any] = {"out": Terminal(), "err": Terminal()} if terminal else {}
    bare = {name: value for name, value in variables.items() if name != "NO_COLOR"}
    return ran("attach-trigger", cloud.table(), "--dry-run", variables={**bare, **more}, **streams)


@pytest.mark.parametrize(
    ("terminal", "more", "coloured"),
    [
        (True, {}, True),
        (False, {}, False),
        (True, {"NO_COLOR": "1"}, False),
        (True, {"NO_COLOR": ""}, True),
        (False, {"FORCE_COLOR": "1"}, True),
        (True, {"FORCE_COLOR": "1", "NO_COLOR": "1"}, False),
        (True, {"TERM": "dumb"}, False),
    ],
)
def test_colours_are_for_terminals_unless_a_variable_says_otherwise(
    cloud: Cloud, variables: dict[str, str], *, terminal: bool, more: dict[str, str], coloured: bool
) -> None:
    shown = _plan(cloud, variables, terminal=terminal, **more)
    assert shown.code == 0
    assert ("\x1b[" in shown.out) is coloured
    assert re.sub(r"\x1b\[[0-9;]*m", "", shown.out).startswith("+ enable stream of table")


def test_json_has_no_colours_whatever_is_forced(cloud: Cloud, variables: dict[str, str]) -> None:
    shown = ran(
        "status", cloud.table(), "-o", "json", variables={**variables, "NO_COLOR": "", "FORCE_COLOR": "1"}
    )
    assert shown.code == 0
    assert "\x1b" not in shown.out
    assert shown.json["ok"] is True


@pytest.mark.parametrize(
    ("words", "said"),
    [
        (("gaps", "orders", "--via", "foo"), "'--via': 'foo' is not one of 'logs', 'insights'."),
        (("send", "orders", "--count", "many"), "'--count' / '-n': not a whole number"),
        (("gaps", "orders", "--rate", "0"), "'--rate': must be at least 0.1"),
    ],
)
def test_a_wrong_value_is_named_in_plain_words(words: tuple[str, ...], said: str) -> None:
    done = ran(*words, variables={})
    assert done.code == 2
    assert f"Invalid value for {said}" in done.err


# --- hostile words ----------------------------------------------------------------------------------------


_EVERYWHERE = ("enable-stream", "create-function", "send", "tail", "status", "verify", "down")


@pytest.mark.parametrize(
    ("name", "kind"),
    [
        *(("attach-trigger", kind) for kind in HOSTILE),
        *((name, "an escape sequence") for name in _EVERYWHERE),
    ],
)
def test_a_hostile_table_name_is_refused_and_reaches_no_terminal_as_it_is(
    variables: dict[str, str], name: str, kind: str
) -> None:
    calls, word = Calls(), HOSTILE[kind]
    for form in ((), ("-o", "json")):
        done = ran(name, word, *form, variables=variables, connect=calls.connect)
        assert done.code in (2, 3)
        assert not _UNSAFE.search(done.out + done.err)
        assert "error: all is well" not in done.err.splitlines()
        assert len(done.err) < 10_000
        assert "Traceback" not in done.err
    check_envelope(done.json, command=name, code=done.code)
    assert not calls.made


@pytest.mark.parametrize("word", HOSTILE.values(), ids=HOSTILE)
def test_hostile_commands_and_options_are_refused_and_reach_no_terminal_as_they_are(word: str) -> None:
    for arguments in (
        (word,),
        ("status", f"--{word}"),
        ("send", "orders", word),
        ("verify", "--count", word),
    ):
        done = ran(*arguments, variables={})
        assert done.code in (2, 3)
        assert not _UNSAFE.search(done.out + done.err)
        assert "Traceback" not in done.err


def test_undecodable_bytes_on_a_real_command_line_are_a_usage_error(tmp_path: Path) -> None:
    done = ran_apart("status", "\udcff", "-o", "json", variables={"PATH": os.defpath, "HOME": str(tmp_path)})
    assert done.code in (2, 3)
    assert "Traceback" not in done.err
    assert done.json["ok"] is False


# --- ends -------------------------------------------------------------------------------------------------


def test_a_bug_is_reported_whole_in_the_envelope_and_under_a_code_of_its_own() -> None:
    def broken(_connection: object) -> Any:
        raise RuntimeError("boom \x1b[31m")

    done = ran("status", "orders", "-o", "json", variables={}, connect=broken)
    assert done.code == 70
    check_envelope(done.json, command="status", code=70)
    assert done.error_code == "bug"
    assert "Traceback" in done.err
    assert "report it" in done.err
    assert "\x1b" not in done.err


class _Closed(io.StringIO):
    """A pipe that nobody reads any more."""

    def __init__(self, error: BrokenPipeError) -> None:
        super().__init__()
        self._error = error

    def write(self, _text: str) -> int:
        raise self._error


@pytest.mark.parametrize("error", [BrokenPipeError(), BrokenPipeError(errno.EPIPE, "Broken pipe")])
@pytest.mark.parametrize("form", [(), ("-o", "json")])
def test_a_reader_that_went_away_is_no_failure(
    cloud: Cloud, variables: dict[str, str], error: BrokenPipeError, form: tuple[str, ...]
) -> None:
    done = ran("status", cloud.table(), *form, variables=variables, out=_Closed(error))
    assert done.code == 0
    assert "Traceback" not in done.err


def test_a_real_pipe_that_is_closed_early_ends_the_command_quietly(tmp_path: Path) -> None:
    process = begun("config", "schema", variables={"PATH": os.defpath, "HOME": str(tmp_path)})
    assert process.stdout is not None
    process.stdout.close()
    assert process.stderr is not None
    said = process.stderr.read()
    process.stderr.close()
    assert process.wait() == 0
    assert said == ""


def test_words_that_a_streams_encoding_lacks_are_spelled_out(cloud: Cloud, variables: dict[str, str]) -> None:
    table = cloud.table("größe:S")
    raw = io.BytesIO()

    class Ascii(io.TextIOWrapper):
        def getvalue(self) -> str:
            self.flush()
            return raw.getvalue().decode("ascii")

    shown = ran("status", table, variables=variables, out=Ascii(raw, encoding="ascii"))
    assert shown.code == 0
    assert r"gr\xf6\xdfe:S" in shown.out


def test_the_module_and_the_function_are_the_same_program(tmp_path: Path) -> None:
    bare = {"PATH": os.defpath, "HOME": str(tmp_path)}
    apart = ended(begun("status", "-o", "json", variables=bare))
    within = ran("status", "-o", "json", variables=bare, cwd=tmp_path)
    assert (apart.code, apart.json) == (within.code, within.json)


# --- completion -------------------------------------------------------------------------------------------


@pytest.fixture
def completed(tmp_path: Path) -> Callable[[str], list[str]]:
    def complete(line: str) -> list[str]:
        done = subprocess.run(
            [
                sys.executable,
                "-c",
                "import sys; sys.argv[0] = 'ddbinsert'; from ddbinsert.__main__ import run; run()",
            ],
            env={
                "PATH": os.defpath,
                "HOME": str(tmp_path),
                "_DDBINSERT_COMPLETE": "complete_bash",
                "COMP_WORDS": line,
                "COMP_CWORD": str(len(line.split(" ")) - 1),
            },
            capture_output=True,
            text=True,
            check=False,
        )
        return done.stdout.split()

    return complete


def test_a_shell_completes_every_command(completed: Callable[[str], list[str]]) -> None:
    assert {name.split()[0] for name in NAMES} <= set(completed("ddbinsert "))


@pytest.mark.parametrize(
    ("line", "values"),
    [
        ("attach-trigger orders --view-type ", {"NEW_IMAGE", "OLD_IMAGE", "KEYS_ONLY", "NEW_AND_OLD_IMAGES"}),
        ("enable-stream --view-type NEW", {"NEW_IMAGE", "NEW_AND_OLD_IMAGES"}),
        ("attach-trigger --template ", {"print", "audit-log", "analytics", "notify"}),
        ("create-function --runtime node", {"nodejs20.x", "nodejs22.x", "nodejs24.x"}),
        ("create-function --architecture ", {"arm64", "x86_64"}),
        ("status -o ", {"human", "json"}),
    ],
)
def test_a_shell_completes_values(completed: Callable[[str], list[str]], line: str, values: set[str]) -> None:
    assert set(completed(f"ddbinsert {line}")) == values


def test_completed_values_are_those_that_exist() -> None:
    from ddbinsert.cli.completion import completer
    from ddbinsert.core.model.record import StreamView
    from ddbinsert.core.model.wanted import StartingPosition, Template

    for key, known in (
        ("view_type", StreamView),
        ("function.template", Template),
        ("mapping.starting_position", StartingPosition),
    ):
        complete = completer(key)
        assert complete is not None
        assert sorted(complete("")) == sorted(one.value for one in known)


def test_completion_can_be_installed_and_shown() -> None:
    shown = ran("--help", variables={})
    assert "--install-completion" in shown.out
    assert "--show-completion" in shown.out
