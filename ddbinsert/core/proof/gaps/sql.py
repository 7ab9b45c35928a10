"""The comparison of items with entries as SQL for Amazon Athena, over exports of both tables: for any size.

A line of an export is one JSON object. The tables have one text column for these lines, so attribute names keep their
spelling and no schema is needed. The query is plain SQL with two functions of Athena, ``json_extract`` and
``json_extract_scalar``; a test runs it on SQLite with both functions added. Formats: the DynamoDB developer
guide, "DynamoDB table export output format".
"""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Final

from ddbinsert.dataclass import dataclass
from ddbinsert.errors import UsageError

if TYPE_CHECKING:
    from collections.abc import Iterator

    from ddbinsert.core.model.record import KeySchema

#: Names of the tables that are created.
ITEMS, ENTRIES = "ddbinsert_items", "ddbinsert_entries"
#: Placeholder for a location that is not given.
NOWHERE: Final = "s3://BUCKET/PREFIX/AWSDynamoDB/EXPORT_ID"
_LOCATION = re.compile(r"s3://[a-z0-9][a-z0-9.-]*(/[^'\s]*)?")
#: The path of a key in a line of a full and of an incremental export.
_FULL, _INCREMENTAL = "Item", "Keys"


@dataclass(frozen=True, kw_only=True)
class SqlStatements:
    """The statements, in the order in which they are run.

    Attributes:
        tables: Statements that create a table for each export.
        query: The query for the keys of items without an entry.
    """

    tables: tuple[str, ...]
    query: str

    @property
    def text(self) -> str:
        """All statements as a script."""
        return "\n\n".join(f"{statement};" for statement in (*self.tables, self.query)) + "\n"


def athena(
    table: str, key: KeySchema, *, items: str = NOWHERE, entries: str = NOWHERE, note: str = ""
) -> SqlStatements:
    """The comparison of a table's items with the entries of its audit log.

    Args:
        table: The table's name, which each entry contains.
        items: Location of its export (``s3://…/AWSDynamoDB/ID``).
        entries: Location of the export of the audit table.
        note: A comment about what the query leaves out.

    Raises:
        UsageError: A location is not in S3, or a name cannot be written in a JSON path.
    """
    names = tuple(key.types.items())
    for name, _ in names:
        if '"' in name or "\\" in name:
            raise UsageError(
                f"The key attribute {name!r} cannot be written in a JSON path.", code="odd-attribute"
            )
    places = {ITEMS: items, ENTRIES: entries}
    return SqlStatements(
        tables=tuple(_table(name, place) for name, place in places.items()),
        query="\n".join(_query(table, names, note)),
    )


def _table(name: str, place: str) -> str:
    if place != NOWHERE and not _LOCATION.fullmatch(place):
        raise UsageError(
            f"{place!r} is not a place in S3.",
            hint="Write s3://BUCKET/PREFIX/AWSDynamoDB/EXPORT_ID, as the export's description names it.",
            code="bad-location",
        )
    data = place.rstrip("/")
    data = data if data.endswith("/data") else f"{data}/data"
    return (
        f"CREATE EXTERNAL TABLE IF NOT EXISTS {name} (line string)\n"
        "ROW FORMAT DELIMITED FIELDS TERMINATED BY '\\001' LINES TERMINATED BY '\\n'\n"
        "STORED AS TEXTFILE\n"
        f"LOCATION '{data}/'"
    )


def _query(table: str, names: tuple[tuple[str, str], ...], note: str) -> Iterator[str]:
    columns = [f"key_{place}" for place in range(1, len(names) + 1)]
    yield f"-- Items of {_comment(table)} without an entry: {', '.join(_comment(name) for name, _ in names)}."
    if note:
        yield f"-- {_comment(note)}"
    yield f"SELECT {', '.join(f'i.{one}' for one in columns)}"
    yield "FROM ("
    yield "  SELECT DISTINCT"
    yield ",\n".join(
        f"    coalesce({_path(_FULL, name, letter)}, {_path(_INCREMENTAL, name, letter)}) AS {one}"
        for one, (name, letter) in zip(columns, names, strict=True)
    )
    yield f"  FROM {ITEMS}"
    # An incremental export also names items that were deleted: they have no new image.
    whole = " OR ".join(
        f"json_extract(line, {_text(_steps(part))}) IS NOT NULL" for part in (_FULL, "NewImage")
    )
    yield f"  WHERE {whole}"
    yield ") i"
    yield "LEFT JOIN ("
    yield "  SELECT DISTINCT"
    yield ",\n".join(
        f"    coalesce({_entry(_FULL, name, letter)}, {_entry('NewImage', name, letter)}) AS {one}"
        for one, (name, letter) in zip(columns, names, strict=True)
    )
    yield f"  FROM {ENTRIES}"
    yield (
        f"  WHERE coalesce({_path(_FULL, 'table', 'S')}, {_path('NewImage', 'table', 'S')}) = {_text(table)}"
    )
    yield ") e"
    yield f"ON {' AND '.join(f'i.{one} = e.{one}' for one in columns)}"
    yield "WHERE e.key_1 IS NULL"
    yield f"ORDER BY {', '.join(f'i.{one}' for one in columns)}"


def _entry(image: str, name: str, letter: str) -> str:
    return _path(image, "keys", "M", name, letter)


def _path(*parts: str) -> str:
    return f"json_extract_scalar(line, {_text(_steps(*parts))})"


def _steps(*parts: str) -> str:
    return "$" + "".join(f'["{part}"]' for part in parts)


def _text(value: str) -> str:
    doubled = value.replace("'", "''")
    return f"'{doubled}'"


def _comment(text: str) -> str:
    return " ".join(text.split())
