"""Own code becomes a package: of a file, a folder or an archive; deterministic, checked before any upload."""

from __future__ import annotations

import io
import os
import shutil
import socket
import stat
import subprocess
import sys
import zipfile
from pathlib import Path
from typing import Any

import pytest

from ddbinsert.core.model.package import Statement
from ddbinsert.errors import DdbInsertError, PrerequisiteError, UsageError
from ddbinsert.handlers import package_code
from ddbinsert.handlers.code import refuse_upload

HANDLER = "def handler(event, context):\n    return None\n"


def pack(path: Path, runtime: str = "python3.13", handler: str | None = None, **more: Any) -> Any:
    return package_code(path, runtime=runtime, handler=handler, architecture="x86_64", **more)


def names(package: Any) -> list[str]:
    with zipfile.ZipFile(io.BytesIO(package.zip_bytes)) as opened:
        return opened.namelist()


def folder(base: Path, **files: str) -> Path:
    """A folder with these files; ``__`` stands for a slash and a last ``_`` part for the ending."""
    base.mkdir(parents=True, exist_ok=True)
    for name, content in files.items():
        stem, _, ending = name.replace("__", "/").rpartition("_")
        path = base / f"{stem}.{ending}"
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(content)
    return base


def zipped(path: Path, files: dict[str, str]) -> Path:
    with zipfile.ZipFile(path, "w") as target:
        for name, content in files.items():
            target.writestr(name, content)
    return path


def refusal(*arguments: Any, **more: Any) -> DdbInsertError:
    with pytest.raises(DdbInsertError) as caught:
        pack(*arguments, **more)
    return caught.value


# --- what is packed -------------------------------------------------------------------------------------


def test_a_file_is_packed_alone_and_its_handler_found(tmp_path: Path) -> None:
    code = folder(tmp_path, audit_py=HANDLER, other_py="")
    package = pack(code / "audit.py")
    assert names(package) == ["audit.py"]
    assert package.handler == "audit.handler"
    assert package.unzipped_size == len(HANDLER)


def test_a_folder_is_packed_with_all_below_it(tmp_path: Path) -> None:
    package = pack(folder(tmp_path, app_py=HANDLER, lib__rules_py="", data__deep__er__prices_json="{}"))
    assert names(package) == ["app.py", "data/deep/er/prices.json", "lib/rules.py"]
    assert package.handler == "app.handler"


def test_what_is_no_code_is_left_out(tmp_path: Path) -> None:
    code = folder(tmp_path / "code", handler_py=HANDLER, my__env_py="kept = 1")
    for unwanted in (
        ".git/config", ".venv/x.py", "__pycache__/handler.cpython-313.pyc", "my/__pycache__/a.pyc", "b.pyc",
        ".mypy_cache/x", ".pytest_cache/y", ".DS_Store", ".env", ".env.production", ".idea/w.xml",
        "thing.egg-info/PKG-INFO", "anyname/pyvenv.cfg", "anyname/lib/site.py", ".aws-sam/build.toml",
    ):  # fmt: skip
        path = code / unwanted
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text("secret")
    assert names(pack(code)) == ["handler.py", "my/env.py"]


def links_of(package: Any) -> dict[str, str]:
    with zipfile.ZipFile(io.BytesIO(package.zip_bytes)) as opened:
        return {
            entry.filename: opened.read(entry).decode()
            for entry in opened.infolist()
            if stat.S_ISLNK(entry.external_attr >> 16)
        }


def test_links_inside_the_folder_are_kept_and_others_are_named(tmp_path: Path) -> None:
    code = folder(tmp_path / "code", handler_py=HANDLER, _store__pkg__index_js="")
    (code / ".env").write_text("SECRET=1")
    (code / "node_modules").mkdir()
    (tmp_path / "secret").write_text("s")
    (code / "outside").symlink_to(tmp_path / "secret")
    (code / "to-a-secret").symlink_to(code / ".env")
    (code / "inside.py").symlink_to(code / "handler.py")
    (code / "node_modules" / "pkg").symlink_to(code / "_store" / "pkg")
    (code / "dangling").symlink_to(tmp_path / "nowhere")
    package = pack(code)
    assert links_of(package) == {"inside.py": "handler.py", "node_modules/pkg": "../_store/pkg"}
    (secrets, strays) = package.notes
    assert ".env" in secrets
    assert ".ddbinsertignore" in secrets
    assert "dangling, outside, to-a-secret" in strays


def test_a_handler_may_be_a_link(tmp_path: Path) -> None:
    code = folder(tmp_path / "code", lib__real_py=HANDLER)
    (code / "handler.py").symlink_to("lib/real.py")
    package = pack(code)
    assert package.handler == "handler.handler"
    assert links_of(package) == {"handler.py": "lib/real.py"}


def test_the_ignore_file_leaves_out_and_takes_in_again(tmp_path: Path) -> None:
    code = folder(tmp_path / "code", handler_py=HANDLER, tests__test_py="", notes_md="", keep__notes_md="")
    (code / ".env").write_text("FEATURES=1")
    (code / ".ddbinsertignore").write_text("# comment\ntests/\n*.md\n!keep/*.md\n!.env\n")
    package = pack(code)
    assert names(package) == [".env", "handler.py", "keep/notes.md"]
    assert package.notes == ()


def test_an_ignore_file_that_can_not_be_read_is_named(tmp_path: Path) -> None:
    code = folder(tmp_path / "code", handler_py=HANDLER)
    (code / ".ddbinsertignore").write_bytes(b"\xff\xfe")
    assert ".ddbinsertignore" in str(refusal(code))


def test_a_private_key_is_a_secret_and_a_certificate_is_not(tmp_path: Path) -> None:
    code = folder(tmp_path / "code", handler_py=HANDLER)
    (code / "cacert.pem").write_text("-----BEGIN CERTIFICATE-----\nMII\n")
    (code / "server.pem").write_text("-----BEGIN RSA PRIVATE KEY-----\nMII\n")
    package = pack(code)
    assert names(package) == ["cacert.pem", "handler.py"]
    assert "server.pem" in package.notes[0]


@pytest.mark.parametrize(
    ("name", "content", "is_named"),
    [
        ("uv.lock", "", True),
        ("poetry.lock", "", True),
        ("Pipfile", "", True),
        ("pyproject.toml", "[project]\ndependencies = []", True),
        ("pyproject.toml", "[tool.ruff]", False),
    ],
)
def test_dependencies_that_are_not_read_are_named(
    name: str, content: str, is_named: bool, tmp_path: Path
) -> None:
    code = folder(tmp_path / "code", handler_py=HANDLER)
    (code / name).write_text(content)
    notes = pack(code).notes
    assert (len(notes) == 1 and name in notes[0] and "requirements.txt" in notes[0]) is is_named


def test_files_of_an_archive_that_lambda_can_not_read_are_named(tmp_path: Path) -> None:
    path = tmp_path / "code.zip"
    with zipfile.ZipFile(path, "w") as target:
        for name, mode in (("handler.py", 0o600), ("open.py", 0o644)):
            entry = zipfile.ZipInfo(name)
            entry.create_system = 3
            entry.external_attr = mode << 16
            target.writestr(entry, HANDLER)
    (note,) = pack(path).notes
    assert "handler.py" in note
    assert "open.py" not in note


def test_sockets_and_pipes_are_left_out(tmp_path: Path) -> None:
    code = folder(tmp_path / "c", handler_py=HANDLER)
    os.mkfifo(code / "pipe")
    with socket.socket(socket.AF_UNIX) as listener:
        here = Path.cwd()
        os.chdir(code)  # a socket's path may have 108 bytes only
        try:
            listener.bind("sock")
        finally:
            os.chdir(here)
        assert names(pack(code)) == ["handler.py"]


def test_names_beyond_ascii_are_kept(tmp_path: Path) -> None:
    code = folder(tmp_path, handler_py=HANDLER)
    (code / "größe 尺.json").write_text("{}")
    assert "größe 尺.json" in names(pack(code))


def test_a_name_that_is_no_utf_8_is_refused(tmp_path: Path) -> None:
    code = folder(tmp_path, handler_py=HANDLER)
    Path(os.fsdecode(os.fsencode(code) + b"/bad\xff")).write_text("")
    assert refusal(code).code == "code-not-readable"


def test_an_archive_goes_up_as_it_is(tmp_path: Path) -> None:
    archive = zipped(tmp_path / "code.zip", {"index.mjs": "export const handler = () => 1;", "a/b.txt": "x"})
    package = pack(archive, "nodejs22.x")
    assert package.zip_bytes == archive.read_bytes()
    assert package.handler == "index.handler"
    assert package.unzipped_size == 32


def test_a_jar_goes_up_as_it_is(tmp_path: Path) -> None:
    jar = zipped(tmp_path / "app.jar", {"example/Handler.class": "cafe"})
    assert pack(jar, "java21", "example.Handler::handleRequest").zip_bytes == jar.read_bytes()


def test_an_executable_becomes_bootstrap(tmp_path: Path) -> None:
    binary = tmp_path / "main"
    binary.write_bytes(b"\x7fELF")
    package = pack(binary, "provided.al2023")
    assert package.handler == "bootstrap"
    with zipfile.ZipFile(io.BytesIO(package.zip_bytes)) as opened:
        (entry,) = opened.infolist()
        assert entry.filename == "bootstrap"
        assert entry.external_attr >> 16 & 0o777 == 0o755


def test_execute_bits_are_kept(tmp_path: Path) -> None:
    code = folder(tmp_path, handler_py=HANDLER, run_sh="#!/bin/sh")
    (code / "run.sh").chmod(0o711)
    with zipfile.ZipFile(io.BytesIO(pack(code).zip_bytes)) as opened:
        modes = {entry.filename: entry.external_attr >> 16 & 0o777 for entry in opened.infolist()}
    assert modes == {"handler.py": 0o644, "run.sh": 0o755}


# --- the same bytes everywhere --------------------------------------------------------------------------


def test_the_archive_depends_on_names_and_contents_alone(tmp_path: Path) -> None:
    one = folder(tmp_path / "one", handler_py=HANDLER, b_py="1", a__c_py="2")
    two = folder(tmp_path / "two", a__c_py="2", b_py="1", handler_py=HANDLER)
    os.utime(two / "b.py", (1, 1))
    (two / "b.py").chmod(0o600)
    (two / "__pycache__").mkdir()
    assert pack(one).zip_bytes == pack(two).zip_bytes
    assert pack(one).sha256 == pack(two).sha256


def test_one_changed_byte_changes_the_hash(tmp_path: Path) -> None:
    code = folder(tmp_path, handler_py=HANDLER)
    before = pack(code).sha256
    (code / "handler.py").write_text(HANDLER + "\n")
    assert pack(code).sha256 != before


# --- what is refused ------------------------------------------------------------------------------------


def test_a_missing_path_is_a_missing_prerequisite(tmp_path: Path) -> None:
    error = refusal(tmp_path / "nothing")
    assert isinstance(error, PrerequisiteError)
    assert error.code == "code-not-found"
    assert "nothing" in error.message


def test_an_empty_folder_is_refused(tmp_path: Path) -> None:
    (tmp_path / "empty" / ".git").mkdir(parents=True)
    assert refusal(tmp_path / "empty").code == "code-empty"


def test_an_archive_without_files_is_refused(tmp_path: Path) -> None:
    assert refusal(zipped(tmp_path / "none.zip", {})).code == "code-empty"


def test_what_is_no_archive_is_refused(tmp_path: Path) -> None:
    (tmp_path / "code.zip").write_bytes(b"PK\x03\x04 cut off")
    assert refusal(tmp_path / "code.zip").code == "code-not-readable"


def test_an_unreadable_device_is_refused() -> None:
    assert refusal(Path("/dev/null")).code == "code-not-readable"


@pytest.mark.parametrize(
    ("runtime", "handler", "wanted"),
    [
        ("python3.13", "missing.handler", "missing.py"),
        ("python3.13", "pkg.sub.handler", "pkg/sub.py"),
        ("nodejs22.x", "src/missing.handler", "src/missing.js"),
        ("ruby3.3", "missing.handler", "missing.rb"),
        ("provided.al2023", "whatever", "bootstrap"),
        ("java21", "example.Other::handle", "example/Other.class"),
        ("dotnet8", "Shop::Shop.Function::Handle", "Shop.dll"),
    ],
)
def test_a_handler_whose_file_is_not_there_is_refused(
    tmp_path: Path, runtime: str, handler: str, wanted: str
) -> None:
    error = refusal(folder(tmp_path, handler_py=HANDLER), runtime, handler)
    assert error.code == "handler-not-found"
    assert wanted in error.message


@pytest.mark.parametrize(
    ("runtime", "handler", "file"),
    [
        ("python3.13", "pkg/sub.handler", "pkg/sub.py"),
        ("python3.13", "pkg.sub.handler", "pkg/sub.py"),
        ("python3.13", "pkg.handler", "pkg/__init__.py"),
        ("nodejs22.x", "src/index.handler", "src/index.cjs"),
        ("nodejs22.x", "./src/index.default.handler", "src/index.mjs"),
        ("ruby3.3", "lambda_function.Shop::Orders.process", "lambda_function.rb"),
        ("java21", "example.Handler", "example/Handler.class"),
        ("java21", "example.Handler::handleRequest", "lib/app.jar"),
        ("dotnet8", "Shop::Shop.Function::Handle", "Shop.dll"),
        ("provided.al2023", "anything.at.all", "bootstrap"),
    ],
)
def test_a_handler_whose_file_is_there_is_taken(
    tmp_path: Path, runtime: str, handler: str, file: str
) -> None:
    package = pack(zipped(tmp_path / "code.zip", {file: ""}), runtime, handler)
    assert package.handler == handler


def test_a_zipped_folder_instead_of_its_content_is_explained(tmp_path: Path) -> None:
    archive = zipped(tmp_path / "code.zip", {"myfunction/handler.py": HANDLER, "myfunction/x.py": ""})
    assert "myfunction/" in str(refusal(archive, handler="handler.handler").hint)


def test_wrong_case_is_explained(tmp_path: Path) -> None:
    error = refusal(folder(tmp_path, Handler_py=HANDLER), handler="handler.handler")
    assert "Handler.py" in str(error.hint)


def test_a_handler_that_is_a_link_to_elsewhere_is_explained(tmp_path: Path) -> None:
    code = folder(tmp_path / "code", other_py="")
    (tmp_path / "elsewhere.py").write_text(HANDLER)
    (code / "handler.py").symlink_to(tmp_path / "elsewhere.py")
    assert "link" in str(refusal(code, handler="handler.handler").hint)


def test_a_handler_in_a_layer_is_not_looked_for(tmp_path: Path) -> None:
    package = pack(folder(tmp_path, mine_py=HANDLER), handler="wrapper.handler", layers=True)
    assert package.handler == "wrapper.handler"


def test_code_above_the_unzipped_limit_is_refused_without_being_read(tmp_path: Path) -> None:
    code = folder(tmp_path, handler_py=HANDLER)
    with (code / "huge.bin").open("wb") as sparse:
        sparse.truncate(251 * 1024 * 1024)
    assert refusal(code).code == "code-too-large"
    assert refusal(code / "huge.bin", "provided.al2023").code == "code-too-large"


def test_a_small_archive_of_huge_content_is_refused(tmp_path: Path) -> None:
    bomb = tmp_path / "bomb.zip"
    with zipfile.ZipFile(bomb, "w", zipfile.ZIP_DEFLATED) as target:
        target.writestr("handler.py", HANDLER)
        block = bytes(1024 * 1024)
        with target.open("zeros.bin", "w", force_zip64=True) as stream:
            for _ in range(251):
                stream.write(block)
    assert bomb.stat().st_size < 1024 * 1024
    error = refusal(bomb)
    assert error.code == "code-too-large"
    assert "251.0 MB" in error.message


def test_the_upload_limit_is_exact() -> None:
    refuse_upload(50 * 1024 * 1024, "x")
    with pytest.raises(UsageError, match="too large"):
        refuse_upload(50 * 1024 * 1024 + 1, "x")


# --- the handler that nobody named ----------------------------------------------------------------------


@pytest.mark.parametrize(
    ("runtime", "file", "text", "handler"),
    [
        (
            "python3.13",
            "lambda_function.py",
            "def lambda_handler(e, c): ...",
            "lambda_function.lambda_handler",
        ),
        ("python3.13", "app.py", "from aws import wrap\nhandler = wrap(1)", "app.handler"),
        ("python3.13", "whatever.py", "async def handler(e, c): ...", "whatever.handler"),
        ("python3.13", "x.py", "from real import main as handler", "x.handler"),
        ("nodejs22.x", "index.mjs", "export const handler = async () => {};", "index.handler"),
        ("nodejs22.x", "index.js", "exports.handler = async () => {};", "index.handler"),
        ("nodejs22.x", "app.cjs", "module.exports = { other, handler };", "app.handler"),
        ("nodejs22.x", "main.mjs", "export async function lambda_handler() {}", "main.lambda_handler"),
        ("nodejs22.x", "main.mjs", "const f = 1; export { f as handler };", "main.handler"),
        (
            "ruby3.3",
            "lambda_function.rb",
            "def lambda_handler(event:, context:)\nend",
            "lambda_function.lambda_handler",
        ),
    ],
)
def test_the_usual_entry_points_are_found(
    tmp_path: Path, runtime: str, file: str, text: str, handler: str
) -> None:
    (tmp_path / file).write_text(text)
    assert pack(tmp_path, runtime).handler == handler


def test_the_likeliest_of_several_files_is_taken(tmp_path: Path) -> None:
    assert (
        pack(folder(tmp_path, zzz_py=HANDLER, app_py=HANDLER, handler_py=HANDLER)).handler
        == "handler.handler"
    )


def test_several_unusual_files_are_a_question(tmp_path: Path) -> None:
    error = refusal(folder(tmp_path, one_py=HANDLER, two_py=HANDLER))
    assert error.code == "handler-not-named"
    assert "one.py, two.py" in error.message


@pytest.mark.parametrize("text", ["", "def main(): ...", "# def handler(): ..."])
def test_a_file_without_a_usual_function_is_a_question(tmp_path: Path, text: str) -> None:
    assert refusal(folder(tmp_path, app_py=text)).code == "handler-not-named"


@pytest.mark.parametrize("text", ["def handler(:", "\0"])
def test_a_file_that_is_not_python_is_refused(tmp_path: Path, text: str) -> None:
    assert refusal(folder(tmp_path, app_py=text)).code == "code-not-readable"


@pytest.mark.parametrize("runtime", ["java21", "dotnet8"])
def test_compiled_code_needs_its_handler_named(tmp_path: Path, runtime: str) -> None:
    assert refusal(folder(tmp_path, a_txt="x"), runtime).code == "handler-not-named"


def test_code_of_another_language_than_the_runtime_is_a_question(tmp_path: Path) -> None:
    (tmp_path / "index.mjs").write_text("export const handler = 1;")
    error = refusal(tmp_path, "python3.13")
    assert error.code == "handler-not-named"
    assert "*.py" in error.message


# --- rights beside the code -----------------------------------------------------------------------------

RIGHTS = """{"required": ["QUEUE"], "allow": [
  {"variable": "QUEUE", "service": "sqs", "actions": ["sqs:SendMessage"], "resources": ["${QUEUE}"]},
  {"actions": ["s3:GetObject"], "resources": ["arn:${AWS::Partition}:s3:::prices/*"]}]}"""
QUEUE = "arn:aws:sqs:eu-west-1:123456789012:q"


def test_rights_beside_the_code_are_declared_and_not_packed(tmp_path: Path) -> None:
    package = pack(folder(tmp_path, handler_py=HANDLER, rights_json=RIGHTS), environment={"QUEUE": QUEUE})
    assert names(package) == ["handler.py"]
    assert package.rights == (
        Statement(actions=("sqs:SendMessage",), resources=(QUEUE,)),
        Statement(actions=("s3:GetObject",), resources=("arn:${AWS::Partition}:s3:::prices/*",)),
    )


def test_rights_beside_a_single_file_count_too(tmp_path: Path) -> None:
    code = folder(tmp_path, handler_py=HANDLER, rights_json=RIGHTS)
    package = pack(code / "handler.py", environment={"QUEUE": QUEUE})
    assert names(package) == ["handler.py"]
    assert len(package.rights) == 2


def test_rights_in_an_archive_count_too(tmp_path: Path) -> None:
    archive = zipped(tmp_path / "c.zip", {"handler.py": HANDLER, "rights.json": RIGHTS})
    assert len(pack(archive, environment={"QUEUE": QUEUE}).rights) == 2


@pytest.mark.parametrize(
    ("environment", "code"),
    [
        ({}, "variable-missing"),
        ({"QUEUE": ""}, "variable-missing"),
        ({"QUEUE": "q"}, "variable-wrong"),
        ({"QUEUE": "arn:aws:sns:eu-west-1:123456789012:t"}, "variable-wrong"),
    ],
)
def test_variables_that_the_rights_name_are_checked(
    tmp_path: Path, environment: dict[str, str], code: str
) -> None:
    code_folder = folder(tmp_path, handler_py=HANDLER, rights_json=RIGHTS)
    assert refusal(code_folder, environment=environment).code == code


@pytest.mark.parametrize(
    "text",
    [
        "",
        "[]",
        "{}",
        '{"allow": [{}]}',
        '{"allow": {"actions": "x"}}',
        '{"allow": [{"actions": "s3:*", "resources": ["*"]}]}',
        '{"allow": [{"actions": [], "resources": ["*"]}]}',
        '{"allow": [{"actions": ["a:b"], "resources": ["*"], "effect": "Deny"}]}',
        '{"allow": [7]}',
        '{"required": "X", "allow": []}',
        "[" * 100_000,
    ],
)
def test_rights_that_are_none_are_refused(tmp_path: Path, text: str) -> None:
    assert refusal(folder(tmp_path, handler_py=HANDLER, rights_json=text)).code == "rights-not-readable"


# --- dependencies ---------------------------------------------------------------------------------------


@pytest.fixture
def wheels(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """pip knows this folder's wheels only."""
    shelf = tmp_path / "wheels"
    shelf.mkdir()
    monkeypatch.setenv("PIP_NO_INDEX", "1")
    monkeypatch.setenv("PIP_FIND_LINKS", str(shelf))
    monkeypatch.setenv("PIP_CONFIG_FILE", os.devnull)
    return shelf


def wheel(shelf: Path, name: str, tag: str, files: dict[str, str]) -> None:
    info = f"{name}-1.0.dist-info"
    native = tag != "py3-none-any"
    content = {
        **files,
        f"{info}/METADATA": f"Metadata-Version: 2.1\nName: {name}\nVersion: 1.0\n",
        f"{info}/WHEEL": f"Wheel-Version: 1.0\nGenerator: t\nRoot-Is-Purelib: {not native}\nTag: {tag}\n".lower()
        .replace("wheel-version", "Wheel-Version")
        .replace("tag:", "Tag:")
        .replace("root-is-purelib", "Root-Is-Purelib"),
        f"{info}/entry_points.txt": f"[console_scripts]\n{name}-tool = {name}:main\n",
    }
    record = "".join(f"{path},,\n" for path in [*content, f"{info}/RECORD"])
    zipped(shelf / f"{name}-1.0-{tag}.whl", {**content, f"{info}/RECORD": record})


def test_requirements_are_built_for_the_functions_platform(tmp_path: Path, wheels: Path) -> None:
    wheel(wheels, "shopkit", "py3-none-any", {"shopkit/__init__.py": "def main(): ...\n"})
    for machine in ("x86_64", "aarch64"):
        tag = f"cp312-cp312-manylinux_2_17_{machine}"
        wheel(wheels, "fastkit", tag, {"fastkit.py": f"machine = '{machine}'\n"})
    code = folder(tmp_path / "code", handler_py=HANDLER, requirements_txt="shopkit==1.0\nfastkit\n")
    package = package_code(code, runtime="python3.12", handler=None, architecture="arm64")
    assert names(package) == [
        "fastkit-1.0.dist-info/METADATA",
        "fastkit-1.0.dist-info/WHEEL",
        "fastkit-1.0.dist-info/entry_points.txt",
        "fastkit.py",
        "handler.py",
        "requirements.txt",
        "shopkit-1.0.dist-info/METADATA",
        "shopkit-1.0.dist-info/WHEEL",
        "shopkit-1.0.dist-info/entry_points.txt",
        "shopkit/__init__.py",
    ]
    with zipfile.ZipFile(io.BytesIO(package.zip_bytes)) as opened:
        assert opened.read("fastkit.py") == b"machine = 'aarch64'\n"
    assert not (code / "shopkit").exists()


def test_a_requirement_without_a_ready_build_is_refused(tmp_path: Path, wheels: Path) -> None:
    wheel(wheels, "fastkit", "cp312-cp312-macosx_11_0_arm64", {"fastkit.py": ""})
    code = folder(tmp_path / "code", handler_py=HANDLER, requirements_txt="fastkit\n")
    error = refusal(code, "python3.12")
    assert error.code == "dependencies-not-built"
    assert "fastkit" in error.message


def test_requirements_of_nothing_build_nothing(tmp_path: Path) -> None:
    code = folder(tmp_path, handler_py=HANDLER, requirements_txt="# none yet\n\n")
    assert names(pack(code)) == ["handler.py", "requirements.txt"]


def test_a_manifest_with_dependencies_needs_a_lock_file(tmp_path: Path) -> None:
    code = folder(tmp_path, package_json='{"dependencies": {"left-pad": "1"}}')
    (code / "index.mjs").write_text("export const handler = 1;")
    assert refusal(code, "nodejs22.x").code == "dependencies-not-built"
    folder(code, node_modules__left__pad__index_js="")
    assert "node_modules/left/pad/index.js" in names(pack(code, "nodejs22.x"))


def test_a_manifest_that_is_not_json_is_refused(tmp_path: Path) -> None:
    code = folder(tmp_path, package_json="{", index_js="exports.handler = 1")
    assert refusal(code, "nodejs22.x").code == "dependencies-not-built"


@pytest.mark.nightly
def test_a_lock_file_is_installed_afresh(tmp_path: Path) -> None:
    npm = shutil.which("npm")
    if npm is None:
        pytest.skip("npm is not here")
    local = folder(tmp_path / "kit", package_json='{"name": "kit", "version": "1.0.0"}', index_js="// kit")
    subprocess.run([npm, "pack", "--silent"], cwd=local, check=True, capture_output=True)
    code = folder(tmp_path / "code", index_js="exports.handler = require('kit');")
    (code / "package.json").write_text('{"dependencies": {"kit": "file:kit-1.0.0.tgz"}}')
    (code / "kit-1.0.0.tgz").write_bytes((local / "kit-1.0.0.tgz").read_bytes())
    lock = [npm, "install", "--package-lock-only", "--silent", "--offline"]
    subprocess.run(lock, cwd=code, check=True, capture_output=True)
    folder(code, node_modules__stale__index_js="// of this machine")
    assert "node_modules/kit/index.js" in names(pack(code, "nodejs22.x"))
    assert not [name for name in names(pack(code, "nodejs22.x")) if "stale" in name]


def test_packing_reads_and_writes_nothing_of_the_callers_folder(tmp_path: Path) -> None:
    code = folder(tmp_path / "code", handler_py=HANDLER)
    script = (
        "import sys; from pathlib import Path; from ddbinsert.handlers import package_code\n"
        "package_code(Path(sys.argv[1]), runtime='python3.13', handler=None, architecture='arm64')"
    )
    subprocess.run([sys.executable, "-c", script, str(code)], check=True, cwd=tmp_path)
    assert sorted(path.name for path in code.iterdir()) == ["handler.py"]


def packed_zip(path: Path, names: dict[str, str], method: int = zipfile.ZIP_DEFLATED) -> Path:
    with zipfile.ZipFile(path, "w", method) as opened:
        for name, content in names.items():
            entry = zipfile.ZipInfo(name)
            entry.external_attr, entry.compress_type = 0o644 << 16, method
            opened.writestr(entry, content)
    return path


@pytest.mark.parametrize(
    ("more", "method", "says"),
    [
        (
            {"../evil.py": ""},
            zipfile.ZIP_DEFLATED,
            "not relative paths inside the function's folder (../evil.py)",
        ),
        ({"/etc/evil": ""}, zipfile.ZIP_DEFLATED, "(/etc/evil)"),
        ({"C:/evil": ""}, zipfile.ZIP_DEFLATED, "(C:/evil)"),
        ({"pkg\\evil.py": ""}, zipfile.ZIP_DEFLATED, "(pkg\\evil.py)"),
        ({}, zipfile.ZIP_BZIP2, "another method than deflate"),
        ({}, zipfile.ZIP_LZMA, "another method than deflate"),
        ({".env": "", "deep/id_rsa": ""}, zipfile.ZIP_DEFLATED, "look like secrets (.env, deep/id_rsa)"),
        ({"a..b/..c.py": "", "env": ""}, zipfile.ZIP_DEFLATED, None),
    ],
)
def test_what_is_odd_in_a_ready_archive_is_named(
    more: dict[str, str], method: int, says: str | None, tmp_path: Path
) -> None:
    code = packed_zip(tmp_path / "code.zip", {"handler.py": HANDLER, **more}, method)
    notes = package_code(code, runtime="python3.12", handler=None, architecture="x86_64").notes
    assert [note for note in notes if says is None or says not in note] == []
    assert bool(notes) is (says is not None)


@pytest.mark.parametrize(
    ("runtime", "files", "says"),
    [
        ("nodejs22.x", {"index.js": "export const handler = async () => 1;\n"}, "name it .mjs"),
        (
            "nodejs20.x",
            {"index.js": "import fs from 'fs';\nexport { handler } from './a.mjs';\n"},
            "name it .mjs",
        ),
        ("nodejs24.x", {"index.js": "export const handler = async () => 1;\n"}, None),
        ("nodejs22.x", {"index.js": "exports.handler = async () => 1;\n"}, None),
        ("nodejs22.x", {"index.mjs": "export const handler = async () => 1;\n"}, None),
        (
            "nodejs22.x",
            {"index.js": "export const handler = async () => 1;\n", "package.json": '{"type": "module"}'},
            None,
        ),
        (
            "nodejs22.x",
            {"index.js": "exports.handler = async () => 1;\n", "package.json": '{"type": "module"}'},
            "name it .cjs",
        ),
        ("nodejs22.x", {"index.js": "exports.handler = async () => 1;\n", "package.json": "[]"}, None),
    ],
)
def test_a_module_of_the_other_kind_is_named(
    runtime: str, files: dict[str, str], says: str | None, tmp_path: Path
) -> None:
    code = packed_zip(tmp_path / "code.zip", files)
    notes = package_code(code, runtime=runtime, handler="index.handler", architecture="x86_64").notes
    assert [says in note for note in notes if says is not None] == [True] * len(notes)
    assert bool(notes) is (says is not None)


@pytest.mark.parametrize(
    "source",
    [
        f"\ufeff{HANDLER}",
        "def make():\n    global handler\n    def handler(event, context): ...\nmake()\n",
    ],
)
def test_a_handler_that_python_finds_is_found(source: str, tmp_path: Path) -> None:
    (tmp_path / "handler.py").write_text(source, encoding="utf-8")
    package = package_code(tmp_path, runtime="python3.12", handler="handler.handler", architecture="x86_64")
    assert names(package) == ["handler.py"]


def test_the_key_of_a_service_account_is_a_secret(tmp_path: Path) -> None:
    code = folder(tmp_path / "code", handler_py=HANDLER)
    (code / "account.json").write_text('{"private_key": "-----BEGIN PRIVATE KEY-----\\nMII"}')
    (code / "data.json").write_text('{"key": 1}')
    package = package_code(code, runtime="python3.12", handler=None, architecture="x86_64")
    assert names(package) == ["data.json", "handler.py"]
    assert any("account.json" in note for note in package.notes)
