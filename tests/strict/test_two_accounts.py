"""The table in one account and the function in another: the stream's policy decides, and both sides are enforced."""

from __future__ import annotations

import contextlib
import json
import shlex
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest

from ddbinsert.core.model.package import READING
from tests.docs.pages import blocks
from tests.docs.reader import has_lines
from tests.functional.command import Ran, ran
from tests.functional.test_crash_matrix import Dying, KilledError
from tests.strict.accounts import OTHER, OWN, REGION, TwoAccounts
from tests.strict.rig import Logs, Mappings, Metrics, Profile, Roles, Streams, StrictRig, Tables
from tests.strict.rig.identity import Identity

if TYPE_CHECKING:
    from collections.abc import Iterator

    from ddbinsert import local

DOCS = Path(__file__).parents[2] / "docs"
_BOUNDARY = f"arn:aws:iam::{OWN}:policy/boundary"


@pytest.fixture(scope="module")
def accounts(emulator: local.Emulator, tmp_path_factory: pytest.TempPathFactory) -> Iterator[TwoAccounts]:
    profile = Profile(
        tables=Tables(creating=0, updating=0, deleting=0, policy_pause=0.2),
        roles=Roles(propagation=0, policy_propagation=0, boundary=_BOUNDARY),
        streams=Streams(),
        mappings=Mappings(creating=0, updating=0, deleting=0, polling_delay=0, update_lag=0),
        logs=Logs(lag=0, empty_page_every=0),
        metrics=Metrics(lag=0),
    )
    with StrictRig(emulator.endpoint, profile=profile) as rig, pytest.MonkeyPatch.context() as process:
        both = TwoAccounts(rig, emulator, tmp_path_factory.mktemp("home"))
        process.setenv("AWS_CONFIG_FILE", str(both.configuration))  # botocore reads the process's own
        both.boundary()
        yield both
        both.close()


@pytest.fixture
def table(accounts: TwoAccounts) -> Iterator[str]:
    yield accounts.other.table()
    accounts.rig.identities.clear()


def _attach(accounts: TwoAccounts, table: str, *more: str, **outside: Any) -> Ran:
    words = ("attach-trigger", accounts.arn(table), "--role-boundary", _BOUNDARY, "--yes", "-o", "json")
    return accounts.command(*words, *more, **outside)


def _printed(command: str, table: str) -> dict[str, Any]:
    """The policies that `permissions` prints for a command."""
    places = ("--table", table, "--account", OWN, "--table-account", OTHER, "--region", REGION)
    done = ran("permissions", command, *places, "-o", "json", variables={})
    assert done.code == 0, done.err
    return dict(done.data)


def _role(table: str) -> str:
    return f"arn:aws:iam::{OWN}:role/{table}-inserts-role"


def _theirs(stream: str, effect: str = "Allow", **more: Any) -> dict[str, Any]:
    principal = {"AWS": f"arn:aws:iam::{OTHER}:root"}
    return {
        "Sid": "Theirs",
        "Effect": effect,
        "Principal": principal,
        "Action": "dynamodb:GetRecords",
        "Resource": stream,
        **more,
    }


def test_a_table_of_another_account_is_attached_proven_and_taken_down(
    accounts: TwoAccounts, table: str
) -> None:
    attached = _attach(accounts, table)
    assert attached.code == 0, attached.out
    (statement,) = accounts.policy(table)
    printed = _printed("attach-trigger", table)["stream_policy"]["Statement"][0]
    assert statement == {**printed, "Resource": accounts.other.stream(table)}
    assert statement["Principal"] == {"AWS": _role(table)}
    proven = accounts.command("verify", accounts.arn(table), "-o", "json")
    assert proven.code == 0, proven.out
    assert f"table {table} in account {OTHER}" in proven.err
    for command in ("plan", "drift", "doctor", "status"):
        done = accounts.command(command, accounts.arn(table), "-o", "json")
        assert done.code == 0, done.out
    assert accounts.command("plan", accounts.arn(table), "-o", "json").data["steps"] == []
    down = accounts.command("down", accounts.arn(table), "--yes")
    assert down.code == 0, down.err
    assert accounts.policy(table) == []
    again = accounts.command("down", accounts.arn(table), "--yes", "-o", "json")
    assert (again.code, again.data["steps"]) == (0, []), again.out


def test_the_plan_shows_the_statement_and_puts_nothing(accounts: TwoAccounts, table: str) -> None:
    planned = accounts.command("plan", accounts.arn(table), "-o", "json")
    (step,) = [one for one in planned.data["steps"] if one["step"] == "PutStreamPolicy"]
    assert step["statement"]["Principal"] == {"AWS": _role(table)}
    assert all(action in step["text"] for action in READING)
    accounts.other.set_stream(table, "NEW_IMAGE")
    assert accounts.policy(table) == []
    tried = _attach(accounts, table, "--dry-run")
    assert tried.code == 0, tried.out
    assert accounts.policy(table) == []


def test_a_stream_that_is_enabled_again_gets_the_policy_again(accounts: TwoAccounts, table: str) -> None:
    assert _attach(accounts, table).code == 0
    before = accounts.other.stream(table)
    replaced = accounts.command(
        *("enable-stream", accounts.arn(table), "--view-type", "NEW_AND_OLD_IMAGES", "--replace"),
        *("--yes", "-o", "json"),
    )
    assert replaced.code == 0, replaced.out
    (statement,) = accounts.policy(table)
    assert statement["Resource"] == accounts.other.stream(table) != before
    accounts.other.set_stream(table, None)
    accounts.other.set_stream(table, "NEW_AND_OLD_IMAGES")
    assert accounts.policy(table) == []
    drifted = accounts.command("drift", accounts.arn(table), "-o", "json")
    assert drifted.code == 1, drifted.out
    assert "stream policy" in {one["field"] for one in drifted.data["drift"]}
    assert _attach(accounts, table).code == 0
    assert [one["Resource"] for one in accounts.policy(table)] == [accounts.other.stream(table)]
    assert accounts.command("verify", accounts.arn(table)).code == 0
    assert accounts.command("down", accounts.arn(table), "--yes").code == 0


def test_statements_of_others_are_kept_by_attach_and_by_down(accounts: TwoAccounts, table: str) -> None:
    accounts.other.set_stream(table, "NEW_IMAGE")
    theirs = _theirs(str(accounts.other.stream(table)))
    accounts.put_policy(table, theirs)
    assert _attach(accounts, table).code == 0
    found = accounts.policy(table)
    assert found[0] == theirs
    assert [one["Sid"] for one in found][1:] == [found[1]["Sid"]]
    assert accounts.command("down", accounts.arn(table), "--yes").code == 0
    assert accounts.policy(table) == [theirs]


def test_a_change_by_others_meanwhile_is_not_lost(accounts: TwoAccounts, table: str) -> None:
    accounts.other.set_stream(table, "NEW_IMAGE")
    theirs = _theirs(str(accounts.other.stream(table)))
    accounts.rig.interrupt("dynamodb:PutResourcePolicy", lambda: _past_the_rig(accounts, table, theirs))
    assert _attach(accounts, table).code == 0
    assert accounts.rig.all_interrupted
    assert {one["Sid"] for one in accounts.policy(table)} > {"Theirs"}
    assert accounts.command("down", accounts.arn(table), "--yes").code == 0
    assert accounts.policy(table) == [theirs]


def _past_the_rig(accounts: TwoAccounts, table: str, statement: dict[str, Any]) -> None:
    client = accounts.other._client("dynamodb", past_the_rig=True)
    document = json.dumps({"Version": "2012-10-17", "Statement": [statement]})
    client.put_resource_policy(ResourceArn=accounts.other.stream(table), Policy=document)


def test_tables_of_one_name_in_both_accounts_are_told_apart(accounts: TwoAccounts, table: str) -> None:
    accounts.own.table(name=table)
    own = ("--role-boundary", _BOUNDARY, "--yes", "-o", "json")
    assert accounts.command("attach-trigger", table, *own, profile=False).code == 0
    (before,) = accounts.own.mappings(f"{table}-inserts")
    refused = _attach(accounts, table)
    assert (refused.code, refused.error_code) == (1, "made-for-another-table"), refused.out
    down = accounts.command("down", accounts.arn(table), "--yes", "-o", "json")
    assert down.code == 0, down.out
    (still,) = accounts.own.mappings(f"{table}-inserts")
    assert still["UUID"] == before["UUID"]
    assert _attach(accounts, table, "--function", f"{table}-other").code == 0
    assert accounts.command("verify", table, profile=False).code == 0
    assert accounts.command("verify", accounts.arn(table), "--function", f"{table}-other").code == 0


# --- with exactly the printed policies ------------------------------------------------------------------


def _as_printed(accounts: TwoAccounts, command: str, table: str, *, without: str = "") -> list[Identity]:
    """Both identities have exactly what `permissions` prints, but for one action."""
    printed = _printed(command, table)
    lost = (without,) if without else ()
    both = [Identity(printed["policy"], without=lost), Identity(printed["table_policy"], without=lost)]
    accounts.rig.identities = dict(zip((OWN, OTHER), both, strict=True))
    return both


_COMMANDS = (
    *("attach-trigger", "verify", "plan", "drift", "doctor", "status", "records", "send"),
    *("verify --wiretap", "gaps", "up", "down"),
)


def test_every_command_works_with_exactly_the_printed_policies(accounts: TwoAccounts, table: str) -> None:
    # A temporary function's role needs the boundary, too.
    (accounts.folder / "ddbinsert.yaml").write_text(f"table: {table}\nrole: {{boundary: '{_BOUNDARY}'}}\n")
    for command in _COMMANDS:
        both = _as_printed(accounts, command, table)
        if command == "attach-trigger":
            done = _attach(accounts, table)
        else:
            words = (*command.split(), accounts.arn(table), *_MORE.get(command, ()), "--yes", "-o", "json")
            done = accounts.command(*words)
        assert done.code == 0 or command in _UNDECIDED, (command, done.out, done.err)
        assert [one.denied for one in both] == [set(), set()], command
    (accounts.folder / "ddbinsert.yaml").unlink()


_MORE = {"gaps": ("--since", "1h")}
#: The inserts are too new to be judged.
_UNDECIDED = ("gaps",)
_IN_TABLE_ACCOUNT = {
    "attach-trigger": (
        *("dynamodb:DescribeTable", "dynamodb:UpdateTable", "dynamodb:GetResourcePolicy"),
        "dynamodb:PutResourcePolicy",
    ),
    "verify": ("dynamodb:DescribeTable", "dynamodb:PutItem"),
    "down": ("dynamodb:DescribeTable", "dynamodb:GetResourcePolicy", "dynamodb:DeleteResourcePolicy"),
}


@pytest.mark.parametrize(
    ("command", "action"), [(name, action) for name, some in _IN_TABLE_ACCOUNT.items() for action in some]
)
def test_one_action_fewer_in_the_tables_account_is_named(
    command: str, action: str, accounts: TwoAccounts, table: str
) -> None:
    if command != "attach-trigger":
        assert _attach(accounts, table).code == 0
    _, theirs = _as_printed(accounts, command, table, without=action)
    if command == "attach-trigger":
        done = _attach(accounts, table)
    else:
        done = accounts.command(command, accounts.arn(table), "--yes", "-o", "json")
    assert action in theirs.denied, done.out
    if (command, action) in _STAYS:
        assert done.code == 0, done.out
        assert action in " ".join(done.data["stays"])
        return
    assert done.code == 4, done.out
    assert action in done.out


#: Without these `down` removes all else, and says that the statement stays.
_STAYS = {("down", "dynamodb:GetResourcePolicy"), ("down", "dynamodb:DeleteResourcePolicy")}


# --- without credentials for the table's account --------------------------------------------------------


def _owner_allows(accounts: TwoAccounts, table: str, *actions: str) -> None:
    """The table's owner lets the caller's account call these on the table."""
    statement = {
        "Effect": "Allow",
        "Principal": {"AWS": f"arn:aws:iam::{OWN}:root"},
        "Action": [f"dynamodb:{one}" for one in actions],
        "Resource": accounts.arn(table),
    }
    document = json.dumps({"Version": "2012-10-17", "Statement": [statement]})
    accounts.other.dynamodb.put_resource_policy(ResourceArn=accounts.arn(table), Policy=document)


def _reads_policy(stream: str) -> dict[str, Any]:
    return {
        "Sid": "Reads",
        "Effect": "Allow",
        "Principal": {"AWS": f"arn:aws:iam::{OWN}:user/limited"},
        "Action": "dynamodb:GetResourcePolicy",
        "Resource": stream,
    }


#: The timeout passes only where the policy is not readable; then Lambda's refusal is repeated for as long.
_QUICKLY = ("--starting-position", "LATEST", "--timeout", "8s")


def test_the_owners_command_is_printed_and_after_it_attach_goes_on(accounts: TwoAccounts, table: str) -> None:
    accounts.other.set_stream(table, "NEW_IMAGE")
    stream = str(accounts.other.stream(table))
    _owner_allows(accounts, table, "DescribeTable")
    accounts.put_policy(table, _reads_policy(stream))
    refused = _attach(accounts, table, *_QUICKLY, profile=False)
    assert refused.code == 4, refused.out
    (error,) = refused.json["errors"]
    assert error["code"] == "stream-policy-lacks"
    assert all(action in error["message"] for action in READING)
    command = error["hint"].split("`")[1]
    assert command.startswith(f"aws dynamodb put-resource-policy --resource-arn {stream} --policy '")
    document = json.loads(command.split("'")[1])
    assert document["Statement"][0]["Sid"] == "Reads"
    accounts.put_policy(table, *document["Statement"])
    went_on = _attach(accounts, table, *_QUICKLY, profile=False)
    assert went_on.code == 0, went_on.out
    down = accounts.command("down", accounts.arn(table), "--yes", "-o", "json", profile=False)
    assert down.code == 0, down.out
    assert "the table's owner removes it with" in " ".join(down.data["stays"])
    assert accounts.command("down", accounts.arn(table), "--yes").code == 0
    assert [one["Sid"] for one in accounts.policy(table)] == ["Reads"]


@pytest.mark.parametrize("is_readable", [True, pytest.param(False, marks=pytest.mark.nightly)])
@pytest.mark.parametrize("action", READING)
def test_one_action_fewer_in_the_streams_policy_ends_in_exit_code_4_that_names_it(
    action: str, is_readable: bool, accounts: TwoAccounts, table: str
) -> None:
    accounts.other.set_stream(table, "NEW_IMAGE")
    stream = str(accounts.other.stream(table))
    _owner_allows(accounts, table, "DescribeTable")
    made = accounts.command(
        "create-function", accounts.arn(table), "--role-boundary", _BOUNDARY, "--yes", profile=False
    )
    assert made.code == 0, made.err
    (whole,) = _printed("attach-trigger", table)["stream_policy"]["Statement"]
    narrow = {**whole, "Resource": stream, "Action": [one for one in READING if one != action]}
    accounts.put_policy(table, narrow, *([_reads_policy(stream)] if is_readable else []))
    done = _attach(accounts, table, *_QUICKLY, profile=False)
    assert done.code == 4, done.out
    (error,) = done.json["errors"]
    assert action in error["message"]
    if is_readable:
        assert not any(one in error["message"] for one in READING if one != action)


def test_a_table_that_may_not_be_read_names_the_action_and_both_ways_out(
    accounts: TwoAccounts, table: str
) -> None:
    done = accounts.command("status", accounts.arn(table), "-o", "json", profile=False)
    assert done.code == 4, done.out
    (error,) = done.json["errors"]
    assert "dynamodb:DescribeTable" in error["message"]
    assert "--table-profile" in error["hint"]


def test_credentials_for_a_third_account_are_refused(accounts: TwoAccounts, table: str) -> None:
    elsewhere = accounts.arn(table).replace(OTHER, "333333333333")
    done = accounts.command("status", elsewhere, "-o", "json")
    assert (done.code, done.error_code) == (2, "other-account")


# --- what doctor and verify know ------------------------------------------------------------------------


def test_a_policy_that_was_lost_is_named_by_doctor_and_verify_and_repaired(
    accounts: TwoAccounts, table: str
) -> None:
    assert _attach(accounts, table).code == 0
    accounts.other.dynamodb.delete_resource_policy(ResourceArn=accounts.other.stream(table))
    doctor = accounts.command("doctor", accounts.arn(table), "-o", "json")
    assert doctor.code == 1, doctor.out
    assert "stream-policy-lacks" in doctor.out
    assert "permission-lost" not in {one["id"] for one in doctor.data["findings"]}
    verified = accounts.command("verify", accounts.arn(table), "--timeout", "5s", "-o", "json")
    assert verified.code in (1, 6), verified.out
    assert "stream-policy-lacks" in verified.out
    status = accounts.command("status", accounts.arn(table))
    assert "does NOT allow the function's role" in status.out
    repaired = accounts.command("doctor", accounts.arn(table), "--fix", "--yes", "-o", "json")
    assert repaired.code in (0, 1), repaired.out  # the mapping shows its last problem until it polls again
    assert "stream-policy-lacks" not in {one["id"] for one in repaired.data["findings"]}
    assert len(accounts.policy(table)) == 1


def test_a_role_without_the_boundary_that_the_account_demands_is_not_created(
    accounts: TwoAccounts, table: str
) -> None:
    done = accounts.command("attach-trigger", accounts.arn(table), "--yes", "-o", "json")
    assert done.code == 4, done.out
    assert "iam:CreateRole" in done.out


# --- the page -------------------------------------------------------------------------------------------


@pytest.mark.nightly
def test_the_commands_of_the_page_do_what_it_says(accounts: TwoAccounts) -> None:
    for name, view in (("orders", None), ("billing", "NEW_IMAGE")):
        accounts.other.table(view=view, name=name)
    _owner_allows(accounts, "billing", "DescribeTable")
    accounts.put_policy("billing", _reads_policy(str(accounts.other.stream("billing"))))
    folder, printed = accounts.folder, ""
    try:
        for block in blocks((DOCS / "accounts.md").read_text(encoding="utf-8")):
            if block.file:
                (folder / block.file).write_text(block.text)
            elif block.language == "text":
                assert has_lines(printed, block.text), (printed, block.text)
            for line in block.text.splitlines() if block.language == "sh" else ():
                if "/billing" in line:
                    (folder / "ddbinsert.yaml").unlink()
                done = accounts.command(*shlex.split(line)[1:], profile=False)
                assert done.code == block.exit_code, (line, done.out, done.err)
                printed += done.out + done.err
    finally:
        (folder / "ddbinsert.yaml").unlink(missing_ok=True)


# --- killed after each call -----------------------------------------------------------------------------

#: One more than the changing calls of attach-trigger and of down in both accounts.
_ATTACH, _DOWN = 10, 7


def _killed(usual: int, count: int) -> list[Any]:
    return [pytest.param(n, marks=() if n == usual else pytest.mark.nightly) for n in range(1, count)]


@pytest.mark.parametrize("after", _killed(6, _ATTACH))
def test_attach_goes_on_after_it_was_killed(after: int, accounts: TwoAccounts, table: str) -> None:
    dying = Dying(after)
    with contextlib.suppress(KilledError):
        _attach(accounts, table, connect=dying.connect)
    assert _attach(accounts, table).code == 0, dying.last
    assert len(accounts.policy(table)) == 1, dying.last
    assert accounts.command("plan", accounts.arn(table), "-o", "json").data["steps"] == []
    assert accounts.command("down", accounts.arn(table), "--yes").code == 0


@pytest.mark.parametrize("after", _killed(2, _DOWN))
def test_down_goes_on_after_it_was_killed(after: int, accounts: TwoAccounts, table: str) -> None:
    assert _attach(accounts, table).code == 0
    dying = Dying(after)
    with contextlib.suppress(KilledError):
        accounts.command("down", accounts.arn(table), "--yes", connect=dying.connect)
    assert accounts.command("down", accounts.arn(table), "--yes").code == 0, dying.last
    assert accounts.policy(table) == [], dying.last
    assert accounts.own.function(f"{table}-inserts") is None
    assert not accounts.own.has_role(f"{table}-inserts-role")
