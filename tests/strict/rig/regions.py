"""The regions of the account (docs/aws-facts.md#account-regions): ListRegions, page by page, by their status."""

from __future__ import annotations

from typing import TYPE_CHECKING

from .wire import Answer, Call, Forward, Handler, json_answer

if TYPE_CHECKING:
    from collections.abc import Mapping

_PAGE = 2


class RegionsBehaviour:
    """Args: statuses: Name of each region to its opt-in status."""

    def __init__(self, statuses: Mapping[str, str]) -> None:
        self._statuses = statuses

    @property
    def handlers(self) -> Mapping[str, Handler]:
        return {"account:ListRegions": self._list}

    def close(self) -> None:
        """Nothing to end."""

    def _list(self, call: Call, _forward: Forward) -> Answer:
        wanted = call.payload.get("RegionOptStatusContains") or set(self._statuses.values())
        found = [
            {"RegionName": name, "RegionOptStatus": status}
            for name, status in self._statuses.items()
            if status in wanted
        ]
        begin = int(call.payload.get("NextToken") or 0)
        more = {"NextToken": str(begin + _PAGE)} if begin + _PAGE < len(found) else {}
        return json_answer(call, {"Regions": found[begin : begin + _PAGE], **more})
