"""Symbolic links in a function's archive: Lambda unpacks them as links, and with this patch so does the emulator.

MiniStack unpacks with ``ZipFile.extractall``, which writes the link's target into a file. As in ``warm_up``, nothing else
depends on this: if a patched name has changed, links become such files, as without the patch.
"""

from __future__ import annotations

import os
import stat
import types
import zipfile
from pathlib import Path
from typing import Any


class LinkingZipFile(zipfile.ZipFile):
    """An archive whose links are unpacked as links; a link that leads out of the folder becomes a file."""

    def extractall(self, path: Any = None, members: Any = None, pwd: Any = None) -> None:
        super().extractall(path, members, pwd)
        root = os.path.realpath(path or os.curdir)
        for entry in self.infolist():
            if stat.S_ISLNK(entry.external_attr >> 16):
                place = Path(root, entry.filename)
                target = self.read(entry).decode("utf-8", "replace")
                if _is_inside(os.path.realpath(place.parent / target), root):
                    place.unlink(missing_ok=True)
                    place.symlink_to(target)


def _is_inside(target: str, root: str) -> bool:
    return target == root or target.startswith(root + os.sep)


def unpack_links(runtime: Any) -> None:
    """Patch MiniStack's Lambda runtime to unpack links in archives.

    Args:
        runtime: The module ``ministack.core.lambda_runtime``.
    """
    plain = runtime.zipfile
    runtime.zipfile = types.SimpleNamespace(**{**vars(plain), "ZipFile": LinkingZipFile})
