"""Recognizing functions that run a template of ddbinsert, as packed by this version."""

from __future__ import annotations

from typing import TYPE_CHECKING

from ddbinsert.errors import DdbInsertError

if TYPE_CHECKING:
    from collections.abc import Iterable

    from ddbinsert.core.model.package import Package
    from ddbinsert.core.model.seen import FunctionState, MappingState
    from ddbinsert.core.model.wanted import Template


def template_of(function: FunctionState) -> Template | None:
    """The template that is byte for byte the function's code; None for any other code."""
    found = packed_template(function)
    return None if found is None else found[0]


def packed_template(function: FunctionState) -> tuple[Template, Package] | None:
    """The same, with the template's package."""
    from ddbinsert.core.model.package import Package
    from ddbinsert.core.model.wanted import Template
    from ddbinsert.handlers.archive import archive
    from ddbinsert.handlers.bundle import language_of, template_files

    try:
        language = language_of(function.runtime)
    except DdbInsertError:
        return None
    if function.handler != language.handler:
        return None
    for template in Template:
        package = Package(zip_bytes=archive(template_files(template, language)), handler=language.handler)
        if package.sha256 == function.code_sha256:
            return template, package
    return None


def partial_batch_conflicts(
    function: FunctionState, mappings: Iterable[MappingState]
) -> tuple[tuple[str, ...], bool]:
    """The mappings that interpret a template's response differently than it is meant, and whether records may be lost.

    A template without a sink does nothing that can fail for a single record.
    """
    from ddbinsert.core.trigger.partial_batch import VARIABLE, contradicts

    given = {
        VARIABLE: "true",
        **function.environment,
    }  # without the variable, a template reports single failures
    found = [
        mapping
        for mapping in mappings
        if mapping.is_enabled and contradicts(given, is_reported=mapping.report_batch_item_failures)
    ]
    if not found or not runs_a_template(function):
        return (), False
    said = function.environment.get(VARIABLE, "not set")
    lines = tuple(
        f"{VARIABLE} {said}; mapping {m.uuid}: FunctionResponseTypes "
        + ("ReportBatchItemFailures" if m.report_batch_item_failures else "none")
        for m in found
    )
    sends = bool(function.environment.get("SINK_ARN"))
    return lines, sends and any(not mapping.report_batch_item_failures for mapping in found)


def runs_a_template(function: FunctionState) -> bool:
    """Whether the function runs a template's code: its receipts show what was delivered."""
    return template_of(function) is not None
