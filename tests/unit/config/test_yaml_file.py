"""What ddbinsert.yaml may hold, and what is said about what it may not."""

from __future__ import annotations

import re
from pathlib import Path
from typing import Any

import pytest
import yaml
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from ddbinsert import config
from ddbinsert.core.model.record import StreamView
from ddbinsert.core.model.wanted import StartingPosition, Template, Trigger
from tests.examples import examples


def load(folder: Path, text: str | bytes) -> config.Configuration:
    content = text.encode() if isinstance(text, str) else text
    (folder / "ddbinsert.yaml").write_bytes(content)
    return config.load(None, cwd=folder, variables={}, flags={})


def problems(folder: Path, text: str | bytes) -> tuple[config.Problem, ...]:
    with pytest.raises(config.InvalidConfigurationError) as caught:
        load(folder, text)
    return caught.value.problems


def problem(folder: Path, text: str | bytes) -> config.Problem:
    found = problems(folder, text)
    assert len(found) == 1, [str(one) for one in found]
    return found[0]


# --- what is good ---------------------------------------------------------------------------------------


def test_a_table_alone_makes_a_trigger_with_every_default(tmp_path: Path) -> None:
    assert load(tmp_path, "table: orders").trigger == Trigger(table="orders")


def test_values_arrive_as_the_code_holds_them(tmp_path: Path) -> None:
    trigger = load(
        tmp_path,
        """
        table: orders
        view_type: KEYS_ONLY
        function: {template: notify, log_retention_days: null, role: own, environment: {TOPIC: t}}
        mapping: {starting_position: LATEST, record_age: -1, filters: ['{ "a": ["b"] }', {c: [1.50]}]}
        tags: {team: payments}
        """,
    ).trigger
    assert trigger is not None
    assert trigger.view is StreamView.KEYS_ONLY
    assert trigger.function.template is Template.NOTIFY
    assert trigger.function.log_retention_days is None
    assert trigger.function.role is None
    assert trigger.function.environment == {"TOPIC": "t"}
    assert trigger.mapping.starting_position is StartingPosition.LATEST
    assert trigger.mapping.record_age == -1
    assert trigger.mapping.filters == ('{"a":["b"]}', '{"c":[1.5]}')
    assert trigger.tags == {"team": "payments"}


@pytest.mark.parametrize(
    "text", ["", "# nothing\n", "---\n", "---\n...\n", "table:", "function:\nmapping: ~"]
)
def test_a_file_that_says_nothing_is_right_and_names_no_table(tmp_path: Path, text: str) -> None:
    loaded = load(tmp_path, text)
    assert loaded.trigger is None
    assert loaded.path == tmp_path / "ddbinsert.yaml"


def test_a_pattern_keeps_its_numbers_as_they_are_written(tmp_path: Path) -> None:
    loaded = load(tmp_path, """mapping: {filters: ['{"a": [1e400, 0.10, 12345678901234567890123]}']}""")
    assert loaded.values["mapping.filters"] == ('{"a":[1e400,0.10,12345678901234567890123]}',)


def test_anchors_may_wait_under_keys_of_their_own_and_be_merged(tmp_path: Path) -> None:
    loaded = load(tmp_path, "x-slow: &slow {batch_size: 3, retries: 9}\nmapping: {<<: *slow, retries: 1}")
    assert loaded.values == {"mapping.batch_size": 3, "mapping.retries": 1}


def test_own_code_is_found_beside_the_file_that_names_it(tmp_path: Path) -> None:
    folder = tmp_path / "deep"
    folder.mkdir()
    (folder / "a.yaml").write_text("function: {code: src/app.py}")
    loaded = config.load(Path("deep/a.yaml"), cwd=tmp_path, variables={}, flags={})
    assert loaded.values["function.code"] == str(folder / "src" / "app.py")


def test_every_given_value_says_where_it_was_written(tmp_path: Path) -> None:
    loaded = load(tmp_path, "table: orders\nmapping:\n  batch_size: 5\n")
    assert {key: str(place) for key, place in loaded.sources.items()} == {
        "table": "ddbinsert.yaml:1:8",
        "mapping.batch_size": "ddbinsert.yaml:3:15",
    }


def test_a_byte_order_mark_and_windows_line_ends_do_no_harm(tmp_path: Path) -> None:
    assert load(tmp_path, b"\xef\xbb\xbftable: orders\r\nmapping:\r\n  retries: 2\r\n").values == {
        "table": "orders",
        "mapping.retries": 2,
    }


# --- what is doubtful -----------------------------------------------------------------------------------


def test_endless_retries_without_an_age_are_warned_about(tmp_path: Path) -> None:
    (warning,) = load(tmp_path, "mapping: {retries: -1, record_age: -1}").warnings
    assert warning.path == "mapping.retries"
    assert "24 hours" in warning.message


def test_filters_above_the_usual_quota_are_warned_about(tmp_path: Path) -> None:
    patterns = ", ".join(f"{{a: [v{number}]}}" for number in range(6))
    (warning,) = load(tmp_path, f"mapping: {{filters: [{patterns}]}}").warnings
    assert warning.path == "mapping.filters"


def test_a_file_with_the_other_ending_is_pointed_out_and_not_read(tmp_path: Path) -> None:
    (tmp_path / "ddbinsert.yml").write_text("table: orders")
    loaded = config.load(None, cwd=tmp_path, variables={}, flags={})
    assert loaded.path is None
    assert loaded.trigger is None
    assert "rename it" in loaded.warnings[0].message


# --- what is wrong --------------------------------------------------------------------------------------


def test_every_problem_is_told_at_once_in_the_order_of_the_file(tmp_path: Path) -> None:
    found = problems(
        tmp_path,
        "table: o\nveiw_type: NEW_IMAGE\nfunction:\n  memory: 64\n  environment: {AWS_REGION: x, N: 1}\n"
        "mapping:\n  batchSize: 5\n  bisect: yes\n  filters: [{a: b}]\n",
    )
    assert [(one.path, one.line, one.column) for one in found] == [
        ("table", 1, 8),
        ("veiw_type", 2, 1),
        ("function.memory", 4, 11),
        ("function.environment.AWS_REGION", 5, 17),
        ("function.environment.N", 5, 32),
        ("function.environment.N", 5, 35),
        ("mapping.batchSize", 7, 3),
        ("mapping.bisect", 8, 11),
        ("mapping.filters[0].a", 9, 17),
    ]


@pytest.mark.parametrize(
    ("text", "path", "says"),
    [
        ("table: ordérs", "table", r"not allowed. Allowed: 3 to 255"),
        ("table: or", "table", r"too short"),
        (f"table: {'o' * 256}", "table", r"too long.*3 to 255"),
        ("table: 1234", "table", r"reads as a whole number; write it in quotes"),
        ("table: 12:30", "table", r"ambiguous in YAML; write text in quotes"),
        ("table: [orders]", "table", r"A list is not valid here"),
        ("table: {name: orders}", "table", r"A mapping is not valid here"),
        ("mapping: []", "mapping", r"The section must be a mapping of keys. Allowed: batch_size, "),
        ("mapping: {batch_size: 0}", "mapping.batch_size", r"0 is too small.*from 1 to 10000"),
        ("mapping: {batch_size: 10001}", "mapping.batch_size", r"10001 is too large"),
        ("mapping: {batch_size: 10.0}", "mapping.batch_size", r"a number with a fraction"),
        ("mapping: {batch_size: '10'}", "mapping.batch_size", r"write the number without quotes"),
        ("mapping: {batch_size: 010}", "mapping.batch_size", r"write a plain decimal number"),
        ("mapping: {batch_size: 1_0}", "mapping.batch_size", r"write a plain decimal number"),
        (f"mapping: {{batch_size: {'9' * 100}}}", "mapping.batch_size", r"\(100 characters\)"),
        ("mapping: {batch_size: true}", "mapping.batch_size", r"'true' is a boolean"),
        ("mapping: {batch_size: }", "mapping.batch_size", r"The value is missing\. .* default"),
        ("mapping: {record_age: 59}", "mapping.record_age", r"Allowed: -1, or a whole number from 60"),
        ("mapping: {bisect: 'true'}", "mapping.bisect", r"write it without quotes"),
        ("mapping: {bisect: on}", "mapping.bisect", r"ambiguous in YAML; write true or false"),
        ("mapping: {bisect: 1}", "mapping.bisect", r"a whole number. Allowed: true or false"),
        ("mapping: {starting_position: latest}", "mapping.starting_position", r"Did you mean LATEST\?"),
        ("view_type: NEW_IMAGES", "view_type", r"Did you mean NEW_IMAGE\?"),
        ("function: {log_retention_days: 15}", "function.log_retention_days", r"Allowed: 1, 3, .* or null"),
        ("function: {runtime: 3.13}", "function.runtime", r"write it in quotes"),
        ("function: {runtime: java21}", "function.runtime", r"needs code of your own"),
        ("function: {role: admin}", "function.role", r"an IAM role's ARN, .*, or own"),
        ("function: {name: 'arn:aws:lambda:x:1:function:f'}", "function.name", r"not its ARN"),
        ("function: {environment: [A]}", "function.environment", r"a mapping of names to text"),
        ("function: {environment: {_HANDLER: x}}", "function.environment._HANDLER", r"Lambda reserves"),
        (
            f"function: {{environment: {{AB: {'x' * 5000}}}}}",
            "function.environment",
            r"5009 bytes together. Allowed: at most 4096",
        ),
        ("tags: {'aws:x': y}", "tags.'aws:x'", r"AWS reserves this prefix"),
        ("tags: {'ddbinsert:table': y}", "tags.'ddbinsert:table'", r"ddbinsert uses this prefix"),
        ("mapping: {on_failure: 'arn:aws:sqs:eu-west-1:123456789012:q.fifo'}", "mapping.on_failure", r"not to FIFO"),
        ("mapping: {tumbling_window: 5}", "mapping.tumbling_window", r"not supported"),
        ("mapping: {filters: {a: [b]}}", "mapping.filters", r"a list of at most 10 items"),
        ("mapping: {filters: [5]}", "mapping.filters[0]", r"as a mapping or as JSON text"),
        ("mapping: {filters: [nonsense]}", "mapping.filters[0]", r"not JSON"),
        ("mapping: {filters: [{a: [yes]}]}", "mapping.filters[0]", r"ambiguous in YAML"),
        ("mapping: {filters: [{a: [.inf]}]}", "mapping.filters[0]", r"ambiguous in YAML"),
        ("mapping: {filters: [{a: [{prefx: x}]}]}", "mapping.filters[0].a[0].prefx", r"Allowed: .*prefix"),
        ("mapping: {filters: [{eventName: [REMOVE]}]}", "mapping.filters[0].eventName", r"No INSERT passes"),
        ('mapping: {filters: [{"a\\e[0m": 1}]}', r"mapping.filters[0].'a\x1b[0m'", r"must be a list"),
        ("connection: {endpoint_url: localhost}", "connection.endpoint_url", r"an http or https address"),
        ("connection: {endpoint_url: 'http://h/?a=b'}", "connection.endpoint_url", r"not allowed"),
        ("connection: {region: Frankfurt}", "connection.region", r"such as eu-central-1"),
        ("connection: {local: true, endpoint_url: 'http://h'}", "connection.local", r"cannot be combined"),
        ("function: {code: a.py, template: print}", "function.code", r"cannot be combined"),
        ("function: {handler: a.b}", "function.handler", r"a template has its own handler"),
        ("table: orders\ntable: other", "table", r"given twice, first in line 1"),
    ],
)  # fmt: skip
def test_a_wrong_value_is_named_with_its_key_and_what_is_allowed(
    tmp_path: Path, text: str, path: str, says: str
) -> None:
    found = problem(tmp_path, text)
    assert found.path == path
    assert found.source == "ddbinsert.yaml"
    assert found.line == text.count("\n") + 1
    assert re.search(says, str(found)), str(found)


@pytest.mark.parametrize(
    ("text", "nearest"),
    [
        ("tables: orders", "table"),
        ("fuction: {}", "function"),
        ("mapping: {batchSize: 5}", "batch_size"),
        ("mapping: {MaximumRetryAttempts: 5}", "mapping.retries"),
        ("MemorySize: 5", "function.memory"),
        ("retention: 5", "function.log_retention_days"),
        ("batch_size: 5", "mapping.batch_size"),
        ("zzz: 5", None),
        ("42: 5", None),
        ("'': 5", None),
    ],
)
def test_an_unknown_key_is_refused_with_the_key_that_was_probably_meant(
    tmp_path: Path, text: str, nearest: str | None
) -> None:
    found = problem(tmp_path, text)
    assert found.message == "Unknown key."
    assert found.nearest == nearest
    assert found.allowed


@pytest.mark.parametrize(
    ("text", "says"),
    [
        ("- orders", "not a mapping"),
        ("orders", "not a mapping"),
        ("table: a: b", "text with ': ' needs quotes"),
        ("a:\n\tb: c", "a tab; indent with spaces"),
        ("a:\n  b: c\n\td: e", "a tab; indent with spaces"),
        ("table: @orders", "a value cannot begin with '@' here; text needs quotes"),
        ("table: 'orders", "never closed"),
        ("table: *orders", "no anchor"),
        ("table: !secret orders", "A tag (!name) is not supported"),
        ("!!python/object/apply:os.system [id]", "A tag (!name) is not supported"),
        ("--- {}\n--- {}", "a second document"),
        ("? [a]\n: b", "A key must be text"),
        ("<<: 3", "merges mappings only"),
        ("table: &a [*a]", "too large or too deep"),
        ("{" * 3000, "nested too deeply"),
        ("[" * 100 + "]" * 100, "too large or too deep"),
        (b"table: a\x00b", "A control character"),
        (b"table: \x1b[31m", "A control character"),
        (b"table: \xe9", "not UTF-8"),
        ("table: orders".encode("utf-16"), "UTF-16"),
        (b"#" * 300_000, "larger than 256 KB"),
    ],
)
def test_what_is_no_yaml_of_ours_is_refused_in_words_and_at_its_place(
    tmp_path: Path, text: str | bytes, says: str
) -> None:
    assert says in str(problem(tmp_path, text))


def test_a_document_that_grows_by_its_aliases_is_refused_before_it_has_grown(tmp_path: Path) -> None:
    lines = ["x-0: &a0 [1, 1, 1, 1, 1, 1, 1, 1, 1, 1]"]
    lines += [f"x-{n}: &a{n} [{', '.join([f'*a{n - 1}'] * 10)}]" for n in range(1, 30)]
    assert "too large" in problem(tmp_path, "\n".join(lines)).message


def test_values_of_the_functions_environment_are_never_shown(tmp_path: Path) -> None:
    texts = (
        "function: {environment: {TOKEN: 31337}}",
        'function: {environment: {TOKEN: "31337\\0"}}',
        "function: {environment: {TOKEN: [31337]}}",
        "function: {environment: {TOKEN: 0x31337}}",
        f"function: {{environment: {{TOKEN: {'31337' * 1000}}}}}",
        "function: {environment: {TOKEN: '31337",
        "function: {environment: {TOKEN: '31337', TOKEN: '31337'}}",
    )
    for text in texts:
        for found in problems(tmp_path, text):
            assert "31337" not in repr(found).replace("TOKEN", "")


def test_an_address_with_a_password_is_refused_without_being_repeated(tmp_path: Path) -> None:
    found = problem(tmp_path, "connection: {endpoint_url: 'http://me:hunter2@host'}")
    assert "user name" in found.message
    assert "hunter2" not in repr(found)


def test_a_named_file_that_is_not_there_is_a_problem_of_its_own(tmp_path: Path) -> None:
    with pytest.raises(config.InvalidConfigurationError) as caught:
        config.load(Path("no.yaml"), cwd=tmp_path, variables={}, flags={})
    assert str(caught.value.problems[0]) == "no.yaml: Cannot read the file: No such file or directory."


@pytest.mark.parametrize("make", [Path.mkdir, lambda path: path.symlink_to("nowhere")])
def test_a_ddbinsert_yaml_that_is_no_readable_file_is_not_passed_over(tmp_path: Path, make: Any) -> None:
    make(tmp_path / "ddbinsert.yaml")
    with pytest.raises(config.InvalidConfigurationError, match="Cannot read the file"):
        config.load(None, cwd=tmp_path, variables={}, flags={})


def test_the_whole_error_is_one_text_with_a_line_for_each_problem(tmp_path: Path) -> None:
    with pytest.raises(config.InvalidConfigurationError) as caught:
        load(tmp_path, "table: o\nmapping: {retries: -2}")
    error = caught.value
    assert error.message.splitlines() == [
        "The configuration has 2 problems:",
        *(f"  {p}" for p in error.problems),
    ]
    assert error.exit_code == 3
    assert error.code == "invalid-configuration"


_scalars = st.one_of(st.none(), st.booleans(), st.integers(), st.floats(), st.text(max_size=20))
_names = st.sampled_from(
    [*(name for key in config.reference() for name in key.path.split(".")), "x-a", "<<", "", "é"]
)
_documents = st.recursive(
    _scalars,
    lambda inner: st.one_of(
        st.lists(inner, max_size=3),
        st.dictionaries(st.one_of(_names, st.text(max_size=5)), inner, max_size=4),
    ),
    max_leaves=12,
)


def _words_about(folder: Path, content: str | bytes) -> str:
    """What is said about a file; "" where it is taken."""
    try:
        load(folder, content)
    except config.InvalidConfigurationError as error:
        return error.message
    return ""


@settings(examples(150), suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(document=_documents)
def test_any_document_is_taken_or_refused_in_printable_words(tmp_path: Path, document: object) -> None:
    said = _words_about(tmp_path, yaml.safe_dump(document, allow_unicode=True))
    assert all(line.isprintable() for line in said.splitlines())


@settings(examples(150), suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(
    content=st.one_of(
        st.binary(max_size=60), st.text(max_size=60).map(lambda text: text.encode("utf-8", "replace"))
    )
)
def test_any_bytes_are_taken_or_refused_in_printable_words(tmp_path: Path, content: bytes) -> None:
    said = _words_about(tmp_path, content)
    assert all(line.isprintable() for line in said.splitlines())
