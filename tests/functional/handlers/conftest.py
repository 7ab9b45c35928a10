"""Fixtures of the handler tests: scripted services, and handlers in worker processes that use them."""

from __future__ import annotations

import os
from typing import TYPE_CHECKING

import pytest

from ddbinsert.handlers import bundle
from ddbinsert.handlers.worker import Worker
from tests.functional.handlers.fake_aws import FakeAws
from tests.functional.handlers.handler_bench import (
    ARNS,
    NODE,
    Start,
    agreeable,
)

if TYPE_CHECKING:
    from collections.abc import Iterator

    from ddbinsert.core.model.wanted import Template


@pytest.fixture
def aws() -> Iterator[FakeAws]:
    with FakeAws(answer=agreeable) as fake:
        yield fake


@pytest.fixture(params=["python3.13", NODE])
def start(request: pytest.FixtureRequest, aws: FakeAws) -> Iterator[Start]:
    """Starts a worker with a template, a sink and settings; ended with the test."""
    running: list[Worker] = []

    def begin(template: Template, sink: str | None = None, **settings: str) -> Worker:
        if sink is not None:
            settings["SINK_ARN"] = ARNS[sink]
        running.append(
            Worker(
                bundle(template, request.param, settings),
                runtime=request.param,
                name="orders-inserts",
                environment=settings,
                surroundings={"PATH": os.environ["PATH"], **aws.variables()},
            )
        )
        return running[-1]

    yield begin
    for worker in running:
        worker.end()
