"""A word of warning where the embedded emulator judges a filter otherwise than AWS."""

from __future__ import annotations

import contextlib
from typing import TYPE_CHECKING

from ddbinsert.core.insert_filter import INSERT_ONLY

if TYPE_CHECKING:
    from collections.abc import Iterable

    from ddbinsert.aws.session import Aws
    from ddbinsert.core.reporter import Reporter


def warn_of_gaps(aws: Aws, filters: Iterable[str], reporter: Reporter) -> None:
    """Tell what of the filters the emulator gets wrong; nothing to tell on any other endpoint."""
    own = [text for text in filters if text != INSERT_ONLY]
    if not own or not aws.connection.is_local:
        return
    from ddbinsert.core.filter_emulator import emulator_gaps
    from ddbinsert.core.pattern import PatternError, parse

    gaps: dict[str, None] = {}
    for text in own:
        with contextlib.suppress(PatternError):
            gaps |= dict.fromkeys(emulator_gaps(parse(text)))
    if gaps:
        reporter.warn(
            f"the embedded emulator judges {', '.join(gaps)} in filters otherwise than AWS: too little, or too much, "
            "may be delivered here; `ddbinsert filter test` has AWS's answer"
        )
