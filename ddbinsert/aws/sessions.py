"""botocore sessions: one that resolves as every AWS tool does, and one that knows nothing of this user."""

from __future__ import annotations

from functools import cache
from typing import Any

from botocore.exceptions import ConnectTimeoutError, EndpointConnectionError, ProxyConnectionError
from botocore.parsers import ResponseParserError
from botocore.regions import EndpointResolver
from botocore.session import Session

from ddbinsert.aws.lean import LeanLoader, NoEndpoints

#: Attempts to reach an endpoint where nothing answers; botocore's own six take a quarter of a minute.
_ATTEMPTS = 2


class _Here(Session):
    """Speaks to this machine alone, so it reads no table of AWS's endpoints for what it calls."""

    def _register_endpoint_resolver(self) -> None:
        def table() -> EndpointResolver:
            return EndpointResolver(self.get_component("data_loader").load_data("endpoints"))

        components: Any = vars(self)["_internal_components"]
        components.register_component("endpoint_resolver", NoEndpoints(cache(table)))


class _Sealed(_Here):
    """Has no configuration files and no profiles: what a user's say can't lead away from an endpoint."""

    @property
    def full_config(self) -> dict[str, Any]:
        return {"profiles": {}}

    def get_scoped_config(self) -> dict[str, Any]:
        return {}


def open_session(profile: str | None, *, sealed: bool, here: bool = False, lean: bool = True) -> Session:
    """A session; boto3's adds only resources to this, which nobody here uses, at a cost in start-up time.

    Args:
        sealed: Leave the AWS configuration unread, whatever AWS_PROFILE and the like name.
        here: Every service is spoken to at an address on this machine.
        lean: Read the shipped models, which hold what ddbinsert calls.
    """
    session = _Sealed() if sealed else (_Here if here else Session)(profile=profile)
    if lean and session.get_config_variable("data_path") is None:
        session.register_component("data_loader", LeanLoader(rules=not here))
    session.register("needs-retry", _give_up_early)
    session.register("after-call", _refuse_pages)
    return session


def _give_up_early(
    attempts: int = 0, caught_exception: BaseException | None = None, **_event: object
) -> None:
    """Raises what can't connect, where botocore would go on to try."""
    unreachable = (EndpointConnectionError, ConnectTimeoutError, ProxyConnectionError)
    if isinstance(caught_exception, unreachable) and attempts >= _ATTEMPTS:
        raise caught_exception


def _refuse_pages(http_response: Any = None, **_event: object) -> None:
    """Raises ResponseParserError for a web page (of a proxy, of a login), which botocore takes for an answer."""
    if str(http_response.headers.get("content-type", "")).lower().startswith("text/html"):
        raise ResponseParserError("The answer is a web page.")
