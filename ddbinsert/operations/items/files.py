"""Reading items from files: JSON (one object, lines, arrays) and YAML (documents, lists, lines), with their lines."""

from __future__ import annotations

import base64
import binascii
import json
import re
from decimal import Decimal
from pathlib import Path
from typing import TYPE_CHECKING, Any, TextIO

from ddbinsert.config.problems import Place, format_value
from ddbinsert.core.items.convert import Item, ItemError, item_of
from ddbinsert.core.items.enclosed import enclosed
from ddbinsert.core.pattern.json_text import exact
from ddbinsert.dataclass import dataclass
from ddbinsert.errors import UsageError

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator

    import yaml

#: Bytes; items are held in memory, as every one is checked before the first is written.
LARGEST_FILE = 64 * 1024 * 1024
_MOST_PROBLEMS = 10
#: YAML nodes of one item after aliases are followed; far more than fit into 400 KB.
_MOST_NODES = 200_000
_DEEPEST = 64

_SPACE = re.compile(r"[ \t\r\n]*")
_TAG = "tag:yaml.org,2002:"
#: Values as Python and JavaScript print them, which YAML reads as text.
_OF_A_LANGUAGE = re.compile(
    r"None|undefined|-?NaN|-?Infinity|(?:Decimal|Binary|UUID|set|frozenset|bytearray|datetime\.\w+|AttributeValue|Number|BigInt)\(.*\)|b('.*'|\".*\")",
    re.DOTALL,
)
_NOWHERE = Place("")

#: A line number, and the value that begins there.
_Found = tuple[int, object]


@dataclass(frozen=True, kw_only=True)
class Draft:
    """An item as read from a file; its key may be incomplete.

    Attributes:
        line: The line on which its document begins.
    """

    item: Item
    line: int


class _Unreadable(Exception):
    """The text cannot be parsed from a certain line on."""

    def __init__(self, line: int, message: str) -> None:
        super().__init__(message)
        self.line = line
        self.message = message


class _OtherNotation(_Unreadable):
    """A value is written as in a programming language."""


def read_items(source: str, *, cwd: Path, stdin: TextIO) -> list[Draft]:
    """The items of a file, or of standard input if ``source`` is ``-``.

    Raises:
        UsageError: It cannot be read, or contains something that is not an item; lists every problem with its line.
    """
    name = "standard input" if source == "-" else source
    text = _text_of(source, name, cwd=cwd, stdin=stdin)
    drafts: list[Draft] = []
    problems: list[str] = []
    try:
        for line, document in _documents(text, name):
            try:
                drafts.extend(Draft(item=item_of(inner), line=line) for inner in enclosed(document))
            except ItemError as error:
                problems.append(f"{name}:{line}: {error}")
    except _Unreadable as fault:
        problems.append(f"{name}:{fault.line}: {fault.message}")
    refuse(problems)
    if not drafts:
        raise UsageError(
            f"{name} contains no items.", hint="Write one JSON object on each line.", code="item-file"
        )
    return drafts


def refuse(problems: list[str]) -> None:
    """Raise an error if there are problems.

    Raises:
        UsageError: There are problems; the first ten are listed in full.
    """
    if not problems:
        return
    shown = problems[:_MOST_PROBLEMS]
    if len(problems) > len(shown):
        shown.append(f"and {len(problems) - len(shown)} more")
    raise UsageError("\n".join(shown), hint="Nothing was written. Correct the items.", code="item-file")


def _text_of(source: str, name: str, *, cwd: Path, stdin: TextIO) -> str:
    try:
        if source == "-":
            text = stdin.read(LARGEST_FILE + 1)
        else:
            with (cwd / source).open(encoding="utf-8-sig", newline="") as file:
                text = file.read(LARGEST_FILE + 1)
    except UnicodeDecodeError as error:
        raise UsageError(f"{name} is not UTF-8: {error.reason}.", code="item-file") from None
    except (OSError, ValueError) as error:
        reason = getattr(error, "strerror", None) or error
        raise UsageError(f"Cannot read {name}: {reason}.", code="item-file") from None
    if len(text) > LARGEST_FILE:
        raise UsageError(
            f"{name} is larger than {LARGEST_FILE >> 20} MB.",
            hint="Split it: every item is checked before the first is written.",
            code="item-file",
        )
    return text


def _documents(text: str, name: str) -> Iterator[_Found]:
    """The values in a text, parsed by the file's extension, or by the text's beginning if there is no known one."""
    suffix = Path(name).suffix.lower()
    if suffix in (".json", ".jsonl", ".ndjson"):
        yield from _json(text)
    elif suffix in (".yaml", ".yml") or text.lstrip()[:1] not in ("{", "["):
        yield from _either(_yaml, _yaml_lines, text)
    else:
        yield from _either(_json, _yaml_lines, text)


def _either(
    first: Callable[[str], Iterable[_Found]], second: Callable[[str], Iterable[_Found]], text: str
) -> list[_Found]:
    """The values that the first reader finds, else those of the second; the first one's error if neither can read it.

    Raises:
        _Unreadable: Neither reader can read it.
    """
    try:
        return list(first(text))
    except _Unreadable as fault:
        try:
            return list(second(text))
        except _OtherNotation:
            raise
        except _Unreadable:
            raise fault from None


# --- JSON -----------------------------------------------------------------------------------------------


def _json(text: str) -> Iterator[_Found]:
    """The values in a text, one after the other, in any layout; the elements of an array one by one.

    Raises:
        _Unreadable: The text is not valid JSON from this line on.
    """
    place, counted, line = 0, 0, 1
    inside = False
    while (place := _skipped(text, place)) < len(text):
        line += text.count("\n", counted, place)
        counted = place
        if not inside and text[place] == "[":
            inside, place = True, place + 1
            if text[_skipped(text, place) :][:1] != "]":
                continue
            place = _skipped(text, place)
        elif not (inside and text[place] == "]"):
            value, place = _json_value(text, place, line)
            yield line, value
        if inside:
            inside, place = _after_element(text, place)
    if inside:
        raise _Unreadable(text.count("\n") + 1, "the array is never closed")


def _after_element(text: str, place: int) -> tuple[bool, int]:
    """Whether the array continues, and at which position."""
    place = _skipped(text, place)
    match text[place : place + 1]:
        case ",":
            return True, place + 1
        case "]":
            return False, place + 1
        case _:
            raise _Unreadable(text.count("\n", 0, place) + 1, "a comma or ] is missing")


def _skipped(text: str, place: int) -> int:
    found = _SPACE.match(text, place)
    return found.end() if found else place


def _json_value(text: str, place: int, line: int) -> tuple[object, int]:
    try:
        return _decoder().raw_decode(text, place)
    except json.JSONDecodeError as error:
        raise _Unreadable(error.lineno, f"not valid JSON: {error.msg} (column {error.colno})") from None
    except RecursionError:
        raise _Unreadable(line, "nested too deeply") from None
    except ItemError as error:
        raise _Unreadable(line, str(error)) from None


def _decoder() -> json.JSONDecoder:
    return json.JSONDecoder(
        parse_float=exact, parse_int=Decimal, parse_constant=_no_constant, object_pairs_hook=_unique
    )


def _no_constant(name: str) -> object:
    raise ItemError(f"{name} is not valid JSON, and DynamoDB has no such number")


def _unique(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    made = dict(pairs)
    if len(made) < len(pairs):
        names = [name for name, _ in pairs]
        twice = next(name for name in names if names.count(name) > 1)
        raise ItemError(f"{twice} is given twice")
    return made


# --- YAML -----------------------------------------------------------------------------------------------


def _yaml(text: str, first_line: int = 1) -> Iterator[_Found]:
    """The documents; the elements of a document that is a list. Empty documents are left out.

    Raises:
        _Unreadable: It is not valid YAML, or contains something that an item cannot contain.
    """
    import yaml

    from ddbinsert.config.yaml_file import in_plain_words

    loader: Any = getattr(yaml, "CSafeLoader", yaml.SafeLoader)
    try:
        for root in yaml.compose_all(text, Loader=loader):
            entries = root.value if isinstance(root, yaml.SequenceNode) else [root]
            for node in entries:
                line = node.start_mark.line + first_line
                value = _Nodes(first_line).value(node)
                if value is not None or node is not root:
                    yield line, value
    except yaml.MarkedYAMLError as error:
        mark = error.problem_mark or error.context_mark
        raise _Unreadable(
            (mark.line if mark else 0) + first_line, f"not valid YAML: {in_plain_words(error.problem or '')}"
        ) from None
    except (yaml.YAMLError, RecursionError) as error:
        raise _Unreadable(first_line, f"not valid YAML: {in_plain_words(str(error))}") from None


def _yaml_lines(text: str) -> Iterator[_Found]:
    """One document per line, such as ``{id: a, n: 1}``.

    Raises:
        _Unreadable: A line is not a document.
    """
    for number, line in enumerate(text.splitlines(), start=1):
        if line.strip()[:1] not in ("{", "#", ""):
            raise _Unreadable(number, "not a mapping in braces")
        yield from _yaml(line, number)


class _Nodes:
    """Converts YAML nodes to values: numbers are exact, scalars follow the rules of configuration files."""

    def __init__(self, first_line: int) -> None:
        from ddbinsert.config.nodes import Reading
        from ddbinsert.config.yaml_file import scalar_of

        self._first_line = first_line
        self._count = 0
        self._read = scalar_of
        self._numbers = (Reading.WHOLE, Reading.NUMBER)
        self._ambiguous = Reading.AMBIGUOUS

    def value(self, node: Any, depth: int = 0) -> object:
        self._count += 1
        if self._count > _MOST_NODES or depth > _DEEPEST:
            raise self._fault(node, "it is too large or too deeply nested, possibly because of its aliases")
        match node.tag.removeprefix(_TAG), node.id:
            case "map", "mapping":
                return self._mapping(node, depth)
            case "seq", "sequence":
                return [self.value(entry, depth + 1) for entry in node.value]
            case "set", "mapping" if all(key.id == "scalar" for key, _ in node.value):
                return {self.value(key, depth + 1) for key, _ in node.value}
            case "binary", "scalar":
                return self._binary(node)
            case "str" | "timestamp" | "value" | "int" | "float" | "bool" | "null", "scalar":
                return self._scalar(node)
            case _:
                raise self._fault(node, f"the tag {node.tag.replace(_TAG, '!!')} is not supported here")

    def _scalar(self, node: Any) -> object:
        scalar = self._read(node, _NOWHERE)
        if scalar.reading in self._numbers:
            return exact(scalar.text)
        if not node.style and _OF_A_LANGUAGE.fullmatch(node.value):
            raise _OtherNotation(
                node.start_mark.line + self._first_line,
                f"{node.value:.40} is neither JSON nor YAML; write text in quotes",
            )
        if scalar.reading is self._ambiguous:
            raise self._fault(node, f"{format_value(scalar.text)} is ambiguous in YAML; write text in quotes")
        return scalar.value

    def _mapping(self, node: Any, depth: int) -> dict[str, object]:
        made: dict[str, object] = {}
        for key, entry in node.value:
            name = key.value
            if not isinstance(name, str) or key.tag == f"{_TAG}merge":
                raise self._fault(key, "an attribute's name must be plain text")
            if name in made:
                raise self._fault(key, f"{name} is given twice")
            if "=" in name and not entry.value and node.flow_style:  # as Java prints a map
                raise _OtherNotation(
                    key.start_mark.line + self._first_line,
                    f"{name:.40} is neither JSON nor YAML; write names in quotes, with a colon behind them",
                )
            made[name] = self.value(entry, depth + 1)
        return made

    def _binary(self, node: yaml.Node) -> bytes:
        try:
            return base64.b64decode("".join(node.value.split()), validate=True)
        except (binascii.Error, ValueError):
            raise self._fault(node, "!!binary needs base64, and this is not") from None

    def _fault(self, node: yaml.Node, message: str) -> _Unreadable:
        return _Unreadable(node.start_mark.line + self._first_line, message)
