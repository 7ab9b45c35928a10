"""The connection of a run: from the configuration to AWS, to another endpoint, or to the embedded emulator.

Commands reach AWS through ``operations`` only; this module re-exports the types that they pass on.
"""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

from ddbinsert.advice import Advice
from ddbinsert.errors import PrerequisiteError, UsageError

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping, Sequence

    from ddbinsert.aws.context import Context as Context  # noqa: PLC0414 - re-exported
    from ddbinsert.aws.session.listener import Listener as Listener  # noqa: PLC0414
    from ddbinsert.aws.session.session import Aws as Aws  # noqa: PLC0414
    from ddbinsert.aws.session.session import Connection as Connection  # noqa: PLC0414
    from ddbinsert.aws.shared_calls import SharedCalls as SharedCalls  # noqa: PLC0414
    from ddbinsert.config import ConnectionSpec
    from ddbinsert.core.arn import Arn
    from ddbinsert.core.clock import Clock
    from ddbinsert.core.trigger.reporter import Reporter
    from ddbinsert.errors import AwsError
    from ddbinsert.local import Emulator

#: The emulator has one account and does not distinguish regions; this is the default region of all its tools.
LOCAL_REGION = "us-east-1"

#: Services by botocore's name, and the variables that name the endpoint of that service only (AWS SDKs and
#: Tools Reference Guide, "Service-specific endpoints").
SERVICE_ENDPOINTS = {
    "account": "AWS_ENDPOINT_URL_ACCOUNT",
    "cloudformation": "AWS_ENDPOINT_URL_CLOUDFORMATION",
    "cloudwatch": "AWS_ENDPOINT_URL_CLOUDWATCH",
    "dynamodb": "AWS_ENDPOINT_URL_DYNAMODB",
    "dynamodbstreams": "AWS_ENDPOINT_URL_DYNAMODB_STREAMS",
    "iam": "AWS_ENDPOINT_URL_IAM",
    "lambda": "AWS_ENDPOINT_URL_LAMBDA",
    "logs": "AWS_ENDPOINT_URL_CLOUDWATCH_LOGS",
    "pipes": "AWS_ENDPOINT_URL_PIPES",
    "resourcegroupstaggingapi": "AWS_ENDPOINT_URL_RESOURCE_GROUPS_TAGGING_API",
    "sts": "AWS_ENDPOINT_URL_STS",
}


def resolve(
    spec: ConnectionSpec,
    *,
    variables: Mapping[str, str],
    clock: Clock,
    may_prompt: bool,
    may_start: bool,
    step: Callable[[str], None],
) -> Connection:
    """The connection to open; with ``local``, to the embedded emulator, regardless of other settings.

    Args:
        variables: The process environment.
        may_prompt: The user can be prompted for an MFA code.
        may_start: The embedded emulator may be started.
        step: Called with a message after the emulator was started.

    Raises:
        PrerequisiteError: The emulator is not running, and this command does not start it.
    """
    from ddbinsert.aws.session.lean_models import cache_directory
    from ddbinsert.aws.session.session import Connection

    if spec.local:
        return _local(spec, variables, clock, may_start=may_start, step=step)
    named = {} if spec.endpoint_url else _endpoints(variables)
    found = Connection(
        profile=spec.profile,
        region=spec.region or variables.get("AWS_REGION") or variables.get("AWS_DEFAULT_REGION"),
        endpoint_url=spec.endpoint_url or named.pop("", None),
        service_endpoints=named,
        access_key_id=None if spec.profile else variables.get("AWS_ACCESS_KEY_ID"),
        secret_access_key=None if spec.profile else variables.get("AWS_SECRET_ACCESS_KEY"),
        session_token=None if spec.profile else variables.get("AWS_SESSION_TOKEN"),
        cache_folder=cache_directory(variables),
        may_prompt=may_prompt,
    )
    if spec.table_profile is None:
        return found
    its = replace(
        found,
        profile=spec.table_profile,
        access_key_id=None,
        secret_access_key=None,
        session_token=None,
    )
    return replace(found, table=its)


def _endpoints(variables: Mapping[str, str]) -> dict[str, str]:
    """Service to the endpoint that a variable sets for it; the key "" is every other service."""
    if variables.get("AWS_IGNORE_CONFIGURED_ENDPOINT_URLS", "").lower() == "true":
        return {}
    names = {"": "AWS_ENDPOINT_URL", **SERVICE_ENDPOINTS}
    return {service: variables[name] for service, name in names.items() if variables.get(name)}


def _local(
    spec: ConnectionSpec,
    variables: Mapping[str, str],
    clock: Clock,
    *,
    may_start: bool,
    step: Callable[[str], None],
) -> Connection:
    from ddbinsert import local

    place = local.state_directory(variables)
    emulator = local.find(place)
    if emulator is None:
        if not may_start:
            raise PrerequisiteError(
                "The embedded emulator is not running.",
                hint=Advice("Start it", ("local", "start")),
                code="emulator-not-running",
            )
        emulator = local.start(place, environ=variables, clock=clock)
        step(f"started the embedded emulator at {emulator.endpoint}; local stop ends it")
    return local_connection(emulator, variables, region=spec.region)


def local_connection(
    emulator: Emulator, variables: Mapping[str, str] | None = None, *, region: str | None = None
) -> Connection:
    """The connection to a running embedded emulator.

    Args:
        variables: The process environment, which names the cache folder; without it nothing is cached.
    """
    from ddbinsert.aws.session.lean_models import cache_directory
    from ddbinsert.aws.session.session import Connection

    return Connection(
        region=region or LOCAL_REGION,
        endpoint_url=emulator.endpoint,
        access_key_id=emulator.access_key_id,
        secret_access_key=emulator.secret_access_key,
        is_local=True,
        cache_folder=None if variables is None else cache_directory(variables),
    )


def new_context(
    *, aws: Aws, clock: Clock, reporter: Reporter, new_id: Callable[[], str], timeout: float
) -> Context:
    """What an operation works with: connection, clock, progress reports, identifiers, time limit in seconds."""
    from ddbinsert.aws.context import Context

    return Context(aws=aws, clock=clock, reporter=reporter, new_id=new_id, timeout=timeout)


def settle_accounts(aws: Aws, arns: Sequence[Arn]) -> tuple[str, str]:
    """Connect to the account of the table: with the credentials given for it, or by its ARN.

    Args:
        arns: The ARNs by which tables were given.

    Returns:
        The table's account, if it is not the function's; and the table's ARN, if no credentials are given for it.

    Raises:
        UsageError: Tables are in several accounts, or not in that of the credentials given for them.
    """
    from ddbinsert.aws.read.resources import caller_account

    if aws.connection.is_local or (aws.connection.table is None and not any(arn.account for arn in arns)):
        return "", ""
    account = caller_account(aws)
    if aws.connection.table is not None:
        other = aws.opened_for_table()
        account, its = account or "", caller_account(other)
        for arn in arns:
            _refuse_other(arn, its, f"of profile {aws.connection.table.profile} are", "--table-profile")
        aws.use_for_table(other, function_account="" if its == account else account)
        return "" if its == account else its or "unknown", ""
    elsewhere = [arn for arn in arns if account is not None and arn.account not in ("", account)]
    if not elsewhere:
        return "", ""
    for arn in arns:
        if len(arns) > 1:
            _refuse_other(arn, account, "are", "--table-profile")
    aws.use_for_table(aws.opened_for_table(arn=arns[0]), function_account=account or "")
    return arns[0].account, str(arns[0])


def _refuse_other(arn: Arn, account: str | None, whose: str, option: str) -> None:
    """Refuse a table that is not in the account of the credentials for it: one of its name may be there, too.

    Raises:
        UsageError: The table belongs to another account. An account that cannot be determined is not refused.
    """
    if account is not None and arn.account not in ("", account):
        raise UsageError(
            f"The table is in account {arn.account}, but the credentials {whose} for account {account}.",
            hint=f"Choose credentials for the table's account with {option}, or give the table by its name.",
            code="other-account",
        )


def new_once() -> SharedCalls:
    """The calls that the triggers of one run share: see `aws.shared_calls`."""
    from ddbinsert.aws.shared_calls import SharedCalls

    return SharedCalls()


def describe(aws: Aws) -> str:
    """The endpoint of a connection, as text."""
    if aws.connection.is_local:
        return f"embedded emulator ({aws.connection.endpoint_url})"
    return aws.endpoint or "AWS"


def explained(error: Exception, doing: str) -> AwsError | None:
    """An exception of the AWS SDK as an error with a hint; None for any other exception."""
    from ddbinsert.aws.errors import translate

    return translate(error, doing)
