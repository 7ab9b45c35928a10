"""Every way in which ddbinsert ends other than well.

    DdbInsertError            code, message, hint, exit_code
    ├── UsageError            2  the command line can't be carried out as given
    ├── ConfigurationError    3  ddbinsert.yaml, a flag or a DDBINSERT_* variable is wrong
    ├── AwsError              4  AWS refused: credentials, permission, service, endpoint
    ├── PrerequisiteError     5  something that must exist first is missing
    └── InconclusiveError     6  timed out, or the evidence is too thin to say
    Refused                   1  the answer is no (drift, a live stream of another view type)

Only the error boundary in ``ddbinsert.cli`` catches these; everything below raises.
"""

from __future__ import annotations

from enum import IntEnum
from typing import TYPE_CHECKING, ClassVar

if TYPE_CHECKING:
    from ddbinsert.advice import Advice


class ExitCode(IntEnum):
    """What a script may rely on; the numbers are part of the public contract."""

    OK = 0
    NO = 1
    USAGE = 2
    CONFIGURATION = 3
    AWS = 4
    PREREQUISITE = 5
    INCONCLUSIVE = 6
    INTERRUPTED = 130


class DdbInsertError(Exception):
    """An end that the user can act on.

    Args:
        message: What happened, naming the thing concerned. One sentence or a few lines.
        hint: The next action, if one is known; an ``Advice`` where a command carries it out.
        code: A stable kebab-case identifier for scripts; each class has a default.
    """

    exit_code: ClassVar[ExitCode] = ExitCode.NO
    default_code: ClassVar[str] = "error"

    def __init__(self, message: str, *, hint: str | Advice | None = None, code: str | None = None) -> None:
        super().__init__(message)
        self.message = message
        self.hint = hint
        self.code = code or self.default_code


class Refused(DdbInsertError):
    """The answer is no: what was asked for contradicts what is there."""

    exit_code = ExitCode.NO
    default_code = "refused"


class UsageError(DdbInsertError):
    """The command line can't be carried out as given."""

    exit_code = ExitCode.USAGE
    default_code = "usage"


class ConfigurationError(DdbInsertError):
    """The configuration is wrong; every problem at once."""

    exit_code = ExitCode.CONFIGURATION
    default_code = "configuration"


class AwsError(DdbInsertError):
    """AWS, or the endpoint standing in for it, refused."""

    exit_code = ExitCode.AWS
    default_code = "aws"


class PrerequisiteError(DdbInsertError):
    """Something that must exist first is missing."""

    exit_code = ExitCode.PREREQUISITE
    default_code = "prerequisite"


CHECK_TABLE = "Check the name, --region and --profile."


def table_not_found(
    table: str,
    region: str | None,
    *,
    what: str = "Table",
    more: str = "",
    hint: str | Advice = CHECK_TABLE,
) -> PrerequisiteError:
    """The error for a table that does not exist.

    Args:
        what: What the table is.
        more: The rest of the sentence.
    """
    where = f" in {region}" if region else ""
    return PrerequisiteError(
        f"{what} {table} does not exist{where}{more}.", hint=hint, code="table-not-found"
    )


class InconclusiveError(DdbInsertError):
    """Timed out, or the evidence is too thin to say yes or no."""

    exit_code = ExitCode.INCONCLUSIVE
    default_code = "inconclusive"
