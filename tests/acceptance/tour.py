"""The steps of the tour: commands, and the exit codes that they may have."""

from __future__ import annotations

from dataclasses import dataclass

#: Words of a step that are replaced: the table, its audit table, its function, the audit table's ARN.
TABLE, AUDIT, FUNCTION, SINK = "{table}", "{audit}", "{function}", "{sink}"


@dataclass(frozen=True, kw_only=True)
class Step:
    """One command.

    Attributes:
        words: The arguments of ``ddbinsert``; or, after ``past``, a change that is made without it.
        codes: The exit codes that are right.
        shows: Texts that the result must contain.
        past: Made without ddbinsert, as somebody else would: the name of a function of `tests.acceptance.others`.
    """

    words: tuple[str, ...]
    codes: tuple[int, ...] = (0,)
    shows: tuple[str, ...] = ()
    past: str = ""


def _step(*words: str, codes: tuple[int, ...] = (0,), shows: tuple[str, ...] = ()) -> Step:
    return Step(words=words, codes=codes, shows=shows)


def _past(name: str) -> Step:
    return Step(words=(), past=name)


#: In this order; the last ones remove everything.
TOUR: tuple[Step, ...] = (
    _step("permissions", "verify", "--table", TABLE),
    _step("enable-stream", TABLE, "--create-table", "pk:S", "--yes"),
    _step("attach-trigger", TABLE, "--dry-run"),
    _step("attach-trigger", TABLE, "--on-failure", "create", "--retries", "2", "--yes"),
    _step("attach-trigger", TABLE, shows=("nothing to do",)),
    _step("status", TABLE, shows=("insert-only",)),
    _step("verify", TABLE, "--timeout", "8m", shows=("PASS",)),
    _step("verify", TABLE, "--wiretap", "--timeout", "8m", shows=("PASS",)),
    _step("send", TABLE, "--count", "20", "--hold", "2s"),
    _step("records", TABLE, "--event", "INSERT"),
    _step("tail", TABLE, "--last", "5"),
    _step("doctor", TABLE, codes=(0, 1)),
    _step("ls", codes=(0, 4)),
    _step("drift", TABLE),
    _step("gaps", TABLE, codes=(0, 6)),
    _step("failures", "list", TABLE),
    _step("filter", "backtest", "--table", TABLE, "--pattern", '{"eventName":["INSERT"]}'),
    # Somebody widens the filter: found, and repaired.
    _past("widen_the_filter"),
    _step("verify", TABLE, "--timeout", "8m", codes=(1,), shows=("FAIL", "filter-leaks")),
    _step("drift", TABLE, codes=(0, 1)),
    _step("attach-trigger", TABLE, "--filter", '{"eventName":["INSERT"]}', "--yes"),
    _step("verify", TABLE, "--timeout", "8m", shows=("PASS",)),
    # An audit log.
    _step("audit", "create-table", AUDIT, "--yes"),
    _step("attach-trigger", TABLE, "--template", "audit-log", "--sink", SINK, "--yes"),
    _step("verify", TABLE, "--timeout", "8m", shows=("PASS",)),
    _step("send", TABLE, "--count", "3", "--keep"),
    _step("audit", "query", TABLE, "--test-items"),
    _step("backfill", TABLE, "--limit", "1", "--yes", codes=(0, 1)),
    _step("verify", TABLE, "--failure-path", "--timeout", "10m", codes=(0, 1, 6)),
    # Hand-over, and the end.
    _step("export", "terraform", TABLE, "--from-live", shows=("aws_lambda_event_source_mapping",)),
    _step("export", "cloudformation", TABLE, "--from-live", shows=("AWS::Lambda::EventSourceMapping",)),
    _step("down", TABLE, "--table", "--yes"),
    _past("delete_the_audit_table"),
    _step("status", TABLE, codes=(5,)),
)
