"""Rules of AWS that involve several keys, checked on the merged layers."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Final

from ddbinsert.config import keys
from ddbinsert.config.check import INVALID
from ddbinsert.core.model.bounds import ENVIRONMENT_BYTES

if TYPE_CHECKING:
    from ddbinsert.config.layers import Layer
    from ddbinsert.config.problems import Findings, Place

#: Maximum number of filters of a mapping without a higher quota.
USUAL_FILTERS: Final = 5


def check_together(layer: Layer, findings: Findings) -> None:
    """Check every rule; a rule whose keys are not valid reports nothing more."""
    for rule in (
        *(_handler_and_code, _runtime_of_template, _environment_size, _endless_retries, _many_filters),
        *(_whole_vpc, _managed_instances, _whose_role, _readable_logs),
    ):
        rule(layer, findings)


def _handler_and_code(layer: Layer, findings: Findings) -> None:
    code, handler = _value(layer, "function.code"), _value(layer, "function.handler")
    if handler and not code:
        message = "function.handler is only valid with function.code; a template has its own handler."
        findings.add("function.handler", _place(layer, "function.handler"), message)


def _runtime_of_template(layer: Layer, findings: Findings) -> None:
    runtime = _value(layer, "function.runtime")
    if _value(layer, "function.code") or not isinstance(runtime, str):
        return
    if not runtime.startswith(("python", "nodejs")):
        message = f"The templates are written in Python and Node.js; {runtime} needs code of your own (function.code)."
        findings.add("function.runtime", _place(layer, "function.runtime"), message)


def _environment_size(layer: Layer, findings: Findings) -> None:
    environment = _value(layer, "function.environment")
    if not isinstance(environment, dict):
        return
    text = json.dumps(environment, separators=(",", ":"), ensure_ascii=False)
    size = len(text.encode("utf-8", "replace"))
    if size > ENVIRONMENT_BYTES:
        findings.add(
            "function.environment",
            _place(layer, "function.environment"),
            f"The variables are too large: {size} bytes together.",
            allowed=f"at most {ENVIRONMENT_BYTES} bytes, written as one JSON object",
        )


def _endless_retries(layer: Layer, findings: Findings) -> None:
    if _value(layer, "mapping.retries") == -1 and _value(layer, "mapping.record_age") == -1:
        findings.warn(
            "mapping.retries",
            _place(layer, "mapping.retries"),
            "Without a limit on retries and age, one bad record blocks its shard for up to 24 hours.",
        )


def _many_filters(layer: Layer, findings: Findings) -> None:
    filters = _value(layer, "mapping.filters")
    if isinstance(filters, tuple) and len(filters) > USUAL_FILTERS:
        findings.warn(
            "mapping.filters",
            _place(layer, "mapping.filters"),
            f"{len(filters)} filters need a raised quota; the default is {USUAL_FILTERS} for each mapping.",
        )


def _whole_vpc(layer: Layer, findings: Findings) -> None:
    """Lambda requires both subnets and security groups, or neither."""
    both = ("function.vpc.subnets", "function.vpc.security_groups")
    for path, other in (both, both[::-1]):
        if _value(layer, path) and not _value(layer, other):
            findings.add(path, _place(layer, path), f"{path} needs {other}; Lambda requires both or neither.")


#: Maximum memory in MB of a function that is not on managed instances: docs/aws-facts.md#function-limits.
USUAL_MEMORY: Final = 10240


def _managed_instances(layer: Layer, findings: Findings) -> None:
    for path in ("function.memory", "function.ephemeral_storage"):
        size = _value(layer, path)
        if isinstance(size, int) and size > USUAL_MEMORY:
            findings.warn(
                path,
                _place(layer, path),
                f"More than {USUAL_MEMORY} MB need Lambda managed instances; Lambda refuses them for other functions.",
            )


def _whose_role(layer: Layer, findings: Findings) -> None:
    if not _value(layer, "function.role"):
        return
    for path in ("role.boundary", "role.path", "role.tags"):
        if path in layer and _value(layer, path) not in (None, keys.by_path()[path].default):
            message = f"{path} applies only to the role that ddbinsert creates, but function.role is set."
            findings.add(path, _place(layer, path), message)


def _readable_logs(layer: Layer, findings: Findings) -> None:
    log_class = _value(layer, "function.log_class")
    if log_class not in (None, "STANDARD"):
        findings.warn(
            "function.log_class",
            _place(layer, "function.log_class"),
            f"verify, tail and gaps read the log group; AWS may not show them one of class {log_class}.",
        )


def _value(layer: Layer, path: str) -> object:
    """The value of a key in the merged layers; None if it is not valid."""
    if path not in layer:
        return keys.by_path()[path].default
    value = layer[path].value
    return None if value is INVALID else value


def _place(layer: Layer, path: str) -> Place:
    return layer[path].place
