"""Who administers, and what: framework owners their own frameworks, operators the whole service.

The actions ask again; here it decides which of the pages under /administration are there and what they offer.
"""

from __future__ import annotations

from dataclasses import dataclass

from django.db.models import QuerySet
from django.http import Http404, HttpRequest

from procurement.models import Framework
from procurement.permissions import Action, Actor, can
from procurement.querysets_administering import frameworks_of
from web.buying import actor_of


@dataclass(frozen=True, slots=True)
class Administrator:
    """What somebody may administer; the fields say which parts of /administration are there for them."""

    actor: Actor
    manages: bool
    keeps: bool
    spending: bool
    suspends: bool
    imports: bool
    dead_letters: bool
    log: bool
    joinings: bool
    rates: bool
    organisations: bool
    profiles: bool

    @property
    def anything(self) -> bool:
        return any((self.manages, self.spending, self.suspends, self.imports, self.dead_letters, self.log))

    def frameworks(self, action: Action) -> QuerySet[Framework]:
        """Those for which the actor may do this."""
        return frameworks_of(self.actor, action)


def administrator(request: HttpRequest) -> Administrator:
    """Whoever reads the page. Raises Http404 where they administer nothing: to others these pages are not there."""
    actor = actor_of(request)

    def may(action: Action) -> bool:
        return any(can(actor, action, key) for key in actor.organisations())

    found = Administrator(
        actor,
        manages=may(Action.MANAGE_SUPPLIERS),
        keeps=may(Action.MANAGE_FRAMEWORK),
        spending=may(Action.SEE_SPEND),
        suspends=may(Action.SUSPEND_PARTNER),
        imports=may(Action.IMPORT_PARTNERS),
        dead_letters=may(Action.SEE_DEAD_LETTERS),
        log=may(Action.SEE_EVERY_EVENT),
        rates=may(Action.PUBLISH_RATES),
        joinings=may(Action.SEE_JOININGS),
        organisations=can(actor, Action.MANAGE_ORGANISATIONS),
        profiles=can(actor, Action.REVIEW_PROFILES),
    )
    if not found.anything:
        raise Http404
    return found


def only(there: bool) -> None:
    """Raises Http404 for a part that is not there for whoever asks."""
    if not there:
        raise Http404
