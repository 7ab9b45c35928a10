"""Who made a consumer, and when it was last changed, as far as tags and times show it."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import TYPE_CHECKING

from ddbinsert.core.model.wanted import OWNER_TAG

if TYPE_CHECKING:
    from ddbinsert.core.inventory.model import RegionFacts

_STACK_TAG = "aws:cloudformation:stack-name"
#: Tag keys that Terraform configurations commonly set, in lower case, with the owner that they indicate.
_TERRAFORM_TAGS = frozenset({"terraform", "managed_by", "managedby", "managed-by", "provisioner", "iac"})


def owner_of(around: RegionFacts, *arns: str) -> str:
    """The creator, according to the tags of the mapping or the function."""
    if around.tags is None:
        return "unknown"
    for tags in (around.tags.get(arn, {}) for arn in arns):
        if OWNER_TAG in tags:
            return "ddbinsert"
        if _STACK_TAG in tags:
            return f"stack {tags[_STACK_TAG]}"
    for tags in (around.tags.get(arn, {}) for arn in arns):
        for name, value in tags.items():
            if name.lower() in _TERRAFORM_TAGS and (
                "terraform" in value.lower() or name.lower() == "terraform"
            ):
                return "terraform"
    return ""


def last_change(at: float | None, function: str | None) -> str | None:
    """The later of the mapping's and the function's last change."""
    stamps = [] if at is None else [datetime.fromtimestamp(at, UTC)]
    if function:
        try:
            changed = datetime.fromisoformat(function)
        except ValueError:
            changed = None
        if changed is not None and changed.tzinfo is not None:
            stamps.append(changed.astimezone(UTC))
    return max(stamps).isoformat(timespec="seconds") if stamps else None
