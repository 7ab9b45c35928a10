"""An existing trigger as settings of the configuration, so that a plan of them finds nothing to do.

The values are read by the same tables as those that a plan compares (`core.trigger.function_settings`,
`core.trigger.settings`). What a file cannot or should not contain, such as values of environment variables, is a
remark.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Final, NamedTuple

from ddbinsert.core.arn import arn_parts
from ddbinsert.core.model.wanted import (
    ALIAS_TAG,
    CODE_TAG,
    NEED_A_SINK,
    FunctionSpec,
    RoleSpec,
    Template,
    Trigger,
)
from ddbinsert.core.trigger.alias import alias_of
from ddbinsert.core.trigger.effective_settings import kept_filters, runs_as_ours
from ddbinsert.core.trigger.function_settings import FUNCTION_SETTINGS
from ddbinsert.core.trigger.partial_batch import VARIABLE
from ddbinsert.core.trigger.plan import is_of_table
from ddbinsert.core.trigger.settings import MAPPING_SETTINGS

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

    from ddbinsert.core.model.record import StreamView
    from ddbinsert.core.model.seen import FunctionState, MappingState, World


class Described(NamedTuple):
    """A trigger as settings of ddbinsert.yaml.

    Attributes:
        settings: Values by dotted key.
        remarks: Texts by the dotted key that they are about: values that are left out, or possible ones.
        outside: What the trigger has and no key expresses.
    """

    settings: Mapping[str, object]
    remarks: Mapping[str, str]
    outside: tuple[str, ...] = ()

    @property
    def table(self) -> str:
        return str(self.settings["table"])

    @property
    def function_name(self) -> str:
        """The name of its function, given or derived."""
        return str(self.settings.get("function.name") or Trigger(table=self.table).function_name)


#: Settings of a function that are written although they have AWS's default.
_ALWAYS: Final = frozenset(("function.memory", "function.timeout"))
#: Settings of a function that are not written as they are: see `_code` and `_variables`.
_OTHERWISE: Final = frozenset(
    ("function.runtime", "function.handler", "function.environment", "function.log_group")
)
#: What may be set for a new trigger, as it would be written.
_POSSIBLE: Final[Mapping[str, str]] = {
    "function.code": "code: src/orders    # your own code, instead of a template",
    "function.environment": "environment: {NAME: value}",
    "mapping.on_failure": "on_failure: create    # a queue for records that Lambda discards",
    "mapping.filters": """filters: ['{"dynamodb":{"NewImage":{"status":{"S":["paid"]}}}}']    # only some of the inserts""",
    "tags": "tags: {team: payments}",
}
#: The settings of a new trigger that are written with their defaults.
_OF_NEW: Final = (
    *("function.runtime", "function.memory", "function.timeout", "function.log_retention_days"),
    *("mapping.batch_size", "mapping.starting_position", "mapping.retries", "mapping.record_age"),
    *("mapping.bisect", "mapping.report_batch_item_failures", "mapping.metrics"),
)
_RESERVED: Final = ("aws:", "ddbinsert:")


def new_trigger(
    table: str, view: StreamView | None, *, function: str | None, template: Template
) -> Described:
    """The settings of a trigger that does not exist yet.

    Args:
        view: The view type of the live stream, which is kept; None if the stream is off.
        function: The function's name; None for the one derived from the table's.
        template: The handler to run.
    """
    usual = Trigger(table=table)
    settings: dict[str, object] = {"table": table, "view_type": view or usual.view}
    if function is not None and function != usual.function_name:
        settings["function.name"] = function
    settings["function.template"] = template
    for key in _OF_NEW:
        section, _, name = key.partition(".")
        settings[key] = getattr(getattr(usual, section), name)
    remarks = {key: text for key, text in _POSSIBLE.items() if key not in settings}
    if template in NEED_A_SINK:
        example = "arn:aws:sns:REGION:ACCOUNT:TOPIC"
        remarks["function.environment"] = (
            f"environment: {{SINK_ARN: {example}}}    # required by {template.value}"
        )
    return Described(settings, remarks)


def existing_trigger(have: World, template: Template | None) -> Described:
    """The settings of a trigger whose table, function and mapping exist.

    Args:
        template: The template that is byte for byte the function's code; None for other code.

    Raises:
        ValueError: One of them is missing, which is an error of the caller.
    """
    table, function, mapping = have.table, have.function, have.live_mapping
    if table is None or function is None or mapping is None:
        raise ValueError("a trigger that is described must exist")
    usual = Trigger(table=table.name)
    settings: dict[str, object] = {"table": table.name, "view_type": table.view}
    remarks: dict[str, str] = {}
    if function.name != usual.function_name:
        settings["function.name"] = function.name
    alias = alias_of(mapping)
    if alias is not None and function.tags.get(ALIAS_TAG) == alias:
        settings["function.alias"] = alias
    follows = _follows(function, mapping)
    _code(function, template if follows else None, settings, remarks)
    settings |= _of_function(function)
    settings |= _of_logs(have, function)
    settings |= _of_role(have, function)
    _variables(function, remarks)
    settings |= _of_mapping(have, mapping, remarks)
    if not follows and function.tags.get(CODE_TAG) in list(Template):
        settings.pop("mapping.report_batch_item_failures", None)
        remarks["mapping.report_batch_item_failures"] = (
            f"report_batch_item_failures: left out, because {VARIABLE} of the function contradicts it"
        )
    tags = _common_tags(have, function, mapping)
    if tags:
        settings["tags"] = tags
    return Described(settings, remarks, tuple(_outside(have, function, mapping)))


def _follows(function: FunctionState, mapping: MappingState) -> bool:
    """Whether a template's variable has the value that a plan would give it."""
    value = function.environment.get(VARIABLE)
    is_reported = mapping.report_batch_item_failures
    return value == str(is_reported).lower() or (value is None and is_reported)


def _code(
    function: FunctionState, template: Template | None, settings: dict[str, object], remarks: dict[str, str]
) -> None:
    """The template with its runtime; of other code, what does not make a plan replace it."""
    label = function.tags.get(CODE_TAG)
    if template is not None:
        settings |= {"function.template": template, "function.runtime": function.runtime}
    elif label in list(Template):
        remarks["function.template"] = (
            f"template: {label}    # left out: the deployed code differs from this version's template, and would be "
            f"replaced; it runs on {function.runtime}"
        )
        return
    elif function.package_type != "Zip":
        remarks["function.code"] = "code: left out, the deployed container image stays as it is"
        return
    else:
        entry = f" with entry point {function.handler} on {function.runtime}"
        remarks["function.code"] = f"code: PATH    # left out: the deployed code{entry} stays as it is"
        if function.runtime.startswith(("python", "nodejs")):
            settings["function.runtime"] = function.runtime
    if function.architecture != "x86_64":
        settings["function.architecture"] = function.architecture


def _of_function(function: FunctionState) -> Iterator[tuple[str, object]]:
    for each in FUNCTION_SETTINGS:
        if each.key in _OTHERWISE or (each.of_archives and function.package_type != "Zip"):
            continue
        present = each.present(function)
        usual = () if each.key == "function.layers" else each.usual if each.read is not None else None
        if each.key in _ALWAYS or present != usual:
            yield each.key, present


def _of_logs(have: World, function: FunctionState) -> Iterator[tuple[str, object]]:
    if function.log_group not in ("", f"/aws/lambda/{function.name}"):
        yield "function.log_group", function.log_group
    group = have.log_group
    if group is None:
        return
    if group.log_class not in ("", "STANDARD"):
        yield "function.log_class", group.log_class
    if not group.keeps_retention:
        yield "function.log_retention_days", group.retention_days


def _of_role(have: World, function: FunctionState) -> Iterator[tuple[str, object]]:
    """A role of others by its ARN; of our own, what differs from the defaults."""
    role = have.role
    want = Trigger(table="-", function=FunctionSpec(name=function.name))
    if role is None or not role.is_ours or not runs_as_ours(want, function, role):
        yield "function.role", function.role_arn
        return
    usual = RoleSpec()
    if role.boundary != usual.boundary:
        yield "role.boundary", role.boundary
    if role.path != usual.path:
        yield "role.path", role.path
    of_all = function.tags if function.is_ours else {}
    own = {key: text for key, text in _own_tags(role.tags).items() if of_all.get(key) != text}
    if own:
        yield "role.tags", own


def _variables(function: FunctionState, remarks: dict[str, str]) -> None:
    """The names of the variables; their values may be secrets, and stay as they are if they are not given."""
    names = ", ".join(sorted(function.environment))
    if names:
        remarks["function.environment"] = f"environment: left out, its variables stay as they are: {names}"


def _of_mapping(have: World, mapping: MappingState, remarks: dict[str, str]) -> Iterator[tuple[str, object]]:
    for each in MAPPING_SETTINGS:
        present = each.present(mapping)
        if each.name == "filters":
            if mapping.filters_hidden:
                remarks[each.key] = (
                    "filters: left out, they are encrypted with a key that may not be used here"
                )
            else:
                kept = kept_filters(mapping.filters)
                yield each.key, () if kept == kept_filters(()) else kept
        elif each.name == "on_failure":
            if present is not None:
                yield each.key, "create" if _is_own_queue(have, str(present)) else present
        elif present is not None:
            yield each.key, present


def _is_own_queue(have: World, destination: str) -> bool:
    """Whether the destination is the queue that ddbinsert created for this trigger."""
    queue, table = have.queue, have.table
    is_named = queue is not None and destination.endswith(f":{queue.name}")
    return is_named and queue is not None and table is not None and is_of_table(queue.tags, table.name)


def _own_tags(tags: Mapping[str, str]) -> dict[str, str]:
    return {key: text for key, text in tags.items() if not key.startswith(_RESERVED)}


def _common_tags(have: World, function: FunctionState, mapping: MappingState) -> dict[str, str]:
    """The tags that every compared part has: of the function and all that is ours, else of the mapping."""
    parts: list[Mapping[str, str]] = []
    table = have.table.name if have.table is not None else ""
    if function.is_ours:
        parts.append(function.tags)
        if have.role is not None and have.role.is_ours:
            parts.append(have.role.tags)
        group = have.log_group
        further = (mapping.tags, group.tags if group is not None else None)
        parts += [tags for tags in further if tags is not None and is_of_table(tags, table)]
    elif mapping.is_ours:
        parts.append(mapping.tags or {})
    if not parts:
        return {}
    return {
        key: text for key, text in _own_tags(parts[0]).items() if all(tags.get(key) == text for tags in parts)
    }


def _outside(have: World, function: FunctionState, mapping: MappingState) -> Iterator[str]:
    """What no key of the configuration expresses."""
    qualifier = arn_parts(mapping.function_arn).qualifier
    if qualifier and function.tags.get(ALIAS_TAG) != qualifier:
        yield f"its mapping invokes {function.name}:{qualifier}, an alias or a version"
    if mapping.tumbling_window:
        yield f"its mapping has a tumbling window of {mapping.tumbling_window} s, which filters exclude"
    if function.reserved_concurrency is not None:
        yield f"its function has a reserved concurrency of {function.reserved_concurrency}"
    for second in have.second_mappings:
        yield f"mapping {second.uuid} also delivers the stream to its function"
