"""CloudWatch Logs as AWS shows it: ids, ingestion lag, real paging with empty pages, groups that don't exist."""

from __future__ import annotations

import base64
import binascii
import hashlib
import itertools
import json
import threading
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Any

from .loglines import as_on_aws
from .logmirror import LogEvent, LogMirror
from .logpattern import Matcher, compile_log_pattern
from .wire import Access, Answer, Call, Forward, Handler, JsonObject, Refusal, json_answer

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

    from .context import Context
    from .logrights import LogRights
    from .profile import Logs


class LogsBehaviour:
    """FilterLogEvents and GetLogEvents answered from the mirror; the rest passes."""

    def __init__(self, settings: Logs, context: Context, rights: LogRights) -> None:
        self._settings = settings
        self._context = context
        self._rights = rights
        self._mirrors: dict[tuple[tuple[str, str], str], LogMirror] = {}
        self._lock = threading.Lock()
        self._pages = itertools.count(1)
        self._tokens = itertools.count(1)  # botocore takes the same token twice for an endless loop

    @property
    def handlers(self) -> Mapping[str, Handler]:
        return {
            "logs:FilterLogEvents": self._filter,
            "logs:GetLogEvents": self._get,
            "logs:DescribeLogStreams": self._describe_streams,
            "logs:DescribeLogGroups": self._describe_groups,
            "logs:CreateLogGroup": self._create_group,
            "logs:DeleteLogGroup": self._delete_group,
            "logs:DeleteLogStream": self._delete_stream,
        }

    def close(self) -> None:
        """Nothing to end."""

    def shown_rows(self, access: Access, group: str, *, start: int, end: int) -> list[dict[str, str]]:
        """What the group shows by now between two moments (epoch ms), oldest first, by Insights' names."""
        mirror = self._mirror(access, group)
        mirror.refresh(self._context.upstream, access)
        events = mirror.after((start, "", -1), until=end)
        return [
            {
                "@timestamp": datetime.fromtimestamp(event.timestamp / 1000, UTC).strftime("%F %T.%f")[:-3],
                "@logStream": event.stream,
                "@message": event.message,
            }
            for event in events
            if self._shown(event)
        ]

    def _mirror(self, access: Access, group: str) -> LogMirror:
        """The group's mirror.

        Raises:
            Refusal: ResourceNotFoundException where AWS would have no such group.
        """
        if not self._rights.group_exists(access, group):
            raise _no_group()
        with self._lock:
            key = (access.scope, group)
            if key not in self._mirrors:
                self._mirrors[key] = LogMirror(
                    group,
                    lag_ms=self._settings.lag * 1000,
                    written=lambda _stream: self._rights.may_write(access, group),
                    ids=self._context.ids.of(access, group),
                    lines=self._lines(access, group),
                )
            return self._mirrors[key]

    def _lines(self, access: Access, group: str) -> Callable[[list[str], int], list[str]]:
        """How the messages of a group's streams show."""
        if not self._settings.worded:
            return lambda messages, _at: messages
        return lambda messages, at: as_on_aws(messages, self._rights.style(access, group), at=at)

    def _forget(self, access: Access, group: str) -> None:
        with self._lock:
            self._mirrors.pop((access.scope, group), None)

    def _shown(self, event: LogEvent) -> bool:
        return event.shown_at <= self._context.clock() * 1000

    def _filter(self, call: Call, _forward: Forward) -> Answer:
        request = call.payload
        matches = _matcher(request)
        token = request.get("nextToken")
        mirror = self._mirror(call.access, _group_name(request))
        after = _read_token(token, request) if token else (int(request.get("startTime", 0)), "", -1)
        if not token:
            mirror.refresh(self._context.upstream, call.access)
        return json_answer(call, self._page(mirror, matches, request, after))

    def _page(
        self, mirror: LogMirror, matches: Matcher, request: JsonObject, after: tuple[int, str, int]
    ) -> JsonObject:
        room = min(int(request.get("limit") or 10_000), self._settings.page)
        wanted = _stream_test(request)
        found: list[LogEvent] = []
        more = False
        for event in mirror.after(after, until=request.get("endTime")):
            if not self._shown(event) or not wanted(event.stream) or not matches(event.message):
                continue
            more = self._is_empty_page(found)
            if not more:
                found.append(event)
                more = len(found) == room  # AWS promises a next page before knowing whether it holds anything
            if more:
                break
        answer: JsonObject = {"events": [event.document() for event in found], "searchedLogStreams": []}
        if more:
            place = found[-1].key if found else after
            answer["nextToken"] = _write_token(place, request, number=next(self._tokens))
        return answer

    def _is_empty_page(self, found: list[LogEvent]) -> bool:
        """Whether the page about to be filled stays empty this time; asked before its first event."""
        every = self._settings.empty_page_every
        return not found and bool(every) and next(self._pages) % every == 0

    def _get(self, call: Call, forward: Forward) -> Answer:
        request = call.payload
        mirror = self._mirror(call.access, _group_name(request))
        mirror.refresh(self._context.upstream, call.access)
        if mirror.hides(request["logStreamName"]):
            raise Refusal("ResourceNotFoundException", "The specified log stream does not exist.")
        events = [event for event in mirror.of_stream(request["logStreamName"]) if self._shown(event)]
        if not events:
            answer = forward(call)
            if not answer.ok:
                return answer
        start, end = request.get("startTime"), request.get("endTime")
        events = [
            e
            for e in events
            if (start is None or e.timestamp >= start) and (end is None or e.timestamp < end)
        ]
        return json_answer(call, _stream_page(events, request))

    def _describe_streams(self, call: Call, forward: Forward) -> Answer:
        request = call.payload
        mirror = self._mirror(call.access, _group_name(request))
        mirror.refresh(self._context.upstream, call.access)
        answer = forward(call)
        if not answer.ok:
            return answer
        streams = [s for s in answer.document["logStreams"] if not mirror.hides(s["logStreamName"])]
        return answer.with_document({**answer.document, "logStreams": streams})

    def _describe_groups(self, call: Call, forward: Forward) -> Answer:
        answer = forward(call)
        if not answer.ok:
            return answer
        groups = [
            group
            for group in answer.document.get("logGroups", [])
            if self._rights.group_exists(call.access, group["logGroupName"])
        ]
        return answer.with_document({**answer.document, "logGroups": groups})

    def _create_group(self, call: Call, forward: Forward) -> Answer:
        group = _group_name(call.payload)
        existed = self._rights.group_exists(call.access, group)
        answer = forward(call)
        if answer.ok or (answer.error_code == "ResourceAlreadyExistsException" and not existed):
            self._rights.created(call.access, group)
            return json_answer(call, {})
        return answer

    def _delete_group(self, call: Call, forward: Forward) -> Answer:
        group = _group_name(call.payload)
        if not self._rights.group_exists(call.access, group):
            raise _no_group()
        self._rights.deleted(call.access, group)
        self._forget(call.access, group)
        return forward(call)

    def _delete_stream(self, call: Call, forward: Forward) -> Answer:
        self._forget(call.access, _group_name(call.payload))
        return forward(call)


def _no_group() -> Refusal:
    return Refusal("ResourceNotFoundException", "The specified log group does not exist.")


def _group_name(request: JsonObject) -> str:
    name = request.get("logGroupName") or request.get("logGroupIdentifier") or ""
    return str(name).split(":log-group:", 1)[-1].removesuffix(":*")


def _matcher(request: JsonObject) -> Matcher:
    return compile_log_pattern(str(request.get("filterPattern") or ""))


def _stream_test(request: JsonObject) -> Callable[[str], bool]:
    names, prefix = request.get("logStreamNames"), request.get("logStreamNamePrefix")
    if names and prefix:
        raise Refusal(
            "InvalidParameterException", "logStreamNamePrefix and logStreamNames exclude each other"
        )
    if names:
        return frozenset(names).__contains__
    return lambda stream: stream.startswith(prefix or "")


def _same_query(request: JsonObject) -> str:
    """A token belongs to the query that it came from."""
    query = {key: value for key, value in request.items() if key not in {"nextToken", "limit"}}
    return hashlib.sha256(json.dumps(query, sort_keys=True).encode()).hexdigest()[:16]


def _write_token(after: tuple[int, str, int], request: JsonObject, *, number: int) -> str:
    return base64.urlsafe_b64encode(json.dumps([_same_query(request), *after, number]).encode()).decode()


def _read_token(token: str, request: JsonObject) -> tuple[int, str, int]:
    try:
        query, timestamp, stream, place, _ = json.loads(base64.urlsafe_b64decode(token))
    except (ValueError, binascii.Error):
        query = None
    if query != _same_query(request):
        raise Refusal("InvalidParameterException", "The specified nextToken is invalid.")
    return timestamp, stream, place


def _stream_page(events: list[LogEvent], request: JsonObject) -> dict[str, Any]:
    """GetLogEvents: tokens are places in the stream, and the last one is given back as it came."""
    limit = min(int(request.get("limit") or 10_000), 10_000)
    token = str(request.get("nextToken") or "")
    forwards = token.startswith("f/") or (not token and bool(request.get("startFromHead")))
    place = int(token[2:]) if token[2:].isdigit() else (0 if forwards else len(events))
    start, end = (place, place + limit) if forwards else (max(0, place - limit), place)
    page = events[start:end]
    keys = ("timestamp", "message", "ingestionTime")
    return {
        "events": [{key: event.document()[key] for key in keys} for event in page],
        "nextForwardToken": f"f/{start + len(page)}",
        "nextBackwardToken": f"b/{start}",
    }
