"""File, variables, flags: which wins, and what is said about each."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import pytest

from ddbinsert import config

_ANY_FOLDER = Path("/somewhere")


def load(
    folder: Path = _ANY_FOLDER,
    *,
    file: str | None = None,
    variables: dict[str, str] | None = None,
    flags: dict[str, object] | None = None,
) -> config.Configuration:
    if file is not None:
        (folder / "ddbinsert.yaml").write_text(file, encoding="utf-8")
    return config.load(None, cwd=folder, variables=variables or {}, flags=flags or {})


def problem(variables: dict[str, str] | None = None, flags: dict[str, object] | None = None) -> str:
    with pytest.raises(config.InvalidConfigurationError) as caught:
        load(variables=variables, flags=flags)
    (found,) = caught.value.problems
    return str(found)


def test_a_flag_wins_over_a_variable_and_a_variable_over_the_file(tmp_path: Path) -> None:
    loaded = load(
        tmp_path,
        file="mapping: {batch_size: 1, retries: 1, record_age: 60}",
        variables={"DDBINSERT_MAPPING_BATCH_SIZE": "2", "DDBINSERT_MAPPING_RETRIES": "2"},
        flags={"mapping.batch_size": 3},
    )
    assert loaded.values == {"mapping.batch_size": 3, "mapping.retries": 2, "mapping.record_age": 60}
    assert {key: str(place) for key, place in loaded.sources.items()} == {
        "mapping.batch_size": "--batch-size",
        "mapping.retries": "DDBINSERT_MAPPING_RETRIES",
        "mapping.record_age": "ddbinsert.yaml:1:50",
    }


def test_tags_and_variables_of_the_function_are_joined_key_by_key(tmp_path: Path) -> None:
    loaded = load(
        tmp_path,
        file="tags: {team: a, stage: dev}",
        variables={"DDBINSERT_TAGS": "{stage: test, owner: me}"},
        flags={"tags": {"owner": "you"}},
    )
    assert loaded.values["tags"] == {"team": "a", "stage": "test", "owner": "you"}


def test_a_list_is_replaced_not_lengthened(tmp_path: Path) -> None:
    loaded = load(tmp_path, file="mapping: {filters: [{a: [b]}]}", flags={"mapping.filters": ['{"c":["d"]}']})
    assert loaded.values["mapping.filters"] == ('{"c":["d"]}',)


def test_what_a_flag_does_not_give_stays_as_it_is(tmp_path: Path) -> None:
    loaded = load(tmp_path, file="table: orders", flags={"table": None, "mapping.bisect": None})
    assert loaded.values == {"table": "orders"}


def test_a_falsehood_is_given_too(tmp_path: Path) -> None:
    loaded = load(tmp_path, file="mapping: {bisect: true}", flags={"mapping.bisect": False})
    assert loaded.values == {"mapping.bisect": False}


def test_own_code_takes_the_place_of_a_template_below_it_and_the_other_way_round(tmp_path: Path) -> None:
    below = "function: {template: notify}"
    assert load(tmp_path, file=below, flags={"function.code": "a.py"}).values == {
        "function.code": str(tmp_path / "a.py")
    }
    below = "function: {code: a.py, handler: a.b}"
    loaded = load(tmp_path, file=below, flags={"function.template": "notify"})
    assert set(loaded.values) == {"function.template"}


def test_local_takes_the_place_of_an_endpoint_below_it_and_the_other_way_round(tmp_path: Path) -> None:
    below = "connection: {endpoint_url: 'http://h'}"
    connection = load(tmp_path, file=below, variables={"DDBINSERT_LOCAL": "true"}).connection
    assert connection == config.ConnectionSpec(local=True)
    connection = load(
        variables={"DDBINSERT_LOCAL": "true"}, flags={"connection.endpoint_url": "http://h"}
    ).connection
    assert connection == config.ConnectionSpec(endpoint_url="http://h")


def test_an_endpoint_of_the_file_does_not_come_back_when_local_is_switched_off_again(tmp_path: Path) -> None:
    loaded = load(tmp_path, file="connection: {endpoint_url: 'http://h'}", flags={"connection.local": False})
    assert loaded.connection == config.ConnectionSpec(endpoint_url="http://h")


def test_two_flags_that_exclude_each_other_are_a_problem() -> None:
    said = problem(flags={"connection.local": True, "connection.endpoint_url": "http://h"})
    assert said.startswith("--local: connection.local: ")
    assert "cannot be combined" in said


def test_a_section_name_is_left_out_of_the_variables_for_the_connection() -> None:
    loaded = load(
        variables={
            "DDBINSERT_PROFILE": "p",
            "DDBINSERT_REGION": "eu-central-1",
            "DDBINSERT_ENDPOINT_URL": "http://127.0.0.1:4566",
        }
    )
    assert loaded.connection == config.ConnectionSpec(
        profile="p", region="eu-central-1", endpoint_url="http://127.0.0.1:4566"
    )


@pytest.mark.parametrize("text", ["true", "True", " true\n"])
def test_a_variable_is_read_as_its_key_wants_it(text: str) -> None:
    loaded = load(
        variables={
            "DDBINSERT_LOCAL": text,
            "DDBINSERT_TABLE": "1234",
            "DDBINSERT_FUNCTION_MEMORY": " 256 ",
            "DDBINSERT_MAPPING_FILTERS": '[{"a": ["b"]}]',
            "DDBINSERT_FUNCTION_ENVIRONMENT": "{AB: c}",
        }
    )
    assert loaded.values == {
        "connection.local": True,
        "table": "1234",
        "function.memory": 256,
        "mapping.filters": ('{"a":["b"]}',),
        "function.environment": {"AB": "c"},
    }


def test_an_empty_variable_and_those_that_are_no_keys_count_as_not_given() -> None:
    loaded = load(
        variables={
            "DDBINSERT_TABLE": "",
            "DDBINSERT_OUTPUT": "json",
            "DDBINSERT_STATE_DIR": "/x",
            "PATH": "/bin",
            "AWS_REGION": "eu-central-1",
        }
    )
    assert loaded.values == {}


@pytest.mark.parametrize(
    ("name", "value", "says"),
    [
        ("DDBINSERT_REGOIN", "x", "Unknown variable 'DDBINSERT_REGOIN'. Did you mean DDBINSERT_REGION?"),
        ("DDBINSERT_ZZZ", "x", "Unknown variable 'DDBINSERT_ZZZ'."),
        ("DDBINSERT_X\x1b[31m", "x", "Unknown variable"),
        ("DDBINSERT_LOCAL", "yes", "write true or false"),
        ("DDBINSERT_MAPPING_RETRIES", "many", "'many' is text"),
        ("DDBINSERT_TAGS", "team=a", "Allowed: a mapping"),
        ("DDBINSERT_TAGS", "{", "Not valid YAML"),
        ("DDBINSERT_TAGS", "{a: b, a: c}", "given twice; keep one"),
        ("DDBINSERT_MAPPING_FILTERS", "{}", "Allowed: a list"),
        ("DDBINSERT_TABLE", "a" * 1000, "is too long"),
        ("DDBINSERT_FUNCTION_ENVIRONMENT", "{AB: 3}", "The value reads as a whole number"),
    ],
)
def test_a_wrong_variable_is_named(name: str, value: str, says: str) -> None:
    said = problem({name: value})
    assert said.startswith(name if name.isprintable() else repr(name))
    assert says in said


def test_no_control_character_of_a_variable_reaches_the_message() -> None:
    with pytest.raises(config.InvalidConfigurationError) as caught:
        load(variables={"DDBINSERT_X\x1b[31m": "x", "DDBINSERT_TABLE": "a\x1b]0;b"})
    assert all(line.isprintable() for line in caught.value.message.splitlines())


def test_problems_of_every_layer_are_told_together(tmp_path: Path) -> None:
    with pytest.raises(config.InvalidConfigurationError) as caught:
        load(
            tmp_path,
            file="mapping: {retries: x}",
            variables={"DDBINSERT_MAPPING_BATCH_SIZE": "0"},
            flags={"function.memory": 1},
        )
    assert [problem.source for problem in caught.value.problems] == [
        "ddbinsert.yaml",
        "DDBINSERT_MAPPING_BATCH_SIZE",
        "--memory",
    ]


def test_a_wrong_value_in_a_lower_layer_is_told_though_it_is_overruled(tmp_path: Path) -> None:
    with pytest.raises(config.InvalidConfigurationError, match=r"mapping\.retries"):
        load(tmp_path, file="mapping: {retries: x}", flags={"mapping.retries": 3})


def test_a_flag_is_called_by_the_name_that_the_command_gives_it() -> None:
    with pytest.raises(config.InvalidConfigurationError) as caught:
        config.load(
            None,
            cwd=_ANY_FOLDER,
            variables={},
            flags={"function.timeout": 0},
            flag_names={"function.timeout": "--function-timeout"},
        )
    assert caught.value.problems[0].source == "--function-timeout"


def test_a_flag_for_a_key_that_does_not_exist_is_a_mistake_of_ours() -> None:
    with pytest.raises(LookupError):
        load(flags={"mapping.batchsize": 3})
    with pytest.raises(TypeError):
        load(flags={"mapping.batch_size": object()})


def test_the_file_is_found_by_the_option_before_the_variable_before_its_name(tmp_path: Path) -> None:
    for name in ("ddbinsert", "variable", "option"):
        (tmp_path / f"{name}.yaml").write_text(f"table: {name}")

    def found(path: Path | None, variables: dict[str, str]) -> str | None:
        trigger = config.load(path, cwd=tmp_path, variables=variables, flags={}).trigger
        return trigger.table if trigger else None

    named = {"DDBINSERT_CONFIG": "variable.yaml"}
    assert found(Path("option.yaml"), named) == "option"
    assert found(None, named) == "variable"
    assert found(None, {"DDBINSERT_CONFIG": ""}) == "ddbinsert"
    assert found(None, {"DDBINSERT_CONFIG": str(tmp_path / "variable.yaml")}) == "variable"
    with pytest.raises(config.InvalidConfigurationError, match="Cannot read the file"):
        found(None, {"DDBINSERT_CONFIG": "missing.yaml"})


@pytest.mark.parametrize("is_local", [None, True, False])
@pytest.mark.parametrize("table", [None, "abc", "x" * 255, "Orders_1.-"])
def test_a_table_alone_gives_what_an_empty_file_and_a_table_give(
    tmp_path: Path, table: str | None, is_local: bool | None
) -> None:
    flags: dict[str, object] = {"table": table, "connection.local": is_local}
    alone = load(flags=flags, variables={"DDBINSERT_OUTPUT": "json"})
    beside_a_file = load(tmp_path, file="", flags=flags)
    assert replace(beside_a_file, path=None) == alone


@pytest.mark.parametrize("table", ["", "ab", "x" * 256, "a b", "ord\n", "ord\n\n", "ü" * 4, 3])
def test_a_table_alone_is_checked_no_less(table: object) -> None:
    assert problem(flags={"table": table}).startswith("--table: table: ")


def test_a_variable_that_is_none_of_ours_is_found_beside_a_table_alone() -> None:
    assert "DDBINSERT_TABEL" in problem(variables={"DDBINSERT_TABEL": "x"}, flags={"table": "orders"})
