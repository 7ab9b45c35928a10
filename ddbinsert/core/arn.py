"""Amazon Resource Names: ``arn:PARTITION:SERVICE:REGION:ACCOUNT:RESOURCE``; the one place that parses them."""

from __future__ import annotations

import re
from functools import lru_cache
from typing import NamedTuple

_QUEUE_URL = re.compile(r"https?://sqs\.([a-z0-9-]+)\.amazonaws\.com(\.cn)?/(\d{12})/([A-Za-z0-9_.-]+)")


class Arn(NamedTuple):
    """The parts of an ARN.

    Attributes:
        partition: ``aws``, ``aws-cn``, …
        service: The service, such as ``dynamodb``, ``lambda``, ``sqs``.
        region: Empty for IAM and S3.
        account: Twelve digits; empty for S3.
        resource: The remaining parts, such as ``table/orders/stream/2026-…`` or ``function:audit:live``.
    """

    partition: str
    service: str
    region: str
    account: str
    resource: str

    @property
    def name(self) -> str:
        """The resource's own name.

        Also the table's name in a stream's ARN; a function's name is without the qualifier, a role's without
        the path, a log group's without ``:*``.
        """
        _kind, separator, rest = self.resource.partition("/")
        if self.service == "dynamodb" and separator:
            return rest.split("/")[0]
        if self.service == "iam" and separator:
            return rest.rpartition("/")[2]
        _kind, separator, rest = self.resource.partition(":")
        if self.service in ("lambda", "logs") and separator:
            return rest.split(":")[0]
        return self.resource

    @property
    def qualifier(self) -> str:
        """A function's alias or version; empty if there is none."""
        parts = self.resource.split(":")
        return parts[2] if self.service == "lambda" and len(parts) > 2 else ""

    def __str__(self) -> str:
        return ":".join(("arn", *self))


@lru_cache(maxsize=4096)
def parse_arn(text: str) -> Arn | None:
    """The parts of ``text``; None if it is not an ARN."""
    parts = text.strip().split(":", 5)
    return Arn(*parts[1:]) if len(parts) == 6 and parts[0] == "arn" and parts[5] else None


def arn_parts(text: str) -> Arn:
    """The parts of an ARN in AWS's answer; a text that is not an ARN is treated as a resource name."""
    return parse_arn(text) or Arn("aws", "", "", "", text)


def resource_name(text: str) -> str:
    """The name in an ARN, or the text itself if it is already a name."""
    return arn_parts(text).name


def qualified_name(text: str) -> str:
    """A function's name with the alias or version of its ARN: ``NAME``, or ``NAME:QUALIFIER``."""
    parts = arn_parts(text)
    return f"{parts.name}:{parts.qualifier}" if parts.qualifier else parts.name


def queue_arn(url: str) -> str | None:
    """The ARN of the SQS queue that has this URL; None if it is not the URL of a queue on AWS."""
    found = _QUEUE_URL.fullmatch(url.strip())
    if found is None:
        return None
    region, suffix, account, name = found.groups()
    partition = "aws-cn" if suffix else "aws-us-gov" if region.startswith("us-gov-") else "aws"
    return str(Arn(partition, "sqs", region, account, name))


def log_group_arn(table_arn: str, name: str) -> str:
    """A log group's ARN in the table's partition, region and account; it needs no request."""
    table = arn_parts(table_arn)
    return str(table._replace(service="logs", resource=f"log-group:{name}"))
