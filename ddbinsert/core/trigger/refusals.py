"""The errors of changes that a plan refuses, each with the reason and a hint."""

from __future__ import annotations

from typing import TYPE_CHECKING

from ddbinsert.advice import TABLE, Advice
from ddbinsert.core.arn import arn_parts
from ddbinsert.core.model.wanted import OWNER_TAG
from ddbinsert.errors import Refused

if TYPE_CHECKING:
    from collections.abc import Mapping

    from ddbinsert.core.model.package import Package
    from ddbinsert.core.model.seen import FunctionState, LogGroupState, RoleState, World
    from ddbinsert.core.model.wanted import Trigger
    from ddbinsert.core.trigger.steps import Change


def view_differs(want: Trigger, have: World) -> Refused:
    """The error for a live stream with another view type that is not to be replaced."""
    table = have.table
    now = table.view.value if table is not None and table.view is not None else ""
    left = [
        mapping.uuid
        for mapping in (*have.mappings, *have.other_mappings)
        if table is not None and mapping.stream_arn == table.stream_arn
    ]
    behind = (
        f"its event source mappings stay on the old stream ({', '.join(left)})"
        if left
        else "consumers of the old stream stay on it"
    )
    return Refused(
        f"Table {want.table} has a live stream with view type {now}, not {want.view.value}. A view type can't be "
        "changed in place: the stream must be disabled and enabled again. The new stream has a new ARN, "
        f"{behind}, and writes are not recorded while the stream is disabled.",
        hint=Advice(
            f"Keep {now}, or replace the stream",
            ("enable-stream", TABLE, "--view-type", want.view.value, "--replace"),
        ),
        code="view-type-differs",
    )


def not_ours(what: str, changes: tuple[Change, ...], want: Trigger) -> Refused:
    """The error for a change of a resource without ddbinsert's tag; it lists the differences by field."""
    listed = "".join(f"\n  {change.field}: {change.have} → {change.want}" for change in changes)
    return Refused(
        f"{what} was not created by ddbinsert and differs from the requested settings:{listed}\nNothing was changed.",
        hint=f"Run the command again with --adopt to manage it with ddbinsert and change exactly this{_leaving_out(changes, want)}.",
        code="not-ours",
    )


def _leaving_out(changes: tuple[Change, ...], want: Trigger) -> str:
    """How to avoid the change: a filter that is restricted to inserts was not given, so it cannot be left out."""
    narrowed = any(change.field == "mapping.filters" for change in changes)
    if not narrowed or "mapping.filters" in want.explicit:
        return "; or leave these settings out"
    return ". The filter is restricted because a trigger receives only inserts"


def refuse_retention(want: Trigger, function: FunctionState, group: LogGroupState | None) -> None:
    """Refuse to change the retention of the log group of a function of others, even if the function is adopted.

    Raises:
        Refused: A different retention is given.
    """
    days = want.function.log_retention_days
    have = group.retention_days if group is not None else None
    if "function.log_retention_days" not in want.explicit or have == days:
        return
    if group is not None and group.keeps_retention:
        return
    name = group.name if group is not None else want.log_group
    raise Refused(
        f"Log group {name} of function {function.name} was not created by ddbinsert and differs from the "
        "requested settings:\n"
        f"  function.log_retention_days: {have or 'none'} → {days or 'none'}\nNothing was changed.",
        hint="Leave function.log_retention_days (--log-retention) out; its owner can change it.",
        code="not-ours",
    )


def refuse_foreign_log_group(want: Trigger, group: LogGroupState) -> None:
    """Refuse to change the retention of a log group of others, or of another table's trigger.

    Raises:
        Refused: The group's tags show it; if they were not read, nothing is refused.
    """
    if group.tags is None or group.tags.get(OWNER_TAG) == want.table:
        return
    raise Refused(
        f"Log group {group.name} was not created by ddbinsert for table {want.table}, so its retention stays "
        "as it is.\n"
        "Nothing was changed.",
        hint="Leave function.log_retention_days (--log-retention) out, or tag the group "
        f"{OWNER_TAG}={want.table} to let ddbinsert manage it.",
        code="not-ours",
    )


def refuse_another_class(want: Trigger, group: LogGroupState) -> None:
    """Refuse to change the class of a log group, which CloudWatch Logs does not support: docs/aws-facts.md#log-class.

    Raises:
        Refused: The group's class differs from the given one.
    """
    wanted = want.function.log_class
    if "function.log_class" in want.explicit and group.log_class not in ("", wanted):
        raise Refused(
            f"Log group {group.name} has the class {group.log_class}, not {wanted}; CloudWatch Logs cannot "
            "change that.",
            hint="Leave function.log_class (--log-class) out, or log to another group (--log-group).",
            code="log-class-differs",
        )


def refuse_another_kind(function: FunctionState, package: Package) -> None:
    """Refuse to change a function's package type (archive or image), which Lambda does not support.

    Raises:
        Refused: The function has the other package type.
    """
    wanted = "Zip" if package.image is None else "Image"
    if function.package_type != wanted:
        raise Refused(
            f"Function {function.name} runs {_KINDS[function.package_type]}, not {_KINDS[wanted]}; Lambda cannot "
            "change that.",
            hint=Advice("Give the function another name, or remove the trigger first", ("down", TABLE)),
            code="package-type-differs",
        )


_KINDS = {"Zip": "an archive", "Image": "a container image"}


def refuse_another_path(want: Trigger, role: RoleState) -> None:
    """Refuse to change a role's path, which IAM does not support.

    Raises:
        Refused: The role's path differs from the given one.
    """
    if "role.path" in want.explicit and role.path != want.role.path:
        raise Refused(
            f"Role {role.name} has the path {role.path}, not {want.role.path}; IAM cannot change that.",
            hint=Advice(
                "Leave role.path out, give the function another name, or remove the trigger first",
                ("down", TABLE),
            ),
            code="role-path-differs",
        )


def refuse_twin(have: World) -> None:
    """Refuse a function that reads a table with the same name in another account: it would lose the right to.

    Raises:
        Refused: There is such a mapping.
    """
    twins = [mapping for mapping in have.twin_mappings if not mapping.is_leaving]
    if twins:
        raise Refused(
            f"Function {twins[0].function_name} reads the stream of a table with the same name in account "
            f"{arn_parts(twins[0].stream_arn).account} (event source mapping {twins[0].uuid}); changing it would break that "
            "trigger.",
            hint="Give this trigger its own function name (--function NAME).",
            code="made-for-another-table",
        )


def refuse_another_tables(what: str, tags: Mapping[str, str], table: str) -> None:
    """Refuse a function of another table: its role reads only that stream, and `down` would delete it for both.

    Raises:
        Refused: The function was created for another table.
    """
    owner = tags.get(OWNER_TAG, table)
    if owner != table:
        raise Refused(
            f"{what} was created by ddbinsert for table {owner}; changing it for {table} would break that trigger.",
            hint="Give this trigger its own function name (--function NAME).",
            code="made-for-another-table",
        )
