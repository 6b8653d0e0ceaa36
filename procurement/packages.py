"""Packages that people send, which are zips: workbooks of rates, and documents of offices among a purchase's files."""

from __future__ import annotations

import lzma
import zipfile
import zlib
from typing import Final

BROKEN: Final = (
    KeyError, ValueError, IndexError, TypeError, AttributeError, OSError, EOFError, RuntimeError, SyntaxError,
    OverflowError, zipfile.BadZipFile, zlib.error, lzma.LZMAError,
)  # fmt: skip
"""What readers of a package raise where it is not what it says."""
