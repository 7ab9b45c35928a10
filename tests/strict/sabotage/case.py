"""What a case is, and the two lists that cases are written into."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from tests.strict.sabotage.ground import FAST

if TYPE_CHECKING:
    from collections.abc import Callable

    from tests.strict.rig import Profile
    from tests.strict.sabotage.ground import Ground

    Build = Callable[[Ground], None]


@dataclass(frozen=True, kw_only=True)
class Case:
    """A trigger in some state, and what verify must say of it.

    Attributes:
        build: Makes it.
        result: PASS, FAIL, INCONCLUSIVE or REFUSED.
        cause: The code that must be among the causes; of a healthy case, one that must be noted ("" for none).
        also: Further codes that must be told, as causes or notes.
        options: Of verify.
    """

    name: str
    build: Build
    result: str
    cause: str = ""
    also: tuple[str, ...] = ()
    options: tuple[str, ...] = ()
    profile: Profile = FAST


SABOTAGE: list[Case] = []
HEALTHY: list[Case] = []


def sabotage(
    name: str,
    result: str,
    cause: str,
    *also: str,
    options: tuple[str, ...] = (),
    timeout: str = "1500ms",
    profile: Profile = FAST,
) -> Callable[[Build], Build]:
    """Enter a way to break a trigger; its function builds it."""

    def enter(build: Build) -> Build:
        SABOTAGE.append(
            Case(
                name=name,
                build=build,
                result=result,
                cause=cause,
                also=also,
                options=("--timeout", timeout, *options),
                profile=profile,
            )
        )
        return build

    return enter


def healthy(
    name: str,
    *,
    note: str = "",
    options: tuple[str, ...] = (),
    timeout: str = "30s",
    profile: Profile = FAST,
) -> Callable[[Build], Build]:
    """Enter a healthy set-up that looks odd; its function builds it."""

    def enter(build: Build) -> Build:
        HEALTHY.append(
            Case(
                name=name,
                build=build,
                result="PASS",
                cause=note,
                options=("--timeout", timeout, *options),
                profile=profile,
            )
        )
        return build

    return enter
