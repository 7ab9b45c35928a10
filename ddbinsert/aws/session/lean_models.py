"""Service models cut to the operations that ddbinsert calls, derived from the installed botocore and cached.

Reading a complete service model takes longer than the calls of most commands. The first run that needs a service reads
botocore's own model, keeps the operations that ddbinsert calls, and writes them to the user's cache folder; later runs
read that file. Without a writable folder, or with a damaged file in it, the model is derived again.
"""

from __future__ import annotations

import contextlib
import hashlib
import json
import os
import tempfile
from functools import cache
from pathlib import Path
from typing import TYPE_CHECKING, Any

import botocore
from botocore.exceptions import UnknownServiceError
from botocore.loaders import Loader

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

    from botocore.regions import EndpointResolver

#: Operations that ddbinsert calls. Others work, too; the first such call reads the complete model.
OPERATIONS: dict[str, tuple[str, ...]] = {
    "cloudformation": ("ListStackResources",),
    "cloudtrail": ("LookupEvents",),
    "cloudwatch": ("GetMetricData", "PutMetricData"),
    "dynamodb": (
        *("DescribeTable", "CreateTable", "UpdateTable", "DeleteTable", "ListTagsOfResource"),
        *("ListTables", "PutItem", "GetItem", "UpdateItem", "DeleteItem", "Query", "Scan"),
        *("BatchGetItem", "BatchWriteItem", "TransactWriteItems", "ExecuteStatement"),
        *(
            "DescribeTimeToLive",
            "PutResourcePolicy",
            "GetResourcePolicy",
            "UpdateContinuousBackups",
            "UpdateTimeToLive",
        ),
        *("DeleteResourcePolicy", "TagResource", "UntagResource", "DescribeKinesisStreamingDestination"),
    ),
    "dynamodbstreams": ("DescribeStream", "GetRecords", "GetShardIterator", "ListStreams"),
    "iam": (
        *("CreateRole", "GetRole", "DeleteRole", "TagRole", "SimulatePrincipalPolicy"),
        *("PutRolePolicy", "GetRolePolicy", "DeleteRolePolicy", "UntagRole"),
        *("ListRolePolicies", "ListAttachedRolePolicies"),
        *("PutRolePermissionsBoundary", "DeleteRolePermissionsBoundary", "UpdateAssumeRolePolicy"),
    ),
    "kinesis": ("ListStreams",),
    "kms": ("DescribeKey", "GetKeyPolicy", "ListGrants"),
    "lambda": (
        *("GetFunction", "GetAlias", "CreateFunction", "DeleteFunction", "Invoke", "TagResource", "ListTags"),
        *("CreateAlias", "PublishVersion", "UpdateAlias"),
        *("UpdateFunctionCode", "UpdateFunctionConfiguration", "ListFunctions", "UntagResource"),
        *("CreateEventSourceMapping", "GetEventSourceMapping", "ListEventSourceMappings"),
        *(
            "UpdateEventSourceMapping",
            "DeleteEventSourceMapping",
            "GetAccountSettings",
            "GetLayerVersionByArn",
        ),
    ),
    "logs": (
        *("CreateLogGroup", "DescribeLogGroups", "DeleteLogGroup", "ListTagsForResource"),
        *("PutRetentionPolicy", "DeleteRetentionPolicy", "TagResource", "UntagResource"),
        *("DescribeLogStreams", "FilterLogEvents", "GetLogEvents"),
        *("StartQuery", "GetQueryResults", "StopQuery"),
    ),
    "pipes": ("DescribePipe", "ListPipes"),
    "resourcegroupstaggingapi": ("GetResources",),
    "sts": ("GetCallerIdentity",),
}
#: Members of answers that older versions of botocore leave out: service, shape, member and its shape.
ADDED: dict[str, tuple[tuple[str, str, str], ...]] = {
    "logs": (("LogGroup", "retentionPolicyName", "LogGroupName"),),
}
#: The endpoint prefixes of these services, by which botocore looks them up in its table of endpoints.
PREFIXES = frozenset(
    {
        "cloudformation",
        "cloudtrail",
        "kinesis",
        "kms",
        "dynamodb",
        "iam",
        "lambda",
        "logs",
        "monitoring",
        "pipes",
        "streams.dynamodb",
        "sts",
        "tagging",
    }
)
_DOCUMENTATION = ("documentation", "documentationUrl")
#: Version of the format of the cached files.
_FORM = 1
#: Number of cached files kept for each service: virtual environments may have different versions of botocore.
_KEPT = 8
#: Models by fingerprint, for further connections of this process.
_DERIVED: dict[str, dict[str, Any]] = {}


def cache_directory(environ: Mapping[str, str]) -> Path | None:
    """The folder of derived models: ``$DDBINSERT_CACHE_DIR``, else ``ddbinsert`` in the XDG cache home.

    It is not created.

    Returns:
        None if the environment names no usable folder.
    """
    if chosen := environ.get("DDBINSERT_CACHE_DIR"):
        folder = Path(os.path.expanduser(chosen))  # noqa: PTH111 - Path's own raises for an unknown user
        try:
            return folder.absolute()
        except OSError:  # a relative path, and the working directory was deleted
            return None
    xdg, home = environ.get("XDG_CACHE_HOME", ""), environ.get("HOME", "")
    if Path(xdg).is_absolute():  # XDG specification: a relative path is ignored
        return Path(xdg) / "ddbinsert"
    return Path(home) / ".cache" / "ddbinsert" if Path(home).is_absolute() else None


class LeanLoader(Loader):
    """Loads the cut models of the services in ``OPERATIONS``, and botocore's own models of all others.

    Args:
        rules: Whether these services' endpoint rules are loaded. They are not needed if every service has an
            address on this machine.
        cache_folder: Where derived models are read and written; None derives them in each process.
        extra_search_paths: Folders with the user's own models (AWS_DATA_PATH); they come first.
    """

    def __init__(
        self, *, rules: bool, cache_folder: Path | None, extra_search_paths: list[str] | None = None
    ) -> None:
        super().__init__(extra_search_paths=extra_search_paths)
        self._rules = rules
        self._folder = cache_folder
        self._read: dict[str, dict[str, Any]] = {}

    def load_service_model(self, service_name: str, type_name: str, api_version: str | None = None) -> Any:
        """Like botocore's; an UnknownServiceError for rules makes botocore use the address that it is given."""
        if api_version is not None or service_name not in OPERATIONS:
            return super().load_service_model(service_name, type_name, api_version)
        if type_name == "endpoint-rule-set-1":
            if not self._rules:
                raise UnknownServiceError(service_name=service_name, known_service_names=[])
            version = self._lean(service_name)["service-2"]["metadata"]["apiVersion"]
            return self.load_data(f"{service_name}/{version}/{type_name}")
        lean = self._lean(service_name)
        return lean[type_name] if type_name in lean else super().load_service_model(service_name, type_name)

    def _lean(self, service: str) -> dict[str, Any]:
        if service not in self._read:
            self._read[service] = self._cached(service)
        return self._read[service]

    def _cached(self, service: str) -> dict[str, Any]:
        fingerprint = self._fingerprint(service)
        path = self._folder and self._folder / f"{service}-{fingerprint}.json"
        found = _DERIVED.get(fingerprint) or (path and _read_checked(path))
        if not found:
            found = reduce_model(service, self)
            if path is not None:
                _write_checked(path, found)
        _DERIVED[fingerprint] = found
        return found

    def _fingerprint(self, service: str) -> str:
        """A hash of the installed botocore's version, its model file, and the operations that are kept."""
        source: list[object] = [_FORM, service, botocore.__version__, OPERATIONS[service], ADDED.get(service)]
        for folder in self.search_paths:  # the user's own folders (~/.aws/models) come first
            with contextlib.suppress(OSError):
                for file in sorted((Path(folder) / service).glob("*/*-[12]*.json*")):
                    status = file.stat()
                    source.append((str(file), status.st_size, status.st_mtime_ns))
        return hashlib.sha256(repr(source).encode()).hexdigest()[:16]


def reduce_model(service: str, loader: Loader) -> dict[str, Any]:
    """A service's model and paginators, cut to the operations that are called, without documentation."""
    model: dict[str, Any] = _without_documentation(Loader.load_service_model(loader, service, "service-2"))
    operations = {
        name: model["operations"][name] for name in OPERATIONS[service] if name in model["operations"]
    }
    pages = Loader.load_service_model(loader, service, "paginators-1")["pagination"]
    shapes = _needed(model["shapes"], operations)
    for shape, member, kind in ADDED.get(service, ()):
        shapes[shape]["members"].setdefault(member, {"shape": kind})
    return {
        "service-2": {**model, "operations": operations, "shapes": shapes},
        "paginators-1": {"pagination": {name: pages[name] for name in operations if name in pages}},
    }


def _without_documentation(node: Any) -> Any:
    if isinstance(node, dict):
        # A member may be named "documentation"; it is a structure then.
        return {
            key: _without_documentation(value)
            for key, value in node.items()
            if key not in _DOCUMENTATION or not isinstance(value, str)
        }
    return [_without_documentation(one) for one in node] if isinstance(node, list) else node


def _needed(shapes: dict[str, Any], operations: dict[str, Any]) -> dict[str, Any]:
    """The shapes that these operations refer to, and every exception shape."""
    found: dict[str, Any] = {}
    left = [name for name, shape in shapes.items() if shape.get("exception")]
    left += _references(operations)
    while left:
        name = left.pop()
        if name not in found:
            found[name] = shapes[name]
            left += _references(shapes[name])
    return {name: shape for name, shape in shapes.items() if name in found}


def _references(node: Any) -> list[str]:
    if isinstance(node, list):
        return [name for one in node for name in _references(one)]
    if not isinstance(node, dict):
        return []
    own = [node["shape"]] if isinstance(node.get("shape"), str) else []
    return own + [name for one in node.values() for name in _references(one)]


def _read_checked(path: Path) -> dict[str, Any] | None:
    """A cached file's content; None if it is missing, damaged, or writable by other users."""
    try:
        with path.open("rb") as file:
            status = os.fstat(file.fileno())
            if status.st_uid != os.geteuid() or status.st_mode & 0o022:
                return None
            digest, _, body = file.read().partition(b"\n")
        if hashlib.sha256(body).hexdigest().encode() != digest:
            return None
        content: dict[str, Any] = json.loads(body)
    except (OSError, ValueError):
        return None
    return content


def _write_checked(path: Path, content: dict[str, Any]) -> None:
    """Write a file atomically; a folder that can't be written is not an error."""
    body = json.dumps(content, separators=(",", ":")).encode()
    with contextlib.suppress(OSError):
        path.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
        others = path.parent.glob(f"{path.name.rsplit('-', 1)[0]}-{'[0-9a-f]' * 16}.json")
        for older in sorted(others, key=lambda file: file.stat().st_mtime)[: -_KEPT + 1]:
            older.unlink(missing_ok=True)
        descriptor, name = tempfile.mkstemp(dir=path.parent, suffix=".part")  # mode 0600
        try:
            with os.fdopen(descriptor, "wb") as file:
                file.write(hashlib.sha256(body).hexdigest().encode() + b"\n" + body)
            Path(name).replace(path)
        except OSError:
            Path(name).unlink(missing_ok=True)


class NoEndpoints:
    """Replaces botocore's table of AWS endpoints if addresses are given: the table is read for other services only.

    Args:
        table: Reads the table.
    """

    def __init__(self, table: Callable[[], EndpointResolver]) -> None:
        self._table = cache(table)

    def construct_endpoint(self, service_name: str, *more: Any, **named: Any) -> Any:
        """Return None, so that botocore uses the given address, or the table's answer for other services.

        Args:
            service_name: The service's endpoint prefix, which botocore passes.
        """
        if service_name in PREFIXES:
            return None
        return self._table().construct_endpoint(service_name, *more, **named)

    def __getattr__(self, name: str) -> Any:
        return getattr(self._table(), name)
