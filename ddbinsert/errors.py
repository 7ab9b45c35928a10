"""The errors of ddbinsert, each with an exit code.

    DdbInsertError            code, message, hint, exit_code
    ├── UsageError            2  the command line can't be carried out as given
    ├── ConfigurationError    3  ddbinsert.yaml, a flag or a DDBINSERT_* variable is wrong
    ├── AwsError              4  AWS refused: credentials, permission, service, endpoint
    ├── PrerequisiteError     5  something that must exist first is missing
    └── InconclusiveError     6  timed out, or the evidence is not sufficient
    Refused                   1  the answer is no (drift, a live stream of another view type)

Only the error boundary in ``ddbinsert.cli`` catches these; all other code raises them.
"""

from __future__ import annotations

from enum import IntEnum
from typing import TYPE_CHECKING, ClassVar

if TYPE_CHECKING:
    from ddbinsert.advice import Advice


class ExitCode(IntEnum):
    """Exit codes, on which scripts may rely: the numbers are part of the public contract."""

    OK = 0
    NO = 1
    USAGE = 2
    CONFIGURATION = 3
    AWS = 4
    PREREQUISITE = 5
    INCONCLUSIVE = 6
    INTERRUPTED = 130


class DdbInsertError(Exception):
    """An error that the user can act on.

    Args:
        message: What happened, with the name of the resource. One sentence or a few lines.
        hint: The next action, if one is known; an ``Advice`` if a command carries it out.
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
    """The answer is no: the request contradicts the existing state."""

    exit_code = ExitCode.NO
    default_code = "refused"


class UsageError(DdbInsertError):
    """The command line can't be carried out as given."""

    exit_code = ExitCode.USAGE
    default_code = "usage"


class ConfigurationError(DdbInsertError):
    """The configuration is not valid."""

    exit_code = ExitCode.CONFIGURATION
    default_code = "configuration"


class AwsError(DdbInsertError):
    """AWS, or the endpoint that replaces it, refused a call or could not be reached."""

    exit_code = ExitCode.AWS
    default_code = "aws"


class PrerequisiteError(DdbInsertError):
    """A resource that must exist first is missing."""

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
        what: The kind of table, as the beginning of the sentence.
        more: Text for the end of the sentence.
    """
    where = f" in {region}" if region else ""
    return PrerequisiteError(
        f"{what} {table} does not exist{where}{more}.", hint=hint, code="table-not-found"
    )


class InconclusiveError(DdbInsertError):
    """A time limit was reached, or the evidence is not sufficient for an answer."""

    exit_code = ExitCode.INCONCLUSIVE
    default_code = "inconclusive"
