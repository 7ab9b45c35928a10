"""The codes of findings, each with its claim and the text that documents it.

Findings are created with this enumeration, claims are grouped by it, and docs/verify.md lists it (a test compares).
"""

from __future__ import annotations

from enum import StrEnum
from typing import Self


class About(StrEnum):
    """The claim that a finding disproves or leaves unproven."""

    INSERTS = "every insert is processed"
    OTHERS = "nothing else is delivered"
    STREAM = "the stream holds what was written"
    FILTER = "the filter is insert-only"
    RUN = "the run itself"
    LIMITED = "a failing record is retried a limited number of times"
    ISOLATED = "a failing record is separated from the others of its batch"
    KEPT = "a failing record reaches the on-failure destination, and can be read back"
    HELD_UP = "a failing record delays others for a limited time"


class Cause(StrEnum):
    """A stable kebab-case code.

    Attributes:
        about: Its claim.
        meaning: Its documentation.
    """

    about: About
    meaning: str

    def __new__(cls, code: str, about: About, meaning: str) -> Self:
        member = str.__new__(cls, code)
        member._value_ = code
        member.about, member.meaning = about, meaning
        return member

    # Each member: the code, its claim, its meaning.
    # fmt: off
    INTRUDERS_PROCESSED = "intruders-processed", About.OTHERS, (
        "records that are not inserts were processed by the function"
    )
    FILTER_LEAKS = "filter-leaks", About.OTHERS, (
        "records that are not inserts were delivered; only the handler's guard dropped them"
    )
    GUARD_NOT_SEEN = "guard-not-seen", About.OTHERS, (
        "(`--allow-guarded` with `--match` or `--wiretap`) the filter leaks, and whether the handler's guard drops "
        "those records is not visible"
    )
    MORE_LINES_THAN_INSERTS = "more-lines-than-inserts", About.OTHERS, (
        "(`--match`) more lines than the inserts explain: another record, or one delivered twice"
    )
    NO_FILTER = "no-filter", About.FILTER, "the mapping has no filter"
    FILTER_TOO_WIDE = "filter-too-wide", About.FILTER, (
        "a MODIFY or REMOVE passes the filter; one such record is shown"
    )
    FILTER_NEVER_MATCHES = "filter-never-matches", About.FILTER, (
        "it is proven that no insert of this table passes the filter"
    )
    FILTER_PART_NEVER_MATCHES = "filter-part-never-matches", About.FILTER, (
        "one filter of several, or one alternative of `$or`, matches no insert of this table"
    )
    FILTER_PART_NOT_TESTED = "filter-part-not-tested", About.FILTER, (
        "no record was found that passes one filter of several, or one alternative of `$or`, and it is not proven that there is none"
    )
    FILTER_HIDDEN = "filter-hidden", About.FILTER, (
        "the filter is encrypted with a customer key that verify may not use"
    )
    FILTER_UNREADABLE = "filter-unreadable", About.FILTER, "a filter of the mapping is not a valid pattern"
    FILTER_EXCLUDES_TEST_ITEMS = "filter-excludes-test-items", About.INSERTS, (
        "no test item was found that passes; give one with `--item`"
    )
    FILTER_EXCLUDES_INSERTS_SEEN = "filter-excludes-inserts-seen", About.INSERTS, (
        "the stream contains inserts of others, and none of them passes the filter"
    )
    FILTER_FOR_TEST_ITEMS_ONLY = "filter-for-test-items-only", About.INSERTS, (
        "the filter demands what only verify's own test items have: a key that begins with `ddbinsert:`, or "
        "`ddbinsert_probe`"
    )
    EVERYTHING_FILTERED_OUT = "everything-filtered-out", About.INSERTS, (
        "(a mapping with EventCount metrics) it polls, and its filter excluded everything that it read"
    )
    MAPPING_DISABLED = "mapping-disabled", About.INSERTS, "the mapping, or one of several, is disabled"
    MAPPING_MISSING = "mapping-missing", About.INSERTS, "no mapping delivers the live stream to the function"
    MAPPING_ON_STALE_STREAM = "mapping-on-stale-stream", About.INSERTS, (
        "the mapping reads a stream that is no longer the table's live one"
    )
    MAPPING_CHANGED_LATELY = "mapping-changed-lately", About.OTHERS, (
        "a leak was seen shortly after the mapping was changed: its old settings may still have been in effect"
    )
    MAPPING_DELIVERS_NOTHING = "mapping-delivers-nothing", About.INSERTS, (
        "(`--wiretap`) the tap received inserts, and the user's own function was not invoked"
    )
    MAPPING_REPORTS_PROBLEM = "mapping-reports-problem", About.INSERTS, (
        "the mapping's LastProcessingResult is a problem"
    )
    SECOND_MAPPING = "second-mapping", About.INSERTS, (
        "more than one mapping delivers the stream to the function; a hole where an insert was not delivered "
        "by each"
    )
    CHANGED_MEANWHILE = "changed-meanwhile", About.RUN, (
        "the configuration at the end of the run differs from the one at its start"
    )
    FUNCTION_MISSING = "function-missing", About.INSERTS, "the function no longer exists"
    FUNCTION_NOT_ACTIVE = "function-not-active", About.INSERTS, (
        "the function is not active, or its last update failed; AWS reports the reason"
    )
    FUNCTION_ERRORS = "function-errors", About.INSERTS, (
        "the function failed on test items, or on every invocation (a proof); or invocations failed whose "
        "records are not known (a hole)"
    )
    FUNCTION_TIMES_OUT = "function-times-out", About.INSERTS, "invocations exceeded the function's timeout"
    FUNCTION_LEAVES_NO_RECEIPT = "function-leaves-no-receipt", About.INSERTS, (
        "the function runs and writes no receipts; see *Your own functions*"
    )
    ANSWER_NAMES_FAILURES = "answer-names-failures", About.INSERTS, (
        "records were delivered again although their invocation succeeded: its response listed them in "
        "batchItemFailures"
    )
    PARTIAL_BATCH_CONTRADICTION = "partial-batch-contradiction", About.INSERTS, (
        "a template with a sink reports failed records in its response, and the mapping has no "
        "ReportBatchItemFailures: they would be lost (a hole); other templates, and the other way round (a "
        "note)"
    )
    ALIAS_DIVIDES_INVOCATIONS = "alias-divides-invocations", About.INSERTS, (
        "an alias routes invocations to several versions, and the run did not see each of them process a record"
    )
    DURABLE_EXECUTIONS_NOT_CHECKED = "durable-executions-not-checked", About.INSERTS, (
        "the function is durable, and the log shows only how its invocations ended (a note)"
    )
    LINES_REPORT_ERRORS = "lines-report-errors", About.INSERTS, (
        "(`--match`) the last line that shows an insert's key has the level ERROR"
    )
    INVOCATION_NOT_ENDED = "invocation-not-ended", About.INSERTS, (
        "lines of the run belong to invocations whose end is not in the log"
    )
    NO_LINE_SHOWS_A_KEY = "no-line-shows-a-key", About.INSERTS, (
        "(`--match`) the function runs, and none of its lines shows an item's key; or keys are too short to be recognized"
    )
    HANDLER_DROPS_RECORDS = "handler-drops-records", About.INSERTS, (
        "an insert was skipped: a later record of its item was processed (a proof, once late log lines are "
        "excluded); or some inserts were not processed in time, though others were (a hole)"
    )
    INSERTS_NOT_PROCESSED = "inserts-not-processed", About.INSERTS, (
        "(`--observe`) inserts that were not processed in time"
    )
    NO_INSERTS_SEEN = "no-inserts-seen", About.INSERTS, "(`--observe`) nothing was inserted"
    PERMISSION_LOST = "permission-lost", About.INSERTS, "the role cannot read the stream"
    STREAM_POLICY_LACKS = "stream-policy-lacks", About.INSERTS, (
        "(a table of another account) the policy of its stream does not let the function's role read it"
    )
    ROLE_MISSING = "role-missing", About.INSERTS, "the function's role does not exist"
    THROTTLED_CONCURRENCY = "throttled-concurrency", About.INSERTS, (
        "invocations are throttled; with reserved concurrency 0 all of them"
    )
    RECORDS_GIVEN_UP = "records-given-up", About.INSERTS, (
        "(a mapping with EventCount metrics) it discarded records: retries exhausted, or too old"
    )
    POISON_RECORD_BLOCKS_SHARD = "poison-record-blocks-shard", About.INSERTS, (
        "a record keeps failing, and the mapping's number of retries is not limited"
    )
    BATCHING_WINDOW_LONGER_THAN_TIMEOUT = "batching-window-longer-than-timeout", About.INSERTS, (
        "the mapping's batching window is longer than the run waited"
    )
    LATEST_MISSED_FIRST_WRITES = "latest-missed-first-writes", About.INSERTS, (
        "the mapping starts at LATEST and was not polling yet"
    )
    NOTHING_DELIVERED = "nothing-delivered", About.INSERTS, (
        "nothing was delivered, and no cause was found: a new or changed mapping may take minutes to poll"
    )
    SINK_MISSING = "sink-missing", About.INSERTS, (
        "the template needs a sink and SINK_ARN is not set, or no longer set, or names a sink that does not exist"
    )
    NOT_STORED_IN_SINK = "not-stored-in-sink", About.INSERTS, (
        "inserts were processed, and their entries are not in the sink"
    )
    SINK_NOT_CHECKED = "sink-not-checked", About.INSERTS, "the sink's entries were not read back, and why"
    ROLE_CANNOT_WRITE_LOGS = "role-cannot-write-logs", About.INSERTS, "the role cannot write to the log group"
    LOG_GROUP_MISSING = "log-group-missing", About.INSERTS, "the log group does not exist"
    LOG_GROUP_ELSEWHERE = "log-group-elsewhere", About.INSERTS, (
        "the function logs to another group than was read"
    )
    LOG_GROUP_SHARED = "log-group-shared", About.INSERTS, (
        "another function that reads the stream logs to the same group, and the lines do not name the function"
    )
    LOG_LATE = "log-late", About.INSERTS, (
        "the function was invoked, may write logs, and its log shows nothing yet"
    )
    LOG_NOT_READ = "log-not-read", About.RUN, (
        "CloudWatch Logs throttled or failed: the log could not be read to its end"
    )
    DUPLICATE_DELIVERIES = "duplicate-deliveries", About.INSERTS, (
        "records were delivered more than once, as Lambda may do; reported, never a failure"
    )
    STREAM_DIFFERS_FROM_WRITES = "stream-differs-from-writes", About.STREAM, (
        "the stream does not contain the records that the writes must create: another writer changes the items"
    )
    RECEIPTS_WITHOUT_RECORD = "receipts-without-record", About.STREAM, (
        "receipts of records that the stream does not contain"
    )
    STREAM_NOT_READ = "stream-not-read", About.STREAM, (
        "the stream could not be read, and the function's own code names its records"
    )
    EARLIER_INCONCLUSIVE = "earlier-inconclusive", About.RUN, (
        "(`--retry-inconclusive`) earlier attempts of this run were inconclusive, with their run ids and "
        "findings (a note)"
    )
    DIFFERS_FROM_DECLARATION = "differs-from-declaration", About.RUN, (
        "(`--against`) the live mapping or function differs from its declaration (a note)"
    )
    STREAM_TRIMMED = "stream-trimmed", About.RUN, (
        "(`--observe`) records left the stream before they were read"
    )
    ENDLESS_RETRIES = "endless-retries", About.LIMITED, (
        "neither retries nor record age are limited: a record that keeps failing blocks its shard for up to "
        "24 hours"
    )
    POISON_RETRIED_TOO_OFTEN = "poison-retried-too-often", About.LIMITED, (
        "(`--failure-path`) the failing test item was retried more often than the mapping, or `--max-"
        "retries`, allows"
    )
    FAILED_BATCH_NOT_ISOLATED = "failed-batch-not-isolated", About.ISOLATED, (
        "(`--failure-path`) neither bisection nor partial batch responses: a failing record takes its whole "
        "batch to the destination"
    )
    PARTIAL_BATCH_NEVER_ANSWERED = "partial-batch-never-answered", About.ISOLATED, (
        "(`--failure-path`) the mapping has ReportBatchItemFailures and no bisection, and the function's code never returns batchItemFailures"
    )
    PARTIAL_BATCH_NOT_TRIED = "partial-batch-not-tried", About.ISOLATED, (
        "(`--failure-path`) without bisection only the function's own responses can isolate a failing record, and ddbinsert did not make this function fail"
    )
    POISON_NOT_ISOLATED = "poison-not-isolated", About.ISOLATED, (
        "(`--failure-path`) other test items of the batch were discarded together with the failing one"
    )
    POISON_WAS_ALONE = "poison-was-alone", About.ISOLATED, (
        "(`--failure-path`) no other test item was delivered in the same batch, or in the same shard, as the failing one"
    )
    NO_ON_FAILURE = "no-on-failure", About.KEPT, "records that still fail after all retries are lost"
    FAILURE_DESTINATION_MISSING = "failure-destination-missing", About.KEPT, (
        "the on-failure destination does not exist: discarded records are lost"
    )
    FAILURE_DESTINATION_FIFO = "failure-destination-fifo", About.KEPT, (
        "(`--failure-path`) the on-failure destination is a FIFO queue or topic, which Lambda does not "
        "support as a destination"
    )
    FAILURE_DESTINATION_DENIED = "failure-destination-denied", About.KEPT, (
        "the role is not allowed to send to the on-failure destination: discarded records are lost"
    )
    FAILURE_DESTINATION_REFUSES = "failure-destination-refuses", About.KEPT, (
        "(`--failure-path`) the policy of the queue, topic or bucket denies the role to send to it"
    )
    FAILURE_DESTINATION_KEY_REFUSES = "failure-destination-key-refuses", About.KEPT, (
        "(`--failure-path`) the role is not allowed to use the KMS key that encrypts the destination, or the "
        "key is disabled"
    )
    FAILURE_DESTINATION_RIGHTS_UNKNOWN = "failure-destination-rights-unknown", About.KEPT, (
        "(`--failure-path`) whether the role may send to the destination could not be determined"
    )
    FAILURE_DESTINATION_NOT_READ = "failure-destination-not-read", About.KEPT, (
        "(`--failure-path`) the destination's documents were not read back, and why"
    )
    POISON_NOT_AT_DESTINATION = "poison-not-at-destination", About.KEPT, (
        "(`--failure-path`) the failing test item was discarded, and no document about it arrived (a proof "
        "where Lambda counted it as dropped)"
    )
    FAILED_RECORD_NOT_RECOVERABLE = "failed-record-not-recoverable", About.KEPT, (
        "(`--failure-path`) the document arrived, and the record that it names could not be read back"
    )
    FAILURE_DOCUMENT_LEFT = "failure-document-left", About.KEPT, (
        "(`--failure-path`) a document about test items was left at the destination, or may still arrive "
        "there"
    )
    POISON_HELD_UP_OTHERS = "poison-held-up-others", About.HELD_UP, (
        "(`--failure-path`) the failing test item delayed others of its shard for longer than `--max-"
        "hold-up`"
    )
    POISON_STILL_FAILS = "poison-still-fails", About.HELD_UP, (
        "(`--failure-path`) the function fails on the test item until the given time; then its shard continues"
    )
    FAILURE_HANDLING_NOT_EMULATED = "failure-handling-not-emulated", About.RUN, (
        "(`--failure-path`) retries, bisection and destinations are not emulated here: only AWS, or a full "
        "emulation, can show them"
    )
    POISON_NOT_GIVEN = "poison-not-given", About.RUN, (
        "(`--failure-path`) the failing test item was not delivered to the function in time, or the function did "
        "not fail on it"
    )
    # fmt: on


def codes_about(*claims: About) -> frozenset[str]:
    """The codes of findings about these claims."""
    return frozenset(cause.value for cause in Cause if cause.about in claims)


def table() -> str:
    """The table of docs/verify.md."""
    rows = [f"| `{cause.value}` | {cause.meaning} |" for cause in Cause]
    return "\n".join(["| code | what it means |", "|---|---|", *rows])
