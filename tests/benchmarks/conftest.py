"""Benchmarks measure compiled modules, as an installed ddbinsert has them, whatever this shell prefers."""

from __future__ import annotations

import os

os.environ.pop("PYTHONDONTWRITEBYTECODE", None)
