"""requirements.txt: what would be built is refused, in any spelling; the rest reaches the installer as it was read."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from ddbinsert.errors import UsageError
from ddbinsert.handlers.requirements import read_requirements, written

if TYPE_CHECKING:
    from pathlib import Path

VARIABLES = {"SOURCE": "-e ../other", "HOST": "pypi.example.com"}


def read(text: str | bytes, folder: Path) -> tuple[list[str], list[str]]:
    found = read_requirements(text if isinstance(text, bytes) else text.encode(), folder, VARIABLES)
    return list(found.lines), list(found.constraints)


@pytest.mark.parametrize(
    "text",
    [
        "-e ../other",
        "  -e ../other  # local",
        "-e\t../other",
        "-e../other",
        "--editable=../other",
        "--edit ../other",
        "-\\\ne ../other",
        "-e \\\n ../other",
        "\ufeff-e ../other",
        "-e ../other".encode("utf-16"),
        "-e ../other".encode("utf-32"),
        "${SOURCE}",
        ".",
        "..",
        "./other",
        "sub/other",
        "sub\\other",
        "/srv/other",
        "other @ file:///srv/other",
        "other@file:///srv/other",
        "other @ git+https://example.com/other.git",
        "git+ssh://example.com/other.git#egg=other",
        "https://example.com/other-1.0.tar.gz",
        "other @ https://example.com/other-1.0.zip",
        "other-1.0.tar.gz",
        "other.zip",
        "git+https://example.com/other.whl",
        "--no-binary :all:",
        "--no-b=other",
        "other --no-binary :all:",
        "other ; python_version > '3' --no-binary :all:",
        "other ; python_version > '3' -e ../other",
        "--pre -e ../other",
        "--config-settings x=y",
        "-r base.txt",
        "-rbase.txt",
        "--requirement=base.txt",
        "-c base.txt",
        "-r sub/more.txt",
    ],
)
def test_what_would_be_built_is_refused(text: str | bytes, tmp_path: Path) -> None:
    (tmp_path / "base.txt").write_text("fastkit\n-e ../other\n")
    (tmp_path / "sub").mkdir()
    (tmp_path / "sub" / "more.txt").write_text("-r ../base.txt\n")
    (tmp_path / "other.zip").touch()
    with pytest.raises(UsageError, match="builds from source") as error:
        read(text, tmp_path)
    assert error.value.code == "dependencies-from-source"
    assert ".txt builds from source: " in error.value.message


def test_packages_and_wheels_are_passed_on_with_their_options(tmp_path: Path) -> None:
    (tmp_path / "base.txt").write_bytes("\ufeffboto3>=1.40 # pinned elsewhere\r\n".encode())
    (tmp_path / "limits.txt").write_text("urllib3<3\n")
    text = (
        "# tools\n\n-r base.txt\n-c limits.txt\n--only-binary :none:\n--index-url https://${HOST}/simple\n"
        "fastkit[speed,extra] == 1.0 ; python_version >= '3.12'\nshopkit (>=1,<2)\nplain\n"
        "pinned==1.0 \\\n    --hash=sha256:00 \\\n    --hash=sha256:11\n"
        "wheel @ https://example.com/wheel-1.0-py3-none-any.whl#sha256=00\n./wheels/local-1.0-py3-none-any.whl\n"
    )
    lines, constraints = read(text, tmp_path)
    assert lines == [
        "boto3>=1.40",
        "--index-url https://pypi.example.com/simple",
        "fastkit[speed,extra] == 1.0 ; python_version >= '3.12'",
        "shopkit (>=1,<2)",
        "plain",
        "pinned==1.0     --hash=sha256:00     --hash=sha256:11",
        "wheel @ https://example.com/wheel-1.0-py3-none-any.whl#sha256=00",
        "./wheels/local-1.0-py3-none-any.whl",
    ]
    assert constraints == ["urllib3<3"]
    given = written(read_requirements(text.encode(), tmp_path, VARIABLES), tmp_path)
    assert given[::2] == ["-r", "-c"]


@pytest.mark.parametrize(
    ("text", "says"),
    [
        ("-r none.txt", "none.txt can't be read: No such file or directory"),
        ("-r requirements.txt", "it includes itself"),
        ("-r https://example.com/base.txt", "which is not on this machine"),
    ],
)
def test_an_included_file_that_cannot_be_read_is_named(text: str, says: str, tmp_path: Path) -> None:
    (tmp_path / "requirements.txt").write_text(text)
    with pytest.raises(UsageError, match=says):
        read(text, tmp_path)
