"""YAML with exact positions; CloudFormation's short tags (`!Ref`, `!GetAtt`, `!Sub`) become their long forms."""

from __future__ import annotations

from typing import Any, Final

import yaml

from ddbinsert.documents.source import Document, DocumentError, Path, Span

#: Maximum number of nodes after aliases are followed, for documents that grow without limit.
_MOST_NODES: Final = 1_000_000
_DEEPEST: Final = 100

_PREFIX: Final = "tag:yaml.org,2002:"
_LOADER: Any = getattr(yaml, "CSafeLoader", yaml.SafeLoader)
#: Short tags whose long form does not begin with Fn::.
_BARE: Final = ("Ref", "Condition")


class _YamlPlaces:
    """Spans of composed nodes, looked up by path."""

    def __init__(self, text: str, root: Any, offset: int) -> None:
        self.text = text
        self.root = root
        self.offset = offset

    def _span(self, node: Any) -> Span:
        return Span(node.start_mark.index + self.offset, node.end_mark.index + self.offset)

    def span(self, path: Path) -> Span | None:
        found = self._find(path)
        if found is None:
            return None
        span = self._span(found[1])
        tag = found[1].tag
        if path and path[-1] == _long_form(tag) and self.text.startswith(tag, span.start):
            rest = self.text[span.start + len(tag) : span.end]  # the operand of a short tag: `!Sub "…"`
            return Span(span.end - len(rest.lstrip()), span.end)
        return span

    def key_span(self, path: Path) -> Span | None:
        found = self._find(path)
        return None if found is None or found[0] is None else self._span(found[0])

    def _find(self, path: Path) -> tuple[Any, Any] | None:
        key, node = None, self.root
        for step in path:
            found = _child(node, step)
            if found is None:
                return None
            key, node = found
        return key, node


def _child(node: Any, step: str | int) -> tuple[Any, Any] | None:
    long_form = _long_form(node.tag)
    if long_form is not None:
        return (None, node) if step == long_form else None
    if isinstance(node, yaml.SequenceNode):
        return (None, node.value[step]) if isinstance(step, int) and step < len(node.value) else None
    if isinstance(node, yaml.MappingNode):
        for key, value in reversed(node.value):  # of a repeated key the last one counts
            if isinstance(key, yaml.ScalarNode) and key.value == str(step) and not _is_merge(key):
                return key, value
        for key, value in node.value:
            for merged in (
                (value.value if isinstance(value, yaml.SequenceNode) else [value]) if _is_merge(key) else ()
            ):
                found = _child(merged, step)
                if found is not None:
                    return found
    return None


def _is_merge(key: Any) -> bool:
    return bool(key.tag == f"{_PREFIX}merge")


def _long_form(tag: str) -> str | None:
    """`!GetAtt` as `Fn::GetAtt`; None for YAML's own tags."""
    if not tag.startswith("!") or len(tag) < 2:
        return None
    name = tag[1:]
    return name if name in _BARE else f"Fn::{name}"


def read_yaml(name: str, text: str, *, generated: bool = False) -> Document:
    """The first document of a YAML text that is an object.

    Raises:
        DocumentError: The text is not YAML, or its aliases grow too large.
    """
    bare = text.removeprefix("\ufeff")  # the parser's positions do not count a byte order mark
    try:
        roots = [one for one in yaml.compose_all(bare, Loader=_LOADER) if one is not None]
    except yaml.MarkedYAMLError as error:
        mark = error.problem_mark
        where = f", line {mark.line + 1}, column {mark.column + 1}" if mark is not None else ""
        raise DocumentError(f"{name}{where}: this is not YAML: {error.problem}.") from error
    except (yaml.YAMLError, RecursionError, ValueError) as error:
        raise DocumentError(f"{name}: this is not YAML: {error}.") from error
    objects = [one for one in roots if isinstance(one, yaml.MappingNode)]
    root = next(iter([*objects, *roots]), None)
    values = _Values(name)
    value = values.value(root, 0) if root is not None else None
    several = f"{name} has {len(objects)} YAML documents: only the first one is checked"
    return Document(
        name=name,
        text=text,
        root=value,
        places=_YamlPlaces(text, root, len(text) - len(bare)),
        generated=generated,
        incomplete=several if len(objects) > 1 else values.repeated,
    )


class _Values:
    """Plain values of composed nodes."""

    def __init__(self, name: str) -> None:
        self.name = name
        self.count = 0
        #: The first key that an object has twice, in words; empty if there is none.
        self.repeated = ""

    def value(self, node: Any, depth: int) -> Any:
        self.count += 1
        if self.count > _MOST_NODES or depth > _DEEPEST:
            raise DocumentError(
                f"{self.name}: the document is nested too deeply, or its aliases grow too large."
            )
        long_form = _long_form(node.tag)
        if long_form is not None:
            return {long_form: self._tagged(long_form, node, depth)}
        if isinstance(node, yaml.ScalarNode):
            return _scalar(node)
        return self._collection(node, depth)

    def _tagged(self, long_form: str, node: Any, depth: int) -> Any:
        if not isinstance(node, yaml.ScalarNode):
            return self._collection(node, depth)
        if long_form == "Fn::GetAtt":
            return node.value.split(".", 1)
        return node.value

    def _collection(self, node: Any, depth: int) -> Any:
        if isinstance(node, yaml.SequenceNode):
            return [self.value(item, depth + 1) for item in node.value]
        members: dict[str, Any] = {}
        own: set[str] = set()
        for key, value in node.value:
            if _is_merge(key):
                merged = self.value(value, depth + 1)
                for one in merged if isinstance(merged, list) else [merged]:
                    members = {**one, **members} if isinstance(one, dict) else members
            elif isinstance(key, yaml.ScalarNode):
                if key.value in own and not self.repeated:
                    line = key.start_mark.line + 1
                    self.repeated = f"{self.name}, line {line}: the key `{key.value}` is repeated; only its last value is checked"
                own.add(key.value)
                members[key.value] = self.value(value, depth + 1)
        return members


_WORDS: Final = {"true": True, "yes": True, "on": True, "false": False, "no": False, "off": False}


def _scalar(node: Any) -> Any:
    kind = node.tag.removeprefix(_PREFIX)
    text: str = node.value
    if kind == "null":
        return None
    if kind == "bool":
        return _WORDS.get(text.lower(), text)
    if kind == "int":
        return int(text) if text.lstrip("+-").isascii() and text.lstrip("+-").isdigit() else text
    if kind == "float":
        try:
            return float(text)
        except ValueError:
            return text
    return text
