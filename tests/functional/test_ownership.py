"""What ddbinsert did not create stays, also where it is taken down; what would stop a run half-way is found before it begins."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any

import pytest

from tests.functional.command import Ran, ran
from tests.functional.helpers import Calls, Refusing, Terminal, fresh
from tests.functional.test_explicit_and_ours import ran_past

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

    from ddbinsert.aws.session.session import Aws, Connection
    from tests.functional.helpers import Cloud


@pytest.fixture
def run(variables: dict[str, str]) -> Callable[..., Ran]:
    return lambda *words, **outside: ran(*words, variables=variables, **outside)


def table_tags(cloud: Cloud, table: str) -> dict[str, str]:
    tags = cloud.dynamodb.list_tags_of_resource(ResourceArn=cloud.described(table)["TableArn"])["Tags"]
    return {tag["Key"]: tag["Value"] for tag in tags}


# --- the stream -----------------------------------------------------------------------------------------


def test_a_stream_that_was_there_before_is_not_disabled(run: Callable[..., Ran], cloud: Cloud) -> None:
    table = cloud.table(view="NEW_IMAGE")
    stream = cloud.stream(table)
    assert run("attach-trigger", table).code == 0
    for more in ((), ("--dry-run",)):
        refused = run("down", table, "--stream", "--yes", "--output", "json", *more)
        assert (refused.code, refused.error_code) == (1, "stream-not-ours")
    assert cloud.function(f"{table}-inserts") is not None, "nothing is taken down half-way"
    assert run("down", table, "--yes").code == 0
    assert cloud.stream(table) == stream
    assert table_tags(cloud, table) == {}


def test_a_stream_that_ddbinsert_enabled_is_disabled_and_nothing_of_it_is_left(
    run: Callable[..., Ran], cloud: Cloud
) -> None:
    table = cloud.table()
    assert run("enable-stream", table).code == 0
    label = str(cloud.stream(table)).rpartition("/stream/")[2]
    assert table_tags(cloud, table) == {"ddbinsert:stream": label}
    assert run("attach-trigger", table).code == 0
    assert run("down", table, "--stream", "--yes").code == 0
    assert cloud.stream(table) is None
    assert table_tags(cloud, table) == {}


def test_a_stream_that_somebody_enabled_after_ours_is_theirs(run: Callable[..., Ran], cloud: Cloud) -> None:
    table = cloud.table()
    assert run("enable-stream", table).code == 0
    cloud.set_stream(table, None)
    cloud.set_stream(table, "KEYS_ONLY")
    refused = run("down", table, "--stream", "--yes", "--output", "json")
    assert refused.error_code == "stream-not-ours"
    assert cloud.stream(table)


@pytest.mark.parametrize("view", [None, "NEW_IMAGE"])
def test_a_replaced_stream_belongs_to_whoever_enabled_the_one_before_it(
    run: Callable[..., Ran], cloud: Cloud, view: str | None
) -> None:
    table = cloud.table(view=view)
    assert run("enable-stream", table).code == 0
    assert run("enable-stream", table, "--view-type", "KEYS_ONLY", "--replace", "--yes").code == 0
    done = run("down", table, "--stream", "--yes")
    assert (done.code, cloud.stream(table) is None) == ((0, True) if view is None else (1, False))


def test_without_the_right_to_tag_a_table_its_stream_is_enabled_with_a_warning(
    run: Callable[..., Ran], cloud: Cloud
) -> None:
    table = cloud.table()
    done = run("enable-stream", table, connect=Refusing("TagResource").connect)
    assert done.code == 0
    assert "down --stream will not disable it" in done.err
    assert cloud.stream(table)


# --- log group, role, queue -----------------------------------------------------------------------------


@pytest.mark.parametrize("tags", [{}, {"ddbinsert:table": "another"}])
def test_a_log_group_of_somebody_else_is_not_listed_as_to_be_deleted(
    run: Callable[..., Ran], cloud: Cloud, tags: dict[str, str]
) -> None:
    table = cloud.table()
    group = f"/aws/lambda/{table}-inserts"
    cloud.logs.create_log_group(logGroupName=group, tags=tags)
    assert run("attach-trigger", table).code == 0
    shown = run("down", table, "--dry-run", "--output", "json")
    assert "DeleteLogGroup" not in [step["step"] for step in shown.data["steps"]]
    assert [text for text in shown.data["stays"] if group in text]
    assert run("down", table, "--dry-run").out.count(f"log group {group}") == 1
    done = run("down", table, "--yes")
    assert done.code == 0
    assert (done.out + done.err).count(f"log group {group}") == 1
    assert cloud.log_group(group) is not None


def test_the_retention_of_somebody_elses_log_group_is_refused_before_the_first_change(
    run: Callable[..., Ran], cloud: Cloud
) -> None:
    table = cloud.table()
    cloud.logs.create_log_group(logGroupName=f"/aws/lambda/{table}-inserts")
    calls = Calls()
    done = run("attach-trigger", table, "--log-retention", "30", "--output", "json", connect=calls.connect)
    assert (done.code, done.error_code) == (1, "not-ours")
    assert not calls.writes


def test_a_role_that_somebody_added_a_policy_to_stays_and_goes_once_it_is_removed(
    run: Callable[..., Ran], cloud: Cloud
) -> None:
    table = cloud.table()
    assert run("attach-trigger", table).code == 0
    role = f"{table}-inserts-role"
    cloud.let_read_streams(f"{table}-inserts")
    policies = cloud.policies(role)
    done = run("down", table, "--yes", "--output", "json")
    assert done.code == 0
    assert [text for text in done.data["stays"] if "reads-streams" in text]
    assert cloud.function(f"{table}-inserts") is None
    assert cloud.policies(role) == policies
    cloud.iam.delete_role_policy(RoleName=role, PolicyName="reads-streams")
    assert run("down", table, "--yes").code == 0
    assert not cloud.has_role(role)


def test_a_queue_that_holds_something_stays_and_is_found_again_without_its_mapping(
    run: Callable[..., Ran], cloud: Cloud
) -> None:
    table = cloud.table()
    assert run("attach-trigger", table, "--on-failure", "create").code == 0
    queue = f"{table}-inserts-failures"
    url = cloud.sqs.get_queue_url(QueueName=queue)["QueueUrl"]
    cloud.sqs.send_message(QueueUrl=url, MessageBody="{}")
    done = run("down", table, "--yes", "--output", "json")
    assert f"queue {queue}: it contains 1 message" in done.data["stays"]
    cloud.sqs.purge_queue(QueueUrl=url)
    again = run("down", table, "--yes", "--output", "json")
    assert [step["step"] for step in again.data["steps"]] == ["DeleteQueue"]


def test_somebody_elses_queue_is_not_taken_for_the_one_that_is_to_be_created(
    run: Callable[..., Ran], cloud: Cloud
) -> None:
    table, calls = cloud.table(), Calls()
    queue = f"{table}-inserts-failures"
    cloud.sqs.create_queue(QueueName=queue)
    attach = ("attach-trigger", table, "--on-failure")
    refused = run(*attach, "create", "--output", "json", connect=calls.connect)
    assert (refused.code, refused.error_code) == (1, "queue-not-ours")
    assert not calls.writes
    assert run(*attach, f"arn:aws:sqs:us-east-1:000000000000:{queue}").code == 0
    assert run(*attach, "create").code == 0, "it is the destination already"


@pytest.mark.parametrize("last", ["DeleteFunction", "DeleteLogGroup", "DeleteRole"])
def test_an_interrupted_end_is_finished_by_the_next_though_the_log_group_has_a_name_of_its_own(
    run: Callable[..., Ran], cloud: Cloud, last: str
) -> None:
    table, group = cloud.table(), f"/own/{fresh()}"
    assert run("attach-trigger", table, "--log-group", group).code == 0
    assert run("down", table, "--yes", connect=Refusing(last).connect).code == 4
    assert run("down", table, "--yes").code == 0
    assert cloud.log_group(group) is None
    assert cloud.function(f"{table}-inserts") is None
    assert not cloud.has_role(f"{table}-inserts-role")


# --- an audit log in the function's own log -------------------------------------------------------------


def _attached_audit(run: Callable[..., Ran], cloud: Cloud, *flags: str) -> tuple[str, str]:
    table = cloud.table()
    assert run("attach-trigger", table, "--template", "audit-log", *flags).code == 0
    return table, f"/aws/lambda/{table}-inserts"


def _queue(cloud: Cloud) -> str:
    url = cloud.sqs.create_queue(QueueName=fresh())["QueueUrl"]
    found = cloud.sqs.get_queue_attributes(QueueUrl=url, AttributeNames=["QueueArn"])
    return str(found["Attributes"]["QueueArn"])


def _unmark(cloud: Cloud, group: str) -> None:
    """As if somebody had taken the tag away, or the group had been made before there was one."""
    found = cloud.log_group(group)
    assert found
    cloud.logs.untag_resource(resourceArn=found["arn"].removesuffix(":*"), tagKeys=["ddbinsert:log"])


def test_an_audit_log_without_a_sink_outlives_its_trigger_unless_logs_are_to_go(
    run: Callable[..., Ran], cloud: Cloud
) -> None:
    table, group = _attached_audit(run, cloud)
    stays = f"log group {group}: it contains the audit log's entries, each for 14 days; --logs deletes them"
    assert stays in run("down", table, "--dry-run", "--output", "json").data["stays"]
    done = run("down", table, "--yes", "--output", "json")
    assert done.data["stays"] == [stays]
    assert cloud.function(f"{table}-inserts") is None
    again = run("down", table, "--yes", "--output", "json")
    assert (again.code, again.data["steps"], again.data["stays"]) == (0, [], [stays])
    assert cloud.log_group(group) is not None
    assert run("down", table, "--logs", "--yes").code == 0
    assert cloud.log_group(group) is None


@pytest.mark.parametrize("runtime", ["python3.13", "nodejs22.x"])
def test_the_log_group_of_a_copied_audit_log_stays_too(
    cloud: Cloud, variables: dict[str, str], tmp_path: Path, runtime: str
) -> None:
    def run(*words: str) -> Ran:
        return ran(*words, variables=variables, cwd=tmp_path)

    table, made = cloud.table(), fresh()
    own = ("--code", made, "--runtime", runtime)
    assert run("function", "scaffold", "audit-log", made, "--runtime", runtime).code == 0
    (entry,) = (tmp_path / made).glob("handler.py" if "python" in runtime else "index.mjs")
    sign = "#" if "python" in runtime else "//"
    entry.write_text(f"{sign} edited\n{entry.read_text()}")
    assert run("attach-trigger", table, *own).code == 0
    assert run("attach-trigger", table, *own, "-o", "json").data["steps"] == []
    (stays,) = run("down", table, "--yes", "-o", "json").data["stays"]
    assert stays.startswith(f"log group /aws/lambda/{table}-inserts: it contains the audit log's entries")
    assert cloud.log_group(f"/aws/lambda/{table}-inserts") is not None
    # The next trigger of the table finds it marked; other code keeps no audit log in a group of its own.
    assert run("attach-trigger", table, "--log-group", f"/own/{made}", "--template", "print").code == 0
    (left,) = run("down", table, "--yes", "-o", "json").data["stays"]
    assert left == stays
    assert cloud.log_group(f"/own/{made}") is None
    assert cloud.log_group(f"/own/{made}") is None


def test_a_kept_log_group_of_another_name_is_deleted_by_its_name(
    run: Callable[..., Ran], cloud: Cloud, variables: dict[str, str]
) -> None:
    group = f"/own/{fresh()}"
    table, _ = _attached_audit(run, cloud, "--log-group", group)
    (stays,) = run("down", table, "--yes", "-o", "json").data["stays"]
    assert "function.log_group" in stays
    assert cloud.log_group(group) is not None
    named = {**variables, "DDBINSERT_FUNCTION_LOG_GROUP": group}
    assert ran("down", table, "--yes", "--logs", variables=named).code == 0
    assert cloud.log_group(group) is None


@pytest.mark.parametrize("change", [("--template", "print"), ("--env", "SINK_ARN={queue}")])
def test_a_log_group_stays_that_held_an_audit_log_before_the_function_changed(
    run: Callable[..., Ran], cloud: Cloud, change: tuple[str, str]
) -> None:
    table, group = _attached_audit(run, cloud)
    _unmark(cloud, group)
    queue = _queue(cloud)
    flags = [word.format(queue=queue) for word in change]
    assert run("attach-trigger", table, *flags, "--yes").code == 0
    assert run("attach-trigger", table, *flags, "--dry-run", "--output", "json").data["steps"] == []
    assert run("down", table, "--yes").code == 0
    assert cloud.log_group(group) is not None


@pytest.mark.parametrize("last", ["DeleteFunction", "DeleteRole"])
def test_an_interrupted_end_keeps_the_audit_log_when_it_is_finished(
    run: Callable[..., Ran], cloud: Cloud, last: str
) -> None:
    table, group = _attached_audit(run, cloud)
    _unmark(cloud, group)
    assert run("down", table, "--yes", connect=Refusing(last).connect).code == 4
    assert run("down", table, "--yes").code == 0
    assert cloud.function(f"{table}-inserts") is None
    assert cloud.log_group(group) is not None


def test_the_log_group_of_a_trigger_that_keeps_no_audit_log_in_it_goes(
    run: Callable[..., Ran], cloud: Cloud
) -> None:
    table, group = _attached_audit(run, cloud, "--sink", _queue(cloud))
    assert run("down", table, "--yes").code == 0
    assert cloud.log_group(group) is None


# --- clearing -------------------------------------------------------------------------------------------

CLEARED = (
    ("mapping.batch_size", ("--batch-size", "7")),
    ("mapping.retries", ("--retries", "9")),
    ("function.memory", ("--memory", "256")),
    ("function.log_retention_days", ("--log-retention", "30")),
)


def test_clearing_a_setting_is_asked_about_like_every_other_removal(
    run: Callable[..., Ran], cloud: Cloud
) -> None:
    table = cloud.table()
    flags = [word for _, given in CLEARED for word in given]
    assert run("attach-trigger", table, *flags).code == 0
    for key, _ in CLEARED:
        calls = Calls()
        asked = run("attach-trigger", table, "--unset", key, "--output", "json", connect=calls.connect)
        assert asked.error_code == "confirmation-needed", key
        assert not calls.writes, key
    unset = [word for key, _ in CLEARED for word in ("--unset", key)]
    done = run("attach-trigger", table, *unset, stdin=Terminal("y\n"), err=Terminal(), out=Terminal())
    assert done.code == 0, done.err
    assert cloud.mapping(f"{table}-inserts")["BatchSize"] == 100
    assert cloud.configuration(f"{table}-inserts")["MemorySize"] == 128


# --- rights ---------------------------------------------------------------------------------------------


class _As:
    """A way to connect as an IAM user, whose policies are asked about; what it calls is not refused itself."""

    def __init__(self, arn: str) -> None:
        self._arn = arn
        self.calls = Calls()
        self.may_ask = True

    def connect(self, connection: Connection) -> Aws:
        aws = self.calls.connect(connection)
        answer: Any = self._answer
        aws.client("sts").meta.events.register("before-call.sts.GetCallerIdentity", answer)
        if not self.may_ask:
            Refusing("SimulatePrincipalPolicy").forbid(aws.client("iam"))
        return aws

    def _answer(self, **_more: Any) -> tuple[Any, dict[str, Any]]:
        response = type("Response", (), {"status_code": 200, "headers": {}, "content": b""})()
        return response, {"Arn": self._arn, "Account": "000000000000", "UserId": "x", "ResponseMetadata": {}}


@pytest.fixture
def user(cloud: Cloud) -> Callable[[dict[str, Any]], _As]:
    def make(statement: dict[str, Any]) -> _As:
        name = fresh("user")
        arn = cloud.iam.create_user(UserName=name)["User"]["Arn"]
        document = json.dumps({"Version": "2012-10-17", "Statement": [{"Effect": "Allow", **statement}]})
        cloud.iam.put_user_policy(UserName=name, PolicyName="p", PolicyDocument=document)
        return _As(arn)

    return make


def test_a_run_that_would_stop_half_way_for_lack_of_rights_changes_nothing(
    run: Callable[..., Ran], cloud: Cloud, user: Callable[[dict[str, Any]], _As]
) -> None:
    table = cloud.table()
    limited = user({"Action": ["dynamodb:*", "logs:*", "iam:*"], "Resource": "*"})
    done = run("attach-trigger", table, "--output", "json", connect=limited.connect)
    assert (done.code, done.error_code) == (4, "access-denied")
    assert (
        f"lambda:CreateFunction on arn:aws:lambda:us-east-1:000000000000:function:{table}-inserts"
        in (done.json["errors"][0]["message"])
    )
    assert "iam:" not in done.json["errors"][0]["message"]
    assert set(limited.calls.writes) <= {"SimulatePrincipalPolicy"}
    assert cloud.stream(table) is None


def test_somebody_with_the_rights_is_not_held_up(
    run: Callable[..., Ran], cloud: Cloud, user: Callable[[dict[str, Any]], _As]
) -> None:
    table = cloud.table()
    able = user({"NotAction": "s3:*", "Resource": "*"})
    assert run("attach-trigger", table, connect=able.connect).code == 0
    assert run("down", table, "--yes", connect=able.connect).code == 0


def test_where_iam_may_not_be_asked_the_run_goes_on(
    run: Callable[..., Ran], cloud: Cloud, user: Callable[[dict[str, Any]], _As]
) -> None:
    limited = user({"Action": "dynamodb:*", "Resource": "*"})
    limited.may_ask = False
    assert run("attach-trigger", cloud.table(), connect=limited.connect).code == 0


# --- what others use ----------------------------------------------------------------------------------------


def test_down_leaves_what_other_functions_use(run: Callable[..., Ran], cloud: Cloud) -> None:
    """A role, a log group and a queue of ours that another trigger uses, and a mapping on another table."""
    table, elsewhere, group = cloud.table(), cloud.table(view="NEW_IMAGE"), fresh("/own/orders")
    assert run("attach-trigger", table, "--log-group", group, "--on-failure", "create").code == 0
    own, other, theirs = f"{table}-inserts", f"{table}-b", fresh("ledger")
    role = cloud.configuration(own)["Role"]
    queue = cloud.mapping(own)["DestinationConfig"]["OnFailure"]["Destination"]
    assert run("attach-trigger", table, "--function", other, "--role", role, "--log-group", group).code == 0
    assert ran_past(cloud, theirs)
    cloud.lambda_.update_event_source_mapping(
        UUID=cloud.map(theirs, elsewhere), DestinationConfig={"OnFailure": {"Destination": queue}}
    )
    done = run("down", table, "--yes", "-o", "json")
    assert done.code == 0, done.err
    assert cloud.function(own) is None
    stays = " ".join(done.data["stays"])
    assert f"role {own}-role: function {other} runs as it, too" in stays
    assert f"log group {group}: function {other} writes to it, too" in stays
    assert f"queue {own}-failures: event source mapping" in stays
    assert f"of function {theirs} uses it" in stays
    assert cloud.has_role(f"{own}-role")
    assert cloud.log_group(group) is not None
    (advice,) = done.json["advice"]
    assert advice["command"] == ["ddbinsert", "down", table, "--function", other]
    assert run(*advice["command"][1:], "--yes").code == 0
    assert not cloud.has_role(f"{own}-role")
    assert cloud.log_group(group) is None


def test_down_deletes_the_log_group_that_the_function_wrote_to_before(
    run: Callable[..., Ran], cloud: Cloud
) -> None:
    table, group = cloud.table(), fresh("/own/orders")
    assert run("attach-trigger", table).code == 0
    assert run("attach-trigger", table, "--log-group", group, "--yes").code == 0
    assert run("down", table, "--yes").code == 0
    assert cloud.log_group(group) is None
    assert cloud.log_group(f"/aws/lambda/{table}-inserts") is None


def test_a_log_group_of_others_is_not_reported_as_marked(run: Callable[..., Ran], cloud: Cloud) -> None:
    table, group = cloud.table(), fresh("/theirs/orders")
    cloud.logs.create_log_group(logGroupName=group, tags={"team": "theirs"})
    assert run("attach-trigger", table, "--log-group", group).code == 0
    done = run("attach-trigger", table, "--template", "audit-log", "--yes")
    assert done.code == 0
    assert f"log group {group} stays: as it is, because it was not created by ddbinsert" in done.err
    assert "kept by `down`" not in done.out + done.err
