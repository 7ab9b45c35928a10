"""drift: what others changed of configured triggers."""

from __future__ import annotations

from typing import TYPE_CHECKING

from ddbinsert.advice import TABLE, Advice
from ddbinsert.cli.app import Tables, command
from ddbinsert.cli.configured import described
from ddbinsert.cli.options import NAME, Settings
from ddbinsert.cli.run import Outcome, Run
from ddbinsert.cli.several import Part, Parts
from ddbinsert.errors import ExitCode

if TYPE_CHECKING:
    from ddbinsert.core.trigger.drift import DriftSeen


@command("drift", settings=NAME)
def drift(run: Run, settings: Settings, *, tables: Tables = None) -> Outcome:
    """Compare the settings that are given with what is there; exit with 1 where they differ.

    Names each field, old → new as `up` would change it: of the stream, the function and its code, the role and its policy,
    the log group, the mapping, and their tags; since when, and by whom where CloudTrail may be asked. Settings that are not
    given cannot drift. Changes nothing.

    Example: ddbinsert drift orders
    """
    parts = Parts.of(run, described(run, tables, settings))
    return parts.outcome(parts.side_by_side(_drifted))


def _drifted(part: Part) -> Outcome:
    from ddbinsert.cli.preparing import TIMEOUT, package_of
    from ddbinsert.operations.provision.drift import look_for_drift

    seen = look_for_drift(
        part.run.context(TIMEOUT),
        part.trigger,
        keep_view="view_type" not in part.loaded.sources,
        package=lambda wanted: package_of(part.run, wanted),
    )
    return _outcome(part, seen)


def _outcome(part: Part, seen: DriftSeen) -> Outcome:
    from ddbinsert.render import drift as shown

    replaces = any(one.field == "view_type" for one in seen.found)
    advice = part.run.addressed(Advice("Undo it", ("up", TABLE, *(("--replace",) if replaces else ()))))
    count = len(seen.found)
    return Outcome(
        data=shown.data(seen),
        human=lambda screen: shown.human(screen, seen, advice),
        exit_code=ExitCode.NO if seen.found else ExitCode.OK,
        word=f"drift: {count} field{'' if count == 1 else 's'}" if count else "no drift",
    )
