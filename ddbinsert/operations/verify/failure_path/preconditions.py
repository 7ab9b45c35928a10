"""What is read before a record is made to fail: destinations, the role's permissions, possible responses."""

from __future__ import annotations

from dataclasses import field
from typing import TYPE_CHECKING, Final

from ddbinsert.core.arn import arn_parts
from ddbinsert.core.proof.failure_path.destination import DestinationState, judge_destination
from ddbinsert.core.proof.failure_path.settings import Answers, Limits, Naming, judge_settings, splits
from ddbinsert.core.proof.verdict import Evidence
from ddbinsert.core.trigger.partial_batch import VARIABLE
from ddbinsert.dataclass import dataclass
from ddbinsert.operations.verify.own_code import template_of
from ddbinsert.operations.verify.second_look import role_of

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

    from ddbinsert.core.model.seen import MappingState
    from ddbinsert.core.model.wanted import Template
    from ddbinsert.core.proof.verdict import Finding
    from ddbinsert.operations.verify.context import VerifyContext
    from ddbinsert.operations.verify.subject import Subject

#: The field of a response that reports single failed records, in every language.
_ANSWER: Final = "batchItemFailures"


@dataclass(frozen=True, kw_only=True)
class Preconditions:
    """The result of the reads.

    Attributes:
        destinations: By ARN.
        answers: What is known about the function's responses.
        template: The template of ddbinsert that the function runs; None for any other code.
    """

    destinations: Mapping[str, DestinationState] = field(default_factory=dict)
    answers: Answers = field(default_factory=Answers)
    template: Template | None = None

    def findings(self, subject: Subject, limits: Limits) -> Iterator[Finding]:
        """What is wrong or not known, determined without a failing record."""
        for mapping in enabled(subject):
            yield from judge_settings(mapping, self.answers, limits)
            if mapping.on_failure:
                state, role = self.destinations[mapping.on_failure], subject.running.role_arn
                yield from judge_destination(state, role, role_restored=subject.restores_role)

    def evidence(self, subject: Subject) -> Iterator[Evidence]:
        """What was read, as evidence."""
        for mapping in enabled(subject):
            yield Evidence(side="settings", seen=True, text=_settings(mapping))
        for one in self.destinations.values():
            rights = ", ".join(f"{action} {own}" for action, own in one.own.items())
            why = one.unread or one.own_unread
            yield Evidence(
                side="destination",
                seen=not why,
                text=f"{one.arn}: {why or f'by the policies of the role: {rights}'}",
            )


def enabled(subject: Subject) -> tuple[MappingState, ...]:
    """The enabled mappings."""
    return tuple(mapping for mapping in subject.mappings if mapping.is_enabled)


def read_preconditions(context: VerifyContext, subject: Subject) -> Preconditions:
    """Read the mappings' destinations with the role's permissions for them, and the code's possible responses."""
    from ddbinsert.aws.read.destination_rights import read_destination_state

    aws, role_arn = context.aws, subject.running.role_arn
    wanted = tuple(dict.fromkeys(one.on_failure for one in enabled(subject) if one.on_failure))
    role = role_of(aws, subject) if wanted else None
    template = template_of(subject.running)
    states = (
        aws.side_by_side(
            *(lambda arn=arn: read_destination_state(aws, arn, role_arn, role) for arn in wanted)
        )
        if wanted
        else ()
    )
    return Preconditions(
        destinations=dict(zip(wanted, states, strict=True)),
        answers=_answers(context, subject, template),
        template=template,
    )


def _answers(context: VerifyContext, subject: Subject, template: Template | None) -> Answers:
    function = subject.running
    if template is not None:
        said = function.environment.get(VARIABLE, "").strip().lower()
        naming = Naming.NEVER if said == "false" else Naming.ALWAYS
        return Answers(
            naming=naming, evidence=(f"{template} template, {VARIABLE}: {said or 'not set (true)'}",)
        )
    counted_on = [one for one in enabled(subject) if one.report_batch_item_failures and not splits(one)]
    if not counted_on:
        return Answers()
    from ddbinsert.aws.read.code_search import search_code

    searched = search_code(context.aws, function, _ANSWER)
    if searched.found:
        return Answers(evidence=(f"{_ANSWER} is in {', '.join(searched.found)}",))
    if searched.why:
        return Answers(evidence=(f"the code of {function.name} was not searched: {searched.why}",))
    layers = f" and {len(function.layers)} layers" if function.layers else ""
    return Answers(
        naming=Naming.NEVER,
        evidence=(f"{_ANSWER} is in none of the {searched.files:,} files of its package{layers}",),
    )


def _settings(mapping: MappingState) -> str:
    isolation = [
        *(("bisection",) if mapping.bisect else ()),
        *(("partial batch responses",) if mapping.report_batch_item_failures else ()),
    ]
    return (
        f"mapping {mapping.uuid}: {mapping.retries} retries, record age {mapping.record_age} s, "
        f"{' and '.join(isolation) or 'no isolation'}, batches of {mapping.batch_size:,}, destination "
        f"{mapping.on_failure or 'none'}"
    )


def where_of(arn: str) -> str:
    """A destination as text: ``queue orders-failures``."""
    parts = arn_parts(arn)
    kind = {"sqs": "queue", "sns": "topic", "s3": "bucket"}.get(parts.service, "destination")
    return f"{kind} {parts.name}"
