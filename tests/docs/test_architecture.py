"""docs/architecture.md: every package is on the map; every file, test and name that it mentions exists."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]
SOURCE = ROOT / "ddbinsert"
PAGE = (ROOT / "docs" / "architecture.md").read_text(encoding="utf-8")
#: A path from the root or from ``ddbinsert``, or the name of a function, class or constant behind it.
_PATH = re.compile(r"`((?:[a-z_]+/)+[a-z_]*(?:\.[a-z]+)?|[a-z_]+\.py)`")
_TABLES = ("## Fast start", "## What is changed in the embedded emulator")


def _packages() -> list[str]:
    return sorted(path.name for path in SOURCE.iterdir() if path.is_dir() and any(path.glob("*.py")))


@pytest.mark.parametrize("package", _packages())
def test_every_package_is_on_the_map(package: str) -> None:
    rows = re.findall(r"^\| (`.*?) \|", PAGE, re.MULTILINE)
    assert any(f"`{package}`" in row or f"`{package}/" in row for row in rows), package


@pytest.mark.parametrize(
    "package", sorted(p.name for p in (SOURCE / "core").iterdir() if (p / "__init__.py").exists())
)
def test_every_room_of_core_is_on_the_map(package: str) -> None:
    assert f"`core/{package}`" in PAGE


@pytest.mark.parametrize("mentioned", sorted(set(_PATH.findall(PAGE))))
def test_every_file_and_folder_that_is_mentioned_exists(mentioned: str) -> None:
    exact = [ROOT / mentioned, SOURCE / mentioned]
    assert any(path.exists() for path in exact) or list(SOURCE.rglob(mentioned)), mentioned


@pytest.mark.parametrize("heading", _TABLES)
def test_every_trick_has_a_place_and_a_test(heading: str) -> None:
    table = PAGE.partition(heading)[2].partition("\n## ")[0]
    rows = [line for line in table.splitlines() if line.startswith("| ")][2:]
    assert rows
    for row in rows:
        assert re.search(r"\| `tests/[\w/.]+`", row), row
        names = re.findall(r"`(_?[A-Za-z]\w*)` in `([\w/]+\.py)`", row)
        for name, file in names:
            (found,) = [path for path in SOURCE.rglob(Path(file).name) if str(path).endswith(file)]
            assert re.search(rf"\b{name}\b", found.read_text(encoding="utf-8")), row
