"""What no action writes the database refuses by itself: tried by SQL, around every action."""

from __future__ import annotations

import re
from collections.abc import Callable
from datetime import date, timedelta
from functools import partial
from importlib import import_module

import pytest
from django.apps import apps
from django.db import IntegrityError, connection, models, transaction
from django.db.models import F

from procurement.actions.events import Happening, record_many
from procurement.closed_values import bounds
from procurement.guards import refuse_rows
from procurement.models import (
    Appointment,
    Event,
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
from procurement.permissions import SYSTEM
from tests.guards import CLEARED, guards, unguarded
from tests.world import LIVE_FROM, make_world, publish_rates

RULES = import_module("procurement.migrations.0030_rules_held").RULES
REFERENCED = (Organisation, Framework, Lot, Specialism, Grade, Partner, Supplier, Appointment)


@pytest.fixture(autouse=True)
def world(db: None) -> None:
    make_world()
    connection.check_constraints()
    if connection.vendor == "sqlite":
        # The clearing between tests needs them gone.
        for rule in RULES:
            if {rule.trigger(event) for event in rule.events} & CLEARED:
                refuse_rows(connection.schema_editor(), rule)


def rows() -> list[list[tuple[object, ...]]]:
    """Every row that the changes below are about."""
    kept = (*REFERENCED, Event, Offering, ProfileVersion, RateCard, RateCardVersion, RateLine, SupplierMember)
    return [list(model._base_manager.order_by("pk").values_list()) for model in kept]


def refused(change: Callable[[], object]) -> str:
    before = rows()
    with pytest.raises(IntegrityError) as refusal, transaction.atomic():
        change()
    assert rows() == before
    return str(refusal.value).splitlines()[0]


def a_line_into_a_published_card() -> None:
    line = RateLine.objects.filter(version__status="published")[0]
    line.pk, line.key = None, "another"
    line.save(force_insert=True)


def a_line_out_of_a_published_card() -> None:
    RateLine.objects.filter(version__status="published").delete()


def a_published_card_without_lines() -> None:
    card = RateCardVersion.objects.filter(status="published")[0]
    RateCardVersion.objects.filter(pk=card.pk)._raw_delete(using="default")


def a_published_card_made_a_draft() -> None:
    RateCardVersion.objects.filter(status="published").update(status="draft")


def a_published_profile_removed() -> None:
    ProfileVersion.objects.filter(status="published")._raw_delete(using="default")


def a_superseded_profile_brought_back() -> None:
    ProfileVersion.objects.filter(status="published").update(status="superseded")
    ProfileVersion.objects.filter(status="superseded").update(status="published")


CARD = "What a published rate card says is kept: publish another."
PROFILE = "What a published profile says is kept: publish another."


@pytest.mark.parametrize(
    ("change", "sentence"),
    [
        (a_line_into_a_published_card, CARD),
        (a_line_out_of_a_published_card, CARD),
        (a_published_card_without_lines, CARD),
        (a_published_card_made_a_draft, CARD),
        (a_published_profile_removed, PROFILE),
        (a_superseded_profile_brought_back, PROFILE),
    ],
)
def test_what_is_published_is_neither_added_to_nor_taken_from(
    change: Callable[[], None], sentence: str
) -> None:
    assert refused(change) == sentence


@pytest.mark.parametrize("change", [{"currency": "USD"}, {"unit": "hour"}, {"supplier": 1}, {"framework": 1}])
def test_a_card_keeps_what_its_prices_are_of(change: dict[str, object]) -> None:
    card = RateCard.objects.get(reference="wr1~oak")
    other = {
        "supplier": Supplier.objects.get(reference="yew"),
        "framework": Framework.objects.get(reference="wr0"),
    }
    change = {name: other.get(name, value) for name, value in change.items()}
    told = "A rate card keeps its supplier, its framework, its currency and its unit."
    assert refused(lambda: RateCard.objects.filter(pk=card.pk).update(**change)) == told


@pytest.mark.parametrize("basis", ["published", "illustrative"])
def test_a_published_card_keeps_its_basis_until_another_is_published(basis: str) -> None:
    publish_rates("oak", "wr1", {"wr1~1~G1": 40_000}, basis=basis)
    other = "illustrative" if basis == "published" else "published"
    assert refused(lambda: RateCard.objects.filter(reference="wr1~oak").update(basis=other)) == CARD
    publish_rates("oak", "wr1", {"wr1~1~G1": 40_000}, basis=other)
    card = RateCard.objects.get(reference="wr1~oak")
    assert (card.basis, card.versions.filter(status="published").count()) == (other, 1)
    assert refused(lambda: RateCard.objects.filter(pk=card.pk).update(basis=basis)) == CARD


def test_a_version_keeps_the_basis_that_it_was_published_with() -> None:
    publish_rates("oak", "wr1", {"wr1~1~G1": 40_000}, basis="illustrative")
    versions = RateCardVersion.objects.filter(card__reference="wr1~oak").order_by("number")
    said = [("superseded", "published"), ("published", "illustrative")]
    assert list(versions.values_list("status", "basis")) == said
    for version, other in zip(versions, ("illustrative", "published"), strict=True):
        told = refused(partial(RateCardVersion.objects.filter(pk=version.pk).update, basis=other))
        assert told == "A published rate card is never edited: publish another."


def test_a_draft_card_takes_and_loses_lines() -> None:
    line = RateLine.objects.filter(version__status="published")[0]
    draft = RateCardVersion.objects.create(
        card=line.version.card, number=9, status="draft", digest="", actor="system"
    )
    line.pk, line.version = None, draft
    line.save(force_insert=True)
    assert RateLine.objects.filter(version=draft).delete()[0] == 1
    assert RateCardVersion.objects.filter(pk=draft.pk).delete()[0] == 1


def test_a_partner_shows_no_profile_of_another_firm() -> None:
    one, another = Partner.objects.exclude(published=None).order_by("pk")[:2]
    assert refused(lambda: Partner.objects.filter(pk=one.pk).update(published=another.published)) == (
        "What a partner has published is a version of its own profile."
    )
    version = ProfileVersion.objects.create(
        partner=one, number=9, status="draft", name="Nine", digest="", actor="system"
    )
    assert refused(lambda: ProfileVersion.objects.filter(pk=version.pk).update(partner=another)) == (
        "A version keeps its partner."
    )


def test_a_membership_that_an_offering_rests_on_is_not_removed() -> None:
    resting = SupplierMember.objects.filter(
        role="member", partner__offerings__appointment__supplier=F("supplier")
    )
    assert refused(lambda: SupplierMember.objects.filter(pk=resting[0].pk).delete()) == (
        "An offering is of a partner that belongs, or has belonged, to the supplier."
    )
    key = resting[0].pk
    member = SupplierMember.objects.get(pk=key)
    Offering.objects.filter(partner=member.partner, appointment__supplier=member.supplier).delete()
    assert SupplierMember.objects.filter(pk=key).delete()[0] == 1


@pytest.mark.parametrize("model", REFERENCED)
def test_a_reference_never_changes(model: type[models.Model]) -> None:
    row = model._base_manager.order_by("pk")[0]
    found = model._base_manager.filter(pk=row.pk)
    assert refused(lambda: found.update(reference="another")) == "A reference is for ever."


@pytest.mark.parametrize("days", [-1, 1])
def test_an_appointment_starts_while_its_framework_runs(days: int) -> None:
    place = Appointment.objects.select_related("lot__framework")[0]
    framework = place.lot.framework
    outside = (framework.starts_on if days < 0 else framework.ends_on) + timedelta(days=days)
    told = "An appointment starts while its framework runs."
    assert refused(lambda: Appointment.objects.filter(pk=place.pk).update(starts_on=outside)) == told
    supplier = Supplier.objects.exclude(appointments__lot=place.lot).filter(members__role="lead")[0]
    made = Appointment(reference="outside", supplier=supplier, lot=place.lot, starts_on=outside)
    assert refused(made.save) == told


@pytest.mark.parametrize("days", [1, 400])
def test_an_appointment_ends_while_its_framework_runs(days: int) -> None:
    place = Appointment.objects.select_related("lot__framework")[0]
    outside = place.lot.framework.ends_on + timedelta(days=days)
    told = "An appointment ends while its framework runs."
    assert refused(lambda: Appointment.objects.filter(pk=place.pk).update(ends_on=outside)) == told
    supplier = Supplier.objects.exclude(appointments__lot=place.lot).filter(members__role="lead")[0]
    made = Appointment(
        reference="outside", supplier=supplier, lot=place.lot, starts_on=place.starts_on, ends_on=outside
    )
    assert refused(made.save) == told
    made.ends_on = place.lot.framework.ends_on
    made.save()
    assert Appointment.objects.get(reference="outside").ends_on == place.lot.framework.ends_on


def another_member(supplier: Supplier) -> None:
    SupplierMember.objects.create(
        supplier=supplier, partner=Partner.objects.get(reference="ash"), role="member", joined_on=LIVE_FROM
    )
    connection.check_constraints()


def made_alone(supplier: Supplier) -> None:
    Supplier.objects.filter(pk=supplier.pk).update(form="alone")
    connection.check_constraints()


def test_a_firm_alone_has_no_members() -> None:
    yew, oak = Supplier.objects.get(reference="yew"), Supplier.objects.get(reference="oak")
    assert (yew.form, oak.form) == ("alone", "prime")
    told = "A firm alone has one member, its lead."
    assert refused(lambda: another_member(yew)) == told
    assert refused(lambda: made_alone(oak)) == told
    oak.members.filter(role="member").update(left_on=date(2025, 1, 1))
    made_alone(oak)
    assert Supplier.objects.get(pk=oak.pk).form == "alone"
    again = oak.members.filter(role="member")
    assert refused(lambda: (again.update(left_on=None), connection.check_constraints())) == told


@pytest.mark.parametrize(
    "regions", [[], ["UKH1"], ["TLC", "ZZ9"], "TLC", {"TLC": "UK"}, [1], [None], ["tlc"]]
)
def test_an_offering_names_regions_that_its_framework_knows(regions: object) -> None:
    offering = Offering.objects.filter(appointment__lot__framework__reference="wr1")[0]
    told = "An offering names regions of its framework's scheme, or UK."
    assert refused(lambda: Offering.objects.filter(pk=offering.pk).update(regions=regions)) == told
    copy = Offering(appointment=offering.appointment, partner=offering.partner, regions=regions)
    assert refused(copy.save) == told
    copy.regions = ["TLC", "UK", "TLC3"]
    copy.save()
    assert Offering.objects.get(pk=copy.pk).regions == ["TLC", "UK", "TLC3"]


def test_a_framework_keeps_the_scheme_of_regions_that_offerings_name() -> None:
    named = Framework.objects.filter(reference="wr1")
    assert refused(lambda: named.update(region_scheme="NUTS2013")) == (
        "A framework keeps the scheme in which its offerings name regions."
    )
    Offering.objects.filter(appointment__lot__framework__reference="wr1").delete()
    assert named.update(region_scheme="NUTS2013") == 1


@pytest.mark.parametrize("blank", ["", "  ", "\t\n", "\u00a0"])
@pytest.mark.parametrize("model", [Organisation, Framework, Lot, Specialism, Grade, Supplier])
def test_a_name_is_not_blank(model: type[models.Model], blank: str) -> None:
    found = model._base_manager.order_by("pk")
    assert refused(lambda: found.update(name=blank)) == "A name is not blank."
    row = model._base_manager.order_by("pk")[0]
    for name, value in (("pk", None), ("reference", "another"), ("name", blank)):
        setattr(row, name, value)
    assert refused(lambda: row.save(force_insert=True)) == "A name is not blank."


def test_what_stood_before_these_rules_is_kept_and_may_be_put_right() -> None:
    place, offering = Appointment.objects.order_by("pk")[0], Offering.objects.order_by("pk")[0]
    yew = Supplier.objects.get(reference="yew")
    with unguarded():
        Appointment.objects.filter(pk=place.pk).update(ends_on=date(2199, 1, 1))
        Supplier.objects.filter(pk=yew.pk).update(name=" ")
        Offering.objects.filter(pk=offering.pk).update(regions=["ZZ9"])
        another_member(yew)
    Appointment.objects.filter(pk=place.pk).update(ends_on=date(2199, 1, 1), status="suspended")
    yew.refresh_from_db()
    yew.revision += 1
    yew.save()
    assert (yew.name, Appointment.objects.get(pk=place.pk).status) == (" ", "suspended")
    Offering.objects.filter(pk=offering.pk).update(regions=["UK"])
    Supplier.objects.filter(pk=yew.pk).update(name="Yew", form="prime")
    assert yew.members.count() == 2


def event(position: int, previous_hash: str, own: str = "f" * 64) -> Event:
    return Event(
        position=position, type="framework.opened", actor="system", subject_type="framework", subject="wr1",
        at="2026-01-01T00:00:00Z", previous_hash=previous_hash, hash=own,
    )  # fmt: skip


def test_the_log_has_no_gap() -> None:
    with transaction.atomic():
        record_many(SYSTEM, [Happening("framework.opened", "framework", "wr1")])
    last = Event.objects.latest("position")
    for wrong in (
        event(last.position + 2, last.hash),
        event(last.position + 1, "0" * 64),
        event(last.position + 1, last.hash, ""),
        event(0, "0" * 64),
    ):
        assert refused(wrong.save) == "An event follows the one before it, by position and by hash."


@pytest.mark.parametrize(
    ("model", "wrong"),
    [
        (Appointment, {"status": "zombie"}),
        (Framework, {"status": "zombie"}),
        (Framework, {"rate_unit": "week"}),
        (Framework, {"management_charge": "-0.1"}),
        (SupplierMember, {"role": "zombie"}),
        (Supplier, {"form": ""}),
        (Organisation, {"buyer_class": "zombie"}),
        (Lot, {"direct_award_cap_pence": -1}),
        (Lot, {"minimum_value_pence": 2, "maximum_value_pence": 1}),
    ],
)
def test_a_column_says_only_what_it_may(model: type[models.Model], wrong: dict[str, object]) -> None:
    if model is SupplierMember:
        # That a membership keeps its role is asked first.
        member = SupplierMember.objects.filter(role="member")[0]
        member.left_on = member.joined_on
        member.save()
        copy = SupplierMember(
            supplier=member.supplier, partner=member.partner, role="zombie", joined_on=date(2026, 6, 1)
        )
        refused(copy.save)
        return
    refused(lambda: model._base_manager.update(**wrong))


def test_every_closed_list_is_held_as_the_models_have_it() -> None:
    stated = guards()
    if connection.vendor == "postgresql":
        with connection.cursor() as cursor:
            cursor.execute("SELECT conname, pg_get_constraintdef(oid) FROM pg_constraint WHERE convalidated")
            stated = dict(cursor.fetchall())
    lists = 0
    for bound in bounds(apps, "procurement"):
        if connection.vendor == "postgresql":
            said = stated[bound.constraint]
            found = re.findall(r"'([^']*)'::", said)
        else:
            said = stated[f"{bound.table}_no_other_value_update"]
            assert stated[f"{bound.table}_no_other_value_insert"].count(f'NEW."{bound.columns[0]}"')
            found = re.findall(rf"NEW\.\"{bound.columns[0]}\" <> '([^']*)'", said)
        assert bound.columns[0] in said
        if bound.name.endswith("_known"):
            lists += 1
            assert sorted(found) == sorted(re.findall("'([^']*)'", bound.true)), bound
    assert lists > 40
