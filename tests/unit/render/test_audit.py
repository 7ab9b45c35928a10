"""Audit entries as people read them."""

from __future__ import annotations

import io

from ddbinsert.core.audit_log import AuditEntry, AuditQueryResult
from ddbinsert.render.audit import print_entries
from ddbinsert.render.terminal.screen import Screen


def test_an_entry_without_its_image_says_how_large_it_was() -> None:
    left_out = {"bytes": {"N": "409582"}, "sha256": {"S": "39a9"}}
    entry = AuditEntry(
        event_id="e",
        time="2026-11-28T05:33:57.000Z",
        table="orders",
        item='{"id":"big"}',
        user=None,
        source="",
        sequence_number="1",
        image_omitted=left_out,
    )
    shown = io.StringIO()
    print_entries(
        Screen(shown, colour=False),
        AuditQueryResult(audit="log", index=None, entries=(entry,), more=False),
        images=True,
    )
    assert "image left out: 409,582 bytes, SHA-256 39a9" in shown.getvalue()
