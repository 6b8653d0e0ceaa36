"""Whose rates a sheet holds: each name found among the suppliers, or a new one, and names that look like one
firm told.

Between the rows that rate_imports.py has read and the cards that it publishes.
"""

from __future__ import annotations

import re
import unicodedata
from collections import defaultdict
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date
from typing import Final

from django.db import transaction

from procurement.actions.organisations import PartnerDraft, save_partners
from procurement.actions.rate_sheets import unprintable
from procurement.actions.suppliers import MemberDraft, SupplierDraft, save_suppliers
from procurement.models import Organisation, Partner, Supplier, SupplierMember
from procurement.permissions import Actor
from procurement.profiles import NAME_LENGTH
from procurement.references import slug, taken_references

LEGAL_FORMS: Final = frozenset(
    [
        "ltd",
        "limited",
        "llc",
        "inc",
        "incorporated",
        "plc",
        "llp",
        "lp",
        "cic",
        "corp",
        "corporation",
        "co",
        "company",
    ]
)
ANOTHER: Final = "give the reference, or another name, of the firm that is meant"
SUPPLIERS_AT_ONCE: Final = 200
"""Suppliers whose rows are written together."""

_WORD: Final = re.compile(r"[^\W_]+")
_INSIDE: Final = re.compile(r"['’.]")


@dataclass(slots=True)
class Named:
    """What the names of a sheet come to: `references` of suppliers old and new, `new` names in order, why a
    name cannot be used, what is odd about one.
    """

    references: dict[str, str] = field(default_factory=dict)
    new: list[str] = field(default_factory=list)
    wrong: dict[str, str] = field(default_factory=dict)
    odd: dict[str, str] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Suppliers:
    """The suppliers that there are, by all that a sheet may call them. `called` has references by name or reference, of
    a firm alone also by what the firm is called; `named` each supplier's (reference, name). `others` says whose a name
    is that no supplier bears, and how to name the supplier that may be meant.
    """

    called: Mapping[str, frozenset[str]]
    named: tuple[tuple[str, str], ...]
    others: Mapping[str, str]

    def one(self, name: str) -> str:
        """The reference of the one supplier that goes by this name or reference; the name itself where none does, or
        several do.
        """
        found = self.called.get(name, frozenset())
        return next(iter(found)) if len(found) == 1 else name


def suppliers_there_are() -> Suppliers:
    """Every supplier as it stands, and whose the names of all other firms and bodies are (four queries)."""
    called: dict[str, set[str]] = defaultdict(set)
    named = tuple(Supplier.objects.values_list("reference", "name"))
    for reference, name in named:
        called[name].add(reference)
        called[reference].add(reference)
    alone: dict[str, set[str]] = defaultdict(set)
    others: dict[str, str] = dict(
        Organisation.objects.order_by("-reference").values_list("name", "reference")
    )
    others = {
        name: f"is the organisation {reference} and no supplier; {ANOTHER}"
        for name, reference in others.items()
    }
    members: dict[int, list[tuple[str, str]]] = defaultdict(list)
    current = SupplierMember.objects.filter(left_on=None).order_by("supplier__reference")
    for partner, supplier, form in current.values_list("partner", "supplier__reference", "supplier__form"):
        members[partner].append((supplier, form))
    firms = Partner.objects.order_by("-reference")
    for key, *names in firms.values_list("pk", "published__name", "organisation__name", "reference"):
        belongs, reference = members[key], names[-1]
        own = [supplier for supplier, form in belongs if form == Supplier.Form.ALONE]
        whose = f"is the partner {reference} and no supplier; appoint it first, or {ANOTHER}"
        if belongs:
            of = ", ".join(supplier for supplier, _ in belongs)
            whose = f"is a partner of {of} and no supplier; give the supplier's reference: {of}"
        for name in filter(None, names):
            alone[name].update(own)
            others[name] = whose
    for name, found in alone.items():
        # Anybody may call a firm as another supplier is called: that stays whose it is.
        if found and name not in called:
            called[name] = found
    unborne = {name: whose for name, whose in others.items() if name not in called}
    return Suppliers({name: frozenset(found) for name, found in called.items()}, named, unborne)


def name_suppliers(names: Sequence[str], known: Suppliers, *, create: bool) -> Named:
    """Looks up every name of a sheet, each given once; with `create` the unknown ones get a reference."""
    taken = taken_references(Partner, Organisation)
    alike: dict[tuple[str, ...], set[tuple[str, str]]] = defaultdict(set)
    for reference, name in known.named:
        taken.add(reference.lower())
        alike[likeness(name)].add((name, reference))
    named = Named()
    for name in names:
        found = sorted(known.called.get(name, ()))
        if bad := unprintable(name):
            named.wrong[name] = f"holds {bad}"
        elif not found and len(name) > NAME_LENGTH:
            named.wrong[name] = f"has {len(name):,} characters; a name has at most {NAME_LENGTH}"
        elif len(found) > 1:
            named.wrong[name] = f"is the name of several suppliers; give a reference: {', '.join(found)}"
        elif found:
            named.references[name] = found[0]
        elif name in known.others:
            named.wrong[name] = known.others[name]
        elif create:
            named.references[name] = slug(name, taken)
            taken.add(named.references[name])
            named.new.append(name)
        else:
            named.wrong[name] = "is no supplier; create suppliers to have it made"
        own = named.references.get(name, "")
        # A supplier that the sheet calls by its reference is no other firm than the one of its name.
        others = sorted(
            {other for other, whose in alike[likeness(name)] if other != name and not (own and whose == own)}
        )
        if others:
            there = ", ".join(map(repr, others))
            named.odd[name] = f"is much like {there}: one firm or two? It is taken for another"
        alike[likeness(name)].add((name, own))
    return named


def likeness(name: str) -> tuple[str, ...]:
    """A name without case, accents, punctuation and legal form; "&" is "and"."""
    letters = unicodedata.normalize("NFKD", name.casefold().replace("&", " and "))
    bare = "".join(letter for letter in letters if not unicodedata.combining(letter))
    words = _WORD.findall(_INSIDE.sub("", bare))
    kept = [word for word in words if word not in LEGAL_FORMS]
    return tuple(kept or words or [name])


@transaction.atomic
def make_suppliers(actor: Actor, names: Sequence[str], references: Mapping[str, str]) -> None:
    """Makes suppliers that are firms alone, each with its partner and organisation: all of them or none, whatever
    their rates are refused for.
    """
    today = date.today()  # noqa: DTZ011 - a day in the service's own time zone
    for start in range(0, len(names), SUPPLIERS_AT_ONCE):
        batch = names[start : start + SUPPLIERS_AT_ONCE]
        save_partners(actor, [PartnerDraft(references[name], name) for name in batch])
        save_suppliers(
            actor,
            [
                SupplierDraft(
                    references[name],
                    name,
                    Supplier.Form.ALONE,
                    (MemberDraft(references[name], SupplierMember.Role.LEAD, today),),
                )
                for name in batch
            ],
        )
