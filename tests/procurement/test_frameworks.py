"""A framework is data: published whole, changed in place, its parts never lost."""

from __future__ import annotations

from dataclasses import replace
from datetime import date

import pytest

from procurement.actions.appointments import AppointmentDraft, save_appointments
from procurement.actions.frameworks import (
    FrameworkDraft,
    GradeDraft,
    LotDraft,
    SpecialismDraft,
    save_framework,
)
from procurement.actions.offerings import OfferingDraft, Placement, save_offerings
from procurement.actions.organisations import (
    OrganisationDraft,
    PartnerDraft,
    save_organisations,
    save_partners,
)
from procurement.actions.regions import RegionDraft, TwinDraft, save_regions
from procurement.actions.suppliers import MemberDraft, SupplierDraft, save_suppliers
from procurement.errors import Invalid, NotPermitted
from procurement.models import Event, Framework, Grade, Lot, Region, RegionTwin, Specialism
from procurement.permissions import ANONYMOUS, SYSTEM

pytestmark = pytest.mark.django_db

SPECIALISM = SpecialismDraft("1", "Mergers, acquisitions and divestment", cpv=("66121000",))
LOT = LotDraft("2a", "Finance", (SPECIALISM,), (GradeDraft("G1", "Junior", 1),), competition=True)
DRAFT = FrameworkDraft(
    "rm1", "RM1", "A framework", "owner", "live", date(2024, 1, 1), date(2027, 12, 31), "pcr2015", (LOT,)
)


@pytest.fixture(autouse=True)
def owner() -> None:
    save_organisations(
        SYSTEM, [OrganisationDraft("owner", "Owner", capabilities=frozenset({"framework_owner"}))]
    )


def test_a_framework_under_the_law_of_scotland_is_refused_with_what_is_known() -> None:
    with pytest.raises(Invalid) as refusal:
        save_framework(SYSTEM, replace(DRAFT, regime="pcsr2015"))
    (fault,) = refusal.value.faults
    assert (fault.pointer, fault.code) == ("/regime", "unknown")
    assert "pa2023 (Procurement Act 2023); not under the law of Scotland" in fault.message
    assert not Framework.objects.exists()


def refused(draft: FrameworkDraft) -> list[tuple[str, str]]:
    before = (list(Lot.objects.values()), Event.objects.count())
    with pytest.raises(Invalid) as refusal:
        save_framework(SYSTEM, draft)
    assert (list(Lot.objects.values()), Event.objects.count()) == before
    return [(fault.pointer, fault.code) for fault in refusal.value.faults]


def test_a_lot_or_a_grade_without_a_name_is_refused() -> None:
    lot = DRAFT.lots[0]
    blank = replace(lot, name=" ", grades=(GradeDraft("G9", "\u200b", 9),))
    assert refused(replace(DRAFT, lots=(blank,))) == [
        ("/lots/0/name", "required"),
        ("/lots/0/grades/0/name", "required"),
    ]


def test_a_framework_keeps_its_scheme_while_offerings_name_regions_of_it() -> None:
    save_framework(SYSTEM, DRAFT)
    moved = replace(DRAFT, region_scheme="NUTS2013")
    assert save_framework(SYSTEM, moved).changed == ["rm1"]
    save_partners(SYSTEM, [PartnerDraft("firm", "Firm")])
    first = DRAFT.starts_on
    save_suppliers(SYSTEM, [SupplierDraft("firm", "Firm", "alone", (MemberDraft("firm", "lead", first),))])
    save_appointments(SYSTEM, [AppointmentDraft("firm", "rm1~2a", first)])
    offered = (OfferingDraft("rm1~2a", "rm1~2a~1", ("UK",)),)
    save_offerings(SYSTEM, [Placement("rm1", "firm", "firm", offered)])
    assert refused(DRAFT) == [("/region_scheme", "in_use")]
    assert Framework.objects.get().region_scheme == "NUTS2013"


def test_a_framework_is_published_with_references_for_all_its_parts() -> None:
    assert save_framework(SYSTEM, DRAFT).created == ["rm1"]
    specialism = Specialism.objects.get()
    assert (specialism.reference, specialism.name, specialism.cpv) == (
        "rm1~2a~1", "Mergers, acquisitions and divestment", ["66121000"],
    )  # fmt: skip
    assert specialism.lot.grades.get().reference == "rm1~2a~g1"


def test_the_same_framework_again_changes_nothing() -> None:
    save_framework(SYSTEM, DRAFT)
    before = Event.objects.count()
    assert save_framework(SYSTEM, DRAFT).unchanged == 1
    assert (Event.objects.count(), Framework.objects.get().revision) == (before, 1)


def test_a_change_in_any_part_raises_the_revision_and_keeps_the_references() -> None:
    save_framework(SYSTEM, DRAFT)
    renamed = replace(LOT, name="Public finance", specialisms=(SPECIALISM, SpecialismDraft("2", "Pensions")))
    assert save_framework(SYSTEM, replace(DRAFT, lots=(renamed,))).changed == ["rm1"]
    assert Framework.objects.get().revision == 2
    assert list(Specialism.objects.values_list("reference", flat=True)) == ["rm1~2a~1", "rm1~2a~2"]
    assert Lot.objects.get().name == "Public finance"
    assert Event.objects.filter(type="framework.changed").count() == 1


def test_references_have_no_capitals_whatever_the_numbers_have() -> None:
    assert refused(replace(DRAFT, reference="RM1")) == [("/reference", "shape")]
    lot = replace(LOT, number="2A", specialisms=(replace(SPECIALISM, number="B"),))
    twins = replace(lot, specialisms=(lot.specialisms[0], replace(SPECIALISM, number="b")))
    assert refused(replace(DRAFT, lots=(twins, LOT))) == [
        ("/lots/0/number", "duplicate"),
        ("/lots/0/specialisms/0/number", "duplicate"),
        ("/lots/0/specialisms/1/number", "duplicate"),
        ("/lots/1/number", "duplicate"),
    ]
    save_framework(SYSTEM, replace(DRAFT, lots=(lot,)))
    specialism = Specialism.objects.get()
    assert (specialism.number, specialism.reference, specialism.lot.number) == ("B", "rm1~2a~b", "2A")


def test_a_grade_s_code_ends_its_reference() -> None:
    lot = replace(LOT, grades=(GradeDraft("Band5", "Five", 5), GradeDraft("BAND5", "Twin", 6)))
    assert refused(replace(DRAFT, lots=(lot,))) == [("/lots/0/grades", "duplicate")] * 2
    for code in ("Band 5", "Band~5", "-5", ""):
        odd = replace(LOT, grades=(GradeDraft(code, "Five", 5),))
        assert refused(replace(DRAFT, lots=(odd,))) == [("/lots/0/grades/0/code", "shape")]
    assert not Framework.objects.exists()
    coded = replace(LOT, grades=(GradeDraft("Band5", "Five", 5), GradeDraft("SFIA-6", "Six", 6)))
    save_framework(SYSTEM, replace(DRAFT, lots=(coded,)))
    assert list(Grade.objects.order_by("rank").values_list("reference", flat=True)) == [
        "rm1~2a~band5",
        "rm1~2a~sfia-6",
    ]


def test_a_lot_that_is_there_cannot_go() -> None:
    save_framework(SYSTEM, DRAFT)
    assert refused(replace(DRAFT, lots=(replace(LOT, number="3"),))) == [("/lots", "missing")]


def test_everything_wrong_is_named_at_once() -> None:
    bad = replace(
        LOT,
        competition=False,
        specialisms=(SPECIALISM, replace(SPECIALISM, cpv=("66121000-1",))),
        grades=(GradeDraft("G1", "Junior", 1), GradeDraft("G1", "Senior", 2)),
    )
    draft = replace(DRAFT, lots=(bad, bad), owner="nobody", status="asleep", ends_on=date(2020, 1, 1))
    codes = {(pointer, code) for pointer, code in refused(draft)}
    assert {
        ("/owner", "unknown"), ("/ends_on", "order"), ("/status", "unknown"), ("/lots/0/number", "duplicate"),
        ("/lots/0/competition", "route"), ("/lots/0/specialisms/1/cpv", "shape"),
        ("/lots/0/specialisms/1/number", "duplicate"), ("/lots/0/grades", "duplicate"),
    } <= codes  # fmt: skip


def test_bounds_of_weightings_are_of_what_is_weighed_and_in_their_order() -> None:
    stated = {"price": ["20", "60"], "social_value": ["10", "100"]}
    save_framework(SYSTEM, replace(DRAFT, lots=(replace(LOT, weightings=stated),)))
    assert Lot.objects.get().weightings == stated
    for name, wrong, code in (
        ("colour", ["1", "2"], "unknown"),
        ("price", ["60", "20"], "shape"),
        ("price", ["20", "101"], "shape"),
        ("price", ["20"], "shape"),
        ("price", [20, 60], "shape"),
        ("price", ["NaN", "60"], "shape"),
        ("price", ["much", "60"], "shape"),
    ):
        draft = replace(DRAFT, lots=(replace(LOT, weightings={name: wrong}),))
        assert refused(draft) == [(f"/lots/0/weightings/{name}", code)]
    assert Lot.objects.get().weightings == stated


def test_only_its_owner_or_the_operator_may_publish_a_framework() -> None:
    with pytest.raises(NotPermitted):
        save_framework(ANONYMOUS, DRAFT)
    assert not Framework.objects.exists()


def test_regions_and_twins_are_written_once_and_corrected_in_place() -> None:
    regions = [
        RegionDraft("UK", "UK", 0, "United Kingdom"),
        RegionDraft("UKC", "NUTS2013", 1, "North East", "UK"),
        RegionDraft("TLC", "ITL2025", 1, "North East", "UK"),
    ]
    assert save_regions(SYSTEM, regions, [TwinDraft("UKC", "TLC", same=False)]).created == [
        "UK",
        "UKC",
        "TLC",
    ]
    renamed = [*regions[:2], replace(regions[2], name="North East (England)")]
    outcome = save_regions(SYSTEM, renamed, [TwinDraft("UKC", "TLC", same=True)])
    assert (outcome.changed, outcome.unchanged) == (["TLC"], 2)
    assert Region.objects.get(code="TLC").name == "North East (England)"
    assert RegionTwin.objects.get().same
    before = Event.objects.count()
    save_regions(SYSTEM, renamed, [TwinDraft("UKC", "TLC", same=True)])
    assert Event.objects.count() == before


def test_a_region_without_its_parent_is_refused() -> None:
    with pytest.raises(Invalid) as refusal:
        save_regions(SYSTEM, [RegionDraft("UKC1", "NUTS2013", 2, "Tees Valley", "UKC")], [])
    assert [fault.pointer for fault in refusal.value.faults] == ["/regions/0/parent"]
    assert not Region.objects.exists()
