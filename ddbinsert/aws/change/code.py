"""Code outside the request: archives in S3, container images in ECR."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from ddbinsert.aws.errors import code_of, translated
from ddbinsert.core.model.bounds import LARGEST_UNZIPPED
from ddbinsert.core.model.package import S3Object
from ddbinsert.errors import PrerequisiteError, UsageError

if TYPE_CHECKING:
    from ddbinsert.aws.session.session import Aws
    from ddbinsert.core.model.package import Package

_MISSING = ("404", "NoSuchKey", "NoSuchBucket", "NotFound")
#: Of a HeadObject, which has no body; docs/aws-facts.md#s3-head-forbidden.
_PERHAPS_MISSING = (*_MISSING, "403")


def get_archive(aws: Aws, uri: str) -> tuple[bytes, S3Object]:
    """The archive at ``s3://BUCKET/KEY`` and its exact location, with the version if the bucket has versions.

    Raises:
        PrerequisiteError: It does not exist.
        UsageError: It is larger than Lambda's limit.
    """
    bucket, _, key = uri.removeprefix("s3://").partition("/")
    with translated(f"read {uri}"):
        try:
            answer: Any = aws.client("s3").get_object(Bucket=bucket, Key=key)
        except Exception as error:
            if code_of(error) not in _MISSING:
                raise
            raise PrerequisiteError(f"The code {uri} does not exist.", code="code-not-found") from error
        if answer["ContentLength"] > LARGEST_UNZIPPED:
            raise UsageError(
                f"The code {uri} is larger than Lambda's limit of 250 MB unzipped.", code="code-too-large"
            )
        content: bytes = answer["Body"].read()
    version = answer.get("VersionId")
    return content, S3Object(bucket=bucket, key=key, version=None if version == "null" else version)


def put_archive(aws: Aws, package: Package) -> None:
    """Upload an archive that is too large for a request to S3, once for the same bytes."""
    where = package.stored
    if where is None or not package.upload:
        return
    client = aws.client("s3")
    with translated(f"upload the code to s3://{where.bucket}/{where.key}"):
        try:
            client.head_object(Bucket=where.bucket, Key=where.key)
        except Exception as error:
            if code_of(error) not in _PERHAPS_MISSING:
                raise
            client.put_object(Bucket=where.bucket, Key=where.key, Body=package.zip_bytes)


def pinned_image(aws: Aws, uri: str) -> str:
    """The image by its digest, ``REGISTRY/REPOSITORY@sha256:…``: a tag can be moved to another image.

    Raises:
        PrerequisiteError: The image does not exist.
    """
    if "@sha256:" in uri:
        return uri
    address, _, tag = uri.rpartition(":")
    registry, _, repository = address.partition("/")
    with translated(f"find image {uri}"):
        try:
            answer = aws.client("ecr").describe_images(
                registryId=registry.partition(".")[0],
                repositoryName=repository,
                imageIds=[{"imageTag": tag}],
            )
        except Exception as error:
            if code_of(error) not in ("ImageNotFoundException", "RepositoryNotFoundException"):
                raise
            raise PrerequisiteError(
                f"The image {uri} does not exist.", hint="Push it first.", code="code-not-found"
            ) from error
    return f"{address}@{answer['imageDetails'][0]['imageDigest']}"
