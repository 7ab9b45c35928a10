"""docs/configuration.md is what the keys say; its example is checked by tests/docs/test_pages.py."""

from __future__ import annotations

from tests.docs.configuration_page import PAGE, page


def test_the_configuration_page_is_what_the_keys_say() -> None:
    assert PAGE.read_text(encoding="utf-8") == page(), "run python -m tests.docs.configuration_page"
