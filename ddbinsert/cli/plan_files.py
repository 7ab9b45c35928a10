"""Plans as files: written by ``plan --out``, read by ``up --plan``."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any, Final, NamedTuple

from ddbinsert.advice import TABLE, Advice
from ddbinsert.errors import Refused, UsageError
from ddbinsert.files import replace_file

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence
    from pathlib import Path

    from ddbinsert.operations.provision.converge import Prepared

_SCHEMA: Final = "ddbinsert-plan/1"
_CHECKSUM: Final = "checksum"
#: Maximum number of differences that an error lists.
_MOST: Final = 12


class Noted(NamedTuple):
    """The plan of one trigger, as it is written to a file.

    Attributes:
        name: The trigger's name in a configuration file with several; None if it has none.
        digest: Hash of the facts.
        facts: The state on which the plan depends (`core.trigger.saved_plan.facts`).
        steps: The steps in words.
    """

    name: str | None
    table: str
    digest: str
    facts: Mapping[str, str]
    steps: tuple[str, ...]

    @property
    def word(self) -> str:
        """The word that names the trigger on a command line."""
        return self.name or self.table


class Plan(NamedTuple):
    """The content of a plan file.

    Attributes:
        every: The plan of each trigger.
        settings: Values of flags, by dotted key.
        replace: Whether --replace was given.
    """

    every: tuple[Noted, ...]
    settings: Mapping[str, str]
    replace: bool = False


def noted_plan(prepared: Prepared, name: str | None) -> Noted:
    """The plan of a trigger, in the form that is written or compared."""
    from ddbinsert.core.trigger.saved_plan import digest, facts
    from ddbinsert.render.steps import future

    found = facts(prepared.wanted, prepared.world, prepared.steps, prepared.code)
    return Noted(
        name=name,
        table=prepared.wanted.table,
        digest=digest(found),
        facts=found,
        steps=tuple(map(future, prepared.steps)),
    )


def write_plan(path: Path, plan: Plan) -> None:
    """Write a plan file: of one trigger, or of several.

    Raises:
        UsageError: It cannot be written.
    """
    entries = [
        {
            "name": one.name,
            "table": one.table,
            "account": one.facts["account"],
            "region": one.facts["region"],
            "steps": list(one.steps),
            "digest": one.digest,
            "facts": dict(one.facts),
        }
        for one in plan.every
    ]
    options = {"replace": plan.replace, "settings": dict(plan.settings)}
    content = entries[0] if len(entries) == 1 else {"triggers": entries}
    document = {"schema": _SCHEMA, "options": options, **content}
    document = {**document, _CHECKSUM: _checksum(document)}
    try:
        replace_file(path, json.dumps(document, indent=2, ensure_ascii=False) + "\n")
    except OSError as error:
        raise UsageError(f"The plan cannot be written: {error}.", code="file-not-writable") from error


def read_plan(path: Path) -> Plan:
    """The plan in a file.

    Raises:
        UsageError: The file cannot be read, or is not a plan.
    """
    try:
        document: Any = json.loads(path.read_text(encoding="utf-8"))
    except (OSError, ValueError, RecursionError) as error:
        raise _unreadable(path, f"not a readable plan: {error}") from error
    if not isinstance(document, dict) or document.get("schema") != _SCHEMA:
        raise _unreadable(path, "not a plan of ddbinsert")
    if document.pop(_CHECKSUM, None) != _checksum(document):
        raise _unreadable(path, "not a plan of ddbinsert, or it was changed")
    entries = document.get("triggers", [document])
    if not isinstance(entries, list) or not entries:
        raise _unreadable(path, "not a plan of ddbinsert: it has no triggers")
    match document.get("options"):
        case {"replace": bool(replace), "settings": dict(settings)} if _are_texts(
            [*settings, *settings.values()]
        ):
            return Plan(tuple(_read_noted_plan(path, entry) for entry in entries), settings, replace)
        case _:
            raise _unreadable(path, "not a plan of ddbinsert, or it was changed")


def _checksum(document: Mapping[str, Any]) -> str:
    """The checksum of everything else in a plan file: its steps in words are what somebody reviews."""
    import hashlib

    return hashlib.sha256(json.dumps(document, sort_keys=True).encode()).hexdigest()


def _read_noted_plan(path: Path, entry: Any) -> Noted:
    from ddbinsert.core.trigger.saved_plan import digest

    match entry:
        case {
            "table": str(table),
            "digest": str(identity),
            "facts": dict(facts),
            "steps": list(steps),
        } if _are_texts([*facts, *facts.values(), *steps]) and identity == digest(facts):
            name = entry.get("name")
            return Noted(
                name=name if isinstance(name, str) else None,
                table=table,
                digest=identity,
                facts=facts,
                steps=tuple(steps),
            )
        case _:
            raise _unreadable(path, "not a plan of ddbinsert, or it was changed")


def _are_texts(values: Sequence[object]) -> bool:
    return all(isinstance(value, str) for value in values)


def _unreadable(path: Path, why: str) -> UsageError:
    return UsageError(
        f"{path} is {why}.",
        hint=Advice("Make one", ("plan", TABLE, "--out", path.name)),
        code="plan-unreadable",
    )


def refuse_another(then: Sequence[Noted], now: Sequence[Noted]) -> None:
    """Refuse to carry out a plan that differs from the one in the file.

    Args:
        then: The plans in the file.
        now: The current plans of the same triggers.

    Raises:
        Refused: The account, the configuration or the code has changed since; the message lists the differences.
    """
    before = {one.word: one for one in then}
    named = [
        f"{one.word}: {line}" if len(now) > 1 else line
        for one in now
        if before[one.word].digest != one.digest
        for line in _changed(before[one.word], one)
    ]
    if not named:
        return
    more = [f"and {len(named) - _MOST} more"] if len(named) > _MOST else []
    listed = "".join(f"\n  {line}" for line in [*named[:_MOST], *more])
    raise Refused(
        "The plan file is out of date: the account, the configuration or the code has changed "
        f"since.{listed}\nNothing was changed.",
        hint="Create a new plan, review it, and apply it.",
        code="plan-changed",
    )


def _changed(then: Noted, now: Noted) -> list[str]:
    from ddbinsert.core.trigger.saved_plan import differences

    return [
        *differences(then.facts, now.facts),
        *(f"no longer needed: {step}" for step in then.steps if step not in now.steps),
        *(f"now also needed: {step}" for step in now.steps if step not in then.steps),
    ] or ["the steps differ"]


def refuse_other_triggers(then: Sequence[Noted], now: Sequence[str]) -> None:
    """Refuse a plan of other triggers than the selected ones.

    Args:
        now: The words that name the selected triggers on a command line.

    Raises:
        Refused: The triggers differ.
    """
    words = [one.word for one in then]
    if sorted(words) != sorted(now):
        raise Refused(
            f"The plan is for {', '.join(words)}, but this run is for {', '.join(now)}.\nNothing was changed.",
            hint="Leave the names out, or create a plan for these.",
            code="plan-changed",
        )
