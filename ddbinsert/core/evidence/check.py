"""Checks whether an evidence bundle is unchanged. Every byte is compared, and the first difference is reported."""

from __future__ import annotations

import json
from hashlib import sha256
from typing import TYPE_CHECKING, Any, BinaryIO, Final

from ddbinsert.core.evidence.archive import NotCanonical, moment_of, read
from ddbinsert.core.evidence.manifest import (
    MANIFEST,
    REQUIRED,
    SCHEMA,
    STATEMENT,
    VERDICT,
    dumped,
    statement,
)
from ddbinsert.dataclass import dataclass

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

    from ddbinsert.core.evidence.archive import ArchivedFile

#: Maximum size in bytes of a document that is read as a whole: the manifest, the statement, the verdict.
_LARGEST: Final = 64 << 20
_DOCUMENTS: Final = frozenset({MANIFEST, STATEMENT, VERDICT})


@dataclass(frozen=True, kw_only=True)
class Checked:
    """The result of a check.

    Attributes:
        problems: The differences, each a sentence without a full stop; none if the bundle is unchanged.
        sha256: Of the whole file, to compare with a digest that was stored elsewhere.
        files: The files in it, as far as they could be read.
        run: The bundle's description of its run; empty if it could not be read.
    """

    problems: tuple[str, ...]
    sha256: str
    size: int
    files: tuple[ArchivedFile, ...]
    run: Mapping[str, Any]


def check(file: BinaryIO) -> Checked:
    """Check a bundle.

    Args:
        file: A seekable file, open for reading, at its beginning.

    Raises:
        OSError: The file cannot be read.
    """
    digest, size = _whole(file)
    documents: dict[str, bytearray] = {}

    def add_piece(name: str, piece: bytes) -> None:
        if name in _DOCUMENTS:
            held = documents.setdefault(name, bytearray())
            if len(held) + len(piece) > _LARGEST:
                raise NotCanonical(f"{name} is too large")
            held += piece

    try:
        files, moment = read(file, add_piece)
        listed = _document(documents, MANIFEST)
        problems = tuple(_problems(files, moment, listed, documents))
    except NotCanonical as error:
        return Checked(problems=(str(error),), sha256=digest, size=size, files=(), run={})
    return Checked(problems=problems, sha256=digest, size=size, files=files, run=listed.get("run") or {})


def _whole(file: BinaryIO) -> tuple[str, int]:
    digest, size = sha256(), 0
    while piece := file.read(1 << 20):
        digest.update(piece)
        size += len(piece)
    file.seek(0)
    return digest.hexdigest(), size


def _document(documents: Mapping[str, bytearray], name: str) -> dict[str, Any]:
    if name not in documents:
        raise NotCanonical(f"{name} is missing")
    try:
        document = json.loads(documents[name])
        if not isinstance(document, dict) or dumped(document) != documents[name]:
            raise NotCanonical(f"{name} was changed: it is not in the form in which ddbinsert writes it")
    except (ValueError, RecursionError):
        raise NotCanonical(f"{name} was changed: it is not valid JSON") from None
    return document


def _problems(
    files: tuple[ArchivedFile, ...],
    moment: bytes,
    listed: Mapping[str, Any],
    documents: Mapping[str, bytearray],
) -> Iterator[str]:
    if listed.get("schema") != SCHEMA:
        yield f"{MANIFEST} has the schema {listed.get('schema')!r}, which this version does not support"
        return
    found = {one.name: one for one in files}
    try:
        wanted = {one["name"]: (one["bytes"], one["sha256"]) for one in listed["files"]}
        again = dumped(statement(listed, found[MANIFEST].sha256))
        at = moment_of(listed["run"]["started"])
    except (KeyError, TypeError, ValueError, AttributeError, OverflowError):
        yield f"{MANIFEST} was changed: it is not a manifest of ddbinsert's"
        return
    if len(wanted) < len(listed["files"]):
        yield f"{MANIFEST} lists a file twice"
    yield from _of_files(found, wanted)
    if bytes(documents.get(STATEMENT, b"")) != again:
        missing = (
            "is missing" if STATEMENT not in found else "was changed, or the manifest was: they do not agree"
        )
        yield f"{STATEMENT} {missing}"
    if moment != at:
        yield f"the time of the files is not that of the run in {MANIFEST}"
    yield from _disagreements(listed["run"], documents)


def _of_files(found: Mapping[str, ArchivedFile], wanted: Mapping[str, tuple[int, str]]) -> Iterator[str]:
    """Files that are not listed, listed files that are missing, and files that differ from their entry."""
    for name in sorted(found.keys() - wanted.keys() - {MANIFEST, STATEMENT}):
        yield f"{name} was added: {MANIFEST} does not list it"
    for name in sorted(wanted.keys() - found.keys()):
        yield f"{name} is missing: {MANIFEST} lists it"
    for name in sorted(wanted.keys() & found.keys()):
        if wanted[name] != (found[name].size, found[name].sha256):
            yield f"the content of {name} was changed: its SHA-256 is not the one in {MANIFEST}"
    for name in REQUIRED:
        if name not in wanted:
            yield f"{MANIFEST} does not list {name}, which every bundle has"


def _disagreements(run: Mapping[str, Any], documents: Mapping[str, bytearray]) -> Iterator[str]:
    """Where the verdict's document contradicts the manifest."""
    if VERDICT not in documents:
        return
    try:
        data = json.loads(documents[VERDICT])["data"]
        several = (data or {}).get("verdicts")
        verdicts = [data] if several is None else [one["verdict"] for one in several]
        said = sorted((one["run_id"], one["verdict"]) for one in verdicts if one)
        listed = sorted((one["run_id"], one["verdict"]) for one in run["consumers"] if one["run_id"])
    except (KeyError, TypeError, ValueError, AttributeError, RecursionError):
        yield f"{VERDICT} is not a verdict of ddbinsert's"
        return
    if said != listed:
        yield f"{VERDICT} and {MANIFEST} do not name the same verdict"
