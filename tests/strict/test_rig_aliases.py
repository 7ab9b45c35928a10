"""Aliases on the rig: an event source mapping's invocations go to the versions that an alias routes them to."""

from __future__ import annotations

from collections import Counter
from typing import TYPE_CHECKING

from tests.strict.bench import package, until
from tests.strict.test_rig_mappings import AT_ONCE, attached, given

if TYPE_CHECKING:
    from collections.abc import Callable

    from tests.strict.bench import Bench

SAYS = 'def handler(event, context):\n    print("GIVEN", {})\n'


def test_an_alias_with_routing_weights_divides_the_invocations(bench_of: Callable[..., Bench]) -> None:
    bench = bench_of(AT_ONCE)
    table, name = bench.table(), bench.function(SAYS.format(1))
    first = until(lambda: bench.lambda_.publish_version(FunctionName=name)["Version"])
    bench.lambda_.update_function_code(FunctionName=name, ZipFile=package(SAYS.format(2)))
    second = until(lambda: bench.lambda_.publish_version(FunctionName=name)["Version"])
    routing = {"AdditionalVersionWeights": {second: 0.5}}
    bench.lambda_.create_alias(FunctionName=name, Name="live", FunctionVersion=first, RoutingConfig=routing)
    attached(bench, table, f"{name}:live", BatchSize=1)
    for number in range(40):
        bench.put(table, str(number))
    assert until(lambda: len(given(bench, name)) == 40)
    counts = Counter(given(bench, name))
    assert counts.keys() == {"1", "2"}
    assert min(counts.values()) > 5
