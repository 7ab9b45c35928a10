"""The evidence bundle of a run of verify: recorded while it runs, written after the verdict."""

from __future__ import annotations

from functools import partial
from typing import TYPE_CHECKING

from ddbinsert.errors import DdbInsertError, ExitCode

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence
    from pathlib import Path
    from typing import Any

    from ddbinsert.cli.run import Run
    from ddbinsert.core.proof.proof import JudgedProof, Proof
    from ddbinsert.render.verdict.common import NoVerdict


class Bundle:
    """Records the answers of AWS during a run, and writes the bundle.

    Args:
        run: Provides the connection, the clock and the configuration.
        path: Path of the file; it has been checked already.
        options: The options of the run.
    """

    def __init__(self, run: Run, path: Path, options: Mapping[str, object]) -> None:
        from ddbinsert.operations.verify.recorder import Recorder

        self.path = path
        self._run = run
        self._options = options
        self._recorder = Recorder(run.clock)
        self._earlier: list[Mapping[str, Any]] = []
        run.listener = self._recorder

    def restart(self) -> None:
        """Discard the recorded answers, because another run begins."""
        self._recorder.restart()
        self._earlier = []

    def close(self) -> None:
        """Stop recording."""
        self._recorder.close()

    def attempt(self, proof: Proof) -> None:
        """Keep the verdict of an attempt that is retried."""
        from ddbinsert.render.verdict import text

        self._earlier.append(dict(text.data(proof)))

    def write(self, proof: Proof) -> None:
        """Write the bundle of one consumer.

        Raises:
            OSError, NotKept: The file cannot be written.
        """
        from ddbinsert.cli.verify import exit_code_of
        from ddbinsert.render.verdict import text

        self._write([proof], exit_code_of(proof), data=text.data(proof))

    def of_every(self, judged: Sequence[JudgedProof], results: Sequence[Proof | NoVerdict]) -> None:
        """Write the bundle of several consumers.

        Raises:
            OSError, NotKept: The file cannot be written.
        """
        from ddbinsert.cli.verify_every import exit_code_of
        from ddbinsert.render.verdict import every

        errors = [one.error for one in judged if one.error is not None]
        self._write(results, exit_code_of(judged), data=every.data(judged), errors=errors)

    def write_without_verdict(self, result: NoVerdict, error: BaseException) -> None:
        """Write the bundle of a run that ended without a verdict.

        Raises:
            OSError, NotKept: The file cannot be written.
        """
        errors = [error] if isinstance(error, DdbInsertError) else []
        self._write([result], ExitCode(result.exit_code) if errors else result.exit_code, errors=errors)

    def _write(
        self,
        results: Sequence[Proof | NoVerdict],
        code: int,
        *,
        data: object = None,
        errors: Sequence[DdbInsertError] = (),
    ) -> None:
        from ddbinsert.cli.reports import NotKept
        from ddbinsert.files import replace_file
        from ddbinsert.operations.verify import recorder
        from ddbinsert.render import machine
        from ddbinsert.render.verdict.bundle import bundle

        if self._recorder.problem:
            raise NotKept(self._recorder.problem)
        run = self._run
        answer = machine.envelope(
            run.command,
            code,
            data=data,
            errors=[machine.failure(error) for error in errors],
            warnings=run.reporter.warnings,
            advice=run.reporter.advice,
        )
        names = (recorder.CALLS, recorder.RECORDS, recorder.LINES)
        try:
            pieces = bundle(
                results,
                verdict=answer,
                settings=self._settings(),
                earlier=self._earlier,
                observed={name: partial(self._recorder.content, name) for name in names},
            )
            replace_file(self.path, pieces)
        except ValueError as error:
            raise NotKept(str(error)) from error

    def _settings(self) -> dict[str, Any]:
        """The effective configuration and the options of the run, without the values of secrets."""
        from ddbinsert import config

        loaded, given = self._run.loaded, self._run.options
        path = loaded[0].path if loaded else None
        several = {"triggers": [{"name": one.name, "keys": config.values(one)} for one in loaded]}
        return {
            "command": self._run.command,
            "options": dict(self._options),
            "timeout": given.timeout,
            "configuration": None if path is None else path.name,
            "keys": config.values(loaded[0]) if loaded else [],
            **(several if len(loaded) > 1 else {}),
        }
