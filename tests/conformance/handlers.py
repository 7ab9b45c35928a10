"""The functions that probes deploy, in Python unless it is said otherwise."""

from __future__ import annotations

#: Logs each record whole, with the request id of the invocation and the number of records that it was given.
RECORDING = """
import json

def handler(event, context):
    for record in event.get("Records", ()):
        print("GIVEN " + json.dumps({"request": context.aws_request_id, "of": len(event["Records"]), "record": record}))
"""
#: Writes a line through Python's logging.
LOGGING = """
import logging

def handler(event, context):
    logging.getLogger().warning("through logging")
"""
#: The same as RECORDING, and fails.
FAILING = (
    RECORDING
    + """    raise ValueError("as the probe wants it")
"""
)
#: The same, and names the first record as failed.
NAMING = (
    RECORDING
    + """    first = event["Records"][0]["dynamodb"]["SequenceNumber"]
    return {"batchItemFailures": [{"itemIdentifier": first}]}
"""
)
#: The same, and names the last record as failed.
NAMING_LAST = (
    RECORDING
    + """    last = event["Records"][-1]["dynamodb"]["SequenceNumber"]
    return {"batchItemFailures": [{"itemIdentifier": last}]}
"""
)
#: Answers as the event says.
ANSWERING = """
import decimal

def handler(event, context):
    return {"decimal": decimal.Decimal("1.5"), "set": {1, 2}, "nothing": None}[event["kind"]]
"""
#: An ECMAScript module in a file that does not say so.
MODULE_JS = """import { hostname } from "node:os";
export const handler = async () => typeof hostname();
"""
#: A handler with a callback.
CALLBACK_JS = """exports.handler = (event, context, callback) => callback(null, "called back");
"""
