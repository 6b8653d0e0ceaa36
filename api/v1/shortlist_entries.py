"""The entries of a shortlist while it is open: added, decided on, put in order, removed. Each change answers the whole
shortlist.
"""

from __future__ import annotations

from django.db.models import QuerySet
from rest_framework.request import Request
from rest_framework.response import Response

from api.auth import signed_in
from api.changing import done_once, object_of, text_of, texts_of
from api.schema import operation
from api.v1.shortlist_shapes import (
    DecisionSerializer,
    EntrySerializer,
    NewEntriesSerializer,
    OrderSerializer,
    ShortlistSerializer,
)
from api.v1.shortlists import revision_read, seen_by, shown_anew
from api.views import ApiView, ListView, one_of
from procurement.actions.shortlist_entries import add_entries, decide_entry, remove_entry, reorder_entries
from procurement.actions.shortlists import MOST_ENTRIES
from procurement.models import Shortlist, ShortlistEntry


class Entries(ListView):
    """The entries of a shortlist, in order."""

    serializer_class = EntrySerializer
    varies = True

    def rows(self, request: Request) -> QuerySet[ShortlistEntry]:
        shortlist = one_of(seen_by(request), self.kwargs["reference"])
        return ShortlistEntry.objects.filter(shortlist=shortlist).order_by("position")

    def anew(self, made: Shortlist) -> Response:
        self.revision = made.revision
        return shown_anew(made)

    @operation(
        summary="Entries of a shortlist",
        answer=EntrySerializer,
        listed=True,
        scope="shortlists:read",
        headers=("validator",),
        example='curl "http://127.0.0.1:8000/api/v1/shortlists/$SHORTLIST/entries/" '
        '-H "Authorization: Bearer $TOKEN"',
    )
    def get(self, request: Request, reference: str) -> Response:
        return self.listed(request)

    @operation(
        summary="Add listings to a shortlist",
        answer=ShortlistSerializer,
        status=201,
        body={"application/json": NewEntriesSerializer},
        scope="shortlists:write",
        headers=("If-Match", "Idempotency-Key"),
        problems=(404, 409, 412, 422, 428),
        example='curl -X POST "http://127.0.0.1:8000/api/v1/shortlists/$SHORTLIST/entries/" '
        '-H "Authorization: Bearer $TOKEN" -H "If-Match: $SHORTLIST_ETAG" -H "Idempotency-Key: $KEY" '
        "-H 'Content-Type: application/json' -d '{\"listings\": [\"rm3745~ppl~opm-group\"]}'",
    )
    def post(self, request: Request, reference: str) -> Response:
        """At the end. A listing that buyers do not find today is refused by name."""
        actor = signed_in(request)
        body = object_of(request, ("listings", "source"))
        listings = texts_of(body, "listings", MOST_ENTRIES)
        source = text_of(body, "source") or ShortlistEntry.Source.MANUAL.value

        def act() -> Response:
            revision = revision_read(request, reference)
            return shown_anew(add_entries(actor, reference, revision, listings, source), 201)

        return done_once(request, actor.reference, act)

    @operation(
        summary="Put a shortlist in order",
        answer=ShortlistSerializer,
        verb="reorder",
        body={"application/json": OrderSerializer},
        scope="shortlists:write",
        headers=("If-Match",),
        problems=(404, 409, 412, 422, 428),
        example='curl -X PATCH "http://127.0.0.1:8000/api/v1/shortlists/$SHORTLIST/entries/" '
        '-H "Authorization: Bearer $TOKEN" -H "If-Match: $SHORTLIST_ETAG" -H \'Content-Type: application/json\' '
        '-d "{\\"listings\\": [\\"$LISTING\\"]}"',
    )
    def patch(self, request: Request, reference: str) -> Response:
        """`listings` names every entry once, in the new order."""
        actor = signed_in(request)
        revision = revision_read(request, reference)
        listings = texts_of(object_of(request, ("listings",)), "listings", MOST_ENTRIES)
        return self.anew(reorder_entries(actor, reference, revision, listings))


class EntryDetail(ApiView):
    """One entry of a shortlist."""

    varies = True

    @operation(
        summary="Decide on an entry",
        answer=ShortlistSerializer,
        body={"application/json": DecisionSerializer},
        scope="shortlists:write",
        headers=("If-Match",),
        problems=(404, 409, 412, 422, 428),
        example="curl -X PATCH "
        '"http://127.0.0.1:8000/api/v1/shortlists/$SHORTLIST/entries/$LISTING/" '
        '-H "Authorization: Bearer $TOKEN" -H "If-Match: $SHORTLIST_ETAG" -H \'Content-Type: application/json\' '
        '-d \'{"decision": "in", "reason": "Strong evidence of evaluation."}\'',
    )
    def patch(self, request: Request, reference: str, listing: str) -> Response:
        """In, out or undecided. An out needs a reason; it bars nobody from a later invitation."""
        actor = signed_in(request)
        revision = revision_read(request, reference)
        body = object_of(request, ("decision", "reason"))
        decision, reason = text_of(body, "decision") or "", text_of(body, "reason") or ""
        made = decide_entry(actor, reference, revision, listing, decision, reason)
        self.revision = made.revision
        return shown_anew(made)

    @operation(
        summary="Take an entry off",
        answer=ShortlistSerializer,
        scope="shortlists:write",
        headers=("If-Match",),
        problems=(404, 409, 412, 428),
        example="curl -X DELETE "
        '"http://127.0.0.1:8000/api/v1/shortlists/$SHORTLIST/entries/$LISTING/" '
        '-H "Authorization: Bearer $TOKEN" -H "If-Match: $SHORTLIST_ETAG"',
    )
    def delete(self, request: Request, reference: str, listing: str) -> Response:
        """Those behind it move up."""
        actor = signed_in(request)
        return shown_anew(remove_entry(actor, reference, revision_read(request, reference), listing))
