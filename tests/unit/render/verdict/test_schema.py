"""The published schema of verify's answers: whatever verify answers is valid, and what it never would is not."""

from __future__ import annotations

import json
from typing import Any

import jsonschema
import pytest

from ddbinsert.advice import Advice
from ddbinsert.core.proof.verdict import Result
from ddbinsert.errors import PrerequisiteError
from ddbinsert.render import machine
from ddbinsert.render.verdict import text as verdict
from ddbinsert.render.verdict.schema import schema
from tests.unit import proofs
from tests.unit.core.proof.test_claims import RUNS

SCHEMA = schema()
VALIDATOR = jsonschema.Draft202012Validator(SCHEMA)
CODES = {Result.PASS: 0, Result.FAIL: 1, Result.INCONCLUSIVE: 6}


def answer(name: str = "healthy") -> dict[str, Any]:
    proof = RUNS[name]
    document = machine.envelope("verify", CODES[proof.verdict.result], data=verdict.data(proof))
    found: dict[str, Any] = json.loads(machine.dumps(document))
    return found


def closed(node: Any) -> Any:
    """The schema with every object closed: what it does not describe is a breach."""
    if isinstance(node, list):
        return [closed(inner) for inner in node]
    if not isinstance(node, dict):
        return node
    found = {key: closed(inner) for key, inner in node.items() if key != "allOf"}
    if node.get("type") == "object" and "required" in node:
        found["additionalProperties"] = node.get("properties", {}).keys() == {"$schema"}
    return found


def test_the_schema_is_one() -> None:
    jsonschema.Draft202012Validator.check_schema(SCHEMA)
    assert SCHEMA["$schema"] == "https://json-schema.org/draft/2020-12/schema"
    assert json.loads(json.dumps(SCHEMA)) == SCHEMA


@pytest.mark.parametrize("name", RUNS)
def test_every_answer_is_valid(name: str) -> None:
    VALIDATOR.validate(answer(name))


@pytest.mark.parametrize("name", RUNS)
def test_every_key_of_an_answer_is_described(name: str) -> None:
    """Whoever adds a key to verify's answers describes it in the schema."""
    jsonschema.Draft202012Validator(closed(SCHEMA)).validate(answer(name))


def test_a_hostile_answer_is_valid_too() -> None:
    document = machine.envelope("verify", 1, data=verdict.data(proofs.hostile()))
    document["data"]["items"][0]["receipts"] = []
    VALIDATOR.validate(json.loads(machine.dumps(document)))


def test_a_failure_without_a_verdict_is_valid() -> None:
    failure = {"code": "no-stream", "message": "No stream.", "hint": None}
    VALIDATOR.validate(machine.envelope("verify", 5, errors=[failure], warnings=["w"]))


def test_advice_and_the_command_of_a_hint_are_described() -> None:
    error = PrerequisiteError("No stream.", hint=Advice("Make one", ("attach-trigger", "orders")))
    advice = [Advice("Wait"), Advice("Make one", ("attach-trigger", "orders"))]
    document = machine.envelope("verify", 5, errors=[machine.failure(error)], advice=advice)
    jsonschema.Draft202012Validator(closed(SCHEMA)).validate(document)


@pytest.mark.parametrize("code", [1, 2, 6])
def test_a_pass_that_exits_otherwise_than_with_0_is_refused(code: int) -> None:
    assert not VALIDATOR.is_valid({**answer(), "exit_code": code, "ok": False})


def test_an_answer_that_is_ok_with_another_exit_code_is_refused() -> None:
    assert not VALIDATOR.is_valid({**answer("leaking"), "ok": True})
    assert not VALIDATOR.is_valid({**answer(), "ok": False})


@pytest.mark.parametrize(
    ("path", "value"),
    [
        (("schema",), "ddbinsert/2"),
        (("data", "verdict"), "pass"),
        (("data", "run_id"), "xyz"),
        (("data", "counts", "missing"), -1),
        (("data", "counts", "missing"), "0"),
        (("data", "started"), "2026-01-01"),
        (("data", "findings"), None),
        (("data", "items", 0, "writes", 0, "expects"), "UPSERT"),
        (("data", "items", 0, "stream", 0, "sequence"), 12),
        (("data", "latency_seconds", "p50"), None),
        (("exit_code",), 99),
    ],
)
def test_what_verify_never_answers_is_refused(path: tuple[Any, ...], value: object) -> None:
    document = answer()
    node: Any = document
    for key in path[:-1]:
        node = node[key]
    node[path[-1]] = value
    assert not VALIDATOR.is_valid(document)


@pytest.mark.parametrize("key", sorted(answer()["data"]))
def test_a_verdict_lacks_nothing(key: str) -> None:
    document = answer()
    del document["data"][key]
    assert not VALIDATOR.is_valid(document)


def test_keys_that_a_later_version_adds_are_no_breach() -> None:
    document = answer()
    document["data"]["novelty"] = 1
    document["data"]["items"][0]["novelty"] = 1
    VALIDATOR.validate(document)
