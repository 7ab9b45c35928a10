"""Models read lean: the operations that ddbinsert calls, and nothing that only says where AWS is when it isn't meant.

Reading whole service models and endpoint rules takes longer than most commands' calls.
"""

from __future__ import annotations

import json
from pathlib import Path
from typing import TYPE_CHECKING, Any

from botocore.exceptions import UnknownServiceError
from botocore.loaders import Loader

if TYPE_CHECKING:
    from collections.abc import Callable

    from botocore.regions import EndpointResolver

_FOLDER = Path(__file__).parent / "models"
#: The endpoint prefixes of the services whose models are shipped.
PREFIXES = frozenset({"dynamodb", "iam", "lambda", "logs", "monitoring", "streams.dynamodb", "sts"})


class LeanLoader(Loader):
    """Loads the shipped models of the services that have one, and botocore's own of all others.

    Args:
        rules: Whether the shipped services' endpoint rules are wanted. Where an address on this machine stands
            in for all of them, they say nothing.
    """

    def __init__(self, *, rules: bool) -> None:
        super().__init__()
        self._rules = rules
        self._shipped: dict[str, dict[str, Any]] = {}

    def load_service_model(self, service_name: str, type_name: str, api_version: str | None = None) -> Any:
        """As botocore's; an UnknownServiceError for rules makes botocore take the address that it is given."""
        shipped = self._of(service_name) if api_version is None else {}
        if type_name in shipped:
            return shipped[type_name]
        if type_name == "endpoint-rule-set-1" and shipped:
            if not self._rules:
                raise UnknownServiceError(service_name=service_name, known_service_names=[])
            version = shipped["service-2"]["metadata"]["apiVersion"]
            return self.load_data(f"{service_name}/{version}/{type_name}")
        return super().load_service_model(service_name, type_name, api_version)

    def _of(self, service: str) -> dict[str, Any]:
        if service not in self._shipped:
            path = _FOLDER / f"{service}.json"
            self._shipped[service] = json.loads(path.read_bytes()) if path.is_file() else {}
        return self._shipped[service]


class NoEndpoints:
    """Stands in for botocore's table of AWS's endpoints where addresses are given: read for other services only.

    Args:
        table: Reads the table.
    """

    def __init__(self, table: Callable[[], EndpointResolver]) -> None:
        self._table = table

    def construct_endpoint(self, service_name: str, *more: Any, **named: Any) -> Any:
        """None says that nothing is known, so that what is given is taken.

        Args:
            service_name: The service's endpoint prefix, as botocore asks by it.
        """
        if service_name in PREFIXES:
            return None
        return self._table().construct_endpoint(service_name, *more, **named)

    def __getattr__(self, name: str) -> Any:
        return getattr(self._table(), name)
