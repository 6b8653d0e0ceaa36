"""Every text of web/ that a person reads can be translated, by what stands in its source.

Read as syntax trees: what a text means cannot be told, but that prose is handed to gettext where it is shown, or marked
for the catalogue where it stands in a table, can.
"""

from __future__ import annotations

import ast
import re
from collections.abc import Iterator
from pathlib import Path
from typing import Final

import pytest
from django.test import RequestFactory

from web import saying
from web.faults import SHAPED
from web.saying import choices_said, done_said, labels_said, one_in_another, said

WEB: Final = Path(saying.__file__).parent
SOURCES: Final = [path for path in sorted(WEB.rglob("*.py")) if "node_modules" not in path.parts]
TREES: Final = {str(path.relative_to(WEB)): ast.parse(path.read_text()) for path in SOURCES}
ANSWERING: Final = frozenset({"_", "gettext", "ngettext"})
"""What answers in the language of whoever reads."""
MARKS: Final = frozenset({"N_", "gettext_noop"})
SAYING: Final = frozenset(one.name for one in TREES["saying.py"].body if isinstance(one, ast.FunctionDef))
SCOPES: Final = (ast.FunctionDef, ast.Lambda, ast.ListComp, ast.SetComp, ast.DictComp, ast.GeneratorExp)
WORDS: Final = re.compile(r"[A-Za-z’']{2,} [A-Za-z’']+|^[A-Z][a-z’']+[.:]?$")
"""Prose, as far as a shape tells: two words, or one that begins with a capital."""
PIECE: Final = re.compile(r"(^|[ (])[A-Za-z]{2,}[ ,.:;)]|[ (][A-Za-z]{2,}$")
"""Prose beside a value in an f-string."""
PLACEHOLDER: Final = re.compile(r"%(?!\([a-z_]+\)s|%)")
"""A value without a name: no translation could move it."""
READ_BY_NOBODY: Final = {
    **dict.fromkeys(
        [("changing.py", "Location"), ("once.py", "Location"), ("lost_forms.py", "Location")],
        "the name of a header",
    ),
    **dict.fromkeys(
        [("views/contracts.py", 'attachment; filename="'), ("views/tenders.py", 'attachment; filename="')],
        "the value of a header",
    ),
    **dict.fromkeys(
        [("comparison_words.py", heading) for heading in ("Ownership", "Size", "Accreditations")],
        "compared with, as search writes it",
    ),
    ("environment.py", "web:"): "the name of an address",
    ("views/errors.py", "Allow"): "the name of a header",
    ("views/errors.py", "the cache cannot be reached: %s"): "a line of the log",
    **dict.fromkeys(
        [("languages.py", "Cookie"), ("languages.py", "Lax"), ("kept_form.py", "Lax")], "of headers"
    ),
    ("once.py", '<input type="hidden" name="{}" value="{}">'): "markup",
    ("faults.py", SHAPED.pattern): "what search writes, to be recognised",
    **dict.fromkeys(
        [("paging.py", "Row"), ("call_off_form.py", "Row"), ("bodies.py", "View")], "the name of a type"
    ),
    ("readiness.py", "ceilings:"): "the beginning of a key of the cache",
    ("views/imports.py", "say which sheet to read"): "what a command is told, to be replaced",
    ("views/imports.py", "create suppliers to have it made"): "what a command is told, to be replaced",
    **dict.fromkeys(
        [
            ("faults.py", text)
            for text in (
                "the lowest rate",
                "the highest rate",
                "the least experience",
                "the most experience",
                "sorting by rate",
            )
        ],
        "said within a message of search's rules, which stays English",
    ),
    ("faults.py", "There is no filter called after."): "the page says it anew by its code",
    **dict.fromkeys(
        [
            ("sessions.py", name)
            for name in (
                *(
                    "Edge",
                    "Edg",
                    "Opera",
                    "Firefox",
                    "Chrome",
                    "Safari",
                    "Android",
                    "iPhone or iPad",
                    "Windows",
                ),
                *("Mac", "Mac OS", "Linux"),
            )
        ],
        "a name",
    ),
    ("sessions.py", " on "): "kept with the session at its beginning, as data",
}
"""What looks like prose and needs no translation, with why."""


def _called(node: ast.AST, names: frozenset[str]) -> bool:
    return isinstance(node, ast.Call) and isinstance(node.func, ast.Name) and node.func.id in names


def _at_import(node: ast.AST) -> Iterator[ast.AST]:
    """What runs when a module is loaded: all but the bodies of functions, whose defaults and decorators do."""
    for child in ast.iter_child_nodes(node):
        if isinstance(child, ast.FunctionDef | ast.AsyncFunctionDef | ast.Lambda):
            for part in (child.args, *getattr(child, "decorator_list", ())):
                yield from _at_import(part)
        else:
            yield child
            yield from _at_import(child)


def _texts(call: ast.Call) -> list[ast.expr]:
    """What a call looks up: a text, or the texts for one and for several."""
    return call.args[:2] if _called(call, frozenset({"ngettext"})) else call.args


def _can_be_looked_up(text: ast.expr) -> bool:
    """A literal, which the catalogue holds, or what stands for a marked one: a name, a table's entry, a row's label."""
    if isinstance(text, ast.Constant):
        return isinstance(text.value, str) and text.value != ""
    if isinstance(text, ast.Call):
        of = text.func
        return isinstance(of, ast.Attribute) and re.fullmatch(r"get_\w+_display", of.attr) is not None
    if isinstance(text, ast.Subscript):
        return not isinstance(text.slice, ast.Constant) or isinstance(text.value, ast.Name)
    return isinstance(text, ast.Name | ast.Attribute)


def _statements(tree: ast.Module) -> set[int]:
    """Strings that are statements: docstrings, and what is written below a constant."""
    said_of = (one.value for one in ast.walk(tree) if isinstance(one, ast.Expr))
    return {id(one) for one in said_of if isinstance(one, ast.Constant)}


def _unmarked(tree: ast.Module) -> Iterator[ast.Constant]:
    """Strings that no call marks or looks up."""
    left = _statements(tree)
    for node in ast.walk(tree):
        if isinstance(node, ast.Call) and _called(node, ANSWERING | MARKS):
            left |= {id(one) for text in node.args for one in ast.walk(text)}
    for node in ast.walk(tree):
        if isinstance(node, ast.Constant) and isinstance(node.value, str) and id(node) not in left:
            yield node


def _values(node: ast.expr) -> Iterator[ast.expr]:
    """What an expression may come to, where its shape tells: its alternatives, the pieces of an f-string."""
    match node:
        case ast.IfExp():
            yield from _values(node.body)
            yield from _values(node.orelse)
        case ast.BoolOp() | ast.JoinedStr():
            for one in node.values:
                yield from _values(one)
        case ast.BinOp():
            yield from _values(node.left)
            yield from _values(node.right)
        case _:
            yield node


def _entries(table: ast.expr) -> list[ast.expr]:
    """The texts of a table: a dictionary's values, or the labels of (value, label) pairs."""
    if isinstance(table, ast.Dict):
        return [value for key, value in zip(table.keys, table.values, strict=True) if key is not None]
    if isinstance(table, ast.List | ast.Tuple):
        pairs = [one for one in table.elts if isinstance(one, ast.Tuple) and len(one.elts) == 2]
        return [one.elts[1] for one in pairs]
    return []


def _bound(scope: ast.AST) -> set[str]:
    """Names that a function or a comprehension binds itself, without those within it that bind their own."""
    names, left = set(), list(ast.iter_child_nodes(scope))
    while left:
        node = left.pop()
        if isinstance(node, ast.arg):
            names.add(node.arg)
        if isinstance(node, ast.Name) and isinstance(node.ctx, ast.Store):
            names.add(node.id)
        if not isinstance(node, SCOPES):
            left += ast.iter_child_nodes(node)
    return names


def _literal(node: ast.AST) -> str:
    return node.value if isinstance(node, ast.Constant) and isinstance(node.value, str) else ""


def test_no_module_asks_for_a_translation_when_it_is_loaded() -> None:
    calls = [
        f"{name}:{node.lineno}"
        for name, tree in TREES.items()
        for node in _at_import(tree)
        if isinstance(node, ast.Call) and _called(node, ANSWERING | SAYING)
    ]
    assert calls == []


def test_only_texts_that_the_catalogue_can_hold_are_looked_up() -> None:
    wrong = [
        f"{name}:{node.lineno}"
        for name, tree in TREES.items()
        for node in ast.walk(tree)
        if isinstance(node, ast.Call) and _called(node, ANSWERING)
        if not all(map(_can_be_looked_up, _texts(node)))
    ]
    assert wrong == []


def test_what_is_marked_is_a_whole_literal_whose_values_have_names() -> None:
    marked = [
        (name, node)
        for name, tree in TREES.items()
        for node in ast.walk(tree)
        if isinstance(node, ast.Call) and _called(node, ANSWERING | MARKS)
    ]
    texts = [
        (name, one.lineno, _literal(one)) for name, node in marked for one in _texts(node) if _literal(one)
    ]
    unsound = [one for one in texts if PLACEHOLDER.search(one[2]) or one[2] != one[2].strip()]
    marks = [node for _, node in marked if _called(node, MARKS)]
    assert (unsound, [node.lineno for node in marks if not _literal(node.args[0])]) == ([], [])


def test_nothing_that_looks_texts_up_calls_something_else_by_that_name() -> None:
    taken = [
        f"{name}:{scope.lineno}"
        for name, tree in TREES.items()
        for scope in ast.walk(tree)
        if isinstance(scope, SCOPES) and "_" in _bound(scope)
        if any(_called(node, frozenset({"_"})) for node in ast.walk(scope))
    ]
    assert taken == []


def test_no_prose_of_the_pages_is_unmarked() -> None:
    found = set()
    for name, tree in TREES.items():
        pieces = {
            id(one) for node in ast.walk(tree) if isinstance(node, ast.JoinedStr) for one in node.values
        }
        for node in _unmarked(tree):
            if (PIECE if id(node) in pieces else WORDS).search(str(node.value)):
                found.add((name, str(node.value)))
    assert found == set(READ_BY_NOBODY)


def test_no_fault_is_told_in_a_literal_that_is_not_looked_up() -> None:
    literals = [
        f"{name}:{node.lineno}"
        for name, tree in TREES.items()
        for node in ast.walk(tree)
        if isinstance(node, ast.Call) and _called(node, frozenset({"FieldFault"}))
        for text in [*node.args[1:2], *(one.value for one in node.keywords if one.arg == "message")]
        for value in _values(text)
        if re.search("[A-Za-z]", _literal(value))
    ]
    assert literals == []


@pytest.mark.parametrize("named", ["DONE", "TOLD", "SAID", "LABELS"])
def test_tables_of_what_was_done_and_of_labels_are_marked(named: str) -> None:
    tables = [
        (name, node.value)
        for name, tree in TREES.items()
        for node in tree.body
        if isinstance(node, ast.AnnAssign | ast.Assign) and node.value is not None
        for target in (node.targets if isinstance(node, ast.Assign) else [node.target])
        if isinstance(target, ast.Name) and target.id == named
    ]
    assert tables
    assert [(name, _literal(one)) for name, table in tables for one in _entries(table) if _literal(one)] == []


def test_a_table_of_which_one_text_is_marked_has_all_of_them_marked() -> None:
    halves = []
    for name, tree in TREES.items():
        for node in ast.walk(tree):
            entries = _entries(node) if isinstance(node, ast.Dict | ast.List | ast.Tuple) else []
            if any(_called(one, MARKS) for one in entries):
                halves += [(name, _literal(one)) for one in entries if _literal(one)]
    assert halves == []


def test_nothing_is_looked_up_for_an_empty_text() -> None:
    assert (said(""), labels_said({"a": "", "b": "Text"}), choices_said([("", "")])) == (
        "",
        {"a": "", "b": "Text"},
        [("", "")],
    )


def test_what_was_done_is_said_to_whoever_is_led_back_alone() -> None:
    pages, table = RequestFactory(), {"add": "It is added."}
    assert [
        done_said(pages.get("/x?done=add"), table),
        done_said(pages.get("/x?done=else"), table),
        done_said(pages.get("/x"), table),
        done_said(pages.post("/x?done=add"), table),
        done_said(pages.get("/x?said=add"), table, "said"),
    ] == ["It is added.", "", "", "", "It is added."]


def test_a_link_from_elsewhere_says_of_nothing_that_it_was_done() -> None:
    pages, table = RequestFactory(), {"add": "It is added."}
    told = {
        began: done_said(pages.get("/x?done=add", headers={"Sec-Fetch-Site": began}), table)
        for began in ("same-origin", "same-site", "cross-site", "none")
    }
    assert told == {"same-origin": "It is added.", "same-site": "", "cross-site": "", "none": ""}


def test_one_in_another() -> None:
    assert [one_in_another(names) for names in ([], ["Evaluation"], ["Evaluation", "Wales"])] == [
        "",
        "Evaluation",
        "Evaluation in Wales",
    ]
