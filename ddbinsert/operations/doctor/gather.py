"""Reads everything that doctor's checks need: what `status` reads, and two rounds of calls after it.

If a part cannot be read, its checks are "not checked"; that is never a finding.
"""

from __future__ import annotations

import contextlib
from dataclasses import field, replace
from functools import partial
from typing import TYPE_CHECKING, Any, Final

from ddbinsert.aws.errors import CredentialsError
from ddbinsert.aws.read.doctor import recent_activity, recent_records, related_resources
from ddbinsert.aws.read.ownership import with_log_group_tags
from ddbinsert.aws.read.recorded_changes import ONLY_ON_AWS, read_changes
from ddbinsert.aws.read.resources import read_function, read_log_group, read_role
from ddbinsert.core.arn import resource_name
from ddbinsert.core.doctor.facts import Facts, SinkSeen
from ddbinsert.core.doctor.model import TRAIL_OF_IAM, FactSource
from ddbinsert.dataclass import dataclass
from ddbinsert.errors import AwsError, PrerequisiteError
from ddbinsert.operations.doctor.world import passing, with_mappings, world_of
from ddbinsert.operations.existing_resources import missing_table
from ddbinsert.operations.verify.second_look import revealed

if TYPE_CHECKING:
    from collections.abc import Callable

    from ddbinsert.aws.context import Context
    from ddbinsert.aws.session.session import Aws
    from ddbinsert.core.model.seen import LogGroupState, World
    from ddbinsert.core.model.wanted import Trigger

_SIBLINGS: Final = 10
#: Number of days for which CloudTrail events are read.
_DAYS: Final = 90
_SINK: Final = "SINK_ARN"


@dataclass
class _Reads:
    """The reads of one round, each with the part that it reads."""

    unread: dict[FactSource, str] = field(default_factory=dict)
    calls: list[Callable[[], Any]] = field(default_factory=list)

    def add(self, part: FactSource, read: Callable[[], Any]) -> int:
        """Add a read; return its index in the answers."""
        self.calls.append(partial(self._tried, part, read))
        return len(self.calls) - 1

    def _tried(self, part: FactSource, read: Callable[[], Any]) -> Any:
        try:
            return read()
        except CredentialsError:
            raise
        except (AwsError, PrerequisiteError) as error:
            self.unread[part] = error.message
            return None


def gather(context: Context, trigger: Trigger, *, since: float, known: World | None = None) -> Facts:
    """The facts about a trigger.

    Args:
        since: Log and metrics are read from this number of seconds before now.
        known: What was just read of the trigger, without its role.

    Raises:
        PrerequisiteError: The table does not exist.
        AwsError: The table, the function or the mappings cannot be read.
    """
    aws = context.aws
    unread: dict[FactSource, str] = {}
    shards: list[recent_records.Shards] = []
    world = world_of(aws, trigger, unread, shards, known)
    context.reporter.header(account=world.account, region=world.region, table=trigger.table)
    if world.table is None:
        raise missing_table(aws, trigger.table, world.region)
    if world.function is not None and world.function.tags_unread:
        unread[FactSource.OWNER] = world.function.tags_unread
    now = context.clock.now()
    facts = Facts(trigger=trigger, world=world, now=now, since=now - since, unread=unread)
    facts = replace(facts, template=_template(facts), sink=_sink(facts))
    if shards:
        facts = replace(facts, open_shards=shards[0].open_count)
    return _Gathering(aws, facts, shards[0] if shards else None).carried_out()


def _log_group(aws: Aws, name: str) -> LogGroupState | None:
    """The log group, with its tags if they can be read."""
    group = read_log_group(aws, name)
    if group is None:
        return None
    with contextlib.suppress(AwsError):
        return with_log_group_tags(aws, group)
    return group


def _template(facts: Facts) -> Any:
    from ddbinsert.operations.verify.own_code import template_of

    return template_of(facts.function) if facts.function is not None and facts.is_ours else None


def _sink(facts: Facts) -> SinkSeen:
    function = facts.function
    # In other code the variable may have any meaning.
    if function is None or not (facts.runs_template or facts.is_ours):
        return SinkSeen()
    return SinkSeen(arn=function.environment.get(_SINK, "").strip())


class _Gathering:
    """The two rounds of calls after those of `status`."""

    def __init__(self, aws: Aws, facts: Facts, shards: recent_records.Shards | None) -> None:
        self._aws = aws
        self._facts = facts
        self._shards = shards
        self._reads = _Reads(unread=dict(facts.unread))
        self._edits: list[Callable[[list[Any], Facts], Facts]] = []

    def carried_out(self) -> Facts:
        for plan in (
            self._of_table,
            self._of_world,
            self._of_function,
            self._of_role,
            self._of_log,
            self._of_stream,
        ):
            plan()
        answers = self._aws.side_by_side(*self._reads.calls) if self._reads.calls else []
        facts = self._facts
        for edit in self._edits:
            facts = edit(answers, facts)
        hidden = any(m.filters_hidden for m in facts.mappings)
        if hidden:
            self._reads.unread[FactSource.FILTERS] = "the filter is encrypted with a customer key"
        if not facts.function:
            for part in (FactSource.LOG, FactSource.METRICS):
                self._reads.unread.setdefault(part, "the function does not exist")
        facts = replace(facts, unread=self._reads.unread)
        return self._with_entry(facts)

    def _want(self, part: FactSource, read: Callable[[], Any], put: Callable[[Facts, Any], Facts]) -> None:
        place = self._reads.add(part, read)

        def edit(answers: list[Any], facts: Facts) -> Facts:
            return facts if answers[place] is None else put(facts, answers[place])

        self._edits.append(edit)

    def _of_table(self) -> None:
        aws, table = self._aws, self._facts.table
        self._want(
            FactSource.TTL,
            lambda: related_resources.read_time_to_live(aws, table.name),
            lambda facts, value: replace(facts, time_to_live=value),
        )
        if table.kms_key_arn:
            key = table.kms_key_arn
            self._want(
                FactSource.KEY,
                lambda: related_resources.read_key_state(aws, key),
                lambda facts, value: replace(facts, key_state=value),
            )
        self._want(
            FactSource.ACCOUNT,
            lambda: related_resources.read_account(aws),
            lambda facts, value: replace(facts, account=value),
        )

    def _of_world(self) -> None:
        """Other functions on the stream, hidden filters, destinations, the sink."""
        aws, facts = self._aws, self._facts
        names = sorted({m.function_name for m in facts.world.other_mappings} - {facts.name})[:_SIBLINGS]
        for name in names:
            self._want(
                FactSource.SIBLINGS,
                lambda name=name: (read_function(aws, name),),  # type: ignore[misc]
                lambda f, value, name=name: replace(f, siblings={**f.siblings, name: value[0]}),  # type: ignore[misc]
            )
        if any(m.filters_hidden for m in facts.mappings):
            self._want(FactSource.FILTERS, lambda: revealed(aws, facts.mappings), with_mappings)
        for arn in dict.fromkeys(
            m.on_failure for m in facts.mappings if m.on_failure and m.on_failure != "create"
        ):
            self._want(
                FactSource.DESTINATION,
                lambda arn=arn: related_resources.read_destination(aws, arn),  # type: ignore[misc]
                lambda f, value: replace(f, destinations=(*f.destinations, value)),
            )
        if facts.sink.arn:
            self._want(
                FactSource.SINK,
                lambda: related_resources.read_sink(aws, facts.sink.arn),
                lambda f, value: replace(f, sink=value),
            )

    def _of_function(self) -> None:
        """The function's metrics, and who changed it."""
        aws, facts = self._aws, self._facts
        function = facts.function
        if function is not None:
            uuids = [m.uuid for m in facts.mappings]
            self._want(
                FactSource.METRICS,
                lambda: recent_activity.read_metrics(
                    aws, function.name, uuids, facts.sink.arn, since=facts.since, now=facts.now
                ),
                lambda f, value: replace(f, metrics=value),
            )
        if not aws.has_cloudtrail:
            self._reads.unread[FactSource.CHANGES] = ONLY_ON_AWS
            return
        role = (facts.role_name,) if aws.region == TRAIL_OF_IAM else ()
        for resource in (*(m.uuid for m in facts.mappings[:1]), facts.name, *role):
            self._want(
                FactSource.CHANGES,
                lambda resource=resource: read_changes(aws, resource, facts.now - _DAYS * 86400),  # type: ignore[misc]
                lambda f, value: replace(f, changes=(*f.changes, *value)),
            )

    def _of_role(self) -> None:
        """The role that the function actually has, and its permissions."""
        aws, facts = self._aws, self._facts
        function, known = facts.function, facts.world.role
        if function is None or FactSource.ROLE in self._reads.unread:
            self._reads.unread.setdefault(
                FactSource.RIGHTS, self._reads.unread.get(FactSource.ROLE, "the function does not exist")
            )
            return
        if known is None or known.arn != function.role_arn:
            name = resource_name(function.role_arn)
            self._want(
                FactSource.ROLE,
                lambda: (read_role(aws, name),),
                lambda f, value: replace(f, world=replace(f.world, role=value[0])),
            )
        is_ours = known is not None and known.arn == function.role_arn and known.is_ours
        for one in related_resources.rights_to_ask(facts.table, function, facts.mappings, facts.sink.arn):
            self._want(
                FactSource.RIGHTS,
                lambda one=one: related_resources.read_right(aws, function.role_arn, one, is_ours=is_ours),  # type: ignore[misc]
                lambda f, value: replace(f, rights=related_resources.together((f.rights, value))),
            )

    def _of_log(self) -> None:
        """The log group that the function actually writes to, and its lines."""
        aws, facts = self._aws, self._facts
        function, group = facts.function, facts.world.log_group
        if function is None:
            return
        if group is None or group.name != function.log_group:
            self._want(
                FactSource.LOG_GROUP,
                lambda: (_log_group(aws, function.log_group),),
                lambda f, value: replace(f, world=replace(f.world, log_group=value[0])),
            )
        places = [
            self._reads.add(
                FactSource.LOG,
                partial(recent_activity.read_window, aws, function.log_group, function.name, window),
            )
            for window in recent_activity.windows(facts.since, facts.now)
        ]

        def edit(answers: list[Any], f: Facts) -> Facts:
            parts = [answers[place] for place in places]
            if any(part is None for part in parts):
                return f
            if not parts[0].whole:
                self._reads.unread[FactSource.LOG] = (
                    "the last minutes hold more lines than can be read at once"
                )
                return f
            return replace(f, log=recent_activity.log_seen(parts))

        self._edits.append(edit)

    def _of_stream(self) -> None:
        """The oldest inserts of each shard."""
        aws, facts, shards = self._aws, self._facts, self._shards
        stream = facts.table.stream_arn
        if stream is None or shards is None:
            self._reads.unread.setdefault(FactSource.STREAM, "the stream is disabled")
            self._reads.unread.setdefault(FactSource.SHARDS, "the stream is disabled")
            return
        places = [
            self._reads.add(FactSource.STREAM, partial(recent_records.read_shard, aws, stream, shard))
            for shard in shards.chosen
        ]

        def edit(answers: list[Any], f: Facts) -> Facts:
            pages = [answers[place] for place in places if answers[place] is not None]
            return replace(f, stream=recent_records.stream_seen(pages, stream, shards, passing(f)))

        self._edits.append(edit)

    def _with_entry(self, facts: Facts) -> Facts:
        """The newest entry in a sink that is a table, found by the records that the log shows as processed."""
        arn = facts.sink.arn
        if not arn or facts.sink.problem or FactSource.SINK in facts.unread or not facts.log.receipts:
            return facts
        try:
            at = related_resources.last_entry(self._aws, arn, facts.log.receipts)
        except AwsError:
            return facts
        return replace(facts, sink=replace(facts.sink, last_entry=at))
