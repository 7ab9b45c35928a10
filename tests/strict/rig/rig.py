"""The strict rig: a proxy in front of the emulator that behaves like AWS where the emulator doesn't."""

from __future__ import annotations

import fnmatch
import threading
import time
from collections import Counter, defaultdict
from typing import TYPE_CHECKING, NamedTuple, Protocol, Self

from .accounts import as_owner
from .build import build
from .context import Context
from .faults import Fault, FaultBook, strike
from .mappings import MappingsBehaviour
from .server import LoopbackServer
from .upstream import Upstream
from .wire import Answer, Call, Forward, Handler, JsonObject, Refusal, refusal_answer

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping, Sequence
    from types import TracebackType

    from .identity import Identity
    from .profile import Profile


class Recorded(NamedTuple):
    """One call that a client made: what, and when by the rig's clock (epoch seconds)."""

    operation: str
    at: float


class _Interruption:
    """A function that is called once, when an operation is called for the n-th time."""

    def __init__(self, operation: str, act: Callable[[], None], *, after: int, since: str) -> None:
        self._operation = operation
        self._act = act
        self._after = after
        self._since = since
        self._met = 0
        self._lock = threading.Lock()
        self.done = False

    def meet(self, call: Call) -> None:
        """Count a call; act before it is answered if it is the one. The caller waits meanwhile."""
        if self._since and fnmatch.fnmatchcase(call.name, self._since):
            with self._lock:
                self._met = 0
        if not fnmatch.fnmatchcase(call.name, self._operation):
            return
        with self._lock:
            self._met += 1
            is_due = self._met > self._after and not self.done
            self.done = self.done or is_due
        if is_due:
            self._act()


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
        clock: Epoch seconds. A test may set it by hand, and so end delays.
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
        #: Who calls: what its policy does not allow is refused. None may do everything.
        self.identity: Identity | None = None
        #: Who calls in other accounts, by account.
        self.identities: dict[str, Identity] = {}
        self._clock = clock
        self._faults = FaultBook(faults)
        self._interruptions: list[_Interruption] = []
        self._amendments: list[tuple[str, Callable[[JsonObject], JsonObject]]] = []
        self._followers: list[tuple[str, Callable[[Call], object]]] = []
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

    def interrupt(self, operation: str, act: Callable[[], None], *, after: int = 0, since: str = "") -> None:
        """Call a function while a client is at work.

        Args:
            operation: ``logs:FilterLogEvents``, or with wildcards: ``dynamodb:*Item``.
            act: Called once, before the call that is due is answered; it may call AWS itself.
            after: Leave so many matching calls alone first.
            since: Begin to count again at each call of this operation, such as ``dynamodb:*Write*``.
        """
        self._interruptions.append(_Interruption(operation, act, after=after, since=since))

    def follow(self, operation: str, act: Callable[[Call], object]) -> None:
        """Call a function after each successful call of an operation, before the client receives the answer."""
        self._followers.append((operation, act))

    def amend(self, operation: str, change: Callable[[JsonObject], JsonObject]) -> None:
        """Change the answers of an operation, from now on."""
        self._amendments.append((operation, change))

    def is_in_force(self, mapping: str) -> bool:
        """Whether an event source mapping's latest settings are in force; AWS does not show this."""
        return any(one.is_in_force(mapping) for one in self._behaviours if isinstance(one, MappingsBehaviour))

    def settle(self, mapping: str) -> None:
        """Put an event source mapping's latest settings in force at once."""
        for one in self._behaviours:
            if isinstance(one, MappingsBehaviour):
                one.settle(mapping)

    @property
    def all_interrupted(self) -> bool:
        """Whether every interruption has taken place."""
        return all(one.done for one in self._interruptions)

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
        for interruption in self._interruptions:
            interruption.meet(call)
        if self.profile.latency:
            time.sleep(self.profile.latency)
        try:
            identity = self.identities.get(call.access.account, self.identity)
            if identity:
                identity.check(call)
            call = as_owner(self._context, call, f"arn:aws:iam::{call.access.account}:user/limited")
            fault = self._faults.pick(call)
            answer = strike(fault, call, self._behave) if fault else self._behave(call)
        except Refusal as refusal:
            return refusal_answer(call, refusal)
        if identity:
            answer = identity.answered(call, answer)
        for operation, act in self._followers:
            if answer.ok and fnmatch.fnmatchcase(call.name, operation):
                act(call)
        return self._amended(call, answer)

    def _amended(self, call: Call, answer: Answer) -> Answer:
        for operation, change in self._amendments:
            if answer.ok and fnmatch.fnmatchcase(call.name, operation):
                answer = answer.with_document(change(answer.document))
        return answer

    def _behave(self, call: Call) -> Answer:
        forward: Forward = self._upstream.forward
        for handler in reversed(self._handlers.get(call.name, [])):
            forward = _bound(handler, forward)
        return forward(call)


def _bound(handler: Handler, forward: Forward) -> Forward:
    def behave(call: Call) -> Answer:
        return handler(call, forward)

    return behave
