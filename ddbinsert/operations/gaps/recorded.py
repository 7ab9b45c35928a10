"""Who changed the trigger around the missed inserts, as far as CloudTrail can be read."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Final

from ddbinsert.aws.errors import CredentialsError
from ddbinsert.aws.read.recorded_changes import ONLY_ON_AWS, read_changes
from ddbinsert.core.arn import resource_name
from ddbinsert.core.doctor.model import ROLES_ELSEWHERE, TRAIL_OF_IAM
from ddbinsert.core.proof.gaps.judge import RESTART
from ddbinsert.core.proof.gaps.recorded import ChangedPart, RecordedChange
from ddbinsert.errors import AwsError
from ddbinsert.operations.gaps.scope import all_mappings

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

    from ddbinsert.aws.context import Context
    from ddbinsert.core.doctor.facts import ChangeSeen
    from ddbinsert.operations.verify.subject import Subject

#: Seconds before the first missed insert from which changes are read: a mapping may have been disabled days ago.
_EARLIER: Final = 7 * 86400.0
#: Pages of the account's changes of mappings, which cannot be looked up by the function's name.
_PAGES: Final = 4
#: Events bear the API's version in their names (docs/aws-facts.md#trail-names).
_VERSION: Final = re.compile(r"\d{8}(v\d+)?$")
_OF_MAPPINGS: Final = {
    "CreateEventSourceMapping20150331": "created",
    "UpdateEventSourceMapping20150331": "changed",
    "DeleteEventSourceMapping20150331": "deleted",
}
_TAGGING: Final = ("TagResource", "UntagResource", "TagRole", "UntagRole")


def recorded_changes(
    context: Context, subject: Subject, span: tuple[float, float] | None
) -> tuple[tuple[RecordedChange, ...], str]:
    """The changes of the mapping, the function, the role and the table, and why some are not known.

    Args:
        span: Epoch seconds of the first and the last missed insert; None if there is none.
    """
    if span is None:
        return (), ""
    aws, (first, last) = context.aws, span
    if not aws.has_cloudtrail:
        return (), ONLY_ON_AWS
    since, until = first - _EARLIER, last + RESTART
    try:
        found = [
            one
            for event in _OF_MAPPINGS
            for one in read_changes(aws, event, since, by="EventName", until=until, pages=_PAGES)
            if _is_about(one, subject)
        ]
        changes = [_of_mapping(one) for one in found]
        for part, name in _named_resources(context, subject):
            changes += [
                RecordedChange(part=part, at=one.at, text=f"{part} {name}: {_called(one)} by {_who(one)}")
                for one in read_changes(aws, name, since, until=until)
                if not one.what.startswith((*_TAGGING, *_OF_MAPPINGS))
            ]
    except CredentialsError:
        raise
    except AwsError as error:
        return (), f"CloudTrail: {error.message}"
    return tuple(changes), "" if aws.region == TRAIL_OF_IAM else ROLES_ELSEWHERE


def _named_resources(context: Context, subject: Subject) -> Iterator[tuple[ChangedPart, str]]:
    """What can be looked up by its name."""
    yield ChangedPart.FUNCTION, subject.function.name
    yield ChangedPart.TABLE, subject.table.name
    if context.aws.region == TRAIL_OF_IAM and subject.function.role_arn:
        yield ChangedPart.ROLE, resource_name(subject.function.role_arn)


def _is_about(one: ChangeSeen, subject: Subject) -> bool:
    """Whether a change of a mapping is about one that delivers, or delivered, this table's stream to the function."""
    if _value(one, "uuid") in {mapping.uuid for mapping in all_mappings(subject)}:
        return True
    name = _value(one, "functionArn") or _value(one, "functionName")
    stream = _value(one, "eventSourceArn")
    if not name or resource_name(name) != subject.function.name:
        return False
    return not stream or stream.startswith(f"{subject.table.arn}/")


def _of_mapping(one: ChangeSeen) -> RecordedChange:
    enabled = {name.lower(): value for name, value in one.request.items()}.get("enabled")
    done = _OF_MAPPINGS.get(one.what, "changed")
    if done == "changed" and isinstance(enabled, bool):
        done = "enabled" if enabled else "disabled"
    return RecordedChange(
        part=ChangedPart.MAPPING,
        at=one.at,
        text=f"mapping {_value(one, 'uuid') or 'of the function'} {done} by {_who(one)}",
    )


def _value(one: ChangeSeen, name: str) -> str:
    """A text of the call or its response; the spelling of names differs between events."""
    for part in (one.request, one.response):
        found = _lower(part).get(name.lower())
        if isinstance(found, str) and found:
            return found
    return ""


def _lower(part: Mapping[str, object]) -> dict[str, object]:
    return {name.lower(): value for name, value in part.items()}


def _called(one: ChangeSeen) -> str:
    return _VERSION.sub("", one.what)


def _who(one: ChangeSeen) -> str:
    return one.arn or one.who
