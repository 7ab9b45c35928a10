"""Find, read, check and correct templates in files and folders."""

from __future__ import annotations

import os
import re
from operator import attrgetter
from typing import TYPE_CHECKING, Final

from ddbinsert.documents.checked import CheckedFiles, CheckedMapping
from ddbinsert.documents.edits import applied
from ddbinsert.documents.read import Declarations, DocumentError, declarations, document_of
from ddbinsert.errors import UsageError
from ddbinsert.operations.filters import DOCUMENT_SUFFIXES
from ddbinsert.operations.lint_documents import check_document

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence
    from pathlib import Path
    from typing import Any

    from ddbinsert.core.filters.reach.answer import KnownStream

#: Bytes. Plans of large projects have tens of megabytes; a template has one at most.
_LARGEST: Final = 64 * 1024 * 1024
#: What the text of a file has that declares an event source mapping, in any of the formats.
_MENTION: Final = re.compile(
    rb"EventSourceMapping|FilterCriteria|filterPatterns|event_source_mapping|AWS::Serverless|\bstreams?\b\s*:"
)
#: What the text of a file has that declares a mapping, and does not only mention one, as policies do.
_DECLARATION: Final = re.compile(
    rb"aws:lambda[:/]\w*:?EventSourceMapping|AWS::Lambda::EventSourceMapping|aws_lambda_event_source_mapping"
    rb"|\bfilterPatterns\b[\"']?\s*:|\bEventSourceMappings\b[\"']?\s*:"
)
#: What the file has that names existing resources for an import into a stack: the template beside it declares them.
_IMPORT: Final = b'"ResourceIdentifier"'
#: Folders that contain third-party files or copies.
_SKIPPED: Final = frozenset(
    {"node_modules", "venv", "__pycache__", "site-packages", "dist", "build", "vendor", "target"}
)
#: Number of passes over a file: one correction may uncover the next finding.
_MOST_PASSES: Final = 5


def check_files(
    names: Sequence[str],
    *,
    cwd: Path,
    require_insert_only: bool,
    known: KnownStream,
    fix: bool,
    lenient: bool = False,
) -> CheckedFiles:
    """Check the mappings that files and folders declare.

    Args:
        lenient: Given files that cannot be read are skipped, as those in folders are.

    Raises:
        UsageError: A file cannot be read.
        DocumentError: A given file is not valid.
    """
    files: list[str] = []
    mappings: list[CheckedMapping] = []
    corrected: dict[str, int] = {}
    skipped: list[str] = []
    others: list[str] = []
    undecided: list[str] = []
    folders: list[str] = []
    for name, given in files_of(names, cwd, folders):
        try:
            declared = declared_in(name, cwd)
        except DocumentError as error:
            if given and not lenient:
                raise
            skipped.append(error.message)
            undecided += [name] if _may_declare_mappings(name, cwd) else []
            continue
        if declared is None:
            others += [name] if given else []
            if _declares_mappings(name, cwd):
                skipped.append(f"{name} declares event source mappings, but its format is not supported.")
                undecided.append(name)
            continue
        files.append(name)
        if declared.document.incomplete:
            skipped.append(f"{declared.document.incomplete}.")
            undecided += [name] if _may_declare_mappings(name, cwd) else []
        found = check_document(declared, require_insert_only=require_insert_only, known=known)
        if fix:
            count, found = _fixed(name, cwd, declared, found, known, require_insert_only=require_insert_only)
            corrected |= {name: count} if count else {}
        mappings += found
        del declared  # before the next one is read, which reuses its memory
    return CheckedFiles(
        files=tuple(files),
        mappings=tuple(mappings),
        corrected=corrected,
        skipped=(*folders, *skipped),
        undecided=(*folders, *undecided),
        others=tuple(others),
    )


def _may_declare_mappings(name: str, cwd: Path) -> bool:
    """Whether a file that cannot be understood mentions event source mappings, or cannot even be opened."""
    try:
        return _MENTION.search((cwd / name).read_bytes()) is not None
    except OSError:
        return True


def _declares_mappings(name: str, cwd: Path) -> bool:
    """Whether a file of an unknown format has the type of a mapping, or AWS's list of mappings."""
    try:
        text = (cwd / name).read_bytes()
    except OSError:
        return False
    return _IMPORT not in text and _DECLARATION.search(text) is not None


def files_of(names: Sequence[str], cwd: Path, unread: list[str]) -> Iterator[tuple[str, bool]]:
    """The files, and whether each was named itself.

    Args:
        unread: Gets a sentence for each folder below a given one that cannot be read.

    Raises:
        UsageError: A given folder cannot be read.
    """
    for name in names:
        path = cwd / name
        if not path.is_dir():
            yield name, True
            continue
        shown = str(path.relative_to(cwd) if path.is_relative_to(cwd) else path)
        failed: dict[str, str] = {}
        for found in _below(str(path), "" if shown == "." else f"{shown}{os.sep}", failed):
            yield found, False
        sentences = [f"{folder} cannot be read: {why}." for folder, why in failed.items()]
        if str(path) in failed:
            raise UsageError(sentences[0], code="unreadable-file")
        unread += sentences


def _below(folder: str, shown: str, failed: dict[str, str]) -> Iterator[str]:
    """The names of the files below a folder that may be templates, in order.

    Args:
        shown: What the folder's names are shown after.
        failed: Gets each folder that cannot be read, and why.
    """
    try:
        with os.scandir(folder) as scanned:
            entries = sorted(scanned, key=attrgetter("name"))
    except OSError as error:
        failed[folder] = error.strerror or str(error)
        return
    is_output = folder.rpartition(os.sep)[2] == "cdk.out"
    for entry in entries:
        name = entry.name
        if name.lower().endswith(DOCUMENT_SUFFIXES) and entry.is_file(follow_symlinks=False):
            yield f"{shown}{name}"
        elif entry.is_dir(follow_symlinks=False):
            is_asset = is_output and name.startswith("asset.")
            if not name.startswith(".") and name not in _SKIPPED and not is_asset:
                yield from _below(entry.path, f"{shown}{name}{os.sep}", failed)


def _text(name: str, cwd: Path) -> str:
    try:
        # Takes half the time of Path's method, which matters for thousands of small files.
        with open(os.path.join(cwd, name), "rb", buffering=0) as file:  # noqa: PTH118, PTH123
            if os.fstat(file.fileno()).st_size > _LARGEST:
                raise UsageError(f"{name} is larger than 64 MB.", code="file-too-large")
            return file.readall().decode("utf-8")
    except (OSError, UnicodeDecodeError) as error:
        why = error.strerror if isinstance(error, OSError) and error.strerror else "it is not UTF-8 text"
        raise DocumentError(f"{name} cannot be read: {why}.", code="unreadable-file") from error


def declared_in(name: str, cwd: Path) -> Declarations | None:
    """The mappings that a file declares; None if it is not a template.

    Raises:
        DocumentError: It cannot be read.
    """
    document = document_of(name, _text(name, cwd))
    if document is None:
        return None
    return declarations(document, _sibling_tables(name, cwd) if name.lower().endswith(".tf") else None)


def _sibling_tables(name: str, cwd: Path) -> dict[str, Any]:
    """The tables that the other files of a Terraform module declare."""
    from ddbinsert.documents.terraform_source import tables_of

    tables: dict[str, Any] = {}
    own = cwd / name
    for sibling in sorted(own.parent.glob("*.tf")):
        if sibling == own:
            continue
        text = _text(str(sibling), cwd)
        if "aws_dynamodb_table" in text:
            document = document_of(str(sibling), text)
            tables |= tables_of(document) if document is not None else {}
    return tables


def _fixed(
    name: str,
    cwd: Path,
    declared: Declarations,
    found: list[CheckedMapping],
    known: KnownStream,
    *,
    require_insert_only: bool,
) -> tuple[int, list[CheckedMapping]]:
    """Correct a file in place, pass by pass; return the number of corrections and the remaining findings."""
    count = 0
    text = declared.document.text
    for _ in range(_MOST_PASSES):
        edits = {
            finding.edit for mapping in found for finding in mapping.findings if finding.edit is not None
        }
        if not edits:
            break
        changed = applied(text, edits)
        try:
            document = document_of(name, changed)
        except DocumentError:
            break  # it would no longer be the same document
        tables = _sibling_tables(name, cwd) if name.lower().endswith(".tf") else None
        again = declarations(document, tables) if document is not None else None
        if again is None or len(again.mappings) != len(declared.mappings):
            break
        left = check_document(again, require_insert_only=require_insert_only, known=known)
        if not _is_better(found, left):
            break
        count += len(edits)
        text, found, declared = changed, left, again
    if count:
        _replace(cwd / name, text)
    return count, found


def _replace(path: Path, text: str) -> None:
    """Replace the file atomically; a symbolic link stays one, and the mode is kept.

    Raises:
        UsageError: It cannot be written.
    """
    from ddbinsert.files import replace_file

    try:
        replace_file(path.resolve(), text)
    except OSError as error:
        message = f"{path.name} cannot be corrected: {error.strerror or error}."
        raise UsageError(message, code="unwritable-file") from error


def _is_better(before: list[CheckedMapping], after: list[CheckedMapping]) -> bool:
    """Whether corrected findings are gone and no pattern became invalid. New findings may have been uncovered."""
    wrong, left = (
        {(one.rule, one.resource, one.filter, one.message) for mapping in found for one in mapping.findings}
        for found in (before, after)
    )
    corrected = {
        (one.rule, one.resource, one.filter, one.message)
        for mapping in before
        for one in mapping.findings
        if one.edit is not None
    }
    invalid = [
        sum(one.rule == "invalid" for mapping in found for one in mapping.findings)
        for found in (before, after)
    ]
    return not corrected <= left and wrong != left and invalid[1] <= invalid[0]


__all__ = ["check_files", "declared_in", "files_of"]
