"""Labels of procurement and search that the pages show are known to the catalogue, all of them."""

from __future__ import annotations

import ast
from collections.abc import Iterator, Mapping
from importlib import import_module
from pathlib import Path
from typing import Any, Final

from procurement import public_notices
from procurement.event_types import EVENT_TYPES
from web import shown_labels as module
from web.shown_labels import FORMS, NO_NOTICES, TABLES, shown_labels

WEB: Final = Path(module.__file__).parent
NO_LABELS: Final = {
    ("procurement.actions.operations", "KINDS"): "what each kind of operation needs permission for",
    ("procurement.pricing", "CURRENCIES"): "signs of currencies, alike in every language",
}


def _imported() -> Iterator[tuple[str, str, Any]]:
    """Every constant of procurement and search that a module of web/ imports."""
    for path in sorted(WEB.rglob("*.py")):
        for node in ast.walk(ast.parse(path.read_text())) if "node_modules" not in path.parts else ():
            if isinstance(node, ast.ImportFrom) and (node.module or "").startswith(("procurement", "search")):
                for one in node.names:
                    if one.name.isupper():
                        yield node.module or "", one.name, getattr(import_module(node.module or ""), one.name)


def _is_table(value: Any) -> bool:
    return isinstance(value, Mapping) and all(isinstance(one, str) for one in value.values())


def test_every_table_of_labels_that_the_pages_import_is_known() -> None:
    known = {id(table) for table in TABLES}
    unknown = {(of, name) for of, name, value in _imported() if _is_table(value) and id(value) not in known}
    assert unknown == set(NO_LABELS)


def test_every_form_of_frameworks_that_the_pages_import_is_known() -> None:
    assert {name for _, name, value in _imported() if name.startswith("AS_") and value not in FORMS} == set()


def test_why_no_notice_is_due_is_written_as_procurement_writes_it() -> None:
    tree = ast.parse(Path(public_notices.__file__).read_text())
    function = next(one for one in tree.body if isinstance(one, ast.FunctionDef) and one.name == "why_none")
    said = {
        one.value.value
        for one in ast.walk(function)
        if isinstance(one, ast.Return) and isinstance(one.value, ast.Constant)
    }
    assert said == set(NO_NOTICES)


def test_labels_are_texts_and_none_is_empty() -> None:
    labels = set(shown_labels())
    assert "" not in labels
    assert {
        "Employee-owned",
        "a day",
        "Companies House number",
        "Framework status",
        "The lower price",
        "All parts, weighed",
        EVENT_TYPES["shortlist.created"].meaning,
    } <= labels
