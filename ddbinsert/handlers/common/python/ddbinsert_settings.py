"""A handler's settings: environment variables, checked when the function starts.

A wrong one stops the function at its start, with an error that names the variable: better than a function
that runs and sends nothing.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Collection, Mapping


class SettingsError(Exception):
    """An environment variable of the function is missing or wrong."""

    def __init__(self, name: str, problem: str) -> None:
        super().__init__(f"environment variable {name}: {problem}")
        self.name = name


@dataclass(frozen=True)
class Arn:
    """An Amazon Resource Name, taken apart."""

    text: str
    service: str
    region: str
    account: str
    resource: str

    @property
    def name(self) -> str:
        """The resource's own name: the table, queue, topic, stream, bus or log group."""
        return re.sub(r"^(table|stream|deliverystream|event-bus|log-group)[/:]", "", self.resource)

    @property
    def is_fifo(self) -> bool:
        return self.service in ("sqs", "sns") and self.resource.endswith(".fifo")


def arn(environ: Mapping[str, str], name: str, services: Collection[str]) -> Arn | None:
    """The ARN in a variable, or None where it is not set.

    Raises:
        SettingsError: It is no ARN, or one of another service than ``services``.
    """
    text = environ.get(name, "").strip()
    if not text:
        return None
    parts = text.removesuffix(":*").split(":", 5)
    if len(parts) < 6 or parts[0] != "arn" or not parts[5]:
        raise SettingsError(name, f"{text!r} is not an ARN (arn:aws:SERVICE:REGION:ACCOUNT:RESOURCE)")
    if parts[2] not in services:
        raise SettingsError(name, f"is of service {parts[2]!r}; it must be one of {', '.join(services)}")
    return Arn(text.removesuffix(":*"), parts[2], parts[3], parts[4], parts[5])


def required_arn(environ: Mapping[str, str], name: str, services: Collection[str]) -> Arn:
    """As ``arn``, for a variable that must be set."""
    found = arn(environ, name, services)
    if found is None:
        raise SettingsError(name, f"is not set; it must be the ARN of one of {', '.join(services)}")
    return found


def choice(environ: Mapping[str, str], name: str, choices: tuple[str, ...]) -> str:
    """One of ``choices``, the first of which is the default."""
    value = environ.get(name, "").strip() or choices[0]
    if value not in choices:
        raise SettingsError(name, f"{value!r} is not one of {', '.join(choices)}")
    return value


def paths(environ: Mapping[str, str], name: str) -> list[tuple[str, ...]]:
    """Attribute paths, separated by commas; see ``path``."""
    return [path(name, text) for text in split(environ.get(name, ""), ",") if text.strip()]


def path(name: str, text: str) -> tuple[str, ...]:
    """An attribute path: ``customer.emails.0``. A dot or comma in a name is written with a backslash.

    Raises:
        SettingsError: A part is empty.
    """
    parts = tuple(re.sub(r"\\([.,=\\])", r"\1", part) for part in split(text.strip(), "."))
    if not all(parts):
        raise SettingsError(name, f"{text.strip()!r} is not an attribute path such as customer.email")
    return parts


def split(text: str, separator: str) -> list[str]:
    """Split at each separator that has no backslash before it; the backslashes stay."""
    return re.split(rf"(?<!\\){re.escape(separator)}", text)
