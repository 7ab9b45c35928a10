"""Carrying out a plan: a fold over the world, with independent steps side by side.

Every step yields as it is done, so that a failure half-way can say truthfully how far it came, and running
the same command again goes on from there.
"""

from __future__ import annotations

import threading
from concurrent.futures import FIRST_COMPLETED, wait
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, assert_never

from ddbinsert.aws import (
    change_functions,
    change_mappings,
    change_queues,
    change_roles,
    change_tables,
    change_tags,
)
from ddbinsert.core.steps import (
    AFTER,
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
    DeleteTable,
    DisableStream,
    EnableStream,
    PutRolePolicy,
    RebindRolePolicy,
    ReplaceStream,
    SetRetention,
    Step,
    UpdateFunctionCode,
    UpdateFunctionSettings,
    UpdateMapping,
    UpdateTags,
)
from ddbinsert.errors import DdbInsertError

if TYPE_CHECKING:
    from collections.abc import Callable, Generator, Mapping, Sequence
    from concurrent.futures import Future

    from ddbinsert.aws.hands import Edit, Hands
    from ddbinsert.core.clock import Clock
    from ddbinsert.core.model import World


@dataclass(frozen=True)
class Done:
    """A step that is done, and the world as it is after it."""

    step: Step
    world: World


def apply(steps: Sequence[Step], world: World, hands: Hands) -> Generator[Done, None, None]:
    """Carry out ``steps``, each as soon as those that it needs are done.

    Where it is abandoned (an interrupt, or a caller that takes no more), steps under way end at their next
    wait.

    Raises:
        DdbInsertError: A step failed. Steps under way are finished first, so that nothing goes unseen.
    """
    stopping = threading.Event()
    hands = replace(hands, clock=_StoppableClock(hands.clock, stopping))
    waiting = list(steps)
    running: dict[Future[Edit], Step] = {}
    failures: list[DdbInsertError] = []
    try:
        while waiting or running:
            if not failures:
                for step in [s for s in waiting if not _blocked(s, waiting, running)]:
                    waiting.remove(step)
                    running[hands.aws.start(_bound(step, world, hands))] = step
            if not running:
                break
            finished, _ = wait(running, return_when=FIRST_COMPLETED)
            for future in finished:
                step = running.pop(future)
                try:
                    world = future.result()(world)
                except DdbInsertError as error:
                    failures.append(error)
                    continue
                yield Done(step, world)
    finally:
        stopping.set()
    if failures:
        raise _together(failures)


class _Abandoned(Exception):
    """Nobody waits for this step any more."""


class _StoppableClock:
    """A clock whose sleeps end early once the run is abandoned: a waiting step must not hold up its end."""

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
    """The first failure, with what else went wrong at its side in its message."""
    first, *others = failures
    for other in others:
        first.message += f"\nAlso: {other.message}"
    return first


def _blocked(step: Step, waiting: Sequence[Step], running: dict[Future[Edit], Step]) -> bool:
    needs = AFTER.get(type(step), ())
    return any(type(other) in needs for other in (*waiting, *running.values()) if other is not step)


def _bound(step: Step, world: World, hands: Hands) -> Callable[[], Edit]:
    return lambda: perform(step, world, hands)


def perform(step: Step, world: World, hands: Hands) -> Edit:  # noqa: C901, PLR0912 - an arm a step
    """Do one step; what it changed, as an edit to be made on the world of that moment."""
    match step:
        case CreateTable():
            table = change_tables.create_table(hands, step)
            return lambda w: replace(w, table=table)
        case EnableStream():
            table = change_tables.enable_stream(hands, step.table, step.view)
            return lambda w: replace(w, table=table)
        case ReplaceStream():
            table = change_tables.replace_stream(hands, step)
            return lambda w: replace(w, table=table)
        case CreateLogGroup() | SetRetention():
            group = change_roles.log_group(hands, step, world)
            return lambda w: replace(w, log_group=group)
        case CreateQueue():
            change_queues.create_queue(hands, step)
            return lambda w: replace(w, failure_queue_missing=False)
        case CreateRole():
            role = change_roles.create_role(hands, step)
            return lambda w: replace(w, role=role)
        case PutRolePolicy():
            policy = change_roles.put_role_policy(hands, step, world)
            return lambda w: replace(w, role=replace(w.role, policy=policy) if w.role else None)
        case RebindRolePolicy():
            policy = change_roles.rebind_role_policy(hands, step, world)
            return lambda w: replace(w, role=replace(w.role, policy=policy) if w.role else None)
        case CreateFunction():
            function = change_functions.create_function(hands, world)
            return lambda w: replace(w, function=function)
        case UpdateFunctionCode():
            function = change_functions.update_function_code(hands, step)
            return lambda w: replace(w, function=function)
        case UpdateFunctionSettings():
            function = change_functions.update_function_settings(hands, step, world)
            return lambda w: replace(w, function=function)
        case UpdateTags():
            change_tags.update_tags(hands, world)
            return lambda w: _tagged(w, hands.trigger.tags)
        case CreateMapping():
            mapping = change_mappings.create_mapping(hands, step, world)
            return lambda w: w.with_mapping(mapping)
        case UpdateMapping():
            mapping = change_mappings.update_mapping(hands, step)
            return lambda w: w.with_mapping(mapping)
        case DeleteMapping():
            change_mappings.delete_mapping(hands, step.uuid)
            return lambda w: w.without_mapping(step.uuid)
        case DeleteFunction():
            change_functions.delete_function(hands, step)
            return lambda w: replace(w, function=None)
        case DeleteRole():
            change_roles.delete_role(hands, step)
            return lambda w: replace(w, role=None)
        case DeleteLogGroup():
            gone = change_roles.delete_log_group(hands, step, world)
            return lambda w: replace(w, log_group=None) if gone else w
        case DeleteQueue():
            change_queues.delete_queue(hands, step)
            return lambda w: w
        case DisableStream():
            table = change_tables.disable_stream(hands, step.table)
            return lambda w: replace(w, table=table)
        case DeleteTable():
            change_tables.delete_table(hands, step)
            return lambda w: replace(w, table=None)
        case _:
            assert_never(step)


def _tagged(world: World, tags: Mapping[str, str]) -> World:
    function, role = world.function, world.role
    return replace(
        world,
        function=function and replace(function, tags={**function.tags, **tags}),
        role=role and replace(role, tags={**role.tags, **tags}),
    )
