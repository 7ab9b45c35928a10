"""CloudFormation and SAM templates in YAML, and the file for importing existing resources into a stack."""

from __future__ import annotations

import json
from typing import Any, Final

import yaml

from ddbinsert.core.arn import arn_parts
from ddbinsert.export.formats import ARCHIVE
from ddbinsert.export.model import NAMES, Exported, Ref, Resource, ResourceType, with_refs

IMPORT_FILE: Final = "resources-to-import.json"


def cloudformation(exported: Exported) -> dict[str, str]:
    """The files by name: a template, and the resources to import if they exist."""
    files = {"template.yaml": _text(exported, template(exported))}
    if exported.exists:
        files[IMPORT_FILE] = json.dumps(_to_import(exported), indent=2) + "\n"
    return files


def sam(exported: Exported) -> dict[str, str]:
    """The same with `AWS::Serverless::Function`, whose code `sam deploy` uploads."""
    document = template(exported)
    del document["Parameters"]
    document = {"Transform": "AWS::Serverless-2016-10-31", **document}
    _publish_as_sam(document["Resources"])
    for resource in document["Resources"].values():
        if resource["Type"] == ResourceType.FUNCTION:
            resource["Type"] = "AWS::Serverless::Function"
            properties = resource["Properties"]
            del properties["Code"]
            properties["CodeUri"] = ARCHIVE
            _as_sam(properties)
            properties["Tags"] = {tag["Key"]: tag["Value"] for tag in properties.get("Tags", ())}
    files = {"template.yaml": _text(exported, document)}
    if exported.exists:
        files[IMPORT_FILE] = json.dumps(_to_import(exported), indent=2) + "\n"
    return files


def _as_sam(properties: dict[str, Any]) -> None:
    """The settings that have another name in SAM's function than in CloudFormation's."""
    if "TracingConfig" in properties:
        properties["Tracing"] = properties.pop("TracingConfig")["Mode"]
    if "DeadLetterConfig" in properties:
        target = properties.pop("DeadLetterConfig")["TargetArn"]
        properties["DeadLetterQueue"] = {
            "Type": arn_parts(target).service.upper(),
            "TargetArn": target,
        }


def _publish_as_sam(resources: dict[str, Any]) -> None:
    """The alias as a setting of the function, for which SAM publishes a version after each change."""
    if resources.pop(NAMES[ResourceType.VERSION], None) is None:
        return
    function, alias = NAMES[ResourceType.FUNCTION], resources.pop(NAMES[ResourceType.ALIAS])
    resources[function]["Properties"] |= {
        "AutoPublishAlias": alias["Properties"]["Name"],
        "AutoPublishAliasAllProperties": True,
    }
    resources[NAMES[ResourceType.MAPPING]]["Properties"]["FunctionName"] = {"Ref": f"{function}.Alias"}


#: Properties that CloudFormation spells differently from AWS's API.
_SPELLED: Final = {"KMSKeyArn": "KmsKeyArn"}


def template(exported: Exported) -> dict[str, Any]:
    """The template as plain data."""
    names = {one.name for one in exported.resources}
    return {
        "AWSTemplateFormatVersion": "2010-09-09",
        "Description": f"Insert-only trigger of table {exported.table}",
        "Parameters": {
            "CodeBucket": {"Type": "String", "Description": f"S3 bucket that holds {ARCHIVE}"},
            "CodeKey": {"Type": "String", "Description": f"Key of {ARCHIVE} in the bucket"},
        },
        "Resources": {one.name: _resource(one, exported, names) for one in exported.resources},
    }


def _resource(resource: Resource, exported: Exported, names: set[str]) -> dict[str, Any]:
    properties = dict(resource.properties)
    if resource.kind is ResourceType.FUNCTION:
        properties.pop("PackageType", None)
        properties["Code"] = {"S3Bucket": {"Ref": "CodeBucket"}, "S3Key": {"Ref": "CodeKey"}}
    after = [name for name in resource.after if name in names]
    properties = {_SPELLED.get(key, key): value for key, value in properties.items()}
    return {
        "Type": resource.kind.value,
        **({"DeletionPolicy": "Retain", "UpdateReplacePolicy": "Retain"} if exported.exists else {}),
        **({"DependsOn": after} if after else {}),
        "Properties": {key: value for key, value in with_refs(properties, _reference).items() if value != []},
    }


#: What `Ref` returns of a resource: of an alias its ARN.
_RETURNED: Final = ((NAMES[ResourceType.ALIAS], "Arn"), (NAMES[ResourceType.FUNCTION], "Name"))


def _reference(ref: Ref) -> dict[str, Any]:
    if (ref.name, ref.attribute) in _RETURNED:
        return {"Ref": ref.name}
    return {"Fn::GetAtt": [ref.name, ref.attribute]}


def _to_import(exported: Exported) -> list[dict[str, Any]]:
    return [
        {
            "ResourceType": one.kind.value,
            "LogicalResourceId": one.name,
            "ResourceIdentifier": {one.identity[0]: one.identity[1]},
        }
        for one in exported.resources
    ]


def _text(exported: Exported, document: dict[str, Any]) -> str:
    notes = "".join(f"# {note}\n" for note in exported.notes)
    return notes + yaml.safe_dump(document, sort_keys=False, width=120, allow_unicode=True)
