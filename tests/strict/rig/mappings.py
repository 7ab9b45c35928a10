"""Event source mappings of DynamoDB streams, played by the rig: states, refusals, and a poller each.

The emulator hears nothing of them; mappings of other sources (queues) are left to it.
"""

from __future__ import annotations

import threading
import uuid
from dataclasses import dataclass, field
from typing import TYPE_CHECKING
from urllib.parse import parse_qsl, urlsplit

from .accounts import may_read, owner
from .arns import function_arn, split_function, table_name
from .delivery import Delivery
from .mapping_rules import cannot_access, check_settings
from .poller import ShardPoller
from .wire import Access, Answer, Call, Forward, Handler, JsonObject, Refusal, json_answer

if TYPE_CHECKING:
    from collections.abc import Mapping

    from .context import Context
    from .functions import FunctionsBehaviour
    from .profile import Mappings, Streams
    from .roles import RoleBook

_INVALID = "InvalidParameterValueException"
_DEFAULTS: JsonObject = {
    "BatchSize": 100,
    "MaximumBatchingWindowInSeconds": 0,
    "ParallelizationFactor": 1,
    "MaximumRecordAgeInSeconds": -1,
    "BisectBatchOnFunctionError": False,
    "MaximumRetryAttempts": -1,
    "TumblingWindowInSeconds": 0,
    "FunctionResponseTypes": [],
    "DestinationConfig": {"OnFailure": {}},
}
#: In requests only, or shown otherwise than they were sent.
_NOT_SHOWN = frozenset({"Enabled", "FunctionName", "Tags", "UUID"})


@dataclass(kw_only=True)
class PlayedMapping:
    """One mapping.

    Attributes:
        history: (from when, settings): what pollers go by, in order of time.
        busy: (state shown, until when).
    """

    access: Access
    uuid: str
    stream_arn: str
    starting_position: str
    function_arn: str
    role_arn: str
    settings: JsonObject
    history: list[tuple[float, JsonObject]]
    busy: tuple[str, float]
    modified: float
    last_result: str = "No records processed"
    ended: threading.Event = field(default_factory=threading.Event)

    def effective(self, now: float) -> JsonObject | None:
        """The settings that count by now; None before the first poll."""
        past = [settings for since, settings in self.history if since <= now]
        return past[-1] if past else None

    def state(self, now: float) -> str:
        shown, until = self.busy
        if now < until:
            return shown
        return "Enabled" if self.settings.get("Enabled", True) else "Disabled"

    def is_gone(self, now: float) -> bool:
        return self.busy[0] == "Deleting" and now >= self.busy[1]

    def document(self, now: float, *, decrypted: bool = False) -> JsonObject:
        shown = {name: value for name, value in self.settings.items() if name not in _NOT_SHOWN}
        if shown.get("KMSKeyArn") and not decrypted:
            shown["FilterCriteria"] = None
        elif not (shown.get("FilterCriteria") or {}).get("Filters"):
            shown.pop("FilterCriteria", None)
        return {
            **_DEFAULTS,
            **shown,
            "UUID": self.uuid,
            "EventSourceArn": self.stream_arn,
            "FunctionArn": self.function_arn,
            "StartingPosition": self.starting_position,
            "State": self.state(now),
            "StateTransitionReason": "User action",
            "LastProcessingResult": self.last_result,
            "LastModified": self.modified,
            "EventSourceMappingArn": f"arn:aws:lambda:{self.access.region}:{self.access.account}:"
            f"event-source-mapping:{self.uuid}",
        }


class MappingsBehaviour:
    """Create, read, list, change and delete; each mapping is polled by threads of the rig.

    Args:
        streams: The virtual shards of a stream; each is polled by itself.
    """

    def __init__(
        self,
        settings: Mappings,
        context: Context,
        roles: RoleBook,
        functions: FunctionsBehaviour | None,
        streams: Streams,
    ) -> None:
        self._settings = settings
        self._context = context
        self._roles = roles
        self._functions = functions
        self._streams = streams
        self._lock = threading.RLock()
        self._mappings: dict[str, PlayedMapping] = {}
        self._pollers: list[ShardPoller] = []

    @property
    def handlers(self) -> Mapping[str, Handler]:
        return {
            "lambda:CreateEventSourceMapping": self._create,
            "lambda:GetEventSourceMapping": self._get,
            "lambda:ListEventSourceMappings": self._list,
            "lambda:UpdateEventSourceMapping": self._update,
            "lambda:DeleteEventSourceMapping": self._delete,
            "lambda:TagResource": self._tag,
            "lambda:UntagResource": self._untag,
            "lambda:ListTags": self._list_tags,
        }

    def close(self) -> None:
        with self._lock:
            for mapping in self._mappings.values():
                mapping.ended.set()
            pollers = list(self._pollers)
        for poller in pollers:
            poller.join(2.0)  # an invocation in flight may take longer; the thread is a daemon

    # --- the interface ----------------------------------------------------------------------------------

    def _create(self, call: Call, forward: Forward) -> Answer:
        request = call.payload
        arn = str(request.get("EventSourceArn", ""))
        if ":dynamodb:" not in arn:
            return forward(call)
        check_settings(request, filter_quota=self._settings.filter_quota)
        position = request.get("StartingPosition")
        if position not in ("LATEST", "TRIM_HORIZON"):
            raise Refusal(
                _INVALID,
                f"Unsupported starting position for arn type: {arn}"
                if position
                else "1 validation error detected: Value null at 'startingPosition' failed to satisfy constraint: "
                "Member must not be null.",
            )
        target = self._function(call.access, str(request.get("FunctionName", "")))
        self._require_rights(call.access, target[1], arn)
        self._require_stream(call.access, arn)
        with self._lock:
            self._refuse_duplicate(call.access, arn, target[0])
            mapping = self._new(call.access, target, request)
            self._mappings[mapping.uuid] = mapping
            self._poll(mapping)
        return json_answer(call, mapping.document(self._now), status=202)

    def _new(self, access: Access, target: tuple[str, str], request: JsonObject) -> PlayedMapping:
        settings = {k: v for k, v in request.items() if k not in ("EventSourceArn", "StartingPosition")}
        active = self._now + self._settings.creating
        return PlayedMapping(
            access=access,
            uuid=str(uuid.uuid4()),
            stream_arn=request["EventSourceArn"],
            starting_position=request["StartingPosition"],
            function_arn=target[0],
            role_arn=target[1],
            settings=settings,
            history=[(active + self._settings.polling_delay, settings)],
            busy=("Creating", active),
            modified=self._now - self._settings.age,
        )

    def _poll(self, mapping: PlayedMapping) -> None:
        for shard in range(self._streams.shards):
            delivery = Delivery(mapping, self._settings, self._context, self._roles)
            poller = ShardPoller(
                mapping,
                delivery,
                self._settings,
                self._context,
                self._roles,
                streams=self._streams,
                shard=shard,
            )
            self._pollers.append(poller)
            poller.start()

    def _get(self, call: Call, forward: Forward) -> Answer:
        mapping = self._find(call)
        if mapping is None:
            return forward(call)
        return json_answer(call, mapping.document(self._now, decrypted=self._settings.decrypts))

    def _list(self, call: Call, forward: Forward) -> Answer:
        """AWS leaves alias mappings out when a function's bare name is asked for."""
        source, name = call.params.get("EventSourceArn"), call.params.get("FunctionName")
        if source and ":dynamodb:" not in source:
            return forward(call)
        arn = function_arn(call.access, name) if name else None
        with self._lock:
            found = [
                mapping.document(self._now)
                for mapping in self._mappings.values()
                if mapping.access.scope == call.access.scope
                and not mapping.is_gone(self._now)
                and (not source or mapping.stream_arn == source)
                and (not arn or mapping.function_arn == arn)
            ]
        start = int(call.params.get("Marker") or 0)
        end = start + int(call.params.get("MaxItems") or 100)
        more = {"NextMarker": str(end)} if end < len(found) else {}
        return json_answer(call, {"EventSourceMappings": found[start:end], **more})

    def _update(self, call: Call, forward: Forward) -> Answer:
        mapping = self._find(call)
        if mapping is None:
            return forward(call)
        request = call.payload
        check_settings(request, filter_quota=self._settings.filter_quota)
        self._refuse_busy(mapping, "update")
        if "FunctionName" in request:
            mapping.function_arn, mapping.role_arn = self._function(call.access, request["FunctionName"])
        with self._lock:
            mapping.settings = {**mapping.settings, **request}
            settled = self._now + self._settings.updating
            mapping.busy = (_turning(request), settled)
            mapping.history.append((settled + self._settings.update_lag, mapping.settings))
            mapping.modified = self._now
        self._wake(mapping)
        return json_answer(call, mapping.document(self._now), status=202)

    def _delete(self, call: Call, forward: Forward) -> Answer:
        mapping = self._find(call)
        if mapping is None:
            return forward(call)
        self._refuse_busy(mapping, "delete")
        with self._lock:
            mapping.busy = ("Deleting", self._now + self._settings.deleting)
            mapping.ended.set()
        self._wake(mapping)
        return json_answer(call, mapping.document(self._now), status=202)

    def is_in_force(self, uuid: str) -> bool:
        """Whether a mapping's pollers go by its last settings by now."""
        mapping = self._mappings.get(uuid)
        return mapping is not None and mapping.effective(self._now) is mapping.settings

    def settle(self, uuid: str) -> None:
        """Put a mapping's latest settings in force at once; nothing happens for a mapping of another rig."""
        mapping = self._mappings.get(uuid)
        if mapping is not None:
            with self._lock:
                mapping.history.append((self._now, mapping.settings))
                mapping.history.sort(key=lambda entry: entry[0])
                mapping.history = [entry for entry in mapping.history if entry[0] <= self._now]
            self._wake(mapping)

    # --- what it goes by --------------------------------------------------------------------------------

    @property
    def _now(self) -> float:
        return self._context.clock()

    def _wake(self, mapping: PlayedMapping) -> None:
        """Its pollers soon go by other settings, or end."""
        self._context.wakes.wake([table_name(mapping.stream_arn)])

    def _tag(self, call: Call, forward: Forward) -> Answer:
        """Tags of a mapping; in any state, as they are no part of its settings."""
        mapping = self._tagged(call)
        if mapping is None:
            return forward(call)
        with self._lock:
            tags = {**mapping.settings.get("Tags", {}), **call.payload["Tags"]}
            mapping.settings = {**mapping.settings, "Tags": tags}
        return json_answer(call, {}, status=204)

    def _untag(self, call: Call, forward: Forward) -> Answer:
        mapping = self._tagged(call)
        if mapping is None:
            return forward(call)
        gone = {value for key, value in parse_qsl(urlsplit(call.target).query) if key == "tagKeys"}
        with self._lock:
            tags = {key: value for key, value in mapping.settings.get("Tags", {}).items() if key not in gone}
            mapping.settings = {**mapping.settings, "Tags": tags}
        return json_answer(call, {}, status=204)

    def _list_tags(self, call: Call, forward: Forward) -> Answer:
        mapping = self._tagged(call)
        return (
            forward(call)
            if mapping is None
            else json_answer(call, {"Tags": mapping.settings.get("Tags", {})})
        )

    def _tagged(self, call: Call) -> PlayedMapping | None:
        """The mapping whose ARN is spoken of."""
        _, _, uuid = call.params["Resource"].partition(":event-source-mapping:")
        mapping = self._mappings.get(uuid)
        return None if mapping is None or mapping.is_gone(self._now) else mapping

    def _find(self, call: Call) -> PlayedMapping | None:
        mapping = self._mappings.get(call.params["UUID"])
        return None if mapping is None or mapping.is_gone(self._now) else mapping

    def _refuse_busy(self, mapping: PlayedMapping, doing: str) -> None:
        if self._now < mapping.busy[1]:
            raise Refusal(
                "ResourceInUseException",
                f"Cannot {doing} the event source mapping because it is in use.",
                status=400,
            )

    def _function(self, access: Access, reference: str) -> tuple[str, str]:
        """(ARN with its qualifier, role) of a function that exists."""
        name, qualifier = split_function(reference)
        path = f"/2015-03-31/functions/{name}/configuration" + (
            f"?Qualifier={qualifier}" if qualifier else ""
        )
        try:
            found = self._context.upstream.lambda_document(path, access)
        except Refusal:
            raise Refusal(_INVALID, "Function does not exist") from None
        if self._functions:
            self._functions.refuse_pending(access, name)
        return function_arn(access, f"{name}:{qualifier}" if qualifier else name), str(found.get("Role", ""))

    def _require_stream(self, access: Access, arn: str) -> None:
        try:
            own = owner(access, arn)
            self._context.upstream.json("dynamodbstreams", "DescribeStream", {"StreamArn": arn}, own)
        except Refusal:
            raise Refusal(_INVALID, f"Stream not found: {arn}") from None

    def _require_rights(self, access: Access, role: str, arn: str) -> None:
        if not may_read(self._context, self._roles, access, role, arn):
            raise Refusal(_INVALID, cannot_access(arn))

    def _refuse_duplicate(self, access: Access, arn: str, target: str) -> None:
        for known in self._mappings.values():
            if (
                known.access.scope == access.scope
                and (known.stream_arn, known.function_arn) == (arn, target)
                and not known.is_gone(self._now)
            ):
                name = target.rsplit(":function:", 1)[-1]
                raise Refusal(
                    "ResourceConflictException",
                    f'The event source arn (" {arn} ") and function (" {name} ") provided mapping already exists. '
                    f"Please update or delete the existing mapping with UUID {known.uuid}",
                )


def _turning(request: JsonObject) -> str:
    match request.get("Enabled"):
        case True if set(request) == {"Enabled"}:
            return "Enabling"
        case False:
            return "Disabling"
        case _:
            return "Updating"
