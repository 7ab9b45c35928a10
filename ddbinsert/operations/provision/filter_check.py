"""Checks for filters that AWS accepts although they drop inserts."""

from __future__ import annotations

from typing import TYPE_CHECKING

from ddbinsert.errors import Refused

if TYPE_CHECKING:
    from ddbinsert.core.model.record import KeySchema
    from ddbinsert.core.model.wanted import Trigger
    from ddbinsert.core.trigger.reporter import Reporter


def check_filters(
    trigger: Trigger, key: KeySchema | None, reporter: Reporter, *, force: bool = False
) -> None:
    """Warn of the user's filters that AWS accepts although they drop inserts.

    Args:
        key: The table's key; None if it is not known.
        force: Only warn of a filter that no insert can pass, instead of refusing it.

    Raises:
        Refused: No insert can pass one of them, and ``force`` is not given.
    """
    if not trigger.mapping.filters:
        return
    from ddbinsert.core.filters.insert_only import insert_patterns
    from ddbinsert.core.filters.lint.lint import lint
    from ddbinsert.core.filters.lint.report import KnownStream, LintSeverity

    table = KnownStream(view=trigger.view, key=key)
    never: list[str] = []
    for finding in lint(insert_patterns(trigger.mapping.filters), table).findings:
        if finding.severity is LintSeverity.NOTE:
            continue
        hint = f" {finding.hint}" if finding.hint else ""
        text = f"{finding.message}{hint} [{finding.rule}]"
        # A field that this version does not know may have been added by AWS since: only a warning.
        if finding.severity is LintSeverity.ERROR and finding.rule != "unknown-field" and not force:
            never.append(text)
        else:
            reporter.warn(f"filter: {text}")
    if never:
        listed = "".join(f"\n  {text}" for text in never)
        raise Refused(
            f"No insert can pass the filter, so the function would never be invoked:{listed}",
            hint="Correct the filter, or attach it with --force.",
            code="filter-never-passes",
        )
