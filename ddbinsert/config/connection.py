"""How to reach AWS, as the user asks for it."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from ddbinsert.core.limits import EndpointUrl, Profile, Region


@dataclass(frozen=True, kw_only=True)
class ConnectionSpec:
    """The connection that is wanted; what is not given is AWS's standard resolution.

    Attributes:
        profile: A profile of the AWS configuration; AWS_PROFILE and the default profile otherwise.
        region: The region's code; AWS_REGION, AWS_DEFAULT_REGION and the profile's otherwise.
        endpoint_url: Where every service is spoken to; AWS_ENDPOINT_URL and AWS's own addresses otherwise.
        local: Whether to use the embedded emulator, and nothing else.
    """

    profile: Profile | None = None
    region: Region | None = None
    endpoint_url: EndpointUrl | None = None
    local: bool = False
