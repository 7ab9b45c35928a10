"""What an invocation came to, as Lambda sees it."""

from __future__ import annotations

from typing import Any

import pytest

from ddbinsert.core.logs.invocation import Invocation


@pytest.mark.parametrize(
    ("answer", "failed_from"),
    [
        (None, None),
        ("done", None),
        ({}, None),
        ({"batchItemFailures": []}, None),
        ({"batchItemFailures": None}, None),
        ({"batchItemFailures": [{"itemIdentifier": "7"}]}, "7"),
        ({"batchItemFailures": [{"itemIdentifier": "100"}, {"itemIdentifier": "99"}]}, "99"),
        ({"batchItemFailures": [{"itemIdentifier": ""}]}, ""),
        ({"batchItemFailures": [{"itemIdentifier": None}]}, ""),
        ({"batchItemFailures": [{"itemIdentifier": "7"}, {"itemIdentifier": None}]}, ""),
        ({"batchItemFailures": ["7"]}, ""),
    ],
)
def test_the_lowest_failing_sequence_number_decides(answer: Any, failed_from: str | None) -> None:
    invocation = Invocation(answer=answer, error=None, log="")
    assert invocation.failed_from == failed_from
    assert invocation.ok is (failed_from is None)


def test_an_error_fails_the_whole_batch() -> None:
    invocation = Invocation(answer=None, error={"errorType": "X"}, log="")
    assert invocation.failed_from == ""
    assert not invocation.ok


def test_receipts_are_counted() -> None:
    log = (
        'DDBINSERT {"v":1,"decision":"processed"}\nother\nDDBINSERT {"v":1,"decision":"guarded"}\nDDBINSERT {'
    )
    assert Invocation(answer=None, error=None, log=log).receipts == {"processed": 1, "guarded": 1}
