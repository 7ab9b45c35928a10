"""The location of a DynamoDB export: a folder on this machine, or the bucket to which it was written."""

from __future__ import annotations

import shutil
from contextlib import contextmanager
from tempfile import TemporaryFile
from typing import IO, TYPE_CHECKING, Any, Final, Protocol

from ddbinsert.aws.errors import code_of, is_passing, translated
from ddbinsert.dataclass import dataclass
from ddbinsert.errors import PrerequisiteError, UsageError

if TYPE_CHECKING:
    from collections.abc import Iterator
    from contextlib import AbstractContextManager
    from pathlib import Path

    from ddbinsert.aws.session.session import Aws

_CHUNK: Final = 1024 * 1024
_TRIES: Final = 4
_ABSENT: Final = frozenset({"NoSuchKey", "404", "NotFound"})
_SCHEME: Final = "s3://"


class ExportPlace(Protocol):
    """The folder of one export."""

    @property
    def name(self) -> str:
        """The location as the user wrote it."""

    def text(self, file: str) -> str | None:
        """The content of a file next to the manifest; None if it does not exist.

        Raises:
            OSError, AwsError: It can't be read.
        """

    def data(self, key: str) -> AbstractContextManager[IO[bytes]]:
        """A data file, by its key in the manifest, open while the block runs.

        Raises:
            OSError, AwsError: It can't be read.
        """


def place_of(aws: Aws, text: str, base: Path) -> ExportPlace:
    """The location that ``DIR`` or ``s3://BUCKET/PREFIX`` names.

    Args:
        base: The folder to which relative paths refer.

    Raises:
        UsageError: It is not a valid location in S3.
    """
    if not text.startswith(_SCHEME):
        return Folder(base / text)
    bucket, _, prefix = text.removeprefix(_SCHEME).partition("/")
    if not bucket or not prefix.strip("/"):
        raise UsageError(
            f"{text} does not name an export in S3.",
            hint="Write s3://BUCKET/PREFIX/AWSDynamoDB/EXPORT_ID.",
            code="bad-location",
        )
    return InBucket(aws, bucket, prefix.strip("/"))


@dataclass(frozen=True)
class Folder:
    """An export that was copied to this machine."""

    path: Path

    @property
    def name(self) -> str:
        return str(self.path)

    def text(self, file: str) -> str | None:
        try:
            return (self.path / file).read_text(encoding="utf-8")
        except FileNotFoundError:
            return None

    @contextmanager
    def data(self, key: str) -> Iterator[IO[bytes]]:
        """A full export has its own data folder; incremental exports share the one next to their folders."""
        name = key.rpartition("/")[2]
        own, shared = self.path / "data" / name, self.path.parent / "data" / name
        with (own if own.exists() or not shared.exists() else shared).open("rb") as file:
            yield file


@dataclass(frozen=True)
class InBucket:
    """An export in S3. One data file at a time is copied to the local disk.

    Attributes:
        prefix: Prefix of the objects' keys, without a slash at the end.
    """

    aws: Aws
    bucket: str
    prefix: str

    @property
    def name(self) -> str:
        return f"{_SCHEME}{self.bucket}/{self.prefix}"

    def text(self, file: str) -> str | None:
        key = f"{self.prefix}/{file}"
        with translated(f"read {_SCHEME}{self.bucket}/{key}"):
            try:
                body: bytes = self._client.get_object(Bucket=self.bucket, Key=key)["Body"].read()
            except Exception as error:
                if code_of(error) == "NoSuchBucket":
                    raise PrerequisiteError(
                        f"The bucket {self.bucket} does not exist.", code="bad-export"
                    ) from error
                if code_of(error) not in _ABSENT:
                    raise
                return None
        return body.decode("utf-8")

    @contextmanager
    def data(self, key: str) -> Iterator[IO[bytes]]:
        with TemporaryFile(prefix="ddbinsert-export-") as file:  # without a name: no kill leaves it behind
            own = f"{self.prefix}/data/{key.rpartition('/')[2]}"  # if the export was copied to another prefix
            with translated(f"read {_SCHEME}{self.bucket}/{key}"):
                for name in dict.fromkeys((key, own)):
                    if self._fetch(name, file):
                        break
                else:
                    raise FileNotFoundError(2, "there is no such object", f"{_SCHEME}{self.bucket}/{key}")
            file.seek(0)
            yield file

    def _fetch(self, key: str, file: IO[bytes]) -> bool:
        """Copy an object to a file, starting again if the connection breaks; False if it does not exist."""
        for attempt in range(_TRIES):
            try:
                answer = self._client.get_object(Bucket=self.bucket, Key=key)
                file.seek(0)
                file.truncate()
                shutil.copyfileobj(answer["Body"], file, _CHUNK)
            except Exception as error:
                if code_of(error) in _ABSENT:
                    return False
                if attempt == _TRIES - 1 or not (is_passing(error) or _is_broken(error)):
                    raise
            else:
                return True
        raise AssertionError("the last try returns or raises")

    @property
    def _client(self) -> Any:
        return self.aws.client("s3")


def _is_broken(error: Exception) -> bool:
    """Whether the connection broke while a body was read."""
    from botocore.exceptions import HTTPClientError

    return isinstance(error, HTTPClientError) or type(error).__name__ in ("ProtocolError", "IncompleteRead")
