"""The rights that code declares beside itself, in ``rights.json``: the function's role gets exactly those.

    {
      "required": ["SINK_ARN"],
      "allow": [
        {"variable": "SINK_ARN", "service": "sns", "actions": ["sns:Publish"], "resources": ["${SINK_ARN}"]},
        {"actions": ["s3:GetObject"], "resources": ["arn:aws:s3:::prices/*"]}
      ]
    }

``${NAME}`` stands for the function's environment variable of that name, ``${AWS::Region}`` and its like for
what CloudFormation puts there. A statement with ``variable`` counts where that variable is set, one with
``service`` besides where the variable is the ARN of that service.
"""

from __future__ import annotations

import json
import re
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from ddbinsert.core.package import Statement
from ddbinsert.errors import UsageError

if TYPE_CHECKING:
    from collections.abc import Mapping

FILE_NAME = "rights.json"

_VARIABLE = re.compile(r"\$\{(\w+)\}")


@dataclass(frozen=True, kw_only=True)
class Allowance:
    """One entry of ``allow``."""

    actions: tuple[str, ...]
    resources: tuple[str, ...]
    variable: str | None = None
    service: str | None = None

    def counts(self, environment: Mapping[str, str]) -> bool:
        if self.variable is None:
            return True
        value = environment.get(self.variable, "")
        return bool(value) and self.service in (None, service_of(value))

    def statement(self, environment: Mapping[str, str]) -> Statement:
        def filled(resource: str) -> str:
            return _VARIABLE.sub(lambda found: _bare(environment.get(found[1], "")), resource)

        return Statement(actions=self.actions, resources=tuple(filled(one) for one in self.resources))


@dataclass(frozen=True, kw_only=True)
class Declaration:
    """A whole ``rights.json``.

    Attributes:
        source: The file, as messages call it.
        required: Environment variables without which the code can't work.
    """

    source: str
    required: tuple[str, ...] = ()
    allow: tuple[Allowance, ...] = ()

    def rights(self, environment: Mapping[str, str]) -> tuple[Statement, ...]:
        """What the code needs with these environment variables.

        Raises:
            UsageError: A variable is missing, no ARN, or the ARN of a service that the code can't use.
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
        return tuple(one.statement(environment) for one in self.allow if one.counts(environment))

    def services(self, variable: str) -> tuple[str, ...]:
        """The services whose ARN a variable may hold; none where any text may stand there."""
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
                f"The environment variable {variable} is no ARN.",
                hint=f"It must be an ARN (arn:aws:SERVICE:REGION:ACCOUNT:RESOURCE) of {_listed(services)}.",
                code="variable-wrong",
            )
        if found not in services:
            raise UsageError(
                f"The environment variable {variable} is an ARN of {found}, which this code can't send to.",
                hint=f"It must be one of {_listed(services)}.",
                code="variable-wrong",
            )


def declaration(content: bytes, source: str) -> Declaration:
    """Read a ``rights.json``.

    Raises:
        UsageError: It isn't one.
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
            f"{source} does not declare rights: {error!r}.",
            hint='It is {"required": [NAMES], "allow": [{"actions": […], "resources": […]}]}.',
            code="rights-not-readable",
        ) from error


def service_of(arn: str) -> str | None:
    """The service in an ARN; None where it is none."""
    parts = arn.strip().split(":", 5)
    return parts[2] if len(parts) == 6 and parts[0] == "arn" and parts[2] and parts[5] else None


def _allowance(entry: Mapping[str, Any]) -> Allowance:
    unknown = set(entry) - {"actions", "resources", "variable", "service"}
    if unknown:
        raise ValueError(f"unknown: {', '.join(sorted(unknown))}")
    actions, resources = _texts(entry["actions"]), _texts(entry["resources"])
    if not actions or not resources:
        raise ValueError("actions and resources must not be empty")
    variable, service = (entry.get(name) for name in ("variable", "service"))
    if not all(one is None or isinstance(one, str) for one in (variable, service)):
        raise TypeError("variable and service are texts")
    return Allowance(actions=actions, resources=resources, variable=variable, service=service)


def _texts(values: Any) -> tuple[str, ...]:
    if not isinstance(values, list) or not all(isinstance(value, str) for value in values):
        raise TypeError("a list of texts is wanted")
    return tuple(values)


def _bare(value: str) -> str:
    """An ARN without the wildcard of log groups and a bucket's closing slash, which are added where needed."""
    return value.strip().removesuffix(":*").removesuffix("/")


def _listed(services: tuple[str, ...]) -> str:
    return ", ".join(dict.fromkeys(services))
