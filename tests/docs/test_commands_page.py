"""The page of commands is what the commands say."""

from __future__ import annotations

from tests.docs.commands_page import PAGE, page


def test_the_page_of_commands_is_what_the_commands_say() -> None:
    assert PAGE.read_text(encoding="utf-8") == page(), "run python -m tests.docs.commands_page"
