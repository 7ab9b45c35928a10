"""The Kinesis data streams that receive every change of a table, including test items."""

from __future__ import annotations

from typing import TYPE_CHECKING

from ddbinsert.aws.read.resources import read_kinesis_destinations
from ddbinsert.errors import AwsError

if TYPE_CHECKING:
    from ddbinsert.aws.session.session import Aws


def kinesis_streams(aws: Aws, table: str) -> tuple[str, ...]:
    """Their ARNs; none if they cannot be read."""
    try:
        return read_kinesis_destinations(aws, table)
    except AwsError:
        return ()
