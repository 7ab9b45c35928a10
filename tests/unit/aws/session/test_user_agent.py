"""The User-Agent of ddbinsert's calls, which CloudTrail shows."""

from __future__ import annotations

import io
from typing import Any

from botocore.awsrequest import AWSResponse
from botocore.compat import HTTPHeaders

from ddbinsert.aws.session.session import Aws, Connection


def test_calls_name_botocore_its_version_and_ddbinsert() -> None:
    sent: list[str] = []

    def answer(request: Any, **_event: object) -> Any:
        sent.append(str(request.headers["User-Agent"], "ascii"))
        raw: Any = io.BytesIO(b'{"TableNames":[]}')
        raw.stream = lambda: [raw.read()]
        return AWSResponse(request.url, 200, HTTPHeaders(), raw)

    aws = Aws(
        Connection(
            endpoint_url="http://127.0.0.1:9",
            region="us-east-1",
            access_key_id="x",
            secret_access_key="x",
        )
    )
    client = aws.client("dynamodb")
    events: Any = client.meta.events
    events.register("before-send", answer)
    client.list_tables()
    assert sent[0].startswith("Botocore/1.")
    assert sent[0].endswith(" ddbinsert")
