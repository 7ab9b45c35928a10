"""The steps that delete a trigger: only resources with ddbinsert's tag, mappings first."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING, NamedTuple

from ddbinsert.core.arn import arn_parts
from ddbinsert.core.model.wanted import AUDIT_ENTRIES, CODE_TAG, LOG_TAG, OWNER_TAG, logs_audit_entries
from ddbinsert.core.trigger.steps import (
    DeleteFunction,
    DeleteLogGroup,
    DeleteMapping,
    DeleteQueue,
    DeleteRole,
    DeleteTable,
    DisableStream,
    KeepLogGroup,
    Step,
)
from ddbinsert.core.trigger.stream_policy_steps import left_statements, removal_steps
from ddbinsert.core.words import plural
from ddbinsert.errors import Refused

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

    from ddbinsert.core.model.seen import LogGroupState, MappingState, TableState, World


class Removal(NamedTuple):
    """The steps of a removal, and what they leave.

    Attributes:
        steps: The deletions.
        stays: What is kept, each with the reason (as ``function NAME: REASON``).
    """

    steps: tuple[Step, ...]
    stays: tuple[str, ...]


class Keeping(NamedTuple):
    """What is deleted or kept in addition to the default.

    Attributes:
        audit_log: Delete a log group even if it contains an audit log.
        logs: Keep the log group.
        role: Keep the role.
        log_group_of: Other functions that write to the log group and are kept.
        role_of: Other functions that run as the role and are kept.
        queue_of: Mappings of other functions that send to the queue and are kept.
        former_log_group_of: Other functions that write to the former log group.
    """

    audit_log: bool = False
    logs: bool = False
    role: bool = False
    log_group_of: tuple[str, ...] = ()
    role_of: tuple[str, ...] = ()
    queue_of: tuple[MappingState, ...] = ()
    former_log_group_of: tuple[str, ...] = ()


USUAL = Keeping()


def _stream_of_others(table: str) -> Refused:
    return Refused(
        f"The stream of {table} was not enabled by ddbinsert, so it is not disabled.",
        hint="Leave --stream out to remove only the trigger; its owner can disable it.",
        code="stream-not-ours",
    )


def _table_steps(table: TableState | None, *, stream: bool, delete_table: bool) -> Iterator[Step]:
    if table is not None and delete_table:
        yield DeleteTable(table=table.name)
    elif table is not None and stream and table.stream_enabled:
        yield DisableStream(table=table.name)


def removal(
    have: World,
    table: str,
    *,
    stream: bool = False,
    stream_is_ours: bool = False,
    delete_table: bool = False,
    keeping: Keeping = USUAL,
    users: tuple[MappingState, ...] = (),
    leaving: frozenset[str] = frozenset(),
    own_function: str = "",
) -> Removal:
    """The steps that delete the trigger of ``table``.

    Args:
        have: The world with its tags (`aws.read.ownership`); the steps check the tags again.
        stream: Also disable the stream.
        stream_is_ours: ddbinsert enabled the stream.
        delete_table: Also delete the table.
        leaving: UUIDs of mappings of other triggers that are deleted in the same run.
        own_function: The name of the trigger's function.
        users: Every mapping of the function, from any source and including its aliases: while one of them
            exists, the function, its role and log group are kept.

    Raises:
        Refused: The stream is to be disabled, and a mapping of others reads it or ddbinsert did not enable it.
    """
    going = tuple(mapping for mapping in have.mappings if _is_ours(mapping.tags, table))
    function, gone = have.function, {mapping.uuid for mapping in going}
    if delete_table and have.table is not None:
        _refuse_protected(have.table)
    if (stream or delete_table) and have.table is not None:
        _refuse_other_readers(have, gone | leaving)
        if not delete_table and have.table.stream_enabled and not stream_is_ours:
            raise _stream_of_others(have.table.name)
    staying = {m.uuid: m for m in (*have.mappings, *users) if m.uuid not in gone and not m.is_leaving}
    stays = [
        f"event source mapping {each.uuid} of function {each.function_name}: {_not_ours(each.tags, table)}"
        for each in have.mappings
        if each not in going
    ]
    steps: list[Step] = [DeleteMapping(uuid=each.uuid, why="the trigger is taken down") for each in going]
    if function is not None and not _is_ours(function.tags, table):
        stays.append(f"function {function.name}: {_not_ours(function.tags, table)}")
    elif function is not None and staying:
        stays.append(
            f"function {function.name}, its role and its log group: event source mapping {', '.join(staying)} uses it"
        )
    else:
        steps += _function_steps(have, table, keeping)
        stays += _left_of_function(have, table, keeping)
    queue = _queue(have, table, going, (*staying.values(), *keeping.queue_of))
    if isinstance(queue, DeleteQueue):
        steps.append(queue)
    elif queue:
        stays.append(queue)
    steps += removal_steps(have, own_function, going, staying.values())
    stays += left_statements(have, own_function, going, staying.values())
    steps += _table_steps(have.table, stream=stream, delete_table=delete_table)
    return Removal(steps=tuple(steps), stays=tuple(stays))


def _function_steps(have: World, table: str, keeping: Keeping) -> list[Step]:
    """Delete the function (if it still exists), its role and its log group."""
    steps: list[Step] = []
    function, role = have.function, have.role
    if function is not None:
        steps.append(DeleteFunction(name=function.name))
    is_ours = role is not None and _is_ours(role.tags, table) and not role.other_policies
    is_kept = keeping.role or keeping.role_of
    if role is not None and is_ours and not is_kept and not _needs_role(have):
        steps.append(DeleteRole(name=role.name))
    return [
        *steps,
        *(step for each in _log_groups(have, keeping) for step in _log_group_steps(each[0], table, each[1])),
    ]


def _log_groups(have: World, keeping: Keeping) -> list[tuple[World, Keeping]]:
    """The world with each log group as the function's: the one that it writes to, and a former one of ours."""
    former = have.former_log_group
    if former is None or OWNER_TAG not in (former.tags or {}):
        return [(have, keeping)]
    before = replace(have, log_group=former, function=None)
    return [(have, keeping), (before, keeping._replace(log_group_of=keeping.former_log_group_of))]


def _log_group_steps(have: World, table: str, keeping: Keeping) -> list[Step]:
    function, group = have.function, have.log_group
    if group is None or keeping.logs or keeping.log_group_of:
        return []
    if not keeping.audit_log and _holds_audit_log(have):
        if LOG_TAG not in (group.tags or {}) and _is_ours(group.tags, table):
            return [KeepLogGroup(name=group.name)]  # only the function shows it otherwise
    elif _is_deletable(group, table):
        # Only the function names a log group with a name of its own, so the group is deleted before the function.
        is_named = function is not None and group.name != f"/aws/lambda/{function.name}"
        return [DeleteLogGroup(name=group.name, before_function=is_named)]
    return []


def _holds_audit_log(have: World) -> bool:
    """Whether the log group contains entries of an audit log without a sink."""
    function, group = have.function, have.log_group
    if group is not None and (group.tags or {}).get(LOG_TAG) == AUDIT_ENTRIES:
        return True
    return function is not None and logs_audit_entries(function.tags.get(CODE_TAG), function.environment)


def _protected(group: LogGroupState) -> str:
    return (
        f"log group {group.name}: deletion protection is on; `aws logs put-log-group-deletion-protection "
        f"--log-group-identifier {group.name} --no-deletion-protection-enabled`, then run this again"
    )


def _refuse_protected(table: TableState) -> None:
    """Refuse a protected table, which AWS does not delete, before anything is changed.

    Raises:
        Refused: The table is protected.
    """
    if table.deletion_protected:
        raise Refused(
            f"Table {table.name} is protected against deletion. Nothing was changed.",
            hint=f"Switch it off (`aws dynamodb update-table --table-name {table.name} "
            "--no-deletion-protection-enabled`), or leave --table out to remove only the trigger.",
            code="table-protected",
        )


def _is_deletable(group: LogGroupState, table: str) -> bool:
    return (group.tags is None or _is_ours(group.tags, table)) and not group.deletion_protected


def _needs_role(have: World) -> bool:
    """Whether Lambda needs the role after the function's deletion: it uses it to remove network interfaces."""
    return have.function is not None and bool(have.function.vpc.subnets)


def _left_of_function(have: World, table: str, keeping: Keeping) -> list[str]:
    """The reasons to keep the function's role and log group."""
    left: list[str] = []
    role = have.role
    if role is not None and _is_ours(role.tags, table) and keeping.role:
        left.append(f"role {role.name}: --keep-role is given")
    elif role is not None and _is_ours(role.tags, table) and keeping.role_of:
        left.append(f"role {role.name}: function {', '.join(keeping.role_of)} runs as it, too")
    elif role is not None and _is_ours(role.tags, table) and role.other_policies:
        one = len(role.other_policies) == 1
        left.append(
            f"role {role.name}: polic{'y' if one else 'ies'} {', '.join(role.other_policies)} "
            f"{'was' if one else 'were'} not created by ddbinsert; detach {'it' if one else 'them'} and run "
            "this again"
        )
    elif role is not None and _is_ours(role.tags, table) and _needs_role(have):
        left.append(
            f"role {role.name}: Lambda removes the function's network interfaces with it, within about 20 minutes; "
            "run this again then"
        )
    return [
        *left,
        *(text for each in _log_groups(have, keeping) for text in _left_log_group(each[0], table, each[1])),
    ]


def _left_log_group(have: World, table: str, keeping: Keeping) -> list[str]:
    left: list[str] = []
    group = have.log_group
    if group is not None and group.tags is not None and not _is_ours(group.tags, table):
        left.append(f"log group {group.name}: {_not_ours(group.tags, table)}")
    elif group is not None and keeping.logs:
        left.append(f"log group {group.name}: --keep-logs is given")
    elif group is not None and keeping.log_group_of:
        left.append(f"log group {group.name}: function {', '.join(keeping.log_group_of)} writes to it, too")
    elif group is not None and group.deletion_protected:
        left.append(_protected(group))
    elif group is not None and not keeping.audit_log and _holds_audit_log(have):
        days = f", each for {group.retention_days} days" if group.retention_days else ""
        is_named = have.function is not None and group.name != f"/aws/lambda/{have.function.name}"
        how = " (with function.log_group set to this name, once the function is gone)" if is_named else ""
        left.append(
            f"log group {group.name}: it contains the audit log's entries{days}; --logs deletes them{how}"
        )
    return left


def _queue(
    have: World, table: str, going: tuple[MappingState, ...], staying: tuple[MappingState, ...]
) -> DeleteQueue | str:
    """The step that deletes the queue for discarded records, or why it is kept; both empty without a queue."""
    queue = have.queue
    if queue is None:
        return ""
    users = [
        f"{mapping.uuid} of function {mapping.function_name}"
        for mapping in staying
        if sends_to(mapping, queue.name)
    ]
    if not _is_ours(queue.tags, table):
        is_used = any(sends_to(mapping, queue.name) for mapping in going)
        return f"queue {queue.name}: {_not_ours(queue.tags, table)}" if is_used else ""
    if users:
        return f"queue {queue.name}: event source mapping {', '.join(users)} uses it"
    if queue.messages:
        return f"queue {queue.name}: it contains {plural(queue.messages, 'message')}"
    return DeleteQueue(name=queue.name)


def sends_to(mapping: MappingState, queue: str) -> bool:
    """Whether it sends what it discards to the queue of this name."""
    found = arn_parts(mapping.on_failure or "")
    return found.service == "sqs" and found.name == queue


def _not_ours(tags: Mapping[str, str] | None, table: str) -> str:
    owner = (tags or {}).get(OWNER_TAG)
    return (
        f"it belongs to the trigger of table {owner}"
        if owner and owner != table
        else "it was not created by ddbinsert"
    )


def _is_ours(tags: Mapping[str, str] | None, table: str) -> bool:
    return (tags or {}).get(OWNER_TAG) == table


def _refuse_other_readers(have: World, going: set[str]) -> None:
    live = have.table.stream_arn if have.table is not None else None
    readers = [
        mapping
        for mapping in (*have.mappings, *have.other_mappings)
        if live and mapping.stream_arn == live and mapping.uuid not in going and not mapping.is_leaving
    ]
    if not readers:
        return
    named = ", ".join(f"{mapping.uuid} of function {mapping.function_name}" for mapping in readers)
    raise Refused(
        f"The stream of {have.table.name if have.table else ''} stays: it is also read by event source mapping "
        f"{named}.",
        hint="Leave --stream and --table out to remove only this trigger.",
        code="stream-in-use",
    )
