"""Benchmarks measure compiled modules, as an installed ddbinsert has them, whatever this shell prefers."""

from __future__ import annotations

import os
from typing import TYPE_CHECKING

import pytest

from tests.benchmarks.tools import tools as made_in

if TYPE_CHECKING:
    from pathlib import Path

os.environ.pop("PYTHONDONTWRITEBYTECODE", None)


@pytest.fixture(scope="session")
def tools(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The folder of the commands ``aws`` and ``awslogs``."""
    return made_in(tmp_path_factory.mktemp("tools") / "environment")
