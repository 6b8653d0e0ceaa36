"""Which versions of cards that are yet to begin an import leaves no day: told, since nobody may have meant it."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from django.utils import timezone

from procurement.actions.rate_cells import CellFault
from procurement.actions.rate_checks import LOOKED_UP
from procurement.actions.rates import CardChange
from procurement.card_versions import leaves, spells_by_card
from procurement.models import RateCardVersion
from procurement.querysets import RateCardVersionQuerySet


def overtaken(changes: Sequence[CardChange]) -> Iterator[CellFault]:
    """A warning for each version that has not begun and that a change of its card replaces, with the version's days.

    The same before and after the changes are published; one query for each 500 cards that had been published.
    """
    differing = [change for change in changes if change.before is not None and not change.same]
    for start in range(0, len(differing), LOOKED_UP):
        batch = {change.draft.reference: change for change in differing[start : start + LOOKED_UP]}
        versions = RateCardVersionQuerySet(RateCardVersion).ever_public().filter(card__reference__in=batch)
        stood = [
            version
            for version in versions.select_related("card").order_by("card_id", "-number")
            if version.pk <= (batch[version.card.reference].newest or 0)
        ]
        for _, found in spells_by_card(stood):
            for version in (spell.version for spell in found):
                if _replaced(version, batch[version.card.reference]):
                    yield CellFault(0, "", "", _told(version))


def past(changes: Sequence[CardChange]) -> Iterator[CellFault]:
    """A warning for each card of which the file says nothing that holds today or later: somebody may have taken an old
    file for the new one.
    """
    today = timezone.localdate()
    for change in (change for change in changes if not change.same):
        draft = change.draft
        lasts = [line.valid_to or draft.valid_to for line in draft.lines]
        ended = [last for last in lasts if last is not None and last < today]
        if len(ended) < len(lasts):
            continue
        why = f"of {draft.reference} the file has no rate that is in force: the last ended on {max(ended)}"
        kept = "; the version that begins after that stays as it is" if change.behind else ""
        yield CellFault(0, "", "", why + kept)


def _replaced(version: RateCardVersion, change: CardChange) -> bool:
    """Whether a version that is yet to begin would never do so; see procurement/card_versions.py."""
    first = version.valid_from
    return first is not None and first > timezone.localdate() and not leaves(change.draft, version)


def _told(version: RateCardVersion) -> str:
    days = f"from {version.valid_from} {f'to {version.valid_to}' if version.valid_to else 'until further notice'}"
    return (
        f"version {version.number} of {version.card.reference}, which was to hold {days}, has not begun and is "
        "replaced; where it is still to hold, import it again after this"
    )
