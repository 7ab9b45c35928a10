"""The alias or version of a function that a mapping delivers to."""

from __future__ import annotations

from typing import TYPE_CHECKING

from ddbinsert.core.arn import arn_parts, qualified_name
from ddbinsert.dataclass import dataclass

if TYPE_CHECKING:
    from collections.abc import Collection

    from ddbinsert.core.model.seen import FunctionState

_LATEST = "$LATEST"


def qualifier_of(arn: str) -> str:
    """The alias or version in a function's ARN; empty for the function itself."""
    return arn_parts(arn).qualifier or ""


def is_to(arn: str, qualifier: str) -> bool:
    """Whether a function's ARN names this alias or version; the function itself is ``$LATEST``."""
    return (qualifier_of(arn) or _LATEST) == qualifier


@dataclass(frozen=True, kw_only=True)
class Target:
    """An alias or a version, as a mapping names it.

    Attributes:
        arn: The function's ARN with the qualifier.
        function: The version that it refers to; None if it does not exist.
        weights: An alias's further versions, with the share of invocations of each.
    """

    arn: str
    function: FunctionState | None
    weights: tuple[tuple[str, float], ...] = ()

    @property
    def name(self) -> str:
        return qualified_name(self.arn)

    @property
    def version(self) -> str:
        return self.function.version if self.function is not None else ""

    @property
    def versions(self) -> tuple[str, ...]:
        """All versions that it invokes."""
        return (self.version, *(version for version, share in self.weights if share))

    def not_among(self, seen: Collection[str]) -> tuple[str, ...]:
        """The versions to which an alias routes and that are not among ``seen``; none without routing."""
        return tuple(version for version in self.versions if version not in seen) if self.weights else ()

    @property
    def shown_weights(self) -> str:
        return ", ".join(f"{version}: {share:.0%}" for version, share in self.weights) or "none"


def is_qualified(arn: str) -> bool:
    """Whether a mapping's function is an alias or a version that may differ from $LATEST."""
    return qualifier_of(arn) not in ("", _LATEST)
