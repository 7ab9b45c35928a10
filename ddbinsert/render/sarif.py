"""SARIF 2.1.0, for code scanning."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any

from ddbinsert import __version__

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence


def document(rules: Sequence[tuple[str, str]], results: Sequence[Mapping[str, Any]]) -> str:
    """One run of ddbinsert with its results.

    Args:
        rules: Identifier and description of each rule.
    """
    run: dict[str, Any] = {
        "tool": {
            "driver": {
                "name": "ddbinsert",
                "version": __version__,
                "rules": [{"id": rule, "shortDescription": {"text": text}} for rule, text in rules],
            }
        },
        "columnKind": "unicodeCodePoints",
        "results": list(results),
    }
    written = {"$schema": "https://json.schemastore.org/sarif-2.1.0.json", "version": "2.1.0", "runs": [run]}
    return json.dumps(written, indent=2, ensure_ascii=False) + "\n"
