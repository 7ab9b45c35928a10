"""permissions: a policy that lets each command do its work, no more; kept true by enforcing it."""

from __future__ import annotations

import json
import re
from typing import TYPE_CHECKING, Any

import pytest
from botocore.exceptions import ClientError

from ddbinsert.aws.session.session import Aws
from ddbinsert.core.permissions import GRANTS, MODES
from tests.functional.command import ran
from tests.strict.rig.policies import allows

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator
    from pathlib import Path

    from ddbinsert.aws.session.session import Connection
    from tests.functional.command import Ran

#: The commands as they are run here, by mode; TABLE stands for the table.
LINES = {
    "doctor": "doctor TABLE",
    "invoke --deployed": "invoke TABLE --deployed",
    "ls": "ls",
    "records": "records TABLE",
    "send": "send TABLE --count 1",
    "status": "status TABLE",
    "tail": "tail TABLE",
    "verify": "verify TABLE",
    "verify --all": "verify TABLE --all",
    "verify --emit-metrics": "verify TABLE --emit-metrics --lanes single",
    "verify --match": "verify TABLE --match",
    "verify --observe": "verify TABLE --observe --for 500ms --timeout 30s",
    "verify --partiql": "verify TABLE --partiql --lanes single --timeout 1s",
    "verify --refuse-tag": "verify TABLE --refuse-tag secret --lanes single",
    "verify --via insights": "verify TABLE --via insights --lanes single --timeout 1s",
}
#: Called only where something is amiss, or where there is such a thing: not on the emulator's sound triggers.
RARE = frozenset(
    {
        *("cloudwatch:GetMetricData", "lambda:GetEventSourceMapping", "iam:GetRole", "iam:GetRolePolicy"),
        *(
            "lambda:ListTags",
            "cloudtrail:LookupEvents",
            "kms:DescribeKey",
            "pipes:DescribePipe",
            "logs:StartQuery",
            "logs:GetQueryResults",
            "logs:StopQuery",
        ),
        *("dynamodb:PartiQLUpdate", "dynamodb:PartiQLDelete"),
    }
)
_STATEMENTS = {"INSERT": "PartiQLInsert", "UPDATE": "PartiQLUpdate", "DELETE": "PartiQLDelete"}


class Enforcing:
    """A way to connect as an identity that has this policy and no other.

    Attributes:
        used: Actions that were allowed. denied: Those that were not.
    """

    def __init__(self, policy: dict[str, Any]) -> None:
        self.policy = policy
        self.used: set[str] = set()
        self.denied: set[str] = set()
        self._listening: set[int] = set()

    def connect(self, connection: Connection) -> Aws:
        return _Enforced(connection, self)

    def listen(self, client: Any) -> Any:
        if id(client) not in self._listening:
            self._listening.add(id(client))
            client.meta.events.register("provide-client-params.*.*", self._check)
        return client

    def _check(self, params: dict[str, Any], model: Any, **_more: Any) -> None:
        for action, resource in _asked(model.service_model.service_name, model.name, params):
            if allows([self.policy], action, resource):
                self.used.add(action)
                continue
            self.denied.add(action)
            message = f"User: me is not authorized to perform: {action} on resource: {resource}"
            raise ClientError({"Error": {"Code": "AccessDeniedException", "Message": message}}, model.name)


class _Enforced(Aws):
    def __init__(self, connection: Connection, enforcing: Enforcing) -> None:
        super().__init__(connection)
        self._enforcing = enforcing

    def client(self, name: str) -> Any:
        return self._enforcing.listen(super().client(name))

    def single_try(self, name: str) -> Any:
        return self._enforcing.listen(super().single_try(name))


def _asked(service: str, operation: str, params: dict[str, Any]) -> Iterator[tuple[str, str]]:
    """What IAM asks for a call: written here on its own, not taken from ddbinsert."""
    place = "us-east-1:000000000000"
    table = f"arn:aws:dynamodb:{place}:table/"
    match operation:
        case "GetCallerIdentity":
            return
        case "TransactWriteItems":
            for item in params["TransactItems"]:
                ((kind, content),) = item.items()
                yield f"dynamodb:{kind}Item", table + content["TableName"]
        case "BatchWriteItem":
            for name in params["RequestItems"]:
                yield "dynamodb:BatchWriteItem", table + name
        case "ExecuteStatement":
            verb, name = re.findall(r"^(\w+)[^\"]*\"([^\"]+)\"", params["Statement"])[0]
            yield f"dynamodb:{_STATEMENTS[verb.upper()]}", table + name
        case "GetRecords":
            yield "dynamodb:GetRecords", f"{table}any/stream/any"  # the iterator names the stream
        case "Invoke":
            yield "lambda:InvokeFunction", f"arn:aws:lambda:{place}:function:{params['FunctionName']}"
        case _:
            prefix = {"dynamodbstreams": "dynamodb", "resourcegroupstaggingapi": "tag"}.get(service, service)
            yield f"{prefix}:{operation}", _resource(operation, params, place)


def _resource(operation: str, params: dict[str, Any], place: str) -> str:
    match params:
        case {"TableName": name}:
            return f"arn:aws:dynamodb:{place}:table/{name}"
        case {"StreamArn": arn} | {"ResourceArn": arn} | {"Resource": arn} | {"resourceArn": arn}:
            return str(arn)
        case {"FunctionName": name} if operation == "GetFunction":
            return f"arn:aws:lambda:{place}:function:{name.rpartition('function:')[2]}"
        case {"logGroupName": name}:
            return f"arn:aws:logs:{place}:log-group:{name}:*"
        case {"PolicySourceArn": arn}:
            return str(arn)
        case {"RoleName": name}:
            return f"arn:aws:iam::000000000000:role/{name}"
        case {"UUID": uuid}:
            return f"arn:aws:lambda:{place}:event-source-mapping:{uuid}"
        case _:
            return "*"


@pytest.fixture(scope="module")
def table(cloud: Any, connection: dict[str, str], tmp_path_factory: pytest.TempPathFactory) -> str:
    """A table with a trigger."""
    home = tmp_path_factory.mktemp("home")
    name = str(cloud.table())
    bare = {**connection, "HOME": str(home), "DDBINSERT_STATE_DIR": str(home), "PATH": "/usr/bin"}
    assert ran("attach-trigger", name, variables=bare, cwd=home).code == 0
    return name


def printed(mode: str, table: str, *more: str) -> dict[str, Any]:
    done = ran("permissions", mode, "--table", table, *more, variables={})
    assert done.code == 0, done.err
    return dict(json.loads(done.out))


@pytest.fixture
def run(table: str, variables: dict[str, str], tmp_path: Path) -> Callable[..., Ran]:
    def run_(mode: str, identity: Enforcing) -> Ran:
        words = [table if word == "TABLE" else word for word in LINES[mode].split()]
        return ran(*words, "-o", "json", variables=variables, cwd=tmp_path, connect=identity.connect)

    return run_


def test_every_mode_is_tried_here() -> None:
    assert set(LINES) == set(MODES)


@pytest.mark.parametrize("mode", LINES)
def test_a_command_works_with_its_policy_and_asks_for_nothing_else(
    mode: str, table: str, run: Callable[..., Ran]
) -> None:
    policy = printed(mode, table)
    if mode == "ls":  # it is about every table
        policy = printed(mode, "any")
        for statement in policy["Statement"]:
            statement["Resource"] = "*"
    identity = Enforcing(_with_iterators(policy))
    done = run(mode, identity)
    assert identity.denied == set(), done.out
    assert done.code in ((0, 6) if mode in _OPEN else (0,)), done.out
    granted = {action for one in identity.policy["Statement"] for action in _listed(one["Action"])}
    assert granted - identity.used <= RARE


#: Modes that the emulator leaves open: it has no traffic to observe, no records of PartiQL, no counting queries.
_OPEN = ("verify --observe", "verify --partiql", "verify --via insights")


def _with_iterators(policy: dict[str, Any]) -> dict[str, Any]:
    """The policy where it allows GetRecords; here the iterator, not the request, names the stream."""
    if "dynamodb:GetRecords" not in json.dumps(policy):
        return policy
    more = {"Effect": "Allow", "Action": "dynamodb:GetRecords", "Resource": "*any/stream/any"}
    return {**policy, "Statement": [*policy["Statement"], more]}


def _listed(value: str | list[str]) -> list[str]:
    return [value] if isinstance(value, str) else value


_CHEAP = ("records", "send", "status", "tail", "invoke --deployed", "verify --observe", "verify")


@pytest.mark.parametrize(
    ("mode", "action"),
    [
        (mode, grant)
        for mode in _CHEAP
        for grant in sorted({grant.action for call in MODES[mode].calls for grant in GRANTS[call]})
    ],
)
def test_one_action_fewer_ends_in_exit_code_4_that_names_it(
    mode: str, action: str, table: str, run: Callable[..., Ran]
) -> None:
    policy = printed(mode, table)
    for statement in policy["Statement"]:
        statement["Action"] = [one for one in _listed(statement["Action"]) if one != action]
    done = run(mode, Enforcing(_with_iterators(policy)))
    assert done.code == 4, done.out
    (error,) = json.loads(done.out.splitlines()[-1] if mode in ("tail", "records") else done.out)["errors"]
    assert action in error["message"]


def test_the_policy_is_narrow_and_comes_in_three_forms() -> None:
    words = (
        "permissions",
        "verify",
        "--table",
        "orders",
        "--region",
        "eu-west-1",
        "--account",
        "123456789012",
    )
    policy = json.loads(ran(*words, variables={}).out)
    resources = {one["Sid"]: one["Resource"] for one in policy["Statement"]}
    assert resources["Table"] == "arn:aws:dynamodb:eu-west-1:123456789012:table/orders"
    assert resources["Role"] == "arn:aws:iam::123456789012:role/orders-inserts-role"
    assert resources["LogGroup"][0].endswith(":log-group:/aws/lambda/orders-inserts")
    template = json.loads(ran(*words, "--format", "cloudformation", variables={}).out)
    (resource,) = template["Resources"].values()
    assert resource["Properties"]["PolicyDocument"] == policy
    assert len(resource["Properties"]["Description"]) < 1000
    terraform = ran(*words, "--format", "terraform", variables={}).out
    assert json.loads(terraform[terraform.index("jsonencode(") + 11 : terraform.rindex(")")]) == policy
    needed = json.loads(ran(*words, "--needed-only", variables={}).out)
    assert "cloudwatch:GetMetricData" not in json.dumps(needed)


def test_several_commands_make_one_policy_and_unknown_ones_are_refused() -> None:
    both = ran("permissions", "records", "send", "-o", "json", variables={}).data
    assert both["commands"] == ["records", "send"]
    after_dashes = ran("permissions", "-o", "json", "--", "verify", "--via", "insights", "tail", variables={})
    assert after_dashes.data["commands"] == ["verify --via insights", "tail"]
    assert "lambda:GetFunction" not in after_dashes.data["optional"]  # verify can't do without it
    for words in (("fly",), ("verify --nonsense",), ("verify", "--table", "a b"), ("tail", "--account", "1")):
        assert ran("permissions", *words, variables={}).code == 2
