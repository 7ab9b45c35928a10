"""Two accounts before a strict rig: the function's, whose credentials the commands have, and the table's."""

from __future__ import annotations

import json
import threading
from typing import TYPE_CHECKING, Any

from tests.functional.command import Ran, ran
from tests.functional.helpers import Cloud

if TYPE_CHECKING:
    from pathlib import Path

    from ddbinsert import local
    from tests.strict.rig import StrictRig

OWN, OTHER = "444455556666", "111122223333"
REGION = "us-east-1"
#: The permissions boundary that the function's account demands of every role.
BOUNDARY = {
    "Version": "2012-10-17",
    "Statement": [{"Effect": "Allow", "Action": ["dynamodb:*", "logs:*"], "Resource": "*"}],
}


class TwoAccounts:
    """Commands and clients in both accounts.

    Attributes:
        own: The function's account. other: The table's.
        configuration: The AWS configuration with the profile for the table's account.
    """

    def __init__(self, rig: StrictRig, emulator: local.Emulator, folder: Path) -> None:
        self.rig = rig
        self.folder = folder
        key = emulator.access_key_id  # as the session token, it lets a key name its account
        here = {**emulator.variables(), "AWS_ENDPOINT_URL": rig.endpoint, "AWS_SESSION_TOKEN": key}
        here["AWS_ACCESS_KEY_ID"] = OWN
        self.own = Cloud(here, emulator=emulator.endpoint)
        self.other = Cloud({**here, "AWS_ACCESS_KEY_ID": OTHER}, emulator=emulator.endpoint)
        self.configuration = folder / "aws-config"
        self.configuration.write_text(
            f"[profile tables]\naws_access_key_id = {OTHER}\naws_secret_access_key = x\n"
            f"aws_session_token = {key}\n"
        )
        self._variables = {
            **here,
            "HOME": str(folder),
            "DDBINSERT_STATE_DIR": str(folder / "state"),
            "PATH": "/usr/bin",
            "NO_COLOR": "1",
        }

    def command(self, *words: str, profile: bool = True, **outside: Any) -> Ran:
        """Run a command with credentials for both accounts, or for the function's only."""
        more = ("--table-profile", "tables") if profile else ()
        return ran(*words, *more, variables=self._variables, cwd=self.folder, **outside)

    def arn(self, table: str) -> str:
        return f"arn:aws:dynamodb:{REGION}:{OTHER}:table/{table}"

    def policy(self, table: str) -> list[dict[str, Any]]:
        """The statements of the policy on a table's live stream; none without a policy."""
        client = self.other.dynamodb
        try:
            answer = client.get_resource_policy(ResourceArn=self.other.stream(table))
        except client.exceptions.PolicyNotFoundException:
            return []
        return list(json.loads(answer["Policy"])["Statement"])

    def put_policy(self, table: str, *statements: dict[str, Any]) -> None:
        """Write the policy on a table's live stream as its owner, as soon as the pause after the last change is over."""
        document = json.dumps({"Version": "2012-10-17", "Statement": list(statements)})
        client, pause = self.other.dynamodb, threading.Event()
        while True:
            try:
                client.put_resource_policy(ResourceArn=self.other.stream(table), Policy=document)
            except client.exceptions.ResourceInUseException:
                pause.wait(0.05)
            else:
                return

    def boundary(self) -> str:
        """The ARN of the permissions boundary."""
        iam = self.own.iam
        try:
            made = iam.create_policy(PolicyName="boundary", PolicyDocument=json.dumps(BOUNDARY))
        except iam.exceptions.EntityAlreadyExistsException:
            return f"arn:aws:iam::{OWN}:policy/boundary"
        return str(made["Policy"]["Arn"])

    def close(self) -> None:
        self.own.close()
        self.other.close()
