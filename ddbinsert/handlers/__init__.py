"""The handlers that come with ddbinsert, a folder each, and the packages that functions are made of."""

from __future__ import annotations

from ddbinsert.core.package import Package, Statement
from ddbinsert.handlers.bundle import bundle
from ddbinsert.handlers.code import package_archive, package_code

__all__ = ["Package", "Statement", "bundle", "package_archive", "package_code"]
