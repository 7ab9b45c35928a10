"""The published JSON Schema of what `verify --output json` answers; additions are no breach, anything else is.

A reader of ours must take keys that it doesn't know: that is why no object here is closed.
"""

from __future__ import annotations

from typing import Any, Final

from ddbinsert.core.model import EventName
from ddbinsert.core.probe import Action, Method
from ddbinsert.core.verdict import Result, Weight
from ddbinsert.errors import ExitCode
from ddbinsert.render.machine import SCHEMA

DIALECT: Final = "https://json-schema.org/draft/2020-12/schema"
_CODES = {
    Result.PASS: ExitCode.OK,
    Result.FAIL: ExitCode.NO,
    Result.INCONCLUSIVE: ExitCode.INCONCLUSIVE,
}

_Schema = dict[str, Any]


def schema() -> _Schema:
    """JSON Schema (2020-12) of the envelope, with verify's ``data`` as ``#/$defs/verdict``."""
    return {
        "$schema": DIALECT,
        "$id": "urn:ddbinsert:schema:1:verify",
        "title": "The answer of `ddbinsert verify --output json`",
        **_envelope(),
        "$defs": {
            "verdict": _verdict(),
            "finding": _finding(),
            "evidence": _evidence(),
            "item": _item(),
            "cleaned": _object(
                "What `verify --cleanup` answers.",
                run_id=_text("The run whose test items were removed."),
                keys=_count("Keys that were looked after."),
            ),
            "problems": _object(
                "A configuration that is wrong (exit code 3).",
                problems={"type": "array", "items": {"type": "object"}},
            ),
            "schema": _object(
                "What `verify --schema` answers: this document.", **{"$schema": {"const": DIALECT}}
            ),
            "failure": _object(
                "Why there is no verdict.",
                code=_text("Stable, kebab-case."),
                message=_text("What happened."),
                hint=_or_null(_text("The next action.")),
            ),
        },
    }


def _envelope() -> _Schema:
    return {
        **_object(
            "The envelope that every command answers in.",
            schema={"const": SCHEMA},
            command={"type": "string"},
            ok={"type": "boolean", "description": "True for exit code 0 alone."},
            exit_code={"enum": [*map(int, ExitCode), 70], "description": "70 is a fault of ddbinsert's own."},
            data={
                "description": "The result; null where there is none.",
                "anyOf": [
                    *(_ref(name) for name in ("verdict", "cleaned", "problems", "schema")),
                    {"type": "null"},
                ],
            },
            errors={"type": "array", "items": _ref("failure")},
            warnings={"type": "array", "items": {"type": "string"}},
        ),
        "allOf": [
            {
                "if": {"properties": {"exit_code": {"const": 0}}},
                "then": {"properties": {"ok": {"const": True}}},
                "else": {"properties": {"ok": {"const": False}}},
            },
            *(_exits(result, code) for result, code in _CODES.items()),
        ],
    }


def _exits(result: Result, code: ExitCode) -> _Schema:
    """A verdict has one exit code."""
    has = {"type": "object", "required": ["verdict"], "properties": {"verdict": {"const": result.value}}}
    return {
        "if": {"properties": {"data": has}},
        "then": {"properties": {"exit_code": {"const": int(code)}}},
    }


def _verdict() -> _Schema:
    return _object(
        "One run's verdict, and what it rests on.",
        verdict={"enum": [result.value for result in Result]},
        run_id={
            "type": "string",
            "pattern": "^[0-9a-f]{12}$",
            "description": "Stands in the key of every test item.",
        },
        summary=_text("The verdict in a sentence."),
        table=_text("The table's name."),
        function=_text("The function's name."),
        region=_or_null(_text("The region.")),
        account=_or_null(_text("The account.")),
        endpoint=_text("AWS, or the URL that stands in for it."),
        started=_moment("The run's start."),
        finished=_moment("The run's end."),
        waited=_seconds("From the last write to the end of the looks."),
        counts=_counts(),
        latency_seconds=_or_null(_latency()),
        findings={"type": "array", "items": _ref("finding")},
        evidence={"type": "array", "items": _ref("evidence")},
        items={
            "type": "array",
            "items": _ref("item"),
            "description": "The scripted items; empty where none was.",
        },
        kept={"type": "boolean", "description": "The test items were left in the table."},
    )


def _counts() -> _Schema:
    always = _object(
        "What was written and seen, in numbers.",
        expected_inserts=_count("Inserts that must be processed."),
        processed_inserts=_count("Of them, those that were."),
        missing=_count("Of them, those that were not."),
        intruders=_count("Other records that were processed."),
        guarded=_count("Other records that were delivered, and dropped by the handler's guard."),
        duplicates=_count("Receipts of a record that had been processed before."),
        stream_records=_count("Records that were read from the stream."),
    )
    always["properties"] |= {
        "items": _count("Items written to; not with --observe."),
        "writes": _count("Writes that DynamoDB acknowledged; not with --observe."),
        "receipts": _count("Receipts in the log; not with --observe."),
        "log_lines": _count("Other log lines that show a test item's key; not with --observe."),
        "filtered_inserts": _count("Inserts that the filter keeps out; with --observe alone."),
    }
    return always


def _latency() -> _Schema:
    shares = {name: _seconds("") for name in ("min", "p50", "p90", "p99", "max")}
    return _object("From a write's answer to its log line.", **shares)


def _finding() -> _Schema:
    weights = "proof makes it a FAIL, hole keeps it from being a PASS, note changes nothing."
    return _object(
        "One thing that is wrong, or worth knowing.",
        code={"type": "string", "pattern": "^[a-z0-9]+(-[a-z0-9]+)*$", "description": "Stable."},
        weight={"enum": [weight.value for weight in Weight], "description": weights},
        text=_text("What is the case."),
        evidence={"type": "array", "items": {"type": "string"}},
        mend=_or_null(_text("The next action.")),
    )


def _evidence() -> _Schema:
    return _object(
        "One side from which the run was looked at.",
        side=_text("writes, stream, log, invocations, metrics, configuration, function."),
        seen={"type": "boolean"},
        text=_text("What was seen, or why nothing was."),
    )


def _item() -> _Schema:
    event = _text("INSERT, MODIFY or REMOVE.")
    write = _object(
        "A write that DynamoDB acknowledged.",
        at=_moment("Its answer."),
        method={"enum": [method.value for method in Method]},
        action={"enum": [action.value for action in Action]},
        expects={
            "enum": [*(name.value for name in EventName), None],
            "description": "The record that it must leave.",
        },
    )
    record = _object(
        "A record as ddbinsert read it from the stream.",
        event_name=event,
        event_id={"type": "string"},
        sequence={"type": "string", "pattern": "^-?[0-9]+$", "description": "Compare as a number."},
        at=_or_null(_moment("ApproximateCreationDateTime.")),
    )
    receipt = _object(
        "A line in which the handler says what it did with a record.",
        event_name=event,
        decision={"enum": ["processed", "guarded", "failed"]},
        event_id={"type": "string"},
        logged=_moment("The log event's time."),
        request=_text("The invocation's request id."),
    )
    return _object(
        "One scripted item's timeline.",
        number=_count("Stands in its key."),
        writes={"type": "array", "items": write},
        stream={"type": "array", "items": record},
        receipts={"type": "array", "items": receipt},
        lines=_count("Log lines that show its key and are no receipts."),
    )


# --- small words ------------------------------------------------------------------------------------------


def _object(description: str, **properties: _Schema) -> _Schema:
    """An object of which every property that is named must be there."""
    return {
        "type": "object",
        "description": description,
        "required": list(properties),
        "properties": properties,
    }


def _ref(name: str) -> _Schema:
    return {"$ref": f"#/$defs/{name}"}


def _text(description: str) -> _Schema:
    return {"type": "string", "description": description}


def _count(description: str) -> _Schema:
    return {"type": "integer", "minimum": 0, "description": description}


def _moment(description: str) -> _Schema:
    return {"type": "number", "description": f"{description} Epoch seconds."}


def _seconds(description: str) -> _Schema:
    return {"type": "number", "minimum": 0, "description": f"{description} Seconds.".strip()}


def _or_null(inner: _Schema) -> _Schema:
    return {"anyOf": [inner, {"type": "null"}]}
