"""The deployment package of a template: its own file, and the shared files that it imports."""

from __future__ import annotations

import re
from pathlib import Path
from typing import TYPE_CHECKING

import ddbinsert.core.receipt
from ddbinsert.core.model.package import Package
from ddbinsert.dataclass import dataclass
from ddbinsert.errors import UsageError
from ddbinsert.handlers.archive import archive
from ddbinsert.handlers.rights import FILE_NAME, Declaration, declaration

if TYPE_CHECKING:
    from collections.abc import Mapping

    from ddbinsert.core.model.package import Statement
    from ddbinsert.core.model.wanted import Template

HANDLERS = Path(__file__).parent


@dataclass(frozen=True, kw_only=True)
class Language:
    """A language of the templates.

    Attributes:
        folder: The language's subfolder in a template's folder, and in ``common``.
        entry: The file that Lambda loads.
        handler: The entry point in Lambda's spelling.
        imports: Finds the names of shared files in a file's import statements.
    """

    folder: str
    entry: str
    handler: str
    imports: re.Pattern[str]
    #: The oldest supported runtime, as the templates' syntax and the required AWS SDK determine it.
    oldest: str


PYTHON = Language(
    folder="python",
    entry="handler.py",
    handler="handler.handler",
    imports=re.compile(r"^\s*(?:from|import) (ddbinsert_\w+)", re.MULTILINE),
    oldest="python3.10",
)
NODE = Language(
    folder="node",
    entry="index.mjs",
    handler="index.handler",
    imports=re.compile(r"""\bfrom "\./(ddbinsert_\w+)\.mjs";"""),
    oldest="nodejs18.x",
)

#: Runtimes by their version; other runtimes of the same families are allowed (``python3.x-preview``).
_PYTHON = re.compile(r"python3\.([0-9]+)\b.*")
_NODE = re.compile(r"nodejs([0-9]+)\b.*")


def language_of(runtime: str) -> Language:
    """The language of a Lambda runtime identifier.

    Raises:
        UsageError: The templates do not support this runtime.
    """
    for language, named in ((PYTHON, _PYTHON), (NODE, _NODE)):
        if found := named.fullmatch(runtime):
            oldest = named.fullmatch(language.oldest)
            if oldest is not None and int(found[1]) < int(oldest[1]):
                raise UsageError(
                    f"The handler templates do not support {runtime}.",
                    hint=f"Choose {language.oldest} or a later runtime, or use your own code (function.code).",
                    code="no-template-for-runtime",
                )
            return language
    raise UsageError(
        f"The handler templates are written in Python and Node.js; the runtime {runtime!r} is not supported.",
        hint="Choose a python3.* or nodejs* runtime, or use your own code (function.code).",
        code="no-template-for-runtime",
    )


def template_files(template: Template, language: Language) -> dict[str, bytes]:
    """The files of a template by name, as in the function's folder."""
    shared = _files(HANDLERS / "common" / language.folder)
    if language is PYTHON:
        shared["ddbinsert_receipt.py"] = Path(ddbinsert.core.receipt.__file__).read_bytes()
    files = _files(_folder_of(template) / language.folder)
    waiting = list(files.values())
    while waiting:
        for name in _imports(waiting.pop(), language):
            if name in shared and name not in files:
                files[name] = shared[name]
                waiting.append(files[name])
    return files


def failing_package(rights: tuple[Statement, ...]) -> Package:
    """The package of a function that fails on test items, for `verify --failure-path`; in Python.

    Args:
        rights: Permissions that its role needs for its mapping's on-failure destination, besides sending to it.
    """
    from ddbinsert.core.model.wanted import Template

    own = _files(HANDLERS / "failing" / PYTHON.folder)
    files = {**template_files(Template.PRINT, PYTHON), **own}
    return Package(zip_bytes=archive(files), handler=PYTHON.handler, rights=rights)


def template_rights(template: Template) -> Declaration:
    """The permissions that the template declares; empty if it needs none."""
    text = rights_text(template)
    name = f"template {template.value}"
    return Declaration(source=name) if text is None else declaration(text, name)


def rights_text(template: Template) -> bytes | None:
    """The template's ``rights.json``, if it has one."""
    file = _folder_of(template) / FILE_NAME
    return file.read_bytes() if file.exists() else None


def bundle(template: Template, runtime: str, environment: Mapping[str, str] | None = None) -> Package:
    """The package of a template for a Lambda runtime; the same bytes on every machine.

    Args:
        environment: The function's variables, which determine its sink and so the permissions that it needs.

    Raises:
        UsageError: The template does not support this runtime, or a required variable is missing or wrong.
    """
    language = language_of(runtime)
    files = template_files(template, language)
    environment = environment or {}
    rights = template_rights(template).rights(environment)
    return Package(
        zip_bytes=archive(files),
        handler=language.handler,
        rights=rights,
        unzipped_size=sum(len(content) for content in files.values()),
    )


def _folder_of(template: Template) -> Path:
    return HANDLERS / template.value.replace("-", "_")


def _files(folder: Path) -> dict[str, bytes]:
    return {path.name: path.read_bytes() for path in folder.iterdir() if path.suffix in (".py", ".mjs")}


def _imports(content: bytes, language: Language) -> list[str]:
    """The shared files that a file imports."""
    return [f"{name}{Path(language.entry).suffix}" for name in language.imports.findall(content.decode())]
