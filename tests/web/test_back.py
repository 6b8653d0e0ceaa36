"""Back after a page that a form was answered with, in a real browser; and what no browser may keep."""

from __future__ import annotations

import re
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import pytest
from django.test import Client
from django.urls import reverse
from playwright.sync_api import Browser, Page, expect

from procurement.models import Match
from search.index import borrowed_writer
from search.rebuild import rebuild
from tests.web.buying import signed
from tests.web.market import PASSWORD, make_market
from web.back import HISTORY, NEVER_KEPT

pytestmark = [pytest.mark.browser, pytest.mark.timeout(300), pytest.mark.django_db(transaction=True)]

NEED = "Evaluation of a vision rehabilitation service"


@pytest.fixture
def address(settings: Any, tmp_path: Path, transactional_db: None, live_server: Any) -> str:
    """The small market, running."""
    settings.INDEX_FOLDER = tmp_path / "index"
    make_market()
    with borrowed_writer() as writer:
        rebuild(writer)
    return str(live_server.url)


@contextmanager
def opened(browser: Browser, address: str, email: str = "", *, scripts: bool) -> Iterator[Page]:
    """A page with or without JavaScript, signed in where an address is given."""
    context = browser.new_context(base_url=address, java_script_enabled=scripts)
    page = context.new_page()
    if email:
        page.goto("/sign-in")
        page.get_by_label("Email address").fill(email)
        page.get_by_label("Password", exact=True).fill(PASSWORD)
        page.get_by_role("button", name="Sign in").click()
        page.get_by_role("button", name="Sign out").wait_for()
    yield page
    context.close()


def back(page: Page) -> None:
    """Follows a link of the page, then goes back."""
    page.get_by_role("link", name="Frameworks").first.click()
    expect(page.get_by_role("heading", level=1)).to_have_text("Frameworks")
    page.go_back()


def ask(page: Page) -> None:
    page.goto("/match?framework=rm1&lot=rm1~1")
    page.get_by_label("What you need").fill(NEED)
    page.get_by_role("button", name="Find matches").first.click()


@pytest.mark.parametrize("scripts", [True, False])
def test_back_from_a_result_leads_to_the_results(browser: Browser, address: str, *, scripts: bool) -> None:
    with opened(browser, address, scripts=scripts) as page:
        ask(page)
        result = page.locator("main a[href^='/listings/']").first
        name = result.inner_text()
        result.click()
        expect(page).to_have_url(re.compile("/listings/"))
        page.go_back()
        expect(page.locator("main a[href^='/listings/']").first).to_have_text(name)
        expect(page.get_by_label("What you need")).to_have_value(NEED)
    assert Match.objects.count() == 0


@pytest.mark.parametrize("scripts", [True, False])
def test_back_leads_to_the_preview_of_a_profile(browser: Browser, address: str, *, scripts: bool) -> None:
    with opened(browser, address, "alder@example.org", scripts=scripts) as page:
        page.goto("/profile/alder")
        page.get_by_role("button", name="Preview").click()
        expect(page.locator("#preview")).to_be_visible()
        back(page)
        expect(page.locator("#preview")).to_be_visible()


@pytest.mark.parametrize("scripts", [True, False])
def test_back_leads_to_a_need_that_is_being_changed(browser: Browser, address: str, *, scripts: bool) -> None:
    with opened(browser, address, "buyer@example.org", scripts=scripts) as page:
        ask(page)
        page.get_by_role("button", name="Change the need").click()
        expect(page.get_by_label("What you need")).to_have_value(NEED)
        back(page)
        expect(page.get_by_label("What you need")).to_have_value(NEED)


def test_nothing_comes_back_once_its_reader_has_signed_out(browser: Browser, address: str) -> None:
    with opened(browser, address, "alder@example.org", scripts=True) as page:
        page.goto("/profile/alder")
        page.get_by_role("button", name="Preview").click()
        expect(page.locator("#preview")).to_be_visible()
        page.get_by_role("button", name="Sign out").click()
        expect(page.get_by_role("link", name="Sign in").first).to_be_visible()
        with pytest.raises(Exception, match="ERR_CACHE_MISS"):
            page.go_back()
        assert page.locator("#preview").count() == 0


@pytest.mark.parametrize("name", sorted(NEVER_KEPT))
def test_every_page_that_no_browser_keeps_is_one_of_ours(name: str) -> None:
    taken = {
        "member-invitation": 1,
        "set-password": 2,
        "set-up-account": 1,
        "second-step": 0,
        "enter-code": 0,
    }
    assert reverse(f"web:{name}", args=["1"] * taken.get(name, 1)).startswith("/")


def test_what_is_sealed_or_secret_is_kept_by_no_browser(address: str) -> None:
    browser = signed(Client(), "alder@example.org")
    assert browser.post("/account/second-step", {"do": "begin"}).status_code == 303
    refused = browser.post("/account/second-step", {"do": "confirm", "code": "x"})
    assert (refused.status_code, "no-store" in refused["Cache-Control"]) == (422, True)
    assert browser.post("/profile/alder", {"do": "preview"})["Cache-Control"] == HISTORY
    assert "no-store" in browser.get("/profile/alder")["Cache-Control"]
