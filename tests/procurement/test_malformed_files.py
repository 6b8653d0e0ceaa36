"""A package that is broken, in whatever way, is refused as a file of another kind."""

from __future__ import annotations

import zipfile
from io import BytesIO
from pathlib import Path
from typing import Any

import pytest

from procurement.actions.files import TYPES, add_document
from procurement.errors import Invalid
from procurement.models import CompetitionDocument, Event
from tests.competed import Contest, planned

SAID = TYPES[".odt"].encode()


def packed(method: int = zipfile.ZIP_STORED, name: str = "mimetype") -> bytes:
    made = BytesIO()
    with zipfile.ZipFile(made, "w", method) as package:
        package.writestr(name, SAID)
    return made.getvalue()


def spoilt(method: int) -> bytes:
    """The data of its part, which begin behind the local header and the name, are no data of that method."""
    content, begin = bytearray(packed(method)), 30 + len("mimetype")
    size = int.from_bytes(content[18:22], "little")
    content[begin : begin + size] = b"\xff" * size
    return bytes(content)


def misnamed() -> bytes:
    """A name that is said to be UTF-8 and is not."""
    return packed(name="word/é").replace("é".encode(), b"\xff\xff")


def cut_off() -> bytes:
    """Its part is said to have more bytes than there are, and to lie where none can."""
    content = bytearray(packed())
    directory = content.index(b"PK\x01\x02")
    content[directory + 20 : directory + 28] = (2**31).to_bytes(4, "little") * 2
    content[18:26] = (2**31).to_bytes(4, "little") * 2
    return bytes(content)


def far_away() -> bytes:
    """Its part is said to begin behind the last place that a file can have."""
    content = bytearray(packed())
    directory = content.index(b"PK\x01\x02")
    content[directory + 42 : directory + 46] = b"\xff" * 4
    place = b"\x01\x00\x08\x00" + (2**64 - 100).to_bytes(8, "little")
    content[directory + 30 : directory + 32] = len(place).to_bytes(2, "little")
    end = content.index(b"PK\x05\x06")
    size = int.from_bytes(content[end + 12 : end + 16], "little")
    content[end + 12 : end + 16] = (size + len(place)).to_bytes(4, "little")
    content[end:end] = place
    return bytes(content)


@pytest.mark.parametrize(
    ("name", "content"),
    [
        ("a.odt", spoilt(zipfile.ZIP_DEFLATED)),
        ("a.ods", spoilt(zipfile.ZIP_BZIP2)),
        ("a.odt", spoilt(zipfile.ZIP_LZMA)),
        ("a.docx", misnamed()),
        ("a.odt", cut_off()),
        ("a.odt", far_away()),
        ("a.odt", packed()[:-30]),
        ("a.pdf", misnamed()),
    ],
    ids=["deflated", "bzip2", "lzma", "a name", "cut off", "far away", "no end", "another ending"],
)
def test_a_broken_package_is_no_file_of_its_kind(
    contest: Contest, settings: Any, tmp_path: Path, name: str, content: bytes
) -> None:
    settings.MEDIA_ROOT = tmp_path
    call_off = planned(contest)
    events = Event.objects.count()
    with pytest.raises(Invalid) as refusal:
        add_document(contest.market.buyer, call_off.reference, name, [content])
    assert [(one.pointer, one.code) for one in refusal.value.faults] == [("/file", "other_type")]
    assert (CompetitionDocument.objects.count(), Event.objects.count()) == (0, events)
    assert list(tmp_path.iterdir()) == []
