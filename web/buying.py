"""For which buyer organisations somebody who reads a page may act: what the pages of matching and shortlists ask first.

The actions ask again (procurement/actions/buyers.py); here it decides what is offered.
"""

from __future__ import annotations

from collections.abc import Collection, Iterable
from dataclasses import dataclass
from typing import Any, Final

from django.db.models import Q, QuerySet
from django.http import Http404, HttpRequest
from django.utils.translation import gettext as _

from procurement.models import Application, Membership, Organisation
from procurement.permissions import ANONYMOUS, SYSTEM, Action, Actor, can, person

INTEGRATION: Final = "app_"
"""How the reference of an integration begins."""


@dataclass(frozen=True, slots=True)
class Bodies:
    """Organisations for which an actor may do something: (reference, name), by name."""

    actor: Actor
    choices: tuple[tuple[str, str], ...]

    def chosen(self, named: str) -> str | None:
        """The organisation to act for: the only one, else the one that is named; None where that is none of them."""
        known = [reference for reference, _name in self.choices]
        if len(known) == 1:
            return known[0]
        return named if named in known else None

    @property
    def several(self) -> list[tuple[str, str]]:
        """Those to choose from; none where there is nothing to choose."""
        return list(self.choices) if len(self.choices) > 1 else []


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


def several(actor: Actor, action: Action) -> list[tuple[str, str]]:
    """The organisations to choose from where the actor may do this for more than one, else none and no query."""
    if sum(can(actor, action, key) for key in actor.organisations()) < 2:
        return []
    return bodies(actor, action).several


class NoOrganisation(Http404):
    """The reader acts for no organisation at all: the page that is not there says how to come by one."""


def require_buyer(actor: Actor, action: Action) -> None:
    """Raises Http404 for whoever may do this for no organisation: to others these pages are not there. NoOrganisation,
    which is one, for a person who acts for none.
    """
    if actor.signed_in and not actor.organisations():
        raise NoOrganisation
    if not any(can(actor, action, key) for key in actor.organisations()):
        raise Http404


def names_of(
    own: int | Iterable[int], actors: Iterable[str], parties: Collection[int] | QuerySet[Any] | None = ()
) -> dict[str, str]:
    """What a reader of one or several organisations (`own`, their keys) is told of each actor, by the reference that
    events hold: a colleague's name; of others as much as is known, by the organisations (`parties`, their keys; None:
    whichever they are of) that the reader deals with anyway. Never the reference, which says nothing to anybody. One
    query, one more where an integration acted.
    """
    wanted, mine = set(actors), {own} if isinstance(own, int) else set(own)
    known = Q() if parties is None else Q(organisation__in=mine) | Q(organisation__in=parties)
    rows = Membership.objects.filter(known, user__reference__in=sorted(wanted))
    told = dict.fromkeys(wanted, _("Somebody else"))
    named = set()
    fields = ("user__reference", "user__full_name", "user__email", "organisation", "organisation__name")
    for reference, name, email, key, body in rows.order_by("organisation__name").values_list(*fields):
        if key in mine:
            told[reference] = name or email
            named.add(reference)
        elif reference not in named:
            told[reference] = _("Somebody of %(organisation)s") % {"organisation": body}
            named.add(reference)
    if SYSTEM.reference in wanted:
        told[SYSTEM.reference] = _("The service itself")
    if integrations := [one for one in wanted if one.startswith(INTEGRATION)]:
        held = Application.objects.filter(known, organisation__isnull=False, reference__in=integrations)
        for reference, body in held.values_list("reference", "organisation__name"):
            told[reference] = _("An integration of %(organisation)s") % {"organisation": body}
    return told
