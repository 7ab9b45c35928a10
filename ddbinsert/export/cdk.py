"""CDK in Python, with CloudFormation's (L1) resources, so that the synthesized template is the exported one."""

from __future__ import annotations

import pprint
from typing import TYPE_CHECKING, Any

from ddbinsert.export.cloudformation import IMPORT_FILE, cloudformation, template

if TYPE_CHECKING:
    from ddbinsert.export.model import Exported

_HEAD = '''"""Insert-only trigger of table {table}."""

import aws_cdk as cdk
from constructs import Construct


class InsertTrigger(cdk.Stack):
    def __init__(self, scope: Construct, construct_id: str, **kwargs: object) -> None:
        super().__init__(scope, construct_id, **kwargs)
        for name in ("CodeBucket", "CodeKey"):
            cdk.CfnParameter(self, name, type="String")
        made = {{}}
        for name, resource in RESOURCES.items():
            made[name] = cdk.CfnResource(
                self, name, type=resource["Type"], properties=resource["Properties"]
            )
            made[name].override_logical_id(name)
            if "DependsOn" in resource:
                made[name].add_override("DependsOn", resource["DependsOn"])
{retain}

RESOURCES = {resources}

app = cdk.App()
InsertTrigger(app, "{stack}")
app.synth()
'''
_RETAIN = "            made[name].apply_removal_policy(cdk.RemovalPolicy.RETAIN)\n"


def cdk_python(exported: Exported) -> dict[str, str]:
    """The files by name."""
    resources: dict[str, Any] = template(exported)["Resources"]
    kept = {
        name: {key: value for key, value in resource.items() if not key.endswith("Policy")}
        for name, resource in resources.items()
    }
    notes = "".join(f"# {note}\n" for note in exported.notes)
    code = _HEAD.format(
        table=exported.table,
        retain=_RETAIN if exported.exists else "",
        resources=pprint.pformat(kept, width=110, sort_dicts=False),
        stack=f"{exported.table.replace('_', '-').replace('.', '-')}-inserts",
    )
    files = {"app.py": notes + code}
    if exported.exists:
        files[IMPORT_FILE] = cloudformation(exported)[IMPORT_FILE]
    return files
