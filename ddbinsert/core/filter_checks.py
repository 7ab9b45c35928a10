"""What a mapping's filters say by themselves: whether they let in what they shouldn't, or keep out everything.

The filter engine is read only for a filter that isn't the plain one.
"""

from __future__ import annotations

import json
from typing import TYPE_CHECKING

from ddbinsert.core.insert_filter import INSERT_ONLY
from ddbinsert.core.model import EventName, StreamView
from ddbinsert.core.verdict import Finding, Weight

if TYPE_CHECKING:
    from collections.abc import Iterator

    from ddbinsert.core.model import KeySchema, MappingState, TableState

_ATTACH = "Put the filter right: `ddbinsert attach-trigger TABLE`."


def judge_filters(
    mapping: MappingState, table: TableState, *, allow_guarded: bool = False
) -> Iterator[Finding]:
    """What is wrong with one mapping's filters, judged without any write.

    Args:
        allow_guarded: What leaks may be dropped by the handler's own guard.
    """
    leaking = Weight.NOTE if allow_guarded else Weight.PROOF
    if mapping.filters_hidden:
        yield Finding(
            code="filter-hidden",
            weight=Weight.NOTE,
            text="the mapping's filter is encrypted with a customer key and can't be read; deliveries alone speak",
        )
        return
    if not mapping.filters:
        yield Finding(
            code="no-filter",
            weight=leaking,
            text="the mapping has no filter: every change is delivered",
            evidence=(f"{mapping.uuid}: no FilterCriteria",),
            mend=_ATTACH,
        )
        return
    if set(mapping.filters) == {INSERT_ONLY}:
        return
    view = table.view or StreamView.NEW_AND_OLD_IMAGES
    yield from _too_wide(mapping, table.key, view, leaking)
    yield from _never(mapping, table.key, view)


def _too_wide(mapping: MappingState, key: KeySchema, view: StreamView, weight: Weight) -> Iterator[Finding]:
    from ddbinsert.core.filter_reach import leak
    from ddbinsert.core.pattern import PatternError, parse

    for text in mapping.filters:
        try:
            found = leak(parse(text), key=key, views=(view,))
        except PatternError:
            continue
        if found is not None and found.genuine:
            yield Finding(
                code="filter-too-wide",
                weight=weight,
                text=f"the filter lets {found.event.value} records through: {text}",
                evidence=(f"this record passes: {json.dumps(found.record, separators=(',', ':'))}",),
                mend=_ATTACH,
            )


def _never(mapping: MappingState, key: KeySchema, view: StreamView) -> Iterator[Finding]:
    from ddbinsert.core.filter_reach import passing
    from ddbinsert.core.pattern import PatternError, parse

    reasons = []
    for text in mapping.filters:
        try:
            found = passing(parse(text), EventName.INSERT, key=key, views=(view,))
        except PatternError as error:
            reasons.append(f"{text}: {error}")
            continue
        if found is not None and found.genuine:
            return
        reasons.append(f"{text}: no INSERT of this table under {view.value} can match")
    yield Finding(
        code="filter-never-matches",
        weight=Weight.PROOF,
        text="the filter keeps out every insert: AWS accepts it and drops everything, silently",
        evidence=tuple(reasons),
        mend="`ddbinsert filter lint --table TABLE` shows the place; `ddbinsert attach-trigger TABLE` puts it right.",
    )
