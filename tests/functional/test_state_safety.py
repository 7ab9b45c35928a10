"""Folders and variables of people's own: nothing that ddbinsert did not create is changed or removed."""

from __future__ import annotations

import itertools
import os
from typing import TYPE_CHECKING

import pytest

from tests.examples import some
from tests.functional.command import begun, ended, ran

if TYPE_CHECKING:
    from pathlib import Path


@pytest.fixture
def project(tmp_path: Path) -> Path:
    """Somebody's project, in which folders have the names that the emulator's have."""
    local = tmp_path / "proj" / "local"
    for name in ("run-1", "run-of-the-mill"):
        (local / name).mkdir(parents=True)
        (local / name / "results.csv").write_text("dear\n")
    (local / "notes.txt").write_text("mine")
    local.chmod(0o755)
    return tmp_path / "proj"


def _content(folder: Path) -> set[tuple[str, int]]:
    return {(str(path.relative_to(folder)), path.stat().st_mode) for path in folder.rglob("*")}


@pytest.mark.parametrize("command", ["start", "stop", "status", "env"])
def test_a_folder_that_is_not_ours_is_left_alone(command: str, project: Path, tmp_path: Path) -> None:
    before = _content(project)
    bare = {"PATH": os.defpath, "HOME": str(tmp_path), "DDBINSERT_STATE_DIR": str(project)}
    done = ran("local", command, variables=bare)
    assert done.code in (1, 5), done.err
    assert _content(project) == before
    if command in ("start", "stop"):
        assert "contains files that are not ddbinsert's" in done.err
        assert "DDBINSERT_STATE_DIR" in done.err


@pytest.mark.parametrize("command", ["start", "stop", "status"])
def test_a_state_folder_that_is_a_link_is_refused(command: str, project: Path, tmp_path: Path) -> None:
    planted = tmp_path / "state"
    planted.mkdir()
    (project / "local" / "alive.lock").touch()  # as if it were ours
    (planted / "local").symlink_to(project / "local")
    before = _content(project)
    bare = {"PATH": os.defpath, "HOME": str(tmp_path), "DDBINSERT_STATE_DIR": str(planted)}
    done = ran("local", command, variables=bare)
    assert done.code in (1, 5), done.err
    assert _content(project) == before
    if command != "status":
        assert "symbolic link" in done.err


def test_in_our_folder_only_what_bears_our_mark_is_removed(project: Path, tmp_path: Path) -> None:
    state = tmp_path / "state" / "local"
    state.mkdir(parents=True)
    (state / "alive.lock").touch()
    ours, theirs, linked = state / "run-ours", state / "run-theirs", state / "run-linked"
    for run in (ours, theirs):
        run.mkdir()
        (run / "file").write_text("x")
    (ours / ".ddbinsert-run").touch()
    (ours / "linked").symlink_to(project)
    (project / "local" / "run-1" / ".ddbinsert-run").touch()
    linked.symlink_to(project / "local" / "run-1")
    bare = {"PATH": os.defpath, "HOME": str(tmp_path), "DDBINSERT_STATE_DIR": str(tmp_path / "state")}
    assert ran("local", "stop", variables=bare).code == 0
    assert not ours.exists()
    assert (theirs / "file").exists()
    assert (project / "local" / "run-1" / "results.csv").exists()
    assert (project / "local" / "notes.txt").exists()


ODD = (
    {"DDBINSERT_STATE_DIR": "~nosuchuser/x"},
    {"DDBINSERT_CACHE_DIR": "~nosuchuser/x"},
    {"AWS_CA_BUNDLE": "~nosuchuser/x"},
    {"AWS_CONFIG_FILE": "~nosuchuser/x"},
    {"AWS_DATA_PATH": "~nosuchuser/x"},
    {"DDBINSERT_STATE_DIR": "relative"},
    {"TZ": "UTC+25"},
    {"TZ": "No/Such-Zone"},
    {"LC_ALL": "nonsense"},
    {"COLUMNS": "wide"},
    {"COLUMNS": "-1"},
    {"HOME": ""},
    {"HOME": "relative"},
)


@pytest.mark.parametrize(
    ("variables", "gone"), some(itertools.product(ODD, [False, True]), one_in=3), ids=str
)
def test_odd_variables_and_a_deleted_folder_are_no_bug(
    variables: dict[str, str], gone: bool, connection: dict[str, str], tmp_path: Path
) -> None:
    before = "import os, tempfile; d = tempfile.mkdtemp(); os.chdir(d); os.rmdir(d)" if gone else ""
    for words in (
        ("status", "orders-of-nobody"),
        ("local", "status"),
        ("tail", "--log-group", "none", "--since", "2026-01-01T10:00"),
    ):
        given = {**connection, "PATH": os.defpath, "HOME": str(tmp_path), **variables}
        done = ended(begun(*words, variables=given, before=before, cwd=tmp_path))
        assert done.code in (1, 3, 5), (words, done)
        assert "Traceback" not in done.err


@pytest.mark.parametrize(
    "before",
    [
        "import resource; resource.setrlimit(resource.RLIMIT_FSIZE, (0, 0))",
        "import resource; resource.setrlimit(resource.RLIMIT_FSIZE, (1000, 1000))",
    ],
    ids=["nothing can be written", "the disk is full"],
)
def test_a_temporary_folder_that_is_full_is_no_bug(
    before: str, connection: dict[str, str], tmp_path: Path
) -> None:
    """A limit of the size of files fails as a full disk does: with an OSError in the middle of writing."""
    (tmp_path / "handler.py").write_text("def handler(event, context):\n    return None\n" * 100)
    (tmp_path / "event.json").write_text('{"Records": []}')
    given = {
        **connection,
        "PATH": os.defpath,
        "HOME": str(tmp_path),
        "DDBINSERT_CACHE_DIR": str(tmp_path / "c"),
    }
    words = ("function", "invoke", "orders", "--code", "handler.py", "--event", "event.json", "-o", "json")
    done = ended(begun(*words, variables=given, before=before, cwd=tmp_path))
    assert done.code == 5, done
    assert "TMPDIR" in done.err
    assert "Traceback" not in done.err
