"""Locking a shortlist, the snapshots that it leaves, and whether they are still what they were."""

from __future__ import annotations

from typing import Any, ClassVar

from django.db.models import QuerySet
from rest_framework.request import Request
from rest_framework.response import Response

from api.auth import signed_in
from api.changing import done_once, found_then_done_once, object_of, text_of
from api.schema import operation
from api.v1.shortlist_shapes import (
    NOTHING,
    ShortlistSerializer,
    SnapshotSerializer,
    SnapshotSummarySerializer,
    UnlockingSerializer,
    VerdictSerializer,
)
from api.v1.shortlists import revision_read, seen_by, shown_anew
from api.views import ApiView, ListView, one_of
from procurement.actions.snapshots import lock_shortlist, snapshot_of, unlock_shortlist, verify_snapshot
from procurement.models import Snapshot
from procurement.snapshots import Index
from search.parameters import Parameter
from search.relied_on import index_now


class Locking(ApiView):
    """The lock of a shortlist."""

    varies = True

    @operation(
        summary="Lock a shortlist",
        answer=ShortlistSerializer,
        body={"application/json": NOTHING},
        scope="shortlists:write",
        headers=("If-Match", "Idempotency-Key"),
        problems=(404, 409, 412, 422, 428),
        example='curl -X POST "http://127.0.0.1:8000/api/v1/shortlists/$SHORTLIST/lock/" '
        '-H "Authorization: Bearer $TOKEN" -H "If-Match: $SHORTLIST_ETAG" -H "Idempotency-Key: $KEY" '
        "-H 'Content-Type: application/json' -d '{}'",
    )
    def post(self, request: Request, reference: str) -> Response:
        """Freezes what was relied on as the next snapshot: query or match, entries with decisions and reasons,
        profiles, rate cards, frameworks. From then on the shortlist stands.
        """
        actor = signed_in(request)
        object_of(request, (), empty=True)

        def act(index: Index) -> Response:
            revision = revision_read(request, reference)
            return shown_anew(lock_shortlist(actor, reference, revision, index).shortlist)

        return found_then_done_once(request, actor.reference, index_now, act)


class Unlocking(ApiView):
    """The way back."""

    varies = True

    @operation(
        summary="Unlock a shortlist",
        answer=ShortlistSerializer,
        body={"application/json": UnlockingSerializer},
        scope="shortlists:write",
        headers=("If-Match", "Idempotency-Key"),
        problems=(404, 409, 412, 422, 428),
        example='curl -X POST "http://127.0.0.1:8000/api/v1/shortlists/$LOCKED/unlock/" '
        '-H "Authorization: Bearer $TOKEN" -H "If-Match: $LOCKED_ETAG" -H "Idempotency-Key: $KEY" '
        "-H 'Content-Type: application/json' -d '{\"reason\": \"A firm was overlooked.\"}'",
    )
    def post(self, request: Request, reference: str) -> Response:
        """For a reason; its snapshots stay."""
        actor = signed_in(request)
        reason = text_of(object_of(request, ("reason",), empty=True), "reason") or ""

        def act() -> Response:
            revision = revision_read(request, reference)
            return shown_anew(unlock_shortlist(actor, reference, revision, reason))

        return done_once(request, actor.reference, act)


class Verification(ApiView):
    """Whether a snapshot is what was locked."""

    varies = True
    parameters: ClassVar[tuple[Parameter, ...]] = (
        Parameter(
            "snapshot",
            "Which snapshot; the newest unless it is said.",
            {"type": "integer", "minimum": 1, "maximum": 2**31 - 1},
        ),
    )

    @operation(
        summary="Verify a snapshot",
        answer=VerdictSerializer,
        scope="shortlists:read",
        headers=("validator",),
        example='curl "http://127.0.0.1:8000/api/v1/shortlists/$LOCKED/verify/" -H "Authorization: Bearer $TOKEN"',
    )
    def get(self, request: Request, reference: str) -> Response:
        """Recomputes the digest of the stored document and compares it with the row's and with the event log's; says
        which part differs.
        """
        actor = signed_in(request)
        number: Any = self.asked(request).get("snapshot")
        shortlist = one_of(seen_by(request), reference)
        return Response(VerdictSerializer(verify_snapshot(actor, shortlist.reference, number)).data)


class SnapshotList(ListView):
    """The snapshots of a shortlist, newest first, without what they hold."""

    serializer_class = SnapshotSummarySerializer
    varies = True

    def rows(self, request: Request) -> QuerySet[Snapshot]:
        shortlist = one_of(seen_by(request), self.kwargs["reference"])
        return Snapshot.objects.filter(shortlist=shortlist).defer("document").order_by("-number")

    @operation(
        summary="Snapshots of a shortlist",
        answer=SnapshotSummarySerializer,
        listed=True,
        scope="shortlists:read",
        headers=("validator",),
        example='curl "http://127.0.0.1:8000/api/v1/shortlists/$LOCKED/snapshots/" '
        '-H "Authorization: Bearer $TOKEN"',
    )
    def get(self, request: Request, reference: str) -> Response:
        return self.listed(request)


class SnapshotDetail(ApiView):
    """One snapshot."""

    varies = True

    @operation(
        summary="A snapshot with all that it holds",
        answer=SnapshotSerializer,
        scope="shortlists:read",
        headers=("validator",),
        example='curl "http://127.0.0.1:8000/api/v1/shortlists/$LOCKED/snapshots/1/" '
        '-H "Authorization: Bearer $TOKEN"',
    )
    def get(self, request: Request, reference: str, number: int) -> Response:
        self.asked(request)
        actor = signed_in(request)
        shortlist = one_of(seen_by(request), reference)
        return Response(SnapshotSerializer(snapshot_of(actor, shortlist.reference, number)).data)
