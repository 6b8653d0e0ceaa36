"""Teams from the database: what a partner covers as searches understand it, and how many queries that takes."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import date

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext

from procurement.actions.appointments import AppointmentDraft, save_appointments
from procurement.actions.offerings import save_offerings
from procurement.actions.suppliers import MemberDraft, SupplierDraft, save_suppliers
from procurement.errors import Invalid
from procurement.models import Appointment, Framework, Lot, Offering, Partner, Supplier, SupplierMember
from procurement.permissions import SYSTEM
from search.teams import NotStated, SupplierTeam, team_question, teams
from tests.guards import unguarded
from tests.world import LIVE_FROM, OLD_FROM, make_partners, make_world, placed

pytestmark = pytest.mark.django_db

ON = date(2026, 3, 2)


@pytest.fixture(autouse=True, scope="module")
def world(module_database: None) -> None:
    make_world()


def asked(
    specialisms: Sequence[str],
    regions: Sequence[str] = (),
    *suppliers: str,
    lot: str = "wr1~1",
    on: date = ON,
) -> list[SupplierTeam]:
    framework = Framework.objects.get(reference=lot.partition("~")[0])
    question, places = team_question(framework, Lot.objects.get(reference=lot), specialisms, regions, on)
    named = [Supplier.objects.get(reference=reference) for reference in suppliers]
    return teams(question, places, named or None)


def told(found: SupplierTeam) -> tuple[list[str], list[tuple[str, str]]]:
    return [one.partner for one in found.cover.team], list(found.cover.missing)


def offer(partner: str, specialism: str, *regions: str) -> None:
    """In place of what the partner offers of that specialism; regions may be what stood before rules refused it."""
    rows = Offering.objects.filter(partner__reference=partner, specialism__reference=specialism)
    with unguarded():
        assert rows.update(regions=list(regions)) == 1


def test_the_lead_alone_covers_what_it_can() -> None:
    [oak] = asked(["1", "wr1~1~2"], ["TLC"])
    assert told(oak) == (["oak"], [])
    assert oak.cover.team[0].brings == (("wr1~1~1", "TLC"), ("wr1~1~2", "TLC"))
    assert (oak.roles["oak"], oak.names["oak"], oak.appointed) == ("lead", "Oak Advisers", True)


def test_partners_are_put_together_and_what_nobody_covers_is_said() -> None:
    Offering.objects.filter(partner__reference="oak", specialism__reference="wr1~1~1").delete()
    offer("oak", "wr1~1~2", "TLI")
    offer("ash", "wr1~1~2", "TLD")
    [oak] = asked(["1", "2", "3"], ["TLC", "TLI"])
    assert told(oak)[1] == [("wr1~1~1", "TLI"), ("wr1~1~3", "TLC"), ("wr1~1~3", "TLI")]
    assert told(oak)[0] == ["oak", "elm"], "elm brings both in TLC, so ash is not needed"
    assert [one.alone for one in oak.cover.team] == [
        (("wr1~1~2", "TLI"),),
        (("wr1~1~1", "TLC"), ("wr1~1~2", "TLC")),
    ]


@pytest.mark.parametrize(
    ("offered", "region", "met"),
    [
        (["TLC"], "TLC", True),
        (["TLC"], "TLC3", True),
        (["UK"], "TLC3", True),
        (["UK"], "UKC", True),
        (["TLC3"], "TLC", False),
        (["UKC"], "TLC", True),
        (["TLI"], "TLC", False),
    ],
)
def test_a_region_is_met_as_searches_meet_it(offered: list[str], region: str, met: bool) -> None:
    for partner in ("oak", "ash", "elm"):
        offer(partner, "wr1~1~1", *offered)
    [oak] = asked(["1"], [region])
    assert (oak.cover.missing == ()) is met


def test_what_is_not_stated_covers_nothing_and_is_named() -> None:
    [oak] = asked(["wr0~5~1"], lot="wr0~5", on=date(2020, 1, 1))
    assert told(oak) == ([], [("wr0~5~1", "")])
    assert oak.not_stated == (NotStated("ash", "specialisms"), NotStated("oak", "specialisms"))
    for partner in ("oak", "ash", "elm"):
        offer(partner, "wr1~1~1")
    [oak] = asked(["1"], ["TLC"])
    assert told(oak) == ([], [("wr1~1~1", "TLC")])
    assert oak.not_stated == tuple(NotStated(partner, "regions") for partner in ("ash", "elm", "oak"))
    assert told(asked(["1"])[0]) == (["oak"], []), "anywhere is met wherever it is offered"


def test_who_is_suspended_unpublished_or_gone_brings_nothing() -> None:
    Partner.objects.filter(reference="oak").update(suspended=True)
    assert told(asked(["1"])[0])[0] == ["ash"]
    Partner.objects.filter(reference="ash").update(published=None)
    assert told(asked(["1"])[0])[0] == ["elm"]
    SupplierMember.objects.filter(partner__reference="elm").update(left_on=ON)
    assert told(asked(["1"])[0]) == ([], [("wr1~1~1", "")])


def test_a_supplier_without_a_place_on_the_lot_covers_nothing() -> None:
    [yew, oak] = asked(["1"], [], "yew", "oak")
    assert (yew.appointed, told(yew)) == (False, ([], [("wr1~1~1", "")]))
    assert (oak.appointed, told(oak)) == (True, (["oak"], []))
    Appointment.objects.filter(supplier__reference="oak").update(status="suspended")
    assert asked(["1"]) == []


def test_what_there_is_not_or_twice_is_refused() -> None:
    with pytest.raises(Invalid) as refusal:
        asked(["1", "9", "wr1~2a~1", "wr1~1~1"], ["TLC", "XX", "tlc"])
    assert [(each.pointer, each.code) for each in refusal.value.faults] == [
        ("/specialisms/1", "unknown"),
        ("/specialisms/2", "unknown"),
        ("/specialisms/3", "twice"),
        ("/regions/1", "unknown"),
        ("/regions/2", "twice"),
    ]


def test_the_number_of_queries_does_not_grow_with_the_suppliers() -> None:
    names = [f"firm-{number:03d}" for number in range(100)]
    make_partners({name: name.title() for name in names})
    members = [
        (name, (MemberDraft(name, "lead", OLD_FROM), MemberDraft("ash", "member", OLD_FROM)))
        for name in names
    ]
    save_suppliers(SYSTEM, [SupplierDraft(name, name.title(), "prime", of) for name, of in members])
    save_appointments(SYSTEM, [AppointmentDraft(name, "wr1~1", LIVE_FROM) for name in names])
    save_offerings(
        SYSTEM,
        [
            *(placed("wr1", name, name, "wr1~1", ["wr1~1~1"], ["TLC"]) for name in names),
            *(placed("wr1", name, "ash", "wr1~1", ["wr1~1~3"], ["UK"]) for name in names),
        ],
    )
    for some in (names[:1], names, []):
        with CaptureQueriesContext(connection) as queries:
            found = asked(["1", "3"], ["TLC"], *some)
        # Two of them, and one for each supplier named, are this test's own.
        assert len(queries) - 2 - len(some) == 6, [each["sql"] for each in queries]
    assert len(found) == 101
    assert [one.supplier.reference for one in found] == [*names, "oak"], "oak lacks one, so it stands last"
    assert told(found[0]) == (["firm-000", "ash"], [])
    assert told(found[-1]) == (["oak"], [("wr1~1~3", "TLC")])
