"""What doctor and verify advise on a trigger that somebody else made: it is taken over, and only when agreed to."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from tests.functional import foreign
from tests.functional.command import Ran, ran
from tests.functional.helpers import INSERT_ONLY, Terminal, fresh

if TYPE_CHECKING:
    from collections.abc import Callable

    from tests.functional.helpers import Cloud


@pytest.fixture
def run(variables: dict[str, str]) -> Callable[..., Ran]:
    return lambda *words, **outside: ran(*words, variables=variables, **outside)


def test_what_somebody_else_made_is_repaired_by_taking_it_over_and_only_when_agreed_to(
    run: Callable[..., Ran], cloud: Cloud
) -> None:
    table = cloud.table(view="NEW_IMAGE")
    name = foreign.function(cloud, fresh("theirs"), foreign.role(cloud))
    foreign.mapped(cloud, table, name)
    before = foreign.snapshot(cloud, name)
    for command in ("doctor", "verify"):
        options = ("--match", "--timeout", "5s") if command == "verify" else ()
        shown = run(command, table, "--function", name, *options, "-o", "json")
        found = shown.data["findings"]
        words = next(
            each["advice"]["command"] if command == "doctor" else each["command"]
            for each in found
            if each.get("id", each.get("code")) == "no-filter"
        )
        assert "--adopt" in words
        assert "--yes" not in words
        refused = run(*words[1:])
        assert (refused.code, "Confirmation is needed" in refused.err) == (2, True)
        assert foreign.snapshot(cloud, name) == before
    assert run(*words[1:], stdin=Terminal("y\n"), err=Terminal(), out=Terminal()).code == 0
    assert "no-filter" in run("doctor", table, "--function", name, "-o", "json").data["passed"]
    after = foreign.snapshot(cloud, name)
    (was,), (became,) = before[name].pop("mappings"), after[name].pop("mappings")
    assert after == before
    assert {key for key in was if was[key] != became.get(key)} <= {"FilterCriteria", "LastModified"}


def test_a_role_of_others_is_left_to_them(run: Callable[..., Ran], cloud: Cloud) -> None:
    table, arn = cloud.table(view="NEW_IMAGE"), foreign.role(cloud)
    name = foreign.function(cloud, fresh("theirs"), arn, foreign.SILENT)
    foreign.mapped(cloud, table, name, INSERT_ONLY)
    role = arn.rpartition("/")[2]
    cloud.iam.delete_role_policy(RoleName=role, PolicyName="all")
    cloud.iam.delete_role(RoleName=role)
    verified = run("verify", table, "--function", name, "--timeout", "2s", "-o", "json")
    (found,) = (one for one in verified.data["findings"] if one["code"] == "role-missing")
    assert (found["command"], f"role {role}" in found["mend"]) == (None, True)
    examined = run("doctor", table, "--function", name, "-o", "json")
    (advice,) = (one["advice"] for one in examined.data["findings"] if one["id"] == "role-missing")
    assert (advice["command"], f"role {role}" in advice["text"]) == (None, True)


def test_no_command_is_advised_that_would_break_or_refuse(run: Callable[..., Ran], cloud: Cloud) -> None:
    """Another role would lack what code of one's own needs; the retention of a log group of others is refused."""
    table, group = cloud.table(view="NEW_IMAGE"), fresh("/theirs/orders")
    cloud.logs.create_log_group(logGroupName=group, tags={"team": "theirs"})
    name = foreign.function(cloud, fresh("theirs"), foreign.role(cloud))
    cloud.lambda_.update_function_configuration(FunctionName=name, LoggingConfig={"LogGroup": group})
    foreign.mapped(cloud, table, name, INSERT_ONLY)
    examined = run("doctor", table, "--function", name, "-o", "json")
    found = {one["id"]: one["advice"] for one in examined.data["findings"]}
    assert found["role-too-wide"]["command"] is None
    assert "Take dynamodb:DeleteTable" in found["role-too-wide"]["text"]
    assert found["log-retention-unlimited"]["command"] is None
    assert f"put-retention-policy --log-group-name {group}" in found["log-retention-unlimited"]["text"]


def test_a_mapping_to_the_function_of_another_trigger_is_repaired_by_hand(
    run: Callable[..., Ran], cloud: Cloud
) -> None:
    """attach-trigger refuses: a change of the function would break the other table's trigger."""
    first, table = cloud.table(), cloud.table(view="NEW_IMAGE")
    assert run("attach-trigger", first).code == 0
    uuid = cloud.map(f"{first}-inserts", table)
    examined = run("doctor", table, "--region", "us-east-1", "-o", "json")
    found = {one["id"]: one["advice"] for one in examined.data["findings"]}
    for finding in ("no-filter", "batch-item-failures-ignored", "endless-retries"):
        assert found[finding]["command"] is None, finding
        assert f"update-event-source-mapping --uuid {uuid}" in found[finding]["text"]
        assert "--region us-east-1" in found[finding]["text"]
