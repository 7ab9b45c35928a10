"""The state of a table, as AWS reports it."""

from __future__ import annotations

from dataclasses import field
from typing import TYPE_CHECKING

from ddbinsert.core.arn import arn_parts
from ddbinsert.core.model.wanted import STREAM_TAG
from ddbinsert.dataclass import dataclass

if TYPE_CHECKING:
    from collections.abc import Mapping as MappingABC

    from ddbinsert.core.model.record import KeySchema, StreamView


@dataclass(frozen=True, kw_only=True)
class TableState:
    """A table as DescribeTable reports it.

    Attributes:
        status: ACTIVE, CREATING, UPDATING, DELETING, …
        latest_stream_arn: Also set after the stream was disabled: never infer "enabled" from it.
        function_account: The account of its trigger's function; empty if it is the table's own.
    """

    name: str
    arn: str
    status: str
    key: KeySchema
    item_count: int = 0
    view: StreamView | None = None
    stream_arn: str | None = None
    latest_stream_arn: str | None = None
    replicas: tuple[str, ...] = ()
    kms_key_arn: str | None = None
    deletion_protected: bool = False
    function_account: str = field(default="", compare=False)

    @property
    def function_place(self) -> str:
        """The ARN of a table of this name in the function's account: the function's resources are beside it."""
        account = self.function_account
        return str(arn_parts(self.arn)._replace(account=account)) if account else self.arn

    @property
    def is_of_other_account(self) -> bool:
        """Whether it belongs to another account than the function, which a policy on its stream must allow."""
        return self.function_account not in ("", arn_parts(self.arn).account)

    @property
    def stream_enabled(self) -> bool:
        return self.stream_arn is not None

    @property
    def stream_label(self) -> str:
        """The last part of the live stream's ARN: the time at which it was enabled. Empty without a live stream."""
        return (self.stream_arn or "").rpartition("/stream/")[2]

    def stream_is_ours(self, tags: MappingABC[str, str]) -> bool:
        """Whether the table's tags say that ddbinsert enabled the live stream, not an earlier one."""
        return self.stream_enabled and tags.get(STREAM_TAG) == self.stream_label
