"""plan, up, drift: what is shown is what is done, and what others change is noticed."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING

import pytest

from tests.functional.command import Ran, ran
from tests.functional.helpers import Calls

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

    from tests.functional.helpers import Cloud

FILE = """
table: {table}
function: {{memory: 256, environment: {{MARK: blue}}}}
mapping: {{batch_size: 5, starting_position: TRIM_HORIZON}}
"""


@pytest.fixture
def table(cloud: Cloud, tmp_path: Path) -> str:
    name = cloud.table("pk:S", view="NEW_IMAGE")
    (tmp_path / "ddbinsert.yaml").write_text(FILE.format(table=name))
    return name


@pytest.fixture
def run(variables: dict[str, str], tmp_path: Path) -> Callable[..., Ran]:
    return lambda *words, **more: ran(*words, variables=variables, cwd=tmp_path, **more)


def test_a_plan_is_carried_out_as_it_was_shown_and_nothing_is_left_to_do(
    table: str, run: Callable[..., Ran], tmp_path: Path, cloud: Cloud
) -> None:
    calls = Calls()
    planned = run("plan", "--out", "plan.json", "--exit-code", "-o", "json", connect=calls.connect)
    assert planned.code == 1, planned.err
    assert not calls.writes
    assert json.loads((tmp_path / "plan.json").read_text())["steps"] == [
        s["text"] for s in planned.data["steps"]
    ]
    assert "blue" not in (tmp_path / "plan.json").read_text()
    up = run("up", "--plan", "plan.json", "-o", "json")
    assert up.code == 0, up.err
    assert sorted(s["step"] for s in up.data["steps"]) == sorted(s["step"] for s in planned.data["steps"])
    assert cloud.mapping(f"{table}-inserts")["BatchSize"] == 5
    for words in (("plan", "--exit-code"), ("drift",), ("up",)):
        after = run(*words, "-o", "json")
        assert (after.code, after.data["steps"]) == (0, []), words


def test_another_plan_than_the_one_in_the_file_is_refused_and_what_differs_is_named(
    table: str, run: Callable[..., Ran], tmp_path: Path, cloud: Cloud
) -> None:
    file = tmp_path / "ddbinsert.yaml"
    before = file.read_text()
    group = f"/aws/lambda/{table}-inserts"

    def refusal() -> str:
        calls = Calls()
        refused = run("up", "--plan", "plan.json", "-o", "json", connect=calls.connect)
        assert (refused.code, refused.error_code) == (1, "plan-changed"), refused.err
        assert not calls.writes
        return str(refused.json["errors"][0]["message"])

    assert run("plan", "--out", "plan.json").code == 0
    for old, new, named in (
        ("memory: 256", "memory: 512", "function.memory: 256 → 512"),
        ("blue", "green", "function.environment (another content)"),
        ("batch_size: 5, ", "", "mapping.batch_size was given, and is not"),
    ):
        file.write_text(before.replace(old, new))
        said = refusal()
        assert named in said
        assert "green" not in said
    file.write_text(before)
    cloud.logs.create_log_group(logGroupName=group, tags={"ddbinsert:table": table})
    assert f"no longer needed: create log group {group}" in refusal()
    cloud.logs.delete_log_group(logGroupName=group)
    text = (tmp_path / "plan.json").read_text()
    (tmp_path / "plan.json").write_text(
        text.replace('"account": "000000000000"', '"account": "000000000001"')
    )
    tampered = run("up", "--plan", "plan.json", "-o", "json")
    assert (tampered.code, tampered.error_code) == (2, "plan-unreadable")
    (tmp_path / "plan.json").write_text(text)
    assert run("up", "--plan", "plan.json").code == 0
    assert run("plan", "--out", "plan.json").code == 0
    uuid = cloud.mapping(f"{table}-inserts")["UUID"]
    cloud.lambda_.update_event_source_mapping(UUID=uuid, MaximumRetryAttempts=9)  # which is not given
    assert "mapping.retries: 5 → 9" in refusal()


def test_a_plan_says_what_its_steps_bring_and_what_stays_whosever_it_is(
    table: str, run: Callable[..., Ran], tmp_path: Path, cloud: Cloud
) -> None:
    file = tmp_path / "ddbinsert.yaml"
    file.write_text(file.read_text().replace(", starting_position: TRIM_HORIZON", ""))
    assert run("attach-trigger", table, "--function", f"{table}-other", "--config", "none.yaml").code in (
        0,
        3,
    )
    (tmp_path / "none.yaml").write_text("")
    assert run("attach-trigger", table, "--function", f"{table}-other", "--config", "none.yaml").code == 0
    cloud.put(table, "before")
    planned = run("plan", "--out", "plan.json", "-o", "json")
    assert planned.code == 0, planned.err
    (said,) = [one for one in planned.data["consequences"] if "choose mapping.starting_position" in one]
    assert "(now 1)" in said
    assert not planned.data["belongs_to_others"]
    (other,) = planned.data["other_triggers"]
    assert other.startswith(f"function {table}-other ")
    assert f"another trigger of ddbinsert: {other}" in run("plan").out
    asked = run("up", "--plan", "plan.json", "-o", "json")
    assert (asked.code, asked.error_code) == (2, "starting-position-needed")
    assert "mapping.starting_position" in asked.json["errors"][0]["hint"]
    file.write_text(file.read_text().replace("batch_size: 5", "batch_size: 5, starting_position: LATEST"))
    assert run("up").code == 0
    file.write_text(file.read_text().replace("table:", "view_type: KEYS_ONLY\ntable:", 1))
    assert run("plan", "-o", "json").error_code == "view-type-differs"
    replacing = run("plan", "--replace", "--out", "plan.json")
    assert "! the stream gets a new ARN" in replacing.out
    done = run("up", "--plan", "plan.json", "-o", "json")
    assert done.code == 0, done.err
    assert done.data["stream_view_type"] == "KEYS_ONLY"
    assert any(f"function {table}-other" in one for one in done.json["warnings"])


def test_what_others_changed_is_drift_and_what_is_not_given_is_not(
    table: str, run: Callable[..., Ran], cloud: Cloud
) -> None:
    assert run("up").code == 0
    uuid = cloud.mapping(f"{table}-inserts")["UUID"]
    cloud.lambda_.update_event_source_mapping(UUID=uuid, MaximumRetryAttempts=9)
    cloud.lambda_.update_function_configuration(FunctionName=f"{table}-inserts", Timeout=77)
    assert run("drift").code == 0
    cloud.lambda_.update_event_source_mapping(UUID=uuid, BatchSize=6)
    cloud.lambda_.update_function_configuration(FunctionName=f"{table}-inserts", MemorySize=512)
    drifted = run("drift", "-o", "json")
    assert drifted.code == 1
    text = " ".join(step["text"] for step in drifted.data["steps"])
    assert "mapping.batch_size 6 → 5" in text
    assert "function.memory 512 → 256" in text
    assert "function.timeout" not in text
    assert "mapping.retries" not in text
    shown = run("drift")
    assert "mapping.batch_size 6 → 5" in shown.out
    assert run("up", "--yes").code == 0
    assert run("drift").code == 0


def test_what_is_not_a_plan_is_refused(table: str, run: Callable[..., Ran], tmp_path: Path) -> None:
    del table
    (tmp_path / "odd.json").write_text('{"digest": "x"}')
    for file in ("odd.json", "none.json", "ddbinsert.yaml"):
        refused = run("up", "--plan", file, "-o", "json")
        assert (refused.code, refused.error_code) == (2, "plan-unreadable")


def test_a_plan_that_was_edited_is_refused_whatever_was_edited(
    table: str, run: Callable[..., Ran], tmp_path: Path, cloud: Cloud
) -> None:
    """What somebody reviewed in the file is what is carried out, so nothing in it may differ from what was planned."""
    assert run("plan", "--out", "plan.json").code == 0
    plan = json.loads((tmp_path / "plan.json").read_text())
    edits: list[dict[str, object]] = [
        {"steps": plan["steps"][:2]},
        {"options": {"replace": True, "settings": {}}},
        {"options": {"replace": False, "settings": {"unknown": "x"}}},
        {"region": "eu-central-1"},
        {"account": "111111111111"},
        {"digest": "0" * 64},
        {"facts": {**plan["facts"], "mapping.batch_size": "500"}},
        {"name": "other"},
        {"more": 1},
    ]
    for edit in edits:
        (tmp_path / "edited.json").write_text(json.dumps({**plan, **edit}))
        refused = run("up", "--plan", "edited.json", "-o", "json")
        assert (refused.code, refused.error_code) == (2, "plan-unreadable"), edit
    assert cloud.function(f"{table}-inserts") is None
    (tmp_path / "same.json").write_text(json.dumps(plan, indent=7))
    assert run("up", "--plan", "same.json").code == 0


def test_a_mapping_that_is_gone_is_drift_though_the_stream_holds_inserts(
    cloud: Cloud, table: str, run: Callable[..., Ran], tmp_path: Path
) -> None:
    (tmp_path / "ddbinsert.yaml").write_text(f"table: {table}\n")
    assert run("up", "--yes").code == 0
    cloud.put(table, "before")
    (mapping,) = cloud.lambda_.list_event_source_mappings(FunctionName=f"{table}-inserts")[
        "EventSourceMappings"
    ]
    cloud.lambda_.delete_event_source_mapping(UUID=mapping["UUID"])
    drift = run("drift", "-o", "json")
    assert drift.code == 1
    assert "create event source mapping" in str(drift.data["steps"])
    plan = run("plan", "-o", "json")
    assert plan.code == 0
    assert "mapping.starting_position" in "".join(plan.data["consequences"])
    refused = run("up", "--yes", "-o", "json")
    assert (refused.code, refused.json["errors"][0]["code"]) == (2, "starting-position-needed")
    assert "mapping.starting_position" in refused.json["errors"][0]["hint"]


def test_down_removes_what_a_killed_wiretap_left_unless_another_trigger_may_be_proven_with_it(
    table: str, run: Callable[..., Ran], cloud: Cloud
) -> None:
    tap = "ddbinsert-tap-0123456789ab"
    cloud.set_stream(table, None)
    assert run("up", "--yes").code == 0
    for name in (tap, f"{table}-second"):
        assert run("attach-trigger", table, "--config", "/dev/null", "--function", name, "--yes").code == 0
    kept = run("down", table, "--function", f"{table}-second", "--config", "/dev/null", "--dry-run")
    assert kept.code == 0
    assert f"delete function {tap}" not in kept.out
    assert f"down {table} --function {tap} --yes" in kept.err
    assert run("down", table, "--function", f"{table}-second", "--config", "/dev/null", "--yes").code == 0

    shown = run("down", "--dry-run")
    removed = run("down", "--stream", "--yes", "-o", "json")
    assert removed.code == 0, removed.out
    assert f"delete function {tap}" in shown.out
    steps = [step["step"] for step in removed.data["steps"]]
    assert (steps[0], steps[-1], steps.count("DeleteFunction")) == ("DeleteMapping", "DisableStream", 2)
    for name in (tap, f"{table}-inserts"):
        assert cloud.function(name) is None
        with pytest.raises(cloud.iam.exceptions.NoSuchEntityException):
            cloud.iam.get_role(RoleName=f"{name}-role")
    assert cloud.stream(table) is None
    again = run("down", "--yes", "-o", "json")
    assert (again.code, again.data["steps"]) == (0, [])
