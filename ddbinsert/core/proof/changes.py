"""The changes of a trigger and its surroundings between two reads."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from ddbinsert.core.model.seen import FunctionState, MappingState, RoleState, TableState
    from ddbinsert.core.proof.target import Target

#: States that follow each other without a change by anyone.
_ENABLED = frozenset({"Creating", "Enabling", "Enabled", "Updating"})
_ACTIVE = frozenset({"Pending", "Active", ""})
_OF_FUNCTION = {
    "code_sha256": "code",
    "handler": "handler",
    "runtime": "runtime",
    "role_arn": "role",
    "environment": "environment variables",
    "layers": "layers",
    "log_group": "log group",
    "log_format": "log format",
    "system_log_level": "system log level",
    "timeout": "timeout",
    "memory": "memory",
    "ephemeral_storage": "ephemeral storage",
    "vpc": "VPC",
    "kms_key": "KMS key",
    "tracing": "tracing",
    "dead_letter": "dead-letter queue",
    "version": "version",
    "reserved_concurrency": "reserved concurrency",
}
#: Settings whose values are not shown, only that they changed.
_UNSHOWN = frozenset({"code_sha256", "environment", "layers", "vpc"})
_OF_MAPPING = {
    "stream_arn": "stream",
    "function_arn": "function",
    "filters": "filter",
    "filters_hidden": "filter's encryption",
    "batch_size": "batch size",
    "retries": "retries",
    "record_age": "maximum record age",
    "report_batch_item_failures": "response types",
    "on_failure": "on-failure destination",
}


def of_table(before: TableState, after: TableState | None) -> Iterator[str]:
    """The changes of the table's stream, a line each."""
    if after is None:
        yield f"table {before.name} was deleted"
    elif after.stream_arn != before.stream_arn:
        yield f"the table's live stream: {before.stream_arn} → {after.stream_arn or 'none'}"


def of_function(before: FunctionState, after: FunctionState | None) -> Iterator[str]:
    """The changes of the function."""
    if after is None:
        yield f"function {before.name} was deleted"
        return
    found = []
    for field, name in _OF_FUNCTION.items():
        old, new = getattr(before, field), getattr(after, field)
        if old != new:
            values = "" if field in _UNSHOWN else f": {old} → {new}"
            found.append(f"the function's {name} changed{values}")
    if before.state in _ACTIVE and after.state not in _ACTIVE:
        found.append(f"the function's state: {before.state or 'Active'} → {after.state}")
    if not found and before.is_settled and before.modified != after.modified:
        found.append("the function was changed, and shows the same settings again")
    yield from found


def of_targets(before: Sequence[Target], after: Sequence[Target]) -> Iterator[str]:
    """The changes of the aliases and versions that mappings deliver to."""
    now = {target.arn: target for target in after}
    for target in before:
        later = now.get(target.arn)
        if later is None:
            continue  # its mapping was deleted, which is reported there
        if target.function is not None and (later.function is None or later.version != target.version):
            to = later.version or "nothing"
            yield f"{target.name}: it pointed to version {target.version}, and points to {to}"
        elif target.function is not None:
            yield from (f"{target.name}: {line}" for line in of_function(target.function, later.function))
        if later.weights != target.weights:
            yield f"{target.name}: its routing to versions {target.shown_weights} → {later.shown_weights}"


def of_role(before: RoleState | None, after: RoleState | None) -> Iterator[str]:
    """The changes of the function's role, if it could be read at the start."""
    if before is None or not before.name or (after is not None and not after.name):
        return
    if after is None:
        yield f"role {before.name} was deleted"
    elif before.policy != after.policy:
        yield f"the policy of role {before.name} was {'changed' if after.policy else 'deleted'}"
    elif before.trusts_lambda and not after.trusts_lambda:
        yield f"role {before.name} can no longer be assumed by Lambda"


def of_mappings(before: Sequence[MappingState], after: Sequence[MappingState]) -> Iterator[str]:
    """The changes of the mappings that deliver the stream to the function."""
    now = {mapping.uuid: mapping for mapping in after}
    for mapping in before:
        if mapping.uuid not in now:
            yield f"mapping {mapping.uuid} was deleted"
        else:
            yield from _of_mapping(mapping, now[mapping.uuid])
    known = {mapping.uuid for mapping in before}
    yield from (f"mapping {uuid} is new" for uuid in now if uuid not in known)


def _of_mapping(before: MappingState, after: MappingState) -> Iterator[str]:
    found = [
        f"mapping {before.uuid}: {name} {_shown(getattr(before, field))} → {_shown(getattr(after, field))}"
        for field, name in _OF_MAPPING.items()
        if getattr(before, field) != getattr(after, field)
    ]
    if (before.state in _ENABLED) != (after.state in _ENABLED):
        found.append(f"mapping {before.uuid}: {before.state} → {after.state}")
    settled = before.state == "Enabled" and None not in (before.modified, after.modified)
    if not found and settled and before.modified != after.modified:
        found.append(f"mapping {before.uuid} was changed, and shows the same settings again")
    yield from found


def _shown(value: object) -> str:
    if isinstance(value, tuple):
        return " or ".join(map(str, value)) or "none"
    return "none" if value is None else str(value)
