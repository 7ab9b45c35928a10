"""Comparing a live trigger with its declaration in templates and plans."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from ddbinsert.advice import TABLE, Advice
from ddbinsert.core.doctor.facts import DeclarationSeen
from ddbinsert.dataclass import dataclass
from ddbinsert.documents.compare import DeclaredDrift, Placed, candidates, compare
from ddbinsert.documents.source import DocumentError
from ddbinsert.errors import UsageError
from ddbinsert.operations.existing_resources import missing_table

if TYPE_CHECKING:
    from collections.abc import Sequence
    from pathlib import Path

    from ddbinsert.aws.context import Context
    from ddbinsert.core.model.seen import World
    from ddbinsert.core.model.wanted import Trigger
    from ddbinsert.core.proof.verdict import Finding

#: CloudFormation's tag with a resource's name in its template.
_LOGICAL_ID: Final = "aws:cloudformation:logical-id"
_SHOWN: Final = 8


@dataclass(frozen=True, kw_only=True)
class DeclaredMappings:
    """Every declared mapping on a DynamoDB stream.

    Attributes:
        file: The first file or folder that was given.
        resource: The name of the selected resource, if given.
        unread: What could not be read in the given folders, one sentence each.
    """

    placed: tuple[Placed, ...]
    file: str
    resource: str | None
    unread: tuple[str, ...] = ()


def declared_mappings(names: Sequence[str], cwd: Path, resource: str | None = None) -> DeclaredMappings:
    """Every mapping on a DynamoDB stream that files and folders declare.

    Raises:
        DocumentError: A file that was given itself cannot be read.
        UsageError: No file declares a mapping.
    """
    from ddbinsert.operations.document_files import declared_in, files_of

    found: list[Placed] = []
    unread: list[str] = []
    for name, given in files_of(names, cwd, unread):
        try:
            declared = declared_in(name, cwd)
        except DocumentError as error:
            if given:
                raise
            unread.append(error.message)
            continue
        if declared is not None:
            found += [Placed(declared.document, mapping) for mapping in declared.mappings]
            unread += [f"{declared.document.incomplete}."] if declared.document.incomplete else []
    if not found:
        raise UsageError(
            f"No event source mapping on a DynamoDB stream is declared in {', '.join(names)}.",
            hint="Give a CloudFormation or SAM template, cdk.out, a Terraform plan as JSON or its sources.",
            code="nothing-declared",
        )
    return DeclaredMappings(placed=tuple(found), file=names[0], resource=resource, unread=tuple(unread))


def compare_with_declaration(
    context: Context, trigger: Trigger, declared: DeclaredMappings, *, known: World | None
) -> DeclaredDrift:
    """Compare a trigger with its declaration; changes nothing.

    Args:
        trigger: The trigger, with the function to compare.
        known: What was already read; it is not read again.

    Raises:
        PrerequisiteError: The table does not exist.
        UsageError: No declaration matches, or several do.
        AwsError: AWS refused a read.
    """
    from ddbinsert.aws.read.observe import observe

    world = known or observe(context.aws, trigger, role=False)
    if world.table is None:
        raise missing_table(context.aws, trigger.table, world.region)
    return _against(trigger, world, declared)


def declaration_seen(trigger: Trigger, world: World, declared: DeclaredMappings) -> DeclarationSeen:
    """The same for doctor, with what it has read.

    Raises:
        UsageError: No declaration matches, or several do.
    """
    found = _against(trigger, world, declared)
    place = found.declared.place
    if found.compared is None:
        different: tuple[str, ...] = (f"event source mapping: declared in {place}, live missing",)
    else:
        different = tuple(
            f"{one.field}: declared {one.want} in {one.place}, live {one.have}"
            for one in found.compared.different
        )
    return DeclarationSeen(
        resource=found.declared.mapping.name,
        place=place,
        file=declared.file,
        different=different,
    )


def declaration_finding(
    context: Context, trigger: Trigger, declared: DeclaredMappings, *, known: World | None
) -> Finding | None:
    """The same for verify, whose verdict it does not change; None if the trigger matches its declaration.

    Raises:
        PrerequisiteError: The table does not exist.
        UsageError: No declaration, or more than one, may be meant.
        AwsError: AWS refused a read.
    """
    from ddbinsert.core.proof.causes.catalog import Cause
    from ddbinsert.core.proof.verdict import Finding, Weight

    world = compare_with_declaration(context, trigger, declared, known=known).world
    seen = declaration_seen(trigger, world, declared)
    if not seen.different:
        return None
    return Finding(
        code=Cause.DIFFERS_FROM_DECLARATION,
        weight=Weight.NOTE,
        text=f"{seen.resource} is declared in {seen.place}; live it is different",
        evidence=seen.different,
        mend=Advice(
            "Deploy the declaration again, or change it; compare with",
            ("drift", TABLE, "--against", seen.file),
        ),
    )


def _against(trigger: Trigger, world: World, declared: DeclaredMappings) -> DeclaredDrift:
    one = _declaration(trigger, world, declared.placed, declared.resource)
    live = world.live_mapping
    return DeclaredDrift(
        trigger=trigger,
        world=world,
        declared=one,
        compared=None if live is None else compare(one, live, world),
    )


def _declaration(trigger: Trigger, world: World, placed: Sequence[Placed], resource: str | None) -> Placed:
    if resource is not None:
        found = [one for one in placed if one.mapping.name == resource]
    else:
        tags = (world.function.tags if world.function is not None else None) or {}
        names = [trigger.function_name, *([tags[_LOGICAL_ID]] if _LOGICAL_ID in tags else [])]
        found = candidates(placed, table=trigger.table, functions=names)
    match found:
        case [one]:
            return one
        case []:
            what = (
                f"is called {resource}" if resource is not None else f"may be that of {trigger.function_name}"
            )
            raise UsageError(
                f"None of the declared mappings {what}: {_listed(placed)}.",
                hint="Choose one with --resource NAME.",
                code="declaration-not-found",
            )
        case several:
            raise UsageError(
                f"{len(several)} declared mappings may be that of {trigger.function_name}: {_listed(several)}.",
                hint="Choose one with --resource NAME.",
                code="declaration-ambiguous",
            )


def _listed(placed: Sequence[Placed]) -> str:
    more = f" and {len(placed) - _SHOWN} more" if len(placed) > _SHOWN else ""
    return ", ".join(f"{one.mapping.name} ({one.place})" for one in placed[:_SHOWN]) + more
