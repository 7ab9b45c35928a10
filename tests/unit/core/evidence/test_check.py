"""An evidence bundle: any byte that is changed, added or removed is found, whatever program did it."""

from __future__ import annotations

import io
import json
import random
import stat
import zipfile
from itertools import pairwise
from typing import TYPE_CHECKING, Any

import pytest

from ddbinsert.core.evidence.archive import NotCanonical, is_allowed, measured, packed, read
from ddbinsert.core.evidence.check import Checked, check
from ddbinsert.core.evidence.manifest import MANIFEST, STATEMENT, dumped, manifest, statement
from ddbinsert.core.proof.verdict import Result
from ddbinsert.render.verdict.bundle import bundle
from ddbinsert.render.verdict.common import NoVerdict
from ddbinsert.render.verdict.text import data
from tests.examples import seeds
from tests.unit import proofs

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from ddbinsert.core.proof.proof import Proof

OBSERVED = {
    "observed/calls.jsonl": b'{"operation":"GetFunction"}\n',
    "observed/lines.jsonl": b"",
    "observed/records.jsonl": b'{"eventName":"INSERT"}\n',
}


def written(results: Sequence[Proof | NoVerdict] = (), **more: Any) -> bytes:
    results = results or [proofs.proof_of()]
    (one, *_) = results
    answer: dict[str, Any] = {"data": None if isinstance(one, NoVerdict) else data(one)}
    if len(results) > 1:
        verdicts = [None if isinstance(one, NoVerdict) else data(one) for one in results]
        answer = {"data": {"verdicts": [{"verdict": verdict} for verdict in verdicts]}}
    contents = {name: (lambda content=content: (content,)) for name, content in OBSERVED.items()}
    given: dict[str, Any] = {
        "verdict": answer,
        "settings": {"keys": []},
        "earlier": [],
        "observed": contents,
    } | more
    return b"".join(bundle(results, **given))


def checked(content: bytes) -> Checked:
    return check(io.BytesIO(content))


@pytest.fixture(scope="module")
def good() -> bytes:
    return written()


def test_a_bundle_is_the_same_bytes_each_time_and_unchanged(good: bytes) -> None:
    assert written() == good
    found = checked(good)
    assert found.problems == ()
    assert found.run["result"] == "PASS"
    assert found.size == len(good)


def test_common_zip_programs_read_it(good: bytes) -> None:
    with zipfile.ZipFile(io.BytesIO(good)) as archive:
        assert archive.testzip() is None
        assert archive.namelist() == sorted(archive.namelist())
        assert {one.date_time for one in archive.infolist()} == {archive.infolist()[0].date_time}
        assert all(stat.S_ISREG(one.external_attr >> 16) for one in archive.infolist())


def every_byte(content: bytes) -> range:
    """Every byte where all is tried; else those of headers, and some of the contents."""
    return range(0, len(content), 1 if len(seeds(10)) > 1 else 29)


def test_each_byte_counts(good: bytes) -> None:
    random_bits = random.Random(17)  # noqa: S311 - which bit is no secret
    for at in every_byte(good):
        changed = bytearray(good)
        changed[at] ^= 1 << random_bits.randrange(8)
        assert checked(bytes(changed)).problems, at


def test_a_byte_that_is_missing_or_added_is_found_anywhere(good: bytes) -> None:
    for at in every_byte(good)[::5]:
        assert checked(good[:at] + good[at + 1 :]).problems, at
        assert checked(good[:at] + b"\0" + good[at:]).problems, at
        assert checked(good[:at]).problems, at


def unpacked(content: bytes) -> dict[str, bytes]:
    with zipfile.ZipFile(io.BytesIO(content)) as archive:
        return {one.filename: archive.read(one) for one in archive.infolist()}


def repacked(files: Mapping[str, bytes], at: float = proofs.START) -> bytes:
    """An archive in ddbinsert's own form, with whatever content."""
    contents = {name: (lambda content=content: (content,)) for name, content in files.items()}
    return b"".join(packed([(measured(name, content), content) for name, content in contents.items()], at))


def test_content_that_was_changed_with_its_checksums_is_named(good: bytes) -> None:
    files = unpacked(good)
    for name in files:
        changed = repacked({**files, name: files[name].replace(b"e", b"E", 1) + b" "})
        (problem, *_) = checked(changed).problems
        assert name in problem


def test_files_that_were_added_or_removed_are_named(good: bytes) -> None:
    files = unpacked(good)
    assert checked(repacked({**files, "observed/more.jsonl": b"{}\n"})).problems == (
        "observed/more.jsonl was added: manifest.json does not list it",
    )
    for name in files:
        left = {one: content for one, content in files.items() if one != name}
        assert name in checked(repacked(left)).problems[0]


def test_a_manifest_that_was_made_anew_does_not_agree_with_the_verdict(good: bytes) -> None:
    files = unpacked(good)
    listed = json.loads(files[MANIFEST])
    listed["run"]["consumers"][0]["verdict"] = listed["run"]["result"] = "FAIL"
    files[MANIFEST] = dumped(listed)
    digest = measured(MANIFEST, lambda: (files[MANIFEST],)).sha256
    files[STATEMENT] = dumped(statement(listed, digest))
    assert checked(repacked(files)).problems == (
        "verdict.json and manifest.json do not name the same verdict",
    )


@pytest.mark.parametrize(
    "listed",
    [
        {},
        {"schema": "ddbinsert-evidence/1"},
        {"schema": "ddbinsert-evidence/1", "files": 3, "run": 4},
        {"schema": "ddbinsert-evidence/1", "files": [1], "run": {"started": "x"}},
        {
            "schema": "ddbinsert-evidence/1",
            "files": [],
            "run": {"started": 1e300, "claims": [], "result": "X"},
        },
        {"schema": "ddbinsert-evidence/2"},
    ],
)
def test_what_is_no_manifest_is_refused_and_nothing_breaks(good: bytes, listed: dict[str, Any]) -> None:
    files = {**unpacked(good), MANIFEST: dumped(listed)}
    assert checked(repacked(files)).problems


def test_a_file_of_another_kind_is_not_a_bundle() -> None:
    for content in (b"", b"PK", b"PK\x03\x04", b"PK\x05\x06" + bytes(18), b"\x89PNG\r\n\x1a\n", b"{}" * 100):
        (problem,) = checked(content).problems
        assert "not an evidence bundle" in problem or "was cut off" in problem


def zipped(files: Sequence[tuple[str, bytes]], method: int = zipfile.ZIP_STORED) -> bytes:
    out = io.BytesIO()
    with zipfile.ZipFile(out, "w", method) as archive:
        for name, content in files:
            archive.writestr(name, content)
    return out.getvalue()


@pytest.mark.filterwarnings("ignore:Duplicate name")
def test_what_other_programs_packed_is_refused_with_the_reason(good: bytes) -> None:
    files = list(unpacked(good).items())
    cases = {
        "compressed": zipped(files, zipfile.ZIP_DEFLATED),
        "not in its place": zipped([*files, files[0]]),
        "'../../etc/passwd' is not allowed": zipped([("../../etc/passwd", b"x")]),
        "'/etc/passwd' is not allowed": zipped([("/etc/passwd", b"x")]),
        "is compressed": zipped([("bomb.txt", bytes(10_000_000))], zipfile.ZIP_DEFLATED),
        "was changed": zipped(files),
    }
    for reason, content in cases.items():
        (problem,) = checked(content).problems
        assert reason in problem


def test_trailing_bytes_and_a_comment_are_refused(good: bytes) -> None:
    assert checked(good + b"x").problems == ("something follows after the end (1 bytes or more)",)
    commented = io.BytesIO(good)
    with zipfile.ZipFile(commented, "a") as archive:
        archive.comment = b"signed by nobody"
    assert checked(commented.getvalue()).problems


def test_another_time_is_found_also_where_all_files_have_it(good: bytes) -> None:
    assert checked(repacked(unpacked(good), proofs.START + 3600)).problems == (
        "the time of the files is not that of the run in manifest.json",
    )


def test_a_run_without_a_verdict_and_one_of_several_consumers_make_bundles_too() -> None:
    none = NoVerdict(table="orders", at=proofs.START, exit_code=4, code="aws", message="AWS refused.")
    found = checked(written([none]))
    assert found.problems == ()
    assert found.run["result"] == "NONE"
    several = written([proofs.proof_of(), none])
    assert checked(several).problems == ()
    assert json.loads(unpacked(several)[STATEMENT])["predicate"]["result"] == "WARNED"


@pytest.mark.parametrize(
    ("proof", "word", "full"),
    [
        (proofs.proof_of(), "PASSED", "passedTests"),
        (proofs.proof_of(lost=frozenset({1}), filters=()), "FAILED", "failedTests"),
        (proofs.watched(Result.INCONCLUSIVE), "WARNED", "warnedTests"),
    ],
)
def test_the_statement_is_an_in_toto_test_result(proof: Proof, word: str, full: str) -> None:
    files = unpacked(written([proof]))
    document = json.loads(files[STATEMENT])
    assert document["_type"] == "https://in-toto.io/Statement/v1"
    predicate = document["predicate"]
    assert predicate["result"] == word
    assert predicate[full]
    # The predicate's own rules: PASSED has no failures, WARNED has warnings and no failures, FAILED has failures.
    assert bool(predicate["failedTests"]) is (word == "FAILED")
    digests = {one["name"]: one["digest"]["sha256"] for one in document["subject"]}
    assert digests == {
        name: measured(name, lambda content=content: (content,)).sha256
        for name, content in files.items()
        if name != STATEMENT
    }


def test_an_earlier_attempt_is_in_the_bundle() -> None:
    files = unpacked(written(earlier=[{"verdict": "INCONCLUSIVE"}]))
    assert json.loads(files["attempts/0001.json"]) == {"verdict": "INCONCLUSIVE"}


def test_names_that_could_lead_elsewhere_or_look_alike_are_not_allowed() -> None:
    for name in ("", "/a", "a/", "a//b", "../a", "a/../b", ".a", "A", "ä", "a\\b", "a b", "c:/x", "a" * 201):
        assert not is_allowed(name), name
    with pytest.raises(ValueError, match="not allowed"):
        measured("../a", lambda: (b"",))
    content = lambda: (b"x",)  # noqa: E731
    with pytest.raises(ValueError, match="one name"):
        list(packed([(measured("a", content), content)] * 2, 0.0))


def test_a_list_of_files_in_another_order_is_refused() -> None:
    names = ("a", "b", "c")
    content = lambda: (b"x",)  # noqa: E731
    for first, second in pairwise(names):
        one, other = (repacked({name: b"x"}) for name in (second, first))
        local = [piece[: piece.index(b"PK\x01\x02")] for piece in (one, other)]
        with pytest.raises(NotCanonical, match="not in its place"):
            read(io.BytesIO(b"".join(local)), lambda _name, _piece: None)
    assert manifest({}, [measured(name, content) for name in reversed(names)])["files"][0]["name"] == "a"
