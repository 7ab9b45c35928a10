"""Texts and repairs that several checks share."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import TYPE_CHECKING

from ddbinsert.advice import TABLE, Advice
from ddbinsert.core.proof.causes.filters import update_mapping

if TYPE_CHECKING:
    from collections.abc import Sequence

    from ddbinsert.core.doctor.facts import Facts, RoleRight
    from ddbinsert.core.model.seen import MappingState


def attach(text: str, *options: str) -> Advice:
    """The advice to run attach-trigger with these options."""
    return Advice(text, ("attach-trigger", TABLE, *options))


def allow(facts: Facts, what: str, ours: Advice, right: RoleRight | None = None) -> Advice:
    """The command for a role that ddbinsert created; other roles, and denials, are not changed by any command."""
    if right in facts.rights.by_statement:
        return Advice(
            f"Remove what denies role {facts.role_name} {what}: a statement with Effect Deny in one of its policies"
        )
    return ours if facts.restores_role else Advice(f"Allow role {facts.role_name} {what}")


def set_mapping(
    facts: Facts, found: Sequence[MappingState], text: str, *options: str, by_hand: tuple[str, ...]
) -> Advice:
    """The advice to change the mappings.

    Args:
        options: Options of attach-trigger, which changes the function's first mapping.
        by_hand: Options of `aws lambda update-event-source-mapping`, used if only further mappings are affected.
    """
    if all(map(facts.world.is_second, found)):
        return update_mapping(text, found[0], *by_hand)
    return attach(text, *options, "--yes")


def show_log(text: str = "Show the function's log") -> Advice:
    return Advice(text, ("tail", TABLE, "--since", "1h"))


def clock_time(epoch: float) -> str:
    """``2026-11-28 00:16:54 UTC``."""
    return datetime.fromtimestamp(epoch, UTC).strftime("%Y-%m-%d %H:%M:%S UTC")


def listed(mappings: tuple[MappingState, ...]) -> tuple[str, ...]:
    return tuple(f"mapping {m.uuid}: {m.state}" for m in mappings)
