"""Problems of a configuration, with their places, and the error that contains them."""

from __future__ import annotations

from typing import ClassVar, NamedTuple

from ddbinsert.advice import Advice
from ddbinsert.dataclass import dataclass
from ddbinsert.errors import ConfigurationError


class Place(NamedTuple):
    """The place where a value was written.

    Attributes:
        source: The file as the user named it, a variable, or a flag.
        line: Line number, from 1; None outside a file.
        column: Column number in characters, from 1; None outside a file.
    """

    source: str
    line: int | None = None
    column: int | None = None

    def __str__(self) -> str:
        return self.source if self.line is None else f"{self.source}:{self.line}:{self.column}"


@dataclass(frozen=True, kw_only=True)
class Problem:
    """One problem or warning.

    Attributes:
        path: The dotted key (``mapping.batch_size``); "" is the whole document.
        source: The file as the user named it, a variable, or a flag.
        message: The problem, in one sentence. It never contains values of the function's environment.
        line: Line number, from 1; None outside a file.
        column: Column number in characters, from 1; None outside a file.
        allowed: The valid values, in words.
        nearest: The most similar known key or value.
    """

    path: str
    source: str
    message: str
    line: int | None = None
    column: int | None = None
    allowed: str | None = None
    nearest: str | None = None

    def __str__(self) -> str:
        place = Place(self.source, self.line, self.column)
        parts = [f"{place}: {self.path}: {self.message}" if self.path else f"{place}: {self.message}"]
        if self.nearest:
            parts.append(f"Did you mean {self.nearest}?")
        if self.allowed:
            parts.append(f"Allowed: {self.allowed.removesuffix('.')}.")
        return " ".join(parts)


class InvalidConfigurationError(ConfigurationError):
    """The configuration is not valid; the message lists every problem.

    Args:
        problems: At least one, in the order of file, variables, flags.
    """

    default_code: ClassVar[str] = "invalid-configuration"

    def __init__(self, problems: tuple[Problem, ...]) -> None:
        heading = "The configuration has a problem:" if len(problems) == 1 else _many(len(problems))
        super().__init__(
            "\n".join([heading, *(f"  {problem}" for problem in problems)]),
            hint=Advice("Print every key with its allowed values", ("config", "schema")),
        )
        self.problems = problems

    @property
    def data(self) -> dict[str, tuple[Problem, ...]]:
        """The data of the JSON envelope."""
        return {"problems": self.problems}


class Findings:
    """Collects problems while a configuration is read."""

    def __init__(self) -> None:
        self.problems: list[Problem] = []
        self.warnings: list[Problem] = []

    def add(
        self, path: str, place: Place, message: str, *, allowed: str | None = None, nearest: str | None = None
    ) -> None:
        self.problems.append(_problem(path, place, message, allowed, nearest))

    def warn(self, path: str, place: Place, message: str) -> None:
        self.warnings.append(_problem(path, place, message, None, None))

    def raise_if_any(self) -> None:
        if self.problems:
            raise InvalidConfigurationError(tuple(self.problems))


def format_value(value: object) -> str:
    """A value of the user's for a message: short, on one line, without control characters."""
    text = repr(value)
    if "@" in text and "://" in text:
        return "an address with a user name"
    return text if len(text) <= _SHOWN else f"{text[:_SHOWN]}… ({len(text) - 2} characters)"


_SHOWN = 60


def _problem(path: str, place: Place, message: str, allowed: str | None, nearest: str | None) -> Problem:
    return Problem(
        path=path,
        source=place.source,
        line=place.line,
        column=place.column,
        message=message,
        allowed=allowed,
        nearest=nearest,
    )


def _many(count: int) -> str:
    return f"The configuration has {count} problems:"
