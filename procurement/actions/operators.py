"""The organisation that runs an installation, and who administers it: there is nobody yet who could be asked.

Journey: `manage.py create_operator` -> here -> the invitation that every administrator gets ->
/organisation-invitations/<token> -> the role. The kingdom's regions come with it, since offerings name them.
"""

from __future__ import annotations

from collections.abc import Sequence

from django.db import transaction

from procurement.actions.member_invitations import invite_to, new_link, send_after_commit
from procurement.actions.organisations import OrganisationDraft, save_organisations
from procurement.actions.regions import RegionDraft, TwinDraft, save_regions
from procurement.errors import Conflict, Fault, Invalid
from procurement.models import Capability, Membership, Organisation
from procurement.permissions import Action, Actor, require


def create_operator(
    actor: Actor,
    draft: OrganisationDraft,
    email: str,
    full_name: str,
    regions: Sequence[RegionDraft],
    twins: Sequence[TwinDraft],
    *,
    another: bool = False,
    mailed: bool = True,
) -> str | None:
    """Makes the operator, or finds it by the draft's reference, and invites whoever has the address to administer it.

    The link of the invitation where it is not `mailed`, else None: then the worker sends it. Raises NotPermitted;
    Conflict where there is another operator, unless `another` is wanted, and for who belongs to it already; Invalid.
    """
    require(actor, Action.MANAGE_ORGANISATIONS)
    if Capability.Kind.OPERATOR not in draft.capabilities:
        fault = Fault("/capabilities", "required", "An operator has the capability operator.")
        raise Invalid("No operator was made.", (fault,))
    with transaction.atomic():
        # All of them locked, so that of two that are made at once the second sees the first.
        found = Organisation.objects.select_for_update().filter(capabilities__kind=Capability.Kind.OPERATOR)
        others = [f"{one.name} ({one.reference})" for one in found if one.reference != draft.reference]
        if others and not another:
            raise Conflict(f"This installation is run by {', '.join(sorted(others))} already.")
        save_regions(actor, regions, twins)
        save_organisations(actor, [draft])
        body = Organisation.objects.select_for_update().get(reference=draft.reference)
        invitation = invite_to(actor, body, email, full_name, Membership.Role.ADMINISTRATOR)
        if not mailed:
            return new_link(invitation)
        send_after_commit(invitation)
    return None
