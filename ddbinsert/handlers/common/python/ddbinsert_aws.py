"""Calls to AWS: one function to call, one kind of error, one rule for what is tried again."""

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
# Seconds that one attempt may take.
_PATIENCE = 10.0

# Error codes that pass: throttling, and faults of the service. From botocore's retry rules ("standard" mode) and
# the errors of the operations used here in its service models; ddbinsert_aws.mjs holds the same list.
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
# Error codes that blame the content of a request, not its sender, its target or the moment.
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
    """AWS answered a call with an error, or could not be reached.

    Attributes:
        code: AWS's error code, without a prefix such as ``AWS.SimpleQueueService.``.
        reason: AWS's own message.
        status: The HTTP status; 0 if there was no answer.
    """

    def __init__(self, code: str, message: str, status: int = 0) -> None:
        self.code = code.rpartition(".")[2] or "Unknown"
        self.reason = message
        self.status = status
        super().__init__(f"{self.code}: {message}")

    @property
    def is_rejection(self) -> bool:
        """Whether the content is to blame, so that a part of it may be accepted."""
        return is_rejection(self.code)

    @property
    def is_transient(self) -> bool:
        """Whether the same call may succeed a moment later."""
        return self.status in (0, 429) or self.status >= 500 or is_transient(self.code)


def is_transient(code: str) -> bool:
    return code in TRANSIENT


def is_rejection(code: str) -> bool:
    return code in REJECTIONS or bool(_TOO_LARGE.search(code))


def connect(service: str, region: str | None) -> Call:
    """The AWS SDK's client. Lambda's Python runtimes bring the SDK (boto3)."""
    import boto3
    from botocore.config import Config
    from botocore.exceptions import BotoCoreError, ClientError, ParamValidationError

    # The attempts are counted here, so that both languages make the same ones and none goes beyond the deadline.
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
    """Up to three attempts, none of which goes beyond the deadline."""
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
        deadline.sleep(random.uniform(0.5, 1) * 0.1 * 2**number)  # noqa: S311 -- spreads retries, keeps no secret
    raise error
