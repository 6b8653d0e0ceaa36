"""What the page of an invitation shows the side of its supplier, read in a bounded number of queries.

A wanted partner reads what is asked; the tender is read by the lead and by the members that the lead lets write, the
contract by its parties.
"""

from __future__ import annotations

import json
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Final

from django.utils import timezone

from procurement.departed import left_of
from procurement.models import (
    Amendment,
    CallOff,
    Clarification,
    CompetitionDocument,
    Contract,
    Invitation,
    LowPriceQuestion,
    SupplierMember,
    Tender,
    TenderFile,
    TenderRevision,
)
from procurement.order_form import content_of
from procurement.parts import supplier_parts, tender_parts
from procurement.permissions import Actor
from procurement.querysets_call_offs import ContractQuerySet
from procurement.querysets_competitions import ClarificationQuerySet, TenderQuerySet
from procurement.sealing import open_to
from procurement.states import TENDERS, Part
from procurement.tender_document import edited_since
from procurement.tender_facts import asked_about

BEFORE_DEADLINE: Final = ("decline", "let", "draft", "submit", "confirm", "withdraw")
WRITES: Final = frozenset({Part.LEAD, Part.MEMBER})
NOT_SAID: Final[dict[str, Any]] = {
    "criteria": [],
    "ranked": None,
    "successful": None,
    "nobody": None,
    "standstill_until": None,
    "standstill_from_notice": False,
}
"""What a letter leaves out where its outcome has none of it: that the outcome is open again says no score, and where
somebody is awarded nothing of nobody.
"""


@dataclass(frozen=True, slots=True)
class Letter:
    """What the tenderer was told once: its content, digest and moment."""

    reference: str
    content: dict[str, Any]
    digest: str
    at: datetime


@dataclass(frozen=True, slots=True)
class InvitationPage:
    """Everything that the template lays out. `told` is what was published, `need` the requirement as it now stands.
    `actions` are what the reader may do now, of the invitation and its tender; without `own` nothing of the tender but
    its status is shown. `edited`: what is being written is no longer what was submitted.
    """

    told: dict[str, Any]
    need: dict[str, Any]
    documents: tuple[CompetitionDocument, ...]
    clarifications: tuple[Clarification, ...]
    amendments: tuple[Amendment, ...]
    tender: Tender | None
    own: bool
    files: tuple[TenderFile, ...]
    receipts: tuple[TenderRevision, ...]
    edited: bool
    members: tuple[tuple[str, str, bool], ...]
    low_price: LowPriceQuestion | None
    letters: tuple[Letter, ...]
    contract: Contract | None
    actions: frozenset[str]
    left: tuple[str, ...]


def own_tender(invitation: Invitation, actor: Actor) -> Tender | None:
    """The invitation's tender, None where there is none or the reader may not see it."""
    rows = TenderQuerySet(Tender).seen_by(actor).told().select_related("invitation__card_version__card")
    return rows.filter(invitation=invitation).first()


def invitation_page(invitation: Invitation, tender: Tender | None, actor: Actor) -> InvitationPage:
    """Reads all of it for somebody of the supplier's side."""
    competition = invitation.competition
    call_off = competition.call_off
    parts = supplier_parts(actor, invitation.asked.appointment)
    own = False
    if tender is not None:
        parts |= tender_parts(actor, tender)
        own = open_to(actor, tender).own
    seen = ClarificationQuerySet(Clarification).seen_by(actor).filter(competition=competition)
    asked = asked_about(tender) if own and tender else None
    files = tuple(tender.files.filter(removed_at=None)) if own and tender else ()
    receipts = tuple(tender.revisions.order_by("-number")) if own and tender else ()
    return InvitationPage(
        told=json.loads(competition.document),
        need=content_of(call_off).to_json(),
        documents=tuple(competition.documents.filter(removed_at=None).exclude(told_at=None)),
        clarifications=tuple(seen),
        amendments=tuple(competition.amendments.all()),
        tender=tender,
        own=own,
        files=files,
        receipts=receipts,
        edited=bool(tender and receipts and edited_since(tender, receipts[0], files)),
        members=_members(tender) if tender is not None and Part.LEAD in parts else (),
        low_price=asked,
        letters=tuple(
            Letter(one.reference, NOT_SAID | json.loads(one.document), one.digest, one.at)
            for one in (tender.letters.order_by("-pk") if own and tender else ())
        ),
        contract=_contract(invitation, actor),
        actions=frozenset(actions_of(invitation, tender, parts, asked)),
        left=tuple(left_of(tender)) if own and tender else (),
    )


def actions_of(
    invitation: Invitation, tender: Tender | None, parts: frozenset[Part], asked: LowPriceQuestion | None
) -> set[str]:
    """What somebody with these parts may do now, by the clock."""
    competition, now = invitation.competition, timezone.now()
    out = competition.call_off.status == CallOff.Status.OUT
    runs = out and competition.deadline is not None and now < competition.deadline
    found = set()
    interest = competition.interest_until
    if out and Part.LEAD in parts and interest and now < interest and competition.invited_at is None:
        found |= {"interested", "not_interested"}
    if runs and competition.clarify_until and now < competition.clarify_until and parts & WRITES:
        found.add("ask")
    if tender is None:
        return found
    available = set(TENDERS.available(tender.status, parts))
    if runs:
        found |= available & set(BEFORE_DEADLINE)
    if tender.current_id is None or tender.confirmed >= competition.material:
        found.discard("confirm")
    if "answer_price" in available and asked is not None and asked.accepted is None:
        found.add("answer_price")
    return found


def _contract(invitation: Invitation, actor: Actor) -> Contract | None:
    """The contract that the supplier was awarded, the newest, where the reader may see one."""
    if invitation.competition.closed_at is None:
        return None
    rows = ContractQuerySet(Contract).seen_by(actor).filter(call_off=invitation.competition.call_off)
    return rows.filter(appointment=invitation.asked.appointment).order_by("-pk").first()


def _members(tender: Tender) -> tuple[tuple[str, str, bool], ...]:
    """The supplier's members beside its lead: reference, name, and whether they may write."""
    let = {one.pk for one in tender.drafters.all()}
    rows = SupplierMember.objects.filter(
        supplier=tender.invitation.asked.appointment.supplier_id,
        left_on=None,
        role=SupplierMember.Role.MEMBER,
    ).select_related("partner__organisation")
    return tuple(
        (one.partner.reference, one.partner.organisation.name, one.partner_id in let) for one in rows
    )
