"""Letting an organisation in: an operator makes a buyer or an owner of frameworks known, and says of it anew what
changed.

Journey: /administration/organisations/new or POST /api/v1/organisations/ -> here (permission, revision, fields) ->
organisations.py (rules, rows, organisation.created or .changed). Whoever is to administer it is invited afterwards.
"""

from __future__ import annotations

from collections.abc import Collection, Iterator, Mapping
from typing import Any, Final

from django.db import transaction

from procurement.actions.organisations import COMPARED, OrganisationDraft, save_organisations
from procurement.errors import Fault, Invalid, NotFound, Stale
from procurement.framework_fields import said
from procurement.models import Capability, Organisation
from procurement.organisation_fields import AS_ORGANISATION, OTHERWISE_MADE, UNSAID
from procurement.permissions import Action, Actor, require
from procurement.references import slug, taken_references
from procurement.revisions import changed_since

UNMADE: Final = "No organisation was made."
UNCHANGED: Final = "No organisation was changed."


def create_organisation(actor: Actor, sent: Mapping[str, Any]) -> Organisation:
    """Makes an organisation from the fields of AS_ORGANISATION; without a reference it gets one from its name. Raises
    NotPermitted; Invalid, for a reference or a register number that is taken too.
    """
    require(actor, Action.MANAGE_ORGANISATIONS)
    faults: list[Fault] = []
    with transaction.atomic():
        # Whoever makes two at once makes one after the other: the second sees what the first took.
        list(Organisation.objects.select_for_update().filter(capabilities__kind=Capability.Kind.OPERATOR))
        values = said(AS_ORGANISATION, {**UNSAID, **sent}, faults, new=True)
        kinds = frozenset(values.pop("capabilities"))
        faults += _made_otherwise(kinds)
        given = values.pop("reference")
        if given and Organisation.objects.filter(reference=given).exists():
            faults.append(Fault("/reference", "taken", "There is such an organisation already."))
        _refuse(UNMADE, faults)
        number = (values["scheme"], values["identifier"])
        own = given or slug(values["name"], taken_references(Organisation), "organisation", number)
        _save(actor, OrganisationDraft(own, **values, capabilities=kinds))
    return Organisation.objects.get(reference=own)


def edit_organisation(actor: Actor, reference: str, revision: int, sent: Mapping[str, Any]) -> Organisation:
    """Says fields of it anew; `capabilities` are added to those that it has, and none is taken away. Raises NotFound,
    NotPermitted, Stale, Invalid.
    """
    faults: list[Fault] = []
    with transaction.atomic():
        body = Organisation.objects.select_for_update().filter(reference=reference).first()
        if body is None:
            raise NotFound(f"There is no organisation {reference}.")
        require(actor, Action.MANAGE_ORGANISATIONS)
        if changed_since(body.revision, revision):
            raise Stale("The organisation has changed since you read it.")
        values = said(AS_ORGANISATION, sent, faults, new=False)
        kinds = frozenset(values.pop("capabilities", ()))
        faults += _made_otherwise(kinds - set(body.capabilities.values_list("kind", flat=True)))
        _refuse(UNCHANGED, faults)
        stands = {name: getattr(body, name) for name in COMPARED}
        _save(actor, OrganisationDraft(reference, **{**stands, **values}, capabilities=kinds))
        body.refresh_from_db()
    return body


def _save(actor: Actor, draft: OrganisationDraft) -> None:
    save_organisations(actor, [draft], lambda _: "")


def _made_otherwise(gained: Collection[str]) -> Iterator[Fault]:
    for kind in sorted(gained & OTHERWISE_MADE.keys()):
        yield Fault("/capabilities", "made_otherwise", OTHERWISE_MADE[kind])


def _refuse(told: str, faults: list[Fault]) -> None:
    if faults:
        raise Invalid(told, tuple(faults))
