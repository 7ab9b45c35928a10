"""DynamoDB's exports: whole ones are read, full and incremental; damaged ones are refused, whatever is damaged."""

from __future__ import annotations

import base64
import gzip
import hashlib
import json
from typing import TYPE_CHECKING, Any

import pytest

from ddbinsert.aws.read.export_places import Folder
from ddbinsert.aws.read.exports import exported_items
from ddbinsert.errors import PrerequisiteError

if TYPE_CHECKING:
    from pathlib import Path


def export(folder: Path, *files: list[dict[str, Any]], **changes: Any) -> Path:
    """An export with these lines in its data files; ``changes`` replace fields of the manifest."""
    (folder / "data").mkdir()
    manifest = []
    for number, lines in enumerate(files):
        content = gzip.compress("".join(json.dumps(line) + "\n" for line in lines).encode())
        (folder / "data" / f"{number}.json.gz").write_bytes(content)
        entry = {
            "itemCount": len(lines),
            "md5Checksum": base64.b64encode(hashlib.md5(content, usedforsecurity=False).digest()).decode(),
            "dataFileS3Key": f"some/prefix/AWSDynamoDB/0169-2d87/data/{number}.json.gz",
            **changes,
        }
        manifest.append(json.dumps(entry))
    (folder / "manifest-files.json").write_text("\n".join(manifest))
    return folder


def item(key: str) -> dict[str, Any]:
    return {"pk": {"S": key}, "n": {"N": "1"}}


def test_a_full_export(tmp_path: Path) -> None:
    folder = export(tmp_path, [{"Item": item("a")}, {"Item": item("b")}], [{"Item": item("c")}])
    assert [one["pk"]["S"] for one in exported_items(Folder(folder))] == ["a", "b", "c"]


def test_an_incremental_export_holds_what_there_is_and_not_what_was_deleted(tmp_path: Path) -> None:
    keys = {"pk": {"S": "a"}}
    lines = [
        {"Keys": keys, "NewImage": item("a"), "OldImage": item("a")},
        {"Keys": {"pk": {"S": "gone"}}, "OldImage": item("gone")},
    ]
    folder = export(tmp_path, lines)
    assert list(exported_items(Folder(folder))) == [item("a")]
    # As AWS lays it out: the data files of all incremental exports are beside their folders.
    own = tmp_path / "0169-2d87"
    own.mkdir()
    (tmp_path / "manifest-files.json").rename(own / "manifest-files.json")
    assert list(exported_items(Folder(own))) == [item("a")]


def test_an_export_of_an_empty_table(tmp_path: Path) -> None:
    assert not list(exported_items(Folder(export(tmp_path))))


@pytest.mark.parametrize(
    "changes",
    [{"md5Checksum": "sQMSpEILNgoQmarvDFonGQ=="}, {"itemCount": 3}, {"dataFileS3Key": "data/none.json.gz"}],
)
def test_a_file_that_differs_from_the_manifest_is_refused(tmp_path: Path, changes: dict[str, Any]) -> None:
    folder = export(tmp_path, [{"Item": item("a")}, {"Item": item("b")}], **changes)
    with pytest.raises(PrerequisiteError) as refused:
        list(exported_items(Folder(folder)))
    assert refused.value.code == "bad-export"


@pytest.mark.parametrize("line", [{"item": {}}, [], {"Item": 5}])
def test_a_line_that_is_no_item_is_refused(tmp_path: Path, line: Any) -> None:
    with pytest.raises(PrerequisiteError):
        list(exported_items(Folder(export(tmp_path, [line]))))


@pytest.mark.parametrize("text", ["", "no JSON", "[]", '{"itemCount": 1}'])
def test_a_folder_that_is_no_export_is_refused(tmp_path: Path, text: str) -> None:
    if text:
        (tmp_path / "manifest-files.json").write_text(text)
    with pytest.raises(PrerequisiteError):
        list(exported_items(Folder(tmp_path)))
