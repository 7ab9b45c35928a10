"""The packages: one place for the version, a lock that fits, documentation that installs what exists."""

from __future__ import annotations

import re
import tomllib
from pathlib import Path

import pytest
from packaging.requirements import Requirement
from packaging.version import Version

from ddbinsert import __version__

ROOT = Path(__file__).parents[2]
PROJECT = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))["project"]
LOCK = (ROOT / "packages" / "requirements.lock").read_text(encoding="utf-8")
LOCKED = dict(re.findall(r"^([a-z0-9-]+)==([^ ;]+)", LOCK, re.MULTILINE))
NEEDED = [
    Requirement(text)
    for text in (
        *PROJECT["dependencies"],
        *PROJECT["optional-dependencies"]["local"],
        *PROJECT["optional-dependencies"]["terraform"],
    )
]


@pytest.mark.parametrize("requirement", NEEDED, ids=str)
def test_the_lock_has_a_version_that_is_allowed_of_each_dependency(requirement: Requirement) -> None:
    locked = LOCKED[requirement.name.lower().replace("_", "-")]
    assert requirement.specifier.contains(Version(locked))


def test_each_locked_version_has_hashes_and_comes_from_no_named_index() -> None:
    assert LOCKED
    assert all(block.count("--hash=sha256:") for block in re.split(r"\n(?=\S)", LOCK.strip()))
    assert "://" not in LOCK


def test_the_version_is_in_one_place_and_the_examples_follow_it() -> None:
    assert "version" not in PROJECT
    for page in ("ci.md", "installation.md"):
        text = (ROOT / "docs" / page).read_text(encoding="utf-8")
        assert set(re.findall(r"@?\bv(\d+\.\d+\.\d+)", text)) == {__version__}, page


def test_no_page_installs_from_a_package_index_that_does_not_have_ddbinsert() -> None:
    for page in (ROOT / "README.md", *(ROOT / "docs").glob("*.md")):
        for command in re.findall(
            r"(?:pip|pipx|uv tool|uv pip) install[^\n`|]*", page.read_text(encoding="utf-8")
        ):
            named = re.search(r"['\" ]ddbinsert(?:\[\w+\])?['\"]?(?: |$)(?!@)", command)
            assert named is None, f"{page.name}: {command}"


def test_the_container_is_built_from_files_that_exist() -> None:
    text = (ROOT / "packages" / "Containerfile").read_text(encoding="utf-8")
    copied = [
        name for line in re.findall(r"^COPY (?!--from)(.*) \S+$", text, re.MULTILINE) for name in line.split()
    ]
    assert copied
    assert [name for name in copied if not (ROOT / name).exists()] == []
