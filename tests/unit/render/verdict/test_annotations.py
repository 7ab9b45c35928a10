"""Annotations of GitHub Actions: one workflow command a line, whatever outside text says."""

from __future__ import annotations

import re

import pytest
from hypothesis import given
from hypothesis import strategies as st

from ddbinsert.core.proof.verdict import Result
from ddbinsert.render.verdict.annotations import annotated
from ddbinsert.render.verdict.common import NoVerdict
from ddbinsert.render.workflow_commands import annotation
from tests.examples import examples
from tests.unit import proofs
from tests.unit.core.proof.test_claims import RUNS

COMMAND = re.compile(r"::(error|warning|notice) title=([^:,]+)::(.+)")


def levels(text: str) -> list[str]:
    found = [COMMAND.fullmatch(line) for line in text.splitlines()]
    assert all(found), text
    return [match[1] for match in found if match]


@pytest.mark.parametrize("name", RUNS)
def test_the_verdict_decides_the_level_of_the_first_annotation(name: str) -> None:
    found = levels(annotated(RUNS[name]))
    match RUNS[name].verdict.result:
        case Result.PASS:
            assert "error" not in found
        case Result.FAIL:
            assert found[0] == "error"
        case Result.INCONCLUSIVE:
            assert found[0] == "warning"
            assert "error" not in found
    assert len(found) <= 10


def test_a_run_without_a_verdict_is_one_error_with_its_hint() -> None:
    none = NoVerdict(table="orders", at=0, exit_code=4, code="aws", message="AWS refused", hint="Wait.")
    assert annotated(none) == (
        "::error title=ddbinsert%3A no verdict for orders (aws)::AWS refused. Try: Wait.\n"
    )


@given(st.text(max_size=60))
@examples(200)
def test_outside_text_never_makes_another_command(text: str) -> None:
    levels(annotated(proofs.hostile(f"a{text}\n::error::b\r::warning::")))
    assert annotation("notice", {"title": text}, text).count("\n") == 1
