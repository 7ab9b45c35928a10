"""Checks filters in templates, plans and configuration files, with the positions of the findings."""

from __future__ import annotations

import json
from operator import attrgetter
from typing import TYPE_CHECKING, Final

from ddbinsert.core.filters.lint.lint import lint
from ddbinsert.core.filters.lint.report import Expectation, KnownStream, LintFinding, LintReport, LintSeverity
from ddbinsert.core.filters.reach.answer import Passes
from ddbinsert.documents.checked import CheckedMapping, PlacedFinding
from ddbinsert.documents.edits import Edit, edit_of, insert_restriction
from ddbinsert.documents.embedded import place_in_pattern, place_of_key
from ddbinsert.documents.read import Declarations, DocumentKind, is_generated

if TYPE_CHECKING:
    from collections.abc import Iterator

    from ddbinsert.documents.declared import DeclaredFilter, DeclaredMapping, Mistake
    from ddbinsert.documents.source import Document, Path


#: ddbinsert adds the restriction to filters of its own file; in templates it is checked if it is required.
_OWN_ONLY: Final = "not-insert-only"

_NOTHING: Final = KnownStream()


def check_document(
    declared: Declarations, *, require_insert_only: bool, known: KnownStream
) -> list[CheckedMapping]:
    """Check every mapping of a document.

    Args:
        require_insert_only: A mapping that is not insert-only is an error.
        known: Properties of the tables from the command line; they take precedence over the document's.
    """
    corrects = not is_generated(declared)
    known = _NOTHING if known == _NOTHING else known
    return [
        _Checker(
            declared, mapping, known, corrects=corrects, require_insert_only=require_insert_only
        ).checked()
        for mapping in declared.mappings
    ]


def _joined(known: KnownStream, stream: KnownStream) -> KnownStream:
    return KnownStream(
        view=known.view or stream.view, key=known.key or stream.key, arn=known.arn or stream.arn
    )


class _Checker:
    """Checks one mapping, and sets the positions of its findings."""

    def __init__(
        self,
        declared: Declarations,
        mapping: DeclaredMapping,
        known: KnownStream,
        *,
        corrects: bool,
        require_insert_only: bool,
    ) -> None:
        self.document: Document = declared.document
        self.kind = declared.kind
        self.mapping = mapping
        self.corrects = corrects
        self.required = require_insert_only
        stream = mapping.stream
        self.stream = stream if known is _NOTHING else _joined(known, stream)
        #: The known filters, each with its number.
        self.filters = [
            (number, one) for number, one in enumerate(mapping.filters, 1) if one.pattern is not None
        ]
        own = declared.kind is DocumentKind.PROJECT
        self.report: LintReport = lint(
            [one.pattern or "" for _, one in self.filters],
            self.stream,
            Expectation.INSERTS if own else Expectation.ANYTHING,
        )

    def checked(self) -> CheckedMapping:
        findings = list(self._findings())
        findings.sort(key=attrgetter("start"))
        mapping = self.mapping
        return CheckedMapping(
            file=self.document.name,
            resource=mapping.name,
            line=self.document.line(self._resource_start()),
            filters=tuple([one.pattern for one in mapping.filters]),
            insert_only=self._insert_only(),
            checked=self._is_known(),
            findings=tuple(findings),
        )

    def _is_known(self) -> bool:
        return not self.mapping.unknown and len(self.filters) == len(self.mapping.filters)

    def _insert_only(self) -> bool | None:
        if self.kind is DocumentKind.PROJECT:
            return True  # ddbinsert adds the restriction when it attaches the trigger
        if self.mapping.mistakes and not self.mapping.filters:
            return False if not self.mapping.unknown else None
        if self.report.filters and self.report.insert_only is False:
            return False
        if not self._is_known():
            return None
        return self.report.insert_only

    def _findings(self) -> Iterator[PlacedFinding]:
        mapping = self.mapping
        for mistake in mapping.mistakes:
            yield self._mistake(mistake)
        if mapping.unknown:
            yield self._plain(
                "not-checked", LintSeverity.NOTE, f"The filters cannot be checked: {mapping.unknown}."
            )
        elif not mapping.filters and not mapping.mistakes:
            message = "The mapping has no filter: every change invokes the function."
            severity = LintSeverity.ERROR if self.required else LintSeverity.WARNING
            yield self._plain("no-filter", severity, message, 'Add a filter: {"eventName":["INSERT"]}.')
        for number, one in enumerate(mapping.filters, 1):
            if one.pattern is None:
                message = f"The filter cannot be checked: {one.unknown}."
                yield self._plain("not-checked", LintSeverity.NOTE, message, number=number, path=one.path)
        for finding in self.report.findings:
            if finding.rule != _OWN_ONLY:
                yield self._placed(finding)
        if self.required and self.kind is not DocumentKind.PROJECT:
            yield from self._not_insert_only()

    def _not_insert_only(self) -> Iterator[PlacedFinding]:
        for (number, declared), judged in zip(self.filters, self.report.filters, strict=True):
            if judged.leaks is None or judged.leaks.passes is Passes.NO:
                continue
            if judged.leaks.passes is Passes.UNKNOWN:
                message = "It is not known whether MODIFY or REMOVE records pass this filter."
                yield self._plain(
                    "not-checked", LintSeverity.WARNING, message, number=number, path=declared.path
                )
                continue
            record = json.dumps(_short(judged.leaks.example), ensure_ascii=False, separators=(",", ":"))
            yield self._plain(
                "not-insert-only",
                LintSeverity.ERROR,
                f"The filter is not insert-only: this {judged.leaks.event.value} record passes: {record}",
                'Add "eventName":["INSERT"] to the pattern.',
                number=number,
                path=declared.path,
                edit=insert_restriction(self.document, declared) if self.corrects else None,
            )

    def _mistake(self, mistake: Mistake) -> PlacedFinding:
        key = self.document.places.key_span(mistake.path)
        place = (key or self.document.span(mistake.path)).start
        severity = LintSeverity.ERROR if mistake.error else LintSeverity.WARNING
        return self._make_finding(mistake.rule, severity, mistake.message, mistake.hint, place)

    def _plain(
        self,
        rule: str,
        severity: LintSeverity,
        message: str,
        hint: str | None = None,
        *,
        number: int | None = None,
        path: Path | None = None,
        edit: Edit | None = None,
    ) -> PlacedFinding:
        place = self.document.span(path).start if path is not None else self._resource_start()
        return self._make_finding(rule, severity, message, hint, place, number=number, edit=edit)

    def _resource_start(self) -> int:
        path = self.mapping.resource_path
        key = self.document.places.key_span(path)
        return key.start if key is not None else self.document.span(path).start

    def _placed(self, finding: LintFinding) -> PlacedFinding:
        if finding.filter is None:
            return self._plain(finding.rule, finding.severity, finding.message, finding.hint)
        number, declared = self.filters[finding.filter - 1]
        place = None
        if finding.key is not None:
            place = place_of_key(self.document, declared, finding.key)
        if place is None:
            place = place_in_pattern(self.document, declared, finding.path, finding.position)
        return self._make_finding(
            finding.rule,
            finding.severity,
            finding.message,
            finding.hint,
            place,
            number=number,
            edit=self._edit(declared, finding),
        )

    def _edit(self, declared: DeclaredFilter, finding: LintFinding) -> Edit | None:
        if finding.correction is None or not self.corrects:
            return None
        return edit_of(self.document, declared, finding.correction)

    def _make_finding(
        self,
        rule: str,
        severity: LintSeverity,
        message: str,
        hint: str | None,
        place: int,
        *,
        number: int | None = None,
        edit: Edit | None = None,
    ) -> PlacedFinding:
        start = self.document.position(place)
        return PlacedFinding(
            rule=rule,
            severity=severity,
            message=message,
            hint=hint,
            file=self.document.name,
            resource=self.mapping.name,
            filter=number,
            start=start,
            quoted=self.document.line_at(place),
            edit=edit,
        )


def _short(record: dict[str, object]) -> dict[str, object]:
    """A record without the fields that are equal in all records."""
    change = record.get("dynamodb")
    images = change if isinstance(change, dict) else {}
    kept = {name: images[name] for name in ("Keys", "NewImage", "OldImage") if name in images}
    return {"eventName": record.get("eventName"), "dynamodb": kept}
