"""Roles and functions."""

from __future__ import annotations

import json
import time
from typing import TYPE_CHECKING, Any

from tests.conformance import handlers
from tests.conformance.lab import RUNTIME, package
from tests.conformance.model import Seen, probe

if TYPE_CHECKING:
    from tests.conformance.lab import Lab


#: A state may be over before it is asked for.
_TRIES = 5


def _made_with_a_new_role(lab: Lab, refusals: list[tuple[str, str]]) -> bool:
    """Make a function right after its role; whether that succeeded in the end."""
    name = lab.name("function")
    settings = {
        "FunctionName": name,
        "Runtime": RUNTIME,
        "Handler": "main.handler",
        "Code": {"ZipFile": package({"main.py": handlers.RECORDING})},
    }
    role = lab.role_with([])
    began = time.monotonic()

    def made() -> bool:
        refusal = lab.refusal(lab.lambda_.create_function, Role=role, **settings)
        if refusal[0]:
            refusals.append(refusal)
        return not refusal[0]

    is_made = lab.until(made, seconds=60)
    lab.later(f"function {name}", lambda: lab.gone(lab.lambda_.delete_function, FunctionName=name))
    lab.measured["seconds until a new role can be assumed"] = round(time.monotonic() - began, 1)
    return is_made


@probe("role-propagation", quick=True, seconds=45)
def role_propagation(lab: Lab) -> Seen:
    refusals: list[tuple[str, str]] = []
    is_made = False
    for _ in range(_TRIES):  # one may have spread before it was asked for
        is_made = _made_with_a_new_role(lab, refusals)
        if refusals:
            break
    code, message = refusals[0] if refusals else ("", "")
    agrees = is_made and code == "InvalidParameterValueException" and "cannot be assumed by Lambda" in message
    return Seen(agrees=agrees, answer={"code": code, "message": message, "made in the end": is_made})


@probe("function-pending", quick=True, seconds=20)
def function_pending(lab: Lab) -> Seen:
    state, code = "", ""
    for _ in range(_TRIES):  # it may be Active before it is asked
        function = lab.function(handlers.RECORDING, wait=False)
        code = lab.code_of(lab.lambda_.update_function_configuration, FunctionName=function, MemorySize=192)
        state = str(lab.lambda_.get_function_configuration(FunctionName=function).get("State"))
        if code and state == "Pending":
            break
    return Seen(
        agrees=(state, code) == ("Pending", "ResourceConflictException"),
        answer={"state": state, "code": code},
    )


@probe("function-limits", quick=True)
def function_limits(lab: Lab) -> Seen:
    function = lab.function(handlers.RECORDING)
    update, answer = lab.lambda_.update_function_configuration, {}
    for name, setting in {"10,241 MB": {"MemorySize": 10_241}, "901 s": {"Timeout": 901}}.items():
        answer[name] = lab.code_of(update, FunctionName=function, **setting) or "accepted"
        lab.settled(function)
    refused = {"InvalidParameterValueException", "ValidationException"}
    return Seen(agrees=set(answer.values()) <= refused, answer=answer)


_TRACED = {"TracingConfig": {"Mode": "Active"}}


@probe("function-setting-rights", quick=True, seconds=30)
def setting_rights(lab: Lab) -> Seen:
    function = lab.function(handlers.RECORDING)
    code, message = lab.refusal(lab.lambda_.update_function_configuration, FunctionName=function, **_TRACED)
    agrees = (
        "The provided execution role does not have permissions to call PutTraceSegments on XRAY" in message
    )
    return Seen(agrees=agrees, answer={"code": code or "accepted", "message": message})


@probe("function-tracing-rights", quick=True, seconds=45)
def tracing_rights(lab: Lab) -> Seen:
    rights = {
        "Effect": "Allow",
        "Action": ["xray:PutTraceSegments", "xray:PutTelemetryRecords"],
        "Resource": "*",
    }
    function = lab.function(handlers.RECORDING, role=lab.role_with([*lab.least(), rights]))
    update = lab.lambda_.update_function_configuration
    is_accepted = lab.until(lambda: not lab.code_of(update, FunctionName=function, **_TRACED))
    return Seen(agrees=is_accepted, answer={"accepted": is_accepted})


def invoked(lab: Lab, function: str, event: object) -> tuple[Any, str]:
    """A function's answer, and the type of the error that it ended with."""
    answer = lab.lambda_.invoke(FunctionName=function, Payload=json.dumps(event).encode())
    text = answer["Payload"].read().decode()
    try:
        document = json.loads(text) if text else None
    except ValueError:
        return text, "not JSON"
    error = (
        document.get("errorType", "") if answer.get("FunctionError") and isinstance(document, dict) else ""
    )
    return document, str(error or answer.get("FunctionError") or "")


@probe("log-group-outlives", runs_code=True, seconds=60)
def log_group_outlives(lab: Lab) -> Seen:
    function = lab.function(handlers.RECORDING, logs=False)
    group = f"/aws/lambda/{function}"
    before = _group(lab, group)
    invoked(lab, function, {})
    made = lab.until(lambda: _group(lab, group))
    lab.gone(lab.lambda_.delete_function, FunctionName=function)
    answer = {
        "before": bool(before),
        "made": bool(made),
        "has a retention": "retentionInDays" in made,
        "after the function": bool(_group(lab, group)),
    }
    lab.log_group(group)  # it is removed at the end
    wanted = {"before": False, "made": True, "has a retention": False, "after the function": True}
    return Seen(agrees=answer == wanted, answer=answer)


def _group(lab: Lab, name: str) -> dict[str, Any]:
    groups = lab.logs.describe_log_groups(logGroupNamePrefix=name).get("logGroups", [])
    return next((dict(one) for one in groups if one["logGroupName"] == name), {})


@probe("invoke-429", quick=True, seconds=30)
def invoke_429(lab: Lab) -> Seen:
    function = lab.function(handlers.RECORDING)
    lab.lambda_.put_function_concurrency(FunctionName=function, ReservedConcurrentExecutions=0)

    def reason() -> str:
        try:
            lab.lambda_.invoke(FunctionName=function, Payload=b"{}")
        except lab.lambda_.exceptions.TooManyRequestsException as error:
            return str(error.response.get("Reason") or "no reason")
        return ""

    found = lab.until(reason, seconds=20) or "accepted"
    return Seen(agrees=found == "ReservedFunctionConcurrentInvocationLimitExceeded", answer={"reason": found})


@probe("node-handlers", runs_code=True, seconds=60)
def node_handlers(lab: Lab) -> Seen:
    older, newer = "nodejs22.x", "nodejs24.x"
    module = {"index.js": handlers.MODULE_JS}
    typed = {**module, "package.json": '{"type":"module"}'}
    callback = {"index.js": handlers.CALLBACK_JS}
    files = {"module": (older, module), "typed": (older, typed), "callback": (newer, callback)}
    answers = {}
    for name, (runtime, content) in files.items():
        function = lab.function(package(content), Runtime=runtime, Handler="index.handler")
        answer, error = invoked(lab, function, {})
        answers[name] = error or str(answer)
    agrees = "SyntaxError" in answers["module"] and answers["typed"] == "string"
    return Seen(agrees=agrees and answers["callback"] != "called back", answer=answers)


@probe("python-answers", runs_code=True, seconds=30)
def python_answers(lab: Lab) -> Seen:
    function = lab.function(handlers.ANSWERING)
    number, none = invoked(lab, function, {"kind": "decimal"})
    _, error = invoked(lab, function, {"kind": "set"})
    answer = {"Decimal": none or number, "set": error}
    return Seen(agrees=answer == {"Decimal": 1.5, "set": "Runtime.MarshalError"}, answer=answer)


@probe("archive-modes", runs_code=True, seconds=30)
def archive_modes(lab: Lab) -> Seen:
    closed = lab.function(package({"main.py": handlers.RECORDING}, mode=0o600))
    _, error = invoked(lab, closed, {})
    return Seen(agrees=error == "Runtime.ImportModuleError", answer={"mode 600": error or "it ran"})
