"""Finding the identity that signs the calls: botocore's own providers, with errors that name the source.

botocore's providers raise any exception of their source (a JSON error for the output of a credential_process, a
FileNotFoundError for a web identity's token file), wait without a limit for a credential_process, and ask for an MFA
code on any standard input.
"""

from __future__ import annotations

import subprocess
from typing import TYPE_CHECKING, Any

from botocore.exceptions import CredentialRetrievalError
from botocore.session import Session

from ddbinsert.aws.errors import CredentialsError
from ddbinsert.aws.session.key_check import check_keys
from ddbinsert.errors import AwsError

if TYPE_CHECKING:
    from botocore.credentials import Credentials

#: Maximum seconds for a credential_process, if no --timeout is shorter.
PROCESS_TIMEOUT = 60.0
#: Settings of a profile that name a source of credentials, in botocore's order.
_SOURCES = ("web_identity_token_file", "sso_session", "sso_start_url", "credential_process", "role_arn")


def complete_session(
    profile: str | None, region: str | None, *, may_prompt: bool, timeout: float = PROCESS_TIMEOUT
) -> Session:
    """A session with botocore's complete models, which finds credentials like every AWS tool.

    Args:
        region: The region of STS, if the profile names none.
        may_prompt: Whether the user can be asked for an MFA code.
        timeout: Maximum seconds for a credential_process.
    """
    session = Session(profile=profile)
    if region is not None:
        session.set_config_variable("region", region)
    providers = session.get_component("credential_provider")
    vars(providers.get_provider("custom-process"))["_popen"] = _bounded(timeout)
    if not may_prompt:
        vars(providers.get_provider("assume-role"))["_prompter"] = _refuse_to_prompt
    return session


def find_credentials(session: Session) -> Credentials | None:
    """A session's credentials, fetched now, so that a failure shows here and not in the first call.

    Raises:
        CredentialsError: The source of the credentials failed.
        BotoCoreError: Likewise; ``translated`` turns these into errors with a hint.
    """
    from botocore.exceptions import BotoCoreError, ClientError

    try:
        found: Credentials | None = session.get_credentials()
        if found is not None:
            frozen = found.get_frozen_credentials()
            check_keys(frozen.access_key, frozen.secret_key, frozen.token)
    except (AwsError, BotoCoreError, ClientError):
        raise
    except Exception as error:
        source, reason = _source(session), _reason(error).rstrip(".")
        clock = ", or the clock of this machine" if "still expired" in reason else ""
        raise CredentialsError(
            f"AWS credentials could not be read from {source}: {reason}.",
            hint=f"Correct {source}{clock}, or choose another identity with --profile or AWS_PROFILE.",
            code="credentials",
        ) from error
    return found


def _reason(error: Exception) -> str:
    if isinstance(error, FileNotFoundError) and error.filename:
        return f"{error.filename} does not exist"
    if isinstance(error, (ValueError, TypeError, AttributeError)):
        return "the answer is not valid JSON with credentials"
    return str(error) or type(error).__name__


def _source(session: Session) -> str:
    """The name of the source from which the credentials were to be read."""
    from os import environ

    profile = session.get_config_variable("profile") or "default"
    if not session.instance_variables().get("profile") and environ.get("AWS_WEB_IDENTITY_TOKEN_FILE"):
        return "AWS_WEB_IDENTITY_TOKEN_FILE"
    try:
        settings = session.get_scoped_config()
    except Exception:  # noqa: BLE001 - only a name is needed, for an error that is being raised
        settings = {}
    found = next((name for name in _SOURCES if name in settings), None)
    return f"{found} of profile {profile}" if found else f"profile {profile}"


def _bounded(timeout: float) -> type[subprocess.Popen[bytes]]:
    class Bounded(subprocess.Popen):  # type: ignore[type-arg]
        """A credential_process that is ended when its time is up, with every process that it started."""

        def __init__(self, command: Any, **options: Any) -> None:
            try:
                super().__init__(command, stdin=subprocess.DEVNULL, start_new_session=True, **options)
            except OSError as error:
                raise CredentialRetrievalError(
                    provider="credential_process", error_msg=f"{command[0]}: {error.strerror}"
                ) from error

        def communicate(self, *_arguments: Any, **_options: Any) -> tuple[bytes, bytes]:
            try:
                out, err = super().communicate(timeout=timeout)
            except subprocess.TimeoutExpired as error:
                _end(self.pid)
                super().communicate()
                raise CredentialRetrievalError(
                    provider="credential_process", error_msg=f"no answer within {timeout:g} seconds"
                ) from error
            return out, (err.strip() or b"it failed without a message") if self.returncode else err

    return Bounded


def _end(group: int) -> None:
    import contextlib
    import os
    import signal

    with contextlib.suppress(ProcessLookupError):
        os.killpg(group, signal.SIGKILL)


def _refuse_to_prompt(prompt: str) -> str:
    serial = prompt.removeprefix("Enter MFA code for ").rstrip(": ")
    raise CredentialsError(
        f"The AWS profile requires an MFA code ({serial}), and there is no terminal to ask for it.",
        hint="Run it in a terminal, or set temporary credentials (`aws configure export-credentials`).",
        code="mfa-required",
    )
