"""The aliases and versions that mappings deliver to; their configuration may differ from that of $LATEST."""

from __future__ import annotations

import contextlib
from typing import TYPE_CHECKING

from ddbinsert.aws.read.resources import read_alias_weights, read_function
from ddbinsert.core.proof.target import Target, is_qualified
from ddbinsert.errors import AwsError

if TYPE_CHECKING:
    from collections.abc import Iterable

    from ddbinsert.aws.session.session import Aws
    from ddbinsert.core.model.seen import MappingState


def read_targets(aws: Aws, mappings: Iterable[MappingState]) -> tuple[Target, ...]:
    """Each alias and version that an enabled mapping delivers to; no request is made if there is none.

    Raises:
        AwsError: A read of a function was refused. A refused read of an alias's routing is not an error.
    """
    arns = sorted({m.function_arn for m in mappings if m.is_enabled and is_qualified(m.function_arn)})
    if not arns:
        return ()
    return tuple(aws.side_by_side(*(lambda arn=arn: _read(aws, arn) for arn in arns)))


def _read(aws: Aws, arn: str) -> Target:
    weights: tuple[tuple[str, float], ...] = ()
    with contextlib.suppress(AwsError):
        weights = read_alias_weights(aws, arn)
    return Target(arn=arn, function=read_function(aws, arn), weights=weights)
