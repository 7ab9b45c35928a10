"""Finding the consumer of a table's stream if no function is named: read-only.

The function with the name that is derived from the table's is used if it exists. Otherwise the consumers of the stream
are listed: a single one is used; of several, the user chooses one.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Final, NamedTuple

from ddbinsert.advice import TABLE, Advice
from ddbinsert.core.trigger.consumers import Consumer, consumers_of, of_consumer
from ddbinsert.dataclass import dataclass
from ddbinsert.errors import PrerequisiteError, UsageError

if TYPE_CHECKING:
    from collections.abc import Sequence

    from ddbinsert.aws.session.session import Aws
    from ddbinsert.core.model.seen import TableState, World
    from ddbinsert.core.model.wanted import Trigger

#: The tag that CloudFormation gives to the functions of a stack.
STACK_TAG: Final = "aws:cloudformation:stack-name"


@dataclass(frozen=True, kw_only=True)
class Selector:
    """Selects consumers by something other than their names.

    Attributes:
        stack: A CloudFormation stack that the function belongs to.
        tags: Tags of the function: name to value, None for any value. All must match.
    """

    stack: str | None = None
    tags: tuple[tuple[str, str | None], ...] = ()

    def __bool__(self) -> bool:
        return self.stack is not None or bool(self.tags)

    @property
    def words(self) -> str:
        """``of stack billing with tag team=pay``."""
        tags = [name if value is None else f"{name}={value}" for name, value in self.tags]
        stack = [] if self.stack is None else [f"of stack {self.stack}"]
        return " ".join([*stack, *(f"with tag {tag}" for tag in tags)])


ANY: Final = Selector()


class DiscoveredTrigger(NamedTuple):
    """The result of a discovery.

    Attributes:
        trigger: The trigger with the consumer's function.
        world: What was observed around that function, without its role; None if nothing was read.
        taken: The function was found on the stream, and not named by the user.
    """

    trigger: Trigger
    world: World | None = None
    taken: bool = False


def discover(
    aws: Aws,
    trigger: Trigger,
    selector: Selector = ANY,
    *,
    command: str,
    every: str = "",
    lenient: bool = False,
) -> DiscoveredTrigger:
    """The trigger with the selected consumer.

    Args:
        command: The words of the command, for the advice.
        every: The option that selects all consumers, such as ``--all``.
        lenient: Without permission to list the consumers, use the function with the derived name.

    Raises:
        UsageError: Several functions read the stream, and none is chosen.
        PrerequisiteError: None matches the selector.
        AwsError: A read was denied or failed.
    """
    from ddbinsert.aws.errors import PermissionDenied

    if not selector and is_named(trigger):
        return DiscoveredTrigger(trigger)
    try:
        return _discovered(aws, trigger, selector, command=command, every=every)
    except PermissionDenied:
        if selector or not lenient:
            raise
        return DiscoveredTrigger(trigger)


def _discovered(
    aws: Aws, trigger: Trigger, selector: Selector, *, command: str, every: str
) -> DiscoveredTrigger:
    from ddbinsert.aws.read.observe import observe

    world = observe(aws, trigger, role=False)
    table = world.table
    if table is None or (world.function is not None and not selector):
        return DiscoveredTrigger(trigger, world)
    readers = consumers(aws, table)
    if selector:
        readers = selected(aws, readers, selector)
        if not readers:
            raise no_consumer(trigger.table, selector)
    else:
        readers = tuple(one for one in readers if one.name == trigger.function_name) or readers
    chosen = choose(trigger, readers, command=command, every=every)
    if chosen.function_name == trigger.function_name:
        return DiscoveredTrigger(trigger, world)
    return DiscoveredTrigger(chosen, observe(aws, chosen, role=False), taken=True)


def is_named(trigger: Trigger) -> bool:
    """Whether a flag, a variable or the file names the function."""
    return "function.name" in trigger.explicit


def consumers(aws: Aws, table: TableState) -> tuple[Consumer, ...]:
    """The functions on the table's live stream; if it has none, those on a replaced stream."""
    from ddbinsert.aws.read.resources import read_mappings

    live = table.stream_arn
    found = consumers_of(read_mappings(aws, stream_arn=live)) if live is not None else ()
    if found:
        return found
    streams = f"{table.arn}/stream/"
    return consumers_of(one for one in read_mappings(aws) if one.stream_arn.startswith(streams))


def selected(aws: Aws, readers: Sequence[Consumer], selector: Selector) -> tuple[Consumer, ...]:
    """The consumers that match the selector."""
    from ddbinsert.aws.errors import PermissionDenied
    from ddbinsert.aws.read.stacks import function_tags, stack_functions

    in_stack: frozenset[str] | None = None
    wanted = dict(selector.tags)
    if selector.stack is not None:
        try:
            in_stack = stack_functions(aws, selector.stack)
        except PermissionDenied:  # the stack is also in CloudFormation's tag
            wanted[STACK_TAG] = selector.stack
    left = [one for one in readers if in_stack is None or one.name in in_stack]
    if not wanted:
        return tuple(left)
    tags = aws.side_by_side(*(lambda arn=one.arn: function_tags(aws, arn) for one in left)) if left else []
    return tuple(one for one, has in zip(left, tags, strict=True) if _carries(has, wanted))


def _carries(has: dict[str, str], wanted: dict[str, str | None]) -> bool:
    return all(name in has and value in (None, has[name]) for name, value in wanted.items())


def choose(trigger: Trigger, readers: Sequence[Consumer], *, command: str, every: str = "") -> Trigger:
    """The trigger of the only consumer; unchanged if there is none.

    Raises:
        UsageError: There are several consumers.
    """
    lasting = [one for one in readers if not one.is_tap]
    if not lasting:
        return trigger
    if len(lasting) > 1:
        raise several_consumers(trigger.table, lasting, command=command, every=every)
    return of_consumer(trigger, lasting[0].name)


def several_consumers(
    table: str, readers: Sequence[Consumer], *, command: str, every: str = ""
) -> UsageError:
    """The error for a stream with several consumers: it lists them, and the hint says how to choose."""
    listed = "\n".join(f"  {one.name} ({one.states})" for one in readers)
    return UsageError(
        f"{len(readers)} functions read the stream of table {table}:\n{listed}",
        hint=Advice(
            f"Choose one with --function{f', or all with {every}' if every else ''}",
            (*command.split(), TABLE, "--function", readers[0].name),
        ),
        code="several-consumers",
    )


def no_consumer(table: str, selector: Selector) -> PrerequisiteError:
    """The error for a selector that matches nothing."""
    return PrerequisiteError(
        f"No function {selector.words} reads the stream of table {table}.",
        hint=Advice("List its consumers", ("status", TABLE)),
        code="no-consumer",
    )
