"""Every line of an invocation in that invocation's log, however busy the machine is.

MiniStack takes a handler's lines for complete once none has come for 5 ms. On a busy machine the rest shows with
the function's next invocation, or never: a receipt that is missing for no fault of the trigger's. So the workers
say when they have written their last line, and MiniStack is made to wait for that.

As in ``warm``, nothing depends on it: where a name is no longer what it was, MiniStack does as it always did.
"""

from __future__ import annotations

import queue
import time
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Callable

#: Ends the lines of an invocation, and those of a worker's start; no handler writes it by chance.
END = "\x1e\x04end of lines\x04\x1e"
#: Seconds to wait for it in vain: a handler may have closed its standard error.
_LONGEST = 2.0
_LOOK = 0.02

_PYTHON = "    _real_stdout = sys.stdout\n"
_PYTHON_MARKED = f"""\
    class _Marked:
        def __init__(self, out):
            self.write_line, self.flush = out.write, out.flush
        def write(self, text):
            try:
                sys.stderr.flush()
                sys.__stderr__.write({END!r} + "\\n")
                sys.__stderr__.flush()
            except Exception:
                pass
            self.write_line(text)
    _real_stdout = _Marked(sys.stdout)
"""
_NODE = "const _realStdoutWrite = process.stdout.write.bind(process.stdout);\n"
_NODE_MARKED = """\
const _plainStdoutWrite = process.stdout.write.bind(process.stdout);
const _lastLine = "\\x1e\\x04end of lines\\x04\\x1e\\n";
const _plainStderrWrite = process.stderr.write.bind(process.stderr);
const _realStdoutWrite = (text) => { _plainStderrWrite(_lastLine); return _plainStdoutWrite(text); };
"""


def wait_for_last_lines(runtime: Any) -> None:
    """Change MiniStack's Lambda runtime; workers that run already stay as they are.

    Raises:
        LookupError: MiniStack's workers are not as they were.
    """
    python, node = runtime._PYTHON_WORKER_SCRIPT, runtime._NODEJS_WORKER_SCRIPT  # noqa: SLF001
    if python.count(_PYTHON) != 1 or node.count(_NODE) != 1:
        raise LookupError("the workers' scripts are not as they were")
    worker = runtime.Worker
    worker._spawn = _spawning(worker._spawn)  # noqa: SLF001
    worker._drain_stderr_bounded = _draining(worker, worker._drain_stderr_bounded)  # noqa: SLF001
    worker._drain_stderr = _ended(worker, worker._drain_stderr)  # noqa: SLF001
    runtime._PYTHON_WORKER_SCRIPT = python.replace(_PYTHON, _PYTHON_MARKED)  # noqa: SLF001
    runtime._NODEJS_WORKER_SCRIPT = node.replace(_NODE, _NODE_MARKED)  # noqa: SLF001


def _spawning(spawn: Callable[[Any], None]) -> Callable[[Any], None]:
    def spawned(self: Any) -> None:
        spawn(self)
        self.ends_due = 2  # the start's and the first invocation's

    return spawned


def _draining(kind: Any, drain: Callable[..., str]) -> Callable[..., str]:
    def drained(self: Any, *arguments: Any, **named: Any) -> str:
        if type(self) is not kind or not getattr(self, "ends_due", 0):
            return drain(self, *arguments, **named)
        lines: list[str] = []
        self.ends_due = 1 if _read(self, lines) else 0
        return "\n".join(lines)

    return drained


def _ended(kind: Any, drain: Callable[[Any], str]) -> Callable[[Any], str]:
    """For a worker that was killed at its time limit."""

    def drained(self: Any) -> str:
        if type(self) is kind and self._stderr_thread is not None:
            self._stderr_thread.join(_LONGEST)
        return drain(self).replace(f"{END}\n", "").removesuffix(END)

    return drained


def _read(worker: Any, lines: list[str]) -> bool:
    """Take the lines up to the invocation's last one; whether that came."""
    due, until = worker.ends_due, time.monotonic() + _LONGEST
    while due and time.monotonic() < until:
        is_last_look = not worker._stderr_thread.is_alive()  # noqa: SLF001 - the worker has ended
        try:
            line = worker._stderr_queue.get(timeout=0 if is_last_look else _LOOK)  # noqa: SLF001
        except queue.Empty:
            if is_last_look:
                break
            continue
        text = line.removesuffix(END)
        if text or text == line:
            lines.append(text)
        due -= text != line
    return not due
