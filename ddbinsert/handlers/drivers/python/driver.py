"""Stands in for Lambda's Python runtime: loads a handler as Lambda does, and calls it with events.

    python driver.py MODULE.FUNCTION DESCRIPTOR   in the folder that holds the code

Standard input: an invocation a line, {"event": …, "context": {…}}. The descriptor: an answer a line, {"answer": …}
or {"error": {"errorType", "errorMessage", "stackTrace"}}. What the handler prints goes where it prints it.
"""

from __future__ import annotations

import importlib
import json
import os
import sys
import time
import traceback
from typing import Any


class Context:
    """What Lambda tells a handler of its invocation."""

    def __init__(self, facts: dict[str, Any]) -> None:
        self._deadline = time.monotonic() + float(facts.pop("seconds", 30))
        self.client_context = self.identity = None
        self.__dict__.update(facts)

    def get_remaining_time_in_millis(self) -> int:
        return max(0, int((self._deadline - time.monotonic()) * 1000))


def main(entry: str, descriptor: int) -> None:
    sys.path.insert(0, os.getcwd())  # noqa: PTH109 - as a handler sees it
    answers = os.fdopen(descriptor, "w", encoding="utf-8")
    lines = sys.stdin
    sys.stdin = open(os.devnull)  # noqa: PTH123, SIM115 - a handler that reads must not eat invocations
    handler: Any = None
    for line in lines:
        invocation = json.loads(line)
        try:
            handler = handler or _load(entry)
            # As Lambda sends it: an answer that is no JSON is the function's error.
            answer = {
                "answer": json.loads(json.dumps(handler(invocation["event"], Context(invocation["context"]))))
            }
        except BaseException as error:  # noqa: BLE001 - a handler's own sys.exit is an answer, too
            answer = {"error": _told(error)}
        sys.stdout.flush()
        sys.stderr.flush()
        answers.write(json.dumps(answer) + "\n")
        answers.flush()


def _load(entry: str) -> Any:
    module, _, function = entry.rpartition(".")
    return getattr(importlib.import_module(module.replace("/", ".")), function)


def _told(error: BaseException) -> dict[str, Any]:
    frames = traceback.extract_tb(error.__traceback__)
    own = [frame for frame in frames if frame.filename != __file__ and "importlib" not in frame.filename]
    return {
        "errorType": type(error).__name__,
        "errorMessage": str(error),
        "stackTrace": traceback.format_list(own),
    }


if __name__ == "__main__":
    main(sys.argv[1], int(sys.argv[2]))
