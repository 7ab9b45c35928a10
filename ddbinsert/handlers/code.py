"""The deployment package of the user's own code: a file, a folder or an archive."""

from __future__ import annotations

import io
import posixpath
import zipfile
from typing import TYPE_CHECKING

from ddbinsert.core.model.bounds import LARGEST_UNZIPPED, LARGEST_UPLOAD
from ddbinsert.core.model.package import Package
from ddbinsert.dataclass import dataclass
from ddbinsert.errors import PrerequisiteError, UsageError
from ddbinsert.handlers.archive import archive
from ddbinsert.handlers.archive_notes import archive_notes
from ddbinsert.handlers.dependencies import unread_lock, with_dependencies
from ddbinsert.handlers.entry import BOOTSTRAP, check_function, check_handler, family_of, find_handler
from ddbinsert.handlers.folder_files import Gathered, gather, read
from ddbinsert.handlers.ignored import FILE_NAME as IGNORE_FILE
from ddbinsert.handlers.module_kind import module_notes
from ddbinsert.handlers.rights import FILE_NAME, Declaration, declaration

if TYPE_CHECKING:
    from collections.abc import Callable, Collection, Iterator, Mapping
    from pathlib import Path

_ARCHIVES = (".zip", ".jar")
#: Files that a copy of the audit-log template contains, even if its handler was edited.
_AUDIT_FILES = frozenset(("ddbinsert_audit.py", "ddbinsert_audit.mjs"))


@dataclass(frozen=True, kw_only=True)
class _Content:
    """The content of the function, in whichever form it was given.

    Attributes:
        read: Returns the text of one of ``names``.
        strays: Symbolic links that were left out.
        rights: The permissions in the code's ``rights.json``.
    """

    zip_bytes: bytes
    names: Collection[str]
    size: int
    read: Callable[[str], str]
    strays: Collection[str] = ()
    notes: tuple[str, ...] = ()
    rights: Declaration | None = None


def package_code(
    path: Path,
    *,
    runtime: str,
    handler: str | None,
    architecture: str,
    environment: Mapping[str, str] | None = None,
    layers: bool = False,
    largest_upload: int = LARGEST_UPLOAD,
) -> Package:
    """The package of the user's own code; the same bytes on every machine for the same files.

    Args:
        path: A file (packed alone; for provided.* runtimes as ``bootstrap``), a folder (its content, with the
            dependencies in requirements.txt or package.json), or a .zip or .jar (used unchanged).
        handler: The entry point in Lambda's spelling; None finds the usual ones.
        architecture: ``arm64`` or ``x86_64``, for which dependencies are installed.
        environment: The function's variables, which the permissions in ``rights.json`` may refer to.
        layers: The function has layers, which may contain the entry point, so that it is not checked.
        largest_upload: Maximum size of the archive in bytes.

    Raises:
        PrerequisiteError: The path, or a tool that installs dependencies, does not exist.
        UsageError: It cannot be a function's code: it is empty, too large, not an archive, or has no entry point.
    """
    content = _content(path, runtime, architecture)
    package = _package(content, str(path), runtime, handler, environment=environment or {}, layers=layers)
    refuse_upload(len(package.zip_bytes), path, largest_upload)
    return package


def package_archive(
    archive: bytes,
    what: str,
    *,
    runtime: str,
    handler: str | None,
    environment: Mapping[str, str],
    layers: bool,
) -> Package:
    """The package of an archive, which messages call ``what``. See ``package_code``.

    Raises:
        UsageError: It cannot be a function's code.
    """
    return _package(_ready(archive, what), what, runtime, handler, environment=environment, layers=layers)


def _package(
    content: _Content,
    what: str,
    runtime: str,
    handler: str | None,
    *,
    environment: Mapping[str, str],
    layers: bool,
) -> Package:
    if not content.names:
        raise UsageError(
            f"{what} contains no files for a function.",
            hint=f"Caches, version control, virtual environments and files listed in {IGNORE_FILE} are left out.",
            code="code-empty",
        )
    if content.size > LARGEST_UNZIPPED:
        raise UsageError(
            f"The code in {what} is too large: {_megabytes(content.size)} unzipped. "
            f"Lambda allows {LARGEST_UNZIPPED // 1024**2} MB, layers included.",
            hint="Leave out what the function doesn't need, or use a container image.",
            code="code-too-large",
        )
    named = handler or find_handler(runtime, content.names, content.read)
    if not layers:
        check_handler(runtime, named, content.names, links=content.strays)
        check_function(runtime, named, content.names, content.read)
    rights = content.rights.rights(environment) if content.rights else ()
    return Package(
        zip_bytes=content.zip_bytes,
        handler=named,
        rights=rights,
        keeps_audit_log=any(posixpath.basename(name) in _AUDIT_FILES for name in content.names),
        unzipped_size=content.size,
        files=len(content.names),
        notes=(*content.notes, *module_notes(runtime, named, content.names, content.read)),
    )


def refuse_upload(size: int, what: object, largest: int = LARGEST_UPLOAD) -> None:
    """Refuse an archive that is too large for a request to Lambda.

    Raises:
        UsageError: It has more than ``largest`` bytes.
    """
    if size > largest:
        raise UsageError(
            f"The archive of {what} is too large to upload: {_megabytes(size)}. "
            f"Lambda allows {LARGEST_UPLOAD // 1024**2} MB in a request.",
            hint="Specify an S3 bucket in the function's region for the upload: function.code_bucket.",
            code="code-too-large",
        )


def _content(path: Path, runtime: str, architecture: str) -> _Content:
    if path.is_dir():
        return _folder(path, runtime, architecture)
    if not path.exists():
        raise PrerequisiteError(
            f"The code {path} does not exist.",
            hint="function.code is a path relative to the configuration file (or to the working directory, without one).",
            code="code-not-found",
        )
    if not path.is_file():
        raise UsageError(f"{path} is neither a file nor a folder.", code="code-not-readable")
    if path.suffix.lower() in _ARCHIVES:
        return _ready(read(path), str(path))
    return _single(path, runtime)


def _single(path: Path, runtime: str) -> _Content:
    own_executable = family_of(runtime) == "provided"
    name = BOOTSTRAP if own_executable else path.name
    size = path.stat().st_size
    if size > LARGEST_UNZIPPED:
        return _Content(zip_bytes=b"", names=(name,), size=size, read=lambda _: "")
    gathered = Gathered(files={name: read(path)})
    beside = path.parent / FILE_NAME
    rights = declaration(read(beside), str(beside)) if beside.is_file() else None
    return _packed(gathered, runtime, rights)


def _folder(path: Path, runtime: str, architecture: str) -> _Content:
    gathered = gather(path, largest=LARGEST_UNZIPPED)
    declared = gathered.files.pop(FILE_NAME, None)
    rights = declaration(declared, str(path / FILE_NAME)) if declared is not None else None
    built = with_dependencies(gathered, path, runtime=runtime, architecture=architecture)
    lock = unread_lock(gathered, runtime)
    return _packed(built, runtime, rights, notes=(*_left_out(gathered), *((lock,) if lock else ())))


def _left_out(gathered: Gathered) -> Iterator[str]:
    if gathered.secrets:
        yield (
            f"left out of the archive as secrets: {_some(gathered.secrets)}; a line `!NAME` in {IGNORE_FILE} "
            "includes one"
        )
    if gathered.strays:
        yield (
            f"left out of the archive: {_some(gathered.strays)}, symbolic links that lead out of the folder or "
            "are broken"
        )


def _some(names: Collection[str], most: int = 5) -> str:
    more = len(names) - most
    return ", ".join(sorted(names)[:most]) + (f" and {more} more" if more > 0 else "")


def _packed(
    gathered: Gathered, runtime: str, rights: Declaration | None, *, notes: tuple[str, ...] = ()
) -> _Content:
    executable = set(gathered.executable)
    if family_of(runtime) == "provided":
        executable.add(BOOTSTRAP)
    files, links = gathered.files, gathered.links

    def text(name: str) -> str:
        linked = posixpath.normpath(posixpath.join(posixpath.dirname(name), links.get(name, "")))
        return files.get(name if name in files else linked, b"").decode("utf-8", "replace")

    return _Content(
        zip_bytes=archive(files, executable=frozenset(executable), links=links),
        names={*files, *links},
        size=gathered.size,
        read=text,
        strays=gathered.strays,
        notes=notes,
        rights=rights,
    )


def _ready(content: bytes, what: str) -> _Content:
    try:
        with zipfile.ZipFile(io.BytesIO(content)) as opened:
            entries = [entry for entry in opened.infolist() if not entry.is_dir()]
    except (zipfile.BadZipFile, ValueError, NotImplementedError) as error:
        raise UsageError(
            f"{what} is not a zip archive: {error}.", hint="Make it again.", code="code-not-readable"
        ) from error

    def text(name: str) -> str:
        try:
            with zipfile.ZipFile(io.BytesIO(content)) as opened:
                return opened.read(name).decode("utf-8", "replace")
        except (zipfile.BadZipFile, RuntimeError, NotImplementedError, OSError) as error:
            raise UsageError(f"{name} in {what} can't be read: {error}.", code="code-not-readable") from error

    names = {entry.filename for entry in entries}
    return _Content(
        zip_bytes=content,
        names=names,
        size=sum(entry.file_size for entry in entries),
        read=text,
        notes=tuple(archive_notes(entries, what)),
        rights=declaration(text(FILE_NAME).encode(), f"{FILE_NAME} in {what}")
        if FILE_NAME in names
        else None,
    )


def _megabytes(size: int) -> str:
    return f"{size / 1024**2:.1f} MB"
