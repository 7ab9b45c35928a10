"""Endpoints that have DynamoDB alone, such as DynamoDB Local and dynalite."""

from __future__ import annotations

from typing import Final

from ddbinsert.aws.errors import code_of
from ddbinsert.errors import AwsError


class NoSuchService(AwsError):
    """The endpoint does not have the service that was called."""

    default_code = "no-such-service"


#: How an endpoint answers a call of a service that it does not have.
_CODES: Final = (
    *("UnknownOperationException", "UnknownOperation", "MissingAuthenticationTokenException"),
    *("MissingAuthenticationToken", "404"),
)
_NAMES: Final = {"lambda": "Lambda", "iam": "IAM", "logs": "CloudWatch Logs", "sqs": "SQS"}


def no_such_service(error: Exception, service: str, endpoint: str) -> NoSuchService | None:
    """The error for a call of a service that the endpoint does not have; None for any other error.

    Args:
        service: As botocore names it.
        endpoint: An address that is not AWS's.
    """
    if service not in _NAMES or code_of(error) not in _CODES:
        return None
    return NoSuchService(
        f"{_NAMES[service]} is not available at {endpoint}.",
        hint="enable-stream, send and down --table need only DynamoDB. For other commands use AWS or --local.",
    )
