"""Advice as a value: the next action, and the command for it.

Code that gives advice does not know how the run connects to AWS. It gives only the command; the command line completes
it once (``Run.addressed``) with the options that the user would have to type again: ``--function``, ``--config``,
``--profile``, ``--region``, ``--endpoint-url``, ``--local``.

An advice repairs the finding to which it belongs, and nothing else. `attach-trigger`, `create-function` and
`enable-stream` change only settings that are given explicitly, so a repair gives only the setting that it changes. For
a change that the command asks about (an enabled mapping, another destination, other code), the advice has ``--yes``:
the user agrees to it by following the advice.
"""

from __future__ import annotations

import shlex
from typing import Final

from ddbinsert.dataclass import dataclass

#: The placeholder for the run's table in a command. It is not a valid table name.
TABLE: Final = "<table>"


@dataclass(frozen=True)
class Advice:
    """A sentence, and the command for it.

    Attributes:
        text: The effect of the command, without a full stop; the whole sentence if there is no command.
        command: The arguments after ``ddbinsert``, unquoted; ``TABLE`` is replaced by the run's table. The command
            line adds options of the connection.
    """

    text: str
    command: tuple[str, ...] = ()

    @property
    def line(self) -> str:
        """The command in the syntax of a POSIX shell; empty if there is none."""
        return shlex.join(("ddbinsert", *self.command)) if self.command else ""

    def adopting(self) -> Advice:
        """The same advice for a resource that ddbinsert did not create: with --adopt, which asks first."""
        if self.command[:1] not in (("attach-trigger",), ("create-function",)) or "--yes" not in self.command:
            return self
        return Advice(self.text, tuple("--adopt" if word == "--yes" else word for word in self.command))

    def __str__(self) -> str:
        return f"{self.text}: `{self.line}`" if self.command else self.text
