"""The account of a trigger's table, if it is not the account of its function."""

from __future__ import annotations

import copy
from typing import TYPE_CHECKING, Any, Self

if TYPE_CHECKING:
    from collections.abc import Mapping

    from ddbinsert.core.arn import Arn


class Accounts:
    """One connection for the function's account, and one for the table's; usually they are the same.

    Attributes:
        function_account: The function's account; empty if the table is in the same.
        table_arn: The ARN that calls to DynamoDB send as the table's name: a name alone means the caller's account.
    """

    function_account: str = ""
    table_arn: Arn | None = None
    _table: Self | None = None

    @property
    def of_table(self) -> Self:
        """The connection for the table, its items and its streams."""
        return self._table or self

    @property
    def of_function(self) -> Self:
        """The same connection, whose tables are all in the function's account: for sinks."""
        if self._table is None:
            return self
        own = copy.copy(self)
        own._table, own.function_account = None, ""  # noqa: SLF001
        return own

    def use_for_table(self, table: Self, *, function_account: str) -> None:
        """Use another connection for the table."""
        self._table, self.function_account = table, function_account


def send_arn(client: Any, arn: Arn) -> None:
    """Let a client of DynamoDB name this table by its ARN: docs/aws-facts.md#table-other-account."""
    name, whole = arn.name, str(arn)

    def named(params: Mapping[str, Any], **_event: object) -> dict[str, Any]:
        sent = dict(params)
        if sent.get("TableName") == name:
            sent["TableName"] = whole
        if name in (sent.get("RequestItems") or {}):
            sent["RequestItems"] = {
                whole if key == name else key: one for key, one in sent["RequestItems"].items()
            }
        if sent.get("TransactItems"):
            sent["TransactItems"] = [
                {
                    kind: {**one, "TableName": whole} if one.get("TableName") == name else one
                    for kind, one in each.items()
                }
                for each in sent["TransactItems"]
            ]
        return sent

    def renamed(parsed: dict[str, Any], **_event: object) -> None:
        for field in ("Responses", "UnprocessedItems", "UnprocessedKeys"):
            answered = parsed.get(field)
            if isinstance(answered, dict) and whole in answered:
                answered[name] = answered.pop(whole)

    client.meta.events.register("provide-client-params.dynamodb", named)
    client.meta.events.register("after-call.dynamodb", renamed)
