"""Calls to AWS: one function for all calls, one error class, one rule for retries."""

from __future__ import annotations

import random
import re
from typing import TYPE_CHECKING, Any, Protocol

from ddbinsert_deadline import within

if TYPE_CHECKING:
    from collections.abc import Callable

    from ddbinsert_deadline import Deadline

    Call = Callable[..., dict[str, Any]]

_ATTEMPTS = 3
# Timeout of one attempt, in seconds.
_PATIENCE = 10.0

# Codes of temporary errors: throttling, and faults of the service. From botocore's retry rules ("standard" mode) and
# the errors of the operations used here in its service models; ddbinsert_aws.mjs has the same list.
TRANSIENT = frozenset(
    """
    BandwidthLimitExceeded ConditionalRequestConflict EC2ThrottledException InternalError InternalErrorException
    InternalException InternalFailure InternalFailureException InternalServerError KMSThrottling
    KMSThrottlingException KmsThrottled LimitExceededException PriorRequestNotComplete
    ProvisionedThroughputExceededException ReplicatedWriteConflictException RequestLimitExceeded
    RequestThrottled RequestThrottledException RequestTimeout RequestTimeoutException ServiceUnavailable
    ServiceUnavailableException SlowDown ThrottledException Throttling ThrottlingException
    TooManyRequestsException TransactionConflictException TransactionInProgressException
    """.split()  # noqa: SIM905 -- as in the other language
)
# Codes of errors that are caused by the content of a request, not by its sender, its target or the time.
REJECTIONS = frozenset(
    """
    InvalidArgument InvalidArgumentException InvalidMessageContents InvalidParameter InvalidParameterException
    InvalidParameterValue InvalidParameterValueException InvalidRequest ItemCollectionSizeLimitExceededException
    MalformedDetail ParamValidationError ParameterValueInvalid SerializationException ValidationError
    ValidationException
    """.split()  # noqa: SIM905 -- as in the other language
)
_TOO_LARGE = re.compile(r"Too(Long|Large)|^Http413$")


class Connect(Protocol):
    """Opens the connection to a service; tests pass their own."""

    def __call__(self, service: str, region: str | None) -> Call:
        """A function ``call(operation, deadline, **parameters)`` that returns the operation's result."""


class ServiceError(Exception):
    """A call failed: AWS returned an error, or could not be reached.

    Attributes:
        code: AWS's error code, without a prefix such as ``AWS.SimpleQueueService.``.
        reason: AWS's message.
        status: The HTTP status; 0 if there was no answer.
    """

    def __init__(self, code: str, message: str, status: int = 0) -> None:
        self.code = code.rpartition(".")[2] or "Unknown"
        self.reason = message
        self.status = status
        super().__init__(f"{self.code}: {message}")

    @property
    def is_rejection(self) -> bool:
        """Whether the content caused the error, so that a part of it may be accepted."""
        return is_rejection(self.code)

    @property
    def is_transient(self) -> bool:
        """Whether the same call may succeed later."""
        return self.status in (0, 429) or self.status >= 500 or is_transient(self.code)


def is_transient(code: str) -> bool:
    return code in TRANSIENT


def is_rejection(code: str) -> bool:
    return code in REJECTIONS or bool(_TOO_LARGE.search(code))


def connect(service: str, region: str | None) -> Call:
    """Calls by the AWS SDK (boto3), which Lambda's Python runtimes include."""
    import boto3
    from botocore.config import Config
    from botocore.exceptions import BotoCoreError, ClientError, ParamValidationError

    # Retries are made here, so that both languages make the same ones and none exceeds the deadline.
    patience = Config(
        connect_timeout=3,
        read_timeout=_PATIENCE,
        retries={"mode": "standard", "total_max_attempts": 1},
        max_pool_connections=32,
    )
    client = boto3.client(service, region_name=region or None, config=patience)

    def attempt(operation: str, parameters: dict[str, Any]) -> dict[str, Any]:
        method = getattr(client, re.sub(r"(?<!^)(?=[A-Z])", "_", operation).lower())
        try:
            answer: dict[str, Any] = method(**parameters)
        except ClientError as error:
            problem = error.response.get("Error", {})
            status = error.response.get("ResponseMetadata", {}).get("HTTPStatusCode", 0)
            raise ServiceError(
                str(problem.get("Code", "")), str(problem.get("Message", "")), status
            ) from error
        except ParamValidationError as error:
            raise ServiceError("ParamValidationError", str(error), 400) from error
        except BotoCoreError as error:
            raise ServiceError(type(error).__name__, str(error)) from error
        return answer

    def call(operation: str, deadline: Deadline, **parameters: Any) -> dict[str, Any]:
        return _persist(lambda: attempt(operation, parameters), operation, deadline)

    return call


def _persist(attempt: Callable[[], dict[str, Any]], operation: str, deadline: Deadline) -> dict[str, Any]:
    """Make up to three attempts within the deadline."""
    for number in range(1, _ATTEMPTS + 1):
        try:
            answer: dict[str, Any] = within(min(_PATIENCE, deadline.left()), attempt)
        except TimeoutError:
            error = ServiceError("NoAnswer", f"{operation} did not answer in time")
        except ServiceError as raised:
            error = raised
        else:
            return answer
        if number == _ATTEMPTS or not error.is_transient or deadline.is_over():
            break
        deadline.sleep(random.uniform(0.5, 1) * 0.1 * 2**number)  # noqa: S311 -- spreads retries, not a secret
    raise error
