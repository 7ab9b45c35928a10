"""What one has to know to talk to a running emulator."""

from __future__ import annotations

import secrets
from dataclasses import field
from typing import TYPE_CHECKING

from ddbinsert.dataclass import dataclass

if TYPE_CHECKING:
    from pathlib import Path

#: The one account that everything in the emulator belongs to.
ACCOUNT_ID = "000000000000"
#: Where nobody names a region.
DEFAULT_REGION = "us-east-1"
HOST = "127.0.0.1"

#: Nothing checks signatures; SDKs merely need one to sign with.
SECRET_ACCESS_KEY = "not-a-secret"  # noqa: S105 - the access key id is what is kept secret


def new_key() -> str:
    """A fresh access key id: 128 random bits, in the characters that every SDK takes for an access key id."""
    return f"LOCAL{secrets.token_hex(16).upper()}"


@dataclass(frozen=True, kw_only=True)
class Emulator:
    """A running emulator.

    Attributes:
        pid: The process; also the id of its process group, which its Lambda workers belong to.
        started_at: Seconds since the epoch.
        key: What lets a request in: the access key id of a SigV4 signature, or its session token.
        directory: Everything that it writes; removed with it.
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
        """What it has to say: warnings and errors."""
        return self.directory / "emulator.log"

    def variables(self, *, region: str = DEFAULT_REGION) -> dict[str, str]:
        """An environment in which any AWS SDK or the AWS CLI speaks to this emulator and to nothing else."""
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
