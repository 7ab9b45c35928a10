"""Lambda functions with states, and roles that must be assumable."""

from __future__ import annotations

import threading
from dataclasses import dataclass
from typing import TYPE_CHECKING

from .arns import function_arn, split_function
from .roles import RoleBook, cannot_be_assumed
from .wire import Access, Answer, Call, Forward, Handler, JsonObject, Refusal

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

    from .context import Context
    from .profile import Functions

_UPDATES = ("UpdateFunctionCode", "UpdateFunctionConfiguration")
_READS = ("GetFunctionConfiguration", "PublishVersion")
_PENDING = {
    "State": "Pending",
    "StateReason": "The function is being created.",
    "StateReasonCode": "Creating",
}
_SETTLED = {"State": "Active", "LastUpdateStatus": "Successful"}
_IN_PROGRESS = {
    "LastUpdateStatus": "InProgress",
    "LastUpdateStatusReason": "The function is being created.",
    "LastUpdateStatusReasonCode": "Creating",
}
_SENDING = {"sqs": ("sqs:SendMessage", "SendMessage on SQS"), "sns": ("sns:Publish", "Publish on SNS")}
_STATE_KEYS = frozenset({*_PENDING, *_IN_PROGRESS})


def needed_rights(request: JsonObject) -> Iterator[tuple[str, str, str]]:
    """What Lambda asks for of the role, by a request's settings: action, resource, and its words for them."""
    if (request.get("VpcConfig") or {}).get("SubnetIds"):
        yield "ec2:CreateNetworkInterface", "*", "CreateNetworkInterface on EC2"
    if (request.get("TracingConfig") or {}).get("Mode") == "Active":
        yield "xray:PutTraceSegments", "*", "PutTraceSegments on XRAY"
    arn = str((request.get("DeadLetterConfig") or {}).get("TargetArn") or "")
    if arn:
        action, words = _SENDING[arn.split(":")[2]]
        yield action, arn, words


#: Setting to its least and most (docs/aws-facts.md#function-limits).
_LIMITS = {"MemorySize": (128, 10_240), "Timeout": (1, 900)}


def _check_limits(request: JsonObject) -> None:
    for name, (least, most) in _LIMITS.items():
        value = request.get(name)
        if value is not None and not least <= int(value) <= most:
            raise Refusal("ValidationException", f"1 validation error detected: Value '{value}' at '{name}'")


@dataclass(frozen=True, kw_only=True)
class _Passing:
    fields: JsonObject
    until: float


class FunctionsBehaviour:
    """Pending and updating functions; ``refuse_pending`` serves those who attach to one."""

    def __init__(self, settings: Functions, context: Context, roles: RoleBook) -> None:
        self._settings = settings
        self._context = context
        self._roles = roles
        self._lock = threading.Lock()
        self._states: dict[tuple[tuple[str, str], str], _Passing] = {}

    @property
    def handlers(self) -> Mapping[str, Handler]:
        updates = {f"lambda:{operation}": self._update for operation in _UPDATES}
        reads = {f"lambda:{operation}": self._read for operation in _READS}
        return (
            updates
            | reads
            | {
                "lambda:CreateFunction": self._create,
                "lambda:GetFunction": self._get,
                "lambda:ListFunctions": self._list,
                "lambda:DeleteFunction": self._delete,
                "lambda:Invoke": self._invoke,
            }
        )

    def close(self) -> None:
        """Nothing to end."""

    def _state(self, access: Access, name: str) -> _Passing | None:
        with self._lock:
            state = self._states.get((access.scope, name))
            return state if state and self._context.clock() < state.until else None

    def refuse_pending(self, access: Access, name: str) -> None:
        """As AWS does while a function is being created.

        Raises:
            Refusal: ResourceConflictException.
        """
        state = self._state(access, name)
        if state and state.fields.get("State") == "Pending":
            raise Refusal(
                "ResourceConflictException",
                "The operation cannot be performed at this time. "
                "The function is currently in the following state: Pending",
            )

    def _refuse_busy(self, access: Access, name: str) -> None:
        self.refuse_pending(access, name)
        if self._state(access, name):
            raise Refusal(
                "ResourceConflictException",
                "The operation cannot be performed at this time. "
                f"An update is in progress for resource: {function_arn(access, name)}",
            )

    def _create(self, call: Call, forward: Forward) -> Answer:
        _check_limits(call.payload)
        self._require_role(call)
        self._require_rights(call, str(call.payload.get("Role", "")))
        answer = forward(call)
        name, _ = split_function(str(call.payload.get("FunctionName", "")))
        if answer.ok:
            self._enter(call.access, name, _PENDING, self._settings.pending)
        return self._retold(call, answer)

    def _update(self, call: Call, forward: Forward) -> Answer:
        name, _ = split_function(call.params["FunctionName"])
        _check_limits(call.payload)
        self._refuse_busy(call.access, name)
        if "Role" in call.payload:
            self._require_role(call)
        self._require_rights(call, str(call.payload.get("Role", "")) or self._role_of(call.access, name))
        answer = forward(call)
        if answer.ok and not call.payload.get("DryRun"):
            fields = {"State": "Active", **_IN_PROGRESS}
            self._enter(call.access, name, fields, self._settings.updating)
        return self._retold(call, answer)

    def _require_role(self, call: Call) -> None:
        if not self._roles.assumable(call.access, str(call.payload.get("Role", ""))):
            raise cannot_be_assumed()

    def _role_of(self, access: Access, name: str) -> str:
        client = self._context.upstream.client("lambda", access)
        try:
            return str(client.get_function_configuration(FunctionName=name)["Role"])
        except client.exceptions.ResourceNotFoundException:
            return ""

    def _require_rights(self, call: Call, role: str) -> None:
        """Settings that Lambda uses the role for: without the right it refuses them, in these words."""
        for action, resource, words in needed_rights(call.payload):
            if role and not self._roles.permits(call.access, role, action, resource):
                raise Refusal(
                    "InvalidParameterValueException",
                    f"The provided execution role does not have permissions to call {words}",
                )

    def _enter(self, access: Access, name: str, fields: JsonObject, seconds: float) -> None:
        with self._lock:
            self._states[access.scope, name] = _Passing(fields=fields, until=self._context.clock() + seconds)

    def _read(self, call: Call, forward: Forward) -> Answer:
        name, _ = split_function(call.params["FunctionName"])
        if call.operation == "PublishVersion":
            self._refuse_busy(call.access, name)
        return self._retold(call, forward(call))

    def _get(self, call: Call, forward: Forward) -> Answer:
        answer = forward(call)
        if not answer.ok:
            return answer
        told = self._with_state(call.access, answer.document["Configuration"])
        code = answer.document.get("Code") or {}
        if code.get("Location"):  # a presigned address; the emulator lets in only who carries its key
            code = {**code, "Location": f"{code['Location']}&X-Amz-Security-Token={call.access.key_id}"}
        return answer.with_document({**answer.document, "Configuration": told, "Code": code})

    def _list(self, call: Call, forward: Forward) -> Answer:
        """ListFunctions shows no state at all."""
        answer = forward(call)
        if not answer.ok:
            return answer
        functions = [
            {key: value for key, value in function.items() if key not in _STATE_KEYS}
            for function in answer.document.get("Functions", [])
        ]
        return answer.with_document({**answer.document, "Functions": functions})

    def _delete(self, call: Call, forward: Forward) -> Answer:
        name, qualifier = split_function(call.params["FunctionName"])
        answer = forward(call)
        if answer.ok and not (qualifier or call.params.get("Qualifier")):
            with self._lock:
                self._states.pop((call.access.scope, name), None)
        return answer

    def _invoke(self, call: Call, forward: Forward) -> Answer:
        name, _ = split_function(call.params["FunctionName"])
        self.refuse_pending(call.access, name)
        return forward(call)

    def _retold(self, call: Call, answer: Answer) -> Answer:
        if not answer.ok:
            return answer
        return answer.with_document(self._with_state(call.access, answer.document))

    def _with_state(self, access: Access, configuration: JsonObject) -> JsonObject:
        """The rig's delays stand in place of the emulator's own."""
        if configuration.get("Version", "$LATEST") != "$LATEST":
            return configuration
        state = self._state(access, str(configuration.get("FunctionName", "")))
        kept = {key: value for key, value in configuration.items() if key not in _STATE_KEYS}
        return kept | (state.fields if state else _SETTLED)
