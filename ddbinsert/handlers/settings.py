"""Checks a template's environment variables with the template's own code before the deployment.

The Python files run in this process, without a connection to AWS; both languages have the same rules. So no function
is deployed with a setting that would stop it at its start.
"""

from __future__ import annotations

import builtins
import re
from types import ModuleType
from typing import TYPE_CHECKING, Any

from ddbinsert.core.model.wanted import Template
from ddbinsert.errors import UsageError

if TYPE_CHECKING:
    from collections.abc import Mapping

_ALL = (
    "PARTIAL_BATCH_RESPONSE",
    "METRICS",
    "REDACT",
    "REDACT_HASH",
    "REDACT_KEY",
    "RECEIPT_KEYS",
    "TEST_ITEMS_KEY",
)
_SENDING = ("SINK_ARN", "SINK_KEY_ARN", "DEDUPLICATION_TABLE_ARN", "TEST_ITEMS")
_EVENTS = ("EVENT_SOURCE", "EVENT_TYPE")
#: The variables that each template reads.
VARIABLES: dict[Template, tuple[str, ...]] = {
    Template.PRINT: _ALL,
    Template.AUDIT_LOG: (*_ALL, *_SENDING, "USER_ATTRIBUTE", "RETENTION_DAYS"),
    Template.ANALYTICS: (*_ALL, *_SENDING, *_EVENTS),
    Template.NOTIFY: (
        *_ALL,
        *_SENDING,
        *_EVENTS,
        "MESSAGE_TEMPLATE",
        "SUBJECT_TEMPLATE",
        "MESSAGE_ATTRIBUTES",
    ),
}
#: Similarity, from 0 to 1, above which a name counts as misspelled.
_ALIKE = 0.8
_LAST_LINE = "\nhandler = make("


def check_settings(template: Template, environment: Mapping[str, str]) -> None:
    """Refuse settings that would stop the function at its start, and names that look misspelled.

    Raises:
        UsageError: A variable is not valid, or its name is similar to one that the template reads.
    """
    for name in environment:
        _refuse_misspelt(name, template)
    try:
        _make(template, environment)
    except Exception as error:
        if type(error).__name__ != "SettingsError":
            raise
        raise UsageError(
            f"The {error}.",
            hint='See docs/handlers.md, "Settings"; set it with --env or function.environment.',
            code="variable-wrong",
        ) from error


def _refuse_misspelt(name: str, template: Template) -> None:
    known = VARIABLES[template]
    if name in known or any(name in names for names in VARIABLES.values()):
        return
    import difflib

    plain = re.sub(r"[^A-Z]", "", name.upper())
    by_plain = {re.sub(r"[^A-Z]", "", one): one for one in known}
    near = difflib.get_close_matches(plain, by_plain, n=1, cutoff=_ALIKE)
    if near:
        raise UsageError(
            f"The template {template.value} does not read the environment variable {name}.",
            hint=f"Did you mean {by_plain[near[0]]}? If not, give your own variable a less similar name.",
            code="variable-misspelt",
        )


def _make(template: Template, environment: Mapping[str, str]) -> None:
    """Run the checks that the template's code makes at its start."""
    from ddbinsert.handlers.bundle import PYTHON, template_files

    files = template_files(template, PYTHON)
    modules = _Modules({name.removesuffix(".py"): text for name, text in files.items()})
    modules.load("ddbinsert_batch").options_of(environment)
    source, is_made, _ = files[PYTHON.entry].decode().partition(_LAST_LINE)
    if is_made:
        names = modules.names()
        exec(compile(source, PYTHON.entry, "exec"), names)  # noqa: S102 - the template's own code
        names["make"](environment, _unconnected)


def _unconnected(_service: str, _region: str | None) -> None:
    raise AssertionError("settings are checked without AWS")


class _Modules:
    """A template's files as private modules, which can import each other. They print nothing."""

    def __init__(self, texts: Mapping[str, bytes]) -> None:
        self._texts = texts
        self._loaded: dict[str, ModuleType] = {}

    def names(self) -> dict[str, Any]:
        """A module's initial names. Dataclasses find their module by its name, so it is this module's name."""
        own = {**vars(builtins), "__import__": self._import, "print": lambda *_, **__: None}
        return {"__name__": __name__, "__builtins__": own}

    def load(self, name: str) -> Any:
        """The module of this name."""
        if name not in self._loaded:
            module = ModuleType(name)
            module.__dict__.update(self.names())
            self._loaded[name] = module
            exec(compile(self._texts[name], f"{name}.py", "exec"), module.__dict__)  # noqa: S102 - see above
        return self._loaded[name]

    def _import(self, name: str, *arguments: Any, **named: Any) -> Any:
        return self.load(name) if name in self._texts else __import__(name, *arguments, **named)
