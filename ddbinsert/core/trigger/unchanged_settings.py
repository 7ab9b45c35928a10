"""The settings that a plan does not change although they differ from their defaults: they are not given."""

from __future__ import annotations

from typing import TYPE_CHECKING

from ddbinsert.core.filters.insert_only import INSERT_ONLY
from ddbinsert.core.model.wanted import FunctionSpec, MappingSpec, RoleSpec, Trigger
from ddbinsert.core.trigger.alias import ALIAS, alias_of
from ddbinsert.core.trigger.differences import format_value
from ddbinsert.core.trigger.effective_settings import kept_filters, settings_source
from ddbinsert.core.trigger.function_settings import FUNCTION_SETTINGS
from ddbinsert.core.trigger.scope import Scope
from ddbinsert.core.trigger.settings import MAPPING_SETTINGS
from ddbinsert.core.trigger.steps import Change

if TYPE_CHECKING:
    from collections.abc import Iterator

    from ddbinsert.core.model.seen import FunctionState, LogGroupState, MappingState, RoleState, World

#: Settings that follow from the function's code, or that are reported elsewhere.
_DERIVED = frozenset(("function.handler",))


def kept_settings(want: Trigger, have: World, scope: Scope) -> Iterator[Change]:
    """The settings that differ from their defaults and are kept, because they are not given.

    Each has the present value in ``have`` and the default in ``want``.
    """
    function, mapping = have.function, settings_source(have)
    if scope is not Scope.STREAM and function is not None:
        yield from _of_function(want, function)
    if scope is not Scope.STREAM:
        yield from _of_log_group(want, have.log_group)
        if have.role is not None and have.role.is_ours:
            yield from _of_role(want, have.role)
    if scope is Scope.TRIGGER and mapping is not None:
        yield from _of_mapping(want, mapping)


def _of_function(want: Trigger, have: FunctionState) -> Iterator[Change]:
    usual = Trigger(table=want.table, function=FunctionSpec(name=want.function.name))
    for setting in FUNCTION_SETTINGS:
        present, default = setting.present(have), setting.wanted(usual, None)
        if setting.key in want.explicit or setting.key in _DERIVED or present == default:
            continue
        if isinstance(present, dict):
            yield from _variables(want, present)
        else:
            yield Change(field=setting.key, have=format_value(present), want=format_value(default))


def _of_log_group(want: Trigger, have: LogGroupState | None) -> Iterator[Change]:
    log_class = have.log_class if have is not None else ""
    if log_class not in ("", "STANDARD") and "function.log_class" not in want.explicit:
        yield Change(field="function.log_class", have=log_class, want="STANDARD")


def _of_role(want: Trigger, have: RoleState) -> Iterator[Change]:
    usual = RoleSpec()
    for name in ("boundary", "path"):
        present, default = getattr(have, name), getattr(usual, name)
        if f"role.{name}" not in want.explicit and present != default:
            yield Change(field=f"role.{name}", have=format_value(present), want=format_value(default))


def _variables(want: Trigger, present: dict[str, str]) -> Iterator[Change]:
    names = ", ".join(sorted(name for name in present if f"function.environment.{name}" not in want.cleared))
    if names:
        yield Change(field="function.environment", have=names, want="none")


def _of_mapping(want: Trigger, have: MappingState) -> Iterator[Change]:
    usual, alias = MappingSpec(), alias_of(have)
    if alias is not None and ALIAS not in want.explicit:
        yield Change(field=ALIAS, have=alias, want="none")
    for setting in MAPPING_SETTINGS:
        present, default = setting.present(have), getattr(usual, setting.name)
        if setting.name == "filters":
            default = (INSERT_ONLY,)
            if have.filters_hidden or kept_filters(have.filters) != have.filters:
                continue  # not known, or restricted to inserts
        if (
            setting.key in want.explicit
            or (present is None and setting.name == "metrics")
            or present == default
        ):
            continue
        yield Change(field=setting.key, have=format_value(present), want=format_value(default))
