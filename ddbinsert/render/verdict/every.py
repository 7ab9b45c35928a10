"""The verdicts of several consumers, as text and as data."""

from __future__ import annotations

from typing import TYPE_CHECKING

from ddbinsert.core.proof.verdict import Result
from ddbinsert.render.verdict import text
from ddbinsert.render.verdict.plain_text import plain

if TYPE_CHECKING:
    from collections.abc import Sequence

    from ddbinsert.core.proof.proof import JudgedProof
    from ddbinsert.errors import DdbInsertError
    from ddbinsert.render.terminal.screen import Screen
    from ddbinsert.render.verdict import document


def data(judged: Sequence[JudgedProof]) -> document.Every:
    """The verdicts for the envelope; `document` describes them."""
    return {
        "verdicts": [
            {
                "name": one.name,
                "table": one.trigger.table,
                "function": one.trigger.function_name,
                "verdict": None if one.proof is None else text.data(one.proof),
                "error": None if one.error is None else _failure(one.error),
            }
            for one in judged
        ]
    }


def _failure(error: DdbInsertError) -> document.Failure:
    hint = None if error.hint is None else str(error.hint)
    return {"code": error.code, "message": error.message, "hint": hint}


def human(screen: Screen, judged: Sequence[JudgedProof]) -> None:
    """Each verdict in full, then one line for each."""
    for one in judged:
        screen.line(_heading(one), "bold")
        if one.proof is not None:
            text.human(screen, one.proof)
        elif one.error is not None:
            screen.line(f"NO VERDICT: {plain(one.error.message)}", "bold red")
        screen.line()
    width = max((len(_word(one)) for one in judged), default=0)
    for one in judged:
        style = text.STYLES[one.proof.verdict.result] if one.proof is not None else "bold red"
        screen.line(f"{_word(one).ljust(width)}  {_heading(one)}", style)
    passed = sum(one.proof is not None and one.proof.verdict.result is Result.PASS for one in judged)
    screen.line(f"{passed} of {len(judged)} passed")


def _heading(one: JudgedProof) -> str:
    where = f"{plain(one.trigger.table)} → {plain(one.trigger.function_name)}"
    return f"{one.name} ({where})" if one.name else where


def _word(one: JudgedProof) -> str:
    return "NO VERDICT" if one.proof is None else one.proof.verdict.result.value
