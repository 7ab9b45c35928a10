"""The parameters of a mapping besides its filters, in the spellings of CloudFormation and Terraform."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Any, Final

from ddbinsert.core.trigger.settings import MAPPING_SETTINGS
from ddbinsert.documents.declared import DeclaredSetting
from ddbinsert.documents.source import Unknown

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Mapping

    from ddbinsert.documents.source import Path

#: CloudFormation's properties have the names of the API's parameters, with one spelled differently.
TEMPLATE_NAMES: Final = {
    one.aws.replace("KMS", "Kms"): one.aws for one in MAPPING_SETTINGS if one.name != "filters"
}


def argument_name(aws: str) -> str:
    """Terraform's argument for a parameter: its name in snake case, such as batch_size for BatchSize."""
    return re.sub(r"(?<!^)(?=[A-Z])", "_", aws.replace("KMS", "Kms")).lower()


TERRAFORM_NAMES: Final = {argument_name(name): aws for name, aws in TEMPLATE_NAMES.items()}


def template_settings(
    properties: Mapping[str, Any], path: Path, resolve: Callable[[object], Any]
) -> Iterator[DeclaredSetting]:
    """The parameters in the properties of a CloudFormation resource or a SAM event."""
    for name, aws in TEMPLATE_NAMES.items():
        if name in properties:
            yield _setting(aws, resolve(properties[name]), (*path, name))


def terraform_settings(
    body: Mapping[str, Any], path: Path, resolve: Callable[[object], Any]
) -> Iterator[DeclaredSetting]:
    """The parameters in the arguments of a Terraform resource; a plan has null for arguments that are not given."""
    for name, aws in TERRAFORM_NAMES.items():
        if body.get(name) in (None, []):
            continue
        yield _setting(aws, _as_api(aws, resolve(body[name])), (*path, name))


def _as_api(aws: str, value: Any) -> Any:
    """A block, which is a list of one element in Terraform, in the API's form."""
    match aws:
        case "DestinationConfig":
            failure = _first(value, "on_failure")
            destination = _first(failure, "destination_arn")
            if failure and destination is None:
                return Unknown("it is known after apply")
            return value if isinstance(value, Unknown) else {"OnFailure": {"Destination": destination}}
        case "MetricsConfig":
            return value if isinstance(value, Unknown) else {"Metrics": _first(value, "metrics") or []}
        case _:
            return value


def _first(value: Any, key: str) -> Any:
    one = value[0] if isinstance(value, list) and value else value
    return one.get(key) if isinstance(one, dict) else None


def _setting(aws: str, value: Any, path: Path) -> DeclaredSetting:
    if isinstance(value, Unknown):
        shown = f" ({value.text})" if value.text else ""
        return DeclaredSetting(aws=aws, value=None, path=path, unknown=f"{value.reason}{shown}")
    return DeclaredSetting(aws=aws, value=_typed(value), path=path)


def _typed(value: Any) -> Any:
    """A boolean or a number that a template has as text, as its own type."""
    match value:
        case str() if value.lower() in ("true", "false"):
            return value.lower() == "true"
        case str() if value.removeprefix("-").isdecimal():
            return int(value)
        case _:
            return value
