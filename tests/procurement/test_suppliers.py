"""Suppliers, their members, their places on lots and what their partners offer: set-wise, whole or not
at all.
"""

from __future__ import annotations

from dataclasses import replace
from datetime import date
from typing import Any

import pytest

from procurement.actions.appointments import AppointmentDraft, save_appointments
from procurement.actions.offerings import OfferingDraft, Placement, save_offerings
from procurement.actions.suppliers import MemberDraft, SupplierDraft, save_suppliers
from procurement.errors import Invalid, NotPermitted
from procurement.models import Appointment, Event, Offering, Supplier, SupplierMember
from procurement.permissions import ANONYMOUS, SYSTEM
from tests.world import LIVE_FROM, editor_of, make_world

pytestmark = pytest.mark.django_db

ASH_AND_ELM = SupplierDraft(
    "pair",
    "Ash and Elm",
    "joint_and_several",
    (MemberDraft("ash", "lead", LIVE_FROM), MemberDraft("elm", "member", LIVE_FROM)),
)
PLACE = AppointmentDraft("oak", "wr1~1", LIVE_FROM)
OFFER = OfferingDraft("wr1~1", "wr1~1~1", ("TLC",))
PLACED = Placement("wr1", "oak", "ash", (OFFER,))


@pytest.fixture(autouse=True, scope="module")
def world(module_database: None) -> None:
    make_world()


def refused(action: Any, drafts: list[Any]) -> list[tuple[str, str]]:
    """Pointers and codes of what was refused, once it is certain that nothing changed."""

    def everything() -> list[Any]:
        tables = (Supplier, SupplierMember, Appointment, Offering)
        return [list(table.objects.order_by("pk").values()) for table in tables] + [Event.objects.count()]

    before = everything()
    with pytest.raises(Invalid) as refusal:
        action(SYSTEM, drafts)
    assert everything() == before
    return [(fault.pointer, fault.code) for fault in refusal.value.faults]


def newest(count: int) -> list[str]:
    return list(Event.objects.order_by("-position").values_list("type", flat=True)[:count])[::-1]


def test_a_supplier_is_made_with_its_members_and_is_left_alone_afterwards() -> None:
    assert save_suppliers(SYSTEM, [ASH_AND_ELM]).created == ["pair"]
    assert newest(3) == ["supplier.created", "supplier.member_joined", "supplier.member_joined"]
    assert save_suppliers(SYSTEM, [ASH_AND_ELM]).unchanged == 1
    assert Supplier.objects.get(reference="pair").revision == 1


def test_a_member_joins_and_another_leaves() -> None:
    save_suppliers(SYSTEM, [ASH_AND_ELM])
    left = MemberDraft("elm", "member", LIVE_FROM, date(2025, 1, 1))
    change = replace(ASH_AND_ELM, members=(left, MemberDraft("yew", "member", date(2025, 1, 1))))
    assert save_suppliers(SYSTEM, [change]).changed == ["pair"]
    current = SupplierMember.objects.filter(supplier__reference="pair", left_on=None)
    assert set(current.values_list("partner__reference", flat=True)) == {"ash", "yew"}
    assert Supplier.objects.get(reference="pair").revision == 2


HANDED_OVER = date(2025, 6, 1)


def test_a_lead_hands_over_to_another_on_the_day_it_leaves() -> None:
    save_suppliers(SYSTEM, [ASH_AND_ELM])
    leaves = replace(ASH_AND_ELM.members[0], left_on=HANDED_OVER)
    change = replace(ASH_AND_ELM, members=(leaves, MemberDraft("yew", "lead", HANDED_OVER)))
    assert save_suppliers(SYSTEM, [change]).changed == ["pair"]
    leads = SupplierMember.objects.filter(supplier__reference="pair", role="lead").order_by("joined_on")
    assert list(leads.values_list("partner__reference", "left_on")) == [("ash", HANDED_OVER), ("yew", None)]


@pytest.mark.parametrize("joined_on", [date(2025, 5, 31), date(2025, 6, 2)])
def test_nobody_leads_beside_another_and_no_day_is_without_a_lead(joined_on: date) -> None:
    save_suppliers(SYSTEM, [ASH_AND_ELM])
    leaves = replace(ASH_AND_ELM.members[0], left_on=HANDED_OVER)
    change = replace(ASH_AND_ELM, members=(leaves, MemberDraft("yew", "lead", joined_on)))
    assert refused(save_suppliers, [change]) == [("/0/members/1/joined_on", "lead")]


def test_a_member_comes_back_no_earlier_than_it_left() -> None:
    left = replace(ASH_AND_ELM.members[1], left_on=HANDED_OVER)
    save_suppliers(SYSTEM, [ASH_AND_ELM])
    save_suppliers(SYSTEM, [replace(ASH_AND_ELM, members=(ASH_AND_ELM.members[0], left))])
    again = replace(ASH_AND_ELM, members=(MemberDraft("elm", "member", date(2025, 5, 31)),))
    assert refused(save_suppliers, [again]) == [("/0/members/0/joined_on", "overlap")]
    save_suppliers(SYSTEM, [replace(again, members=(MemberDraft("elm", "member", HANDED_OVER),))])
    assert SupplierMember.objects.filter(supplier__reference="pair", partner__reference="elm").count() == 2


@pytest.mark.parametrize(
    ("draft", "fault"),
    [
        (replace(ASH_AND_ELM, members=ASH_AND_ELM.members[1:]), ("/0/members", "lead")),
        (replace(ASH_AND_ELM, form="alone"), ("/0/members", "alone")),
        (replace(ASH_AND_ELM, form="club"), ("/0/form", "unknown")),
        (replace(ASH_AND_ELM, reference="a b"), ("/0/reference", "shape")),
        (replace(ASH_AND_ELM, reference="Pair"), ("/0/reference", "shape")),
        (
            replace(ASH_AND_ELM, members=(MemberDraft("nobody", "lead", LIVE_FROM),)),
            ("/0/members/0/partner", "unknown"),
        ),
        (
            replace(ASH_AND_ELM, members=(ASH_AND_ELM.members[0], MemberDraft("elm", "lead", LIVE_FROM))),
            ("/0/members", "lead"),
        ),
    ],
)
def test_a_supplier_that_could_not_be_is_refused(draft: SupplierDraft, fault: tuple[str, str]) -> None:
    assert fault in refused(save_suppliers, [draft])


def test_a_place_is_made_changed_and_suspended_each_with_its_event() -> None:
    place = AppointmentDraft("yew", "wr1~1", LIVE_FROM)
    assert save_appointments(SYSTEM, [place]).created == ["wr1~1~yew"]
    save_appointments(SYSTEM, [replace(place, quality_marks=("Gold",))])
    save_appointments(SYSTEM, [replace(place, quality_marks=("Gold",), status="suspended")])
    assert newest(3) == ["appointment.made", "appointment.changed", "appointment.suspended"]
    made = Appointment.objects.get(reference="wr1~1~yew")
    assert (made.status, made.revision) == ("suspended", 3)


@pytest.mark.parametrize(
    ("draft", "fault"),
    [
        (replace(PLACE, supplier="nobody"), ("/0/supplier", "unknown")),
        (replace(PLACE, lot="wr1~9"), ("/0/lot", "unknown")),
        (replace(PLACE, starts_on=date(2001, 1, 1)), ("/0/starts_on", "range")),
        (replace(PLACE, ends_on=date(2199, 1, 1)), ("/0/ends_on", "range")),
        (replace(PLACE, ends_on=date(2024, 1, 1)), ("/0/ends_on", "order")),
        (replace(PLACE, status="asleep"), ("/0/status", "unknown")),
    ],
)
def test_a_place_that_could_not_be_is_refused(draft: AppointmentDraft, fault: tuple[str, str]) -> None:
    assert fault in refused(save_appointments, [draft])


def test_what_a_partner_offers_is_replaced_as_a_whole() -> None:
    assert save_offerings(SYSTEM, [PLACED]).changed == ["wr1~oak~ash"]
    kept = Offering.objects.filter(partner__reference="ash", appointment__lot__reference="wr1~1")
    assert list(kept.values_list("specialism__reference", "regions")) == [("wr1~1~1", ["TLC"])]
    assert save_offerings(SYSTEM, [PLACED]).unchanged == 1


def test_regions_that_are_not_told_stay_as_they_are_and_are_national_for_a_new_offering() -> None:
    drafts = (replace(OFFER, regions=None), replace(OFFER, specialism="wr1~1~3", regions=None))
    save_offerings(SYSTEM, [replace(PLACED, offerings=drafts)])
    rows = Offering.objects.filter(partner__reference="ash", appointment__lot__reference="wr1~1")
    assert dict(rows.values_list("specialism__reference", "regions")) == {
        "wr1~1~1": ["TLC"], "wr1~1~3": ["UK"],
    }  # fmt: skip


@pytest.mark.parametrize(
    ("offers", "fault"),
    [
        ((replace(OFFER, lot="wr1~2a"),), ("/0/offerings/0/lot", "appointment")),
        ((replace(OFFER, specialism="wr1~2a~1"),), ("/0/offerings/0/specialism", "unknown")),
        ((replace(OFFER, regions=()),), ("/0/offerings/0/regions", "required")),
        ((replace(OFFER, regions=("UKC",)),), ("/0/offerings/0/regions", "unknown")),
        ((replace(OFFER, evidence=("nothing",)),), ("/0/offerings/0/evidence", "unknown")),
        ((OFFER, OFFER), ("/0/offerings/0/specialism", "duplicate")),
        ((OFFER, replace(OFFER, specialism=None)), ("/0/offerings/1/specialism", "not_stated")),
    ],
)
def test_an_offer_that_could_not_be_is_refused(
    offers: tuple[OfferingDraft, ...], fault: tuple[str, str]
) -> None:
    assert fault in refused(save_offerings, [replace(PLACED, offerings=offers)])


def test_a_region_of_the_other_scheme_is_refused_with_the_code_that_shares_its_ground() -> None:
    before = Offering.objects.count()
    with pytest.raises(Invalid) as refusal:
        save_offerings(SYSTEM, [replace(PLACED, offerings=(replace(OFFER, regions=("UKC", "ZZ")),))])
    assert [fault.message for fault in refusal.value.faults] == [
        "UKC is no ITL2025 code; TLC shares its ground.",
        "ZZ is no ITL2025 code.",
    ]
    assert Offering.objects.count() == before


def test_a_partner_offers_only_within_a_supplier_that_it_belongs_to() -> None:
    assert ("/0/supplier", "member") in refused(save_offerings, [replace(PLACED, partner="yew")])


def test_a_firm_may_not_appoint_itself() -> None:
    editor = editor_of("oak", "administrator")
    for actor in (ANONYMOUS, editor):
        with pytest.raises(NotPermitted):
            save_appointments(actor, [AppointmentDraft("oak", "wr1~2a", LIVE_FROM)])
        with pytest.raises(NotPermitted):
            save_offerings(actor, [PLACED])
    assert not Appointment.objects.filter(reference="wr1~2a~oak").exists()
