"""Another language: everything that a page says is in it, it is chosen by a link, and nothing but pages speaks it."""

from __future__ import annotations

import re
from collections.abc import Iterator
from pathlib import Path
from typing import Final

import pytest
from django.conf import settings
from django.test import Client, override_settings
from django.utils.translation import override

from tests.web.buying import signed
from tests.web.kept import kept_pages, others_pages
from tests.web.market import HOSTILE
from tests.web.pseudo import CODE, Known, Untranslated, bracketed, write_pseudo
from tests.web.reading import read
from tests.web.test_every_page import OWN_PAGES, PAGES, REFUSED
from web.environment import environment

MAIN: Final = (
    "/",
    "/search?q=evaluation",
    "/search?q=nothing-like-this",
    "/listings/rm1~alders~alder",
    "/rates?framework=rm1",
    "/compare?listing=rm1~alders~alder&listing=rm1~dogwood~dogwood",
    "/match",
    "/map",
    "/find/need",
    "/sign-in",
)
NAMES: Final = ("Calloff", "English", "Cymraeg", "EUR", "USD")
"""Of the service, of languages in themselves, of currencies: alike in every language."""
TYPED: Final = ("nothing-like-this",)
"""What a reader of these pages wrote."""
RULES: Final = ("govuk-error-summary__list", "govuk-error-message")
"""Classes of the elements that hold messages of the rules, which stay English."""
LEFT: Final = {
    r"\S+ lot \S+: .+|.+ \(\S+ lot \S+\)": "a lot or a specialism among the filters, as the index holds it",
    r".*[A-Z]{3} an? (day|hour), without VAT, .* version \d+": "a cell of the comparison, which search writes",
    r"Team without VAT: .*": "a row of the comparison, which search writes",
    r"Vision rehabilitation\. An": "a passage: the title of a case study and its text, between marks of what matched",
    r"[0-9a-f]{64}": "a digest",
    r"[A-Z2-7]{32}": "the key of a second step",
    r"([a-z_]+\., )+[a-z_]+\.": "how types of events begin, as programs write them",
    r"Say on what the direct award rests\.": "a rule: what a call-off lacks",
    r"Say how tenders are evaluated, and the dates\.": "a rule: what a competition lacks",
    r"It holds no place on \S+ on [0-9-]{10}\.": "a rule: why a supplier is left out",
    r".{1,80} holds no active place on the lot on [0-9-]{10}\.": "a rule: why a tender is not awarded",
    r"Say the most that is paid for outcomes in all\.": "a rule: what a plan of outcomes lacks",
}
"""What else stands on a page in English, by its shape, and why."""


@pytest.fixture(scope="module")
def pseudo(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder of catalogues with one in which every message stands in brackets."""
    folder = tmp_path_factory.mktemp("locale")
    write_pseudo(folder)
    return folder


@pytest.fixture
def welsh(pseudo: Path, page: Client) -> Iterator[Client]:
    """A browser whose reader has chosen that language."""
    with override_settings(LOCALE_PATHS=[pseudo]):
        page.cookies[settings.LANGUAGE_COOKIE_NAME] = CODE
        yield page


def english_left(client: Client, address: str, known: Known) -> list[tuple[str, str]]:
    """What a page says in no brackets that is no data."""
    client.cookies[settings.LANGUAGE_COOKIE_NAME] = CODE
    response = client.get(address)
    assert f'<html lang="{CODE}"' in response.content.decode()
    return [
        (address, text)
        for where, text in Untranslated(response.content).pieces
        if known.unknown(text)
        and not any(one in where for one in RULES)
        and not any(re.fullmatch(shape, text) for shape in LEFT)
    ]


@pytest.mark.parametrize("address", MAIN)
def test_a_main_page_says_nothing_of_ours_in_english(welsh: Client, address: str) -> None:
    assert english_left(welsh, address, Known(*NAMES, *TYPED)) == []


@pytest.mark.whole
@pytest.mark.timeout(600)
def test_no_page_says_anything_of_ours_in_english(pseudo: Path, page: Client) -> None:
    """Whoever prepares the pages does so in English, for they press what they read."""
    read_by = {
        "": (*PAGES, *(address for address, _ in REFUSED)),
        "alder@example.org": OWN_PAGES,
        "buyer@example.org": kept_pages(signed(page)),
    }
    found = [(email, address) for email, addresses in read_by.items() for address in addresses]
    found += [(email, address) for email, addresses in others_pages(page).items() for address in addresses]
    known, left, now = Known(*NAMES, *TYPED), [], None
    page.logout()
    with override_settings(LOCALE_PATHS=[pseudo]):
        for email, address in found:
            if email != now and email:
                signed(page, email)
            now = email
            left += english_left(page, address, known)
    assert left == []


def test_a_language_is_offered_only_where_its_catalogue_is(page: Client, pseudo: Path) -> None:
    alone = page.get("/search?q=evaluation")
    assert read(alone).all(class_="app-languages") == []
    assert '<html lang="en"' in alone.content.decode()
    with override_settings(LOCALE_PATHS=[pseudo]):
        response = page.get("/search?q=evaluation&done=award&saved=yes&framework=rm1")
    offered = read(response)
    (link,) = offered.all("a", class_="app-languages__link")
    assert (link.text, link.attributes["href"]) == ("Cymraeg", "?q=evaluation&framework=rm1&lang=cy")
    assert (link.attributes["lang"], link.attributes["hreflang"]) == ("cy", "cy")
    assert offered.one("nav", class_="app-languages").text == "English Cymraeg"
    assert response.headers["Content-Language"] == "en"
    assert "Cookie" in response.headers["Vary"]


def test_a_choice_leads_back_to_the_page_with_its_query_and_is_remembered(page: Client, pseudo: Path) -> None:
    with override_settings(LOCALE_PATHS=[pseudo]):
        chosen = page.get("/search?q=a%20b%26c&lang=cy&framework=rm1&framework=rm0")
        assert (chosen.status_code, chosen["Location"]) == (
            302,
            "/search?q=a+b%26c&framework=rm1&framework=rm0",
        )
        cookie = chosen.cookies[settings.LANGUAGE_COOKIE_NAME]
        assert (cookie.value, cookie["httponly"], cookie["samesite"], cookie["path"]) == (
            "cy",
            True,
            "Lax",
            "/",
        )
        assert cookie["secure"] == ("" if not settings.HTTPS else True)
        response = page.get("/frameworks/")
        assert response.headers["Content-Language"] == "cy"
        assert read(response).texts("h1") == [bracketed("Frameworks")]
        assert page.get("/frameworks/?lang=en")["Location"] == "/frameworks/"
        assert read(page.get("/frameworks/")).texts("h1") == ["Frameworks"]


def test_a_choice_that_is_no_language_changes_nothing(page: Client, pseudo: Path) -> None:
    with override_settings(LOCALE_PATHS=[pseudo]):
        response = page.get("/frameworks/?lang=xx")
        page.cookies[settings.LANGUAGE_COOKIE_NAME] = "../../etc"
        assert (response.status_code, page.get("/frameworks/").headers["Content-Language"]) == (200, "en")
    assert page.get("/frameworks/?lang=cy").status_code == 200


def test_a_choice_leads_to_no_other_site(page: Client, pseudo: Path) -> None:
    with override_settings(LOCALE_PATHS=[pseudo]):
        for path, back in (
            ("//example.org/", "/%2Fexample.org/"),
            ("/\\example.org", "/%5Cexample.org"),
            ("/a?b", "/a%3Fb"),
        ):
            assert page.get("/?lang=cy", PATH_INFO=path)["Location"] == back
        wrong = page.get("/", PATH_INFO="//example.org/")
    assert read(wrong).one("a", class_="app-languages__link").attributes["href"] == "?lang=en"


def test_a_page_that_cannot_be_found_speaks_the_readers_language(welsh: Client) -> None:
    response = welsh.get("/nowhere")
    assert response.status_code == 404
    assert read(response).texts("h1") == [bracketed("Page not found")]


def test_the_api_is_english_whatever_is_asked_for(welsh: Client) -> None:
    for address in ("/api/v1/listings/?colour=blue", "/api/v1/nowhere", "/api/v1/listings/?page_size=x"):
        plain = Client().get(address)
        asked = welsh.get(address, headers={"Accept-Language": "cy"})
        assert asked.content == plain.content
        assert "Content-Language" not in asked.headers
        assert "⟦" not in asked.content.decode()
    token = welsh.post(
        "/oauth/token/", {"grant_type": "client_credentials"}, headers={"Accept-Language": "cy"}
    )
    assert "⟦" not in token.content.decode()


def test_accept_language_chooses_no_language(page: Client, pseudo: Path) -> None:
    with override_settings(LOCALE_PATHS=[pseudo]):
        response = page.get("/frameworks/", headers={"Accept-Language": "cy"})
    assert read(response).texts("h1") == ["Frameworks"]


def test_markup_in_what_a_translated_sentence_holds_stays_text(welsh: Client) -> None:
    content = welsh.get("/listings/rm1~alders~birch").content.decode()
    assert HOSTILE not in content
    assert "<script>" not in content
    assert "&lt;script&gt;" in content


def test_what_a_sentence_holds_is_escaped_and_its_own_markup_is_not() -> None:
    made = environment().from_string(
        "{% trans name=hostile %}<b>{{ name }}</b> & 100%{% endtrans %} {{ _('%(name)s', name=hostile) }} "
        "{{ hostile | said }}"
    )
    assert made.render(hostile="<i>%(x)s</i>") == (
        "<b>&lt;i&gt;%(x)s&lt;/i&gt;</b> & 100% &lt;i&gt;%(x)s&lt;/i&gt; &lt;i&gt;%(x)s&lt;/i&gt;"
    )


def test_a_label_of_nothing_is_nothing() -> None:
    assert environment().from_string("[{{ '' | said }}]").render() == "[]"


def test_a_text_is_looked_up_when_a_page_is_made_and_not_when_its_template_is_compiled(pseudo: Path) -> None:
    made = environment().from_string(
        "{{ 'Draft' | said }} {{ _('Frameworks') }} {{ plural(2, 'lot', 'lots') }}"
    )
    assert made.render() == "Draft Frameworks 2 lots"
    with override_settings(LOCALE_PATHS=[pseudo]), override(CODE):
        assert made.render() == f"{bracketed('Draft')} {bracketed('Frameworks')} 2 {bracketed('lots')}"
    assert made.render() == "Draft Frameworks 2 lots"
