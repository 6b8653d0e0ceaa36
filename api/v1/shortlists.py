"""Shortlists of the own buyer organisation: begun, titled, annotated; their history. Nobody else sees them.

Every change walks: the view (visible to the actor, else 404) -> If-Match -> procurement/actions/shortlists.py ->
one event; it answers the whole shortlist with the ETag for the next change. Entries are in shortlist_entries.py,
locking in snapshots.py.
"""

from __future__ import annotations

from typing import Any, ClassVar

from django.db.models import QuerySet
from django.urls import reverse
from rest_framework.request import Request
from rest_framework.response import Response

from api.auth import signed_in
from api.changing import answered, done_once, found_then_done_once, object_of, text_of, texts_of, wrong_type
from api.conditional import revision_meant
from api.formats import MergePatchParser, StrictJSONParser
from api.parameters import choice, reference, values
from api.schema import operation
from api.v1.shortlist_shapes import (
    HistorySerializer,
    NewNoteSerializer,
    NewShortlistSerializer,
    ShortlistNoteSerializer,
    ShortlistSerializer,
    ShortlistSummarySerializer,
    TitleSerializer,
)
from api.views import DetailView, ListView, one_of
from procurement.actions.buyers import require_somewhere
from procurement.actions.shortlists import (
    MOST_ENTRIES,
    ShortlistDraft,
    create_shortlist,
    note_on_shortlist,
    retitle_shortlist,
)
from procurement.models import Event, Shortlist, ShortlistNote
from procurement.permissions import Action
from procurement.querysets import ShortlistQuerySet
from search.parameters import Parameter
from search.shortlisting import found_by


def seen_by(request: Request) -> ShortlistQuerySet:
    """The shortlists that whoever asks may see; 401 for nobody."""
    return ShortlistQuerySet(Shortlist).seen_by(signed_in(request))


def revision_read(request: Request, reference: str) -> int:
    """The revision that a change is meant for, by If-Match; 404 for a shortlist that may not be seen."""
    values(request.GET, ())
    one_of(seen_by(request), reference)
    return revision_meant(request)


def shown_anew(made: Shortlist, status: int = 200) -> Response:
    """The whole shortlist as it is after a change."""
    row = ShortlistQuerySet(Shortlist).told().get(pk=made.pk)
    place = reverse("api:shortlist", args=[row.reference])
    return answered(ShortlistSerializer(row).data, row.revision, place, status)


class ShortlistList(ListView):
    """The own organisation's shortlists, newest first, without their entries."""

    serializer_class = ShortlistSummarySerializer
    varies = True
    filters: ClassVar[tuple[Parameter, ...]] = (
        choice("status", "Only with this status.", Shortlist.Status.values, "open"),
        reference("requirement", "Only those of this requirement.", "REQ-2026-0001"),
    )

    def rows(self, request: Request) -> QuerySet[Shortlist]:
        require_somewhere(signed_in(request), Action.SEE_SHORTLISTS)
        return seen_by(request).told().order_by("-pk")

    def narrowed(self, rows: QuerySet[Shortlist], asked: dict[str, Any]) -> QuerySet[Shortlist]:
        paths = {"status": "status", "requirement": "requirement__reference"}
        return rows.filter(**{paths[name]: value for name, value in asked.items()})

    @operation(
        summary="The own shortlists",
        answer=ShortlistSummarySerializer,
        listed=True,
        scope="shortlists:read",
        headers=("validator",),
        problems=(403,),
        example="curl 'http://127.0.0.1:8000/api/v1/shortlists/' -H \"Authorization: Bearer $TOKEN\"",
    )
    def get(self, request: Request) -> Response:
        return self.listed(request)

    @operation(
        summary="Begin a shortlist",
        answer=ShortlistSerializer,
        status=201,
        body={"application/json": NewShortlistSerializer},
        scope="shortlists:write",
        headers=("Idempotency-Key",),
        problems=(422, 503),
        example="curl -X POST 'http://127.0.0.1:8000/api/v1/shortlists/' "
        '-H "Authorization: Bearer $TOKEN" -H "Idempotency-Key: $KEY" -H \'Content-Type: application/json\' '
        '-d "{\\"title\\": \\"Evaluators\\", \\"match\\": \\"$MATCH\\"}"',
    )
    def post(self, request: Request) -> Response:
        """Begins a shortlist: empty, of a match's ranked results, or of listings that a search found. The `query` is
        checked and asked: what it finds now is kept with the shortlist, and each of `listings` must be among it.
        """
        actor = signed_in(request)
        values(request.GET, ())
        body = object_of(
            request, ("title", "organisation", "requirement", "match", "take", "listings", "query")
        )
        draft = ShortlistDraft(
            title=text_of(body, "title") or "",
            organisation=text_of(body, "organisation"),
            requirement=text_of(body, "requirement"),
            match=text_of(body, "match"),
            take=_take(body),
            listings=texts_of(body, "listings", MOST_ENTRIES),
            query=text_of(body, "query") or "",
        )

        def act(checked: ShortlistDraft) -> Response:
            return shown_anew(create_shortlist(actor, checked), 201)

        require_somewhere(actor, Action.EDIT_SHORTLIST)
        return found_then_done_once(request, actor.reference, lambda: found_by(draft), act)


def _take(body: dict[str, Any]) -> int | None:
    take = body.get("take")
    if take is None or (isinstance(take, int) and not isinstance(take, bool) and 1 <= take <= MOST_ENTRIES):
        return take
    raise wrong_type("take", f"This must be a whole number from 1 to {MOST_ENTRIES}.")


class ShortlistDetail(DetailView):
    """One shortlist with its entries."""

    serializer_class = ShortlistSerializer
    parser_classes = (StrictJSONParser, MergePatchParser)
    varies = True

    def rows(self, request: Request) -> QuerySet[Shortlist]:
        return seen_by(request).told()

    @operation(
        summary="A shortlist with its entries",
        answer=ShortlistSerializer,
        scope="shortlists:read",
        headers=("validator",),
        example='curl "http://127.0.0.1:8000/api/v1/shortlists/$SHORTLIST/" -H "Authorization: Bearer $TOKEN"',
    )
    def get(self, request: Request, reference: str) -> Response:
        return self.shown(request, self.found(request, reference))

    @operation(
        summary="Title a shortlist anew",
        answer=ShortlistSerializer,
        body={"application/json": TitleSerializer, "application/merge-patch+json": TitleSerializer},
        scope="shortlists:write",
        headers=("If-Match",),
        problems=(404, 409, 412, 422, 428),
        example='curl -X PATCH "http://127.0.0.1:8000/api/v1/shortlists/$SHORTLIST/" '
        '-H "Authorization: Bearer $TOKEN" -H "If-Match: $SHORTLIST_ETAG" '
        "-H 'Content-Type: application/json' -d '{\"title\": \"Evaluators, second round\"}'",
    )
    def patch(self, request: Request, reference: str) -> Response:
        """409 while it is locked."""
        actor = signed_in(request)
        revision = revision_read(request, reference)
        title = text_of(object_of(request, ("title",)), "title") or ""
        retitle_shortlist(actor, reference, revision, title)
        return self.shown(request, self.found(request, reference))


class ShortlistNotes(ListView):
    """What was written down beside a shortlist, newest first; never edited."""

    serializer_class = ShortlistNoteSerializer
    varies = True

    def rows(self, request: Request) -> QuerySet[ShortlistNote]:
        shortlist = one_of(seen_by(request), self.kwargs["reference"])
        return ShortlistNote.objects.filter(shortlist=shortlist).order_by("-number")

    @operation(
        summary="Notes on a shortlist",
        answer=ShortlistNoteSerializer,
        listed=True,
        scope="shortlists:read",
        headers=("validator",),
        example='curl "http://127.0.0.1:8000/api/v1/shortlists/$SHORTLIST/notes/" '
        '-H "Authorization: Bearer $TOKEN"',
    )
    def get(self, request: Request, reference: str) -> Response:
        return self.listed(request)

    @operation(
        summary="Write a note on a shortlist",
        answer=ShortlistSerializer,
        status=201,
        body={"application/json": NewNoteSerializer},
        scope="shortlists:write",
        headers=("If-Match", "Idempotency-Key"),
        problems=(404, 412, 422, 428),
        example='curl -X POST "http://127.0.0.1:8000/api/v1/shortlists/$SHORTLIST/notes/" '
        '-H "Authorization: Bearer $TOKEN" -H "If-Match: $SHORTLIST_ETAG" -H "Idempotency-Key: $KEY" '
        "-H 'Content-Type: application/json' -d '{\"text\": \"The board has seen it.\"}'",
    )
    def post(self, request: Request, reference: str) -> Response:
        """Whether it is open or locked."""
        actor = signed_in(request)
        text = text_of(object_of(request, ("text",)), "text") or ""

        def act() -> Response:
            note = note_on_shortlist(actor, reference, revision_read(request, reference), text)
            return shown_anew(note.shortlist, 201)

        return done_once(request, actor.reference, act)


class ShortlistHistory(ListView):
    """What happened to a shortlist, newest first, from the event log."""

    serializer_class = HistorySerializer
    varies = True

    def rows(self, request: Request) -> QuerySet[Event]:
        shortlist = one_of(seen_by(request), self.kwargs["reference"])
        events = Event.objects.filter(subject_type="shortlist", subject=shortlist.reference)
        return events.order_by("-position")

    @operation(
        summary="What happened to a shortlist",
        answer=HistorySerializer,
        listed=True,
        scope="shortlists:read",
        headers=("validator",),
        example='curl "http://127.0.0.1:8000/api/v1/shortlists/$SHORTLIST/history/" '
        '-H "Authorization: Bearer $TOKEN"',
    )
    def get(self, request: Request, reference: str) -> Response:
        return self.listed(request)
