"""The resource policy of a stream, which lets the role of another account's function read it."""

from __future__ import annotations

from ddbinsert.dataclass import dataclass


@dataclass(frozen=True, kw_only=True)
class StreamPolicy:
    """The policy on one stream.

    Attributes:
        stream_arn: The stream.
        document: The policy; None if the stream has none.
        revision: Its revision, without which another writer's change could be lost; None without a policy.
        unread: Why it could not be read; empty if it was.
        is_by_owner: Only the table's owner changes it: no credentials for the table's account are given.
    """

    stream_arn: str
    document: str | None = None
    revision: str | None = None
    unread: str = ""
    is_by_owner: bool = False
