"""Files that come with competitions, tenders and claims: looked at by content, kept outside the web's root under names
of ours.

Journey: POST .../documents/ or .../files/ -> here -> below MEDIA_ROOT -> whoever may read it (procurement/sealing.py)
fetches it through `opened`. A file that is refused is removed at once; one whose row falls with a transaction around
the action (the same upload sent twice at once), or whose process is killed, by actions/retention.py a day later.
"""

from __future__ import annotations

import hashlib
import re
import unicodedata
import zipfile
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from io import BytesIO
from pathlib import PurePath
from typing import IO, Any, Final

import puremagic
from django.core.files.base import ContentFile
from django.core.files.storage import default_storage
from django.db import transaction
from django.utils import timezone

from procurement.actions.call_offs import happening, locked_call_off, move, permitted, unapproved
from procurement.actions.claims import claim_step, locked_claim, move_claim
from procurement.actions.competitions import planned, require_open
from procurement.actions.events import record
from procurement.actions.steps import not_theirs
from procurement.actions.tenders import locked_tender, step_of, take
from procurement.errors import Conflict, Fault, Invalid, NotFound
from procurement.models import CallOff, Claim, ClaimFile, Competition, CompetitionDocument, Tender, TenderFile
from procurement.models.base import opaque
from procurement.packages import BROKEN
from procurement.parts import buyer_parts
from procurement.permissions import Actor
from procurement.profiles import Reader
from procurement.querysets_competitions import CompetitionQuerySet, TenderQuerySet
from procurement.querysets_outcomes import ClaimQuerySet
from procurement.sealing import file_open_to
from procurement.states import Part

LARGEST: Final = 25 * 1024 * 1024
"""Bytes of one file."""
FOLDER: Final = "files"
"""Below MEDIA_ROOT."""
MOST_FILES: Final = 30
"""Of one competition, and of one tender."""
NAME_LENGTH: Final = 150
WORD: Final = "application/vnd.openxmlformats-officedocument"
TYPES: Final[dict[str, str]] = {
    ".pdf": "application/pdf",
    ".docx": f"{WORD}.wordprocessingml.document",
    ".xlsx": f"{WORD}.spreadsheetml.sheet",
    ".pptx": f"{WORD}.presentationml.presentation",
    ".odt": "application/vnd.oasis.opendocument.text",
    ".ods": "application/vnd.oasis.opendocument.spreadsheet",
    ".png": "image/png",
    ".jpg": "image/jpeg",
    ".txt": "text/plain",
    ".csv": "text/csv",
}
"""What is taken, by the ending of its name; the content must be what the ending says."""
_PARTS: Final = {".docx": "word/", ".xlsx": "xl/", ".pptx": "ppt/"}
_UNSAFE: Final = re.compile(r'[\x00-\x1f\x7f-\x9f<>:"/\\|?*\u200b-\u200f\u2028-\u202e\u2060-\u2069\ufeff]')
"""Of a name: what file systems refuse, and what is not seen but turns or hides what is."""


@dataclass(frozen=True, slots=True)
class Read:
    """A file as it arrived, judged by its content."""

    name: str
    media_type: str
    content: bytes
    digest: str


def add_document(actor: Actor, reference: str, name: object, chunks: Iterable[bytes]) -> CompetitionDocument:
    """Puts a document with a call-off's competition: told at publishing, or by the next amendment where it is out.

    Raises NotFound, NotPermitted; Conflict once the deadline has passed or with too many; Invalid at /file and /name.
    """
    read = _read(name, chunks)
    with _kept(read, actor) as columns, transaction.atomic():
        competition = _open_competition(actor, reference)
        if competition.documents.filter(removed_at=None).count() >= MOST_FILES:
            raise Conflict(f"At most {MOST_FILES} documents.")
        made = CompetitionDocument.objects.create(
            reference=opaque("doc"),
            competition=competition,
            **columns,
        )
        told = {"document": made.reference, "digest": made.digest}
        record(actor, happening(competition.call_off, "call_off.document_added", told))
        _approval_falls(actor, competition.call_off)
    return made


def remove_document(actor: Actor, reference: str, document: str) -> None:
    """Takes away a document that no supplier was told of. Raises NotFound, NotPermitted, Conflict."""
    with transaction.atomic():
        competition = _open_competition(actor, reference)
        found = competition.documents.filter(reference=document, removed_at=None).first()
        if found is None:
            raise NotFound(f"There is no document {document}.")
        if found.told_at is not None:
            raise Conflict("Suppliers were told of it: it stays.")
        found.removed_at = timezone.now()
        found.save(update_fields=["removed_at"])
        told = {"document": document}
        record(actor, happening(competition.call_off, "call_off.document_removed", told))
        _approval_falls(actor, competition.call_off)


def add_tender_file(
    actor: Actor, reference: str, revision: int, name: object, part: object, chunks: Iterable[bytes]
) -> TenderFile:
    """Puts a file with the draft of a tender; what is of the price (`part` "price") stays hidden until the quality is
    agreed. It counts once the tender is submitted with it.

    Raises NotFound, NotPermitted, Stale; Conflict once the deadline has passed or with too many; Invalid at /file,
    /name, /part.
    """
    faults: list[Fault] = []
    chosen = Reader("/part", faults).choice(part, TenderFile.Part.values)
    if faults:
        raise Invalid("The file was not taken.", tuple(faults))
    read = _read(name, chunks)
    with _kept(read, actor) as columns, transaction.atomic():
        tender = locked_tender(actor, reference, revision)
        step_of(actor, tender, "draft")
        require_open(tender.competition)
        if tender.files.filter(removed_at=None).count() >= MOST_FILES:
            raise Conflict(f"At most {MOST_FILES} files.")
        made = TenderFile.objects.create(
            reference=opaque("fil"),
            tender=tender,
            part=chosen,
            **columns,
        )
        take(actor, tender, "draft", {})
    return made


def remove_tender_file(actor: Actor, reference: str, revision: int, file: str) -> None:
    """Takes a file out of the draft; with what was submitted it stays. Raises NotFound, NotPermitted, Stale,
    Conflict.
    """
    with transaction.atomic():
        tender = locked_tender(actor, reference, revision)
        step_of(actor, tender, "draft")
        require_open(tender.competition)
        found = tender.files.filter(reference=file, removed_at=None).first()
        if found is None:
            raise NotFound(f"There is no file {file}.")
        found.removed_at = timezone.now()
        found.save(update_fields=["removed_at"])
        take(actor, tender, "draft", {})


def add_claim_file(
    actor: Actor, reference: str, revision: int, name: object, chunks: Iterable[bytes]
) -> ClaimFile:
    """The lead supplier puts a file with a claim as evidence, until it is verified or rejected.

    Raises NotFound, NotPermitted, Stale; Conflict once it was, or with too many; Invalid at /file and /name.
    """
    read = _read(name, chunks)
    with _kept(read, actor) as columns, transaction.atomic():
        claim, contract = locked_claim(actor, reference, revision)
        step = claim_step(actor, claim, contract, "add_file")
        if claim.files.count() >= MOST_FILES:
            raise Conflict(f"At most {MOST_FILES} files.")
        made = ClaimFile.objects.create(
            reference=opaque("evd"),
            claim=claim,
            **columns,
        )
        move_claim(actor, claim, step, {"file": made.reference, "digest": made.digest})
    return made


def opened(actor: Actor, reference: str) -> tuple[CompetitionDocument | TenderFile | ClaimFile, IO[bytes]]:
    """A file that the actor may read, and its bytes; the caller closes them. Raises NotFound, also for what is
    sealed.
    """
    document = (
        CompetitionDocument.objects.filter(reference=reference, purged_at=None)
        .select_related("competition__call_off")
        .first()
    )
    if document is not None:
        seen = CompetitionQuerySet(Competition).seen_by(actor).filter(pk=document.competition_id).exists()
        buys = bool(buyer_parts(actor, document.competition.call_off))
        if seen and (document.told_at is not None or buys):
            return document, default_storage.open(document.stored_as)
        raise NotFound(f"There is no file {reference}.")
    evidence = ClaimFile.objects.filter(reference=reference).first()
    if evidence is not None and ClaimQuerySet(Claim).seen_by(actor).filter(pk=evidence.claim_id).exists():
        return evidence, default_storage.open(evidence.stored_as)
    file = TenderFile.objects.filter(reference=reference, purged_at=None).first()
    if file is not None:
        tenders = TenderQuerySet(Tender)
        tender = tenders.seen_by(actor).told().filter(pk=file.tender_id).first()
        if tender is not None:
            file.tender = tender
            if file_open_to(actor, file):
                return file, default_storage.open(file.stored_as)
    raise NotFound(f"There is no file {reference}.")


def _open_competition(actor: Actor, reference: str) -> Competition:
    call_off = locked_call_off(actor, reference, None)
    if Part.OWNER not in buyer_parts(actor, call_off):
        raise not_theirs("documents", {Part.OWNER})
    competition = planned(call_off)
    if call_off.status == CallOff.Status.OUT:
        require_open(competition)
    else:
        permitted(actor, call_off, "edit")
    return competition


def _approval_falls(actor: Actor, call_off: CallOff) -> None:
    """What was approved, and has not gone out, had other documents."""
    if call_off.status == CallOff.Status.APPROVED:
        fields, fell = unapproved(call_off)
        move(actor, call_off, "edit", {"fields": ["competition.documents"]}, *fields, also=fell)


def _read(name: object, chunks: Iterable[bytes]) -> Read:
    """Reads a file whole (at most LARGEST bytes) and judges it. Raises Invalid."""
    faults: list[Fault] = []
    text = Reader("/name", faults).text(name, NAME_LENGTH, required=True)
    kept = _UNSAFE.sub("_", unicodedata.normalize("NFC", text)).strip(" .")
    ending = PurePath(kept.lower()).suffix.replace(".jpeg", ".jpg")
    if not faults and ending not in TYPES:
        faults.append(Fault("/name", "ending", f"Files end in one of: {', '.join(sorted(TYPES))}."))
    content = bytearray()
    for chunk in chunks:
        content += chunk
        if len(content) > LARGEST:
            faults.append(Fault("/file", "too_long", f"At most {LARGEST:,} bytes."))
            break
    if not content:
        faults.append(Fault("/file", "required", "The file is empty."))
    if not faults and not _is(ending, bytes(content)):
        faults.append(Fault("/file", "other_type", f"Its content is not what {ending} says."))
    if faults:
        raise Invalid("The file was not taken.", tuple(faults))
    return Read(kept, TYPES[ending], bytes(content), hashlib.sha256(content).hexdigest())


def _is(ending: str, content: bytes) -> bool:
    """Whether the content is of the kind that its name's ending says."""
    if ending in (".txt", ".csv"):
        try:
            return "\x00" not in content.decode("utf-8-sig")
        except UnicodeDecodeError:
            return False
    if ending in _PARTS or ending in (".odt", ".ods"):
        try:
            with zipfile.ZipFile(BytesIO(content)) as package:
                names = package.namelist()
                if ending in _PARTS:
                    macros = any(one.endswith("vbaProject.bin") for one in names)
                    return not macros and any(one.startswith(_PARTS[ending]) for one in names)
                # No more of it than is compared: packed, a small file may hold a part of any size.
                with package.open("mimetype") as part:
                    said = part.read(len(TYPES[ending]) + 3)
                return said.decode("ascii", "replace").strip() == TYPES[ending]
        except BROKEN:
            # No archive, no such part, cut off, encrypted, or packed in a way that is not known.
            return False
    try:
        found = {one.extension.replace(".jpeg", ".jpg") for one in puremagic.magic_string(content)}
    except puremagic.PureError:
        return False
    return ending in found


@contextmanager
def _kept(read: Read, actor: Actor) -> Iterator[dict[str, Any]]:
    """A file under a name of ours, as the columns of its row (StoredFile). Goes around the action's own transaction,
    which makes the row: where that fails, the file is removed.
    """
    stored = _store(read)
    try:
        yield {
            "name": read.name,
            "stored_as": stored,
            "media_type": read.media_type,
            "size": len(read.content),
            "digest": read.digest,
            "actor": actor.reference,
            "added_at": timezone.now(),
        }
    except BaseException:
        default_storage.delete(stored)
        raise


def _store(read: Read) -> str:
    """Writes the bytes under a name of ours, which tells nothing of them."""
    return default_storage.save(f"{FOLDER}/{opaque('f')}", ContentFile(read.content))
