"""The strict rig: a proxy in front of the emulator that behaves like AWS where the emulator doesn't."""

from __future__ import annotations

import time
from collections import Counter, defaultdict
from typing import TYPE_CHECKING, NamedTuple, Protocol, Self

from .build import build
from .context import Context
from .faults import Fault, FaultBook, strike
from .server import LoopbackServer
from .upstream import Upstream
from .wire import Answer, Call, Forward, Handler, Refusal, refusal_answer

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping, Sequence
    from types import TracebackType

    from .profile import Profile


class Recorded(NamedTuple):
    """One call that a client made: what, and when by the rig's clock (epoch seconds)."""

    operation: str
    at: float


class Behaviour(Protocol):
    """One habit of AWS: handlers by ``service:Operation``, each free to ask on, to change or to refuse."""

    @property
    def handlers(self) -> Mapping[str, Handler]: ...

    def close(self) -> None: ...


class StrictRig:
    """``with StrictRig(emulator_url, profile=Profile.aws()) as rig: client(endpoint_url=rig.endpoint)``.

    Args:
        upstream: The emulator's address.
        profile: Which habits are shown.
        faults: What goes wrong from the start; :meth:`inject` adds, :meth:`heal` removes all.
        clock: Epoch seconds. A test that sets it by hand sees delays end when it says so.
        port: 0 takes a free one.
    """

    def __init__(
        self,
        upstream: str,
        *,
        profile: Profile,
        faults: Sequence[Fault] = (),
        clock: Callable[[], float] = time.time,
        port: int = 0,
    ) -> None:
        self.profile = profile
        self.calls: list[Recorded] = []
        self._clock = clock
        self._faults = FaultBook(faults)
        self._upstream = Upstream(upstream)
        self._server = LoopbackServer(self._answer, port=port)
        self._context = Context(upstream=self._upstream, clock=clock)
        self._behaviours = build(profile, self._context)
        self._handlers: dict[str, list[Handler]] = defaultdict(list)
        for behaviour in self._behaviours:
            for name, handler in behaviour.handlers.items():
                self._handlers[name].append(handler)

    @property
    def endpoint(self) -> str:
        return f"http://127.0.0.1:{self._server.server_address[1]}"

    def inject(self, *faults: Fault) -> None:
        self._faults.add(*faults)

    def heal(self) -> None:
        self._faults.heal()

    def faults_struck(self) -> int:
        return self._faults.struck()

    def counts(self) -> Counter[str]:
        """How often each operation was called: round trips, retries included."""
        return Counter(call.operation for call in self.calls)

    def __enter__(self) -> Self:
        self._server.start()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._context.stopping.set()
        self._context.wakes.wake_all()
        self._server.stop()
        for behaviour in self._behaviours:
            behaviour.close()
        self._upstream.close()

    def _answer(self, call: Call) -> Answer:
        self.calls.append(Recorded(call.operation, self._clock()))
        if self.profile.latency:
            time.sleep(self.profile.latency)
        try:
            fault = self._faults.pick(call)
            return strike(fault, call, self._behave) if fault else self._behave(call)
        except Refusal as refusal:
            return refusal_answer(call, refusal)

    def _behave(self, call: Call) -> Answer:
        forward: Forward = self._upstream.forward
        for handler in reversed(self._handlers.get(call.name, [])):
            forward = _bound(handler, forward)
        return forward(call)


def _bound(handler: Handler, forward: Forward) -> Forward:
    def behave(call: Call) -> Answer:
        return handler(call, forward)

    return behave
