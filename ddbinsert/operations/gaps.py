"""A word of warning where the embedded emulator judges a filter otherwise than AWS."""

from __future__ import annotations

import contextlib
from typing import TYPE_CHECKING

from ddbinsert.core.filter_emulator import emulator_gaps
from ddbinsert.core.pattern import PatternError, parse

if TYPE_CHECKING:
    from collections.abc import Iterable

    from ddbinsert.aws.session import Aws
    from ddbinsert.core.reporter import Reporter


def warn_of_gaps(aws: Aws, filters: Iterable[str], reporter: Reporter) -> None:
    """Tell what of the filters the emulator gets wrong; nothing to tell on any other endpoint."""
    if not aws.connection.is_local:
        return
    gaps: dict[str, None] = {}
    for text in filters:
        with contextlib.suppress(PatternError):
            gaps |= dict.fromkeys(emulator_gaps(parse(text)))
    if gaps:
        reporter.warn(
            f"the embedded emulator judges {', '.join(gaps)} in filters otherwise than AWS: too little, or too much, "
            "may be delivered here; `ddbinsert filter test` has AWS's answer"
        )
