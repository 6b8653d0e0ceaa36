"""Publishing rate cards: the way in for imports and for the demonstration market.

A published version is immutable: a changed card gets a new version and its old one is superseded, but for one that
begins after the new one ends; a card that comes again unchanged is left alone. Lines are staged in batches under draft
versions, so that no transaction is long, and then published set-wise in one short transaction: all cards or none.
"""

from __future__ import annotations

import hashlib
from collections.abc import Callable, Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime
from itertools import islice
from typing import Final

import orjson
from django.db import connection, transaction
from django.db.models import F, Max, Q
from django.utils import timezone

from procurement.actions.events import Happening, record_many
from procurement.actions.rate_checks import LOOKED_UP, CardKeys, check_cards, slices
from procurement.actions.rate_lines import CardDraft, LineChange, LineDraft, LinesDiff, compare_lines, dated
from procurement.card_versions import Spell, ends_before, spell_on, spells
from procurement.errors import Stale
from procurement.models import Framework, RateCard, RateCardVersion, RateLine
from procurement.permissions import Action, Actor, require
from procurement.querysets import RateCardVersionQuerySet
from procurement.turns import take_turn

STAGED_LINES: Final = 4_000
"""Lines written in one transaction while staging: about a fifth of a second of SQLite's write lock."""

REMOVED: Final = "What was staged was removed by an import of the same file; run it again."

Status = RateCardVersion.Status

_COLUMNS: Final = (
    "version_id", "ordinal", "lot_id", "grade_id", "valid_from", "valid_to", "key", "price_minor",
    "role_title", "work_type", "min_experience", "max_experience", "qualification", "qualification_text",
    "site", "size",
)  # fmt: skip


@dataclass(frozen=True, slots=True)
class CardChange:
    """What publishing a draft would do: `before` is the published version's key, None for a new card or first
    version; `head` what changes about the card itself, by field. `begins_on` is the first day of the new version where
    that is yet to come, in Europe/London: until then what stands holds, lines that are withdrawn too. `behind`: it ends
    before the published version begins, which stays that; it is compared with what held on its last day until now.
    `newest` is the highest key of a version, published or superseded, that the card had, None for none.
    """

    draft: CardDraft
    digest: str
    before: int | None
    diff: LinesDiff
    same: bool
    head: Mapping[str, tuple[str, str]]
    begins_on: date | None = None
    behind: bool = False
    newest: int | None = None

    def line_begins_on(self, change: LineChange) -> date | None:
        """The first day on which a line is as it will be, where that is yet to come; None for at once."""
        own = change.after.valid_from if change.after is not None else None
        if own is None or own <= (self.begins_on or timezone.localdate()):
            return self.begins_on
        return own


Progress = Callable[[int, int], None]


def publish_cards(
    actor: Actor, drafts: Sequence[CardDraft], progress: Progress | None = None
) -> list[CardChange]:
    """Publish every card that is new or differs, all or none; returns what became of each, in order.

    `progress` is called with (lines staged, lines to stage). Raises NotPermitted, Invalid with a fault for each thing
    wrong (pointers `/0/lines/3/price_minor`), and Stale as publish_changes does, having changed nothing.
    """
    changes = compare_cards(actor, drafts)
    publish_changes(actor, changes, progress)
    return changes


def compare_cards(
    actor: Actor, drafts: Sequence[CardDraft], coming: Collection[str] = ()
) -> list[CardChange]:
    """What publish_cards would do, without doing it. Raises as publish_cards does.

    `coming` are references of suppliers that will have been made before the changes are published.
    """
    for owner in Framework.objects.filter(reference__in={draft.framework for draft in drafts}).values_list(
        "owner_id", flat=True
    ):
        require(actor, Action.PUBLISH_RATES, owner)
    check_cards(drafts, coming)
    # Read first: what is published after this is found out when it is these cards' turn.
    seen = _keys_seen([draft.reference for draft in drafts])
    published = {
        version.card.reference: version
        for references in slices([draft.reference for draft in drafts])
        for version in RateCardVersion.objects.filter(
            status=Status.PUBLISHED, card__reference__in=references
        ).select_related("card")
    }
    changes, today = [], timezone.localdate()
    for draft in drafts:
        stands, digest = published.get(draft.reference), _digest(draft)
        later = draft.valid_from if draft.valid_from is not None and draft.valid_from > today else None
        behind = stands is not None and ends_before(draft, stands)
        before, last = stands, stands.valid_to if stands is not None else None
        if stands is not None and behind:
            # It ends where the published one begins, also where it does not say so itself.
            held = _held_until(draft, stands)
            before, last = (None, None) if held is None else (held.version, held.last)
        pk, (newest, _) = None if stands is None else stands.pk, seen.get(draft.reference, (None, None))
        if before is None:
            diff = compare_lines((), draft.lines)
            changes.append(CardChange(draft, digest, pk, diff, False, {}, later, behind, newest))
        elif digest == before.digest:
            same = LinesDiff(unchanged=len(draft.lines))
            changes.append(CardChange(draft, digest, pk, same, True, {}, newest=newest))
        else:
            days = (before.valid_from, last), (draft.valid_from, draft.valid_to)
            diff = compare_lines(lines_of_version(before.pk), draft.lines, *days)
            head = _head(before, last, draft)
            if diff.changes or head:
                changes.append(CardChange(draft, digest, pk, diff, False, head, later, behind, newest))
            else:
                # The same lines in another order, or with days that are their card's: it says the same.
                changes.append(CardChange(draft, digest, pk, diff, True, {}, newest=newest))
    return changes


def spells_of(card: int) -> list[Spell]:
    """Those of the versions of a card (its primary key) that hold on any day, as card_versions.spells has them; one
    query.
    """
    versions = RateCardVersionQuerySet(RateCardVersion).ever_public().filter(card=card)
    return spells(versions.order_by("-number"))


def _held_until(draft: CardDraft, published: RateCardVersion) -> Spell | None:
    """That of the version that has held on the last day of a draft that ends before the published one begins."""
    assert draft.valid_to is not None
    return spell_on(spells_of(published.card_id), draft.valid_to)


def _head(before: RateCardVersion, last: date | None, draft: CardDraft) -> dict[str, tuple[str, str]]:
    """What a draft changes about the card itself, whose version ends on `last`."""
    pairs = {
        "basis": (before.basis, draft.basis),
        "valid_from": (str(before.valid_from or ""), str(draft.valid_from or "")),
        "valid_to": (str(last or ""), str(draft.valid_to or "")),
    }
    return {name: (old, new) for name, (old, new) in pairs.items() if old != new}


def publish_changes(
    actor: Actor, changes: Sequence[CardChange], progress: Progress | None = None, *, again: bool = False
) -> None:
    """Carry out what compare_cards found: stage the lines in batches, then publish in one transaction. `again`: after
    Stale. What another import may be staging from the same source is left alone then, lest two take turns at removing
    it.

    Raises Stale, having published nothing, where somebody else has published one of the cards since they were compared,
    also one that was to stay as it is: what was found of it is no longer so. So it does where another import from the
    same source has taken what is staged here for leftovers and removed it.
    """
    differing = [change for change in changes if not change.same]
    if not differing:
        with transaction.atomic():
            _take_turn(changes)
        return
    keys = CardKeys.of([change.draft for change in differing])
    if not again:
        _discard_leftovers(differing)
    versions = _stage_versions(actor, differing, keys)
    try:
        _stage_lines(differing, versions, keys, progress)
        with transaction.atomic():
            _take_turn(changes)
            _publish(actor, differing, versions)
    except Stale:
        _discard([version.pk for version in versions])
        raise


def _digest(draft: CardDraft) -> str:
    """SHA-256 of what a card says, whatever it was read from."""
    lines = [_content(line) for line in draft.lines]
    head = [draft.basis, draft.valid_from, draft.valid_to]
    return hashlib.sha256(orjson.dumps([head, lines])).hexdigest()


def _content(line: LineDraft) -> tuple[object, ...]:
    return (
        line.key, line.price_minor, line.role_title, line.lot, line.grade, line.work_type,
        line.min_experience, line.max_experience, line.qualification, line.qualification_text, line.site,
        line.size, line.valid_from, line.valid_to,
    )  # fmt: skip


_CONTENT = (
    "key", "price_minor", "role_title", "lot__reference", "grade__reference", "work_type", "min_experience",
    "max_experience", "qualification", "qualification_text", "site", "size", "valid_from", "valid_to",
)  # fmt: skip


def published_lines(card: str, keys: Collection[str]) -> tuple[LineDraft, ...]:
    """The lines of a card's published version that bear these keys, in their order, dated."""
    rows = RateLine.objects.filter(version__card__reference=card, version__status=Status.PUBLISHED)
    said = rows.order_by("ordinal").values_list(*_CONTENT, "version__valid_from", "version__valid_to")
    return tuple(dated(LineDraft(*line), (first, last)) for *line, first, last in said if line[0] in keys)


def lines_of_version(version: int) -> list[LineDraft]:
    """The lines of a version (its primary key), in their order."""
    rows = RateLine.objects.filter(version=version).order_by("ordinal").values_list(*_CONTENT)
    return [LineDraft(*row) for row in rows]


def _discard_leftovers(changes: Sequence[CardChange]) -> None:
    """Removes drafts that an attempt from the same source staged and, killed, never published."""
    sources = {change.draft.source for change in changes}
    for references in slices([change.draft.reference for change in changes]):
        leftovers = RateCardVersion.objects.filter(
            status=Status.DRAFT, published_at=None, source__in=sources, card__reference__in=references
        )
        _discard(list(leftovers.values_list("pk", flat=True)))


def _discard(drafts: Iterable[int]) -> None:
    """Removes those of the drafts (primary keys) that are still drafts, with their lines."""
    for key in drafts:
        with transaction.atomic():
            # Held first: whoever stages into it or publishes it has done so before, or finds it gone.
            held = RateCardVersion.objects.select_for_update().filter(pk=key, status=Status.DRAFT)
            if held.first() is None:
                continue
            RateLine.objects.filter(version=key).delete()
            RateCardVersion.objects.filter(pk=key).delete()


def _stage_versions(actor: Actor, changes: Sequence[CardChange], keys: CardKeys) -> list[RateCardVersion]:
    """Cards that are not there yet, and a draft version of each; the version's key is needed by its lines."""
    versions: list[RateCardVersion] = []
    for start in range(0, len(changes), LOOKED_UP):
        batch = changes[start : start + LOOKED_UP]
        references = [change.draft.reference for change in batch]
        with transaction.atomic():
            # Two that number the versions of one card side by side would give both the same number.
            take_turn("rates")
            stands = set(
                RateCard.objects.filter(reference__in=references).values_list("reference", flat=True)
            )
            # SQLite refuses to write over a card, which it asks before it ignores one.
            RateCard.objects.bulk_create(
                [
                    RateCard(
                        reference=change.draft.reference,
                        supplier_id=keys.suppliers[change.draft.supplier],
                        framework_id=keys.frameworks[change.draft.framework],
                        currency=change.draft.currency,
                        unit=change.draft.unit,
                        basis=change.draft.basis,
                    )
                    for change in batch
                    if change.draft.reference not in stands
                ],
                ignore_conflicts=True,
            )
            cards = dict(RateCard.objects.filter(reference__in=references).values_list("reference", "pk"))
            numbers = dict(
                RateCardVersion.objects.filter(card__reference__in=references)
                .values_list("card_id")
                .annotate(Max("number"))
            )
            versions += RateCardVersion.objects.bulk_create(
                RateCardVersion(
                    card_id=cards[change.draft.reference],
                    number=numbers.get(cards[change.draft.reference], 0) + 1,
                    status=Status.DRAFT,
                    basis=change.draft.basis,
                    valid_from=change.draft.valid_from,
                    valid_to=change.draft.valid_to,
                    source=change.draft.source,
                    digest=change.digest,
                    actor=actor.reference,
                )
                for change in batch
            )
    return versions


def _stage_lines(
    changes: Sequence[CardChange],
    versions: Sequence[RateCardVersion],
    keys: CardKeys,
    progress: Progress | None,
) -> None:
    rows = (
        _row(version.pk, ordinal, line, keys)
        for change, version in zip(changes, versions, strict=True)
        for ordinal, line in enumerate(change.draft.lines, start=1)
    )
    total, staged = sum(len(change.draft.lines) for change in changes), 0
    # Plain SQL: through the models each line costs five times as much, and an import has hundreds of
    # thousands.
    quote = connection.ops.quote_name
    columns = ", ".join(map(quote, _COLUMNS))
    places = ", ".join(["%s"] * len(_COLUMNS))
    insert = f"INSERT INTO {quote(RateLine._meta.db_table)} ({columns}) VALUES ({places})"  # noqa: S608 - names of ours
    while batch := list(islice(rows, STAGED_LINES)):
        with transaction.atomic(), connection.cursor() as cursor:
            _hold(sorted({version for version, *_ in batch}))
            cursor.executemany(insert, batch)
        staged += len(batch)
        if progress:
            progress(staged, total)


def _hold(versions: Sequence[int]) -> None:
    """Within a transaction: nobody removes these drafts (primary keys) until it ends; Stale where one is gone."""
    for start in range(0, len(versions), LOOKED_UP):
        batch = versions[start : start + LOOKED_UP]
        held = RateCardVersion.objects.select_for_update().filter(pk__in=batch).values_list("pk", flat=True)
        if len(held) < len(batch):
            raise Stale(REMOVED)


def _row(
    version: int, ordinal: int, line: LineDraft, keys: CardKeys
) -> tuple[int, *tuple[int | str | None, ...]]:
    """A line as the columns of its table; the checks of the models were made by _check, those of the
    table hold.
    """
    return (
        version,
        ordinal,
        None if line.lot is None else keys.lots[line.lot],
        None if line.grade is None else keys.grades[line.grade],
        connection.ops.adapt_datefield_value(line.valid_from),
        connection.ops.adapt_datefield_value(line.valid_to),
        line.key,
        line.price_minor,
        line.role_title,
        line.work_type,
        line.min_experience,
        line.max_experience,
        line.qualification,
        line.qualification_text,
        line.site,
        line.size,
    )


def _take_turn(changes: Sequence[CardChange]) -> None:
    """Nobody else publishes rates until the transaction ends; Stale if a card was published since it was compared."""
    take_turn("rates")
    seen = _keys_seen([change.draft.reference for change in changes])
    for change in changes:
        # One that is behind the published version leaves that the same, but takes days of what this was compared with.
        if seen.get(change.draft.reference, (None, None)) != (change.newest, change.before):
            raise Stale(f"{change.draft.reference} was published by somebody else meanwhile; run it again.")


def _keys_seen(cards: Sequence[str]) -> dict[str, tuple[int | None, int | None]]:
    """By card (reference), the highest key of a version that is or was published, and the published version's."""
    return {
        card: (newest, published)
        for references in slices(cards)
        for card, newest, published in RateCardVersionQuerySet(RateCardVersion)
        .ever_public()
        .filter(card__reference__in=references)
        .values_list("card__reference")
        .annotate(highest=Max("pk"), stands=Max("pk", filter=Q(status=Status.PUBLISHED)))
    }


def _publish(actor: Actor, changes: Sequence[CardChange], versions: Sequence[RateCardVersion]) -> None:
    """The moment at which all of it becomes what buyers read; Stale where an import of the same file, which takes such
    drafts for leftovers, has removed what was staged.
    """
    now, staged_cards = timezone.now(), list(zip(changes, versions, strict=True))
    _set_status([version for change, version in staged_cards if change.behind], Status.SUPERSEDED, now)
    foremost = [(change, version) for change, version in staged_cards if not change.behind]
    for start in range(0, len(foremost), LOOKED_UP):
        batch = foremost[start : start + LOOKED_UP]
        superseded = [change.before for change, _ in batch if change.before is not None]
        RateCardVersion.objects.filter(pk__in=superseded).update(status=Status.SUPERSEDED)
        # Between the two versions: the database keeps the basis of a card that has a published one.
        for basis in {change.draft.basis for change, _ in batch}:
            RateCard.objects.filter(
                pk__in=[version.card_id for change, version in batch if change.draft.basis == basis]
            ).exclude(basis=basis).update(basis=basis)
        _set_status([version for _, version in batch], Status.PUBLISHED, now)
    revised = [version.card_id for change, version in staged_cards if change.before is not None]
    for start in range(0, len(revised), LOOKED_UP):
        cards = RateCard.objects.filter(pk__in=revised[start : start + LOOKED_UP])
        cards.update(revision=F("revision") + 1)
    record_many(
        actor,
        [
            Happening(
                "rate_card.published",
                "rate_card",
                change.draft.reference,
                {"supplier": change.draft.supplier, "framework": change.draft.framework},
                {
                    "version": version.number,
                    "lines": len(change.draft.lines),
                    "added": change.diff.added,
                    "changed": change.diff.changed,
                    "withdrawn": change.diff.withdrawn,
                },
            )
            for change, version in zip(changes, versions, strict=True)
        ],
    )


def _set_status(versions: Sequence[RateCardVersion], status: str, now: datetime) -> None:
    """Makes staged versions public, of which an import of the same file may have removed one: Stale."""
    for start in range(0, len(versions), LOOKED_UP):
        batch = [version.pk for version in versions[start : start + LOOKED_UP]]
        staged = RateCardVersion.objects.filter(pk__in=batch)
        if staged.update(status=status, published_at=now) < len(batch):
            raise Stale(REMOVED)
