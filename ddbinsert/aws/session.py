"""The connection: which AWS (or endpoint), with which identity; clients made late, and only those needed."""

from __future__ import annotations

import re
import threading
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field
from types import MappingProxyType
from typing import TYPE_CHECKING, Any, Literal, overload
from urllib.parse import urlsplit

from ddbinsert.aws.errors import translated
from ddbinsert.errors import AwsError

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

    from botocore.session import Session
    from mypy_boto3_cloudwatch import CloudWatchClient
    from mypy_boto3_dynamodb import DynamoDBClient
    from mypy_boto3_dynamodbstreams import DynamoDBStreamsClient
    from mypy_boto3_iam import IAMClient
    from mypy_boto3_lambda import LambdaClient
    from mypy_boto3_logs import CloudWatchLogsClient
    from mypy_boto3_sts import STSClient

#: Enough for every independent call of one run, and for a writer that keeps a table busy.
_SIDE_BY_SIDE = 16
#: The domains of AWS's partitions, as botocore's endpoints.json and partitions.json have them.
_AWS_DOMAINS = (
    ".amazonaws.com",
    ".amazonaws.com.cn",
    ".amazonaws.eu",
    ".api.aws",
    ".api.amazonwebservices.com.cn",
)


_LOOPBACK = re.compile(r"https?://(127\.0\.0\.1|localhost|\[::1\])(:[0-9]+)?(/|$)")


@dataclass(frozen=True, kw_only=True)
class Connection:
    """How to reach AWS, or what stands in for it.

    Attributes:
        endpoint_url: Every service is spoken to here; None lets botocore resolve AWS's own endpoints
            (and those of a profile).
        service_endpoints: Service (by botocore's name) to where it alone is spoken to instead.
        access_key_id: Given credentials; for the embedded emulator its key, never the user's. None lets
            botocore resolve them (profile, SSO, instance role, …).
        is_local: The embedded emulator: nothing goes anywhere else, whatever the environment says.
    """

    profile: str | None = None
    region: str | None = None
    endpoint_url: str | None = None
    service_endpoints: Mapping[str, str] = field(default_factory=lambda: MappingProxyType({}))
    access_key_id: str | None = None
    secret_access_key: str | None = None
    session_token: str | None = None
    is_local: bool = False

    @property
    def is_on_this_machine(self) -> bool:
        """Whether every service is spoken to at an address of this machine's own."""
        places = [self.endpoint_url or "", *self.service_endpoints.values()]
        return self.region is not None and all(_LOOPBACK.match(place) for place in places)


class Aws:
    """Lazily made botocore clients of one connection, and a way to call them side by side.

    Thread-safe. Clients retry adaptively. No request is made before the first call of a client's method.
    """

    def __init__(self, connection: Connection) -> None:
        self.connection = connection
        self._session: Session | None = None
        self._clients: dict[str, Any] = {}
        self._lock = threading.RLock()
        self._pool: ThreadPoolExecutor | None = None

    @overload
    def client(self, name: Literal["dynamodb"]) -> DynamoDBClient: ...
    @overload
    def client(self, name: Literal["dynamodbstreams"]) -> DynamoDBStreamsClient: ...
    @overload
    def client(self, name: Literal["lambda"]) -> LambdaClient: ...
    @overload
    def client(self, name: Literal["iam"]) -> IAMClient: ...
    @overload
    def client(self, name: Literal["logs"]) -> CloudWatchLogsClient: ...
    @overload
    def client(self, name: Literal["cloudwatch"]) -> CloudWatchClient: ...
    @overload
    def client(self, name: Literal["sts"]) -> STSClient: ...
    @overload
    def client(self, name: str) -> Any: ...
    def client(self, name: str) -> Any:
        """The client of a service, made at its first use."""
        if name not in self._clients:
            with self._lock:
                if name not in self._clients:
                    with translated(f"connect to {name}"):
                        self._clients[name] = self._create(name)
        return self._clients[name]

    def single_try(self, name: str) -> Any:
        """A client that sends a call once and waits 15 minutes for its answer: for what must not be done twice."""
        key = f"{name} once"
        with self._lock:
            if key not in self._clients:
                with translated(f"connect to {name}"):
                    once = {"retries": {"mode": "standard", "total_max_attempts": 1}, "read_timeout": 905}
                    self._clients[key] = self._make(name, once)
        return self._clients[key]

    def credentials(self) -> tuple[str, str, str]:
        """The identity that calls are signed with: key id, secret, session token (or nothing).

        Raises:
            CredentialsError: There is none.
        """
        connection = self.connection
        if connection.access_key_id and connection.secret_access_key:
            return connection.access_key_id, connection.secret_access_key, connection.session_token or ""
        from botocore.exceptions import NoCredentialsError

        with translated("find credentials"):
            found = self._opened().get_credentials()
            if found is None:
                raise NoCredentialsError
            frozen = found.get_frozen_credentials()
        return frozen.access_key or "", frozen.secret_key or "", frozen.token or ""

    def _create(self, name: str) -> Any:
        return self._make(name, {})

    def _make(self, name: str, own: Mapping[str, Any], *, lean: bool = True) -> Any:
        from botocore.config import Config

        connection = self.connection
        options: dict[str, Any] = {
            "retries": {"mode": "adaptive", "total_max_attempts": 6},
            "connect_timeout": 5,
            "read_timeout": 60,
            "max_pool_connections": _SIDE_BY_SIDE + 4,
            "user_agent_extra": "ddbinsert",
        }
        if connection.is_local:
            # A proxy, a service's own AWS_ENDPOINT_URL_… or another kind of endpoint would lead away from here.
            options |= {
                "proxies": {},
                "ignore_configured_endpoint_urls": True,
                "use_fips_endpoint": False,
                "use_dualstack_endpoint": False,
                "inject_host_prefix": False,
                "defaults_mode": "legacy",
            }
            options["retries"] = {"mode": "standard", "total_max_attempts": 3}
        options |= own
        endpoint = connection.service_endpoints.get(name, connection.endpoint_url)
        try:
            _ = endpoint and urlsplit(endpoint).port  # botocore looks at it only when it calls
            client = (self._opened() if lean else self._session_of(lean=False)).create_client(
                name,
                region_name=self.region,
                endpoint_url=endpoint,
                aws_access_key_id=connection.access_key_id,
                aws_secret_access_key=connection.secret_access_key,
                aws_session_token=connection.session_token,
                config=Config(**options),
            )
        except ValueError as error:
            raise AwsError(
                f"Could not connect to {name}: {endpoint or 'the endpoint of the region'} is no address: {error}.",
                hint="Correct --endpoint-url, AWS_ENDPOINT_URL or --region.",
                code="bad-endpoint",
            ) from error
        if lean:
            client.meta.events.register("getattr", self._beyond(name, own))
        return client

    def _beyond(self, name: str, own: Mapping[str, Any]) -> Callable[..., Any]:
        """Finds what the shipped model leaves out in the whole one, which takes long to read."""
        whole: list[Any] = []

        def find(event_name: str, **_event: object) -> Any:
            wanted = event_name.rsplit(".", 1)[-1]
            if wanted.startswith("_"):
                return None
            with self._lock:
                if not whole:
                    whole.append(self._make(name, own, lean=False))
            return getattr(whole[0], wanted, None)

        return find

    def _opened(self) -> Session:
        if self._session is None:
            with self._lock, translated("read the AWS configuration"):
                if self._session is None:
                    self._session = self._open()
        return self._session

    def _open(self) -> Session:
        return self._session_of(lean=True)

    def _session_of(self, *, lean: bool) -> Session:
        from ddbinsert.aws.sessions import open_session

        connection = self.connection
        return open_session(
            connection.profile, sealed=connection.is_local, here=connection.is_on_this_machine, lean=lean
        )

    @property
    def region(self) -> str | None:
        """The region that the clients speak to: given, or as botocore resolves it."""
        if self.connection.region is not None:
            return self.connection.region
        resolved: str | None = self._opened().get_config_variable("region")
        return resolved

    @property
    def endpoint(self) -> str | None:
        """Where DynamoDB is spoken to, if that isn't AWS: as the connection, a variable or a profile has it."""
        url = str(self.client("dynamodb").meta.endpoint_url)
        return None if (urlsplit(url).hostname or "").endswith(_AWS_DOMAINS) else url

    @property
    def is_aws(self) -> bool:
        """Whether this is AWS itself (or its endpoint in a VPC), where others share the limits."""
        return self.endpoint is None

    def start(self, call: Callable[[], Any]) -> Any:
        """Run a call in the pool; its future."""
        if self._pool is None:
            with self._lock:
                if self._pool is None:
                    self._pool = ThreadPoolExecutor(_SIDE_BY_SIDE, thread_name_prefix="aws")
        return self._pool.submit(call)

    def side_by_side(self, *calls: Callable[[], Any]) -> list[Any]:
        """The calls' answers, in their order; the first failure is raised once all have ended."""
        futures = [self.start(call) for call in calls[1:]]
        outcomes: list[Any] = []
        failure: BaseException | None = None
        for turn in (calls[0], *(future.result for future in futures)) if calls else ():
            try:
                outcomes.append(turn())
            except Exception as error:  # noqa: BLE001 - raised below, when no call is left running
                failure = failure or error
        if failure is not None:
            raise failure
        return outcomes

    def close(self) -> None:
        """Let go of the threads; nothing that is queued starts any more."""
        if self._pool is not None:
            self._pool.shutdown(wait=False, cancel_futures=True)
