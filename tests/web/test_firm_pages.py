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
from procurement.models import Event, Partner
from procurement.performance import card_places, performance, suppliers_of
from procurement.permissions import SYSTEM
from tests.web.buying import ALDER, BIRCH, begin, signed
from tests.web.calling_off import awarded
from tests.web.market import HOSTILE
from tests.web.reading import read, rows, summary

FIRM = "/firms/alder"


def firm(reference: str) -> Partner:
    return Partner.objects.get(reference=reference)


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
    keys = [one.supplier_id for one in suppliers_of(firm("alder"))]
    found = performance(firm("alder"), keys, today)
    assert (found.shortlisted, found.kept_in, found.offered) == (1, 1, 0)
    awarded(page)
    bought = performance(firm("alder"), keys, today)
    assert (bought.offered, bought.accepted, bought.shortlisted, bought.contracts) == (1, 1, 2, 0)
    later = performance(firm("alder"), keys, today + timedelta(days=400))
    assert later.shortlisted == 0
    shown = signed(page, "alder@example.org").get(FIRM)
    assert summary(read(shown))["On shortlists"] == "2, kept in 2"
    assert b"Council" not in shown.content


def test_rates_stand_among_the_cards_of_the_framework(page: Client) -> None:
    alders = suppliers_of(firm("alder"))[0].supplier_id
    illustrative, published = card_places(alders)
    assert {(one.cheaper, one.cards) for one in illustrative.lines} == {(None, 0)}
    assert [(one.lot, one.grade, one.minor, one.cheaper, one.cards) for one in published.lines[:3]] == [
        ("1", "G1", 40000, 1, 2),
        ("1", "G2", 65050, 1, 2),
        ("1", "G3", 90000, 1, 2),
    ]
    (cheapest,) = card_places(suppliers_of(firm("dogwood"))[0].supplier_id)
    assert {one.cheaper for one in cheapest.lines} == {0}


def test_rates_stand_there_while_the_cache_is_away(page: Client, tmp_path: Path, settings: Any) -> None:
    away = cache_settings(f"redis://{tmp_path}/nobody.sock", seconds=0.5)
    supplier = suppliers_of(firm("alder"))[0].supplier_id
    told = card_places(supplier)
    settings.CACHES = {**settings.CACHES, "default": away}
    assert card_places(supplier) == told
    assert signed(page, "alder@example.org").get(FIRM).status_code == 200


def test_a_firms_page_takes_a_bounded_number_of_queries(
    signed_in: Client, django_assert_num_queries: DjangoAssertNumQueries
) -> None:
    signed_in.get(FIRM)
    with django_assert_num_queries(21):
        signed_in.get(FIRM)
