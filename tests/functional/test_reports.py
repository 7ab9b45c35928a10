"""The reports of verify, as a CI system gets them: from real runs, whatever becomes of these."""

from __future__ import annotations

import os
import re
import shutil
import stat
import threading
from typing import TYPE_CHECKING, Any
from xml.etree import ElementTree as ET

import jsonschema
import pytest

from ddbinsert.environment import SystemClock
from tests.functional.command import Ran, ran
from tests.functional.helpers import Calls, InterruptingClock, Refusing, fresh

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

    from tests.functional.helpers import Cloud

SILENT = "def handler(event, context):\n    return None\n"


@pytest.fixture(scope="module")
def healthy(connection: dict[str, str], cloud: Cloud, tmp_path_factory: pytest.TempPathFactory) -> str:
    """A table with a trigger that no test of this module changes."""
    variables = {"PATH": os.environ["PATH"], "HOME": str(tmp_path_factory.mktemp("home")), **connection}
    table = cloud.table("pk:S")
    assert ran("attach-trigger", table, variables=variables).code == 0
    return table


@pytest.fixture
def reported(prove: Callable[..., Ran], tmp_path: Path) -> Callable[..., Ran]:
    """verify with --report r.html and --junit r.xml in the test's folder."""

    def run(*arguments: str, **more: Any) -> Ran:
        return prove(*arguments, "--report", "r.html", "--junit", "r.xml", cwd=tmp_path, **more)

    return run


def heading(folder: Path) -> str:
    found = re.search(r"<h1>([^<]+)</h1>", (folder / "r.html").read_text(encoding="utf-8"))
    assert found is not None
    return found[1]


def suite(folder: Path) -> ET.Element:
    (found,) = ET.parse(folder / "r.xml").getroot()  # noqa: S314 - what we have just written
    return found


def red(folder: Path) -> tuple[int, int]:
    """Failures and errors."""
    return int(suite(folder).get("failures", "")), int(suite(folder).get("errors", ""))


def validate(document: Any) -> None:
    schema = ran("verify", "--schema", variables={}).json
    jsonschema.Draft202012Validator(schema).validate(document)


def leftovers(folder: Path) -> list[Path]:
    return [path for path in folder.rglob("*") if path.name.startswith(".ddbinsert")]


# --- every kind of answer ---------------------------------------------------------------------------------


def test_a_pass_leaves_a_page_and_green_xml(
    reported: Callable[..., Ran], healthy: str, tmp_path: Path
) -> None:
    done = reported(healthy, "-o", "json")
    assert done.code == 0
    validate(done.json)
    assert done.json["warnings"] == []
    assert heading(tmp_path) == "PASS"
    assert red(tmp_path) == (0, 0)
    assert [case.get("name") for case in suite(tmp_path).iter("testcase")] == [
        "Every insert was processed",
        "No MODIFY was processed or delivered",
        "No REMOVE was processed or delivered",
        "The stream holds what was written",
        "The mapping's filter is insert-only",
    ]
    page = (tmp_path / "r.html").read_text(encoding="utf-8")
    assert done.data["run_id"] in page
    for item in done.data["items"]:
        assert all(record["event_id"] in page for record in item["stream"])


def test_a_fail_leaves_its_findings_with_commands_that_can_be_typed(
    reported: Callable[..., Ran], attached: Callable[..., str], cloud: Cloud, tmp_path: Path
) -> None:
    table = attached()
    cloud.widen(table)
    done = reported(table, "-o", "json")
    assert done.code == 1
    validate(done.json)
    assert heading(tmp_path) == "FAIL"
    failures, _ = red(tmp_path)
    assert failures >= 2
    page = (tmp_path / "r.html").read_text(encoding="utf-8")
    for finding in done.data["findings"]:
        assert finding["code"] in page
    assert f"<code>ddbinsert attach-trigger {table}" in page


def test_an_inconclusive_run_is_an_error_and_no_failure(
    reported: Callable[..., Ran], attached: Callable[..., str], tmp_path: Path
) -> None:
    done = reported(attached(source=SILENT), "-o", "json", timeout="5s")
    assert done.code == 6
    validate(done.json)
    assert heading(tmp_path) == "INCONCLUSIVE"
    failures, errors = red(tmp_path)
    assert failures == 0
    assert errors > 0


def test_a_run_that_the_configuration_decides_is_reported_without_a_write(
    reported: Callable[..., Ran], attached: Callable[..., str], cloud: Cloud, tmp_path: Path
) -> None:
    table = attached()
    cloud.lambda_.delete_event_source_mapping(UUID=cloud.mapping(f"{table}-inserts")["UUID"])
    done = reported(table, "-o", "json")
    assert done.code == 1
    validate(done.json)
    assert heading(tmp_path) == "FAIL"
    assert done.data["counts"]["expected_inserts"] == done.data["counts"]["missing"] == 0
    page = (tmp_path / "r.html").read_text(encoding="utf-8")
    assert "no test item was written" in page.lower()
    assert "alarm" not in page.partition("</style>")[2]
    properties = {one.get("name"): one.get("value") for one in suite(tmp_path).iter("property")}
    assert properties["counts.missing"] == "0"
    assert "mapping-missing" in (tmp_path / "r.xml").read_text(encoding="utf-8")


def test_a_silent_function_proven_by_lines_is_reported(
    reported: Callable[..., Ran], attached: Callable[..., str], tmp_path: Path
) -> None:
    source = "def handler(event, context):\n    [print(r['dynamodb']['Keys']) for r in event['Records']]\n"
    done = reported(attached(source=source), "--match", "-o", "json")
    assert done.code == 0, done.out
    validate(done.json)
    assert 'class="mark line"' in (tmp_path / "r.html").read_text(encoding="utf-8")


def test_a_run_that_only_watched_is_reported(
    reported: Callable[..., Ran], healthy: str, tmp_path: Path
) -> None:
    done = reported(healthy, "--observe", "--for", "1s", "-o", "json")
    assert done.code == 6, done.out
    validate(done.json)
    assert heading(tmp_path) == "INCONCLUSIVE"
    assert red(tmp_path) == (0, 1)


def test_a_large_run_leaves_a_small_page(reported: Callable[..., Ran], healthy: str, tmp_path: Path) -> None:
    assert reported(healthy, "--count", "300").code == 0
    assert (tmp_path / "r.html").stat().st_size < 100_000


# --- runs without a verdict -------------------------------------------------------------------------------


def test_a_run_that_finds_nothing_to_prove_leaves_that_and_not_an_older_pass(
    reported: Callable[..., Ran], tmp_path: Path
) -> None:
    (tmp_path / "r.html").write_text("<h1>PASS</h1>")
    (tmp_path / "r.xml").write_text("<testsuites/>")
    table = fresh()
    done = reported(table, "-o", "json")
    assert done.code == 5
    validate(done.json)
    assert heading(tmp_path) == "NO VERDICT"
    assert red(tmp_path) == (0, 1)
    assert "table-not-found" in (tmp_path / "r.xml").read_text()


def test_a_run_that_aws_refuses_is_told_as_such(
    reported: Callable[..., Ran], healthy: str, tmp_path: Path
) -> None:
    done = reported(healthy, connect=Refusing("PutItem").connect)
    assert done.code == 4
    assert heading(tmp_path) == "NO VERDICT"
    assert "exit code 4" in (tmp_path / "r.html").read_text()


def test_an_interrupted_run_is_told_as_such(
    reported: Callable[..., Ran], attached: Callable[..., str], tmp_path: Path
) -> None:
    done = reported(attached(source=SILENT), clock=InterruptingClock(3))
    assert done.code == 130
    assert heading(tmp_path) == "NO VERDICT"
    assert "interrupted" in (tmp_path / "r.xml").read_text()


def test_a_wrong_configuration_is_told_as_such(reported: Callable[..., Ran], tmp_path: Path) -> None:
    (tmp_path / "ddbinsert.yaml").write_text("table: o\n")
    assert reported().code == 3
    assert heading(tmp_path) == "NO VERDICT"
    assert red(tmp_path) == (0, 1)


# --- places that can't be written -------------------------------------------------------------------------


def impossible(folder: Path) -> dict[str, str]:
    (folder / "file").write_text("x")
    (folder / "folder").mkdir(exist_ok=True)
    return {"below a file": "file/r.html", "a folder": "folder", "no file": os.devnull, "a null byte": "a\0b"}


@pytest.mark.parametrize("option", ["--report", "--junit"])
@pytest.mark.parametrize("where", ["below a file", "a folder", "no file", "a null byte"])
def test_a_place_that_cannot_be_written_is_refused_before_anything_is_asked_of_aws(
    prove: Callable[..., Ran], tmp_path: Path, option: str, where: str
) -> None:
    calls = Calls()
    done = prove(
        "orders", option, impossible(tmp_path)[where], "-o", "json", cwd=tmp_path, connect=calls.connect
    )
    assert done.code == 2
    assert done.error_code == "report-file"
    assert calls.made == {}
    assert leftovers(tmp_path) == []


@pytest.mark.skipif(os.geteuid() == 0, reason="root may write everywhere")
def test_a_file_that_is_write_protected_is_refused(prove: Callable[..., Ran], tmp_path: Path) -> None:
    (tmp_path / "r.html").write_text("old")
    (tmp_path / "r.html").chmod(0o444)
    assert prove("orders", "--report", "r.html", cwd=tmp_path).code == 2
    assert (tmp_path / "r.html").read_text() == "old"


def test_one_file_for_both_reports_is_refused(prove: Callable[..., Ran], tmp_path: Path) -> None:
    (tmp_path / "link").symlink_to("r")
    assert prove("orders", "--report", "r", "--junit", "link", cwd=tmp_path).code == 2


def test_folders_on_the_way_are_made(prove: Callable[..., Ran], healthy: str, tmp_path: Path) -> None:
    assert prove(healthy, "--report", "out/of/r.html", cwd=tmp_path).code == 0
    assert (tmp_path / "out/of/r.html").is_file()


class Sweeping(SystemClock):
    """A clock on which somebody clears a folder away, and puts a file in its place, while the run is at work."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self.once = threading.Lock()

    def monotonic(self) -> float:
        if self.folder.is_dir() and self.once.acquire(blocking=False):
            shutil.rmtree(self.folder)
            self.folder.write_text("in the way")
        return super().monotonic()


def test_a_place_that_is_gone_after_the_run_costs_no_verdict(
    prove: Callable[..., Ran], healthy: str, tmp_path: Path
) -> None:
    files = ("--report", "out/r.html", "--junit", "r.xml")
    clock = Sweeping(tmp_path / "out")
    done = prove(healthy, *files, "-o", "json", cwd=tmp_path, clock=clock)
    assert done.code == 0
    assert done.data["verdict"] == "PASS"
    (warning,) = done.json["warnings"]
    assert "r.html was not written" in warning
    assert red(tmp_path) == (0, 0)
    validate(done.json)


# --- how files are written --------------------------------------------------------------------------------


def test_a_report_replaces_an_older_one_and_keeps_its_rights(
    reported: Callable[..., Ran], healthy: str, tmp_path: Path
) -> None:
    old = tmp_path / "r.html"
    old.write_text("old")
    old.chmod(0o640)
    before = old.stat().st_ino
    assert reported(healthy).code == 0
    assert heading(tmp_path) == "PASS"
    assert stat.S_IMODE(old.stat().st_mode) == 0o640
    assert old.stat().st_ino != before, "it was replaced as a whole, never written into"
    assert leftovers(tmp_path) == []


def test_a_link_stays_one_and_what_it_leads_to_is_written(
    reported: Callable[..., Ran], healthy: str, tmp_path: Path
) -> None:
    (tmp_path / "elsewhere").mkdir()
    (tmp_path / "r.html").symlink_to("elsewhere/real.html")
    assert reported(healthy).code == 0
    assert (tmp_path / "r.html").is_symlink()
    assert "PASS" in (tmp_path / "elsewhere/real.html").read_text(encoding="utf-8")


def test_a_name_as_long_as_the_file_system_takes_is_fine(
    prove: Callable[..., Ran], healthy: str, tmp_path: Path
) -> None:
    name = "r" * 250 + ".html"
    assert prove(healthy, "--report", name, cwd=tmp_path).code == 0
    assert (tmp_path / name).is_file()


# --- GitHub, canary, schema -------------------------------------------------------------------------------


def test_in_github_actions_each_run_appends_its_summary(
    healthy: str, variables: dict[str, str], tmp_path: Path
) -> None:
    summary = tmp_path / "summary.md"
    summary.write_text("# of another step")
    inside = {**variables, "GITHUB_STEP_SUMMARY": str(summary)}
    assert ran("verify", healthy, variables=inside).code == 0
    assert ran("verify", fresh(), variables=inside).code == 5
    text = summary.read_text(encoding="utf-8")
    assert text.startswith("# of another step\n### ✅ PASS: inserts of ")
    assert text.count("\n### ") == 2
    assert "No verdict" in text


def test_a_summary_that_cannot_be_written_costs_nothing(
    healthy: str, variables: dict[str, str], tmp_path: Path
) -> None:
    inside = {**variables, "GITHUB_STEP_SUMMARY": str(tmp_path / "none" / "summary.md")}
    done = ran("verify", healthy, "-o", "json", variables=inside)
    assert done.code == 0
    assert "summary.md was not written" in done.json["warnings"][0]


def test_outside_of_github_actions_no_summary_is_written(
    healthy: str, variables: dict[str, str], tmp_path: Path
) -> None:
    before = sorted(tmp_path.iterdir())
    assert ran("verify", healthy, variables=variables, cwd=tmp_path).code == 0
    assert [path for path in sorted(tmp_path.iterdir()) if path not in before] in ([], [tmp_path / "state"])


def test_a_canary_keeps_the_report_of_its_last_run(
    reported: Callable[..., Ran], healthy: str, tmp_path: Path
) -> None:
    done = reported(healthy, "--repeat", "2", "--every", "10ms")
    assert done.code == 0
    assert len(done.out.splitlines()) == 2
    assert heading(tmp_path) == "PASS"


def test_the_schema_is_printed_without_a_table_or_a_connection() -> None:
    shown = ran("verify", "--schema", variables={})
    assert shown.code == 0
    assert shown.err == ""
    jsonschema.Draft202012Validator.check_schema(shown.json)
    assert shown.json["$defs"]["verdict"]["required"]


def test_with_json_asked_for_the_schema_describes_its_own_envelope() -> None:
    shown = ran("verify", "--schema", "-o", "json", variables={})
    assert shown.data == ran("verify", "--schema", variables={}).json
    validate(shown.json)


def test_cleaning_up_leaves_no_report(variables: dict[str, str], tmp_path: Path) -> None:
    summary = tmp_path / "summary.md"
    inside = {**variables, "GITHUB_STEP_SUMMARY": str(summary)}
    assert ran("verify", "orders", "--cleanup", "0" * 12, variables=inside).code == 2
    assert not summary.exists()


def commands_in(text: str) -> list[str]:
    """The lines that GitHub's runner would take for a command."""
    return [line for line in text.splitlines() if line.lstrip().startswith("::") or "##[" in line]


@pytest.mark.nightly
def test_hostile_answers_of_aws_reach_no_report_as_markup(
    reported: Callable[..., Ran], attached: Callable[..., str], tmp_path: Path
) -> None:
    source = (
        "import sys\n"
        "def handler(event, context):\n"
        "    print('</td><script>alert(1)</script>\\x1b[31m', [r['dynamodb']['Keys'] for r in event['Records']])\n"
        "    print('::error::x')\n"
        "    raise ValueError('::error::x ##[error]y </p><img src=x onerror=alert(1)> ]]> `code` \\x00')\n"
    )
    table = attached(source=source)
    done = reported(table, timeout="6s")
    assert commands_in(done.out + done.err) == []
    assert commands_in(reported(table, "-o", "json", timeout="6s").out) == []
    assert done.code in (1, 6)
    page = (tmp_path / "r.html").read_text(encoding="utf-8")
    assert "<script" not in page
    assert "<img" not in page
    assert r"#\x23[error]y" in page
    assert commands_in(page) == commands_in((tmp_path / "r.xml").read_text(encoding="utf-8")) == []
    assert "\x1b" not in page
    assert suite(tmp_path).get("tests") == "5"
