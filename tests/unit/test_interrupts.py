"""Signals that end a run."""

from __future__ import annotations

import signal

import pytest

from ddbinsert.interrupts import NUMBERS, Interruptible


@pytest.mark.parametrize("number", NUMBERS)
def test_a_signal_within_the_block_raises_keyboard_interrupt(number: signal.Signals) -> None:
    with pytest.raises(KeyboardInterrupt), Interruptible() as interrupts:
        signal.raise_signal(number)
    assert interrupts.received


@pytest.mark.parametrize("number", NUMBERS)
def test_a_signal_that_comes_while_the_handlers_are_put_back_changes_nothing(number: signal.Signals) -> None:
    before = signal.getsignal(number)
    with Interruptible() as interrupts:
        handler = signal.getsignal(number)
    assert callable(handler)
    handler(
        number, None
    )  # as the interpreter calls it if the signal came just before the old handler was back
    assert interrupts.received
    assert signal.getsignal(number) is before
