"""gaps through the rig: exactly what was missed is named, with its cause, and nothing else."""

from __future__ import annotations

import json
import os
import time
from collections import Counter
from dataclasses import replace
from typing import TYPE_CHECKING, Any

import pytest

from tests.strict.bench import until
from tests.strict.rig import Fault, FaultKind, Logs, Streams
from tests.strict.sabotage import handlers
from tests.strict.sabotage.ground import FAST, QUICK, Ground, Prepared

if TYPE_CHECKING:
    from collections.abc import Callable, Collection, Iterator
    from pathlib import Path

    from ddbinsert import local
    from tests.functional.command import Ran
    from tests.strict.rig import Profile

#: An update stops the pollers for a moment; a mapping from LATEST then skips what was written meanwhile.
RESTARTING = replace(FAST, name="restarting", mappings=replace(QUICK, restart=0.3))
#: Inserts before, around and after an update; more at night.
INSERTS = int(os.environ.get("TEST_INSERTS", "150"))
#: Runs of a trigger at which all is well; more at night.
SEEDS = int(os.environ.get("TEST_SEEDS", "1"))
SETTLED = ("--settle", "0.4s")


@pytest.fixture
def ground_of(emulator: local.Emulator, tmp_path: Path) -> Iterator[Callable[..., Ground]]:
    open_ones: list[Ground] = []

    def make(profile: Profile = FAST) -> Ground:
        open_ones.append(Ground(emulator, tmp_path, profile).__enter__())
        return open_ones[-1]

    yield make
    for ground in open_ones:
        ground.__exit__(None, None, None)


class Watched:
    """A trigger with traffic, and the truth about it: what the function was really given."""

    def __init__(self, ground: Ground) -> None:
        self.ground = ground
        self.written: list[str] = []
        self.await_next_second()

    def await_next_second(self) -> None:
        """Records bear whole seconds: one of the second in which the log group was made may be older than it."""
        self.ground.pause(1.0 - time.time() % 1.0)

    def write(self, *keys: str, **attributes: dict[str, Any]) -> None:
        """Insert items, 25 at a time."""
        self.written += keys
        for start in range(0, len(keys), 25):
            puts = [
                {"PutRequest": {"Item": {"pk": {"S": key}, **attributes}}} for key in keys[start : start + 25]
            ]
            self.ground.aws.dynamodb.batch_write_item(RequestItems={self.ground.table: puts})

    @property
    def processed(self) -> set[str]:
        """The keys of which the function's own log, past the rig, has a ``processed`` receipt."""
        return set(self._receipts())

    def times(self, keys: Collection[str]) -> dict[str, int]:
        """How often the function processed each of these."""
        return {key: count for key, count in self._receipts().items() if key in keys}

    def _receipts(self) -> Counter[str]:
        found = Counter[str]()
        pages = self.ground.aws.upstream("logs").get_paginator("filter_log_events")
        for page in pages.paginate(logGroupName=self.ground.log_group):
            for event in page["events"]:
                _, mark, text = event["message"].partition("DDBINSERT ")
                if mark and '"decision":"processed"' in text:
                    found[json.loads(text)["keys"]["pk"]["S"]] += 1
        return found

    def wait(self, *keys: str) -> None:
        """Wait until these were processed."""
        assert until(lambda: self.processed.issuperset(keys)), "never processed"

    def settle(self) -> None:
        """Wait until everything is older than the time to settle, and the log shows all there is."""
        self.ground.pause(0.7)

    def gaps(self, *options: str) -> Ran:
        return self.ground.run("gaps", self.ground.table, "-o", "json", *SETTLED, *options)


def named(answer: Ran) -> dict[str, set[str]]:
    """The keys that are named as missed, by cause."""
    return {
        group["cause"]: {one["key"]["pk"]["S"] for one in group["inserts"]} for group in answer.data["causes"]
    }


def test_a_latest_mapping_that_is_updated_during_inserts_misses_exactly_what_is_named(
    ground_of: Callable[..., Ground],
) -> None:
    ground = ground_of(RESTARTING)
    ground.attach("--starting-position", "LATEST")
    watched = Watched(ground)
    assert until(lambda: reads(watched))
    watched.write(*(f"before-{number}" for number in range(INSERTS)))
    ground.change_mapping(BatchSize=50)
    watched.write(*(f"around-{number}" for number in range(INSERTS)))
    ground.pause(0.5)
    watched.write(*(f"after-{number}" for number in range(INSERTS)))
    # On a busy machine the pollers stop so late that some of these are skipped, too.
    assert until(lambda: reads(watched))
    watched.settle()
    truth = set(watched.written) - watched.processed
    assert truth, "nothing was skipped: the test shows nothing"
    answer = watched.gaps()
    assert answer.code == 1, answer.err
    assert named(answer) == {"latest-mapping": truth}
    assert answer.data["processed"] == len(watched.processed)
    queried = watched.gaps("--via", "insights")
    assert (queried.code, named(queried)) == (1, named(answer)), queried.out
    assert queried.data["processed"] == answer.data["processed"]


def reads(watched: Watched, *, times: int = 1) -> bool:
    """Whether so many mappings, some of them from LATEST, have come to read: they process what is written."""
    key = f"first-{len(watched.written)}"
    watched.write(key)
    return bool(until(lambda: watched.times({key}).get(key) == times, seconds=1.0))


def test_a_mapping_that_goes_on_where_it_stopped_has_missed_nothing(ground_of: Callable[..., Ground]) -> None:
    ground = ground_of(RESTARTING)
    ground.attach()
    watched = Watched(ground)
    watched.write("a", "b")
    ground.change_mapping(Enabled=False)
    watched.write("c", "d")
    ground.change_mapping(Enabled=True)
    watched.write("e")
    watched.wait("a", "b", "c", "d", "e")
    answer = watched.gaps()
    assert (answer.code, named(answer)) == (0, {}), answer.out


def test_what_a_disabled_mapping_holds_up_is_missed_and_the_rest_is_not(
    ground_of: Callable[..., Ground],
) -> None:
    ground = ground_of()
    ground.attach()
    watched = Watched(ground)
    watched.write("a", "b")
    watched.wait("a", "b")
    ground.change_mapping(Enabled=False)
    watched.write("c", "d")
    watched.settle()
    answer = watched.gaps()
    assert (answer.code, named(answer)) == (1, {"mapping-disabled": {"c", "d"}})
    (group,) = answer.data["causes"]
    assert "attach-trigger" in group["remedy"]
    assert "--enabled" in group["remedy"]


class OnAws(Prepared):
    """A connection to an endpoint that has CloudTrail, as AWS does."""

    @property
    def has_cloudtrail(self) -> bool:
        return True


def test_who_disabled_or_deleted_the_mapping_is_evidence_where_cloudtrail_can_be_read(
    ground_of: Callable[..., Ground],
) -> None:
    ground = ground_of()
    ground.attach()
    watched = Watched(ground)
    watched.write("a")
    watched.wait("a")
    mapping = ground.mapping
    ground.change_mapping(Enabled=False)
    with pytest.raises(ground.aws.lambda_.exceptions.ClientError):
        ground.change_mapping(BatchSize=-1)  # recorded, too, but it changed nothing
    watched.write("b")
    watched.settle()
    elsewhere = watched.gaps()
    assert "CloudTrail records changes on AWS only" in elsewhere.data["evidence"]
    ground.connect = OnAws
    (disabled,) = watched.gaps().data["causes"]
    by = "by arn:aws:iam::000000000000:user/"
    assert sum("(CloudTrail)" in text for text in disabled["evidence"]) == 2, disabled["evidence"]
    assert any(f"mapping {mapping} disabled {by}" in text for text in disabled["evidence"])
    assert any(f"mapping {mapping} created {by}" in text for text in disabled["evidence"])
    ground.aws.lambda_.delete_event_source_mapping(UUID=mapping)
    assert until(lambda: not ground.aws.lambda_.list_event_source_mappings()["EventSourceMappings"])
    gone = ground.run("gaps", ground.table, "-o", "json", *SETTLED, "--function", ground.function)
    (deleted,) = gone.data["causes"]
    assert deleted["cause"] == "no-mapping"
    assert any(f"mapping {mapping} deleted {by}" in text for text in deleted["evidence"]), deleted
    ground.rig.inject(Fault(operation="cloudtrail:LookupEvents", kind=FaultKind.ACCESS_DENIED))
    denied = ground.run("gaps", ground.table, "-o", "json", *SETTLED, "--function", ground.function)
    assert denied.code == 1
    assert any("look up changes in CloudTrail" in text for text in denied.data["evidence"]), denied.data


def test_what_a_replaced_stream_holds_is_missed(ground_of: Callable[..., Ground]) -> None:
    ground = ground_of()
    ground.attach()
    watched = Watched(ground)
    watched.write("a")
    watched.wait("a")
    ground.replace_stream()
    watched.write("b", "c")
    watched.settle()
    answer = watched.gaps()
    assert (answer.code, named(answer)) == (1, {"stream-replaced": {"b", "c"}})


def test_what_a_throttled_function_holds_up_is_not_missed_and_then_processed(
    ground_of: Callable[..., Ground],
) -> None:
    ground = ground_of()
    ground.attach()
    watched = Watched(ground)
    ground.aws.lambda_.put_function_concurrency(FunctionName=ground.function, ReservedConcurrentExecutions=0)
    watched.write("a", "b")
    watched.settle()
    answer = watched.gaps()
    # The emulator counts a throttled invocation as one, which AWS does not: so here it may also be inconclusive.
    assert answer.data["missed"] == 0, answer.out
    assert answer.data["waiting"] + answer.data["unjudged"] == 2
    ground.aws.lambda_.delete_function_concurrency(FunctionName=ground.function)
    watched.wait("a", "b")
    watched.settle()
    answer = watched.gaps()
    assert (answer.data["processed"], answer.data["missed"]) == (2, 0), answer.out


#: Fails on items that say so.
PICKY = handlers.leaving_receipts(
    '    if "fails" in record["dynamodb"].get("NewImage", {}):\n'
    '        raise ValueError("no such column")\n'
    "    receipt(record, request)"
)


@pytest.mark.parametrize("kept", [True, False])
def test_discarded_inserts_are_missed_and_the_document_is_named_where_there_is_one(
    ground_of: Callable[..., Ground], kept: bool
) -> None:
    ground = ground_of()
    options = ("--on-failure", "create") if kept else ()
    ground.attach_code(PICKY, "--retries", "1", "--batch-size", "1", *options)
    watched = Watched(ground)
    watched.write("a")
    watched.write("bad-1", "bad-2", fails={"BOOL": True})
    watched.write("b")
    watched.wait("a", "b")
    watched.settle()
    answer = watched.gaps()
    assert answer.code == 1, answer.out
    (group,) = answer.data["causes"]
    assert {one["key"]["pk"]["S"] for one in group["inserts"]} == {"bad-1", "bad-2"}
    if kept:
        assert group["cause"] == "discarded"
        assert any("on-failure destination" in text for text in group["evidence"])


def test_what_is_still_retried_is_waiting_not_missed(ground_of: Callable[..., Ground]) -> None:
    ground = ground_of()
    ground.attach_code(PICKY, "--retries", "-1", "--record-age", "-1", "--no-bisect")
    watched = Watched(ground)
    watched.write("a")
    watched.wait("a")
    watched.write("bad", fails={"BOOL": True})
    ground.pause(4.2)  # older than the time to settle, which is longer than any pause between two attempts
    answer = watched.gaps("--settle", "3s")
    assert (answer.code, answer.data["missed"], answer.data["waiting"]) == (0, 0, 1), answer.out


def test_what_the_handler_leaves_out_of_a_batch_is_named(ground_of: Callable[..., Ground]) -> None:
    ground = ground_of(replace(FAST, streams=Streams(shards=1)))
    ground.attach_code(
        handlers.leaving_receipts(
            '    if "skip" not in record["dynamodb"]["Keys"]["pk"]["S"]:\n        receipt(record, request)'
        ),
        "--disabled",
    )
    watched = Watched(ground)
    watched.write("a", "skip", "b")
    ground.change_mapping(Enabled=True)
    watched.wait("a", "b")
    watched.settle()
    answer = watched.gaps()
    assert (answer.code, named(answer)) == (1, {"handler-skipped": {"skip"}}), answer.out


def test_what_the_filter_excludes_is_counted_and_is_no_gap(ground_of: Callable[..., Ground]) -> None:
    ground = ground_of()
    ground.attach("--filter", '{"dynamodb":{"NewImage":{"kind":{"S":["order"]}}}}')
    watched = Watched(ground)
    watched.write("a", "b", kind={"S": "order"})
    watched.write("c", kind={"S": "other"})
    watched.wait("a", "b")
    watched.settle()
    answer = watched.gaps()
    assert (answer.code, answer.data["excluded"], answer.data["processed"]) == (0, 1, 2), answer.out


def test_an_alias_is_audited_and_repaired_alone(ground_of: Callable[..., Ground]) -> None:
    ground = ground_of()
    ground.attach()
    watched = Watched(ground)
    watched.write("a", "b")
    watched.wait("a", "b")
    alias = ground.alias()
    ground.aws.lambda_.create_event_source_mapping(
        EventSourceArn=ground.stream, FunctionName=alias, StartingPosition="LATEST"
    )
    assert until(lambda: reads(watched, times=2))
    watched.settle()
    assert watched.gaps().code == 0
    answer = watched.gaps("--function", alias)
    missed = named(answer)["latest-mapping"]
    assert answer.code == 1
    assert missed >= {"a", "b"}
    assert f"--function {alias}" in ground.run("gaps", ground.table, *SETTLED, "--function", alias).out
    repaired = watched.gaps("--function", alias, "--repair", "--yes")
    assert (repaired.code, repaired.data["repair"]["processed"]) == (0, len(missed)), repaired.out
    assert watched.times({"a", "b"}) == {"a": 2, "b": 2}
    assert watched.gaps("--function", alias).code == 0
    assert watched.gaps("--function", f"{ground.function}:$LATEST").code == 0
    absent = watched.gaps("--function", f"{ground.function}:other")
    assert (absent.code, absent.error_code) == (5, "no-mapping")
    assert alias in absent.json["errors"][0]["hint"]
    assert watched.gaps("--function", f"{ground.function}:").code == 2


# --- what can't be said ------------------------------------------------------------------------------------


def inconclusive(answer: Ran, reason: str) -> None:
    assert (answer.code, answer.data["missed"]) == (6, 0), answer.out
    assert any(reason in one["why"] for one in answer.data["inconclusive"]), answer.out


def test_a_function_that_may_not_log_has_missed_nothing_that_can_be_proven(
    ground_of: Callable[..., Ground],
) -> None:
    ground = ground_of()
    ground.attach()
    watched = Watched(ground)
    watched.write("a")
    watched.wait("a")
    ground.narrow_policy(keep="dynamodb:")
    watched.write("b", "c")
    watched.settle()
    inconclusive(watched.gaps(), "may not write")


def test_a_foreign_role_without_rights_to_log_shows_by_the_count_of_invocations(
    ground_of: Callable[..., Ground],
) -> None:
    ground = ground_of()
    role = ground.aws.role(statements=[{"Effect": "Allow", "Action": "dynamodb:*", "Resource": "*"}])
    ground.attach_code(handlers.HONEST, "--role", role)
    watched = Watched(ground)
    watched.write("a", "b")
    watched.wait("a", "b")
    watched.settle()
    answer = watched.gaps()
    assert (answer.code, answer.data["missed"]) == (6, 0), answer.out


def test_a_function_without_receipts_needs_match(ground_of: Callable[..., Ground]) -> None:
    ground = ground_of()
    ground.attach_code(
        "def handler(event, context):\n"
        "    for record in event['Records']:\n"
        "        print('stored order', record['dynamodb']['Keys']['pk']['S'])\n"
    )
    watched = Watched(ground)
    watched.write("order-0001", "order-0002")
    assert until(lambda: "order-0002" in "".join(ground.aws.messages(ground.log_group)))
    watched.settle()
    inconclusive(watched.gaps(), "--match")
    ground.change_mapping(Enabled=False)
    watched.write("order-000")
    watched.settle()
    answer = watched.gaps("--match")
    assert (answer.code, named(answer)) == (1, {"mapping-disabled": {"order-000"}}), answer.out
    assert answer.data["processed"] == 2


def test_an_encrypted_filter_may_have_excluded_what_is_missing(ground_of: Callable[..., Ground]) -> None:
    ground = ground_of()
    ground.attach()
    watched = Watched(ground)
    watched.write("a")
    watched.wait("a")
    ground.change_mapping(Enabled=False, KMSKeyArn="arn:aws:kms:eu-west-1:000000000000:key/1")
    watched.write("b")
    watched.settle()
    inconclusive(watched.gaps(), "encrypted")


def test_a_time_before_the_stream_is_inconclusive(ground_of: Callable[..., Ground]) -> None:
    ground = ground_of()
    ground.attach()
    watched = Watched(ground)
    watched.write("a")
    watched.wait("a")
    watched.settle()
    inconclusive(watched.gaps("--since", "2d"), "contains no records of this time")


def test_a_log_that_is_denied_ends_the_audit(ground_of: Callable[..., Ground]) -> None:
    ground = ground_of()
    ground.attach()
    ground.rig.inject(Fault(operation="logs:FilterLogEvents", kind=FaultKind.ACCESS_DENIED))
    answer = Watched(ground).gaps()
    assert answer.code == 4, answer.out


# --- nothing is named where all is well ---------------------------------------------------------------------

UNRULY = replace(
    FAST,
    name="unruly",
    mappings=replace(QUICK, duplicate_every=2, throttle_every=3, jitter=0.05),
    streams=Streams(shards=3, split_every=20, child_hidden=0.1),
    logs=Logs(lag=0.5, page=20, empty_page_every=2),
)


@pytest.mark.parametrize("_seed", range(SEEDS))
def test_late_doubled_and_interleaved_lines_hide_nothing(
    ground_of: Callable[..., Ground], _seed: int
) -> None:
    ground = ground_of(UNRULY)
    ground.attach_code(handlers.FAILS_ONCE)
    watched = Watched(ground)
    for burst in range(4):
        watched.write(*(f"item-{burst}-{number}" for number in range(20)))
    watched.wait(*watched.written)
    watched.settle()
    answer = watched.gaps()
    assert (answer.code, named(answer)) == (0, {}), answer.out
    assert answer.data["processed"] == len(watched.written)
