"""What lives below a state folder, read from /proc: emulators, and the workers that they began."""

from __future__ import annotations

import contextlib
import socket
from pathlib import Path
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Mapping


def emulators(variables: Mapping[str, str]) -> set[int]:
    """Every process whose emulator's folder lies below this state folder."""
    return _marked(f"STATE_DIR={variables['DDBINSERT_STATE_DIR']}/")


def below(folder: Path) -> set[int]:
    """The same for an emulator whose own folder is here."""
    return _marked(f"STATE_DIR={folder}/")


def _marked(mark: str) -> set[int]:
    found = set()
    for environ in Path("/proc").glob("[0-9]*/environ"):
        with contextlib.suppress(OSError):
            entries = environ.read_bytes().split(b"\0")
            if any(entry.startswith(mark.encode()) for entry in entries):
                found.add(int(environ.parent.name))
    return found


def environment_of(pid: int) -> str:
    return Path(f"/proc/{pid}/environ").read_bytes().decode()


def listening(pid: int) -> set[tuple[str, int]]:
    """The addresses that a process listens on."""
    inodes = set()
    for descriptor in Path(f"/proc/{pid}/fd").iterdir():
        with contextlib.suppress(OSError):
            inodes.add(str(descriptor.readlink()))
    return {
        address
        for table in ("tcp", "tcp6")
        for address, inode in _listeners(Path(f"/proc/{pid}/net/{table}"))
        if f"socket:[{inode}]" in inodes
    }


def _listeners(table: Path) -> list[tuple[tuple[str, int], str]]:
    found = []
    for line in table.read_text().splitlines()[1:]:
        fields = line.split()
        if fields[3] == "0A":
            raw, port = fields[1].split(":")
            host = socket.inet_ntoa(bytes.fromhex(raw)[::-1]) if len(raw) == 8 else f"[{raw}]"
            found.append(((host, int(port, 16)), fields[9]))
    return found
