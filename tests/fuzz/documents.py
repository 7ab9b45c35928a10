"""Targets that are files: configuration and templates."""

from __future__ import annotations

import contextlib
import json
import tempfile
from functools import cache
from pathlib import Path
from typing import TYPE_CHECKING

import jsonschema
import yaml

from ddbinsert.config.json_schema import schema
from ddbinsert.config.loading import load_every
from ddbinsert.core.filters.lint.report import KnownStream
from ddbinsert.documents.read import declarations, document_of
from ddbinsert.documents.source import DocumentError
from ddbinsert.errors import DdbInsertError
from ddbinsert.operations.lint_documents import check_document
from tests.fuzz.model import Target, mangled, recorded, split, text_of

if TYPE_CHECKING:
    from ddbinsert.config.loading import Configurations


def _loaded(path: Path, variables: dict[str, str]) -> Configurations:
    return load_every(path, cwd=path.parent, variables=variables, flags={})


def check_configuration(data: bytes) -> None:
    """A file is refused with its problems, or means the same at every reading and agrees with the JSON Schema."""
    with tempfile.TemporaryDirectory(prefix="fuzz-") as folder:
        path = Path(folder) / "ddbinsert.yaml"
        path.write_bytes(data)
        try:
            found = _loaded(path, {})
        except DdbInsertError:
            pass
        else:
            again = _loaded(path, {})
            assert [one.values for one in found.chosen] == [one.values for one in again.chosen]
            _check_schema(data)
        text = text_of(data).replace("\0", "")
        with contextlib.suppress(DdbInsertError):
            _loaded(path, {"DDBINSERT_TABLE": "orders", "DDBINSERT_FUNCTION_ENVIRONMENT": text})


@cache
def _schema() -> jsonschema.Draft202012Validator:
    return jsonschema.Draft202012Validator(schema())


def _check_schema(data: bytes) -> None:
    """What is accepted is valid by the schema, as far as it is JSON to PyYAML."""
    try:
        document = json.loads(json.dumps(yaml.safe_load(data), allow_nan=False))
    except (yaml.YAMLError, ValueError, TypeError, RecursionError):
        return
    if document is not None:
        assert _schema().is_valid(document), list(_schema().iter_errors(document))


def _json_seeds() -> list[bytes]:
    return [json.dumps(yaml.safe_load(seed)).encode() for seed in recorded("configuration")]


_NAMES = (
    "a.yaml",
    "a.json",
    "a.template",
    "a.tf",
    "serverless.yml",
    "Pulumi.yaml",
    "plan.json",
    "ddbinsert.yaml",
)


#: Seeds that are JSON.
_JSON = ("cloudformation", "terraform-json", "plan", "sst")


def check_template(data: bytes) -> None:
    """A document is refused, or every filter in it is judged; JSON is read as Python's parser reads it.

    The first byte chooses the name, and so the format.
    """
    name, text = _NAMES[data[0] % len(_NAMES)] if data else "a.yaml", text_of(data[1:])
    try:
        document = document_of(name, text)
    except (DdbInsertError, DocumentError):
        return
    if document is None:
        return
    if name.endswith(".json"):
        assert document.root == json.loads(text.removeprefix("\ufeff"))
    try:
        found = declarations(document)
    except (DdbInsertError, DocumentError):
        return
    if found is not None:
        for required in (False, True):
            check_document(found, require_insert_only=required, known=KnownStream())


TARGETS = (
    Target(
        name="configuration",
        check=check_configuration,
        tokens=split(
            "table: ¦\n  ¦null¦~¦[]¦{}¦&a ¦*a¦<<: ¦!!python/name:x¦- ¦: ¦\t¦\ufeff¦|\n¦triggers:\n¦"
            "mapping:\n¦batch_size: ¦1e400¦0o17¦1:30¦yes¦.nan¦2026-01-01¦#¦%YAML 9\n¦"
            'environment:\n  A: ¦filters:\n- ¦tags: ¦"\\ud800"¦role: ¦? ¦---\n¦=\n¦name: a\n'
        ),
        structured=lambda: mangled(_json_seeds()),
    ),
    Target(
        name="template",
        check=check_template,
        tokens=split(
            "Fn::Sub¦!Sub ¦!If [¦null¦[]¦{}¦Resources:\n¦Type: AWS::Lambda::EventSourceMapping\n¦"
            "&a ¦*a¦<<: ¦FilterCriteria¦Filters¦Pattern¦\\ud800¦1e999¦${¦}¦jsonencode(¦for_each¦"
            'dynamic ¦<<EOF\n¦EOF\n¦"planned_values"¦aws_lambda_event_source_mapping¦'
            "AWS::Serverless::Function¦events:\n¦stream:\n¦\t¦- ¦? ¦Fn::Transform¦Properties¦"
            '"Fn::ForEach::x"¦functions:\n¦0x¦!!binary ¦"""¦%¦\x00'
        ),
        structured=lambda: mangled(recorded("template", *_JSON), len(_NAMES)),
    ),
)
