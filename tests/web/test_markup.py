"""Our macros are fast copies of the Design System's markup: each must say what its own macros say."""

from __future__ import annotations

from html.parser import HTMLParser
from typing import Any

import pytest
from django.template import engines
from jinja2 import Environment, PackageLoader, PrefixLoader

from tests.web.reading import VOID
from web.paging import Item, Pages

ITEMS = [("a", "First", True), ("b", "Second & last", False)]
ERROR = {"text": "Enter it"}
THEIRS = Environment(
    loader=PrefixLoader({"govuk_frontend_jinja": PackageLoader("govuk_frontend_jinja")}), autoescape=True
)
DROPPED = {"data-module"}
"""Hooks for the Design System's scripts, of which we use none."""


def shape(html: str) -> list[Any]:
    """Tags with their attributes, and words, in order; blanks do not count."""
    seen: list[Any] = []

    class Reader(HTMLParser):
        def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
            kept = {name: " ".join((value or "").split()) for name, value in attrs if name not in DROPPED}
            seen.append((tag, kept))

        def handle_endtag(self, tag: str) -> None:
            if tag not in VOID:
                seen.append(f"/{tag}")

        def handle_data(self, data: str) -> None:
            if words := " ".join(data.split()):
                seen.append(words)

    Reader().feed(html)
    return seen


def ours(file: str, call: str, **values: Any) -> list[Any]:
    name = call.partition("(")[0]
    template = engines["jinja2"].from_string(
        f'{{% from "macros/{file}.html" import {name} %}}{{{{ {call} }}}}'
    )
    return shape(template.render(values))


def theirs(component: str, **parameters: Any) -> list[Any]:
    macro = "govuk" + "".join(word.capitalize() for word in component.split("-"))
    template = THEIRS.from_string(
        f'{{% from "govuk_frontend_jinja/components/{component}/macro.html" import {macro} %}}'
        f"{{{{ {macro}(parameters) }}}}"
    )
    return shape(template.render(parameters=parameters))


@pytest.mark.parametrize("fault", ["", "Enter it"])
@pytest.mark.parametrize("hint", ["", "A hint"])
def test_fields(hint: str, fault: str) -> None:
    more: dict[str, Any] = ({"hint": {"text": hint}} if hint else {}) | (
        {"errorMessage": ERROR} if fault else {}
    )
    assert ours(
        "forms",
        "text_input('x', 'y', 'Label', '1', hint=hint, fault=fault, classes='wide', inputmode='decimal')",
        hint=hint,
        fault=fault,
    ) == theirs(
        "input",
        id="x",
        name="y",
        value="1",
        label={"text": "Label"},
        classes="wide",
        inputmode="decimal",
        **more,
    )
    assert ours(
        "forms", "text_input('x', 'y', 'Label', hint=hint, fault=fault, prefix='£')", hint=hint, fault=fault
    ) == theirs("input", id="x", name="y", label={"text": "Label"}, prefix={"text": "£"}, **more)
    assert ours(
        "forms", "textarea('x', 'y', 'Label', 'Words', hint, fault)", hint=hint, fault=fault
    ) == theirs("textarea", id="x", name="y", label={"text": "Label"}, value="Words", **more)
    assert ours(
        "forms",
        "select('x', 'y', 'Label', [('a', 'First'), ('b', 'Second')], 'b', hint, fault)",
        hint=hint,
        fault=fault,
    ) == theirs(
        "select",
        id="x",
        name="y",
        label={"text": "Label"},
        items=[{"value": "a", "text": "First"}, {"value": "b", "text": "Second", "selected": True}],
        **more,
    )
    assert ours("forms", "file_upload('x', 'y', 'Label', hint, fault)", hint=hint, fault=fault) == theirs(
        "file-upload", id="x", name="y", label={"text": "Label"}, **more
    )
    assert ours(
        "forms",
        "checkboxes('x', 'y', 'Legend', items, hint=hint, fault=fault, small=true)",
        items=ITEMS,
        hint=hint,
        fault=fault,
    ) == theirs(
        "checkboxes",
        idPrefix="x",
        name="y",
        classes="govuk-checkboxes--small",
        fieldset={"legend": {"text": "Legend"}},
        items=[{"value": value, "text": text, "checked": checked} for value, text, checked in ITEMS],
        **more,
    )


def test_radios() -> None:
    assert ours(
        "forms", "radios('x', 'y', 'Legend', [('a', 'First'), ('b', 'Second')], 'b', 'A hint', 'Enter it')"
    ) == theirs(
        "radios",
        idPrefix="x",
        name="y",
        value="b",
        hint={"text": "A hint"},
        errorMessage=ERROR,
        fieldset={"legend": {"text": "Legend"}},
        items=[{"value": "a", "text": "First"}, {"value": "b", "text": "Second"}],
    )


def test_a_button_and_a_tag() -> None:
    assert ours("forms", "button('Save & go', 'wide', 'n', 'v')") == theirs(
        "button", text="Save & go", classes="wide", name="n", value="v"
    )
    assert ours("furniture", "tag('Open', 'green')") == theirs("tag", text="Open", classes="govuk-tag--green")


def test_breadcrumbs() -> None:
    assert ours("furniture", "breadcrumbs([('Search', '/search'), ('RM1', '/x')])") == theirs(
        "breadcrumbs", items=[{"text": "Search", "href": "/search"}, {"text": "RM1", "href": "/x"}]
    )


def test_an_error_summary() -> None:
    faults = [{"anchor": "q", "message": "Enter it"}, {"anchor": "", "message": "Wrong"}]
    assert ours("furniture", "error_summary(faults)", faults=faults) == theirs(
        "error-summary",
        titleText="There is a problem",
        errorList=[{"text": "Enter it", "href": "#q"}, {"text": "Wrong"}],
    )


def test_pagination() -> None:
    items = (Item(1, "/s"), Item(0), Item(2, "/s?page=2", current=True))
    pages = Pages(2, 2, 1, 20, False, "/s?page=2", "/s", "/n", items)
    assert ours("furniture", "pagination(pages, 'Pages of listings')", pages=pages) == theirs(
        "pagination",
        landmarkLabel="Pages of listings",
        previous={"href": "/s"},
        next={"href": "/n"},
        items=[
            {"number": 1, "href": "/s"},
            {"ellipsis": True},
            {"number": 2, "href": "/s?page=2", "current": True},
        ],
    )
