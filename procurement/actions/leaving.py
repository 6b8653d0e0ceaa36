"""A firm leaves a consortium: what that means for those who have asked for it or bought from it.

From that day on no offer or invitation names it (rules.py asks for membership, departed.py takes it out of what goes
out); buyers with an open offer or a live contract that wanted it are told by an event each, and the lead of each live
tender: its buyer reads it with the tender, once that is opened, and is told of nothing before. History keeps that it
belonged.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from datetime import date

from django.db import transaction
from django.db.models import Q
from django.utils import timezone

from procurement.actions.events import Happening, record_many
from procurement.actions.suppliers import MemberDraft, SupplierDraft, save_suppliers
from procurement.actions.tenders import happening
from procurement.errors import Conflict, NotFound
from procurement.models import CallOff, CallOffSupplier, Contract, Offer, SupplierMember, Tender
from procurement.models.call_offs import LIVE_OFFER
from procurement.permissions import SYSTEM, Action, Actor, can, require
from procurement.states import CALL_OFFS

LIVE_TENDER = (
    Tender.Status.INVITED,
    Tender.Status.VIEWED,
    Tender.Status.DRAFT,
    Tender.Status.SUBMITTED,
    Tender.Status.SUCCESSFUL,
)
DECIDED = (*CALL_OFFS.last, CallOff.Status.AWARDED)
LIVE_CONTRACT = (Contract.Status.UNSIGNED, Contract.Status.ACTIVE, Contract.Status.EXTENDED)


def leave_supplier(actor: Actor, supplier: str, partner: str) -> SupplierMember:
    """The actor's firm belongs to the consortium no longer, from today on.

    Raises NotFound where it does not belong, NotPermitted; Conflict for the lead, which another must become first.
    """
    with transaction.atomic():
        member = (
            SupplierMember.objects.select_for_update(of=("self",))
            .select_related("partner", "supplier")
            .filter(supplier__reference=supplier, partner__reference=partner, left_on=None)
            .first()
        )
        if member is None or not can(actor, Action.SEE_JOININGS, member.partner.organisation_id):
            raise NotFound(f"You act for no member {partner} of {supplier}.")
        require(actor, Action.LEAVE_SUPPLIER, member.partner.organisation_id)
        if member.role == SupplierMember.Role.LEAD:
            raise Conflict("The lead does not leave: the framework owner names another lead first.")
        today = timezone.localdate()
        left = MemberDraft(partner, member.role, member.joined_on, max(today, member.joined_on))
        save_suppliers(SYSTEM, [SupplierDraft(supplier, member.supplier.name, member.supplier.form, (left,))])
        record_many(actor, list(_told(member, today)))
        member.refresh_from_db()
    return member


def _told(member: SupplierMember, today: date) -> Iterator[Happening]:
    """One event for each open offer and live contract in which the firm is wanted."""
    wanted = CallOffSupplier.objects.filter(
        partners=member.partner_id, appointment__supplier=member.supplier_id
    )
    changes = {"left_on": today.isoformat()}
    offers = Offer.objects.filter(asked__in=wanted, status__in=LIVE_OFFER)
    for offer in offers.select_related("call_off__organisation").order_by("pk"):
        references = _references(member, offer.call_off.reference, offer.call_off.organisation.reference)
        yield Happening("offer.partner_left", "offer", offer.reference, references, changes)
    yield from _of_tenders(member, changes)
    contracts = Contract.objects.filter(
        status__in=LIVE_CONTRACT, call_off__suppliers__in=wanted, appointment__supplier=member.supplier_id
    )
    for contract in contracts.select_related("call_off__organisation").distinct().order_by("pk"):
        call_off = contract.call_off
        references = _references(member, call_off.reference, call_off.organisation.reference)
        yield Happening("contract.partner_left", "contract", contract.reference, references, changes)


def _of_tenders(member: SupplierMember, changes: dict[str, str]) -> Iterator[Happening]:
    """One event for each tender of the supplier that is not decided on and that wants the firm, or lets it write."""
    names = Q(invitation__asked__partners=member.partner_id) | Q(drafters=member.partner_id)
    tenders = (
        Tender.objects.filter(
            names, status__in=LIVE_TENDER, invitation__asked__appointment__supplier=member.supplier_id
        )
        .exclude(competition__call_off__status__in=DECIDED)
        .select_related("competition__call_off__organisation", "invitation__asked__appointment__supplier")
        .prefetch_related("drafters")
    )
    for tender in tenders.distinct().order_by("pk"):
        told = happening(tender, "tender.partner_left", changes)
        references = told.references | {"partner": member.partner.reference}
        if tender.competition.opened_at is None:
            # Until the tenders are opened the buyer reads nothing of whom one names.
            references.pop("organisation", None)
        yield replace(told, references=references)


def _references(member: SupplierMember, call_off: str, organisation: str) -> dict[str, str]:
    return {
        "call_off": call_off,
        "organisation": organisation,
        "supplier": member.supplier.reference,
        "partner": member.partner.reference,
    }
