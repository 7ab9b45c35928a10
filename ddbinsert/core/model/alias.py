"""The observed state of a function's alias."""

from __future__ import annotations

from typing import TYPE_CHECKING

from ddbinsert.dataclass import dataclass

if TYPE_CHECKING:
    from ddbinsert.core.model.seen import FunctionState


@dataclass(frozen=True, kw_only=True)
class AliasState:
    """An alias of a function.

    Attributes:
        version: The version that it points to.
        function: The function as of that version; None if it was not read.
    """

    name: str
    version: str
    function: FunctionState | None = None
