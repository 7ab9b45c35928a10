"""All targets of fuzzing."""

from __future__ import annotations

from tests.fuzz import answers, documents, pure

TARGETS = {one.name: one for one in (*pure.TARGETS, *documents.TARGETS, *answers.TARGETS)}
