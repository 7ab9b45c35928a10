"""Puts a profile's habits together: which exist, in which order, and who knows whom."""

from __future__ import annotations

from typing import TYPE_CHECKING

from .functions import FunctionsBehaviour
from .logrights import LogRights
from .logs import LogsBehaviour
from .roles import RoleBook
from .tables import TablesBehaviour, WriteWatch

if TYPE_CHECKING:
    from .context import Context
    from .profile import Profile
    from .rig import Behaviour


def build(profile: Profile, context: Context) -> list[Behaviour]:
    """The behaviours in the order in which they see a call."""
    roles = RoleBook(profile.roles, context)
    behaviours: list[Behaviour] = [roles]
    if profile.tables:
        behaviours.append(TablesBehaviour(profile.tables, context))
    if profile.functions:
        behaviours.append(FunctionsBehaviour(profile.functions, context, roles))
    if profile.logs:
        enforced = profile.logs.permissions and profile.roles is not None
        rights = LogRights(context, roles, enforced=enforced)
        behaviours.append(LogsBehaviour(profile.logs, context, rights))
    if profile.mappings:
        behaviours.append(WriteWatch(context))
    return behaviours
