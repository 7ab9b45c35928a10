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
    """A trigger in some state, and which answers of verify are true of it.

    Codes are patterns: ``sink*`` is any code that begins so, ``a|b`` is either of two.

    Attributes:
        build: Makes it.
        results: The verdicts that are right: PASS, FAIL, INCONCLUSIVE or REFUSED.
        cause: The code that must be among the causes; of a healthy case, one that must be noted ("" for none).
        also: Further codes that must be given, as causes or notes.
        never: Codes that would be untrue, as causes or notes.
        unless: Causes that make an INCONCLUSIVE right for what is healthy.
        says: Texts that the answer must contain.
        options: Of verify.
    """

    name: str
    build: Build
    results: tuple[str, ...]
    cause: str = ""
    also: tuple[str, ...] = ()
    never: tuple[str, ...] = ()
    unless: str = ""
    says: tuple[str, ...] = ()
    options: tuple[str, ...] = ()
    profile: Profile = FAST


SABOTAGE: list[Case] = []
HEALTHY: list[Case] = []


def sabotage(
    name: str,
    result: str,
    cause: str,
    *also: str,
    never: tuple[str, ...] = (),
    says: tuple[str, ...] = (),
    options: tuple[str, ...] = (),
    timeout: str = "1500ms",
    profile: Profile = FAST,
) -> Callable[[Build], Build]:
    """Enter a way to break a trigger; its function builds it.

    Args:
        result: The right verdict, or several: ``FAIL|INCONCLUSIVE``.
    """

    def enter(build: Build) -> Build:
        SABOTAGE.append(
            Case(
                name=name,
                build=build,
                results=tuple(result.split("|")),
                cause=cause,
                also=also,
                never=never,
                says=says,
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
    never: tuple[str, ...] = (),
    unless: str = "",
    options: tuple[str, ...] = (),
    timeout: str = "30s",
    profile: Profile = FAST,
) -> Callable[[Build], Build]:
    """Enter a healthy set-up that looks odd; its function builds it.

    Args:
        unless: INCONCLUSIVE is right, too, if these causes alone are given.
    """

    def enter(build: Build) -> Build:
        HEALTHY.append(
            Case(
                name=name,
                build=build,
                results=("PASS", "INCONCLUSIVE") if unless else ("PASS",),
                cause=note,
                never=never,
                unless=unless,
                options=("--timeout", timeout, *options),
                profile=profile,
            )
        )
        return build

    return enter
