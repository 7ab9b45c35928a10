"""Commands that find the consumer of a stream by themselves, where others made it."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Any, NamedTuple

import jsonschema
import pytest

from ddbinsert.render.verdict.schema import schema
from tests.functional import foreign
from tests.functional.command import Ran, ran
from tests.functional.helpers import Calls, Refusing, check_envelope, fresh

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

    from tests.functional.helpers import Cloud


class Account(NamedTuple):
    """Tables with one, two and three consumers that others made; one of the three leaks."""

    lone: str
    only: str
    pair: str
    stack: str
    stacked: tuple[str, str]
    crowd: str
    leaking: str
    tagged: str
    other: str
    suite: str

    @property
    def functions(self) -> tuple[str, ...]:
        return (self.only, *self.stacked, self.leaking, self.tagged, self.other)


@pytest.fixture(scope="module")
def account(cloud: Cloud) -> Account:
    lone, pair, crowd = (cloud.table(view="NEW_AND_OLD_IMAGES") for _ in range(3))
    role = foreign.role(cloud)
    stacked, suite = (fresh("stacked"), fresh("stacked")), fresh("suite")
    return Account(
        lone=lone,
        only=foreign.consumer(cloud, lone, role, suite=suite),
        pair=pair,
        stack=foreign.stack(cloud, pair, role, *stacked, suite=suite),
        stacked=stacked,
        crowd=crowd,
        leaking=foreign.consumer(cloud, crowd, role, foreign.EVERYTHING, suite=suite),
        tagged=foreign.consumer(cloud, crowd, role, team="pay", suite=suite),
        other=foreign.consumer(cloud, crowd, role, team="stock", suite=suite),
        suite=suite,
    )


def test_the_one_consumer_of_a_stream_needs_no_name(
    account: Account, prove: Callable[..., Ran], variables: dict[str, str]
) -> None:
    calls = Calls()
    done = prove(account.lone, "--match", "-o", "json", connect=calls.connect)
    assert done.code == 0, done.out
    assert done.data["function"] == account.only
    assert f"using function {account.only}, which reads the stream of {account.lone}" in done.err
    assert set(calls.writes) <= {
        "PutItem",
        "UpdateItem",
        "DeleteItem",
        "TransactWriteItems",
        "BatchWriteItem",
    }
    shown = ran("status", account.lone, "-o", "json", variables=variables)
    assert shown.data["function"]["name"] == account.only
    assert shown.data["mapping"]["function_name"] == account.only


def test_the_log_and_the_deployed_function_are_those_of_the_one_consumer(
    account: Account, cloud: Cloud, variables: dict[str, str]
) -> None:
    key = fresh("key")
    cloud.put(account.lone, key)
    assert cloud.logged(account.only, key)
    assert key in ran("tail", account.lone, variables=variables).out
    invoked = ran("invoke", account.lone, "--deployed", "-o", "json", variables=variables)
    assert (invoked.code, invoked.data["function"]) == (0, account.only)
    failures = ran("failures", "list", account.lone, "-o", "json", variables=variables)
    assert failures.error_code == "no-destination"


@pytest.mark.parametrize("words", ["verify", "status", "tail", "invoke --deployed", "failures list", "gaps"])
def test_several_consumers_are_listed_and_none_is_guessed(
    account: Account, variables: dict[str, str], words: str
) -> None:
    calls = Calls()
    done = ran(*words.split(), account.crowd, "-o", "json", variables=variables, connect=calls.connect)
    assert done.code == 2
    assert done.error_code == "several-consumers"
    (error,) = done.json["errors"]
    for name in (account.leaking, account.tagged, account.other):
        assert f"{name} (Enabled)" in error["message"]
    assert "--function" in error["command"]
    assert ("--all" in error["hint"]) is (words == "verify")
    assert not calls.writes


def test_a_stack_or_a_tag_chooses(account: Account, variables: dict[str, str]) -> None:
    def chosen(*words: str) -> Any:
        return ran("status", *words, "-o", "json", variables=variables)

    assert chosen(account.crowd, "--tag", "team=pay").data["function"]["name"] == account.tagged
    several = chosen(account.crowd, "--tag", "team")
    assert several.error_code == "several-consumers"
    assert account.leaking not in several.json["errors"][0]["message"]
    nobody = chosen(account.crowd, "--tag", "team=none")
    assert (nobody.code, nobody.error_code) == (5, "no-consumer")
    assert chosen(account.pair, "--stack", account.stack).error_code == "several-consumers"
    missing = chosen(account.pair, "--stack", "no-such-stack")
    assert (missing.code, missing.error_code) == (5, "stack-not-found")
    twice = chosen(account.pair, "--stack", account.stack, "--function", account.stacked[0])
    assert (twice.code, twice.error_code) == (2, "options-contradict")


def test_a_named_function_is_never_replaced_by_another(account: Account, variables: dict[str, str]) -> None:
    missing = ran("verify", account.lone, "--function", "nobody", "-o", "json", variables=variables)
    assert (missing.code, missing.error_code) == (5, "function-not-found")


def test_the_function_of_the_tables_name_comes_first(
    cloud: Cloud, variables: dict[str, str], attached: Callable[..., str]
) -> None:
    table = attached()
    foreign.consumer(cloud, table, foreign.role(cloud))
    shown = ran("status", table, "-o", "json", variables=variables)
    assert shown.data["function"]["name"] == f"{table}-inserts"
    # Even where it lost its mapping: a proof of another function would be a proof of nothing asked for.
    cloud.lambda_.delete_event_source_mapping(UUID=cloud.mapping(f"{table}-inserts")["UUID"])
    shown = ran("status", table, "-o", "json", variables=variables)
    assert shown.data["function"]["name"] == f"{table}-inserts"


def test_an_identity_that_may_not_list_mappings_reads_the_log_as_before(
    account: Account, variables: dict[str, str]
) -> None:
    refusing = Refusing("ListEventSourceMappings")
    done = ran("tail", account.lone, "-o", "json", variables=variables, connect=refusing.connect)
    assert (done.code, done.error_code) == (5, "log-group-not-found")


def test_every_consumer_of_an_account_has_a_verdict_and_only_the_leaking_one_fails(
    account: Account, cloud: Cloud, prove: Callable[..., Ran], tmp_path: Path
) -> None:
    before = foreign.snapshot(cloud, *account.functions)
    words = ("--all", "--tag", f"suite={account.suite}", "--match", "--lanes", "single", "-o", "json")
    refused = prove(*words)
    assert (refused.code, refused.error_code) == (2, "confirmation-needed")
    assert account.pair in refused.json["errors"][0]["message"]
    files = ("--junit", "junit.xml", "--report", "report.html")
    done = prove(*words, *files, "--yes", cwd=tmp_path)
    verdicts = {one["function"]: one["verdict"]["verdict"] for one in done.data["verdicts"]}
    assert verdicts == dict.fromkeys(account.functions, "PASS") | {account.leaking: "FAIL"}, done.out
    assert done.code == 1
    check_envelope(done.json, command="verify", code=1)
    jsonschema.validate(done.json, schema())
    suites = re.findall(
        r'<testsuite name="ddbinsert verify \S+ (\S+)" tests="\d+" failures="(\d+)"',
        (tmp_path / "junit.xml").read_text(),
    )
    assert {name for name, failures in suites if int(failures)} == {account.leaking}
    assert {name for name, _ in suites} == set(account.functions)
    page = (tmp_path / "report.html").read_text()
    assert all(re.search(rf"<summary>[^\n]* {name}</summary>", page) for name in account.functions)
    assert foreign.snapshot(cloud, *account.functions) == before
    tables = (account.lone, account.pair, account.crowd)
    assert not any(item for table in tables for item in cloud.items(table) if "ddbinsert" in str(item))


def test_a_function_that_logs_nothing_is_offered_match_and_then_a_wiretap(
    cloud: Cloud, prove: Callable[..., Ran]
) -> None:
    table = cloud.table(view="NEW_IMAGE")
    foreign.consumer(cloud, table, foreign.role(cloud), source=foreign.SILENT)
    quick = ("--lanes", "single", "-o", "json")
    plain = ran_for(prove, table, *quick)
    assert "--match" in plain
    assert "--wiretap" in plain
    matched = ran_for(prove, table, "--match", *quick)
    assert "--wiretap" in matched


def ran_for(prove: Callable[..., Ran], *words: str) -> str:
    """What an inconclusive run advises."""
    done = prove(*words, timeout="1500ms")
    assert done.code == 6, done.out
    return " ".join(finding["mend"] or "" for finding in done.data["findings"])
