"""The dependencies of own code in requirements.txt or package.json, installed for the function's platform.

Python: only wheels (pip's --platform), because packages compiled here would be compiled for this machine. Node.js:
``npm ci`` from the lock file, for linux and the function's processor, without running the packages' scripts. Bytecode,
shell scripts (they contain the path of this machine's interpreter) and installers' metadata are left out, so that the
archive has the same bytes on every machine.
"""

from __future__ import annotations

import importlib.util
import json
import os
import re
import shutil
import subprocess
import sys
import tempfile
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING

from ddbinsert.core.model.bounds import LARGEST_UNZIPPED
from ddbinsert.errors import PrerequisiteError, UsageError
from ddbinsert.handlers.entry import family_of
from ddbinsert.handlers.folder_files import gather
from ddbinsert.handlers.requirements import REQUIREMENTS as _REQUIREMENTS
from ddbinsert.handlers.requirements import read_requirements, written

if TYPE_CHECKING:
    from collections.abc import Sequence

    from ddbinsert.handlers.folder_files import Gathered

_MANIFEST = "package.json"
_LOCKS = ("package-lock.json", "npm-shrinkwrap.json")
# Metadata of the installers, not of the packages; RECORD has hashes of scripts with this interpreter's path.
_NOTES = re.compile(r"[^/]+\.dist-info/(RECORD|INSTALLER|REQUESTED|direct_url\.json)|bin/.*|\.lock")
#: The minor version (of 2.x) of the glibc of Amazon Linux 2023 and of Amazon Linux 2.
_GLIBC_2023 = 34
_GLIBC_2 = 26
#: The oldest glibc of manylinux, and its names before PEP 600.
_OLDEST_GLIBC = {"x86_64": 5, "aarch64": 17}
_LEGACY = {17: "2014", 12: "2010", 5: "1"}
_AMAZON_LINUX_2 = ("python3.8", "python3.9", "python3.10", "python3.11")


def with_dependencies(gathered: Gathered, folder: Path, *, runtime: str, architecture: str) -> Gathered:
    """The files together with their dependencies; a user's file takes precedence over one with the same name.

    Raises:
        PrerequisiteError: pip and uv, or npm, are not installed.
        UsageError: The dependencies are not available for this platform.
    """
    family = family_of(runtime)
    with tempfile.TemporaryDirectory(prefix="ddbinsert-") as build:
        if family == "python" and _has_requirements(gathered.files.get(_REQUIREMENTS)):
            found = read_requirements(gathered.files[_REQUIREMENTS], folder, os.environ)
            with tempfile.TemporaryDirectory(prefix="ddbinsert-") as lists:
                given = written(found, Path(lists))
                built = _python(folder, Path(build), given, runtime, architecture)
        elif family == "nodejs" and _has_dependencies(gathered.files.get(_MANIFEST)):
            if not any(lock in gathered.files for lock in _LOCKS):
                return _as_installed(gathered, folder)
            built = _node(gathered, Path(build), architecture)
        else:
            return gathered
    kept = {name: content for name, content in built.files.items() if not _NOTES.fullmatch(name)}
    return replace(
        gathered,
        files={**kept, **gathered.files},
        executable=gathered.executable | (built.executable & kept.keys()),
        links={**built.links, **gathered.links},
    )


def _has_requirements(requirements: bytes | None) -> bool:
    lines = (requirements or b"").decode("utf-8", "replace").splitlines()
    return any(line.strip() and not line.strip().startswith("#") for line in lines)


def _python(folder: Path, build: Path, given: Sequence[str], runtime: str, architecture: str) -> Gathered:
    version = runtime.removeprefix("python")
    command = [*_installer(), "--target", str(build), "--only-binary", ":all:", "--python-version", version]
    if "uv" in Path(command[0]).name:
        machine = "aarch64" if architecture == "arm64" else "x86_64"
        command += ["--python-platform", f"{machine}-manylinux_2_{17 if runtime in _AMAZON_LINUX_2 else 28}"]
    else:
        command += ["--no-compile", "--implementation", "cp", "--disable-pip-version-check", "--no-input"]
        for platform in _platforms(runtime, architecture):
            command += ["--platform", platform]
    _run([*command, "--quiet", *given], folder, _REQUIREMENTS, f"{runtime} on {architecture}")
    return gather(build, largest=LARGEST_UNZIPPED, is_installed=True)


def _installer() -> list[str]:
    if importlib.util.find_spec("pip") is not None:
        return [sys.executable, "-m", "pip", "install"]
    uv = shutil.which("uv")
    if uv is not None:
        return [uv, "pip", "install"]
    raise PrerequisiteError(
        f"The code has a {_REQUIREMENTS}, but neither pip nor uv is installed.",
        hint="Install pip into ddbinsert's environment, or build the archive yourself (function.code: code.zip).",
        code="no-pip",
    )


def _platforms(runtime: str, architecture: str) -> list[str]:
    machine = "aarch64" if architecture == "arm64" else "x86_64"
    tags = []
    for minor in range(_glibc(runtime), _OLDEST_GLIBC[machine] - 1, -1):
        tags.append(f"manylinux_2_{minor}_{machine}")
        if minor in _LEGACY:
            tags.append(f"manylinux{_LEGACY[minor]}_{machine}")
    return tags


def _glibc(runtime: str) -> int:
    return _GLIBC_2 if runtime in _AMAZON_LINUX_2 else _GLIBC_2023


def _has_dependencies(manifest: bytes | None) -> bool:
    if manifest is None:
        return False
    try:
        document = json.loads(manifest)
    except (ValueError, RecursionError) as error:
        raise UsageError(
            f"{_MANIFEST} is not JSON: {error}.", hint="Correct it.", code="dependencies-not-built"
        ) from error
    return isinstance(document, dict) and bool(document.get("dependencies"))


def _as_installed(gathered: Gathered, folder: Path) -> Gathered:
    if any(name.startswith("node_modules/") for name in gathered.files):
        return gathered
    raise UsageError(
        f"{_MANIFEST} in {folder} has dependencies, and there is neither a lock file nor node_modules.",
        hint="Run `npm install` there once, and keep its package-lock.json.",
        code="dependencies-not-built",
    )


def _node(gathered: Gathered, build: Path, architecture: str) -> Gathered:
    npm = shutil.which("npm")
    if npm is None:
        raise PrerequisiteError(
            f"The code has a {_MANIFEST} with dependencies, but npm is not installed.",
            hint="Install Node.js, or build the archive yourself (function.code: code.zip).",
            code="no-npm",
        )
    for name in (_MANIFEST, *_LOCKS):
        if name in gathered.files:
            (build / name).write_bytes(gathered.files[name])
    processor = "arm64" if architecture == "arm64" else "x64"
    command = [npm, "ci", "--omit=dev", "--ignore-scripts", "--no-audit", "--no-fund", "--no-bin-links"]
    command += ["--os=linux", f"--cpu={processor}", "--libc=glibc", "--loglevel=error"]
    _run(command, build, _MANIFEST, f"linux on {architecture}")
    built = gather(build, largest=LARGEST_UNZIPPED, is_installed=True)
    # npm's list of installed packages, which depends on this machine.
    built.files.pop("node_modules/.package-lock.json", None)
    for held in (gathered.files, gathered.links):
        for name in [name for name in held if name.startswith("node_modules/")]:
            del held[name]  # was installed for this machine
    return built


def _run(command: Sequence[str], folder: Path, file: str, platform: str) -> None:
    ended = subprocess.run(  # noqa: S603 - pip, uv or npm, with fixed arguments
        list(command), cwd=folder, capture_output=True, text=True, errors="replace", check=False
    )
    if ended.returncode:
        raise UsageError(
            f"The dependencies in {file} can't be installed for {platform}:\n"
            + "\n".join(_reason(ended.stderr.strip() or ended.stdout.strip())),
            hint="A package without a ready build for this platform must be built in Amazon Linux: build the "
            "archive there, and give that (function.code: code.zip).",
            code="dependencies-not-built",
        )


def _reason(said: str) -> list[str]:
    """The installer's reason: its error lines with their continuations, else its last lines."""
    lines = said.splitlines()
    first = next((at for at, line in enumerate(lines) if _ERROR.match(line)), None)
    return lines[-_SHOWN:] if first is None else lines[first : first + _SHOWN]


#: The beginning of error lines of pip, uv and npm.
_ERROR = re.compile(r"\s*(ERROR|error|npm (ERR!|error))\b|\s*\u00d7")
_SHOWN = 8


def unread_lock(gathered: Gathered, runtime: str) -> str | None:
    """The message about a dependency file that is not read, if there is no requirements.txt."""
    if family_of(runtime) != "python" or _REQUIREMENTS in gathered.files:
        return None
    for name, export in _EXPORTS.items():
        content = gathered.files.get(name)
        if content is not None and (name != "pyproject.toml" or b"dependencies" in content):
            return f"{name} is not read: dependencies come from {_REQUIREMENTS}, which is missing. Create it with {export}"
    return None


#: Files with dependencies, and the command of their tool that writes requirements.txt.
_EXPORTS = {
    "uv.lock": "`uv export --no-hashes --no-emit-project -o requirements.txt`",
    "pdm.lock": "`pdm export --without-hashes -o requirements.txt`",
    "pylock.toml": "the tool that wrote it",
    "poetry.lock": "`poetry export --without-hashes -o requirements.txt`",
    "Pipfile.lock": "`pipenv requirements > requirements.txt`",
    "Pipfile": "`pipenv requirements > requirements.txt`",
    "pyproject.toml": "`pip-compile -o requirements.txt pyproject.toml`",
}
