"""Carrying out a plan: a fold over the world; independent steps run concurrently.

Every step is yielded when it is done, so that a failure half-way can report exactly how far it came, and running the same
command again continues from there.
"""

from __future__ import annotations

import threading
from concurrent.futures import FIRST_COMPLETED, wait
from dataclasses import replace
from typing import TYPE_CHECKING, assert_never

from ddbinsert.aws.change import functions as change_functions
from ddbinsert.aws.change import mappings as change_mappings
from ddbinsert.aws.change import queues as change_queues
from ddbinsert.aws.change import roles as change_roles
from ddbinsert.aws.change import stream_policies as change_stream_policies
from ddbinsert.aws.change import tables as change_tables
from ddbinsert.aws.change import tags as change_tags
from ddbinsert.aws.change.context import Performed
from ddbinsert.core.model.wanted import OWNER_TAG
from ddbinsert.core.trigger.alias import with_alias
from ddbinsert.core.trigger.differences import cleared_tags
from ddbinsert.core.trigger.step_order import precedes
from ddbinsert.core.trigger.steps import (
    AdoptFunction,
    AdoptMapping,
    CreateFunction,
    CreateLogGroup,
    CreateMapping,
    CreateQueue,
    CreateRole,
    CreateTable,
    DeleteFunction,
    DeleteLogGroup,
    DeleteMapping,
    DeleteQueue,
    DeleteRole,
    DeleteStreamPolicy,
    DeleteTable,
    DisableStream,
    EnableStream,
    KeepLogGroup,
    NarrowRolePolicy,
    PublishVersion,
    PutRolePolicy,
    PutStreamPolicy,
    ReplaceStream,
    SetRetention,
    Step,
    UpdateFunctionCode,
    UpdateFunctionSettings,
    UpdateMapping,
    UpdateMappingTags,
    UpdateRole,
    UpdateTags,
)
from ddbinsert.dataclass import dataclass
from ddbinsert.errors import DdbInsertError

if TYPE_CHECKING:
    from collections.abc import Callable, Generator, Mapping, Sequence
    from concurrent.futures import Future

    from ddbinsert.aws.change.context import Edit, Provisioning
    from ddbinsert.core.clock import Clock
    from ddbinsert.core.model.seen import TableState, World
    from ddbinsert.core.model.wanted import Trigger


@dataclass(frozen=True)
class Done:
    """A step that is done, and the world after it.

    Attributes:
        stays: Why the resource was not deleted; empty if the step was done.
    """

    step: Step
    world: World
    stays: str = ""


def apply(steps: Sequence[Step], world: World, context: Provisioning) -> Generator[Done, None, None]:
    """Carry out ``steps``, each as soon as the steps that it depends on are done.

    If it is abandoned (an interrupt, or a caller that stops reading), running steps end at their next wait.

    Raises:
        DdbInsertError: A step failed. Running steps are finished first, so that each of them is reported.
    """
    stopping, clock = threading.Event(), context.clock
    context = replace(context, clock=_StoppableClock(clock, stopping))
    waiting = list(steps)
    running: dict[Future[Performed], Step] = {}
    failures: list[DdbInsertError] = []
    try:
        while waiting or running:
            if not failures:
                clock.sleep(0.0)  # one of several triggers: the run may have been interrupted
                for step in [s for s in waiting if not _blocked(s, waiting, running)]:
                    waiting.remove(step)
                    running[context.aws.start(_bound(step, world, context))] = step
            if not running:
                break
            finished, _ = wait(running, return_when=FIRST_COMPLETED)
            for future in finished:
                step = running.pop(future)
                try:
                    performed = future.result()
                except DdbInsertError as error:
                    failures.append(error)
                    continue
                world = performed.edit(world)
                yield Done(performed.step, world, performed.stays)
        for call in context.beside:
            call.result()
    finally:
        stopping.set()
    if failures:
        raise _together(failures)


class _Abandoned(Exception):
    """The run was abandoned, so this step stops."""


class _StoppableClock:
    """A clock whose sleeps end early once the run is abandoned, so that a waiting step does not delay its end."""

    SLICE = 0.1

    def __init__(self, clock: Clock, stopping: threading.Event) -> None:
        self._clock = clock
        self._stopping = stopping

    def now(self) -> float:
        return self._clock.now()

    def monotonic(self) -> float:
        return self._clock.monotonic()

    def sleep(self, seconds: float) -> None:
        left = seconds
        while left > 0 and not self._stopping.is_set():
            self._clock.sleep(min(left, self.SLICE))
            left -= self.SLICE
        if self._stopping.is_set():
            raise _Abandoned


def _together(failures: Sequence[DdbInsertError]) -> DdbInsertError:
    """The first failure, with the messages of the others added to its own."""
    first, *others = failures
    for other in others:
        first.message += f"\nAlso: {other.message}"
    return first


def _blocked(step: Step, waiting: Sequence[Step], running: dict[Future[Performed], Step]) -> bool:
    return any(precedes(other, step) for other in (*waiting, *running.values()) if other is not step)


def _bound(step: Step, world: World, context: Provisioning) -> Callable[[], Performed]:
    return lambda: perform(step, world, context)


def perform(step: Step, world: World, context: Provisioning) -> Performed:
    """Do one step; return its change as an edit, to be applied to the current world."""
    match step:
        case CreateMapping():
            mapping, done = change_mappings.create_mapping(context, step, world)
            return Performed(lambda w: w.with_mapping(mapping), done)
        case DeleteLogGroup():
            stays = change_roles.delete_log_group(context, step, world)
            return Performed(lambda w: w if stays else replace(w, log_group=None), step, stays)
        case DeleteQueue():
            return Performed(lambda w: w, step, change_queues.delete_queue(context, step))
        case PutStreamPolicy():
            put = change_stream_policies.put_stream_policy(context, step, world)
            return Performed(lambda w: replace(w, stream_policy=put), step)
        case DeleteStreamPolicy():
            return Performed(lambda w: w, step, change_stream_policies.remove_stream_policy(context, step))
        case KeepLogGroup():
            kept, stays = change_tags.keep_log_group(context, step, world)
            return Performed(lambda w: replace(w, log_group=kept), step, stays)
        case _:
            return Performed(_edit(step, world, context), step)


def _edit(step: Step, world: World, context: Provisioning) -> Edit:  # noqa: C901, PLR0912 - one case for each step
    match step:
        case CreateTable() | EnableStream():
            made = _made_table(step, context)
            return lambda w: replace(w, table=made, stream_policy=None)
        case ReplaceStream():
            table, off = _replaced(step, world, context)
            return lambda w: replace(w, table=table, stream_off=off, stream_policy=None)
        case CreateLogGroup() | SetRetention():
            group = change_roles.log_group(context, step, world)
            return lambda w: replace(w, log_group=group)
        case CreateQueue():
            change_queues.create_queue(context, step)
            return lambda w: replace(w, failure_queue_missing=False)
        case CreateRole():
            role = change_roles.create_role(context, step)
            return lambda w: replace(w, role=role)
        case UpdateRole():
            updated = change_roles.update_role(context, step, world)
            return lambda w: replace(w, role=w.role and replace(updated, policy=w.role.policy))
        case PutRolePolicy() | NarrowRolePolicy():
            keeps = isinstance(step, PutRolePolicy) and step.keeps
            policy = change_roles.put_role_policy(context, step.role, world, keeps=keeps)
            return lambda w: replace(w, role=replace(w.role, policy=policy) if w.role else None)
        case CreateFunction():
            function = change_functions.create_function(context, world)
            return lambda w: replace(w, function=function)
        case AdoptFunction():
            tags = change_tags.adopt_function(context, world)
            return lambda w: replace(w, function=w.function and replace(w.function, tags=tags))
        case UpdateFunctionCode():
            function = change_functions.update_function_code(context, step)
            return lambda w: replace(w, function=function)
        case UpdateFunctionSettings():
            function = change_functions.update_function_settings(context, step, world)
            return lambda w: replace(w, function=function)
        case PublishVersion():
            alias = change_functions.publish_version(context, step)
            return lambda w: with_alias(w, alias)
        case UpdateTags() | UpdateMappingTags() | AdoptMapping() | UpdateMapping() | DeleteMapping():
            return _edit_mapping(step, world, context)
        case DeleteFunction():
            change_functions.delete_function(context, step)
            return lambda w: replace(w, function=None)
        case DeleteRole():
            change_roles.delete_role(context, step)
            return lambda w: replace(w, role=None)
        case DisableStream() | DeleteTable():
            left = _left_table(step, context)
            return lambda w: replace(w, table=left)
        case CreateMapping() | DeleteLogGroup() | DeleteQueue() | KeepLogGroup():
            raise AssertionError("carried out by `perform`")
        case PutStreamPolicy() | DeleteStreamPolicy():
            raise AssertionError("carried out by `perform`")
        case _:
            assert_never(step)


def _made_table(step: CreateTable | EnableStream, context: Provisioning) -> TableState:
    return (
        change_tables.create_table(context, step)
        if isinstance(step, CreateTable)
        else _enabled(step, context)
    )


def _left_table(step: DisableStream | DeleteTable, context: Provisioning) -> TableState | None:
    if isinstance(step, DisableStream):
        return change_tables.disable_stream(context, step.table)
    change_tables.delete_table(context, step)
    return None


def _enabled(step: EnableStream, context: Provisioning) -> TableState:
    """Enable the stream, once for all triggers of a run; return the table."""
    return context.shared.get(step, lambda: change_tables.enable_stream(context, step.table, step.view))


def _replaced(
    step: ReplaceStream, world: World, context: Provisioning
) -> tuple[TableState, tuple[float, float]]:
    """Replace the stream, once for all triggers of a run; see `change_tables.replace_stream`."""
    return context.shared.get(step, lambda: change_tables.replace_stream(context, step, world.table))


def _edit_mapping(
    step: UpdateTags | UpdateMappingTags | AdoptMapping | UpdateMapping | DeleteMapping,
    world: World,
    context: Provisioning,
) -> Edit:
    match step:
        case UpdateTags():
            change_tags.update_tags(context, world)
            return lambda w: _tagged(w, context.trigger)
        case UpdateMappingTags():
            tagged = change_tags.update_mapping_tags(context, step, world)
            return lambda w: w.with_mapping(tagged)
        case AdoptMapping():
            adopted = change_tags.adopt_mapping(context, step, world)
            return lambda w: w.with_mapping(adopted)
        case UpdateMapping():
            mapping = change_mappings.update_mapping(context, step)
            return lambda w: w.with_mapping(mapping)
        case DeleteMapping():
            change_mappings.delete_mapping(context, step.uuid)
            return lambda w: w.without_mapping(step.uuid)
        case _:
            assert_never(step)


def _tagged(world: World, trigger: Trigger) -> World:
    function, role, group, live = world.function, world.role, world.log_group, world.live_mapping
    if live is not None and live.is_ours:
        world = world.with_mapping(replace(live, tags=_with_tags(live.tags or {}, trigger)))
    if group is not None and (group.tags or {}).get(OWNER_TAG) == trigger.table:
        group = replace(group, tags=_with_tags(group.tags or {}, trigger))
    return replace(
        world,
        function=function and replace(function, tags=_with_tags(function.tags, trigger)),
        role=role and replace(role, tags={**_with_tags(role.tags, trigger), **trigger.role.tags}),
        log_group=group,
    )


def _with_tags(have: Mapping[str, str], trigger: Trigger) -> dict[str, str]:
    gone = cleared_tags(trigger)
    return {name: value for name, value in {**have, **trigger.tags}.items() if name not in gone}
