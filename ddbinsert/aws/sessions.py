"""botocore sessions: one that resolves as every AWS tool does, and one that knows nothing of this user."""

from __future__ import annotations

from typing import Any

from botocore.exceptions import ConnectTimeoutError, EndpointConnectionError, ProxyConnectionError
from botocore.parsers import ResponseParserError
from botocore.session import Session

#: Attempts to reach an endpoint where nothing answers; botocore's own six take a quarter of a minute.
_ATTEMPTS = 2


class _Sealed(Session):
    """Has no configuration files and no profiles: what a user's say can't lead away from an endpoint."""

    @property
    def full_config(self) -> dict[str, Any]:
        return {"profiles": {}}

    def get_scoped_config(self) -> dict[str, Any]:
        return {}


def open_session(profile: str | None, *, sealed: bool) -> Session:
    """A session; boto3's adds only resources to this, which nobody here uses, at a cost in start-up time.

    Args:
        sealed: Leave the AWS configuration unread, whatever AWS_PROFILE and the like name.
    """
    session = _Sealed() if sealed else Session(profile=profile)
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
