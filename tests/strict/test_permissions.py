"""permissions: each command runs as an identity that has exactly the printed policy, on a rig that enforces it."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any

import pytest

from ddbinsert.cli.registry import TABLE
from ddbinsert.core.iam.accounts import ADDED
from ddbinsert.core.iam.grants import GRANTS, PolicyTarget
from ddbinsert.core.iam.modes import OFFLINE
from ddbinsert.core.permissions import MODES, policy
from tests.functional.command import Ran, ran
from tests.functional.helpers import Cloud
from tests.strict.permission_cases import CASES, PROVING, READING, Case
from tests.strict.rig import Logs, Mappings, Metrics, Profile, Streams, StrictRig
from tests.strict.rig.identity import Identity

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from ddbinsert import local

#: Asked for only where something is amiss, was changed by others, or is of another kind than these runs have.
RARE = frozenset(
    (
        *("cloudwatch:GetMetricData", "lambda:GetEventSourceMapping", "iam:GetRole", "iam:GetRolePolicy"),
        *("lambda:GetAlias", "iam:UpdateAssumeRolePolicy", "cloudtrail:LookupEvents", "kms:DescribeKey", "pipes:DescribePipe", "logs:StopQuery"),
        *("dynamodb:ListStreams", "dynamodb:BatchGetItem", "dynamodb:BatchWriteItem", "logs:FilterLogEvents"),
        # Asked of IAM by services that the emulator does not have, or that ask in the caller's name.
        *("ecr:DescribeImages", "ecr:GetRepositoryPolicy", "ecr:SetRepositoryPolicy", "s3:PutObject"),
        *("kms:CreateGrant", "kms:Decrypt", "kms:Encrypt", "iam:PutRolePermissionsBoundary"),
        # Only where a failure is there: tests/functional/test_failures.py.
        *("sqs:ChangeMessageVisibility", "sqs:DeleteMessage", "dynamodb:DescribeStream", "dynamodb:GetRecords"),
        *("dynamodb:GetShardIterator", "lambda:InvokeFunction"),
        "dynamodb:DescribeKinesisStreamingDestination",  # only where the region has a Kinesis stream
        # Insights, for large logs only; a stream that is replaced while a function is there.
        *("logs:StartQuery", "logs:GetQueryResults", "lambda:ListTags"),
    )
)  # fmt: skip
#: Modes that also run other commands.
_PARTS = {"doctor --fix": ("doctor", "attach-trigger")}

_TEMPORARY = "ddbinsert-tap"


class Stage:
    """A rig before the emulator, and what was made on it."""

    def __init__(self, rig: StrictRig, emulator: local.Emulator, folder: Path) -> None:
        self.rig = rig
        self._folder = folder
        self._made: dict[Any, dict[str, str]] = {}
        here = {**emulator.variables(), "AWS_ENDPOINT_URL": rig.endpoint}
        self.cloud = Cloud(here, emulator=emulator.endpoint)
        self._variables = {
            **here,
            "HOME": str(folder),
            "DDBINSERT_STATE_DIR": str(folder / "state"),
            "PATH": "/usr/bin",
            "NO_COLOR": "1",
        }

    def command(self, line: str) -> Ran:
        return ran(*line.split(), "-o", "json", variables=self._variables, cwd=self._folder)

    def names(self, case: Case) -> dict[str, str]:
        """A table with what must be there before; commands that only read share one.

        Backfills do not: one without a permission leaves a record, with which the next one reads the log first.
        """
        own = case.mode.endswith(("wiretap", "failure-path")) or case.mode.startswith("backfill")
        if own or case not in (*READING, *PROVING):
            return self._make(case)
        key = (case.before, case.prepare)
        if key not in self._made:
            self._made[key] = self._make(case)
        return self._made[key]

    def _make(self, case: Case) -> dict[str, str]:
        self.rig.identity = None
        (self._folder / "ddbinsert.yaml").unlink(missing_ok=True)
        table = self.cloud.table()
        names = {"t": table}
        for line in case.before:
            assert self.command(line.format(**names)).code == 0, line
        if case.prepare:
            names |= case.prepare(self.cloud, table)
        return names

    def run(self, case: Case, *, without: str = "", needed_only: bool = False) -> tuple[Ran, Identity]:
        names = self.names(case)
        if case.file:
            (self._folder / "ddbinsert.yaml").write_text(case.file.format(**names))
        document = printed(case, names, *(["--needed-only"] if needed_only else []))
        self.rig.identity = identity = Identity(document, without=(without,) if without else ())
        try:
            return self.command(case.line.format(**names)), identity
        finally:
            self.rig.identity = None
            (self._folder / "ddbinsert.yaml").unlink(missing_ok=True)


def printed(case: Case, names: dict[str, str], *more: str) -> dict[str, Any]:
    """The policy that `permissions` prints for a case."""
    options = f"{'' if '--table' in case.more else '--table {t} '}{case.more}".format(**names).split()
    done = ran("permissions", case.mode, *options, *more, "-o", "json", variables={})
    assert done.code == 0, done.out
    document = dict(done.data["policy"] or {"Statement": []})
    if case.mode.startswith("ls"):  # it is about every table
        for statement in document["Statement"]:
            statement["Resource"] = "*"
    return document


def remove_temporary_functions(cloud: Cloud) -> None:
    """What a run leaves that may not remove it: other tests look whether anything is left."""
    for function in cloud.lambda_.list_functions()["Functions"]:
        if function["FunctionName"].startswith(_TEMPORARY):
            cloud.lambda_.delete_function(FunctionName=function["FunctionName"])
    for role in cloud.iam.list_roles()["Roles"]:
        if role["RoleName"].startswith(_TEMPORARY):
            for name in cloud.iam.list_role_policies(RoleName=role["RoleName"])["PolicyNames"]:
                cloud.iam.delete_role_policy(RoleName=role["RoleName"], PolicyName=name)
            cloud.iam.delete_role(RoleName=role["RoleName"])
    prefix = f"/aws/lambda/{_TEMPORARY}"
    for group in cloud.logs.describe_log_groups(logGroupNamePrefix=prefix)["logGroups"]:
        cloud.logs.delete_log_group(logGroupName=group["logGroupName"])


@pytest.fixture(scope="module")
def stage(emulator: local.Emulator, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Stage]:
    profile = Profile(
        streams=Streams(),
        mappings=Mappings(creating=0, updating=0, deleting=0, polling_delay=0, update_lag=0),
        logs=Logs(lag=0, empty_page_every=0),
        metrics=Metrics(lag=0),
    )
    with StrictRig(emulator.endpoint, profile=profile) as rig:
        one = Stage(rig, emulator, tmp_path_factory.mktemp("home"))
        yield one
        remove_temporary_functions(one.cloud)
        one.cloud.close()


def _granted(document: dict[str, Any]) -> set[str]:
    return {action for one in document["Statement"] for action in one["Action"]}


def test_every_command_has_its_modes_and_each_is_tried_here() -> None:
    commands = {row.name for rows in TABLE.values() for row in rows if row.module is not None}
    assert commands == {name.partition(" --")[0] for name in MODES}
    assert set(MODES) - set(OFFLINE) == {case.mode for case in CASES}


@pytest.mark.parametrize("mode", sorted({case.mode for case in CASES}))
def test_a_command_works_with_its_policy_and_uses_all_of_it(mode: str, stage: Stage) -> None:
    granted: set[str] = set()
    used: set[str] = set()
    for case in (one for one in CASES if one.mode == mode):
        done, identity = stage.run(case)
        assert identity.denied == set(), (case.line, done.out)
        assert done.code in case.codes, (case.line, done.out)
        granted |= _granted(printed(case, stage.names(case)))
        used |= identity.used
    for base in _PARTS.get(mode, (mode.partition(" --")[0],)):
        if (
            base != mode and base in MODES
        ):  # what the command needs without the option is used by its own runs
            granted -= _granted(policy([MODES[base]], PolicyTarget()))
    assert granted - used <= RARE


def _needed(case: Case) -> set[str]:
    """What the mode cannot do without, for a queue of ddbinsert's own and a table as its sink."""
    return _granted(policy([MODES[case.mode]], PolicyTarget(), needed_only=True))


#: Without these, a mode takes another way, which needs what the mode can do without.
_REPLACED = {("verify --stack", "cloudformation:ListStackResources"): "CloudFormation's tag of the function"}

#: One case of each mode; all else that a mode needs is named by the others.
_FIRST = {case.mode: case for case in reversed(CASES)}


@pytest.mark.parametrize(
    ("mode", "action"), [(mode, action) for mode in _FIRST for action in sorted(_needed(_FIRST[mode]))]
)
def test_one_action_fewer_ends_in_exit_code_4_that_names_it(mode: str, action: str, stage: Stage) -> None:
    done, identity = stage.run(_FIRST[mode], without=action)
    if (mode, action) in _REPLACED:
        assert done.code in _FIRST[mode].codes, done.out
        return
    if action not in identity.denied:  # another run of this mode needs it
        assert done.code in (*_FIRST[mode].codes, 6), done.out  # 6: not decided yet
        return
    assert done.code == 4, done.out
    assert action in json.dumps(
        json.loads(done.out.splitlines()[-1] if _is_lines(mode) else done.out)["errors"]
    )


def _is_lines(mode: str) -> bool:
    return mode.startswith(("tail", "records"))


#: Modes that need a permission to begin, and then show nothing without others.
_SHOWS_NOTHING = {"ls --all-regions"}


@pytest.mark.parametrize(
    "mode", sorted(mode for mode, case in _FIRST.items() if _needed(case) and mode not in _SHOWS_NOTHING)
)
def test_a_command_runs_with_the_needed_permissions_alone(mode: str, stage: Stage) -> None:
    case = _FIRST[mode]
    done, _ = stage.run(case, needed_only=True)
    assert done.code in (*case.codes, 6), done.out  # 6: a verdict that could not see enough


def test_every_grant_is_of_some_mode() -> None:
    named = {
        operation
        for mode in (*MODES.values(), *ADDED)
        for operation in (*mode.calls, *mode.useful, *(f"{scope} {what}" for scope, what in mode.places))
    }
    unused = {name for name in GRANTS if name not in named and name.rpartition(" ")[0] not in named}
    assert unused == set()
