"""The form of a call-off: what is typed, read into the draft that the action takes, and where each fault belongs.

Journey: /call-offs/new or /call-offs/CO-2026-0001/edit -> here -> procurement/actions/call_offs.py -> its page (303).
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Any, Final, TypeVar

from django.db.models import Q, QuerySet
from django.http import QueryDict
from django.utils.translation import gettext as _
from django.utils.translation import gettext_noop as N_

from procurement.errors import Fault
from procurement.models import CallOff, Requirement, Shortlist
from procurement.permissions import Action, Actor
from procurement.querysets import RequirementQuerySet, ShortlistQuerySet
from procurement.terms import MECHANISMS
from web.buying import bodies
from web.faults import FieldFault, lowered
from web.meanwhile import Written, rows_written
from web.saying import choices_said, said
from web.typed import amount_typed, whole_typed

OPTIONS: Final = 4
"""Rows for priced options that the form offers."""
CHOICES: Final = 100
"""Requirements and shortlists to choose from: the newest, and the one that is chosen already."""

LABELS: Final = {
    "title": N_("Title"),
    "route": N_("Route"),
    "requirement": N_("Requirement"),
    "shortlist": N_("Shortlist"),
    "organisation": N_("Organisation"),
    "mechanism": N_("On what the direct award rests"),
    "reason": N_("Why without competition"),
    "value": N_("Price of the work"),
    "expenses": N_("Expenses"),
    "hours_per_day": N_("Hours a day"),
    "reply_days": N_("Working days to answer"),
}
OF_OPTION: Final = {"months": N_("Months"), "amount": N_("Amount")}
OPTION: Final = N_("%(field)s of option %(number)s")

Row = TypeVar("Row", Requirement, Shortlist)


@dataclass(frozen=True, slots=True)
class Choices:
    """What the selects offer: (value, label) pairs, the first to choose none. `bodies_of`: whose a requirement or a
    shortlist is, by its reference.
    """

    routes: list[tuple[str, str]]
    mechanisms: list[tuple[str, str]]
    requirements: list[tuple[str, str]]
    shortlists: list[tuple[str, str]]
    organisations: list[tuple[str, str]]
    bodies_of: Mapping[str, str]

    def with_organisation(self, typed: Mapping[str, Any]) -> dict[str, Any]:
        """What stands in the form, with the organisation whose requirement or else shortlist is chosen."""
        chosen = (self.bodies_of.get(typed.get(name, "")) for name in ("requirement", "shortlist"))
        return {**typed, "organisation": next(filter(None, chosen), "")}


def choices(actor: Actor, typed: Mapping[str, Any]) -> Choices:
    """The own organisations' open requirements on a lot and locked shortlists, newest first, and of both what stands in
    the form: it could not be kept as it is else (three queries).
    """
    requirements = RequirementQuerySet(Requirement).seen_by(actor).told().order_by("-pk")
    on_a_lot = requirements.filter(current__isnull=False).exclude(current__content__lot=None)
    is_open, locked = Q(status=Requirement.Status.OPEN), Q(status=Shortlist.Status.LOCKED)
    offered = _with(typed.get("requirement", ""), on_a_lot, on_a_lot.filter(is_open))
    shortlists = ShortlistQuerySet(Shortlist).seen_by(actor).select_related("organisation").order_by("-pk")
    listed = _with(typed.get("shortlist", ""), shortlists, shortlists.filter(locked))
    return Choices(
        routes=[("", _("Choose a route")), *choices_said(CallOff.Route.choices)],
        mechanisms=[("", _("Choose")), *choices_said(MECHANISMS.items())],
        requirements=[("", _("Choose a requirement")), *((one.reference, _worded(one)) for one in offered)],
        shortlists=[("", _("None")), *((one.reference, f"{one.reference}: {one.title}") for one in listed)],
        organisations=[("", _("Choose an organisation")), *bodies(actor, Action.WRITE_CALL_OFF).choices],
        bodies_of={one.reference: one.organisation.reference for one in offered}
        | {one.reference: one.organisation.reference for one in listed},
    )


def _with(named: str, seen: QuerySet[Row], offered: QuerySet[Row]) -> list[Row]:
    """The newest that are offered, and the one that is named, if it is among all that are seen."""
    return list(seen.filter(Q(reference=named) | Q(pk__in=offered.values("pk")[:CHOICES])))


def _worded(requirement: Requirement) -> str:
    content: dict[str, Any] = requirement.current.content if requirement.current else {}
    text = content["text"] or _("Specialisms alone")
    cut = text if len(text) <= 60 else f"{text[:59]}…"
    return _("%(requirement)s on %(lot)s: %(need)s") % {
        "requirement": requirement.reference,
        "lot": content["lot"],
        "need": cut,
    }


def read(sent: QueryDict) -> dict[str, Any]:
    """What the form says, as create_call_off and edit_call_off take it; amounts as people write them (£1,250)."""
    terms: dict[str, Any] = {
        "extensions": [
            {"months": whole_typed(months), "amount": amount_typed(amount)}
            for months, amount in zip(sent.getlist("months"), sent.getlist("amount"), strict=False)
            if months.strip() or amount.strip()
        ],
        "mechanism": sent.get("mechanism", ""),
        "reason": sent.get("reason", ""),
    }
    for name in ("value", "expenses"):
        terms[name] = amount_typed(sent.get(name, "")) or None
    terms["hours_per_day"] = sent.get("hours_per_day", "").strip() or None
    reply = sent.get("reply_days", "").strip()
    terms["reply_days"] = whole_typed(reply) if reply else None
    return {
        "title": sent.get("title", ""),
        "route": sent.get("route", ""),
        "requirement": sent.get("requirement") or None,
        "shortlist": sent.get("shortlist") or None,
        "terms": terms,
    }


def typed_of(call_off: CallOff) -> dict[str, Any]:
    """What the form shows of a draft."""
    terms: Mapping[str, Any] = call_off.terms
    snapshot = call_off.snapshot
    plain = {name: terms[name] or "" for name in ("value", "mechanism", "reason", "hours_per_day")}
    return plain | {
        "title": call_off.title,
        "route": call_off.route,
        "requirement": call_off.requirement.requirement.reference,
        "shortlist": snapshot.shortlist.reference if snapshot else "",
        "expenses": "" if terms["expenses"] == "0.00" else terms["expenses"],
        "reply_days": str(terms["reply_days"]),
        "options": [(str(one["months"]), one["amount"]) for one in terms["extensions"]],
    }


def typed_from(sent: QueryDict) -> dict[str, Any]:
    """What was typed, to be shown again."""
    rows = list(zip(sent.getlist("months"), sent.getlist("amount"), strict=False))
    return {name: sent.get(name, "") for name in (*LABELS, "pays")} | {"options": rows}


def written(typed: Mapping[str, Any], stands: Mapping[str, Any], shown: Choices) -> list[Written]:
    """What was typed into the fields of a draft beside what stands now, as typed_from and typed_of say both."""
    chosen = {
        "route": dict(shown.routes),
        "mechanism": dict(shown.mechanisms),
        "requirement": dict(shown.requirements),
        "shortlist": dict(shown.shortlists),
    }
    plain = [
        Written(name, said(label), typed.get(name) or "", stands.get(name) or "", chosen.get(name))
        for name, label in LABELS.items()
        if name != "organisation"
    ]
    mine, now = (
        [dict(zip(OF_OPTION, one, strict=True)) for one in held["options"]] for held in (typed, stands)
    )
    return plain + rows_written("", OF_OPTION, mine, now, OPTION)


def faults_of(faults: Iterable[Fault]) -> list[FieldFault]:
    """Each fault with the field it belongs to."""
    return [_fault(fault) for fault in faults]


def _fault(fault: Fault) -> FieldFault:
    steps = fault.pointer.strip("/").split("/")
    if steps[0] == "terms":
        steps = steps[1:] or [""]
    if steps[0] == "extensions" and len(steps) > 1:
        part = steps[2] if len(steps) > 2 else "months"
        number = int(steps[1]) + 1
        named = _("Months of option %(number)s") if part == "months" else _("Amount of option %(number)s")
        return FieldFault(f"{part}-{number}", f"{named % {'number': number}}: {lowered(fault.message)}")
    label = said(LABELS.get(steps[0], ""))
    return FieldFault(
        steps[0] if label else "",
        f"{label}: {lowered(fault.message)}" if label else fault.message.rstrip("."),
    )
