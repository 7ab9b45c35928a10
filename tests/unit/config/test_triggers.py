"""A file with several triggers: what each of them is given, which are meant, and which cannot be combined."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import jsonschema
import pytest
import yaml

from ddbinsert import config
from ddbinsert.core.model.record import StreamView
from ddbinsert.errors import UsageError

FILE = """
x-base: &base {memory: 512}
defaults:
  function: {timeout: 60, environment: {STAGE: dev, LEVEL: info}}
  mapping: {on_failure: create}
  tags: {team: a}
triggers:
  orders:
    table: sales
    function: {environment: {STAGE: live}}
  billing:
    table: sales
    view_type: KEYS_ONLY
    function: {<<: *base, name: billing, environment: {LEVEL: null}}
    mapping: {on_failure: null}
  invoices:
    table: bills
connection: {region: eu-west-1}
"""


def every(
    folder: Path,
    *words: str,
    file: str = FILE,
    variables: dict[str, str] | None = None,
    flags: dict[str, object] | None = None,
) -> config.Configurations:
    (folder / "ddbinsert.yaml").write_text(file, encoding="utf-8")
    return config.load_every(None, cwd=folder, variables=variables or {}, flags=flags or {}, words=words)


def one(folder: Path, word: str | None, file: str = FILE, **flags: object) -> config.Configuration:
    (folder / "ddbinsert.yaml").write_text(file, encoding="utf-8")
    return config.load(None, cwd=folder, variables={}, flags={"table": word, **flags})


def problems(folder: Path, file: str, **more: Any) -> list[str]:
    with pytest.raises(config.InvalidConfigurationError) as caught:
        every(folder, file=file, **more)
    return [str(problem) for problem in caught.value.problems]


def names(found: config.Configurations) -> list[str | None]:
    return [one.name for one in found.chosen]


def test_each_trigger_is_the_defaults_with_its_own_settings_over_them(tmp_path: Path) -> None:
    orders, billing, invoices = every(tmp_path).chosen
    assert orders.trigger is not None
    assert billing.trigger is not None
    assert invoices.trigger is not None
    assert orders.trigger.function_name == "sales-inserts"
    assert dict(orders.trigger.function.environment) == {"STAGE": "live", "LEVEL": "info"}
    assert (billing.trigger.function.memory, billing.trigger.function.timeout) == (512, 60)
    assert billing.trigger.cleared == {"function.environment.LEVEL", "mapping.on_failure"}
    assert (orders.trigger.mapping.on_failure, billing.trigger.mapping.on_failure) == ("create", None)
    assert dict(invoices.trigger.tags) == {"team": "a"}
    assert {each.connection.region for each in (orders, billing, invoices)} == {"eu-west-1"}
    assert str(billing.sources["function.name"]) == "ddbinsert.yaml:14:33"


def test_a_trigger_is_the_one_that_a_file_of_its_own_would_describe(tmp_path: Path) -> None:
    alone = "table: bills\nfunction: {timeout: 60, environment: {STAGE: dev, LEVEL: info}}\n"
    alone += "mapping: {on_failure: create}\ntags: {team: a}"
    (single,) = every(tmp_path, file=alone).chosen
    (several,) = every(tmp_path, "invoices").chosen
    assert several.trigger == single.trigger
    assert several.trigger is not None
    assert single.trigger is not None
    assert several.trigger.explicit == single.trigger.explicit


def test_a_tables_triggers_have_the_view_type_that_one_of_them_gives(tmp_path: Path) -> None:
    views = [each.trigger.view for each in every(tmp_path).chosen if each.trigger]
    assert views == [StreamView.KEYS_ONLY, StreamView.KEYS_ONLY, StreamView.NEW_IMAGE]
    assert [("view_type" in each.sources) for each in every(tmp_path, "orders", "invoices").chosen] == [
        True,
        False,
    ]


@pytest.mark.parametrize(
    ("words", "expected"),
    [
        ((), ["orders", "billing", "invoices"]),
        (("billing",), ["billing"]),
        (("invoices", "orders", "invoices"), ["invoices", "orders"]),
        (("bills",), ["invoices"]),
        (("bills", "billing"), ["invoices", "billing"]),
    ],
)
def test_words_are_names_or_tables_and_none_means_all(
    words: tuple[str, ...], expected: list[str], tmp_path: Path
) -> None:
    assert names(every(tmp_path, *words)) == expected


def test_what_is_neither_a_name_nor_a_table_has_what_all_share(tmp_path: Path) -> None:
    found = every(tmp_path, "billing", "others")
    assert found.unknown == ("others",)
    assert names(found) == ["billing", None]
    trigger = found.chosen[1].trigger
    assert trigger is not None
    assert (trigger.table, trigger.function.timeout, trigger.function_name) == (
        "others",
        60,
        "others-inserts",
    )


def test_a_named_function_chooses_among_several_and_renames_one(tmp_path: Path) -> None:
    assert names(every(tmp_path, flags={"function.name": "billing"})) == ["billing"]
    assert names(every(tmp_path, variables={"DDBINSERT_FUNCTION_NAME": "sales-inserts"})) == ["orders"]
    (renamed,) = every(tmp_path, "invoices", flags={"function.name": "other"}).chosen
    assert renamed.trigger is not None
    assert renamed.trigger.function_name == "other"
    with pytest.raises(UsageError) as refused:
        every(tmp_path, flags={"function.name": "billin"})
    assert (refused.value.code, refused.value.hint) == ("unknown-trigger", "Did you mean billing?")


def test_variables_and_flags_count_for_every_trigger_that_is_meant(tmp_path: Path) -> None:
    found = every(
        tmp_path,
        variables={"DDBINSERT_MAPPING_RETRIES": "7", "DDBINSERT_TABLE": "sales"},
        flags={"mapping.batch_size": 9},
    )
    assert names(found) == ["orders", "billing"]
    assert {(c.trigger.mapping.retries, c.trigger.mapping.batch_size) for c in found.chosen if c.trigger} == {
        (7, 9)
    }


def test_a_command_about_one_trigger_is_given_it_or_the_names_to_choose_from(tmp_path: Path) -> None:
    assert one(tmp_path, "billing").name == "billing"
    assert one(tmp_path, "bills").name == "invoices"
    assert one(tmp_path, None, **{"function.name": "billing"}).name == "billing"
    nothing = one(tmp_path, None)
    assert (nothing.trigger, nothing.rivals) == (None, ("orders", "billing", "invoices"))
    assert nothing.connection.region == "eu-west-1"
    common = one(tmp_path, "sales")
    assert common.rivals == ("orders", "billing")
    assert common.trigger is not None
    assert (common.trigger.table, common.trigger.view) == ("sales", StreamView.KEYS_ONLY)
    assert common.trigger.function.timeout == 60


def test_a_file_of_one_trigger_takes_several_tables(tmp_path: Path) -> None:
    found = every(tmp_path, "orders", "bills", file="table: other\nfunction: {memory: 256}")
    assert [(c.trigger.table, c.trigger.function.memory) for c in found.chosen if c.trigger] == [
        ("orders", 256),
        ("bills", 256),
    ]


@pytest.mark.parametrize(
    ("file", "expected"),
    [
        ("triggers: {a: {table: orders, mapping: {batch_size: 0}}}", "1:53: triggers.a.mapping.batch_size: 0 is too small"),
        ("triggers: {a: {table: orders, tabel: x}}", "1:31: triggers.a.tabel: Unknown key. Did you mean table?"),
        ("triggers: {a: {function: {memory: 128}}}", "1:12: triggers.a.table: The trigger has no table"),
        ("triggers: {a: }", "1:12: triggers.a: The trigger is empty"),
        ("triggers: {a: [1]}", "triggers.a: The section must be a mapping of keys"),
        ("triggers: {a b: {table: orders}}", "'a b' is not a valid name of a trigger"),
        ("triggers: {a: {table: orders, connection: {region: eu-west-1}}}", "triggers.a.connection: Unknown key"),
        ("triggers: [orders]", "triggers: A mapping of names"),
        ("triggers: {}", "triggers: A mapping of names"),
        ("triggers: {a: {table: orders}}\ntable: orders", "2:1: table: triggers and table cannot be combined"),
        ("triggers: {a: {table: orders}}\ntrigers: {}", "trigers: Unknown key"),
        ("trigger: {a: {table: orders}}", "trigger: Unknown key. Did you mean triggers?"),
        ("defaults: {table: orders}", "1:1: defaults: defaults requires triggers"),
        ("defaults: {mapping: {retries: x}}\ntriggers: {a: {table: orders}}", "1:31: defaults.mapping.retries: 'x' is text"),
        ("triggers: {a: {table: orders}, a: {table: bills}}", "triggers.a: The key is given twice"),
        ("triggers: {a: {table: orders, function: {code: x.py, template: print}}}", "triggers.a.function.code: function.code and"),
        ("triggers: {a: {table: orders, function: {handler: x.y}}}", "triggers.a.function.handler: function.handler is only"),
    ],
)  # fmt: skip
def test_what_is_wrong_is_said_with_file_line_and_trigger(file: str, expected: str, tmp_path: Path) -> None:
    assert any(f"ddbinsert.yaml:{expected}" in said or expected in said for said in problems(tmp_path, file))


@pytest.mark.parametrize(
    ("first", "second", "expected"),
    [
        ("table: orders", "table: orders", "triggers.b.function.name: Trigger a has the same table and function orders-inserts"),
        ("table: orders, view_type: KEYS_ONLY", "table: orders, view_type: NEW_IMAGE, function: {name: f}", "triggers.b.view_type: Another value"),
        ("table: orders, function: {name: f, template: print}", "table: bills, function: {name: f, template: audit-log}", "triggers.b.function.template: Other code"),
        ("table: orders, function: {name: f, code: x.py}", "table: bills, function: {name: f, template: print}", "triggers.b.function.template: Other code"),
        ("table: orders, function: {name: f, memory: 128}", "table: bills, function: {name: f, memory: 256}", "triggers.b.function.memory: Another value"),
        ("table: orders, function: {name: f, environment: {MODE: secret1}}", "table: bills, function: {name: f, environment: {MODE: secret2}}", "triggers.b.function.environment: MODE"),
        ("table: orders, tags: {team: a}, function: {name: f}", "table: bills, tags: {team: b}, function: {name: f}", "triggers.b.tags: team"),
        ("table: orders, function: {log_group: /g, log_retention_days: 1}", "table: bills, function: {log_group: /g, log_retention_days: 3}", "triggers.b.function.log_retention_days"),
        ("table: orders", "table: a, function: {name: f}", "triggers.a: a is also the name of the table of trigger b"),
    ],
)  # fmt: skip
def test_triggers_that_contradict_each_other_are_refused(
    first: str, second: str, expected: str, tmp_path: Path
) -> None:
    second = second.replace("table: a,", "table: abc,") if "also the name" in expected else second
    expected = expected.replace("triggers.a: a is", "triggers.abc: abc is")
    name = "abc" if "abc is" in expected else "a"
    (said,) = problems(tmp_path, f"triggers:\n  {name}: {{{first}}}\n  b: {{{second}}}\n")
    assert expected in said
    assert said.startswith(f"ddbinsert.yaml:{2 if name == 'abc' else 3}:")
    assert "secret" not in said


@pytest.mark.parametrize(
    ("first", "second"),
    [
        ("table: orders", "table: orders, function: {name: f}"),
        ("table: orders, function: {name: f, memory: 128}", "table: bills, function: {name: f, timeout: 30}"),
        ("table: orders, function: {name: f, environment: {ONE: a}}", "table: bills, function: {name: f, environment: {TWO: b}}"),
        ("table: orders, view_type: KEYS_ONLY", "table: orders, view_type: KEYS_ONLY, function: {name: f}"),
        ("table: orders, view_type: KEYS_ONLY", "table: bills, view_type: NEW_IMAGE"),
    ],
)  # fmt: skip
def test_triggers_that_agree_are_taken(first: str, second: str, tmp_path: Path) -> None:
    assert names(every(tmp_path, file=f"triggers:\n  a: {{{first}}}\n  b: {{{second}}}\n")) == ["a", "b"]


@pytest.mark.parametrize(
    ("file", "taken"),
    [
        (FILE, True),
        ("triggers: {a: {table: orders}}", True),
        ("defaults: {table: orders}\ntriggers: {a: {}, b: {function: {name: f}}}", True),
        ("triggers: {a: {}}", False),
        ("triggers: {}", False),
        ("triggers: {a b: {table: orders}}", False),
        ("triggers: {a: {table: orders, connection: {}}}", False),
        ("triggers: {a: {table: orders}}\ntable: orders", False),
        ("defaults: {table: orders}", False),
    ],
)
def test_the_schema_takes_what_the_loader_takes(file: str, taken: bool, tmp_path: Path) -> None:
    validator = jsonschema.Draft202012Validator(config.schema())
    document = yaml.safe_load(file)
    assert validator.is_valid(document) == taken
    if taken:
        every(tmp_path, file=file)
    else:
        assert problems(tmp_path, file)


def test_the_example_of_several_triggers_in_the_example_file_is_valid(tmp_path: Path) -> None:
    text = (Path(__file__).parents[3] / "config.example.yaml").read_text(encoding="utf-8")
    block = text[text.index("# defaults:") :]
    file = "\n".join(line.removeprefix("# ") for line in block.splitlines())
    assert names(every(tmp_path, file=file)) == ["orders", "billing"]
