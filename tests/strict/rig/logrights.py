"""Whether a function's log lines exist at all: its role must be allowed to write them.

The emulator logs whatever the role says, and makes the group itself. Which function wrote a stream is told
by the group that functions log to; with several functions in one group it is enough that one may write.
"""

from __future__ import annotations

import threading
from typing import TYPE_CHECKING

from .loglines import Style
from .wire import Access, JsonObject, Refusal

if TYPE_CHECKING:
    from .context import Context
    from .roles import RoleBook

_DEFAULT_PREFIX = "/aws/lambda/"


class LogRights:
    """Groups that really exist, and who may write to them."""

    def __init__(self, context: Context, roles: RoleBook, *, enforced: bool) -> None:
        self._context = context
        self._roles = roles
        self._enforced = enforced
        self._lock = threading.Lock()
        self._existing: set[tuple[tuple[str, str], str]] = set()

    def created(self, access: Access, group: str) -> None:
        with self._lock:
            self._existing.add((access.scope, group))

    def deleted(self, access: Access, group: str) -> None:
        with self._lock:
            self._existing.discard((access.scope, group))

    def group_exists(self, access: Access, group: str) -> bool:
        """Somebody created it, or a function whose role may create groups has logged to it.

        Where no function logs to the group, the emulator knows best.
        """
        if not self._enforced or (access.scope, group) in self._existing:
            return True
        writers = self._writers(access, group)
        if not writers:
            return True
        if not any(self._permits(access, writer, "logs:CreateLogGroup", group) for writer in writers):
            return False
        if self._is_upstream(access, group):
            self.created(access, group)
        return True

    def may_write(self, access: Access, group: str) -> bool:
        """Whether a function that logs to the group may do so now; others' groups are not ours to judge."""
        if not self._enforced:
            return True
        writers = self._writers(access, group)
        return not writers or any(
            self._permits(access, writer, "logs:CreateLogStream", group)
            and self._permits(access, writer, "logs:PutLogEvents", group)
            for writer in writers
        )

    def style(self, access: Access, group: str) -> Style:
        """How the functions that log to the group do so: as the first of them is configured."""
        for function in self._writers(access, group):
            config = function.get("LoggingConfig") or {}
            is_json = config.get("LogFormat") == "JSON"
            return Style(is_json=is_json, system_level=str(config.get("SystemLogLevel") or "INFO"))
        return Style()

    def _writers(self, access: Access, group: str) -> list[JsonObject]:
        if group.startswith(_DEFAULT_PREFIX):
            try:
                name = group.removeprefix(_DEFAULT_PREFIX)
                function = self._context.upstream.lambda_document(
                    f"/2015-03-31/functions/{name}/configuration", access
                )
            except Refusal:
                return []
            return [function] if _log_group(function) == group else []
        listed = self._context.upstream.lambda_document("/2015-03-31/functions?MaxItems=1000", access)
        return [function for function in listed.get("Functions", []) if _log_group(function) == group]

    def _permits(self, access: Access, function: JsonObject, action: str, group: str) -> bool:
        arn = f"arn:aws:logs:{access.region}:{access.account}:log-group:{group}"
        resources = (arn, f"{arn}:*") if action == "logs:CreateLogGroup" else (f"{arn}:log-stream:any",)
        return any(
            self._roles.permits(access, str(function.get("Role", "")), action, one) for one in resources
        )

    def _is_upstream(self, access: Access, group: str) -> bool:
        found = self._context.upstream.json(
            "logs", "DescribeLogGroups", {"logGroupNamePrefix": group}, access
        )
        return any(each["logGroupName"] == group for each in found.get("logGroups", []))


def _log_group(function: JsonObject) -> str:
    configured = (function.get("LoggingConfig") or {}).get("LogGroup")
    return str(configured or f"{_DEFAULT_PREFIX}{function.get('FunctionName')}")
