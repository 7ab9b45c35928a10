"""The deployment package of a template: its own file, what templates share, and the receipt's writer."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

import ddbinsert.core.receipt
from ddbinsert.core.package import Package
from ddbinsert.errors import UsageError
from ddbinsert.handlers.archive import archive

if TYPE_CHECKING:
    from ddbinsert.core.model import Template

HANDLERS = Path(__file__).parent


@dataclass(frozen=True, kw_only=True)
class Language:
    """A language that the templates are written in.

    Attributes:
        folder: The folder below a template's own, and below ``common``.
        entry: The file that Lambda loads. handler: The entry point as Lambda spells it.
    """

    folder: str
    entry: str
    handler: str


PYTHON = Language(folder="python", entry="handler.py", handler="handler.handler")
NODE = Language(folder="node", entry="index.mjs", handler="index.handler")


def language_of(runtime: str) -> Language:
    """The language of a Lambda runtime identifier.

    Raises:
        UsageError: No template is written for this runtime.
    """
    if runtime.startswith("python3."):
        return PYTHON
    if runtime.startswith("nodejs"):
        return NODE
    raise UsageError(
        f"the handler templates are written in Python and Node.js; there is none for runtime {runtime!r}",
        hint="choose a python3.* or nodejs* runtime, or give code of your own (function.code)",
        code="no-template-for-runtime",
    )


def template_files(template: Template, language: Language) -> dict[str, bytes]:
    """The files of a template by name, as they stand in the function's folder."""
    own = HANDLERS / template.value.replace("-", "_") / language.folder
    files = {**_files(HANDLERS / "common" / language.folder), **_files(own)}
    if language is PYTHON:
        files["ddbinsert_receipt.py"] = Path(ddbinsert.core.receipt.__file__).read_bytes()
    return files


def bundle(template: Template, runtime: str) -> Package:
    """The package of a template for a Lambda runtime; the same bytes on every machine.

    Raises:
        UsageError: No template is written for this runtime.
    """
    language = language_of(runtime)
    files = template_files(template, language)
    return Package(
        zip_bytes=archive(files),
        handler=language.handler,
        unzipped_size=sum(len(content) for content in files.values()),
    )


def _files(folder: Path) -> dict[str, bytes]:
    return {path.name: path.read_bytes() for path in folder.iterdir() if path.suffix in (".py", ".mjs")}
