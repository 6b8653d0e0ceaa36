"""Tenders: written, submitted and taken back by the supplier; sealed from everybody else until the deadline.

Each change walks: the view (visible to the actor, else 404) -> If-Match -> one action -> the tender as it then is with
the ETag for the next change. What a POST here answers is not kept for repeats: they are answered anew, so that a
tender stands in its own tables alone.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, ClassVar, Final

from django.db.models import QuerySet
from django.http import HttpResponse
from django.urls import reverse
from rest_framework.request import Request
from rest_framework.response import Response

from api.auth import signed_in
from api.changing import answered, done_once, malformed_told, object_of, text_of, texts_of
from api.conditional import revision_meant, unchanged
from api.parameters import choice, reference, values
from api.schema import JSON, operation
from api.v1.call_off_shapes import ReasonSerializer
from api.v1.competition_people import POSTS
from api.v1.offers import SENDS
from api.v1.shortlist_shapes import NOTHING
from api.v1.tender_shapes import (
    ContentSerializer,
    DraftersSerializer,
    LetterSerializer,
    ReceiptSerializer,
    TenderSerializer,
    TenderSummarySerializer,
)
from api.views import ApiView, DetailView, ListView, one_of
from procurement.actions.tenders import (
    confirm_tender,
    let_write,
    submit_tender,
    view_tender,
    withdraw_tender,
    write_tender,
)
from procurement.models import OutcomeLetter, Tender
from procurement.permissions import Actor
from procurement.querysets_call_offs import require_either_side
from procurement.querysets_competitions import TenderQuerySet
from procurement.sealing import receipt_of, require_reader
from procurement.tenders import FIELDS
from search.parameters import Parameter

MOVED: Final = (404, 409, 412, 422, 428)
MOST_DRAFTERS: Final = 100


def seen_tenders(request: Request) -> TenderQuerySet:
    """The tenders that whoever asks may see; 401 for nobody."""
    return TenderQuerySet(Tender).seen_by(signed_in(request))


def tender_seen(request: Request, reference: str) -> Tender:
    """A tender that may be seen, with what is shown of it; 404 for another."""
    values(request.GET, ())
    return tender_of(request, reference)


def tender_of(request: Request, reference: str) -> Tender:
    """The same for a list of what hangs on it, whose address may ask for a page."""
    return one_of(seen_tenders(request).told(), reference)


def shown_tender(request: Request, key: int, status: int = 200) -> Response:
    """The whole tender as it is after a change."""
    row = TenderQuerySet(Tender).told().get(pk=key)
    place = reverse("api:tender", args=[row.reference])
    data = TenderSerializer(row, context={"actor": signed_in(request)}).data
    return answered(data, row.revision, place, status)


def moved(
    request: Request, reference: str, field: str | None, act: Callable[[Actor, str, int, Any], Tender]
) -> Response:
    """Moves a tender by an action that takes actor, reference, revision and the one `field` of the body."""
    actor = signed_in(request)
    body = object_of(request, (field,) if field else (), empty=True)

    def once() -> Response:
        row = tender_seen(request, reference)
        said = text_of(body, field or "") or ""
        return shown_tender(request, act(actor, row.reference, revision_meant(request), said).pk)

    def anew() -> Response:
        return shown_tender(request, tender_seen(request, reference).pk)

    return done_once(request, actor.reference, once, anew)


class TenderList(ListView):
    """Tenders of the own firm, or those of the own buyer organisation's competitions whose deadline has passed."""

    serializer_class = TenderSummarySerializer
    varies = True
    filters: ClassVar[tuple[Parameter, ...]] = (
        choice("status", "Only with this status.", Tender.Status.values, "submitted"),
        reference("call_off", "Only those for this call-off.", "CO-2026-0001"),
    )

    def rows(self, request: Request) -> QuerySet[Tender]:
        require_either_side(signed_in(request))
        return seen_tenders(request).told().defer("draft").order_by("-pk")

    def narrowed(self, rows: QuerySet[Tender], asked: dict[str, Any]) -> QuerySet[Tender]:
        paths = {"status": "status", "call_off": "competition__call_off__reference"}
        return rows.filter(**{paths[name]: value for name, value in asked.items()})

    @operation(
        summary="The own tenders, or those for the own competitions",
        answer=TenderSummarySerializer,
        listed=True,
        scope="offers:read",
        either="call_offs:read",
        headers=("validator",),
        problems=(403,),
        example="curl 'http://127.0.0.1:8000/api/v1/tenders/?status=submitted' "
        '-H "Authorization: Bearer $TOKEN"',
    )
    def get(self, request: Request) -> Response:
        """A buyer's, which an integration reads with `call_offs:read`, are none before the deadline."""
        return self.listed(request)


class TenderDetail(DetailView):
    """One tender."""

    serializer_class = TenderSerializer
    varies = True

    def rows(self, request: Request) -> QuerySet[Tender]:
        return seen_tenders(request).told()

    def context(self, request: Request) -> dict[str, Any]:
        return {"actor": signed_in(request)}

    @operation(
        summary="A tender",
        answer=TenderSerializer,
        scope="offers:read",
        either="call_offs:read",
        headers=("validator",),
        example='curl "http://127.0.0.1:8000/api/v1/tenders/$TENDER/" -H "Authorization: Bearer $TOKEN"',
    )
    def get(self, request: Request, reference: str) -> Response:
        """Whole for its supplier's lead and the members that it lets write. The buyer sees none before the deadline,
        what answers the criteria once the tenders are opened, and prices once every score is agreed.
        """
        return self.shown(request, self.found(request, reference))

    @operation(
        summary="Write a tender",
        answer=TenderSerializer,
        verb="write",
        body={"application/json": ContentSerializer},
        scope="offers:write",
        headers=("If-Match",),
        problems=MOVED,
        example='curl -X PUT "http://127.0.0.1:8000/api/v1/tenders/$TENDER/" '
        '-H "Authorization: Bearer $TOKEN" -H "If-Match: *" -H \'Content-Type: application/json\' '
        '-d \'{"team": [{"grade": "G3", "days": "10", "rate": "390.00"}], '
        '"answers": {"method": "We ask everybody."}}\'',
    )
    def put(self, request: Request, reference: str) -> Response:
        """The whole draft, by the lead or a member that it lets write; what is not said is not stated. What was
        submitted stands until it is submitted anew. 409 once the deadline has passed.
        """
        actor = signed_in(request)
        row = tender_seen(request, reference)
        revision = revision_meant(request)
        body = object_of(request, FIELDS, empty=True)
        with malformed_told():
            made = write_tender(actor, row.reference, revision, dict.fromkeys(FIELDS) | body)
        return shown_tender(request, made.pk)


class Drafters(ApiView):
    """Who may write a tender."""

    varies = True

    @operation(
        summary="Say which members may write",
        answer=TenderSerializer,
        verb="let",
        body={"application/json": DraftersSerializer},
        scope="offers:write",
        headers=("If-Match",),
        problems=MOVED,
        example='curl -X PUT "http://127.0.0.1:8000/api/v1/tenders/$TENDER/drafters/" '
        '-H "Authorization: Bearer $TOKEN" -H "If-Match: *" -H \'Content-Type: application/json\' '
        '-d \'{"partners": ["alder"]}\'',
    )
    def put(self, request: Request, reference: str) -> Response:
        """By the lead, before the deadline: those of its members that see and write the tender beside it."""
        actor = signed_in(request)
        row = tender_seen(request, reference)
        revision = revision_meant(request)
        partners = texts_of(object_of(request, ("partners",)), "partners", MOST_DRAFTERS)
        return shown_tender(request, let_write(actor, row.reference, revision, partners).pk)


class TenderViewing(ApiView):
    """That the lead has read an invitation to tender."""

    varies = True

    @operation(
        summary="Note that the invitation was read",
        answer=TenderSerializer,
        body={"application/json": NOTHING},
        scope="offers:write",
        headers=("Idempotency-Key",),
        problems=(404, 422),
        example=f"curl -X POST \"http://127.0.0.1:8000/api/v1/tenders/$TENDER/view/\" {POSTS}'{{}}'",
    )
    def post(self, request: Request, reference: str) -> Response:
        """By the lead, once; by anybody else who sees the tender, or again, nothing changes. It needs no `If-Match`."""
        actor = signed_in(request)
        object_of(request, (), empty=True)

        def act() -> Response:
            return shown_tender(request, view_tender(actor, tender_seen(request, reference).reference).pk)

        def anew() -> Response:
            return shown_tender(request, tender_seen(request, reference).pk)

        return done_once(request, actor.reference, act, anew)


class Submission(ApiView):
    """The submission of a tender."""

    varies = True

    @operation(
        summary="Submit a tender",
        answer=ReceiptSerializer,
        status=201,
        verb="submit",
        body={"application/json": NOTHING},
        scope="offers:write",
        headers=("If-Match", "Idempotency-Key"),
        problems=MOVED,
        example=f"curl -X POST \"http://127.0.0.1:8000/api/v1/tenders/$WRITTEN/submit/\" {SENDS}'{{}}'",
    )
    def post(self, request: Request, reference: str) -> Response:
        """By the lead: what is written, complete, within the rates of its card and the terms; 422 with everything that
        is missing or wrong. Answers the receipt, with the digest of what was submitted; the last before the deadline
        counts. From the deadline on, by our clock, 409.
        """
        actor = signed_in(request)
        object_of(request, (), empty=True)

        def act() -> Response:
            row = tender_seen(request, reference)
            made = submit_tender(actor, row.reference, revision_meant(request))
            place = reverse("api:tender", args=[row.reference])
            return answered(ReceiptSerializer(made).data, made.tender.revision, place, 201)

        return done_once(request, actor.reference, act)


class Receipt(ApiView):
    """What was submitted once, as a file."""

    varies = True
    tagged = False

    @operation(
        summary="Download what was submitted",
        answer={"type": "object"},
        scope="offers:read",
        headers=("validator",),
        example='curl "http://127.0.0.1:8000/api/v1/tenders/$TO_CONFIRM/receipts/1/" -H "Authorization: Bearer $TOKEN"',
    )
    def get(self, request: Request, reference: str, number: int) -> HttpResponse:
        """By its tenderer alone: the stored bytes, whose SHA-256 is the receipt's digest and the ETag."""
        self.asked(request)
        row = receipt_of(signed_in(request), reference, number)
        headers = {
            "ETag": f'"{row.digest}"',
            "Cache-Control": "private, no-store",
            "Vary": "Authorization, Cookie",
        }
        if unchanged(request, headers["ETag"]):
            return HttpResponse(status=304, headers=headers)
        headers["Content-Disposition"] = f'attachment; filename="{row.reference}.json"'
        return HttpResponse(row.document.encode(), content_type=JSON, headers=headers)


class TenderWithdrawal(ApiView):
    """The way back from a tender."""

    varies = True

    @operation(
        summary="Take a tender back",
        answer=TenderSerializer,
        body={"application/json": ReasonSerializer},
        scope="offers:write",
        headers=("If-Match", "Idempotency-Key"),
        problems=MOVED,
        example='curl -X POST "http://127.0.0.1:8000/api/v1/tenders/$WRITTEN/withdraw/" '
        f'{SENDS}\'{{"reason": "The team is bound elsewhere."}}\'',
    )
    def post(self, request: Request, reference: str) -> Response:
        """By the lead, before the deadline; until then it may be written and submitted anew."""
        return moved(request, reference, "reason", withdraw_tender)


class Confirmation(ApiView):
    """That what was submitted stands after a material amendment."""

    varies = True

    @operation(
        summary="Confirm a tender after an amendment",
        answer=TenderSerializer,
        body={"application/json": NOTHING},
        scope="offers:write",
        headers=("If-Match", "Idempotency-Key"),
        problems=MOVED,
        example=f"curl -X POST \"http://127.0.0.1:8000/api/v1/tenders/$TO_CONFIRM/confirm/\" {SENDS}'{{}}'",
    )
    def post(self, request: Request, reference: str) -> Response:
        """By the lead; 422 where it no longer answers what is asked. What is neither confirmed nor submitted anew by
        the deadline takes part no longer.
        """
        return moved(
            request, reference, None, lambda actor, known, revision, _: confirm_tender(actor, known, revision)
        )


class Letters(ListView):
    """What a tenderer was told of the outcome, newest first."""

    serializer_class = LetterSerializer
    varies = True

    def rows(self, request: Request) -> QuerySet[OutcomeLetter]:
        tender = tender_of(request, self.kwargs["reference"])
        # It tells what was tendered, and for how much: of the buyer it is read as prices are.
        if not require_reader(signed_in(request), tender).price:
            return OutcomeLetter.objects.none()
        return OutcomeLetter.objects.filter(tender=tender).order_by("-pk")

    @operation(
        summary="Letters of the outcome",
        answer=LetterSerializer,
        listed=True,
        scope="offers:read",
        headers=("validator",),
        problems=(403,),
        example='curl "http://127.0.0.1:8000/api/v1/tenders/$TOLD/letters/" -H "Authorization: Bearer $TOKEN"',
    )
    def get(self, request: Request, reference: str) -> Response:
        """Its own scores with their reasons, its place, and of the successful tender who it is and what it came to. 403
        for those of the buyer who take no part; the others read them while the tenders are ranked.
        """
        return self.listed(request)
