"""ddbinsert.yaml: the filters of the triggers in the file."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from ddbinsert.core.filters.reach.answer import KnownStream
from ddbinsert.core.model.record import StreamView
from ddbinsert.documents.criteria import Criteria, pattern_at
from ddbinsert.documents.declared import DeclaredFilter, DeclaredMapping, Mistake
from ddbinsert.documents.source import at

if TYPE_CHECKING:
    from collections.abc import Iterator

    from ddbinsert.documents.source import Document, Path


def is_project_file(root: object) -> bool:
    """Whether this is a configuration of ddbinsert, by its keys: the file may have any name."""
    if not isinstance(root, dict):
        return False
    if isinstance(root.get("triggers"), dict):
        return any(isinstance(one, dict) and _OWN & one.keys() for one in root["triggers"].values())
    return isinstance(root.get("table"), str) and not _OWN.isdisjoint(root.keys() - {"table"})


_OWN: Final = frozenset(("table", "mapping", "view_type", "function"))


def project_mappings(document: Document) -> Iterator[DeclaredMapping]:
    """The triggers' additional filters; without any there is nothing to check, as a trigger is insert-only."""
    root = document.root
    if not isinstance(root.get("triggers"), dict):
        yield from _mapping(document, (), str(root["table"]), root.get("view_type"))
        return
    shared = at(root, ("defaults", "view_type"))
    yield from _mapping(document, ("defaults",), "defaults", shared)
    for name, one in root["triggers"].items():
        view = one.get("view_type", shared) if isinstance(one, dict) else shared
        yield from _mapping(document, ("triggers", name), str(name), view)


def _mapping(document: Document, section: Path, name: str, view: object) -> Iterator[DeclaredMapping]:
    path = (*section, "mapping", "filters")
    given = at(document.root, path)
    if not isinstance(given, list) or not given:
        return
    mistakes: list[Mistake] = []
    found = [
        pattern_at(
            one,
            (*path, index),
            Criteria(steps=(), pattern="filters", values=True),
            lambda value: value,
            mistakes,
        )
        for index, one in enumerate(given)
    ]
    yield DeclaredMapping(
        name=name,
        path=path,
        filters=tuple(one for one in found if isinstance(one, DeclaredFilter)),
        stream=KnownStream(view=StreamView(str(view)) if view in list(StreamView) else None),
        mistakes=tuple(mistakes),
    )
