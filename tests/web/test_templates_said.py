"""Every text of a template can be translated, by what stands in its source: pages that no test asks for, too."""

from __future__ import annotations

import re
from collections.abc import Iterator
from html.parser import HTMLParser
from pathlib import Path
from typing import Final

import pytest
from jinja2 import nodes

from tests.web.pseudo import TRANSLATABLE, WORD
from web import environment as module
from web.environment import environment

TEMPLATES: Final = Path(module.__file__).parent / "jinja2"
NAMES: Final = [str(path.relative_to(TEMPLATES)) for path in sorted(TEMPLATES.rglob("*.html"))]
SAYING: Final = {"_", "gettext", "ngettext", "plural"}
HELD: Final = "\N{BULLET}"
"""Stands for what an expression comes to."""
PROSE: Final = re.compile(r"[A-Za-z’]{2,} [A-Za-z’]+|^[A-Z][a-z’]+[.:]?$")
READ_BY_NOBODY: Final = {
    *(
        "lead supplier",
        "framework owner",
        "social investor",
    ),  # keys of macros/buying.html, by procurement/states.py
}


class Texts(HTMLParser):
    """What stands between tags, and in attributes that are read."""

    def __init__(self, source: str) -> None:
        super().__init__(convert_charrefs=True)
        self.found: list[str] = []
        self.feed(source)
        self.close()

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        read = (
            {*TRANSLATABLE, "content"} if tag == "meta" and ("name", "description") in attrs else TRANSLATABLE
        )
        self.found += [value or "" for name, value in attrs if name in read]

    def handle_data(self, data: str) -> None:
        self.found.append(data)


def _laid_out(node: nodes.Node) -> Iterator[str]:
    """A template without its expressions: its texts, whole sentences that are translated left out."""
    if isinstance(node, nodes.TemplateData):
        yield node.data
    elif isinstance(node, nodes.Output):
        for one in node.nodes:
            yield from _laid_out(one) if isinstance(one, nodes.TemplateData) else [HELD]
    elif not isinstance(node, nodes.Expr):
        for child in node.iter_child_nodes():
            yield from _laid_out(child)


def _literals(node: nodes.Node) -> Iterator[str]:
    """Strings of expressions that nothing translates."""
    if isinstance(node, nodes.Call) and isinstance(node.node, nodes.Name) and node.node.name in SAYING:
        for one in node.kwargs:
            yield from _literals(one)
        for other in node.args:
            if not isinstance(other, nodes.Const):
                yield from _literals(other)
    elif isinstance(node, nodes.Const):
        if isinstance(node.value, str):
            yield node.value
    else:
        for child in node.iter_child_nodes():
            yield from _literals(child)


@pytest.mark.parametrize("name", NAMES)
def test_a_template_says_nothing_that_no_catalogue_could_hold(name: str) -> None:
    made = environment().parse((TEMPLATES / name).read_text())
    # A macro of macros/forms.html writes an attribute for the tag in which it is called.
    texts = [
        text.replace("Calloff", "").replace(f'aria-describedby="{HELD}"', "")
        for text in Texts("".join(_laid_out(made))).found
    ]
    assert [text for text in texts if WORD.search(text)] == []
    literals = set(_literals(made)) - READ_BY_NOBODY
    assert [one for one in literals if PROSE.search(one)] == []


@pytest.mark.parametrize("name", NAMES)
def test_nothing_is_said_when_a_template_is_imported(name: str) -> None:
    """What a template sets outside of its macros is worked out once for everybody where another imports it."""
    made = environment().parse((TEMPLATES / name).read_text())
    if any(isinstance(one, nodes.Extends) for one in made.body):
        return  # a page of its own, which is made anew for each reader
    top = [one for one in made.body if isinstance(one, nodes.Assign | nodes.AssignBlock)]
    called = [
        call.node.name
        for one in top
        for call in one.find_all(nodes.Call)
        if isinstance(call.node, nodes.Name)
    ]
    assert SAYING.isdisjoint(called)
