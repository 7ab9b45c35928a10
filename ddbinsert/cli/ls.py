"""ls: every stream of an account, and its consumers."""

from __future__ import annotations

import json
from collections import Counter
from enum import StrEnum
from itertools import chain
from typing import TYPE_CHECKING, Annotated, Any

import typer

from ddbinsert.advice import Advice
from ddbinsert.cli.app import command
from ddbinsert.cli.reports import HtmlFile, checked_path
from ddbinsert.cli.run import Outcome, Run
from ddbinsert.core.words import plural
from ddbinsert.errors import AwsError, ExitCode, UsageError
from ddbinsert.files import replace_file

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping, Sequence
    from pathlib import Path

    from ddbinsert.core.inventory.model import Unread
    from ddbinsert.operations.inventory import RegionConnection


class FailOn(StrEnum):
    """Values of `--fail-on`: the lowest severity that leads to exit code 1."""

    WARNING = "warning"
    ERROR = "error"


Profiles = Annotated[
    list[str] | None,
    typer.Option(
        "--profile",
        metavar="NAME",
        help="AWS profile. May be given several times.",
        rich_help_panel="Connection",
    ),
]
Regions = Annotated[
    list[str] | None,
    typer.Option(
        "--region",
        metavar="NAME",
        help="AWS region. May be given several times.",
        rich_help_panel="Connection",
    ),
]
AllRegions = Annotated[
    bool,
    typer.Option(
        "--all-regions", help="Every region that is enabled for the account.", rich_help_panel="Connection"
    ),
]
Diff = Annotated[
    str | None,
    typer.Option(
        "--diff",
        metavar="FILE",
        help="Show only entries that are new, gone or changed since this output of `ls --output json`.",
    ),
]
Fail = Annotated[
    FailOn | None,
    typer.Option("--fail-on", help="Exit with 1 if an entry has a finding of this severity or higher."),
]
Csv = Annotated[bool, typer.Option("--csv", help="CSV on stdout, one line for each entry.")]


@command("ls", own_account=True)
def ls(
    run: Run,
    *,
    profile: Profiles = None,
    region: Regions = None,
    all_regions: AllRegions = False,
    diff: Diff = None,
    fail_on: Fail = None,
    as_csv: Csv = False,
    report: HtmlFile = None,
) -> Outcome:
    """List the streams and their consumers: functions, pipes and Kinesis streams.

    Shows for each consumer its filter, whether it is insert-only (with an example if it is not), its state, owner,
    last change and problems: mappings of replaced streams, mappings of deleted functions or tables, streams without
    a consumer. Lists what could not be read. Changes nothing.

    With --output json, one JSON object per line.

    Example: ddbinsert ls --region eu-west-1 --region us-east-1 --fail-on error
    """
    from ddbinsert.core.inventory.model import Unread
    from ddbinsert.operations.inventory import inventory
    from ddbinsert.render.inventory import text as shown

    if as_csv and (run.wants_json or diff):
        raise UsageError("--csv cannot be combined with --output json or --diff.", code="options-contradict")
    before = None if diff is None else _earlier(run.environment.cwd / diff, diff)
    target = None if report is None else _report_path(run, report)
    run.json_lines = True
    show = _shower(run, as_csv=as_csv, quiet=before is not None)
    entries: list[dict[str, Any]] = []
    unread: list[Unread] = []
    places, unlisted = _places(run, profile, region, all_regions=all_regions)
    for one in chain(unlisted, inventory(places, clock=run.clock)):
        if isinstance(one, Unread):
            unread.append(one)
            if run.wants_json:
                _write(run, shown.unread_data(one))
            else:
                run.reporter.finish()
                shown.unread(run.reporter.screen, one)
            continue
        entries.append(shown.data(one))
        show(entries[-1])
    judged: Sequence[Mapping[str, Any]] = entries
    if before is not None:
        judged = _compare(run, before, entries, places, unread)
    if target is not None:
        _report(run, target, entries, unread)
    run.environment.out.flush()
    run.reporter.step(shown.summary(entries))
    return Outcome(printed=True, exit_code=_exit_code(judged, fail_on, entries, unread))


def _exit_code(
    judged: Sequence[Mapping[str, Any]],
    fail_on: FailOn | None,
    entries: Sequence[object],
    unread: Sequence[Unread],
) -> ExitCode:
    """1 if --fail-on applies; 6 if that is unknown because a part was not read; 4 if nothing could be read."""
    fatal = {None: (), FailOn.ERROR: ("error",), FailOn.WARNING: ("error", "warning")}[fail_on]
    if any(one.get("severity") in fatal for one in judged):
        return ExitCode.NO
    if unread and not entries:
        return ExitCode.AWS
    return ExitCode.INCONCLUSIVE if unread and fail_on is not None else ExitCode.OK


def _places(
    run: Run, profiles: list[str] | None, regions: list[str] | None, *, all_regions: bool
) -> tuple[list[RegionConnection], list[Unread]]:
    """The combinations of region and identity to list, and the identities whose regions could not be listed.

    Raises:
        AwsError: The regions of the only identity may not be listed.
    """
    from ddbinsert.core.inventory.model import Unread
    from ddbinsert.operations.inventory import RegionConnection, enabled

    if all_regions and regions:
        raise UsageError("--region and --all-regions cannot be combined.", code="options-contradict")
    found: list[RegionConnection] = []
    unlisted: list[Unread] = []
    identities: Sequence[str | None] = [*dict.fromkeys(profiles or ())] or [None]
    wanted: Sequence[str | None] = [*dict.fromkeys(regions or ())] or [None]
    for profile in identities:
        for region in wanted:
            place = Run(run.environment, run.command, run.options._replace(profile=profile, region=region))
            connection = place.connection
            names: Sequence[str | None] = (region,)
            if all_regions:
                aws = run.environment.connect(connection)
                try:
                    names = enabled(aws)
                except AwsError as error:
                    if len(identities) == 1:
                        if error.code in ("access-denied", "not-aws"):
                            error.hint = f"{error.hint} Or name the regions: --region, as often as needed."
                        raise
                    what, reason = "the list of regions", error.message
                    unlisted.append(Unread(region="every region", profile=profile, what=what, reason=reason))
                    continue
                finally:
                    aws.close()
            found += [
                RegionConnection(
                    region=_resolved(run, connection, name),
                    profile=profile,
                    connect=_connector(run, connection, name),
                )
                for name in names
            ]
    return found, unlisted


def _connector(run: Run, connection: Any, region: str | None) -> Callable[[], Any]:
    from dataclasses import replace

    chosen = connection if region is None else replace(connection, region=region)
    return lambda: run.environment.connect(chosen)


def _resolved(run: Run, connection: Any, region: str | None) -> str:
    """The region's name, even if a profile sets it."""
    if region is not None or connection.region is not None:
        return str(region or connection.region)
    aws = run.environment.connect(connection)
    try:
        return aws.region or "unknown"
    finally:
        aws.close()


def _shower(run: Run, *, as_csv: bool, quiet: bool) -> Callable[[dict[str, Any]], None]:
    from ddbinsert.render.inventory import text as shown

    out = run.environment.out
    if as_csv:
        out.write(shown.csv_line(shown.COLUMNS))

    def show(entry: dict[str, Any]) -> None:
        if quiet:
            return
        if as_csv:
            out.write(shown.csv_line(shown.row(entry)))
        elif run.wants_json:
            _write(run, entry)
        else:
            run.reporter.finish()
            shown.human(run.screen, entry)
        out.flush()  # other regions may take long
        if getattr(out, "failure", None) is not None:
            raise BrokenPipeError

    return show


def _write(run: Run, document: Mapping[str, Any]) -> None:
    from ddbinsert.render import machine

    run.environment.out.write(machine.dumps(document, indent=None) + "\n")


def _compare(
    run: Run,
    before: Sequence[Mapping[str, Any]],
    entries: Sequence[Mapping[str, Any]],
    places: Sequence[RegionConnection],
    unread: Sequence[Unread],
) -> list[Mapping[str, Any]]:
    """Print the differences; return the entries that are new or changed."""
    from ddbinsert.core.inventory.differences import EntryChange, differences, identity, reading
    from ddbinsert.render import machine
    from ddbinsert.render.inventory import text as shown

    now = machine.jsonable(list(entries))
    regions = {one.region for one in unread}
    was_read = reading({(one.profile, one.region) for one in places}, regions, now)
    judged = []
    counts = Counter[str]()
    lacking = {str(one["region"]) for one in before if one["type"] == "unread"}
    before = [one for one in before if one["type"] == "consumer"]
    for found in differences(before, now, was_read=was_read, in_part=regions | lacking):
        counts[found.change.value] += 1
        if found.change is not EntryChange.GONE:
            judged.append(found.entry)
        if run.wants_json:
            _write(run, shown.difference_data(found))
        else:
            shown.difference(run.screen, found)
    run.reporter.step(
        ", ".join(f"{count:,} {change}" for change, count in counts.items()) or "no differences"
    )
    if regions:
        run.reporter.warn(
            f"nothing is listed as gone where a part was not read: {', '.join(sorted(regions))}"
        )
    if lacking:
        run.reporter.warn(
            f"new entries may be older: the earlier list lacks parts of {', '.join(sorted(lacking))}"
        )
    known = {identity(one) for one in now}
    elsewhere = [
        one
        for one in before
        if identity(one) not in known and not was_read(one) and one["region"] not in regions
    ]
    if elsewhere:
        names = ", ".join(sorted({str(one["region"]) for one in elsewhere}))
        run.reporter.step(
            f"not compared, because it was not read now: {plural(len(elsewhere), 'entry')} in {names}"
        )
    return judged


def _earlier(path: Path, given: str) -> list[dict[str, Any]]:
    """The entries of an earlier run, and what it could not read.

    Raises:
        UsageError: The file is not the output of `ls --output json`.
    """
    try:
        lines = [json.loads(line) for line in path.read_text(encoding="utf-8").splitlines() if line.strip()]
    except (OSError, ValueError) as error:
        raise UsageError(
            f"--diff {given}: {error}.",
            hint=Advice("Give a file to which this was written", ("ls", "--output", "json")),
            code="diff-file",
        ) from error
    entries = [one for one in lines if isinstance(one, dict) and one.get("type") == "consumer"]
    unread = [one for one in lines if isinstance(one, dict) and one.get("type") == "unread"]
    shaped = all(all(name in one for name in ("kind", "id", "table", "region", "state")) for one in entries)
    if not all(isinstance(one, dict) and "type" in one for one in lines) or not shaped:
        raise UsageError(
            f"--diff {given}: this is not an inventory in JSON Lines.",
            hint=Advice("Give a file to which this was written", ("ls", "--output", "json")),
            code="diff-file",
        )
    return [*entries, *(one for one in unread if "region" in one)]


def _report_path(run: Run, report: str) -> Path:
    return checked_path(run.environment.cwd / report, f"--report {report}")


def _report(run: Run, target: Path, entries: Sequence[Mapping[str, Any]], unread: Sequence[Unread]) -> None:
    from ddbinsert.render import machine
    from ddbinsert.render.inventory.html import page

    try:
        replace_file(target, page(machine.jsonable(list(entries)), unread, at=run.clock.now()))
    except OSError as error:
        run.reporter.warn(f"{target} was not written: {error.strerror or error}")
    else:
        run.reporter.step(f"wrote {target}")
