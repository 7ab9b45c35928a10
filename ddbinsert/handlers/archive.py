"""Zip archives whose bytes depend only on the files' names, contents and execute bits.

They do not depend on the clock (every entry has the date 1980-01-01), the umask (modes are 0644, or 0755 for
executable files) or the listing order (entries are sorted by name). Small archives are stored without compression:
two versions of zlib may compress a text differently, and code with another hash would be uploaded again from every
other machine. Above ``STORED_LIMIT`` the size of the upload matters more; there the bytes also depend on zlib.
"""

from __future__ import annotations

import io
import zipfile
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Mapping

STORED_LIMIT = 4 * 1024 * 1024

_EPOCH = (1980, 1, 1, 0, 0, 0)
_UNIX = 3
_REGULAR_FILE = 0o100000
_LINK = 0o120000


def archive(
    files: Mapping[str, bytes],
    *,
    executable: frozenset[str] = frozenset(),
    links: Mapping[str, str] | None = None,
) -> bytes:
    """The zip archive of these files, by path inside the archive (``/`` between its parts).

    Args:
        links: Symbolic links (path to relative target), which Lambda unpacks as links.
    """
    size = sum(len(content) for content in files.values())
    method = zipfile.ZIP_STORED if size <= STORED_LIMIT else zipfile.ZIP_DEFLATED
    buffer = io.BytesIO()
    with zipfile.ZipFile(buffer, "w", method, compresslevel=9) as target:
        for name in sorted({*files, *(links or {})}):
            entry = zipfile.ZipInfo(name, _EPOCH)
            entry.create_system = _UNIX
            entry.compress_type = method
            if links and name in links:
                entry.external_attr = (_LINK | 0o777) << 16
                target.writestr(entry, links[name], compresslevel=9)
                continue
            entry.external_attr = (_REGULAR_FILE | (0o755 if name in executable else 0o644)) << 16
            target.writestr(entry, files[name], compresslevel=9)
    return buffer.getvalue()
