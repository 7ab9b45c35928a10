"""docs/configuration.md, made from the keys themselves: ``python -m tests.docs.configuration_page`` writes it."""

from __future__ import annotations

import json
from pathlib import Path

from ddbinsert import config
from ddbinsert.cli.options import FLAG_NAMES

ROOT = Path(__file__).parents[2]
PAGE = ROOT / "docs" / "configuration.md"

_OPENING = """\
# Configuration

Defaults, then the file, then `DDBINSERT_*` variables, then flags: what comes later wins. Mappings (tags,
environment variables) are joined key by key; lists and values are replaced.

The file is `ddbinsert.yaml` in the working directory, or the one that `--config` or `DDBINSERT_CONFIG` names.
It is YAML without tags; top-level keys that begin with `x-` may hold anchors. What YAML's versions read in
different ways (`yes`, `0755`, `1:30`) is refused, as is an unknown key.
[config.example.yaml](../config.example.yaml) shows every key.

    ddbinsert config check     # every problem at once, each with its key, its line and what is allowed
    ddbinsert config schema    # JSON Schema, for editors

A variable that holds a list or a mapping is written as YAML or JSON: `DDBINSERT_TAGS='{team: payments}'`.

Three variables are no keys: `DDBINSERT_CONFIG` names the file, `DDBINSERT_OUTPUT` is `human` or `json`, and
`DDBINSERT_STATE_DIR` is the folder in which `--local` keeps what it knows of the embedded emulator (otherwise
`$XDG_STATE_HOME/ddbinsert`, or `~/.local/state/ddbinsert`).

<!-- What follows is written by `python -m tests.docs.configuration_page`. -->
"""


def page() -> str:
    """The whole page."""
    parts = [_OPENING]
    section = ""
    for key in config.reference():
        heading = key.path.partition(".")[0] if "." in key.path else "Top level"
        if heading != section:
            section = heading
            parts.append(f"## {section}\n")
        parts.append(_entry(key))
    return "\n".join(parts)


def _entry(key: config.KeyReference) -> str:
    lines = [
        f"### `{key.path}`\n",
        f"{key.description}\n",
        f"- Allowed: {key.allowed}",
        f"- Default: {'none' if key.default is None else f'`{_written(key.default)}`'}",
        f"- Also: `{key.variable}`, `{_flag(key.path)}`\n",
    ]
    return "\n".join(lines)


def _written(value: object) -> str:
    return value if isinstance(value, str) else json.dumps(value)


def _flag(path: str) -> str:
    return FLAG_NAMES.get(path, f"--{path.rpartition('.')[2].replace('_', '-')}")


if __name__ == "__main__":
    PAGE.write_text(page(), encoding="utf-8")
