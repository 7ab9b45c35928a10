"""A trigger as infrastructure code: from the deployed resources, or from the configuration."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING, NamedTuple

from ddbinsert.advice import TABLE, Advice
from ddbinsert.errors import PrerequisiteError, UsageError
from ddbinsert.export.formats import ARCHIVE, ExportFormat
from ddbinsert.files import replace_file

if TYPE_CHECKING:
    from pathlib import Path

    from ddbinsert.aws.session.session import Aws
    from ddbinsert.core.model.seen import World
    from ddbinsert.core.model.wanted import Trigger
    from ddbinsert.core.trigger.reporter import Reporter
    from ddbinsert.export.model import Exported


class Files(NamedTuple):
    """The result of an export.

    Attributes:
        texts: Text files by name.
        archive: The function's code; None if it is not known.
        notes: What the export does not contain, and what to do about it.
    """

    texts: dict[str, str]
    archive: bytes | None
    notes: tuple[str, ...]


def export(
    aws: Aws, trigger: Trigger, form: ExportFormat, *, base: Path, live: bool, reporter: Reporter
) -> Files:
    """The files of a trigger in one format.

    Args:
        base: The folder that relative paths of the configuration are resolved against.
        live: Export the deployed resources, including those that ddbinsert did not create; otherwise the
            configuration. Nothing is changed in either case.

    Raises:
        PrerequisiteError: The table or, for a live export, its function or mapping does not exist.
    """
    exported = _live(aws, trigger, reporter) if live else _wanted(aws, trigger, base, reporter)
    return Files(texts=_texts(exported, form), archive=exported.archive, notes=exported.notes)


def _texts(exported: Exported, form: ExportFormat) -> dict[str, str]:
    match form:
        case ExportFormat.TERRAFORM:
            from ddbinsert.export.terraform import terraform

            return terraform(exported)
        case ExportFormat.CLOUDFORMATION:
            from ddbinsert.export.cloudformation import cloudformation

            return cloudformation(exported)
        case ExportFormat.SAM:
            from ddbinsert.export.cloudformation import sam

            return sam(exported)
        case ExportFormat.CDK_PYTHON:
            from ddbinsert.export.cdk import cdk_python

            return cdk_python(exported)
        case ExportFormat.PULUMI_YAML:
            from ddbinsert.export.pulumi import pulumi

            return pulumi(exported)


def _live(aws: Aws, trigger: Trigger, reporter: Reporter) -> Exported:
    from ddbinsert.aws.read.observe import with_shown_filters
    from ddbinsert.aws.read.ownership import with_belongings
    from ddbinsert.aws.read.resources import read_configuration
    from ddbinsert.export.notes import unexported
    from ddbinsert.export.resources import from_live
    from ddbinsert.operations.existing_resources import missing_table, trigger_world

    world = trigger_world(aws, trigger, role=True, others=True, owners=True, warn=reporter.warn)
    world = with_shown_filters(aws, world)
    reporter.header(account=world.account, region=world.region, table=trigger.table)
    if world.table is None:
        raise missing_table(aws, trigger.table, world.region)
    if world.function is None or world.live_mapping is None:
        raise PrerequisiteError(
            f"Function {trigger.function_name} has no event source mapping on the live stream of {trigger.table}.",
            hint=Advice("List the stream's consumers", ("status", TABLE)),
            code="no-mapping",
        )
    if world.function.package_type != "Zip":
        raise UsageError(
            f"Function {world.function.name} runs a container image, which is not exported.",
            hint="Declare the function by hand; `export` is for functions whose code is an archive.",
            code="image-not-exported",
        )
    name = world.function.name
    world, configuration = aws.side_by_side(
        lambda: with_belongings(aws, world, trigger.failure_queue), lambda: read_configuration(aws, name)
    )
    return from_live(
        trigger,
        world,
        _archive_of(world),
        description=configuration.get("Description") or "",
        unexported=unexported(configuration),
    )


def _archive_of(world: World) -> bytes | None:
    """The function's archive, if it is byte for byte one of ddbinsert's templates."""
    from ddbinsert.operations.verify.own_code import packed_template

    found = packed_template(world.function) if world.function is not None else None
    return None if found is None else found[1].zip_bytes


def _wanted(aws: Aws, trigger: Trigger, base: Path, reporter: Reporter) -> Exported:
    from ddbinsert.core.filters.insert_only import insert_patterns
    from ddbinsert.export.resources import from_wanted
    from ddbinsert.operations.existing_resources import existing_table
    from ddbinsert.operations.provision import code

    table = existing_table(aws, trigger.table)
    reporter.header(account=None, region=aws.region, table=trigger.table)
    package = code.build(trigger, base, lambda: aws)
    if package.image is not None or package.stored is not None:
        raise UsageError(
            "Code in S3 or in a container image is not exported from a configuration.",
            hint="Attach the trigger, then export the deployed resources: --from-live.",
            code="code-not-exported",
        )
    mapping = replace(trigger.mapping, filters=insert_patterns(trigger.mapping.filters))
    return from_wanted(replace(trigger, mapping=mapping), table, package, aws.region or "")


def write(files: Files, folder: Path, *, force: bool) -> list[Path]:
    """Write the files; return the paths that were written.

    Args:
        force: Overwrite existing files.

    Raises:
        UsageError: A file already exists, or the folder cannot be written.
    """
    contents: dict[str, str | bytes] = {**files.texts}
    if files.archive is not None:
        contents[ARCHIVE] = files.archive
    there = [name for name in contents if (folder / name).exists()]
    if there and not force:
        raise UsageError(
            f"{folder} already has {', '.join(there)}.",
            hint="Choose another folder, or overwrite with --yes.",
            code="file-exists",
        )
    try:
        folder.mkdir(parents=True, exist_ok=True)
        for name, content in contents.items():
            replace_file(folder / name, content)
    except OSError as error:
        raise UsageError(f"{folder} can't be written: {error}.", code="folder-not-writable") from error
    return [folder / name for name in contents]
