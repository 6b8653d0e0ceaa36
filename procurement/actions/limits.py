"""A buyer's limit: from which total on its call-offs are approved before they go out.

Journey: PUT /api/v1/organisations/{reference}/limit/ or the pages -> here -> event; actions/call_offs.py and offers.py
ask for the limit. What is out already is not asked about again, but the next offer of it is.
"""

from __future__ import annotations

from typing import Final

from django.db import transaction

from procurement.actions.events import Happening, record
from procurement.call_off_checks import limit_of
from procurement.errors import Fault, Invalid, NotFound, Stale
from procurement.models import BuyerLimit, Event, Organisation
from procurement.permissions import Action, Actor, can, require
from procurement.profiles import Reader
from procurement.revisions import changed_since
from procurement.terms import amount_of

SET: Final = "organisation.limit_set"


def limit_revision(reference: str) -> int:
    """How often the limit of an organisation (a reference) was set or taken away, from 1: what a form of it has read. A
    limit that is taken away leaves no row that could count.
    """
    return 1 + Event.objects.filter(subject_type="organisation", subject=reference, type=SET).count()


def set_limit(actor: Actor, reference: str, amount: object, revision: int | None = None) -> int | None:
    """Sets the total in pounds (a decimal string, VAT excluded, options included) from which approval is asked for, or
    with None takes the limit away; answers it in pence. The same again changes nothing.
    `revision` is what limit_revision said when it was read, None for who has not read it.

    Raises NotFound for an organisation whose call-offs the actor may not see, NotPermitted, Stale, Invalid at
    /approval_from.
    """
    faults: list[Fault] = []
    minor = None
    if amount is not None:
        minor = amount_of(Reader("/approval_from", faults), amount)
        if minor is None and not faults:
            faults.append(Fault("/approval_from", "required", "State an amount in pounds."))
    with transaction.atomic():
        body = Organisation.objects.select_for_update().filter(reference=reference).first()
        if body is None or not can(actor, Action.SEE_CALL_OFFS, body):
            raise NotFound(f"There is no buyer {reference}.")
        require(actor, Action.SET_LIMIT, body)
        if changed_since(limit_revision(reference), revision):
            raise Stale("The limit has changed since you read it.")
        if faults:
            raise Invalid("The limit cannot be taken as it is.", tuple(faults))
        before = limit_of(body.pk)
        if before == minor:
            return minor
        if minor is None:
            BuyerLimit.objects.filter(organisation=body).delete()
        else:
            BuyerLimit.objects.update_or_create(organisation=body, defaults={"approval_from_minor": minor})
        record(
            actor,
            Happening(SET, "organisation", reference, {}, {"approval_from": minor}),
        )
    return minor
