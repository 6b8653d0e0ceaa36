"""A partner's profile: each edit makes an immutable version and publishes it. One code path for one firm and
for thousands. What the firm itself publishes it confirms thereby; what others publish for it nobody has confirmed.

Journey: PATCH /api/v1/partners/{reference}/ or an import -> here -> event -> the search's outbox, in one
transaction.
"""

from __future__ import annotations

from collections.abc import Callable, Collection, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from django.db import transaction
from django.db.models import F, Max, OuterRef, Subquery
from django.utils import timezone

from procurement.actions.events import Happening, record, record_many
from procurement.actions.outcome import Outcome
from procurement.actions.suppliers import follow_names
from procurement.bulk import insert
from procurement.errors import Fault, Invalid, NotFound, Stale
from procurement.models import Partner, ProfileVersion, Region
from procurement.permissions import Action, Actor, can, require
from procurement.profiles import FIELDS, ProfileContent, edited, merged_changes
from procurement.revisions import changed_since


@dataclass(frozen=True, slots=True)
class ProfileDraft:
    """An edit of one partner's profile. A field that `changes` does not name keeps its value."""

    reference: str
    changes: Mapping[str, Any]


@dataclass(frozen=True, slots=True)
class Edit:
    """What an edit comes to for one partner: its content and the names of the fields that differ."""

    partner: Partner
    content: ProfileContent
    digest: str
    fields: tuple[str, ...]


def content_of(version: ProfileVersion) -> ProfileContent:
    """The content that a version holds."""
    return ProfileContent(**{name: getattr(version, name) for name in FIELDS})


def region_codes() -> frozenset[str]:
    """Every region code of either scheme (one query)."""
    return frozenset(Region.objects.values_list("code", flat=True))


def edit_of(
    partner: Partner, changes: Mapping[str, Any], regions: Collection[str], pointer: str = ""
) -> tuple[Edit | None, list[Fault]]:
    """What `changes` would do to a partner (read with `published`), without doing it; None beside faults."""
    current = content_of(partner.published) if partner.published else None
    content, faults = edited(current, changes, regions, pointer)
    if faults:
        return None, faults
    if current is None:
        return Edit(partner, content, content.digest(), FIELDS), []
    before, after = current.columns(), content.columns()
    return Edit(
        partner, content, content.digest(), tuple(one for one in FIELDS if before[one] != after[one])
    ), []


def update_profile(
    actor: Actor, reference: str, revision: int, changes: Mapping[str, Any], *, merge: bool = False
) -> Partner:
    """A firm edits its own profile and publishes the edit; an edit that changes nothing makes no version. With `merge`
    the changes are a merge patch (RFC 7396), else a field that they name is replaced whole.

    Raises NotFound, NotPermitted, Stale if `revision` is not the partner's, Invalid with a fault for
    everything wrong.
    """
    with transaction.atomic():
        partner = _locked(actor, reference, Action.UPDATE_PROFILE, revision)
        if merge:
            changes = merged_changes(content_of(partner.published) if partner.published else None, changes)
        edit, faults = edit_of(partner, changes, region_codes())
        if edit is None:
            raise Invalid("The profile was not changed.", tuple(faults))
        if edit.fields:
            publish_edits(actor, [edit])
    return Partner.objects.select_related("published", "organisation").get(pk=partner.pk)


def confirm_profile(actor: Actor, reference: str, revision: int) -> Partner:
    """The firm stands by its profile as it is: buyers read the day. Raises as update_profile does."""
    with transaction.atomic():
        partner = _locked(actor, reference, Action.CONFIRM_PROFILE, revision)
        partner.confirmed_on = timezone.localdate()
        partner.revision += 1
        partner.save(update_fields=["confirmed_on", "revision"])
        changes = {"confirmed_on": partner.confirmed_on.isoformat()}
        record(actor, Happening("partner.profile_confirmed", "partner", partner.reference, {}, changes))
    return partner


def publish_profiles(
    actor: Actor, drafts: Sequence[ProfileDraft], pointer: Callable[[int], str] = "/{}".format
) -> Outcome:
    """Publishes many edits in one transaction, in ten queries however many there are: all or none.

    `pointer` tells where draft number n stands in what was sent. Raises NotPermitted, NotFound naming the
    first unknown partner, Invalid. Hand over at most some hundreds at a time: the write lock is held
    meanwhile.
    """
    require(actor, Action.IMPORT_PARTNERS)
    with transaction.atomic():
        wanted = {draft.reference for draft in drafts}
        # Locked first and read then: one query for both would see another's new partner beside its old version.
        keys = list(
            Partner.objects.select_for_update()
            .filter(reference__in=wanted)
            .order_by("pk")
            .values_list("pk", flat=True)
        )
        partners = {
            partner.reference: partner
            for partner in Partner.objects.filter(pk__in=keys).select_related("published", "organisation")
        }
        for draft in drafts:
            if draft.reference not in partners:
                raise NotFound(f"There is no partner {draft.reference}.")
        regions = region_codes()
        edits: list[Edit] = []
        faults: list[Fault] = []
        for number, draft in enumerate(drafts):
            edit, wrong = edit_of(partners[draft.reference], draft.changes, regions, pointer(number))
            faults += wrong
            if edit is not None:
                edits.append(edit)
        if faults:
            raise Invalid("No profile was changed.", tuple(faults))
        differing = [edit for edit in edits if edit.fields]
        publish_edits(actor, differing)
    return Outcome(
        created=[edit.partner.reference for edit in differing if edit.partner.published is None],
        changed=[edit.partner.reference for edit in differing if edit.partner.published is not None],
        unchanged=len(edits) - len(differing),
    )


def _locked(actor: Actor, reference: str, action: Action, revision: int) -> Partner:
    partner = (
        Partner.objects.select_for_update(of=("self",))
        .select_related("published", "organisation")
        .filter(reference=reference)
        .first()
    )
    if partner is None:
        raise NotFound(f"There is no partner {reference}.")
    require(actor, action, partner.organisation)
    if changed_since(partner.revision, revision):
        raise Stale("The profile has changed since you read it.")
    return partner


def publish_edits(actor: Actor, edits: Sequence[Edit]) -> None:
    """Writes the new versions, makes them the published ones, and records it; a supplier that is a firm alone takes
    its firm's new name. Within the caller's transaction.
    """
    if not edits:
        return
    keys = [edit.partner.pk for edit in edits]
    now = timezone.now()
    last = dict(
        ProfileVersion.objects.filter(partner__in=keys)
        .order_by()
        .values("partner_id")
        .annotate(last=Max("number"))
        .values_list("partner_id", "last")
    )
    published = ProfileVersion.Status.PUBLISHED
    ProfileVersion.objects.filter(partner__in=keys, status=published).update(
        status=ProfileVersion.Status.SUPERSEDED
    )
    versions = [
        ProfileVersion(
            partner=edit.partner,
            number=last.get(edit.partner.pk, 0) + 1,
            status=published,
            digest=edit.digest,
            actor=actor.reference,
            created_at=now,
            published_at=now,
            **edit.content.columns(),
        )
        for edit in edits
    ]
    insert(versions)
    newest = ProfileVersion.objects.filter(partner=OuterRef("pk"), status=published).values("pk")[:1]
    Partner.objects.filter(pk__in=keys).update(
        published=Subquery(newest), revision=F("revision") + 1, confirmed_on=None
    )
    # A firm stands by what it writes itself, and by nothing that others write for it.
    own = [
        edit.partner.pk
        for edit in edits
        if not actor.system and can(actor, Action.CONFIRM_PROFILE, edit.partner.organisation)
    ]
    if own:
        Partner.objects.filter(pk__in=own).update(confirmed_on=timezone.localdate(now))
    record_many(actor, [_happening(edit, version) for edit, version in zip(edits, versions, strict=True)])
    renamed = {
        edit.partner.pk: (edit.partner.published.name, edit.content.name)
        for edit in edits
        if edit.partner.published is not None and "name" in edit.fields
    }
    if renamed:
        follow_names(actor, renamed)


def _happening(edit: Edit, version: ProfileVersion) -> Happening:
    """The event of one published version: every changed field by name, and its value but for contacts."""
    values = edit.content.columns()
    return Happening(
        "partner.profile_published",
        "partner",
        edit.partner.reference,
        {"organisation": edit.partner.organisation.reference},
        {
            "version": version.number,
            "fields": list(edit.fields),
            "values": {name: values[name] for name in edit.fields if name != "contacts"},
        },
    )
