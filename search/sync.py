"""Answers the outbox: claim the requests, then insert the run, then read the rows, then write with the run's
version.

The order is what makes it safe with any number of workers and any pauses between them. A worker stamps before
it reads, so what it writes is at least as new as its version says; it claims before it stamps, so a change
that commits after somebody's later stamp is still in the outbox and will be answered under a later version.
Reading before stamping, stamping before claiming, or a request's key as version each let an old document win.
tests/search/test_sync_order.py walks through every interleaving.
"""

from __future__ import annotations

import secrets
from collections.abc import Callable, Collection, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import timedelta
from typing import Any, Final

import structlog
from django.db import connection, transaction
from django.db.models import Min, Q
from django.utils import timezone
from opentelemetry import trace

from procurement.bulk import insert
from procurement.models import Chain
from search.documents import DocumentVersionKey, listings_of
from search.engines.base import DocumentsRefused, EngineUnavailable, ListingDocument, RequestRefused, Writer
from search.engines.rates_base import CardDocument
from search.models import ChangedListing, IndexRequest, IndexRun
from search.places import places
from search.rate_documents import rate_documents
from search.touched import Reached, reached

LEASE: Final = timedelta(minutes=2)
"""How long a claim holds. A worker that takes longer loses nothing: its older version yields to whoever took
over.
"""
MOST_REQUESTS: Final = 1_000
PARTNERS_AT_ONCE: Final = 500
CARDS_AT_ONCE: Final = 200
LONGEST_REST: Final = 300
"""Seconds."""
MOST_TOLD: Final = 100
MOST_FAILURES: Final = 1_000
"""Nobody counts further."""
RUNS_KEPT: Final = timedelta(days=7)

log = structlog.get_logger(__name__)
Refused = dict[tuple[str, str], str]
"""By (kind, reference) of a request, why the index cannot hold what it stands for."""

tracer: Final = trace.get_tracer("calloff.search")


@dataclass(frozen=True, slots=True)
class Claim:
    """Requests that are this worker's for the time of the lease."""

    token: str
    requests: list[IndexRequest]


@dataclass(slots=True)
class Written:
    """What runs have put and removed so far: listing keys, rate-card keys, how many requests and engine
    commits.
    """

    requests: int = 0
    commits: int = 0
    put: set[str] = field(default_factory=set)
    removed: set[str] = field(default_factory=set)
    cards_put: set[str] = field(default_factory=set)
    cards_removed: set[str] = field(default_factory=set)

    def note(self, batch: Batch) -> None:
        """Remembers a batch: the later word on a key counts. A card without lines is as good as removed."""
        emptied = {key for key, _ in batch.cards_removed} | {
            card["key"] for card in batch.cards if not card["lines"]
        }
        for keys, others, named in (
            (self.put, self.removed, {document["key"] for document in batch.listings}),
            (self.removed, self.put, {key for key, _ in batch.removed}),
            (self.cards_put, self.cards_removed, {card["key"] for card in batch.cards if card["lines"]}),
            (self.cards_removed, self.cards_put, emptied),
        ):
            keys |= named
            others -= named


@dataclass(frozen=True, slots=True)
class Batch:
    """Documents of one collection or both, and removals, for one engine commit each."""

    listings: list[ListingDocument] = field(default_factory=list)
    removed: list[DocumentVersionKey] = field(default_factory=list)
    cards: list[CardDocument] = field(default_factory=list)
    cards_removed: list[DocumentVersionKey] = field(default_factory=list)


def claim() -> Claim | None:
    """Takes waiting requests, oldest first; None if there are none. One that failed before is taken alone."""
    now = timezone.now()
    waiting = IndexRequest.objects.filter(Q(claim="") | Q(claimed_at__lt=now - LEASE)).filter(
        Q(not_before=None) | Q(not_before__lte=now)
    )
    if not waiting.exists():
        return None
    token = secrets.token_hex(8)
    skip = connection.features.has_select_for_update_skip_locked
    with transaction.atomic():
        fresh = waiting.filter(failures=0).order_by("id") if waiting.filter(failures=0).exists() else None
        chosen = fresh[:MOST_REQUESTS] if fresh is not None else waiting.order_by("id")[:1]
        keys = list(chosen.select_for_update(skip_locked=skip).values_list("pk", flat=True))
        IndexRequest.objects.filter(pk__in=keys).update(claim=token, claimed_at=now)
    requests = list(IndexRequest.objects.filter(claim=token))
    return Claim(token, requests) if requests else None


def take_over() -> int:
    """Frees every claim: for the process that has just got the only writer, since whoever held them has died.

    Where somebody did not die after all, the work is done twice and the greater version stands.
    """
    return IndexRequest.objects.exclude(claim="").update(claim="", claimed_at=None)


def stamp() -> IndexRun:
    """Inserts the run. Its key is greater than that of every run before, and is the version of what it
    writes.
    """
    return IndexRun.objects.create(kind=IndexRun.Kind.SYNC, status=IndexRun.Status.RUNNING)


def read(claimed: Sequence[IndexRequest], version: int) -> Iterator[Batch]:
    """Reads what the requests reach, in batches; nothing is read before the first batch is asked for."""
    found: Reached = reached(claimed)
    known, on = places(), timezone.localdate()
    gone = dict.fromkeys(found.gone_listings)
    for start in range(0, len(found.partners), PARTNERS_AT_ONCE):
        made = listings_of(found.partners[start : start + PARTNERS_AT_ONCE], version, known, on)
        for document in made.puts:
            gone.pop(document["key"], None)
        yield Batch(listings=made.puts, removed=made.deletes)
    if gone or found.gone_cards:
        yield Batch(
            removed=[(key, version) for key in gone],
            cards_removed=[(key, version) for key in found.gone_cards],
        )
    for start in range(0, len(found.cards), CARDS_AT_ONCE):
        yield cards_batch(found.cards[start : start + CARDS_AT_ONCE], version)


def cards_batch(cards: Sequence[int], version: int) -> Batch:
    """The documents of these cards (primary keys). A card whose lines are all gone is put without lines."""
    return Batch(cards=list(rate_documents(cards, version)))


def write(writer: Writer, batch: Batch, refused: Refused) -> int:
    """Hands a batch to the engine; returns how many engine commits that took. What the index cannot hold is told in
    `refused`; all else is written.
    """
    commits = 0
    if batch.listings or batch.removed:
        with _noting(IndexRequest.Kind.LISTING, refused):
            writer.apply("listings", batch.listings, batch.removed)
        commits += 1
    if batch.cards or batch.cards_removed:
        with _noting(IndexRequest.Kind.RATE_CARD, refused):
            writer.apply("rates", batch.cards, batch.cards_removed)
        commits += 1
    return commits


@contextmanager
def _noting(kind: IndexRequest.Kind, refused: Refused) -> Iterator[None]:
    try:
        yield
    except DocumentsRefused as error:
        refused |= {(kind.value, key): reason for key, reason in error.refused.items()}


def set_aside(refused: Refused, token: str = "") -> None:
    """Leaves one request for each document that the index cannot hold, among them those claimed under the token: it
    rests and is tried again, longer apart each time, and nothing waits for it meanwhile. They are logged by name.
    """
    now = timezone.now()
    for (kind, reference), reason in sorted(refused.items()):
        log.error("index_document_set_aside", kind=kind, reference=reference, why=reason)
        standing = IndexRequest.objects.filter(kind=kind, reference=reference)
        mine = Q(failures__gt=0) | Q(claim=token) if token else Q(failures__gt=0)
        held = standing.filter(mine).order_by("-failures", "pk").first() or IndexRequest(
            kind=kind, reference=reference
        )
        # Of no place in the log: the heartbeat, which tells how far all else has come, would stop before it for good.
        held.position, held.claim, held.claimed_at = 0, "", None
        held.not_before = now + timedelta(seconds=_rest(held.failures))
        held.failures = min(held.failures + 1, MOST_FAILURES)
        held.save()


def _rest(failures: int) -> int:
    """Seconds until what has failed so often is tried again."""
    return LONGEST_REST if failures > LONGEST_REST else min(1 << failures, LONGEST_REST)


def finish(
    claimed: Claim,
    run: IndexRun,
    detail: dict[str, Any],
    changed: Collection[str] = (),
    refused: Refused | None = None,
) -> None:
    """Forgets the requests, unless somebody took them over meanwhile, and closes the run; the listings that it
    wrote or removed are left for search/alerts.py, what it could not write is set aside.
    """
    with transaction.atomic():
        insert([ChangedListing(listing=key) for key in sorted(changed)])
        set_aside(refused or {}, claimed.token)
        IndexRequest.objects.filter(claim=claimed.token).delete()
        close(run, IndexRun.Status.SUCCEEDED, detail)
        old = timezone.now() - RUNS_KEPT
        IndexRun.objects.filter(kind=IndexRun.Kind.SYNC, created_at__lt=old, pk__lt=run.pk).delete()


def close(run: IndexRun, status: IndexRun.Status, detail: dict[str, Any]) -> None:
    """Ends a run."""
    IndexRun.objects.filter(pk=run.pk).update(
        status=status, detail={**run.detail, **detail}, finished_at=timezone.now()
    )


def give_back(claimed: Claim, run: IndexRun, error: Exception) -> None:
    """Puts the requests of a failed run back: they rest for a while, longer each time, and are then tried one
    by one.
    """
    now = timezone.now()
    with transaction.atomic():
        for failures in {request.failures for request in claimed.requests}:
            IndexRequest.objects.filter(claim=claimed.token, failures=failures).update(
                claim="",
                claimed_at=None,
                failures=min(failures + 1, MOST_FAILURES),
                not_before=now + timedelta(seconds=_rest(failures)),
            )
        close(run, IndexRun.Status.FAILED, {"error": type(error).__name__})


def answer(writer: Writer, claimed: Claim, written: Written) -> None:
    """One claim from stamp to finish. A failure gives the requests back and is raised again."""
    run = stamp()
    documents = 0
    changed: set[str] = set()
    refused: Refused = {}
    try:
        for batch in read(claimed.requests, run.pk):
            written.commits += write(writer, batch, refused)
            written.note(batch)
            changed.update(document["key"] for document in batch.listings)
            changed.update(key for key, _ in batch.removed)
            documents += len(batch.listings) + len(batch.cards)
    except RequestRefused as error:
        give_back(claimed, run, error)
        raise
    except EngineUnavailable as error:
        # No fault of the rows: they wait for the rebuild.
        IndexRequest.objects.filter(claim=claimed.token).update(claim="", claimed_at=None)
        close(run, IndexRun.Status.FAILED, {"error": type(error).__name__})
        raise
    except Exception as error:
        give_back(claimed, run, error)
        raise
    detail: dict[str, Any] = {"requests": len(claimed.requests), "documents": documents}
    if refused:
        detail["refused"] = told(refused)
    finish(claimed, run, detail, changed, refused)
    written.requests += len(claimed.requests)


def told(refused: Refused) -> dict[str, str]:
    """What was refused, as a run keeps it: at most some hundred, by reference."""
    return {reference: reason[:300] for (_, reference), reason in sorted(refused.items())[:MOST_TOLD]}


def drain(writer: Writer, progress: Callable[[int], None] = lambda _requests: None) -> Written:
    """Answers everything that waits, then says in the heartbeat how far the index has come.

    What fails is logged and waits for its next turn; the rest goes on. Raises EngineUnavailable while there
    is no index.
    """
    written = Written()
    while (claimed := claim()) is not None:
        try:
            with tracer.start_as_current_span(
                "outbox drain", attributes={"calloff.requests": len(claimed.requests)}
            ):
                answer(writer, claimed, written)
        except RequestRefused as refused:
            log.warning("index_requests_refused", requests=len(claimed.requests), why=str(refused))
        except EngineUnavailable:
            raise
        except Exception:
            # Whatever is wrong with these rows, the others must not wait: they rest and are tried one by one.
            log.exception("index_requests_failed", requests=len(claimed.requests))
        progress(written.requests)
    tell(writer)
    return written


def tell(writer: Writer) -> None:
    """Writes the heartbeat: the last event whose work is in the index, and whether anything is waiting.

    The log's end is read before the outbox: a request commits together with its event, so none below that end
    is missed.
    """
    chain = Chain.objects.filter(pk=1).first()
    end = chain.position if chain else 0
    first = IndexRequest.objects.filter(position__gt=0).aggregate(first=Min("position"))["first"]
    waiting = first is not None and first <= end
    writer.heartbeat(first - 1 if waiting else end, not waiting)
