"""A buyer keeps a search to be told what it finds, changes it, deletes it, or stops its e-mails by their link.

Journey: POST /api/v1/saved-searches/ or /saved-searches -> search/alerts.py checks the query and asks the index what
it finds already -> here -> event; actions/saved_search_matches.py tells what it finds from then on.
"""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Final

from django.db import transaction
from django.utils import timezone

from procurement.actions.buyers import buyer_of, owner_references
from procurement.actions.events import Happening, record
from procurement.actions.saved_search_matches import begin_anew
from procurement.errors import Fault, Invalid, NotFound, NotPermitted, Stale
from procurement.models import SavedSearch, SavedSearchMatch, User
from procurement.permissions import SYSTEM, Action, Actor, can, require
from procurement.profiles import NAME_LENGTH, Reader
from procurement.references import numbered
from procurement.revisions import changed_since

MOST_KEPT: Final = 500
"""Saved searches of one organisation."""
FIELDS: Final = ("title", "query", "alerts", "frequency")

_CHOICES: Final[dict[str, Collection[str]]] = {
    "alerts": SavedSearch.Alerts.values,
    "frequency": SavedSearch.Frequency.values,
}


@dataclass(frozen=True, slots=True)
class SavedSearchDraft:
    """A search to keep. `query` is in its canonical form (search/saved_query.py); the rest is as it was sent."""

    title: object
    query: str
    alerts: object = SavedSearch.Alerts.NEW
    frequency: object = SavedSearch.Frequency.DAILY
    organisation: str | None = None


def keep_saved_search(actor: Actor, draft: SavedSearchDraft, found: Mapping[str, str]) -> SavedSearch:
    """Keeps a search for the actor's buyer organisation; a person who keeps it gets its e-mails.

    `found` maps each listing that it finds now to its digest: of these nothing is told until they change. Raises
    NotPermitted, Invalid.
    """
    faults: list[Fault] = []
    sent = {"title": draft.title, "alerts": draft.alerts, "frequency": draft.frequency}
    values = _read(sent, faults)
    _refuse(faults)
    with transaction.atomic():
        buyer = buyer_of(actor, Action.SAVE_SEARCH, draft.organisation)
        if buyer.saved_searches.filter(status=SavedSearch.Status.OPEN).count() >= MOST_KEPT:
            _refuse([Fault("", "too_many", f"An organisation keeps at most {MOST_KEPT} searches.")])
        search = SavedSearch.objects.create(
            reference=numbered("SS", timezone.localdate()),
            organisation=buyer,
            owner=_person(actor),
            query=draft.query,
            actor=actor.reference,
            **values,
        )
        begin_anew(search, found)
        told = {"alerts": search.alerts, "frequency": search.frequency, "found": len(found)}
        _tell(actor, search, "kept", told)
    return search


def change_saved_search(
    actor: Actor,
    reference: str,
    revision: int,
    changes: Mapping[str, Any],
    found: Mapping[str, str] | None = None,
) -> SavedSearch:
    """Changes some of FIELDS; the same again changes nothing. With another `query` (canonical) it begins anew:
    `found` is then what that finds, as for keep_saved_search. A search that tells nothing more forgets what it
    still had to tell.

    Raises NotFound, NotPermitted, Stale, Invalid; ValueError for a new query without what it finds.
    """
    faults: list[Fault] = []
    values = _read({name: one for name, one in changes.items() if name != "query"}, faults)
    if "query" in changes:
        values["query"] = changes["query"]
    _refuse(faults)
    with transaction.atomic():
        search = _locked(actor, reference, revision)
        differing = sorted(name for name, one in values.items() if one != getattr(search, name))
        if not differing:
            return search
        for name in differing:
            setattr(search, name, values[name])
        if "query" in differing:
            if found is None:
                raise ValueError("What the new query finds is needed.")
            search.compared_on = None
            begin_anew(search, found)
        _forget_if_silent(search)
        search.revision += 1
        search.save(update_fields=["revision", "compared_on", *differing])
        told = {"alerts": search.alerts, "frequency": search.frequency, "fields": differing}
        _tell(actor, search, "changed", told)
    return search


def delete_saved_search(actor: Actor, reference: str, revision: int) -> SavedSearch:
    """It is kept no longer: what it found is forgotten, e-mails that wait are not sent. Raises NotFound,
    NotPermitted, Stale.
    """
    with transaction.atomic():
        search = _locked(actor, reference, revision)
        search.status = SavedSearch.Status.DELETED
        search.revision += 1
        search.save(update_fields=["status", "revision"])
        search.matches.all().delete()
        _tell(actor, search, "deleted", {"status": search.status})
    return search


def unsubscribe(reference: str) -> SavedSearch:
    """Stops the e-mails and events of a search for whoever holds the signed link (procurement/unsubscribing.py);
    once more changes nothing. Raises NotFound where it is kept no longer.
    """
    with transaction.atomic():
        search = _row(reference)
        if search is None:
            raise NotFound("This saved search is kept no longer.")
        if search.alerts != SavedSearch.Alerts.NONE:
            search.alerts = SavedSearch.Alerts.NONE
            search.revision += 1
            search.save(update_fields=["alerts", "revision"])
            _forget_if_silent(search)
            # The link says which search, not who followed it: a mail program may do so for its owner.
            _tell(SYSTEM, search, "unsubscribed", {"alerts": search.alerts})
    return search


def _read(sent: Mapping[str, object], faults: list[Fault]) -> dict[str, Any]:
    values: dict[str, Any] = {}
    for name, value in sent.items():
        reader = Reader(f"/{name}", faults)
        if name in _CHOICES:
            values[name] = reader.choice(value, _CHOICES[name])
        else:
            values[name] = reader.text(value, NAME_LENGTH, required=True)
    return values


def _refuse(faults: Sequence[Fault]) -> None:
    if faults:
        raise Invalid("The search cannot be kept as it is.", tuple(faults))


def _person(actor: Actor) -> User | None:
    """The person that the actor is, None for an integration and the system."""
    return User.objects.filter(reference=actor.reference).first() if actor.scopes is None else None


def _row(reference: str) -> SavedSearch | None:
    return (
        SavedSearch.objects.select_for_update(of=("self",))
        .select_related("organisation")
        .filter(reference=reference, status=SavedSearch.Status.OPEN)
        .first()
    )


def _locked(actor: Actor, reference: str, revision: int) -> SavedSearch:
    search = _row(reference)
    if search is None or not can(actor, Action.SEE_SAVED_SEARCHES, search.organisation):
        raise NotFound(f"There is no saved search {reference}.")
    owner = _person(actor)
    own = owner is not None and owner.pk == search.owner_id
    if not own and not can(actor, Action.CHANGE_SAVED_SEARCH, search.organisation):
        raise NotPermitted("This search is somebody else's: an editor of the organisation may change it.")
    require(actor, Action.SAVE_SEARCH, search.organisation)
    if changed_since(search.revision, revision):
        raise Stale("The saved search has changed since you read it.")
    return search


def _forget_if_silent(search: SavedSearch) -> None:
    if search.alerts == SavedSearch.Alerts.NONE:
        SavedSearchMatch.objects.filter(saved_search=search).exclude(pending="").update(
            pending="", pending_since=None
        )


def _tell(actor: Actor, search: SavedSearch, what: str, changes: dict[str, Any]) -> None:
    references = owner_references(search.organisation)
    record(actor, Happening(f"saved_search.{what}", "saved_search", search.reference, references, changes))
