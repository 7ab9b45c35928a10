"""The formats of `export`; apart from the model, as the command line reads them at every start."""

from __future__ import annotations

from enum import StrEnum

#: The name of the file that holds the function's code.
ARCHIVE = "function.zip"


class ExportFormat(StrEnum):
    """A language of infrastructure code."""

    TERRAFORM = "terraform"
    CLOUDFORMATION = "cloudformation"
    SAM = "sam"
    CDK_PYTHON = "cdk-python"
    PULUMI_YAML = "pulumi-yaml"
