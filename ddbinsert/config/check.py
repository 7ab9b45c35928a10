"""Checks a value against the kind of its key; problems are collected and do not end the check."""

from __future__ import annotations

import json
import math
import re
from typing import Final

from ddbinsert.config.nodes import Entries, Items, Node, Reading, Scalar, at, below, every_scalar, to_python
from ddbinsert.config.problems import Findings, format_value
from ddbinsert.config.value_types import (
    Boolean,
    Choice,
    Kind,
    ListOf,
    MapOf,
    Nothing,
    OneOf,
    Text,
    Whole,
    allowed,
    is_secret,
    takes_text,
)


class Invalid:
    """Replaces a value that is not valid, so that the check can continue."""


INVALID: Final = Invalid()


def check(kind: Kind, node: Node, path: str, findings: Findings) -> object:
    """The value in the form that the code uses, or `INVALID`, with findings."""
    match kind:
        case Text():
            return _text(kind, node, path, findings)
        case Whole():
            return _whole(kind, node, path, findings)
        case Boolean():
            if isinstance(node, Scalar) and node.reading is Reading.BOOLEAN:
                return node.value
            return _refuse_type(kind, node, path, findings)
        case Choice():
            return _choice(kind, node, path, findings)
        case Nothing():
            return None if _is_nothing(kind, node) else _refuse_type(kind, node, path, findings)
        case OneOf():
            return _one_of(kind, node, path, findings)
        case ListOf():
            return _list(kind, node, path, findings)
        case MapOf():
            return _map(kind, node, path, findings)


def _text(kind: Text, node: Node, path: str, findings: Findings) -> object:
    if kind.is_json:
        return _pattern(kind, node, path, findings)
    if not isinstance(node, Scalar) or node.reading is not Reading.TEXT:
        return _refuse_type(kind, node, path, findings)
    fault = _text_fault(kind, node.text)
    if fault is None:
        return node.text
    findings.add(path, node.place, fault, allowed=allowed(kind))
    return INVALID


def _text_fault(kind: Text, text: str) -> str | None:
    """The problem with a text, if there is one."""
    said = "The value" if kind.is_secret else format_value(text)
    for pattern, why in (near for rule in kind.matches for near in rule.never):
        if re.fullmatch(pattern, text):
            return f"{said}: {why}."
    if not text and kind.shortest:
        return "The text is empty."
    if not all(re.fullmatch(rule.pattern, text) for rule in kind.matches):
        return f"{said} is not allowed."
    if len(text) < kind.shortest:
        return f"{said} is too short."
    if kind.longest is not None and len(text) > kind.longest:
        return f"{said} is too long."
    return None


def _whole(kind: Whole, node: Node, path: str, findings: Findings) -> object:
    if not isinstance(node, Scalar) or node.reading is not Reading.WHOLE or not isinstance(node.value, int):
        return _refuse_type(kind, node, path, findings)
    too_small = kind.lowest is not None and node.value < kind.lowest
    too_large = kind.highest is not None and node.value > kind.highest
    if too_small or too_large:
        message = f"{format_value(node.value)} is too {'small' if too_small else 'large'}."
        findings.add(path, node.place, message, allowed=allowed(kind))
        return INVALID
    return node.value


def _choice(kind: Choice, node: Node, path: str, findings: Findings) -> object:
    numbers = all(isinstance(option, int) for option in kind.options)
    expected = Reading.WHOLE if numbers else Reading.TEXT
    if not isinstance(node, Scalar) or node.reading is not expected:
        return _refuse_type(kind, node, path, findings)
    if node.value in kind.options:
        return kind.make(node.value)
    close = None if numbers else nearest(node.text, [str(option) for option in kind.options])
    message = f"{format_value(node.value)} is not one of the allowed values."
    findings.add(path, node.place, message, allowed=allowed(kind), nearest=close)
    return INVALID


def _is_nothing(kind: Nothing, node: Node) -> bool:
    if not isinstance(node, Scalar):
        return False
    return node.reading is Reading.NULL or (node.reading is Reading.TEXT and node.text == kind.word)


def _one_of(kind: OneOf, node: Node, path: str, findings: Findings) -> object:
    attempts = []
    for inner in kind.kinds:
        attempt = Findings()
        value = check(inner, node, path, attempt)
        if not attempt.problems:
            return value
        attempts.append((inner, attempt))
    fitting = [attempt for inner, attempt in attempts if _fits(inner, node)]
    first = (fitting or [attempt for _, attempt in attempts])[0].problems[0]
    findings.add(path, node.place, first.message, allowed=allowed(kind), nearest=first.nearest)
    return INVALID


def _fits(kind: Kind, node: Node) -> bool:
    """Whether the node has the right type, so that a problem of this kind is the one to report."""
    match kind:
        case Text():
            return isinstance(node, Scalar) and node.reading is Reading.TEXT
        case Whole():
            return isinstance(node, Scalar) and node.reading is Reading.WHOLE
        case _:
            return False


def _list(kind: ListOf, node: Node, path: str, findings: Findings) -> object:
    if isinstance(node, Scalar) and node.reading is Reading.NULL:
        return ()
    if not isinstance(node, Items):
        return _refuse_type(kind, node, path, findings)
    if kind.longest is not None and len(node.items) > kind.longest:
        findings.add(path, node.place, f"{len(node.items)} items are too many.", allowed=allowed(kind))
        return INVALID
    values = [check(kind.item, item, f"{path}[{i}]", findings) for i, item in enumerate(node.items)]
    return INVALID if INVALID in values else tuple(values)


def _map(kind: MapOf, node: Node, path: str, findings: Findings) -> object:
    if isinstance(node, Scalar) and node.reading is Reading.NULL:
        return {}
    if not isinstance(node, Entries):
        return _refuse_type(kind, node, path, findings)
    found: dict[str, object] = {}
    for entry in node.entries:
        fault = _text_fault(kind.key, entry.key)
        if fault is not None:
            findings.add(below(path, entry.key), entry.place, fault, allowed=allowed(kind.key))
        if is_written_null(entry.node):
            found[entry.key] = None  # cleared
            continue
        found[entry.key] = check(kind.value, entry.node, below(path, entry.key), findings)
    if kind.longest is not None and len(found) > kind.longest:
        findings.add(path, node.place, f"{len(found)} are too many.", allowed=f"at most {kind.longest}")
        return INVALID
    return INVALID if INVALID in found.values() else found


def is_written_null(node: Node) -> bool:
    """Whether null is written explicitly: unlike an empty value, it clears a setting."""
    return isinstance(node, Scalar) and node.reading is Reading.NULL and bool(node.text)


def _pattern(kind: Text, node: Node, path: str, findings: Findings) -> object:
    """A filter pattern, which is written as JSON text or as a mapping, as compact JSON text."""
    from ddbinsert.core.filters.insert_only import insert_patterns
    from ddbinsert.core.pattern.json_text import read_json, write_json
    from ddbinsert.core.pattern.matcher import PatternError

    if isinstance(node, Entries):
        if not _is_json(node, path, findings):
            return INVALID
        text = json.dumps(to_python(node), separators=(",", ":"), ensure_ascii=False)
    elif isinstance(node, Scalar) and node.reading is Reading.TEXT:
        text = node.text
    else:
        return _refuse_type(kind, node, path, findings)
    try:
        insert_patterns([text])
    except PatternError as error:
        close = ", ".join(word for word in error.allowed if len(word) > 1) or None
        message = f"{error.message} {error.hint}" if error.hint else error.message
        findings.add(_inside(path, error.path), at(node, error.path).place, message, allowed=close)
        return INVALID
    return write_json(read_json(text))


def _inside(path: str, steps: tuple[str | int, ...]) -> str:
    for step in steps:
        path = f"{path}[{step}]" if isinstance(step, int) else below(path, step)
    return path


def _is_json(node: Node, path: str, findings: Findings) -> bool:
    """Whether every scalar in the node has an unambiguous value in JSON."""
    good = True
    for scalar in every_scalar(node):
        infinite = isinstance(scalar.value, float) and not math.isfinite(scalar.value)
        if scalar.reading is Reading.AMBIGUOUS or infinite:
            findings.add(path, scalar.place, f"{format_value(scalar.text)} is ambiguous in YAML; {_QUOTE}.")
            good = False
    return good


_QUOTE = "write text in quotes, a number in plain decimals, true or false for a boolean"


def _refuse_type(kind: Kind, node: Node, path: str, findings: Findings) -> object:
    """Report the type of the node and the expected type, and how to write the value if only its form is wrong."""
    match node:
        case Items():
            message = "A list is not valid here."
        case Entries():
            message = "A mapping is not valid here."
        case Scalar():
            message = _scalar_message(kind, node)
    findings.add(path, node.place, message, allowed=allowed(kind))
    return INVALID


def _scalar_message(kind: Kind, node: Scalar) -> str:
    said = (
        "The value"
        if is_secret(kind)
        else format_value(node.value if node.reading is Reading.TEXT else node.text)
    )
    wants_text = takes_text(kind) and not (isinstance(kind, Text) and kind.is_json)
    wants_number = isinstance(kind, Whole) or (isinstance(kind, Choice) and not wants_text)
    match node.reading:
        case Reading.NULL:
            return "The value is missing. Give one, or omit the key to use its default."
        case Reading.AMBIGUOUS if isinstance(kind, Boolean):
            return f"{said} is ambiguous in YAML; write true or false."
        case Reading.AMBIGUOUS if wants_number:
            return f"{said} is ambiguous in YAML; write a plain decimal number."
        case Reading.AMBIGUOUS:
            return f"{said} is ambiguous in YAML; write text in quotes."
        case Reading.TEXT if wants_number and re.fullmatch(r"[-+]?[0-9]+", node.text):
            return f"{said} is text; write the number without quotes."
        case Reading.TEXT if isinstance(kind, Boolean) and node.text in ("true", "false"):
            return f"{said} is text; write it without quotes."
        case Reading.TEXT:
            return f"{said} is text."
        case _ if wants_text:
            return f"{said} reads as {node.reading.value}; write it in quotes to make it text."
        case _:
            return f"{said} is {node.reading.value}."


def nearest(word: str, known: list[str]) -> str | None:
    """The known word that is most similar, if one is similar enough."""
    import difflib

    plain = {re.sub(r"[\W_]", "", candidate).casefold(): candidate for candidate in reversed(known)}
    bare = re.sub(r"[\W_]", "", word[:80]).casefold()
    if bare in plain:
        return plain[bare]
    close = difflib.get_close_matches(bare, list(plain), n=1, cutoff=0.7)
    return plain[close[0]] if close else None
