"""Advice as a value: what to do next, and the command that does it.

Code that gives advice does not know how the run reaches AWS. It names the command alone; the command line completes
it once (``Run.addressed``) with the options that the user would have to type again: ``--function``, ``--config``,
``--profile``, ``--region``, ``--endpoint-url``, ``--local``.

An advice repairs the finding it belongs to and nothing else. `attach-trigger`, `create-function` and `enable-stream`
change only what is given explicitly, so a repair names the one setting that it changes. A change that the command asks
about (an enabled mapping, another destination, other code) needs ``--yes`` in the advice: it is then agreed to already.
"""

from __future__ import annotations

import shlex
from typing import Final

from ddbinsert.dataclass import dataclass

#: The word of a command that stands for the run's table. It is not a valid table name.
TABLE: Final = "<table>"


@dataclass(frozen=True)
class Advice:
    """A sentence, and the command that carries it out.

    Attributes:
        text: What the command achieves, without a full stop; the whole sentence where there is no command.
        command: The words after ``ddbinsert``, one argument each and unquoted; ``TABLE`` stands for the run's table.
            Options of the connection are added by the command line.
    """

    text: str
    command: tuple[str, ...] = ()

    @property
    def line(self) -> str:
        """The command as it is typed in a POSIX shell; empty where there is none."""
        return shlex.join(("ddbinsert", *self.command)) if self.command else ""

    def adopting(self) -> Advice:
        """The same about what somebody else made: it has to be taken over, which is asked about."""
        if self.command[:1] != ("attach-trigger",) or "--yes" not in self.command:
            return self
        return Advice(self.text, tuple("--adopt" if word == "--yes" else word for word in self.command))

    def __str__(self) -> str:
        return f"{self.text}: `{self.line}`" if self.command else self.text
