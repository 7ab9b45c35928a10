"""Search a function's code (package, archives in it, layers) for a word."""

from __future__ import annotations

import io
import zipfile
from typing import TYPE_CHECKING, Any, Final, NamedTuple

from ddbinsert.aws.errors import translated
from ddbinsert.errors import AwsError

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from ddbinsert.aws.session.session import Aws
    from ddbinsert.core.model.seen import FunctionState

#: Maximum bytes of an archive, and of its unpacked content, that is searched: Lambda's own limits.
_LARGEST, _LARGEST_UNPACKED = 262_144_000, 600_000_000
_SECONDS: Final = 60
_DEEPEST: Final = 2
_ARCHIVES: Final = (".zip", ".jar", ".war", ".whl", ".nupkg")


class Searched(NamedTuple):
    """The result of a search.

    Attributes:
        found: The first files that contain the word.
        files: Number of files that were searched.
        why: Why the code could not be searched, or only a part of it; empty if all was searched.
    """

    found: tuple[str, ...] = ()
    files: int = 0
    why: str = ""


class _TooLargeError(Exception):
    """The archive or its content is larger than the maximum that is searched."""


def search_code(aws: Aws, function: FunctionState, word: str) -> Searched:
    """Search for a word in a function's deployed code; code that cannot be read is reported, not an error."""
    if function.package_type != "Zip":
        return Searched(why="it is a container image, which is not read")
    client: Any = aws.client("lambda")
    try:
        with translated(f"read the code of function {function.name}"):
            answer = client.get_function(FunctionName=function.arn)
            if answer["Configuration"].get("FileSystemConfigs"):
                return Searched(why="it mounts a file system, which may contain code")
            places = [("", str(answer["Code"].get("Location") or ""))]
            for layer in function.layers:
                version = client.get_layer_version_by_arn(Arn=layer)
                places.append((f"{layer}: ", str(version["Content"].get("Location") or "")))
    except AwsError as error:
        return Searched(why=error.message)
    needles = (word.encode(), word.encode("utf-16-le"))
    found: list[str] = []
    files = 0
    for name, place in places:
        try:
            for file, holds in _files(_downloaded(place), needles):
                files += 1
                if holds:
                    found.append(name + file)
        except (
            OSError,
            ValueError,
            zipfile.BadZipFile,
            NotImplementedError,
            RuntimeError,
            _TooLargeError,
        ) as error:
            return Searched(found=tuple(found), files=files, why=f"its archive could not be read: {error}")
    return Searched(found=tuple(found[:5]), files=files)


def _downloaded(address: str) -> bytes:
    """The archive at an address that Lambda returned.

    Raises:
        OSError, ValueError: It cannot be read.
        _TooLargeError: It is larger than Lambda's limit.
    """
    import urllib.request

    if not address.startswith(("https://", "http://")):
        raise ValueError("Lambda returned no download URL")
    with urllib.request.urlopen(address, timeout=_SECONDS) as answer:  # noqa: S310 - checked above
        content: bytes = answer.read(_LARGEST + 1)
    if len(content) > _LARGEST:
        raise _TooLargeError("it is too large")
    return content


def _files(archive: bytes, needles: Sequence[bytes], depth: int = 0) -> Iterator[tuple[str, bool]]:
    """Each file of an archive, including nested archives, and whether it contains one of the needles."""
    left = _LARGEST_UNPACKED
    with zipfile.ZipFile(io.BytesIO(archive)) as opened:
        for one in opened.infolist():
            if one.is_dir():
                continue
            left -= one.file_size
            if left < 0:
                raise _TooLargeError("its content is too large")
            content = opened.read(one)
            yield one.filename, any(needle in content for needle in needles)
            if (
                depth < _DEEPEST
                and one.filename.lower().endswith(_ARCHIVES)
                and zipfile.is_zipfile(io.BytesIO(content))
            ):
                yield from (
                    (f"{one.filename}!{inner}", holds) for inner, holds in _files(content, needles, depth + 1)
                )
