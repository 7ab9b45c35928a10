"""demo: the whole story by one command, and no trace of it afterwards."""

from __future__ import annotations

import os
import signal
from typing import TYPE_CHECKING

import pytest

from tests.functional.command import Ran, begun, ended, ran, ran_apart, until
from tests.functional.helpers import check_envelope
from tests.functional.processes import below

if TYPE_CHECKING:
    from pathlib import Path


@pytest.fixture
def bare(tmp_path: Path) -> dict[str, str]:
    """A user who has nothing: no AWS account, no configuration, an empty home."""
    for name in ("home", "tmp"):
        (tmp_path / name).mkdir()
    return {
        "PATH": os.environ.get("PATH", os.defpath),
        "HOME": str(tmp_path / "home"),
        "TMPDIR": str(tmp_path / "tmp"),
    }


def _left(tmp_path: Path) -> list[str]:
    """Files and processes that are still there."""
    files = [str(path) for name in ("home", "tmp") for path in (tmp_path / name).rglob("*")]
    return files + [f"process {pid}" for pid in below(tmp_path / "tmp")]


def _leaves_nothing(tmp_path: Path) -> None:
    """What a handler's process was doing may take it a moment longer than its emulator."""
    assert until(lambda: not _left(tmp_path)), _left(tmp_path)


def _is_the_story(shown: Ran) -> None:
    lines = shown.out.splitlines()
    assert len(lines) < 40
    commands = [line for line in lines if line.startswith("$ ddbinsert ")]
    assert [command.split()[2] for command in commands] == [
        "attach-trigger",
        "verify",
        "verify",
        "attach-trigger",
        "verify",
        "gaps",
        "gaps",
    ]
    assert [line.split(":")[0] for line in lines if line.startswith(("  PASS: ", "  FAIL: "))] == [
        "  PASS",
        "  FAIL",
        "  PASS",
    ]
    assert "filter-leaks" in shown.out
    (advice,) = (line.removeprefix("    repair: ") for line in lines if line.startswith("    repair: "))
    assert f"$ {advice}" in commands
    assert "1 of " in shown.out
    assert "[no-mapping]" in shown.out
    assert "now none of " in shown.out
    assert "ddbinsert attach-trigger TABLE && ddbinsert verify TABLE" in shown.out


def test_the_story_is_told_and_nothing_is_left_behind(bare: dict[str, str], tmp_path: Path) -> None:
    shown = ran_apart("demo", variables=bare)
    assert shown.code == 0, shown.out + shown.err
    assert shown.err == ""
    _is_the_story(shown)
    assert "\x1b" not in shown.out
    _leaves_nothing(tmp_path)


def test_a_script_gets_every_proof_and_audit(bare: dict[str, str]) -> None:
    shown = ran("demo", "--output", "json", variables=bare)
    check_envelope(shown.json, command="demo", code=0)
    assert shown.data["as_expected"] is True
    assert shown.data["healthy"]["verdict"] == "PASS"
    assert shown.data["broken"]["verdict"] == "FAIL"
    assert shown.data["repaired"]["verdict"] == "PASS"
    assert (shown.data["missed"], shown.data["missed_after_repair"]) == (1, 0)
    assert "filter-leaks" in {finding["code"] for finding in shown.data["broken"]["findings"]}


def test_nothing_in_the_users_aws_configuration_can_lead_it_elsewhere(
    bare: dict[str, str], tmp_path: Path
) -> None:
    aws = tmp_path / "aws"
    aws.write_text("[default]\nendpoint_url = http://127.0.0.1:9\nregion = nowhere\n")
    shown = ran_apart(
        "demo",
        "--quiet",
        variables={
            **bare,
            "AWS_ENDPOINT_URL": "http://127.0.0.1:9",
            "AWS_ENDPOINT_URL_DYNAMODB": "http://127.0.0.1:9",
            "AWS_PROFILE": "not-there",
            "AWS_CONFIG_FILE": str(aws),
            "AWS_ACCESS_KEY_ID": "AKIAUSER",
            "AWS_SECRET_ACCESS_KEY": "secret",
            "AWS_SESSION_TOKEN": "token",
            "HTTP_PROXY": "http://127.0.0.1:9",
            "http_proxy": "http://127.0.0.1:9",
        },
    )
    assert shown.code == 0, shown.out + shown.err
    _is_the_story(shown)


def test_a_configuration_file_where_it_is_run_does_not_change_the_story(
    bare: dict[str, str], tmp_path: Path
) -> None:
    (tmp_path / "ddbinsert.yaml").write_text("table: mine\nmapping: {enabled: false}\nnonsense: 1\n")
    assert ran("demo", variables=bare, cwd=tmp_path).code == 0


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM])
def test_an_interrupt_in_the_middle_ends_the_emulator_and_leaves_nothing(
    bare: dict[str, str], tmp_path: Path, number: signal.Signals
) -> None:
    process = begun("demo", variables=bare)
    assert until(lambda: below(tmp_path / "tmp"))
    process.send_signal(number)
    shown = ended(process)
    assert shown.code == 130
    assert "Traceback" not in shown.err
    _leaves_nothing(tmp_path)


def test_it_can_be_run_twice_at_once(bare: dict[str, str], tmp_path: Path) -> None:
    both = [begun("demo", variables=bare) for _ in range(2)]
    for shown in [ended(process) for process in both]:
        assert shown.code == 0, shown.out + shown.err
    _leaves_nothing(tmp_path)


def test_a_reader_that_has_enough_ends_it_quietly_and_nothing_is_left(
    bare: dict[str, str], tmp_path: Path
) -> None:
    process = begun("demo", variables=bare)
    assert process.stdout is not None
    assert process.stdout.readline()
    process.stdout.close()
    assert process.stderr is not None
    said = process.stderr.read()
    process.wait()
    process.stderr.close()
    assert "Traceback" not in said
    assert "Exception" not in said
    _leaves_nothing(tmp_path)


def test_colours_are_there_only_when_they_are_asked_for(bare: dict[str, str]) -> None:
    shown = ran("demo", variables={**bare, "FORCE_COLOR": "1"})
    assert "\x1b[" in shown.out
