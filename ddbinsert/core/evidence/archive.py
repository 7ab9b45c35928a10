"""The zip file of an evidence bundle: one canonical form for the same content, and a reader that rejects all others.

Files are stored uncompressed, sorted by name, all with the same time, without comments, extra fields, gaps or data
before or after. So nothing can be hidden beside the files, names are unique, no name leads out of the folder, and the
archive does not grow when it is unpacked. An archive packed again by a zip program differs and is rejected.

Layout (PKWARE's APPNOTE 6.3): for each file a local header (30 bytes and the name) and its content; then for each
file an entry of the directory (46 bytes and the name); then the end record (22 bytes).
"""

from __future__ import annotations

import re
import struct
import zlib
from datetime import UTC, datetime
from hashlib import sha256
from typing import TYPE_CHECKING, BinaryIO, Final, Protocol

from ddbinsert.dataclass import dataclass

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator, Sequence

_NAME: Final = re.compile(r"[a-z0-9][a-z0-9._-]*(?:/[a-z0-9][a-z0-9._-]*)*")
_LONGEST_NAME: Final = 200
_MOST_FILES: Final = 1_000
#: The maximum of the format's 32-bit fields; the 64-bit extension is not used.
_LIMIT: Final = 2**32 - 2
_LOCAL: Final = struct.Struct("<4s5H3L2H")
_ENTRY: Final = struct.Struct("<4s6H3L5H2L")
_END: Final = struct.Struct("<4s4H2LH")
_VERSION: Final = 20
_PIECE: Final = 1 << 20
#: A regular file with mode 644, in Unix's form, as the upper half of the external attributes.
_ATTRIBUTES: Final = 0o100644 << 16
_MADE_ON_UNIX: Final = 3 << 8 | _VERSION


class NotCanonical(Exception):
    """The bytes are not a canonical archive; the message says where and why, without a full stop."""


@dataclass(frozen=True, kw_only=True)
class ArchivedFile:
    """A file of an archive.

    Attributes:
        crc: CRC-32 of the content.
        sha256: 64 hexadecimal digits.
    """

    name: str
    size: int
    crc: int
    sha256: str


class Content(Protocol):
    """Returns a file's content in pieces, from its beginning on each call."""

    def __call__(self) -> Iterable[bytes]: ...


def measured(name: str, content: Content) -> ArchivedFile:
    """The description of a file for its header and the manifest.

    Raises:
        ValueError: The name is not allowed in a bundle.
    """
    if not is_allowed(name):
        raise ValueError(f"{name!r} is not allowed as a name")
    digest, size, crc = sha256(), 0, 0
    for piece in content():
        digest.update(piece)
        crc = zlib.crc32(piece, crc)
        size += len(piece)
    return ArchivedFile(name=name, size=size, crc=crc, sha256=digest.hexdigest())


def is_allowed(name: str) -> bool:
    """Whether a file of a bundle may have this name: lower-case ASCII letters, and no path out of the folder."""
    return len(name) <= _LONGEST_NAME and _NAME.fullmatch(name) is not None


def packed(files: Sequence[tuple[ArchivedFile, Content]], at: float) -> Iterator[bytes]:
    """The archive in pieces.

    Args:
        at: Epoch seconds: the time of every file, in UTC, rounded to two seconds by the format.

    Raises:
        ValueError: It would be larger than 4 GiB, or two files have one name.
    """
    ordered = sorted(files, key=lambda pair: pair[0].name)
    names = [stored.name for stored, _ in ordered]
    if len(set(names)) < len(names):
        raise ValueError("two files have one name")
    total = sum(stored.size + 2 * len(stored.name) + _LOCAL.size + _ENTRY.size for stored, _ in ordered)
    if total > _LIMIT or len(names) > _MOST_FILES:
        raise ValueError("it would be larger than 4 GiB")
    moment = _moment(at)
    for stored, content in ordered:
        yield _local_header(stored, moment)
        yield from content()
    yield _directory([stored for stored, _ in ordered], moment)


def read(file: BinaryIO, taken: Callable[[str, bytes], None]) -> tuple[tuple[ArchivedFile, ...], bytes]:
    """Read an archive from its first byte to its last, and compare every byte with the canonical form.

    Args:
        taken: Called with a file's name and each piece of its content.

    Returns:
        The files, and the time of all of them in the format's four bytes.

    Raises:
        NotCanonical: Any byte outside the content of files differs.
    """
    found: list[ArchivedFile] = []
    moment = b""
    while True:
        start = file.tell()
        magic = _exactly(file, 4, found)
        if magic != b"PK\x03\x04":
            break
        head = magic + _exactly(file, _LOCAL.size - 4, found)
        stored, at = _described(head, file, found)
        if moment and at != moment:
            raise NotCanonical(f"{stored.name} has another time than the files before it")
        if found and stored.name <= found[-1].name:
            raise NotCanonical(f"{stored.name} is there twice, or not in its place")
        moment = at
        if head + stored.name.encode() != _local_header(stored, moment):
            raise NotCanonical(f"the header of {stored.name} (at byte {start:,}) was changed")
        found.append(_content(file, stored, taken))
        if len(found) > _MOST_FILES:
            raise NotCanonical("it holds too many files")
    if not found:
        raise NotCanonical("it is not an evidence bundle: the first bytes do not match")
    rest = magic + file.read(len(found) * (_ENTRY.size + _LONGEST_NAME) + _END.size)
    _compare_directory(rest, found, moment)
    return tuple(found), moment


def moment_of(at: float) -> bytes:
    """Epoch seconds as the format's time and date, in UTC."""
    return struct.pack("<2H", *_moment(at))


def _compare_directory(rest: bytes, found: Sequence[ArchivedFile], moment: bytes) -> None:
    time, date = struct.unpack("<2H", moment)
    wanted = _directory(found, (time, date))
    if rest == wanted:
        return
    if rest.startswith(wanted):
        raise NotCanonical(f"something follows after the end ({len(rest) - len(wanted):,} bytes or more)")
    if not rest.startswith(b"PK\x01\x02"):
        raise NotCanonical(
            f"{found[-1].name} is longer or shorter than its header says, or what follows it was changed"
        )
    differs = next(
        (at for at, pair in enumerate(zip(rest, wanted, strict=False)) if pair[0] != pair[1]), len(rest)
    )
    position = 0
    for stored in found:
        position += _ENTRY.size + len(stored.name)
        if differs < position:
            raise NotCanonical(f"the directory's entry of {stored.name} was changed")
    raise NotCanonical("the end of the directory was changed, or is missing")


def _exactly(file: BinaryIO, count: int, found: Sequence[ArchivedFile]) -> bytes:
    got = file.read(count)
    if len(got) < count:
        after = f" after {found[-1].name}" if found else ""
        raise NotCanonical(f"it is not an evidence bundle, or was cut off{after}")
    return got


def _described(head: bytes, file: BinaryIO, found: Sequence[ArchivedFile]) -> tuple[ArchivedFile, bytes]:
    """The file that a local header describes, without its SHA-256, and the time in the header."""
    _, _, _, method, time, date, crc, packed_size, size, name_length, _ = _LOCAL.unpack(head)
    if name_length > _LONGEST_NAME:
        raise NotCanonical(
            f"the name of a file after {found[-1].name if found else 'the beginning'} is too long"
        )
    name = _exactly(file, name_length, found).decode("ascii", errors="backslashreplace")
    if not is_allowed(name):
        raise NotCanonical(f"the name {name!r} is not allowed")
    if method:
        raise NotCanonical(f"{name} is compressed: the files were packed again")
    if packed_size != size:
        raise NotCanonical(f"the header of {name} was changed")
    return ArchivedFile(name=name, size=size, crc=crc, sha256=""), struct.pack("<2H", time, date)


def _content(file: BinaryIO, stored: ArchivedFile, taken: Callable[[str, bytes], None]) -> ArchivedFile:
    digest, crc, left = sha256(), 0, stored.size
    while left:
        piece = file.read(min(left, _PIECE))
        if not piece:
            raise NotCanonical(f"it was cut off in {stored.name}")
        digest.update(piece)
        crc = zlib.crc32(piece, crc)
        taken(stored.name, piece)
        left -= len(piece)
    if crc != stored.crc:
        raise NotCanonical(f"the content of {stored.name} was changed (its checksum differs)")
    return ArchivedFile(name=stored.name, size=stored.size, crc=crc, sha256=digest.hexdigest())


def _moment(at: float) -> tuple[int, int]:
    when = datetime.fromtimestamp(min(max(at, 315532800.0), 4354819198.0), UTC)  # 1980 to 2107
    time = when.hour << 11 | when.minute << 5 | when.second // 2
    return time, (when.year - 1980) << 9 | when.month << 5 | when.day


def _local_header(stored: ArchivedFile, moment: tuple[int, int] | bytes) -> bytes:
    time, date = struct.unpack("<2H", moment) if isinstance(moment, bytes) else moment
    name = stored.name.encode()
    sizes = (stored.crc, stored.size, stored.size)
    return _LOCAL.pack(b"PK\x03\x04", _VERSION, 0, 0, time, date, *sizes, len(name), 0) + name


def _directory(files: Sequence[ArchivedFile], moment: tuple[int, int]) -> bytes:
    entries, offset = [], 0
    for stored in files:
        name = stored.name.encode()
        sizes = (stored.crc, stored.size, stored.size)
        head = (b"PK\x01\x02", _MADE_ON_UNIX, _VERSION, 0, 0, *moment, *sizes, len(name), 0, 0, 0, 0)
        entries.append(_ENTRY.pack(*head, _ATTRIBUTES, offset) + name)
        offset += _LOCAL.size + len(name) + stored.size
    size = sum(map(len, entries))
    count = len(entries)
    return b"".join(entries) + _END.pack(b"PK\x05\x06", 0, 0, count, count, size, offset, 0)
