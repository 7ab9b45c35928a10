"""Existing resources: a table, a function, and all resources of a trigger."""

from __future__ import annotations

from contextlib import suppress
from functools import partial
from typing import TYPE_CHECKING, Any

from ddbinsert.aws.errors import CredentialsError, translated
from ddbinsert.errors import CHECK_TABLE, AwsError, PrerequisiteError, table_not_found

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable

    from ddbinsert.advice import Advice
    from ddbinsert.aws.session.session import Aws
    from ddbinsert.core.model.seen import FunctionState, TableState, World
    from ddbinsert.core.model.wanted import Trigger

#: Maximum number of pages of names that are read for a hint.
_MOST_PAGES = 5


def existing_table(aws: Aws, name: str, *, hint: str = "") -> TableState:
    """The table of this name.

    Args:
        hint: Further advice if the table does not exist.

    Raises:
        PrerequisiteError: It does not exist; code ``table-not-found``.
        AwsError: It cannot be read.
    """
    from ddbinsert.aws.read.resources import read_table

    state = read_table(aws, name)
    if state is None:
        raise missing_table(aws, name, aws.region, hint=hint)
    return state


def missing_table(aws: Aws, name: str, region: str | None, *, hint: str = "") -> PrerequisiteError:
    """The error for a table that does not exist; its hint lists the tables with the most similar names."""
    near = nearest(name, tables(aws))
    check = CHECK_TABLE.removesuffix(".") + f"{hint}."
    return table_not_found(name, region, hint=f"Did you mean {' or '.join(near)}? {check}" if near else check)


def missing_function(aws: Aws, trigger: Trigger, otherwise: Advice) -> PrerequisiteError:
    """The error for a function that does not exist; its hint names similar functions, or is ``otherwise``.

    To create a function that was mistyped would add a second consumer to the stream. A name that follows from the
    table's was not mistyped: a similar one belongs to the trigger of another table.
    """
    name = trigger.function_name
    near = nearest(name, functions(aws)) if "function.name" in trigger.explicit else []
    return PrerequisiteError(
        f"Function {name} does not exist.",
        hint=f"Did you mean {' or '.join(near)}? Give its name with --function." if near else otherwise,
        code="function-not-found",
    )


def nearest(name: str, known: Iterable[str]) -> list[str]:
    """The names that are most similar to this one, at most three."""
    from difflib import get_close_matches

    by_plain = {one.lower(): one for one in known}
    return [by_plain[plain] for plain in get_close_matches(name.lower(), by_plain, n=3, cutoff=0.75)]


def tables(aws: Aws) -> list[str]:
    """Names of tables, for a hint: at most a few hundred; none if they cannot be listed."""
    found: list[str] = []
    request: dict[str, Any] = {}
    if aws.of_table.table_arn is not None:
        return []  # ListTables shows the tables of the caller's account only
    with suppress(AwsError), translated("list tables"):
        for _ in range(_MOST_PAGES):
            answer = aws.of_table.client("dynamodb").list_tables(**request)
            found += [name for name in answer.get("TableNames", ()) if isinstance(name, str)]
            if not answer.get("LastEvaluatedTableName"):
                break
            request = {"ExclusiveStartTableName": answer["LastEvaluatedTableName"]}
    return found


def functions(aws: Aws) -> list[str]:
    """Names of functions, for a hint: at most a few hundred; none if they cannot be listed."""
    found: list[str] = []
    request: dict[str, Any] = {}
    with suppress(AwsError), translated("list functions"):
        for _ in range(_MOST_PAGES):
            answer = aws.client("lambda").list_functions(**request)
            found += [one["FunctionName"] for one in answer.get("Functions", ())]
            if not answer.get("NextMarker"):
                break
            request = {"Marker": answer["NextMarker"]}
    return found


def trigger_world(
    aws: Aws,
    trigger: Trigger,
    *,
    role: bool = True,
    others: bool = False,
    owners: bool = False,
    known: World | None = None,
    warn: Callable[[str], None] | None = None,
) -> World:
    """What exists around a trigger: table, stream, role, function, log group and mappings.

    Args:
        role: Read the role.
        others: Read the mappings of other functions on the same stream.
        owners: Read who owns each mapping.
        known: What was just read, without the role; it is not read again.
        warn: Called with a message if the role cannot be read; it then counts as not read, and tags that cannot be read
            count as unknown. Without it, either is an error.

    Raises:
        AwsError: A read was denied or failed.
    """
    from ddbinsert.aws.read.observe import observe

    look = partial(observe, aws, trigger, others=others, owners=owners, lenient=warn is not None, known=known)
    try:
        return look(role=role)
    except AwsError as error:
        if not role or warn is None or isinstance(error, CredentialsError):
            raise
        try:
            world = look(role=False)
        except AwsError:
            raise error from None
        warn(f"role {trigger.role_name}: not readable: {error.message}")
        return world


def deployed_function(aws: Aws, name: str) -> FunctionState | None:
    """The function with this name; None if it does not exist."""
    from ddbinsert.aws.read.resources import read_function

    return read_function(aws, name)
