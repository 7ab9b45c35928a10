"""Configuration: combines ddbinsert.yaml, DDBINSERT_* variables and flags into one validated value.

The file overrides the defaults, variables override the file, and flags override the variables. The valid values of
each key are defined once, by annotated types on core's dataclasses; the check, the JSON Schema and the error messages
are derived from them.

    __init__.py        the public names
    loading.py         entry points: `load` for one configuration, `load_every` for several
    selection.py       selects the triggers of a file, and builds a `Configuration` from the layers of each
    triggers.py        a file with several triggers, and their common settings
    contradictions.py  triggers of one file whose settings contradict each other
    names.py           the names of file, variables and flags
    layers.py          the layers (file, variables, flags): each is checked, then laid over the one before
    check.py           checks one value against the kind of its key
    clearing.py        clearing settings with null and --unset
    rules.py           checks that involve several keys
    keys.py            every key, derived from core's dataclasses
    value_types.py     the kinds of values, as data
    nodes.py           values with the places where they were written
    yaml_file.py       reads YAML into nodes; its rule for scalars also applies to files of items
    json_schema.py     the JSON Schema of the document
    listing.py         the keys as rows, for documentation and for `config check`
    problems.py        problems with their places

Every name is imported at its first use, so that a run without a configuration file does not load it.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from ddbinsert.lazy import lazy_attributes

if TYPE_CHECKING:
    from ddbinsert.config.connection import ConnectionSpec
    from ddbinsert.config.json_schema import schema
    from ddbinsert.config.listing import KeyReference, KeyValue, reference, values
    from ddbinsert.config.loading import Configuration, Configurations, load, load_every
    from ddbinsert.config.names import FILE_NAME, FILE_VARIABLE
    from ddbinsert.config.problems import InvalidConfigurationError, Problem

__all__ = [
    "FILE_NAME",
    "FILE_VARIABLE",
    "Configuration",
    "Configurations",
    "ConnectionSpec",
    "InvalidConfigurationError",
    "KeyReference",
    "KeyValue",
    "Problem",
    "load",
    "load_every",
    "reference",
    "schema",
    "values",
]

__getattr__ = lazy_attributes(
    __name__,
    {
        "FILE_NAME": "names",
        "FILE_VARIABLE": "names",
        "Configuration": "loading",
        "Configurations": "loading",
        "ConnectionSpec": "connection",
        "InvalidConfigurationError": "problems",
        "KeyReference": "listing",
        "KeyValue": "listing",
        "Problem": "problems",
        "load": "loading",
        "load_every": "loading",
        "reference": "listing",
        "schema": "json_schema",
        "values": "listing",
    },
)
