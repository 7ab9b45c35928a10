"""A folder's files as they go into an archive: by name, with what is executable, without what doesn't belong.

Left out: caches and bytecode, version control, virtual environments, editors' and tools' folders, files of
secrets (``.env``), and symbolic links (an archive that follows them can take in more than the folder).
"""

from __future__ import annotations

import os
import re
import stat
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from ddbinsert.errors import UsageError

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

_LEFT_OUT = re.compile(
    r"\.(git|hg|svn|bzr|venv|tox|nox|idea|vscode|aws-sam|serverless|terraform|cache|[a-z]+_cache|DS_Store"
    r"|gitignore|gitattributes|npmrc|env(\..+)?)"
    r"|__pycache__|.+\.py[co]|.+\.egg-info|Thumbs\.db|\.coverage(\..+)?",
    re.ASCII,
)
#: More than this many entries is a whole source tree or a home folder, given by mistake.
_MOST_FILES = 100_000


@dataclass
class Gathered:
    """Files by their names in the archive (``/`` between the parts).

    Attributes:
        executable: Those that the owner may execute.
        links: Symbolic links, which were left out.
    """

    files: dict[str, bytes] = field(default_factory=dict)
    executable: set[str] = field(default_factory=set)
    links: set[str] = field(default_factory=set)

    @property
    def size(self) -> int:
        return sum(len(content) for content in self.files.values())


def gather(folder: Path, *, largest: int) -> Gathered:
    """The folder's files.

    Args:
        largest: Bytes that they may have together; what goes beyond is refused before it is read.

    Raises:
        UsageError: Too large, unreadable, or a name that no archive can hold.
    """
    found = Gathered()
    size = 0
    for entry, name in _walk(str(folder), ""):
        if entry.is_symlink():
            found.links.add(name)
            continue
        facts = entry.stat(follow_symlinks=False)
        if not stat.S_ISREG(facts.st_mode):
            continue
        size += facts.st_size
        if size > largest or len(found.files) >= _MOST_FILES:
            raise UsageError(
                f"The code in {folder} is too large: more than {largest // 1024**2} MB, which is all that Lambda "
                f"takes unzipped, or more than {_MOST_FILES} files.",
                hint="Leave out what the function doesn't need, or use a container image.",
                code="code-too-large",
            )
        found.files[name] = read(entry.path)
        if facts.st_mode & stat.S_IXUSR:
            found.executable.add(name)
    return found


def read(path: str | Path) -> bytes:
    """A file's content.

    Raises:
        UsageError: It can't be read.
    """
    try:
        with open(path, "rb") as stream:  # noqa: PTH123 - scandir gives texts
            return stream.read()
    except OSError as error:
        raise UsageError(
            f"{path} can't be read: {error.strerror or error}.", code="code-not-readable"
        ) from error


def _walk(folder: str, prefix: str) -> Iterator[tuple[os.DirEntry[str], str]]:
    try:
        entries = sorted(os.scandir(folder), key=lambda entry: entry.name)
    except OSError as error:
        raise UsageError(
            f"{folder} can't be read: {error.strerror or error}.", code="code-not-readable"
        ) from error
    for entry in entries:
        if _LEFT_OUT.fullmatch(entry.name):
            continue
        name = prefix + entry.name
        _refuse_unspellable(name)
        if not entry.is_dir(follow_symlinks=False):
            yield entry, name
        elif not os.path.exists(os.path.join(entry.path, "pyvenv.cfg")):  # noqa: PTH110, PTH118
            yield from _walk(entry.path, f"{name}/")


def _refuse_unspellable(name: str) -> None:
    try:
        name.encode()
    except UnicodeEncodeError:
        raise UsageError(
            f"The file name {name!r} is not UTF-8.", hint="Rename the file.", code="code-not-readable"
        ) from None
