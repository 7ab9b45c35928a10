"""The mappings' on-failure destinations as a source of a run: records that arrive there were discarded.

No message is received, so that other readers are not disturbed: only the number of a queue's messages is read, and the
list of the mapping's objects in a bucket. A topic stores nothing.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from ddbinsert.errors import DdbInsertError

if TYPE_CHECKING:
    from collections.abc import Mapping

    from ddbinsert.aws.session.session import Aws
    from ddbinsert.operations.verify.subject import Subject


def held_at_destinations(aws: Aws, subject: Subject) -> dict[str, int]:
    """Number of documents in each destination, by ARN, without destinations that cannot be read."""
    found: dict[str, int] = {}
    for mapping in subject.mappings:
        if mapping.on_failure and mapping.on_failure not in found:
            from ddbinsert.aws.failure_places import held

            try:
                count = held(aws, mapping.on_failure, mapping=mapping.uuid)
            except DdbInsertError:
                continue
            if count is not None:
                found[mapping.on_failure] = count
    return found


def arrived(before: Mapping[str, int], after: Mapping[str, int]) -> tuple[str, ...]:
    """What arrived during the run, one line per destination."""
    return tuple(
        f"{arn}: {after[arn] - count:,} more documents than at the start"
        for arn, count in before.items()
        if after.get(arn, 0) > count
    )
