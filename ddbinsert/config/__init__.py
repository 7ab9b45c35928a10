"""Configuration: ddbinsert.yaml, DDBINSERT_* variables and flags, to one validated value.

Defaults are laid under the file, the file under the variables, the variables under the flags. What each
key may hold is written once, as annotated types on core's dataclasses; checking, JSON Schema and error
messages are read from there.

    __init__.py    the public names
    loading.py     the way in: `load` one configuration, or `load_every`
    chosen.py      which triggers of a file are meant, and their layers, in order, to a `Configuration` each
    triggers.py    a file with several triggers, and what they share
    contradictions.py  triggers of one file that cannot both be
    names.py        what file, variables and flags are called
    layers.py      a file, variables, flags: each checked whole, then laid over the one before
    check.py       one value against what its key may hold
    clearing.py    what null and --unset clear
    rules.py       what AWS asks of several keys together
    keys.py        every key, derived from core's dataclasses
    kinds.py       what a key may hold, as data
    nodes.py       values with the places where they were written
    yaml_file.py   YAML to nodes; its rule for scalars counts for files of items, too
    json_schema.py the document as JSON Schema
    listing.py     the keys as rows, for documentation and for `config check`
    problems.py    what is wrong, and where

Every name is imported at its first use, so that a run without a configuration file does not load it.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from ddbinsert.lazy import late

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

__getattr__ = late(
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
