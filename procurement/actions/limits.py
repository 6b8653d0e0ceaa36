"""A buyer's limit: from which total on its call-offs are approved before they go out.

Journey: PUT /api/v1/organisations/{reference}/limit/ or the pages -> here -> event; actions/call_offs.py and offers.py
ask for the limit. What is out already is not asked about again, but the next offer of it is.
"""

from __future__ import annotations

from django.db import transaction

from procurement.actions.events import Happening, record
from procurement.call_off_checks import limit_of
from procurement.errors import Fault, Invalid, NotFound
from procurement.models import BuyerLimit, Organisation
from procurement.permissions import Action, Actor, can, require
from procurement.profiles import Reader
from procurement.terms import amount_of


def set_limit(actor: Actor, reference: str, amount: object) -> int | None:
    """Sets the total in pounds (a decimal string, VAT excluded, options included) from which approval is asked for, or
    with None takes the limit away; answers it in pence. The same again changes nothing.

    Raises NotFound for an organisation whose call-offs the actor may not see, NotPermitted, Invalid at /approval_from.
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
            Happening("organisation.limit_set", "organisation", reference, {}, {"approval_from": minor}),
        )
    return minor
