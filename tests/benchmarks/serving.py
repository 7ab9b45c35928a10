"""What the scripted endpoints share: a server whose answers a function gives, in a process of its own.

What is measured must not share a processor's time with the server more than with any other endpoint.
"""

from __future__ import annotations

import asyncio
import sys
from typing import TYPE_CHECKING, NamedTuple
from urllib.parse import parse_qs, urlsplit

if TYPE_CHECKING:
    from collections.abc import Callable

REGION, ACCOUNT = "us-east-1", "000000000000"
_IDENTITY = (
    '<GetCallerIdentityResponse xmlns="https://sts.amazonaws.com/doc/2011-06-15/"><GetCallerIdentityResult>'
    f"<Arn>arn:aws:iam::{ACCOUNT}:user/someone</Arn><UserId>AIDA</UserId><Account>{ACCOUNT}</Account>"
    "</GetCallerIdentityResult><ResponseMetadata><RequestId>1</RequestId></ResponseMetadata></GetCallerIdentityResponse>"
).encode()


class Load:
    """The number of requests that are not answered yet: now, and at most since it was last read."""

    now = most = 0

    def read(self) -> int:
        """The most, from which counting begins again."""
        found, self.most = self.most, self.now
        return found


#: The load of this process's server.
LOAD = Load()


class Request(NamedTuple):
    """One request: its operation (after the dot of X-Amz-Target; '' without one), path, query and body."""

    operation: str
    path: str
    query: dict[str, list[str]]
    body: bytes


def serve(answer: Callable[[Request], bytes], *, delay: float = 0.0) -> None:
    """Print a port, then answer until the standard input ends; calls of STS are answered here.

    Args:
        delay: Seconds that each answer is late.
    """
    asyncio.run(_serve(answer, delay))


async def _serve(answer: Callable[[Request], bytes], delay: float) -> None:
    async def handle(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        try:
            while True:
                content, kind = await _answered(reader, answer)
                LOAD.now += 1
                LOAD.most = max(LOAD.now, LOAD.most)
                await asyncio.sleep(delay)
                LOAD.now -= 1
                head = f"HTTP/1.1 200 OK\r\nContent-Type: {kind}\r\nContent-Length: {len(content)}\r\n\r\n"
                writer.write(head.encode() + content)
                await writer.drain()
        except (asyncio.IncompleteReadError, ConnectionError):
            pass
        finally:
            writer.close()

    server = await asyncio.start_server(handle, "127.0.0.1", 0)
    print(server.sockets[0].getsockname()[1], flush=True)
    await asyncio.get_running_loop().run_in_executor(None, sys.stdin.read)
    server.close()


async def _answered(reader: asyncio.StreamReader, answer: Callable[[Request], bytes]) -> tuple[bytes, str]:
    """The next request's answer, and its content type."""
    head = (await reader.readuntil(b"\r\n\r\n")).decode("latin-1").split("\r\n")
    headers = {name.lower(): value.strip() for name, _, value in (line.partition(":") for line in head[1:])}
    body = await reader.readexactly(int(headers.get("content-length", "0")))
    if "/sts/" in headers.get("authorization", "").partition("SignedHeaders")[0]:
        return _IDENTITY, "text/xml"
    url = urlsplit(head[0].split()[1])
    operation = headers.get("x-amz-target", "").rpartition(".")[2]
    return answer(Request(operation, url.path, parse_qs(url.query), body)), "application/x-amz-json-1.1"
