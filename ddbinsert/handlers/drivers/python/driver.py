"""Imitates Lambda's Python runtime: loads a handler as Lambda does, and calls it with events.

    python driver.py MODULE.FUNCTION DESCRIPTOR   in the folder with the code

Standard input has one invocation per line, {"event": …, "context": {…}}; the descriptor one response per line,
{"answer": …} or {"error": {"errorType", "errorMessage", "stackTrace"}}. The handler's output is not redirected. Errors
of loading and of responses that are not JSON have the names of Lambda's runtime.
"""

from __future__ import annotations

import decimal
import importlib
import json
import os
import sys
import time
import traceback
from typing import Any


class Context:
    """The context that Lambda passes to a handler."""

    def __init__(self, facts: dict[str, Any]) -> None:
        self._deadline = time.monotonic() + float(facts.pop("seconds", 30))
        self.client_context = self.identity = None
        self.__dict__.update(facts)

    def get_remaining_time_in_millis(self) -> int:
        return max(0, int((self._deadline - time.monotonic()) * 1000))


def main(entry: str, descriptor: int) -> None:
    sys.path.insert(0, os.getcwd())  # noqa: PTH109 - as for a handler in Lambda
    answers = os.fdopen(descriptor, "w", encoding="utf-8")
    lines = sys.stdin
    sys.stdin = open(os.devnull)  # noqa: PTH123, SIM115 - a handler must not read the invocations
    handler: Any = None
    for line in lines:
        invocation = json.loads(line)
        try:
            handler = handler or _load(entry)
            answer = {"answer": _marshalled(handler(invocation["event"], Context(invocation["context"])))}
        except BaseException as error:  # noqa: BLE001 - also catches a handler's sys.exit
            answer = {"error": _told(error)}
        sys.stdout.flush()
        sys.stderr.flush()
        answers.write(json.dumps(answer) + "\n")
        answers.flush()


class RuntimeFault(Exception):
    """An error of the runtime itself; ``kind`` is its errorType."""

    def __init__(self, kind: str, message: str) -> None:
        super().__init__(message)
        self.kind = kind


class _Encoder(json.JSONEncoder):
    """Encodes a response as Lambda's runtime does: a Decimal is a number."""

    def default(self, o: object) -> object:
        return float(o) if isinstance(o, decimal.Decimal) else super().default(o)


def _marshalled(answer: object) -> Any:
    """The response as JSON, as Lambda returns it; a value that JSON cannot represent is an error of the function."""
    try:
        return json.loads(json.dumps(answer, cls=_Encoder))
    except Exception as error:
        if hasattr(answer, "close"):
            answer.close()  # a coroutine is never awaited
        raise RuntimeFault("Runtime.MarshalError", f"Unable to marshal response: {error}") from error


def _load(entry: str) -> Any:
    module, dot, function = entry.rpartition(".")
    if not dot:
        raise RuntimeFault(
            "Runtime.MalformedHandlerName", f"Bad handler '{entry}': not enough values to unpack"
        )
    try:
        loaded = importlib.import_module(module.replace("/", "."))
    except ImportError as error:
        raise RuntimeFault(
            "Runtime.ImportModuleError", f"Unable to import module '{module}': {error}"
        ) from error
    except SyntaxError as error:
        raise RuntimeFault(
            "Runtime.UserCodeSyntaxError", f"Syntax error in module '{module}': {error}"
        ) from error
    found = getattr(loaded, function, None)
    if found is None:
        raise RuntimeFault("Runtime.HandlerNotFound", f"Handler '{function}' missing on module '{module}'")
    return found


def _told(error: BaseException) -> dict[str, Any]:
    frames = traceback.extract_tb(error.__traceback__)
    own = [frame for frame in frames if frame.filename != __file__ and "importlib" not in frame.filename]
    return {
        "errorType": error.kind if isinstance(error, RuntimeFault) else type(error).__name__,
        "errorMessage": str(error),
        "stackTrace": traceback.format_list(own),
    }


if __name__ == "__main__":
    main(sys.argv[1], int(sys.argv[2]))
