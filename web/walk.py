"""A guided walk: one question a page, its answers in the address, so that any page of it can be shared or gone back to.

The walks themselves are tables (web/walks.py); here they are read. Every page is a GET that leaves no trace but the
count of requests by route, which tells at which question people leave; there is no cookie and no session.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field, replace
from datetime import date
from typing import Literal

from django.http import QueryDict
from django.utils import timezone
from django.utils.translation import gettext as _
from django.utils.translation import gettext_noop as N_
from django.utils.translation import ngettext

from web.address import Address
from web.faults import FieldFault
from web.formats import day, money
from web.formats import minor as in_pence
from web.saying import labels_said, said
from web.typed import amount_typed

Kind = Literal["text", "one", "several", "money", "day", "number"]
Choices = Mapping[str, str]
LARGEST_NUMBER = 120
AS_NAMED = 40
UNKNOWN_TOLD = 5


@dataclass(frozen=True, slots=True)
class Question:
    """A question by its name in the address. `choices` are values with their labels, or what reads them from the
    database. One that is not `required` may be passed by, which its answer then says as `none`; `missing` is what is
    said where it may not.
    """

    name: str
    title: str
    label: str
    kind: Kind
    hint: str = ""
    missing: str = ""
    longest: int = 0
    none: str = N_("Not said")
    choices: Choices | Callable[[], Choices] = field(default_factory=dict)

    @property
    def required(self) -> bool:
        return bool(self.missing)

    def options(self) -> Choices:
        """Values with labels in the reader's language; what comes from the database is data."""
        return self.choices() if callable(self.choices) else labels_said(self.choices)

    def told(self) -> Question:
        """The question in the reader's language."""
        return replace(self, title=_(self.title), label=_(self.label), hint=said(self.hint))


@dataclass(frozen=True, slots=True)
class Walk:
    """Questions in their order; `path` is the address of its pages, the questions' names below it."""

    name: str
    path: str
    title: str
    questions: tuple[Question, ...]

    def told(self) -> Walk:
        """The walk called as the reader's language has it; its questions are told one at a time."""
        return replace(self, title=_(self.title))

    def after(self, question: Question, given: Mapping[str, tuple[str, ...]]) -> str:
        """The name of the page behind this question: the next one that was not answered, else the answer's."""
        behind = self.questions[self.questions.index(question) + 1 :]
        return next((one.name for one in behind if one.name not in given), "answer")


def given_in(walk: Walk, sent: QueryDict) -> dict[str, tuple[str, ...]]:
    """What was sent by question; one that was passed by has no value, one that was not come to is absent."""
    return {
        one.name: tuple(value.strip() for value in sent.getlist(one.name) if value.strip())
        for one in walk.questions
        if one.name in sent
    }


def unknown_in(walk: Walk, sent: QueryDict) -> list[FieldFault]:
    """What an address names that no question of the walk is called: it would be passed by without a word."""
    known = {one.name for one in walk.questions}
    names = [name for name in sent if name not in known][:UNKNOWN_TOLD]
    told = _("“%(given)s” is no question here: take it out of the address")
    return [FieldFault("", told % {"given": _cut(name)}) for name in names]


def fault_in(question: Question, values: tuple[str, ...]) -> FieldFault | None:
    """What is wrong with an answer, by the value that is meant: an address may hold anything."""
    if not values:
        return FieldFault(question.name, _(question.missing)) if question.required else None
    if question.kind != "several" and len(values) > 1:
        named = {"given": " and ".join(f"“{_cut(one)}”" for one in values[:2])}
        return FieldFault(question.name, _("%(given)s: give one answer") % named)
    wrong = _wrong_with(question, values)
    return FieldFault(question.name, wrong) if wrong else None


def _wrong_with(question: Question, values: tuple[str, ...]) -> str:
    """What is wrong with an answer that was given, "" where nothing is."""
    value, given = values[0], {"given": _cut(values[0])}
    if question.kind in ("one", "several"):
        known = question.options()
        unknown = next((one for one in values if one not in known), None)
        if unknown is None:
            return ""
        told = (
            _("“%(given)s” is none of the answers: choose one")
            if question.kind == "one"
            else _("“%(given)s” is none of the answers: choose among them")
        )
        return told % {"given": _cut(unknown)}
    if question.kind == "money":
        if not _amount(amount_typed(value)):
            return _("“%(given)s” is no amount such as 50000 or 50,000.50") % given
        return "" if pence_typed(value) else _("“%(given)s” is nothing: say more than £0") % given
    if question.kind == "number":
        if _digits(value, 3) and 1 <= int(value) <= LARGEST_NUMBER:
            return ""
        return _("“%(given)s” is no whole number from 1 to %(most)s") % {**given, "most": LARGEST_NUMBER}
    if question.kind == "day":
        typed = day_typed(value)
        if typed is None:
            return _("“%(given)s” is no day such as 2027-04-01") % given
        past = typed < timezone.localdate()
        return _("%(day)s is past: say today or a later day") % {"day": day(typed)} if past else ""
    if question.longest and len(value) > question.longest:
        told = ngettext(
            "Say it in %(most)s character: here are %(given)s",
            "Say it in %(most)s characters: here are %(given)s",
            question.longest,
        )
        return told % {"most": question.longest, "given": len(value)}
    return "" if any(map(str.isalnum, value)) else _("“%(given)s” says nothing: use words") % given


def stopped_at(walk: Walk, given: Mapping[str, tuple[str, ...]]) -> tuple[Question, FieldFault | None] | None:
    """The first question that was not come to (None) or is answered wrongly; None where the walk is at its end."""
    for question in walk.questions:
        if question.name not in given:
            return question, None
        if (fault := fault_in(question, given[question.name])) is not None:
            return question, fault
    return None


def shown(question: Question, values: tuple[str, ...]) -> str:
    """A sound answer in words."""
    if not values:
        return _(question.none)
    if question.kind in ("one", "several"):
        known = question.options()
        return ", ".join(known[one] for one in values)
    if question.kind == "money":
        return money(pence_typed(values[0]))
    return day(values[0]) if question.kind == "day" else values[0]


def address_of(walk: Walk, page: str, given: Mapping[str, tuple[str, ...]]) -> str:
    """The address of a page of the walk with these answers, those that were passed by among them."""
    pairs = tuple((name, value) for name, values in given.items() for value in values or ("",))
    return str(Address(f"{walk.path}/{page}", pairs))


def pence_typed(text: str) -> int:
    """An amount that was found sound, in pence."""
    return in_pence(amount_typed(text))


def _cut(value: str) -> str:
    """As much of a value as a sentence names."""
    return value if len(value) <= AS_NAMED else f"{value[: AS_NAMED - 1]}…"


def day_typed(text: str) -> date | None:
    try:
        return date.fromisoformat(text)
    except ValueError:
        return None


def _amount(text: str) -> bool:
    whole, _point, pence = text.partition(".")
    return whole.isascii() and whole.isdigit() and len(whole) < 11 and (not pence or _digits(pence, 2))


def _digits(text: str, most: int) -> bool:
    return text.isascii() and text.isdigit() and len(text) <= most
