"""The overview in the HTML report on several consumers: one row for each, and a summary."""

from __future__ import annotations

from collections import Counter
from typing import TYPE_CHECKING

from ddbinsert.core.proof.verdict import Result
from ddbinsert.core.words import plural
from ddbinsert.dataclass import dataclass
from ddbinsert.render.verdict.common import NoVerdict
from ddbinsert.render.verdict.view import TONES

if TYPE_CHECKING:
    from collections.abc import Sequence

    from ddbinsert.core.proof.proof import Proof

_NONE = "NO VERDICT"


@dataclass(frozen=True, kw_only=True)
class ConsumerRow:
    """One consumer.

    Attributes:
        word: The verdict.
        tone: The verdict's CSS class.
        text: The verdict's summary.
    """

    word: str
    tone: str
    function: str
    table: str
    text: str


def row_of(one: Proof | NoVerdict) -> ConsumerRow:
    if isinstance(one, NoVerdict):
        return ConsumerRow(word=_NONE, tone="open", function=one.function, table=one.table, text=one.message)
    result = one.verdict.result
    return ConsumerRow(
        word=result.value,
        tone=TONES[result],
        function=one.function,
        table=one.trigger.table,
        text=one.verdict.summary,
    )


def worst(results: Sequence[Proof | NoVerdict]) -> Result:
    """The worst result: FAIL if there is one, PASS if all are PASS."""
    words = {row_of(one).word for one in results}
    if Result.FAIL in words:
        return Result.FAIL
    return Result.PASS if words == {Result.PASS} else Result.INCONCLUSIVE


def summary_of(results: Sequence[Proof | NoVerdict]) -> str:
    """The numbers of verdicts, such as ``2 functions: 1 FAIL, 1 PASS.``."""
    counts = Counter(row_of(one).word for one in results)
    each = ", ".join(
        f"{counts[word]} {word}" for word in ("FAIL", "INCONCLUSIVE", _NONE, "PASS") if counts[word]
    )
    return f"{plural(len(results), 'function')}: {each or 'none'}."


def places_of(results: Sequence[Proof | NoVerdict]) -> tuple[str, ...]:
    """The accounts and regions, each once."""
    worlds = [one.world for one in results if not isinstance(one, NoVerdict)]
    return tuple(
        dict.fromkeys(
            f"Account {world.account or 'unknown'} · region {world.region or 'unknown'}" for world in worlds
        )
    )
