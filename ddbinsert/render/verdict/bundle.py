"""An evidence bundle and its files: the verdict, and the data that it is based on."""

from __future__ import annotations

import dataclasses
import platform
from importlib import metadata
from typing import TYPE_CHECKING, Any, Final

from ddbinsert import __version__
from ddbinsert.core.evidence import redaction
from ddbinsert.core.evidence.archive import measured, packed
from ddbinsert.core.evidence.manifest import MANIFEST, STATEMENT, described, dumped, manifest, statement
from ddbinsert.core.proof.claims import claims
from ddbinsert.core.proof.verdict import Result
from ddbinsert.render import machine
from ddbinsert.render.verdict.common import NoVerdict

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping, Sequence

    from ddbinsert.core.evidence.archive import Content
    from ddbinsert.core.model.seen import FunctionState, World
    from ddbinsert.core.proof.proof import Proof

#: The distributions, besides ddbinsert, whose versions may affect the result.
_DISTRIBUTIONS: Final = ("boto3", "botocore", "jinja2", "ministack", "pyyaml", "rich", "typer", "urllib3")
_WORST: Final = (Result.FAIL, Result.INCONCLUSIVE, Result.PASS)


def bundle(
    results: Sequence[Proof | NoVerdict],
    *,
    verdict: Mapping[str, Any],
    settings: Mapping[str, Any],
    earlier: Sequence[Mapping[str, Any]],
    observed: Mapping[str, Content],
) -> Iterator[bytes]:
    """The bundle of a run, in pieces.

    Args:
        results: One for each consumer.
        verdict: The result as --output json prints it.
        settings: Configuration and options; the caller has removed secrets.
        earlier: The data of inconclusive attempts that were repeated.
        observed: Name to content of the files with AWS's responses.

    Raises:
        ValueError: The bundle would be larger than 4 GiB.
    """
    documents: dict[str, Mapping[str, Any]] = {
        "verdict.json": verdict,
        "settings.json": settings,
        "versions.json": versions(),
        "observed/first-look.json": {"consumers": [_state_before(one) for one in results]},
    }
    documents |= {f"attempts/{number:04d}.json": one for number, one in enumerate(earlier, 1)}
    contents: dict[str, Content] = {
        name: _fixed_content(dumped(redaction.without_passwords(machine.jsonable(one))))
        for name, one in documents.items()
    }
    contents |= observed
    stored = {name: measured(name, content) for name, content in contents.items()}
    listed = manifest(_about(results), stored.values())
    contents[MANIFEST] = _fixed_content(dumped(listed))
    stored[MANIFEST] = measured(MANIFEST, contents[MANIFEST])
    contents[STATEMENT] = _fixed_content(dumped(statement(listed, stored[MANIFEST].sha256)))
    stored[STATEMENT] = measured(STATEMENT, contents[STATEMENT])
    return packed([(stored[name], contents[name]) for name in stored], listed["run"]["started"])


def versions() -> dict[str, Any]:
    """The software versions of the run; nothing that identifies the machine or its user."""
    found = {}
    for name in _DISTRIBUTIONS:
        try:
            found[name] = metadata.version(name)
        except metadata.PackageNotFoundError:
            continue
    return {
        "ddbinsert": __version__,
        "python": f"{platform.python_implementation()} {platform.python_version()}",
        "system": f"{platform.system()} {platform.machine()}",
        "packages": found,
    }


def _fixed_content(content: bytes) -> Content:
    return lambda: (content,)


def _about(results: Sequence[Proof | NoVerdict]) -> dict[str, Any]:
    proofs = [one for one in results if not isinstance(one, NoVerdict)]
    complete = len(proofs) == len(results) and bool(proofs)
    worst = min((one.verdict.result for one in proofs), key=_WORST.index, default=None)
    return described(
        started=min((one.at if isinstance(one, NoVerdict) else one.started for one in results), default=0.0),
        finished=max(
            (one.at if isinstance(one, NoVerdict) else one.finished for one in results), default=0.0
        ),
        result=worst if complete or worst is Result.FAIL else None,
        about=[_consumer(one) for one in results],
        claims=[
            (f"{one.trigger.table} to {one.function}: {claim.title}", claim.standing)
            for one in proofs
            for claim in claims(one)
        ],
    )


def _consumer(one: Proof | NoVerdict) -> dict[str, Any]:
    if isinstance(one, NoVerdict):
        return {
            "table": one.table,
            "function": one.function,
            "run_id": None,
            "verdict": None,
            "error": one.code,
        }
    return {
        "table": one.trigger.table,
        "function": one.function,
        "run_id": one.verdict.run_id,
        "verdict": one.verdict.result.value,
    }


def _state_before(one: Proof | NoVerdict) -> Mapping[str, Any]:
    """The trigger as it was observed before the first write."""
    if isinstance(one, NoVerdict):
        return {"table": one.table, "function": one.function, "error": one.code}
    world: World = one.world
    if world.function is not None:
        world = dataclasses.replace(world, function=_without_values(world.function))
    return {"table": one.trigger.table, "function": one.function, "world": world}


def _without_values(function: FunctionState) -> FunctionState:
    return dataclasses.replace(function, environment=redaction.variables(function.environment))
