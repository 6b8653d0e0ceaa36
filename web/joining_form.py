"""The forms of an application to join: where to, what the firm would bring, what it offers there.

Journey: /joinings/new (POST) -> here -> procurement/actions/joining.py -> /joinings/JA-2026-0001 (303), whose forms are
read here too.
"""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import dataclass
from typing import Any, Final

from django.db.models import Q
from django.http import QueryDict
from django.utils import timezone
from django.utils.translation import gettext as _
from django.utils.translation import gettext_noop as N_

from procurement.actions.joining import (
    admit_joining,
    agree_joining,
    check_joining,
    edit_joining,
    offered_there,
    refuse_joining,
    submit_joining,
    withdraw_joining,
)
from procurement.models import Appointment, Joining, Lot, Partner, Region, Specialism, Supplier
from procurement.on_day import standing
from procurement.permissions import Action, Actor, can
from procurement.querysets import LotQuerySet
from web.choosing import MOST_CHOICES
from web.doing import Change
from web.meanwhile import Written

ALONE: Final = N_("The firm by itself")

KEEPING: Final = ("edit", "submit")
"""Buttons of the one form of a draft: both keep what stands in its fields."""


def _edit(actor: Actor, reference: str, revision: int, sent: QueryDict) -> Joining:
    return edit_joining(actor, reference, revision, said(reference, sent))


def _submit(actor: Actor, reference: str, revision: int, sent: QueryDict) -> Joining:
    """What is submitted is what stands in the fields; where it is refused, nothing of it is kept."""
    kept = _edit(actor, reference, revision, sent)
    return submit_joining(actor, reference, kept.revision)


OF_JOININGS: Final[dict[str, Change]] = {
    "edit": _edit,
    "submit": _submit,
    "withdraw": lambda actor, reference, revision, _: withdraw_joining(actor, reference, revision),
    "agree": lambda actor, reference, revision, _: agree_joining(actor, reference, revision),
    "check": lambda actor, reference, revision, _: check_joining(actor, reference, revision),
    "admit": lambda actor, reference, revision, _: admit_joining(actor, reference, revision),
    "refuse": lambda actor, reference, revision, sent: refuse_joining(
        actor, reference, revision, sent.get("reason", "")
    ),
}
"""By what the form says in `do`."""

DONE: Final = {
    "begun": N_("The application is begun. Say what the firm would bring, then submit it."),
    "edit": N_("The application is changed."),
    "submit": N_("The application is submitted."),
    "withdraw": N_("The application is withdrawn."),
    "agree": N_("You agreed. The framework's owner checks it next."),
    "check": N_("The check is noted."),
    "admit": N_("The firm belongs from today on, and searches find what it offers."),
    "refuse": N_("The application is refused. The firm has been told why."),
}


@dataclass(frozen=True, slots=True)
class Places:
    """Where a firm may apply to: (value, label) pairs."""

    partners: list[tuple[str, str]]
    lots: list[tuple[str, str]]
    suppliers: list[tuple[str, str]]
    many_suppliers: bool
    """Whether a consortium is named by its reference, because there are too many for a list."""


@dataclass(frozen=True, slots=True)
class Further:
    """What a firm that offers something on a lot may add to it: (value, label, chosen) of the specialisms that it does
    not offer there yet; `all_offered` where there is none.
    """

    specialisms: list[tuple[str, str, bool]]

    @property
    def all_offered(self) -> bool:
        return not self.specialisms


@dataclass(frozen=True, slots=True)
class Offered:
    """What a draft offers: (value, label, chosen) of the lot's specialisms and of the framework's regions, whole
    numbers of them small enough for a page. `apart`: regions differ from one specialism to the next, which only the
    API can say.
    """

    specialisms: list[tuple[str, str, bool]]
    regions: list[tuple[str, str, bool]]
    apart: bool


def own_firms(actor: Actor) -> list[tuple[str, str]]:
    """The firms that the actor may apply for (one query)."""
    own = [key for key in actor.organisations() if can(actor, Action.APPLY_TO_JOIN, key)]
    rows = Partner.objects.filter(organisation__in=own).order_by("organisation__name")
    return list(rows.values_list("reference", "organisation__name"))


def places(firms: list[tuple[str, str]]) -> Places:
    """Lots of the frameworks that are open today to these firms (own_firms), and the consortia that hold a place on one
    (two queries).
    """
    today = timezone.localdate()
    lots = LotQuerySet(Lot).taking_firms(today, [reference for reference, _name in firms])
    held = Appointment.objects.filter(standing(today), lot__in=lots)
    found = Supplier.objects.filter(pk__in=held.values("supplier")).exclude(form=Supplier.Form.ALONE)
    suppliers = list(found.order_by("name").values_list("reference", "name")[: MOST_CHOICES + 1])
    return Places(
        partners=firms,
        lots=[
            ("", _("Choose a lot")),
            *((lot.reference, lot_named(lot)) for lot in lots),
        ],
        suppliers=[("", _(ALONE)), *suppliers],
        many_suppliers=len(suppliers) > MOST_CHOICES,
    )


def further(partner: str, lot: str, supplier: str, chosen: Collection[str]) -> Further | None:
    """What a firm may add to what it offers on a lot within a supplier ("": by itself), each by reference; None where
    it offers nothing there, or one of them is not there (five queries).
    """
    firm = Partner.objects.filter(reference=partner).first()
    place = Lot.objects.filter(reference=lot).first()
    consortium = Supplier.objects.filter(reference=supplier).first() if supplier else None
    if firm is None or place is None or (supplier and consortium is None):
        return None
    held = offered_there(firm, consortium, place)
    if not held:
        return None
    rows = Specialism.objects.filter(lot=place).order_by("position").values_list("reference", "name")
    return Further([(key, name, key in chosen) for key, name in rows if key not in held])


def added(sent: QueryDict) -> list[dict[str, Any]]:
    """The specialisms that a new application names, everywhere until it says where."""
    return [{"specialism": one} for one in sent.getlist("specialisms")]


def lot_named(lot: Lot) -> str:
    """A lot by its framework, number and name."""
    named = {"framework": lot.framework.number, "number": lot.number, "name": lot.name}
    return _("%(framework)s lot %(number)s: %(name)s") % named


def offered(joining: Joining, sent: QueryDict | None = None) -> Offered:
    """What the form of a draft shows: what was ticked where it was refused, else what is kept (two queries)."""
    chosen = {one["specialism"]: tuple(one["regions"]) for one in joining.offers}
    ways = set(chosen.values())
    regions = {code for way in ways for code in way}
    scheme = Q(scheme__in=(joining.lot.framework.region_scheme, Region.Scheme.NATIONAL), level__lte=1)
    rows = Region.objects.filter(scheme | Q(code__in=regions)).order_by("level", "code")
    specialisms = Specialism.objects.filter(lot=joining.lot_id).order_by("position")
    if sent is not None:
        chosen, regions = dict.fromkeys(sent.getlist("specialisms"), ()), set(sent.getlist("regions"))
    return Offered(
        [(key, name, key in chosen) for key, name in specialisms.values_list("reference", "name")],
        [(code, name, code in regions) for code, name in rows.values_list("code", "name")],
        len(ways) > 1,
    )


def written(form: Offered, stands: Offered, statement: str, standing: str) -> list[Written]:
    """What was written into the fields of a draft beside what stands now."""
    fields = [Written("statement", _("In its own words"), statement, standing)]
    for anchor, label, mine, now in (
        ("specialisms", _("Specialisms that it would offer"), form.specialisms, stands.specialisms),
        ("regions", _("Regions"), form.regions, stands.regions),
    ):
        ticked = [[value for value, _label, chosen in one if chosen] for one in (mine, now)]
        names = {value: name for value, name, _chosen in now}
        fields.append(Written(anchor, label, ticked[0], ticked[1], names))
    return fields


def said(reference: str, sent: QueryDict) -> dict[str, Any]:
    """What the form of a draft says, as edit_joining takes it: every specialism in the same regions. Where no box was
    changed the regions of each stay as they are, which may differ (one query).
    """
    specialisms, regions = sent.getlist("specialisms"), sent.getlist("regions")
    held = Joining.objects.filter(reference=reference).values_list("offers", flat=True).first() or []
    ticked = {one["specialism"] for one in held}, {code for one in held for code in one["regions"]}
    told = {"statement": sent.get("statement", "")}
    if ticked == (set(specialisms), set(regions)):
        return told
    return told | {"offers": [{"specialism": one, "regions": regions} for one in specialisms]}
