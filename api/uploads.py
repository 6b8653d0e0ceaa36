"""Files that arrive as a request's body: kept in a temporary file while their digest is taken, whatever their
size.
"""

from __future__ import annotations

import hashlib
import tempfile
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import IO, Any, Final

from django.conf import settings
from rest_framework.parsers import BaseParser

from api.errors import Problem

CHUNK: Final = 1 << 16


@dataclass(frozen=True, slots=True)
class Upload:
    """A body on its way to an import, and the digest of all of it."""

    file: IO[bytes]
    digest: str

    def chunks(self) -> Iterator[bytes]:
        self.file.seek(0)
        while chunk := self.file.read(CHUNK):
            yield chunk


class JSONLinesParser(BaseParser):
    """One JSON object a line. Reads the whole body into a temporary file; raises Problem (413) beyond the
    setting API_IMPORT_MAX_BYTES.
    """

    media_type = "application/x-ndjson"

    def parse(  # type: ignore[override]
        self, stream: Any, media_type: str | None = None, parser_context: Mapping[str, Any] | None = None
    ) -> Upload:
        limit: int = settings.API_IMPORT_MAX_BYTES
        file = tempfile.TemporaryFile()  # noqa: SIM115 - it lives as long as the request
        digest = hashlib.sha256()
        size = 0
        while chunk := stream.read(CHUNK):
            size += len(chunk)
            if size > limit:
                file.close()
                raise Problem(413, f"The file is longer than {limit:,} bytes.")
            digest.update(chunk)
            file.write(chunk)
        return Upload(file, digest.hexdigest())
