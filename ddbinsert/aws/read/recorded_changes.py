"""The changes of a resource that CloudTrail recorded."""

from __future__ import annotations

import json
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Any, Final

from ddbinsert.aws.errors import translated
from ddbinsert.core.doctor.facts import ChangeSeen

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

    from ddbinsert.aws.session.session import Aws

#: Why there are no records elsewhere.
ONLY_ON_AWS: Final = "CloudTrail records changes on AWS only"


def read_changes(
    aws: Aws,
    resource: str,
    since: float,
    *,
    by: str = "ResourceName",
    until: float | None = None,
    pages: int = 1,
) -> tuple[ChangeSeen, ...]:
    """The changes of a resource that CloudTrail recorded, oldest first; calls that failed changed nothing.

    Args:
        resource: Name of the resource, or the value of another attribute.
        by: The attribute: ``ResourceName`` or ``EventName``.
        pages: Maximum number of pages of 50 events that are read, the newest first.

    Raises:
        AwsError: It may not be read.
    """
    request: dict[str, Any] = {
        "LookupAttributes": [{"AttributeKey": by, "AttributeValue": resource}],
        "StartTime": datetime.fromtimestamp(since, UTC),
    }
    if until is not None:
        request["EndTime"] = datetime.fromtimestamp(until, UTC)
    found: list[ChangeSeen] = []
    with translated("look up changes in CloudTrail"):
        client: Any = aws.client("cloudtrail")
        for _ in range(pages):
            answer = client.lookup_events(**request)
            found.extend(_changes(answer, resource))
            if not answer.get("NextToken"):
                break
            request["NextToken"] = answer["NextToken"]
    return tuple(reversed(found))


def _changes(answer: Mapping[str, Any], resource: str) -> Iterator[ChangeSeen]:
    for event in answer.get("Events", ()):
        details = _details(event)
        if event.get("ReadOnly") == "true" or details.get("errorCode"):
            continue
        yield ChangeSeen(
            at=event["EventTime"].timestamp(),
            who=event.get("Username") or "unknown",
            what=event.get("EventName", ""),
            resource=resource,
            arn=str(_part(details, "userIdentity").get("arn") or ""),
            request=_part(details, "requestParameters"),
            response=_part(details, "responseElements"),
        )


def _details(event: Mapping[str, Any]) -> Mapping[str, Any]:
    """The record itself, which is JSON in a text."""
    try:
        found = json.loads(event.get("CloudTrailEvent") or "{}")
    except ValueError:
        return {}
    return found if isinstance(found, dict) else {}


def _part(details: Mapping[str, Any], name: str) -> Mapping[str, Any]:
    found = details.get(name)
    return found if isinstance(found, dict) else {}
