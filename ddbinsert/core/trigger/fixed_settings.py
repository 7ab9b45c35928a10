"""Settings of existing resources that AWS cannot change, and that `up` therefore refuses: drift names them as well."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

from ddbinsert.core.trigger.drift import Drifted, TriggerPart

if TYPE_CHECKING:
    from ddbinsert.core.model.seen import World
    from ddbinsert.core.model.wanted import Trigger


def fixed_differences(want: Trigger, have: World) -> tuple[Trigger, tuple[Drifted, ...]]:
    """The trigger without the settings that differ, so that the others can be planned; and those differences.

    Args:
        want: The effective trigger.
    """
    found: list[Drifted] = []
    role, group = have.role, have.log_group
    is_own = role is not None and want.function.role is None
    if role is not None and is_own and "role.path" in want.explicit and role.path != want.role.path:
        found.append(_of(TriggerPart.ROLE, role.name, "role.path", role.path, want.role.path))
        want = replace(want, explicit=want.explicit - {"role.path"})
    wanted = want.function.log_class
    is_used = group is not None and group.name == want.log_group
    if group is not None and is_used and "function.log_class" in want.explicit:
        if group.log_class not in ("", wanted):
            found.append(
                _of(TriggerPart.LOG_GROUP, group.name, "function.log_class", group.log_class, wanted)
            )
        want = replace(want, explicit=want.explicit - {"function.log_class"})
    return want, tuple(found)


def _of(part: TriggerPart, name: str, field: str, have: str, want: str) -> Drifted:
    return Drifted(part=part, name=name, field=field, have=have, want=want)
