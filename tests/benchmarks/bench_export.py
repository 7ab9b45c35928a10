"""`gaps --from-export` of 10,000,000 items: time, and memory that does not grow with the export.

    python -m pytest -m benchmark -s tests/benchmarks/bench_export.py
    BENCH_EXPORTED=1000000 …    for a shorter run; it needs about 180 bytes of disk space for each item

The export is written as DynamoDB writes it. The embedded emulator keeps tables in memory, so a proxy in front of it
answers scans of the audit table: with an entry for each item but one in a million.
"""

from __future__ import annotations

import base64
import gzip
import hashlib
import http.client
import json
import os
import threading
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import TYPE_CHECKING, Any
from urllib.parse import urlsplit

import pytest

from tests.benchmarks.figures import figure
from tests.benchmarks.processes import PROGRAM, Taken, emulator, run

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

ITEMS = int(os.environ.get("BENCH_EXPORTED", "10000000"))
FEW = 100_000
#: One item of so many has no entry.
ONE_IN = 1_000_000 if ITEMS > 1_000_000 else 10_000
FILE, PAGE = 500_000, 2_000
MOST = 1.3


class Proxy(ThreadingHTTPServer):
    """Answers scans of the audit table, and passes everything else on to the emulator."""

    daemon_threads = True

    def __init__(self, emulator: str) -> None:
        super().__init__(("127.0.0.1", 0), _Handler)
        self.emulator = urlsplit(emulator).netloc
        self.items = ITEMS

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self.server_address[1]}"

    def scanned(self, request: dict[str, Any]) -> bytes:
        """A page of entries, in DynamoDB JSON; their order is not that of the items."""
        start = int(request.get("ExclusiveStartKey", {}).get("id", {}).get("S", "0"))
        end = min(start + PAGE, self.items)
        entries = ",".join(
            f'{{"keys":{{"M":{{"pk":{{"S":"{key(place)}"}}}}}},"table":{{"S":"exported"}}}}'
            for place in range(self.items - end, self.items - start)
            if place % ONE_IN
        )
        last = "" if end == self.items else f',"LastEvaluatedKey":{{"id":{{"S":"{end}"}}}}'
        return f'{{"Items":[{entries}],"Count":1,"ScannedCount":1{last}}}'.encode()


class _Handler(BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"
    server: Proxy

    def do_POST(self) -> None:
        body = self.rfile.read(int(self.headers.get("Content-Length", "0")))
        if self.headers.get("X-Amz-Target", "").endswith(".Scan"):
            self._answer(200, self.server.scanned(json.loads(body)))
            return
        connection = http.client.HTTPConnection(self.server.emulator)
        headers = {name: value for name, value in self.headers.items() if name.lower() != "host"}
        connection.request(self.command, self.path, body, headers)
        response = connection.getresponse()
        self._answer(response.status, response.read())
        connection.close()

    do_GET = do_PUT = do_DELETE = do_POST  # noqa: N815 - the names that the server calls

    def _answer(self, status: int, body: bytes) -> None:
        self.send_response(status)
        self.send_header("Content-Type", "application/x-amz-json-1.0")
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)

    def log_message(self, *_arguments: object) -> None:
        return


def key(place: int) -> str:
    return f"order-{place:012d}"


def exported(folder: Path, count: int) -> Path:
    """A full export of ``count`` items."""
    (folder / "data").mkdir(parents=True)
    manifest = []
    for start in range(0, count, FILE):
        path = folder / "data" / f"{start:012d}.json.gz"
        end = min(start + FILE, count)
        with gzip.open(path, "wt", compresslevel=1, encoding="utf-8") as file:
            for place in range(start, end):
                file.write(
                    f'{{"Item":{{"pk":{{"S":"{key(place)}"}},"total":{{"N":"{place % 1000}"}},"note":{{"S":"text"}}}}}}\n'
                )
        checksum = base64.b64encode(hashlib.md5(path.read_bytes(), usedforsecurity=False).digest()).decode()
        data_file = {"itemCount": end - start, "md5Checksum": checksum, "dataFileS3Key": f"data/{path.name}"}
        manifest.append(json.dumps(data_file))
    (folder / "manifest-files.json").write_text("\n".join(manifest))
    return folder


@pytest.fixture(scope="module")
def proxy(tmp_path_factory: pytest.TempPathFactory) -> Iterator[tuple[Proxy, dict[str, str]]]:
    with emulator(tmp_path_factory.mktemp("state")) as variables:
        command(["enable-stream", "exported", "--create-table", "pk:S"], variables)
        made = command(["audit", "create-table", "exported-audit", "--no-protect", "-o", "json"], variables)
        sink = json.loads(made.output)["data"]["arn"]
        attach = ["attach-trigger", "exported", "--template", "audit-log", "-y"]
        command([*attach, "--env", f"SINK_ARN={sink}"], variables)
        server = Proxy(variables["AWS_ENDPOINT_URL"])
        threading.Thread(target=server.serve_forever, daemon=True).start()
        yield server, {**variables, "AWS_ENDPOINT_URL": server.url}
        server.shutdown()
        server.server_close()


def command(words: list[str], variables: dict[str, str], *, code: int = 0) -> Taken:
    return run([*PROGRAM, *words, "-q"], variables, code=code)


@pytest.mark.benchmark
def test_memory_does_not_grow_with_the_export(proxy: tuple[Proxy, dict[str, str]], tmp_path: Path) -> None:
    server, variables = proxy
    taken = []
    for count in (FEW, ITEMS):
        server.items = count
        folder = exported(tmp_path / f"export-{count}", count)
        words = ["gaps", "exported", "--from-export", str(folder), "--timeout", "12h", "-o", "json"]
        taken.append(command(words, variables, code=1))
        found = json.loads(taken[-1].output)["data"]
        assert (found["items"], found["without_entry"]) == (count, -(-count // ONE_IN))
        assert {one["pk"]["S"] for one in found["keys"]} == {key(place) for place in range(0, count, ONE_IN)}
    few, many = taken
    figure(
        f"memory of `gaps --from-export` of {ITEMS:,} items ({many.processor:.0f} s of processor time)",
        against=f"{FEW:,} items",
        measured=f"{many.memory / 1024:.0f} MiB and {few.memory / 1024:.0f} MiB",
        ratio=many.memory / few.memory,
        most=MOST,
    )
