"""Saved searches: a question over the listings that is kept, and told of when something new answers it.

POST walks: this view -> search/alerts.py (checks the query, asks the index) -> procurement/actions/saved_searches.py ->
event, in one transaction. What it tells from then on is found by the sweep of search/tasks.py.
"""

from __future__ import annotations

from typing import Any, ClassVar, cast

from django.db.models import QuerySet
from django.http import HttpResponse
from django.urls import reverse
from django.utils import timezone
from rest_framework.request import Request
from rest_framework.response import Response

from api.auth import signed_in
from api.changing import answered, found_then_done_once, malformed_told, object_of, text_of
from api.conditional import revision_meant
from api.formats import MergePatchParser, StrictJSONParser
from api.parameters import choice, values
from api.schema import operation
from api.searching import ready
from api.v1.listing_shapes import ListingPage
from api.v1.listings import rendered
from api.v1.saved_search_shapes import (
    NewSavedSearchSerializer,
    SavedSearchChangesSerializer,
    SavedSearchSerializer,
)
from api.views import DetailView, ListView
from procurement.actions.buyers import require_somewhere
from procurement.actions.saved_searches import (
    FIELDS,
    SavedSearchDraft,
    delete_saved_search,
    keep_saved_search,
)
from procurement.models import SavedSearch
from procurement.permissions import Action
from procurement.querysets import SavedSearchQuerySet
from search import alerts
from search.index import engine
from search.notes import note_on_need, notes_on
from search.parameters import Parameter
from search.params import LISTING_PARAMETERS
from search.saved_query import PLACES, kept_query


class SavedSearchRead(DetailView):
    """One saved search, as every address below it reads it."""

    serializer_class = SavedSearchSerializer
    varies = True

    def rows(self, request: Request) -> QuerySet[SavedSearch]:
        return SavedSearchQuerySet(SavedSearch).seen_by(signed_in(request)).told()

    def revision_read(self, request: Request, reference: str) -> int:
        """The revision that the change is meant for, by If-Match; 404 for what may not be seen."""
        self.found(request, reference)
        return revision_meant(request)


class SavedSearchList(ListView):
    """The own organisation's saved searches, newest first."""

    serializer_class = SavedSearchSerializer
    varies = True
    filters: ClassVar[tuple[Parameter, ...]] = (
        choice("alerts", "Only those that tell of this.", SavedSearch.Alerts.values, "new"),
    )

    def rows(self, request: Request) -> QuerySet[SavedSearch]:
        actor = signed_in(request)
        require_somewhere(actor, Action.SEE_SAVED_SEARCHES)
        return SavedSearchQuerySet(SavedSearch).seen_by(actor).told().order_by("-pk")

    def narrowed(self, rows: QuerySet[SavedSearch], asked: dict[str, Any]) -> QuerySet[SavedSearch]:
        return rows.filter(**asked)

    @operation(
        summary="The own saved searches",
        answer=SavedSearchSerializer,
        listed=True,
        scope="saved_searches:read",
        headers=("validator",),
        problems=(403,),
        example="curl 'http://127.0.0.1:8000/api/v1/saved-searches/' -H \"Authorization: Bearer $TOKEN\"",
    )
    def get(self, request: Request) -> Response:
        return self.listed(request)

    @operation(
        summary="Save a search",
        answer=SavedSearchSerializer,
        status=201,
        body={"application/json": NewSavedSearchSerializer},
        scope="saved_searches:write",
        headers=("Idempotency-Key",),
        problems=(422,),
        example="curl -X POST 'http://127.0.0.1:8000/api/v1/saved-searches/' "
        '-H "Authorization: Bearer $TOKEN" -H "Idempotency-Key: $KEY" -H \'Content-Type: application/json\' '
        '-d \'{"title": "Evaluators in the North", "query": "q=evaluation&region=UKC", '
        '"alerts": "new_and_changed", "frequency": "daily"}\'',
    )
    def post(self, request: Request) -> Response:
        """Keeps a search for the own buyer organisation. What it finds already is not told; a listing that comes to
        match is, once, and with `new_and_changed` each published change of one that matches.

        Events `saved_search.matched` name the listings. A person who keeps a search gets e-mails too.
        """
        actor = signed_in(request)
        values(request.GET, ())
        content = object_of(request, ("title", "query", "alerts", "frequency", "organisation"))
        draft = SavedSearchDraft(
            title=content.get("title", ""),
            query=content.get("query", ""),
            alerts=content.get("alerts", SavedSearch.Alerts.NEW),
            frequency=content.get("frequency", SavedSearch.Frequency.DAILY),
            organisation=text_of(content, "organisation"),
        )
        require_somewhere(actor, Action.SAVE_SEARCH)

        def act(asked: tuple[SavedSearchDraft, dict[str, str]]) -> Response:
            return _answered(keep_saved_search(actor, *asked), 201)

        return found_then_done_once(request, actor.reference, lambda: alerts.checked(draft), act)


def _answered(made: SavedSearch, status: int) -> Response:
    row = SavedSearchQuerySet(SavedSearch).told().get(pk=made.pk)
    place = reverse("api:saved-search", args=[made.reference])
    return answered(SavedSearchSerializer(row).data, row.revision, place, status)


class SavedSearchDetail(SavedSearchRead):
    """One saved search."""

    parser_classes = (StrictJSONParser, MergePatchParser)

    @operation(
        summary="A saved search",
        answer=SavedSearchSerializer,
        scope="saved_searches:read",
        headers=("validator",),
        example='curl "http://127.0.0.1:8000/api/v1/saved-searches/$SAVED_SEARCH/" '
        '-H "Authorization: Bearer $TOKEN"',
    )
    def get(self, request: Request, reference: str) -> Response:
        return self.shown(request, self.found(request, reference))

    @operation(
        summary="Change a saved search",
        answer=SavedSearchSerializer,
        body={
            "application/json": SavedSearchChangesSerializer,
            "application/merge-patch+json": SavedSearchChangesSerializer,
        },
        scope="saved_searches:write",
        headers=("If-Match",),
        problems=(404, 412, 422, 428),
        example='curl -X PATCH "http://127.0.0.1:8000/api/v1/saved-searches/$SAVED_SEARCH/" '
        '-H "Authorization: Bearer $TOKEN" -H "If-Match: $SAVED_SEARCH_ETAG" '
        "-H 'Content-Type: application/json' -d '{\"alerts\": \"none\"}'",
    )
    def patch(self, request: Request, reference: str) -> Response:
        """What is sent replaces, what is not sent stays. `"alerts": "none"` unsubscribes; another query begins
        anew: what it finds already is not told.
        """
        actor = signed_in(request)
        revision = self.revision_read(request, reference)
        changes = object_of(request, FIELDS)
        with malformed_told():
            alerts.change(actor, reference, revision, changes)
        return self.shown(request, self.found(request, reference))

    @operation(
        summary="Delete a saved search",
        answer=SavedSearchSerializer,
        scope="saved_searches:write",
        headers=("If-Match",),
        problems=(404, 412, 428),
        example='curl -X DELETE "http://127.0.0.1:8000/api/v1/saved-searches/$SAVED_SEARCH/" '
        '-H "Authorization: Bearer $TOKEN" -H "If-Match: $SAVED_SEARCH_ETAG"',
    )
    def delete(self, request: Request, reference: str) -> Response:
        """It tells nothing more and is not found again."""
        actor = signed_in(request)
        return _answered(delete_saved_search(actor, reference, self.revision_read(request, reference)), 200)


class SavedSearchResults(SavedSearchRead):
    """What a saved search finds now."""

    kind = "search"
    tagged = False
    parameters: ClassVar[tuple[Parameter, ...]] = tuple(
        parameter for parameter in LISTING_PARAMETERS if parameter.name in PLACES
    )

    @operation(
        summary="Run a saved search",
        answer=ListingPage,
        scope="saved_searches:read",
        problems=(503,),
        example='curl "http://127.0.0.1:8000/api/v1/saved-searches/$SAVED_SEARCH/results/" '
        '-H "Authorization: Bearer $TOKEN"',
    )
    def get(self, request: Request, reference: str) -> HttpResponse:
        """Answers as `/api/v1/listings/` does, with facets and links from page to page."""
        row = cast(SavedSearch, self.found(request, reference))
        query = kept_query(row.query, timezone.localdate(), dict(request.GET.lists()))
        answer = engine().search_listings(query)
        notes = (*notes_on(query.q, answer.count), *note_on_need(query.q))
        return ready(rendered(request, query, answer, notes))
