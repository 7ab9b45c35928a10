"""DynamoDB's own exports to S3: gzipped DynamoDB JSON, compared with the manifest.

Format: the DynamoDB developer guide, "DynamoDB table export output format". A folder contains
``manifest-summary.json`` and ``manifest-files.json`` (a line for each data file, with its MD5 and its number of
items); the data files are in ``data/`` in it, or next to it. A line of a full export is ``{"Item": …}``, of an
incremental one ``{"Keys": …, "NewImage": …, "OldImage": …}``, without NewImage if the item was deleted.
"""

from __future__ import annotations

import base64
import gzip
import hashlib
import json
import zlib
from typing import IO, TYPE_CHECKING, Any

from ddbinsert.errors import PrerequisiteError

if TYPE_CHECKING:
    from collections.abc import Iterator

    from ddbinsert.aws.read.export_places import ExportPlace

_CHUNK = 1024 * 1024
_SUMMARY, _FILES = "manifest-summary.json", "manifest-files.json"


def exported_items(place: ExportPlace, *, table_arn: str = "") -> Iterator[dict[str, Any]]:
    """The items of an export, in DynamoDB JSON.

    Args:
        table_arn: The table that the export must be of, if its summary names one.

    Raises:
        PrerequisiteError: The export is incomplete, of another table, or a file differs from the manifest.
        AwsError: It may not be read.
    """
    _check_summary(place, table_arn)
    for key, checksum, expected in _data_files(place):
        name = f"{place.name}: {key.rpartition('/')[2]}"
        count = 0
        try:
            with place.data(key) as file:
                if checksum is not None and _md5(file) != checksum:
                    raise _damaged(name, "its MD5 differs from the manifest's")
                for line in _lines(file, name):
                    item = _item_of(line, name)
                    count += 1
                    if item is not None:
                        yield item
        except OSError as error:
            raise _damaged(name, str(error.strerror or error)) from error
        if isinstance(expected, int) and count != expected:
            raise _damaged(name, f"it contains {count:,} items, but the manifest lists {expected:,}")


def _check_summary(place: ExportPlace, table_arn: str) -> None:
    """Refuse an export of another table or in another format; a copy without its summary is not checked."""
    try:
        text = place.text(_SUMMARY)
        summary = json.loads(text) if text else {}
        given, form = str(summary.get("tableArn") or ""), str(summary.get("outputFormat") or "DYNAMODB_JSON")
    except (OSError, ValueError, AttributeError) as error:
        raise _no_export(
            place, f"{_SUMMARY} can't be read ({getattr(error, 'strerror', None) or error})"
        ) from error
    if table_arn and given and given != table_arn:
        raise PrerequisiteError(
            f"{place.name} is an export of another table: {given}.",
            hint=f"Specify an export of {table_arn}.",
            code="bad-export",
        )
    if form != "DYNAMODB_JSON":
        raise PrerequisiteError(
            f"{place.name} is an export in the format {form}, which is not supported.",
            hint="Export the table as DYNAMODB_JSON.",
            code="bad-export",
        )


def _data_files(place: ExportPlace) -> list[tuple[str, str | None, int | None]]:
    """The data files: key, checksum, number of items; the latter two are None if the manifest omits them."""
    try:
        text = place.text(_FILES)
        if text is None:
            raise FileNotFoundError(2, "there is no such file")
        lines = [json.loads(line) for line in text.splitlines() if line.strip()]
        return [(str(one["dataFileS3Key"]), one.get("md5Checksum"), one.get("itemCount")) for one in lines]
    except (OSError, ValueError, KeyError, TypeError) as error:
        raise _no_export(
            place, f"{_FILES} can't be read ({getattr(error, 'strerror', None) or error})"
        ) from error


def _md5(file: IO[bytes]) -> str:
    """The checksum of a file; afterwards, it can be read from the beginning."""
    digest = hashlib.md5(usedforsecurity=False)
    while chunk := file.read(_CHUNK):
        digest.update(chunk)
    file.seek(0)
    return base64.b64encode(digest.digest()).decode()


def _lines(file: IO[bytes], name: str) -> Iterator[str]:
    try:
        with gzip.open(file, "rt", encoding="utf-8") as text:
            yield from text
    except (EOFError, gzip.BadGzipFile, zlib.error, UnicodeDecodeError) as error:
        raise _damaged(name, str(error)) from error


def _item_of(line: str, name: str) -> dict[str, Any] | None:
    """The item of a line; None if it was deleted."""
    try:
        document = json.loads(line)
        if "Item" in document:
            return dict(document["Item"])
        if "NewImage" in document:
            return {**document.get("Keys", {}), **document["NewImage"]}
        _ = document["Keys"]
    except (ValueError, KeyError, TypeError) as error:
        raise _damaged(name, "a line of it is not an item") from error
    return None


def _no_export(place: ExportPlace, why: str) -> PrerequisiteError:
    return PrerequisiteError(
        f"{place.name} is not an export of DynamoDB: {why}.",
        hint=f"Specify the folder that contains {_FILES}: AWSDynamoDB/EXPORT_ID.",
        code="bad-export",
    )


def _damaged(name: str, why: str) -> PrerequisiteError:
    return PrerequisiteError(
        f"{name} is not a complete data file of an export: {why}.",
        hint="Copy the export again (aws s3 sync), or export the table again.",
        code="bad-export",
    )
