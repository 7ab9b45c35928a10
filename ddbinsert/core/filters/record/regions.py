"""Finds a matching region and stream ARN that satisfy a pattern's conditions on both."""

from __future__ import annotations

from functools import lru_cache
from typing import TYPE_CHECKING, Final

from ddbinsert.core.arn import arn_parts
from ddbinsert.core.filters.record.kinds import STREAM_ARN
from ddbinsert.core.filters.values.formats import REGIONS, format_of, partition_of, stream_arns
from ddbinsert.core.filters.values.languages import Automaton
from ddbinsert.core.filters.values.solve import Undecided, is_exact, search
from ddbinsert.core.pattern.model import NOT_THERE, Equals
from ddbinsert.core.pattern.predicates import any_of

if TYPE_CHECKING:
    from collections.abc import Sequence

    from ddbinsert.core.pattern.model import Condition


#: Maximum number of regions for which an ARN is searched; conditions on ARNs rarely depend on the region.
_MOST_SEARCHED: Final = 3


@lru_cache(maxsize=64)
def region_and_arn(
    region: tuple[Condition, ...] | None, arn: tuple[Condition, ...] | None
) -> tuple[str, str] | None:
    """The pair; None if none was found, which proves nothing.

    Args:
        region: The conditions on `awsRegion`, if there are any.
        arn: The conditions on `eventSourceARN`.
    """
    regions = [one for one in REGIONS if region is None or _holds(region, one)]
    if arn is None:
        return next(((one, _sample(one)) for one in regions), None)
    accepted = Automaton(format_of("stream ARN").certain)
    listed = [one.value for one in arn if isinstance(one, Equals) and isinstance(one.value, str)]
    for candidate in (*listed, *map(_sample, regions)):
        if accepted.accepts(candidate) and _holds(arn, candidate) and arn_parts(candidate).region in regions:
            return arn_parts(candidate).region, candidate
    if len(listed) == len(arn):
        return None
    for one in regions[:_MOST_SEARCHED]:
        try:
            found = search(stream_arns(one), [arn]) if is_exact(arn) else None
        except Undecided:
            return None
        if found is not None and _holds(arn, found):
            return one, found
    return None


def _holds(conditions: Sequence[Condition], value: str) -> bool:
    return any_of([condition for condition in conditions if condition != NOT_THERE])(value)


def _sample(region: str) -> str:
    return str(arn_parts(str(STREAM_ARN.samples[0]))._replace(partition=partition_of(region), region=region))
