"""What is worth a warning in an archive that a user made."""

from __future__ import annotations

import zipfile
from typing import TYPE_CHECKING

from ddbinsert.handlers.ignored import Ignored

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

#: ``ZipInfo.create_system`` of archives with Unix permissions.
_UNIX = 3
_METHODS = (zipfile.ZIP_STORED, zipfile.ZIP_DEFLATED)
_SHOWN = 5


def archive_notes(entries: Sequence[zipfile.ZipInfo], what: str) -> Iterator[str]:
    """Sentences about files that Lambda cannot read or place, and that look like secrets."""
    if closed := [entry.filename for entry in entries if _is_closed(entry)]:
        yield (
            f"{what} holds files that Lambda cannot read ({_some(closed)}): their permissions are for the owner only. "
            "Set them to 0644 (0755 for programs) and make the archive again"
        )
    if outside := [entry.filename for entry in entries if _leads_out(entry)]:
        yield (
            f"{what} holds names that are not relative paths inside the function's folder ({_some(outside)}): it is not "
            "certain where they are unpacked"
        )
    if packed := [entry.filename for entry in entries if entry.compress_type not in _METHODS]:
        yield (
            f"{what} is compressed by another method than deflate ({_some(packed)}), which Lambda may not unpack"
        )
    ignored = Ignored([])
    if secret := [entry.filename for entry in entries if ignored.is_secret(entry.filename)]:
        yield f"{what} holds files that look like secrets ({_some(secret)}), and they are uploaded with it"


def _is_closed(entry: zipfile.ZipInfo) -> bool:
    """Whether only the owner can read it: Lambda runs the code as another user than the one that unpacks it."""
    mode = entry.external_attr >> 16
    return entry.create_system == _UNIX and mode != 0 and not mode & 0o004


def _leads_out(entry: zipfile.ZipInfo) -> bool:
    name = entry.filename
    return name.startswith("/") or "\\" in name or name[1:2] == ":" or ".." in name.split("/")


def _some(names: Sequence[str]) -> str:
    more = f" and {len(names) - _SHOWN} more" if len(names) > _SHOWN else ""
    return ", ".join(sorted(names)[:_SHOWN]) + more
