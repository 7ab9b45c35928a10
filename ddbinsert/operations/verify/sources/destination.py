"""The mappings' on-failure destinations as a source of a run: what arrives there was discarded.

Nothing is received, so that no other reader is disturbed: a queue is asked how many messages it holds, a bucket for
the mapping's objects. A topic keeps nothing.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from ddbinsert.errors import DdbInsertError

if TYPE_CHECKING:
    from collections.abc import Mapping

    from ddbinsert.aws.session.session import Aws
    from ddbinsert.operations.verify.subject import Subject


def held_at_destinations(aws: Aws, subject: Subject) -> dict[str, int]:
    """How many documents each destination holds, by its ARN; without those that cannot be asked."""
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
    """What arrived in the run, a line for each destination."""
    return tuple(
        f"{arn}: {after[arn] - count:,} more documents than at the start"
        for arn, count in before.items()
        if after.get(arn, 0) > count
    )
