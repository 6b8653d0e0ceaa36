"""A firm reads how it fares and where its rates stand, confirms its profile, and sees what each version changed."""

from __future__ import annotations

from datetime import date, timedelta
from pathlib import Path
from typing import Any

from django.test import Client
from django.utils import timezone
from pytest_django import DjangoAssertNumQueries

from config.connections import cache_settings
from procurement.actions.profiles import update_profile
from procurement.actions.rate_lines import LineDraft
from procurement.actions.rates import CardDraft, publish_cards
from procurement.card_places import CardPlace, card_places
from procurement.models import Event, Partner, SupplierMember, User
from procurement.performance import performance, suppliers_of
from procurement.permissions import SYSTEM, person
from tests.web.buying import ALDER, BIRCH, begin, colleague, signed
from tests.web.calling_off import awarded
from tests.web.market import HOSTILE
from tests.web.proposing import OWNER, first_day, proposers, step, submitted
from tests.web.reading import read, rows, summary

FIRM = "/firms/alder"


def firm(reference: str) -> Partner:
    return Partner.objects.get(reference=reference)


def places_of(reference: str, ahead: int = 0) -> list[CardPlace]:
    """The cards of the first supplier that a firm belongs to, on a day so many days from today."""
    supplier = suppliers_of(firm(reference))[0].supplier_id
    return card_places(supplier, timezone.localdate() + timedelta(days=ahead))


def test_a_firm_is_seen_by_its_own_people_alone(page: Client) -> None:
    pages = (FIRM, f"{FIRM}/versions", f"{FIRM}/versions/1")
    for email, status in (
        ("alder@example.org", 200),
        ("reader@example.org", 200),
        ("buyer@example.org", 404),
        ("nobody@example.org", 404),
    ):
        signed(page, email)
        assert [page.get(one).status_code for one in pages] == [status] * 3, email
    page.logout()
    assert [page.get(one).status_code for one in pages] == [302] * 3


def test_a_firm_confirms_its_profile_by_the_revision_that_was_read(signed_in: Client) -> None:
    Partner.objects.filter(reference="alder").update(confirmed_on=date(2024, 1, 5))
    assert "Look at it again" in read(signed_in.get(FIRM)).texts("strong")
    revision = firm("alder").revision
    assert signed_in.post(FIRM, {"do": "confirm", "revision": revision + 1}).status_code == 409
    assert firm("alder").confirmed_on == date(2024, 1, 5)
    answer = signed_in.post(FIRM, {"do": "confirm", "revision": revision})
    assert (answer.status_code, answer["Location"]) == (303, f"{FIRM}?done=confirm")
    assert firm("alder").confirmed_on == timezone.localdate()
    assert Event.objects.latest("position").type == "partner.profile_confirmed"
    assert "Look at it again" not in read(signed_in.get(FIRM)).texts("strong")


def test_a_reader_is_offered_no_change_and_refused_one(page: Client) -> None:
    signed(page, "reader@example.org")
    assert read(page.get(FIRM)).all("input", name="do") == []
    assert page.post(FIRM, {"do": "confirm", "revision": firm("alder").revision}).status_code == 403
    assert firm("alder").confirmed_on == date(2026, 1, 5)


def test_an_administrator_of_a_member_leaves_the_consortium(page: Client) -> None:
    colleague("head@example.org", "birch", "administrator")
    birch = "/firms/birch"
    found = read(signed(page, "head@example.org").get(birch))
    assert "Leave Consortium Alder" in found.texts("button")
    sent = {"do": "leave", "revision": firm("birch").revision, "supplier": "alders"}
    before = memberships()
    assert page.post(birch, sent | {"supplier": "dogwood"}).status_code == 409
    assert page.post(birch, sent | {"supplier": ""}).status_code == 409
    assert memberships() == before
    answer = page.post(birch, sent)
    assert (answer.status_code, answer["Location"]) == (303, f"{birch}?done=leave")
    assert memberships() == [one for one in before if one[1] != "birch"]
    shown = read(page.get(answer["Location"]))
    assert any(one.startswith("The firm belongs to the supplier no longer.") for one in shown.texts("p"))
    assert "Leave Consortium Alder" not in shown.texts("button")
    events, again = Event.objects.count(), page.post(birch, sent)
    assert (again.status_code, Event.objects.count()) == (409, events)
    assert "The firm does not belong to that supplier any more" in read(again).texts("li")


def test_neither_a_lead_nor_who_does_not_administer_leaves(page: Client) -> None:
    colleague("writes@example.org", "birch", "editor")
    colleague("head@example.org", "alder", "administrator")
    before = memberships()
    for email, reference, status in (
        ("writes@example.org", "birch", 403),
        ("head@example.org", "alder", 409),
    ):
        found = read(signed(page, email).get(f"/firms/{reference}"))
        assert not [one for one in found.texts("button") if one.startswith("Leave ")]
        sent = {"do": "leave", "revision": firm(reference).revision, "supplier": "alders"}
        assert page.post(f"/firms/{reference}", sent).status_code == status
        assert memberships() == before


def memberships() -> list[tuple[str, str]]:
    """Who belongs to which supplier now."""
    rows = SupplierMember.objects.filter(left_on=None).order_by("supplier", "partner")
    return list(rows.values_list("supplier__reference", "partner__reference"))


def test_a_version_says_what_it_changed(signed_in: Client) -> None:
    update_profile(
        SYSTEM, "alder", firm("alder").revision, {"summary": HOSTILE, "sectors": ["health", "education"]}
    )
    listed = read(signed_in.get(f"{FIRM}/versions"))
    assert [row[1] for row in rows(listed, "Versions, newest first")[1:]] == ["Published", "Superseded"]
    shown = signed_in.get(f"{FIRM}/versions/2")
    assert read(shown).texts("h2", class_="govuk-heading-s") == ["Summary", "Sectors"]
    assert b"&lt;script&gt;" in shown.content
    assert signed_in.get(f"{FIRM}/versions/3").status_code == 404


def test_a_firm_reads_counts_and_never_whose(page: Client) -> None:
    signed(page)
    shortlist = begin(page, ALDER, BIRCH)
    page.post(
        shortlist, {"do": "decide", "revision": 1, "listing": ALDER, "decision": "in", "reason": "Good."}
    )
    today = timezone.localdate()
    reader = person(User.objects.get(email="reader@example.org"))
    found = performance(firm("alder"), reader, today)
    assert (found.shortlisted, found.kept_in, found.offered) == (1, 1, 0)
    awarded(page)
    bought = performance(firm("alder"), reader, today)
    assert (bought.offered, bought.accepted, bought.shortlisted, bought.contracts) == (1, 1, 2, 0)
    later = performance(firm("alder"), reader, today + timedelta(days=400))
    assert later.shortlisted == 0
    shown = signed(page, "alder@example.org").get(FIRM)
    assert summary(read(shown))["On shortlists"] == "2, kept in 2"
    assert b"Council" not in shown.content


def test_rates_stand_among_the_cards_of_the_framework(page: Client) -> None:
    illustrative, published = places_of("alder")
    assert {(one.cheaper, one.cards) for one in illustrative.lines} == {(None, 0)}
    assert [(one.lot, one.grade, one.minor, one.cheaper, one.cards) for one in published.lines[:3]] == [
        ("1", "G1", 40000, 1, 2),
        ("1", "G2", 65050, 1, 2),
        ("1", "G3", 90000, 1, 2),
    ]
    (cheapest,) = places_of("dogwood")
    assert {one.cheaper for one in cheapest.lines} == {0}


def test_rates_stand_there_while_the_cache_is_away(page: Client, tmp_path: Path, settings: Any) -> None:
    away = cache_settings(f"redis://{tmp_path}/nobody.sock", seconds=0.5)
    told = places_of("alder")
    settings.CACHES = {**settings.CACHES, "default": away}
    assert places_of("alder") == told
    assert signed(page, "alder@example.org").get(FIRM).status_code == 200


def test_rates_that_hold_later_are_not_shown_as_those_of_today(page: Client) -> None:
    proposers()
    waiting = submitted(page)
    before = places_of("alder")
    answer = step(signed(page, OWNER), waiting, "approve", compared_with="1")
    assert answer.status_code == 303
    begins = timezone.localdate() + timedelta(days=30)
    (_, old), (_, now) = before, places_of("alder")
    assert (now.lines, now.version, now.coming) == (old.lines, old.version, begins)
    assert now.until == begins - timedelta(days=1)
    _, later = places_of("alder", ahead=30)
    assert (later.since, later.coming) == (begins, None)
    assert [(one.lot, one.grade, one.name, one.minor) for one in later.lines[:1]] == [
        ("1", "G1", "Junior", 38_050)
    ]
    shown = read(signed(page, "alder@example.org").get(FIRM))
    [link] = [one for one in shown.all("a") if one.text.startswith("Rates that hold from ")]
    assert link.attributes["href"].endswith(f"&as_of={first_day()}")
    assert [
        row[2] for row in rows(shown, "Rates of Consortium Alder on RM1 and how many cards are cheaper")[1:2]
    ] == ["Rate: £400"]
    assert page.get(link.attributes["href"]).status_code == 200


def test_a_card_is_compared_with_those_in_force_on_the_day(page: Client) -> None:
    begins = timezone.localdate() + timedelta(days=30)
    lower = CardDraft(
        "alders", "rm1", (LineDraft("1", 25_000, lot="rm1~1", grade="rm1~1~g1"),), valid_from=begins
    )
    publish_cards(SYSTEM, [lower])

    def first(ahead: int) -> tuple[str, int | None, int]:
        [place] = places_of("dogwood", ahead)
        return place.lines[0].grade, place.lines[0].cheaper, place.lines[0].cards

    assert [first(ahead) for ahead in (0, 29, 30)] == [("G1", 0, 2), ("G1", 0, 2), ("G1", 1, 2)]


def test_rates_whose_last_day_has_passed_are_not_shown(page: Client) -> None:
    today = timezone.localdate()
    lines = (LineDraft("1", 35_000, grade="rm1~1~g1"),)
    card = CardDraft("dogwood", "rm1", lines, valid_from=today - timedelta(days=9), valid_to=today)
    publish_cards(SYSTEM, [card])
    colleague("dogwood@example.org", "dogwood", "editor")
    [place] = places_of("dogwood")
    assert [one.minor for one in place.lines] == [35_000]
    [place] = places_of("dogwood", ahead=1)
    assert (place.version, place.lines, place.ended_on, place.coming) == (None, (), today, None)


def test_rates_by_role_are_shown_with_the_lowest_of_each_and_a_way_to_all(page: Client) -> None:
    lines = (
        LineDraft("a", 60_000, "Data engineer", min_experience=5),
        LineDraft("b", 45_000, "Designer", lot="rm1~1"),
        LineDraft("c", 70_000, "DATA ENGINEER", min_experience=8),
        *(LineDraft(f"r{at}", 10_000 + at, f"Role {at}") for at in range(10)),
    )
    publish_cards(SYSTEM, [CardDraft("dogwood", "rm1", lines)])
    [place] = places_of("dogwood")
    assert [
        (one.lot, one.grade, one.name, one.minor, one.several, one.cheaper) for one in place.lines[:3]
    ] == [
        ("", "", "Data engineer", 60_000, True, None),
        ("1", "", "Designer", 45_000, False, None),
        ("", "", "Role 0", 10_000, False, None),
    ]
    assert (len(place.lines), place.more) == (10, 2)
    colleague("dogwood@example.org", "dogwood", "editor")
    shown = read(signed(page, "dogwood@example.org").get("/firms/dogwood"))
    assert rows(shown, "Rates of Dogwood Digital on RM1 and how many cards are cheaper")[1:3] == [
        ["Data engineer", "Lot: Every lot", "Rate: from £600", "Among all: Not compared"],
        ["Designer", "Lot: 1", "Rate: £450", "Among all: Not compared"],
    ]
    assert "And 2 further roles." in shown.texts("p")
    [link] = [one for one in shown.all("a") if one.text.startswith("All lines")]
    today = timezone.localdate().isoformat()
    query = f"framework=rm1&supplier=dogwood&currency=GBP&unit=day&as_of={today}"
    assert link.attributes["href"] == f"/rates?{query}"
    assert page.get(link.attributes["href"]).status_code == 200


def test_a_firms_page_takes_a_bounded_number_of_queries(
    signed_in: Client, django_assert_num_queries: DjangoAssertNumQueries
) -> None:
    signed_in.get(FIRM)
    with django_assert_num_queries(20):
        signed_in.get(FIRM)
