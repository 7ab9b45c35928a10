"""Checks of the function: whether it exists, runs, and has the resources that it needs."""

from __future__ import annotations

from datetime import UTC, date, datetime
from typing import TYPE_CHECKING, Final

from ddbinsert.advice import TABLE, Advice
from ddbinsert.core.doctor.checks.words import attach
from ddbinsert.core.doctor.model import FactSource, Severity, Symptom, check
from ddbinsert.core.model.wanted import OWN_CODE
from ddbinsert.core.proof.causes.catalog import Cause
from ddbinsert.core.words import plural

if TYPE_CHECKING:
    from collections.abc import Iterator

    from ddbinsert.core.doctor.facts import Facts

_DEAD = frozenset({"Failed", "Deactivating", "Deactivated", "ActiveNonInvocable", "Deleting"})
#: The date on which Lambda deprecates each runtime (docs/aws-facts.md#runtime-deprecation).
DEPRECATED: Final = {
    "python3.6": date(2022, 7, 18),
    "python3.7": date(2023, 12, 4),
    "python3.8": date(2024, 10, 14),
    "python3.9": date(2025, 12, 15),
    "python3.10": date(2026, 10, 31),
    "nodejs12.x": date(2023, 3, 31),
    "nodejs14.x": date(2023, 12, 4),
    "nodejs16.x": date(2024, 6, 12),
    "nodejs18.x": date(2025, 9, 1),
    "nodejs20.x": date(2026, 4, 30),
    "java8": date(2024, 1, 8),
    "dotnet6": date(2024, 12, 20),
    "dotnetcore3.1": date(2023, 4, 3),
    "ruby2.7": date(2023, 12, 7),
    "ruby3.2": date(2026, 3, 31),
    "go1.x": date(2024, 1, 8),
    "provided": date(2024, 1, 8),
}
#: Maximum size in bytes of a function's environment variables together.
_ENVIRONMENT = 4096
_NEAR = 0.9
#: The share of the account's code storage that counts as near the limit.
_FULL = 0.8


@check(Cause.FUNCTION_MISSING, Severity.ERROR, Cause.FUNCTION_MISSING.meaning, FactSource.FUNCTION)
def missing(facts: Facts) -> Iterator[Symptom]:
    if facts.function is None:
        left = facts.mappings or facts.world.stale_mappings
        yield Symptom(
            text=f"function {facts.name} does not exist"
            + (", and a mapping still delivers to it: it was deleted" if left else ""),
            evidence=(
                f"no function {facts.name}",
                *(f"mapping {m.uuid} ({m.state}) to {m.function_arn}" for m in left),
                *(
                    f"mapping {m.uuid} ({m.state}) delivers the stream to {m.function_name}"
                    for m in facts.world.other_mappings
                ),
            ),
            advice=attach("Create it and attach it"),
        )


@check(
    Cause.FUNCTION_NOT_ACTIVE,
    Severity.ERROR,
    "the function is not active and cannot be invoked; AWS reports the reason",
    FactSource.FUNCTION,
)
def not_active(facts: Facts) -> Iterator[Symptom]:
    function = facts.function
    if function is not None and function.state in _DEAD:
        yield Symptom(
            text=f"the function is {function.state}",
            evidence=(f"{function.name}: {function.state_reason or 'no reason given'}",),
            advice=_deploy_again(facts),
        )


@check(
    "function-inactive",
    Severity.NOTE,
    "Lambda released the resources of an idle function; the next invocation wakes it",
    FactSource.FUNCTION,
)
def inactive(facts: Facts) -> Iterator[Symptom]:
    function = facts.function
    if function is not None and function.state == "Inactive":
        yield Symptom(
            text="the function is Inactive: it was idle for a long time; the next batch is retried while Lambda wakes it",
            evidence=(f"{function.name}: {function.state_reason or 'no reason given'}",),
            advice=Advice("Activate and verify it", ("verify", TABLE)),
        )


@check(
    "function-update-failed",
    Severity.WARNING,
    "the function's last update failed: it still runs the previous code and settings",
    FactSource.FUNCTION,
)
def update_failed(facts: Facts) -> Iterator[Symptom]:
    function = facts.function
    if function is not None and function.update_status == "Failed":
        yield Symptom(
            text="the last update of the function failed; it still runs the previous code and settings",
            evidence=(f"LastUpdateStatusReason: {function.update_reason or 'no reason given'}",),
            advice=_deploy_again(facts),
        )


def _deploy_again(facts: Facts) -> Advice:
    """An upload makes Lambda try again. Where code of one's own is, only its owner knows."""
    if facts.label in ("", OWN_CODE):
        return Advice(
            "Fix what Lambda reports, then deploy the function's code again (create-function --code)"
        )
    return Advice(
        "Fix what Lambda reports, then deploy the template again",
        ("create-function", TABLE, "--template", facts.label, "--yes"),
    )


@check(
    Cause.THROTTLED_CONCURRENCY,
    Severity.ERROR,
    "the function's reserved concurrency is 0: every invocation is throttled",
    FactSource.FUNCTION,
)
def concurrency_zero(facts: Facts) -> Iterator[Symptom]:
    function = facts.function
    if function is not None and function.reserved_concurrency == 0:
        yield Symptom(
            text="the function's reserved concurrency is 0: every invocation is throttled, and records wait for at most 24 h",
            evidence=(f"{function.name}: ReservedConcurrentExecutions 0",),
            advice=Advice(
                f"Remove the reservation: `aws lambda delete-function-concurrency --function-name {function.name}`"
            ),
        )


@check(
    "account-concurrency-low",
    Severity.WARNING,
    "the account's unreserved concurrency is less than what the mapping can use",
    FactSource.ACCOUNT,
    FactSource.SHARDS,
)
def account_concurrency(facts: Facts) -> Iterator[Symptom]:
    function, account = facts.function, facts.account
    if function is None or account is None or function.reserved_concurrency is not None:
        return
    wanted = max((m.batches_at_once for m in facts.mappings), default=0) * facts.open_shards
    if wanted > account.unreserved:
        yield Symptom(
            text=f"the mapping can use {wanted} concurrent invocations, and the account has {account.unreserved} that are not reserved",
            evidence=(
                f"{facts.open_shards} open shards, batches of each at once: {wanted // max(1, facts.open_shards)}",
                f"ConcurrentExecutions {account.concurrency}, UnreservedConcurrentExecutions {account.unreserved}",
            ),
            advice=Advice(
                "Request a higher quota: `aws service-quotas request-service-quota-increase --service-code "
                "lambda --quota-code L-B99A9384 --desired-value 1000`"
            ),
        )


@check(
    "code-storage-near-limit",
    Severity.WARNING,
    "the account's storage for code is nearly full: updates will be rejected",
    FactSource.ACCOUNT,
)
def code_storage(facts: Facts) -> Iterator[Symptom]:
    account = facts.account
    if account is not None and account.code_limit and account.code_used >= _FULL * account.code_limit:
        yield Symptom(
            text=f"{account.code_used / account.code_limit:.0%} of the account's storage for code is used; when it is full, updates are rejected",
            evidence=(f"TotalCodeSize {account.code_used:,} of {account.code_limit:,} bytes",),
            advice=Advice("Delete old versions: `aws lambda list-versions-by-function` lists them"),
        )


@check(
    "environment-near-limit",
    Severity.NOTE,
    "the function's environment variables are near the 4 KB that Lambda allows",
    FactSource.FUNCTION,
)
def environment(facts: Facts) -> Iterator[Symptom]:
    function = facts.function
    used = (
        sum(len(f"{name}{value}".encode()) for name, value in function.environment.items()) if function else 0
    )
    if used >= _NEAR * _ENVIRONMENT:
        yield Symptom(
            text=f"the environment variables take {used:,} of {_ENVIRONMENT:,} bytes; a longer value will be rejected",
            evidence=(f"{len(function.environment) if function else 0} variables",),
            advice=Advice("Move long values to Parameter Store or Secrets Manager"),
        )


@check(
    "runtime-deprecated",
    Severity.WARNING,
    "Lambda has deprecated the function's runtime",
    FactSource.FUNCTION,
)
def runtime(facts: Facts) -> Iterator[Symptom]:
    function = facts.function
    if function is None or function.package_type != "Zip":
        return
    ends = DEPRECATED.get(function.runtime)
    if ends is not None and datetime.fromtimestamp(facts.now, UTC).date() >= ends:
        yield Symptom(
            text=f"runtime {function.runtime} is deprecated since {ends.isoformat()}: no security updates, and updates of the function will be rejected",
            evidence=(f"Runtime: {function.runtime}",),
            advice=Advice(
                "Move to a current runtime",
                ("create-function", TABLE, "--runtime", _successor(function.runtime), "--yes"),
            ),
        )


def _successor(runtime_name: str) -> str:
    if runtime_name.startswith("nodejs"):
        return "nodejs22.x"
    return "python3.13" if runtime_name.startswith("python") else "provided.al2023"


@check(
    "template-code-changed",
    Severity.ERROR,
    "the function has the tag of a ddbinsert template but different code, and its invocations write no receipts",
    FactSource.FUNCTION,
    FactSource.OWNER,
    FactSource.LOG,
)
def code_changed(facts: Facts) -> Iterator[Symptom]:
    function = facts.function
    if function is None or facts.template is not None or facts.label in ("", OWN_CODE):
        return
    since = function.modified_at or 0.0
    ended = [end for end in facts.log.ends if end.ok and end.at >= since]
    left = [one for one in facts.log.receipts if one.at >= since]
    if left:
        return  # an older version of the template
    yield Symptom(
        text=f"the function's code is no longer template {facts.label}"
        + (f": {plural(len(ended), 'invocation')} since it was changed wrote no receipt" if ended else ""),
        evidence=(f"CodeSha256: {function.code_sha256}", f"tag ddbinsert:code: {facts.label}"),
        advice=Advice(
            "Deploy the template again", ("create-function", TABLE, "--template", facts.label, "--yes")
        ),
        severity=None if ended else Severity.NOTE,
    )


@check(
    "mapping-pinned-to-version",
    Severity.NOTE,
    "the mapping delivers to an alias or a version: an update of $LATEST does not reach it",
    FactSource.MAPPINGS,
)
def pinned(facts: Facts) -> Iterator[Symptom]:
    from ddbinsert.core.arn import arn_parts

    versions = tuple(m for m in facts.mappings if arn_parts(m.function_arn).qualifier.isdigit())
    if versions:
        yield Symptom(
            text=f"the mapping delivers to version {arn_parts(versions[0].function_arn).qualifier}: updates of the function do not reach it",
            evidence=tuple(f"mapping {m.uuid}: {m.function_arn}" for m in versions),
            advice=Advice(
                f"Deliver to an alias: `aws lambda update-event-source-mapping --uuid {versions[0].uuid} "
                "--function-name NAME:ALIAS`"
            ),
        )
