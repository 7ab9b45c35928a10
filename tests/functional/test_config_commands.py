"""config schema and config check, as a user and a script see them."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING

import jsonschema
import pytest

from tests.functional.command import Ran, ran

if TYPE_CHECKING:
    from pathlib import Path

BAD = "table: o\nmapping:\n  batchSize: 5\n"


def check(folder: Path, *arguments: str, file: str | None = None, **variables: str) -> Ran:
    if file is not None:
        (folder / "ddbinsert.yaml").write_text(file, encoding="utf-8")
    return ran("config", "check", *arguments, variables=variables, cwd=folder)


def test_the_schema_stands_alone_on_stdout() -> None:
    shown = ran("config", "schema", variables={})
    assert shown.code == 0
    assert shown.err == ""
    jsonschema.Draft202012Validator.check_schema(json.loads(shown.out))


def test_with_json_asked_for_the_schema_is_the_data_of_the_envelope() -> None:
    shown = ran("config", "schema", "--output", "json", variables={})
    assert shown.json["ok"] is True
    assert shown.data == json.loads(ran("config", "schema", variables={}).out)


def test_a_good_file_is_said_to_be_one_and_described(tmp_path: Path) -> None:
    shown = check(tmp_path, file="table: orders\nmapping: {batch_size: 5, filters: [{a: [b]}]}\n")
    assert shown.code == 0
    assert "ddbinsert.yaml is valid." in shown.out
    assert "orders-inserts" in shown.out
    assert '{"eventName":["INSERT"],"a":["b"]}' in shown.out
    assert "ddbinsert.yaml:2:23" in shown.out


def test_a_script_gets_every_key_with_its_value_and_its_source(tmp_path: Path) -> None:
    shown = check(
        tmp_path,
        "-o",
        "json",
        "--region",
        "eu-central-1",
        file="table: orders\n",
        DDBINSERT_MAPPING_RETRIES="2",
    )
    keys = {key["path"]: (key["value"], key["source"]) for key in shown.data["keys"]}
    assert keys["table"] == ("orders", "ddbinsert.yaml:1:8")
    assert keys["mapping.retries"] == (2, "DDBINSERT_MAPPING_RETRIES")
    assert keys["connection.region"] == ("eu-central-1", "--region")
    assert keys["mapping.batch_size"] == (100, None)
    assert shown.data["trigger"]["role"] == "orders-inserts-role"


def test_a_file_without_a_table_is_good_and_described_as_such(tmp_path: Path) -> None:
    shown = check(tmp_path, "-o", "json", file="mapping: {batch_size: 5}")
    assert shown.code == 0
    assert shown.data["trigger"] is None
    assert "not in the file; to be given on the command line" in check(tmp_path).out
    assert check(tmp_path, file="").code == 0


def test_every_problem_goes_to_stderr_with_its_line_and_the_nearest_key(tmp_path: Path) -> None:
    shown = check(tmp_path, file=BAD)
    assert shown.code == 3
    assert shown.out == ""
    assert "2 problems" in shown.err
    assert "ddbinsert.yaml:1:8: table: 'o' is too short." in shown.err
    assert (
        "ddbinsert.yaml:3:3: mapping.batchSize: Unknown key. Did you mean batch_size? Allowed: " in shown.err
    )


def test_a_script_gets_each_problem_in_its_parts(tmp_path: Path) -> None:
    shown = check(tmp_path, "--output=json", file=BAD)
    assert shown.code == shown.json["exit_code"] == 3
    assert shown.error_code == "invalid-configuration"
    assert [(p["path"], p["line"], p["nearest"]) for p in shown.data["problems"]] == [
        ("table", 1, None),
        ("mapping.batchSize", 3, "batch_size"),
    ]


def test_every_other_command_tells_the_same_problems(tmp_path: Path) -> None:
    (tmp_path / "ddbinsert.yaml").write_text(BAD)
    shown = ran("status", "orders", "-o", "json", variables={}, cwd=tmp_path)
    assert shown.code == 3
    assert [p["path"] for p in shown.data["problems"]] == ["table", "mapping.batchSize"]


def test_no_file_at_all_is_no_pass(tmp_path: Path) -> None:
    shown = check(tmp_path, "-o", "json")
    assert shown.code == 5
    assert shown.error_code == "no-configuration-file"
    assert check(tmp_path, "--config", "other.yaml", "-o", "json").code == 3


@pytest.mark.parametrize("code", ["missing.py", "lib/missing.zip", "a\\e[31mb"])
def test_own_code_that_is_not_there_is_found_out(tmp_path: Path, code: str) -> None:
    shown = check(tmp_path, "-o", "json", file=f'table: orders\nfunction:\n  code: "{code}"\n')
    assert shown.code == 3
    (problem,) = shown.data["problems"]
    assert (problem["path"], problem["line"], problem["column"]) == ("function.code", 3, 9)


def test_own_code_beside_the_file_is_found_from_anywhere(tmp_path: Path) -> None:
    (tmp_path / "app.py").write_text("")
    (tmp_path / "ddbinsert.yaml").write_text("table: orders\nfunction: {code: app.py}")
    elsewhere = tmp_path / "elsewhere"
    elsewhere.mkdir()
    assert check(elsewhere, "--config", "../ddbinsert.yaml").code == 0


def test_warnings_are_told_and_do_not_fail(tmp_path: Path) -> None:
    shown = check(tmp_path, "-o", "json", file="mapping: {retries: -1, record_age: -1}")
    assert shown.code == 0
    (warning,) = shown.json["warnings"]
    assert "blocks its shard" in warning


def test_values_of_the_environment_are_shown_nowhere(tmp_path: Path) -> None:
    file = "table: orders\nfunction: {environment: {TOKEN: hunter2}}"
    for arguments in ((), ("-o", "json")):
        shown = check(tmp_path, *arguments, file=file)
        assert shown.code == 0
        assert "TOKEN" in shown.out
        assert "hunter2" not in shown.out + shown.err


def test_names_from_outside_reach_no_terminal_as_they_are(tmp_path: Path) -> None:
    shown = check(tmp_path, file='"a\\e[31mb": 1\n"\\u202ec": 2\n', **{"DDBINSERT_\x1b[0m": "x"})
    assert shown.code == 3
    assert not any(bad in shown.err for bad in ("\x1b", "\u202e"))
