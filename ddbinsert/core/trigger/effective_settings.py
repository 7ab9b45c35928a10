"""The trigger as it will be: explicit settings as given, all others as they are.

A setting is explicit when a flag, a ``DDBINSERT_*`` variable or the configuration file gives it. A setting
that is not explicit gets its default when the resource is created and is not changed afterwards.
"""

from __future__ import annotations

import contextlib
from dataclasses import replace
from typing import TYPE_CHECKING, Any

from ddbinsert.core.arn import resource_name
from ddbinsert.core.filters.insert_only import INSERT_ONLY, insert_patterns
from ddbinsert.core.model.wanted import CODE_TAG, OWN_CODE, Template
from ddbinsert.core.trigger.alias import ALIAS, alias_of
from ddbinsert.core.trigger.function_settings import FUNCTION_SETTINGS, with_values
from ddbinsert.core.trigger.settings import MAPPING_SETTINGS, as_inserts
from ddbinsert.errors import UsageError

if TYPE_CHECKING:
    from collections.abc import Mapping

    from ddbinsert.core.model.seen import FunctionState, MappingState, RoleState, World
    from ddbinsert.core.model.wanted import Trigger


def effective(want: Trigger, have: World) -> Trigger:
    """``want`` with every setting that is not explicit taken from the existing resources.

    Raises:
        UsageError: A runtime of another language is given without code for it.
    """
    if "mapping.filters" in want.explicit:
        want = replace(want, mapping=replace(want.mapping, filters=insert_patterns(want.mapping.filters)))
    want = _role_kept(mapping_kept(want, settings_source(have)), have.role)
    return want if have.function is None else _function_kept(want, have.function, have.role)


def settings_source(have: World) -> MappingState | None:
    """The mapping whose settings are kept: the live one, or ours on a replaced stream.

    A new mapping on the new stream gets the settings of the latter.
    """
    if have.live_mapping is not None:
        return have.live_mapping
    # A stream's ARN ends in the time at which it was enabled.
    ours = [mapping for mapping in have.stale_mappings if mapping.is_ours]
    return max(ours, key=lambda mapping: mapping.stream_arn, default=None)


def kept_filters(filters: tuple[str, ...]) -> tuple[str, ...]:
    """A mapping's own patterns, each restricted to inserts; a pattern that no insert can pass is left out."""
    if filters in ((), (INSERT_ONLY,)):
        return (INSERT_ONLY,)
    from ddbinsert.core.pattern.model import PatternError

    kept: list[str] = []
    for pattern in filters:
        with contextlib.suppress(PatternError):
            kept += as_inserts((pattern,))
    return tuple(dict.fromkeys(kept)) or (INSERT_ONLY,)


def mapping_kept(want: Trigger, have: MappingState | None) -> Trigger:
    """``want`` with the settings of this mapping that are not explicit."""
    if have is None:
        return want
    kept: dict[str, Any] = {
        each.name: each.present(have) for each in MAPPING_SETTINGS if each.key not in want.explicit
    }
    if kept.get("metrics", True) is None:
        kept.pop("metrics")  # the endpoint does not report it
    if ALIAS not in want.explicit:
        want = replace(want, function=replace(want.function, alias=alias_of(have)))
    if "filters" in kept:
        kept["filters"] = () if have.filters_hidden else kept_filters(have.filters)
    return replace(want, mapping=replace(want.mapping, **kept))


def _role_kept(want: Trigger, have: RoleState | None) -> Trigger:
    if have is None:
        return want
    kept: dict[str, Any] = {
        name: getattr(have, name) for name in ("boundary", "path") if f"role.{name}" not in want.explicit
    }
    return replace(want, role=replace(want.role, **kept))


def _function_kept(want: Trigger, have: FunctionState, role: RoleState | None) -> Trigger:
    explicit = want.explicit
    kept: dict[str, Any] = {
        each.path: each.present(have) for each in FUNCTION_SETTINGS if each.key not in explicit
    }
    if want.gives_code and "function.handler" not in explicit and not _keeps_handler(want, have):
        kept["handler"] = None  # the code determines it
    given = want.function.environment if "function.environment" in explicit else {}
    kept["environment"] = _merged("function.environment", have.environment, given, want)
    if "function.role" not in explicit:
        kept["role"] = None if runs_as_ours(want, have, role) else have.role_arn
    if "function.architecture" not in explicit:
        kept["architecture"] = have.architecture
    want = replace(want, function=with_values(want.function, kept))
    return _code_kept(want, have)


def runs_as_ours(want: Trigger, have: FunctionState, role: RoleState | None) -> bool:
    """Whether the function's role is the one that ddbinsert creates; a role of others may have the same name."""
    return resource_name(have.role_arn) == want.role_name and (role is None or role.is_ours)


def restores_role(want: Trigger, have: FunctionState, role: RoleState | None) -> bool:
    """Whether a command restores the function's role and its policy: ddbinsert created both."""
    return have.is_ours and want.function.role is None and runs_as_ours(want, have, role)


def _keeps_handler(want: Trigger, have: FunctionState) -> bool:
    """Whether own code replaces own code, so that the present entry point is kept."""
    runtime = want.function.runtime if "function.runtime" in want.explicit else have.runtime
    is_own = want.function.code is not None or "function.template" not in want.explicit
    return have.tags.get(CODE_TAG) == OWN_CODE and is_own and _family(runtime) == _family(have.runtime)


def _merged(key: str, have: Mapping[str, str], given: Mapping[str, str], want: Trigger) -> dict[str, str]:
    """Merge by entry: given entries replace present ones, cleared entries are removed, all others stay."""
    if key in want.cleared:
        return dict(given)
    return {**{name: text for name, text in have.items() if f"{key}.{name}" not in want.cleared}, **given}


def _code_kept(want: Trigger, have: FunctionState) -> Trigger:
    """The template that the function was created from, if none is given: a new runtime may need its code again.

    Raises:
        UsageError: The function's code is not from a template, and the new runtime cannot run it.
    """
    if not want.explicit.isdisjoint({"function.template", "function.code"}):
        return want
    label = have.tags.get(CODE_TAG)
    if label in list(Template):
        return replace(want, function=replace(want.function, template=Template(label), code=None))
    if have.package_type != "Zip" or not want.gives_code:
        return want
    whose = "its own code" if label == OWN_CODE else "unknown code"
    wanted = want.function
    if _family(wanted.runtime) != _family(have.runtime):
        raise _code_needed(f"Function {have.name} runs {whose} on {have.runtime}, not on {wanted.runtime}.")
    if wanted.architecture != have.architecture:
        raise _code_needed(
            f"Function {have.name} runs {whose} on {have.architecture}; another architecture is set with the code."
        )
    return want


def _code_needed(message: str) -> UsageError:
    return UsageError(
        message, hint="Also specify the code: --code PATH or --template NAME.", code="code-needed"
    )


def knows_code(want: Trigger, have: FunctionState | None) -> bool:
    """Whether the code of the function can be built: it is given, or comes from a template."""
    if have is None or not want.explicit.isdisjoint({"function.template", "function.code"}):
        return True
    return have.tags.get(CODE_TAG) in list(Template)


def changes_code(want: Trigger, have: FunctionState) -> bool:
    """Whether this run may upload code to an existing function: code is given, or a runtime."""
    return want.gives_code and knows_code(want, have)


def _family(runtime: str) -> str:
    """``python``, ``nodejs``, …: code of one runs on every version of it."""
    return runtime.rstrip("0123456789.x")
