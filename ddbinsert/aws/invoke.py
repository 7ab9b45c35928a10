"""Invoking the deployed function, and the variables that give code on this machine the same identity."""

from __future__ import annotations

import base64
import json
import os
from typing import TYPE_CHECKING, Any

from ddbinsert.aws.errors import CredentialsError, is_not_found, translated
from ddbinsert.core.logs.invocation import Invocation
from ddbinsert.errors import PrerequisiteError

if TYPE_CHECKING:
    from ddbinsert.aws.session.session import Aws


def invoke(aws: Aws, function: str, event: Any) -> Invocation:
    """Invoke the function once and wait for its answer; the log is the last 4 KB, which Lambda returns.

    Raises:
        PrerequisiteError: The function does not exist.
        AwsError: Lambda refused the call.
    """
    with translated(f"invoke function {function}"):
        try:
            answer = aws.single_try("lambda").invoke(
                FunctionName=function, LogType="Tail", Payload=json.dumps(event).encode()
            )
        except Exception as error:
            if not is_not_found(error):
                raise
            raise PrerequisiteError(
                f"Function {function} does not exist{f' in {aws.region}' if aws.region else ''}.",
                hint="Create it with create-function; without --deployed the handler runs on this machine.",
                code="function-not-found",
            ) from error
        payload = answer["Payload"].read()
    try:
        said = json.loads(payload or b"null")
    except ValueError:
        said = payload.decode("utf-8", "replace")
    log = base64.b64decode(answer.get("LogResult") or "").decode("utf-8", "replace")
    if answer.get("FunctionError"):
        error_facts = said if isinstance(said, dict) else {"errorMessage": str(said)}
        return Invocation(answer=None, error=error_facts, log=log)
    return Invocation(answer=said, error=None, log=log)


#: No other identity than the chosen one, which has no credentials, may be found by the SDK of a handler.
_NO_IDENTITY = {
    "AWS_CONFIG_FILE": os.devnull,
    "AWS_SHARED_CREDENTIALS_FILE": os.devnull,
    "AWS_EC2_METADATA_DISABLED": "true",
}


def variables_of(aws: Aws) -> dict[str, str]:
    """The environment variables with which any AWS SDK uses this connection's endpoint and credentials.

    If there are no credentials, they keep an SDK from using those of another identity.

    Raises:
        AwsError: The credentials could not be read.
    """
    connection = aws.connection
    found = {"AWS_ENDPOINT_URL": connection.endpoint_url or ""}
    if aws.region:
        found |= {"AWS_REGION": aws.region, "AWS_DEFAULT_REGION": aws.region}
    try:
        key, secret, token = aws.credentials()
    except CredentialsError as error:
        if error.code != "no-credentials":
            raise
        return {name: value for name, value in found.items() if value} | _NO_IDENTITY
    found |= {
        "AWS_ACCESS_KEY_ID": key,
        "AWS_SECRET_ACCESS_KEY": secret,
        "AWS_SESSION_TOKEN": token,
    }
    return {name: value for name, value in found.items() if value}
