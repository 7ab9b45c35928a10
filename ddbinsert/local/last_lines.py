"""Keeps every log line of an invocation in that invocation's log, even on a busy machine.

MiniStack assumes that a handler's output is complete when no line has arrived for 5 ms. On a busy machine, the rest
appears in the log of the function's next invocation, or never: a receipt would be missing although the trigger works.
So the workers mark the end of their output, and MiniStack is patched to wait for that mark.

As in ``warm_up``, nothing else depends on it: if a patched name has changed, MiniStack works as without the patch.
"""

from __future__ import annotations

import queue
import time
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Callable

#: Marks the end of the lines of an invocation, and of a worker's start; no handler writes it by chance.
END = "\x1e\x04end of lines\x04\x1e"
#: Maximum number of seconds to wait for the mark: a handler may have closed its standard error.
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
    """Patch MiniStack's Lambda runtime; running workers are not changed.

    Raises:
        LookupError: MiniStack's workers have changed, and cannot be patched.
    """
    python, node = runtime._PYTHON_WORKER_SCRIPT, runtime._NODEJS_WORKER_SCRIPT  # noqa: SLF001
    if python.count(_PYTHON) != 1 or node.count(_NODE) != 1:
        raise LookupError("the workers' scripts have changed")
    worker = runtime.Worker
    worker._spawn = _spawning(worker._spawn)  # noqa: SLF001
    worker._drain_stderr_bounded = _draining(worker, worker._drain_stderr_bounded)  # noqa: SLF001
    worker._drain_stderr = _ended(worker, worker._drain_stderr)  # noqa: SLF001
    runtime._PYTHON_WORKER_SCRIPT = python.replace(_PYTHON, _PYTHON_MARKED)  # noqa: SLF001
    runtime._NODEJS_WORKER_SCRIPT = node.replace(_NODE, _NODE_MARKED)  # noqa: SLF001


def _spawning(spawn: Callable[[Any], None]) -> Callable[[Any], None]:
    def spawned(self: Any) -> None:
        spawn(self)
        self.ends_due = 2  # for the start and for the first invocation

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
    """The same for a worker that was killed at its timeout."""

    def drained(self: Any) -> str:
        if type(self) is kind and self._stderr_thread is not None:
            self._stderr_thread.join(_LONGEST)
        return drain(self).replace(f"{END}\n", "").removesuffix(END)

    return drained


def _read(worker: Any, lines: list[str]) -> bool:
    """Read the lines up to the invocation's last one; return whether the mark arrived."""
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
