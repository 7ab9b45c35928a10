"""The HTML report: complete, readable without network or script, and unbroken by whatever is put into it."""

from __future__ import annotations

import re
from dataclasses import replace
from html.parser import HTMLParser
from importlib import resources

import pytest

from ddbinsert import __version__
from ddbinsert.core.model.record import EventName
from ddbinsert.core.proof.verdict import Result
from ddbinsert.render.verdict import html
from ddbinsert.render.verdict.common import NoVerdict
from ddbinsert.render.verdict.html import as_text, error_page, page, with_code
from ddbinsert.render.verdict.plain_text import plain
from tests.unit import proofs

INSERT, MODIFY, REMOVE = EventName
VOID = {"meta", "br", "hr", "link", "col"}
TEMPLATES = resources.files("ddbinsert.render.verdict").joinpath("templates")
LEAKING = proofs.proof_of(delivered=(INSERT, MODIFY, REMOVE), filters=())
NO_VERDICT = NoVerdict(
    table="orders",
    at=proofs.START,
    exit_code=5,
    code="no-stream",
    message="Table orders has no live stream",
    hint="`ddbinsert attach-trigger orders` makes it.",
)
SEVERAL = (
    proofs.proof_of(),
    LEAKING,
    proofs.proof_of(lost=frozenset({1})),
    replace(NO_VERDICT, function="orders-totals"),
)
PAGES = {
    "several": html.every_page(SEVERAL),
    "one of several": html.every_page(SEVERAL[:1]),
    "hostile among several": html.every_page(
        (
            proofs.hostile(),
            replace(NO_VERDICT, function=proofs.HOSTILE, table=proofs.HOSTILE, message=proofs.HOSTILE),
        )
    ),
    "pass": page(proofs.proof_of()),
    "fail": page(LEAKING),
    "inconclusive": page(proofs.proof_of(lost=frozenset({1}))),
    "bulk": page(proofs.proof_of(count=2000)),
    "by lines": page(proofs.proof_of(by_lines=True, gauged=True)),
    "refused": page(proofs.refused()),
    "watched": page(proofs.watched()),
    "hostile": page(proofs.hostile()),
    "no verdict": error_page(NO_VERDICT),
    "hostile and no verdict": error_page(
        replace(NO_VERDICT, table=proofs.HOSTILE, message=proofs.HOSTILE, hint=proofs.HOSTILE)
    ),
}
every_page = pytest.mark.parametrize("name", PAGES)


class Reader(HTMLParser):
    """Takes a page apart, and notes what is not closed in order."""

    def __init__(self, text: str) -> None:
        super().__init__(convert_charrefs=True)
        self.open: list[str] = []
        self.tags: list[tuple[str, dict[str, str | None]]] = []
        self.problems: list[str] = []
        self.words: list[str] = []
        self.comments: list[str] = []
        self.feed(text)
        self.close()
        self.problems += [f"{tag} is not closed" for tag in self.open]

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.tags.append((tag, dict(attrs)))
        if tag not in VOID:
            self.open.append(tag)

    def handle_endtag(self, tag: str) -> None:
        if not self.open or self.open.pop() != tag:
            self.problems.append(f"{tag} closed out of turn")

    def handle_data(self, data: str) -> None:
        if not self.open or self.open[-1] != "style":
            self.words.append(data)

    def handle_comment(self, data: str) -> None:
        self.comments.append(data)

    @property
    def text(self) -> str:
        return "".join(self.words)


@every_page
def test_every_element_is_closed_in_its_turn(name: str) -> None:
    assert Reader(PAGES[name]).problems == []


@every_page
def test_a_page_asks_for_nothing_from_outside_and_runs_nothing(name: str) -> None:
    read = Reader(PAGES[name])
    names = {tag for tag, _ in read.tags}
    assert not names & {
        "script",
        "link",
        "img",
        "iframe",
        "object",
        "embed",
        "form",
        "base",
        "use",
        "image",
    }
    attributes = [key for _, found in read.tags for key in found]
    assert not [key for key in attributes if key.startswith("on") or key in ("src", "style", "srcset")]
    links = [found["href"] for _, found in read.tags if "href" in found]
    assert all(re.fullmatch(r"#run-[0-9]+", link or "") for link in links), "within the page alone"
    style = re.findall(r"<style>.*?</style>", PAGES[name], re.DOTALL)
    assert len(style) == 1
    assert "url(" not in style[0]
    assert "@import" not in style[0]
    policy = next(found["content"] for tag, found in read.tags if found.get("http-equiv"))
    assert policy is not None
    assert policy.startswith("default-src 'none'; style-src 'unsafe-inline'")


@every_page
def test_ids_are_unique_and_those_referred_to_exist(name: str) -> None:
    tags = Reader(PAGES[name]).tags
    ids = [str(found["id"]) for _, found in tags if "id" in found]
    referred = [one for _, found in tags for one in str(found.get("aria-labelledby") or "").split()]
    assert len(set(ids)) == len(ids)
    assert set(referred) <= set(ids)


@every_page
def test_every_drawing_tells_what_it_shows(name: str) -> None:
    page_text = PAGES[name]
    for svg in re.findall(r"<svg.*?</svg>", page_text, re.DOTALL):
        assert re.search(r"^<svg[^>]*>\s*<title[^>]*>[^<]+</title>\s*<desc[^>]*>[^<]+</desc>", svg)
        assert 'role="img"' in svg


@pytest.mark.parametrize("name", ["hostile", "hostile and no verdict"])
def test_hostile_text_is_shown_as_text_and_is_nothing_else(name: str) -> None:
    read = Reader(PAGES[name])
    assert plain(proofs.HOSTILE) in read.text
    assert read.comments == []
    assert not re.search("[\x00-\x08\x0b-\x1f\x7f-\x9f\u202a-\u202e\ud800-\udfff]", PAGES[name])
    PAGES[name].encode("utf-8")


def test_a_page_has_the_verdict_in_words_first() -> None:
    for name, word in (
        ("pass", "PASS"),
        ("fail", "FAIL"),
        ("inconclusive", "INCONCLUSIVE"),
        ("no verdict", "NO VERDICT"),
    ):
        assert re.search(r"<h1>([A-Z ]+)</h1>", PAGES[name])[1] == word  # type: ignore[index]
        assert Reader(PAGES[name]).text.index(word) < 200


def test_a_page_holds_all_that_was_found_out() -> None:
    text = Reader(PAGES["fail"]).text
    for finding in LEAKING.verdict.findings:
        assert finding.code in text
        assert all(line in text for line in finding.evidence)
    assert "ddbinsert attach-trigger" in text
    for side in LEAKING.verdict.evidence:
        assert side.text in text
    for fact in (
        "orders-inserts",
        "123456789012",
        "eu-west-1",
        proofs.RUN_ID,
        "UTC",
        f"ddbinsert {__version__}",
    ):
        assert fact in text
    assert LEAKING.tally is not None
    for lane in LEAKING.tally.lanes:
        for record in lane.recorded:
            assert record.event_id in text


def test_what_could_not_be_seen_is_said() -> None:
    assert "not checked" in Reader(PAGES["pass"]).text
    assert "access denied" in Reader(page(proofs.proof_of(stream_read=False))).text


def test_what_is_wrong_is_not_told_by_colour_alone() -> None:
    page_text = PAGES["fail"]
    assert page_text.count(">disproven<") == 3
    assert re.search(r'class="mark modify intruder">.*?class="sign">!<', page_text, re.DOTALL)
    assert '.alarm::after { content: " !"; }' in page_text


def test_a_run_without_writes_says_so_in_the_place_of_drawings() -> None:
    assert "the verdict follows from the configuration" in PAGES["refused"]
    assert "only observed" in PAGES["watched"]
    assert "<svg" not in PAGES["refused"]


def test_what_may_still_come_is_not_told_as_zero() -> None:
    assert "<dd>none seen</dd>" in PAGES["inconclusive"]
    assert "<dd>0 of 8</dd>" in PAGES["pass"]
    assert "<dd>8 of 8</dd>" in PAGES["fail"]


def test_the_size_of_a_page_does_not_grow_with_the_run() -> None:
    assert len(PAGES["bulk"]) < len(PAGES["pass"]) * 1.1


def test_kept_items_are_told_of() -> None:
    assert "left in the table" in page(replace(proofs.proof_of(), kept=True))
    assert "none written" in PAGES["refused"]


@pytest.mark.parametrize("at", [-1e9, 0.0, 1e15])
def test_a_clock_that_is_wildly_wrong_breaks_nothing(at: float) -> None:
    assert "UTC" in page(replace(proofs.proof_of(), started=at, finished=at))


# --- colours ----------------------------------------------------------------------------------------------

STYLE = TEMPLATES.joinpath("report.css").read_text(encoding="utf-8")
THEMES = [
    dict(re.findall(r"--([a-z-]+): (#[0-9a-f]{6})", block))
    for block in re.findall(r":root \{(.*?)\}", STYLE, re.DOTALL)
]
READ_ON = [
    *(
        (ink, paper)
        for ink in ("text", "soft")
        for paper in ("paper", "raised", "pass-soft", "fail-soft", "open-soft")
    ),
    *((tone, ground) for tone in ("pass", "fail", "open") for ground in ("paper", f"{tone}-soft")),
    *(("on-mark", mark) for mark in ("insert", "modify", "remove", "pass", "fail", "open", "soft")),
]


def luminance(colour: str) -> float:
    channels = [int(colour[n : n + 2], 16) / 255 for n in (1, 3, 5)]
    red, green, blue = (c / 12.92 if c <= 0.04045 else ((c + 0.055) / 1.055) ** 2.4 for c in channels)
    return 0.2126 * red + 0.7152 * green + 0.0722 * blue


def test_the_style_has_a_light_a_dark_and_a_printed_theme() -> None:
    assert len(THEMES) == 3
    assert THEMES[0].keys() == THEMES[1].keys() == THEMES[2].keys()


@pytest.mark.parametrize("theme", range(3))
@pytest.mark.parametrize(("ink", "ground"), READ_ON)
def test_text_stands_out_from_its_ground(theme: int, ink: str, ground: str) -> None:
    """WCAG 2.2 AA: 4.5 to 1."""
    one, other = sorted((luminance(THEMES[theme][ink]), luminance(THEMES[theme][ground])))
    assert (other + 0.05) / (one + 0.05) >= 4.5


# --- what comes from outside is text ------------------------------------------------------------------------


def test_no_template_marks_a_value_as_safe_or_escapes_it_by_itself() -> None:
    """Autoescape and the cleaning see every value: whatever goes around one of them is refused here."""
    for template in TEMPLATES.iterdir():
        source = template.read_text(encoding="utf-8")
        assert not re.search(r"\|\s*(safe|e|escape|forceescape|tojson|xmlattr|urlize)\b", source), (
            template.name
        )
        assert "autoescape" not in source
        assert not re.search(r"=\{\{|=\s*\{%", source), f"{template.name}: an attribute without quotes"


def test_a_value_is_cleaned_before_it_is_written() -> None:
    assert as_text("a\x1b[31m\n  b\u202e") == "a\\x1b[31m b\\u202e"
    assert as_text("##[error]x") == "#\\x23[error]x"
    assert (as_text(1.23456), as_text(12), as_text(None)) == ("1.23", 12, "—")


def test_code_in_a_sentence_is_set_as_code_and_a_lone_backtick_left_alone() -> None:
    assert with_code("run `a < b` now") == "run <code>a &lt; b</code> now"
    assert with_code("`a` `b`") == "<code>a</code> <code>b</code>"
    assert with_code("a ` <b>") == "a ` &lt;b&gt;"


def test_the_result_decides_the_tone() -> None:
    tones = {Result.PASS: "pass", Result.FAIL: "fail", Result.INCONCLUSIVE: "open"}
    for result, tone in tones.items():
        healthy = proofs.proof_of()
        shown = page(replace(healthy, verdict=replace(healthy.verdict, result=result)))
        assert f'<section class="banner {tone}">' in shown


# --- what the page is for -----------------------------------------------------------------------------------


def test_account_and_region_stand_below_the_title() -> None:
    assert re.search(r"</h1>.*?Account 123456789012 · region eu-west-1.*?<dl", PAGES["pass"], re.DOTALL)


def test_one_remedy_stands_once_with_all_findings_that_it_belongs_to() -> None:
    assert PAGES["fail"].count("<code>ddbinsert attach-trigger orders --filter") == 1
    told = Reader(PAGES["fail"]).text
    assert "For intruders-processed, no-filter." in told


def test_every_write_stands_in_a_folded_appendix_at_the_end() -> None:
    main = PAGES["pass"].partition("<main>")[2]
    (opened,) = re.findall(r"<details[^>]*>", main)
    assert opened == "<details>", "it is closed at first"
    assert main.index("<h2>The run</h2>") < main.index("<details>") < main.index('<table class="writes">')
    assert main.count('<table class="writes">') == 4


def test_a_run_that_wrote_nothing_reports_nothing_as_missing() -> None:
    main = PAGES["refused"].partition("<main>")[2]
    assert "alarm" not in main
    assert "<dd>none written</dd>" in main
    assert "Numbers by event" not in main


def test_the_page_says_on_how_many_inserts_the_time_was_measured() -> None:
    assert "Measured on 8 of 2,004 inserts" in PAGES["bulk"]


# --- several consumers ------------------------------------------------------------------------------------


def test_the_page_of_several_begins_with_what_all_of_them_come_to() -> None:
    told = Reader(PAGES["several"]).text
    assert "4 functions: 1 FAIL, 1 INCONCLUSIVE, 1 NO VERDICT, 1 PASS." in told
    assert told.index("Account") < told.index("Functions")
    assert "1 function: 1 PASS." in Reader(PAGES["one of several"]).text


def test_what_did_not_pass_is_open_and_each_is_linked() -> None:
    main = PAGES["several"].partition("<main>")[2]
    opened = re.findall(r'<details class="one" id="(run-\d)"( open)?>', main)
    assert opened == [("run-1", ""), ("run-2", " open"), ("run-3", " open"), ("run-4", " open")]
    assert re.findall(r'href="#(run-\d)"', main) == [name for name, _ in opened]


def test_nothing_stays_folded_on_paper() -> None:
    printed = TEMPLATES.joinpath("report.css").read_text(encoding="utf-8").partition("@media print")[2]
    assert "  details::details-content { content-visibility: visible; block-size: auto; }" in printed
