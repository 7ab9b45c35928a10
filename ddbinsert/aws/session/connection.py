"""How to reach AWS, or an endpoint that replaces it."""

from __future__ import annotations

import re
from dataclasses import field
from types import MappingProxyType
from typing import TYPE_CHECKING

from ddbinsert.dataclass import dataclass

if TYPE_CHECKING:
    from collections.abc import Mapping
    from pathlib import Path

_LOOPBACK = re.compile(r"https?://(127\.0\.0\.1|localhost|\[::1\])(:[0-9]+)?(/|$)")


@dataclass(frozen=True, kw_only=True)
class Connection:
    """How to reach AWS, or an endpoint that replaces it.

    Attributes:
        endpoint_url: The endpoint of every service; None lets botocore resolve the endpoints of AWS (and those of a
            profile).
        service_endpoints: Endpoints of single services, by botocore's name; they override ``endpoint_url``.
        access_key_id: Given credentials; for the embedded emulator its key, never the user's. None lets
            botocore resolve them (profile, SSO, instance role, …).
        is_local: Use the embedded emulator: nothing is sent to another address, whatever the environment says.
        cache_folder: Folder of the cut service models, which are cached between runs.
        may_prompt: Whether the user can be asked for an MFA code.
        process_timeout: Maximum seconds for a credential_process.
        call_timeout: Maximum seconds for a call with all its attempts; None if no --timeout is given.
        table: How to reach the table, if other credentials are given for it.
    """

    profile: str | None = None
    region: str | None = None
    endpoint_url: str | None = None
    service_endpoints: Mapping[str, str] = field(default_factory=lambda: MappingProxyType({}))
    access_key_id: str | None = None
    secret_access_key: str | None = None
    session_token: str | None = None
    is_local: bool = False
    cache_folder: Path | None = None
    may_prompt: bool = False
    process_timeout: float = 60.0
    call_timeout: float | None = None
    table: Connection | None = None

    @property
    def is_on_this_machine(self) -> bool:
        """Whether the endpoint of every service is on this machine."""
        places = [self.endpoint_url or "", *self.service_endpoints.values()]
        return self.region is not None and all(_LOOPBACK.match(place) for place in places)
