"""The emulator's environment variables: not inherited, because handlers inherit all of them."""

from __future__ import annotations

import os
import site
from pathlib import Path
from typing import TYPE_CHECKING

from ddbinsert.local.emulator import ACCOUNT_ID, DEFAULT_REGION, HOST, SECRET_ACCESS_KEY

if TYPE_CHECKING:
    from collections.abc import Mapping

#: Variables without secrets that an interpreter or ``node`` may need to start.
INHERITED = ("LD_LIBRARY_PATH", "TZ")


def emulator_environment(
    environ: Mapping[str, str], *, directory: Path, port: int, key: str
) -> dict[str, str]:
    """The complete environment of an emulator with its files in ``directory`` that listens on ``port``.

    Args:
        environ: The caller's environment, of which only PATH, PYTHONPATH and ``INHERITED`` are passed on.
        key: Passed to handlers as their session token, the only credential that MiniStack passes on unchanged, so that
            their SDK calls are accepted by the guard.
    """
    return {
        **{name: environ[name] for name in INHERITED if name in environ},
        **_python(environ),
        "PATH": environ.get("PATH") or os.defpath,
        "LANG": "C.UTF-8",
        "HOME": str(directory / "home"),
        "TMPDIR": str(directory / "tmp"),
        **_ministack(directory, port),
        **_aws(port, key),
    }


def folders(directory: Path) -> tuple[Path, ...]:
    """The folders in these variables, which must be created before."""
    return directory / "home", directory / "tmp", directory / "state"


def _python(environ: Mapping[str, str]) -> dict[str, str]:
    # Its separate home folder hides packages installed with `pip install --user`, and it runs in another folder.
    variables = {"PYTHONUTF8": "1"}
    if site.ENABLE_USER_SITE:
        variables["PYTHONUSERBASE"] = site.getuserbase()
    path = [str(Path(entry).absolute()) for entry in environ.get("PYTHONPATH", "").split(os.pathsep) if entry]
    ours = Path(__file__).resolve().parents[2]
    if ours.name not in {"site-packages", "dist-packages"}:
        path.append(str(ours))
    return {**variables, **({"PYTHONPATH": os.pathsep.join(path)} if path else {})}


def _ministack(directory: Path, port: int) -> dict[str, str]:
    return {
        "BIND_HOST": HOST,
        "GATEWAY_PORT": str(port),
        "MINISTACK_HOST": HOST,
        "MINISTACK_ACCOUNT_ID": ACCOUNT_ID,
        "MINISTACK_REGION": DEFAULT_REGION,
        "STATE_DIR": str(directory / "state"),
        "S3_DATA_DIR": str(directory / "state" / "s3"),
        "IOT_MTLS_ENABLED": "0",
        "SFTP_ENABLED": "0",
        "LAMBDA_EXECUTOR": "local",
        "LOG_LEVEL": "WARNING",
        # At its start and end MiniStack removes every container that looks like one of its own, even the user's.
        # A socket that does not exist prevents it from using Docker.
        "DOCKER_HOST": f"unix://{directory / 'no-docker.sock'}",
    }


def _aws(port: int, key: str) -> dict[str, str]:
    return {
        "AWS_ENDPOINT_URL": f"http://{HOST}:{port}",
        "AWS_ACCESS_KEY_ID": ACCOUNT_ID,
        "AWS_SECRET_ACCESS_KEY": SECRET_ACCESS_KEY,
        "AWS_SESSION_TOKEN": key,
        "AWS_CONFIG_FILE": os.devnull,
        "AWS_SHARED_CREDENTIALS_FILE": os.devnull,
        "AWS_EC2_METADATA_DISABLED": "true",
        "NO_PROXY": "*",
        "no_proxy": "*",
    }
