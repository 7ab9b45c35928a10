"""Puts a profile's habits together: which exist, in which order, and who knows whom."""

from __future__ import annotations

from typing import TYPE_CHECKING

from .accounts import BoundaryRequired, PoliciesBehaviour
from .functions import FunctionsBehaviour
from .insights import InsightsBehaviour
from .items import ItemLimits
from .logrights import LogRights
from .logs import LogsBehaviour
from .mappings import MappingsBehaviour
from .metrics import MetricsBehaviour
from .partiql import PartiqlBehaviour
from .profile import Streams
from .queues import QueuesBehaviour
from .regions import RegionsBehaviour
from .roles import RoleBook
from .shards import StreamsBehaviour
from .tables import TablesBehaviour, WriteWatch
from .trail import TrailBehaviour

if TYPE_CHECKING:
    from .context import Context
    from .profile import Profile
    from .rig import Behaviour


def build(profile: Profile, context: Context) -> list[Behaviour]:
    """The behaviours in the order in which they see a call."""
    roles = RoleBook(profile.roles, context)
    behaviours: list[Behaviour] = [
        roles,
        ItemLimits(context),
        QueuesBehaviour(context),
        TrailBehaviour(context),
        PoliciesBehaviour(context, pause=profile.tables.policy_pause if profile.tables else 0.0),
        RegionsBehaviour(dict(profile.regions)),
    ]
    if profile.roles and profile.roles.boundary:
        behaviours.append(BoundaryRequired(profile.roles.boundary))
    if profile.tables:
        behaviours.append(TablesBehaviour(profile.tables, context))
    functions = FunctionsBehaviour(profile.functions, context, roles) if profile.functions else None
    if functions:
        behaviours.append(functions)
    if profile.streams:
        behaviours.append(StreamsBehaviour(profile.streams, context))
        if profile.streams.partiql:
            behaviours.append(PartiqlBehaviour(context))
    if profile.logs:
        enforced = profile.logs.permissions and profile.roles is not None
        rights = LogRights(context, roles, enforced=enforced)
        logs = LogsBehaviour(profile.logs, context, rights)
        behaviours += [logs, InsightsBehaviour(logs, context)]
    if profile.mappings:
        streams = profile.streams or Streams()
        behaviours += [
            MappingsBehaviour(profile.mappings, context, roles, functions, streams),
            WriteWatch(context),
        ]
    if profile.metrics:
        behaviours.append(MetricsBehaviour(profile.metrics, context))
    return behaviours
