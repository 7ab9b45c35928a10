"""local start, status, stop: one emulator a user, found again, healed, ended whole."""

from __future__ import annotations

import json
import os
import signal
import socket
import subprocess
import sys
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest

from ddbinsert import local
from ddbinsert.environment import SystemClock
from tests.functional.command import begun, ended, ran, ran_apart, until
from tests.functional.processes import below, emulators, listening

if TYPE_CHECKING:
    from collections.abc import Iterator

Variables = dict[str, str]


def state(variables: Variables) -> Path:
    return local.state_directory(variables)


def settled(variables: Variables) -> local.Emulator | None:
    """The one that is found, once no other process is left; a busy one may not be found at once."""
    found: list[local.Emulator | None] = []

    def is_settled() -> bool:
        found[:] = [local.find(state(variables))]
        return emulators(variables) == {one.pid for one in found if one}

    assert until(is_settled), (found, emulators(variables))
    return found[0]


def started(variables: Variables) -> Any:
    shown = ran("local", "start", "-o", "json", variables=variables)
    assert shown.code == 0, shown.err
    return shown.data


def test_where_none_runs_status_says_so_and_changes_nothing(local_variables: Variables) -> None:
    shown = ran("local", "status", "-o", "json", variables=local_variables)
    assert shown.code == 1
    assert shown.json["ok"] is False
    assert shown.data == {
        "health": "stopped", "endpoint": None, "port": None, "pid": None, "started_at": None, "log": None
    }  # fmt: skip
    assert "Start it: `ddbinsert local start`" in ran("local", "status", variables=local_variables).out
    assert not Path(local_variables["DDBINSERT_STATE_DIR"]).exists()


def test_it_is_started_once_found_again_and_stopped_whole(local_variables: Variables) -> None:
    first = started(local_variables)
    assert first["started"] is True
    assert first["health"] == "ready"
    assert first["endpoint"] == f"http://127.0.0.1:{first['port']}"

    again = started(local_variables)
    assert again == {**first, "started": False}

    seen = ran("local", "status", "-o", "json", variables=local_variables)
    assert seen.code == 0
    assert seen.data == {key: value for key, value in first.items() if key != "started"}
    assert first["endpoint"] in ran("local", "status", variables=local_variables).out
    assert Path(first["log"]).is_file()
    assert emulators(local_variables) == {first["pid"]}

    stopped = ran("local", "stop", "-o", "json", variables=local_variables)
    assert (stopped.code, stopped.data) == (0, {"stopped": True})
    assert emulators(local_variables) == set()
    assert sorted(path.name for path in state(local_variables).iterdir()) == ["alive.lock", "turn.lock"]

    assert ran("local", "stop", "-o", "json", variables=local_variables).data == {"stopped": False}
    assert "was not running" in ran("local", "stop", variables=local_variables).out
    assert ran("local", "status", variables=local_variables).code == 1


def test_it_listens_on_this_machine_alone(local_variables: Variables) -> None:
    data = started(local_variables)
    assert listening(data["pid"]) == {("127.0.0.1", data["port"])}


def test_its_key_is_in_no_ordinary_output_and_its_folder_is_the_users_alone(
    local_variables: Variables,
) -> None:
    started(local_variables)
    record = state(local_variables) / "emulator.json"
    key = json.loads(record.read_text())["key"]
    for command in (("start",), ("status",), ("start", "-o", "json"), ("status", "-o", "json")):
        shown = ran("local", *command, variables=local_variables)
        assert key not in shown.out + shown.err
    assert record.stat().st_mode & 0o777 == 0o600
    assert state(local_variables).stat().st_mode & 0o777 == 0o700


def test_several_starts_at_once_come_to_the_same_emulator(local_variables: Variables) -> None:
    together = [begun("local", "start", "-o", "json", variables=local_variables) for _ in range(4)]
    answers = [ended(process) for process in together]
    assert [answer.code for answer in answers] == [0, 0, 0, 0], [answer.err for answer in answers]
    assert len({(answer.data["pid"], answer.data["port"]) for answer in answers}) == 1
    assert emulators(local_variables) == {answers[0].data["pid"]}
    assert len(list(state(local_variables).glob("run-*"))) == 1


def test_starts_and_stops_at_once_leave_all_or_nothing(local_variables: Variables) -> None:
    together = [
        begun("local", verb, variables=local_variables)
        for verb in ("start", "stop", "start", "stop", "start")
    ]
    assert [ended(process).code for process in together] == [0] * 5
    found = settled(local_variables)
    seen = ran("local", "status", "-o", "json", variables=local_variables).data
    assert (seen["health"], seen["pid"]) == (("ready", found.pid) if found else ("stopped", None))


def test_one_that_was_killed_is_noticed_and_the_next_start_clears_up(local_variables: Variables) -> None:
    first = started(local_variables)
    os.kill(first["pid"], signal.SIGKILL)
    assert until(lambda: first["pid"] not in emulators(local_variables))

    seen = ran("local", "status", "-o", "json", variables=local_variables)
    assert (seen.code, seen.data["health"]) == (1, "stale")
    assert "ended unexpectedly" in ran("local", "status", variables=local_variables).out
    assert ran("local", "env", variables=local_variables).code == 5

    second = started(local_variables)
    assert second["started"] is True
    assert second["pid"] != first["pid"]
    assert emulators(local_variables) == {second["pid"]}
    assert not Path(first["log"]).parent.exists()


def test_stop_clears_up_after_one_that_was_killed(local_variables: Variables) -> None:
    os.kill(started(local_variables)["pid"], signal.SIGKILL)
    assert ran("local", "stop", variables=local_variables).code == 0
    assert until(lambda: not emulators(local_variables))
    assert not list(state(local_variables).glob("run-*"))
    assert ran("local", "status", "-o", "json", variables=local_variables).data["health"] == "stopped"


@pytest.fixture
def stranger() -> Iterator[int]:
    """The port of a server that is none of ours; it never answers."""
    with socket.create_server(("127.0.0.1", 0)) as server:
        yield int(server.getsockname()[1])


def _record(**changes: Any) -> str:
    good = {
        "format": 1,
        "pid": 4242,
        "port": 9,
        "started_at": 0.0,
        "key": "LOCALA",
        "directory": "/nowhere",
    }
    return json.dumps({**good, **changes})


@pytest.mark.parametrize(
    "content",
    [
        "",
        "{",
        "[]",
        "null",
        '{"format": 1}',
        _record(),
        _record(format=99),
        _record(port=70000),
        _record(pid="x"),
        _record(pid=10**30, started_at=1e400),
        "[" * 100_000,
        "\x00\xff",
    ],
)
def test_a_note_that_is_not_true_is_stale_and_leads_nowhere(local_variables: Variables, content: str) -> None:
    state(local_variables).mkdir(parents=True)
    (state(local_variables) / "emulator.json").write_text(content, encoding="latin-1")
    seen = ran("local", "status", "-o", "json", variables=local_variables)
    assert (seen.code, seen.data["health"], seen.data["endpoint"]) == (1, "stale", None)
    assert ran("local", "env", variables=local_variables).out == ""
    assert ran("status", "orders", "--local", variables=local_variables).code == 5
    stopped = ran("local", "stop", "-o", "json", variables=local_variables)
    assert (stopped.code, stopped.data) == (0, {"stopped": False})
    assert ran("local", "status", "-o", "json", variables=local_variables).data["health"] == "stopped"


def test_a_note_about_a_recycled_pid_and_a_strangers_port_is_healed_by_start(
    local_variables: Variables, stranger: int
) -> None:
    state(local_variables).mkdir(parents=True)
    note = state(local_variables) / "emulator.json"
    note.write_text(_record(pid=os.getppid(), port=stranger))
    data = started(local_variables)
    assert data["started"] is True
    assert data["port"] != stranger
    assert json.loads(note.read_text())["pid"] == data["pid"]


def test_one_that_lives_but_does_not_answer_is_told_apart_and_can_be_stopped(
    local_variables: Variables,
) -> None:
    pid = started(local_variables)["pid"]
    os.kill(pid, signal.SIGSTOP)
    seen = ran("local", "status", "-o", "json", variables=local_variables)
    assert (seen.code, seen.data["health"], seen.data["pid"]) == (1, "unresponsive", pid)
    assert local.stop(state(local_variables), clock=SystemClock(), grace=0.05)
    assert emulators(local_variables) == set()


def test_a_start_that_is_killed_at_any_moment_leaves_nothing_behind(local_variables: Variables) -> None:
    def shows_itself() -> bool:
        return bool(emulators(local_variables)) or starting.poll() is not None

    starting = begun("local", "start", variables=local_variables)
    assert until(shows_itself)
    starting.kill()
    ended(starting)
    # It either had got as far as letting go of a ready one, which is then found, or it took it along.
    settled(local_variables)
    assert started(local_variables)["health"] == "ready"
    assert len(emulators(local_variables)) == 1


def test_a_start_that_is_interrupted_leaves_nothing_behind(local_variables: Variables) -> None:
    starting = begun("local", "start", variables=local_variables)
    assert until(lambda: list(state(local_variables).glob("run-*")) or starting.poll() is not None)
    starting.send_signal(signal.SIGTERM)
    done = ended(starting)
    # The signal may also come when all is done, and the interpreter itself is on its way out.
    assert done.code in (0, 130, -signal.SIGTERM), done.err
    found = settled(local_variables)
    assert found or done.code == 130
    assert until(lambda: len(list(state(local_variables).glob("run-*"))) == (1 if found else 0))


def test_a_start_that_takes_too_long_is_given_up_and_leaves_nothing_behind(
    local_variables: Variables,
) -> None:
    shown = ran("local", "start", "--timeout", "1ms", "-o", "json", variables=local_variables)
    assert (shown.code, shown.error_code) == (6, "emulator-not-ready")
    assert until(lambda: not emulators(local_variables))
    assert not list(state(local_variables).glob("run-*"))
    assert ran("local", "start", "--timeout", "soon", variables=local_variables).code == 2


def test_one_that_ends_while_it_starts_is_reported_with_its_last_words(
    local_variables: Variables, tmp_path: Path
) -> None:
    package = tmp_path / "broken" / "ministack"
    package.mkdir(parents=True)
    (package / "__init__.py").touch()
    (package / "app.py").write_text("raise SystemExit('no \\x1b[31mluck today')")
    variables = {**local_variables, "PYTHONPATH": str(package.parent)}
    shown = ran_apart("local", "start", "-o", "json", variables=variables)
    assert (shown.code, shown.error_code) == (5, "emulator-failed")
    assert r"no \x1b[31mluck today" in shown.err
    assert "\x1b" not in shown.err
    assert until(lambda: not emulators(local_variables))
    assert not list(state(local_variables).glob("run-*"))


def test_a_state_folder_that_can_not_be_one_is_a_missing_prerequisite(
    local_variables: Variables, tmp_path: Path
) -> None:
    file = tmp_path / "file"
    file.touch()
    variables = {**local_variables, "DDBINSERT_STATE_DIR": str(file)}
    shown = ran("local", "start", "-o", "json", variables=variables)
    assert (shown.code, shown.error_code) == (5, "state-directory")
    assert "DDBINSERT_STATE_DIR" in shown.json["errors"][0]["hint"]
    assert ran("local", "status", variables=variables).code == 1
    assert ran("local", "stop", variables=variables).code == 0


def test_an_emulator_of_ones_own_ends_with_the_process_that_wanted_it(tmp_path: Path) -> None:
    program = (
        "import os, sys\n"
        "from ddbinsert import local\n"
        "from ddbinsert.environment import SystemClock\n"
        "with local.ephemeral(environ=os.environ, clock=SystemClock()) as running:\n"
        "    print(running.directory, flush=True)\n"
        "    sys.stdin.read()\n"
    )
    process = subprocess.Popen(
        [sys.executable, "-c", program],
        env={"PATH": os.environ["PATH"], "HOME": str(tmp_path), "TMPDIR": str(tmp_path)},
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        text=True,
    )
    assert process.stdout is not None
    folder = Path(process.stdout.readline().strip())
    assert below(folder)
    process.kill()
    process.communicate()
    assert until(lambda: not below(folder))
    assert until(lambda: not folder.exists())
