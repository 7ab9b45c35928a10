"""Functions of a user's own: honest and not."""

from __future__ import annotations

#: Leaves receipts in ddbinsert's words; what to do with a record is ``judge``'s business.
_RECEIPTS = '''
import hashlib, json, os, tempfile

def receipt(record, request, decision="processed", **changes):
    change = record["dynamodb"]
    line = {"v": 1, "decision": decision, "eventID": record["eventID"], "eventName": record["eventName"],
            "seq": change["SequenceNumber"], "keys": change["Keys"],
            "at": change.get("ApproximateCreationDateTime"), "request": request, **changes}
    print("DDBINSERT " + json.dumps(line, separators=(",", ":")))

def number(record):
    """The test item's number, which ends its key."""
    text = next(iter(next(iter(record["dynamodb"]["Keys"].values())).values()))
    return int(text[-3:]) if "ddbinsert:" in text else -1

def times(record, context):
    """How many records of this item there have been; in a file, as executions don't share their memory."""
    key = json.dumps(record["dynamodb"]["Keys"], sort_keys=True)
    name = context.function_name + "-" + hashlib.sha256(key.encode()).hexdigest()[:24]
    with open(os.path.join(tempfile.gettempdir(), name), "a") as seen:
        seen.write("x")
    return os.path.getsize(seen.name)

def handler(event, context):
    for record in event["Records"]:
        judge(record, context.aws_request_id, times(record, context))
'''


def leaving_receipts(judge: str) -> str:
    """A handler whose ``judge(record, request, times)`` decides; ``times`` counts the item's records so far."""
    return f"{_RECEIPTS}\ndef judge(record, request, times):\n{judge}\n"


HONEST = leaving_receipts("    receipt(record, request)")
DROPS_THE_FIRST = leaving_receipts("    if times > 1:\n        receipt(record, request)")
DROPS_THE_LAST = leaving_receipts("    if times < 2:\n        receipt(record, request)")
DROPS_EVERY_SECOND = leaving_receipts("    if times % 2:\n        receipt(record, request)")
DROPS_ONE_ITEM = leaving_receipts("    if number(record) != 2:\n        receipt(record, request)")
CALLS_EVERYTHING_INSERT = leaving_receipts('    receipt(record, request, eventName="INSERT")')
FORGES_OTHER_KEYS = leaving_receipts('    receipt(record, request, keys={"pk": {"S": "somebody-elses"}})')
FORGES_IDS = leaving_receipts(
    '    receipt(record, request, eventID="%032x" % (times * 1000 + number(record)), seq=None)'
)
SAYS_TWICE_DROPS_ONE = leaving_receipts(
    "    if times == 1:\n        receipt(record, request)\n        receipt(record, request)"
)
FAILS_ON_ALL = """
def handler(event, context):
    raise ValueError("no such column: total")
"""
FAILS_ON_ONE_ITEM = leaving_receipts(
    '    if number(record) == 1:\n        raise ValueError("poison")\n    receipt(record, request)'
)
FAILS_AT_FIRST_ON_EACH = leaving_receipts(
    '    if times < 3:\n        raise ValueError("not yet")\n    receipt(record, request)'
)
FAILS_ONCE = (
    leaving_receipts("    receipt(record, request)")
    + """
import pathlib, tempfile

work = handler

def handler(event, context):
    been_here = pathlib.Path(tempfile.gettempdir(), context.function_name)
    if not been_here.exists():
        been_here.touch()
        raise RuntimeError("not yet")
    work(event, context)
"""
)
NAMES_ONE_FAILURE = (
    leaving_receipts("    receipt(record, request)")
    + """
def handler(event, context):
    for record in event["Records"]:
        if number(record) == 1:
            receipt(record, context.aws_request_id, "failed")
            return {"batchItemFailures": [{"itemIdentifier": record["dynamodb"]["SequenceNumber"]}]}
        receipt(record, context.aws_request_id)
"""
)
NAMES_ONE_FAILURE_SILENTLY = NAMES_ONE_FAILURE.replace(
    '            receipt(record, context.aws_request_id, "failed")\n', ""
)
TOO_SLOW = """
import time

def handler(event, context):
    time.sleep(30)
"""
CANNOT_BE_LOADED = """
import a_module_that_nobody_has

def handler(event, context):
    return None
"""
SILENT = """
def handler(event, context):
    return None
"""
PRINTS_KEYS = """
def handler(event, context):
    for record in event["Records"]:
        print("new order", next(iter(record["dynamodb"]["Keys"].values())))
"""
PRINTS_KEYS_AS_JSON = """
import json

def handler(event, context):
    for record in event["Records"]:
        print(json.dumps({"timestamp": "2026-01-01T00:00:00Z", "level": "INFO", "requestId": context.aws_request_id,
                          "message": {"got": record["dynamodb"]["Keys"]}}))
"""
PRINTS_THE_EVENT = """
import json

def handler(event, context):
    print(json.dumps(event))
"""
PRINTS_THREE_LINES = """
def handler(event, context):
    for record in event["Records"]:
        key = next(iter(record["dynamodb"]["Keys"].values()))
        print("begin", key)
        print("work", key)
        print("done", key)
"""
PRINTS_ONCE_AN_ITEM = leaving_receipts(
    """    if times == 1:
        print("first order", next(iter(next(iter(record["dynamodb"]["Keys"].values())).values())))"""
)
FAILS_ON_OTHERS = leaving_receipts(
    '    if number(record) < 0:\n        raise ValueError("theirs")\n    receipt(record, request)'
)
