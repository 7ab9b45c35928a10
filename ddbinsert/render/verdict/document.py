"""The types of `verify --output json`: what `text.data` builds and `schema` publishes.

Every key is described here once. mypy checks the code that builds the document against these types, and `schema`
derives the JSON Schema from them. At run time, only `schema` imports them.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Annotated, NotRequired, TypedDict

from annotated_types import Ge, doc

from ddbinsert.core import receipt as receipts
from ddbinsert.core.model.record import EventName
from ddbinsert.core.proof.script import Action, Method
from ddbinsert.core.proof.verdict import Result, Weight


class TextPattern:
    """A regular expression that a text must match; for `Annotated`."""

    def __init__(self, pattern: str) -> None:
        self.pattern = pattern


class OneOfTexts:
    """The allowed texts; for `Annotated`."""

    def __init__(self, *options: str) -> None:
        self.options = options


Count = Annotated[int, Ge(0)]
Seconds = Annotated[float, Ge(0), doc("Seconds.")]
Moment = Annotated[float, doc("Epoch seconds.")]


class Write(TypedDict):
    """A write that DynamoDB acknowledged."""

    at: Annotated[Moment, doc("Time of the acknowledgement.")]
    method: Method
    action: Action
    expects: Annotated[EventName | None, doc("The stream record that it must produce; null for none.")]


class Record(TypedDict):
    """A record as ddbinsert read it from the stream."""

    event_name: Annotated[str, doc("INSERT, MODIFY or REMOVE.")]
    event_id: str
    sequence: Annotated[str, TextPattern("^-?[0-9]+$"), doc("The sequence number. Compare as a number.")]
    at: Annotated[Moment | None, doc("ApproximateCreationDateTime.")]


class LoggedReceipt(TypedDict):
    """A log line in which the handler states what it did with a record."""

    event_name: Annotated[str, doc("INSERT, MODIFY or REMOVE.")]
    decision: Annotated[str, OneOfTexts(receipts.PROCESSED, receipts.GUARDED, receipts.FAILED)]
    event_id: str
    logged: Annotated[Moment, doc("Time of the log event.")]
    request: Annotated[str, doc("The request id of the invocation.")]


class Item(TypedDict):
    """The timeline of one scripted test item."""

    number: Annotated[Count, doc("The item's number, which is part of its key.")]
    writes: Sequence[Write]
    stream: Sequence[Record]
    receipts: Sequence[LoggedReceipt]
    lines: Annotated[Count, doc("Log lines that show the item's key and are not receipts.")]


class Finding(TypedDict):
    """A fault or a note."""

    code: Annotated[
        str, TextPattern("^[a-z0-9]+(-[a-z0-9]+)*$"), doc("Stable; docs/verify.md lists the codes.")
    ]
    weight: Annotated[Weight, doc("proof makes it a FAIL, hole prevents a PASS, note changes nothing.")]
    text: Annotated[str, doc("The finding in a sentence.")]
    evidence: Annotated[Sequence[str], doc("What shows it.")]
    mend: Annotated[str | None, doc("The next action, with a command between backticks.")]
    command: Annotated[Sequence[str] | None, doc("That command as a list of arguments; null without one.")]


class Evidence(TypedDict):
    """One source of evidence."""

    side: Annotated[str, doc("writes, stream, log, invocations, metrics, configuration, function, …")]
    seen: Annotated[bool, doc("False if this source could not be checked.")]
    text: Annotated[str, doc("What was seen, or why nothing was seen.")]


class Counts(TypedDict):
    """Counts of what was written and seen."""

    expected_inserts: Annotated[Count, doc("Inserts that must be processed; 0 if nothing was written.")]
    processed_inserts: Annotated[Count, doc("Of those, the inserts that were processed.")]
    missing: Annotated[Count, doc("Of those, the inserts that were not processed.")]
    intruders: Annotated[Count, doc("MODIFY and REMOVE records that were processed.")]
    guarded: Annotated[Count, doc("MODIFY and REMOVE records that the handler's guard dropped.")]
    duplicates: Annotated[Count, doc("Receipts of records that had been processed before.")]
    stream_records: Annotated[Count, doc("Records read from the stream.")]
    items: NotRequired[Annotated[Count, doc("Items written to; not with --observe.")]]
    writes: NotRequired[Annotated[Count, doc("Writes that DynamoDB acknowledged; not with --observe.")]]
    receipts: NotRequired[Annotated[Count, doc("Receipts in the log; not with --observe.")]]
    log_lines: NotRequired[
        Annotated[Count, doc("Other log lines that show a test item's key; not with --observe.")]
    ]
    attempts: NotRequired[
        Annotated[Count, doc("Attempts at the test item that fails; only with --failure-path.")]
    ]
    documents: NotRequired[
        Annotated[Count, doc("Documents about it at the destination; only with --failure-path.")]
    ]
    filtered_inserts: NotRequired[
        Annotated[Count, doc("Inserts that the filter excludes; only with --observe.")]
    ]
    other_changes: NotRequired[
        Annotated[Count, doc("Modifications and removals in the stream; only with --observe.")]
    ]


class Latency(TypedDict):
    """Time from a write's acknowledgement to its log line."""

    min: Seconds
    p50: Seconds
    p90: Seconds
    p99: Seconds
    max: Seconds


class Verdict(TypedDict):
    """The verdict of one run, and its evidence."""

    verdict: Result
    run_id: Annotated[str, TextPattern("^[0-9a-f]{12}$"), doc("Part of the key of every test item.")]
    summary: Annotated[str, doc("The verdict in a sentence.")]
    table: Annotated[str, doc("The table's name.")]
    function: Annotated[str, doc("The function's name.")]
    subject: Annotated[str, doc("The function with its qualifier, and its mapping.")]
    region: Annotated[str | None, doc("The region.")]
    account: Annotated[str | None, doc("The account.")]
    endpoint: Annotated[str, doc("AWS, or the URL of the endpoint that was used instead.")]
    started: Annotated[Moment, doc("Start of the run.")]
    finished: Annotated[Moment, doc("End of the run.")]
    waited: Annotated[Seconds, doc("Time from the last write to the end of the run's reading.")]
    counts: Annotated[Mapping[str, int], Counts]
    latency_seconds: Annotated[Mapping[str, float] | None, Latency]
    findings: Sequence[Finding]
    evidence: Sequence[Evidence]
    items: Annotated[Sequence[Item], doc("The scripted items; empty if none was written.")]
    kept: Annotated[bool, doc("Whether the test items were left in the table.")]


class Cleaned(TypedDict):
    """The data of `verify --cleanup`."""

    run_id: Annotated[str, doc("The run whose test items were removed.")]
    keys: Annotated[Count, doc("Number of keys that were removed.")]


class Failure(TypedDict):
    """Why there is no verdict."""

    code: Annotated[str, doc("Stable, kebab-case.")]
    message: Annotated[str, doc("What happened.")]
    hint: Annotated[str | None, doc("The next action, with commands between backticks.")]
    command: NotRequired[Annotated[Sequence[str], doc("The hint's command, as a list of arguments.")]]


class Judged(TypedDict):
    """The result of one consumer of several: its verdict, or the error that ended its run."""

    name: Annotated[str | None, doc("The trigger's name, in a configuration file with several.")]
    table: str
    function: str
    verdict: Annotated[Verdict | None, doc("Null if the run ended without one.")]
    error: Failure | None


class Every(TypedDict):
    """The verdicts of `verify --all`, or of several triggers."""

    verdicts: Annotated[Sequence[Judged], doc("One for each function on the streams, or for each trigger.")]


class Advised(TypedDict):
    """A next action."""

    text: Annotated[str, doc("What the command achieves.")]
    command: Annotated[Sequence[str] | None, doc("The command as a list of arguments.")]


class Problems(TypedDict):
    """An invalid configuration (exit code 3)."""

    problems: Sequence[Mapping[str, object]]
