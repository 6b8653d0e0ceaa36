"""Compares the index with the database, listing by listing and card by card, and asks for the repair of what
differs.

The safety net under everything else: it needs neither events nor the outbox to have worked.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass, field
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
from search.ties import hashes_of, key_hash

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
    among them. What an outbox row already waits for is not drift and is left out.

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
    waiting = _waiting()
    if waiting:
        missing, different, orphaned = _settled(missing), _settled(different), _settled(orphaned)
        cards = [card for card in cards if (IndexRequest.Kind.RATE_CARD.value, card) not in waiting]
    failed = IndexRequest.objects.filter(failures__gt=0).order_by("reference")
    set_aside = dict(failed.values_list("reference", "failures"))
    return Drift(missing, different, orphaned, cards, set_aside, compared, looked_at)


def _waiting() -> set[tuple[str, str]]:
    """What is still to be written, by (kind, reference). What failed is not: nobody knows when it will be."""
    return set(IndexRequest.objects.filter(failures=0).values_list("kind", "reference"))


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
    indexed = {reference: lines for reference, _, lines in engine().rate_cards() if lines}
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


def _card_batches() -> Iterator[list[int]]:
    last = 0
    while keys := list(
        RateCard.objects.filter(pk__gt=last).order_by("pk").values_list("pk", flat=True)[:CARDS_AT_ONCE]
    ):
        yield keys
        last = keys[-1]


def _settled(keys: Iterable[str]) -> list[str]:
    """Those of the listings that no waiting request may explain."""
    kinds: dict[str, set[str]] = {}
    for kind, reference in _waiting():
        kinds.setdefault(kind, set()).add(reference)
    explained = [kinds.get(kind, set()) for kind in ("framework", "supplier", "partner")]
    return [
        key
        for key in keys
        if not any(part in known for part, known in zip(key.split("~"), explained, strict=False))
    ]


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
