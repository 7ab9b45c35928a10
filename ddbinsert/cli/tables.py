"""TABLE on the command line: a name, or an ARN, whose region and account must be those of the connection."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

from ddbinsert.errors import UsageError

if TYPE_CHECKING:
    from collections.abc import Mapping

    from ddbinsert.config import ConnectionSpec
    from ddbinsert.core.arn import Arn


def name_and_arn(table: str | None) -> tuple[str | None, Arn | None]:
    """The table's name, and its ARN if it was given by ARN.

    Raises:
        UsageError: It is an ARN, but not of a table.
    """
    from ddbinsert.core.arn import parse_arn

    if table is None or not table.startswith("arn:"):
        return table, None
    arn = parse_arn(table)
    if (
        arn is None
        or arn.service != "dynamodb"
        or arn.resource != f"table/{arn.name}"
        or not (arn.name and arn.region)
    ):
        raise UsageError(
            f"{table!r:.200} is not the ARN of a table.",
            hint="Give a table's name, or an ARN such as arn:aws:dynamodb:REGION:ACCOUNT:table/NAME.",
        )
    return arn.name, arn


def agreed(arn: Arn | None, spec: ConnectionSpec, variables: Mapping[str, str]) -> ConnectionSpec:
    """The connection, in the region of the ARN.

    Raises:
        UsageError: Another region is set.
    """
    if arn is None or spec.local:
        return spec
    region = spec.region or variables.get("AWS_REGION") or variables.get("AWS_DEFAULT_REGION") or arn.region
    if region != arn.region:
        raise UsageError(
            f"The table is in region {arn.region}, but the region of this run is {region}.",
            hint=f"Use --region {arn.region}, or give the table by its name.",
            code="other-region",
        )
    return replace(spec, region=arn.region)
