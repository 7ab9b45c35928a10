"""Fields of a record that have one value only, because the stream is known."""

from __future__ import annotations

from typing import TYPE_CHECKING

from ddbinsert.core.arn import arn_parts
from ddbinsert.core.filters.record.kinds import fixed

if TYPE_CHECKING:
    from ddbinsert.core.filters.reach.answer import KnownStream
    from ddbinsert.core.filters.record.kinds import LeafKind


def known_kinds(stream: KnownStream) -> dict[str, LeafKind]:
    """Fields of the record that have one value only, because the stream is known."""
    kinds: dict[str, LeafKind] = {}
    if stream.view is not None:
        kinds["dynamodb.StreamViewType"] = fixed(f'"{stream.view.value}"', stream.view.value)
    if stream.arn is not None:
        region = arn_parts(stream.arn).region
        kinds |= {
            "eventSourceARN": fixed(f'"{stream.arn}"', stream.arn),
            "awsRegion": fixed(f'"{region}"', region),
        }
    return kinds
