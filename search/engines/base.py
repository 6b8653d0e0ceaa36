"""What every engine does, in our words: search/params.py hands it a question, api and web get an answer.

The embedded engine (embedded.py) is one of them. Reading is safe from any number of processes and threads;
writing belongs to one process, the index worker, which holds the Writer. The protocols for rates stand in
rates_base.py.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from types import TracebackType
from typing import Any, Literal, NotRequired, Protocol, Self, TypedDict

from search.engines.rates_base import RatesEngine
from search.query import (
    Freshness,
    ListingQuery,
    ListingResult,
    PartnerCounts,
    Suggestion,
    SuggestionQuery,
    Unknown,
)

Collection = Literal["listings", "rates"]


class EngineUnavailable(Exception):  # noqa: N818 - it names a state
    """No index can be read: missing, damaged or of another mapping (HTTP 503 on search alone)."""

    retry_after = 5
    """Seconds after which asking again makes sense."""


class IndexUnusable(EngineUnavailable):
    """The service answers, and has no index that can be used: none, or one of another mapping. A rebuild helps."""


class RequestRefused(EngineUnavailable):
    """The service answers, and will not do what it was asked for: a search ends as where there is none; of what is
    written it may be the rows' own fault.
    """


class WriterBusy(Exception):  # noqa: N818
    """Another process holds the index's only writer."""


class DocumentsRefused(ValueError):  # noqa: N818 - it names what happened
    """The index cannot hold some documents; everything else of the step is written. `refused` has why, by key.

    search/sync.py sets them aside, where they rest, are tried alone, and are seen as failing.
    """

    def __init__(self, refused: Mapping[str, str]) -> None:
        self.refused = dict(refused)
        told = "; ".join(f"{key}: {reason}" for key, reason in sorted(self.refused.items())[:5])
        super().__init__(f"{len(self.refused)} documents were refused: {told}")


class WorkerOutdated(Exception):  # noqa: N818
    """The process that holds the writer has built what it was asked for in the shape of another version of the program;
    the text says what is wrong with it.
    """


class DocumentLot(TypedDict):
    reference: str
    number: str
    name: str


class DocumentSpecialism(TypedDict):
    reference: str
    number: str
    name: str


class DocumentOffering(TypedDict):
    """`specialism` None is "not stated". `regions`: every code that it satisfies, expanded by
    search/documents.py.
    """

    lot: str
    specialism: str | None
    regions: Sequence[str]


class DocumentCaseStudy(TypedDict):
    key: str
    title: str
    text: str


class DocumentRate(TypedDict):
    """`lot` None: the price holds on every lot of its listing. What a card states for every lot gives way on a lot that
    has its own of the grade, and is then told of each of the others. `work_type` "" where the framework has none.
    """

    lot: str | None
    grade: str
    rank: int
    work_type: str
    price_minor: int


class ListingDocument(TypedDict):
    """A listing as it is indexed. `key` is its reference; `stored` the API's result object, rendered once.

    Of two documents with one key the greater `version` stands, in whatever order they arrive. Texts may be in
    any Unicode form; they are kept in NFC. `status` is the framework's stored status: dates are compared when
    a question is asked. `comparable` (true where it is left out): the card is in the framework's own unit and in
    pounds, without which its rates are shown and priced, and nothing is filtered or sorted by them.
    """

    key: str
    version: int
    framework: str
    framework_number: str
    framework_name: str
    status: str
    starts_on: str | None
    ends_on: str | None
    region_scheme: str
    partner: str
    name: str
    supplier: str
    supplier_name: str
    lead: str
    lead_name: str
    lots: Sequence[DocumentLot]
    specialisms: Sequence[DocumentSpecialism]
    offerings: Sequence[DocumentOffering]
    summary: str
    case_studies: Sequence[DocumentCaseStudy]
    sectors: Sequence[str]
    ownership: str
    size: str
    accreditations: Sequence[str]
    rates: Sequence[DocumentRate]
    comparable: NotRequired[bool]
    currency: NotRequired[str | None]
    unit: NotRequired[str | None]
    basis: NotRequired[str | None]
    confirmed_on: NotRequired[str | None]
    stored: Mapping[str, Any]


@dataclass(frozen=True, slots=True)
class Label:
    """What a value of a facet is called. `scheme` is the region scheme of a region code, else ""."""

    value: str
    label: str
    scheme: str = ""


@dataclass(frozen=True, slots=True)
class IndexState:
    """What stands in the index: for health, drift checks and the decision to rebuild.

    `rebuild_because` is None, or why the index must be built anew: missing, damaged, or made for another
    mapping.
    """

    collection: Collection
    generation: int
    documents: int
    mapping: str
    rebuild_because: str | None


class Rebuild(Protocol):
    """A new index being filled beside the one in use. While it is open `Writer.apply` writes to both."""

    def put(self, documents: Iterable[Mapping[str, Any]]) -> None:
        """Adds documents; one older than a live update that has already arrived changes nothing."""

    def label(self, facet: str, labels: Iterable[Label]) -> None:
        """Names for the values of a facet that the documents hold as codes (region)."""

    def refused(self) -> Mapping[str, str]:
        """What the new index cannot hold of all that was put, by key, with why: everything put before is written when
        this returns.
        """

    def commit(
        self, expected: int | None = None, sample: Mapping[str, Mapping[str, Any]] | None = None
    ) -> int:
        """Verifies that the new index opens, holds `expected` documents less those that it has refused, and what
        `sample` says is stored under its keys (each if given), then swaps it in.

        Returns the number of documents. Raises ValueError and leaves the old index in use if it does not
        verify.
        """

    def abandon(self) -> None:
        """Throws the new index away."""


class Writer(Protocol):
    """The only writer of an index. Made by `Engine.writer`; close it, or use it as a context manager."""

    def apply(
        self,
        collection: Collection,
        puts: Iterable[Mapping[str, Any]],
        deletes: Iterable[tuple[str, int]] = (),
    ) -> int:
        """Writes documents and removes keys (each with the version that removes it) in one visible step.

        An older version never overwrites or removes a newer one, and a removed key does not come back by an
        older put. Returns the generation in which it can be read. Raises EngineUnavailable if there is no
        index yet (rebuild first), and DocumentsRefused for what it cannot hold, once all else of the step is written.
        """

    def label(self, facet: str, labels: Iterable[Label]) -> None:
        """Names for the values of a facet of the listings, from the next `apply` on."""

    def begin_rebuild(self, collection: Collection) -> Rebuild:
        """Begins a new index; an unfinished earlier one is thrown away."""

    def mend(self) -> None:
        """Puts right at once what somebody changed by hand and needs no rebuild: aliases of a search service."""

    def rollback(self, collection: Collection) -> None:
        """Swaps the index that the last rebuild replaced back in. Raises ValueError if there is none.

        What was applied since that rebuild is missing from it: the caller lets the drift check repair it.
        """

    def heartbeat(self, position: int, caught_up: bool) -> None:
        """Says that events up to `position` are in the index and whether none is waiting."""

    def close(self) -> None:
        """Waits for background merges and frees the lock."""

    def __enter__(self) -> Self: ...

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None: ...


class Engine(RatesEngine, Protocol):
    """What a search asks. Every method raises EngineUnavailable if the index cannot be read."""

    def search_listings(self, query: ListingQuery) -> ListingResult:
        """The page, the exact count, the facets."""

    def answering(
        self, query: ListingQuery, among: Sequence[str] | None = None
    ) -> Iterable[tuple[str, bytes]]:
        """Every listing that answers the question, or those of `among` (references) that do, each with its stored
        JSON, in no order; page, sort and seed do not count. For who must know whether, not how well.
        """

    def count_partners(self, query: ListingQuery, regions: Sequence[str]) -> PartnerCounts:
        """How many partners, rather than listings, answer the question, exactly: anywhere, and in each of these regions
        (codes, some dozen). Page, sort and seed do not count.
        """

    def listing(self, reference: str) -> bytes | None:
        """The stored JSON of one listing, None if there is no such listing."""

    def listing_keys(self) -> Iterable[tuple[str, int]]:
        """Every (reference, version) in the index, for the drift check."""

    def unlike(self, collection: Collection, documents: Sequence[Mapping[str, Any]]) -> set[str]:
        """The keys of those documents that the index does not hold as it would were they written now, to the last
        field that only searches look at, as far as it can be read back; versions do not count. A rate card without
        lines is looked for in vain and is left out. For the drift check, some hundred at a time.
        """

    def suggest(self, query: SuggestionQuery) -> list[Suggestion]:
        """Partners, specialisms and lots by the beginning of any word of the name."""

    def unknown_values(
        self, collection: Collection, asked: Mapping[str, Sequence[str]]
    ) -> tuple[Unknown, ...]:
        """Of the values asked for, by parameter, those that nothing in the index bears or ever bore since it was
        built.

        Of listings: framework, lot, specialism, region, supplier; of rates: framework, lot, supplier and exclude,
        which names lines.
        """

    def freshness(self, collection: Collection) -> Freshness:
        """How current the index is, without reading the database."""

    def state(self, collection: Collection) -> IndexState:
        """What stands in the index; tells what is wrong with it, and raises EngineUnavailable only where nobody can
        say, because the search service is away.
        """

    def fault(self, collection: Collection, /) -> str | None:
        """What keeps searches and updates from one and the same index although there is one, None if nothing does: what
        somebody changed by hand. Raises EngineUnavailable where nobody can say.
        """

    def writer(self) -> Writer:
        """The only writer. Raises WriterBusy while another process holds it."""
