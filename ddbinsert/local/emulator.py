"""What is needed to connect to a running emulator."""

from __future__ import annotations

import secrets
from dataclasses import field
from typing import TYPE_CHECKING

from ddbinsert.dataclass import dataclass

if TYPE_CHECKING:
    from pathlib import Path

#: The only account in the emulator.
ACCOUNT_ID = "000000000000"
#: The region if none is given.
DEFAULT_REGION = "us-east-1"
HOST = "127.0.0.1"

#: Signatures are not checked; SDKs only need a key to sign with.
SECRET_ACCESS_KEY = "not-a-secret"  # noqa: S105 - the secret is the access key id


def new_key() -> str:
    """A new access key id: 128 random bits, in characters that every SDK accepts."""
    return f"LOCAL{secrets.token_hex(16).upper()}"


@dataclass(frozen=True, kw_only=True)
class Emulator:
    """A running emulator.

    Attributes:
        pid: The process, and its process group, which includes its Lambda workers.
        started_at: Seconds since the epoch.
        key: Authenticates requests: the access key id of a SigV4 signature, or its session token.
        directory: The folder of all its files; it is removed when the emulator ends.
    """

    pid: int
    port: int
    started_at: float
    key: str = field(repr=False)
    directory: Path

    @property
    def endpoint(self) -> str:
        return f"http://{HOST}:{self.port}"

    @property
    def access_key_id(self) -> str:
        return self.key

    @property
    def secret_access_key(self) -> str:
        return SECRET_ACCESS_KEY

    @property
    def log(self) -> Path:
        """The path of its log of warnings and errors."""
        return self.directory / "emulator.log"

    def variables(self, *, region: str = DEFAULT_REGION) -> dict[str, str]:
        """Environment variables with which any AWS SDK and the AWS CLI connect only to this emulator."""
        return {
            "AWS_ENDPOINT_URL": self.endpoint,
            "AWS_ACCESS_KEY_ID": self.access_key_id,
            "AWS_SECRET_ACCESS_KEY": self.secret_access_key,
            "AWS_REGION": region,
            "AWS_DEFAULT_REGION": region,
            "AWS_CONFIG_FILE": "/dev/null",
            "AWS_SHARED_CREDENTIALS_FILE": "/dev/null",
            "AWS_EC2_METADATA_DISABLED": "true",
            "NO_PROXY": HOST,
            "no_proxy": HOST,
        }
