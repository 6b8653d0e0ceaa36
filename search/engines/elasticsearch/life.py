"""The life of one collection's index, the same for listings and rates: updates, a rebuild beside them, the swap, the
way back, the heartbeat.

What differs between the collections is a Maker: how documents become what is written, and what the index keeps
beside them.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence, Set
from dataclasses import replace
from typing import Any, Final, Protocol

import orjson
import structlog

from search.engines.base import DocumentsRefused, EngineUnavailable, IndexState, IndexUnusable, Label
from search.engines.elasticsearch.bulk import Change, Outcome, write
from search.engines.elasticsearch.indices import Indices
from search.engines.elasticsearch.lease import Lease
from search.engines.elasticsearch.meta import META_ID, NO_RESULTS, Meta, meta_from
from search.engines.elasticsearch.sending import Sending

_NOUNS: Final = {"listings": "listings", "rates": "rate cards"}

log = structlog.get_logger(__name__)


class Notes(Protocol):
    """What an index keeps beside its documents: the names of values, for the listings."""

    def learn(self, documents: Iterable[Mapping[str, Any]]) -> None:
        """Takes what documents bring."""

    def label(self, facet: str, labels: Iterable[Label]) -> None:
        """Takes names handed over by the worker."""

    def pending(self) -> list[Change]:
        """What has changed since the last call, to be written in the same step."""


class Maker(Protocol):
    """How a collection's documents are written."""

    @property
    def model(self) -> str | None:
        """The digest of the model of meaning by which documents get vectors, None if they get none."""

    def changes(self, puts: Iterable[Mapping[str, Any]], deletes: Iterable[tuple[str, int]]) -> list[Change]:
        """Documents and removals as what is written. Whatever is wrong with a document is raised here, before
        anything has changed.
        """

    def fitted(self, changes: list[Change], model: str | None, /) -> list[Change]:
        """The same for an index whose vectors are by the model of this digest: those of another one stay out."""

    def notes(self, alias: str | None) -> Notes:
        """What the index behind an alias keeps beside its documents; of a new index if None."""

    def settle(self, alias: str, outcome: Outcome, deletes: Iterable[tuple[str, int]], /) -> bool:
        """After a step's documents are written and before they are shown: whatever else must go or come; True if
        that changed anything.
        """

    def about(self, identity: str, /) -> str:
        """The key of the document that something written under an id belongs to."""

    def count(self) -> Mapping[str, Any]:
        """The query that counts the collection's documents (listings, cards with lines)."""

    def stored(self, alias: str, keys: Iterable[str]) -> Mapping[str, bytes]:
        """What is stored under some keys, shown or not, to verify a rebuild by."""


class CollectionWriter:
    """One collection's half of the engine's Writer."""

    def __init__(self, indices: Indices, maker: Maker, lease: Lease) -> None:
        self._indices = indices
        self._maker = maker
        self._lease = lease
        self._rebuild: CollectionRebuild | None = None
        self._notes: Notes | None = None
        # The writer before may have died between writing and showing what it wrote: whatever this one shows first
        # bears a new generation.
        self._taken_over = True
        # Whoever was building before held the lease before us, and died.
        indices.abandon_unfinished()
        self._tidy = True

    def apply(self, puts: Iterable[Mapping[str, Any]], deletes: Iterable[tuple[str, int]] = ()) -> int:
        """See Writer.apply."""
        self._lease.hold()
        meta = self.meta()
        documents, removals = list(puts), list(deletes)
        if self._rebuild is not None:
            # What is to be written to the new index may depend on what stands there (rate cards).
            self._rebuild.wait_for({*(put["key"] for put in documents), *(key for key, _ in removals)})
        changes = self._maker.changes(documents, removals)
        told = {self._indices.write: self._maker.fitted(changes, meta.model)}
        if self._rebuild is not None:
            told[self._indices.building] = changes
            self._rebuild.notes.learn(documents)
        notes = self._opened()
        notes.learn(documents)
        outcome = Outcome()
        for target, some in told.items():
            outcome.add(write(self._indices.client, [target], some))
        changed = bool(outcome.written[self._indices.write])
        for target in told:
            changed |= self._maker.settle(target, outcome, removals) and target == self._indices.write
        generation = self._publish(meta, notes) if changed or self._taken_over else meta.generation
        if self._rebuild is not None:
            self._rebuild.note(outcome)
        if outcome.refused:
            raise DocumentsRefused(named(self._maker, outcome.refused))
        return generation

    def label(self, facet: str, labels: Iterable[Label]) -> None:
        """See Writer.label."""
        told = list(labels)
        self._opened().label(facet, told)
        if self._rebuild is not None:
            self._rebuild.notes.label(facet, told)

    def begin_rebuild(self) -> CollectionRebuild:
        """See Writer.begin_rebuild."""
        self._lease.hold()
        if self._rebuild is not None:
            self._rebuild.abandon()
        self._tidy = False
        self._rebuild = CollectionRebuild(self, self._indices, self._maker)
        return self._rebuild

    def end_rebuild(self, rebuild: CollectionRebuild) -> bool:
        """Forgets a rebuild that is committed or abandoned; False if it had ended already."""
        if self._rebuild is not rebuild:
            return False
        self._rebuild = None
        return True

    def swap_in(self, index: str, notes: Notes) -> None:
        """Makes a rebuilt index the one in use. Generations grow from index to index, so that no two answers of
        different content bear the same number.
        """
        self._lease.hold()
        before = self._newest_meta()
        generation = before.generation + 1 if before else 1
        meta = replace(
            before or Meta(),
            generation=generation,
            mapping=self._indices.shape.mapping,
            labels=generation,
            model=self._maker.model,
        )
        self._save(self._indices.building, meta, notes.pending())
        # Should the answer be lost, the one that is then in use says itself what it holds.
        self._notes = None
        self._indices.swap(index)
        self._notes = notes
        self._tidy = True

    def tidy(self) -> None:
        """Removes an index that was to be built and that nobody fills any more, if there may be one."""
        if not self._tidy and self._rebuild is None:
            self._indices.abandon_unfinished()
            self._tidy = True

    def mend(self) -> None:
        """See Writer.mend."""
        fault = self._indices.fault()
        if fault is not None:
            self._lease.hold()
            # Where the aliases do not tell which index is in use, the rebuild that is due puts them right.
            if (index := self._indices.mend()) is not None:
                log.warning("index_aliases_mended", index=index, why=str(fault))

    def rollback(self) -> None:
        """See Writer.rollback."""
        self._lease.hold()
        before = self._read_meta()
        self._indices.rollback()
        self._notes = None
        meta = self._read_meta()
        if before is not None and meta is not None:
            generation = max(before.generation, meta.generation) + 1
            kept = replace(
                meta,
                generation=generation,
                labels=generation,
                position=before.position,
                applied_at=before.applied_at,
                caught_up_at=before.caught_up_at,
            )
            self._save(self._indices.write, kept, [])

    def heartbeat(self, position: int, caught_up: bool) -> None:
        """See Writer.heartbeat."""
        self._lease.hold()
        self.tidy()
        meta = self._read_meta()
        if meta is not None:
            beaten = meta.beaten(position, caught_up)
            if self._taken_over:
                beaten = replace(beaten, generation=meta.generation + 1)
            self._save(self._indices.write, beaten, [])

    def close(self) -> None:
        """Throws an unfinished rebuild away."""
        if self._rebuild is not None:
            self._rebuild.abandon()

    def meta(self) -> Meta:
        """What the index in use says of itself. Raises EngineUnavailable where it cannot be written to."""
        meta = self._read_meta()
        if meta is None:
            raise self._indices.missing()
        if meta.mapping != self._indices.shape.mapping:
            raise self._indices.other_mapping()
        return meta

    def _read_meta(self) -> Meta | None:
        # By id, which shows what is written, shown already or not.
        found = self._indices.call("GET", f"/{self._indices.write}/_doc/{META_ID}", missing=True)
        return meta_from(found) if found and found.get("found") else None

    def _newest_meta(self) -> Meta | None:
        """What is to be gone on from: the newest that any index says which searches read or updates went to."""
        standing = self._indices.standing()
        told = [
            self._indices.client.call("GET", f"/{index}/_doc/{META_ID}", missing=True)
            for index in dict.fromkeys((*standing.on(self._indices.read), *standing.on(self._indices.write)))
        ]
        metas = [meta_from(found) for found in told if found and found.get("found")]
        return max(metas, key=lambda meta: meta.generation, default=None)

    def _opened(self) -> Notes:
        if self._notes is None:
            self._notes = self._maker.notes(self._indices.write)
        return self._notes

    def _publish(self, meta: Meta, notes: Notes) -> int:
        changes = notes.pending()
        generation = meta.generation + 1
        labels = generation if changes else meta.labels
        self._save(self._indices.write, replace(meta, generation=generation, labels=labels), changes)
        return generation

    def _save(self, alias: str, meta: Meta, notes: list[Change]) -> None:
        # By its version, so that a request which a node that was paused takes up late puts no older one back; so are
        # the notes: none was ever written but beside it, so that its version is beyond theirs.
        version = meta.version + 1
        changes = [replace(note, version=version) for note in notes]
        outcome = write(self._indices.client, [alias], [*changes, Change(META_ID, version, meta.document())])
        outcome.complain()
        if META_ID not in outcome.written[alias]:
            raise EngineUnavailable(
                "an earlier step of the index was written late; this one is to be taken again"
            )
        self._indices.client.call("POST", f"/{alias}/_refresh", timeout=60.0)
        self._taken_over = self._taken_over and alias != self._indices.write


class CollectionRebuild:
    """One collection's half of the engine's Rebuild."""

    def __init__(self, writer: CollectionWriter, indices: Indices, maker: Maker) -> None:
        self._writer = writer
        self._indices = indices
        self._maker = maker
        self.notes = maker.notes(None)
        self._refused: dict[str, str] = {}
        self._sending = Sending(self._write)
        self.index = indices.create()

    def put(self, documents: Iterable[Mapping[str, Any]]) -> None:
        """See Rebuild.put. Returns while the service still writes, so that the next are made meanwhile; what kept it
        from writing these is then raised by a later call.
        """
        puts = list(documents)
        keys = {put["key"] for put in puts}
        self._sending.wait_for(keys)
        changes = self._maker.changes(puts, ())
        self.notes.learn(puts)
        self._sending.put(keys, changes)

    def wait_for(self, keys: Set[str]) -> None:
        """Until none of these is being written."""
        self._sending.wait_for(keys)

    def _write(self, changes: Sequence[Change]) -> None:
        outcome = write(self._indices.client, [self._indices.building], changes)
        self._maker.settle(self._indices.building, outcome, ())
        self.note(outcome)

    def note(self, outcome: Outcome) -> None:
        """Keeps what was refused, by the ids that it was to have, until it is written after all."""
        for identity in outcome.written.get(self._indices.building, ()):
            self._refused.pop(identity, None)
        self._refused |= outcome.refused

    def refused(self) -> Mapping[str, str]:
        """See Rebuild.refused."""
        self._sending.settle()
        return named(self._maker, self._refused)

    def label(self, facet: str, labels: Iterable[Label]) -> None:
        """See Rebuild.label."""
        self.notes.label(facet, labels)

    def commit(
        self, expected: int | None = None, sample: Mapping[str, Mapping[str, Any]] | None = None
    ) -> int:
        """See Rebuild.commit."""
        try:
            self._sending.finish()
            found = self._verify(expected, sample or {})
        except (ValueError, EngineUnavailable):
            self.abandon()
            raise
        self._writer.swap_in(self.index, self.notes)
        self._writer.end_rebuild(self)
        return found

    def abandon(self) -> None:
        """See Rebuild.abandon. Once the rebuild has ended, one way or the other, this does nothing."""
        if self._writer.end_rebuild(self):
            # Whatever is still being written must not reach the next index that is built.
            self._sending.close()
            try:
                # Not by its name: if only the swap's answer was lost, it is the one in use.
                self._writer.tidy()
            except EngineUnavailable as error:
                # What made us give up may be that the service is gone: a later heartbeat removes it.
                log.warning("index_not_discarded", index=self.index, why=str(error))

    def _verify(self, expected: int | None, sample: Mapping[str, Mapping[str, Any]]) -> int:
        alias, noun = self._indices.building, _NOUNS[self._indices.shape.collection]
        self._indices.client.call("POST", f"/{alias}/_refresh", timeout=60.0)
        # A copy that takes over from a lost node reads from its last commit while it catches up.
        self._indices.client.call("POST", f"/{alias}/_flush", timeout=60.0)
        found = count(self._indices, self._maker, alias)
        # Of a card some lines may be refused: it is counted where its own document stands.
        absent = sum(self._maker.about(identity) == identity for identity in self._refused)
        if expected is not None and found != expected - absent:
            raise ValueError(f"the new index holds {found} {noun}, not {expected - absent}")
        stored = self._maker.stored(alias, sample)
        for key, wanted in sample.items():
            if stored.get(key) != orjson.dumps(wanted):
                raise ValueError(f"the new index does not hold {key} as it is")
        return found


def named(maker: Maker, refused: Mapping[str, str]) -> dict[str, str]:
    """Why documents were refused, by their keys, from what was said of ids."""
    return {maker.about(identity): reason for identity, reason in refused.items()}


def count(indices: Indices, maker: Maker, alias: str) -> int:
    """How many of the collection's documents can be found behind an alias."""
    query = {"bool": {"must": [maker.count()], "must_not": [NO_RESULTS]}}
    return int(indices.call("POST", f"/{alias}/_count", {"query": query})["count"])


def state(indices: Indices, maker: Maker) -> IndexState:
    """What stands in the index in use. Raises EngineUnavailable where the service does not say: a service that is
    away for a moment is no reason to build anything anew.
    """
    collection, mapping = indices.shape.collection, indices.shape.mapping
    try:
        if (fault := indices.fault()) is not None:
            raise fault
        found = indices.call("GET", f"/{indices.read}/_doc/{META_ID}")
        meta = meta_from(found)
        if meta.mapping != mapping:
            raise indices.other_mapping()
        documents = count(indices, maker, indices.read)
    except IndexUnusable as error:
        return IndexState(collection, 0, 0, mapping, str(error))
    because = None
    if maker.model is not None and meta.model != maker.model:
        because = "its vectors are not by the model of meaning at hand"
    return IndexState(collection, meta.generation, documents, mapping, because)
