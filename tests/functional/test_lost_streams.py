"""stdout and stderr that are closed, full or gone: the exit code stays the command's own."""

from __future__ import annotations

import errno
import io
import os
import shlex
import signal
import subprocess
import sys
import threading
from typing import TYPE_CHECKING, Any

import pytest

from tests.examples import some
from tests.functional.command import begun, ended, ran, until

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

    from tests.functional.helpers import Cloud


class Full(io.StringIO):
    """A disk without space; a small write is noticed when it is flushed."""

    def __init__(self, number: int = errno.ENOSPC, *, buffered: bool = False) -> None:
        super().__init__()
        self._error = OSError(number, os.strerror(number))
        self._buffered = buffered

    def write(self, text: str) -> int:
        if self._buffered:
            return len(text)
        raise self._error

    def flush(self) -> None:
        raise self._error


class Closed(io.StringIO):
    """A stream that was closed; its text is asked for all the same by whoever ran the command."""

    def __init__(self) -> None:
        super().__init__()
        self.close()

    def getvalue(self) -> str:
        return ""


LOST: dict[str, Callable[[], Any]] = {
    "full": Full,
    "full, buffered": lambda: Full(buffered=True),
    "gone": lambda: Full(errno.EPIPE),
    "closed": Closed,
    "closed below": lambda: Full(errno.EBADF),
    "input/output error": lambda: Full(errno.EIO),
}
COMMANDS = (
    "status {table}",
    "status {table} -o json",
    "status missing-table",
    "attach-trigger {table}",
    "attach-trigger {table} --dry-run --batch-size 9 -o json",
    "send {table} --count 1 --hold 0s",
    "verify {table} -o json",
    "verify {table}",
    "verify nothing",
    "config check",
    "status --nonsense",
    "filter test [] --record missing.json",
)


@pytest.fixture(scope="module")
def table(cloud: Cloud, connection: dict[str, str], tmp_path_factory: pytest.TempPathFactory) -> str:
    name = cloud.table()
    home = {**connection, "HOME": str(tmp_path_factory.mktemp("home"))}
    assert ran("attach-trigger", name, variables=home).code == 0
    return name


@pytest.mark.parametrize("line", some(COMMANDS, one_in=3))
def test_the_exit_code_is_that_of_the_command_whatever_became_of_its_streams(
    line: str, table: str, variables: dict[str, str], tmp_path: Path
) -> None:
    words = line.format(table=table).split()
    control = ran(*words, variables=variables, cwd=tmp_path)
    for state, lost in some(LOST.items(), one_in=3):
        for streams in ({"out": lost()}, {"err": lost()}, {"out": lost(), "err": lost()}):
            done = ran(*words, variables=variables, cwd=tmp_path, **streams)
            assert done.code == control.code, (state, list(streams), done)
            if "err" not in streams:
                assert "Traceback" not in done.err


PRINTING = (
    *("config schema", "--help", "--version", "verify --help", "ls", "ls --csv", "export terraform {table}"),
    *(
        "records {table} -o json",
        "tail {table}",
        "function sample-event {table}",
        "init {table} --output-file -",
    ),
)


def test_what_only_prints_does_not_succeed_on_a_full_disk(
    table: str, emulated: Cloud, variables: dict[str, str]
) -> None:
    emulated.dynamodb.put_item(TableName=table, Item={"pk": {"S": "to be shown"}})
    assert until(lambda: ran("tail", table, variables=variables).out)
    for line in PRINTING:
        words = line.format(table=table).split()
        done = ran(*words, variables=variables, out=Full())
        assert done.code == 74, (words, done.err)
        assert "No space left on device" in done.err
        for stream in (Closed(), Full(errno.EPIPE)):
            assert ran(*words, variables=variables, out=stream).code == 0


SHELL = {
    "stdout closed": ">&-",
    "stderr closed": "2>&-",
    "all closed": "<&- >&- 2>&-",
    "stdout full": ">/dev/full",
    "stderr full": "2>/dev/full",
    "both full": ">/dev/full 2>/dev/full",
}


@pytest.mark.parametrize(
    "entry",
    [("-c", "from ddbinsert.__main__ import run; run()"), ("-m", "ddbinsert")],
    ids=["script", "module"],
)
@pytest.mark.parametrize("state", some(SHELL, one_in=2))
def test_a_real_process_keeps_its_exit_code(
    entry: tuple[str, ...], state: str, table: str, variables: dict[str, str]
) -> None:
    for words, code in ((("status", table, "-o", "json"), 0), (("status", "no-such-table"), 5)):
        done = subprocess.run(
            ["sh", "-c", f'"$@" {SHELL[state]}', "sh", sys.executable, *entry, *words],  # noqa: S607
            env={**variables, "PATH": os.defpath},
            cwd=variables["HOME"],
            capture_output=True,
            text=True,
            check=False,
        )
        assert done.returncode == code, (words, done)
        assert "Traceback" not in done.stderr + done.stdout


# --- signals ----------------------------------------------------------------------------------------------


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM, signal.SIGHUP])
def test_every_signal_that_ends_a_run_has_it_clean_up(
    number: signal.Signals, cloud: Cloud, variables: dict[str, str]
) -> None:
    name = cloud.table()
    process = begun("send", name, "--count", "3", "--hold", "60s", variables=variables)
    assert until(lambda: len(cloud.dynamodb.scan(TableName=name)["Items"]) == 3)
    process.send_signal(number)
    done = ended(process)
    assert done.code == 130, done.err
    assert "Interrupted" in done.err
    assert cloud.dynamodb.scan(TableName=name)["Items"] == []


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM, signal.SIGHUP])
@pytest.mark.parametrize(
    "module", ["ddbinsert.interrupts", "signal", "typer", "ddbinsert.cli.registry", "inspect", "dataclasses"]
)
def test_a_signal_during_an_import_is_an_interruption_and_no_bug(
    number: signal.Signals, module: str, tmp_path: Path
) -> None:
    before = f"""
import _signal, builtins, os
plain = builtins.__import__
def watched(name, *more):
    if name == {module!r} and _signal.getsignal({int(number)}) not in (_signal.SIG_DFL, _signal.default_int_handler):
        os.kill(os.getpid(), {int(number)})
    return plain(name, *more)
builtins.__import__ = watched
"""
    done = ended(begun("--version", variables={"PATH": os.defpath, "HOME": str(tmp_path)}, before=before))
    assert done.code == 130, (done.out, done.err)
    assert done.err == "Interrupted.\n"


@pytest.mark.parametrize("moment", some(range(12), one_in=2))
def test_a_signal_at_any_moment_leaves_nothing(moment: int, cloud: Cloud, variables: dict[str, str]) -> None:
    """From the first import to the end of cleaning up."""
    name = cloud.table()
    number = (signal.SIGINT, signal.SIGTERM, signal.SIGHUP)[moment % 3]
    before = (
        "import os; os.write(2, b'begun\\n')"  # what a signal does to an interpreter that starts is Python's
    )
    process = begun(
        "send", name, "--count", "40", "--modify", "--hold", "0s", variables=variables, before=before
    )
    assert process.stderr is not None
    assert process.stderr.readline() == "begun\n"
    threading.Event().wait(0.01 + moment * 0.06)
    process.send_signal(number)
    done = ended(process)
    assert done.code in (0, 130, -number), done.err
    assert "bug" not in done.err
    assert cloud.dynamodb.scan(TableName=name)["Items"] == []


def test_a_signal_that_is_ignored_stays_ignored(cloud: Cloud, variables: dict[str, str]) -> None:
    name = cloud.table()
    before = "import signal; signal.signal(signal.SIGHUP, signal.SIG_IGN)"  # as nohup does
    process = begun("send", name, "--count", "1", "--hold", "2s", variables=variables, before=before)
    assert until(lambda: len(cloud.dynamodb.scan(TableName=name)["Items"]) == 1)
    process.send_signal(signal.SIGHUP)
    assert ended(process).code == 0


def test_what_a_killed_run_left_is_named_with_the_command_that_removes_it(
    cloud: Cloud, variables: dict[str, str]
) -> None:
    name = cloud.table()
    process = begun("send", name, "--count", "3", "--hold", "60s", variables=variables)
    assert until(lambda: len(cloud.dynamodb.scan(TableName=name)["Items"]) == 3)
    process.kill()
    ended(process)
    for command in ("status", "verify"):
        done = ran(command, name, "-o", "json", variables=variables)
        (warning,) = [text for text in done.json["warnings"] if "may have left up to 3 items" in text]
        assert "ddbinsert send" in warning
    words = warning.split("`")[1].split()[1:]
    assert ran("down", name, "--dry-run", "-o", "json", variables=variables).json["warnings"]
    assert ran(*words, variables=variables).code == 0
    assert cloud.dynamodb.scan(TableName=name)["Items"] == []
    assert ran("status", name, "-o", "json", variables=variables).json["warnings"] == []


def test_a_run_in_progress_has_left_nothing_and_is_not_cleaned_up(
    cloud: Cloud, variables: dict[str, str]
) -> None:
    name = cloud.table()
    process = begun("send", name, "--count", "1", "--hold", "60s", "-o", "json", variables=variables)
    (item,) = until(lambda: cloud.dynamodb.scan(TableName=name)["Items"])
    assert ran("status", name, "-o", "json", variables=variables).json["warnings"] == []
    run_id = item["ddbinsert"]["M"]["run"]["S"]
    words = ("send", name, "--clean", run_id, "--count", "1", "-o", "json")
    assert ran(*words, variables=variables).error_code == "run-in-progress"
    assert len(cloud.dynamodb.scan(TableName=name)["Items"]) == 1
    process.kill()
    ended(process)
    assert ran(*words, variables=variables).code == 0
    assert cloud.dynamodb.scan(TableName=name)["Items"] == []


def test_items_with_keys_of_the_users_that_a_killed_run_left_are_named_until_they_are_gone(
    cloud: Cloud, variables: dict[str, str], tmp_path: Path
) -> None:
    name = cloud.table()
    (tmp_path / "my items.json").write_text('[{"pk": "order#1"}]')
    command = ("send", name, "--item", "my items.json", "--hold", "60s")
    process = begun(*command, variables=variables, cwd=tmp_path)
    assert until(lambda: cloud.dynamodb.scan(TableName=name)["Items"])
    process.kill()
    ended(process)

    def words() -> list[str]:
        (warning,) = ran("status", name, "-o", "json", variables=variables).json["warnings"]
        return shlex.split(warning.split("`")[1])[1:]

    assert (done := ran(*words(), variables=variables)).code == 6
    assert "order#1" in done.err
    cloud.dynamodb.delete_item(TableName=name, Key={"pk": {"S": "order#1"}})
    assert ran(*words(), variables=variables).code == 0
    assert ran("status", name, "-o", "json", variables=variables).json["warnings"] == []


def test_items_of_the_users_own_that_were_to_be_kept_are_not_left_over(
    cloud: Cloud, variables: dict[str, str], tmp_path: Path
) -> None:
    name = cloud.table()
    (tmp_path / "items.json").write_text('[{"pk": "order#1"}]')
    assert ran("send", name, "--item", str(tmp_path / "items.json"), "--keep", variables=variables).code == 0
    assert ran("status", name, "-o", "json", variables=variables).json["warnings"] == []


def test_a_run_that_cleans_up_leaves_no_record(cloud: Cloud, variables: dict[str, str]) -> None:
    name = cloud.table()
    assert ran("send", name, "--count", "2", "--hold", "0s", variables=variables).code == 0
    assert ran("status", name, "-o", "json", variables=variables).json["warnings"] == []
    assert ran("send", name, "--count", "2", "--keep", variables=variables).code == 0
    assert len(ran("status", name, "-o", "json", variables=variables).json["warnings"]) == 1
