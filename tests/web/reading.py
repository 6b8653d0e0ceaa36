"""Reads a page as a test does: its elements, its words, its links."""

from __future__ import annotations

from dataclasses import dataclass, field
from html.parser import HTMLParser
from pathlib import Path
from typing import Any

COMPILED = Path(__file__).parents[2] / "web/static/web/compiled/application.css"
BREAKS = {"br", "div", "li", "option", "p", "section"}
VOID = {"br", "hr", "img", "input", "link", "meta"}


@dataclass
class Element:
    """A tag with its attributes and the words inside it."""

    tag: str
    attributes: dict[str, str]
    words: list[str] = field(default_factory=list)

    @property
    def text(self) -> str:
        return " ".join("".join(self.words).split())


class Page(HTMLParser):
    """Every element of a page in order, what was left open or closed wrongly, and its declared ids."""

    def __init__(self, content: bytes) -> None:
        super().__init__(convert_charrefs=True)
        self.elements: list[Element] = []
        self.faults: list[str] = []
        self._open: list[Element] = []
        self.feed(content.decode())
        self.close()
        self.faults += [f"<{element.tag}> left open" for element in self._open]

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        names = [name for name, _ in attrs]
        if len(names) != len(set(names)):
            self.faults.append(f"<{tag}> with an attribute twice: {names}")
        if tag in BREAKS:
            self.handle_data(" ")
        element = Element(tag, {name: value or "" for name, value in attrs})
        self.elements.append(element)
        if tag not in VOID:
            self._open.append(element)

    def handle_startendtag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.elements.append(Element(tag, {name: value or "" for name, value in attrs}))

    def handle_endtag(self, tag: str) -> None:
        if not self._open or self._open[-1].tag != tag:
            self.faults.append(f"</{tag}> closes {self._open[-1].tag if self._open else 'nothing'}")
        else:
            self._open.pop()

    def handle_data(self, data: str) -> None:
        for element in self._open:
            element.words.append(data)

    def all(self, tag: str = "", **attributes: str) -> list[Element]:
        """Elements with that tag and these attributes (`class_` holds one of the classes)."""
        return [
            element
            for element in self.elements
            if (not tag or element.tag == tag) and all(_has(element, *pair) for pair in attributes.items())
        ]

    def one(self, tag: str = "", **attributes: str) -> Element:
        found = self.all(tag, **attributes)
        assert len(found) == 1, (tag, attributes, [element.text for element in found])
        return found[0]

    def texts(self, tag: str = "", **attributes: str) -> list[str]:
        return [element.text for element in self.all(tag, **attributes)]


def _has(element: Element, name: str, value: str) -> bool:
    if name == "class_":
        return value in element.attributes.get("class", "").split()
    return element.attributes.get(name.replace("_", "-")) == value


def read(response: Any) -> Page:
    """The page of a response; it must be whole."""
    page = Page(response.content)
    assert page.faults == []
    return page


def rows(page: Page, caption: str) -> list[list[str]]:
    """The rows of the table with that caption, its heading first."""
    table = next(
        element
        for element in page.all("table")
        if page.elements[page.elements.index(element) + 1].text == caption
    )
    found: list[list[str]] = []
    for element in page.elements[page.elements.index(table) + 1 :]:
        if element.tag == "table":
            break
        if element.tag == "tr":
            found.append([])
        elif element.tag in ("th", "td"):
            found[-1].append(element.text)
    return found


def summary(page: Page) -> dict[str, str]:
    """The rows of the page's summary lists, by key."""
    keys = page.texts("dt", class_="govuk-summary-list__key")
    return dict(zip(keys, page.texts("dd", class_="govuk-summary-list__value"), strict=True))


def options(page: Page, field: str) -> list[Element]:
    """What a field offers to choose from."""
    first = page.elements.index(page.one("select", id=field))
    after = [one for one in page.elements[first + 1 :] if one.tag in ("option", "select")]
    return after[: next((at for at, one in enumerate(after) if one.tag == "select"), len(after))]


def chosen(page: Page, field: str) -> str:
    """The option that is selected in a field, "" where none is."""
    ours = (one.attributes["value"] for one in options(page, field) if "selected" in one.attributes)
    return next(ours, "")


def wrong(page: Page) -> list[tuple[str, str]]:
    """What the error summary says, and where each line leads."""
    return [
        (one.text, one.attributes["href"])
        for one in page.all("a")
        if one.attributes["href"].startswith("#") and one.text != "Skip to main content"
    ]
