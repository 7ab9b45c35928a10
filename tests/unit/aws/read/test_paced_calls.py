"""How many calls of a region are made at once, and which are repeated."""

from __future__ import annotations

from functools import partial
from types import SimpleNamespace
from typing import TYPE_CHECKING, cast

import pytest
from botocore.exceptions import ClientError

from ddbinsert.aws.read.paced_calls import PacedCalls
from tests.unit.aws.read.test_bucket import PassingClock

if TYPE_CHECKING:
    from ddbinsert.aws.session.session import Aws


def _calls(clock: PassingClock, *, is_aws: bool = True) -> PacedCalls:
    aws = SimpleNamespace(is_aws=is_aws, connection=SimpleNamespace(call_timeout=None))
    return PacedCalls(cast("Aws", aws), clock)


@pytest.mark.parametrize(
    ("seconds", "at_once"), [((0.004,), 8), ((0.9, 0.019), 10), ((0.099,), 50), ((0.5,), 64)]
)
def test_an_endpoint_far_away_is_asked_more_at_a_time(seconds: tuple[float, ...], at_once: int) -> None:
    clock = PassingClock()
    calls = _calls(clock)
    assert calls.at_once("DescribeTable", most=64) == 8  # nothing was answered yet
    for one in seconds:
        calls.call("ListTables", partial(clock.sleep, one))
    assert calls.at_once("DescribeTable", most=64) == at_once


@pytest.mark.parametrize("is_aws", [True, False])
def test_a_throttled_call_is_repeated_and_another_refusal_is_not(*, is_aws: bool) -> None:
    clock = PassingClock()
    calls = _calls(clock, is_aws=is_aws)
    answers: list[object] = [_refusal("ThrottlingException"), _refusal("ThrottlingException"), "answer"]
    assert calls.call("ListTables", partial(_next, answers)) == "answer"
    assert clock.at >= 1.5
    refused: list[object] = [_refusal("AccessDeniedException"), "never reached"]
    with pytest.raises(ClientError):
        calls.call("ListTables", partial(_next, refused))
    assert refused == ["never reached"]


def _refusal(code: str) -> ClientError:
    return ClientError({"Error": {"Code": code, "Message": "no"}}, "ListTables")


def _next(answers: list[object]) -> object:
    answer = answers.pop(0)
    if isinstance(answer, Exception):
        raise answer
    return answer
