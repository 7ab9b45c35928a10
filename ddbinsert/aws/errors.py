"""Translation of botocore's exceptions into errors with a code and a hint, by one context manager."""

from __future__ import annotations

import contextlib
from typing import TYPE_CHECKING

from ddbinsert.aws.clock_skew import is_clock_skew
from ddbinsert.aws.error_kinds import BAD_REGION, MISCONFIGURED, NO_IDENTITY, SIGNED_OUT, UNREACHABLE
from ddbinsert.aws.refusals import hint_of, hint_of_denial
from ddbinsert.aws.unreachable import unreachable_hint
from ddbinsert.errors import AwsError

if TYPE_CHECKING:
    from collections.abc import Iterator

THROTTLES = frozenset(
    {
        "Throttling",
        "ThrottlingException",
        "ThrottledException",
        "RequestLimitExceeded",
        "RequestThrottled",
        "RequestThrottledException",
        "TooManyRequestsException",
        "ProvisionedThroughputExceededException",
        "SlowDown",
        "TransactionInProgressException",
    }
)
#: Operations whose LimitExceededException is temporary: too many of them are running (DynamoDB's API reference).
#: For other operations (CloudWatch Logs, IAM) it is a quota.
_LIMITED_FOR_A_MOMENT = frozenset(
    {
        "CreateTable",
        "UpdateTable",
        "DeleteTable",
        "UpdateTimeToLive",
        "UpdateContinuousBackups",
        "TagResource",
        "UntagResource",
        "DescribeStream",
        "GetShardIterator",
        "GetRecords",
        "ListStreams",
    }
)
#: Exceptions that are raised while reading an answer that does not have the shape of AWS's.
_READING = (LookupError, TypeError, AttributeError, ValueError, ArithmeticError, RecursionError)
_EXPIRED = frozenset({"ExpiredToken", "ExpiredTokenException", "TokenRefreshRequired"})
_UNKNOWN = frozenset(
    {
        "InvalidClientTokenId",
        "UnrecognizedClientException",
        "InvalidAccessKeyId",
        "AuthFailure",
        "SignatureDoesNotMatch",
        "InvalidSignatureException",
        "MissingAuthenticationToken",
        "IncompleteSignature",
    }
)
_DENIED = frozenset({"AccessDenied", "AccessDeniedException", "UnauthorizedOperation"})

_SIGN_IN = "Sign in (`aws sso login`, `aws configure`), or choose an identity with --profile or AWS_PROFILE."
#: AWS's answer in a region that is disabled (docs/aws-facts.md#disabled-region).
_DISABLED = "If they are valid elsewhere, the region may be disabled for the account."
_NOT_AWS = "Check --endpoint-url and AWS_ENDPOINT_URL, and any proxy in between."


class CredentialsError(AwsError):
    """Credentials are missing, expired or unknown to AWS."""

    default_code = "credentials"


class PermissionDenied(AwsError):
    """The identity is known, but does not have the permission."""

    default_code = "access-denied"


class EndpointUnreachable(AwsError):
    """Nothing answers at the endpoint."""

    default_code = "endpoint-unreachable"


class Throttled(AwsError):
    """AWS throttled the calls, and the retries are used up."""

    default_code = "throttled"


class UnreadableAnswer(AwsError, KeyError):
    """The endpoint's answer does not have the form of AWS's answers.

    It is a KeyError, too, so that code which handles a missing field also handles this error.

    Args:
        operation: Such as ``DescribeTable``; empty if unknown.
        reason: What is wrong with the answer, without a full stop.
    """

    default_code = "not-aws"

    def __init__(self, operation: str, endpoint: str, reason: str) -> None:
        answer = f"the answer to {operation}" if operation else "the answer"
        where = f" from {endpoint}" if endpoint else ""
        super().__init__(
            f"Could not read {answer}{where}: {reason}. The endpoint does not behave like AWS.", hint=_NOT_AWS
        )

    def __str__(self) -> str:
        return self.message  # KeyError would quote it


def code_of(error: BaseException) -> str:
    """AWS's error code, such as ``ResourceNotFoundException``; empty if the error is not an answer of AWS."""
    response = getattr(error, "response", None)
    if not isinstance(response, dict):
        return ""
    code = (response.get("Error") or {}).get("Code") or ""
    return str(code).rsplit("#", 1)[-1]


def message_of(error: BaseException) -> str:
    """AWS's own message, without the text that botocore adds."""
    response = getattr(error, "response", None)
    if not isinstance(response, dict):
        return str(error)
    inner = response.get("Error") or {}
    said = inner.get("Message") or inner.get("message") or response.get("message")
    return str(said) if str(said or "").strip() else "the error has no message"


def operation_of(error: BaseException) -> str:
    """The operation that was refused, such as ``UpdateTable``; empty if unknown."""
    return str(getattr(error, "operation_name", "") or "")


def is_not_found(error: BaseException) -> bool:
    return code_of(error) in ("ResourceNotFoundException", "NoSuchEntity", "NoSuchEntityException")


def is_throttle(error: BaseException) -> bool:
    """Whether AWS throttles the call. A quota, which does not recover with time, is not a throttle."""
    code = code_of(error)
    if code == "LimitExceededException":
        return (
            operation_of(error) in _LIMITED_FOR_A_MOMENT and "resource limit" not in message_of(error).lower()
        )
    reason = getattr(error, "response", {}).get("Reason") if code == "TooManyRequestsException" else None
    return code in THROTTLES and reason != "ReservedFunctionConcurrentInvocationLimitExceeded"


def unreadable(error: Exception, operation: str, endpoint: str) -> AwsError | None:
    """The error for an exception that was raised while an answer was read; None for any other exception."""
    from botocore.exceptions import BotoCoreError
    from botocore.parsers import ResponseParserError

    if isinstance(error, ResponseParserError):
        return UnreadableAnswer(operation, endpoint, "it is not a valid response")
    # botocore's, of an impossible time
    is_time = type(error) is RuntimeError and "timezone offset" in str(error)
    if isinstance(error, ValueError) and "timedelta strictly between" in str(error):
        return AwsError(
            "The time zone of this machine has an offset of a day or more, which the AWS SDK does not support.",
            hint="Set TZ to a time zone such as UTC or Europe/Berlin.",
            code="time-zone",
        )
    if isinstance(error, (AwsError, BotoCoreError)) or not (isinstance(error, _READING) or is_time):
        return None
    return UnreadableAnswer(
        operation, endpoint, f"it has an unexpected form ({type(error).__name__}: {error})"
    )


def is_passing(error: BaseException) -> bool:
    """Whether a retry may succeed: after a throttle, a fault of the service or a broken connection."""
    from botocore.exceptions import ClientError, HTTPClientError
    from botocore.exceptions import ConnectionError as BotoConnectionError

    if isinstance(error, ClientError):
        status = error.response.get("ResponseMetadata", {}).get("HTTPStatusCode", 0)
        return is_throttle(error) or status >= 500
    return isinstance(error, (BotoConnectionError, HTTPClientError))


def translate(error: Exception, doing: str) -> AwsError | None:
    """The error to show to the user for an exception of botocore's; None for any other exception.

    ``doing`` completes "Could not …", for example ``read table orders``.
    """
    from botocore import exceptions as boto
    from botocore.parsers import ResponseParserError

    match error:
        case boto.ClientError():
            return _from_answer(error, doing)
        case boto.BotoCoreError():
            return _from_botocore(error, doing)
        case ResponseParserError():
            return unreadable(error, "", "")
        case _:
            return None


def _from_botocore(error: Exception, doing: str) -> AwsError:
    """Classify by the names of the error's classes, because not every version of botocore has all of them."""
    kinds = {kind.__name__ for kind in type(error).__mro__}
    message = f"Could not {doing}: {error}"
    if "PartialCredentialsError" in kinds:
        lacks = str(getattr(error, "kwargs", {}).get("cred_var", "a part")).upper()
        return CredentialsError(
            f"Could not {doing}: the AWS credentials are incomplete: {lacks} is missing.",
            hint="Set it, or unset the others.",
            code="partial-credentials",
        )
    if kinds & NO_IDENTITY:
        return CredentialsError(
            f"Could not {doing}: no AWS credentials were found.",
            hint=f"{_SIGN_IN} Or use --local.",
            code="no-credentials",
        )
    if "CredentialRetrievalError" in kinds:
        return _from_provider(error, doing)
    if kinds & SIGNED_OUT:
        return CredentialsError(message, hint=_SIGN_IN, code="expired-token")
    if "ProfileNotFound" in kinds:
        return _no_profile(error)
    if "NoRegionError" in kinds:
        return AwsError(
            f"Could not {doing}: no AWS region is set.",
            hint="Give --region, or set AWS_REGION, or connection.region in ddbinsert.yaml.",
            code="no-region",
        )
    if kinds & BAD_REGION:
        return AwsError(message, hint="Correct --region or AWS_REGION.", code="bad-region")
    if kinds & MISCONFIGURED:
        return AwsError(
            message, hint="Correct ~/.aws/config, or the AWS_* variable.", code="aws-configuration"
        )
    if kinds & UNREACHABLE:
        return EndpointUnreachable(message, hint=unreachable_hint(kinds, str(error)))
    return AwsError(message)


def _no_profile(error: Exception) -> CredentialsError:
    empty = not str(getattr(error, "kwargs", {}).get("profile", error)).strip()
    return CredentialsError(
        "AWS_PROFILE is empty." if empty else f"{error}.",
        hint="Unset it, or name a profile."
        if empty
        else "`aws configure list-profiles` names those that exist.",
        code="profile-not-found",
    )


def _from_provider(error: Exception, doing: str) -> CredentialsError:
    """The error for a failed source of credentials, which is named as in the AWS configuration."""
    said = getattr(error, "kwargs", {})
    provider, reason = str(said.get("provider", "")), str(said.get("error_msg", error)).rstrip(".")
    source = {
        "custom-process": "credential_process",
        "container-role": "the container's credentials endpoint",
        "iam-role": "the instance metadata service",
    }.get(provider, provider)
    return CredentialsError(
        f"Could not {doing}: {source} returned no AWS credentials: {reason}.",
        hint=f"Correct {source}, or choose another identity with --profile or AWS_PROFILE.",
        code="credentials",
    )


def _from_answer(error: Exception, doing: str) -> AwsError:
    code, said = code_of(error), message_of(error)
    message = f"Could not {doing}: {said} ({code or 'no code'})"
    if is_clock_skew(code, said):
        return _clock_skew(error, message)
    if code in _EXPIRED:
        return CredentialsError(message, hint=_SIGN_IN, code="expired-token")
    if code in _UNKNOWN:
        return CredentialsError(message, hint=f"{_SIGN_IN} {_DISABLED}", code="unknown-credentials")
    if code in _DENIED:
        return PermissionDenied(message, hint=hint_of_denial(said))
    if is_throttle(error):
        return Throttled(message, hint="Run it again in a moment.")
    return AwsError(message, code=code or "aws", hint=hint_of(code, said, operation_of(error)))


def _clock_skew(error: Exception, message: str) -> CredentialsError:
    from ddbinsert.aws.clock_skew import HINT, what_is_wrong

    answer = getattr(error, "response", {})
    headers = answer.get("ResponseMetadata", {}).get("HTTPHeaders", {})
    wrong = what_is_wrong(answer.get("Error", {}), headers, message)
    return CredentialsError(f"{message}: {wrong}", hint=HINT, code="clock-skew")


@contextlib.contextmanager
def translated(doing: str) -> Iterator[None]:
    """Raise our errors for botocore's and for unreadable answers; other exceptions are not changed."""
    try:
        yield
    except AwsError:
        raise
    except Exception as error:
        ours = translate(error, doing) or unreadable(error, "", "")
        if ours is None:
            raise
        raise ours from error
