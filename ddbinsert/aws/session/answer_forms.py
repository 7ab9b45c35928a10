"""Whether an answer has the form of the service's model; checked for endpoints other than AWS.

botocore's parsers take what an answer holds: a number where the model has a text, an object where it has a list. Code
that reads such an answer fails far from here, and differently each time. Large pages are checked where they are decoded
(``plain_answers``).
"""

from __future__ import annotations

from datetime import datetime
from typing import TYPE_CHECKING, Any, Final

if TYPE_CHECKING:
    from collections.abc import Mapping

    from botocore.model import Shape

#: The Python types that a value of each scalar type may have; timestamps also as text or number, as they were sent.
_SCALARS: Final[Mapping[str, tuple[type, ...]]] = {
    "string": (str,),
    "character": (str,),
    "boolean": (bool,),
    "integer": (int, float),  # moto's log events have fractions of milliseconds
    "long": (int, float),
    "float": (int, float),
    "double": (int, float),
    "timestamp": (datetime, str, int, float),
}
#: Policies of IAM, which botocore decodes.
_POLICY: Final = "policyDocumentType"


def misfit(value: Any, shape: Shape | None, where: str = "") -> str:
    """The first field that does not have the form of the model; empty if there is none.

    A field that is missing is no misfit, as services leave out what is empty; nor is one that the model does not know.
    """
    if shape is None or value is None:
        return ""
    match shape.type_name:
        case "structure":
            return _of_structure(value, shape, where)
        case "list":
            if not isinstance(value, list):
                return where
            member = shape.member  # type: ignore[attr-defined]
            found = (
                misfit(one, member, f"{where}[]") or (f"{where}[]" if one is None else "") for one in value
            )
            return next(filter(None, found), "")
        case "map":
            if not isinstance(value, dict):
                return where
            inner = shape.value  # type: ignore[attr-defined]
            return next(
                filter(None, (misfit(one, inner, f"{where}.{name}") for name, one in value.items())), ""
            )
        case "string" if shape.name == _POLICY:
            return "" if isinstance(value, (str, dict)) else where
        case kind:
            allowed = _SCALARS.get(kind)
            fits = allowed is None or (
                isinstance(value, allowed) and (bool in allowed or not isinstance(value, bool))
            )
            return "" if fits else where


def _of_structure(value: Any, shape: Any, where: str) -> str:
    if shape.is_document_type:
        return ""
    if not isinstance(value, dict):
        return where
    members = shape.members
    for name, one in value.items():
        known = members.get(name)
        if known is not None and (found := misfit(one, known, f"{where}.{name}" if where else name)):
            return found
    return ""
