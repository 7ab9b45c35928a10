"""Endpoints that have only DynamoDB, such as DynamoDB Local and dynalite."""

from __future__ import annotations

from typing import Final

from ddbinsert.aws.errors import code_of
from ddbinsert.errors import AwsError


class NoSuchService(AwsError):
    """The endpoint does not have the service that was called."""

    default_code = "no-such-service"


#: Error codes with which endpoints answer calls of a service that they do not have.
_CODES: Final = (
    *("UnknownOperationException", "UnknownOperation", "MissingAuthenticationTokenException"),
    *("MissingAuthenticationToken", "404"),
)
_NAMES: Final = {"lambda": "Lambda", "iam": "IAM", "logs": "CloudWatch Logs", "sqs": "SQS"}


def no_such_service(error: Exception, service: str, endpoint: str) -> NoSuchService | None:
    """The error for a call of a service that the endpoint does not have; None for any other error.

    Args:
        service: The service's name in botocore.
        endpoint: An address that is not an AWS endpoint.
    """
    if service not in _NAMES or code_of(error) not in _CODES:
        return None
    return NoSuchService(
        f"{_NAMES[service]} is not available at {endpoint}.",
        hint="enable-stream, send and down --table need only DynamoDB. For other commands use AWS or --local.",
    )
