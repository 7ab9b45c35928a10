"""The emulator's policy simulator knows roles with a path, too.

MiniStack takes ``teams/payments/NAME`` of a role's ARN for its name, finds no policies, and answers that nothing is allowed.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Callable


def find_roles_with_paths(evaluator: Any) -> None:
    """Let the simulator find the policies of a role by the last part of its ARN."""
    gather: Callable[[str, str], Any] = evaluator._gather_role_policies  # noqa: SLF001

    def by_name(name: str, account: str) -> Any:
        return gather(name.rpartition("/")[2], account)

    evaluator._gather_role_policies = by_name  # noqa: SLF001
