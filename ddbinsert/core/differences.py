"""What differs between a function or mapping as it stands and the wanted one, setting by setting."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING

from ddbinsert.core.insert_filter import insert_patterns
from ddbinsert.core.steps import Change

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

    from ddbinsert.core.model import FunctionState, MappingState, Trigger
    from ddbinsert.core.package import Package


def code_differs(want: Trigger, have: FunctionState, package: Package) -> bool:
    """Whether an upload is needed; the architecture, too, goes with the code (UpdateFunctionCode)."""
    return have.code_sha256 != package.sha256 or have.architecture != want.function.architecture


def function_changes(want: Trigger, have: FunctionState, package: Package) -> Iterator[Change]:
    """The settings that UpdateFunctionConfiguration has to change."""
    wanted = want.function
    yield from _differences(
        *_entry_point(want, have, package),
        ("function.memory", have.memory, wanted.memory),
        ("function.timeout", have.timeout, wanted.timeout),
        ("function.log_group", have.log_group, want.log_group),
        *_role(want, have),
    )
    if dict(have.environment) != dict(wanted.environment):
        yield _environment(have.environment, wanted.environment)


def _entry_point(
    want: Trigger, have: FunctionState, package: Package
) -> Iterator[tuple[str, object, object]]:
    if package.image is None:
        yield "function.runtime", have.runtime, want.function.runtime
        yield "function.handler", have.handler, want.function.handler or package.handler
        yield "function.layers", ", ".join(have.layers) or None, ", ".join(want.function.layers) or None


def _role(want: Trigger, have: FunctionState) -> Iterator[tuple[str, object, object]]:
    """A given role is compared by its ARN; one of our own by its name, as its ARN may not be known yet."""
    if want.function.role is not None:
        yield "function.role", have.role_arn, want.function.role
    elif have.role_arn.rsplit("/", 1)[-1] != want.role_name:
        yield "function.role", have.role_arn, want.role_name


def _environment(have: Mapping[str, str], want: Mapping[str, str]) -> Change:
    """Names only, as values may be secrets; a name whose value differs is marked."""
    kept = have.keys() & want.keys()
    changed = {name for name in kept if have[name] != want[name]}
    return Change(
        field="function.environment",
        have=", ".join(sorted(have)) or "none",
        want=", ".join(f"{name} (another value)" if name in changed else name for name in sorted(want))
        or "none",
    )


def tag_changes(want: Trigger, *seen: Mapping[str, str]) -> Iterator[Change]:
    """The wanted tags that one of ``seen`` lacks or has with another value.

    Tags that aren't wanted are no difference: others (a cost tagger, say) put theirs there, too.
    """
    for name, value in want.tags.items():
        have = next((tags.get(name) for tags in seen if tags.get(name) != value), value)
        if have != value:
            yield Change(field=f"tags.{name}", have="none" if have is None else have, want=value)


def mapping_changes(want: Trigger, have: MappingState) -> Iterator[Change]:
    """What differs between a mapping and the wanted one; the read-back compares with it, too."""
    wanted = want.mapping
    yield from _differences(
        ("mapping.enabled", have.is_enabled, wanted.enabled),
        ("mapping.batch_size", have.batch_size, wanted.batch_size),
        ("mapping.batching_window", have.batching_window, wanted.batching_window),
        ("mapping.parallelization", have.parallelization, wanted.parallelization),
        ("mapping.retries", have.retries, wanted.retries),
        ("mapping.record_age", have.record_age, wanted.record_age),
        ("mapping.bisect", have.bisect, wanted.bisect),
        (
            "mapping.report_batch_item_failures",
            have.report_batch_item_failures,
            wanted.report_batch_item_failures,
        ),
        ("mapping.on_failure", have.on_failure, _destination(want, have)),
        # A tumbling window and a filter exclude each other.
        ("mapping.tumbling_window", have.tumbling_window, 0),
    )
    if have.metrics is not None:
        yield from _differences(("mapping.metrics", have.metrics, wanted.metrics))
    filters = insert_patterns(wanted.filters)
    if not have.filters_hidden and sorted(map(_canonical, have.filters)) != sorted(map(_canonical, filters)):
        yield Change(
            field="mapping.filters", have=" or ".join(have.filters) or "none", want=" or ".join(filters)
        )


def _destination(want: Trigger, have: MappingState) -> str | None:
    """The wanted destination; ``create`` is what is there, if that is the queue of this name."""
    wanted = want.mapping.on_failure
    is_own = (have.on_failure or "").endswith(f":{want.failure_queue}")
    return have.on_failure if wanted == "create" and is_own else wanted


def _canonical(pattern: str) -> str:
    try:
        return json.dumps(json.loads(pattern), sort_keys=True)
    except ValueError:
        return pattern


def _differences(*settings: tuple[str, object, object]) -> Iterator[Change]:
    for field, have, want in settings:
        if have != want:
            yield Change(field=field, have=_word(have), want=_word(want))


def _word(value: object) -> str:
    match value:
        case None:
            return "none"
        case True:
            return "yes"
        case False:
            return "no"
        case _:
            return str(value)
