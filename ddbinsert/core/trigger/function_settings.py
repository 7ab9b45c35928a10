"""The settings of a function, one row each: configuration key, AWS's name, how it is read and written.

A new option is a field of `core.model.wanted.FunctionSettings`, a row here and a flag in ``cli.options``.
"""

from __future__ import annotations

from dataclasses import replace
from operator import attrgetter
from typing import TYPE_CHECKING, Any, Final, NamedTuple, TypeVar

from ddbinsert.core.model.wanted import FunctionSettings

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

    from ddbinsert.core.model.package import Package
    from ddbinsert.core.model.seen import FunctionState
    from ddbinsert.core.model.wanted import Trigger

Answer = dict[str, Any]


def _same(value: Any) -> Any:
    return value


class FunctionSetting(NamedTuple):
    """One setting that UpdateFunctionConfiguration changes.

    Attributes:
        key: The configuration key; also the label in plans.
        aws: AWS's parameter. Several settings may share one, each with its own members.
        wanted: Returns the wanted value. The package provides the handler if none is given; it is None if no
            code is given.
        present: Returns the value of an existing function.
        write: Converts the wanted value to AWS's. Clearing is explicit, as with mappings.
        read: Converts AWS's value to that of the field of `FunctionSettings`; it is given None if an answer
            omits the parameter. A setting without ``read`` is not a field of `FunctionSettings`.
        of_archives: Whether a container image has no such setting.
        replaces: Whether a change removes something, so that it must be confirmed.
    """

    key: str
    aws: str
    wanted: Callable[[Trigger, Package | None], object]
    present: Callable[[FunctionState], object]
    write: Callable[[Any], object] = _same
    read: Callable[[Any], object] | None = None
    of_archives: bool = False
    replaces: bool = False

    @property
    def path(self) -> str:
        """The path of the value in `FunctionSpec`: ``vpc.subnets``."""
        return self.key.removeprefix("function.")

    @property
    def usual(self) -> object:
        """AWS's default of a setting with ``read``."""
        return attrgetter(self.path)(_USUAL)


_USUAL: Final = FunctionSettings()


def _handler(trigger: Trigger, package: Package | None) -> str | None:
    return trigger.function.handler or (package.handler if package is not None else None)


def _of_function(
    path: str,
    aws: str,
    read: Callable[[Any], object],
    write: Callable[[Any], object],
    *,
    replaces: bool = False,
) -> FunctionSetting:
    """A setting that is a field of `FunctionSettings`."""
    value = attrgetter(path)
    return FunctionSetting(
        f"function.{path}",
        aws,
        lambda trigger, _: value(trigger.function),
        value,
        write,
        read,
        replaces=replaces,
    )


def _member(name: str, default: object = None) -> Callable[[Any], object]:
    """A member of AWS's answer; its default if the answer omits it or has an empty one."""
    return lambda value: (value or {}).get(name) or default


def _in_order(ids: tuple[str, ...]) -> tuple[str, ...]:
    """IDs in sorted order: their order has no meaning, and AWS may change it."""
    return tuple(sorted(ids))


def _of_vpc(name: str, member: str) -> FunctionSetting:
    value = attrgetter(name)
    return FunctionSetting(
        f"function.vpc.{name}",
        "VpcConfig",
        lambda trigger, _: _in_order(value(trigger.function.vpc)),
        lambda have: _in_order(value(have.vpc)),
        lambda ids: {member: list(ids)},
        lambda answer: _in_order(tuple((answer or {}).get(member) or ())),
        replaces=True,
    )


FUNCTION_SETTINGS: Final = (
    FunctionSetting(
        "function.runtime",
        "Runtime",
        lambda trigger, _: trigger.function.runtime,
        lambda have: have.runtime,
        of_archives=True,
    ),
    FunctionSetting("function.handler", "Handler", _handler, lambda have: have.handler, of_archives=True),
    FunctionSetting(
        "function.layers",
        "Layers",
        lambda trigger, _: trigger.function.layers,
        lambda have: have.layers,
        list,
        of_archives=True,
        replaces=True,
    ),
    FunctionSetting(
        "function.memory", "MemorySize", lambda trigger, _: trigger.function.memory, lambda have: have.memory
    ),
    FunctionSetting(
        "function.timeout", "Timeout", lambda trigger, _: trigger.function.timeout, lambda have: have.timeout
    ),
    _of_function(
        "ephemeral_storage", "EphemeralStorage", _member("Size", 512), lambda megabytes: {"Size": megabytes}
    ),
    FunctionSetting(
        "function.environment",
        "Environment",
        lambda trigger, _: dict(trigger.function.environment),
        lambda have: dict(have.environment),
        lambda variables: {"Variables": dict(variables)},
        replaces=True,
    ),
    _of_vpc("subnets", "SubnetIds"),
    _of_vpc("security_groups", "SecurityGroupIds"),
    _of_function("kms_key", "KMSKeyArn", lambda arn: arn or None, lambda arn: arn or ""),
    _of_function("tracing", "TracingConfig", _member("Mode", "PassThrough"), lambda mode: {"Mode": mode}),
    _of_function(
        "dead_letter",
        "DeadLetterConfig",
        _member("TargetArn"),
        lambda arn: {"TargetArn": arn or ""},
        replaces=True,
    ),
    _of_function(
        "log_format", "LoggingConfig", _member("LogFormat", "Text"), lambda word: {"LogFormat": word}
    ),
    FunctionSetting(
        "function.log_group",
        "LoggingConfig",
        lambda trigger, _: trigger.log_group,
        lambda have: have.log_group or f"/aws/lambda/{have.name}",
        lambda name: {"LogGroup": name},
        replaces=True,
    ),
)


def function_fields(answer: Mapping[str, Any]) -> dict[str, Any]:
    """The values of the fields of `FunctionSettings` in AWS's answer."""
    found = {
        each.path: each.read(answer.get(each.aws)) for each in FUNCTION_SETTINGS if each.read is not None
    }
    return vars(with_values(_USUAL, found))


Spec = TypeVar("Spec", bound=FunctionSettings)


def with_values(spec: Spec, values: Mapping[str, Any]) -> Spec:
    """The specification with values by path: ``memory``, ``vpc.subnets``."""
    flat = {path: value for path, value in values.items() if "." not in path}
    nested: dict[str, dict[str, Any]] = {}
    for path, value in values.items():
        section, dot, name = path.partition(".")
        if dot:
            nested.setdefault(section, {})[name] = value
    return replace(
        spec, **flat, **{name: replace(getattr(spec, name), **inner) for name, inner in nested.items()}
    )


def function_parameters(
    trigger: Trigger, package: Package | None, keys: frozenset[str] | None = None
) -> Answer:
    """The parameters of a request that sets a function's configuration, by AWS's name.

    Args:
        keys: Write these settings, and those that share a parameter with them; None writes every setting
            whose value differs from AWS's default.
    """
    is_image = package is not None and package.image is not None
    shared = None if keys is None else {each.aws for each in FUNCTION_SETTINGS if each.key in keys}
    written: Answer = {}
    for each in FUNCTION_SETTINGS:
        wanted = each.wanted(trigger, package)
        is_sent = (each.read is None or wanted != each.usual) if shared is None else each.aws in shared
        if is_sent and not (is_image and each.of_archives):
            written[each.aws] = joined(written.get(each.aws), each.write(wanted))
    if is_image and (keys is None or "function.handler" in keys):
        command = trigger.function.handler
        written["ImageConfig"] = {"Command": [command]} if command else {}
    return written


def joined(first: object, second: object) -> object:
    """The members of two settings that share a parameter."""
    return {**first, **second} if isinstance(first, dict) and isinstance(second, dict) else second


def present_parameters(have: FunctionState) -> Answer:
    """Every setting of an existing function, by AWS's name."""
    written: Answer = {}
    for each in FUNCTION_SETTINGS:
        present = each.present(have)
        if each.read is None or present != each.usual:
            written[each.aws] = joined(written.get(each.aws), each.write(present))
    return written
