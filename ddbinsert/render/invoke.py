"""Invocations: the handler's log, its response, and the fate of the records."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any

from ddbinsert.core.logs.line import LineKind, read
from ddbinsert.render.keys import key_words

if TYPE_CHECKING:
    from collections.abc import Sequence

    from ddbinsert.core.logs.invocation import Invocation
    from ddbinsert.render.terminal.screen import Screen


def data(
    function: str, where: str, event: dict[str, Any], invocations: Sequence[Invocation]
) -> dict[str, Any]:
    """The result for the envelope."""
    return {
        "function": function,
        "where": where,
        "records": len(event.get("Records", ())),
        "invocations": [
            {
                "ok": one.ok,
                "answer": one.answer,
                "error": one.error,
                "failed_from": one.failed_from,
                "receipts": one.receipts,
                "log": one.log.splitlines(),
            }
            for one in invocations
        ],
    }


def human(screen: Screen, function: str, where: str, invocations: Sequence[Invocation]) -> None:
    """The log in order of arrival, then one line for each invocation."""
    for number, one in enumerate(invocations, start=1):
        for line in one.log.splitlines():
            screen.line(f"  {_logged(line)}")
        name = f"{function} ({where})" + (f", invocation {number}" if len(invocations) > 1 else "")
        screen.line(f"{name}: {_outcome(one)}", "green" if one.ok else "bold red")
        for frame in _frames(one):
            screen.line(f"  {frame}")


def _logged(line: str) -> str:
    """A receipt in readable form, any other line unchanged."""
    understood = read(line)
    if understood.kind is not LineKind.RECEIPT or understood.receipt is None:
        return understood.text
    told = understood.receipt
    again = " (again)" if told.get("again") else ""
    return f"{told.get('decision')} {told.get('eventName')} {key_words(told.get('keys'))} seq {told.get('seq')}{again}"


def _outcome(one: Invocation) -> str:
    counted = ", ".join(f"{count} {decision}" for decision, count in sorted(one.receipts.items()))
    if one.error is not None:
        return f"failed: {one.error.get('errorType', 'Error')}: {one.error.get('errorMessage', '')}"
    if one.failed_from is None:
        return f"done{f' ({counted})' if counted else ''}, answered {_short(one.answer)}"
    where = f"from sequence number {one.failed_from}" if one.failed_from else "for the whole batch"
    return f"records failed {where}{f' ({counted})' if counted else ''}"


def _short(answer: Any) -> str:
    text = json.dumps(answer, ensure_ascii=False)
    return text if len(text) <= 200 else f"{text[:199]}…"


def _frames(one: Invocation) -> list[str]:
    trace = (one.error or {}).get("stackTrace") or (one.error or {}).get("trace") or []
    frames = trace if isinstance(trace, list) else [trace]
    return [line for frame in frames for line in str(frame).splitlines()][:40]
