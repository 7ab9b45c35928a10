"""The connection: which AWS (or endpoint), with which identity; each client is created at its first use."""

from __future__ import annotations

import copy
import threading
from concurrent.futures import ThreadPoolExecutor, wait
from dataclasses import replace
from functools import cached_property, partial
from typing import TYPE_CHECKING, Any, Literal, overload

from ddbinsert.aws.errors import translated
from ddbinsert.aws.session.accounts import Accounts, send_arn
from ddbinsert.aws.session.addresses import (
    address_unless_aws,
    check_address,
    check_ca_bundle,
    check_region,
    not_connected,
)
from ddbinsert.aws.session.calls import CallLimits, watch_client
from ddbinsert.aws.session.connection import Connection as Connection  # noqa: PLC0414, TC001 - re-exported
from ddbinsert.aws.session.key_check import check_keys

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping
    from concurrent.futures import Future

    from botocore.session import Session
    from mypy_boto3_cloudwatch import CloudWatchClient
    from mypy_boto3_dynamodb import DynamoDBClient
    from mypy_boto3_dynamodbstreams import DynamoDBStreamsClient
    from mypy_boto3_iam import IAMClient
    from mypy_boto3_lambda import LambdaClient
    from mypy_boto3_logs import CloudWatchLogsClient
    from mypy_boto3_sts import STSClient

    from ddbinsert.aws.session.listener import Listener
    from ddbinsert.core.arn import Arn

#: Threads: enough for every independent call of one run, and for a writer that uses a table's whole capacity.
_SIDE_BY_SIDE = 16
#: Maximum seconds without a byte of an answer.
_READ_TIMEOUT = 60.0


class Aws(Accounts):
    """Lazily created botocore clients of one connection, and a way to call them concurrently.

    Thread-safe. Clients retry adaptively. No request is sent before the first call of a client's method.
    """

    def __init__(self, connection: Connection) -> None:
        self.connection = connection
        self._session: Session | None = None
        self._clients: dict[str, Any] = {}
        self._lock = threading.RLock()
        self._pool: ThreadPoolExecutor | None = None
        self._at_once = _SIDE_BY_SIDE
        self._watch = CallLimits(connection.call_timeout)
        #: Called with every answer; set it before the first call.
        self.listener: Listener | None = None
        #: Called with the service and the Date header of every answer; set it before the first call.
        self.on_date: Callable[[str, str], None] | None = None
        self._branches: list[Aws] = []

    def branch(self, at_once: int = _SIDE_BY_SIDE) -> Aws:
        """The same connection for one of several subjects, with its own pool: its calls do not wait for the others'.

        Args:
            at_once: Maximum number of its concurrent calls.
        """
        self._opened()
        branch = copy.copy(self)  # session, clients and time limit are shared
        branch._pool, branch._branches, branch._at_once = None, [], at_once  # noqa: SLF001
        self._branches.append(branch)
        return branch

    def opened_for_table(self, *, arn: Arn | None = None) -> Aws:
        """A connection for the table's account: with the credentials for it, or with these and the table's ARN."""
        own, its = self.connection, self.connection.table
        other = copy.copy(self)  # the time limit is shared, and the session with the same credentials
        other._clients, other._pool, other._branches = {}, None, []  # noqa: SLF001
        if its is None:
            other.table_arn = arn
        else:
            other.connection = replace(
                its, process_timeout=own.process_timeout, call_timeout=own.call_timeout
            )
            other._session, other._lock = None, threading.RLock()  # noqa: SLF001
        return other

    def report_waits(self, report: Callable[[str, float], None]) -> None:
        """Call ``report`` about once per second of a slow call, with the call's name and the seconds so far."""
        self._watch.on_wait = report

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
        """The client of a service, created at its first use."""
        if name not in self._clients:
            with self._lock:
                if name not in self._clients:
                    with translated(f"connect to {name}"):
                        self._clients[name] = self._make(name, {})
        return self._clients[name]

    def single_try(self, name: str) -> Any:
        """A client that sends a call once and waits up to 15 minutes: for calls that must not be repeated."""
        key = f"{name} once"
        with self._lock:
            if key not in self._clients:
                with translated(f"connect to {name}"):
                    once = {
                        "retries": {"mode": "standard", "total_max_attempts": 1},
                        "read_timeout": min(905.0, self.connection.call_timeout or 905.0),
                    }
                    self._clients[key] = self._make(name, once)
        return self._clients[key]

    def credentials(self) -> tuple[str, str, str]:
        """The credentials that sign the calls: key ID, secret, and session token (or an empty string).

        Raises:
            CredentialsError: No credentials were found.
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

    def _make(self, name: str, own: Mapping[str, Any], *, lean: bool = True) -> Any:
        from botocore.config import Config
        from botocore.exceptions import BotoCoreError

        from ddbinsert.aws.session.plain_answers import decode_plainly

        connection = self.connection
        endpoint = connection.service_endpoints.get(name, connection.endpoint_url)
        session = self._opened() if lean else self._session_with(lean=False)
        # Without it, botocore composes its User-Agent twice for each call, a tenth of the call's processor time.
        options = {"user_agent": session.user_agent(), **self._options(), **own}
        if not connection.is_local:
            check_address(endpoint, name)
            check_keys(connection.access_key_id, connection.secret_access_key, connection.session_token)
            check_ca_bundle(session.get_config_variable("ca_bundle"))
        check_region(self.region)
        try:
            client: Any = session.create_client(
                name,
                region_name=self.region,
                endpoint_url=endpoint,
                aws_access_key_id=connection.access_key_id,
                aws_secret_access_key=connection.secret_access_key,
                aws_session_token=connection.session_token,
                config=Config(**options),
            )
            check_address(client.meta.endpoint_url, name)  # a profile may set it, too
        except ValueError as error:
            if isinstance(error, BotoCoreError):
                raise
            raise not_connected(name, error) from error
        own_region = self.region if endpoint is None else None
        watch_client(
            client,
            self._watch,
            region=own_region,
            at_most=options["read_timeout"] * 2.5,
            listener=lambda: self.listener,
            on_date=lambda: self.on_date,
        )
        decode_plainly(client)
        if self.table_arn is not None and name == "dynamodb":
            send_arn(client, self.table_arn)
        if lean:
            client.meta.events.register("getattr", self._beyond(name, own))
        return client

    def _options(self) -> dict[str, Any]:
        """The settings of every client."""
        connection = self.connection
        limit = connection.call_timeout or _READ_TIMEOUT
        options: dict[str, Any] = {
            "retries": {"mode": "adaptive", "total_max_attempts": 6},
            "connect_timeout": min(5.0, limit),
            "read_timeout": min(_READ_TIMEOUT, limit),
            "max_pool_connections": 4 * _SIDE_BY_SIDE,
            "user_agent_extra": "ddbinsert",
        }
        if connection.is_local:
            # A proxy, an AWS_ENDPOINT_URL_SERVICE variable or another kind of endpoint would change the address.
            options |= {
                "proxies": {},
                "ignore_configured_endpoint_urls": True,
                "use_fips_endpoint": False,
                "use_dualstack_endpoint": False,
                "inject_host_prefix": False,
                "defaults_mode": "legacy",
            }
            options["retries"] = {"mode": "standard", "total_max_attempts": 3}
        return options

    def _beyond(self, name: str, own: Mapping[str, Any]) -> Callable[..., Any]:
        """Finds operations that are not in the cut model in the complete one, which takes longer to read."""
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
        return self._session_with(lean=True)

    def _session_with(self, *, lean: bool) -> Session:
        from ddbinsert.aws.session.botocore_sessions import open_session

        connection = self.connection
        return open_session(
            connection.profile,
            sealed=connection.is_local,
            here=connection.is_on_this_machine,
            cache_folder=connection.cache_folder,
            region=connection.region,
            may_prompt=connection.may_prompt,
            process_timeout=connection.process_timeout,
            watch=self._watch,
            lean=lean,
        )

    @property
    def region(self) -> str | None:
        """The region of the clients: the given one, or the one that botocore resolves."""
        if self.connection.region is not None:
            return self.connection.region
        resolved: str | None = self._opened().get_config_variable("region")
        return resolved

    @cached_property
    def endpoint(self) -> str | None:
        """The endpoint of DynamoDB, if it is not AWS: from the connection, a variable or a profile."""
        return address_unless_aws(str(self.client("dynamodb").meta.endpoint_url))

    def lists_streams_of_its_tables(self) -> bool:
        """Whether streams are listed by AWS, as tables are, or by the server that has the tables."""
        streams = str(self.client("dynamodbstreams").meta.endpoint_url)
        return address_unless_aws(streams) == self.endpoint

    @property
    def is_aws(self) -> bool:
        """Whether this is AWS itself (or its endpoint in a VPC), where other clients share the limits."""
        return self.endpoint is None

    @property
    def has_cloudtrail(self) -> bool:
        """Whether CloudTrail records the changes here; emulators have no such records."""
        return self.is_aws

    def start(self, call: Callable[[], Any]) -> Any:
        """Run a call in the pool; return its future."""
        if self._pool is None:
            with self._lock:
                if self._pool is None:
                    self._pool = ThreadPoolExecutor(self._at_once, thread_name_prefix="aws")
        return self._pool.submit(call)

    def side_by_side(self, *calls: Callable[[], Any]) -> list[Any]:
        """The calls' values, in their order; the first failure is raised once all have ended."""
        futures = [self.start(call) for call in calls[1:]]
        values: list[Any] = []
        failure: BaseException | None = None
        turns: list[Callable[[], Any]] = [*calls[:1], *(partial(self.result, future) for future in futures)]
        for turn in turns:
            try:
                values.append(turn())
            except Exception as error:  # noqa: BLE001 - raised below, when all calls have ended
                failure = failure or error
        if failure is not None:
            raise failure
        return values

    def result(self, future: Future[Any]) -> Any:
        """The value of a call in the pool; a slow call is reported while waiting for it."""
        while True:
            done, _ = wait((future,), timeout=1.0)
            if done:
                return future.result()
            self._watch.mention()

    def close(self) -> None:
        """Release the threads; queued calls are not started."""
        for branch in self._branches:
            branch.close()
        if self._pool is not None:
            self._pool.shutdown(wait=False, cancel_futures=True)
