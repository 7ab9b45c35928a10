"""The answer to whether records can pass a filter: yes with an example, no with a proof, or not known."""

from __future__ import annotations

from enum import StrEnum
from typing import TYPE_CHECKING, Any

from ddbinsert.dataclass import dataclass

if TYPE_CHECKING:
    from ddbinsert.core.model.record import EventName, KeySchema, StreamView


class Passes(StrEnum):
    """The three answers. UNKNOWN is a reason neither to fail nor to pass."""

    YES = "yes"
    NO = "no"
    UNKNOWN = "unknown"


@dataclass(frozen=True, kw_only=True, slots=True)
class Reachability:
    """Whether a record of one event can pass.

    Attributes:
        passes: YES: `record` passes. NO: it is proven that no record that DynamoDB writes passes.
        event: The event in question; with YES, that of the example.
        record: With YES, a record in Lambda's form that DynamoDB can write and that the filter matches.
        reason: With NO, why no record passes, as one sentence without a full stop; with UNKNOWN, the attempts.
    """

    passes: Passes
    event: EventName
    record: dict[str, Any] | None = None
    reason: str = ""

    @property
    def example(self) -> dict[str, Any]:
        """The record of a YES.

        Raises:
            ValueError: The answer is not YES.
        """
        if self.record is None:
            raise ValueError("There is no example record.")
        return self.record


@dataclass(frozen=True, kw_only=True, slots=True)
class KnownStream:
    """The known facts about the stream that filters are applied to; None means unknown.

    Attributes:
        arn: The stream's ARN; its region is `awsRegion` in every record.
    """

    view: StreamView | None = None
    key: KeySchema | None = None
    arn: str | None = None


def first_of(answers: list[Reachability]) -> Reachability:
    """The answer for a choice: an example if there is one; NO only if every answer is NO. At least one answer."""
    for passes in (Passes.YES, Passes.UNKNOWN):
        found = next((answer for answer in answers if answer.passes is passes), None)
        if found is not None:
            return found
    return answers[0]
