"""Somebody in front of the running pages: they press, fill and follow what they see, and nothing else.

What axe finds wrong on a page is noted before it is left for the next (where JavaScript runs, for axe needs it).
"""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field

from playwright.sync_api import Browser, Locator, Page

from tests.web.browsing import faults


@dataclass
class Walk:
    """A browser on the pages at `address`, where everybody has the same password."""

    browser: Browser
    address: str
    password: str
    javascript: bool
    faults: list[str] = field(default_factory=list)
    said: list[str] = field(default_factory=list)
    """What the browser's console said: a broken script, a file that was blocked or not found."""
    pages: int = 0

    @contextmanager
    def as_(self, email: str) -> Iterator[Visitor]:
        """Somebody, signed in, in a browser of their own."""
        context = self.browser.new_context(base_url=self.address, java_script_enabled=self.javascript)
        page = context.new_page()
        page.on("console", lambda message: self.said.append(f"{page.url}: {message.text}"))
        visitor = Visitor(self, page)
        visitor.goto("/sign-in")
        visitor.fill({"Email address": email, "Password": self.password})
        visitor.press("Sign in")
        yield visitor
        context.close()


@dataclass
class Visitor:
    """One person's page."""

    walk: Walk
    page: Page

    def goto(self, address: str) -> None:
        self.page.goto(address)
        self._look()

    def click(self, what: Locator) -> None:
        """Something that leads to another page."""
        with self.page.expect_navigation():
            what.click()
        self._look()

    def press(self, name: str) -> None:
        self.click(self.page.get_by_role("button", name=name, exact=True))

    def take(self, name: str) -> None:
        """Presses a button, which the next page must say was done."""
        self.press(name)
        self.done()

    def done(self) -> None:
        told = self.page.get_by_role("heading", name="Success")
        assert told.is_visible(), f"{self.page.url}: {self.page.locator('main').inner_text()[:2000]}"

    def follow(self, name: str) -> None:
        self.click(self.page.get_by_role("link", name=name, exact=True).first)

    def fill(self, fields: dict[str, str]) -> None:
        """Fills fields by their labels."""
        for label, value in fields.items():
            self.page.get_by_label(label, exact=True).fill(value)

    def choose(self, choices: dict[str, str]) -> None:
        """Chooses options by the labels of fields and their own."""
        for label, option in choices.items():
            self.page.get_by_label(label, exact=True).select_option(label=option)

    def unfold(self, name: str) -> None:
        summary = self.page.locator("summary", has_text=name).first
        if summary.locator("..").get_attribute("open") is None:
            summary.click()

    def _look(self) -> None:
        self.walk.pages += 1
        if self.walk.javascript:
            self.walk.faults += faults(self.page)
