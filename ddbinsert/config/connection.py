"""The connection to AWS that the user asks for."""

from __future__ import annotations

from typing import TYPE_CHECKING

from ddbinsert.dataclass import dataclass

if TYPE_CHECKING:
    from ddbinsert.core.model.limits import EndpointUrl, Profile, Region


@dataclass(frozen=True, kw_only=True)
class ConnectionSpec:
    """The wanted connection. Settings that are not given are resolved like in every AWS tool.

    Attributes:
        profile: A profile of the AWS configuration; AWS_PROFILE, else the default profile.
        table_profile: A profile with credentials for the table's account, if that is not the function's account.
        region: The region's code; AWS_REGION, AWS_DEFAULT_REGION, else the profile's.
        endpoint_url: The endpoint of every service; AWS_ENDPOINT_URL, else AWS's own endpoints.
        local: Whether to use the embedded emulator instead of AWS.
    """

    profile: Profile | None = None
    table_profile: Profile | None = None
    region: Region | None = None
    endpoint_url: EndpointUrl | None = None
    local: bool = False
