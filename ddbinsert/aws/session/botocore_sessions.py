"""botocore sessions: one that resolves settings like every AWS tool, and one that ignores the user's settings."""

from __future__ import annotations

import os
from functools import cache
from typing import TYPE_CHECKING, Any

from botocore.exceptions import (
    ConnectTimeoutError,
    EndpointConnectionError,
    ProxyConnectionError,
    ReadTimeoutError,
    SSLError,
)
from botocore.parsers import ResponseParserError
from botocore.regions import EndpointResolver
from botocore.session import Session

from ddbinsert.aws.session.calls import CALL_TIMEOUT, CallLimits
from ddbinsert.aws.session.credentials import PROCESS_TIMEOUT, complete_session, find_credentials
from ddbinsert.aws.session.lean_models import LeanLoader, NoEndpoints

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

#: Attempts to reach an endpoint that does not answer; botocore's default of six takes 15 s and more.
_ATTEMPTS = 2


class _ClientSession(Session):
    """Creates the clients of ddbinsert's own calls, from lean models.

    Calls that botocore makes to find credentials (STS, SSO, metadata) go through a complete session: a cut model
    lacks the operations that its providers use.
    """

    def __init__(
        self, profile: str | None, prepare: Callable[[], Session], watch: CallLimits, limit: float
    ) -> None:
        super().__init__(profile=profile)
        self._complete = cache(prepare)
        self._watch = watch
        self._limit = limit
        self._found: Any = None
        self._failure: Exception | None = None

    def get_credentials(self) -> Any:
        if self._failure is not None:
            raise self._failure
        if self._found is None:
            try:
                self._found = self._watch.call(
                    lambda: find_credentials(self._complete()),
                    "AWS credentials",
                    at_most=self._limit,
                    more=1.0,
                )
            except Exception as error:
                # The calls of one run are concurrent: they share one wait, one prompt and one failure.
                self._failure = error
                raise
        return self._found

    def get_auth_token(self, **kwargs: Any) -> Any:
        return self._complete().get_auth_token(**kwargs)


class _Here(_ClientSession):
    """Connects to this machine only, so it does not read botocore's table of AWS endpoints."""

    def _register_endpoint_resolver(self) -> None:
        def table() -> EndpointResolver:
            return EndpointResolver(self.get_component("data_loader").load_data("endpoints"))

        components: Any = vars(self)["_internal_components"]
        components.register_component("endpoint_resolver", NoEndpoints(table))


class _Sealed(_Here):
    """Reads no configuration files and no profiles, so that no setting of the user's can change the endpoint.

    Each of its clients is given credentials explicitly.
    """

    @property
    def full_config(self) -> dict[str, Any]:
        return {"profiles": {}}

    def get_scoped_config(self) -> dict[str, Any]:
        return {}

    def get_credentials(self) -> None:
        return None

    def get_auth_token(self, **_kwargs: Any) -> Any:
        return None


def open_session(
    profile: str | None,
    *,
    sealed: bool,
    here: bool = False,
    cache_folder: Path | None = None,
    region: str | None = None,
    may_prompt: bool = False,
    process_timeout: float = PROCESS_TIMEOUT,
    watch: CallLimits | None = None,
    lean: bool = True,
) -> Session:
    """A session for ddbinsert's own calls; boto3's session adds only resources, and takes longer to start.

    Args:
        sealed: Do not read the AWS configuration, whatever AWS_PROFILE and similar variables name.
        here: Every service has an address on this machine.
        cache_folder: Where lean models are cached between runs.
        region: The region of the services that issue credentials, if the profile names none.
        may_prompt: Whether the user can be asked for an MFA code.
        process_timeout: Maximum seconds for a credential_process.
        watch: Limits the time for finding credentials.
        lean: Read models that hold only the operations that ddbinsert calls.
    """
    kind = _Sealed if sealed else _Here if here else _ClientSession

    def complete() -> Session:
        return _watched(complete_session(profile, region, may_prompt=may_prompt, timeout=process_timeout))

    # A user who is asked for a code has no time limit.
    watch = CallLimits(None) if may_prompt or watch is None else watch
    session = kind(profile, complete, watch, 3600.0 if may_prompt else 2 * CALL_TIMEOUT)
    if not lean:
        return _watched(session)
    data_path = None if sealed else session.get_config_variable("data_path")
    extra = [os.path.expanduser(path) for path in data_path.split(os.pathsep)] if data_path else None  # noqa: PTH111
    loader = LeanLoader(rules=not here, cache_folder=cache_folder, extra_search_paths=extra)
    session.register_component("data_loader", loader)
    return _watched(session)


def _watched(session: Session) -> Session:
    session.register("needs-retry", _raise_hopeless_errors)
    session.register("after-call", _refuse_pages)
    return session


def _raise_hopeless_errors(
    attempts: int = 0, caught_exception: BaseException | None = None, **_event: object
) -> None:
    """Raises errors that further attempts would not fix, which botocore would retry."""
    if isinstance(caught_exception, SSLError):
        raise caught_exception
    lost = (EndpointConnectionError, ConnectTimeoutError, ProxyConnectionError, ReadTimeoutError)
    if isinstance(caught_exception, lost) and attempts >= _ATTEMPTS:
        raise caught_exception


def _refuse_pages(http_response: Any = None, model: Any = None, **_event: object) -> None:
    """Raises ResponseParserError for a web page (of a proxy or a login), which botocore accepts as an answer.

    The body is examined, not the header: some emulators send JSON as text/html.
    """
    if getattr(model, "has_streaming_output", False):
        return
    body = bytes(http_response.content[:200]).lstrip().lower()
    if body.startswith((b"<!doctype html", b"<html")):
        raise ResponseParserError("The answer is a web page.")
