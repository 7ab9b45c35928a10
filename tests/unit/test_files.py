"""Replacing files: what is there besides a regular file stays what it is."""

from __future__ import annotations

import os
import stat
from typing import TYPE_CHECKING

from ddbinsert.files import replace_file

if TYPE_CHECKING:
    from pathlib import Path


def test_a_pipe_is_written_to_and_stays_a_pipe(tmp_path: Path) -> None:
    pipe = tmp_path / "pipe"
    os.mkfifo(pipe)
    reader = os.open(pipe, os.O_RDONLY | os.O_NONBLOCK)
    try:
        replace_file(pipe, "for the reader")
        assert os.read(reader, 100) == b"for the reader"
    finally:
        os.close(reader)
    assert stat.S_ISFIFO(pipe.stat().st_mode)
    assert [one.name for one in tmp_path.iterdir()] == ["pipe"]


def test_a_link_stays_a_link_and_its_target_keeps_its_permissions(tmp_path: Path) -> None:
    target, link = tmp_path / "there" / "file", tmp_path / "link"
    target.parent.mkdir()
    target.write_text("old")
    target.chmod(0o640)
    link.symlink_to("there/file")
    replace_file(link, "new")
    assert str(link.readlink()) == "there/file"
    assert (target.read_text(), stat.S_IMODE(target.stat().st_mode)) == ("new", 0o640)
