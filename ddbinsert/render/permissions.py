"""An IAM policy as JSON, for CloudFormation and for Terraform."""

from __future__ import annotations

import json
import re
from enum import StrEnum
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence


class PolicyFormat(StrEnum):
    """The output format of a policy."""

    JSON = "json"
    CLOUDFORMATION = "cloudformation"
    TERRAFORM = "terraform"


def written(policy: Mapping[str, Any], modes: Sequence[str], form: PolicyFormat) -> str:
    """The policy in one of the formats."""
    document = json.dumps(policy, indent=2)
    match form:
        case PolicyFormat.JSON:
            return document
        case PolicyFormat.CLOUDFORMATION:
            resource = {
                "Type": "AWS::IAM::ManagedPolicy",
                "Properties": {
                    "Description": f"Lets ddbinsert run: {', '.join(modes)}",
                    "PolicyDocument": policy,
                },
            }
            return json.dumps({"Resources": {"DdbinsertPolicy": resource}}, indent=2)
        case PolicyFormat.TERRAFORM:
            name = re.sub(r"[^a-z]+", "-", "-".join(modes)).strip("-")[:100]
            indented = document.replace("\n", "\n  ")
            return (
                f'resource "aws_iam_policy" "ddbinsert" {{\n  name   = "ddbinsert-{name}"\n'
                f"  policy = jsonencode({indented})\n}}"
            )
