"""What holds on every page: one title, headings in order, no inline style or script, small, a bounded number of
queries, links that lead somewhere.
"""

from __future__ import annotations

import gzip
import re
from itertools import pairwise
from pathlib import Path
from typing import Any

import pytest
from django.test import Client
from django.urls import URLPattern

from search.index import borrowed_writer
from search.rebuild import rebuild
from tests.web.bounded import ELSEWHERE, MOST, asked
from tests.web.buying import signed
from tests.web.crowd import make_crowd
from tests.web.kept import kept_pages, linked_pages, others_pages
from tests.web.reading import COMPILED, Page, read
from web.urls import urlpatterns

OF_A_FIRM = (
    "identifier=yes&ownership=no&evidence=unsure&accreditations=&indemnity=&liability=&rate=950&regions="
)
OF_READINESS = ("lot=rm1~1", *OF_A_FIRM.split("&"), "alone=no")
OF_A_NEED = ("need=Evaluation", "whom=health", "where=", "value=5", "starts=", "months=", "pays=days")


def _questions(path: str, answers: tuple[str, ...]) -> tuple[str, ...]:
    """The address of each question of a walk, with the answers before it."""
    addresses = (
        f"{path}/{one.partition('=')[0]}?{'&'.join(answers[:place])}" for place, one in enumerate(answers)
    )
    return tuple(one.removesuffix("?") for one in addresses)


PAGES = (
    "/",
    "/search",
    "/search?q=evaluation&framework=rm1&grade=G2&max_rate=700&sort=rate",
    "/search?q=nothing-like-this",
    "/search?page=9",
    "/listings/rm1~alders~alder",
    "/listings/rm1~alders~alder/case-studies/vision",
    "/listings/rm1~alders~birch",
    "/listings/rm0~alders~alder",
    "/listings/rm1~dogwood~dogwood",
    "/frameworks/",
    "/frameworks/rm1",
    "/frameworks/rm0",
    "/rates",
    "/rates?framework=rm1&proposed=500&q=senior",
    "/rates?framework=rm0&include_expired=true&basis=illustrative",
    "/rates?currency=USD&unit=day",
    "/compare?listing=rm1~alders~alder&listing=rm1~dogwood~dogwood&team=G1:1",
    "/compare?listing=rm0~alders~alder&listing=rm1~alders~birch",
    "/search?framework=rm1&compare=rm1~alders~alder&compare=rm1~dogwood~dogwood",
    "/sign-in",
    "/password",
    "/password?asked=yes",
    "/register",
    "/register?asked=yes",
    "/match",
    "/match?framework=rm1&lot=rm1~1",
    "/map",
    "/map?framework=rm1&q=evaluation",
    "/map?q=nothing-like-this",
    *_questions("/find", OF_A_NEED),
    "/find/answer?need=Evaluation&whom=health&where=&value=5&starts=&months=&pays=outcomes",
    *_questions("/ready", OF_READINESS),
    f"/ready/answer?lot=rm1~1&alone=no&{OF_A_FIRM}",
    f"/ready/answer?lot=unsure&alone=yes&{OF_A_FIRM}",
)
REFUSED = (
    ("/search?min_rate=x&lot=5&foo=1", 400),
    ("/rates?min_rate=x&lot=5&foo=1", 400),
    ("/compare", 400),
    ("/compare?listing=rm1~alders~alder&listing=x&team=G1", 400),
    ("/search?page_size=21", 400),
    ("/rates?page_size=51", 400),
    ("/nowhere", 404),
    ("/listings/rm1~alders~nobody", 404),
    ("/listings/rm1~alders~alder/case-studies/none", 404),
    ("/listings/not-a-listing", 404),
    ("/frameworks/rm9", 404),
    ("/frameworks/%00", 404),
    ("/frameworks/rm1%00?q=%00", 404),
    ("/search?q=%00", 400),
    ("/frameworks/?no-field-of-ours=a%00b", 400),
    ("/password/x/y", 410),
    ("/organisation-invitations/made-up", 410),
)
OWN_PAGES = (
    "/account",
    "/account/organisations?scheme=GB-COH&identifier=01234567",
    "/account/second-step",
    "/account/sessions",
    "/inbox",
    "/offers",
    "/profile/alder",
    "/profile/alder?saved=yes",
    "/organisations/alder/members",
    "/firms/alder",
    "/firms/alder/versions",
    "/firms/alder/versions/1",
    "/firms/alder/offerings/rm1~1~alders",
)
HEADINGS = re.compile(r"h([1-6])")


def sound(page: Page) -> None:
    """Fails on what no page may have."""
    titles = page.texts("title")
    assert len(titles) >= 1
    assert titles[0].endswith("Calloff") or titles[0].startswith("Calloff")
    levels = [int(found[1]) for element in page.elements if (found := HEADINGS.fullmatch(element.tag))]
    assert levels.count(1) == 1
    # The footer's heading stands after whatever level the content ends on, so only a step down may not skip.
    assert all(deeper - level <= 1 for level, deeper in pairwise(levels)), levels
    assert [element for element in page.elements if element.tag in ("script", "style", "iframe")] == []
    assert [
        (element.tag, name)
        for element in page.elements
        for name in element.attributes
        if name == "style" or name.startswith("on")
    ] == []
    ids = [element.attributes["id"] for element in page.elements if "id" in element.attributes]
    assert len(ids) == len(set(ids)), sorted(one for one in ids if ids.count(one) > 1)
    for element in page.elements:
        for name in ("for", "aria-describedby", "aria-labelledby"):
            for target in element.attributes.get(name, "").split():
                assert target in ids, (element.tag, name, target)
        address = element.attributes.get("href", "")
        if address.startswith("#"):
            assert address[1:] in ids, address


@pytest.mark.parametrize("address", PAGES)
def test_a_page_is_sound_and_small(page: Client, address: str) -> None:
    response = asked(page, address)
    assert response.status_code == 200
    sound(read(response))
    sheet = len(gzip.compress(COMPILED.read_bytes())) if COMPILED.exists() else 0
    assert len(response.content) + sheet < 100_000


@pytest.mark.parametrize(("address", "status"), REFUSED)
def test_a_refusal_is_a_sound_page(page: Client, address: str, status: int) -> None:
    response = page.get(address)
    assert response.status_code == status
    sound(read(response))


def test_the_pages_of_a_buyer_are_sound_and_small(page: Client) -> None:
    addresses = kept_pages(signed(page))
    sheet = len(gzip.compress(COMPILED.read_bytes())) if COMPILED.exists() else 0
    for address in addresses:
        response = asked(page, address)
        assert response.status_code == 200, address
        sound(read(response))
        assert len(response.content) + sheet < 100_000


def test_a_page_is_small_in_a_large_market_too(page: Client, settings: Any, tmp_path: Path) -> None:
    """The longest list of a facet beside as many results and as many lines and bars as a page shows."""
    settings.INDEX_FOLDER = tmp_path / "index"
    make_crowd()
    with borrowed_writer() as writer:
        rebuild(writer)
    sheet = len(gzip.compress(COMPILED.read_bytes())) if COMPILED.exists() else 0
    signed(page)
    for address in (
        "/search?q=evaluation&more=specialism&page_size=20",
        "/search?q=evaluation&more=supplier&page_size=20&compare=rm1~alders~alder",
        "/rates?page_size=50&bins=50&proposed=500",
        "/rates?page_size=50&framework=rm1",
    ):
        response = page.get(address)
        assert response.status_code == 200, address
        sound(read(response))
        assert len(response.content) + sheet < 100_000, address


def test_what_links_of_e_mails_lead_to_is_sound_and_small_whoever_follows_them(page: Client) -> None:
    """The last page is that of a second step which is begun: for its own person alone."""
    ((email, addresses),) = linked_pages(page).items()
    for reader, read_by_it in ((signed(page, email), addresses), (Client(), addresses[:-1])):
        for address in read_by_it:
            response = asked(reader, address)
            assert response.status_code == 200, address
            sound(read(response))
            assert len(response.content) < 80_000


@pytest.mark.whole
@pytest.mark.timeout(600)
def test_the_pages_of_competitions_applications_and_administration_are_sound_and_small_for_all_who_read_them(
    page: Client,
) -> None:
    sheet = len(gzip.compress(COMPILED.read_bytes())) if COMPILED.exists() else 0
    for email, addresses in others_pages(page).items():
        signed(page, email)
        for address in addresses:
            response = asked(page, address)
            assert response.status_code == 200, (email, address)
            sound(read(response))
            assert len(response.content) + sheet < 100_000


@pytest.mark.parametrize("address", OWN_PAGES)
def test_the_pages_of_a_person_are_sound(signed_in: Client, address: str) -> None:
    response = asked(signed_in, address)
    assert response.status_code == 200
    sound(read(response))


def test_every_page_has_a_bound_of_queries() -> None:
    names = {str(one.name) for one in urlpatterns if isinstance(one, URLPattern)}
    assert names - set(ELSEWHERE) == set(MOST)


def test_every_link_of_our_own_leads_to_a_page(page: Client) -> None:
    """Follows every link from the start page, each page once, the first twelve addresses of each path."""
    waiting, seen, by_path = ["/"], set[str](), dict[str, int]()
    while waiting:
        address = waiting.pop()
        response = page.get(address, follow=True)
        assert response.status_code == 200, address
        if not response["Content-Type"].startswith("text/html") or address.startswith("/api/"):
            continue
        for element in read(response).all("a"):
            target = element.attributes["href"].partition("#")[0]
            path = target.partition("?")[0]
            if target.startswith("/") and target not in seen and by_path.get(path, 0) < 12:
                seen.add(target)
                by_path[path] = by_path.get(path, 0) + 1
                waiting.append(target)
    assert {"/search", "/rates", "/frameworks/", "/listings/rm1~alders~alder", "/api/v1/docs/"} <= set(
        by_path
    )


@pytest.mark.parametrize("address", [*PAGES, "/nowhere"])
def test_nothing_is_fetched_from_another_site(page: Client, address: str) -> None:
    response = page.get(address)
    fetched = [
        element.attributes.get("src") or element.attributes.get("href", "")
        for element in read(response).elements
        if element.tag in ("link", "img", "script", "source", "use")
    ]
    assert fetched
    assert all(one.startswith("/static/") for one in fetched)
    policy = response["Content-Security-Policy"]
    assert "default-src 'none'" in policy
    assert "style-src 'self'" in policy
    assert "unsafe-inline" not in policy
    assert "http" not in policy
