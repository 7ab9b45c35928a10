"""Healthy functions with the habits of real ones: handled errors in the log, other tables, callers and writers."""

from __future__ import annotations

from typing import TYPE_CHECKING

from tests.strict.sabotage import handlers
from tests.strict.sabotage.case import healthy

if TYPE_CHECKING:
    from tests.strict.sabotage.ground import Ground

WATCH = ("--observe", "--for", "2s")


def also_saying(*statements: str, source: str = "") -> str:
    """An honest handler that says something else of each record as well."""
    body = "\n".join(f"    {one}" for one in statements)
    return f"""{source or handlers.HONEST}
import json, sys, traceback

leave = judge

def judge(record, request, times):
    key = next(iter(next(iter(record["dynamodb"]["Keys"].values())).values()))
{body}
    leave(record, request, times)
"""


#: What a function says of an error that it handled.
HANDLED = {
    "Python's logging": 'print(f"[ERROR]\\t2026-01-01T00:00:00.000Z\\t{request}\\tcache miss, using the default")',
    "Python's logging, with a traceback": (
        'print(f"[ERROR]\\t2026-01-01T00:00:00.000Z\\t{request}\\tcache miss\\nTraceback (most recent call last):\\n'
        '  File \\"/var/task/app.py\\", line 7, in look\\n    raise KeyError(name)\\nKeyError: \'vat\'")'
    ),
    "brackets": 'print("[ERROR] cache: miss, using the default")',
    "a time-out elsewhere": 'print("job 17: Task timed out after 3.00 seconds, and was started again")',
    "Node.js": 'print(f"2026-01-01T00:00:00.000Z\\t{request}\\tERROR\\tcache miss Error: no vat\\n    at look (/var/task/app.js:7)")',
    "a JSON logger with the error's fields": (
        'print(json.dumps({"level": "ERROR", "message": "cache miss", "errorType": "KeyError", "errorMessage": "vat", '
        '"stackTrace": ["File app.py, line 7"], "timestamp": "x", "requestId": request}))'
    ),
    "Powertools": (
        'print(json.dumps({"level": "ERROR", "location": "look:7", "message": "cache miss", "timestamp": "x", '
        '"service": "shop", "exception": "Traceback (most recent call last):\\n  KeyError", "exception_name": "KeyError"}))'
    ),
    "an extension": 'print("EXTENSION\\tName: metrics\\tState: Ready\\tEvents: [INVOKE, SHUTDOWN]")',
    "a report of its own": 'print("REPORT of the day: 3 orders")',
    "a traceback that is printed": "try:\n        {}[key]\n    except KeyError:\n        traceback.print_exc()",
}

for _name, _statement in HANDLED.items():

    @healthy(f"an error that was handled, in the log by {_name}")
    def handled(ground: Ground, statement: str = _statement) -> None:
        ground.attach_code(also_saying(statement))


@healthy("errors that were handled, in the log by Python's logging, many items", options=("--count", "30"))
def handled_many(ground: Ground) -> None:
    ground.attach_code(also_saying(HANDLED["Python's logging, with a traceback"]))


@healthy("errors that were handled, in the log by Python's logging, by watching", options=WATCH)
def handled_watched(ground: Ground) -> None:
    ground.attach_code(also_saying(HANDLED["Python's logging, with a traceback"]))
    ground.write_on()


COLOURED = """
def handler(event, context):
    for record in event["Records"]:
        key = next(iter(next(iter(record["dynamodb"]["Keys"].values())).values()))
        print(f"\\x1b[32mINFO\\x1b[0m new order \\x1b[1m{key}\\x1b[0m")
"""


@healthy("coloured lines", options=("--match",))
def coloured(ground: Ground) -> None:
    ground.attach_code(COLOURED)


@healthy("a key twice in each line", options=("--match",))
def key_twice(ground: Ground) -> None:
    ground.attach_code(COLOURED.replace("new order", "{key}:"))


@healthy("levels as numbers in a JSON logger", options=("--match",))
def numeric_levels(ground: Ground) -> None:
    ground.attach_code(
        """
import json

def handler(event, context):
    for record in event["Records"]:
        print(json.dumps({"level": 30, "time": 1, "msg": "new order", "key": record["dynamodb"]["Keys"]}))
"""
    )


@healthy("lines that tell of errors in their text only", options=("--match",))
def error_in_words(ground: Ground) -> None:
    ground.attach_code(
        """
def handler(event, context):
    for record in event["Records"]:
        key = next(iter(next(iter(record["dynamodb"]["Keys"].values())).values()))
        print(f"2026-01-01 00:00:00,123 - app - INFO - stored {key}, ERROR count 0")
"""
    )


# --- filters ------------------------------------------------------------------------------------------------

FORMS = {
    "blanks": '{ "eventName" : [ "INSERT" ] }',
    "escapes": '{"eventName":["\\u0049NSERT"]}',
    "a value twice": '{"eventName":["INSERT","INSERT"]}',
    "a value that no event has": '{"eventName":["INSERT","CREATE"]}',
    "the service's name as well": '{"eventName":["INSERT"],"eventSource":["aws:dynamodb"]}',
    "a user identity that only removals have": '{"eventName":["INSERT"],"userIdentity":{"type":[{"exists":false}]}}',
    "anything but a key of somebody's": (
        '{"eventName":["INSERT"],"dynamodb":{"Keys":{"pk":{"S":[{"anything-but":{"prefix":"AUDIT#"}}]}}}}'
    ),
}
for _name, _filter in FORMS.items():

    @healthy(f"a filter with {_name}")
    def form(ground: Ground, pattern: str = _filter) -> None:
        ground.attach()
        ground.filter_by(pattern)
