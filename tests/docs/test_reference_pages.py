"""The generated pages of the reference are what the code says: a page that is stale fails."""

from __future__ import annotations

import pytest

from ddbinsert.core.doctor.catalog import CHECKS
from ddbinsert.core.permissions import MODES
from ddbinsert.core.proof.causes.catalog import Cause
from tests.docs.pages import DOCS
from tests.docs.reference_pages import PAGES
from tests.functional.command import ran


@pytest.mark.parametrize("name", PAGES)
def test_a_generated_page_is_what_the_code_says(name: str) -> None:
    written = (DOCS / name).read_text(encoding="utf-8")
    assert written == PAGES[name](), "run python -m tests.docs.reference_pages"


def test_each_cause_check_and_command_is_on_its_page_once() -> None:
    checks, permissions = (
        (DOCS / name).read_text(encoding="utf-8") for name in ("checks.md", "permissions.md")
    )
    causes, _, of_doctor = checks.partition("## Checks of doctor")
    assert all(causes.count(f"| `{cause.value}` |") == 1 for cause in Cause)
    assert all(of_doctor.count(f"| `{one.id}` |") == 1 for one in CHECKS)
    for mode in MODES:
        command, dashes, option = mode.partition(" --")
        assert (f"| `{dashes.strip()}{option}` |" if dashes else f"{command}") in permissions


@pytest.mark.parametrize(
    ("arguments", "code"),
    [
        (("plan", "--no-such-option"), "usage"),
        (("config", "check"), "no-configuration-file"),
        (("status", "orders", "--profile", "nobody"), "profile-not-found"),
    ],
)
def test_the_codes_of_errors_that_happen_are_listed(arguments: tuple[str, ...], code: str) -> None:
    done = ran(*arguments, "-o", "json", variables={"AWS_CONFIG_FILE": "/dev/null"})
    page = (DOCS / "json.md").read_text(encoding="utf-8")
    (row,) = [line for line in page.splitlines() if line.startswith(f"| `{done.error_code}` |")]
    assert (done.error_code, str(done.code) in row) == (code, True)
