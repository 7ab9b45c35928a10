"""verify --failure-path: each misconfiguration FAILs with its own cause, healthy ones PASS, and nothing stays behind."""

from __future__ import annotations

import io
import json
import os
import signal
from dataclasses import replace
from typing import TYPE_CHECKING

import pytest

from ddbinsert.cli import main
from ddbinsert.environment import Environment, SystemClock
from tests.examples import some
from tests.functional.command import begun, ended
from tests.strict.bench import fresh
from tests.strict.failure_paths import BROKEN, FAILS, HEALTHY, NAMES, Case, foreign, own, queue, topic
from tests.strict.rig import Fault, FaultKind
from tests.strict.sabotage.ground import FAST, QUICK, Ground, Prepared
from tests.strict.test_verify_advice import CHANGES, state

if TYPE_CHECKING:
    from pathlib import Path

    from ddbinsert import local
    from tests.functional.command import Ran


#: Mappings that were made long ago, so that their settings are in force.
PROFILE = replace(FAST, mappings=replace(QUICK, age=3600.0))


def verified(ground: Ground, *options: str) -> Ran:
    return ground.run(
        "verify", ground.table, "--failure-path", "--timeout", "60s", "--output", "json", *options
    )


def causes(ran: Ran) -> dict[str, str]:
    """The weight of each finding, by code."""
    return {one["code"]: one["weight"] for one in ran.json["data"]["findings"]}


def proofs_of(ran: Ran) -> set[str]:
    return {code for code, weight in causes(ran).items() if weight == "proof"}


def assert_clean(ground: Ground) -> None:
    """No test item, function, role, log group or mapping of the run is left."""
    aws = ground.aws
    assert aws.upstream("dynamodb").scan(TableName=ground.table)["Items"] == []
    names = [one["FunctionName"] for one in aws.lambda_.list_functions()["Functions"]]
    assert [name for name in names if name.startswith("ddbinsert-tap")] == []
    assert [one for one in aws.iam.list_roles()["Roles"] if one["RoleName"].startswith("ddbinsert-tap")] == []
    groups = aws.logs.describe_log_groups(logGroupNamePrefix="/aws/lambda/ddbinsert-tap")["logGroups"]
    assert groups == []
    assert not list((ground.home / "state").rglob("runs/*.json"))


def documents(ground: Ground) -> list[str]:
    """What is at the destination of the function's mapping."""
    (mapping,) = ground.aws.lambda_.list_event_source_mappings(FunctionName=ground.function)[
        "EventSourceMappings"
    ]
    arn = mapping["DestinationConfig"]["OnFailure"]["Destination"]
    if ":s3:" in arn:
        listed = ground.aws.upstream("s3").list_objects_v2(Bucket=arn.rpartition(":")[2])
        return [one["Key"] for one in listed.get("Contents", ())]
    if ":sns:" in arn:
        (subscribed,) = ground.aws.upstream("sns").list_subscriptions_by_topic(TopicArn=arn)["Subscriptions"]
        arn = subscribed["Endpoint"]
    return messages(ground, arn)


def messages(ground: Ground, arn: str) -> list[str]:
    sqs = ground.aws.upstream("sqs")
    url = sqs.get_queue_url(QueueName=arn.rpartition(":")[2])["QueueUrl"]
    found = sqs.receive_message(QueueUrl=url, MaxNumberOfMessages=10, VisibilityTimeout=0).get("Messages", ())
    return [one["Body"] for one in found]


@pytest.mark.parametrize("case", some(BROKEN, one_in=5), ids=lambda case: case.name)
def test_each_misconfiguration_fails_with_its_own_cause(
    case: Case, emulator: local.Emulator, tmp_path: Path
) -> None:
    with Ground(emulator, tmp_path, PROFILE) as ground:
        case.build(ground)
        ran = verified(ground, *case.options)
        assert (ran.code, ran.json["data"]["verdict"]) == (1, "FAIL"), ran.out + ran.err
        assert proofs_of(ran) == set(case.causes), ran.out
        assert_clean(ground)


@pytest.mark.nightly
@pytest.mark.parametrize("case", BROKEN, ids=lambda case: case.name)
def test_what_is_advised_repairs_its_finding_and_no_other_setting_differs(
    case: Case, emulator: local.Emulator, tmp_path: Path
) -> None:
    with Ground(emulator, tmp_path, PROFILE) as ground:
        case.build(ground)
        found = verified(ground, *case.options).json["data"]["findings"]
        advised = {
            one["code"]: one["command"] for one in found if one["weight"] == "proof" and one["command"]
        }
        for code, command in advised.items():
            before = state(ground)
            done = ground.run(*command[1:])
            assert done.code == 0, (command, done.err)
            after = state(ground)
            allowed = set().union(*(CHANGES.get(word, ()) for word in command))
            assert {key for key in before if before[key] != after.get(key)} <= allowed, code
        # A busy machine alone takes seconds; what is advised about takes minutes.
        patient = ("30s" if option == "3s" else option for option in case.options)
        assert not advised or not proofs_of(verified(ground, *patient)) & advised.keys()


@pytest.mark.parametrize("case", some(HEALTHY, one_in=5), ids=lambda case: case.name)
def test_a_healthy_failure_path_passes_and_leaves_nothing(
    case: Case, emulator: local.Emulator, tmp_path: Path
) -> None:
    with Ground(emulator, tmp_path, PROFILE) as ground:
        case.build(ground)
        ran = verified(ground, *case.options)
        assert (ran.code, ran.json["data"]["verdict"]) == (0, "PASS"), ran.out + ran.err
        assert ran.json["data"]["counts"]["missing"] == 0
        assert ran.json["data"]["counts"]["documents"] > 0
        assert_clean(ground)
        assert documents(ground) == []


def test_nothing_of_others_at_the_destination_is_touched(emulator: local.Emulator, tmp_path: Path) -> None:
    """A queue with a document about another function, and with one that is none."""
    with Ground(emulator, tmp_path, PROFILE) as ground:
        place = queue(ground)
        foreign(destination=lambda _: place)(ground)
        theirs = [
            json.dumps({"requestContext": {"functionArn": "arn:aws:lambda:::function:x"}}),
            "something else",
        ]
        sqs = ground.aws.upstream("sqs")
        url = sqs.get_queue_url(QueueName=place.rpartition(":")[2])["QueueUrl"]
        for body in theirs:
            sqs.send_message(QueueUrl=url, MessageBody=body)
        ran = verified(ground, "--report", "run.html", "--junit", "run.xml")
        assert ran.code == 0, ran.out + ran.err
        for name in ("run.html", "run.xml"):
            report = (tmp_path / name).read_text(encoding="utf-8")
            assert "A failing record is separated from the others of its batch" in report
        assert sorted(messages(ground, place)) == sorted(theirs)


@pytest.mark.nightly
def test_a_foreign_function_that_fails_on_test_items_itself_is_told_apart_from_the_tap(
    emulator: local.Emulator, tmp_path: Path
) -> None:
    """What it fails on goes to the same destination, now or later: that is said, and what is there is removed."""
    with Ground(emulator, tmp_path, PROFILE) as ground:
        foreign("--retries", "0", source=FAILS)(ground)
        ran = verified(ground)
        assert (ran.code, ran.json["data"]["verdict"]) == (0, "PASS"), ran.out + ran.err
        assert causes(ran) == {"failure-document-left": "note"}
        assert f"{ground.function} itself fails on test items" in ran.out
        assert [text for text in documents(ground) if "ddbinsert-tap" in text] == []
        assert_clean(ground)


def unproven(ground: Ground, *options: str) -> dict[str, str]:
    ran = verified(ground, *options)
    assert (ran.code, ran.json["data"]["verdict"]) == (6, "INCONCLUSIVE"), ran.out + ran.err
    assert_clean(ground)
    return {code: weight for code, weight in causes(ran).items() if weight == "hole"}


def test_what_cannot_be_read_or_tried_is_said_and_no_pass(emulator: local.Emulator, tmp_path: Path) -> None:
    with Ground(emulator, tmp_path, PROFILE) as ground:
        foreign("--no-bisect", source=NAMES)(ground)
        assert unproven(ground) == {"partial-batch-not-tried": "hole"}
        ground.run("attach-trigger", ground.table, "--bisect", "--on-failure", topic(ground), "--yes")
        ground.rig.settle(ground.mapping)
        assert unproven(ground) == {"failure-destination-not-read": "hole"}


def test_a_queue_that_somebody_else_consumes_is_not_read(emulator: local.Emulator, tmp_path: Path) -> None:
    with Ground(emulator, tmp_path, PROFILE) as ground:
        place = queue(ground)
        own(destination=lambda _: place)(ground)
        other = ground.another_function("def handler(event, context):\n    pass\n")
        ground.aws.lambda_.create_event_source_mapping(EventSourceArn=place, FunctionName=other)
        found = unproven(ground)
        assert found == {"failure-destination-not-read": "hole"}


@pytest.mark.nightly
def test_rights_that_may_not_be_asked_for_are_a_hole_unless_the_role_is_ddbinserts(
    emulator: local.Emulator, tmp_path: Path
) -> None:
    with Ground(emulator, tmp_path, PROFILE) as ground:
        place = queue(ground)
        foreign(destination=lambda _: place)(ground)
        ground.rig.inject(Fault(operation="iam:SimulatePrincipalPolicy", kind=FaultKind.ACCESS_DENIED))
        assert verified(ground).code == 0  # its own policy, which ddbinsert wrote, says so
        ground.aws.iam.untag_role(RoleName=ground.role, TagKeys=["ddbinsert:table"])
        assert unproven(ground) == {"failure-destination-rights-unknown": "hole"}


def test_a_destination_for_one_role_alone_takes_nothing_from_a_tap(
    emulator: local.Emulator, tmp_path: Path
) -> None:
    """Nothing is wrong with it, and nothing is proven."""
    with Ground(emulator, tmp_path, PROFILE) as ground:
        role = f"arn:aws:iam::000000000000:role/{ground.role}"
        others = {"Effect": "Deny", "Principal": "*", "Action": "*", "Resource": "*"}
        condition = {"ArnNotEquals": {"aws:PrincipalArn": role}}
        foreign(destination=lambda own: queue(own, policy={**others, "Condition": condition}))(ground)
        assert unproven(ground) == {"failure-destination-not-read": "hole"}


@pytest.mark.nightly
def test_where_failures_are_not_emulated_nothing_is_made_to_fail(
    emulator: local.Emulator, tmp_path: Path
) -> None:
    out, err = io.StringIO(), io.StringIO()
    variables = {
        "PATH": os.environ["PATH"], "HOME": str(tmp_path), "DDBINSERT_STATE_DIR": str(tmp_path / "state"),
        **emulator.variables(region="eu-west-1"),
    }  # fmt: skip
    environment = Environment(
        out=out,
        err=err,
        stdin=io.StringIO(),
        variables=variables,
        cwd=tmp_path,
        connect=Prepared,
        clock=SystemClock(),
    )
    table = fresh("orders")

    def run(*words: str) -> tuple[int, str]:
        out.seek(0)
        out.truncate()
        return int(main(words, environment)), out.getvalue()

    assert run("attach-trigger", table, "--create-table", "pk:S", "--on-failure", "create")[0] == 0
    code, answer = run("verify", table, "--failure-path", "--timeout", "20s", "--output", "json")
    found = {one["code"] for one in json.loads(answer)["data"]["findings"] if one["weight"] != "note"}
    assert (code, found) == (6, {"failure-handling-not-emulated"}), answer
    assert "not emulated here" in answer


@pytest.mark.parametrize("name", ["--match", "--wiretap", "--observe", "--count=9"])
def test_options_of_other_proofs_are_refused(emulator: local.Emulator, tmp_path: Path, name: str) -> None:
    with Ground(emulator, tmp_path, PROFILE) as ground:
        assert ground.run("verify", ground.table, "--failure-path", name).code == 2
        assert ground.run("verify", ground.table, "--max-retries", "3").code == 2


def test_an_interrupted_run_leaves_nothing(emulator: local.Emulator, tmp_path: Path) -> None:
    with Ground(emulator, tmp_path, PROFILE) as ground:
        foreign("--retries", "10000")(ground)

        words = ("verify", ground.table, "--failure-path", "--max-hold-up", "60s", "--timeout", "60s")
        process = begun(*words, variables=ground.variables, cwd=ground.home)
        ground.rig.interrupt("logs:FilterLogEvents", lambda: process.send_signal(signal.SIGINT), after=12)
        ran = ended(process)
        assert ran.code == 130, ran.out + ran.err
        assert_clean(ground)
