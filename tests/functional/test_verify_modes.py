"""verify's other ways: a tap for silent functions, watching without a write, again and again, aliases, own items."""

from __future__ import annotations

import json
import shlex
import threading
from typing import TYPE_CHECKING, Any

import pytest

from tests.functional.command import Ran, begun, ended, ran, until
from tests.functional.helpers import INSERT_ONLY, Calls, Cloud, fresh

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

SILENT = "def handler(event, context):\n    return None\n"


def codes(proof: Ran) -> set[str]:
    return {finding["code"] for finding in proof.data["findings"]}


def taps(cloud: Cloud) -> list[str]:
    names = [one["FunctionName"] for one in cloud.lambda_.list_functions()["Functions"]]
    return [name for name in names if name.startswith("ddbinsert-tap-")]


# --- the tap ----------------------------------------------------------------------------------------------


def test_a_silent_functions_filter_is_proven_by_a_tap_that_is_gone_afterwards(
    cloud: Cloud, prove: Callable[..., Ran], attached: Callable[..., str]
) -> None:
    table = attached(source=SILENT)
    proof = prove(table, "--wiretap", "--output", "json")
    assert proof.code == 0, proof.out
    assert proof.data["function"] == f"{table}-inserts"
    unseen = {one["side"] for one in proof.data["evidence"] if not one["seen"]}
    assert "function" in unseen
    assert taps(cloud) == []
    assert cloud.items(table) == []


def test_a_tap_finds_a_leaking_filter_that_the_silent_function_hides(
    cloud: Cloud, prove: Callable[..., Ran], attached: Callable[..., str]
) -> None:
    table = attached(source=SILENT)
    cloud.refilter(table, INSERT_ONLY, '{"eventName":["REMOVE"]}')
    proof = prove(table, "--wiretap", "--output", "json")
    assert proof.code == 1
    assert {"filter-leaks", "filter-too-wide"} <= codes(proof)
    assert taps(cloud) == []


def test_a_tap_that_would_be_a_third_reader_needs_a_yes(
    cloud: Cloud, prove: Callable[..., Ran], attached: Callable[..., str], variables: dict[str, str]
) -> None:
    table = attached(source=SILENT)
    assert ran("attach-trigger", table, "--function", fresh("other"), variables=variables).code == 0
    refused = prove(table, "--wiretap")
    assert refused.code == 2
    assert "--yes" in refused.err
    assert taps(cloud) == []
    assert prove(table, "--wiretap", "--yes").code == 0


def test_a_tap_that_a_killed_run_left_is_named_and_removed_by_the_command_that_is_given(
    cloud: Cloud, prove: Callable[..., Ran], attached: Callable[..., str], variables: dict[str, str]
) -> None:
    table = attached(source=SILENT)
    process = begun("verify", table, "--wiretap", variables=variables)
    assert until(lambda: any(cloud.mappings(tap) for tap in taps(cloud)))
    process.kill()
    ended(process)
    (tap,) = taps(cloud)
    told = [ran("status", table, "-o", "json", variables=variables)]
    down = ran("down", table, "--dry-run", "-o", "json", variables=variables)  # removes it with the trigger
    assert f"delete function {tap}" in [step["text"] for step in down.data["steps"]]
    told.append(prove(table, "--wiretap", "--yes", "-o", "json"))
    for done in told:
        (warning,) = [text for text in done.json["warnings"] if tap in text]
    words = shlex.split(warning.split("`")[1])[1:]
    assert ran(*words, variables=variables).code == 0
    assert taps(cloud) == []
    after = ran("status", table, "-o", "json", variables=variables).json["warnings"]
    assert not [text for text in after if "ddbinsert-tap-" in text]
    assert prove(table, "--wiretap", "-o", "json").code == 0


# --- watching ---------------------------------------------------------------------------------------------


@pytest.fixture
def traffic(cloud: Cloud) -> Iterator[Callable[..., None]]:
    """Starts a writer that goes on until the test ends: every item inserted, changed, and each third removed.

    Keys end in ``-0``, ``-1`` and ``-2`` by turns.
    """
    stop = threading.Event()
    writers: list[threading.Thread] = []

    def write(table: str) -> None:
        number = 0
        while not stop.is_set():
            key = f"item-{number}-{number % 3}"
            cloud.put(table, key, state="new")
            cloud.put(table, key, state="old")
            if number % 3 == 0:
                cloud.remove(table, key)
            number += 1
            stop.wait(0.02)

    def start(table: str) -> None:
        cloud.put(table, "first")  # so that no client is made in the thread
        writers.append(threading.Thread(target=write, args=(table,)))
        writers[-1].start()

    yield start
    stop.set()
    for writer in writers:
        writer.join()


def test_watching_passes_a_healthy_trigger_and_writes_nothing(
    prove: Callable[..., Ran], attached: Callable[..., str], traffic: Callable[..., None]
) -> None:
    table = attached()
    traffic(table)
    proof = prove(table, "--observe", "--for", "1s", "--output", "json")
    assert proof.code == 0, proof.out
    assert proof.data["counts"]["processed_inserts"] == proof.data["counts"]["expected_inserts"] > 0
    assert proof.data["latency_seconds"]["p50"] >= 0


def test_watching_finds_what_leaks(
    cloud: Cloud, prove: Callable[..., Ran], attached: Callable[..., str], traffic: Callable[..., None]
) -> None:
    table = attached()
    cloud.widen(table)
    traffic(table)
    proof = prove(table, "--observe", "--for", "1s", "--output", "json")
    assert proof.code == 1
    assert "filter-leaks" in codes(proof)
    assert proof.data["counts"]["guarded"] > 0


def test_inserts_that_the_users_own_filter_keeps_out_are_not_missed(
    prove: Callable[..., Ran], attached: Callable[..., str], traffic: Callable[..., None]
) -> None:
    pattern = json.dumps({"dynamodb": {"Keys": {"pk": {"S": [{"suffix": "-1"}]}}}})
    table = attached("pk:S", "--filter", pattern)
    traffic(table)
    proof = prove(table, "--observe", "--for", "1500ms", "--output", "json")
    assert proof.code == 0, proof.out
    assert proof.data["counts"]["filtered_inserts"] > proof.data["counts"]["expected_inserts"] > 0


def test_watching_a_table_on_which_nothing_happens_is_inconclusive(
    prove: Callable[..., Ran], attached: Callable[..., str]
) -> None:
    proof = prove(attached(), "--observe", "--for", "50ms", "--output", "json")
    assert proof.code == 6
    assert codes(proof) == {"no-inserts-seen"}


def test_inserts_that_a_disabled_mapping_leaves_lying_fail_the_watch(
    cloud: Cloud, prove: Callable[..., Ran], attached: Callable[..., str], traffic: Callable[..., None]
) -> None:
    table = attached()
    uuid = cloud.mapping(f"{table}-inserts")["UUID"]
    cloud.lambda_.update_event_source_mapping(UUID=uuid, Enabled=False)
    assert until(lambda: cloud.mapping(f"{table}-inserts")["State"] == "Disabled")
    traffic(table)
    proof = prove(table, "--observe", "--for", "500ms", "--output", "json", timeout="500ms")
    assert proof.code == 1
    assert "mapping-disabled" in codes(proof)


# --- again and again --------------------------------------------------------------------------------------


def test_a_canary_prints_one_line_of_json_a_run(
    prove: Callable[..., Ran], attached: Callable[..., str]
) -> None:
    proof = prove(attached(), "--repeat", "3", "--every", "10ms")
    assert proof.code == 0
    lines = [json.loads(line) for line in proof.out.splitlines()]
    assert [line["data"]["verdict"] for line in lines] == ["PASS"] * 3
    assert len({line["data"]["run_id"] for line in lines}) == 3


def test_a_canary_publishes_metrics_for_alarms(
    cloud: Cloud, prove: Callable[..., Ran], attached: Callable[..., str]
) -> None:
    table = attached()
    assert prove(table, "--emit-metrics").code == 0
    metrics = cloud.cloudwatch.list_metrics(Namespace="ddbinsert")["Metrics"]
    mine = {
        metric["MetricName"]
        for metric in metrics
        if {"Name": "Table", "Value": table} in metric["Dimensions"]
    }
    assert {"Healthy", "MissingInserts", "Intruders", "LatencyP99"} <= mine


def test_the_worst_run_of_a_canary_decides_its_exit_code(
    cloud: Cloud, prove: Callable[..., Ran], attached: Callable[..., str]
) -> None:
    table = attached()
    cloud.widen(table)
    proof = prove(table, "--repeat", "2", "--every", "1ms")
    assert proof.code == 1
    assert len(proof.out.splitlines()) == 2


# --- starting position, aliases, items of one's own -------------------------------------------------------


def test_a_mapping_that_starts_at_the_latest_is_waited_for_by_canaries(
    cloud: Cloud, prove: Callable[..., Ran], attached: Callable[..., str]
) -> None:
    table = attached("pk:S", "--starting-position", "LATEST")
    proof = prove(table, "--output", "json")
    assert proof.code == 0, proof.out
    assert cloud.items(table) == []


def test_a_function_that_only_an_alias_connects_is_proven(
    cloud: Cloud, prove: Callable[..., Ran], attached: Callable[..., str]
) -> None:
    table = attached()
    function = f"{table}-inserts"
    mapping = cloud.mapping(function)
    cloud.lambda_.delete_event_source_mapping(UUID=mapping["UUID"])
    version = cloud.lambda_.publish_version(FunctionName=function)["Version"]
    cloud.lambda_.create_alias(FunctionName=function, Name="live", FunctionVersion=version)
    cloud.lambda_.create_event_source_mapping(
        EventSourceArn=mapping["EventSourceArn"],
        FunctionName=f"{function}:live",
        StartingPosition="TRIM_HORIZON",
        FilterCriteria={"Filters": [{"Pattern": INSERT_ONLY}]},
    )
    proof = prove(table, "--output", "json")
    assert proof.code == 0, proof.out


def test_test_items_carry_what_the_user_gives(
    cloud: Cloud, prove: Callable[..., Ran], attached: Callable[..., str], tmp_path: Any
) -> None:
    table = attached()
    (tmp_path / "item.yaml").write_text("status: NEW\ntotal: 12.5\ntags: [a, b]\n")
    proof = prove(table, "--item", "item.yaml", "--keep", cwd=tmp_path)
    assert proof.code == 0, proof.err
    items = cloud.items(table)
    assert len(items) == 4
    assert all(item["status"] == {"S": "NEW"} and item["total"] == {"N": "12.5"} for item in items)


@pytest.mark.parametrize(
    "words",
    [
        ("--for", "1m"),
        ("--observe", "--count", "9"),
        ("--match", "--count", "9"),
        ("--item", "nowhere.json"),
    ],
)
def test_options_that_contradict_each_other_are_told_before_anything_is_written(
    prove: Callable[..., Ran], attached: Callable[..., str], cloud: Cloud, words: tuple[str, ...]
) -> None:
    table = attached()
    proof = prove(table, *words)
    assert proof.code == 2
    assert cloud.items(table) == []


# --- with attach-trigger, in one process ------------------------------------------------------------------


def test_what_is_attached_can_be_verified_in_the_same_process(
    cloud: Cloud, variables: dict[str, str]
) -> None:
    table = cloud.table()
    calls = Calls()
    done = ran("attach-trigger", table, "--verify", "-o", "json", variables=variables, connect=calls.connect)
    assert done.code == 0, done.err
    assert done.data["verify"]["verdict"] == "PASS"
    assert cloud.items(table) == []


def test_the_exit_code_of_attach_and_verify_is_the_verdicts(cloud: Cloud, variables: dict[str, str]) -> None:
    table = cloud.table()
    done = ran("attach-trigger", table, "--disabled", "--verify", "-o", "json", variables=variables)
    assert done.code == 1
    assert done.data["verify"]["verdict"] == "FAIL"


def test_only_the_named_ways_of_writing_are_used(
    prove: Callable[..., Ran], attached: Callable[..., str]
) -> None:
    done = prove(attached(), "--lanes", "single,batch", "-o", "json")
    assert done.code == 0, done.out
    (writes,) = [one for one in done.data["evidence"] if one["side"] == "writes"]
    assert "left out: transaction" in writes["text"]
    assert done.data["counts"]["expected_inserts"] == 6


@pytest.mark.parametrize("lanes", ["", "magic", "single,magic"])
def test_a_way_of_writing_that_does_not_exist_is_a_usage_error(
    prove: Callable[..., Ran], attached: Callable[..., str], lanes: str
) -> None:
    assert prove(attached(), "--lanes", lanes).code == 2


def test_a_table_with_a_tag_that_is_refused_is_left_alone(
    prove: Callable[..., Ran], attached: Callable[..., str], cloud: Cloud
) -> None:
    table = attached()
    arn = cloud.described(table)["TableArn"]
    cloud.dynamodb.tag_resource(ResourceArn=arn, Tags=[{"Key": "env", "Value": "prod"}])
    calls = Calls()
    done = prove(table, "--refuse-tag", "env=prod", "-o", "json", connect=calls.connect)
    assert done.code == 5
    assert done.error_code == "refused-by-tag"
    assert not calls.writes
    assert prove(table, "--refuse-tag", "env=test").code == 0


def test_a_cleanup_refuses_a_table_of_the_same_name_elsewhere(
    prove: Callable[..., Ran], attached: Callable[..., str], cloud: Cloud
) -> None:
    table = attached()
    kept = prove(table, "--keep", "-o", "json")
    run_id = kept.data["run_id"]
    done = prove(table, "--cleanup", run_id, "--region", "us-west-2", "-o", "json")
    assert done.code != 0
    assert len(cloud.items(table)) == 4
    assert prove(table, "--cleanup", run_id).code == 0
    assert cloud.items(table) == []
