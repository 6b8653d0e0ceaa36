"""Compares the index with the database, listing by listing and card by card, and asks for the repair of what
differs.

The safety net under everything else: it needs neither events nor the outbox to have worked.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass, field, replace
from typing import Any, Final

import numpy as np
from django.db import transaction
from django.utils import timezone

from procurement.models import Partner, RateCard
from search.documents import listings_of, partner_batches
from search.engines.columns import Mask
from search.index import engine
from search.models import IndexRequest, IndexRun
from search.places import places
from search.rate_documents import rate_documents
from search.sync import MOST_REQUESTS
from search.ties import hashes_of, key_hash
from search.touched import reached

PARTNERS_AT_ONCE: Final = 400
CARDS_AT_ONCE: Final = 200
UNSTAMPED: Final = 0
MOST_BY_HAND: Final = 100
"""How many changes that somebody made to one document in the search service by hand a repair prevails over."""

Progress = Callable[[int, int], None]


@dataclass(frozen=True, slots=True)
class Drift:
    """What differs: listing references and rate-card references.

    `missing`: shown by the database, not in the index; `different`: in both, not alike; `orphaned`: only in
    the index. `compared` listings and `compared_cards` were looked at. `set_aside`: what was tried in vain and
    rests, with how often; it counts wherever it makes a difference.
    """

    missing: list[str] = field(default_factory=list)
    different: list[str] = field(default_factory=list)
    orphaned: list[str] = field(default_factory=list)
    cards: list[str] = field(default_factory=list)
    set_aside: dict[str, int] = field(default_factory=dict)
    compared: int = 0
    compared_cards: int = 0

    @property
    def count(self) -> int:
        return len(self.missing) + len(self.different) + len(self.orphaned) + len(self.cards)

    def shown(self) -> dict[str, Any]:
        """JSON-able."""
        return {
            "compared": self.compared,
            "compared_cards": self.compared_cards,
            "missing": self.missing,
            "different": self.different,
            "orphaned": self.orphaned,
            "cards": self.cards,
            "set_aside": self.set_aside,
        }


def drift(progress: Progress = lambda _done, _total: None) -> Drift:
    """Looks at everything once, a batch at a time: every field of what is indexed, those that only searches look at
    among them; and at what differs once more. What an outbox row already waits for is not drift and is left out.

    Raises EngineUnavailable if there is no index to compare with.
    """
    standing = _Standing(engine().listing_keys())
    total = Partner.objects.filter(supplier_memberships__isnull=False).distinct().count()
    total += RateCard.objects.count()
    missing, different, compared, done = [], [], 0, 0
    for keys in partner_batches(PARTNERS_AT_ONCE):
        documents = listings_of(keys, UNSTAMPED, places(), timezone.localdate()).puts
        keys_shown = [document["key"] for document in documents]
        compared += len(documents)
        found = dict(zip(keys_shown, standing.tick(keys_shown), strict=True))
        missing += [key for key, there in found.items() if not there]
        unlike = engine().unlike("listings", [document for document in documents if found[document["key"]]])
        different += sorted(unlike)
        done += len(keys)
        progress(done, total)
    cards, looked_at = _cards(lambda some: progress(done + some, total))
    orphaned = standing.unticked(lambda: engine().listing_keys())
    left = _still(Drift(missing, different, orphaned, cards))
    failed = IndexRequest.objects.filter(failures__gt=0).order_by("reference")
    set_aside = dict(failed.values_list("reference", "failures"))
    return replace(left, set_aside=set_aside, compared=compared, compared_cards=looked_at)


def _still(found: Drift) -> Drift:
    """What of this differs when it is read once more, and is not about to be written: the check takes a while, in which
    index and database move on.
    """
    listings = _listings_again([*found.missing, *found.different], found.orphaned)
    cards = _cards_again(found.cards)
    if not listings and not cards:
        return Drift()
    # Read last: what was answered by then had been written when it was looked at.
    partners, waiting_cards, gone = _about_to_be_written()
    wrong = {key for key, partner in listings.items() if partner not in partners and key not in gone}
    return Drift(
        [key for key in found.missing if key in wrong],
        [key for key in found.different if key in wrong],
        [key for key in found.orphaned if key in wrong],
        [key for key, card in cards.items() if card not in waiting_cards and key not in gone],
    )


def _listings_again(shown: Sequence[str], orphaned: Sequence[str]) -> dict[str, int]:
    """Those of these listings that are wrong, with the primary key of the partner, 0 where there is none: of `shown`
    what the index does not hold as it is, of `orphaned` what the database does not show.
    """
    wrong: dict[str, int] = {}
    for keys, are_shown in ((shown, True), (orphaned, False)):
        for some in _chunks(keys, PARTNERS_AT_ONCE):
            references = {key: key.rsplit("~", 1)[-1] for key in some}
            named = Partner.objects.filter(reference__in=set(references.values()))
            partners = dict(named.values_list("reference", "pk"))
            made = listings_of(sorted(partners.values()), UNSTAMPED, places(), timezone.localdate()).puts
            documents = {document["key"]: document for document in made}
            if are_shown:
                asked = [documents[key] for key in some if key in documents]
                left = engine().unlike("listings", asked)
            else:
                left = set(some) - documents.keys()
            wrong |= {key: partners.get(references[key], 0) for key in some if key in left}
    if not wrong.keys().isdisjoint(orphaned):
        # Read after the database: what has gone from the index meanwhile is no orphan.
        held = {key for key, _ in engine().listing_keys()}
        return {key: pk for key, pk in wrong.items() if key not in orphaned or key in held}
    return wrong


def _cards_again(keys: Sequence[str]) -> dict[str, int]:
    """Those of these cards that are wrong, with their primary keys, 0 where there is none."""
    cards: dict[str, int] = {}
    lines: dict[str, int] = {}
    unlike: set[str] = set()
    for some in _chunks(keys, CARDS_AT_ONCE):
        cards |= RateCard.objects.filter(reference__in=some).values_list("reference", "pk")
        documents = list(rate_documents(sorted(cards[key] for key in some if key in cards), UNSTAMPED))
        lines |= {document["key"]: len(document["lines"]) for document in documents}
        unlike |= engine().unlike("rates", documents)
    indexed = _lines() if keys else {}
    return {
        key: cards.get(key, 0) for key in keys if key in unlike or indexed.get(key, 0) != lines.get(key, 0)
    }


def _about_to_be_written() -> tuple[set[int], set[int], set[str]]:
    """What waiting requests reach: partners and cards by primary key, and the references of what nothing stands behind
    any more. What failed does not count: nobody knows when it will be written.
    """
    partners: set[int] = set()
    cards: set[int] = set()
    gone: set[str] = set()
    waiting, last = IndexRequest.objects.filter(failures=0).order_by("pk"), 0
    while requests := list(waiting.filter(pk__gt=last)[:MOST_REQUESTS]):
        found = reached(requests)
        partners.update(found.partners)
        cards.update(found.cards)
        gone.update(found.gone_listings, found.gone_cards)
        last = requests[-1].pk
    return partners, cards, gone


def _chunks(keys: Sequence[str], size: int) -> Iterator[Sequence[str]]:
    for start in range(0, len(keys), size):
        yield keys[start : start + size]


class _Standing:
    """Which listings stood in the index when this was made: eight bytes for each, of a million keys eight megabytes."""

    def __init__(self, keys: Iterable[tuple[str, int]]) -> None:
        self._hashes = np.unique(np.fromiter((key_hash(key) for key, _ in keys), np.uint64))
        self._ticked = np.zeros(len(self._hashes), np.bool_)

    def tick(self, keys: Sequence[str]) -> list[bool]:
        """Which of these stood there: they are accounted for."""
        hashes = hashes_of(keys)
        places = np.searchsorted(self._hashes, hashes)
        within = np.flatnonzero(places < len(self._hashes))
        found: Mask = np.zeros(len(hashes), np.bool_)
        found[within] = self._hashes[places[within]] == hashes[within]
        self._ticked[places[found]] = True
        told: list[bool] = found.tolist()
        return told

    def unticked(self, again: Callable[[], Iterable[tuple[str, int]]]) -> list[str]:
        """Those of which nobody has asked and that still stand in the index, which is read again if there are any."""
        left = set(self._hashes[~self._ticked].tolist())
        return sorted(key for key, _ in again() if key_hash(key) in left) if left else []


def _cards(progress: Callable[[int], None]) -> tuple[list[str], int]:
    """Rate cards whose lines in the index are not the published ones, or that are only there."""
    indexed = _lines()
    wrong, looked_at = [], 0
    for keys in _card_batches():
        cards = list(rate_documents(keys, UNSTAMPED))
        unlike = engine().unlike("rates", cards)
        for card in cards:
            lines = len(card["lines"])
            looked_at += bool(lines)
            if indexed.pop(card["key"], 0) != lines or card["key"] in unlike:
                wrong.append(card["key"])
        progress(looked_at)
    return [*wrong, *sorted(indexed)], looked_at


def _lines() -> dict[str, int]:
    """How many lines the index holds of each card that has any."""
    return {reference: lines for reference, _, lines in engine().rate_cards() if lines}


def _card_batches() -> Iterator[list[int]]:
    last = 0
    while keys := list(
        RateCard.objects.filter(pk__gt=last).order_by("pk").values_list("pk", flat=True)[:CARDS_AT_ONCE]
    ):
        yield keys
        last = keys[-1]


def repair(found: Drift) -> int:
    """Asks for everything that differs to be read and written again; returns how many requests that made."""
    listings = [*found.missing, *found.different, *found.orphaned]
    requests = [IndexRequest(kind=IndexRequest.Kind.LISTING, reference=key) for key in listings]
    requests += [IndexRequest(kind=IndexRequest.Kind.RATE_CARD, reference=key) for key in found.cards]
    with transaction.atomic():
        if requests:
            _outnumber()
        IndexRequest.objects.bulk_create(requests, batch_size=1_000)
    return len(requests)


def _outnumber() -> None:
    """Uses up the numbers of some runs, so that the one that repairs has a greater.

    What is changed or deleted in the service past us bears the version after ours, which the very next run would
    have too: its documents would be taken for older ones, and nothing would be mended.
    """
    runs = [IndexRun(kind=IndexRun.Kind.SYNC, status=IndexRun.Status.SUCCEEDED) for _ in range(MOST_BY_HAND)]
    made = IndexRun.objects.bulk_create(runs)
    IndexRun.objects.filter(pk__in=[run.pk for run in made]).delete()
