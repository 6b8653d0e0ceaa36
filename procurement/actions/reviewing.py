"""What firms publish about themselves is looked at afterwards: left as it is, or taken back for a reason.

A profile is found within seconds of its edit, so nothing waits for this; taking back publishes what stood before anew.

Journey: /administration/profiles/<partner> (POST) -> here -> events -> the search's outbox, and the firm is told.
"""

from __future__ import annotations

from django.db import transaction

from procurement.actions.call_offs import reason_of
from procurement.actions.events import Happening, record
from procurement.actions.profiles import content_of, edit_of, publish_edits, region_codes
from procurement.errors import Conflict, Invalid, NotFound, Stale
from procurement.models import Partner, ProfileReview, ProfileVersion
from procurement.permissions import Action, Actor, require
from procurement.querysets_administering import ProfileVersionQuerySet

Verdict = ProfileReview.Verdict


def leave_profile(actor: Actor, partner: str, number: int) -> ProfileReview:
    """Notes that version `number` was looked at and stays. Raises NotFound, NotPermitted, Stale where another is
    published, Conflict where it was looked at already.
    """
    with transaction.atomic():
        version = _published(actor, partner, number)
        made = ProfileReview.objects.create(version=version, verdict=Verdict.LEFT, actor=actor.reference)
        record(actor, Happening("partner.profile_reviewed", "partner", partner, {}, {"version": number}))
    return made


def take_back_profile(actor: Actor, partner: str, number: int, reason: str) -> ProfileVersion:
    """Publishes anew what stood before version `number`, for a reason (1 to 1,000 characters) that the firm is told.

    Raises as leave_profile does, and Invalid; Conflict also where nothing stood before it.
    """
    with transaction.atomic():
        version = _published(actor, partner, number)
        why = reason_of(reason, "The profile stays as it is.")
        before = ProfileVersionQuerySet(ProfileVersion).before(version)
        if before is None:
            raise Conflict("Nothing stood before it that was not the firm's own: suspend the firm instead.")
        edit, faults = edit_of(version.partner, content_of(before).columns(), region_codes())
        if edit is None:
            raise Invalid("What stood before cannot be published any more.", tuple(faults))
        ProfileReview.objects.create(
            version=version, verdict=Verdict.TAKEN_BACK, reason=why, actor=actor.reference
        )
        told = {"version": number, "reason": why}
        record(actor, Happening("partner.profile_taken_back", "partner", partner, {}, told))
        publish_edits(actor, [edit])
        return ProfileVersion.objects.get(partner=version.partner, status=ProfileVersion.Status.PUBLISHED)


def _published(actor: Actor, reference: str, number: int) -> ProfileVersion:
    partner = (
        Partner.objects.select_for_update(of=("self",))
        .select_related("organisation", "published")
        .filter(reference=reference)
        .first()
    )
    if partner is None or partner.published is None:
        raise NotFound(f"There is no profile of {reference}.")
    require(actor, Action.REVIEW_PROFILES)
    if partner.published.number != number:
        raise Stale("The firm has published another version.")
    if ProfileReview.objects.filter(version=partner.published).exists():
        raise Conflict("It was looked at already.")
    version = partner.published
    version.partner = partner
    return version
