"""The form of option values, checked before a command begins, even if the command would not use them.

A check belongs to the placeholder in the help (``--settle DURATION``): every option with that placeholder is checked.
Commands check the rest themselves (limits, contradictions, names that do not exist).
"""

from __future__ import annotations

import math
import os
import re
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final, NamedTuple

from ddbinsert.cli.path_checks import (
    CODES,
    checkpoint,
    configuration,
    file_or_folder,
    folder,
    made_folder,
    output_file,
    read_file,
    refuse_stream,
    report,
    written_file,
)
from ddbinsert.errors import DdbInsertError, UsageError

if TYPE_CHECKING:
    from ddbinsert.environment import Environment

#: Takes the option's name and its value. Raises `UsageError`.
Check = Callable[[str, str, "Environment"], None]


class Option(NamedTuple):
    """An option of a command.

    Attributes:
        name: The name as the user writes it: ``--settle``.
        placeholder: The placeholder of its value in the help; None if the parser knows all values.
    """

    name: str
    placeholder: str | None


def options_of(hints: Mapping[str, Any]) -> dict[str, Option]:
    """The options of a command, by parameter.

    Args:
        hints: The `typer.Option(...)` of each parameter.
    """
    found = {}
    for parameter, info in hints.items():
        # Within Annotated, typer treats the first name as a default until it builds the command.
        declared = (getattr(info, "default", None), *(getattr(info, "param_decls", None) or ()))
        names = [name for name in declared if isinstance(name, str) and name.startswith("--")]
        if names:
            found[parameter] = Option(names[0].split("/")[0], info.metavar)
    return found


def check_values(
    options: Mapping[str, Option], values: Mapping[str, object], environment: Environment
) -> None:
    """Refuse the first value that does not have the form of its placeholder.

    Args:
        values: Values by parameter; None if an option was not given.

    Raises:
        UsageError: A value is not valid; the message names the option and the valid form.
    """
    for parameter, option in options.items():
        value = values.get(parameter)
        for one in value if isinstance(value, list | tuple) else (value,):
            _check(option, one, environment)


def _check(option: Option, value: object, environment: Environment) -> None:
    if isinstance(value, float) and not math.isfinite(value):
        raise UsageError(
            f"{option.name}: {value} is not a valid number.", hint="Write digits, such as 10 or 0.5."
        )
    if not isinstance(value, str | Path):
        return
    text = os.fspath(value)
    if not text.strip() and option.placeholder not in EMPTY_IS_VALID:
        raise UsageError(
            f"{option.name} is empty.",
            hint=f"Give it a value, or leave {option.name} out. An unset shell variable is empty.",
            code="empty-value",
        )
    refuse_stream(option.name, option.placeholder, text)
    check = _BY_NAME.get(option.name) or CHECKS.get(option.placeholder or "")
    if check is None:
        return
    try:
        check(option.name, text, environment)
    except DdbInsertError as error:
        if option.name not in error.message:
            error.message = f"{option.name}: {error.message}"
        raise


# --- one check for each placeholder -----------------------------------------------------------------------


def _duration(name: str, value: str, _environment: Environment) -> None:
    from ddbinsert.core.times import seconds

    seconds(value, name=name)


def _moment(name: str, value: str, environment: Environment) -> None:
    from ddbinsert.core.times import parse_time

    # A clock that is less than five minutes behind AWS's works; the command compares with AWS's time.
    parse_time(value, environment.clock.now() + _BEHIND, name=name)


def _condition(_name: str, value: str, _environment: Environment) -> None:
    from ddbinsert.core.filters.where.language import read_condition

    read_condition(value)


def _key(_name: str, value: str, _environment: Environment) -> None:
    from ddbinsert.core.model.key_text import parse_key

    parse_key(value)


def _view_type(name: str, value: str, _environment: Environment) -> None:
    from ddbinsert.core.model.record import StreamView

    if value not in list(StreamView):
        raise UsageError(
            f"{name}: {value!r:.80} is not a valid view type.", hint=f"It is one of {', '.join(StreamView)}."
        )


def _arn(name: str, value: str, _environment: Environment) -> None:
    from ddbinsert.core.arn import parse_arn, queue_arn

    arn = parse_arn(value)
    if arn is None or not arn.partition or not arn.service:
        queue = queue_arn(value)
        raise UsageError(
            f"{name}: {value!r:.200} is not an ARN.",
            hint=f"Use the queue's ARN: {queue}"
            if queue
            else "It has the form arn:aws:SERVICE:REGION:ACCOUNT:RESOURCE.",
            code=CODES.get(name),
        )


def _arn_or_name(name: str, value: str, environment: Environment) -> None:
    if value.startswith("arn:"):
        _arn(name, value, environment)


def _log_group(name: str, value: str, environment: Environment) -> None:
    _arn_or_name(name, value, environment)
    if not value.startswith("arn:") and not _LOG_GROUP.fullmatch(value):
        raise UsageError(
            f"{name}: {value!r:.80} is not a valid name of a log group.",
            hint="Allowed: 1 to 512 of the characters a-z A-Z 0-9 _ - / . #",
        )


def _stack(name: str, value: str, environment: Environment) -> None:
    _arn_or_name(name, value, environment)
    if not value.startswith("arn:") and not _STACK.fullmatch(value):
        raise UsageError(
            f"{name}: {value!r:.80} is not a valid name of a stack.",
            hint="It begins with a letter and has up to 128 of the characters a-z A-Z 0-9 -",
        )


def _uuid(name: str, value: str, _environment: Environment) -> None:
    if not _UUID.fullmatch(value):
        raise UsageError(
            f"{name}: {value!r:.80} is not the UUID of a mapping.",
            hint="It looks like 14e0db71-5d35-4eb5-b481-8945cf9d10c2.",
        )


def _run_id(name: str, value: str, _environment: Environment) -> None:
    if not _RUN_ID.fullmatch(value):
        raise UsageError(
            f"{name}: {value!r:.80} is not a valid run ID: it has 12 hexadecimal digits.",
            hint="Use the ID that the run printed.",
        )


def _tag(name: str, value: str, _environment: Environment) -> None:
    if not value.partition("=")[0]:
        raise UsageError(
            f"{name} {value!r:.80}: the name is missing.", hint=f"Write {name} NAME or {name} NAME=VALUE."
        )


#: Seconds.
_BEHIND: Final = 300.0
_UUID: Final = re.compile(r"[0-9a-fA-F]{8}(-[0-9a-fA-F]{4}){3}-[0-9a-fA-F]{12}")
_RUN_ID: Final = re.compile(r"[0-9a-f]{12}")
_STACK: Final = re.compile(r"[A-Za-z][A-Za-z0-9-]{0,127}")
_LOG_GROUP: Final = re.compile(r"[A-Za-z0-9_./#-]{1,512}")
#: Checks by placeholder.
CHECKS: Final[Mapping[str, Check]] = {
    "DURATION": _duration,
    "WHEN": _moment,
    "TIME": _moment,
    "CONDITION": _condition,
    "KEY": _key,
    "TYPE": _view_type,
    "ARN": _arn,
    "NAME|ARN": _arn_or_name,
    "UUID": _uuid,
    "RUN": _run_id,
    "RUN_ID": _run_id,
    "NAME[=VALUE]": _tag,
    "FILE": read_file,
    "DIR": folder,
    "FILE|DIR": file_or_folder,
}
#: Checks of options whose placeholder is too general.
_BY_NAME: Final[Mapping[str, Check]] = {
    **dict.fromkeys(("--out", "--save"), written_file),
    "--checkpoint": checkpoint,
    **dict.fromkeys(("--report", "--junit", "--bundle"), report),
    "--output-dir": made_folder,
    "--output-file": output_file,
    "--stack": _stack,
    "--log-group": _log_group,
    "--config": configuration,
    # The configuration checks these keys.
    "--unset": lambda *_: None,
}
#: Texts to search for, which may be empty.
EMPTY_IS_VALID: Final[Sequence[str]] = ("TEXT",)
