"""The names of the configuration's file, variables and flags."""

from __future__ import annotations

from typing import Final

#: The file that is found in the working directory.
FILE_NAME: Final = "ddbinsert.yaml"
#: The keys of a document with several triggers: names to settings, and what they share.
TRIGGERS: Final = "triggers"
DEFAULTS: Final = "defaults"
PREFIX: Final = "DDBINSERT_"
#: Names the file instead, where --config doesn't.
FILE_VARIABLE: Final = f"{PREFIX}CONFIG"
#: Variables of ddbinsert's that are no keys.
OTHER_VARIABLES: Final = frozenset(
    f"{PREFIX}{name}" for name in ("CONFIG", "OUTPUT", "STATE_DIR", "CACHE_DIR")
)


def flag_of(path: str) -> str:
    """The flag that gives a key, where it has no name of its own."""
    return "--" + path.rpartition(".")[2].replace("_", "-")
