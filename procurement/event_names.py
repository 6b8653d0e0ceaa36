"""What people call those whom an event names by reference: an inbox and an e-mail are read by people, and none of them
knows a firm by its reference, or a purchase by its number alone.

Journey: an event -> its notices (notices.py) -> here, when one is told (actions/deliveries.py).
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, Final

from django.db.models import Model

from procurement.models import (
    CallOff,
    Claim,
    Contract,
    Event,
    Framework,
    Lot,
    Offer,
    Organisation,
    Partner,
    Supplier,
)
from procurement.notice import USER, Notice
from procurement.outcome_shares import told_shares
from procurement.pricing import money

NAMES: Final[Mapping[str, tuple[type[Model], str]]] = {
    "partner": (Partner, "organisation__name"),
    "supplier": (Supplier, "name"),
    "organisation": (Organisation, "name"),
    "framework": (Framework, "number"),
    "lot": (Lot, "number"),
}
"""By what the table of notices calls it: what has the reference, and the column that it is called by."""
TITLED: Final[Mapping[str, tuple[type[Model], str]]] = {
    "call_off": (CallOff, "title"),
    "contract": (Contract, "call_off__title"),
    "offer": (Offer, "call_off__title"),
}
"""What is called by the title of its call-off, with its number behind."""
TITLE_SHOWN: Final = 80
"""Characters of a title in a notice, so that its number is in the subject of an e-mail as well."""
OF_PURCHASE: Final = frozenset({"organisation", USER, "lead", "invited", "writers", "drafters", "offered"})
"""Who reads a call-off's title in what it is told of: the buyer and its people, and suppliers that are asked."""
OF_PLAN: Final = frozenset({"payer", "investor"})
"""Who reads it with a plan of outcomes alone: where the notice leads to one that they may read."""
BY_BODY: Final = ("left",)
"""Changed values that say something of each organisation, by its reference."""
PAYING: Final = ("organisation", "payer")
"""Who is told which body pays which part of a claim: the supplier reads the event, so that it stands not there."""


def names_for(notice: Notice, event: Event) -> dict[str, str]:
    """What stands in the notice's words in place of a reference, several in a row; what is known no more keeps its own.
    One query for each kind that the words name, and one where the event says something of several bodies; `parts`, who
    is to pay which part of a claim, takes five more.
    """
    words = " ".join(one for one in (notice.title, notice.text) if isinstance(one, str))
    called = {**NAMES, **TITLED} if _reads_title(notice) else NAMES
    said: dict[str, tuple[str, Any]] = {kind: (kind, event.references.get(kind)) for kind in called}
    said["subject"] = (event.subject_type, event.subject)
    said["former"] = ("partner", event.changes.get("former"))
    named = {}
    for word, (kind, value) in said.items():
        if kind not in called or not value or f"{{{word}}}" not in words:
            continue
        references = list(map(str, value)) if isinstance(value, list) else [str(value)]
        model, column = called[kind]
        rows = model._default_manager.filter(reference__in=references)
        known = dict(rows.values_list("reference", column))
        if kind in TITLED:
            known = {one: f"“{_short(title)}” ({one})" for one, title in known.items()}
        named[word] = ", ".join(known.get(one, one) for one in references)
    if event.type == "claim.verified" and notice.whom in PAYING:
        named["parts"] = _parts(event)
    return named | _of_bodies(event)


def _reads_title(notice: Notice) -> bool:
    return notice.whom in OF_PURCHASE or (notice.whom in OF_PLAN and notice.link is not None)


def _short(title: str) -> str:
    return title if len(title) <= TITLE_SHOWN else f"{title[: TITLE_SHOWN - 1].rstrip()}…"


def _of_bodies(event: Event) -> dict[str, str]:
    """The names of organisations of which the event says something each, by `body:` and their reference."""
    references = {one for name in BY_BODY for one in event.changes.get(name, {})}
    if not references:
        return {}
    rows = Organisation.objects.filter(reference__in=references)
    return {f"body:{one}": name for one, name in rows.values_list("reference", "name")}


def _parts(event: Event) -> str:
    """Who is to pay which part of a claim that was verified, as the pots stood then; "" where nothing is to be paid."""
    claim = Claim.objects.select_related("measure__plan").filter(reference=event.subject).first()
    if claim is None or not event.changes["amount"]:
        return ""
    shares = told_shares(claim, event.changes["amount"], event.at)
    names = dict(Organisation.objects.filter(reference__in=shares).values_list("reference", "name"))
    parts = sorted((names[body], pence) for body, pence in shares.items() if pence)
    said = ", ".join(f"£{money(pence)} by {name}" for name, pence in parts)
    funds = claim.measure.plan.payers.exclude(pot_minor=None).exists()
    return f"{said}, as the pots stand today" if funds else said
