"""The handlers that come with ddbinsert, a folder each, and the packages that functions are made of.

What packages own code is imported at its first use.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from ddbinsert.core.model.package import Package, Statement
from ddbinsert.handlers.bundle import bundle
from ddbinsert.lazy import late

if TYPE_CHECKING:
    from ddbinsert.handlers.code import package_archive, package_code
    from ddbinsert.handlers.settings import check_settings

__all__ = ["Package", "Statement", "bundle", "check_settings", "package_archive", "package_code"]

__getattr__ = late(
    __name__, {"check_settings": "settings", "package_archive": "code", "package_code": "code"}
)
