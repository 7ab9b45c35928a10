"""What a function runs, ready for upload: the archive, the entry point, the rights that the code needs."""

from __future__ import annotations

import base64
import hashlib
from dataclasses import field
from functools import cached_property

from ddbinsert.dataclass import dataclass

#: What Lambda does with a stream, in a function's role.
READING = ("dynamodb:DescribeStream", "dynamodb:GetRecords", "dynamodb:GetShardIterator")


@dataclass(frozen=True, kw_only=True)
class Statement:
    """One "Allow" of a role's policy.

    Attributes:
        actions: Such as ``dynamodb:PutItem``.
        resources: ARNs. They may hold CloudFormation's pseudo parameters ``${AWS::Partition}``,
            ``${AWS::Region}`` and ``${AWS::AccountId}``, so that exports can leave them to AWS.
    """

    actions: tuple[str, ...]
    resources: tuple[str, ...]

    @property
    def words(self) -> str:
        """``sqs:GetQueueUrl, sqs:SendMessage on arn:aws:sqs:…``."""
        return f"{', '.join(self.actions)} on {', '.join(self.resources)}"

    def resolved(self, *, region: str, account: str, partition: str = "aws") -> Statement:
        """The same rights in one account and region, no pseudo parameter left."""
        values = {
            "${AWS::Partition}": partition,
            "${AWS::Region}": region,
            "${AWS::AccountId}": account,
        }

        def resolve(arn: str) -> str:
            for name, value in values.items():
                arn = arn.replace(name, value)
            return arn

        return Statement(actions=self.actions, resources=tuple(resolve(arn) for arn in self.resources))


@dataclass(frozen=True, kw_only=True)
class S3Object:
    """Where an archive lies; ``version`` where its bucket keeps versions."""

    bucket: str
    key: str
    version: str | None = None


@dataclass(frozen=True, kw_only=True)
class Package:
    """A function's deployment package.

    Attributes:
        zip_bytes: The archive, the same bytes for the same content wherever it is built; empty for an image.
        handler: The entry point as Lambda spells it, such as ``handler.handler``.
        rights: What the code needs beyond reading its stream and writing its own log.
        keeps_audit_log: It is own code that was copied from the template for audit logs.
        unzipped_size: Bytes that the content takes up in the function.
        files: The number of files in the archive; 0 where it was not looked into.
        notes: What its owner should know: what was left out, what Lambda cannot read.
        stored: Where Lambda takes the archive from, instead of from the request.
        upload: It has to be put there first.
        image: A container image by its digest, ``REGISTRY/REPOSITORY@sha256:…``, instead of an archive.
    """

    zip_bytes: bytes = field(repr=False, default=b"")
    handler: str
    rights: tuple[Statement, ...] = ()
    keeps_audit_log: bool = False
    unzipped_size: int = 0
    files: int = 0
    notes: tuple[str, ...] = ()
    stored: S3Object | None = None
    upload: bool = False
    image: str | None = None

    @cached_property
    def sha256(self) -> str:
        """The archive's SHA-256 in base64, as Lambda reports it in CodeSha256; of an image its digest in hex."""
        if self.image is not None:
            return self.image.rpartition("@sha256:")[2]
        return base64.b64encode(hashlib.sha256(self.zip_bytes).digest()).decode()
