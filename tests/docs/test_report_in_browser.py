"""The HTML report in a real browser: it shows what it should, runs nothing, and fits its window.

Skipped where there is no Chromium; `apt-get install chromium` brings it.
"""

from __future__ import annotations

import json
import re
import shutil
import struct
import subprocess
import zlib
from typing import TYPE_CHECKING

import pytest

from ddbinsert.core.model.record import EventName
from ddbinsert.core.proof.verdict import Result
from ddbinsert.render.verdict.html import page
from tests.unit import proofs

if TYPE_CHECKING:
    from pathlib import Path

CHROMIUM = next(filter(None, map(shutil.which, ("chromium", "chromium-browser", "google-chrome"))), None)
pytestmark = pytest.mark.skipif(CHROMIUM is None, reason="there is no Chromium on this machine")

FLAGS = (
    *("--headless", "--no-sandbox", "--disable-gpu", "--no-first-run", "--hide-scrollbars"),
    *("--disable-background-networking", "--disable-component-update", "--disable-sync"),
)
REPORTS = {
    "pass": proofs.proof_of(),
    "fail": proofs.proof_of(delivered=tuple(EventName), filters=()),
    "inconclusive": proofs.proof_of(lost=frozenset({1}), delay=90.0),
    "hostile": proofs.hostile(),
    "watched": proofs.watched(Result.FAIL),
    "refused": proofs.refused(),
}
#: What a frame measures of the report in it, and writes into its own page.
MEASURE = """<!DOCTYPE html><meta charset="utf-8"><iframe src="{src}" style="border:0;width:{width}px;height:900px">
</iframe><script>
addEventListener("load", () => {{
  const page = document.querySelector("iframe").contentDocument;
  const out = document.createElement("pre");
  out.id = "measured";
  page.querySelectorAll("details").forEach(folded => folded.open = true);
  const cut = [...page.querySelectorAll("table, dl, ul")].filter(
    one => one.getBoundingClientRect().right > {width} || one.scrollWidth > one.clientWidth + 1);
  const squeezed = [...page.querySelectorAll("thead th")].filter(cell => {{
    const text = page.createRange();
    text.selectNodeContents(cell);
    const box = text.getBoundingClientRect();
    return box.width > 1 && (box.height > 26 || box.right > cell.getBoundingClientRect().right + 1);
  }});
  out.textContent = JSON.stringify({{
    wide: page.documentElement.scrollWidth,
    cut: cut.map(one => one.className),
    squeezed: squeezed.map(one => one.textContent),
  }});
  document.body.append(out);
}});
</script>"""


class Browser:
    """Chromium with a profile of its own, started anew for each look."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder

    def look(self, file: Path, *arguments: str) -> str:
        command = [
            str(CHROMIUM),
            *FLAGS,
            f"--user-data-dir={self.folder / 'profile'}",
            *arguments,
            file.as_uri(),
        ]
        done = subprocess.run(command, capture_output=True, text=True, check=True, timeout=120)
        return done.stdout

    def picture(self, file: Path, *arguments: str) -> tuple[int, int, set[bytes]]:
        """Width, height, and every colour of a screenshot."""
        shot = self.folder / "shot.png"
        self.look(file, "--window-size=800,360", f"--screenshot={shot}", *arguments)
        return _decoded(shot.read_bytes())


@pytest.fixture(scope="module")
def browser(tmp_path_factory: pytest.TempPathFactory) -> Browser:
    return Browser(tmp_path_factory.mktemp("browser"))


def written(browser: Browser, name: str) -> Path:
    file = browser.folder / f"{name}.html"
    file.write_text(page(REPORTS[name]), encoding="utf-8")
    return file


def _decoded(png: bytes) -> tuple[int, int, set[bytes]]:
    """A PNG of 8-bit RGB or RGBA as Chromium writes it."""
    width, height, depth, kind = struct.unpack(">IIBB", png[16:26])
    assert depth == 8
    size = {2: 3, 6: 4}[kind]
    data, place = b"", 8
    while place < len(png):
        (length,) = struct.unpack(">I", png[place : place + 4])
        if png[place + 4 : place + 8] == b"IDAT":
            data += png[place + 8 : place + 8 + length]
        place += length + 12
    raw, stride = zlib.decompress(data), width * size
    before, colours = bytearray(stride), set()
    for row in range(height):
        start = row * (stride + 1)
        line = bytearray(raw[start + 1 : start + 1 + stride])
        _unfilter(raw[start], line, before, size)
        colours |= {bytes(line[n : n + 3]) for n in range(0, stride, size)}
        before = line
    return width, height, colours


def _unfilter(kind: int, line: bytearray, before: bytearray, size: int) -> None:
    for n in range(len(line)):
        left = line[n - size] if n >= size else 0
        up = before[n]
        corner = before[n - size] if n >= size else 0
        match kind:
            case 1:
                line[n] = (line[n] + left) & 255
            case 2:
                line[n] = (line[n] + up) & 255
            case 3:
                line[n] = (line[n] + (left + up) // 2) & 255
            case 4:
                guess = left + up - corner
                nearest = min((left, up, corner), key=lambda one: abs(guess - one))
                line[n] = (line[n] + nearest) & 255


@pytest.mark.parametrize(
    ("name", "word"), [("pass", "PASS"), ("fail", "FAIL"), ("inconclusive", "INCONCLUSIVE")]
)
def test_a_browser_finds_verdict_drawings_and_evidence(browser: Browser, name: str, word: str) -> None:
    dom = browser.look(written(browser, name), "--dump-dom")
    assert f"<h1>{word}</h1>" in dom
    for drawing in ("timeline", "histogram"):
        assert re.search(rf'<svg [^>]*class="{drawing}"', dom)
    assert dom.count("<rect") > 30
    assert "Every write" in dom
    assert proofs.RUN_ID in dom


def test_a_browser_makes_no_element_out_of_hostile_text(browser: Browser) -> None:
    dom = browser.look(written(browser, "hostile"), "--dump-dom")
    assert not re.search(r"<(script|img|iframe|a|h1 )[\s>]", dom)
    assert "&lt;script&gt;alert(1)&lt;/script&gt;" in dom
    assert "<h1>FAIL</h1>" in dom


@pytest.mark.parametrize(
    ("arguments", "paper", "tone"),
    [
        ((), b"\xff\xff\xff", b"\x17\x6b\x34"),
        (("--blink-settings=preferredColorScheme=0",), b"\x0f\x13\x18", b"\x5b\xcb\x7c"),
    ],
    ids=["light", "dark"],
)
def test_the_page_is_painted_light_or_dark_as_the_reader_wishes(
    browser: Browser, arguments: tuple[str, ...], paper: bytes, tone: bytes
) -> None:
    width, height, colours = browser.picture(written(browser, "pass"), *arguments)
    assert (width, height) == (800, 360)
    assert {paper, tone} <= colours
    assert len(colours) > 50


@pytest.mark.parametrize("name", ["pass", "fail", "hostile", "watched", "refused"])
@pytest.mark.parametrize("width", [360, 400, 1160])
def test_no_table_is_cut_and_no_column_squeezed_on_a_phone_or_a_screen(
    browser: Browser, name: str, width: int
) -> None:
    frame = browser.folder / "frame.html"
    frame.write_text(MEASURE.format(src=written(browser, name).name, width=width), encoding="utf-8")
    dom = browser.look(frame, "--allow-file-access-from-files", "--dump-dom")
    measured = re.search(r'<pre id="measured">(.*?)</pre>', dom)
    assert measured is not None
    assert json.loads(measured[1]) == {"wide": width, "cut": [], "squeezed": []}


def test_the_page_prints(browser: Browser) -> None:
    paper = browser.folder / "report.pdf"
    browser.look(written(browser, "fail"), f"--print-to-pdf={paper}", "--no-pdf-header-footer")
    assert paper.read_bytes().startswith(b"%PDF-")
    assert 2 <= len(re.findall(rb"/Type\s*/Page\b", paper.read_bytes())) <= 6
