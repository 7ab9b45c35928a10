"""Every exception of botocore's has its words: one that comes new with botocore fails here until it has."""

from __future__ import annotations

import inspect
import string
from collections import Counter
from typing import Any

import pytest
from botocore import exceptions as boto
from botocore.parsers import ResponseParserError

from ddbinsert.aws.errors import (
    THROTTLES,
    CredentialsError,
    EndpointUnreachable,
    PermissionDenied,
    Throttled,
    code_of,
    is_not_found,
    is_passing,
    is_throttle,
    message_of,
    translate,
    translated,
    unreadable,
)
from ddbinsert.aws.session.session import Aws, Connection
from ddbinsert.errors import AwsError, ConfigurationError, ExitCode, PrerequisiteError, Refused

#: Our code for each of botocore's errors. "aws" has no words of its own: it is a mistake in a request of ours,
#: or it belongs to a part of botocore that ddbinsert doesn't use (S3 addresses, waiters, stubs).
CODES = {
    "credentials": ("CredentialRetrievalError",),
    "no-credentials": ("NoCredentialsError", "NoAuthTokenError"),
    "partial-credentials": ("PartialCredentialsError",),
    "expired-token": (
        *("RefreshWithMFAUnsupportedError", "TokenRetrievalError"),
        *("SSOError", "SSOTokenLoadError", "UnauthorizedSSOTokenError"),
        *("LoginError", "LoginAuthorizationCodeError", "LoginInsufficientPermissions"),
        *("LoginRefreshRequired", "LoginTokenLoadError"),
    ),
    "profile-not-found": ("ProfileNotFound",),
    "no-region": ("NoRegionError",),
    "bad-region": (
        *("EndpointProviderError", "EndpointResolutionError", "UnknownEndpointResolutionBuiltInName"),
        *("EndpointVariantError", "InvalidRegionError", "ServiceNotInRegionError", "UnknownEndpointError"),
        *("UnknownFIPSEndpointError", "UnknownRegionError"),
    ),
    "aws-configuration": (
        *("ConfigNotFound", "ConfigParseError", "InvalidConfigError", "InfiniteLoopConfigError"),
        *("InvalidChecksumConfigError", "InvalidDefaultsMode", "InvalidEndpointConfigurationError"),
        *("InvalidEndpointDiscoveryConfigurationError", "InvalidIMDSEndpointError"),
        *("InvalidIMDSEndpointModeError", "InvalidProxiesConfigError", "InvalidRetryConfigurationError"),
        *("InvalidMaxRetryAttemptsError", "InvalidRetryModeError", "InvalidSTSRegionalEndpointsConfigError"),
        *("MissingDependencyException", "UnknownCredentialError", "UnknownTokenProviderError"),
        *("UnknownSignatureVersionError", "UnsupportedSignatureVersionError"),
    ),
    "endpoint-unreachable": (
        *("ConnectionError", "ConnectTimeoutError", "EndpointConnectionError", "ProxyConnectionError"),
        *("SSLError", "HTTPClientError", "ConnectionClosedError", "ReadTimeoutError"),
        *("ResponseStreamingError", "IncompleteReadError", "MetadataRetrievalError"),
    ),
    "aws": (
        *("BotoCoreError", "ApiVersionNotFoundError", "AwsChunkedWrapperError", "BaseEndpointResolverError"),
        *("CapacityNotAvailableError", "ChecksumError", "DataNotFoundError", "UnknownServiceError"),
        *("FlexibleChecksumError", "InvalidDNSNameError", "InvalidExpressionError", "InvalidHostLabelError"),
        *("InvalidS3AddressingStyleError", "InvalidS3UsEast1RegionalEndpointConfigError"),
        *("MD5UnavailableError", "MissingParametersError", "OperationNotPageableError", "PaginationError"),
        *("ParamValidationError", "StubResponseError", "StubAssertionError", "UnStubbedResponseError"),
        *("UnknownClientMethodError", "UnknownServiceStyle", "UnseekableStreamError"),
        *("UnsupportedOutpostResourceError", "UnsupportedS3AccesspointConfigurationError"),
        *("UnsupportedS3ArnError", "UnsupportedS3ConfigurationError", "UnsupportedS3ControlArnError"),
        *("UnsupportedS3ControlConfigurationError", "UnsupportedServiceProtocolsError"),
        *("ValidationError", "AliasConflictParameterError", "RangeError", "UnknownKeyError"),
        *("UnknownParameterError", "WaiterConfigError", "WaiterError"),
    ),
}
CODE_OF = {name: code for code, names in CODES.items() for name in names}


def errors_of_botocore() -> list[type[boto.BotoCoreError]]:
    return [
        kind
        for _, kind in inspect.getmembers(boto, inspect.isclass)
        if issubclass(kind, boto.BotoCoreError) and kind.__module__ == boto.__name__
    ]


def made(kind: type[Exception]) -> Exception:
    """One of its kind, whatever its message wants to be told."""
    fields = [name for _, name, _, _ in string.Formatter().parse(getattr(kind, "fmt", "")) if name]
    values: dict[str, Any] = {name: f"<{name}>" for name in fields}
    required = inspect.signature(kind).parameters.values()
    values |= {
        p.name: f"<{p.name}>" for p in required if p.default is p.empty and p.kind is p.POSITIONAL_OR_KEYWORD
    }
    return kind(**values)


def refused(code: str, message: str = "said so", status: int = 400) -> boto.ClientError:
    return boto.ClientError(
        {"Error": {"Code": code, "Message": message}, "ResponseMetadata": {"HTTPStatusCode": status}},  # type: ignore[typeddict-item]
        "GetFunction",
    )


def test_no_error_of_botocores_is_left_out() -> None:
    unknown = {kind.__name__ for kind in errors_of_botocore()} - CODE_OF.keys()
    assert unknown == set(), "say in aws/errors.py what the user should read, then list it here"


def test_no_error_has_two_codes() -> None:
    assert Counter(name for names in CODES.values() for name in names).most_common(1)[0][1] == 1


@pytest.mark.parametrize("kind", errors_of_botocore(), ids=lambda kind: kind.__name__)
def test_each_error_of_botocores_has_its_code_and_ends_with_4(kind: type[Exception]) -> None:
    ours = translate(made(kind), "read table orders")
    assert ours is not None
    assert ours.code == CODE_OF.get(kind.__name__)
    assert ours.exit_code is ExitCode.AWS
    assert ours.code == "aws" or ours.hint
    assert ours.code == "profile-not-found" or ours.message.startswith("Could not read table orders: ")


@pytest.mark.parametrize(
    ("code", "kind", "ours"),
    [
        ("ExpiredTokenException", CredentialsError, "expired-token"),
        ("ExpiredToken", CredentialsError, "expired-token"),
        ("UnrecognizedClientException", CredentialsError, "unknown-credentials"),
        ("InvalidClientTokenId", CredentialsError, "unknown-credentials"),
        ("SignatureDoesNotMatch", CredentialsError, "unknown-credentials"),
        ("AccessDenied", PermissionDenied, "access-denied"),
        ("AccessDeniedException", PermissionDenied, "access-denied"),
        *((code, Throttled, "throttled") for code in sorted(THROTTLES)),
        ("ResourceInUseException", AwsError, "ResourceInUseException"),
        ("com.amazonaws.dynamodb.v20120810#AccessDeniedException", PermissionDenied, "access-denied"),
        ("", AwsError, "aws"),
    ],
)
def test_what_aws_refuses_is_sorted_and_told_in_its_own_words(
    code: str, kind: type[AwsError], ours: str
) -> None:
    found = translate(refused(code, "User: x is not authorized"), "read table orders")
    assert type(found) is kind
    assert found.code == ours
    assert "User: x is not authorized" in found.message
    assert found.exit_code is ExitCode.AWS


def test_every_error_with_a_cure_names_it() -> None:
    for code in ("ExpiredToken", "InvalidClientTokenId", "AccessDenied", "SlowDown"):
        found = translate(refused(code), "x")
        assert found is not None
        assert found.hint


def test_an_endpoint_that_is_not_awss_is_told_so() -> None:
    found = translate(ResponseParserError("Unable to parse response: <html>"), "read table orders")
    assert found is not None
    assert found.code == "not-aws"
    assert "--endpoint-url" in str(found.hint)
    assert "<html>" not in found.message


@pytest.mark.parametrize(
    "connection",
    [
        Connection(region="eu-west-1", endpoint_url="http://[foo"),
        Connection(region="eu-west-1", endpoint_url="http://127.0.0.1:99999"),
        Connection(region="eu-west-1", endpoint_url="http://127.0.0.1:abc"),
        Connection(region="eu-west-1", endpoint_url="http://127.0.0.1:0"),
        Connection(region="eu-west-1", endpoint_url="http://127.0.0.1:-1"),
        Connection(region="eu-west-1", endpoint_url="http://"),
        Connection(region="eu-west-1", endpoint_url="localhost:8000"),
        Connection(region="eu-west-1", endpoint_url="ftp://localhost"),
        Connection(region="eu-west-1", service_endpoints={"dynamodb": "http://a b"}),
    ],
)
def test_an_invalid_endpoint_is_reported_as_configuration(connection: Connection) -> None:
    with pytest.raises(ConfigurationError, match="is not a valid address") as error:
        Aws(connection).client("dynamodb")
    assert error.value.code == "bad-endpoint"
    assert error.value.hint


@pytest.mark.parametrize(
    ("region", "near"),
    [
        ("eu_west-1", "eu-west-1"),
        ("EU West 1", "eu-west-1"),
        ("us-east-1 ", "us-east-1"),
        ("", ""),
        ("x" * 64, ""),
        ("eu-west-1.evil.example", ""),
        ("-", ""),
    ],
)
def test_an_invalid_region_is_reported_with_the_nearest_one(region: str, near: str) -> None:
    with pytest.raises(AwsError, match="is not a valid AWS region") as error:
        Aws(Connection(region=region)).client("dynamodb")
    assert error.value.code == "bad-region"
    assert near in str(error.value.hint)


@pytest.mark.parametrize("error", [OSError("x"), RuntimeError("x"), Refused("x")])
def test_what_is_not_botocores_passes_as_it_is(error: Exception) -> None:
    assert translate(error, "x") is None
    with pytest.raises(type(error)) as caught, translated("x"):
        raise error
    assert caught.value is error


@pytest.mark.parametrize(
    "error", [KeyError("Table"), TypeError("x"), AttributeError("x"), ValueError("x"), IndexError("x")]
)
def test_an_error_while_an_answer_is_read_is_the_endpoints(error: Exception) -> None:
    with pytest.raises(AwsError, match=type(error).__name__) as caught, translated("x"):
        raise error
    assert (caught.value.code, caught.value.exit_code) == ("not-aws", ExitCode.AWS)


def _refusal(code: str, message: str | None, operation: str = "UpdateTable", **more: object) -> Any:
    return boto.ClientError({"Error": {"Code": code, "Message": message}, **more}, operation)  # type: ignore[typeddict-item]


def test_a_quota_is_not_a_throttle() -> None:
    assert is_throttle(
        _refusal("LimitExceededException", "Subscriber limit exceeded: 50 tables", "UpdateTable")
    )
    assert is_throttle(_refusal("LimitExceededException", "too fast", "GetRecords"))
    for operation in ("CreateLogGroup", "PutRetentionPolicy", "CreateFunction", "UpdateTable"):
        quota = _refusal("LimitExceededException", "Resource limit exceeded.", operation)
        assert not is_throttle(quota)
        ours = translate(quota, "do it")
        assert ours is not None
        assert "quota" in str(ours.hint)
    reserved = "ReservedFunctionConcurrentInvocationLimitExceeded"
    assert not is_throttle(_refusal("TooManyRequestsException", "Rate exceeded", "Invoke", Reason=reserved))
    assert is_throttle(_refusal("TooManyRequestsException", "Rate exceeded", "Invoke"))


@pytest.mark.parametrize("message", [None, "", "   "])
def test_a_refusal_without_a_message_is_reported_in_plain_words(message: str | None) -> None:
    ours = translate(_refusal("ValidationException", message), "read table orders")
    assert ours is not None
    assert ours.message == "Could not read table orders: the error has no message (ValidationException)"


#: Refusals as AWS words them, and what the hint must name.
REFUSALS = [
    ("InvalidParameterValueException", "Invalid filter pattern definition.", "filter lint"),
    (
        "InvalidParameterValueException",
        "Stream not found: arn:aws:dynamodb:eu-west-1:1:table/t/stream/x",
        "Show the table's stream",
    ),
    (
        "InvalidParameterValueException",
        (
            "The runtime parameter of nodejs12.x is no longer supported for creating or updating AWS Lambda functions. We "
            "recommend you use a supported runtime while creating or updating functions."
        ),
        "deprecated",
    ),
    ("DeleteConflict", "Cannot delete entity, must detach all policies first.", "Detach"),
    ("ResourceInUseException", "Cannot update the event source mapping because it is in use.", "Wait"),
    ("CodeStorageExceededException", "Code storage limit exceeded.", "75 GB"),
    (
        "TooManyRequestsException",
        "Rate Exceeded.",
        "",
    ),
    (
        "InvalidParameterValueException",
        (
            "Specified ReservedConcurrentExecutions for function decreases account's UnreservedConcurrentExecution below "
            "its minimum value of [10]."
        ),
        "concurrency",
    ),
    (
        "QueueDeletedRecently",
        "You must wait 60 seconds after deleting a queue before you can create another.",
        "60 seconds",
    ),
    ("AWS.SimpleQueueService.QueueDeletedRecently", "You must wait 60 seconds.", "60 seconds"),
]


@pytest.mark.parametrize(("code", "message", "named"), REFUSALS)
def test_refusals_that_people_meet_come_with_a_hint(code: str, message: str, named: str) -> None:
    ours = translate(_refusal(code, message), "do it")
    assert ours is not None
    assert message in ours.message
    assert ours.hint
    assert named in str(ours.hint)


def test_an_error_is_translated_once() -> None:
    inner = PermissionDenied("inner")
    with pytest.raises(PermissionDenied, match="inner") as caught, translated("outer"), translated("middle"):
        raise inner
    assert caught.value is inner
    with pytest.raises(AwsError) as translated_, translated("read x"):
        raise refused("Strange")
    assert isinstance(translated_.value.__cause__, boto.ClientError)


def test_interrupts_are_nobodys_error() -> None:
    with pytest.raises(KeyboardInterrupt), translated("x"):
        raise KeyboardInterrupt


@pytest.mark.parametrize(
    "response",
    [{}, {"Error": None}, {"Error": {}}, {"Error": {"Code": None, "Message": None}}, {"message": None}],
)
def test_an_answer_without_code_and_message_is_told_nevertheless(response: Any) -> None:
    error = boto.ClientError({"Error": {}}, "GetFunction")
    error.response = response
    assert code_of(error) == ""
    assert message_of(error)
    assert translate(error, "x") is not None


@pytest.mark.parametrize(
    ("response", "said"),
    [
        ({"Error": {"Message": "one"}}, "one"),
        ({"Error": {"message": "two"}}, "two"),
        ({"Error": {}, "message": "three"}, "three"),
    ],
)
def test_awss_words_are_found_wherever_a_service_puts_them(response: Any, said: str) -> None:
    error = boto.ClientError({"Error": {}}, "GetFunction")
    error.response = response
    assert message_of(error) == said


@pytest.mark.parametrize(
    ("error", "passing"),
    [
        (refused("ThrottlingException"), True),
        (refused("InternalServerError", status=500), True),
        (refused("ValidationException"), False),
        (refused("AccessDenied", status=403), False),
        (made(boto.EndpointConnectionError), True),
        (made(boto.ReadTimeoutError), True),
        (made(boto.NoCredentialsError), False),
        (ValueError("x"), False),
        (EndpointUnreachable("ours"), False),
    ],
)
def test_what_may_pass_by_itself(error: Exception, passing: bool) -> None:
    assert is_passing(error) is passing


def test_what_is_not_there_and_what_is_too_much() -> None:
    assert is_not_found(refused("ResourceNotFoundException", status=404))
    assert is_not_found(refused("NoSuchEntity", status=404))
    assert not is_not_found(refused("AccessDenied"))
    assert not is_not_found(PrerequisiteError("no such table"))
    assert is_throttle(refused("Throttling"))
    assert not is_throttle(ValueError("Throttling"))


@pytest.mark.parametrize(
    ("code", "message", "more", "date", "wrong"),
    [
        (
            "InvalidSignatureException",
            "Signature expired: 20260501T120000Z is now earlier than 20260501T122000Z (20260501T122500Z - 5 min.)",
            {},
            "",
            "25 min 00 s behind AWS's",
        ),
        (
            "SignatureDoesNotMatch",
            "Signature not yet current: 20260502T122000Z is still later than 20260501T122500Z (20260501T122000Z + 5 min.)",
            {},
            "Fri, 01 May 2026 12:20:00 GMT",
            "24 h 00 min ahead of AWS's",
        ),
        (
            "RequestTimeTooSkewed",
            "The difference between the request time and the current time is too large.",
            {"RequestTime": "20260501T120000Z", "ServerTime": "2026-05-01T12:20:00Z"},
            "",
            "20 min 00 s behind AWS's",
        ),
        ("RequestExpired", "Request has expired.", {}, "Fri, 01 May 2026 12:20:00 GMT", "is wrong"),
    ],
)
def test_a_refused_clock_is_named_with_its_error(
    code: str, message: str, more: dict[str, str], date: str, wrong: str
) -> None:
    error = refused(code, message)
    error.response["Error"].update(more)  # type: ignore[typeddict-item]
    error.response["ResponseMetadata"]["HTTPHeaders"] = {"date": date}
    found = translate(error, "read table orders")
    assert found is not None
    assert (type(found), found.code) == (CredentialsError, "clock-skew")
    assert message in found.message
    assert f"the clock of this machine is {wrong}".replace("is is", "is") in found.message
    assert "Correct the clock" in str(found.hint)


def test_a_signature_that_is_wrong_is_not_blamed_on_the_clock() -> None:
    found = translate(refused("InvalidSignatureException", "The request signature does not match."), "x")
    assert found is not None
    assert found.code == "unknown-credentials"


@pytest.mark.parametrize("reason", ["certificate is not yet valid", "certificate has expired"])
def test_a_certificate_that_is_not_valid_now_may_be_a_matter_of_the_clock(reason: str) -> None:
    failed = boto.SSLError(
        endpoint_url="https://x", error=Exception(f"[SSL: CERTIFICATE_VERIFY_FAILED] {reason}")
    )
    found = translate(failed, "x")
    assert found is not None
    assert "clock" in str(found.hint)
    assert "AWS_CA_BUNDLE" not in str(found.hint)


def test_a_time_zone_that_the_sdk_cannot_read_is_not_the_endpoints_fault() -> None:
    offset = ValueError(
        "offset must be a timedelta strictly between -timedelta(hours=24) and timedelta(hours=24)."
    )
    found = unreadable(offset, "DescribeTable", "http://x")
    assert found is not None
    assert (found.code, found.hint) == ("time-zone", "Set TZ to a time zone such as UTC or Europe/Berlin.")
