"""Functions of a user's own: honest and not."""

from __future__ import annotations

#: Leaves receipts in ddbinsert's words; what to do with a record is ``judge``'s business.
_RECEIPTS = '''
import hashlib, json, os, tempfile

def receipt(record, request, decision="processed", say=print, **changes):
    change = record["dynamodb"]
    line = {"v": 1, "decision": decision, "eventID": record["eventID"], "eventName": record["eventName"],
            "seq": change["SequenceNumber"], "keys": change["Keys"],
            "at": change.get("ApproximateCreationDateTime"), "request": request, **changes}
    say("DDBINSERT " + json.dumps(line, separators=(",", ":")))

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


def then(statement: str, source: str = "") -> str:
    """A handler that leaves its receipts, or does what ``source`` does, and ends with a statement."""
    return f"""{source or HONEST}
import os, signal, sys, time

work = handler

def handler(event, context):
    work(event, context)
    {statement}
"""


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
RAISES = 'raise RuntimeError("the ledger is closed")'
NAMES_EVERY_RECORD = (
    'return {"batchItemFailures": [{"itemIdentifier": one["dynamodb"]["SequenceNumber"]} '
    'for one in event["Records"]]}'
)
#: Processes the first record of each batch only: a return that is one level too deep.
RETURNS_IN_THE_LOOP = leaving_receipts("    receipt(record, request)").replace(
    "        judge(record, context.aws_request_id, times(record, context))\n",
    "        judge(record, context.aws_request_id, times(record, context))\n        return\n",
)
SWALLOWS = leaving_receipts(
    """    try:
        if number(record) % 2:
            raise ValueError("no such column: total")
    except ValueError:
        return
    receipt(record, request)"""
)
FAILS_LATER_DECISION = leaving_receipts(
    """    receipt(record, request)
    receipt(record, request, "failed")"""
)
#: A handler whose own names and ids stand for what it was given.
MAKES_UP_ITS_NAMES = leaving_receipts(
    """    if times == 1:
        for place in range(2):
            receipt(record, request, eventID="%032x" % (number(record) * 10 + place), seq=None)"""
)
NODE_REJECTS = """
export const handler = async (event, context) => {
  for (const record of event.Records) {
    const change = record.dynamodb;
    console.log("DDBINSERT " + JSON.stringify({
      v: 1, decision: "processed", eventID: record.eventID, eventName: record.eventName, seq: change.SequenceNumber,
      keys: change.Keys, at: change.ApproximateCreationDateTime, request: context.awsRequestId}));
  }
  throw new Error("the ledger is closed");
};
"""
#: Names what was done as the shop does, whatever the record is called: an item put again is a "MODIFY" to it.
SAYS_MODIFY = leaving_receipts(
    """    key = next(iter(next(iter(record["dynamodb"]["Keys"].values())).values()))
    print("MODIFY row" if times > 1 else "INSERT row", key)"""
)
SAYS_REMOVED = leaving_receipts(
    """    key = next(iter(next(iter(record["dynamodb"]["Keys"].values())).values()))
    print(json.dumps({"action": "REMOVE from the waiting list", "order": key}))"""
)
#: Leaves its receipts through loggers of several kinds; ``%s`` is the line.
_LOGGED = """    def say(line):
        print(%s)
    receipt(record, request, say=say)"""
JSON_MSG = leaving_receipts(
    _LOGGED % 'json.dumps({"level": 30, "time": 1, "pid": 8, "hostname": "h", "msg": line})'
)
JSON_MESSAGE = leaving_receipts(
    _LOGGED
    % 'json.dumps({"timestamp": "2026-01-01T00:00:00Z", "level": "INFO", "message": line, "requestId": request})'
)
PYTHON_LOGGING = leaving_receipts(_LOGGED % 'f"[INFO]\\t2026-01-01T00:00:00.000Z\\t{request}\\t{line}"')
NODE_CONSOLE = leaving_receipts(_LOGGED % 'f"2026-01-01T00:00:00.000Z\\t{request}\\tINFO\\t{line}"')
#: Keeps what it has processed, and passes over in silence what comes again.
GUARDS_AGAINST_DUPLICATES = leaving_receipts(
    """    name = "seen-" + request[:0] + hashlib.sha256(record["eventID"].encode()).hexdigest()[:24]
    try:
        os.close(os.open(os.path.join(tempfile.gettempdir(), name), os.O_CREAT | os.O_EXCL))
    except FileExistsError:
        return
    receipt(record, request)"""
)
#: Fails on the first batch that it is given, after its work and its receipts.
AT_FIRST = """marker = os.path.join(tempfile.gettempdir(), context.function_name + "-first")
    if not os.path.exists(marker):
        open(marker, "w").close()
        """
FAILED_THEN_PROCESSED = (
    leaving_receipts("    receipt(record, request)")
    + """
def handler(event, context):
    for record in event["Records"]:
        if times(record, context) == 1:
            receipt(record, context.aws_request_id, "failed")
            return {"batchItemFailures": [{"itemIdentifier": record["dynamodb"]["SequenceNumber"]}]}
        receipt(record, context.aws_request_id)
"""
)
PRINTS_RECEIPTS_OF_VALUES = leaving_receipts(
    """    receipt(record, request)
    print(json.dumps(record))
    print("note:", record["dynamodb"].get("NewImage", {}).get("note", {}).get("S", ""))"""
)
#: Leaves the receipts of the batch before, each time: the last batch is never told of.
ONE_BEHIND = (
    leaving_receipts("    receipt(record, request)")
    + """
import pickle

def handler(event, context):
    name = os.path.join(tempfile.gettempdir(), context.function_name + "-before")
    if os.path.exists(name):
        with open(name, "rb") as before:
            for record in pickle.load(before):
                receipt(record, context.aws_request_id)
    with open(name, "wb") as now:
        pickle.dump(event["Records"], now)
"""
)
NAMES_ANOTHER_FUNCTION = leaving_receipts(
    '    receipt(record, request, function="arn:aws:lambda:eu-west-1:000000000000:function:somebody-elses")'
)
FORGES_REQUESTS = leaving_receipts(
    '    receipt(record, request, request="00000000-0000-4000-8000-000000000000")'
)
GUARDS_EVERYTHING = leaving_receipts('    receipt(record, request, "guarded")')
#: Fails a batch after its receipts, and passes over in silence what it is given again.
FAILS_THEN_SKIPS = leaving_receipts(
    """    if times == 1:
        receipt(record, request)
        raise RuntimeError("the ledger is closed")"""
)
#: Its receipts say whose they are, as the templates' do.
NAMES_ITSELF = HONEST.replace(
    "judge(record, context.aws_request_id, times(record, context))",
    "receipt(record, context.aws_request_id, function=context.invoked_function_arn)",
)
