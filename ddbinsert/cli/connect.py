"""From the configured connection to one that can be opened."""

from __future__ import annotations

from typing import TYPE_CHECKING

from ddbinsert.errors import PrerequisiteError

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

    from ddbinsert.aws.session import Connection
    from ddbinsert.config import ConnectionSpec
    from ddbinsert.environment import Environment

#: The emulator has one account and no regions of its own; this one is every tool's default for it.
LOCAL_REGION = "us-east-1"


#: Services by botocore's name, and the variables that name the endpoint of that service alone (AWS SDKs and
#: Tools Reference Guide, "Service-specific endpoints").
SERVICE_ENDPOINTS = {
    "cloudwatch": "AWS_ENDPOINT_URL_CLOUDWATCH",
    "dynamodb": "AWS_ENDPOINT_URL_DYNAMODB",
    "dynamodbstreams": "AWS_ENDPOINT_URL_DYNAMODB_STREAMS",
    "iam": "AWS_ENDPOINT_URL_IAM",
    "lambda": "AWS_ENDPOINT_URL_LAMBDA",
    "logs": "AWS_ENDPOINT_URL_CLOUDWATCH_LOGS",
    "sts": "AWS_ENDPOINT_URL_STS",
}


def resolve(
    spec: ConnectionSpec, environment: Environment, *, may_start: bool, step: Callable[[str], None]
) -> Connection:
    """The connection to open; with ``local``, the embedded emulator's, whatever else is set.

    Raises:
        PrerequisiteError: The emulator isn't running, and this command doesn't start it.
    """
    from ddbinsert.aws.session import Connection

    if spec.local:
        return _local(spec, environment, may_start=may_start, step=step)
    variables = environment.variables
    named = {} if spec.endpoint_url else _endpoints(variables)
    return Connection(
        profile=spec.profile,
        region=spec.region or variables.get("AWS_REGION") or variables.get("AWS_DEFAULT_REGION"),
        endpoint_url=spec.endpoint_url or named.pop("", None),
        service_endpoints=named,
        access_key_id=None if spec.profile else variables.get("AWS_ACCESS_KEY_ID"),
        secret_access_key=None if spec.profile else variables.get("AWS_SECRET_ACCESS_KEY"),
        session_token=None if spec.profile else variables.get("AWS_SESSION_TOKEN"),
    )


def _endpoints(variables: Mapping[str, str]) -> dict[str, str]:
    """Service to the endpoint that a variable names for it; "" is every other service."""
    if variables.get("AWS_IGNORE_CONFIGURED_ENDPOINT_URLS", "").lower() == "true":
        return {}
    names = {"": "AWS_ENDPOINT_URL", **SERVICE_ENDPOINTS}
    return {service: variables[name] for service, name in names.items() if variables.get(name)}


def _local(
    spec: ConnectionSpec, environment: Environment, *, may_start: bool, step: Callable[[str], None]
) -> Connection:
    from ddbinsert import local
    from ddbinsert.aws.session import Connection

    place = local.state_directory(environment.variables)
    emulator = local.find(place)
    if emulator is None:
        if not may_start:
            raise PrerequisiteError(
                "The embedded emulator is not running, so there is nothing to look at.",
                hint="`ddbinsert local start`, or `ddbinsert attach-trigger TABLE`, starts it.",
                code="emulator-not-running",
            )
        emulator = local.start(place, environ=environment.variables, clock=environment.clock)
        step(f"started the embedded emulator at {emulator.endpoint}; `ddbinsert local stop` ends it")
    return Connection(
        region=spec.region or LOCAL_REGION,
        endpoint_url=emulator.endpoint,
        access_key_id=emulator.access_key_id,
        secret_access_key=emulator.secret_access_key,
        is_local=True,
    )
