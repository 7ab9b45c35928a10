"""Whether Node.js loads a handler's file as the kind of module that it is written as."""

from __future__ import annotations

import json
import re
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Callable, Collection, Iterator

#: Runtimes that do not find out by the syntax (docs/handlers.md).
_BY_NAME = ("nodejs18.x", "nodejs20.x", "nodejs22.x")
_ES = re.compile(
    r"^(?:export\s+(?:default|const|let|var|async|function|class|\{|\*)|import\s+[\w{*\"'])", re.MULTILINE
)
_COMMON = re.compile(r"^(?:module\.exports|exports\.\w+)\s*=", re.MULTILINE)


def module_notes(
    runtime: str, handler: str, names: Collection[str], read: Callable[[str], str]
) -> Iterator[str]:
    """A sentence if the file of a Node.js handler fails when it is loaded."""
    file = f"{handler.rpartition('.')[0].removeprefix('./')}.js"
    if runtime not in _BY_NAME or file not in names:
        return
    text, is_es = read(file), _type_of(file, names, read) == "module"
    if not is_es and _ES.search(text) and not _COMMON.search(text):
        yield (
            f'{file} is written as an ES module, and {runtime} loads it as CommonJS: name it .mjs, or set "type": '
            '"module" in package.json'
        )
    elif is_es and _COMMON.search(text) and not _ES.search(text):
        yield f'{file} is written as CommonJS, and package.json has "type": "module": name it .cjs'


def _type_of(file: str, names: Collection[str], read: Callable[[str], str]) -> object:
    """The type in the nearest package.json."""
    folders = file.split("/")[:-1]
    for depth in range(len(folders), -1, -1):
        name = "/".join((*folders[:depth], "package.json"))
        if name in names:
            try:
                found = json.loads(read(name))
            except ValueError:
                return None
            return found.get("type") if isinstance(found, dict) else None
    return None
