"""Copying a template into a folder, to be edited by the user."""

from __future__ import annotations

from typing import TYPE_CHECKING

from ddbinsert.dataclass import dataclass
from ddbinsert.errors import Refused, UsageError

if TYPE_CHECKING:
    from pathlib import Path

    from ddbinsert.core.model.wanted import Template


@dataclass(frozen=True, kw_only=True)
class Scaffold:
    """The result of copying a template.

    Attributes:
        handler: The entry point, for function.handler.
        entry: The file to edit.
        variables: Environment variables that the code reads, required ones first.
    """

    template: Template
    runtime: str
    folder: Path
    files: tuple[str, ...]
    handler: str
    entry: str
    variables: tuple[str, ...]


def scaffold(template: Template, folder: Path, runtime: str) -> Scaffold:
    """Copy the template's files, and the permissions that it declares, into a new or empty folder.

    Raises:
        Refused: The folder is not empty: nothing is overwritten.
        UsageError: The folder cannot be written, or the template does not support the runtime.
    """
    from ddbinsert.handlers.bundle import language_of, rights_text, template_files, template_rights
    from ddbinsert.handlers.rights import FILE_NAME

    language = language_of(runtime)
    files = dict(template_files(template, language))
    rights = rights_text(template)
    if rights is not None:
        files[FILE_NAME] = rights
    try:
        folder.mkdir(parents=True, exist_ok=True)
        if any(folder.iterdir()):
            raise Refused(
                f"{folder} is not empty.", hint="Give a new folder; nothing is overwritten.", code="not-empty"
            )
        for name, content in files.items():
            (folder / name).write_bytes(content)
    except OSError as error:
        raise UsageError(
            f"{folder} can't be written: {error.strerror or error}.", code="folder-not-writable"
        ) from error
    declared = template_rights(template)
    named = [one.variable for one in declared.allow if one.variable]
    return Scaffold(
        template=template,
        runtime=runtime,
        folder=folder,
        files=tuple(sorted(files)),
        handler=language.handler,
        entry=language.entry,
        variables=tuple(dict.fromkeys([*declared.required, *named])),
    )
