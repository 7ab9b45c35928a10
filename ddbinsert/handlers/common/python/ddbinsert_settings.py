"""A handler's settings: environment variables, which are checked when the function starts.

An invalid setting stops the function at its start, with an error that names the variable. Otherwise the function would
run and send nothing, or send data that it must not send.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Collection, Mapping

# The form of an ARN's resource. Records cannot be sent to anything else (a table's index or stream, an access point,
# a subscription, a wildcard).
_SHAPES = {
    "dynamodb": r"table/[A-Za-z0-9_.-]+",
    "logs": r"log-group:[A-Za-z0-9_./#-]+",
    "s3": r"[a-z0-9][a-z0-9._-]+(/[^*?$]*)?",
    "firehose": r"deliverystream/[A-Za-z0-9_.-]+",
    "kinesis": r"stream/[A-Za-z0-9_.-]+",
    "events": r"event-bus/[A-Za-z0-9_./-]+",
    "sqs": r"[A-Za-z0-9_-]+(\.fifo)?",
    "sns": r"[A-Za-z0-9_-]+(\.fifo)?",
}
# Characters that need a backslash in a path's attribute names: other path languages (JSONPath, JMESPath, JSON Pointer)
# use them as separators, indexes and quotes.
_UNCLEAR = re.compile(
    r"[\x00-\x20!\"$%&'()*+,./:;<=>?\[\]^`{|}~\\\x7f-\xa0\u2000-\u200f\u2028-\u202f\u205f-\u206f\u3000\ufeff]"
)
_BLANKS = " \t\r\n"
_ESCAPE = re.compile(r"\\(.)", re.DOTALL)


class SettingsError(Exception):
    """An environment variable of the function is missing or not valid."""

    def __init__(self, name: str, problem: str) -> None:
        super().__init__(f"environment variable {name}: {problem}")
        self.name = name


@dataclass(frozen=True)
class Arn:
    """The parts of an Amazon Resource Name."""

    text: str
    service: str
    region: str
    account: str
    resource: str

    @property
    def name(self) -> str:
        """The resource's name: the table, queue, topic, stream, bus or log group."""
        return re.sub(r"^(table|stream|deliverystream|event-bus|log-group)[/:]", "", self.resource)

    @property
    def is_fifo(self) -> bool:
        return self.service in ("sqs", "sns") and self.resource.endswith(".fifo")


def arn(environ: Mapping[str, str], name: str, services: Collection[str]) -> Arn | None:
    """The ARN in a variable, or None if it is not set.

    Raises:
        SettingsError: It is not an ARN, is of another service, or is not of a resource to send to.
    """
    text = environ.get(name, "").strip()
    if not text:
        return None
    bare = text.removesuffix(":*")
    parts = bare.split(":", 5)
    if len(parts) < 6 or parts[0] != "arn" or not parts[5]:
        raise SettingsError(name, f"{text!r} is not an ARN (arn:aws:SERVICE:REGION:ACCOUNT:RESOURCE)")
    if parts[2] not in services:
        raise SettingsError(name, f"is of service {parts[2]!r}; it must be one of {', '.join(services)}")
    has_place = bool(parts[3] or parts[4])
    if not re.fullmatch(_SHAPES[parts[2]], parts[5]) or has_place != (parts[2] != "s3"):
        raise SettingsError(name, f"{text!r} does not name {_example(parts[2])}")
    return Arn(bare, parts[2], parts[3], parts[4], parts[5])


def required_arn(environ: Mapping[str, str], name: str, services: Collection[str]) -> Arn:
    """The same as ``arn``, for a variable that must be set."""
    found = arn(environ, name, services)
    if found is None:
        raise SettingsError(name, f"is not set; it must be the ARN of one of {', '.join(services)}")
    return found


def _example(service: str) -> str:
    names = {
        "dynamodb": "a table (table/NAME)",
        "logs": "a log group (log-group:NAME)",
        "s3": "a bucket (arn:aws:s3:::BUCKET or arn:aws:s3:::BUCKET/PREFIX)",
        "firehose": "a Firehose stream (deliverystream/NAME)",
        "kinesis": "a data stream (stream/NAME)",
        "events": "an event bus (event-bus/NAME)",
        "sqs": "a queue",
        "sns": "a topic",
    }
    return names[service]


def choice(environ: Mapping[str, str], name: str, choices: tuple[str, ...]) -> str:
    """One of ``choices``, the first of which is the default; not case-sensitive.

    Raises:
        SettingsError: It is not one of them.
    """
    value = environ.get(name, "").strip().lower() or choices[0]
    if value not in choices:
        raise SettingsError(name, f"{value!r} is not one of {', '.join(choices)}")
    return value


def flag(environ: Mapping[str, str], name: str, *, default: bool) -> bool:
    """``true`` or ``false``.

    Raises:
        SettingsError: It is neither.
    """
    return choice(environ, name, ("true", "false") if default else ("false", "true")) == "true"


def number(environ: Mapping[str, str], name: str, most: int) -> int:
    """A whole number from 1 to ``most``; 0 if it is not set.

    Raises:
        SettingsError: It is not such a number.
    """
    text = environ.get(name, "").strip()
    if not text:
        return 0
    if not re.fullmatch(r"[0-9]{1,9}", text) or not 1 <= int(text) <= most:
        raise SettingsError(name, f"{text!r} is not a whole number from 1 to {most}")
    return int(text)


def paths(environ: Mapping[str, str], name: str) -> list[tuple[str, ...]]:
    """Comma-separated attribute paths, each of them strict; see ``path``.

    Raises:
        SettingsError: An entry is not a path, or the variable contains only commas.
    """
    text = environ.get(name, "")
    found = [path(name, one, strict=True) for one in split(text, ",") if one.strip(_BLANKS)]
    if text.strip(_BLANKS) and not found:
        raise SettingsError(name, f"{text.strip(_BLANKS)!r} names no attribute")
    return found


def path(name: str, text: str, *, strict: bool = False) -> tuple[str, ...]:
    """An attribute path: ``customer.emails.0``; a character after a backslash has no special meaning.

    Args:
        strict: Letters, digits, ``_``, ``-``, ``#`` and ``@`` are literal, ``*`` matches every name or element; any
            other ASCII character needs a backslash. So a path in another notation is rejected, not misinterpreted.

    Raises:
        SettingsError: A part is empty, or does not follow the rules of ``strict``.
    """
    parts = split(text.strip(_BLANKS), ".")
    for part in parts:
        is_clear = part == "*" or not _UNCLEAR.search(_ESCAPE.sub("", part))
        if not part or (strict and not is_clear):
            raise SettingsError(
                name,
                f"{text.strip(_BLANKS)!r} is not an attribute path such as customer.email or lines.*.sku "
                "(a special character in a name is written with a backslash)",
            )
    return tuple(_ESCAPE.sub(r"\1", part) for part in parts)


def split(text: str, separator: str) -> list[str]:
    """Split at each separator without a backslash before it; the backslashes are kept."""
    parts = [""]
    for found in re.finditer(r"\\.|.", text, re.DOTALL):
        if found[0] == separator:
            parts.append("")
        else:
            parts[-1] += found[0]
    return parts
