"""The configurations of a run: of one trigger, or of each selected trigger."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Any, NamedTuple

from ddbinsert.advice import TABLE, Advice
from ddbinsert.errors import UsageError

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from ddbinsert.cli.run import Run
    from ddbinsert.config import Configuration, Configurations, ConnectionSpec
    from ddbinsert.core.arn import Arn
    from ddbinsert.core.model.wanted import Trigger


class LoadedOne(NamedTuple):
    """One configuration, the ARN by which its table was named, and the connection in the ARN's region."""

    configuration: Configuration
    arns: tuple[Arn, ...]
    spec: ConnectionSpec


class LoadedEach(NamedTuple):
    """Several configurations, the ARNs by which their tables were named, and the connection."""

    configurations: Configurations
    arns: tuple[Arn, ...]
    spec: ConnectionSpec


def load_one(run: Run, word: str | None, settings: Mapping[str, object], unset: Sequence[str]) -> LoadedOne:
    """Load the configuration of one trigger, and report its warnings."""
    from ddbinsert import config
    from ddbinsert.cli.tables import agreed, name_and_arn

    name, arn = name_and_arn(word)
    loaded = config.load(**_flags_of(run, {"table": name, **settings}), unset=unset)
    for problem in loaded.warnings:
        run.reporter.warn(str(problem))
    spec = agreed(arn, loaded.connection, run.environment.variables)
    return LoadedOne(loaded, () if arn is None else (arn,), spec)


def load_each(run: Run, words: Sequence[str], settings: Mapping[str, object]) -> LoadedEach:
    """Load the configuration of each selected trigger, and report their warnings."""
    from ddbinsert import config
    from ddbinsert.cli.tables import agreed, name_and_arn

    given = [name_and_arn(word) for word in words]
    names = [name for name, _ in given if name is not None]
    loaded = config.load_every(**_flags_of(run, settings), words=names)
    for problem in loaded.chosen[0].warnings:
        run.reporter.warn(str(problem))
    arns = tuple(arn for _, arn in given if arn is not None)
    spec = loaded.chosen[0].connection
    for arn in arns:
        spec = agreed(arn, spec, run.environment.variables)
    return LoadedEach(loaded, arns, spec)


def _flags_of(run: Run, settings: Mapping[str, object]) -> dict[str, Any]:
    from ddbinsert.cli.options import FLAG_NAMES

    options = run.options
    connection = {
        "connection.profile": options.profile,
        "connection.table_profile": options.table_profile,
        "connection.region": options.region,
        "connection.endpoint_url": options.endpoint_url,
        "connection.local": options.local,
    }
    return {
        "path": Path(options.config) if options.config else None,
        "cwd": run.environment.cwd,
        "variables": run.environment.variables,
        "flags": {**connection, **settings},
        "flag_names": FLAG_NAMES,
    }


def require_trigger(configuration: Configuration, command: str) -> Trigger:
    """The trigger of a configuration that must describe one.

    Args:
        command: The name of the command that needs it.

    Raises:
        UsageError: No table is specified, or one of several triggers must be chosen.
    """
    trigger, rivals = configuration.trigger, configuration.rivals
    if rivals:
        where = "The configuration file" if trigger is None else f"Table {trigger.table}"
        raise UsageError(
            f"{where} has {len(rivals)} triggers: {', '.join(rivals)}. This command works with one trigger.",
            hint=Advice("Name one", (*command.split(), rivals[0])),
            code="several-triggers",
        )
    if trigger is None:
        raise UsageError(
            "No table is specified.",
            hint=Advice("Set `table:` in ddbinsert.yaml, or name it", (*command.split(), TABLE)),
            code="no-table",
        )
    return trigger


def described(run: Run, words: Sequence[str] | None, settings: Mapping[str, object]) -> Configurations:
    """The selected triggers of the configuration.

    Raises:
        UsageError: A word selects none of them.
    """
    loaded = run.configurations(words or (), settings)
    _refuse_unknown(loaded, run.command)
    return loaded


def _refuse_unknown(loaded: Configurations, command: str) -> None:
    """Refuse words that name no trigger of the file, for commands that apply the file.

    Raises:
        UsageError: There are such words.
    """
    from ddbinsert.config.check import nearest

    if not loaded.unknown:
        return
    near = nearest(loaded.unknown[0], [*loaded.names])
    raise UsageError(
        f"The configuration file has no trigger {' or '.join(loaded.unknown)}, and no trigger for a table with "
        "that name.",
        hint=Advice("Did you mean", (*command.split(), near))
        if near
        else f"Its triggers are: {', '.join(loaded.names)}.",
        code="unknown-trigger",
    )
