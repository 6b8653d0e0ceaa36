"""The pages in a real browser: accessible, by keyboard, at 320 pixels, with and without JavaScript."""

from __future__ import annotations

import base64
import hashlib
import re
import time
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest
from django.test import Client
from django_otp.oath import hotp
from playwright.sync_api import Browser, BrowserContext, Page, expect

from procurement.models import MemberInvitation
from search.index import borrowed_writer
from search.rebuild import rebuild
from tests.web.browsing import faults
from tests.web.buying import colleague, signed
from tests.web.calling_off import form
from tests.web.kept import kept_pages, others_pages
from tests.web.market import PASSWORD, make_market
from tests.web.pseudo import bracketed, write_pseudo
from tests.web.test_every_page import PAGES, REFUSED

pytestmark = [pytest.mark.browser, pytest.mark.timeout(600), pytest.mark.django_db(transaction=True)]

SIGNED_IN = (
    "/account",
    "/account/organisations",
    "/account/second-step",
    "/account/sessions",
    "/inbox",
    "/profile/alder",
    "/organisations/alder/members",
    "/firms/alder",
    "/firms/alder/versions/1",
    "/firms/alder/offerings/rm1~1~alders",
    "/listings/rm1~alders~alder",
)

WIDE = """
document.documentElement.scrollWidth <= 320 ? [] : [...document.querySelectorAll("body *")]
    .filter(one => one.getBoundingClientRect().right > 320).map(one => one.outerHTML.slice(0, 200))
"""
SEEN = """
(() => {
    const one = document.activeElement;
    const styles = [getComputedStyle(one)];
    if (one.type === "checkbox") styles.push(getComputedStyle(one.labels[0], "::before"));
    return styles.some(style => style.outlineStyle !== "none" || style.boxShadow !== "none");
})()
"""
"""Whether the element with the focus shows it; the Design System draws a checkbox's on its label."""


@dataclass
class Site:
    """The running pages and a browser to look at them with."""

    address: str
    browser: Browser

    def context(self, **options: Any) -> BrowserContext:
        return self.browser.new_context(base_url=self.address, **options)


@pytest.fixture
def site(browser: Browser, settings: Any, tmp_path: Path, transactional_db: None, live_server: Any) -> Site:
    """The small market, running."""
    settings.INDEX_FOLDER = tmp_path / "index"
    make_market()
    with borrowed_writer() as writer:
        rebuild(writer)
    return Site(live_server.url, browser)


def sign_in(page: Page, email: str = "alder@example.org") -> None:
    page.goto("/sign-in")
    page.get_by_label("Email address").fill(email)
    page.get_by_label("Password").fill(PASSWORD)
    page.get_by_role("button", name="Sign in").click()
    page.get_by_role("button", name="Sign out").wait_for()


def wide(page: Page) -> list[str]:
    """The elements that make a page of 320 pixels scroll sideways, none where it does not."""
    page.wait_for_load_state()
    found: list[str] = page.evaluate(WIDE)
    return found


def asked(page: Page, text: str) -> Page:
    """The page that answers a need, or refuses it."""
    page.goto("/match?framework=rm1&lot=rm1~1")
    page.get_by_label("What you need").fill(text)
    page.get_by_role("button", name="Find matches").first.click()
    return page


def test_no_page_has_an_accessibility_fault(site: Site) -> None:
    context = site.context()
    page = context.new_page()
    said: list[str] = []
    # That sign-out had the cache emptied is information and no complaint.
    page.on("console", lambda message: message.type == "info" or said.append(message.text))
    found: list[str] = []
    for address in (*PAGES, *(address for address, _ in REFUSED)):
        page.goto(address)
        found += faults(page)
    sign_in(page)
    for address in SIGNED_IN:
        page.goto(address)
        found += faults(page)
    page.get_by_role("button", name="Sign out").click()
    sign_in(page, "buyer@example.org")
    for address in kept_pages(signed(Client())):
        page.goto(address)
        found += faults(page)
    everybody = others_pages(Client())
    for email, addresses in everybody.items():
        page.get_by_role("button", name="Sign out").click()
        sign_in(page, email)
        for address in addresses:
            page.goto(address)
            found += faults(page)
    page.get_by_role("button", name="Sign out").click()
    sign_in(page, "buyer@example.org")
    for answered in (asked(page, "Evaluation of a service"), asked(page, "")):
        found += faults(answered)
    context.close()
    assert found == []
    # A browser reports what the Content-Security-Policy blocked and what could not be fetched.
    assert [text for text in said if "status of 4" not in text] == []


def test_a_form_with_what_stands_now_has_no_accessibility_fault_and_fits_a_narrow_screen(site: Site) -> None:
    other, said = Client(), form(signed(Client()))
    address = str(signed(other).post("/call-offs/new", said)["Location"]).partition("?")[0]
    colleague("second@example.org", "council", "editor")
    context = site.context(viewport={"width": 320, "height": 256})
    page = context.new_page()
    sign_in(page, "buyer@example.org")
    page.goto(f"{address}/edit")
    page.get_by_label("Title", exact=True).fill("Mine")
    theirs = said | {"title": "Theirs", "revision": 1, "expenses": ""}
    assert signed(other, "second@example.org").post(f"{address}/edit", theirs).status_code == 303
    with page.expect_response(lambda answer: answer.request.method == "POST") as told:
        page.get_by_role("button", name="Keep the changes").click()
    assert told.value.status == 409
    expect(page.get_by_role("link", name="Title: now “Theirs”")).to_be_visible()
    expect(page.get_by_label("Title", exact=True)).to_have_value("Mine")
    assert faults(page) == []
    assert wide(page) == []
    context.close()


def test_invitations_and_refused_additions_have_no_accessibility_fault_and_fit_a_narrow_screen(
    site: Site,
) -> None:
    others_pages(Client())
    link = "/organisation-invitations/another"
    invited = MemberInvitation.objects.filter(email="new@example.org")
    assert invited.update(token=hashlib.sha256(b"another").hexdigest()) == 1
    context = site.context(viewport={"width": 320, "height": 256})
    page = context.new_page()
    found: list[str] = []

    def look(heading: str) -> None:
        expect(page.get_by_role("heading", name=heading)).to_be_visible()
        found.extend(faults(page) + wide(page))

    page.goto(link)
    look("Act for ")
    page.get_by_role("button", name="Make the account and accept").click()
    look("There is a problem")
    sign_in(page, "buyer@example.org")
    page.goto(link)
    look("Act for ")
    page.goto("/shortlists/add?listing=rm1~alders~alder")
    page.get_by_role("radio", name="A new shortlist").check()
    page.get_by_role("button", name="Add the listing").click()
    look("There is a problem")
    context.close()
    assert found == []


def test_the_second_step_has_no_accessibility_fault_and_fits_a_narrow_screen(site: Site) -> None:
    context = site.context(viewport={"width": 320, "height": 256})
    page = context.new_page()
    found: list[str] = []

    def look(heading: str) -> None:
        expect(page.get_by_role("heading", name=heading, exact=True)).to_be_visible()
        found.extend(faults(page) + wide(page))

    sign_in(page, "buyer@example.org")
    page.goto("/account/second-step")
    page.get_by_role("button", name="Set it up").click()
    expect(page.get_by_role("img", name="QR code for an authenticator")).to_be_visible()
    look("Second step of signing in")
    key = base64.b32decode(page.locator("code").inner_text())
    page.get_by_label("The six digits that it shows").fill(f"{hotp(key, int(time.time()) // 30):06d}")
    page.get_by_role("button", name="Turn on").click()
    look("Your recovery codes")
    page.get_by_role("link", name="I have kept them").click()
    look("Turn it off")
    page.get_by_role("button", name="Sign out").click()
    page.goto("/sign-in")
    page.get_by_label("Email address").fill("buyer@example.org")
    page.get_by_label("Password").fill(PASSWORD)
    page.get_by_role("button", name="Sign in").click()
    look("Enter a code")
    page.get_by_label("Code of your authenticator").fill("000000")
    page.get_by_role("button", name="Sign in").click()
    look("There is a problem")
    context.close()
    assert found == []


def test_no_page_scrolls_sideways_at_320_pixels(site: Site) -> None:
    """320 by 256 is also what is left of 1,280 by 1,024 where everything is four times as large."""
    context = site.context(viewport={"width": 320, "height": 256})
    page = context.new_page()
    sign_in(page)
    for address in (*PAGES, *SIGNED_IN, *(address for address, _ in REFUSED)):
        page.goto(address)
        assert wide(page) == [], address
        expect(page.get_by_role("heading", level=1)).to_be_visible()
    page.goto("/search")
    assert faults(page) == []
    page.get_by_role("button", name="Sign out").click()
    sign_in(page, "buyer@example.org")
    for address in kept_pages(signed(Client())):
        page.goto(address)
        page.evaluate("document.querySelectorAll('details').forEach(one => one.open = true)")
        assert wide(page) == [], address
    for email, addresses in others_pages(Client()).items():
        page.get_by_role("button", name="Sign out").click()
        sign_in(page, email)
        for address in addresses:
            page.goto(address)
            page.evaluate("document.querySelectorAll('details').forEach(one => one.open = true)")
            assert wide(page) == [], address
    context.close()


def test_filters_unfold_on_a_phone_and_stand_open_on_a_desk(site: Site) -> None:
    context = site.context(viewport={"width": 390, "height": 800}, java_script_enabled=False)
    page = context.new_page()
    page.goto("/search")
    expect(page.get_by_role("checkbox", name="RM1 Advice (3)")).not_to_be_visible()
    page.locator(".app-drawer > summary").click()
    page.get_by_role("checkbox", name="RM1 Advice (3)").check()
    page.get_by_role("button", name="Apply filters").click()
    expect(page.get_by_role("heading", name="3 listings")).to_be_visible()
    expect(page.locator(".app-drawer > summary")).to_have_text("Filter (1 chosen)")
    page.set_viewport_size({"width": 1000, "height": 800})
    expect(page.get_by_role("checkbox", name="RM1 Advice (3)")).to_be_visible()
    expect(page.locator(".app-drawer > summary")).not_to_be_visible()
    context.close()


@pytest.mark.parametrize("javascript", [True, False])
def test_a_buyer_finds_a_partner_and_checks_a_price(site: Site, javascript: bool) -> None:
    context = site.context(java_script_enabled=javascript)
    page = context.new_page()
    page.goto("/")
    page.get_by_label("What do you need?").fill("vison rehabilitation")
    page.get_by_role("button", name="Search").click()
    page.get_by_role("link", name="vision rehabilitation").click()
    page.get_by_role("checkbox", name="RM1 Advice (1)").check()
    page.get_by_role("button", name="Apply filters").click()
    expect(page.get_by_role("heading", name="1 listing")).to_be_visible()
    page.get_by_role("link", name="Remove Framework: RM1 Advice").click()
    expect(page.get_by_role("heading", name="2 listings")).to_be_visible()
    page.get_by_role("link", name="Alder Research on RM1", exact=True).click()
    expect(page.get_by_role("heading", level=1)).to_have_text("Alder Research")
    page.get_by_role("link", name="all rates on RM1").click()
    page.get_by_label("Grade", exact=True).select_option("G2")
    page.get_by_label("Price to compare").fill("£600")
    page.get_by_role("button", name="Show rates").click()
    expect(page.get_by_role("img", name="Histogram of maximum rates")).to_be_visible()
    expect(page.locator(".app-place")).to_have_text(re.compile("^Of 3 lines, 1 are below £600"))
    page.get_by_label("Price to compare").fill("lots")
    page.get_by_role("button", name="Show rates").click()
    page.get_by_role("link", name="Price to compare must be an amount such as 650 or 650.50").click()
    expect(page).to_have_url(re.compile("#proposed$"))
    expect(page.get_by_label("Price to compare")).to_have_value("lots")
    context.close()


@pytest.mark.parametrize("javascript", [True, False])
def test_a_firm_edits_its_profile(site: Site, javascript: bool) -> None:
    context = site.context(java_script_enabled=javascript)
    page = context.new_page()
    sign_in(page)
    page.get_by_role("link", name="Your account").click()
    page.get_by_role("link", name="Your firm’s page").click()
    page.get_by_role("link", name="Edit the profile").click()
    page.get_by_label("Name", exact=True).fill("")
    page.get_by_role("button", name="Publish the profile").click()
    expect(page.get_by_role("heading", name="There is a problem")).to_be_visible()
    page.get_by_label("Name", exact=True).fill("Alder & Daughters")
    page.get_by_role("checkbox", name="Justice and policing").check()
    page.get_by_role("button", name="Publish the profile").click()
    expect(page.get_by_role("heading", name="Success")).to_be_visible()
    page.goto("/listings/rm1~alders~alder")
    expect(page.get_by_role("heading", level=1)).to_have_text("Alder & Daughters")
    expect(page.get_by_role("link", name="hello@alder.example.org")).to_be_visible()
    page.get_by_role("button", name="Sign out").click()
    page.goto("/listings/rm1~alders~alder")
    expect(page.get_by_role("link", name="hello@alder.example.org")).to_have_count(0)
    context.close()


@pytest.mark.parametrize("javascript", [True, False])
def test_a_buyer_matches_a_need_and_decides(site: Site, javascript: bool) -> None:
    context = site.context(java_script_enabled=javascript)
    page = context.new_page()
    sign_in(page, "buyer@example.org")
    page.get_by_role("link", name="Match", exact=True).click()
    page.get_by_label("What you need").fill("Evaluation of a vision rehabilitation service")
    page.get_by_role("button", name="Find matches").first.click()
    expect(page).to_have_url(re.compile("/matches/MATCH-"))
    page.get_by_text("Lots and specialisms that fit these words").click()
    page.get_by_role("button", name="RM1 lot 1 Health").click()
    expect(page.get_by_label("Lot", exact=True)).to_have_value("rm1~1")
    page.get_by_role("checkbox", name=re.compile("Must have.*Public engagement")).check()
    page.get_by_role("button", name="Find matches").first.click()
    expect(page.get_by_role("heading", name="2 listings ruled out")).to_be_visible()
    page.get_by_role("checkbox", name=re.compile("Shortlist.*Dogwood Digital")).check()
    page.get_by_role("button", name="Start a shortlist from these").click()
    expect(page.get_by_role("heading", name="Success")).to_be_visible()
    page.locator("summary", has_text="Decide").click()
    page.get_by_label("Decision").select_option("out")
    page.get_by_role("button", name="Keep the decisions", exact=True).click()
    page.get_by_role("link", name="Reason: say why this listing is out").click()
    expect(page).to_have_url(re.compile("#reason-1$"))
    page.get_by_label("Reason", exact=True).fill("No evidence")
    page.get_by_role("button", name="Keep the decisions", exact=True).click()
    page.get_by_role("button", name="Keep the decisions and lock").click()
    page.get_by_role("link", name="Verify that it is what was locked").click()
    expect(page.get_by_role("heading", name="Snapshot 1 is what was locked")).to_be_visible()
    context.close()


def test_a_search_needs_no_mouse(site: Site) -> None:
    context = site.context()
    page = context.new_page()
    page.goto("/")

    def tab_to(name: str) -> None:
        for _ in range(80):
            page.keyboard.press("Tab")
            focused = page.evaluate(
                "(document.activeElement.labels?.[0] ?? document.activeElement).innerText"
            )
            if focused and " ".join(focused.split()).startswith(name):
                assert page.evaluate(SEEN), f"{name} does not show that it has the focus"
                return
        raise AssertionError(f"{name} is not reached by the Tab key")

    tab_to("Skip to main content")
    page.keyboard.press("Enter")
    tab_to("What do you need?")
    page.keyboard.type("evaluation")
    page.keyboard.press("Enter")
    page.wait_for_url("**/search?q=evaluation**")
    tab_to("RM1 Advice")
    page.keyboard.press("Space")
    tab_to("Apply filters")
    page.keyboard.press("Enter")
    page.wait_for_url("**framework=rm1**")
    tab_to("Alder Research")
    page.keyboard.press("Enter")
    page.wait_for_url("**/listings/**")
    expect(page.get_by_role("heading", level=1)).to_have_text("Alder Research")
    context.close()


def test_a_language_is_chosen_by_a_link_without_javascript_on_a_narrow_screen(
    site: Site, settings: Any, tmp_path: Path
) -> None:
    write_pseudo(tmp_path / "locale")
    settings.LOCALE_PATHS = [tmp_path / "locale"]
    plain = site.context(java_script_enabled=False, viewport={"width": 320, "height": 640})
    page = plain.new_page()
    page.goto("/frameworks/rm1?from=start")
    page.get_by_role("link", name="Cymraeg").click()
    expect(page).to_have_url(f"{site.address}/frameworks/rm1?from=start")
    page.get_by_role("link", name=bracketed("Search"), exact=True).click()
    expect(page.get_by_role("heading", level=1)).to_have_text(bracketed("Search partners"))
    assert wide(page) == []
    kept = plain.cookies()
    plain.close()
    context = site.context()
    context.add_cookies([one for one in kept if one["name"] == settings.LANGUAGE_COOKIE_NAME])
    spoken = context.new_page()
    spoken.goto("/search")
    assert spoken.get_by_role("navigation", name=bracketed("Language")).inner_text().split() == [
        "English",
        "Cymraeg",
    ]
    assert faults(spoken) == []
    context.close()
