"""One enumeration of causes: what findings are made with, claims are grouped by, and the documentation lists."""

from __future__ import annotations

import ast
from functools import cache
from pathlib import Path

import pytest

import ddbinsert
from ddbinsert.core.proof.causes.catalog import About, Cause, codes_about, table

ROOT = Path(ddbinsert.__file__).parent
DOCUMENT = ROOT.parent / "docs" / "verify.md"


@cache
def findings() -> list[tuple[str, ast.expr]]:
    """(file, code) of every call that makes a finding; only modules with such a call are parsed."""
    sources = [(path.name, path.read_text(encoding="utf-8")) for path in ROOT.rglob("*.py")]
    return [
        (name, keyword.value)
        for name, source in sources
        if "Finding(" in source
        for call in ast.walk(ast.parse(source))
        if isinstance(call, ast.Call) and isinstance(call.func, ast.Name) and call.func.id == "Finding"
        for keyword in call.keywords
        if keyword.arg == "code"
    ]


def test_every_finding_is_made_with_a_cause() -> None:
    found = findings()
    assert len(found) > 40
    assert [(name, ast.unparse(code)) for name, code in found if "Cause." not in ast.unparse(code)] == []


def test_every_cause_is_made_somewhere() -> None:
    used = " ".join(ast.unparse(code) for _, code in findings())
    assert [cause.name for cause in Cause if f"Cause.{cause.name}" not in used] == []


@pytest.mark.parametrize("cause", Cause, ids=lambda cause: cause.value)
def test_the_documentation_lists_each(cause: Cause) -> None:
    assert f"| `{cause.value}` | {cause.meaning} |" in DOCUMENT.read_text(encoding="utf-8").splitlines()


def test_the_documentation_lists_nothing_else() -> None:
    assert table() in DOCUMENT.read_text(encoding="utf-8")


def test_every_cause_is_about_one_claim() -> None:
    assert codes_about(*About) == {cause.value for cause in Cause}
    assert sum(len(codes_about(claim)) for claim in About) == len(Cause)
