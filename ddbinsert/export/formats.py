"""The formats of `export`; separate from the model, as the command line imports them at every start."""

from __future__ import annotations

from enum import StrEnum

#: The name of the file with the function's code.
ARCHIVE = "function.zip"


class ExportFormat(StrEnum):
    """A language of infrastructure code."""

    TERRAFORM = "terraform"
    CLOUDFORMATION = "cloudformation"
    SAM = "sam"
    CDK_PYTHON = "cdk-python"
    PULUMI_YAML = "pulumi-yaml"
