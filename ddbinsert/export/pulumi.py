"""Pulumi YAML: resources of the AWS provider in Pulumi's spelling, with ``import`` for existing resources."""

from __future__ import annotations

import json
import re
from typing import Any, Final

import yaml

from ddbinsert.export.formats import ARCHIVE
from ddbinsert.export.model import Exported, Ref
from ddbinsert.export.terraform import Block, PolicyText, Provided, address, attribute, provided

_TYPES: Final = {
    "aws_iam_role": ("aws:iam:Role", "role"),
    "aws_iam_role_policy": ("aws:iam:RolePolicy", "rolePolicy"),
    "aws_cloudwatch_log_group": ("aws:cloudwatch:LogGroup", "logGroup"),
    "aws_sqs_queue": ("aws:sqs:Queue", "failureQueue"),
    "aws_lambda_function": ("aws:lambda:Function", "function"),
    "aws_lambda_alias": ("aws:lambda:Alias", "alias"),
    "aws_lambda_event_source_mapping": ("aws:lambda:EventSourceMapping", "mapping"),
}
#: Arguments that have another name in Pulumi than in Terraform.
_OTHER_NAMES: Final = {"function_name": "name", "filename": "code"}


def pulumi(exported: Exported) -> dict[str, str]:
    """The file by its name."""
    document: dict[str, Any] = {
        "name": f"{exported.table}-inserts".lower(),
        "runtime": "yaml",
        "resources": {},
    }
    for one in provided(exported):
        kind, name = _TYPES[one.type]
        document["resources"][name] = _resource(one, kind, is_there=exported.exists)
    notes = "".join(f"# {note}\n" for note in exported.notes)
    return {"Pulumi.yaml": notes + yaml.safe_dump(document, sort_keys=False, width=120, allow_unicode=True)}


def _resource(one: Provided, kind: str, *, is_there: bool) -> dict[str, Any]:
    options: dict[str, Any] = {"import": one.import_id} if is_there else {}
    if one.depends_on:
        options["dependsOn"] = [f"${{{_TYPES[address.split('.')[0]][1]}}}" for address in one.depends_on]
    if one.ignored:
        options["ignoreChanges"] = ["code", "sourceCodeHash"]
    return {
        "type": kind,
        "properties": {_name(key, one.type): _value(value) for key, value in one.arguments.items()},
        **({"options": options} if options else {}),
    }


def _name(key: str, of: str) -> str:
    if of == "aws_lambda_function" and key in _OTHER_NAMES:
        return _OTHER_NAMES[key]
    return _camel(key)


def _camel(key: str) -> str:
    return re.sub(r"_([a-z])", lambda found: found[1].upper(), key)


def _value(value: Any) -> Any:
    match value:
        case Ref():
            kind, name = address(value).split(".")[0], attribute(value)
            return f"${{{_TYPES[kind][1]}.{_name(name, kind)}}}"
        case PolicyText():
            return json.dumps(value.content).replace("${", "$${")
        case Block():
            blocks = [
                {
                    # A block that can be repeated is a list with a plural name.
                    _camel(key) + ("s" if isinstance(inner, Block) and inner.repeats else ""): _value(inner)
                    for key, inner in content.items()
                }
                for content in value.content
            ]
            return blocks if value.repeats else blocks[0]
        case str() if value == ARCHIVE:
            return {"fn::fileArchive": f"./{ARCHIVE}"}
        case str():
            return value.replace("${", "$${")
        case dict():
            return {key: _value(inner) for key, inner in value.items()}
        case list() | tuple():
            return [_value(one) for one in value]
        case _:
            return value
