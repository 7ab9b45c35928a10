"""Terraform sources (HCL) with exact positions, parsed by tree-sitter, which also reads files with syntax errors.

The root has the form of `.tf.json`: `{"resource": {TYPE: {NAME: body}}, "locals": …}`; repeated blocks are lists.
"""

from __future__ import annotations

import json
from typing import Any, Final

from ddbinsert.documents.source import Document, GetAttribute, Path, Span, Unknown
from ddbinsert.errors import PrerequisiteError

_INSTALL: Final = "pip install 'ddbinsert[terraform]'"


class _HclPlaces:
    def __init__(self, spans: dict[Path, Span], keys: dict[Path, Span]) -> None:
        self._spans = spans
        self._keys = keys

    def span(self, path: Path) -> Span | None:
        return self._spans.get(path)

    def key_span(self, path: Path) -> Span | None:
        return self._keys.get(path)


def read_hcl(name: str, text: str) -> Document:
    """The document of a `.tf` file.

    Raises:
        PrerequisiteError: The parser is not installed.
    """
    try:
        import tree_sitter
        import tree_sitter_hcl
    except ImportError as error:
        raise PrerequisiteError(
            f"{name}: reading Terraform sources needs the extra `terraform`.",
            hint=f"`{_INSTALL}`, or check the plan: `terraform show -json PLAN`.",
            code="extra-missing",
        ) from error
    parser = tree_sitter.Parser(tree_sitter.Language(tree_sitter_hcl.language()))
    reader = _HclReader(text)
    tree = parser.parse(reader.data).root_node
    root = reader.file(tree)
    line = _first_error(tree)
    incomplete = f"{name}, line {line}: a syntax error; what is around it is not checked" if line else ""
    places = _HclPlaces(reader.spans, reader.keys)
    return Document(name=name, text=text, root=root, places=places, incomplete=incomplete)


def _first_error(node: Any) -> int | None:
    """The line of the first syntax error, from 1."""
    while node.has_error:
        if node.is_error or node.is_missing:
            return int(node.start_point[0]) + 1
        inner = next((child for child in node.children if child.has_error or child.is_missing), None)
        if inner is None:
            return int(node.start_point[0]) + 1
        node = inner
    return None


class _HclReader:
    """Walks the syntax tree, and stores the position of every value by its path."""

    def __init__(self, text: str) -> None:
        self.data = text.encode()
        self.ascii = len(self.data) == len(text)
        self.spans: dict[Path, Span] = {}
        self.keys: dict[Path, Span] = {}
        self.locals: dict[str, Any] = {}

    def span(self, node: Any) -> Span:
        if self.ascii:
            return Span(node.start_byte, node.end_byte)
        start = len(self.data[: node.start_byte].decode())
        return Span(start, start + len(self.text(node)))

    def text(self, node: Any) -> str:
        return self.data[node.start_byte : node.end_byte].decode()

    def file(self, node: Any) -> dict[str, Any]:
        bodies = [child for child in node.children if child.type == "body"]
        blocks = [one for body in bodies for one in body.children if one.type == "block"]
        for block in blocks:
            if self._labels(block)[:1] == ["locals"]:
                self.locals |= self._body(self._inner(block), ("locals",))
        root: dict[str, Any] = {"resource": {}, "module": {}, "locals": self.locals}
        for block in blocks:
            match self._labels(block):
                case ["resource", kind, name]:
                    path: Path = ("resource", kind, name)
                    root["resource"].setdefault(kind, {})[name] = self._body(self._inner(block), path)
                    self.spans[path] = self.span(block)
                case ["module", name]:
                    root["module"][name] = self._body(self._inner(block), ("module", name))
                    self.spans["module", name] = self.span(block)
                case _:
                    pass
        return root

    def _labels(self, block: Any) -> list[str]:
        found = []
        for child in block.children:
            if child.type == "block_start":
                break
            if child.type in ("identifier", "string_lit"):
                found.append(self.text(child).strip('"'))
        return found

    def _inner(self, block: Any) -> Any:
        return next((child for child in block.children if child.type == "body"), None)

    def _body(self, node: Any, path: Path) -> dict[str, Any]:
        found: dict[str, Any] = {}
        if node is None:
            return found
        blocks: dict[tuple[str, str], list[Any]] = {}
        for child in node.children:
            if child.type == "attribute":
                key, expression = child.children[0], child.children[-1]
                attribute = self.text(key)
                here = (*path, attribute)
                self.keys[here] = self.span(key)
                found[attribute] = self.value(expression, here)
            elif child.type == "block":
                labels = self._labels(child)
                named = labels[1] if labels[0] == "dynamic" and len(labels) > 1 else ""
                blocks.setdefault((labels[0], named), []).append(child)
        for (name, dynamic), several in blocks.items():
            bodies = []
            for index, block in enumerate(several):
                here = (*path, name, dynamic, index) if dynamic else (*path, name, index)
                self.spans[here] = self.span(block)
                self.keys[here] = self.span(block.children[0])
                bodies.append(self._body(self._inner(block), here))
            if dynamic:
                found.setdefault(name, {})[dynamic] = bodies
            else:
                found[name] = bodies
        return found

    # --- expressions ------------------------------------------------------------------------------------

    def value(self, node: Any, path: Path) -> Any:
        """The value of an expression; its non-constant parts are Unknown."""
        self.spans[path] = self.span(node)
        inner = [child for child in node.children if child.type != "comment"]
        if (
            node.type in ("expression", "literal_value", "collection_value", "template_expr")
            and len(inner) == 1
        ):
            found = self.value(inner[0], path)
            self.spans[path] = (
                self.span(inner[0])
                if inner[0].type in ("object", "tuple", "string_lit")
                else self.spans[path]
            )
            return found
        match node.type:
            case "tuple":
                items = [child for child in inner if child.type == "expression"]
                return [self.value(item, (*path, index)) for index, item in enumerate(items)]
            case "object":
                return self._object(inner, path)
            case "function_call":
                return self._call(inner, path)
            case _ if "variable_expr" in (node.type, *(child.type for child in inner[:1])):
                return self._reference(node)
            case _:
                return self._literal(node)

    def _literal(self, node: Any) -> Any:
        text = self.text(node)
        match node.type:
            case "string_lit":
                return self._string(node)
            case "heredoc_template":
                return self._heredoc(node)
            case "numeric_lit":
                return json.loads(text) if _is_json_number(text) else Unknown("a number", text)
            case "bool_lit":
                return text == "true"
            case "null_lit":
                return None
            case _ if text.startswith("-") and _is_json_number(number := "".join(text.split())):
                return json.loads(number)  # a sign is an operation in HCL
            case _:
                return Unknown("the expression is evaluated by Terraform", text)

    def _object(self, inner: list[Any], path: Path) -> dict[str, Any]:
        found: dict[str, Any] = {}
        for element in inner:
            if element.type != "object_elem":
                continue
            key, value = element.child_by_field_name("key"), element.child_by_field_name("val")
            name = self.text(key).strip()
            name = _decoded(name[1:-1]) if name.startswith('"') else name.strip("()")
            here = (*path, name)
            self.keys[here] = self.span(key)
            found[name] = self.value(value, here)
        return found

    def _call(self, inner: list[Any], path: Path) -> Any:
        name = self.text(inner[0])
        arguments = [
            child
            for part in inner
            if part.type == "function_arguments"
            for child in part.children
            if child.type == "expression"
        ]
        if name == "jsonencode" and len(arguments) == 1:
            return {"jsonencode": self.value(arguments[0], (*path, "jsonencode"))}
        return Unknown(f"{name}() is evaluated by Terraform", name)

    def _reference(self, node: Any) -> Any:
        text = "".join(self.text(node).split())
        if text.startswith("local."):
            return self.locals.get(
                text.removeprefix("local."), Unknown("it is a local value of another file", text)
            )
        resource, dot, attribute = text.rpartition(".")
        if dot and not text.startswith(("var.", "each.", "count.", "path.")):
            return GetAttribute(resource, attribute)
        return Unknown("it is a variable", text)

    def _string(self, node: Any) -> Any:
        raw = self.text(node)[1:-1]
        if has_expression(raw):
            return Unknown("the expression is evaluated by Terraform", raw)
        return _decoded(raw)

    def _heredoc(self, node: Any) -> Any:
        lines = self.text(node).split("\n")
        body = lines[1:-1]
        if any(map(has_expression, body)):
            return Unknown("the expression is evaluated by Terraform", "heredoc")
        if lines[0].startswith("<<-"):
            margin = min((len(line) - len(line.lstrip()) for line in body if line.strip()), default=0)
            body = [line[margin:] for line in body]
        return PlainText(without_escapes("\n".join(body) + "\n"))


class PlainText(str):
    """Text without expressions: a `${` in it is literal."""

    __slots__ = ()


def has_expression(raw: str) -> bool:
    """Whether Terraform evaluates a part of this text."""
    return "${" in raw.replace("$${", "") or "%{" in raw.replace("%%{", "")


def without_escapes(raw: str) -> str:
    """The text without escapes: `$${` means `${`, and `%%{` means `%{`."""
    return raw.replace("$${", "${").replace("%%{", "%{")


def _decoded(raw: str) -> PlainText:
    """The text of a quoted string; HCL has JSON's escapes."""
    try:
        text = str(json.loads(f'"{raw}"', strict=False))
    except ValueError:
        text = raw
    return PlainText(without_escapes(text))


def _is_json_number(text: str) -> bool:
    try:
        json.loads(text)
    except ValueError:
        return False
    return True
