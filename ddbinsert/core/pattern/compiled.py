"""A pattern as one Python function, written for the records that streams contain.

The generated function walks plain dicts of plain leaves. Where a record is not that plain on the pattern's
paths (an array, a key that contains a dot, another Mapping, a Decimal), it calls the exact matcher.
That is correct: a plain leaf is in no array, so it is compatible with every other leaf, and on plain paths a field
that does not match makes the pattern not match.

The source is assembled from fixed fragments only. Keys and values of the pattern are bound as names of the
function's globals, never written into the text.
"""

from __future__ import annotations

from types import NoneType
from typing import TYPE_CHECKING, Any, Final

from ddbinsert.core.pattern.exact import exact_of, steps_to
from ddbinsert.core.pattern.leaf_source import LeafTests
from ddbinsert.core.pattern.model import NOT_THERE, Alternatives, AnythingBut, Equals, Exists, Field, Node
from ddbinsert.core.pattern.rules import fields_of, without_repeats

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Sequence

# Larger patterns approach the limits of Python's compiler (its parser nests 200 deep), and need no fast path.
_MOST_KEYS: Final = 40
_MOST_FIELDS: Final = 300
_DEEPEST_OR: Final = 12


class _Absent:
    """The result of `.get` for a missing key if null is a possible value."""


_ABSENT: Final = _Absent()
_OTHER: Final = frozenset({int, float, bool, NoneType})
_LEAVES: Final = _OTHER | {str}
_GONE: Final = frozenset({_Absent, dict})
_PLAIN: Final = _LEAVES | _GONE


def compile_nodes(nodes: Sequence[Node]) -> Callable[[object], bool]:
    """Compile the function that returns whether a record matches all of the nodes. It never raises."""
    exact = exact_of(nodes)
    plain = without_repeats(nodes)
    fields = list(fields_of(plain))
    if (
        len(fields) > _MOST_FIELDS
        or max(len(field.keys) for field in fields) > _MOST_KEYS
        or _or_depth(plain) > _DEEPEST_OR
    ):
        return exact
    return _Writer(exact).function(sorted(plain, key=_cost))


def _or_depth(nodes: Iterable[Node]) -> int:
    depths = [
        1 + max(_or_depth(branch) for branch in node.branches)
        for node in nodes
        if isinstance(node, Alternatives)
    ]
    return max(depths, default=0)


def _cost(node: Node) -> tuple[bool, int, bool]:
    """Cheap and decisive first: most records fail on eventName."""
    if isinstance(node, Alternatives):
        return True, 0, True
    return False, len(node.keys), not all(isinstance(condition, Equals) for condition in node.conditions)


class _Writer:
    """Writes the source of the matching function and of its helpers, and collects the names that they use."""

    def __init__(self, exact: Callable[[object], bool]) -> None:
        self.names: dict[str, Any] = {
            "exact": exact,
            "ABSENT": _ABSENT,
            "OTHER": _OTHER,
            "LEAVES": _LEAVES,
            "GONE": _GONE,
            "PLAIN": _PLAIN,
        }
        self.leaf_tests = LeafTests(self.name)
        self.helpers: list[str] = []
        self.irregular: dict[tuple[str, ...], str] = {}
        self.dicts: dict[tuple[str, ...], str] = {(): "record"}
        self.variables = 0

    def name(self, value: object) -> str:
        name = f"c{len(self.names)}"
        self.names[name] = value
        return name

    def variable(self) -> str:
        self.variables += 1
        return f"v{self.variables}"

    def function(self, nodes: Sequence[Node]) -> Callable[[object], bool]:
        body = [f"        {line}" for node in nodes for line in self.statement(node)]
        source = "\n".join(
            [
                *self.helpers,
                "def matches(record):",
                "    try:",
                *body,
                "        return True",
                "    except Exception:",
                "        return exact(record)",
            ]
        )
        # The text contains only fixed fragments and generated names; see the module's docstring.
        exec(compile(source, "<filter pattern>", "exec"), self.names)  # noqa: S102
        function: Callable[[object], bool] = self.names["matches"]
        return function

    def statement(self, node: Node) -> list[str]:
        if isinstance(node, Alternatives):
            checks = dict.fromkeys(self.hands_over(field) for field in fields_of([node]))
            return [
                f"if not {self.expression(node)}:",
                f"    return ({' or '.join(checks)}) and exact(record)",
            ]
        if "." in node.path and _may_be_absent(node):
            return [
                f"if not {self.expression(node)}:",
                f"    return {self.hands_over(node)} and exact(record)",
            ]
        return [*self.descent(node), *self.leaf(node)]

    def descent(self, node: Field) -> list[str]:
        """Bind the dict around the leaf to a variable, once for all fields that share it.

        A value that is not a mapping has no `get`: the exception leads to the exact matcher.
        """
        lines = []
        for length in range(1, len(node.keys)):
            prefix = node.keys[:length]
            if prefix not in self.dicts:
                variable = self.variable()
                lines += [
                    f"{variable} = {self.dicts[prefix[:-1]]}.get({self.name(prefix[-1])})",
                    f"if {variable} is None:",
                    f"    return ({self.irregular_here(node, length)}) and exact(record)",
                ]
                self.dicts[prefix] = variable
        return lines

    def leaf(self, node: Field) -> list[str]:
        variable = self.variable()
        test = self.leaf_tests.test(node).replace("{v}", variable)
        lookup = self.lookup(node, self.dicts[node.keys[:-1]])
        if _may_be_absent(node):  # its path has no dots, see `statement`
            test = f"{test} or type({variable}) in GONE"
        return [
            f"{variable} = {lookup}",
            f"if not ({test}):",
            f"    return ({self.irregular_here(node, len(node.keys), variable)}) and exact(record)",
        ]

    def irregular_here(self, node: Field, length: int, variable: str | None = None) -> str:
        """The same question as `hands_over`'s, where the first `length` keys have been followed already.

        Args:
            node: The field.
            length: How many of its keys; the dicts up to the last of these are bound to variables.
            variable: The variable with the value at the last of these keys; None if there is no value, or null.
        """
        steps = steps_to([node.path])
        parts = [f"type({variable}) not in PLAIN"] if variable else []
        reached: str | None = None
        for index, key in enumerate(node.keys[:length]):
            others = [self.name(other) for other, _, _ in steps[reached] if other != key]
            parts += [f"{other} in {self.dicts[node.keys[:index]]}" for other in others]
            reached = key if reached is None else f"{reached}.{key}"
        return " or ".join(parts) or "False"

    def expression(self, node: Node) -> str:
        if isinstance(node, Alternatives):
            branches = (" and ".join(self.expression(part) for part in branch) for branch in node.branches)
            return "((" + ") or (".join(branches) + "))"
        known = max(length for length in range(len(node.keys)) if node.keys[:length] in self.dicts)
        parent, parts = self.dicts[node.keys[:known]], []
        for key in node.keys[known:-1]:
            variable = self.variable()
            parts.append(f"type({variable} := {parent}.get({self.name(key)})) is dict")
            parent = variable
        variable = self.variable()
        test = self.leaf_tests.test(node).replace("{v}", f"({variable} := {self.lookup(node, parent)})", 1)
        parts.append(f"({test.replace('{v}', variable)})")
        expression = f"({' and '.join(parts)})"
        if _may_be_absent(node):
            expression = f"({expression} or {self.absent(node)}(record))"
        return expression

    def lookup(self, node: Field, parent: str) -> str:
        key = self.name(node.keys[-1])
        return f"{parent}.get({key}, ABSENT)" if _null_may_fit(node) else f"{parent}.get({key})"

    def hands_over(self, node: Field) -> str:
        """An expression: does this field's path need the exact matcher for this record?"""
        if node.keys not in self.irregular:
            self.irregular[node.keys] = self.walk(
                node, dotted="True", elsewhere="type(value) not in PLAIN", at_leaf="type(value) not in PLAIN"
            )
        return f"{self.irregular[node.keys]}(record)"

    def absent(self, node: Field) -> str:
        return self.walk(
            node, dotted="False", elsewhere="type(value) in PLAIN", at_leaf="type(value) in GONE"
        )

    def walk(self, node: Field, *, dotted: str, elsewhere: str, at_leaf: str) -> str:
        """Write a helper function that follows the field's keys.

        Args:
            node: The field.
            dotted: The result if a key contains a part of the path with dots.
            elsewhere: The result at a value that is not a dict, before the last key.
            at_leaf: The result at the value of the last key.
        """
        name = f"walk{len(self.helpers)}"
        steps = steps_to([node.path])
        lines = [f"def {name}(record):", "    value = record"]
        reached: str | None = None
        for index, key in enumerate(node.keys):
            others = [self.name(other) for other, _, _ in steps[reached] if other != key]
            if others:
                lines += [
                    f"    if {' or '.join(f'{other} in value' for other in others)}:",
                    f"        return {dotted}",
                ]
            lines.append(f"    value = value.get({self.name(key)}, ABSENT)")
            if index < len(node.keys) - 1:
                lines += ["    if type(value) is not dict:", f"        return {elsewhere}"]
            reached = key if reached is None else f"{reached}.{key}"
        lines.append(f"    return {at_leaf}")
        self.helpers += ["\n".join(lines)]
        return name


def _may_be_absent(node: Field) -> bool:
    return NOT_THERE in node.conditions


def _null_may_fit(node: Field) -> bool:
    return any(
        isinstance(condition, AnythingBut | Exists)
        or (isinstance(condition, Equals) and condition.value is None)
        for condition in node.conditions
    )
