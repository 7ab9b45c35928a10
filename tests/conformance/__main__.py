"""The facts of docs/aws-facts.md, tried on an endpoint.

    python -m tests.conformance --local                  the rig, the emulator and moto; prints the table
    python -m tests.conformance --local --write          the same, and writes docs/conformance.md
    python -m tests.conformance --endpoint URL           another endpoint
    python -m tests.conformance --aws --profile P        AWS; says what it makes and costs, and asks
    python -m tests.conformance --aws --clean            removes what killed runs left

Exit codes: 0 as expected, 1 something differs that is not known, 2 usage, 130 interrupted.
"""

from __future__ import annotations

import argparse
import json
import signal
import sys
from pathlib import Path
from typing import TYPE_CHECKING, Any

import botocore

from ddbinsert import __version__
from tests.conformance import page
from tests.conformance.lab import PREFIX, TAG, Lab, Place
from tests.conformance.model import PROBES, Outcome
from tests.conformance.places import LOCAL, place_of
from tests.conformance.run import run, unexplained
from tests.conformance.sweep import left

if TYPE_CHECKING:
    from collections.abc import Collection, Mapping

    from tests.conformance.run import Result

_PATIENCE_ON_AWS = 180.0
_ANNOUNCED = """\
On {where}, this makes and removes again, all with names that begin with {prefix} and the tag {tag}:
  about 80 tables (on demand), 25 functions, 50 event source mappings, 5 roles, 25 log groups, 2 queues.
It takes about half an hour, writes some hundred items and log lines (10,050 of them in one group), and invokes functions
some hundred times. On AWS this costs less than 0.10 USD: mostly writes, log ingestion, and an hour of custom metrics.
No table, function or role that is there already is touched. Nothing but test data is written or read.
"""


def say(text: str) -> None:
    sys.stdout.write(f"{text}\n")
    sys.stdout.flush()


def main(arguments: list[str] | None = None) -> int:
    given = _parsed(arguments)
    signal.signal(signal.SIGTERM, _interrupt)
    try:
        if given.local:
            return _local(given)
        place = _place(given)
        try:
            return _clean(place) if given.clean else _elsewhere(place, given)
        finally:
            place.close()
    except KeyboardInterrupt:
        say("interrupted")
        return 130


def _parsed(arguments: list[str] | None) -> argparse.Namespace:
    parser = argparse.ArgumentParser(
        prog="python -m tests.conformance", description=__doc__.split("\n", 1)[0]
    )
    where = parser.add_mutually_exclusive_group(required=True)
    where.add_argument("--local", action="store_true", help="the rig, the embedded emulator and moto")
    where.add_argument("--endpoint", metavar="URL", help="another endpoint")
    where.add_argument("--aws", action="store_true", help="AWS")
    parser.add_argument("--profile", help="AWS profile")
    parser.add_argument("--region", help="AWS region")
    parser.add_argument("--only", metavar="FACT", action="append", help="only this fact; may be repeated")
    parser.add_argument("--on", choices=LOCAL, action="append", help="with --local: only this endpoint")
    parser.add_argument("--write", action="store_true", help="with --local: write docs/conformance.md")
    parser.add_argument(
        "--answers", metavar="FILE", default="conformance-answers.json", help="file of answers"
    )
    parser.add_argument("--compare", metavar="FILE", help="compare the answers with those of this file")
    parser.add_argument("--clean", action="store_true", help="only remove what killed runs left")
    parser.add_argument("--yes", action="store_true", help="do not ask")
    given = parser.parse_args(arguments)
    unknown = set(given.only or ()) - PROBES.keys()
    if unknown:
        parser.error(f"no probe of {', '.join(sorted(unknown))}")
    if given.write and (given.only or given.on or not given.local):
        parser.error("--write takes --local, and all facts on all endpoints")
    return given


def _interrupt(_number: int, _frame: object) -> None:
    raise KeyboardInterrupt


def _place(given: argparse.Namespace) -> Place:
    kind = "aws" if given.aws else "endpoint"
    return Place(
        kind,
        endpoint=given.endpoint,
        profile=given.profile,
        region=given.region,
        patience=_PATIENCE_ON_AWS if given.aws else 60.0,
    )


# --- on this machine --------------------------------------------------------------------------------------


def _local(given: argparse.Namespace) -> int:
    outcomes: page.Outcomes = {}
    problems: list[str] = []
    for kind in given.on or LOCAL:
        say(f"{kind}:")
        with place_of(kind) as place:
            found = _probed(Lab(place), given.only)
        outcomes[kind] = {anchor: one.outcome for anchor, one in found.items()}
        problems += unexplained(kind, found)
        if given.compare:
            _compare(found, Path(given.compare), kind)
    say("")
    say(page.table(outcomes))
    if given.write and not problems:
        page.PAGE.write_text(page.page(outcomes), encoding="utf-8")
    for problem in problems:
        say(f"unexplained: {problem}")
    return 1 if problems else 0


# --- elsewhere --------------------------------------------------------------------------------------------


def _elsewhere(place: Place, given: argparse.Namespace) -> int:
    where = "AWS" if place.kind == "aws" else str(place.endpoint)
    say(_ANNOUNCED.format(where=where, prefix=PREFIX, tag=TAG))
    if not given.yes and not _agreed():
        say("Nothing was made.")
        return 2
    lab = Lab(place)
    found = _probed(lab, given.only)
    path = Path(given.answers)
    path.write_text(json.dumps(answers(lab, found), indent=2, sort_keys=True) + "\n", encoding="utf-8")
    say(f"\nThe answers are in {path}, without names, ids, times, account and region.")
    differing = [anchor for anchor, one in found.items() if one.outcome is Outcome.DIFFERS]
    for anchor in differing:
        say(f"differs: {anchor}: {found[anchor].problem or json.dumps(found[anchor].answer)}")
    if given.compare:
        _compare(found, Path(given.compare), where)
    return 1 if differing else 0


def _agreed() -> bool:
    if not sys.stdin.isatty():
        say("There is nobody to ask: add --yes to agree.")
        return False
    return input("Go on? [y/N] ").strip().lower() in ("y", "yes")


def answers(lab: Lab, found: Mapping[str, Result]) -> dict[str, Any]:
    """What the file of answers holds."""
    return {
        "ddbinsert": __version__,
        "botocore": botocore.__version__,
        "endpoint": lab.place.kind,
        "measured": lab.measured,
        "facts": {
            anchor: {"outcome": one.outcome.value, "answer": one.answer, "problem": one.problem}
            for anchor, one in found.items()
            if one.outcome is not Outcome.NOT_APPLICABLE
        },
    }


def _compare(found: Mapping[str, Result], path: Path, kind: str) -> None:
    """Say where answers differ from those of a file."""
    known = json.loads(path.read_text(encoding="utf-8"))["facts"]
    for anchor, one in found.items():
        other = known.get(anchor)
        mine = {"outcome": one.outcome.value, "answer": json.loads(json.dumps(one.answer))}
        if other is not None and {name: other[name] for name in mine} != mine:
            say(f"{anchor}: {kind} answers {mine}, {path.name} has {other}")


def _probed(lab: Lab, only: Collection[str] | None) -> dict[str, Result]:
    """The results of all probes; everything that was made is removed, also after an interruption."""

    def report(result: Result) -> None:
        say(f"  {result.anchor}: {result.outcome.value}{f' ({result.problem})' if result.problem else ''}")

    try:
        return run(lab, only, report=report)
    finally:
        before = [signal.signal(one, _ignored) for one in (signal.SIGINT, signal.SIGTERM)]
        say(f"removing what was made: {', '.join(f'{kind}s: {count}' for kind, count in lab.made.items())}")
        _removed(lab, lab.prefix)
        for number, handler in zip((signal.SIGINT, signal.SIGTERM), before, strict=True):
            signal.signal(number, handler)


def _ignored(_number: int, _frame: object) -> None:
    say("Everything is being removed first; this takes a moment.")


def _removed(lab: Lab, prefix: str) -> bool:
    """Remove everything of this run, and look once more by its names."""
    lab.clear(say)
    remaining = left(lab, prefix)
    for what, undo in remaining:
        say(f"still there: {what}")
        undo()
    still = left(lab, prefix) if remaining else []
    for what, _ in still:
        say(f"NOT REMOVED: {what}; remove it with: python -m tests.conformance --aws --clean")
    return not still


def _clean(place: Place) -> int:
    lab = Lab(place)
    lab.clear(say)
    return 0 if _removed(lab, PREFIX) else 1


if __name__ == "__main__":
    sys.exit(main())
