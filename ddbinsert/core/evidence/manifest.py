"""The two documents that describe an evidence bundle: its manifest, and the in-toto statement about it.

The manifest lists every other file with its SHA-256. The statement (in-toto Statement v1 with the predicate
test-result v0.1) names the manifest and all files as its subjects. Both are made from the same values in a
canonical form, so that a check can generate the statement again and compare it.
"""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any, Final

from ddbinsert.core.proof.claims import Standing
from ddbinsert.core.proof.verdict import Result

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping, Sequence

    from ddbinsert.core.evidence.archive import ArchivedFile

SCHEMA: Final = "ddbinsert-evidence/1"
MANIFEST: Final = "manifest.json"
STATEMENT: Final = "statement.json"
VERDICT: Final = "verdict.json"
STATEMENT_TYPE: Final = "https://in-toto.io/Statement/v1"
PREDICATE_TYPE: Final = "https://in-toto.io/attestation/test-result/v0.1"
#: The files that every bundle contains.
REQUIRED: Final = (
    VERDICT,
    "settings.json",
    "versions.json",
    "observed/calls.jsonl",
    "observed/records.jsonl",
    "observed/lines.jsonl",
)

#: The predicate's word for each result. WARNED means that nothing failed and not everything passed.
_RESULTS: Final = {Result.PASS: "PASSED", Result.FAIL: "FAILED", Result.INCONCLUSIVE: "WARNED"}
NO_VERDICT: Final = "NONE"
_RUN_ENDS: Final = "The run reaches a verdict"
_LISTS: Final = {
    Standing.PROVEN: "passedTests",
    Standing.DISPROVEN: "failedTests",
    Standing.OPEN: "warnedTests",
}


def dumped(document: Mapping[str, Any]) -> bytes:
    """A document in the bundle's canonical form: sorted keys, an indent of two spaces, ASCII, a final line break."""
    return (json.dumps(document, indent=2, sort_keys=True, ensure_ascii=True) + "\n").encode()


def line(document: Mapping[str, Any]) -> bytes:
    """A line of a .jsonl file."""
    return (json.dumps(document, sort_keys=True, ensure_ascii=True, separators=(",", ":")) + "\n").encode()


def manifest(run: Mapping[str, Any], files: Iterable[ArchivedFile]) -> dict[str, Any]:
    """The manifest of all files except itself and the statement.

    Args:
        run: The bundle's subject, made by ``described``.
    """
    return {
        "schema": SCHEMA,
        "run": dict(run),
        "files": [
            {"name": one.name, "bytes": one.size, "sha256": one.sha256}
            for one in sorted(files, key=lambda one: one.name)
        ],
    }


def described(
    *,
    started: float,
    finished: float,
    result: Result | None,
    about: Sequence[Mapping[str, Any]],
    claims: Iterable[tuple[str, Standing]],
) -> dict[str, Any]:
    """The subject of a bundle.

    Args:
        result: The worst result of all consumers; None if one of them has no result.
        about: For each consumer: table, function, run_id, verdict.
        claims: Title and standing of each claim.
    """
    return {
        "started": started,
        "finished": finished,
        "result": NO_VERDICT if result is None else result.value,
        "consumers": [dict(one) for one in about],
        "claims": [{"title": title, "standing": standing.value} for title, standing in claims],
    }


def statement(manifest: Mapping[str, Any], manifest_sha256: str) -> dict[str, Any]:
    """The in-toto statement about a bundle.

    Raises:
        KeyError, ValueError, TypeError: The manifest is not one.
    """
    files = [(MANIFEST, manifest_sha256), *((one["name"], one["sha256"]) for one in manifest["files"])]
    run = manifest["run"]
    tests: dict[str, list[str]] = {name: [] for name in _LISTS.values()}
    for claim in run["claims"]:
        standing = Standing(claim["standing"])
        if standing in _LISTS:
            tests[_LISTS[standing]].append(claim["title"])
    if run["result"] == NO_VERDICT:
        tests["warnedTests"].append(_RUN_ENDS)
    return {
        "_type": STATEMENT_TYPE,
        "subject": [{"name": name, "digest": {"sha256": digest}} for name, digest in sorted(files)],
        "predicateType": PREDICATE_TYPE,
        "predicate": {
            "result": "WARNED" if run["result"] == NO_VERDICT else _RESULTS[Result(run["result"])],
            "configuration": [
                {"name": name, "digest": {"sha256": digest}}
                for name, digest in files
                if name == "settings.json"
            ],
            **tests,
        },
    }
