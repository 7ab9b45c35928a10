"""A function's code, ready for upload: the archive, the entry point, and the rights that the code needs."""

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
    """One "Allow" statement of a role's policy.

    Attributes:
        actions: IAM actions, such as ``dynamodb:PutItem``.
        resources: ARNs. They may contain CloudFormation's pseudo parameters ``${AWS::Partition}``,
            ``${AWS::Region}`` and ``${AWS::AccountId}``, which exports leave unresolved.
    """

    actions: tuple[str, ...]
    resources: tuple[str, ...]

    @property
    def words(self) -> str:
        """``sqs:GetQueueUrl, sqs:SendMessage on arn:aws:sqs:…``."""
        return f"{', '.join(self.actions)} on {', '.join(self.resources)}"

    def resolved(self, *, region: str, account: str, partition: str = "aws") -> Statement:
        """The same rights with the pseudo parameters replaced by one account and region."""
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
    """The location of an archive in S3.

    Attributes:
        bucket: The bucket's name.
        key: The object's key.
        version: The object's version; None if the bucket is not versioned.
    """

    bucket: str
    key: str
    version: str | None = None


@dataclass(frozen=True, kw_only=True)
class Package:
    """A function's deployment package.

    Attributes:
        zip_bytes: The archive; the same content gives the same bytes on every machine. Empty for an image.
        handler: The entry point in Lambda's format, such as ``handler.handler``.
        rights: Rights that the code needs in addition to reading its stream and writing its log.
        keeps_audit_log: Whether it is the user's own code, copied from the audit log template.
        unzipped_size: Size of the unzipped content in bytes.
        files: The number of files in the archive; 0 if the archive was not read.
        notes: Notes for the user: files that were left out, files that Lambda cannot read.
        stored: The S3 object that Lambda reads the archive from, instead of from the request.
        upload: Whether the archive has to be uploaded there first.
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
