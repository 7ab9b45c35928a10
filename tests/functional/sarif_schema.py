"""The official schema of SARIF 2.1.0, as models that were generated from it.

`pydantic-sarif` has one model for each object of OASIS' `sarif-schema-2.1.0.json`, with its required properties, value
sets and least values, and refuses what the schema has no property for. Only `uniqueItems` of lists is not in it.
"""

from __future__ import annotations

import json

from pydantic_sarif.model import StaticAnalysisResultsFormatSarifVersion210JsonSchema


def check_sarif(text: str) -> None:
    """Raises: pydantic.ValidationError: The text is not what the schema describes."""
    StaticAnalysisResultsFormatSarifVersion210JsonSchema.model_validate_json(text)
    for run in json.loads(text)["runs"]:
        rules = [one["id"] for one in run["tool"]["driver"]["rules"]]
        assert len(rules) == len(set(rules))
