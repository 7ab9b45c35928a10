"""drift: changes to configured triggers that were not made with ddbinsert."""

from __future__ import annotations

from typing import TYPE_CHECKING

from ddbinsert.advice import TABLE, Advice
from ddbinsert.cli.app import Tables, command
from ddbinsert.cli.declared import Against, Resource, declarations
from ddbinsert.cli.load_configuration import described
from ddbinsert.cli.options import NAME, Settings
from ddbinsert.cli.run import Outcome, Run
from ddbinsert.cli.several_triggers import Parts, TriggerRun
from ddbinsert.core.words import plural
from ddbinsert.errors import ExitCode

if TYPE_CHECKING:
    from ddbinsert.core.trigger.drift import DriftSeen
    from ddbinsert.operations.provision.declared import DeclaredMappings

#: Maximum seconds for each wait of --against.
_TIMEOUT = 60.0


@command("drift", settings=NAME)
def drift(
    run: Run,
    settings: Settings,
    *,
    tables: Tables = None,
    against: Against = None,
    resource: Resource = None,
) -> Outcome:
    """Compare the configured settings with the deployed ones; exit with 1 if they differ.

    Shows each field that differs as `up` would change it (old → new), with the time of the last change, and its
    author if CloudTrail can be read. Covers the stream, function, code, role, policy, log group, mapping and tags.
    Settings that are not configured are not compared. Changes nothing.

    With --against: compares a trigger that ddbinsert did not create with the infrastructure code that declares it.

    Example: ddbinsert drift orders
    """
    declared = declarations(run, against, resource)
    if declared is not None:
        parts = Parts.of(run, run.configurations(tables or (), settings))
        return parts.outcome(parts.side_by_side(lambda part: _compared(part, declared)))
    parts = Parts.of(run, described(run, tables, settings))
    return parts.outcome(parts.side_by_side(_drifted))


def _compared(part: TriggerRun, declared: DeclaredMappings) -> Outcome:
    from ddbinsert.cli.consumers import consumer_of
    from ddbinsert.operations.provision.declared import compare_with_declaration
    from ddbinsert.render import declared as shown

    part.trigger, known, _ = consumer_of(part.run, part.trigger)
    seen = compare_with_declaration(part.run.context(_TIMEOUT), part.trigger, declared, known=known)
    count = 1 if seen.compared is None else len(seen.compared.different)
    return Outcome(
        data=shown.data(seen),
        human=lambda screen: shown.human(screen, seen),
        exit_code=ExitCode.NO if count else ExitCode.OK,
        word=f"drift: {plural(count, 'field')}" if count else "no drift",
    )


def _drifted(part: TriggerRun) -> Outcome:
    from ddbinsert.cli.plan_inputs import TIMEOUT, package_of
    from ddbinsert.operations.provision.drift import look_for_drift

    seen = look_for_drift(
        part.run.context(TIMEOUT),
        part.trigger,
        keep_view="view_type" not in part.loaded.sources,
        package=lambda wanted: package_of(part.run, wanted),
    )
    return _outcome(part, seen)


def _outcome(part: TriggerRun, seen: DriftSeen) -> Outcome:
    from ddbinsert.render import drift as shown

    replaces = any(one.field == "view_type" for one in seen.found)
    advice = part.run.addressed(Advice("Undo it", ("up", TABLE, *(("--replace",) if replaces else ()))))
    count = len(seen.found)
    return Outcome(
        data=shown.data(seen),
        human=lambda screen: shown.human(screen, seen, advice),
        exit_code=ExitCode.NO if seen.found else ExitCode.OK,
        word=f"drift: {plural(count, 'field')}" if count else "no drift",
    )
