"""For which buyer organisations somebody who reads a page may act: what the pages of matching and shortlists ask first.

The actions ask again (procurement/actions/buyers.py); here it decides what is offered.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass

from django.http import Http404, HttpRequest

from procurement.models import Organisation, User
from procurement.permissions import ANONYMOUS, Action, Actor, can, person


@dataclass(frozen=True, slots=True)
class Bodies:
    """Organisations for which an actor may do something: (reference, name), by name."""

    actor: Actor
    choices: tuple[tuple[str, str], ...]

    def chosen(self, named: str) -> str | None:
        """The organisation to act for: the only one, else the one that is named; None where that is none of them."""
        known = [reference for reference, _ in self.choices]
        if len(known) == 1:
            return known[0]
        return named if named in known else None


def actor_of(request: HttpRequest) -> Actor:
    """Whoever reads the page (two queries for somebody who is signed in)."""
    return person(request.user) if request.user.is_authenticated else ANONYMOUS


def bodies(actor: Actor, action: Action) -> Bodies:
    """The organisations for which the actor may do this to what is their own; one query where there are any."""
    keys = [key for key in actor.organisations() if can(actor, action, key)]
    if not keys:
        return Bodies(actor, ())
    found = Organisation.objects.filter(pk__in=keys).order_by("name").values_list("reference", "name")
    return Bodies(actor, tuple(found))


def require_buyer(actor: Actor, action: Action) -> None:
    """Raises Http404 for whoever may do this for no organisation: to others these pages are not there."""
    if not any(can(actor, action, key) for key in actor.organisations()):
        raise Http404


def names_of(organisation: int, actors: Iterable[str]) -> dict[str, str]:
    """The names of colleagues of an organisation, by the reference that events hold."""
    people = User.objects.filter(reference__in=sorted(actors), memberships__organisation=organisation)
    return {
        reference: name or email
        for reference, name, email in people.values_list("reference", "full_name", "email")
    }
