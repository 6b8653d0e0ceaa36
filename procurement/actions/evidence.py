"""The evidence pack of a locked shortlist: asked for, made by the worker from the snapshot alone, kept by its digest.

Journey: POST /api/v1/shortlists/{reference}/evidence-packs/ -> start_evidence -> operation -> (worker) running.py ->
make_evidence -> a file in the data folder -> GET of the same address with the operation's reference.
"""

from __future__ import annotations

import hashlib
import secrets
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final

from django.conf import settings

from procurement.actions.operations import queue
from procurement.actions.snapshots import verdict_on
from procurement.canonical import canonical
from procurement.errors import Conflict, Fault, Invalid, NotFound
from procurement.evidence.content import FORMATS, Source, audit_of, pack_of
from procurement.evidence.paper import paper
from procurement.evidence.workbook import workbook
from procurement.models import Operation, Shortlist, Snapshot
from procurement.permissions import Action, Actor, require
from procurement.querysets import ShortlistQuerySet
from procurement.snapshots import read

EVIDENCE: Final = "evidence_pack"
"""The kind of its operations."""

MAKERS: Final[dict[str, Callable[[Source], bytes]]] = {
    "xlsx": lambda source: workbook(pack_of(source)),
    "pdf": lambda source: paper(pack_of(source)),
    "json": lambda source: canonical({"audit": audit_of(source), "document": source.document}).encode(),
}
STEPS: Final = 3
"""Read and verified, made, kept."""


@dataclass(frozen=True, slots=True)
class EvidenceFile:
    """A pack that was made: where it lies, its format, the name that it is handed out under, its SHA-256."""

    path: Path
    format: str
    name: str
    digest: str


def start_evidence(actor: Actor, reference: str, form: object) -> Operation:
    """Queues the making of a pack in the format (`xlsx`, `pdf` or `json`) of the newest snapshot.

    Raises NotFound, NotPermitted, Conflict unless the shortlist is locked, Invalid at /format.
    """
    shortlist = ShortlistQuerySet(Shortlist).seen_by(actor).filter(reference=reference).first()
    if shortlist is None:
        raise NotFound(f"There is no shortlist {reference}.")
    require(actor, Action.MAKE_EVIDENCE, shortlist.organisation_id)
    if form not in FORMATS:
        fault = Fault("/format", "unknown_value", f"A pack is one of {', '.join(FORMATS)}.")
        raise Invalid("No evidence pack was begun.", (fault,))
    if shortlist.status != Shortlist.Status.LOCKED:
        raise Conflict("Only a locked shortlist has evidence: lock it first.")
    number = shortlist.snapshots.order_by("-number").values_list("number", flat=True)[0]
    told = {"shortlist": reference, "snapshot": number, "format": form}
    return queue(actor, EVIDENCE, told, shortlist.organisation_id, {"shortlist": reference})


def make_evidence(parameters: Mapping[str, Any], progress: Callable[[int, int], None]) -> dict[str, Any]:
    """Makes the pack that start_evidence has asked for and keeps the file; answers the operation's result.

    `progress` is told how many of the steps are done. Raises Conflict where the snapshot is not what was locked:
    what was altered is no evidence.
    """
    progress(0, STEPS)
    reference, number, form = (parameters[name] for name in ("shortlist", "snapshot", "format"))
    snapshot = Snapshot.objects.select_related("shortlist").get(shortlist__reference=reference, number=number)
    document = read(snapshot.document)
    verdict = verdict_on(snapshot)
    if document is None or not verdict.valid:
        faults = tuple(Fault(one.pointer, one.code, one.message) for one in verdict.differences)
        raise Conflict("The snapshot is not what was locked.", faults)
    progress(1, STEPS)
    made = MAKERS[form](Source(document, snapshot.digest))
    progress(2, STEPS)
    digest = _kept(made, form)
    progress(STEPS, STEPS)
    return {
        "shortlist": reference,
        "snapshot": number,
        "snapshot_digest": snapshot.digest,
        "format": form,
        "sha256": digest,
        "size": len(made),
    }


def evidence_file(actor: Actor, reference: str, operation: str) -> EvidenceFile:
    """The file of an operation of this shortlist, for those who may see the shortlist.

    Raises NotFound, Conflict while it is not made, or was not.
    """
    if not ShortlistQuerySet(Shortlist).seen_by(actor).filter(reference=reference).exists():
        raise NotFound(f"There is no shortlist {reference}.")
    found = Operation.objects.filter(kind=EVIDENCE, reference=operation).first()
    if found is None or found.parameters["shortlist"] != reference:
        raise NotFound(f"The shortlist has no evidence pack {operation}.")
    if found.status != Operation.Status.SUCCEEDED or found.result is None:
        raise Conflict(f"The evidence pack is {found.get_status_display().lower()}.")
    form, digest = found.result["format"], found.result["sha256"]
    path = _place(digest, form)
    if not path.is_file():
        raise NotFound("The file is no longer kept: ask for another pack, which says the same.")
    name = f"{reference}-snapshot-{found.result['snapshot']}.{form}"
    return EvidenceFile(path, form, name, digest)


def _place(digest: str, form: str) -> Path:
    return Path(settings.CALLOFF_DATA) / "evidence" / f"{digest}.{form}"


def _kept(made: bytes, form: str) -> str:
    """Writes the file under its digest, whole or not at all; the same bytes are kept once."""
    digest = hashlib.sha256(made).hexdigest()
    path = _place(digest, form)
    path.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
    if not path.exists():
        passing = path.with_name(f".{secrets.token_hex(8)}")
        passing.write_bytes(made)
        passing.replace(path)
    return digest
