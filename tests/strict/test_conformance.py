"""The facts about AWS, tried on the rig: a sample in each run, all of them on every endpoint at night."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
from typing import TYPE_CHECKING

import pytest

from tests.conformance import page
from tests.conformance.__main__ import answers
from tests.conformance.known import DIFFERENCES, FOLLOWS_FROM, NOT_APPLICABLE, WITHOUT_PROBE
from tests.conformance.lab import Lab, Place
from tests.conformance.model import PROBES, Outcome, anchors
from tests.conformance.places import LOCAL, place_of
from tests.conformance.run import alike, run, unexplained
from tests.conformance.sweep import left
from tests.strict.rig import rig_for

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from ddbinsert import local

SAMPLE = frozenset(
    {
        "esm-defaults",
        "esm-invalid-filter",
        "esm-duplicate",
        "pattern-invalid",
        "number-text",
        "stream-enabled-twice",
    }
)


# --- the tables -------------------------------------------------------------------------------------------


def test_every_fact_has_a_probe_or_a_reason_why_it_has_none() -> None:
    covered = [*PROBES, *FOLLOWS_FROM, *WITHOUT_PROBE]
    assert sorted(covered) == sorted(anchors())


def test_the_tables_name_facts_that_have_probes_each_once() -> None:
    for endpoint in page.ENDPOINTS:
        named = [*NOT_APPLICABLE[endpoint], *DIFFERENCES[endpoint]]
        assert len(named) == len(set(named)), endpoint
        assert set(named) <= {*PROBES, *FOLLOWS_FROM}, endpoint
    assert not DIFFERENCES["rig"]
    for anchor, others in FOLLOWS_FROM.items():
        assert set(others) <= set(DIFFERENCES["emulator"]), anchor


def test_the_page_is_what_a_run_as_expected_writes() -> None:
    assert page.PAGE.read_text(encoding="utf-8") == page.page(page.expected())


def test_answers_say_nothing_of_names_accounts_and_times() -> None:
    given = {
        "message": "arn:aws:lambda:eu-west-1:123456789012:function:ddbinsert-conformance-0a1b2c3d-function-7",
        "uuid": ["0a1b2c3d-0000-4000-8000-0123456789ab", "2026-11-28T04:26:03.357Z", 7, None, True],
    }
    assert alike(given) == {
        "message": "arn:aws:lambda:<region>:<account>:function:<function>",
        "uuid": ["<uuid>", "<time>", 7, None, True],
    }


# --- probes -----------------------------------------------------------------------------------------------


@pytest.fixture
def lab(emulator: local.Emulator) -> Iterator[Lab]:
    with rig_for(emulator.endpoint, "aws") as rig:
        keys = (emulator.access_key_id, emulator.secret_access_key)
        place = Place("rig", endpoint=rig.endpoint, region="eu-west-1", keys=keys, patience=30.0)
        made = Lab(place)
        yield made
        assert made.clear(lambda _text: None) == []
        place.close()


@pytest.mark.nightly
def test_a_sample_of_facts_holds_on_the_rig_and_everything_is_removed(lab: Lab) -> None:
    found = run(lab, SAMPLE)
    assert unexplained("rig", found) == []
    assert {one.outcome for one in found.values()} == {Outcome.AGREES}
    written = json.dumps(answers(lab, found))
    assert lab.run not in written
    lab.clear(pytest.fail)
    assert [what for what, _ in left(lab, lab.prefix)] == []


def test_a_probe_that_breaks_is_a_difference_with_its_reason_and_ends_nothing(lab: Lab) -> None:
    lab.stopping.set()
    found = run(lab, {"esm-defaults"})
    assert found["esm-defaults"].outcome is Outcome.DIFFERS
    assert found["esm-defaults"].problem.startswith("Interrupted")
    assert "which is not known" in unexplained("rig", found)[0]
    known = run(lab, {"emulator-accepts"})
    assert known["emulator-accepts"].outcome is Outcome.NOT_APPLICABLE


@pytest.mark.nightly
@pytest.mark.parametrize("kind", LOCAL)
def test_each_endpoint_is_as_the_tables_say(kind: str) -> None:
    with place_of(kind) as place:
        lab = Lab(place)
        try:
            found = run(lab)
        finally:
            lab.clear(lambda _text: None)
    assert unexplained(kind, found) == []
    assert {anchor: one.outcome for anchor, one in found.items()} == page.expected()[kind]


@pytest.mark.nightly
def test_an_interrupted_run_removes_what_it_made(emulator: local.Emulator, tmp_path: Path) -> None:
    variables = {**os.environ, **emulator.variables()}
    command = [sys.executable, "-m", "tests.conformance", "--endpoint", emulator.endpoint, "--yes"]
    with subprocess.Popen(
        [*command, "--answers", str(tmp_path / "a.json")],
        env=variables,
        stdout=subprocess.PIPE,
        text=True,
        bufsize=1,
    ) as process:
        assert process.stdout is not None
        seen = []
        for line in process.stdout:
            seen.append(line)
            if sum(one.startswith("  ") and ": " in one for one in seen) == 12:
                process.send_signal(signal.SIGINT)
    assert process.returncode == 130, "".join(seen)
    assert any(line.startswith("removing what was made:") for line in seen)
    place = Place(
        "endpoint",
        endpoint=emulator.endpoint,
        region="us-east-1",
        keys=(emulator.access_key_id, emulator.secret_access_key),
    )
    assert [what for what, _ in left(Lab(place))] == []
    place.close()
