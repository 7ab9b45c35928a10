"""The code that a trigger's function runs: a template of ddbinsert, or the user's own code."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

from ddbinsert.core.model.bounds import LARGEST_UNZIPPED, LARGEST_UPLOAD
from ddbinsert.core.model.package import Package, S3Object
from ddbinsert.errors import UsageError

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

    from ddbinsert.aws.session.session import Aws
    from ddbinsert.core.model.wanted import FunctionSpec, Trigger


def build(trigger: Trigger, base: Path, connect: Callable[[], Aws] | None = None) -> Package:
    """The deployment package; ``function.code`` is relative to ``base``.

    Args:
        connect: Called for code that is stored in AWS.

    Raises:
        PrerequisiteError: The code does not exist.
        UsageError: The code cannot be that of a function.
    """
    from ddbinsert import handlers

    function = trigger.function
    if function.code is None:
        package = handlers.bundle(function.template, function.runtime, function.environment)
        handlers.check_settings(function.template, function.environment)
        return package
    if function.code.startswith("s3://"):
        return _archive(function, function.code, _aws(connect, function.code))
    if is_image(function.code):
        return _image(function, function.code, _aws(connect, function.code))
    package = handlers.package_code(
        base / function.code,
        runtime=function.runtime,
        handler=function.handler,
        architecture=function.architecture,
        environment=function.environment,
        layers=bool(function.layers),
        largest_upload=LARGEST_UPLOAD if function.code_bucket is None else LARGEST_UNZIPPED,
    )
    return _through_bucket(package, function.code_bucket, trigger.function_name)


def refuse_pretence(function: FunctionSpec) -> None:
    """Refuse code that the embedded emulator accepts but does not run: the trigger would seem to work.

    Raises:
        UsageError: The emulator does not run the runtime, or the code is a container image.
    """
    from ddbinsert.handlers.entry import family_of

    family = family_of(function.runtime)
    if function.code is not None and is_image(function.code):
        what = "container images"
    elif family not in ("python", "nodejs", "provided"):
        what = f"{family} code"
    else:
        return
    raise UsageError(
        f"The embedded emulator does not run {what}; it only simulates the response.",
        hint="Use a Python, Node.js or provided.* runtime with --local, or run this one on AWS.",
        code="runtime-not-local",
    )


def is_image(code: str) -> bool:
    """Whether ``function.code`` is a container image in ECR."""
    return ".dkr.ecr." in code.partition("/")[0]


def _aws(connect: Callable[[], Aws] | None, code: str) -> Aws:
    if connect is None:
        raise UsageError(
            f"The code {code} is stored in AWS; this command does not connect to AWS.", code="code-in-aws"
        )
    return connect()


def _archive(function: FunctionSpec, uri: str, aws: Aws) -> Package:
    from ddbinsert import handlers
    from ddbinsert.aws.change.code import get_archive

    content, where = get_archive(aws, uri)
    package = handlers.package_archive(
        content,
        uri,
        runtime=function.runtime,
        handler=function.handler,
        environment=function.environment,
        layers=bool(function.layers),
    )
    return replace(package, stored=where)


def _image(function: FunctionSpec, uri: str, aws: Aws) -> Package:
    from ddbinsert.aws.change.code import pinned_image

    if function.layers:
        raise UsageError(
            "A container image cannot have layers.",
            hint="Build their content into the image, and leave function.layers out.",
            code="image-with-layers",
        )
    return Package(handler="", image=pinned_image(aws, uri))


def _through_bucket(package: Package, bucket: str | None, function: str) -> Package:
    """Upload an archive that is too large for a request to the bucket, under a name derived from its content."""
    if bucket is None or len(package.zip_bytes) <= LARGEST_UPLOAD:
        return package
    digest = package.sha256.replace("/", "_").replace("+", "-").rstrip("=")
    where = S3Object(bucket=bucket, key=f"ddbinsert/{function}/{digest}.zip")
    return replace(package, stored=where, upload=True)
