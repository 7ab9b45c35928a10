"""Whether a document can arrive: the policies of both sides, of the key, and what could not be read."""

from __future__ import annotations

import json
from dataclasses import replace
from typing import Any

import pytest

from ddbinsert.core.proof.failure_path.access import TriState
from ddbinsert.core.proof.failure_path.destination import DestinationState, KeyState, Own, judge_destination
from ddbinsert.core.proof.verdict import Weight

ROLE = "arn:aws:iam::111122223333:role/orders-role"
QUEUE = "arn:aws:sqs:eu-west-1:111122223333:failures"
THEIRS = "arn:aws:sqs:eu-west-1:999999999999:failures"
KEY = "arn:aws:kms:eu-west-1:111122223333:key/k"
PROOF, HOLE = Weight.PROOF, Weight.HOLE


def policy(*statements: dict[str, Any]) -> str:
    base = {"Effect": "Allow", "Principal": {"AWS": ROLE}, "Action": "*", "Resource": "*"}
    return json.dumps({"Statement": [{**base, **one} for one in statements]})


OF_ROLE = policy({})
OF_ACCOUNT = policy({"Principal": {"AWS": "111122223333"}})
OF_OTHERS = policy({"Principal": {"AWS": "222222222222"}})
DENIES = policy({"Effect": "Deny", "Principal": "*"})
DENIES_PERHAPS = policy(
    {"Effect": "Deny", "Principal": "*", "Condition": {"StringEquals": {"aws:SourceVpc": "v"}}}
)


def judged(state: DestinationState) -> list[tuple[str, Weight]]:
    return [(one.code, one.weight) for one in judge_destination(state, ROLE)]


def test_only_a_role_that_ddbinsert_created_is_granted_the_right_by_a_command() -> None:
    state = DestinationState(arn=QUEUE, own={"sqs:SendMessage": Own.SILENT})
    (theirs,), (ours,) = (
        judge_destination(state, ROLE, role_restored=restored) for restored in (False, True)
    )
    assert theirs.mend == f"Allow role orders-role sqs:SendMessage on {QUEUE}."
    denied = replace(state, own={"sqs:SendMessage": Own.DENIED})
    (one,) = judge_destination(denied, ROLE, role_restored=True)
    assert str(one.mend).startswith("Remove what denies sqs:SendMessage")
    assert str(ours.mend).endswith(f"--on-failure {QUEUE} --yes`")


@pytest.mark.parametrize(
    ("arn", "own", "document", "expected"),
    [
        (QUEUE, Own.ALLOWED, None, []),
        (QUEUE, Own.ALLOWED, OF_OTHERS, []),
        (QUEUE, Own.SILENT, OF_ROLE, []),
        (QUEUE, Own.UNKNOWN, OF_ROLE, []),
        (QUEUE, Own.SILENT, None, [("failure-destination-denied", PROOF)]),
        (QUEUE, Own.SILENT, OF_ACCOUNT, [("failure-destination-denied", PROOF)]),
        (QUEUE, Own.DENIED, OF_ROLE, [("failure-destination-denied", PROOF)]),
        (QUEUE, Own.ALLOWED, DENIES, [("failure-destination-refuses", PROOF)]),
        (QUEUE, Own.UNKNOWN, DENIES, [("failure-destination-refuses", PROOF)]),
        (QUEUE, Own.ALLOWED, DENIES_PERHAPS, [("failure-destination-rights-unknown", HOLE)]),
        (QUEUE, Own.UNKNOWN, None, [("failure-destination-rights-unknown", HOLE)]),
        (THEIRS, Own.ALLOWED, OF_ROLE, []),
        (THEIRS, Own.ALLOWED, OF_ACCOUNT, []),
        (THEIRS, Own.ALLOWED, OF_OTHERS, [("failure-destination-denied", PROOF)]),
        (THEIRS, Own.ALLOWED, None, [("failure-destination-denied", PROOF)]),
        (THEIRS, Own.SILENT, OF_ROLE, [("failure-destination-denied", PROOF)]),
        ("arn:aws:s3:::failures", Own.SILENT, OF_ROLE, []),
    ],
)
def test_one_account_needs_one_permission_and_two_accounts_need_both(
    arn: str, own: Own, document: str | None, expected: list[tuple[str, Weight]]
) -> None:
    action = "s3:PutObject" if ":s3:" in arn else "sqs:SendMessage"
    found = judged(DestinationState(arn=arn, policy=document, own={action: own}))
    assert found == expected


def test_what_could_not_be_read_is_a_hole_and_no_proof() -> None:
    state = DestinationState(arn=QUEUE, unread="not permitted", own={"sqs:SendMessage": Own.SILENT})
    assert judged(state) == [("failure-destination-rights-unknown", HOLE)]
    assert judged(replace(state, own={"sqs:SendMessage": Own.ALLOWED})) == []


@pytest.mark.parametrize(
    ("key", "own", "expected"),
    [
        (KeyState(arn=KEY, state="Enabled", policy=OF_ACCOUNT, grants=TriState.NO), Own.ALLOWED, []),
        (KeyState(arn=KEY, state="Enabled", policy=OF_ROLE, grants=TriState.NO), Own.SILENT, []),
        (KeyState(arn=KEY, state="Enabled", policy=OF_OTHERS, grants=TriState.YES), Own.SILENT, []),
        (KeyState(arn="alias/aws/sqs", state="Enabled", is_aws_managed=True), Own.SILENT, []),
        (KeyState(arn=KEY, state="Enabled", policy=OF_ACCOUNT, grants=TriState.NO), Own.SILENT, PROOF),
        (KeyState(arn=KEY, state="Enabled", policy=OF_OTHERS, grants=TriState.NO), Own.ALLOWED, PROOF),
        (KeyState(arn=KEY, state="Enabled", policy=DENIES, grants=TriState.YES), Own.ALLOWED, PROOF),
        (KeyState(arn=KEY, state="Enabled", policy=OF_ROLE, grants=TriState.NO), Own.DENIED, PROOF),
        (KeyState(arn=KEY, state="PendingDeletion", policy=OF_ROLE), Own.ALLOWED, PROOF),
        (KeyState(arn=KEY, state="missing"), Own.ALLOWED, PROOF),
        (KeyState(arn=KEY, state="Enabled", policy=OF_OTHERS, grants=TriState.UNKNOWN), Own.SILENT, HOLE),
        (KeyState(arn=KEY, state="Enabled", policy=DENIES_PERHAPS, grants=TriState.YES), Own.ALLOWED, HOLE),
        (KeyState(arn=KEY, unread="not permitted"), Own.ALLOWED, HOLE),
    ],
)
def test_the_key_decides_too(key: KeyState, own: Own, expected: Weight | list[Any]) -> None:
    rights = {"sqs:SendMessage": Own.ALLOWED, "kms:GenerateDataKey": own, "kms:Decrypt": own}
    found = judged(DestinationState(arn=QUEUE, key=key, own=rights))
    codes = {PROOF: "failure-destination-key-refuses", HOLE: "failure-destination-rights-unknown"}
    assert found == ([(codes[expected], expected)] if isinstance(expected, Weight) else [])


@pytest.mark.parametrize(
    ("state", "code"),
    [
        (DestinationState(arn=QUEUE, missing=True), "failure-destination-missing"),
        (DestinationState(arn=f"{QUEUE}.fifo"), "failure-destination-fifo"),
        (
            DestinationState(arn="arn:aws:sns:eu-west-1:111122223333:failures.fifo"),
            "failure-destination-fifo",
        ),
        (
            DestinationState(arn="arn:aws:lambda:eu-west-1:111122223333:function:f"),
            "failure-destination-missing",
        ),
    ],
)
def test_what_is_no_place_for_documents(state: DestinationState, code: str) -> None:
    assert judged(state) == [(code, PROOF)]
