"""Checks of recent activity (errors, timeouts, throttling, lag) from the log, the metrics and the stream."""

from __future__ import annotations

import re
from collections import Counter
from typing import TYPE_CHECKING

from ddbinsert.advice import TABLE, Advice
from ddbinsert.core.doctor.checks.words import attach, clock_time, show_log
from ddbinsert.core.doctor.model import FactSource, Severity, Symptom, check
from ddbinsert.core.model.bounds import LONGEST_TIMEOUT
from ddbinsert.core.model.wanted import OWN_CODE
from ddbinsert.core.proof.causes.catalog import Cause
from ddbinsert.core.times import format_duration
from ddbinsert.core.trigger.draining import RETENTION
from ddbinsert.core.words import plural

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from ddbinsert.core.doctor.facts import Facts, InsertSeen
    from ddbinsert.core.logs.ends import InvocationEnd

_IMPORT = re.compile(
    r"Runtime\.(?:ImportModuleError|HandlerNotFound|UserCodeSyntaxError|MalformedHandlerName)"
    r"|\b(?:ModuleNotFoundError|ImportError|SyntaxError|IndentationError)\b|Cannot find module|Unable to import module"
)
#: Number of consecutive failures after which a record is assumed to keep failing.
_AGAIN = 3
#: Share of the timeout above which the duration of an invocation is near the timeout.
_NEAR = 0.8
#: Seconds of lag that are reported, and seconds that put records at risk.
_LATE, _ENDANGERED = 300.0, 12 * 3600.0
#: Seconds after which an insert without a receipt counts as waiting.
PATIENCE = 120.0
_SHOWN = 3


def _errors(ends: Sequence[InvocationEnd]) -> tuple[str, ...]:
    return tuple(dict.fromkeys(end.error for end in reversed(ends) if end.error))[:_SHOWN]


def _import_errors(facts: Facts) -> tuple[InvocationEnd, ...]:
    return tuple(end for end in facts.log.failing if _IMPORT.search(end.error))


def _timed_out(facts: Facts, ends: Sequence[InvocationEnd]) -> list[InvocationEnd]:
    """Invocations that exceeded the present timeout; an earlier, shorter timeout does not count."""
    limit = facts.function.timeout if facts.function else 0
    return [end for end in ends if end.timed_out and (end.seconds is None or end.seconds >= limit)]


def _is_poison(facts: Facts) -> bool:
    """Whether one batch keeps failing without limit although the function can process others."""
    failing = facts.log.failing
    if len(failing) < _AGAIN or not any(m.is_enabled and m.retries == -1 for m in facts.mappings):
        return False
    changed = (facts.function.modified_at if facts.function else None) or 0.0
    worked = any(end.ok and end.at >= changed for end in facts.log.ends)
    (_, most), *_ = Counter(end.request for end in failing).most_common(1)
    return worked and (most >= _AGAIN or not failing[0].request)


@check(
    "function-cannot-be-loaded",
    Severity.ERROR,
    "Lambda cannot load the handler: a module is missing, or the code has a syntax error",
    FactSource.LOG,
)
def import_error(facts: Facts) -> Iterator[Symptom]:
    broken = _import_errors(facts)
    if broken:
        yield Symptom(
            text=f"Lambda cannot load the function's code: {plural(len(broken), 'invocation')} failed before the handler ran",
            evidence=_errors(broken),
            advice=Advice("Deploy code that loads; try it on this machine first", ("invoke", TABLE)),
        )


@check(
    Cause.POISON_RECORD_BLOCKS_SHARD,
    Severity.ERROR,
    Cause.POISON_RECORD_BLOCKS_SHARD.meaning,
    FactSource.LOG,
    FactSource.MAPPINGS,
)
def poison(facts: Facts) -> Iterator[Symptom]:
    if not _is_poison(facts) or _import_errors(facts):
        return
    failing = facts.log.failing
    yield Symptom(
        text=f"one batch has failed {len(failing)} times since {clock_time(failing[0].at)}, and retries are not limited: its shard is blocked",
        evidence=(
            *_errors(failing),
            *(f"mapping {m.uuid}: MaximumRetryAttempts -1" for m in facts.mappings if m.retries == -1),
        ),
        advice=attach(
            "Limit the retries and keep failed records",
            "--retries",
            "5",
            "--bisect",
            "--on-failure",
            "create",
            "--yes",
        ),
    )


@check(
    Cause.FUNCTION_TIMES_OUT,
    Severity.ERROR,
    Cause.FUNCTION_TIMES_OUT.meaning,
    FactSource.LOG,
    FactSource.FUNCTION,
)
def timeouts(facts: Facts) -> Iterator[Symptom]:
    function = facts.function
    out = _timed_out(facts, facts.log.ends)
    if not out or function is None:
        return
    still = _timed_out(facts, facts.log.failing)
    yield Symptom(
        text=f"{plural(len(out), 'invocation')} exceeded the function's timeout of {function.timeout} s"
        + ("" if still else "; later ones did not"),
        evidence=(f"last at {clock_time(out[-1].at)}",),
        advice=attach(
            "Increase the timeout",
            "--function-timeout",
            str(min(LONGEST_TIMEOUT, function.timeout * 3)),
            "--yes",
        ),
        severity=None if still else Severity.WARNING,
    )


@check(Cause.FUNCTION_ERRORS, Severity.ERROR, "invocations of the function fail", FactSource.LOG)
def errors(facts: Facts) -> Iterator[Symptom]:
    known = {id(end) for end in _import_errors(facts)}
    failed = [end for end in facts.log.ends if not end.ok and not end.timed_out and id(end) not in known]
    if not failed:
        return
    failing = [end for end in facts.log.failing if not end.timed_out and id(end) not in known]
    yield Symptom(
        text=f"the function fails: {plural(len(failing), 'invocation')} since {clock_time(failing[0].at)}, none succeeded after it"
        if failing
        else f"{plural(len(failed), 'invocation')} failed, the last at {clock_time(failed[-1].at)}; later ones succeeded",
        evidence=_errors(failing or failed),
        advice=show_log(),
        severity=None if failing else Severity.WARNING,
    )


@check(
    "errors-not-in-log",
    Severity.WARNING,
    "CloudWatch counts errors that the function's log does not show",
    FactSource.METRICS,
    FactSource.LOG,
)
def unlogged_errors(facts: Facts) -> Iterator[Symptom]:
    counted = facts.metrics.total("Errors", since=facts.since)
    logged = [end for end in facts.log.ends if not end.ok]
    if counted and not logged and facts.log.whole:
        invoked = facts.metrics.total("Invocations", since=facts.since)
        every = counted >= invoked
        yield Symptom(
            text=f"CloudWatch counts {plural(counted, 'error')} in {plural(invoked, 'invocation')}, and the log shows none: "
            "the role cannot log, or the log level hides them",
            evidence=(f"Invocations: {invoked:,.0f}", f"Errors: {counted:,.0f}"),
            advice=show_log(),
            severity=Severity.ERROR if every else None,
        )


@check(
    "function-throttled",
    Severity.WARNING,
    "invocations of the function were throttled",
    FactSource.METRICS,
    FactSource.FUNCTION,
)
def throttled(facts: Facts) -> Iterator[Symptom]:
    count = facts.metrics.total("Throttles")
    function = facts.function
    if not count or function is None or function.reserved_concurrency == 0:
        return
    reserved = function.reserved_concurrency
    yield Symptom(
        text=f"{plural(count, 'invocation')} throttled: "
        + (
            "the account's concurrency was used up"
            if reserved is None
            else f"the function's reserved concurrency is {reserved}"
        ),
        evidence=(f"Throttles: {count:,.0f}",),
        advice=Advice(
            f"Reserve more for it: `aws lambda put-function-concurrency --function-name {function.name} "
            f"--reserved-concurrent-executions {max(10, 2 * (reserved or 5))}`"
        ),
    )


@check(
    "timeout-near",
    Severity.WARNING,
    "an invocation took more than 80 % of the function's timeout",
    FactSource.LOG,
    FactSource.FUNCTION,
)
def timeout_near(facts: Facts) -> Iterator[Symptom]:
    function = facts.function
    longest = max((end.seconds or 0.0 for end in facts.log.ends if not end.timed_out), default=0.0)
    if function is not None and longest >= _NEAR * function.timeout and not _timed_out(facts, facts.log.ends):
        yield Symptom(
            text=f"the longest invocation took {longest:.1f} s of the {function.timeout} s that it may take",
            evidence=(f"REPORT: Duration {longest * 1000:,.0f} ms",),
            advice=attach(
                "Increase the timeout",
                "--function-timeout",
                str(min(LONGEST_TIMEOUT, function.timeout * 3)),
                "--yes",
            ),
        )


@check(
    "iterator-age",
    Severity.WARNING,
    "records are delivered late: the mapping is behind the stream",
    FactSource.METRICS,
    FactSource.MAPPINGS,
)
def lag(facts: Facts) -> Iterator[Symptom]:
    last = (facts.metrics.last("IteratorAge", since=facts.now - 2 * _LATE) or 0.0) / 1000
    if last >= _LATE:
        yield Symptom(
            text=f"records reach the function {format_duration(last)} after they were written"
            + ("; they are lost after 24 h" if last >= _ENDANGERED else ""),
            evidence=(f"IteratorAge: {last * 1000:,.0f} ms",),
            advice=attach("Increase the batch size", "--batch-size", str(_larger(facts)), "--yes"),
            severity=Severity.ERROR if last >= _ENDANGERED else None,
        )


def _larger(facts: Facts) -> int:
    return min(10_000, 10 * max((m.batch_size for m in facts.mappings), default=100))


def waiting(facts: Facts) -> tuple[InsertSeen, ...] | None:
    """Inserts of the examined period, oldest first, that should be processed by now and have no receipt.

    None if that is unknown: the function writes no receipts, or log or stream were not read.
    """
    if (
        {FactSource.STREAM, FactSource.LOG} & set(facts.unread)
        or facts.table.stream_arn is None
        or not facts.log.whole
    ):
        return None
    inserts = [one for one in facts.stream.inserts if one.passes and one.at >= facts.since]
    done = {one.sequence for one in facts.log.receipts if one.decision != "failed"}
    is_blocked = facts.function is None or not any(m.is_enabled for m in facts.mappings)
    if is_blocked or facts.world.log_group is None:
        last = max((one.at for one in facts.log.receipts), default=facts.log.last_delivery)
        if not is_blocked and last is None and not facts.runs_template:
            return None
        return tuple(one for one in inserts if one.sequence not in done and (last is None or one.at > last))
    if not (facts.runs_template or facts.log.receipts):
        return None
    patience = PATIENCE + max((m.batching_window for m in facts.mappings), default=0)
    return tuple(one for one in inserts if one.sequence not in done and facts.now - one.at > patience)


@check(
    Cause.INSERTS_NOT_PROCESSED,
    Severity.ERROR,
    "inserts in the stream have no receipt, although enough time has passed",
    FactSource.OWNER,
    FactSource.STREAM,
    FactSource.LOG,
    FactSource.MAPPINGS,
)
def unprocessed(facts: Facts) -> Iterator[Symptom]:
    if (
        facts.function is None
        or not any(m.is_enabled for m in facts.mappings)
        or facts.world.log_group is None
    ):
        return  # reported with its cause
    if facts.template is None and facts.label in ("", OWN_CODE):
        return  # own code may write receipts of some records only
    left = [one for one in waiting(facts) or () if one.at >= facts.settled_since]
    if left:
        yield Symptom(
            text=f"{plural(len(left), 'insert')} in the stream without a receipt, the oldest from {clock_time(left[0].at)}",
            evidence=(
                *(f"INSERT {one.event_id} at {clock_time(one.at)}" for one in left[:_SHOWN]),
                f"the oldest expires at {clock_time(left[0].at + RETENTION)}",
            ),
            advice=Advice("Find out what happens to an insert", ("verify", TABLE)),
        )
