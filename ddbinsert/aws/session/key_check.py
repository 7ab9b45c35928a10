"""A check of credentials before they are sent: keys with a line break end in errors that do not name it."""

from __future__ import annotations

from ddbinsert.aws.errors import CredentialsError


def check_keys(key_id: str | None, secret: str | None, token: str | None) -> None:
    """Refuse credentials that no HTTP header can contain.

    Raises:
        CredentialsError: A part contains white space or a character that is not ASCII; the message has no values.
    """
    parts = {
        "access key ID": (key_id, "AWS_ACCESS_KEY_ID"),
        "secret access key": (secret, "AWS_SECRET_ACCESS_KEY"),
        "session token": (token, "AWS_SESSION_TOKEN"),
    }
    for what, (value, variable) in parts.items():
        if value and any(not "!" <= character <= "~" for character in value):
            raise CredentialsError(
                f"The AWS {what} contains white space, a line break or a character that is not ASCII.",
                hint=f"Remove it where the {what} is set: in {variable}, in a profile, or by a credential_process.",
                code="credentials",
            )
