"""A trap on this machine that stands for AWS, a proxy or a forgotten endpoint: it notes whoever comes."""

from __future__ import annotations

import contextlib
import secrets
import socket
import threading
from typing import TYPE_CHECKING, Self

if TYPE_CHECKING:
    from types import TracebackType


#: What ends every AWS client's tries at once.
_REFUSAL = b'{"__type":"UnrecognizedClientException","message":"This is a trap."}'


class Trap:
    """Accepts connections one after the other, keeps what they say first, and refuses them."""

    def __init__(self) -> None:
        self._said: list[bytes] = []
        self._news = threading.Condition()
        self._server = socket.create_server(("127.0.0.1", 0))
        self._thread = threading.Thread(target=self._serve, daemon=True)

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self._server.getsockname()[1]}"

    def heard(self) -> list[bytes]:
        """What everybody said who came before now."""
        # Whoever came before this fence was accepted before it.
        fence = secrets.token_bytes(16)
        with socket.create_connection(self._server.getsockname()) as connection:
            connection.sendall(fence)
        with self._news:
            assert self._news.wait_for(lambda: fence in self._said, timeout=30)
            self._said.remove(fence)
            return list(self._said)

    def __enter__(self) -> Self:
        self._thread.start()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        # Wakes the thread, which a mere close would leave waiting.
        with contextlib.suppress(OSError):
            self._server.shutdown(socket.SHUT_RDWR)
        self._thread.join(5)
        self._server.close()

    def _serve(self) -> None:
        while True:
            try:
                connection, _ = self._server.accept()
            except OSError:
                return
            with connection:
                connection.settimeout(2)
                said = b""
                with contextlib.suppress(OSError):
                    said = connection.recv(65536)
                    connection.sendall(
                        b"HTTP/1.1 400 Bad Request\r\nContent-Type: application/x-amz-json-1.0\r\n"
                        b"Connection: close\r\nContent-Length: %d\r\n\r\n%s" % (len(_REFUSAL), _REFUSAL)
                    )
                with self._news:
                    self._said.append(said)
                    self._news.notify_all()
