"""The permissions that code declares in its ``rights.json``: the function's role gets exactly those.

    {
      "required": ["SINK_ARN"],
      "allow": [
        {"variable": "SINK_ARN", "service": "sns", "actions": ["sns:Publish"], "resources": ["${SINK_ARN}"]},
        {"actions": ["s3:GetObject"], "resources": ["arn:aws:s3:::prices/*"]}
      ]
    }

``${NAME}`` is replaced by the function's environment variable of that name, which must be set; ``${AWS::Region}`` and
similar by the values that CloudFormation inserts. A statement with ``variable`` applies if that variable is set; with
``service`` it applies only if the variable is an ARN of that service.
"""

from __future__ import annotations

import json
import re
from typing import TYPE_CHECKING, Any

from ddbinsert.core.arn import parse_arn
from ddbinsert.core.model.package import Statement
from ddbinsert.dataclass import dataclass
from ddbinsert.errors import UsageError

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping

FILE_NAME = "rights.json"

_VARIABLE = re.compile(r"\$\{(\w+)\}")


@dataclass(frozen=True, kw_only=True)
class Allowance:
    """One entry of ``allow`` in a template's ``rights.json``.

    Attributes:
        actions: IAM actions.
        resources: ARNs, in which ``${NAME}`` is an environment variable.
        variable: The entry applies only if this environment variable is set.
        service: The entry applies only if the variable is an ARN of this service.
    """

    actions: tuple[str, ...]
    resources: tuple[str, ...]
    variable: str | None = None
    service: str | None = None

    def applies(self, environment: Mapping[str, str]) -> bool:
        """Whether its variable is set, and is an ARN of its service."""
        if self.variable is None:
            return True
        value = environment.get(self.variable, "")
        return bool(value) and self.service in (None, service_of(value))

    @property
    def variable_names(self) -> tuple[str, ...]:
        """The variables in its resources."""
        return tuple(name for one in self.resources for name in _VARIABLE.findall(one))

    def statement(self, environment: Mapping[str, str]) -> Statement:
        """The permissions with their variables replaced."""

        def filled(resource: str) -> str:
            return _VARIABLE.sub(lambda found: _bare(environment[found[1]]), resource)

        return Statement(actions=self.actions, resources=tuple(filled(one) for one in self.resources))


@dataclass(frozen=True, kw_only=True)
class Declaration:
    """A whole ``rights.json``.

    Attributes:
        source: The file's name in messages.
        required: Environment variables that the code needs.
    """

    source: str
    required: tuple[str, ...] = ()
    allow: tuple[Allowance, ...] = ()

    def rights(self, environment: Mapping[str, str]) -> tuple[Statement, ...]:
        """The permissions that the code needs with these environment variables.

        Raises:
            UsageError: A variable is missing, not an ARN, or the ARN of a service that the code cannot use.
        """
        for name in self.required:
            if not environment.get(name):
                raise UsageError(
                    f"The function needs the environment variable {name}{self._meaning(name)}.",
                    hint=f"Set it: function.environment.{name} in ddbinsert.yaml.",
                    code="variable-missing",
                )
        for name in {allowance.variable for allowance in self.allow if allowance.variable}:
            self._check(name, environment.get(name, ""))
        for name in (name for one in self.allow if one.applies(environment) for name in one.variable_names):
            if not environment.get(name, "").strip():
                raise UsageError(
                    f"{self.source} grants permissions on ${{{name}}}, but the environment variable {name} is not set.",
                    hint=f"Set it: function.environment.{name}. An empty name would grant permissions on everything.",
                    code="variable-missing",
                )
        return tuple(one.statement(environment) for one in self.allow if one.applies(environment))

    def services(self, variable: str) -> tuple[str, ...]:
        """The services whose ARN a variable may hold; empty if it may hold any text."""
        return tuple(one.service for one in self.allow if one.variable == variable and one.service)

    def _meaning(self, variable: str) -> str:
        services = self.services(variable)
        return f", an ARN of {_listed(services)}" if services else ""

    def _check(self, variable: str, value: str) -> None:
        services = self.services(variable)
        if not value or not services:
            return
        found = service_of(value)
        if found is None:
            raise UsageError(
                f"The environment variable {variable} is not an ARN.",
                hint=f"It must be an ARN (arn:aws:SERVICE:REGION:ACCOUNT:RESOURCE) of {_listed(services)}.",
                code="variable-wrong",
            )
        if found not in services:
            raise UsageError(
                f"The environment variable {variable} is an ARN of {found}, which this code cannot use.",
                hint=f"It must be one of {_listed(services)}.",
                code="variable-wrong",
            )


def declaration(content: bytes, source: str) -> Declaration:
    """Read a ``rights.json``.

    Raises:
        UsageError: The content is not valid.
    """
    try:
        document = json.loads(content)
        return Declaration(
            source=source,
            required=_texts(document.get("required", [])),
            allow=tuple(_allowance(entry) for entry in document["allow"]),
        )
    except (ValueError, TypeError, KeyError, AttributeError, RecursionError) as error:
        raise UsageError(
            f"{source} does not declare permissions: {error!r}.",
            hint='It is {"required": [NAMES], "allow": [{"actions": […], "resources": […]}]}.',
            code="rights-not-readable",
        ) from error


def service_of(arn: str) -> str | None:
    """The service in an ARN; None if it is not one."""
    parts = parse_arn(arn)
    return (parts.service or None) if parts else None


def wildcards(rights: Iterable[Statement]) -> tuple[str, ...]:
    """Warnings about broad permissions: every action of a service, or every resource."""
    found = []
    for one in rights:
        broad_actions = [
            action for action in one.actions if action.partition(":")[2] in ("", "*") or action == "*"
        ]
        if broad_actions:
            found.append(f"{_texts_of(broad_actions)} grants every action on {_texts_of(one.resources)}")
        broad = [resource for resource in one.resources if _is_everything(resource)]
        if broad:
            found.append(f"{_texts_of(one.actions)} is granted on every resource ({_texts_of(broad)})")
    return tuple(f"rights.json: {text}." for text in found)


def _texts_of(texts: Iterable[str]) -> str:
    return ", ".join(texts)


def _is_everything(resource: str) -> bool:
    """Whether a resource's name consists only of wildcards."""
    parts = parse_arn(resource)
    name = parts.resource if parts else resource
    return not re.sub(r"^[a-z-]+[/:](?=[*?/]+$)", "", name).strip("*?/:")


def _allowance(entry: Mapping[str, Any]) -> Allowance:
    unknown = set(entry) - {"actions", "resources", "variable", "service"}
    if unknown:
        raise ValueError(f"unknown: {', '.join(sorted(unknown))}")
    actions, resources = _texts(entry["actions"]), _texts(entry["resources"])
    if not actions or not resources:
        raise ValueError("actions and resources must not be empty")
    variable, service = (entry.get(name) for name in ("variable", "service"))
    if not all(one is None or isinstance(one, str) for one in (variable, service)):
        raise TypeError("variable and service must be texts")
    return Allowance(actions=actions, resources=resources, variable=variable, service=service)


def _texts(values: Any) -> tuple[str, ...]:
    if not isinstance(values, list) or not all(isinstance(value, str) for value in values):
        raise TypeError("actions, resources and required must be lists of texts")
    return tuple(values)


def _bare(value: str) -> str:
    """An ARN without a log group's wildcard or a bucket's final slash, which are added if needed."""
    return value.strip().removesuffix(":*").removesuffix("/")


def _listed(services: tuple[str, ...]) -> str:
    return ", ".join(dict.fromkeys(services))
