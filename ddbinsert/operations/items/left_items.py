"""Items that an earlier run of send left: those with generated keys are removed, the user's are looked up."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from ddbinsert.aws.session.session import Aws
    from ddbinsert.core.clock import Clock
    from ddbinsert.core.items.convert import Item
    from ddbinsert.core.items.samples import Samples
    from ddbinsert.core.trigger.reporter import Reporter


def clean(
    aws: Aws, table: str, samples: Samples, *, rate: float | None, clock: Clock, reporter: Reporter
) -> int:
    """Remove the items that a run kept, if they still exist; return the number of removed keys.

    Items whose keys the user gave are not touched: nothing identifies them as this run's.
    """
    from ddbinsert.aws.write.items import ItemWriter

    writer = ItemWriter(aws, table, clock, rate=rate)
    started = clock.monotonic()
    for _ in writer.delete_all(samples.key(number) for number in samples.generated_numbers()):
        reporter.waiting("the items to be removed", clock.monotonic() - started)
    return writer.written


def still_there(aws: Aws, table: str, samples: Samples, *, clock: Clock) -> list[Item]:
    """The user's keys whose items are in the table; nothing proves that a run wrote them.

    Raises:
        AwsError: They may not be read.
    """
    from ddbinsert.aws.write.items import ItemWriter, Put

    keys = (samples.key(number) for number in samples.own())
    return [dict(key) for key, found in ItemWriter(aws, table, clock).look_up(keys) if found is Put.EXISTS]
