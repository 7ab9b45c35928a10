"""The filter language of Lambda event source mappings: EventBridge patterns, compiled once."""

from __future__ import annotations

from collections.abc import Sequence
from typing import ClassVar

from ddbinsert.errors import UsageError


class PatternError(UsageError):
    """A pattern that AWS would refuse, with the place and the reason that AWS does not give.

    Args:
        message: What is wrong, in one sentence.
        path: Keys and indexes from the pattern's root to the fault; () is the root.
        position: Character offset of the fault in the pattern's text, if it was given as text.
        allowed: What may stand there instead.
        hint: The next action, if one is known.
    """

    default_code: ClassVar[str] = "invalid-pattern"

    def __init__(
        self,
        message: str,
        *,
        path: Sequence[str | int] = (),
        position: int | None = None,
        allowed: Sequence[str] = (),
        hint: str | None = None,
    ) -> None:
        super().__init__(message, hint=hint)
        self.path = tuple(path)
        self.position = position
        self.allowed = tuple(allowed)
