"""What a step is carried out with."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import TYPE_CHECKING

from ddbinsert.core.model import World

if TYPE_CHECKING:
    from ddbinsert.aws.session import Aws
    from ddbinsert.core.clock import Clock
    from ddbinsert.core.model import Trigger
    from ddbinsert.core.package import Package
    from ddbinsert.core.reporter import Reporter

#: What a step changed, to be made on the world as it is when the step ends: other steps end meanwhile.
Edit = Callable[[World], World]


@dataclass(frozen=True, kw_only=True)
class Hands:
    """Connection, wanted trigger, code, time and voice of one converge.

    Attributes:
        package: None where the plan holds no step of the function.
        timeout: Seconds that any one wait may take.
    """

    aws: Aws
    trigger: Trigger
    package: Package | None
    clock: Clock
    reporter: Reporter
    timeout: float

    @property
    def needed_package(self) -> Package:
        """The package, where a step can't do without."""
        if self.package is None:
            raise AssertionError("a plan with steps of the function needs its package")
        return self.package
