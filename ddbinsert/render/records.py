"""Stream records, as text and as JSON lines."""

from __future__ import annotations

import json
from datetime import datetime
from typing import TYPE_CHECKING, Any, TextIO

from ddbinsert.core.items.plain_json import plain_item, plain_value
from ddbinsert.render.keys import key_words
from ddbinsert.render.machine import dumps
from ddbinsert.render.terminal.screen import one_line

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

    from ddbinsert.render.terminal.screen import Screen

_STYLES = {"INSERT": "green", "MODIFY": "yellow", "REMOVE": "red"}
_TTL = "dynamodb.amazonaws.com"
_LONGEST = 200


def human(screen: Screen, record: Mapping[str, Any]) -> None:
    """``2026-11-25 09:17:20  INSERT {"pk":"a"} seq 4200…``, and each attribute on its own line."""
    change = record["dynamodb"]
    event = str(record.get("eventName"))
    expired = (record.get("userIdentity") or {}).get("principalId") == _TTL
    screen.line(
        f"{_local(change.get('ApproximateCreationDateTime'))}  {event} {_flat(key_words(change.get('Keys')))} "
        f"seq {change.get('SequenceNumber')}{' (time to live)' if expired else ''}",
        _STYLES.get(event, ""),
    )
    for line in _attributes(change):
        screen.line(f"    {line}")


def json_line(out: TextIO, record: Mapping[str, Any]) -> None:
    """The record in Lambda's format, as one line of JSON."""
    out.write(dumps(record, indent=None) + "\n")


def plain_line(out: TextIO, record: Mapping[str, Any]) -> None:
    """The record with plain values, as one line of JSON."""
    change = record["dynamodb"]
    parts = [
        ("event", json.dumps(record.get("eventName"))),
        ("at", json.dumps(change.get("ApproximateCreationDateTime"))),
        ("sequence", json.dumps(change.get("SequenceNumber"))),
        ("event_id", json.dumps(record.get("eventID"))),
        ("view_type", json.dumps(change.get("StreamViewType"))),
        ("keys", plain_item(change.get("Keys") or {})),
        *((name, plain_item(change[image])) for name, image in _IMAGES if image in change),
    ]
    if "userIdentity" in record:
        parts.append(("user_identity", json.dumps(record["userIdentity"])))
    line = "{" + ", ".join(f'"{name}": {text}' for name, text in parts) + "}"
    out.write(line.replace("\x7f", "\\u007f").replace("##[", "#\\u0023[") + "\n")


_IMAGES = (("new", "NewImage"), ("old", "OldImage"))


def _attributes(change: Mapping[str, Any]) -> Iterator[str]:
    """The images' attributes besides the key; only the differences if there are two images."""
    keys, new, old = change.get("Keys") or {}, change.get("NewImage"), change.get("OldImage")
    if new is not None and old is not None:
        for name in dict.fromkeys((*old, *new)):
            if new.get(name) != old.get(name):
                yield f"{_flat(name)}: {_format_image(old.get(name))} → {_format_image(new.get(name))}"
        return
    image = new if new is not None else old
    if image is None:
        return
    mark = " (before)" if new is None else ""
    for name, value in image.items():
        if name not in keys:
            yield f"{_flat(name)}: {_format_image(value)}{mark}"


def _format_image(value: Mapping[str, Any] | None) -> str:
    return "(none)" if value is None else _flat(plain_value(value))


def _flat(text: str) -> str:
    return one_line(text, _LONGEST)


def _local(at: float | None) -> str:
    try:
        return datetime.fromtimestamp(at or 0).strftime("%Y-%m-%d %H:%M:%S")  # noqa: DTZ006 - local time, as `tail` shows it
    except (OverflowError, ValueError, OSError):
        return f"{at} s".ljust(19)
