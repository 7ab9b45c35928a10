"""From botocore's exceptions to ours: one mapping, one context manager."""

from __future__ import annotations

import contextlib
from typing import TYPE_CHECKING

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
        "LimitExceededException",
        "SlowDown",
        "TransactionInProgressException",
    }
)
_EXPIRED = frozenset({"ExpiredToken", "ExpiredTokenException", "RequestExpired", "TokenRefreshRequired"})
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

# botocore's own errors, by class: a subclass goes with its parent.
_NO_IDENTITY = frozenset({"NoCredentialsError", "NoAuthTokenError"})
_SIGNED_OUT = frozenset(
    {
        "CredentialRetrievalError",
        "LoginError",
        "RefreshWithMFAUnsupportedError",
        "SSOError",
        "TokenRetrievalError",
    }
)
_BAD_REGION = frozenset(
    {
        "EndpointProviderError",
        "EndpointVariantError",
        "InvalidRegionError",
        "ServiceNotInRegionError",
        "UnknownEndpointError",
        "UnknownFIPSEndpointError",
        "UnknownRegionError",
    }
)
_MISCONFIGURED = frozenset(
    {
        "ConfigNotFound",
        "ConfigParseError",
        "InvalidChecksumConfigError",
        "InvalidConfigError",
        "InvalidDefaultsMode",
        "InvalidEndpointConfigurationError",
        "InvalidEndpointDiscoveryConfigurationError",
        "InvalidIMDSEndpointError",
        "InvalidIMDSEndpointModeError",
        "InvalidProxiesConfigError",
        "InvalidRetryConfigurationError",
        "InvalidSTSRegionalEndpointsConfigError",
        "MissingDependencyException",
        "UnknownCredentialError",
        "UnknownSignatureVersionError",
        "UnknownTokenProviderError",
        "UnsupportedSignatureVersionError",
    }
)
_UNREACHABLE = frozenset(
    {"ConnectionError", "HTTPClientError", "IncompleteReadError", "MetadataRetrievalError"}
)

_SIGN_IN = "Sign in (`aws sso login`, `aws configure`), or choose an identity with --profile or AWS_PROFILE."


class CredentialsError(AwsError):
    """No identity, an expired one, or one that AWS doesn't know."""

    default_code = "credentials"


class PermissionDenied(AwsError):
    """The identity is known, and may not do this."""

    default_code = "access-denied"


class EndpointUnreachable(AwsError):
    """Nothing answers at the endpoint."""

    default_code = "endpoint-unreachable"


class Throttled(AwsError):
    """AWS asked to slow down, and the retries are used up."""

    default_code = "throttled"


def code_of(error: BaseException) -> str:
    """AWS's error code, such as ``ResourceNotFoundException``; empty where it is no answer of AWS's."""
    response = getattr(error, "response", None)
    if not isinstance(response, dict):
        return ""
    code = (response.get("Error") or {}).get("Code") or ""
    return str(code).rsplit("#", 1)[-1]


def message_of(error: BaseException) -> str:
    """AWS's own words, without botocore's frame around them."""
    response = getattr(error, "response", None)
    if not isinstance(response, dict):
        return str(error)
    inner = response.get("Error") or {}
    return str(inner.get("Message") or inner.get("message") or response.get("message") or error)


def is_not_found(error: BaseException) -> bool:
    return code_of(error) in ("ResourceNotFoundException", "NoSuchEntity", "NoSuchEntityException")


def is_throttle(error: BaseException) -> bool:
    return code_of(error) in THROTTLES


def is_passing(error: BaseException) -> bool:
    """Whether asking again may well succeed: a throttle, a fault of the service, a broken connection."""
    from botocore.exceptions import ClientError, HTTPClientError
    from botocore.exceptions import ConnectionError as BotoConnectionError

    if isinstance(error, ClientError):
        status = error.response.get("ResponseMetadata", {}).get("HTTPStatusCode", 0)
        return is_throttle(error) or status >= 500
    return isinstance(error, (BotoConnectionError, HTTPClientError))


def translate(error: Exception, doing: str) -> AwsError | None:
    """What the user should read for an exception of botocore's; None where it isn't botocore's.

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
            return AwsError(
                f"Could not {doing}: the endpoint gave no answer of AWS's.",
                hint="Check --endpoint-url and AWS_ENDPOINT_URL, and what proxy stands in between.",
                code="not-aws",
            )
        case _:
            return None


def _from_botocore(error: Exception, doing: str) -> AwsError:
    """By the names of the error's classes, as not every version of botocore has all of them."""
    kinds = {kind.__name__ for kind in type(error).__mro__}
    message = f"Could not {doing}: {error}"
    if "PartialCredentialsError" in kinds:
        lacks = str(getattr(error, "kwargs", {}).get("cred_var", "a part")).upper()
        return CredentialsError(
            f"Could not {doing}: the AWS credentials are incomplete: {lacks} is missing.",
            hint="Set it, or unset the rest of them.",
            code="partial-credentials",
        )
    if kinds & _NO_IDENTITY:
        return CredentialsError(
            f"Could not {doing}: no AWS credentials were found.",
            hint=f"{_SIGN_IN} Or use --local.",
            code="no-credentials",
        )
    if kinds & _SIGNED_OUT:
        return CredentialsError(message, hint=_SIGN_IN, code="expired-token")
    if "ProfileNotFound" in kinds:
        return CredentialsError(
            f"{error}.",
            hint="`aws configure list-profiles` names those that exist.",
            code="profile-not-found",
        )
    if "NoRegionError" in kinds:
        return AwsError(
            f"Could not {doing}: no AWS region is set.",
            hint="Give --region, or set AWS_REGION, or connection.region in ddbinsert.yaml.",
            code="no-region",
        )
    if kinds & _BAD_REGION:
        return AwsError(message, hint="Correct --region or AWS_REGION.", code="bad-region")
    if kinds & _MISCONFIGURED:
        return AwsError(
            message, hint="Correct ~/.aws/config, or the AWS_* variable.", code="aws-configuration"
        )
    if kinds & _UNREACHABLE:
        return EndpointUnreachable(
            message,
            hint="Check --endpoint-url, --region and the network; for the embedded emulator, `ddbinsert local status`.",
        )
    return AwsError(message)


def _from_answer(error: Exception, doing: str) -> AwsError:
    code, said = code_of(error), message_of(error)
    message = f"Could not {doing}: {said} ({code or 'no code'})"
    if code in _EXPIRED:
        return CredentialsError(message, hint=_SIGN_IN, code="expired-token")
    if code in _UNKNOWN:
        return CredentialsError(message, hint=_SIGN_IN, code="unknown-credentials")
    if code in _DENIED:
        return PermissionDenied(
            message, hint="Ask for this action in the policy of the identity that you use."
        )
    if code in THROTTLES:
        return Throttled(message, hint="Run it again in a moment.")
    return AwsError(message, code=code or "aws")


@contextlib.contextmanager
def translated(doing: str) -> Iterator[None]:
    """Raise our errors for botocore's; everything else passes as it is."""
    try:
        yield
    except AwsError:
        raise
    except Exception as error:
        ours = translate(error, doing)
        if ours is None:
            raise
        raise ours from error
