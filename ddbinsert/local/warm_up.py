"""Warm-up of the emulator, so that its first responses are as fast as later ones.

Only this module, ``last_lines``, ``links``, ``one_mapping`` and ``role_paths`` depend on MiniStack's internals, and nothing
else depends on them: if an internal name has changed, only the first responses are slower.
"""

from __future__ import annotations

import collections
import contextlib
import importlib
import logging
import threading
from typing import TYPE_CHECKING, Any

from ddbinsert.core.arn import resource_name
from ddbinsert.local.last_lines import wait_for_last_lines
from ddbinsert.local.links import unpack_links
from ddbinsert.local.one_mapping import refuse_second_mappings
from ddbinsert.local.role_paths import find_roles_with_paths

if TYPE_CHECKING:
    from collections.abc import Callable

#: MiniStack's name of a service, and the modules that implement it, in the order in which they are needed.
_SERVICES = (
    ("dynamodb", ("apigateway", "apigateway_v1", "dynamodb")),
    ("iam", ("iam",)),
    ("lambda", ("lambda_svc", "lambda_durable")),
    ("logs", ("cloudwatch_logs",)),
    ("sts", ("sts", "organizations")),
)
#: Seconds that a new function stays Pending: not zero, so that a caller that does not wait is detected.
_PENDING = 0.05

#: MiniStack's Python worker imports botocore before every handler, to count the depth of nested invocations, which takes
#: a quarter of a second and 20 MB. This does the same only when a handler imports botocore itself.
_EAGER = "    _ms_install_invoke_depth()\n"
_LATE = """\
    class _WithBotocore:
        def find_spec(self, name, path=None, target=None):
            if name == "botocore.session":
                sys.meta_path.remove(self)
                _ms_install_invoke_depth()
    sys.meta_path.insert(0, _WithBotocore())
"""

#: Maximum number of idle workers: each is a process of about 12 MB. MiniStack keeps one per function.
_KEPT = 16

_log = logging.getLogger(__name__)


def warm_up() -> None:
    """Start the warm-up in the background."""
    threading.Thread(target=_quietly(_warm_up), daemon=True, name="warm-up").start()


def _quietly(work: Callable[..., None]) -> Callable[..., None]:
    def tried(*arguments: Any) -> None:
        try:
            work(*arguments)
        except Exception as error:  # noqa: BLE001 - MiniStack's internals have changed: only slower
            _log.warning("Not warmed up: %r", error)

    return tried


def _warm_up() -> None:
    runtime: Any = importlib.import_module("ministack.core.lambda_runtime")
    _quietly(wait_for_last_lines)(runtime)
    _quietly(unpack_links)(runtime)
    lambda_svc: Any = importlib.import_module("ministack.services.lambda_svc")
    lambda_svc._LAMBDA_STATE_TRANSITION_DELAY = _PENDING  # noqa: SLF001 - there is no public setting
    _quietly(refuse_second_mappings)(lambda_svc)
    _quietly(find_roles_with_paths)(importlib.import_module("ministack.core.iam_evaluator"))
    _start_workers_with_mappings(lambda_svc)
    runtime._PYTHON_WORKER_SCRIPT = runtime._PYTHON_WORKER_SCRIPT.replace(_EAGER, _LATE)  # noqa: SLF001
    responses: Any = importlib.import_module("ministack.core.responses")
    responses._service_model = _one_at_a_time(responses._service_model)  # noqa: SLF001
    for service, modules in _SERVICES:
        for module in modules:
            importlib.import_module(f"ministack.services.{module}")
        # Reads the service's whole botocore model once, only to correct a header.
        responses.expected_success_content_type(service, "application/json")


def _one_at_a_time(read: Callable[[str], Any]) -> Callable[[str], Any]:
    """Let requests for a service whose model is being read wait for it instead of reading it a second time."""
    locks: dict[str, threading.Lock] = collections.defaultdict(threading.Lock)

    def read_once(service: str) -> Any:
        with locks[service]:
            return read(service)

    return read_once


def _start_workers_with_mappings(lambda_svc: Any) -> None:
    """Start a function's worker when a mapping to it is created, not when the first record arrives."""
    create: Callable[[dict[str, Any]], tuple[int, Any, Any]] = lambda_svc._create_esm  # noqa: SLF001

    def create_and_start(data: dict[str, Any]) -> tuple[int, Any, Any]:
        answer = create(data)
        with contextlib.suppress(Exception):
            _begin_worker(lambda_svc, str(data["FunctionName"]))
        return answer

    lambda_svc._create_esm = create_and_start  # noqa: SLF001


def _begin_worker(lambda_svc: Any, function_name: str) -> None:
    """Start a worker in a thread; the function is read in the request's thread, where account and region are known."""
    name = resource_name(function_name).partition(":")[0]
    function = lambda_svc._functions.get(name)  # noqa: SLF001
    config = function["config"]
    if function.get("code_zip") and str(config.get("Runtime", "")).startswith(("python", "nodejs")):
        threading.Thread(
            target=_quietly(_spawn),
            args=(name, config, function["code_zip"]),
            daemon=True,
            name="warm-worker",
        ).start()


def _spawn(name: str, config: dict[str, Any], code: bytes) -> None:
    runtime: Any = importlib.import_module("ministack.core.lambda_runtime")
    # Not leased: an invocation that arrives meanwhile waits for this worker instead of starting a second one.
    worker = runtime.get_or_create_worker(name, config, code)
    runtime.ensure_spawned(worker)
    pooled = [one for pool in list(runtime._workers.values()) for one in pool]  # noqa: SLF001
    if worker not in pooled:  # The function was changed or deleted in the meantime.
        worker.kill()
    _retire(runtime)


def _retire(runtime: Any) -> None:
    """End the least recently used idle workers; a record for their function starts a new one."""
    with runtime._lock:  # noqa: SLF001
        idle = [
            (worker.last_used, key, worker)
            for key, pool in runtime._workers.items()  # noqa: SLF001
            for worker in pool
            if not worker.in_use
        ]
        surplus = sorted(idle, key=lambda one: one[0], reverse=True)[_KEPT:]
        for _, key, worker in surplus:
            runtime._workers[key].remove(worker)  # noqa: SLF001
    runtime.kill_workers([worker for _, _, worker in surplus])
