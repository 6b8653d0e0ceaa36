"""Pages with as much as they may hold, on the narrowest screen and on a sheet of A4: nothing is cut off."""

from __future__ import annotations

import pytest
from django.test import Client
from django.utils import timezone

from procurement.models import DayFinds, MonthFinds
from procurement.vocabulary import OWNERSHIP
from search.index import borrowed_writer
from search.rebuild import rebuild
from tests.web.administering import OPERATOR, make_administrators
from tests.web.buying import colleague, keep, signed
from tests.web.crowd import make_crowd
from tests.web.test_enlarged_printed_and_by_keyboard import printed
from tests.web.test_in_a_browser import Site, sign_in, site, wide
from tests.web.test_spending_page import SIGNED, bought

__all__ = ["site"]

FOLDS = """
[...document.querySelectorAll(".govuk-details:not([open])")].map(one => {
    const within = one.querySelector(".govuk-details__text");
    const form = within.querySelector("form, input, select, textarea, button") !== null;
    return [one.querySelector("summary").innerText.trim(), form, within.checkVisibility()];
})
"""
"""What is folded away: its title, whether something is filled in or sent there, and whether it is seen."""

pytestmark = [pytest.mark.browser, pytest.mark.timeout(600), pytest.mark.django_db(transaction=True)]


def test_a_firm_that_was_often_found_fits_320_pixels(site: Site) -> None:
    today = timezone.localdate()
    for month in range(1, today.month + 1):
        for number in range(120):
            partner = f"firm-{number}" if number else "alder"
            MonthFinds.objects.create(
                month=today.replace(month=month, day=1),
                partner=partner,
                searches=12_345 + number,
                matches=10_001,
                finds=22_346 + number,
            )
    DayFinds.objects.create(
        day=today, listing="rm1~alders~alder", partner="alder", searches=12_345, matches=10_001
    )
    context = site.context(viewport={"width": 320, "height": 256})
    page = context.new_page()
    sign_in(page)
    page.goto("/firms/alder")
    assert page.get_by_text("By month").is_visible()
    assert wide(page) == []
    context.close()


def test_maps_charts_and_bars_are_whole_on_paper(site: Site) -> None:
    make_administrators()
    colleague("town@example.org", "town", "editor")
    make_crowd()
    with borrowed_writer() as writer:
        rebuild(writer)
    bought(1, "rm1~1~dogwood", 1_234_567_890, SIGNED)
    bought(2, "rm1~1~alders", 500_000, SIGNED)
    context = site.context()
    page = context.new_page()
    sign_in(page, OPERATOR)
    lost: list[str] = []
    for address in ("/map", "/administration/spend", "/rates?framework=rm1&proposed=500"):
        page.goto(address)
        lost += [f"{address} {one}" for one in printed(page)]
    context.close()
    assert lost == []


def test_paper_has_one_set_of_sizes_and_nothing_to_press(site: Site) -> None:
    context = site.context()
    page = context.new_page()
    lost: list[str] = []
    for address in (
        "/",
        "/search?q=evaluation&framework=rm1",
        "/listings/rm1~alders~alder",
        "/frameworks/rm1",
        "/compare?listing=rm1~alders~alder&listing=rm1~dogwood~dogwood",
        "/find/whom?need=x",
        "/sign-in",
    ):
        page.goto(address)
        assert page.get_by_role("navigation", name="Menu").is_visible()
        lost += [f"{address} {one}" for one in printed(page)]
    sign_in(page, "buyer@example.org")
    for address in ("/account", "/saved-searches", "/call-offs"):
        page.goto(address)
        lost += [f"{address} {one}" for one in printed(page)]
    context.close()
    assert lost == []


def test_what_is_folded_away_stands_on_paper_but_for_forms(site: Site) -> None:
    match = keep(signed(Client()))
    context = site.context()
    page = context.new_page()
    sign_in(page, "buyer@example.org")
    read = set[str]()
    for address in (match, "/search?q=evaluation"):
        page.goto(address)
        for media in ("screen", "print"):
            page.emulate_media(media=media)
            for title, form, shown in page.evaluate(FOLDS):
                assert shown == (media == "print" and not form), (address, media, title)
                read |= {title} if shown else set()
    context.close()
    assert read == {"What was asked, and by what it was answered", "Who is ruled out, and by what"}


def test_the_map_s_table_shows_every_form_of_ownership_at_1280_pixels(site: Site) -> None:
    make_crowd()
    with borrowed_writer() as writer:
        rebuild(writer)
    context = site.context(viewport={"width": 1280, "height": 1024})
    page = context.new_page()
    page.goto("/map")
    region = page.get_by_role("region", name="Partners by region and ownership")
    # Beside the forms: region, all partners, listings.
    assert region.locator("thead th").count() == 3 + len(OWNERSHIP)
    assert region.evaluate("one => one.scrollWidth - one.clientWidth") == 0
    assert page.evaluate("document.documentElement.scrollWidth") == 1280
    context.close()
