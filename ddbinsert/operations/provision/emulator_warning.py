"""A warning if the embedded emulator evaluates a filter differently from AWS."""

from __future__ import annotations

import contextlib
from dataclasses import replace
from typing import TYPE_CHECKING

from ddbinsert.advice import Advice
from ddbinsert.core.filters.insert_only import INSERT_ONLY

if TYPE_CHECKING:
    from collections.abc import Iterable

    from ddbinsert.aws.session.session import Aws
    from ddbinsert.core.model.wanted import Trigger
    from ddbinsert.core.trigger.reporter import Reporter


def warn_of_gaps(aws: Aws, filters: Iterable[str], reporter: Reporter) -> None:
    """Warn of filter operators that the emulator evaluates differently; no effect on other endpoints."""
    own = [text for text in filters if text != INSERT_ONLY]
    if not own or not aws.connection.is_local:
        return
    from ddbinsert.core.filters.emulator_gaps import emulator_gaps
    from ddbinsert.core.pattern.matcher import PatternError, parse

    gaps: dict[str, None] = {}
    for text in own:
        with contextlib.suppress(PatternError):
            gaps |= dict.fromkeys(emulator_gaps(parse(text)))
    if gaps:
        reporter.warn(
            f"the embedded emulator evaluates {', '.join(gaps)} in filters differently from AWS, so it may "
            "deliver too few "
            "or too many records",
            Advice("Check what AWS matches", ("filter", "explain", own[0])),
        )


def supported(aws: Aws, trigger: Trigger, reporter: Reporter) -> Trigger:
    """The trigger without settings that the embedded emulator does not have; warns about each."""
    if not aws.connection.is_local or trigger.mapping.kms_key is None:
        return trigger
    reporter.warn("the embedded emulator does not encrypt filters: mapping.kms_key has no effect there")
    mapping = replace(trigger.mapping, kms_key=None)
    return replace(trigger, mapping=mapping, explicit=trigger.explicit - {"mapping.kms_key"})
