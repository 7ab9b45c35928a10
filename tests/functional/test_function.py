"""function scaffold, function sample-event and invoke, as a user and a script see them."""

from __future__ import annotations

import io
import json
import shutil
from typing import TYPE_CHECKING

import pytest

from tests.functional.command import Ran, ran, until
from tests.functional.helpers import check_envelope, fresh

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

    from tests.functional.helpers import Cloud

RUNTIMES = [
    "python3.13",
    pytest.param("nodejs22.x", marks=pytest.mark.skipif(not shutil.which("node"), reason="node is not here")),
]
TEMPLATES = ["print", "audit-log", "analytics", "notify"]


@pytest.fixture
def run(variables: dict[str, str], tmp_path: Path) -> Callable[..., Ran]:
    return lambda *arguments, **outside: ran(*arguments, variables=variables, cwd=tmp_path, **outside)


# --- scaffold -------------------------------------------------------------------------------------------


@pytest.mark.parametrize("runtime", RUNTIMES)
@pytest.mark.parametrize("template", TEMPLATES)
def test_a_scaffold_is_own_code_that_runs_as_it_stands(
    run: Callable[..., Ran], tmp_path: Path, template: str, runtime: str
) -> None:
    made = run("function", "scaffold", template, "mine", "--runtime", runtime, "-o", "json")
    check_envelope(made.json, command="function scaffold", code=0)
    assert sorted(path.name for path in (tmp_path / "mine").iterdir()) == made.data["files"]
    queue = "arn:aws:sqs:us-east-1:000000000000:q"
    feed = "arn:aws:firehose:us-east-1:000000000000:deliverystream/f"
    sink = {"print": [], "audit-log": [], "analytics": ["--env", f"SINK_ARN={feed}"]}.get(
        template, ["--env", f"SINK_ARN={queue}"]
    )
    arguments = (
        "invoke",
        "orders",
        "--code",
        "mine",
        "--runtime",
        runtime,
        "--key",
        "pk:S",
        *sink,
        "-o",
        "json",
    )
    tried = run(*arguments)
    (invocation,) = tried.data["invocations"]
    # The sinks of the last two do not exist: nothing is sent, and that is an error.
    failing = template in ("analytics", "notify")
    assert (invocation["error"] or {}).get("errorType") == ("BatchFailed" if failing else None)
    assert invocation["receipts"] == (
        {"processed": 1} if template in ("print", "audit-log") else {"failed": 1}
    )


def test_nothing_is_overwritten(run: Callable[..., Ran], tmp_path: Path) -> None:
    (tmp_path / "mine").mkdir()
    (tmp_path / "mine" / "handler.py").write_text("precious")
    refused = run("function", "scaffold", "print", "mine", "-o", "json")
    assert (refused.code, refused.error_code) == (1, "not-empty")
    assert (tmp_path / "mine" / "handler.py").read_text() == "precious"
    assert len(list((tmp_path / "mine").iterdir())) == 1


def test_a_template_that_does_not_exist_is_refused(run: Callable[..., Ran]) -> None:
    refused = run("function", "scaffold", "audit", "mine")
    assert refused.code == 2
    assert "audit-log" in refused.err


def test_a_runtime_without_templates_is_refused(run: Callable[..., Ran], tmp_path: Path) -> None:
    refused = run("function", "scaffold", "print", "mine", "--runtime", "java21", "-o", "json")
    assert refused.error_code == "no-template-for-runtime"
    assert not (tmp_path / "mine").exists()


def test_a_place_that_cannot_be_written_is_refused(run: Callable[..., Ran], tmp_path: Path) -> None:
    (tmp_path / "file").write_text("")
    assert run("function", "scaffold", "print", "file/mine", "-o", "json").error_code == "folder-not-writable"


# --- sample-event ---------------------------------------------------------------------------------------


def test_a_sample_event_fits_the_tables_key_stream_and_view(run: Callable[..., Ran], cloud: Cloud) -> None:
    table = cloud.table("id:N,at:B", view="KEYS_ONLY")
    printed = run("function", "sample-event", table, "--count", "2", "--mixed")
    assert printed.code == 0
    records = json.loads(printed.out)["Records"]
    assert [one["eventName"] for one in records] == ["INSERT", "MODIFY", "REMOVE"] * 2
    assert {one["eventSourceARN"] for one in records} == {cloud.stream(table)}
    assert all(set(one["dynamodb"]["Keys"]) == {"id", "at"} for one in records)
    assert not [one for one in records if {"NewImage", "OldImage"} & set(one["dynamodb"])]


def test_a_sample_event_needs_no_connection_where_the_key_is_given(tmp_path: Path) -> None:
    printed = ran("function", "sample-event", "orders", "--key", "pk:S", variables={}, cwd=tmp_path)
    assert printed.code == 0
    assert json.loads(printed.out)["Records"][0]["dynamodb"]["NewImage"]


def test_a_missing_table_is_a_missing_prerequisite(run: Callable[..., Ran]) -> None:
    refused = run("function", "sample-event", fresh(), "-o", "json")
    assert (refused.code, refused.error_code) == (5, "table-not-found")


@pytest.mark.parametrize(
    "arguments",
    [
        ("--count", "0"),
        ("--count", "10001"),
        ("--key", "pk"),
        ("--view-type", "NEW"),
        ("--item", "nothing.json"),
    ],
)
def test_what_makes_no_event_is_refused(run: Callable[..., Ran], arguments: tuple[str, ...]) -> None:
    given = arguments if "--key" in arguments else (*arguments, "--key", "pk:S")
    assert run("function", "sample-event", "orders", *given).code == 2


def test_items_of_ones_own_are_in_the_event(run: Callable[..., Ran], tmp_path: Path) -> None:
    (tmp_path / "items.json").write_text('{"pk": "a", "total": 9.90}\n{"pk": "b"}')
    printed = run("function", "sample-event", "orders", "--key", "pk:S", "--item", "items.json")
    images = [one["dynamodb"]["NewImage"] for one in json.loads(printed.out)["Records"]]
    assert [image["pk"] for image in images] == [{"S": "a"}, {"S": "b"}]
    assert images[0]["total"] in ({"N": "9.90"}, {"N": "9.9"})


# --- invoke ---------------------------------------------------------------------------------------------


def test_invoke_and_function_invoke_are_the_same(run: Callable[..., Ran]) -> None:
    for words in (("invoke",), ("function", "invoke")):
        tried = run(*words, "orders", "--key", "pk:S", "--mixed")
        assert tried.code == 0
        assert "2 guarded, 1 processed" in tried.out


def test_own_code_runs_on_an_event_from_a_pipe(run: Callable[..., Ran], tmp_path: Path) -> None:
    (tmp_path / "app.py").write_text(
        "def handler(e, c):\n    print('seen', len(e['Records']))\n    return 'ok'"
    )
    event = run("function", "sample-event", "orders", "--key", "pk:S", "--count", "3").out
    tried = run("invoke", "orders", "--code", "app.py", "--event", "-", stdin=io.StringIO(event))
    assert tried.code == 0
    assert "seen 3" in tried.out
    assert 'answered "ok"' in tried.out


def test_a_failing_handler_is_a_no_with_its_stack(run: Callable[..., Ran], tmp_path: Path) -> None:
    (tmp_path / "app.py").write_text("def handler(e, c):\n    raise OSError('\\x1b[31mdisk')")
    tried = run("invoke", "orders", "--code", "app.py", "--key", "pk:S")
    assert tried.code == 1
    assert "OSError" in tried.out
    assert "app.py" in tried.out
    assert "\x1b" not in tried.out


def test_given_twice_a_record_is_done_once(run: Callable[..., Ran]) -> None:
    tried = run("invoke", "orders", "--key", "pk:S", "--times", "2", "-o", "json")
    logs = [one["log"][0] for one in tried.data["invocations"]]
    assert ["again" in log for log in logs] == [False, True]


@pytest.mark.parametrize(
    ("text", "count"),
    [
        ('[{"eventName": "INSERT", "dynamodb": {"Keys": {}}}]', 1),
        ('{"eventName": "INSERT", "dynamodb": {}}', 1),
        ('{"Records": []}', 0),
        ('{"data": {"Records": [{}, {}]}}', 2),
    ],
)
def test_an_event_comes_in_several_forms(
    run: Callable[..., Ran], tmp_path: Path, text: str, count: int
) -> None:
    (tmp_path / "event.json").write_text(text)
    assert run("invoke", "orders", "--event", "event.json", "-o", "json").data["records"] == count


@pytest.mark.parametrize("text", ["", "7", "{}", '{"Records": 1}', "[" * 100_000, "\ufeff{"])
def test_what_holds_no_records_is_refused(run: Callable[..., Ran], tmp_path: Path, text: str) -> None:
    (tmp_path / "event.json").write_text(text)
    refused = run("invoke", "orders", "--event", "event.json", "-o", "json")
    assert (refused.code, refused.error_code) == (2, "event-not-readable")


def test_captured_records_are_the_newest_inserts(run: Callable[..., Ran], cloud: Cloud) -> None:
    table = cloud.table(view="NEW_IMAGE")
    for number in range(5):
        cloud.put(table, f"k{number}", v="1")
        cloud.put(table, f"k{number}", v="2")
    tried = run("invoke", table, "--captured", "2", "-o", "json")
    assert tried.code == 0
    log = "\n".join(tried.data["invocations"][0]["log"])
    assert '"k3"' in log
    assert '"k4"' in log
    assert '"k2"' not in log


def test_a_stream_without_inserts_has_nothing_to_capture(run: Callable[..., Ran], cloud: Cloud) -> None:
    assert (
        run("invoke", cloud.table(view="NEW_IMAGE"), "--captured", "1", "-o", "json").error_code
        == "no-records"
    )
    assert run("invoke", cloud.table(), "--captured", "1", "-o", "json").error_code == "no-stream"


def test_the_deployed_function_is_invoked_and_its_log_shown(run: Callable[..., Ran], cloud: Cloud) -> None:
    table = cloud.table(view="NEW_IMAGE")
    assert run("create-function", table).code == 0
    assert until(lambda: cloud.configuration(f"{table}-inserts").get("State", "Active") == "Active")
    tried = run("invoke", table, "--deployed", "--count", "2", "-o", "json")
    assert tried.code == 0, tried
    assert tried.data["where"] == "deployed"
    assert tried.data["invocations"][0]["answer"] == {"batchItemFailures": []}
    assert tried.data["invocations"][0]["receipts"] == {"processed": 2}


def test_a_deployed_function_that_raises_is_a_no(
    run: Callable[..., Ran], cloud: Cloud, tmp_path: Path
) -> None:
    table = cloud.table(view="NEW_IMAGE")
    (tmp_path / "app.py").write_text("def handler(e, c):\n    raise ValueError('no')")
    assert run("create-function", table, "--code", "app.py").code == 0
    assert until(lambda: cloud.configuration(f"{table}-inserts").get("State", "Active") == "Active")
    tried = run("invoke", table, "--deployed")
    assert tried.code == 1
    assert "ValueError" in tried.out


def test_a_function_that_is_not_deployed_is_a_missing_prerequisite(
    run: Callable[..., Ran], cloud: Cloud
) -> None:
    refused = run("invoke", cloud.table(), "--deployed", "-o", "json")
    assert (refused.code, refused.error_code) == (5, "function-not-found")


def test_what_a_handler_sends_from_here_arrives(run: Callable[..., Ran], cloud: Cloud) -> None:
    table, audit = cloud.table(view="NEW_IMAGE"), cloud.table("eventID:S")
    cloud.put(table, "a", who="ann")
    arn = cloud.described(audit)["TableArn"]
    settings = ("--template", "audit-log", "--env", f"SINK_ARN={arn}", "--env", "USER_ATTRIBUTE=who")
    assert run("invoke", table, "--captured", "1", *settings).code == 0
    (entry,) = cloud.items(audit)
    assert entry["user"] == {"S": "ann"}


def test_a_template_without_its_variable_says_which(run: Callable[..., Ran]) -> None:
    refused = run("invoke", "orders", "--key", "pk:S", "--template", "notify", "-o", "json")
    assert (refused.code, refused.error_code) == (2, "variable-missing")
    assert "SINK_ARN" in refused.json["errors"][0]["message"]


def test_contradicting_sources_are_refused(run: Callable[..., Ran]) -> None:
    assert run("invoke", "orders", "--event", "-", "--captured", "1").code == 2
    assert run("invoke", "orders", "--times", "0", "--key", "pk:S").code == 2
    assert run("invoke").code == 2
