"""Files that arrive as a request's body: copied to a temporary file while their digest is taken, whatever their
size.
"""

from __future__ import annotations

import hashlib
import tempfile
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from typing import IO, Any, ClassVar, Final

from django.conf import settings
from django.core.files.uploadedfile import UploadedFile
from django.http import QueryDict
from rest_framework.exceptions import UnsupportedMediaType
from rest_framework.parsers import BaseParser, MultiPartParser
from rest_framework.request import Request

from api.errors import Problem, escaped, fault
from procurement.actions.files import LARGEST
from procurement.actions.operations import LARGEST_ON_A_FORM

CHUNK: Final = 1 << 16
LARGEST_FORM: Final = LARGEST + 64 * 1024
"""Bytes of a form with a file: the file, and what is said of it."""


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


class FileParser(MultiPartParser):
    """A form with one file and what is said of it; what is longer than its file may be is refused before it is read.
    `longest` is how many bytes that is.
    """

    longest: ClassVar[int] = LARGEST_FORM

    def parse(
        self, stream: Any, media_type: str | None = None, parser_context: Mapping[str, Any] | None = None
    ) -> Any:
        said = str(stream.META.get("CONTENT_LENGTH") or "0") if hasattr(stream, "META") else "0"
        if said.isascii() and said.isdigit() and int(said) > self.longest:
            raise Problem(413, f"The form is longer than {self.longest:,} bytes.")
        return super().parse(stream, media_type, parser_context)


class SheetParser(FileParser):
    """A form with a sheet, which may be as large as on the page that takes one."""

    longest: ClassVar[int] = LARGEST_ON_A_FORM + 64 * 1024


@dataclass(frozen=True, slots=True)
class Form:
    """A form that has arrived: its one file under the name that the sender gave it, and its other fields."""

    name: str
    file: UploadedFile
    digest: str
    fields: Mapping[str, str]

    def chunks(self) -> Iterator[bytes]:
        self.file.seek(0)
        yield from self.file.chunks(CHUNK)


def form_of(request: Request, known: Sequence[str]) -> Form:
    """The form of a request: the part `file` and fields of `known`, each at most once. Raises Problem (400), and
    UnsupportedMediaType (415) for what is no form.
    """
    data = request.data
    # A body without a byte is parsed by nobody, whatever it is told to be.
    if not isinstance(data, QueryDict) or not request.content_type.lower().startswith(FileParser.media_type):
        raise UnsupportedMediaType(request.content_type)
    files = [(name, one) for name, many in request.FILES.lists() for one in many]
    texts = [(name, one) for name, many in data.lists() for one in many if isinstance(one, str)]
    wrong = [name for name, _ in files if name != "file"] + [name for name, _ in texts if name not in known]
    errors = [
        fault("unknown_field", "There is no field of this name here.", pointer=f"/{escaped(name)}")
        for name in dict.fromkeys(wrong)
    ]
    if len([one for one in files if one[0] == "file"]) != 1:
        errors.append(fault("required", "Send one file, as the part `file`.", pointer="/file"))
    fields = dict(texts)
    errors += [
        fault("twice", "This may be sent once.", pointer=f"/{escaped(name)}")
        for name in fields
        if len(data.getlist(name)) > 1
    ]
    if errors:
        raise Problem(400, "The form is not one that this address takes.", errors=errors)
    file = files[0][1]
    digest = hashlib.sha256()
    for chunk in file.chunks(CHUNK):
        digest.update(chunk)
    return Form(file.name or "", file, digest.hexdigest(), fields)
