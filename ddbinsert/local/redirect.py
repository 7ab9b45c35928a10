"""Connecting other AWS tools to an emulator: environment variables to set and to unset."""

from __future__ import annotations

from typing import TYPE_CHECKING

from ddbinsert.dataclass import dataclass
from ddbinsert.local.emulator import HOST

if TYPE_CHECKING:
    from collections.abc import Mapping

    from ddbinsert.local.emulator import Emulator

#: Variables that would give an AWS SDK another identity or another endpoint.
_LEADING_AWAY = (
    "AWS_PROFILE",
    "AWS_DEFAULT_PROFILE",
    "AWS_SESSION_TOKEN",
    "AWS_SECURITY_TOKEN",
    "AWS_IGNORE_CONFIGURED_ENDPOINT_URLS",
    "AWS_USE_FIPS_ENDPOINT",
    "AWS_USE_DUALSTACK_ENDPOINT",
)
_SERVICE_ENDPOINT = "AWS_ENDPOINT_URL_"
_NO_PROXY = ("NO_PROXY", "no_proxy")


@dataclass(frozen=True, kw_only=True)
class Redirection:
    """A change of environment variables, after which AWS tools connect only to the emulator.

    Attributes:
        set: Variables to set. Contains the emulator's key: do not log it.
        unset: Variables to unset.
    """

    set: Mapping[str, str]
    unset: tuple[str, ...]


def redirection(emulator: Emulator, environ: Mapping[str, str]) -> Redirection:
    """The change that the environment `environ` needs; its region is that of --local."""
    services = sorted(name for name in environ if name.startswith(_SERVICE_ENDPOINT))
    return Redirection(
        set={**emulator.variables(), **{name: _without_proxy(environ, name) for name in _NO_PROXY}},
        unset=(*_LEADING_AWAY, *services),
    )


def _without_proxy(environ: Mapping[str, str], name: str) -> str:
    hosts = [host for host in environ.get(name, "").split(",") if host and host != HOST]
    return ",".join((*hosts, HOST))
