"""The value of the fixture ``insert_only_trigger``."""

from __future__ import annotations

import uuid
from typing import TYPE_CHECKING, Any, Literal

import pytest

from ddbinsert.errors import DdbInsertError, ExitCode

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence
    from pathlib import Path

    from ddbinsert.documents.declared import DeclaredMapping
    from ddbinsert.testing.target import CommandResult, PluginTarget

Policy = Literal["fail", "skip"]
#: Seconds to wait for a stream or a mapping of the emulator.
_READY = 30


class NotInsertOnly(AssertionError):
    """The trigger was not proven; the message has the verdict, the findings and their evidence.

    Attributes:
        verdict: FAIL, INCONCLUSIVE, or NONE if the run ended with an error.
        data: The data of ``ddbinsert verify --output json``; None without a verdict.
    """

    def __init__(self, message: str, *, verdict: str, data: Mapping[str, Any] | None) -> None:
        super().__init__(message)
        self.verdict = verdict
        self.data = data


class CannotProveError(Exception):
    """The test, the template or the settings are wrong; the message says how to correct them."""

    def __init__(self, problem: str | DdbInsertError, hint: str | None = None) -> None:
        if isinstance(problem, DdbInsertError):
            hint = None if problem.hint is None else str(problem.hint)
            problem = problem.message
        super().__init__(f"{problem} {hint}" if hint else problem)


def policy_of(given: object) -> Policy:
    """The value of the setting ``ddbinsert_inconclusive``.

    Raises:
        CannotProveError: It is neither fail nor skip.
    """
    if given not in ("fail", "skip"):
        raise CannotProveError(f"ddbinsert_inconclusive is {given!r}.", "Set it to fail or skip.")
    return given


class InsertOnlyTrigger:
    """Proves triggers, and deploys mappings from templates to the emulator.

    Attributes:
        target: The target of the proofs: ``variables`` are for AWS tools, ``client(SERVICE)`` creates a boto3 client.
    """

    def __init__(
        self, target: PluginTarget, *, base: Path, inconclusive: Policy = "fail", retries: str = "1"
    ) -> None:
        self.target = target
        self._base = base
        self._inconclusive = inconclusive
        self._retries = retries
        self._declared: dict[str, str] = {}

    def __call__(
        self,
        table: str,
        *,
        function: str | None = None,
        timeout: str | None = None,
        arguments: Sequence[str] = (),
    ) -> dict[str, Any]:
        """Assert that a deployed trigger processes every insert and nothing else.

        Args:
            function: The function, if it is neither TABLE-inserts nor the only function on the stream.
            timeout: In the form of --timeout, such as ``90s``.
            arguments: Further options of ``ddbinsert verify``, such as ``("--match",)``.

        Returns:
            The data of ``ddbinsert verify --output json``.

        Raises:
            NotInsertOnly: It does not, or that could not be proven.
        """
        __tracebackhide__ = True
        answer = self.target.run(
            *("verify", table, "--retry-inconclusive", self._retries),
            *(("--function", function) if function else ()),
            *(("--timeout", timeout) if timeout else ()),
            *arguments,
            project=self._base,
        )
        data = answer.document["data"]
        if answer.code == ExitCode.OK:
            return dict(data)
        if answer.code == ExitCode.INCONCLUSIVE and self._inconclusive == "skip":
            pytest.skip(_failure_message(answer, self.target, self._declared.get(table)))
        verdict = data["verdict"] if isinstance(data, dict) and "verdict" in data else "NONE"
        message = _failure_message(answer, self.target, self._declared.get(table))
        raise NotInsertOnly(message, verdict=verdict, data=data)

    def of(
        self,
        template: str | Path,
        mapping: str | None = None,
        *,
        key: str | None = None,
        view_type: str | None = None,
        timeout: str | None = None,
        arguments: Sequence[str] = (),
    ) -> dict[str, Any]:
        """Assert that the filters of a mapping in a template pass inserts and nothing else.

        The mapping's filters are deployed to the emulator, with a new table and a function of ddbinsert.

        Args:
            template: SAM, CloudFormation, Terraform, Serverless or Pulumi; relative to pytest's root folder.
            mapping: The name of the mapping, if the template declares several.
            key: The table's key, such as ``pk:S,sk:N``; by default the template's, else ``pk:S``.
            view_type: The stream's view type; by default the template's, else NEW_AND_OLD_IMAGES.

        Raises:
            NotInsertOnly: They do not, or that could not be proven.
            CannotProveError: The template has no such mapping, or its filters are not known before the deployment.
        """
        __tracebackhide__ = True
        table = self.deploy(template, mapping, key=key, view_type=view_type)
        return self(table, timeout=timeout, arguments=arguments)

    def deploy(
        self,
        template: str | Path,
        mapping: str | None = None,
        *,
        key: str | None = None,
        view_type: str | None = None,
    ) -> str:
        """Deploy a mapping of a template to the emulator; return its new table's name. For the arguments see ``of``."""
        __tracebackhide__ = True
        if self.target.emulator is None:
            raise CannotProveError(
                f"Templates are deployed to the embedded emulator only, but the target is {self.target.name}.",
                "Deploy it, and call insert_only_trigger(TABLE); or use --ddbinsert-target local.",
            )
        declared = _one(str(template), mapping, self._base)
        table = f"t{uuid.uuid4().hex[:12]}"
        view = view_type or (declared.stream.view.value if declared.stream.view else "NEW_AND_OLD_IMAGES")
        self._do("enable-stream", table, "--create-table", key or _key_of(declared), "--view-type", view)
        self._do("create-function", table)
        self._declared[table] = f"{template}, {declared.name}"
        self._attach(table, [one.pattern or "" for one in declared.filters])
        return table

    def _attach(self, table: str, filters: Sequence[str]) -> None:
        from ddbinsert.aws.wait import pauses

        aws_lambda = self.target.client("lambda")
        stream = self.target.client("dynamodb").describe_table(TableName=table)["Table"]["LatestStreamArn"]
        criteria = {"FilterCriteria": {"Filters": [{"Pattern": text} for text in filters]}} if filters else {}
        made = aws_lambda.create_event_source_mapping(
            EventSourceArn=stream,
            FunctionName=f"{table}-inserts",
            StartingPosition="TRIM_HORIZON",
            FunctionResponseTypes=[
                "ReportBatchItemFailures"
            ],  # as the function answers, which is ddbinsert's own
            **criteria,
        )
        steps, waited = pauses(0.05, 1.0), 0.0
        while aws_lambda.get_event_source_mapping(UUID=made["UUID"])["State"] != "Enabled":
            pause = next(steps)
            if waited > _READY:
                raise CannotProveError(f"The mapping of {table} was not enabled within {_READY} s.")
            _clock().sleep(pause)
            waited += pause

    def _do(self, *arguments: str) -> None:
        __tracebackhide__ = True
        answer = self.target.run(*arguments, project=self._base)
        if answer.code != ExitCode.OK:
            raise CannotProveError(_failure_message(answer, self.target))


def _clock() -> Any:
    from ddbinsert.environment import SystemClock

    return SystemClock()


def _one(template: str, name: str | None, base: Path) -> DeclaredMapping:
    """The selected mapping of a template, with known filters."""
    __tracebackhide__ = True
    from ddbinsert.operations.document_files import declared_in

    try:
        declared = declared_in(template, base)
    except DdbInsertError as error:
        raise CannotProveError(error) from None
    mappings = declared.mappings if declared is not None else ()
    found = [one for one in mappings if name in (None, one.name)]
    if len(found) != 1:
        names = ", ".join(one.name for one in mappings) or "none"
        raise CannotProveError(
            f"{template} declares {len(found) or 'no'} DynamoDB event source "
            f"mappings{f' named {name}' if name else ''}.",
            f"It declares: {names}. Specify one as the second argument.",
        )
    (mapping,) = found
    problems = [mapping.unknown, *(one.unknown for one in mapping.filters if one.pattern is None)]
    mistakes = [one.message for one in mapping.mistakes if one.error]
    if any(problems) or mistakes:
        raise CannotProveError(
            f"{template}, {mapping.name}: {'; '.join(filter(None, [*problems, *mistakes]))}",
            "`filter lint` names the place.",
        )
    return mapping


def _key_of(declared: DeclaredMapping) -> str:
    key = declared.stream.key
    return "pk:S" if key is None else ",".join(f"{one.name}:{one.type.value}" for one in key.attributes)


def _failure_message(answer: CommandResult, target: PluginTarget, declared: str | None = None) -> str:
    """A verdict, or the error that ended the run, as the test's failure message.

    Args:
        declared: Where the filters are declared; commands that change the mapping are then left out.
    """
    data = answer.document["data"]
    if not isinstance(data, dict) or "verdict" not in data:
        errors = answer.document.get("errors") or [
            {"message": answer.progress.strip() or "no answer", "hint": None}
        ]
        lines = [f"no answer on {target.name}:"]
        for error in errors:
            lines += [f"  {error['message']}", *([f"  try: {error['hint']}"] if error.get("hint") else [])]
        return "\n".join(lines)
    lines = [f"{data['verdict']} on {target.name}: {data['subject']}: {data['summary']}"]
    marks = {"proof": "✗", "hole": "?", "note": "·"}
    for finding in data["findings"]:
        lines.append(f"  {marks[finding['weight']]} {finding['text']} [{finding['code']}]")
        lines += [f"      - {line}" for line in finding["evidence"]]
        lines += [f"      try: {finding['mend']}"] if finding["mend"] and not declared else []
    return "\n".join([*lines, *([f"  the filters are declared in {declared}"] if declared else [])])
