"""The database itself refuses what no rule may let through."""

from __future__ import annotations

from collections.abc import Callable
from datetime import date

import pytest
from django.db import IntegrityError, connection, transaction

from procurement.models import (
    Appointment,
    Framework,
    Grade,
    Lot,
    Offering,
    Organisation,
    Partner,
    ProfileVersion,
    RateCard,
    RateCardVersion,
    RateLine,
    Specialism,
    Supplier,
    SupplierMember,
)
from procurement.references import listing_reference, numbered, slug

START = date(2025, 1, 1)


@pytest.fixture
def lot(db: None) -> Lot:
    owner = Organisation.objects.create(reference="owner", name="Owner", scheme="XX-DEMO", identifier="1")
    framework = Framework.objects.create(
        reference="cx1", number="CX1", name="One", owner=owner, status="live", starts_on=START,
        ends_on=date(2027, 1, 1), regime="pa2023",
    )  # fmt: skip
    return Lot.objects.create(framework=framework, reference="cx1~5a", number="5a", position=1, name="Lot")


@pytest.fixture
def appointment(lot: Lot) -> Appointment:
    supplier = Supplier.objects.create(reference="s", name="S", form="prime")
    for reference in ("one", "two", "three"):
        organisation = Organisation.objects.create(reference=reference, name=reference)
        Partner.objects.create(reference=reference, organisation=organisation)
    SupplierMember.objects.create(
        supplier=supplier, partner=Partner.objects.get(reference="one"), role="lead", joined_on=START
    )
    return Appointment.objects.create(reference="a", supplier=supplier, lot=lot, starts_on=START)


def two_leads(appointment: Appointment) -> None:
    two = Partner.objects.get(reference="two")
    SupplierMember.objects.create(supplier=appointment.supplier, partner=two, role="lead", joined_on=START)


def a_member_twice(appointment: Appointment) -> None:
    one = Partner.objects.get(reference="one")
    SupplierMember.objects.create(supplier=appointment.supplier, partner=one, role="member", joined_on=START)


def a_member_who_left_before_joining(appointment: Appointment) -> None:
    two = Partner.objects.get(reference="two")
    SupplierMember.objects.create(
        supplier=appointment.supplier, partner=two, role="member", joined_on=START, left_on=date(2024, 12, 31)
    )


def a_member_twice_at_one_time(appointment: Appointment) -> None:
    two = Partner.objects.get(reference="two")
    for joined, left in ((START, date(2025, 6, 1)), (date(2025, 5, 31), date(2025, 9, 1))):
        SupplierMember.objects.create(
            supplier=appointment.supplier, partner=two, role="member", joined_on=joined, left_on=left
        )


def a_member_that_comes_back_before_it_left(appointment: Appointment) -> None:
    two = Partner.objects.get(reference="two")
    for joined, left in ((START, date(2025, 6, 1)), (date(2025, 6, 1), None)):
        SupplierMember.objects.create(
            supplier=appointment.supplier, partner=two, role="member", joined_on=joined, left_on=left
        )
    SupplierMember.objects.filter(left_on=date(2025, 6, 1)).update(left_on=date(2025, 6, 2))


def a_second_lead_for_a_time(appointment: Appointment) -> None:
    two = Partner.objects.get(reference="two")
    SupplierMember.objects.create(
        supplier=appointment.supplier, partner=two, role="lead", joined_on=START, left_on=date(2025, 2, 1)
    )


def a_member_made_lead(appointment: Appointment) -> None:
    two = Partner.objects.get(reference="two")
    SupplierMember.objects.create(supplier=appointment.supplier, partner=two, role="member", joined_on=START)
    SupplierMember.objects.filter(partner=two).update(role="lead")


def an_appointment_of_nobody(appointment: Appointment) -> None:
    supplier = Supplier.objects.create(reference="empty", name="Empty", form="not_stated")
    Appointment.objects.create(reference="c", supplier=supplier, lot=appointment.lot, starts_on=START)


def another_lot(appointment: Appointment, framework: Framework | None = None) -> Lot:
    home = framework or appointment.lot.framework
    lot = Lot.objects.create(
        framework=home, reference=f"{home.reference}~9", number="9", position=9, name="Ninth"
    )
    Specialism.objects.create(reference=f"{lot.reference}~1", lot=lot, number="1", position=1, name="Far")
    Grade.objects.create(lot=lot, reference=f"{lot.reference}~g1", code="G1", name="One", rank=1)
    return lot


def another_framework(appointment: Appointment) -> Framework:
    return Framework.objects.create(
        reference="cx2", number="CX2", name="Two", owner=appointment.lot.framework.owner, status="live",
        starts_on=START, ends_on=date(2027, 1, 1), regime="pa2023",
    )  # fmt: skip


def an_offering_on_another_lot(appointment: Appointment) -> None:
    far = another_lot(appointment).specialisms.get()
    Offering.objects.create(
        appointment=appointment, partner=Partner.objects.get(reference="one"), specialism=far, regions=["UK"]
    )


def an_offering_on_another_framework(appointment: Appointment) -> None:
    far = another_lot(appointment, another_framework(appointment)).specialisms.get()
    Offering.objects.create(
        appointment=appointment, partner=Partner.objects.get(reference="one"), specialism=far, regions=["UK"]
    )


def an_offering_moved_to_another_lot(appointment: Appointment) -> None:
    offering = Offering.objects.create(
        appointment=appointment, partner=Partner.objects.get(reference="one"), regions=["UK"]
    )
    Offering.objects.filter(pk=offering.pk).update(specialism=another_lot(appointment).specialisms.get())


def an_offering_of_a_stranger(appointment: Appointment) -> None:
    three = Partner.objects.get(reference="three")
    Offering.objects.create(appointment=appointment, partner=three, regions=["UK"])


def a_specialism_moved_to_another_lot(appointment: Appointment) -> None:
    Specialism.objects.filter(lot=another_lot(appointment)).update(lot=appointment.lot)


def a_lot_moved_to_another_framework(appointment: Appointment) -> None:
    Lot.objects.filter(pk=appointment.lot_id).update(framework=another_framework(appointment))


def an_appointment_moved_to_another_lot(appointment: Appointment) -> None:
    Appointment.objects.filter(pk=appointment.pk).update(lot=another_lot(appointment))


def an_appointment_twice(appointment: Appointment) -> None:
    Appointment.objects.create(
        reference="b", supplier=appointment.supplier, lot=appointment.lot, starts_on=START
    )


def the_same_lot_number(appointment: Appointment) -> None:
    Lot.objects.create(
        framework=appointment.lot.framework, reference="cx1~other", number="5a", position=2, name="Again"
    )


def a_lot_without_a_route(appointment: Appointment) -> None:
    Lot.objects.create(
        framework=appointment.lot.framework, reference="cx1~6", number="6", position=2, name="None",
        direct_award=False, competition=False,
    )  # fmt: skip


def an_identifier_twice(appointment: Appointment) -> None:
    Organisation.objects.create(reference="copy", name="Copy", scheme="XX-DEMO", identifier="1")


def half_an_identifier(appointment: Appointment) -> None:
    Organisation.objects.create(reference="half", name="Half", scheme="XX-DEMO", identifier="")


def not_stated_twice(appointment: Appointment) -> None:
    one = Partner.objects.get(reference="one")
    Offering.objects.create(appointment=appointment, partner=one, regions=["UK"])
    Offering.objects.create(appointment=appointment, partner=one, regions=["UK"])


def two_published_profiles(appointment: Appointment) -> None:
    one = Partner.objects.get(reference="one")
    for number in (1, 2):
        ProfileVersion.objects.create(
            partner=one, number=number, status="published", name="One", digest="", actor="system"
        )


def rate_line(appointment: Appointment, **fields: object) -> None:
    card = RateCard.objects.create(
        reference="card", supplier=appointment.supplier, framework=appointment.lot.framework
    )
    version = RateCardVersion.objects.create(card=card, number=1, status="draft", digest="", actor="system")
    grade = Grade.objects.create(lot=appointment.lot, reference="cx1~5a~g1", code="G1", name="One", rank=1)
    values: dict[str, object] = {"grade": grade, "price_minor": 60000} | fields
    RateLine.objects.create(version=version, key="1", ordinal=1, **values)


def a_rate_on_another_framework_s_lot(appointment: Appointment) -> None:
    rate_line(appointment, lot=another_lot(appointment, another_framework(appointment)))


def a_rate_by_another_framework_s_grade(appointment: Appointment) -> None:
    rate_line(appointment, grade=another_lot(appointment, another_framework(appointment)).grades.get())


def a_rate_by_another_lot_s_grade(appointment: Appointment) -> None:
    rate_line(appointment, lot=appointment.lot, grade=another_lot(appointment).grades.get())


def a_card_moved_to_another_framework(appointment: Appointment) -> None:
    rate_line(appointment)
    RateCard.objects.update(framework=another_framework(appointment))


def a_draft_moved_to_another_card(appointment: Appointment) -> None:
    rate_line(appointment)
    version = RateCardVersion.objects.create(
        card=RateCard.objects.get(), number=2, status="draft", digest="", actor="system"
    )
    other = RateCard.objects.create(
        reference="other", supplier=appointment.supplier, framework=another_framework(appointment)
    )
    RateCardVersion.objects.filter(pk=version.pk).update(card=other)


def a_rate_of_nothing(appointment: Appointment) -> None:
    rate_line(appointment, price_minor=0)


def a_rate_for_nobody(appointment: Appointment) -> None:
    rate_line(appointment, grade=None)


def experience_out_of_order(appointment: Appointment) -> None:
    rate_line(appointment, min_experience=8, max_experience=5)


def written(change: Callable[[Appointment], None], appointment: Appointment) -> None:
    """Makes the change and asks what a transaction is asked at its end."""
    with transaction.atomic():
        change(appointment)
        connection.check_constraints()


@pytest.mark.parametrize(
    "wrong",
    [
        two_leads,
        a_member_twice,
        a_member_who_left_before_joining,
        a_member_twice_at_one_time,
        a_member_that_comes_back_before_it_left,
        a_second_lead_for_a_time,
        a_member_made_lead,
        an_appointment_of_nobody,
        an_offering_on_another_lot,
        an_offering_on_another_framework,
        an_offering_moved_to_another_lot,
        an_offering_of_a_stranger,
        a_specialism_moved_to_another_lot,
        a_lot_moved_to_another_framework,
        an_appointment_moved_to_another_lot,
        a_rate_on_another_framework_s_lot,
        a_rate_by_another_framework_s_grade,
        a_rate_by_another_lot_s_grade,
        a_card_moved_to_another_framework,
        a_draft_moved_to_another_card,
        an_appointment_twice,
        the_same_lot_number,
        a_lot_without_a_route,
        an_identifier_twice,
        half_an_identifier,
        not_stated_twice,
        two_published_profiles,
        a_rate_of_nothing,
        a_rate_for_nobody,
        experience_out_of_order,
    ],
)
def test_the_database_refuses(wrong: Callable[[Appointment], None], appointment: Appointment) -> None:
    connection.check_constraints()
    with pytest.raises(IntegrityError):
        written(wrong, appointment)


def without_a_first_lead(appointment: Appointment) -> None:
    supplier = Supplier.objects.create(reference="empty", name="Empty", form="not_stated")
    three = Partner.objects.get(reference="three")
    SupplierMember.objects.create(supplier=supplier, partner=three, role="member", joined_on=START)


def whose_lead_has_left(appointment: Appointment) -> None:
    SupplierMember.objects.filter(role="lead").update(left_on=date(2025, 6, 1))


def whose_lead_is_removed(appointment: Appointment) -> None:
    SupplierMember.objects.filter(role="lead").delete()


@pytest.mark.parametrize("wrong", [without_a_first_lead, whose_lead_has_left, whose_lead_is_removed])
def test_at_the_end_of_a_transaction_no_supplier_is_without_a_lead(
    wrong: Callable[[Appointment], None], appointment: Appointment
) -> None:
    if connection.vendor == "sqlite":
        pytest.skip("SQLite's triggers cannot wait for the end of a transaction")
    connection.check_constraints()
    with pytest.raises(IntegrityError, match="A supplier has a lead"):
        written(wrong, appointment)


def test_a_lead_may_hand_over_on_the_day_it_leaves(appointment: Appointment) -> None:
    handed_over = date(2025, 6, 1)
    two = Partner.objects.get(reference="two")
    SupplierMember.objects.filter(role="lead").update(left_on=handed_over)
    SupplierMember.objects.create(
        supplier=appointment.supplier, partner=two, role="lead", joined_on=handed_over
    )
    connection.check_constraints()
    assert SupplierMember.objects.filter(role="lead").count() == 2


def test_a_line_without_a_lot_may_be_by_a_grade_of_any_lot_of_its_framework(appointment: Appointment) -> None:
    rate_line(appointment, lot=None, grade=another_lot(appointment).grades.get())
    assert RateLine.objects.get().grade == Grade.objects.get(lot__number="9")


def test_bodies_without_a_known_register_number_may_stand_side_by_side(appointment: Appointment) -> None:
    assert Organisation.objects.filter(scheme="", identifier="").count() == 3


@pytest.mark.parametrize(
    ("status", "on", "expected"),
    [
        ("live", date(2024, 12, 31), "coming"),
        ("live", date(2025, 1, 1), "live"),
        ("live", date(2027, 1, 1), "live"),
        ("live", date(2027, 1, 2), "expired"),
        ("standstill", date(2030, 1, 1), "standstill"),
    ],
)
def test_a_framework_is_open_from_its_first_to_its_last_day(
    lot: Lot, status: str, on: date, expected: str
) -> None:
    lot.framework.status = status
    assert lot.framework.status_on(on) == expected
    assert lot.framework.open_to_call_offs(on) is (expected == "live")


@pytest.mark.django_db
def test_numbered_references_count_up_within_their_kind_and_year() -> None:
    assert numbered("OP", date(2026, 5, 1), 6) == "OP-2026-000001"
    assert numbered("OP", date(2026, 6, 1), 6) == "OP-2026-000002"
    assert numbered("OP", date(2027, 1, 1), 6) == "OP-2027-000001"
    assert numbered("REQ", date(2026, 6, 1)) == "REQ-2026-0001"


@pytest.mark.parametrize(
    ("name", "reference"),
    [
        ("Лаборатория услуг", "firm-722208d0"),
        ("  ЛАБОРАТОРИЯ   услуг ", "firm-722208d0"),
        ("Лаборатория 21", "firm-725a32db"),
        ("株式会社", "firm-9b8d0ee8"),
        ("???", "firm-32e84994"),
    ],
)
def test_a_name_without_latin_letters_gives_a_word_of_its_own(name: str, reference: str) -> None:
    assert slug(name, set()) == reference
    assert slug(name, {reference}) == f"{reference}-2"
    assert slug(name, set(), "measure") == reference.replace("firm", "measure")
    assert slug(name, set(), identifier=("GB-COH", "01234567")) == "gb-coh-01234567"


def test_slugs_are_readable_and_never_taken_twice() -> None:
    assert slug("OPM Group", set()) == "opm-group"
    assert slug("OPM Group", {"opm-group", "opm-group-2"}) == "opm-group-3"
    assert slug("3745", set()) == "3745"
    assert listing_reference("rm3745", "ppl", "opm-group") == "rm3745~ppl~opm-group"
