"""The handler templates of ddbinsert, one folder each, and the deployment packages of functions.

The modules that package the user's own code are imported at their first use.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from ddbinsert.core.model.package import Package, Statement
from ddbinsert.handlers.bundle import bundle
from ddbinsert.lazy import lazy_attributes

if TYPE_CHECKING:
    from ddbinsert.handlers.code import package_archive, package_code
    from ddbinsert.handlers.settings import check_settings

__all__ = ["Package", "Statement", "bundle", "check_settings", "package_archive", "package_code"]

__getattr__ = lazy_attributes(
    __name__, {"check_settings": "settings", "package_archive": "code", "package_code": "code"}
)
