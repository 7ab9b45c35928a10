"""Event source mappings: their states, and what outlives what."""

from __future__ import annotations

import time
from typing import TYPE_CHECKING

from tests.conformance import handlers
from tests.conformance.model import Seen, probe

if TYPE_CHECKING:
    from tests.conformance.lab import Lab

_TRIES = 3
_STATES = frozenset({"Creating", "Enabling", "Enabled", "Disabling", "Disabled", "Updating", "Deleting"})


@probe("esm-states", quick=True, seconds=60)
def states(lab: Lab) -> Seen:
    table, function = lab.table(), lab.recorder
    stream = lab.stream(table)
    made = lab.lambda_.create_event_source_mapping(
        EventSourceArn=stream, FunctionName=function, StartingPosition="TRIM_HORIZON", Tags=lab.tags
    )
    uuid = str(made["UUID"])
    lab.later(f"mapping {uuid}", lambda: lab.gone(lab.lambda_.delete_event_source_mapping, UUID=uuid))
    look = lab.lambda_.get_event_source_mapping
    seen = [str(made["State"])]

    def reached(state: str) -> bool:
        shown = str(look(UUID=uuid)["State"])
        if seen[-1] != shown:
            seen.append(shown)
        return shown == state

    began = time.monotonic()
    lab.until(lambda: reached("Enabled"))
    lab.measured["seconds until a new mapping is Enabled"] = round(time.monotonic() - began, 1)
    seen.append(str(lab.lambda_.update_event_source_mapping(UUID=uuid, Enabled=False)["State"]))
    lab.until(lambda: reached("Disabled"))
    seen.append(str(lab.lambda_.delete_event_source_mapping(UUID=uuid)["State"]))
    waiters = [one for one in lab.lambda_.waiter_names if "mapping" in one]
    agrees = (
        set(seen) <= _STATES and {"Creating", "Enabled", "Disabled"} <= set(seen) and seen[-1] == "Deleting"
    )
    return Seen(agrees=agrees and not waiters, answer={"states": seen, "waiters": waiters})


@probe("esm-in-use", quick=True)
def in_use(lab: Lab) -> Seen:
    code, message = "", ""
    for _ in range(_TRIES):  # it may be Enabled before it is changed
        uuid = lab.create_mapping(lab.table(), lab.recorder)
        code, message = lab.refusal(lab.lambda_.update_event_source_mapping, UUID=uuid, BatchSize=9)
        if code:
            break
    return Seen(agrees=code == "ResourceInUseException", answer={"code": code, "message": message})


@probe("esm-outlives", quick=True, seconds=45)
def outlives(lab: Lab) -> Seen:
    function = lab.function(handlers.RECORDING)
    uuid = lab.mapping(lab.table(), function)
    lab.gone(lab.lambda_.delete_function, FunctionName=function)
    shown = lab.refusal(lab.lambda_.get_event_source_mapping, UUID=uuid)[0] or str(
        lab.lambda_.get_event_source_mapping(UUID=uuid)["State"]
    )
    return Seen(agrees=shown == "Enabled", answer={"state after its function was deleted": shown})
