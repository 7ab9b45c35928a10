"""Calls to AWS: one function to call, one kind of error."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Any, Protocol

if TYPE_CHECKING:
    from collections.abc import Callable

    Call = Callable[..., dict[str, Any]]

# Codes that blame what was sent, not who sent it or when.
_REJECTIONS = re.compile(
    r"^(Invalid(?!.*(Token|Signature|AccessKey|Client|KMS))|Validation|Serialization|ParamValidation|Malformed"
    r"|Unsupported|EntityTooLarge|MessageTooLong|KeyTooLong|MissingParameter)|TooLong|TooLarge"
)


class Connect(Protocol):
    """Opens the connection to a service; tests hand in their own."""

    def __call__(self, service: str, region: str | None) -> Call:
        """A function ``call(operation, **parameters)`` that answers with the operation's result."""


class ServiceError(Exception):
    """AWS answered a call with an error, or could not be reached."""

    def __init__(self, code: str, message: str) -> None:
        super().__init__(f"{code}: {message}")
        self.code = code

    @property
    def is_rejection(self) -> bool:
        """Whether what was sent is to blame, so that a part of it may go through."""
        return bool(_REJECTIONS.search(self.code))


def connect(service: str, region: str | None) -> Call:
    """The AWS SDK's client. Lambda's Python runtimes bring the SDK (boto3)."""
    import boto3
    from botocore.config import Config
    from botocore.exceptions import BotoCoreError, ClientError

    # A function lives for seconds: the SDK's own patience of a minute a try would outlast it.
    patience = Config(connect_timeout=3, read_timeout=10, retries={"mode": "standard", "max_attempts": 3})
    client = boto3.client(service, region_name=region or None, config=patience)

    def call(operation: str, **parameters: Any) -> dict[str, Any]:
        method = getattr(client, re.sub(r"(?<!^)(?=[A-Z])", "_", operation).lower())
        try:
            answer: dict[str, Any] = method(**parameters)
        except ClientError as error:
            problem = error.response.get("Error", {})
            raise ServiceError(problem.get("Code", ""), problem.get("Message", "")) from error
        except BotoCoreError as error:
            raise ServiceError(type(error).__name__, str(error)) from error
        return answer

    return call
