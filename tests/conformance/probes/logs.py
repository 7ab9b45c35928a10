"""CloudWatch Logs."""

from __future__ import annotations

import json
import time
from typing import TYPE_CHECKING, Any

from tests.conformance import handlers
from tests.conformance.model import Seen, probe
from tests.conformance.probes.functions import invoked

if TYPE_CHECKING:
    from tests.conformance.lab import Lab

_EVENTS = 10_050


@probe("logs-pages", quick=True, seconds=60)
def pages(lab: Lab) -> Seen:
    group = lab.log_group(f"/aws/lambda/{lab.name('group')}")
    lab.logs.create_log_stream(logGroupName=group, logStreamName="one")
    now = int(time.time() * 1000)
    events = [{"timestamp": now, "message": f"event {number}"} for number in range(_EVENTS)]
    for start in range(0, _EVENTS, 5_000):
        lab.logs.put_log_events(
            logGroupName=group, logStreamName="one", logEvents=events[start : start + 5_000]
        )
    answer: dict[str, Any] = {}

    def is_whole() -> bool:
        page: dict[str, Any] = {}
        sizes: list[int] = []
        token: dict[str, Any] = {}
        while not sizes or page.get("nextToken"):
            page = lab.logs.filter_log_events(logGroupName=group, **token)
            sizes.append(len(page["events"]))
            token = {"nextToken": page.get("nextToken")}
        answer.update({"all": sum(sizes), "at most 10,000": max(sizes) <= 10_000, "pages": len(sizes) > 1})
        return sum(sizes) == _EVENTS

    lab.until(is_whole, seconds=60 if lab.is_aws else 5)
    return Seen(agrees=answer == {"all": _EVENTS, "at most 10,000": True, "pages": True}, answer=answer)


@probe("logs-format", runs_code=True, seconds=60)
def formats(lab: Lab) -> Seen:
    text = lab.function(handlers.RECORDING)
    as_json = lab.function(handlers.LOGGING, LoggingConfig={"LogFormat": "JSON"})
    for function in (text, as_json):
        invoked(lab, function, {"Records": [{"a": 1}]})
    lines = lab.until(lambda: _ended(lab, text, "REPORT RequestId"))
    documents = lab.until(lambda: _ended(lab, as_json, "platform.report"))
    read = [json.loads(line) for line in documents if line.startswith("{")]
    answer: dict[str, Any] = {
        "text": [
            word for word in ("START", "END", "REPORT") if any(line.startswith(f"{word} ") for line in lines)
        ],
        "platform types": sorted(
            {one["type"] for one in read if str(one.get("type", "")).startswith("platform.")}
        ),
    }
    if lab.has_awss_runtimes:  # the emulator's workers have no log handler of Lambda's
        answer["application has a request id"] = any("requestId" in one for one in read if "type" not in one)
    agrees = (
        answer["text"] == ["START", "END", "REPORT"]
        and {"platform.start", "platform.report"} <= set(answer["platform types"])
        and bool(answer.get("application has a request id", True))
    )
    return Seen(agrees=agrees, answer=answer)


def _ended(lab: Lab, function: str, end: str) -> list[str]:
    lines = lab.lines(f"/aws/lambda/{function}")
    return lines if any(end in line for line in lines) else []
