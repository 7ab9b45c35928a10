"""`config schema` and the loader say the same, because both are read from core's annotations."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import jsonschema
import pytest

from ddbinsert import config

SCHEMA = config.schema()
#: Judged by the loader alone: what a pattern means, and what several keys mean together.
_PATTERN = "mapping.filters"

_VALUES: list[Any] = [
    *(None, True, False, -2, -1, 0, 1, 14, 15, 59, 60, 127, 128, 300, 301, 900, 901, 3653, 10000, 10001, 10240, 604801),
    *(1.5, "", "a", "own", "null", "auto", "print", "NEW_IMAGE", "x86_64", "LATEST", "latest", "orders", "or ders"),
    *("python3.13", "python2", "nodejs22.x", "handler.handle", "a b", "/aws/lambda/x", "aws/x", "true", "14"),
    *("arn:aws:iam::123456789012:role/r", "arn:aws:iam::1:role/r", "arn:aws:sqs:eu-west-1:123456789012:q"),
    *("arn:aws:sqs:eu-west-1:123456789012:q.fifo", "arn:aws:s3:::bucket", "eu-central-1", "Frankfurt"),
    *("http://127.0.0.1:4566", "http://u@h", "ftp://h", "x" * 64, "x" * 65, "x" * 129, "x" * 256, "x" * 4097, "x" * 600),
    *("Active", "Text", "JSON", 512, 32768, 32769, ["subnet-0a1b"], ["sg-0a1b"]),
    *("STANDARD", "/", "/teams/", "teams", "arn:aws:iam::123456789012:policy/b"),
    *("arn:aws:kms:eu-west-1:123456789012:key/1", "arn:aws:sns:eu-west-1:123456789012:t"),
    *([], {}, [1], ["a"], {"AB": "c"}, {"AB": 1}, {"A": "c"}, {"AWS_REGION": "x"}, {"aws:a": "b"}, {"team": "a<b"}),
    *({f"k{n:02}": "v" for n in range(count)} for count in (49, 50)),
]  # fmt: skip


def _document(path: str, value: Any) -> dict[str, Any]:
    for name in reversed(path.split(".")):
        value = {name: value}
    return dict(value)


def _schema_of(path: str) -> dict[str, Any]:
    """The part of the schema that describes a key."""
    place = SCHEMA
    for name in path.split("."):
        place = place["properties"][name]
    return place


def _is_loaded(folder: Path, document: Any) -> bool:
    # JSON is YAML, and leaves no doubt about what is text.
    (folder / "ddbinsert.yaml").write_text(json.dumps(document), encoding="utf-8")
    try:
        config.load(None, cwd=folder, variables={}, flags={})
    except config.InvalidConfigurationError as error:
        rules = (
            "cannot be combined",
            "is only valid with function.code",
            "needs code of your own",
            "needs function.vpc",
        )
        return all(any(rule in problem.message for rule in rules) for problem in error.problems)
    return True


@pytest.mark.parametrize(
    "key", [key for key in config.reference() if key.path != _PATTERN], ids=lambda key: key.path
)
def test_the_schema_takes_what_the_loader_takes(key: config.KeyReference, tmp_path: Path) -> None:
    validator = jsonschema.Draft202012Validator(SCHEMA)
    verdicts = set()
    for value in _VALUES:
        document = _document(key.path, value)
        taken = validator.is_valid(document)
        verdicts.add(taken)
        if key.path == "table" and value is None:
            continue  # The loader takes it for a table that is named elsewhere.
        assert _is_loaded(tmp_path, document) == taken, value
    assert verdicts == {True, False}


@pytest.mark.parametrize(
    "document", [{"tables": "orders"}, {"mapping": {"x-a": 1}}, [], "orders", {"mapping": []}]
)
def test_the_schema_refuses_what_is_no_key_of_ours(document: Any, tmp_path: Path) -> None:
    assert not jsonschema.Draft202012Validator(SCHEMA).is_valid(document)
    assert not _is_loaded(tmp_path, document)


@pytest.mark.parametrize("document", [{"mapping": None}, {"x-anything": [1, {"a": None}]}, {}])
def test_the_schema_takes_empty_sections_and_extensions(document: Any, tmp_path: Path) -> None:
    assert jsonschema.Draft202012Validator(SCHEMA).is_valid(document)
    assert _is_loaded(tmp_path, document)


def test_the_schema_is_one_itself_and_describes_every_key() -> None:
    jsonschema.Draft202012Validator.check_schema(SCHEMA)
    for key in config.reference():
        assert _schema_of(key.path)["description"] == key.description
        assert len(key.description) > 2


def test_every_default_in_the_schema_is_taken_and_changes_nothing(tmp_path: Path) -> None:
    defaults: dict[str, Any] = {"table": "orders"}
    for key in config.reference():
        *sections, name = key.path.split(".")
        below = defaults
        for section in sections:
            below = below.setdefault(section, {})
        described = _schema_of(key.path)
        if "default" in described:
            below[name] = described["default"]
    (tmp_path / "ddbinsert.yaml").write_text(json.dumps(defaults), encoding="utf-8")
    (tmp_path / "bare.yaml").write_text("table: orders", encoding="utf-8")
    full = config.load(None, cwd=tmp_path, variables={}, flags={})
    bare = config.load(Path("bare.yaml"), cwd=tmp_path, variables={}, flags={})
    assert full.trigger == bare.trigger
    assert full.connection == bare.connection


def test_secrets_of_the_environment_are_hidden_where_values_are_listed(tmp_path: Path) -> None:
    (tmp_path / "ddbinsert.yaml").write_text("function: {environment: {TOKEN: hunter2}}")
    listed = config.values(config.load(None, cwd=tmp_path, variables={}, flags={}))
    assert "hunter2" not in repr(listed)
    assert {value.path: value.value for value in listed}["function.environment"] == {"TOKEN": "(hidden)"}
