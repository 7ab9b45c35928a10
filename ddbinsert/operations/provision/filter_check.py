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
    never, questionable = _faults(trigger, key)
    for text in (*never, *questionable) if force else questionable:
        reporter.warn(f"filter: {text}")
    if never and not force:
        listed = "".join(f"\n  {text}" for text in never)
        raise Refused(
            f"No insert can pass the filter, so the function would never be invoked:{listed}",
            hint="Correct the filter, or attach it with --force.",
            code="filter-never-passes",
        )


def never_passes(trigger: Trigger, key: KeySchema | None) -> bool:
    """Whether a plan refuses the filters, because no insert can pass one of them."""
    return bool(_faults(trigger, key)[0])


def _faults(trigger: Trigger, key: KeySchema | None) -> tuple[list[str], list[str]]:
    """Why no insert can pass a filter, and what is questionable about filters."""
    never: list[str] = []
    questionable: list[str] = []
    if not trigger.mapping.filters:
        return never, questionable
    from ddbinsert.core.filters.insert_only import insert_patterns
    from ddbinsert.core.filters.lint.lint import lint
    from ddbinsert.core.filters.lint.report import KnownStream, LintSeverity

    for finding in lint(
        insert_patterns(trigger.mapping.filters), KnownStream(view=trigger.view, key=key)
    ).findings:
        if finding.severity is LintSeverity.NOTE:
            continue
        hint = f" {finding.hint}" if finding.hint else ""
        # A field that this version does not know may have been added by AWS since: only a warning.
        is_fatal = finding.severity is LintSeverity.ERROR and finding.rule != "unknown-field"
        (never if is_fatal else questionable).append(f"{finding.message}{hint} [{finding.rule}]")
    return never, questionable
