"""What own code asks for in requirements.txt or package.json, built for the function's platform.

Python: ready wheels only (pip's --platform), because what is compiled here would be compiled for this
machine. Node.js: ``npm ci`` from the lock file, for linux and the function's processor, without running the
packages' own scripts. Bytecode, shell scripts (they name this machine's interpreter) and installers' notes
are left out, so that the archive has the same bytes wherever it is built.
"""

from __future__ import annotations

import importlib.util
import json
import re
import shutil
import subprocess
import sys
import tempfile
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING

from ddbinsert.core.bounds import LARGEST_UNZIPPED
from ddbinsert.errors import PrerequisiteError, UsageError
from ddbinsert.handlers.entry import family_of
from ddbinsert.handlers.gather import gather

if TYPE_CHECKING:
    from collections.abc import Sequence

    from ddbinsert.handlers.gather import Gathered

_REQUIREMENTS = "requirements.txt"
_MANIFEST = "package.json"
_LOCKS = ("package-lock.json", "npm-shrinkwrap.json")
# Of the installers, not of the packages; RECORD holds the hashes of scripts that name this interpreter.
_NOTES = re.compile(r"[^/]+\.dist-info/(RECORD|INSTALLER|REQUESTED|direct_url\.json)|bin/.*|\.lock")
#: Amazon Linux 2023 (glibc 2.34) and Amazon Linux 2 (2.26), the newest wheels that each can load first.
_GLIBC_2023 = ("2_34", "2_28", "2_27", "2_26", "2_24", "2_17", "2014")
_GLIBC_2 = ("2_26", "2_24", "2_17", "2014")
_AMAZON_LINUX_2 = ("python3.8", "python3.9", "python3.10", "python3.11")


def with_dependencies(gathered: Gathered, folder: Path, *, runtime: str, architecture: str) -> Gathered:
    """The files together with what they ask for; the user's own file wins where both have one.

    Raises:
        PrerequisiteError: pip (or uv), or npm, isn't there.
        UsageError: The dependencies can't be had for this platform.
    """
    family = family_of(runtime)
    with tempfile.TemporaryDirectory(prefix="ddbinsert-") as build:
        if family == "python" and _asks(gathered.files.get(_REQUIREMENTS)):
            built = _python(folder, Path(build), runtime, architecture)
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
    )


def _asks(requirements: bytes | None) -> bool:
    lines = (requirements or b"").decode("utf-8", "replace").splitlines()
    return any(line.strip() and not line.strip().startswith("#") for line in lines)


def _python(folder: Path, build: Path, runtime: str, architecture: str) -> Gathered:
    version = runtime.removeprefix("python")
    command = [*_installer(), "--target", str(build), "--only-binary", ":all:", "--python-version", version]
    if "uv" in Path(command[0]).name:
        machine = "aarch64" if architecture == "arm64" else "x86_64"
        command += ["--python-platform", f"{machine}-manylinux_2_28"]
    else:
        command += ["--no-compile", "--implementation", "cp", "--disable-pip-version-check", "--no-input"]
        for platform in _platforms(runtime, architecture):
            command += ["--platform", platform]
    _run([*command, "--quiet", "-r", _REQUIREMENTS], folder, _REQUIREMENTS, f"{runtime} on {architecture}")
    return gather(build, largest=LARGEST_UNZIPPED)


def _installer() -> list[str]:
    if importlib.util.find_spec("pip") is not None:
        return [sys.executable, "-m", "pip", "install"]
    uv = shutil.which("uv")
    if uv is not None:
        return [uv, "pip", "install"]
    raise PrerequisiteError(
        f"The code has a {_REQUIREMENTS}, and neither pip nor uv is there to build it.",
        hint="Install pip into ddbinsert's environment, or build the archive yourself (function.code: code.zip).",
        code="no-pip",
    )


def _platforms(runtime: str, architecture: str) -> list[str]:
    machine = "aarch64" if architecture == "arm64" else "x86_64"
    versions = _GLIBC_2 if runtime in _AMAZON_LINUX_2 else _GLIBC_2023
    return [f"manylinux{'_' if '_' in version else ''}{version}_{machine}" for version in versions]


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
            f"The code has a {_MANIFEST} with dependencies, and npm is not there to install them.",
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
    built = gather(build, largest=LARGEST_UNZIPPED)
    # npm's own account of what it installed, with this machine's choices.
    built.files.pop("node_modules/.package-lock.json", None)
    for name in [name for name in gathered.files if name.startswith("node_modules/")]:
        del gathered.files[name]  # what was installed for this machine
    return built


def _run(command: Sequence[str], folder: Path, file: str, platform: str) -> None:
    ended = subprocess.run(  # noqa: S603 - pip, uv or npm, with arguments of ours
        list(command), cwd=folder, capture_output=True, text=True, errors="replace", check=False
    )
    if ended.returncode:
        said = (ended.stderr.strip() or ended.stdout.strip()).splitlines()
        raise UsageError(
            f"The dependencies in {file} can't be installed for {platform}:\n" + "\n".join(said[-8:]),
            hint="A package without a ready build for this platform must be built in Amazon Linux: build the "
            "archive there, and give that (function.code: code.zip).",
            code="dependencies-not-built",
        )
