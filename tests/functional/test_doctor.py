"""doctor, as a user and a script see it: the cause is named first, nothing is written, a healthy trigger is well."""

from __future__ import annotations

import io
import json
import zipfile
from typing import TYPE_CHECKING, Any, NamedTuple
from xml.etree import ElementTree as ET

import pytest

from ddbinsert.core.doctor.catalog import CHECKS
from tests.functional import foreign
from tests.functional.command import Ran, ran, until
from tests.functional.helpers import Calls, Refusing, Terminal, check_envelope, fresh
from tests.functional.sarif_schema import check_sarif

if TYPE_CHECKING:
    from collections.abc import Callable

    from tests.functional.helpers import Cloud

RAISES = "def handler(event, context):\n    raise ValueError('no such column: total')\n"
DOES_NOTHING = "def handler(event, context):\n    return None\n"


class Silenced(NamedTuple):
    """A trigger that something is about to be done to."""

    cloud: Cloud
    variables: dict[str, str]
    table: str

    @property
    def name(self) -> str:
        return f"{self.table}-inserts"

    @property
    def mapping(self) -> str:
        return str(self.cloud.mapping(self.name)["UUID"])

    def update(self, **settings: Any) -> None:
        self.cloud.lambda_.update_event_source_mapping(UUID=self.mapping, **settings)

    def replace_code(self, source: str) -> None:
        """Another handler under the same name, as a deployment by hand makes it."""
        packed = io.BytesIO()
        with zipfile.ZipFile(packed, "w") as archive:
            archive.writestr("handler.py", source)
        self.cloud.lambda_.update_function_code(FunctionName=self.name, ZipFile=packed.getvalue())
        assert until(lambda: self.cloud.configuration(self.name).get("LastUpdateStatus") != "InProgress")

    def insert(self, *, logged: str) -> None:
        """An insert, and the line of it, or of its invocation's end, in the log."""
        key = fresh("key")
        self.cloud.put(self.table, key)
        assert self.cloud.logged(self.name, logged)


def disabled(it: Silenced) -> None:
    it.update(Enabled=False)
    it.cloud.put(it.table, "waits")


def deleted(it: Silenced) -> None:
    it.cloud.lambda_.delete_event_source_mapping(UUID=it.mapping)


def stream_off(it: Silenced) -> None:
    it.cloud.set_stream(it.table, None)


def stream_renewed(it: Silenced) -> None:
    it.cloud.set_stream(it.table, None)
    it.cloud.set_stream(it.table, "NEW_IMAGE")


def never_matching(it: Silenced) -> None:
    it.cloud.refilter(it.table, '{"eventName":["INSERT"],"dynamodb":{"NewImage":{"total":{"N":[101]}}}}')


def concurrency_zero(it: Silenced) -> None:
    it.cloud.lambda_.put_function_concurrency(FunctionName=it.name, ReservedConcurrentExecutions=0)


def sink_deleted(it: Silenced) -> None:
    it.cloud.dynamodb.delete_table(TableName=f"{it.table}-audit")


def sink_variable_removed(it: Silenced) -> None:
    it.cloud.lambda_.update_function_configuration(FunctionName=it.name, Environment={"Variables": {}})


def handler_raises(it: Silenced) -> None:
    it.replace_code(RAISES)
    it.insert(logged="no such column")


def no_op(it: Silenced) -> None:
    it.replace_code(DOES_NOTHING)
    before = len([line for line in it.cloud.lines(it.name) if line.startswith("REPORT")])
    it.cloud.put(it.table, "swallowed")
    assert until(lambda: len([one for one in it.cloud.lines(it.name) if one.startswith("REPORT")]) > before)


def role_gone(it: Silenced) -> None:
    it.cloud.iam.delete_role(RoleName=f"{it.name}-role")


def policy_gone(it: Silenced) -> None:
    it.cloud.iam.delete_role_policy(RoleName=f"{it.name}-role", PolicyName="ddbinsert")


def function_deleted(it: Silenced) -> None:
    it.cloud.lambda_.delete_function(FunctionName=it.name)


def log_group_deleted(it: Silenced) -> None:
    it.cloud.logs.delete_log_group(logGroupName=f"/aws/lambda/{it.name}")


#: Ways to silence a trigger, one after the other on the same trigger, and what doctor names first each time: a cause
#: comes before its effects, and before what is wrong besides. The emulator neither logs code that cannot be loaded nor
#: retries as AWS does: these two causes are in tests/strict/test_doctor.py.
CHAINS: dict[str, tuple[tuple[Callable[[Silenced], None], str], ...]] = {
    "configuration": (
        (log_group_deleted, "log-group-missing"),
        (concurrency_zero, "throttled-concurrency"),
        (never_matching, "filter-never-matches"),
        (policy_gone, "permission-lost"),
        (role_gone, "role-missing"),
        (disabled, "mapping-disabled"),
        (stream_renewed, "mapping-on-stale-stream"),
        (function_deleted, "function-missing"),
        (stream_off, "stream-off"),
    ),
    "code": (
        (handler_raises, "function-errors"),
        (no_op, "template-code-changed"),
        (deleted, "mapping-missing"),
    ),
    "sink": ((sink_deleted, "sink-not-found"), (sink_variable_removed, "sink-missing")),
}


def _with_sink(cloud: Cloud, variables: dict[str, str]) -> str:
    table = cloud.table()
    audit = f"{table}-audit"
    assert ran("audit", "create-table", audit, "--no-protect", variables=variables).code == 0
    done = ran("attach-trigger", table, "--template", "audit-log", "--sink", audit, variables=variables)
    assert done.code == 0, done.err
    return table


@pytest.mark.parametrize("chain", CHAINS)
def test_the_cause_of_silence_is_named_first_and_nothing_is_written(
    chain: str, cloud: Cloud, variables: dict[str, str], attached: Callable[..., str]
) -> None:
    table = _with_sink(cloud, variables) if chain == "sink" else attached()
    for silence, cause in CHAINS[chain]:
        silence(Silenced(cloud, variables, table))
        calls = Calls()
        done = ran("doctor", table, "-o", "json", variables=variables, connect=calls.connect)
        assert done.code == 1, done.out
        check_envelope(done.json, command="doctor", code=1)
        first = done.data["findings"][0]
        assert (first["id"], first["severity"]) == (cause, "error"), done.data["findings"]
        assert first["evidence"]
        assert first["source"]
        assert first["advice"]["text"]
        assert set(calls.writes) <= {"SimulatePrincipalPolicy"}  # a question


def _ids(done: Ran, *severities: str) -> set[str]:
    return {one["id"] for one in done.data["findings"] if one["severity"] in severities}


def test_a_healthy_trigger_gives_no_alarm_and_its_timeline_is_told(
    cloud: Cloud, variables: dict[str, str]
) -> None:
    table = _with_sink(cloud, variables)
    cloud.put(table, "one")
    assert cloud.logged(f"{table}-inserts", "DDBINSERT ")
    calls = Calls()
    done = ran("doctor", table, "-o", "json", variables=variables, connect=calls.connect)
    assert done.code == 0, done.out
    assert not _ids(done, "error", "warning")
    assert done.data["not_checked"] == []
    assert len(done.data["passed"]) >= 40
    moments = {one["what"]: one for one in done.data["timeline"]}
    for what in ("last insert in the stream", "last delivery", "last receipt", "last entry in the sink"):
        assert moments[what]["at"], moments
    for what in ("last change of the mapping", "last change of the function"):
        assert moments[what]["at"], moments
    assert done.data["waiting"] == {
        "inserts": 0,
        "without_receipt": 0,
        "at_least": False,
        "oldest_expires": None,
    }


def test_a_role_with_a_path_has_its_rights(variables: dict[str, str], attached: Callable[..., str]) -> None:
    table = attached("pk:S", "--role-path", "/teams/payments/")
    done = ran("doctor", table, "-o", "json", variables=variables)
    assert (done.code, _ids(done, "error", "warning")) == (0, set()), done.out


def test_a_trigger_that_others_made_gives_no_error(cloud: Cloud, variables: dict[str, str]) -> None:
    table = cloud.table(view="NEW_AND_OLD_IMAGES")
    name = foreign.consumer(cloud, table, foreign.role(cloud))
    done = ran("doctor", table, "-o", "json", variables=variables)
    assert done.code == 0, done.out
    assert done.data["function"] == name
    # AWS's own default retries for ever, and the role may do everything with tables.
    assert _ids(done, "error", "warning") == {"endless-retries", "role-too-wide"}


def test_inserts_that_wait_are_counted_with_the_time_at_which_the_oldest_expires(
    cloud: Cloud, variables: dict[str, str], attached: Callable[..., str]
) -> None:
    table = attached()
    disabled(Silenced(cloud, variables, table))
    cloud.put(table, "waits, too")
    shown = ran("doctor", table, variables=variables)
    assert shown.code == 1
    (line,) = [one for one in shown.out.splitlines() if "inserts waiting" in one]
    assert "2; the oldest expires at " in line
    assert f"ddbinsert attach-trigger {table} --enabled --yes" in shown.out
    assert ran("doctor", table, variables=variables, out=Terminal(), err=Terminal()).code == 1


@pytest.mark.parametrize(
    ("operation", "unchecked", "still"),
    [
        ("SimulatePrincipalPolicy", "role-too-wide", "mapping-disabled"),
        ("FilterLogEvents", "function-errors", "mapping-disabled"),
        ("GetRole", "role-missing", "mapping-disabled"),
        ("GetMetricData", "iterator-age", "mapping-disabled"),
        ("DescribeStream", "inserts-not-processed", "mapping-disabled"),
        ("GetRecords", "inserts-not-processed", "mapping-disabled"),
    ],
)
def test_what_may_not_be_read_is_not_checked_and_never_found(
    operation: str, unchecked: str, still: str, broken: str, variables: dict[str, str]
) -> None:
    done = ran("doctor", broken, "-o", "json", variables=variables, connect=Refusing(operation).connect)
    assert done.code == 1, done.err
    missing = {one["id"]: one["why"] for one in done.data["not_checked"]}
    assert (
        operation in missing[unchecked]
        or "AccessDenied" in missing[unchecked]
        or "permitted" in missing[unchecked]
    )
    assert unchecked not in done.data["passed"]
    assert _ids(done, "error") == {still}


@pytest.fixture(scope="module")
def broken(cloud: Cloud, connection: dict[str, str], tmp_path_factory: pytest.TempPathFactory) -> str:
    """A table whose trigger is disabled."""
    table, home = cloud.table(), tmp_path_factory.mktemp("home")
    variables = {**connection, "HOME": str(home), "DDBINSERT_STATE_DIR": str(home / "state")}
    assert ran("attach-trigger", table, variables=variables).code == 0
    disabled(Silenced(cloud, variables, table))
    return table


def test_findings_are_written_as_sarif_and_as_junit(broken: str, variables: dict[str, str]) -> None:
    sarif = ran("doctor", broken, "--format", "sarif", variables=variables)
    assert sarif.code == 1
    check_sarif(sarif.out)
    (run,) = json.loads(sarif.out)["runs"]
    assert [rule["id"] for rule in run["tool"]["driver"]["rules"]] == [one.id for one in CHECKS]
    first = run["results"][0]
    assert (first["ruleId"], first["level"]) == ("mapping-disabled", "error")
    assert run["tool"]["driver"]["rules"][first["ruleIndex"]]["id"] == first["ruleId"]
    junit = ran("doctor", broken, "--format", "junit", variables=variables)
    assert junit.code == 1
    suites = ET.fromstring(junit.out.partition("?>")[2])  # noqa: S314 - our own
    assert suites.get("failures") == "1"
    (failure,) = suites.iter("failure")
    assert failure.get("type") == "mapping-disabled"
    assert len(list(suites.iter("testcase"))) == len(CHECKS)


def test_the_list_of_checks_needs_no_connection(variables: dict[str, str]) -> None:
    bare = {name: value for name, value in variables.items() if not name.startswith("AWS_")}
    listed = ran("doctor", "--list", "-o", "json", variables=bare)
    assert listed.code == 0
    assert [one["id"] for one in listed.data] == [one.id for one in CHECKS]
    shown = ran("doctor", "--list", variables=bare)
    assert all(one.meaning in shown.out for one in CHECKS)


def test_fix_shows_the_plan_asks_and_repairs_what_is_safe(
    cloud: Cloud, variables: dict[str, str], attached: Callable[..., str]
) -> None:
    table = attached()
    it = Silenced(cloud, variables, table)
    policy_gone(it)
    log_group_deleted(it)
    refused = ran("doctor", table, "--fix", variables=variables)
    assert (refused.code, "Confirmation is needed" in refused.err) == (2, True)
    assert not cloud.policies(f"{it.name}-role")
    done = ran("doctor", table, "--fix", "--yes", "-o", "json", variables=variables)
    assert done.code == 0, done.out
    assert not _ids(done, "error", "warning")
    assert "ddbinsert" in cloud.policies(f"{it.name}-role")
    assert cloud.log_group(f"/aws/lambda/{it.name}")


def test_fix_leaves_what_somebody_may_have_wanted(
    broken: str, cloud: Cloud, variables: dict[str, str]
) -> None:
    calls = Calls()
    done = ran("doctor", broken, "--fix", "--yes", variables=variables, connect=calls.connect)
    assert done.code == 1
    assert "nothing can be repaired automatically" in done.err
    assert set(calls.writes) <= {"SimulatePrincipalPolicy"}
    assert cloud.mapping(f"{broken}-inserts")["State"] == "Disabled"


@pytest.mark.parametrize("since", ["1s", "30d", "never"])
def test_a_time_that_makes_no_sense_is_a_usage_error(since: str, variables: dict[str, str]) -> None:
    assert ran("doctor", "orders", "--since", since, variables=variables).code == 2


def test_a_missing_table_is_a_missing_prerequisite(variables: dict[str, str]) -> None:
    done = ran("doctor", fresh(), "-o", "json", variables=variables)
    assert (done.code, done.error_code) == (5, "table-not-found")
