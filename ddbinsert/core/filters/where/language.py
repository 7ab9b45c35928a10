"""The parser of the condition language of `--where`.

    NewImage.status = "NEW" and (NewImage.total.N in (1, 2) or not Keys.pk begins_with "TEST#")

    condition   any ("or" any)*                    any      one ("and" one)*
    one         "not" one | "(" condition ")" | test
    test        PATH ("=" | "!=" | "<" | "<=" | ">" | ">=") VALUE
                PATH ["not"] "in" "(" VALUE ("," VALUE)* ")"
                PATH "between" VALUE "and" VALUE
                PATH ("begins_with" | "ends_with" | "contains" | "like" | "equals_ignore_case" | "cidr") VALUE
                PATH ["not"] "exists"
                FUNCTION "(" PATH ["," VALUE] ")"  as in DynamoDB's own condition expressions
    PATH        parts joined by dots; a part with other characters than letters, digits, _ - # : @ is
                written in backticks, and one in backticks is always a name
    VALUE       "text" (escapes as in JSON), 'text' (a quote is doubled), a number, true, false, null

Words of the language are case-insensitive.
"""

from __future__ import annotations

import json
import re
from decimal import Decimal, InvalidOperation
from typing import TYPE_CHECKING, Final

from ddbinsert.core.filters.where.tree import (
    Comparison,
    ConditionError,
    ConditionGroup,
    Not,
    Op,
    PathPart,
    Tree,
    Value,
)
from ddbinsert.dataclass import dataclass

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence


_TOKEN = re.compile(
    r"""\s*(?:
        (?P<text>"(?:[^"\\]|\\.)*"|'(?:[^']|'')*')
      | (?P<number>[-+]?(?:[0-9]+(?:\.[0-9]*)?|\.[0-9]+)(?:[eE][-+]?[0-9]+)?(?![\w.`-]))
      | (?P<path>(?:`(?:[^`]|``)+`|[\w\#:@-]+)(?:\.(?:`(?:[^`]|``)+`|[\w\#:@-]+))*)
      | (?P<sign><>|[=!<>]=|[=<>(),])
    )""",
    re.VERBOSE,
)
_PART = re.compile(r"`((?:[^`]|``)+)`|([^.`]+)")
_SIGNS: Final = {
    **{op.value: op for op in (Op.EQUALS, Op.DIFFERS, Op.LESS, Op.AT_MOST, Op.MORE, Op.AT_LEAST)},
    "==": Op.EQUALS,
    "<>": Op.DIFFERS,
}
_WORDS: Final = {
    op.value: op
    for op in (Op.BEGINS_WITH, Op.ENDS_WITH, Op.CONTAINS, Op.LIKE, Op.EQUALS_IGNORE_CASE, Op.CIDR)
}
_FUNCTIONS: Final = {
    "begins_with": Op.BEGINS_WITH,
    "contains": Op.CONTAINS,
    "attribute_exists": Op.EXISTS,
    "attribute_not_exists": Op.EXISTS,
}
_LITERALS: Final[dict[str, Value]] = {"true": True, "false": False, "null": None}
_OPERATORS: Final = (
    "= != < <= > >= in, between, begins_with, ends_with, contains, like, equals_ignore_case, cidr, exists"
)
_DEEPEST: Final = 50


@dataclass(frozen=True, kw_only=True)
class _Token:
    kind: str
    text: str
    position: int

    @property
    def word(self) -> str:
        """The token as a word of the language, in lower case; empty for other tokens."""
        return self.text.lower() if self.kind == "path" else ""


def read_condition(text: str) -> Tree:
    """The tree of one condition.

    Raises:
        ConditionError: It is not valid; the error has the position.
    """
    reader = _ConditionReader(text)
    tree = reader.any_of(0)
    reader.expect_end()
    return tree


def _tokens(text: str) -> list[_Token]:
    tokens, position = [], 0
    while text[position:].strip():
        found = _TOKEN.match(text, position)
        if found is None or found.lastgroup is None:
            start = position + len(text[position:]) - len(text[position:].lstrip())
            raise ConditionError(_unreadable(text[start]), text, start)
        tokens.append(
            _Token(kind=found.lastgroup, text=found[found.lastgroup], position=found.start(found.lastgroup))
        )
        position = found.end()
    tokens.append(_Token(kind="end", text="", position=len(text)))
    return tokens


def _unreadable(character: str) -> str:
    if character in "\"'`":
        return f"This {character} is not closed."
    return f"{character!r} is not expected here."


class _ConditionReader:
    """Recursive descent over the tokens of one condition."""

    def __init__(self, text: str) -> None:
        self.text = text
        self.tokens = _tokens(text)
        self.index = 0

    @property
    def token(self) -> _Token:
        return self.tokens[self.index]

    def fault(self, message: str, *, hint: str | None = None) -> ConditionError:
        return ConditionError(message, self.text, self.token.position, hint=hint)

    def next(self) -> _Token:
        token = self.token
        self.index += token.kind != "end"
        return token

    def takes(self, *words: str) -> bool:
        """Step over the next token if it is one of these words or signs."""
        found = self.token.word in words or (self.token.kind == "sign" and self.token.text in words)
        self.index += found
        return found

    def expect(self, sign: str) -> None:
        if not self.takes(sign):
            raise self.fault(f"`{sign}` is expected{self._instead()}.")

    def expect_end(self) -> None:
        if self.token.kind != "end":
            raise self.fault(f"`and` or `or` is expected{self._instead()}.")

    def _instead(self) -> str:
        return f", not {self.token.text}" if self.token.kind != "end" else ""

    def any_of(self, depth: int) -> Tree:
        return self._joined(
            "or", lambda: self._joined("and", lambda: self.one(depth), every=True), every=False
        )

    def _joined(self, word: str, part: Callable[[], Tree], *, every: bool) -> Tree:
        parts = [part()]
        while self.takes(word):
            parts.append(part())
        return parts[0] if len(parts) == 1 else ConditionGroup(parts=tuple(parts), every=every)

    def one(self, depth: int) -> Tree:
        if depth > _DEEPEST:
            raise self.fault("The condition is nested too deeply.")
        if self.takes("not"):
            return Not(inner=self.one(depth + 1))
        if self.takes("("):
            inner = self.any_of(depth + 1)
            self.expect(")")
            return inner
        return self.test()

    def test(self) -> Tree:
        start = self.token
        following = self.tokens[min(self.index + 1, len(self.tokens) - 1)]
        if start.word in _FUNCTIONS and following.text == "(":
            return self.function()
        path = self.path()
        if self.takes("not"):
            if self.takes("in"):
                return Not(inner=self.comparison(path, Op.EQUALS, self.values(), start))
            if self.takes("exists"):
                return Not(inner=self.comparison(path, Op.EXISTS, (), start))
            raise self.fault("`in` or `exists` is expected after `not`.")
        if self.takes("in"):
            return self.comparison(path, Op.EQUALS, self.values(), start)
        if self.takes("exists"):
            return self.comparison(path, Op.EXISTS, (), start)
        if self.takes("between"):
            low = self.value()
            if not self.takes("and"):
                raise self.fault("`between` takes two values: between 1 and 5.")
            return self.comparison(path, Op.BETWEEN, (low, self.value()), start)
        op = _WORDS.get(self.token.word) or (
            _SIGNS.get(self.token.text) if self.token.kind == "sign" else None
        )
        if op is None:
            raise self.fault(
                f"An operator is expected{self._instead()}.", hint=f"Operators are {_OPERATORS}."
            )
        self.next()
        values = self.values() if self.token.text == "(" and op in _WORDS.values() else (self.value(),)
        return self.comparison(path, op, values, start)

    def function(self) -> Tree:
        start = self.next()
        op = _FUNCTIONS[start.word]
        self.expect("(")
        path = self.path()
        values: tuple[Value, ...] = ()
        if op is not Op.EXISTS:
            self.expect(",")
            values = (self.value(),)
        self.expect(")")
        made = self.comparison(path, op, values, start)
        return Not(inner=made) if start.word == "attribute_not_exists" else made

    def comparison(
        self, path: tuple[PathPart, ...], op: Op, values: Sequence[Value], start: _Token
    ) -> Comparison:
        return Comparison(
            path=path, op=op, values=tuple(values), condition=self.text, position=start.position
        )

    def path(self) -> tuple[PathPart, ...]:
        if self.token.kind != "path":
            raise self.fault(
                f"A field is expected{self._instead()}.",
                hint="Such as NewImage.status, Keys.pk or eventName.",
            )
        return tuple(
            PathPart(text=quoted.replace("``", "`"), quoted=True) if quoted else PathPart(text=plain)
            for quoted, plain in _PART.findall(self.next().text)
        )

    def values(self) -> tuple[Value, ...]:
        self.expect("(")
        values = [self.value()]
        while self.takes(","):
            values.append(self.value())
        self.expect(")")
        return tuple(values)

    def value(self) -> Value:
        token = self.token
        if token.kind == "text":
            return self._text(self.next())
        if token.kind == "number":
            return self._number(self.next())
        if token.word in _LITERALS:
            return _LITERALS[self.next().word]
        raise self.fault(
            f"A value is expected{self._instead()}.",
            hint='Write text in quotes: "NEW". Numbers, true, false and null have no quotes.',
        )

    def _number(self, token: _Token) -> Decimal:
        try:
            return Decimal(token.text)
        except InvalidOperation as error:
            message = f"{token.text} is too large for a number."
            raise ConditionError(message, self.text, token.position) from error

    def _text(self, token: _Token) -> str:
        if token.text.startswith("'"):
            return token.text[1:-1].replace("''", "'")
        try:
            return str(json.loads(token.text, strict=False))
        except ValueError as error:
            raise ConditionError(
                "This text has an escape that JSON lacks.", self.text, token.position
            ) from error
