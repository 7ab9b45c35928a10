"""The files of a folder for an archive: by name, with their executable bits, without files that do not belong.

Left out are files that ``ignored`` lists (caches, version control, virtual environments, secrets), and symbolic links
that lead out of the folder (following them would include more than the folder). Links inside the folder are kept as
links, because packages of pnpm and of workspaces depend on them.
"""

from __future__ import annotations

import os
import stat
from dataclasses import field
from pathlib import Path
from typing import TYPE_CHECKING

from ddbinsert.dataclass import dataclass
from ddbinsert.errors import UsageError
from ddbinsert.handlers.ignored import Ignored, ignored_in

if TYPE_CHECKING:
    from collections.abc import Iterator

#: A folder with more entries than this is a source tree or a home folder, given by mistake.
_MOST_FILES = 100_000


@dataclass
class Gathered:
    """Files by their names in the archive (``/`` between the parts).

    Attributes:
        executable: Files that the owner may execute.
        links: Symbolic links inside the folder: name to relative target.
        strays: Symbolic links that were left out because they are broken or lead out of the folder.
        secrets: Files and folders that were left out as secrets.
    """

    files: dict[str, bytes] = field(default_factory=dict)
    executable: set[str] = field(default_factory=set)
    links: dict[str, str] = field(default_factory=dict)
    strays: set[str] = field(default_factory=set)
    secrets: set[str] = field(default_factory=set)

    @property
    def size(self) -> int:
        return sum(len(content) for content in self.files.values())


def gather(folder: Path, *, largest: int, is_installed: bool = False) -> Gathered:
    """The folder's files.

    Args:
        largest: Maximum total size in bytes; a larger folder is refused before it is read.
        is_installed: An installer wrote the folder, so that it contains no secrets.

    Raises:
        UsageError: It is too large or unreadable, or an archive cannot contain a name.
    """
    found = Gathered()
    ignored = Ignored([], secrets=False) if is_installed else ignored_in(folder)
    size = 0
    for entry, name in _walk(str(folder), "", ignored, found.secrets):
        if entry.is_symlink():
            _keep_link(entry.path, name, folder, ignored, found)
            continue
        facts = entry.stat(follow_symlinks=False)
        if not stat.S_ISREG(facts.st_mode):
            continue
        size += facts.st_size
        if size > largest or len(found.files) >= _MOST_FILES:
            raise UsageError(
                f"The code in {folder} is too large: more than {largest // 1024**2} MB, which is all that "
                f"Lambda allows unzipped, or more than {_MOST_FILES} files.",
                hint="Leave out what the function doesn't need, or use a container image.",
                code="code-too-large",
            )
        content = read(entry.path)
        if ignored.is_secret(name, content):
            found.secrets.add(name)
            continue
        found.files[name] = content
        if facts.st_mode & stat.S_IXUSR:
            found.executable.add(name)
    return found


def _keep_link(path: str, name: str, folder: Path, ignored: Ignored, found: Gathered) -> None:
    """Keep a link as a link if its target is in the archive, too."""
    root, target = os.path.realpath(folder), os.path.realpath(path)
    inside = os.path.relpath(target, root)
    is_stray = not Path(target).exists() or inside.split(os.sep, 1)[0] == os.pardir
    if is_stray or _is_left_out(inside.replace(os.sep, "/"), Path(target).is_dir(), ignored):
        found.strays.add(name)
    else:
        parent = os.path.realpath(Path(path).parent)
        found.links[name] = os.path.relpath(target, parent).replace(os.sep, "/")


def _is_left_out(name: str, is_folder: bool, ignored: Ignored) -> bool:
    parts = [part for part in name.split("/") if part != os.curdir]
    folders = ["/".join(parts[: end + 1]) + "/" for end in range(len(parts) - (not is_folder))]
    return any(map(ignored.leaves_out, folders)) or (not is_folder and ignored.leaves_out(name))


def read(path: str | Path) -> bytes:
    """A file's content.

    Raises:
        UsageError: It cannot be read.
    """
    try:
        with open(path, "rb") as stream:  # noqa: PTH123 - scandir gives texts
            return stream.read()
    except OSError as error:
        raise UsageError(
            f"{path} can't be read: {error.strerror or error}.", code="code-not-readable"
        ) from error


def _walk(
    folder: str, prefix: str, ignored: Ignored, secrets: set[str]
) -> Iterator[tuple[os.DirEntry[str], str]]:
    try:
        entries = sorted(os.scandir(folder), key=lambda entry: entry.name)
    except OSError as error:
        raise UsageError(
            f"{folder} can't be read: {error.strerror or error}.", code="code-not-readable"
        ) from error
    for entry in entries:
        is_folder = entry.is_dir(follow_symlinks=False)
        name = prefix + entry.name + ("/" if is_folder else "")
        _refuse_unspellable(name)
        if ignored.leaves_out(name):
            if ignored.is_secret(name):
                secrets.add(name)
        elif not is_folder:
            yield entry, name
        elif not os.path.exists(os.path.join(entry.path, "pyvenv.cfg")):  # noqa: PTH110, PTH118
            yield from _walk(entry.path, name, ignored, secrets)


def _refuse_unspellable(name: str) -> None:
    try:
        name.encode()
    except UnicodeEncodeError:
        raise UsageError(
            f"The file name {name!r} is not UTF-8.", hint="Rename the file.", code="code-not-readable"
        ) from None
