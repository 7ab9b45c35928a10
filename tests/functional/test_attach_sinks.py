"""attach-trigger with a template: sinks that cannot work are refused before anything is made, silent losses warned of."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from tests.functional.command import Ran, ran
from tests.functional.helpers import fresh

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

    from tests.functional.helpers import Cloud

HERE = "us-east-1:000000000000"


@pytest.fixture
def run(variables: dict[str, str], tmp_path: Path) -> Callable[..., Ran]:
    return lambda *arguments, **outside: ran(*arguments, variables=variables, cwd=tmp_path, **outside)


def attached(run: Callable[..., Ran], table: str, template: str, *more: str, **environment: str) -> Ran:
    settings = [part for name, value in environment.items() for part in ("--env", f"{name}={value}")]
    return run("attach-trigger", table, "--template", template, *settings, *more, "-o", "json", "--yes")


@pytest.mark.parametrize(
    ("template", "arn"),
    [
        ("audit-log", f"arn:aws:dynamodb:{HERE}:table/missing"),
        ("audit-log", f"arn:aws:logs:{HERE}:log-group:/missing"),
        ("audit-log", "arn:aws:s3:::missing-bucket-of-nobody"),
        ("audit-log", f"arn:aws:firehose:{HERE}:deliverystream/missing"),
        ("audit-log", f"arn:aws:sqs:{HERE}:missing"),
        ("analytics", f"arn:aws:kinesis:{HERE}:stream/missing"),
        ("analytics", f"arn:aws:events:{HERE}:event-bus/missing"),
        ("notify", f"arn:aws:sns:{HERE}:missing"),
    ],
)
def test_a_sink_that_does_not_exist_is_refused_and_nothing_is_made(
    run: Callable[..., Ran], cloud: Cloud, template: str, arn: str
) -> None:
    table = cloud.table()
    refused = attached(run, table, template, SINK_ARN=arn)
    assert (refused.code, refused.error_code) == (5, "sink-not-found"), refused
    assert run("status", table, "-o", "json").data["function"] is None


def test_the_triggers_own_table_is_refused_as_sink_and_as_deduplication_table(
    run: Callable[..., Ran], cloud: Cloud
) -> None:
    table = cloud.table()
    own = cloud.described(table)["TableArn"]
    refused = attached(run, table, "audit-log", SINK_ARN=own)
    assert (refused.code, refused.error_code) == (2, "sink-is-own-table")
    queue = cloud.sqs.create_queue(QueueName=fresh("news"))["QueueUrl"]
    found = cloud.sqs.get_queue_attributes(QueueUrl=queue, AttributeNames=["QueueArn"])["Attributes"][
        "QueueArn"
    ]
    refused = attached(run, table, "notify", SINK_ARN=found, DEDUPLICATION_TABLE_ARN=own)
    assert refused.error_code == "sink-is-own-table"


def test_an_audit_table_is_refused_as_deduplication_table(run: Callable[..., Ran], cloud: Cloud) -> None:
    table = cloud.table()
    audit = run("audit", "create-table", fresh("audit"), "-o", "json").data["arn"]
    seen = run("dedup", "create-table", fresh("seen"), "-o", "json").data["arn"]
    refused = attached(run, table, "audit-log", SINK_ARN=audit, DEDUPLICATION_TABLE_ARN=audit)
    assert (refused.code, refused.error_code) == (2, "variable-wrong")
    other = run("audit", "create-table", fresh("audit"), "-o", "json").data["arn"]
    refused = attached(run, table, "audit-log", SINK_ARN=audit, DEDUPLICATION_TABLE_ARN=other)
    assert (refused.code, refused.error_code) == (2, "sink-wrong")
    taken = attached(run, table, "audit-log", SINK_ARN=audit, DEDUPLICATION_TABLE_ARN=seen)
    assert taken.code == 0, taken
    assert "discarded after 5 retries" in " ".join(taken.json["warnings"])
    assert "is discarded" not in " ".join(
        attached(run, table, "audit-log", "--on-failure", "create", SINK_ARN=audit).json["warnings"]
    )


def test_a_table_with_another_key_is_refused(run: Callable[..., Ran], cloud: Cloud) -> None:
    other = cloud.described(cloud.table("pk:S"))["TableArn"]
    assert attached(run, cloud.table(), "audit-log", SINK_ARN=other).error_code == "sink-wrong"


def test_an_audit_log_without_a_sink_says_how_long_it_lasts(run: Callable[..., Ran], cloud: Cloud) -> None:
    table = cloud.table()
    done = attached(run, table, "audit-log", "--log-retention", "30")
    assert done.code == 0
    assert "keeps its lines for 30 days" in " ".join(done.json["warnings"])
    again = attached(run, table, "audit-log", "--runtime", "python3.12", "--yes")
    warned = " ".join(again.json["warnings"])
    assert "keeps its lines for 30 days" in warned
    assert f"`ddbinsert audit create-table {table}-audit`" in warned


def test_the_plan_lists_what_the_role_is_granted(run: Callable[..., Ran], cloud: Cloud) -> None:
    table = cloud.table()
    audit = run("audit", "create-table", fresh("audit"), "-o", "json").data["arn"]
    shown = run("attach-trigger", table, "--template", "audit-log", "--env", f"SINK_ARN={audit}", "--dry-run")
    assert f"dynamodb:PutItem on {audit}" in shown.out


def test_a_policy_that_is_written_again_is_shown_with_what_it_goes_on_granting(
    run: Callable[..., Ran], cloud: Cloud
) -> None:
    table = cloud.table()
    audit = run("audit", "create-table", fresh("audit"), "-o", "json").data["arn"]
    assert attached(run, table, "audit-log", "--on-failure", "create", SINK_ARN=audit).code == 0
    shown = run("attach-trigger", table, "--unset", "mapping.on_failure", "--dry-run")
    (policy,) = (line for line in shown.out.splitlines() if "policy of role" in line)
    assert f"dynamodb:PutItem on {audit}" in policy
    assert "sqs:SendMessage" not in policy
    replaced = run(
        "enable-stream", table, "--view-type", "NEW_AND_OLD_IMAGES", "--replace", "--yes", "--dry-run"
    )
    (policy,) = (line for line in replaced.out.splitlines() if "policy of role" in line)
    assert f"dynamodb:PutItem on {audit}" in policy
    assert f"sqs:SendMessage on arn:aws:sqs:{HERE}:{table}-inserts-failures" in policy


def test_rights_on_everything_are_warned_about(run: Callable[..., Ran], cloud: Cloud, tmp_path: Path) -> None:
    (tmp_path / "app").mkdir()
    (tmp_path / "app" / "handler.py").write_text("def handler(event, context):\n    return {}\n")
    (tmp_path / "app" / "rights.json").write_text('{"allow": [{"actions": ["*"], "resources": ["*"]}]}')
    done = run("create-function", cloud.table(), "--code", "app", "-o", "json")
    assert done.code == 0, done
    assert len([text for text in done.json["warnings"] if "every" in text]) == 2
    (tmp_path / "app" / "rights.json").write_text(
        '{"allow": [{"actions": ["s3:GetObject"], "resources": ["arn:aws:s3:::${BUCKET}/*"]}]}'
    )
    refused = run("create-function", cloud.table(), "--code", "app", "-o", "json")
    assert (refused.code, refused.error_code) == (2, "variable-missing")


def test_the_functions_variable_follows_the_mappings_setting(run: Callable[..., Ran], cloud: Cloud) -> None:
    table = cloud.table()
    assert attached(run, table, "print", "--no-report-failures").code == 0
    environment = cloud.configuration(f"{table}-inserts")["Environment"]["Variables"]
    assert environment["PARTIAL_BATCH_RESPONSE"] == "false"
    for flag, value in (("--no-report-failures", "true"), ("--report-failures", "false")):
        refused = attached(run, cloud.table(), "print", flag, PARTIAL_BATCH_RESPONSE=value)
        assert (refused.code, refused.error_code) == (2, "partial-batch-contradiction")


def test_a_template_never_names_failures_to_a_mapping_that_does_not_read_them(
    run: Callable[..., Ran], cloud: Cloud, tmp_path: Path
) -> None:
    table, name = cloud.table(), "PARTIAL_BATCH_RESPONSE"

    def variable() -> str | None:
        found = cloud.configuration(f"{table}-inserts").get("Environment", {}).get("Variables", {})
        return str(found[name]) if name in found else None

    assert run("attach-trigger", table, "--no-report-failures").code == 0
    for command in ("attach-trigger", "create-function"):
        for words in (("--env", f"{name}=true"), ("--unset", f"function.environment.{name}")):
            refused = run(command, table, *words, "--yes", "-o", "json")
            assert (refused.code, refused.error_code) == (2, "partial-batch-contradiction"), words
    assert variable() == "false"
    # Own code does not read the variable; a template that takes its place is told again.
    (tmp_path / "own.py").write_text("def handler(event, context):\n    return {}\n")
    own = ("--code", "own.py", "--unset", f"function.environment.{name}", "--yes")
    assert run("attach-trigger", table, *own).code == 0
    assert variable() is None
    assert run("create-function", table, "--template", "print", "--yes").code == 0
    assert variable() == "false"
    assert run("attach-trigger", table, "--report-failures", "--yes").code == 0
    assert variable() == "true"


def test_batches_that_a_sink_takes_one_by_one_fit_the_timeout_or_are_warned_about(
    run: Callable[..., Ran], cloud: Cloud
) -> None:
    table, audit = cloud.table(), fresh("audit")
    assert run("audit", "create-table", audit).code == 0
    flags = ("--sink", audit, "--dry-run")
    assert not [w for w in attached(run, table, "audit-log", *flags).json["warnings"] if "one by one" in w]
    (slow,) = [
        warning
        for warning in attached(run, table, "audit-log", *flags, "--batch-size", "10000").json["warnings"]
        if "one by one" in warning
    ]
    fits = slow.partition("--batch-size ")[2].partition(",")[0]
    for enough in (
        ("--batch-size", fits),
        ("--batch-size", "10000", "--memory", "1769", "--function-timeout", "60"),
    ):
        warned = attached(run, table, "audit-log", *flags, *enough).json["warnings"]
        assert not [warning for warning in warned if "one by one" in warning]


def test_a_sink_can_be_given_by_its_name(run: Callable[..., Ran], cloud: Cloud) -> None:
    audit = run("audit", "create-table", fresh("audit"), "-o", "json").data
    queue = fresh("news")
    cloud.sqs.create_queue(QueueName=queue)
    for template, name, ending in (
        ("audit-log", audit["table"], audit["arn"]),
        ("notify", queue, f":{queue}"),
    ):
        table = cloud.table()
        done = attached(run, table, template, "--sink", name, "--on-failure", "create", REDACT="a")
        assert done.code == 0, done
        variables = cloud.configuration(f"{table}-inserts")["Environment"]["Variables"]
        assert variables["SINK_ARN"].endswith(ending)
        assert variables["REDACT"] == "a"


@pytest.mark.parametrize(
    ("template", "sink", "code"),
    [
        ("notify", "nothing-of-this-name", "sink-not-found"),
        ("print", "x", "no-sink"),
        ("notify", "arn:x", "variable-wrong"),
    ],
)
def test_a_sink_that_cannot_be_resolved_is_refused(
    run: Callable[..., Ran], cloud: Cloud, template: str, sink: str, code: str
) -> None:
    assert attached(run, cloud.table(), template, "--sink", sink).error_code == code


def test_a_sink_without_a_template_is_one_for_the_template_that_the_function_has(
    run: Callable[..., Ran], cloud: Cloud
) -> None:
    table = cloud.table()
    first, second = (run("audit", "create-table", fresh("audit"), "-o", "json").data for _ in range(2))
    assert attached(run, table, "audit-log", "--sink", first["table"]).code == 0
    code = cloud.configuration(f"{table}-inserts")["CodeSha256"]
    moved = run("attach-trigger", table, "--sink", second["table"], "--yes", "-o", "json")
    assert moved.code == 0, moved
    configured = cloud.configuration(f"{table}-inserts")
    assert configured["Environment"]["Variables"]["SINK_ARN"] == second["arn"]
    assert configured["CodeSha256"] == code
    # A template that is given decides, and a function that has none takes no sink.
    refused = run(
        "attach-trigger", table, "--sink", first["table"], "--template", "print", "--yes", "-o", "json"
    )
    assert (refused.code, refused.error_code) == (2, "no-sink")
    plain = cloud.table()
    assert run("attach-trigger", plain).code == 0
    refused = run("attach-trigger", plain, "--sink", first["table"], "--yes", "-o", "json")
    assert (refused.code, refused.error_code) == (2, "no-sink")


def test_a_failure_queue_that_was_deleted_is_made_again(run: Callable[..., Ran], cloud: Cloud) -> None:
    table = cloud.table()
    create = ("attach-trigger", table, "--on-failure", "create", "--yes", "-o", "json")
    assert run(*create).code == 0
    mapping = cloud.mapping(f"{table}-inserts")
    queue = f"{table}-inserts-failures"
    cloud.sqs.delete_queue(QueueUrl=cloud.sqs.get_queue_url(QueueName=queue)["QueueUrl"])
    again = run(*create)
    assert again.code == 0, again
    url = cloud.sqs.get_queue_url(QueueName=queue)["QueueUrl"]
    assert cloud.sqs.list_queue_tags(QueueUrl=url)["Tags"]["ddbinsert:table"] == table
    assert cloud.mapping(f"{table}-inserts")["DestinationConfig"] == mapping["DestinationConfig"]
    assert [step["status"] for step in run(*create).data["steps"]] == []
