"""Counting a run's bulk items with CloudWatch Logs Insights, if one machine cannot read every line in time."""

from __future__ import annotations

from typing import TYPE_CHECKING

from ddbinsert.aws.read.insights import query
from ddbinsert.aws.wait import pauses
from ddbinsert.core.logs import insights
from ddbinsert.errors import PrerequisiteError

if TYPE_CHECKING:
    from ddbinsert.core.proof.tally import Tally
    from ddbinsert.operations.verify.context import VerifyContext
    from ddbinsert.operations.verify.subject import Subject

#: First and longest pause between two queries, in seconds: each scans the run's whole log, and is billed by the gigabyte.
_FIRST_PAUSE, _LONGEST_PAUSE = 0.5, 15.0
#: Maximum number of incomplete bins whose missing numbers are queried.
_LOOKED_INTO = 20


class InsightsSource:
    """Counts a run's bulk items by query.

    Raises:
        PrerequisiteError: The endpoint has no Logs Insights, or the key is binary, which it cannot count.
    """

    def __init__(self, context: VerifyContext, subject: Subject, tally: Tally, *, since: float) -> None:
        if context.aws.connection.is_local:
            raise PrerequisiteError(
                "The embedded emulator's Logs Insights doesn't aggregate.",
                hint="Leave --via insights out: the log is read line by line.",
                code="no-insights",
            )
        pattern = insights.number_pattern(subject.table.key, tally.script.run_id)
        if pattern is None:
            raise PrerequisiteError(
                "Logs Insights can't count binary keys.", hint="Leave --via insights out.", code="no-insights"
            )
        self._context = context
        self._group = subject.log_group
        self._tally = tally
        self._since = since
        self._pattern = pattern
        self._bins = insights.bins(tally.script.run_id, tally.script.bulk_numbers)
        self._due = 0.0
        self._pauses = pauses(_FIRST_PAUSE, _LONGEST_PAUSE)
        self.queries = 0

    def poll(self) -> None:
        """Count, if the next query is due."""
        now = self._context.clock.monotonic()
        if now >= self._due:
            self._count()
            self._due = self._context.clock.monotonic() + next(self._pauses)

    def _count(self) -> None:
        found = insights.read_counts(self._query_rows(insights.by_bin(self._pattern, self._bins)))
        for index in self._bins.indices:
            numbers = self._bins.numbers(index)
            if found.items.get(index, 0) >= len(numbers):
                self._mark(numbers)
        self._tally.set_counts(lines=found.lines, items=sum(found.items.values()), strays=found.strays)

    def query_incomplete_bins(self) -> None:
        """Query the item numbers of incomplete bins, so that missing items can be listed."""
        lacking = [
            index
            for index in self._bins.indices
            if any(
                number - self._bins.first not in self._tally.bulk.processed
                for number in self._bins.numbers(index)
            )
        ]
        for index in lacking[:_LOOKED_INTO]:
            for row in self._query_rows(insights.by_number(self._pattern, self._bins, index)):
                number = int(row.get("number", "-1"))
                if number in self._bins.numbers(index):
                    self._tally.bulk.processed.add(number - self._bins.first)

    def _mark(self, numbers: range) -> None:
        for number in numbers:
            self._tally.bulk.processed.add(number - self._bins.first)

    def _query_rows(self, text: str) -> list[insights.Row]:
        self.queries += 1
        return query(
            self._context.aws,
            self._group,
            text,
            since=self._since,
            until_time=self._context.clock.now(),
            clock=self._context.clock,
            progress=self._context.reporter.waiting,
        )
