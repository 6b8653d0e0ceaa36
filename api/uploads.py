"""Files that arrive as a request's body: copied to a temporary file while their digest is taken, whatever their
size.
"""

from __future__ import annotations

import hashlib
import tempfile
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from typing import IO, Any, Final

from django.conf import settings
from rest_framework.parsers import BaseParser

from api.errors import Problem

CHUNK: Final = 1 << 16


@dataclass(frozen=True, slots=True)
class Upload:
    """A body that has arrived whole, and the digest of all of it."""

    file: IO[bytes]
    digest: str

    def chunks(self) -> Iterator[bytes]:
        self.file.seek(0)
        while chunk := self.file.read(CHUNK):
            yield chunk


@dataclass(frozen=True, slots=True)
class Body:
    """A body still to be read. The REST framework parses while it authenticates, before anything is allowed:
    whoever is refused then has cost no file.
    """

    stream: Any

    @contextmanager
    def received(self) -> Iterator[Upload]:
        """Reads all of it into a temporary file, gone at the end; raises Problem (413) beyond the setting
        API_IMPORT_MAX_BYTES.
        """
        limit: int = settings.API_IMPORT_MAX_BYTES
        digest = hashlib.sha256()
        size = 0
        with tempfile.TemporaryFile() as file:
            while chunk := self.stream.read(CHUNK):
                size += len(chunk)
                if size > limit:
                    raise Problem(413, f"The file is longer than {limit:,} bytes.")
                digest.update(chunk)
                file.write(chunk)
            yield Upload(file, digest.hexdigest())


class JSONLinesParser(BaseParser):
    """One JSON object a line, handed on unread."""

    media_type = "application/x-ndjson"

    def parse(  # type: ignore[override]
        self, stream: Any, media_type: str | None = None, parser_context: Mapping[str, Any] | None = None
    ) -> Body:
        return Body(stream)
