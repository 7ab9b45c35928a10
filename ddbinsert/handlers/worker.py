"""Runs a function's code in a separate process on this machine, as Lambda would.

The interpreter is this machine's (ddbinsert's own Python, the ``node`` on the PATH), which may differ from the
runtime's version; Lambda's memory limit, layers and file system are not imitated.
"""

from __future__ import annotations

import contextlib
import functools
import io
import json
import os
import select
import shutil
import signal
import subprocess
import sys
import tempfile
import zipfile
from pathlib import Path
from typing import TYPE_CHECKING, Any, BinaryIO, Self

from ddbinsert.core.logs.invocation import Invocation
from ddbinsert.errors import PrerequisiteError, UsageError
from ddbinsert.handlers.entry import family_of

if TYPE_CHECKING:
    from collections.abc import Mapping
    from types import TracebackType

    from ddbinsert.core.model.package import Package

_DRIVERS = Path(__file__).parent / "drivers"
_KEPT = ("PATH", "HOME", "LANG", "LC_ALL", "TZ", "TMPDIR", "LD_LIBRARY_PATH")


class Worker:
    """One execution environment: started at the first call, kept for further calls, and ended with the ``with`` block.

    Args:
        environment: The function's environment variables.
        surroundings: The caller's environment variables, of which the search path and similar, and all AWS variables are
            passed on.
    """

    def __init__(
        self,
        package: Package,
        *,
        runtime: str,
        name: str,
        environment: Mapping[str, str],
        surroundings: Mapping[str, str],
    ) -> None:
        self._package = package
        self._command = [*_interpreter(runtime), package.handler]
        self._name = name
        self._variables = _variables(name, environment, surroundings)
        self._process: subprocess.Popen[bytes] | None = None
        self._folder: tempfile.TemporaryDirectory[str] | None = None
        self._answers = -1
        self._log: BinaryIO | None = None

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.end()

    def invoke(self, event: Any, *, request_id: str, seconds: float) -> Invocation:
        """Call the handler once.

        Args:
            seconds: The function's timeout; a call that takes longer is ended, as by Lambda.
        """
        process = self._started()
        context = {
            "aws_request_id": request_id,
            "function_name": self._name,
            "function_version": "$LATEST",
            "invoked_function_arn": f"arn:aws:lambda:us-east-1:000000000000:function:{self._name}",
            "memory_limit_in_mb": 128,
            "log_group_name": f"/aws/lambda/{self._name}",
            "log_stream_name": "local",
            "seconds": seconds,
        }
        line = json.dumps({"event": event, "context": context}) + "\n"
        assert process.stdin is not None  # noqa: S101 - stdin is a pipe
        try:
            process.stdin.write(line.encode())
            process.stdin.flush()
        except BrokenPipeError:
            return self._ended("Runtime.ExitError", "the runtime ended before it took the event")
        return self._answered(seconds)

    def end(self) -> None:
        """End the process and remove its folder."""
        if self._process is not None:
            _kill(self._process)
            if self._process.stdin is not None:
                self._process.stdin.close()
            os.close(self._answers)
            self._process = None
        if self._log is not None:
            self._log.close()
            self._log = None
        if self._folder is not None:
            self._folder.cleanup()
            self._folder = None

    def _started(self) -> subprocess.Popen[bytes]:
        if self._process is not None:
            return self._process
        self._folder = tempfile.TemporaryDirectory(prefix="ddbinsert-function-")
        code = Path(self._folder.name) / "code"
        with zipfile.ZipFile(io.BytesIO(self._package.zip_bytes)) as opened:
            opened.extractall(code)
        output = Path(self._folder.name) / "log"
        self._answers, theirs = os.pipe()
        try:
            with output.open("ab") as log:
                self._process = subprocess.Popen(  # noqa: S603 - running the user's code is the purpose
                    [*self._command, str(theirs)],
                    cwd=code,
                    env=self._variables,
                    stdin=subprocess.PIPE,
                    stdout=log,
                    stderr=log,
                    pass_fds=(theirs,),
                    start_new_session=True,
                )
            self._log = output.open("rb")
        finally:
            os.close(theirs)
        return self._process

    def _answered(self, seconds: float) -> Invocation:
        received = bytearray()
        while not received.endswith(b"\n"):
            readable, _, _ = select.select([self._answers], [], [], seconds)
            if not readable:
                return self._ended("Sandbox.Timedout", f"Task timed out after {seconds:.2f} seconds")
            piece = os.read(self._answers, 1 << 16)
            if not piece:
                return self._ended("Runtime.ExitError", "the handler ended its own process")
            received += piece
        told = json.loads(received)
        return Invocation(answer=told.get("answer"), error=told.get("error"), log=self._printed())

    def _ended(self, kind: str, message: str) -> Invocation:
        if self._process is not None:
            _kill(self._process)
        log = self._printed()
        self.end()
        return Invocation(
            answer=None, error={"errorType": kind, "errorMessage": message, "stackTrace": []}, log=log
        )

    def _printed(self) -> str:
        """The output since the last read: handlers print before they respond, so it is complete."""
        return self._log.read().decode("utf-8", "replace") if self._log is not None else ""


def _kill(process: subprocess.Popen[bytes]) -> None:
    """End the process and its child processes."""
    with contextlib.suppress(ProcessLookupError):
        os.killpg(process.pid, signal.SIGKILL)
    process.wait()


def can_run(runtime: str) -> bool:
    """Whether the runtime's language can run on this machine."""
    return family_of(runtime) in ("python", "nodejs")


def _interpreter(runtime: str) -> list[str]:
    match family_of(runtime):
        case "python":
            return [sys.executable, "-u", str(_DRIVERS / "python" / "driver.py")]
        case "nodejs":
            node = shutil.which("node")
            if node is None:
                raise PrerequisiteError(
                    f"Running {runtime} on this machine requires `node` on the PATH.",
                    hint="Install Node.js, or invoke the deployed function: --deployed.",
                    code="no-node",
                )
            return [node, *_node_options(node, runtime), str(_DRIVERS / "node" / "driver.mjs"), runtime]
        case family:
            raise UsageError(
                f"{family} code cannot be run on this machine; only Python and Node.js code can.",
                hint="Invoke the deployed function: --deployed.",
                code="runtime-not-local",
            )


def _node_options(node: str, runtime: str) -> tuple[str, ...]:
    """Options as in Lambda, whose Node.js 20 and 22 neither detect ES modules by syntax nor ``require`` them."""
    if runtime not in ("nodejs20.x", "nodejs22.x"):
        return ()
    return _known_options(node, ("--no-experimental-detect-module", "--no-experimental-require-module"))


@functools.cache
def _known_options(node: str, options: tuple[str, ...]) -> tuple[str, ...]:
    """The options that this Node.js supports."""
    script = "console.log([...process.allowedNodeEnvironmentFlags].join())"
    listed = subprocess.run([node, "-e", script], capture_output=True, text=True, check=False)  # noqa: S603 - fixed script
    known = listed.stdout.strip().split(",")
    return tuple(option for option in options if option in known)


def _variables(name: str, environment: Mapping[str, str], surroundings: Mapping[str, str]) -> dict[str, str]:
    kept = {key: surroundings[key] for key in _KEPT if key in surroundings}
    aws = {key: value for key, value in surroundings.items() if key.startswith("AWS_")}
    return {
        **kept,
        **aws,
        "PYTHONUTF8": "1",
        "PYTHONDONTWRITEBYTECODE": "1",
        "AWS_LAMBDA_FUNCTION_NAME": name,
        "AWS_LAMBDA_FUNCTION_VERSION": "$LATEST",
        "AWS_LAMBDA_FUNCTION_MEMORY_SIZE": "128",
        "AWS_LAMBDA_LOG_GROUP_NAME": f"/aws/lambda/{name}",
        "AWS_LAMBDA_LOG_STREAM_NAME": "local",
        **environment,
    }
