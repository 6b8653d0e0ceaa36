"""Builds a new index beside the one in use, lets live updates go on meanwhile, verifies it and swaps it in.

One run, one version, stamped before anything is read. Between two batches the outbox is answered, into both
the old index and the new one; what a live update wrote under its later version is not overwritten by a batch
of the rebuild.
"""

from __future__ import annotations

import random
import secrets
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, field
from datetime import timedelta
from typing import Any, Final

import structlog
from django.db import transaction
from django.utils import timezone

from procurement.actions.saved_search_matches import compare_all_again
from procurement.models import Chain, Partner, RateCard, Region
from search.documents import listings_of, partner_batches
from search.engines.base import Collection, EngineUnavailable, Label, Rebuild, RequestRefused, Writer
from search.index import COLLECTIONS, engine, rebuild_because
from search.models import IndexRequest, IndexRun
from search.places import places
from search.sync import Batch, Refused, Written, cards_batch, close, drain, set_aside, tell, told

PARTNERS_AT_ONCE: Final = 150
CARDS_AT_ONCE: Final = 100
"""Small batches: between two of them live updates get their turn, within their two seconds."""
SAMPLE: Final = 100
DIED: Final = "the process that built it died, and another has begun anew"
ABANDONED: Final = timedelta(minutes=2)
"""A rebuild that has not moved for so long died with its process and is begun again."""

OPEN: Final = (IndexRun.Status.REQUESTED, IndexRun.Status.RUNNING)

MOST_TOLD: Final = 500
"""Characters of an error that a run keeps."""

Progress = Callable[[int, int], None]

log = structlog.get_logger(__name__)


def request_rebuild() -> IndexRun:
    """Asks for a rebuild. One that already waits answers for both; one that is under way is joined."""
    with transaction.atomic():
        waiting = IndexRun.objects.select_for_update().filter(kind=IndexRun.Kind.REBUILD, status__in=OPEN)
        run = waiting.order_by("-pk").first()
        if run is None or _abandoned(run):
            run = IndexRun.objects.create(kind=IndexRun.Kind.REBUILD, status=IndexRun.Status.REQUESTED)
        elif run.status == IndexRun.Status.REQUESTED and run.detail:
            # Why an earlier try came to nothing says nothing of the one that is asked for now.
            run.detail = {}
            run.save(update_fields=["detail"])
        return run


def rebuild_awaited() -> bool:
    """Whether one is asked for or under way."""
    return IndexRun.objects.filter(kind=IndexRun.Kind.REBUILD, status__in=OPEN).exists()


def note_failure(why: str) -> None:
    """Tells whoever waits for a rebuild why it has not come about; it stays asked for, and is tried again."""
    IndexRun.objects.filter(kind=IndexRun.Kind.REBUILD, status=IndexRun.Status.REQUESTED).update(
        detail={"why": why[:MOST_TOLD]}
    )


def _abandoned(run: IndexRun) -> bool:
    moved = run.heartbeat_at or run.created_at
    return run.status == IndexRun.Status.RUNNING and moved < timezone.now() - ABANDONED


@dataclass(slots=True)
class _Filling:
    """A rebuild under way: the new indexes, what stands in them, and documents to verify them by."""

    collections: tuple[Collection, ...]
    targets: dict[Collection, Rebuild]
    written: Written = field(default_factory=Written)
    sample: dict[str, dict[str, Any]] = field(default_factory=dict)

    def put(self, batch: Batch) -> None:
        """Writes to the new indexes alone: the one in use is served by the outbox."""
        if batch.listings:
            self.targets["listings"].put(batch.listings)
        if batch.cards:
            self.targets["rates"].put(batch.cards)
        self.written.note(batch)

    def live(self, written: Written) -> None:
        """Counts what live updates have meanwhile written to both indexes."""
        mine = self.written
        mine.put = (mine.put | written.put) - written.removed
        mine.cards_put = (mine.cards_put | written.cards_put) - written.cards_removed

    def expected(self, collection: Collection) -> int:
        return len(self.written.put if collection == "listings" else self.written.cards_put)


def rebuild(
    writer: Writer,
    collections: Sequence[Collection] = COLLECTIONS,
    progress: Progress = lambda _done, _total: None,
) -> IndexRun:
    """Builds these collections anew and swaps them in; returns the run with the counts in its detail. What waits in the
    outbox meanwhile may wait still: the caller drains it.

    The caller holds the writer. Raises ValueError if the new index does not verify, EngineUnavailable if the
    service went away; the old one is then still in use. What others asked for is asked for still after the latter.
    """
    writer.mend()
    outdated = bool(rebuild_because())
    # Nothing else may be building while this process holds the writer: runs that say so died with theirs.
    run = IndexRun.objects.create(kind=IndexRun.Kind.REBUILD, status=IndexRun.Status.RUNNING)
    IndexRun.objects.filter(kind=IndexRun.Kind.REBUILD, status=IndexRun.Status.RUNNING, pk__lt=run.pk).update(
        status=IndexRun.Status.FAILED, finished_at=run.created_at, detail={"error": "died", "why": DIED}
    )
    asked = list(
        IndexRun.objects.filter(kind=IndexRun.Kind.REBUILD, status=IndexRun.Status.REQUESTED, pk__lt=run.pk)
    )
    for one in asked:
        one.detail = {}
        IndexRun.objects.filter(pk=one.pk).update(
            status=IndexRun.Status.RUNNING, heartbeat_at=timezone.now(), detail={}
        )
    runs = [run, *asked]
    covered = _cover() if outdated else ""
    targets: dict[Collection, Rebuild] = {}
    try:
        for collection in collections:
            targets[collection] = writer.begin_rebuild(collection)
        filling = _Filling(tuple(collections), targets)
        _fill(writer, run, filling, _reporter(runs, progress), live=not covered)
        refused = _refused(filling)
        detail = _commit(filling)
    except BaseException as error:
        for target in targets.values():
            target.abandon()
        _give_back(covered)
        # What is refused is refused again: it is told as failed, and somebody has to look.
        away = isinstance(error, EngineUnavailable) and not isinstance(error, RequestRefused)
        again = asked if away else []
        IndexRun.objects.filter(pk__in=[one.pk for one in again]).update(
            status=IndexRun.Status.REQUESTED, detail={"why": str(error)[:MOST_TOLD]}
        )
        for one in runs:
            if one not in again:
                close(
                    one,
                    IndexRun.Status.FAILED,
                    {"error": type(error).__name__, "why": str(error)[:MOST_TOLD]},
                )
        raise
    if set(collections) == set(COLLECTIONS):
        IndexRequest.objects.filter(claim=covered).exclude(claim="").delete()
    else:
        # They may reach what was not built: the caller lets the outbox answer them.
        _give_back(covered)
    if refused:
        detail["refused"] = told(refused)
        set_aside(refused)
    tell(writer)
    compare_all_again()
    for one in runs:
        close(one, IndexRun.Status.SUCCEEDED, detail)
    run.refresh_from_db()
    return run


def _cover() -> str:
    """Claims what waits before the first build of an index, which could not be written to: its rows are about to be
    read anyway.
    """
    token = secrets.token_hex(8)
    IndexRequest.objects.filter(claim="").update(claim=token, claimed_at=timezone.now())
    return token


def _give_back(covered: str) -> None:
    IndexRequest.objects.filter(claim=covered).exclude(claim="").update(claim="", claimed_at=None)


def _reporter(runs: Sequence[IndexRun], progress: Progress) -> Progress:
    keys = [run.pk for run in runs]

    def report(done: int, total: int) -> None:
        IndexRun.objects.filter(pk__in=keys).update(done=done, total=total, heartbeat_at=timezone.now())
        progress(done, total)

    return report


def _fill(writer: Writer, run: IndexRun, filling: _Filling, report: Progress, *, live: bool) -> None:
    if "listings" in filling.collections:
        filling.targets["listings"].label("region", region_labels())
    total = sum(to_read(filling.collections).values())
    done = 0
    report(done, total)
    pick = random.Random(run.pk)  # noqa: S311 - a sample, not a secret
    for size, batch in _batches(run.pk, filling.collections):
        filling.put(batch)
        for document in batch.listings:
            if len(filling.sample) < SAMPLE or pick.random() < SAMPLE / (len(filling.written.put) + 1):
                filling.sample[document["key"]] = dict(document["stored"])
        while len(filling.sample) > SAMPLE:
            del filling.sample[pick.choice(sorted(filling.sample))]
        if live:
            filling.live(drain(writer))
        done += size
        report(min(done, total), total)


def to_read(collections: Sequence[Collection] = COLLECTIONS) -> dict[Collection, int]:
    """How much is read for each collection, in the order in which it is: partners for listings, cards for rates."""
    counts: dict[Collection, Callable[[], int]] = {
        "listings": Partner.objects.filter(supplier_memberships__isnull=False).distinct().count,
        "rates": RateCard.objects.count,
    }
    return {collection: count() for collection, count in counts.items() if collection in collections}


def _batches(version: int, collections: Sequence[Collection]) -> Iterator[tuple[int, Batch]]:
    if "listings" in collections:
        for partners in partner_batches(PARTNERS_AT_ONCE):
            made = listings_of(partners, version, places(), timezone.localdate())
            yield len(partners), Batch(listings=made.puts, removed=made.deletes)
    if "rates" in collections:
        last = 0
        while cards := list(
            RateCard.objects.filter(pk__gt=last).order_by("pk").values_list("pk", flat=True)[:CARDS_AT_ONCE]
        ):
            yield len(cards), cards_batch(cards, version)
            last = cards[-1]


def _refused(filling: _Filling) -> Refused:
    """What the new indexes cannot hold. One document that nobody can write must not keep all the others from being
    found.
    """
    kinds = {"listings": IndexRequest.Kind.LISTING, "rates": IndexRequest.Kind.RATE_CARD}
    refused = {
        (kinds[collection].value, key): reason
        for collection in filling.collections
        for key, reason in filling.targets[collection].refused().items()
    }
    for _, key in refused:
        filling.sample.pop(key, None)
    return refused


def _commit(filling: _Filling) -> dict[str, Any]:
    """Verifies and swaps in each collection: as many documents as the database has listings, the sampled ones
    alike.
    """
    counts: dict[Collection, int] = {}
    for collection in filling.collections:
        target, expected = filling.targets[collection], filling.expected(collection)
        if collection == "listings":
            counts[collection] = target.commit(expected, _still_true(filling))
        else:
            counts[collection] = target.commit(expected)
    return {"documents": counts, "sampled": len(filling.sample)}


def _still_true(filling: _Filling) -> dict[str, dict[str, Any]]:
    """What the sampled listings must look like, read again from the database just before the swap.

    One that changed in between is left out: its request is in the outbox and its turn comes after the swap.
    """
    references = {key.rsplit("~", 1)[-1] for key in filling.sample}
    partners = list(Partner.objects.filter(reference__in=references).values_list("pk", flat=True))
    now = listings_of(partners, 0, places(), timezone.localdate())
    return {
        document["key"]: dict(document["stored"])
        for document in now.puts
        if filling.sample.get(document["key"]) == document["stored"]
    }


def request_after_restore() -> bool:
    """Asks for a rebuild where the index knows of later events than the log does: then the database is an earlier
    state, brought back from a back-up, and its next changes would count as older than what the index holds. Whether it
    did; for a process that has just got the only writer (a query).
    """
    try:
        known = engine().freshness("listings").position
    except EngineUnavailable:
        return False
    chain = Chain.objects.filter(pk=1).first()
    end = chain.position if chain else 0
    if known is None or known <= end:
        return False
    log.warning("index_of_a_later_database", index=known, log=end)
    request_rebuild()
    return True


def region_labels() -> list[Label]:
    """What each region code is called (one query)."""
    return [
        Label(code, name, scheme)
        for code, name, scheme in Region.objects.order_by("code").values_list("code", "name", "scheme")
    ]


def serve_requests(writer: Writer) -> bool:
    """Carries out what is asked for or due by itself: a rebuild that somebody asked for, an index missing or
    outdated. Whether there was anything; the caller then drains the outbox.
    """
    writer.mend()
    due = tuple(rebuild_because())
    asked = IndexRun.objects.filter(kind=IndexRun.Kind.REBUILD, status=IndexRun.Status.REQUESTED).exists()
    died = IndexRun.objects.filter(kind=IndexRun.Kind.REBUILD, status=IndexRun.Status.RUNNING).exists()
    if not (due or asked or died):
        return False
    collections = COLLECTIONS if asked or died else due
    log.info("index_rebuild_begins", collections=collections, because=rebuild_because())
    run = rebuild(writer, collections)
    log.info("index_rebuild_ended", run=run.pk, **run.detail)
    return True
