"""The remedies for the findings of a verdict, each of them once."""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple

from ddbinsert.advice import Advice

if TYPE_CHECKING:
    from collections.abc import Iterable

    from ddbinsert.core.proof.verdict import Finding


def remedy(finding: Finding) -> str:
    """The next action, with commands between backticks; empty if there is none."""
    return "" if finding.mend is None else str(finding.mend)


def command(finding: Finding) -> tuple[str, ...]:
    """The command of the next action, as arguments; empty if there is none."""
    mend = finding.mend
    return ("ddbinsert", *mend.command) if isinstance(mend, Advice) and mend.command else ()


class Remedy(NamedTuple):
    """A next action, with the findings that it belongs to."""

    text: str
    findings: tuple[Finding, ...]


def remedies(findings: Iterable[Finding]) -> tuple[Remedy, ...]:
    """Each remedy once, in the order of the findings; of several with the same command, the first text is used."""
    found: dict[object, Remedy] = {}
    for finding in findings:
        if text := remedy(finding):
            key = command(finding) or text
            known = found.get(key, Remedy(text, ()))
            found[key] = Remedy(known.text, (*known.findings, finding))
    return tuple(found.values())


def remedies_after(findings: Iterable[Finding], finding: Finding) -> tuple[str, ...]:
    """The remedies to show below this finding: each is shown below the last finding that it belongs to."""
    return tuple(one.text for one in remedies(findings) if one.findings[-1] is finding)
