"""requirements.txt, read as pip reads it, and reduced to what installs ready packages only.

A package that is built runs its own code on this machine, even in a dry run. So lines are not passed on as they are:
the installer gets a file of those that were understood, with included files in place.
"""

from __future__ import annotations

import codecs
import os
import re
import shlex
from typing import TYPE_CHECKING, Final

from ddbinsert.dataclass import dataclass
from ddbinsert.errors import UsageError

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping
    from pathlib import Path

REQUIREMENTS: Final = "requirements.txt"
_BOMS: Final = (
    (codecs.BOM_UTF8, "utf-8"),
    (codecs.BOM_UTF32_LE, "utf-32-le"),
    (codecs.BOM_UTF32_BE, "utf-32-be"),
    (codecs.BOM_UTF16_LE, "utf-16-le"),
    (codecs.BOM_UTF16_BE, "utf-16-be"),
)
_COMMENT: Final = re.compile(r"(^|\s+)#.*$")
_VARIABLE: Final = re.compile(r"\$\{([A-Z0-9_]+)\}")
#: A package by its name, with a version and a marker, or with the address of a wheel.
_NAMED: Final = re.compile(
    r"(?P<name>[A-Za-z0-9](?:[A-Za-z0-9._-]*[A-Za-z0-9])?)\s*(?:\[[\w\s.,-]*\])?\s*"
    r"(?:@\s*(?P<address>[^\s;]+)|[(<>=!~][^;@/\\]*)?\s*(?:;.*)?"
)
_ARCHIVE: Final = re.compile(r"\.(?:zip|tar|tgz|tbz|txz|tlz|tar\.\w+)$", re.IGNORECASE)
_WITH_VALUE: Final = {
    "-i": "--index-url",
    "--index-url": "--index-url",
    "--extra-index-url": "--extra-index-url",
    "-f": "--find-links",
    "--find-links": "--find-links",
    "--trusted-host": "--trusted-host",
    "-r": "--requirement",
    "--requirement": "--requirement",
    "-c": "--constraint",
    "--constraint": "--constraint",
    "--only-binary": "--only-binary",
}
_FLAGS: Final = frozenset(("--no-index", "--pre", "--prefer-binary", "--require-hashes"))
_DEEPEST: Final = 20


@dataclass(frozen=True, kw_only=True)
class FlatRequirements:
    """The lines of a requirements file and of the files that it includes.

    Attributes:
        lines: Packages and options.
        constraints: Lines of constraints files.
    """

    lines: tuple[str, ...]
    constraints: tuple[str, ...]


def read_requirements(content: bytes, folder: Path, environ: Mapping[str, str]) -> FlatRequirements:
    """The packages of requirements.txt in a folder.

    Args:
        content: Of requirements.txt.
        environ: The variables that lines may refer to, as ``${NAME}``.

    Raises:
        UsageError: A line refers to something that would be built, or that cannot be understood.
    """
    lines: list[str] = []
    reading = _Reading(environ)
    reading.read(content, _Place(name=REQUIREMENTS, folder=folder, into=lines))
    return FlatRequirements(lines=tuple(lines), constraints=tuple(reading.constraints))


@dataclass(frozen=True, kw_only=True)
class _Place:
    """A file that is read.

    Attributes:
        folder: Its folder, from which it includes others.
        into: Gets its lines.
        depth: Number of files that include one another.
    """

    name: str
    folder: Path
    into: list[str]
    depth: int = 0


class _Reading:
    def __init__(self, environ: Mapping[str, str]) -> None:
        self._environ = environ
        self.constraints: list[str] = []

    def read(self, content: bytes, file: _Place) -> None:
        if file.depth > _DEEPEST:
            raise _refused(file.name, "it includes itself")
        for raw in _logical_lines(content):
            line = _VARIABLE.sub(lambda found: self._environ.get(found[1], found[0]), raw).strip()
            try:
                words = shlex.split(line)
            except ValueError:
                words = line.split()
            if not words:
                continue
            if words[0].startswith("-"):
                self._options(words, raw, file)
            elif _installs_a_ready_package(line):
                file.into.append(line)
            else:
                raise _from_source(file.name, raw)

    def _options(self, words: list[str], raw: str, file: _Place) -> None:
        rest = iter(words)
        for word in rest:
            option, value = _split(word)
            if option in _FLAGS and not value:
                file.into.append(option)
                continue
            long = _WITH_VALUE.get(option)
            if long is None:
                raise _from_source(file.name, raw)
            value = value or next(rest, "")
            match long:
                case "--only-binary":
                    pass  # all packages are
                case "--requirement":
                    self._included(value, file, file.into)
                case "--constraint":
                    self._included(value, file, self.constraints)
                case "--find-links":
                    place = file.folder / value
                    file.into.append(f"{long} {shlex.quote(str(place if place.exists() else value))}")
                case _:
                    file.into.append(f"{long} {shlex.quote(value)}")

    def _included(self, value: str, file: _Place, into: list[str]) -> None:
        if "://" in value:
            raise _refused(file.name, f"it includes {value}, which is not on this machine")
        path = file.folder / value
        try:
            content = path.read_bytes()
        except (OSError, ValueError) as error:
            raise _refused(
                file.name, f"{value} can't be read: {getattr(error, 'strerror', None) or error}"
            ) from None
        self.read(content, _Place(name=value, folder=path.parent, into=into, depth=file.depth + 1))


def _split(word: str) -> tuple[str, str]:
    """The option and its value, if it is in the same word: ``--requirement=FILE``, ``-rFILE``."""
    if word.startswith("--"):
        option, _, value = word.partition("=")
        return option, value
    return word[:2], word[2:].removeprefix("=")


def _logical_lines(content: bytes) -> Iterator[str]:
    """The lines without comments; a line that ends with a backslash continues."""
    text = next(
        (
            content[len(bom) :].decode(encoding, "replace")
            for bom, encoding in _BOMS
            if content.startswith(bom)
        ),
        None,
    )
    begun = ""
    for line in (text if text is not None else content.decode("utf-8", "replace")).splitlines():
        if line.endswith("\\") and not _COMMENT.match(line):
            begun += line[:-1]
            continue
        yield _COMMENT.sub("", begun + line)
        begun = ""
    yield _COMMENT.sub("", begun)


def _installs_a_ready_package(line: str) -> bool:
    """Whether a line names a package, or a wheel."""
    package, *hashes = re.split(r"\s+(?=--)", line)
    if not all(re.match(r"--hash[= ]\S+$", one) for one in hashes) or re.search(r"(^|\s)-", package):
        return False  # it has other options
    if _is_wheel(package.partition(";")[0]) and " " not in package.partition(";")[0].strip():
        return True
    found = _NAMED.fullmatch(package)
    if found is None or _ARCHIVE.search(found["name"]):
        return False
    return found["address"] is None or _is_wheel(found["address"])


def _is_wheel(address: str) -> bool:
    return "+" not in address.partition("://")[0] and address.strip().partition("#")[0].partition("?")[
        0
    ].endswith(".whl")


def _from_source(name: str, line: str) -> UsageError:
    return UsageError(
        f"{name} builds from source: {line.strip()}.",
        hint="Build a wheel or the whole archive yourself, and give that (function.code: code.zip).",
        code="dependencies-from-source",
    )


def _refused(name: str, reason: str) -> UsageError:
    return UsageError(f"{name}: {reason}.", hint="Correct it.", code="dependencies-not-built")


def written(found: FlatRequirements, folder: Path) -> list[str]:
    """Write the files for the installer; return its arguments."""
    (folder / REQUIREMENTS).write_text("\n".join(found.lines) + "\n", encoding="utf-8")
    arguments = ["-r", os.fspath(folder / REQUIREMENTS)]
    if found.constraints:
        (folder / "constraints.txt").write_text("\n".join(found.constraints) + "\n", encoding="utf-8")
        arguments += ["-c", os.fspath(folder / "constraints.txt")]
    return arguments
