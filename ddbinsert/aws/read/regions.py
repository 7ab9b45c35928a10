"""The regions of an account."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from ddbinsert.aws.errors import translated

if TYPE_CHECKING:
    from ddbinsert.aws.session.session import Aws


def enabled_regions(aws: Aws) -> tuple[str, ...]:
    """The regions that are enabled for the account; see docs/aws-facts.md#account-regions.

    Raises:
        AwsError: They may not be listed.
    """
    regions: list[str] = []
    request: dict[str, Any] = {"RegionOptStatusContains": ["ENABLED", "ENABLED_BY_DEFAULT"]}
    with translated("list the account's regions"):
        while True:
            page = aws.client("account").list_regions(**request)
            regions += [one["RegionName"] for one in page["Regions"]]
            if not page.get("NextToken"):
                return tuple(sorted(regions))
            request["NextToken"] = page["NextToken"]
