"""What shortlists, their entries, notes, history and snapshots look like in the API; for the schema and for answers."""

from __future__ import annotations

from typing import Any, Final

from rest_framework import serializers

from api.v1.shapes import Named
from procurement.actions.shortlist_entries import REASON_LENGTH
from procurement.actions.shortlists import MOST_ENTRIES, NOTE_TEXT, QUERY_LENGTH
from procurement.actions.snapshots import Verdict
from procurement.event_types import EVENT_TYPES
from procurement.models import Event, Shortlist, ShortlistEntry, ShortlistNote, Snapshot
from procurement.models.base import REFERENCE_LENGTH
from procurement.models.shortlists import LISTING_LENGTH
from procurement.profiles import NAME_LENGTH, NOTE_LENGTH
from procurement.snapshots import read

NOTHING: Final = {"type": "object", "additionalProperties": False}
"""A body in which nothing needs to be said."""

ADDED_FROM: Final = [ShortlistEntry.Source.SEARCH.value, ShortlistEntry.Source.MANUAL.value]


def _listings(**told: Any) -> serializers.ListField:
    child = serializers.CharField(max_length=LISTING_LENGTH)
    return serializers.ListField(child=child, max_length=MOST_ENTRIES, **told)


class NewShortlistSerializer(serializers.Serializer[Any]):
    """A shortlist to begin: empty, from a match, or of listings that a search found."""

    title = serializers.CharField(max_length=NAME_LENGTH)
    organisation = serializers.CharField(
        max_length=REFERENCE_LENGTH, required=False, help_text="Needed by who acts for several buyers."
    )
    requirement = serializers.CharField(
        max_length=REFERENCE_LENGTH, required=False, help_text="A match brings its own."
    )
    match = serializers.CharField(
        max_length=REFERENCE_LENGTH, required=False, help_text="Its ranked results become entries."
    )
    take = serializers.IntegerField(
        min_value=1, max_value=MOST_ENTRIES, required=False, help_text="Of the match's results only the first so many."
    )  # fmt: skip
    listings = _listings(required=False)
    query = serializers.CharField(
        max_length=QUERY_LENGTH, required=False, allow_blank=True,
        help_text="The query string of the search that found the listings; its answer is kept, too.",
    )  # fmt: skip


class TitleSerializer(serializers.Serializer[Any]):
    """What of a shortlist itself may change."""

    title = serializers.CharField(max_length=NAME_LENGTH)


class NewEntriesSerializer(serializers.Serializer[Any]):
    """Listings to add at the end."""

    listings = _listings(min_length=1)
    source = serializers.ChoiceField(choices=ADDED_FROM, required=False)  # type: ignore[assignment]


class OrderSerializer(serializers.Serializer[Any]):
    """Every entry's listing once, in the new order."""

    listings = _listings()


class DecisionSerializer(serializers.Serializer[Any]):
    """What the buyer decides on an entry, and why; an out needs a reason."""

    decision = serializers.ChoiceField(choices=ShortlistEntry.Decision.choices)
    reason = serializers.CharField(max_length=REASON_LENGTH, required=False, allow_blank=True)


class NewNoteSerializer(serializers.Serializer[Any]):
    """A note."""

    text = serializers.CharField(max_length=NOTE_TEXT)


class UnlockingSerializer(serializers.Serializer[Any]):
    """Why a locked shortlist is opened again."""

    reason = serializers.CharField(max_length=NOTE_LENGTH)


class EntrySerializer(serializers.ModelSerializer[ShortlistEntry]):
    """A listing on a shortlist. `rank`, `score` and `reasons` are what the match said of it; one that was put
    there from a page has as its reason the search or the page where it was read.
    """

    position = serializers.IntegerField(min_value=1)
    source = serializers.ChoiceField(choices=ShortlistEntry.Source.choices)  # type: ignore[assignment]
    decision = serializers.ChoiceField(choices=ShortlistEntry.Decision.choices)
    rank = serializers.IntegerField(min_value=1, allow_null=True)
    score = serializers.FloatField(allow_null=True)
    reasons = serializers.ListField()
    added_by = serializers.CharField(help_text="By an opaque reference.")

    class Meta:
        model = ShortlistEntry
        fields = (
            "listing", "position", "source", "decision", "reason", "rank", "score", "reasons", "added_by",
            "added_at", "decided_by", "decided_at",
        )  # fmt: skip


class ShortlistSummarySerializer(serializers.Serializer[Any]):
    """A shortlist without its entries. `last_snapshot` is the number of its newest snapshot, null without one."""

    reference = serializers.CharField()
    organisation = Named()
    title = serializers.CharField()
    status = serializers.ChoiceField(choices=Shortlist.Status.choices)
    requirement = serializers.CharField(allow_null=True)
    match = serializers.CharField(allow_null=True)
    query = serializers.CharField(allow_blank=True)
    entry_count = serializers.IntegerField(min_value=0)
    last_snapshot = serializers.IntegerField(min_value=1, allow_null=True)
    created_at = serializers.DateTimeField()

    def to_representation(self, row: Shortlist) -> dict[str, Any]:
        return {
            "reference": row.reference,
            "organisation": {"reference": row.organisation.reference, "name": row.organisation.name},
            "title": row.title,
            "status": row.status,
            "requirement": row.requirement.reference if row.requirement else None,
            "match": row.match.reference if row.match else None,
            "query": row.query,
            "entry_count": row.entry_count,  # type: ignore[attr-defined]
            "last_snapshot": row.last_snapshot,  # type: ignore[attr-defined]
            "created_at": row.created_at,
        }


class FoundListingShape(serializers.Serializer[Any]):
    """A listing that the search found."""

    listing = serializers.CharField()
    score = serializers.FloatField(min_value=0)


class FoundShape(serializers.Serializer[Any]):
    """What the search of a shortlist found when it was begun: `count` in all, the first hundred in their order."""

    on = serializers.DateField()
    engine = serializers.CharField()
    generation = serializers.IntegerField(min_value=0)
    seed = serializers.IntegerField(min_value=0, help_text="Of the order in which equals stood.")
    count = serializers.IntegerField(min_value=0)
    results = FoundListingShape(many=True)


class ShortlistSerializer(ShortlistSummarySerializer):
    """A shortlist with its entries in order. `found` is null where no search was named, or before it was kept."""

    entries = EntrySerializer(many=True)
    found = FoundShape(allow_null=True)

    def to_representation(self, row: Shortlist) -> dict[str, Any]:
        entries = EntrySerializer(row.entries.order_by("position"), many=True).data
        return super().to_representation(row) | {"entries": entries, "found": row.found}


class ShortlistNoteSerializer(serializers.ModelSerializer[ShortlistNote]):
    """A note, as it was written."""

    number = serializers.IntegerField(min_value=1)

    class Meta:
        model = ShortlistNote
        fields = ("number", "text", "actor", "created_at")


class HistorySerializer(serializers.Serializer[Any]):
    """An event of a shortlist, from the log."""

    at = serializers.DateTimeField()
    type = serializers.CharField()
    meaning = serializers.CharField()
    actor = serializers.CharField(help_text="By an opaque reference.")
    references = serializers.DictField()
    changes = serializers.DictField()

    def to_representation(self, row: Event) -> dict[str, Any]:
        plain = {name: getattr(row, name) for name in ("at", "type", "actor", "references", "changes")}
        return plain | {"meaning": EVENT_TYPES[row.type].meaning}


class SnapshotSummarySerializer(serializers.ModelSerializer[Snapshot]):
    """A snapshot without what it holds. `digest` is the SHA-256 of its document in canonical JSON."""

    number = serializers.IntegerField(min_value=1)

    class Meta:
        model = Snapshot
        fields: tuple[str, ...] = ("number", "digest", "actor", "created_at")


class SnapshotSerializer(SnapshotSummarySerializer):
    """A snapshot: all that was relied on. In canonical JSON (names sorted, no blanks, UTF-8) the document has the
    digest; null where the row can no longer be read, of which verify tells.
    """

    document = serializers.SerializerMethodField()

    class Meta(SnapshotSummarySerializer.Meta):
        fields = ("number", "digest", "actor", "created_at", "document")

    def get_document(self, row: Snapshot) -> dict[str, Any] | None:
        return read(row.document)


class DifferenceSerializer(serializers.Serializer[Any]):
    """Something that is not as it was when it was locked."""

    pointer = serializers.CharField(
        allow_blank=True, help_text="Into the document (RFC 6901); empty for the whole, or what stands beside it."
    )  # fmt: skip
    code = serializers.CharField()
    message = serializers.CharField()


class VerdictSerializer(serializers.Serializer[Any]):
    """Whether a snapshot is what was locked: the digest in its row, the one that its bytes come to, the one in the
    event log (null where it has none).
    """

    snapshot = serializers.IntegerField(min_value=1)
    valid = serializers.BooleanField()
    digest = serializers.CharField()
    computed = serializers.CharField()
    recorded = serializers.CharField(allow_null=True)
    differences = DifferenceSerializer(many=True)

    def to_representation(self, verdict: Verdict) -> dict[str, Any]:
        plain = ("snapshot", "valid", "digest", "computed", "recorded")
        return {name: getattr(verdict, name) for name in plain} | {
            "differences": DifferenceSerializer(verdict.differences, many=True).data
        }
