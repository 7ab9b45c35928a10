"""The names of the configuration's file, variables and flags."""

from __future__ import annotations

from typing import Final

#: The configuration file in the working directory.
FILE_NAME: Final = "ddbinsert.yaml"
#: The keys of a document with several triggers: the settings by trigger name, and common settings.
TRIGGERS: Final = "triggers"
DEFAULTS: Final = "defaults"
PREFIX: Final = "DDBINSERT_"
#: The variable that names the file if --config does not.
FILE_VARIABLE: Final = f"{PREFIX}CONFIG"
#: Variables of ddbinsert that are not keys of the configuration.
OTHER_VARIABLES: Final = frozenset(
    f"{PREFIX}{name}" for name in ("CONFIG", "OUTPUT", "STATE_DIR", "CACHE_DIR")
)


def flag_of(path: str) -> str:
    """The flag of a key that has no other flag name."""
    return "--" + path.rpartition(".")[2].replace("_", "-")
