"""docs/aws-facts.md: every anchor that is cited exists, once; every fact names its source."""

from __future__ import annotations

import re
import subprocess
from pathlib import Path

ROOT = Path(__file__).parents[2]
PAGE = (ROOT / "docs" / "aws-facts.md").read_text(encoding="utf-8")
FACTS = re.findall(r"^- (.+(?:\n  .+)*)", PAGE, re.MULTILINE)
ANCHORS = re.findall(r'<a id="([a-z0-9-]+)"></a>', PAGE)


def _files() -> list[Path]:
    listed = subprocess.run(  # with what is not committed yet
        ["git", "ls-files", "-co", "--exclude-standard"],  # noqa: S607 - git is what a clone is made with
        cwd=ROOT,
        capture_output=True,
        text=True,
        check=False,
    )
    if listed.returncode:  # an archive of the source, without its history
        return [path for folder in ("ddbinsert", "tests", "docs") for path in (ROOT / folder).rglob("*.*")]
    return [ROOT / name for name in listed.stdout.splitlines()]


def _cited() -> set[str]:
    texts = [
        path.read_text(encoding="utf-8")
        for path in _files()
        if path.suffix in {".py", ".md", ".mjs", ".yaml"} and path.is_file()
    ]
    return {anchor for text in texts for anchor in re.findall(r"aws-facts\.md#([a-z0-9-]+)", text)}


def test_every_anchor_that_is_cited_exists() -> None:
    cited = _cited()
    assert cited
    assert cited <= set(ANCHORS), sorted(cited - set(ANCHORS))


def test_every_fact_has_one_anchor_and_names_its_source() -> None:
    assert len(ANCHORS) == len(set(ANCHORS)) == len(FACTS)
    for fact in FACTS:
        assert re.match(r'<a id="[a-z0-9-]+"></a>(\[[ADSM]\] )+\S', fact), fact


def test_code_cites_no_fact_without_its_anchor() -> None:
    for path in (ROOT / "ddbinsert").rglob("*.py"):
        assert not re.search(r"\s\(facts[:)]", path.read_text(encoding="utf-8")), path
