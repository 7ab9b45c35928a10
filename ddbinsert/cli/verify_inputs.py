"""The options of verify: checked, and converted to the values that the run uses."""

from __future__ import annotations

from typing import TYPE_CHECKING

from ddbinsert.core.times import seconds
from ddbinsert.errors import UsageError

if TYPE_CHECKING:
    from collections.abc import Mapping

    from ddbinsert.cli.run import Run
    from ddbinsert.core.proof.failure_path.settings import Limits
    from ddbinsert.core.proof.script import Method

#: Arguments of the command that are not options of the run.
_NOT_OPTIONS = frozenset({"run", "report", "junit", "bundle", "cleanup", "schema"})


def given_options(arguments: Mapping[str, object]) -> dict[str, object]:
    """The options of a run that were given or have a default, for its evidence bundle.

    Args:
        arguments: The command's own, by their names, and its settings.
    """
    return {
        name: value
        for name, value in arguments.items()
        if name not in _NOT_OPTIONS and value is not None and value is not False
    }


_LANES = range(4)


def check(*, match: bool, count: int, wiretap: bool, observe: bool, period: str | None) -> None:
    """Refuse options that cannot be combined.

    Raises:
        UsageError: The options contradict.
    """
    if match and (count > len(_LANES) or wiretap):
        problem = (
            "--match searches the log lines of a few items; it cannot be combined with --count or --wiretap."
        )
    elif observe and count != len(_LANES):
        problem = "--observe writes nothing; it cannot be combined with --count."
    elif period and not observe:
        problem = "--for requires --observe."
    else:
        return
    raise UsageError(problem, code="options-contradict")


def limits_of(
    hold_up: str | None, retries: int | None, *, wanted: bool, others: bool, count: int
) -> Limits | None:
    """The limits that --failure-path checks; None without it.

    Raises:
        UsageError: The options cannot be combined.
    """
    from ddbinsert.core.proof.failure_path.settings import Limits

    if not wanted:
        if hold_up is not None or retries is not None:
            raise UsageError(
                "--max-hold-up and --max-retries require --failure-path.", code="options-contradict"
            )
        return None
    if others or count != len(_LANES):
        raise UsageError(
            "--failure-path makes one record fail; it cannot be combined with --match, --wiretap, --observe "
            "or --count.",
            code="options-contradict",
        )
    longest = Limits().hold_up if hold_up is None else seconds(hold_up, name="--max-hold-up")
    return Limits(retries=retries, hold_up=longest)


def methods_of(lanes: str | None) -> frozenset[Method]:
    """The kinds of writes that --lanes names.

    Raises:
        UsageError: A kind is unknown, or there is none.
    """
    from ddbinsert.core.proof.script import Method

    if lanes is None:
        return frozenset(Method)
    known = {method.value: method for method in (Method.SINGLE, Method.TRANSACTION, Method.BATCH)}
    names = [name.strip() for name in lanes.split(",") if name.strip()]
    unknown = [name for name in names if name not in known]
    if unknown or not names:
        raise UsageError(
            f"--lanes {lanes!r} is not valid.",
            hint=f"The names are: {', '.join(known)}.",
            code="unknown-lane",
        )
    return frozenset(known[name] for name in names) | {Method.PARTIQL}


def tags_of(given: list[str] | None) -> tuple[tuple[str, str | None], ...]:
    """The tags of --refuse-tag, with their values if they have one."""
    pairs = (one.partition("=") for one in given or ())
    return tuple((name, value if equals else None) for name, equals, value in pairs)


def attributes_of(run: Run, item: str | None) -> dict[str, dict[str, object]] | None:
    """The attributes of --item in DynamoDB JSON.

    Raises:
        UsageError: The file cannot be read, or does not contain exactly one item.
    """
    from ddbinsert.operations.items.files import read_items

    if item is None:
        return None
    drafts = read_items(item, cwd=run.environment.cwd, stdin=run.environment.stdin)
    if len(drafts) != 1:
        raise UsageError(
            f"--item {item} contains {len(drafts)} items.",
            hint="Give a file with one item: the attributes of every test item.",
        )
    return dict(drafts[0].item)


def only_one(words: list[str] | None, option: str) -> str | None:
    """The only table of a command that supports one.

    Raises:
        UsageError: Several tables are given.
    """
    if words and len(words) > 1:
        raise UsageError(f"{option} works with one table only.", code="options-contradict")
    return words[0] if words else None


def refuse_repeats(what: str, *, repeats: bool) -> None:
    """Refuse to repeat a run with several consumers.

    Args:
        what: The reason for several consumers, as the beginning of a sentence.

    Raises:
        UsageError: The run is repeated.
    """
    if repeats:
        raise UsageError(f"{what} cannot be combined with --repeat or --every.", code="options-contradict")
