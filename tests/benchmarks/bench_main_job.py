"""The main job against doing it by hand: from an existing table to a proven insert-only trigger.

    python -m pytest -m benchmark -s tests/benchmarks/bench_main_job.py

`ddbinsert attach-trigger T && ddbinsert verify T`, with nothing configured, against the same steps as a straight,
sequential boto3 script in one process, and as a shell script of AWS CLI calls (`tools.py` installs the CLI). All as processes of their own, in turn, each on a table of its own, against one emulator:
as it is, and with 50 ms added to each answer. What is compared is the median of whole-process wall time.

The scripts write four items through insert, modify, remove and insert, as verify does (which also reads the stream,
waits for stragglers and explains itself). "boto3" waits as straight scripts do: a look a second, which is boto3's own
pace for a function (FunctionActiveV2; for a table its waiter takes 20 s). "boto3, tight" looks every 50 ms, as no
waiter of boto3's does, and so does the CLI's script; "boto3, tight, one item" shows what less evidence costs.

The aim is 0.8 times boto3's time and a fifth of the CLI's. Of the tight script's time 0.8 is reached only with a
network in between: with no latency at all two processes that load botocore can't be faster than one; see
docs/benchmarks.md.
"""

from __future__ import annotations

import itertools
import os
import statistics
import subprocess
import sys
import time
from contextlib import nullcontext
from pathlib import Path
from typing import TYPE_CHECKING

import boto3
import pytest

from ddbinsert import local
from ddbinsert.environment import SystemClock
from tests.benchmarks.figures import figure
from tests.strict.rig import Profile, StrictRig

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping, Sequence

ROUNDS = int(os.environ.get("BENCH_ROUNDS", "5"))
NUMBERS = itertools.count(1)
#: It takes twenty times as long as the others.
ROUNDS_OF_CLI = 2
#: Of the others' time, the most that `attach-trigger` and `verify` may take.
AIMS = {"boto3": 0.8, "boto3, tight": 0.8, "boto3, tight, one item": None, "aws cli": 0.2}
#: The same of `attach-trigger --verify`, of the tight script's time, by the latency.
AIM_IN_ONE = {0.0: 0.9, 0.05: 0.65}
BASELINES = {
    "boto3": "a boto3 script that polls each second",
    "boto3, tight": "a boto3 script that polls each 50 ms",
    "boto3, tight, one item": "the same script with one item",
    "aws cli": "a shell script of AWS CLI calls",
}

OURS = 'ddbinsert attach-trigger "$1" && ddbinsert verify "$1"'
IN_ONE = 'ddbinsert attach-trigger "$1" --verify'

HANDLER = """
def handler(event, context):
    failed = []
    for record in event["Records"]:
        if record["eventName"] != "INSERT":
            print("SEEN", record["eventName"], record["dynamodb"]["Keys"])
            continue
        print("SEEN INSERT", record["dynamodb"]["Keys"])
    return {"batchItemFailures": failed}
"""

BOTO3 = (
    'HANDLER = """'
    + HANDLER
    + '''"""
import io, json, sys, time, uuid, zipfile
import boto3

table = sys.argv[1]
function = f"{table}-inserts"
group = f"/aws/lambda/{function}"
dynamodb, functions = boto3.client("dynamodb"), boto3.client("lambda")
iam, logs = boto3.client("iam"), boto3.client("logs")

def once(look):
    while not (answer := look()):
        time.sleep(float(sys.argv[3]))
    return answer

described = dynamodb.describe_table(TableName=table)["Table"]
dynamodb.update_table(
    TableName=table, StreamSpecification={"StreamEnabled": True, "StreamViewType": "NEW_IMAGE"}
)
def live():
    seen = dynamodb.describe_table(TableName=table)["Table"]
    return seen["TableStatus"] == "ACTIVE" and seen.get("LatestStreamArn")
stream = once(live)
_, _, _, region, account, _ = described["TableArn"].split(":", 5)

trust = {"Effect": "Allow", "Principal": {"Service": "lambda.amazonaws.com"}, "Action": "sts:AssumeRole"}
role = iam.create_role(
    RoleName=f"{function}-role",
    AssumeRolePolicyDocument=json.dumps({"Version": "2012-10-17", "Statement": [trust]}),
)["Role"]["Arn"]
rights = [
    (["dynamodb:DescribeStream", "dynamodb:GetRecords", "dynamodb:GetShardIterator"], stream),
    (["dynamodb:ListStreams"], "*"),
    (["logs:CreateLogStream", "logs:PutLogEvents"], f"arn:aws:logs:{region}:{account}:log-group:{group}:*"),
]
iam.put_role_policy(
    RoleName=f"{function}-role",
    PolicyName="trigger",
    PolicyDocument=json.dumps(
        {
            "Version": "2012-10-17",
            "Statement": [{"Effect": "Allow", "Action": a, "Resource": r} for a, r in rights],
        }
    ),
)
logs.create_log_group(logGroupName=group)
logs.put_retention_policy(logGroupName=group, retentionInDays=14)

archive = io.BytesIO()
with zipfile.ZipFile(archive, "w") as content:
    content.writestr("main.py", HANDLER)
functions.create_function(
    FunctionName=function, Runtime="python3.13", Role=role, Handler="main.handler",
    Code={"ZipFile": archive.getvalue()}, Timeout=30,
)
once(lambda: functions.get_function(FunctionName=function)["Configuration"]["State"] == "Active")
mapping = functions.create_event_source_mapping(
    EventSourceArn=stream, FunctionName=function, StartingPosition="TRIM_HORIZON", BatchSize=100,
    MaximumRetryAttempts=5, MaximumRecordAgeInSeconds=3600, BisectBatchOnFunctionError=True,
    FunctionResponseTypes=["ReportBatchItemFailures"],
    FilterCriteria={"Filters": [{"Pattern": json.dumps({"eventName": ["INSERT"]})}]},
)["UUID"]
once(lambda: functions.get_event_source_mapping(UUID=mapping)["State"] == "Enabled")

run = uuid.uuid4()
keys = [{"pk": {"S": f"probe-{run}-{number}"}} for number in range(int(sys.argv[2]))]
for key in keys:
    dynamodb.put_item(TableName=table, Item=key)
    dynamodb.update_item(
        TableName=table, Key=key, UpdateExpression="SET n = :n", ExpressionAttributeValues={":n": {"N": "1"}}
    )
    dynamodb.delete_item(TableName=table, Key=key)
    dynamodb.put_item(TableName=table, Item=key)
def seen():
    found = [
        event["message"]
        for page in logs.get_paginator("filter_log_events").paginate(logGroupName=group)
        for event in page["events"]
        if "SEEN" in event["message"] and f"probe-{run}" in event["message"]
    ]
    return found if sum("SEEN INSERT" in line for line in found) >= 2 * len(keys) else None
found = once(seen)
dynamodb.batch_write_item(RequestItems={table: [{"DeleteRequest": {"Key": key}} for key in keys]})
sys.exit(any("SEEN INSERT" not in line for line in found))
'''
)

CLI = r"""
set -eu
t=$1 f=$1-inserts work=$2
g=/aws/lambda/$f
cat > "$work/main.py"
(cd "$work" && python3 -m zipfile -c code.zip main.py)
arn=$(aws dynamodb describe-table --table-name "$t" --query Table.TableArn --output text)
account=$(echo "$arn" | cut -d: -f5)
aws dynamodb update-table --table-name "$t" \
  --stream-specification StreamEnabled=true,StreamViewType=NEW_IMAGE > /dev/null
until [ "$(aws dynamodb describe-table --table-name "$t" --query Table.TableStatus --output text)" = ACTIVE ]
do sleep 0.05; done
stream=$(aws dynamodb describe-table --table-name "$t" --query Table.LatestStreamArn --output text)
role=$(aws iam create-role --role-name "$f-role" --query Role.Arn --output text --assume-role-policy-document \
  '{"Version":"2012-10-17","Statement":[{"Effect":"Allow","Principal":{"Service":"lambda.amazonaws.com"},
    "Action":"sts:AssumeRole"}]}')
aws iam put-role-policy --role-name "$f-role" --policy-name trigger --policy-document \
  '{"Version":"2012-10-17","Statement":[
    {"Effect":"Allow","Action":["dynamodb:DescribeStream","dynamodb:GetRecords","dynamodb:GetShardIterator"],
     "Resource":"'"$stream"'"},
    {"Effect":"Allow","Action":"dynamodb:ListStreams","Resource":"*"},
    {"Effect":"Allow","Action":["logs:CreateLogStream","logs:PutLogEvents"],
     "Resource":"arn:aws:logs:'"$AWS_REGION:$account:log-group:$g"':*"}]}'
aws logs create-log-group --log-group-name "$g"
aws logs put-retention-policy --log-group-name "$g" --retention-in-days 14
aws lambda create-function --function-name "$f" --runtime python3.13 --role "$role" --handler main.handler \
  --timeout 30 --zip-file "fileb://$work/code.zip" > /dev/null
until [ "$(aws lambda get-function --function-name "$f" --query Configuration.State --output text)" = Active ]
do sleep 0.05; done
mapping=$(aws lambda create-event-source-mapping --event-source-arn "$stream" --function-name "$f" \
  --starting-position TRIM_HORIZON --batch-size 100 --maximum-retry-attempts 5 \
  --maximum-record-age-in-seconds 3600 --bisect-batch-on-function-error \
  --function-response-types ReportBatchItemFailures \
  --filter-criteria '{"Filters":[{"Pattern":"{\"eventName\":[\"INSERT\"]}"}]}' --query UUID --output text)
until [ "$(aws lambda get-event-source-mapping --uuid "$mapping" --query State --output text)" = Enabled ]
do sleep 0.05; done
removals=
for number in 1 2 3 4
do
  key='{"pk":{"S":"probe-'$$-$number'"}}'
  aws dynamodb put-item --table-name "$t" --item "$key"
  aws dynamodb update-item --table-name "$t" --key "$key" --update-expression 'SET n = :n' \
    --expression-attribute-values '{":n":{"N":"1"}}'
  aws dynamodb delete-item --table-name "$t" --key "$key"
  aws dynamodb put-item --table-name "$t" --item "$key"
  removals="$removals${removals:+,}"'{"DeleteRequest":{"Key":'$key'}}'
done
lines() { aws logs filter-log-events --log-group-name "$g" --query 'events[].message' --output text \
  | tr '\t' '\n' | grep "probe-$$" || true; }
until [ "$(lines | grep -c 'SEEN INSERT')" -ge 8 ]
do sleep 0.05; done
seen=$(lines)
aws dynamodb batch-write-item --request-items '{"'"$t"'":['"$removals"']}' > /dev/null
! echo "$seen" | grep -E 'SEEN (MODIFY|REMOVE)'
"""


@pytest.fixture(scope="module")
def emulator() -> Iterator[local.Emulator]:
    with local.ephemeral(environ=os.environ, clock=SystemClock()) as running:
        yield running


class Contest:
    """The contenders, each on a new table at every turn."""

    def __init__(self, emulator: local.Emulator, endpoint: str, folder: Path, tools: Path) -> None:
        self._folder = folder
        variables = emulator.variables()
        self._dynamodb = boto3.client(
            "dynamodb",
            endpoint_url=emulator.endpoint,
            region_name=variables["AWS_REGION"],
            aws_access_key_id=emulator.access_key_id,
            aws_secret_access_key=emulator.secret_access_key,
        )
        path = [str(Path(sys.executable).parent), str(tools), os.environ["PATH"]]
        self._variables: Mapping[str, str] = {
            **variables,
            "AWS_ENDPOINT_URL": endpoint,
            "PATH": os.pathsep.join(path),
            "HOME": str(folder),
            "DDBINSERT_STATE_DIR": str(folder / "state"),
        }
        self.commands: dict[str, list[str]] = {
            "ddbinsert": ["sh", "-c", OURS, "sh"],
            "ddbinsert, one process": ["sh", "-c", IN_ONE, "sh"],
            "boto3": [sys.executable, "-c", BOTO3],
            "boto3, tight": [sys.executable, "-c", BOTO3],
            "boto3, tight, one item": [sys.executable, "-c", BOTO3],
            "aws cli": ["sh", "-c", CLI, "sh"],
        }

    @staticmethod
    def _arguments(name: str, work: Path) -> list[str]:
        match name:
            case "boto3":
                return ["4", "1"]
            case "boto3, tight":
                return ["4", "0.05"]
            case "boto3, tight, one item":
                return ["1", "0.05"]
            case _:
                return [str(work)]

    def seconds(self, name: str) -> float:
        table = f"bench-{os.getpid()}-{next(NUMBERS)}"
        self._dynamodb.create_table(
            TableName=table,
            KeySchema=[{"AttributeName": "pk", "KeyType": "HASH"}],
            AttributeDefinitions=[{"AttributeName": "pk", "AttributeType": "S"}],
            BillingMode="PAY_PER_REQUEST",
        )
        work = self._folder / table
        work.mkdir()
        started = time.perf_counter()
        done = subprocess.run(
            [*self.commands[name], table, *self._arguments(name, work)],
            env=self._variables,
            cwd=work,
            input=HANDLER,
            capture_output=True,
            text=True,
            check=False,
        )
        taken = time.perf_counter() - started
        assert done.returncode == 0, f"{name}: {done.stdout}{done.stderr}"
        return taken


@pytest.mark.benchmark
@pytest.mark.parametrize("latency", [0.0, 0.05], ids=["as it is", "50 ms further away"])
def test_the_main_job_takes_less_than_doing_it_by_hand(
    emulator: local.Emulator, tools: Path, tmp_path: Path, latency: float
) -> None:
    away = StrictRig(emulator.endpoint, profile=Profile.plain(latency=latency)) if latency else nullcontext()
    with away as rig:
        contest = Contest(emulator, rig.endpoint if rig else emulator.endpoint, tmp_path, tools)
        for name in contest.commands.keys() - {"aws cli"}:
            contest.seconds(
                name
            )  # what a first start compiles and caches is nobody's fault; the CLI is compiled
        if rig:
            rig.calls.clear()
        taken: dict[str, list[float]] = {name: [] for name in contest.commands}
        calls = dict.fromkeys(contest.commands, 0)
        for number in range(ROUNDS):
            for name, times in taken.items():
                if name == "aws cli" and number >= ROUNDS_OF_CLI:
                    continue
                before = len(rig.calls) if rig else 0
                times.append(contest.seconds(name))
                calls[name] += len(rig.calls) - before if rig else 0
    away_by = f", {latency * 1000:.0f} ms added to each answer" if latency else ""
    for name, most in AIMS.items():
        if name not in taken or name == "ddbinsert":
            continue
        _compare(f"`attach-trigger` and `verify`{away_by}", "ddbinsert", name, taken, calls, most=most)
    in_one, most = "ddbinsert, one process", AIM_IN_ONE[latency]
    _compare(f"`attach-trigger --verify`{away_by}", in_one, "boto3, tight", taken, calls, most=most)


def _compare(
    what: str,
    ours: str,
    theirs: str,
    taken: Mapping[str, Sequence[float]],
    calls: Mapping[str, int],
    *,
    most: float | None,
) -> None:
    """Report the median of the ratios of rounds, of as many as both have."""
    pairs = list(zip(taken[ours], taken[theirs], strict=False))
    seconds = (statistics.median(times) for times in zip(*pairs, strict=True))
    made = [
        f"{calls[name] // len(taken[name])} calls" if any(calls.values()) else "" for name in (ours, theirs)
    ]
    told = [f"{one:.2f} s{f' ({count})' if count else ''}" for one, count in zip(seconds, made, strict=True)]
    figure(
        what,
        against=BASELINES[theirs],
        measured=" and ".join(told),
        ratio=statistics.median(one / other for one, other in pairs),
        most=most,
    )
