"""Connections whose calls are made once: without botocore's own retries, which sleep, all that goes wrong comes through."""

from __future__ import annotations

from dataclasses import replace
from functools import cache
from typing import TYPE_CHECKING, Any

import botocore.session

from ddbinsert.aws.session.session import Aws, Connection

if TYPE_CHECKING:
    from collections.abc import Mapping

    from botocore.session import Session

    from ddbinsert import local


@cache
def _session() -> Session:
    """One for all, as reading the services' models is what takes time."""
    return botocore.session.Session()


class OneAttempt(Aws):
    def __init__(self, connection: Connection) -> None:
        super().__init__(replace(connection, is_local=True))  # else botocore's rate limiter sleeps, too

    def _open(self) -> Session:
        return _session()

    def _make(self, name: str, own: Mapping[str, Any], *, lean: bool = True) -> Any:
        client = super()._make(name, own, lean=lean)
        service = client.meta.service_model.service_id.hyphenize()
        client.meta.events.unregister(f"needs-retry.{service}", unique_id=f"retry-config-{service}")
        return client


def connected(emulator: local.Emulator, endpoint: str) -> Aws:
    return OneAttempt(
        Connection(
            region="eu-west-1",
            endpoint_url=endpoint,
            access_key_id=emulator.access_key_id,
            secret_access_key=emulator.secret_access_key,
            is_local=True,
        )
    )
