"""Every page of the site enlarged four times, with text spaced out, on paper, and by keyboard alone.

WCAG 2.2: 1.4.10 reflow (a window of 1,280 pixels at 400 % is one of 320), 1.4.12 text spacing, 2.1.1 keyboard, 2.1.2
no trap, 2.4.3 order of focus, 2.4.7 visible focus, 2.4.11 focus not hidden. The first address of each route is gone
through.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator

import pytest
from django.test import Client
from django.urls import resolve
from playwright.sync_api import Page

from tests.web.buying import signed
from tests.web.kept import kept_pages, others_pages
from tests.web.test_every_page import OWN_PAGES, PAGES
from tests.web.test_in_a_browser import SEEN, Site, sign_in, site

__all__ = ["site"]

pytestmark = [
    pytest.mark.long,
    pytest.mark.browser,
    pytest.mark.timeout(1800),
    pytest.mark.django_db(transaction=True),
]

SPACED = """
* { line-height: 1.5 !important; letter-spacing: 0.12em !important; word-spacing: 0.16em !important; }
p { margin-bottom: 2em !important; }
"""
"""What somebody may set by WCAG 1.4.12 without losing anything."""
UNFOLDED = "document.querySelectorAll('details').forEach(one => one.open = true)"
WIDER = """width => document.documentElement.scrollWidth <= width ? [] : [...document.querySelectorAll("body *")]
    .filter(one => one.getBoundingClientRect().right > width && !one.closest(".app-scroll"))
    .slice(0, 3).map(one => one.outerHTML.slice(0, 160))
"""
CUT_ON_PAPER = """
width => [...document.querySelectorAll(".app-scroll, .app-scroll *, .govuk-table, .app-chart")].filter(one => {
    const style = getComputedStyle(one);
    const scrolls = style.overflowX !== "visible" && one.tagName !== "svg" && !one.closest(".govuk-visually-hidden");
    return (scrolls && one.scrollWidth > one.clientWidth + 1) || one.getBoundingClientRect().right > width;
}).slice(0, 3).map(one => one.outerHTML.slice(0, 160))
"""
"""What is cut off by a sheet, where nobody can scroll."""
PRESSED = """
[...document.querySelectorAll("button, nav, .govuk-skip-link, .govuk-button, .govuk-breadcrumbs, .app-filters")]
    .filter(one => one.checkVisibility()).map(one => one.outerHTML.slice(0, 160))
"""
"""What leads about or is pressed, of which paper has no use."""
OTHER_SIZES = """
sizes => [...document.querySelectorAll("body *")].filter(one => {
    const words = [...one.childNodes].some(part => part.nodeType === Node.TEXT_NODE && part.data.trim());
    const drawn = one.closest("svg, .govuk-visually-hidden");
    const size = Math.round(parseFloat(getComputedStyle(one).fontSize) * 7.5) / 10;
    return words && !drawn && one.checkVisibility() && !sizes.includes(size);
}).slice(0, 3).map(one => `${getComputedStyle(one).fontSize} ${one.outerHTML.slice(0, 160)}`)
"""
PRINTED_SIZES = [20, 17, 13, 11, 10.5, 9, 7]
"""Points of everything that is printed: four headings, text, what says less, tables wider than a screen."""
CLIPPED = """
[...document.querySelectorAll("body *")].filter(one => {
    const style = getComputedStyle(one);
    const hidden = "svg, .govuk-visually-hidden, .govuk-skip-link, .app-table-stack thead, .app-drawer__heading";
    // What is typed into a field scrolls in it, as everywhere.
    if (one.closest(hidden) || one.matches("input, textarea, select") || !one.getClientRects().length) return false;
    const cut = value => value === "hidden" || value === "clip";
    return (cut(style.overflowX) && one.scrollWidth > one.clientWidth + 1)
        || (cut(style.overflowY) && one.scrollHeight > one.clientHeight + 1);
}).map(one => one.outerHTML.slice(0, 160))
"""
"""Elements that cut off what does not fit into them; what is for screen readers alone is no pixel large."""
REACHED = """
(() => {
    const one = document.activeElement;
    if (!one || one === document.body) return null;
    window.stops ??= [];
    const before = window.stops.at(-1);
    // A field for a day and an hour has a stop for each part.
    const within = one === before;
    const again = !within && window.stops.includes(one);
    window.stops.push(one);
    const box = (one.labels?.[0] ?? one).getBoundingClientRect();
    return {
        told: one.outerHTML.slice(0, 120),
        again,
        within,
        backwards: Boolean(before && !again && before.compareDocumentPosition(one) & Node.DOCUMENT_POSITION_PRECEDING),
        seen: box.bottom > 0 && box.top < innerHeight && box.width > 0,
    };
})()
"""
STOPS = """
[...document.querySelectorAll("a[href], button, input, select, textarea, summary, [tabindex]")].filter(one => {
    if (one.disabled || one.tabIndex < 0 || one.type === "hidden" || !one.getClientRects().length) return false;
    // Of radio buttons with one name the Tab key reaches one.
    return one.type !== "radio" || one === ([...document.getElementsByName(one.name)].find(other => other.checked)
        ?? document.getElementsByName(one.name)[0]);
}).length
"""
A4 = 718
"""Pixels of a sheet's width within margins of a centimetre."""


def first_of_each_route(addresses: Iterable[str], known: set[str]) -> Iterator[str]:
    for address in addresses:
        route = resolve(address.partition("?")[0]).url_name or ""
        if route not in known:
            known.add(route)
            yield address


def enlarged(page: Page) -> list[str]:
    page.set_viewport_size({"width": 320, "height": 256})
    style = page.add_style_tag(content=SPACED)
    found = page.evaluate(WIDER, 320) + page.evaluate(CLIPPED)
    style.evaluate("one => one.remove()")
    return [f"enlarged: {one}" for one in found + page.evaluate(WIDER, 320) + page.evaluate(CLIPPED)]


def printed(page: Page) -> list[str]:
    page.set_viewport_size({"width": A4, "height": 1000})
    page.emulate_media(media="print")
    lost = page.evaluate(WIDER, A4) + page.evaluate(CUT_ON_PAPER, A4) + page.evaluate(PRESSED)
    found = [f"printed: {one}" for one in lost + page.evaluate(OTHER_SIZES, PRINTED_SIZES)]
    if not page.get_by_role("heading", level=1).is_visible():
        found.append("printed: no heading")
    page.emulate_media(media="screen")
    return found


def by_keyboard(page: Page) -> tuple[int, list[str]]:
    """How often Tab was pressed until the page had been gone through, and what is wrong."""
    page.set_viewport_size({"width": 1280, "height": 800})
    wanted, found = page.evaluate(STOPS), []
    reached = pressed = 0
    while reached < wanted:
        page.keyboard.press("Tab")
        stop = page.evaluate(REACHED)
        pressed += 1
        if stop is None or stop["again"] or pressed > 10 * wanted:
            return pressed, [*found, f"keyboard: {reached} of {wanted} stops, then {stop and stop['told']}"]
        reached += not stop["within"]
        if stop["backwards"]:
            found.append(f"keyboard: goes back to {stop['told']}")
        if not stop["seen"]:
            found.append(f"keyboard: out of sight {stop['told']}")
        # What shows the focus on a part of a field is the browser's own.
        if not stop["within"] and not page.evaluate(SEEN):
            found.append(f"keyboard: no focus is shown on {stop['told']}")
    return pressed, found


def test_no_page_loses_anything(site: Site) -> None:
    context = site.context(bypass_csp=True)
    page = context.new_page()
    known, wrong, pressed, pages = set[str](), list[str](), 0, 0
    people: dict[str, Iterable[str]] = {"": PAGES, "alder@example.org": OWN_PAGES}
    people |= {"buyer@example.org": kept_pages(signed(Client()))}
    for email, addresses in [*people.items(), *others_pages(Client()).items()]:
        if email:
            page.goto("/")
            if (out := page.get_by_role("button", name="Sign out")).count():
                out.click()
            sign_in(page, email)
        for address in first_of_each_route(addresses, known):
            page.goto(address)
            page.evaluate(UNFOLDED)
            taken, faults = by_keyboard(page)
            wrong += [f"{address} {one}" for one in (*faults, *enlarged(page), *printed(page))]
            pressed, pages = pressed + taken, pages + 1
    context.close()
    print(f"{pages} pages, Tab pressed {pressed} times")
    print("\n".join(wrong))
    assert wrong == []
