"""Endpoints that are not AWS, or that do not answer as AWS does; on this machine, each a thread."""

from __future__ import annotations

import contextlib
import socket
import threading
from typing import TYPE_CHECKING, Self

if TYPE_CHECKING:
    from collections.abc import Callable
    from types import TracebackType


def answer(
    body: bytes, *, status: str = "200 OK", content_type: str = "application/x-amz-json-1.0"
) -> Callable[[OddEndpoint, socket.socket], None]:
    """Answers every request with one body."""

    def speak(_endpoint: OddEndpoint, connection: socket.socket) -> None:
        connection.sendall(
            f"HTTP/1.1 {status}\r\nContent-Type: {content_type}\r\nConnection: close\r\n"
            f"Content-Length: {len(body)}\r\n\r\n".encode()
            + body
        )

    return speak


def silent(endpoint: OddEndpoint, _connection: socket.socket) -> None:
    """Accepts a request, and never answers."""
    endpoint.over.wait(60)


def dripping(endpoint: OddEndpoint, connection: socket.socket) -> None:
    """Sends a byte every now and then."""
    connection.sendall(b"HTTP/1.1 200 OK\r\nContent-Length: 100000\r\n\r\n{")
    while not endpoint.over.wait(0.05):
        connection.sendall(b" ")


def endless(endpoint: OddEndpoint, connection: socket.socket) -> None:
    """Sends a body without end."""
    connection.sendall(b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n")
    while not endpoint.over.wait(0.01):
        connection.sendall(b"400\r\n" + b"x" * 1024 + b"\r\n")


def closing(_endpoint: OddEndpoint, _connection: socket.socket) -> None:
    """Closes the connection instead of answering."""


class OddEndpoint:
    """Listens on this machine; each request is handed to ``speak``."""

    def __init__(self, speak: Callable[[OddEndpoint, socket.socket], None]) -> None:
        self.over = threading.Event()
        self.requests = 0
        self._speak = speak
        self._server = socket.create_server(("127.0.0.1", 0))
        self.url = f"http://127.0.0.1:{self._server.getsockname()[1]}"
        threading.Thread(target=self._serve, daemon=True).start()

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.over.set()
        with contextlib.suppress(OSError):
            self._server.shutdown(socket.SHUT_RDWR)
        self._server.close()

    def _serve(self) -> None:
        while not self.over.is_set():
            try:
                connection, _ = self._server.accept()
            except OSError:
                return
            threading.Thread(target=self._one, args=(connection,), daemon=True).start()

    def _one(self, connection: socket.socket) -> None:
        with connection, contextlib.suppress(OSError):
            connection.settimeout(10)
            heard = b""
            while b"\r\n\r\n" not in heard:
                more = connection.recv(65536)
                if not more:
                    return
                heard += more
            head, _, body = heard.partition(b"\r\n\r\n")
            length = next(
                (
                    int(line.split(b":")[1])
                    for line in head.split(b"\r\n")
                    if line.lower().startswith(b"content-length")
                ),
                0,
            )
            while len(body) < length:
                body += connection.recv(65536)
            self.requests += 1
            self._speak(self, connection)
