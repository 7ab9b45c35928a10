"""Handlers in a process of their own: answers, errors, logs, and ends, as Lambda has them."""

from __future__ import annotations

import shutil
from typing import TYPE_CHECKING, Any

import pytest

from ddbinsert.errors import PrerequisiteError, UsageError
from ddbinsert.handlers import package_code
from ddbinsert.handlers.worker import Worker
from tests.functional.command import until

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator
    from pathlib import Path

HERE = {"PATH": "/usr/local/bin:/usr/bin:/bin"}
needs_node = pytest.mark.skipif(not shutil.which("node", path=HERE["PATH"]), reason="node is not here")

PYTHON = "import os, sys, time\nstate = []\ndef handler(event, context):\n    "
NODE = "export const handler = "


@pytest.fixture
def start(tmp_path: Path) -> Iterator[Callable[..., Worker]]:
    running: list[Worker] = []

    def begin(code: str, *, node: bool = False, **environment: str) -> Worker:
        runtime, file = ("nodejs22.x", "index.mjs") if node else ("python3.13", "handler.py")
        folder = tmp_path / f"code-{len(running)}"
        folder.mkdir()
        (folder / file).write_text((NODE if node else PYTHON) + code)
        package = package_code(folder, runtime=runtime, handler=None, architecture="x86_64")
        running.append(Worker(package, runtime=runtime, name="f", environment=environment, surroundings=HERE))
        return running[-1]

    yield begin
    for worker in running:
        worker.end()


def call(worker: Worker, event: Any = None, *, seconds: float = 30) -> Any:
    return worker.invoke(event, request_id="r-1", seconds=seconds)


def test_what_is_printed_is_the_log_of_that_invocation(start: Callable[..., Worker]) -> None:
    worker = start("print('first', event); sys.stderr.write('err\\n'); return {'n': event}")
    assert [call(worker, 1), call(worker, 2)] == [
        type(call(start("return 0")))(answer={"n": n}, error=None, log=f"first {n}\nerr\n") for n in (1, 2)
    ]


@needs_node
def test_node_answers_by_promise_callback_or_value(start: Callable[..., Worker]) -> None:
    for code in (
        "async (event) => ({ n: event });",
        "(event, context, done) => { setTimeout(() => done(null, { n: event }), 1); };",
        "(event) => ({ n: event });",
    ):
        assert call(start(code, node=True), 5).answer == {"n": 5}


def test_an_exception_is_told_with_its_place(start: Callable[..., Worker]) -> None:
    worker = start("raise ValueError('broken ' + str(event))")
    outcome = call(worker, 7)
    assert outcome.error["errorType"] == "ValueError"
    assert outcome.error["errorMessage"] == "broken 7"
    assert "handler.py" in outcome.error["stackTrace"][0]
    assert call(worker, 8).error["errorMessage"] == "broken 8"


@needs_node
def test_a_rejected_promise_is_told(start: Callable[..., Worker]) -> None:
    outcome = call(start("async () => { throw new RangeError('too far'); };", node=True))
    assert (outcome.error["errorType"], outcome.error["errorMessage"]) == ("RangeError", "too far")


def test_a_module_that_cannot_be_loaded_is_told(start: Callable[..., Worker]) -> None:
    outcome = call(start("return 0\nimport no_such_module"))
    assert outcome.error["errorType"] == "Runtime.ImportModuleError"


def test_an_answer_that_is_no_json_is_an_error(start: Callable[..., Worker]) -> None:
    assert call(start("return {1, 2}")).error["errorType"] == "Runtime.MarshalError"


@pytest.mark.parametrize("code", ["sys.exit(3)", "raise KeyboardInterrupt"])
def test_a_handler_that_exits_is_answered(start: Callable[..., Worker], code: str) -> None:
    worker = start(code)
    assert call(worker).error is not None
    assert call(worker).error is not None


def test_a_process_that_dies_is_told_and_started_anew(start: Callable[..., Worker]) -> None:
    worker = start("print('alive', len(state)); state.append(1); return os._exit(1) if event else len(state)")
    assert call(worker, 0).answer == 1
    assert call(worker, 0).answer == 2
    dead = call(worker, 1)
    assert dead.error["errorType"] == "Runtime.ExitError"
    assert dead.log == "alive 2\n"
    assert call(worker, 0).answer == 1


def test_a_call_that_takes_too_long_is_ended_with_all_that_it_began(start: Callable[..., Worker]) -> None:
    code = "import subprocess; print(subprocess.Popen(['sleep', '600']).pid, flush=True); time.sleep(600)"
    outcome = call(start(code), seconds=2)
    assert outcome.error["errorType"] == "Sandbox.Timedout"
    pid = int(outcome.log)
    assert until(lambda: not _is_running(pid))  # the system ends it when it comes to that


def _is_running(pid: int) -> bool:
    from pathlib import Path

    try:
        return "Z" not in Path(f"/proc/{pid}/stat").read_text().split(")")[-1].split()[0]
    except (FileNotFoundError, ProcessLookupError):
        return False


def test_the_context_is_lambdas(start: Callable[..., Worker]) -> None:
    worker = start(
        "return [context.aws_request_id, context.function_name, context.log_group_name,"
        " 0 < context.get_remaining_time_in_millis() <= 30000, os.environ['AWS_LAMBDA_FUNCTION_NAME']]"
    )
    assert call(worker).answer == ["r-1", "f", "/aws/lambda/f", True, "f"]


@needs_node
def test_nodes_context_is_lambdas(start: Callable[..., Worker]) -> None:
    code = "async (e, c) => [c.awsRequestId, c.functionName, c.memoryLimitInMB, c.getRemainingTimeInMillis() > 0];"
    assert call(start(code, node=True)).answer == ["r-1", "f", "128", True]


def test_a_handler_that_reads_its_input_takes_no_invocation(start: Callable[..., Worker]) -> None:
    worker = start("return [sys.stdin.read(), event]")
    assert [call(worker, n).answer for n in (1, 2)] == [["", 1], ["", 2]]


def test_only_the_functions_variables_are_there(
    start: Callable[..., Worker], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("OF_THIS_PROCESS", "secret")
    worker = start("return [os.environ.get('OF_THIS_PROCESS'), os.environ['MINE']]", MINE="é")
    assert call(worker).answer == [None, "é"]


def test_a_large_event_and_a_large_answer_pass(start: Callable[..., Worker]) -> None:
    event = "x" * 3_000_000
    assert call(start("return event + event"), event).answer == event * 2


@pytest.mark.parametrize("runtime", ["java21", "provided.al2023", "ruby3.3", "dotnet8"])
def test_other_runtimes_are_refused(tmp_path: Path, runtime: str) -> None:
    (tmp_path / "bootstrap").write_bytes(b"")
    package = package_code(
        tmp_path / "bootstrap", runtime="provided.al2023", handler=None, architecture="arm64"
    )
    with pytest.raises(UsageError, match="cannot be run on this machine"):
        Worker(package, runtime=runtime, name="f", environment={}, surroundings=HERE)


def test_node_that_is_not_there_is_a_missing_prerequisite(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / "index.mjs").write_text(NODE + "1;")
    package = package_code(tmp_path, runtime="nodejs22.x", handler=None, architecture="arm64")
    monkeypatch.setenv("PATH", str(tmp_path))
    with pytest.raises(PrerequisiteError):
        Worker(package, runtime="nodejs22.x", name="f", environment={}, surroundings=HERE)


def run_code(tmp_path: Path, name: str, text: str, runtime: str, handler: str) -> Any:
    (tmp_path / name).write_text(text)
    package = package_code(tmp_path, runtime=runtime, handler=handler, architecture="x86_64")
    with Worker(package, runtime=runtime, name="f", environment={}, surroundings=HERE) as worker:
        return worker.invoke({}, request_id="r", seconds=20)


@pytest.mark.parametrize(
    ("body", "answer", "kind"),
    [
        (
            "from decimal import Decimal\ndef handler(e, c):\n    return {'n': Decimal('1.5')}",
            {"n": 1.5},
            None,
        ),
        ("def handler(e, c):\n    return {1, 2}", None, "Runtime.MarshalError"),
        (
            "import datetime\ndef handler(e, c):\n    return datetime.datetime.now()",
            None,
            "Runtime.MarshalError",
        ),
        ("async def handler(e, c):\n    return 1", None, "Runtime.MarshalError"),
        ("import no_such_module\ndef handler(e, c):\n    return 1", None, "Runtime.ImportModuleError"),
        ("def handler(e, c) return 1\n", None, "Runtime.UserCodeSyntaxError"),
    ],
)
def test_python_answers_and_errors_are_those_of_lambdas_runtime(
    tmp_path: Path, body: str, answer: Any, kind: str | None
) -> None:
    if kind == "Runtime.UserCodeSyntaxError":
        body = "globals()\n" + body  # else it is refused before it runs
        with pytest.raises(UsageError):
            run_code(tmp_path, "app.py", body, "python3.13", "app.handler")
        return
    outcome = run_code(tmp_path, "app.py", body, "python3.13", "app.handler")
    assert outcome.answer == answer
    assert (outcome.error or {}).get("errorType") == kind


def test_a_function_that_the_python_file_does_not_define_is_refused(tmp_path: Path) -> None:
    with pytest.raises(UsageError) as caught:
        run_code(tmp_path, "app.py", "def handle(e, c):\n    return 1\n", "python3.13", "app.handler")
    assert caught.value.code == "handler-not-found"
    text = (
        "try:\n    from fast import handler\nexcept ImportError:\n    def handler(e, c):\n        return 7\n"
    )
    assert run_code(tmp_path, "app.py", text, "python3.13", "app.handler").answer == 7


CALLBACKS = [
    "exports.handler = (event, context) => { context.succeed(1); };",
    "exports.handler = (event, context) => { context.done(null, 1); };",
    "exports.handler = (event, context, callback) => { callback(null, 1); };",
]


@pytest.mark.skipif(not shutil.which("node"), reason="node is not here")
@pytest.mark.parametrize("text", CALLBACKS)
def test_callbacks_work_up_to_node_22_and_no_longer(tmp_path: Path, text: str) -> None:
    assert run_code(tmp_path, "index.cjs", text, "nodejs22.x", "index.handler").answer == 1
    outcome = run_code(tmp_path, "index.cjs", text, "nodejs24.x", "index.handler")
    expected = "Runtime.CallbackHandlerDeprecated" if "callback" in text else "TypeError"
    assert (outcome.error or {}).get("errorType") == expected


@pytest.mark.skipif(not shutil.which("node"), reason="node is not here")
def test_an_es_module_needs_its_name_or_its_type_as_on_lambda(tmp_path: Path) -> None:
    text = "export const handler = async () => 1;"
    outcome = run_code(tmp_path, "index.js", text, "nodejs22.x", "index.handler")
    assert (outcome.error or {}).get("errorType") == "SyntaxError"
    (tmp_path / "package.json").write_text('{"type": "module"}')
    assert run_code(tmp_path, "index.js", text, "nodejs22.x", "index.handler").answer == 1
