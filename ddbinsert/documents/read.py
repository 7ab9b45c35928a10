"""Which kind of document a text is, and the mappings in it."""

from __future__ import annotations

from enum import StrEnum
from typing import TYPE_CHECKING, NamedTuple

from ddbinsert.documents import (
    cloudformation,
    project_file,
    pulumi,
    serverless,
    terraform_plan,
    terraform_source,
)
from ddbinsert.documents.source import Document, DocumentError

if TYPE_CHECKING:
    from collections.abc import Mapping
    from typing import Any

    from ddbinsert.documents.declared import DeclaredMapping


class DocumentKind(StrEnum):
    """The kinds of documents that declare mappings."""

    TEMPLATE = "template"
    PLAN = "plan"
    TERRAFORM = "terraform"
    SERVERLESS = "serverless"
    PULUMI = "pulumi"
    PROJECT = "project"


class Declarations(NamedTuple):
    """A document and the mappings on DynamoDB streams that it declares."""

    document: Document
    kind: DocumentKind
    mappings: tuple[DeclaredMapping, ...]


def document_of(name: str, text: str) -> Document | None:
    """The document of a file; None for a file of another format.

    Raises:
        DocumentError: It has a format of ours, and cannot be read.
        PrerequisiteError: The parser for Terraform sources is not installed.
    """
    lower = name.lower()
    if lower.endswith(".tf"):
        from ddbinsert.documents.hcl_document import read_hcl

        return read_hcl(name, text)
    if lower.endswith((".json", ".template")) or text.lstrip("\ufeff \t\r\n").startswith("{"):
        from ddbinsert.documents.json_document import read_json_document

        return read_json_document(name, text)
    if lower.endswith((".yaml", ".yml", ".template")):
        from ddbinsert.documents.yaml_document import read_yaml

        return read_yaml(name, text)
    return None


def declarations(document: Document, tables: Mapping[str, Any] | None = None) -> Declarations | None:
    """The mappings of a document; None for a document that declares nothing of this kind.

    Args:
        tables: Terraform tables of the module's other files, by name.
    """
    root = document.root
    if cloudformation.is_template(root):
        return Declarations(
            document, DocumentKind.TEMPLATE, tuple(cloudformation.template_mappings(document))
        )
    if terraform_plan.is_plan(root):
        return Declarations(document, DocumentKind.PLAN, tuple(terraform_plan.plan_mappings(document)))
    if serverless.is_serverless(root):
        return Declarations(
            document, DocumentKind.SERVERLESS, tuple(serverless.serverless_mappings(document))
        )
    if pulumi.is_pulumi(root):
        return Declarations(document, DocumentKind.PULUMI, tuple(pulumi.pulumi_mappings(document)))
    if project_file.is_project_file(root):
        return Declarations(document, DocumentKind.PROJECT, tuple(project_file.project_mappings(document)))
    if terraform_source.is_source(root):
        return Declarations(
            document, DocumentKind.TERRAFORM, tuple(terraform_source.source_mappings(document, tables))
        )
    return None


def is_generated(declared: Declarations) -> bool:
    """Whether the document was written by a tool, so that a correction belongs elsewhere."""
    name = declared.document.name.replace("\\", "/")
    return (
        declared.kind in (DocumentKind.PLAN, DocumentKind.PULUMI)
        or "cdk.out/" in name
        or name.endswith(".template.json")
    )


__all__ = ["Declarations", "DocumentError", "DocumentKind", "declarations", "document_of", "is_generated"]
