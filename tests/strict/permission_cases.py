"""Runs of commands that show which permissions they need: each with what must be there before."""

from __future__ import annotations

import io
import json
import os
import tempfile
import zipfile
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import TYPE_CHECKING, Any

from tests.strict.bench import fresh

if TYPE_CHECKING:
    from collections.abc import Callable

    from tests.functional.helpers import Cloud

Names = dict[str, str]
_REGION, _ACCOUNT = "us-east-1", "000000000000"
_TRIGGER = ("attach-trigger {t}",)
_AUDITED = (
    "audit create-table {t}-audit --no-protect",
    "attach-trigger {t} --template audit-log --sink {t}-audit",
)
_AUDIT_SINK = "--sink arn:aws:dynamodb:*:*:table/{t}-audit"
_QUEUED = ("attach-trigger {t} --on-failure create",)
_OWN_QUEUE = "--on-failure arn:aws:sqs:*:*:{t}-inserts-failures"


@dataclass(frozen=True, kw_only=True)
class Case:
    """A run of a command.

    Attributes:
        mode: The command and its options, as `permissions` is asked for them.
        line: The command as it is run; ``{t}`` stands for a new table.
        before: Commands that run before, without limits.
        more: Further options of `permissions`.
        prepare: Makes what else must be there, and answers with names for the lines.
        file: The configuration file.
        codes: Exit codes of the run.
    """

    mode: str
    line: str
    before: tuple[str, ...] = ()
    more: str = ""
    prepare: Callable[[Cloud, str], Names] | None = None
    file: str = ""
    codes: tuple[int, ...] = (0,)


def _queue(cloud: Cloud, _table: str) -> Names:
    name = fresh("queue")
    cloud.sqs.create_queue(QueueName=name)
    return {"arn": f"arn:aws:sqs:{_REGION}:{_ACCOUNT}:{name}"}


def _item_file(_cloud: Cloud, _table: str) -> Names:
    """One item with a key, and one that gets a key. A run that may not remove the first leaves it to the next (1)."""
    path = Path(tempfile.mkdtemp(prefix="ddbinsert-test-")) / "items.json"
    path.write_text(json.dumps([{"pk": "mine", "a": 1}, {"a": 2}]))
    return {"items": str(path)}


def _topic(cloud: Cloud, _table: str) -> Names:
    return {"arn": str(cloud.sns.create_topic(Name=fresh("topic"))["TopicArn"])}


def _bucket(cloud: Cloud, _table: str) -> Names:
    name = fresh("bucket")
    cloud.s3.create_bucket(Bucket=name)
    return {"arn": f"arn:aws:s3:::{name}", "bucket": name}


def _archive(cloud: Cloud, table: str) -> Names:
    from tests.strict.bench import package

    names = _bucket(cloud, table)
    cloud.s3.put_object(Bucket=names["bucket"], Key="code.zip", Body=package("def handler(e, c): print(e)"))
    return names


@cache
def _file_of(content: bytes, suffix: str) -> Any:
    """A file that is there until the end of the process."""
    file = tempfile.NamedTemporaryFile(suffix=suffix)  # noqa: SIM115 - deleted at the end of the process
    file.write(content)
    file.flush()
    return file


@cache
def _noise() -> bytes:
    """An archive that is too large for a call of Lambda's."""
    out = io.BytesIO()
    with zipfile.ZipFile(out, "w") as archive:
        archive.writestr("main.py", "def handler(event, context): print(event)")
        archive.writestr("noise.bin", os.urandom(50 * 1024 * 1024 + 1))
    return out.getvalue()


def _large_archive(cloud: Cloud, table: str) -> Names:
    return {**_bucket(cloud, table), "zip": _file_of(_noise(), ".zip").name}


def _image(cloud: Cloud, _table: str) -> Names:
    name = fresh("repository")
    cloud.ecr.create_repository(repositoryName=name)
    manifest = json.dumps({"schemaVersion": 2, "layers": []})
    cloud.ecr.put_image(repositoryName=name, imageManifest=manifest, imageTag="v1")
    return {"image": f"{_ACCOUNT}.dkr.ecr.{_REGION}.amazonaws.com/{name}:v1"}


def _without_policy(cloud: Cloud, table: str) -> Names:
    role = f"{table}-inserts-role"
    for name in cloud.iam.list_role_policies(RoleName=role)["PolicyNames"]:
        cloud.iam.delete_role_policy(RoleName=role, PolicyName=name)
    return {}


def _bus(cloud: Cloud, _table: str) -> Names:
    return {"arn": str(cloud.events.create_event_bus(Name=fresh("bus"))["EventBusArn"])}


def _kinesis(cloud: Cloud, _table: str) -> Names:
    name = fresh("kinesis")
    cloud.kinesis.create_stream(StreamName=name, ShardCount=1)
    return {"arn": f"arn:aws:kinesis:{_REGION}:{_ACCOUNT}:stream/{name}"}


def _firehose(cloud: Cloud, _table: str) -> Names:
    name, bucket = fresh("firehose"), fresh("bucket")
    cloud.s3.create_bucket(Bucket=bucket)
    place = {"RoleARN": f"arn:aws:iam::{_ACCOUNT}:role/x", "BucketARN": f"arn:aws:s3:::{bucket}"}
    cloud.firehose.create_delivery_stream(DeliveryStreamName=name, S3DestinationConfiguration=place)
    return {"arn": f"arn:aws:firehose:{_REGION}:{_ACCOUNT}:deliverystream/{name}"}


def _log_group(cloud: Cloud, _table: str) -> Names:
    name = fresh("/entries")
    cloud.logs.create_log_group(logGroupName=name)
    return {"arn": f"arn:aws:logs:{_REGION}:{_ACCOUNT}:log-group:{name}"}


def _layer(cloud: Cloud, _table: str) -> Names:
    from tests.strict.bench import package

    made = cloud.lambda_.publish_layer_version(LayerName=fresh("layer"), Content={"ZipFile": package("")})
    return {"arn": str(made["LayerVersionArn"])}


def _key(cloud: Cloud, _table: str) -> Names:
    return {"arn": str(cloud.kms.create_key()["KeyMetadata"]["Arn"])}


def _foreign(cloud: Cloud, table: str) -> Names:
    """A function and a mapping that ddbinsert did not make."""
    from tests.strict.bench import TRUST, package

    cloud.set_stream(table, "NEW_IMAGE")
    role = cloud.iam.create_role(RoleName=f"{table}-role", AssumeRolePolicyDocument=json.dumps(TRUST))[
        "Role"
    ]["Arn"]
    function = f"{table}-theirs"
    cloud.lambda_.create_function(
        FunctionName=function,
        Runtime="python3.12",
        Role=role,
        Handler="main.handler",
        Code={"ZipFile": package("def handler(event, context): print(event)")},
    )
    mapping: dict[str, Any] = cloud.lambda_.create_event_source_mapping(
        FunctionName=function,
        EventSourceArn=cloud.stream(table),
        StartingPosition="TRIM_HORIZON",
        FilterCriteria={"Filters": [{"Pattern": '{"eventName":["INSERT"]}'}]},
    )
    return {"f": function, "uuid": str(mapping["UUID"])}


def _foreign_with_log(cloud: Cloud, table: str) -> Names:
    names = _foreign(cloud, table)
    cloud.logs.create_log_group(logGroupName=f"/aws/lambda/{names['f']}")
    return names


def _foreign_and_record(cloud: Cloud, table: str) -> Names:
    return {**_foreign(cloud, table), "record": _file_of(b'{"eventName": "INSERT"}', ".json").name}


def _stack(cloud: Cloud, table: str) -> Names:
    """A CloudFormation stack with the only function on the stream; the rig plays mappings that it was asked for."""
    from tests.functional import foreign

    cloud.set_stream(table, "NEW_IMAGE")
    name = f"{table}-stacked"
    stack = foreign.stack(cloud, table, foreign.role(cloud), name, mapped=False)
    cloud.lambda_.create_event_source_mapping(
        FunctionName=name,
        EventSourceArn=cloud.stream(table),
        StartingPosition="TRIM_HORIZON",
        FilterCriteria={"Filters": [{"Pattern": '{"eventName":["INSERT"]}'}]},
    )
    return {"stack": stack}


def _inserts(cloud: Cloud, table: str) -> Names:
    cloud.put(table, "one")
    return {}


def _timed(cloud: Cloud, table: str) -> Names:
    """An index whose sort key is a time, with an item."""
    cloud.dynamodb.update_table(
        TableName=table,
        AttributeDefinitions=[{"AttributeName": name, "AttributeType": "S"} for name in ("pk", "day", "at")],
        GlobalSecondaryIndexUpdates=[
            {
                "Create": {
                    "IndexName": "by-day",
                    "KeySchema": [
                        {"AttributeName": "day", "KeyType": "HASH"},
                        {"AttributeName": "at", "KeyType": "RANGE"},
                    ],
                    "Projection": {"ProjectionType": "KEYS_ONLY"},
                }
            }
        ],
    )
    cloud.put(table, "one", day="monday", at="2026-05-01T12:00:00Z")
    return {}


_CHANGES = "--batch-size 7 --memory 256 --tag a=b --log-retention 7 --role-tag c=d --template audit-log --yes"
_FILE = "table: {t}\n"
_OPTIONS_OF_FUNCTIONS = (
    ("--layer", "--layer {arn}", _layer, ""),
    ("--subnet", "--subnet subnet-0123456789abcdef0 --security-group sg-0123456789abcdef0", None, ""),
    ("--kms-key", "--kms-key {arn}", _key, ""),
    ("--code s3", "--code s3://{bucket}/code.zip --handler main.handler", _archive, ""),
    ("--code-bucket", "--code {zip} --code-bucket {bucket} --handler main.handler", _large_archive, ""),
    ("--code image", "--code {image}", _image, ""),
)
_BOUNDARY = "arn:aws:iam::aws:policy/PowerUserAccess"
#: What was set can be cleared.
_SET = f"--tag a=b --role-tag c=d --log-retention 7 --role-boundary {_BOUNDARY}"
_CLEARED = (
    "--unset tags.a --unset role.tags.c --unset function.log_retention_days --unset role.boundary --yes"
)
#: The same options as keys of the file.
_KEYS = (
    ("--alias", "function: {{alias: live}}", None),
    ("--layer", "function: {{layers: ['{arn}']}}", _layer),
    (
        "--subnet",
        "function: {{vpc: {{subnets: [subnet-0123456789abcdef0], security_groups: [sg-0123456789abcdef0]}}}}",
        None,
    ),
    ("--kms-key", "function: {{kms_key: '{arn}'}}", _key),
    ("--filter-kms-key", "mapping: {{kms_key: '{arn}'}}", _key),
    ("--code s3", "function: {{code: 's3://{bucket}/code.zip', handler: main.handler}}", _archive),
    (
        "--code-bucket",
        "function: {{code: '{zip}', code_bucket: '{bucket}', handler: main.handler}}",
        _large_archive,
    ),
    ("--code image", "function: {{code: '{image}'}}", _image),
)

PROVISIONING = (
    Case(mode="plan", line="plan", file=_FILE),
    Case(mode="plan", line="plan", before=_TRIGGER, file=_FILE + "mapping: {{batch_size: 9}}\n"),
    Case(mode="up", line="up --yes", file=_FILE),
    Case(
        mode="up",
        line="up --yes",
        before=_TRIGGER,
        file=_FILE
        + "mapping: {{batch_size: 9}}\nfunction: {{memory: 256, log_retention_days: 7, template: audit-log}}\n",
    ),
    Case(mode="drift", line="drift", before=_TRIGGER, file=_FILE),
    Case(mode="enable-stream", line="enable-stream {t}"),
    Case(
        mode="enable-stream --create-table",
        line="enable-stream new-{t} --create-table pk:S",
        more="--table new-{t}",
    ),
    Case(
        mode="enable-stream --replace",
        line="enable-stream {t} --view-type NEW_AND_OLD_IMAGES --replace --yes",
        before=_TRIGGER,
    ),
    Case(
        mode="enable-stream --wait-drained",
        line="enable-stream {t} --view-type NEW_AND_OLD_IMAGES --replace --yes --wait-drained",
        before=_TRIGGER,
    ),
    Case(mode="create-function", line="create-function {t}"),
    Case(
        mode="create-function",
        line="create-function {t} " + _CHANGES.replace("--batch-size 7 ", ""),
        before=_TRIGGER,
    ),
    Case(mode="attach-trigger", line="attach-trigger {t}"),
    Case(mode="attach-trigger", line="attach-trigger {t} " + _CHANGES, before=_TRIGGER),
    Case(
        mode="attach-trigger --create-table",
        line="attach-trigger new-{t} --create-table pk:S",
        more="--table new-{t}",
    ),
    *(
        Case(mode=f"{command} --alias", line=f"{command} {{t}} --alias live {words}", before=before)
        for command in ("create-function", "attach-trigger")
        for words, before in (("", ()), ("--memory 256", ("attach-trigger {t} --alias live",)))
    ),
    Case(mode="attach-trigger --on-failure create", line="attach-trigger {t} --on-failure create"),
    Case(
        mode="attach-trigger --filter-kms-key",
        line="attach-trigger {t} --filter-kms-key {arn}",
        prepare=_key,
    ),
    Case(mode="attach-trigger --verify", line="attach-trigger {t} --verify"),
    Case(
        mode="attach-trigger --adopt",
        line="attach-trigger {t} --function {f} --adopt --batch-size 7 --yes",
        more="--function {f} --role {t}-role",
        prepare=_foreign,
    ),
    *(
        Case(mode=f"{command} {mode}", line=f"{command} {{t}} {words}", prepare=prepare, more=more)
        for command in ("create-function", "attach-trigger")
        for mode, words, prepare, more in _OPTIONS_OF_FUNCTIONS
    ),
    *(
        Case(
            mode=f"{command} {option}",
            line=f"{command} {{t}} {words}",
            before=before,
        )
        for command in ("create-function", "attach-trigger")
        for option, words, before in (
            ("--role-boundary", f"--role-boundary {_BOUNDARY}", ()),
            ("--role-boundary", f"--role-boundary {_BOUNDARY} --yes", _TRIGGER),
            ("--unset", _CLEARED, (f"attach-trigger {{t}} {_SET}",)),
        )
    ),
    *(
        Case(mode=f"up {mode}", line="up --yes", prepare=prepare, file=f"{_FILE}{file}\n")
        for mode, file, prepare in _KEYS
    ),
    *(
        Case(
            mode="up --role-boundary",
            line="up --yes",
            before=before,
            file=f"{_FILE}role: {{{{boundary: '{_BOUNDARY}'}}}}\n",
        )
        for before in ((), _TRIGGER)
    ),
    Case(
        mode="up --unset",
        line="up --yes",
        before=(f"attach-trigger {{t}} {_SET}",),
        file=f"{_FILE}tags: {{{{a: null}}}}\nrole: {{{{boundary: null, tags: {{{{c: null}}}}}}}}\n"
        "function: {{log_retention_days: null}}\n",
    ),
    *(
        Case(
            mode=f"{command} --unset",
            line=f"{command} {{t}} --yes",
            before=_TRIGGER,
            file=_FILE + "function: {{log_retention_days: null}}\n",
        )
        for command in ("create-function", "attach-trigger")
    ),
    Case(
        mode="up --alias",
        line="up --yes",
        before=("attach-trigger {t} --alias live",),
        file=_FILE + "function: {{alias: live, memory: 256}}\n",
    ),
    Case(mode="up --on-failure create", line="up --yes", file=_FILE + "mapping: {{on_failure: create}}\n"),
    Case(mode="doctor --fix", line="doctor {t} --fix --yes", before=_TRIGGER, prepare=_without_policy),
    *(
        Case(
            mode="attach-trigger",
            line="attach-trigger {t} --sink {arn} --template " + template,
            prepare=prepare,
            more="--sink {arn}",
        )
        for template, prepare in (
            ("notify", _queue),
            ("notify", _topic),
            ("notify", _bus),
            ("analytics", _kinesis),
            ("analytics", _firehose),
            ("audit-log", _bucket),
            ("audit-log", _log_group),
        )
    ),
    Case(
        mode="attach-trigger",
        line=f"attach-trigger {{t}} --sink arn:aws:dynamodb:{_REGION}:{_ACCOUNT}:table/{{t}}-audit --template audit-log",
        before=("audit create-table {t}-audit",),
        more=_AUDIT_SINK,
    ),
    *(
        Case(
            mode="attach-trigger",
            line="attach-trigger {t} --on-failure {arn}",
            prepare=prepare,
            more="--on-failure {arn}",
        )
        for prepare in (_queue, _topic, _bucket)
    ),
    Case(mode="down", line="down {t} --yes", before=_QUEUED, more=_OWN_QUEUE),
    Case(mode="down --stream", line="down {t} --yes --stream", before=_TRIGGER),
    Case(
        mode="down --table",
        line="down new-{t} --yes --table",
        before=("attach-trigger new-{t} --create-table pk:S",),
        more="--table new-{t}",
    ),
    Case(mode="down --dry-run", line="down {t} --dry-run", before=_QUEUED, more=_OWN_QUEUE),
    Case(
        mode="adopt",
        line="adopt {t} --function {f} --yes",
        more="--function {f} --role {t}-role",
        prepare=_foreign,
    ),
    Case(
        mode="adopt --write",
        line="adopt {t} --function {f} --yes --write --output-file -",
        more="--function {f} --role {t}-role",
        prepare=_foreign_with_log,
    ),
    Case(mode="init", line="init {t} --output-file -", before=_QUEUED, more=_OWN_QUEUE),
    Case(mode="init", line="init {t} --output-file -"),
    Case(
        mode="adopt --include-function",
        line="adopt {t} --function {f} --include-function --yes",
        more="--function {f} --role {t}-role",
        prepare=_foreign,
    ),
    Case(mode="audit create-table", line="audit create-table {t}-audit", more="--table {t}-audit"),
    Case(
        mode="audit create-table",
        line="audit create-table {t}-audit --retention 30",
        more="--table {t}-audit",
    ),
    Case(mode="dedup create-table", line="dedup create-table {t}-seen", more="--table {t}-seen"),
    Case(mode="export", line="export terraform {t}"),
    Case(mode="export --from-live", line="export terraform {t} --from-live", before=_QUEUED, more=_OWN_QUEUE),
)

READING = (
    Case(mode="doctor", line="doctor {t}", before=_TRIGGER),
    Case(mode="doctor", line="doctor {t}", before=_QUEUED, more=_OWN_QUEUE),
    Case(mode="doctor", line="doctor {t}", before=_AUDITED, more=_AUDIT_SINK),
    Case(mode="status", line="status {t}", before=_TRIGGER),
    Case(mode="ls", line="ls", before=_TRIGGER),
    Case(mode="ls --all-regions", line="ls --all-regions", before=_TRIGGER),
    Case(mode="records", line="records {t}", before=("enable-stream {t}",), prepare=_inserts),
    Case(mode="records", line="records {t} --since 5m", before=("enable-stream {t}",), prepare=_inserts),
    Case(mode="tail", line="tail {t}", before=_TRIGGER),
    Case(mode="tail --log-group", line="tail {t} --log-group /aws/lambda/{t}-inserts", before=_TRIGGER),
    Case(mode="send", line="send {t} --count 1"),
    Case(mode="send --item", line="send {t} --item {items}", prepare=_item_file, codes=(0, 1)),
    Case(
        mode="send --item --modify", line="send {t} --item {items} --modify", prepare=_item_file, codes=(0, 1)
    ),
    Case(
        mode="send --item --remove", line="send {t} --item {items} --remove", prepare=_item_file, codes=(0, 1)
    ),
    Case(mode="send --modify", line="send {t} --count 1 --modify"),
    Case(mode="send --remove", line="send {t} --count 1 --remove"),
    Case(mode="invoke", line="invoke {t}"),
    Case(mode="invoke --captured", line="invoke {t} --captured 1", before=_TRIGGER, prepare=_inserts),
    Case(mode="function invoke", line="function invoke {t}"),
    Case(mode="invoke --deployed", line="invoke {t} --deployed", before=_TRIGGER),
    Case(mode="function sample-event", line="function sample-event {t}"),
    Case(
        mode="filter backtest",
        line="filter backtest --table {t}",
        before=("enable-stream {t}",),
        prepare=_inserts,
    ),
    Case(mode="filter build --table", line="filter build --table {t} --where NewImage.a=1"),
    Case(mode="filter lint --table", line="filter lint --table {t}", before=_TRIGGER),
    Case(mode="filter lint --mapping", line="filter lint --mapping {uuid}", prepare=_foreign),
    Case(
        mode="filter test --mapping",
        line="filter test --mapping {uuid} --record {record}",
        prepare=_foreign_and_record,
    ),
    Case(mode="filter explain --mapping", line="filter explain --mapping {uuid}", prepare=_foreign),
    Case(mode="audit query", line="audit query {t}", before=_AUDITED, more=_AUDIT_SINK),
    Case(mode="audit verify", line="audit verify {t}", before=_AUDITED, more=_AUDIT_SINK),
    Case(
        mode="audit verify --from-table",
        line="audit verify {t} --from-table",
        before=_AUDITED,
        more=_AUDIT_SINK,
    ),
    Case(mode="gaps", line="gaps {t}", before=_TRIGGER),
    Case(
        mode="gaps --compare-sink",
        line="gaps {t} --compare-sink --settle 0s",
        before=_AUDITED,
        prepare=_inserts,
        more=_AUDIT_SINK,
        codes=(0, 1, 6),  # 6: the insert is too new to be judged
    ),
    Case(
        mode="gaps --from-table", line="gaps {t} --from-table --settle 0s", before=_AUDITED, more=_AUDIT_SINK
    ),
    Case(
        mode="gaps --from-table --partition",
        line="gaps {t} --from-table --settle 0s --index by-day --partition monday --since 2026-05-01T00:00Z",
        before=_AUDITED,
        prepare=_timed,
        more=_AUDIT_SINK,
        codes=(0, 1),
    ),
    Case(mode="gaps --via insights", line="gaps {t} --via insights", before=_TRIGGER),
    Case(mode="gaps --repair", line="gaps {t} --repair --settle 0s --yes", before=_TRIGGER),
    Case(mode="backfill", line="backfill {t} --yes", before=_TRIGGER, prepare=_inserts),
    Case(
        mode="backfill --missing",
        line="backfill {t} --yes --missing",
        before=_AUDITED,
        prepare=_inserts,
        more=_AUDIT_SINK,
    ),
    Case(mode="failures list", line="failures list {t}", before=_QUEUED, more=_OWN_QUEUE),
    Case(mode="failures show", line="failures show {t}", before=_QUEUED, more=_OWN_QUEUE),
    Case(mode="failures replay", line="failures replay {t} --yes", before=_QUEUED, more=_OWN_QUEUE),
)

PROVING = (
    Case(mode="verify", line="verify {t}", before=_TRIGGER),
    Case(mode="verify", line="verify {t}", before=_QUEUED, more=_OWN_QUEUE),
    Case(mode="verify", line="verify {t}", before=_AUDITED, more=_AUDIT_SINK),
    Case(mode="verify --all", line="verify {t} --all", before=_TRIGGER),
    Case(mode="verify --match", line="verify {t} --match", before=_TRIGGER),
    Case(mode="verify --emit-metrics", line="verify {t} --emit-metrics --lanes single", before=_TRIGGER),
    Case(mode="verify --partiql", line="verify {t} --partiql --lanes single", before=_TRIGGER),
    Case(mode="verify --refuse-tag", line="verify {t} --refuse-tag secret --lanes single", before=_TRIGGER),
    Case(mode="verify --tag", line="verify {t} --tag ddbinsert:table --lanes single", before=_TRIGGER),
    Case(
        mode="verify --stack",
        line="verify {t} --stack {stack} --match --lanes single",
        prepare=_stack,
    ),
    Case(mode="verify --via insights", line="verify {t} --count 10 --via insights", before=_TRIGGER),
    Case(mode="verify --wiretap", line="verify {t} --wiretap", before=_TRIGGER),
    Case(
        mode="verify --observe",
        line="verify {t} --observe --for 500ms --timeout 5s",
        before=_TRIGGER,
        codes=(6,),
    ),
    Case(
        mode="verify --observe --wiretap",
        line="verify {t} --observe --wiretap --for 500ms --timeout 5s",
        before=_TRIGGER,
        codes=(6,),
    ),
    Case(mode="verify --failure-path", line="verify {t} --failure-path", before=_QUEUED, more=_OWN_QUEUE),
)
CASES = (*READING, *PROVING, *PROVISIONING)
