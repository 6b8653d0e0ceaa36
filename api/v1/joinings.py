"""Applications to join a consortium or a lot: begun and edited by the firm, agreed by the lead, checked and admitted by
the framework's owner; and how a firm leaves.

Every change walks: the view (visible to the actor, else 404) -> Idempotency-Key, on a POST -> If-Match ->
procurement/actions/joining.py -> one event; it answers the whole application with the ETag for the next change.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, ClassVar, Final

from django.db.models import QuerySet
from django.urls import reverse
from rest_framework.request import Request
from rest_framework.response import Response

from api.auth import signed_in
from api.changing import answered, done_once, malformed_told, object_of, text_of
from api.conditional import revision_meant
from api.parameters import choice, reference, values
from api.schema import operation
from api.v1.call_off_shapes import ReasonSerializer
from api.v1.joining_shapes import (
    JoiningChangesSerializer,
    JoiningSerializer,
    JoiningSummarySerializer,
    NewJoiningSerializer,
)
from api.v1.offers import SENDS
from api.v1.shortlist_shapes import NOTHING
from api.v1.suppliers import MemberSerializer
from api.views import ApiView, DetailView, ListView, one_of
from procurement.actions.buyers import require_somewhere
from procurement.actions.joining import (
    JoiningDraft,
    admit_joining,
    agree_joining,
    check_joining,
    draft_joining,
    edit_joining,
    refuse_joining,
    submit_joining,
    withdraw_joining,
)
from procurement.actions.leaving import leave_supplier
from procurement.models import Joining, Supplier
from procurement.permissions import Action, Actor
from procurement.querysets_joining import JoiningQuerySet
from search.parameters import Parameter

MOVED: Final = (404, 409, 412, 422, 428)
SAID: Final = ("statement", "offers")


def seen_by(request: Request) -> JoiningQuerySet:
    """The applications that whoever asks may see; 401 for nobody."""
    return JoiningQuerySet(Joining).seen_by(signed_in(request))


def shown_anew(request: Request, key: int, status: int = 200) -> Response:
    """The whole application as it is after a change."""
    row = JoiningQuerySet(Joining).told().get(pk=key)
    data = JoiningSerializer(row, context={"actor": signed_in(request)}).data
    return answered(data, row.revision, reverse("api:joining", args=[row.reference]), status)


def moved(request: Request, reference: str, act: Callable[[Actor, str, int], Joining]) -> Response:
    """Moves an application by an action that takes actor, reference and revision; the body says nothing."""
    actor = signed_in(request)
    object_of(request, (), empty=True)
    return _once(request, actor, reference, act)


def _once(
    request: Request, actor: Actor, reference: str, act: Callable[[Actor, str, int], Joining]
) -> Response:
    def once() -> Response:
        values(request.GET, ())
        row = one_of(seen_by(request), reference)
        return shown_anew(request, act(actor, row.reference, revision_meant(request)).pk)

    return done_once(request, actor.reference, once)


class JoiningList(ListView):
    """Applications of the own firm, to the own consortium or under the own framework, newest first."""

    serializer_class = JoiningSummarySerializer
    varies = True
    filters: ClassVar[tuple[Parameter, ...]] = (
        choice("status", "Only with this status.", Joining.Status.values, "submitted"),
        reference("partner", "Only those of this firm.", "brightwater"),
        reference("supplier", "Only those to join this consortium.", "ppl"),
        reference("lot", "Only those for this lot.", "rm6309~7"),
    )

    def rows(self, request: Request) -> QuerySet[Joining]:
        require_somewhere(signed_in(request), Action.SEE_JOININGS)
        return seen_by(request).told().order_by("-pk")

    def narrowed(self, rows: QuerySet[Joining], asked: dict[str, Any]) -> QuerySet[Joining]:
        paths = {
            "status": "status",
            "partner": "partner__reference",
            "supplier": "supplier__reference",
            "lot": "lot__reference",
        }
        return rows.filter(**{paths[name]: value for name, value in asked.items()})

    @operation(
        summary="Applications to join that concern you",
        answer=JoiningSummarySerializer,
        listed=True,
        scope="joinings:read",
        headers=("validator",),
        problems=(403,),
        example="curl 'http://127.0.0.1:8000/api/v1/joinings/?status=submitted' "
        '-H "Authorization: Bearer $TOKEN"',
    )
    def get(self, request: Request) -> Response:
        """A draft is shown to its own firm alone."""
        return self.listed(request)

    @operation(
        summary="Begin an application to join",
        answer=JoiningSerializer,
        status=201,
        body={"application/json": NewJoiningSerializer},
        scope="joinings:write",
        headers=("Idempotency-Key",),
        problems=(404, 409, 422),
        example='curl -X POST "http://127.0.0.1:8000/api/v1/joinings/" '
        '-H "Authorization: Bearer $TOKEN" -H "Idempotency-Key: $KEY" -H \'Content-Type: application/json\' '
        '-d "{\\"partner\\": \\"$FIRM\\", \\"supplier\\": \\"$CONSORTIUM\\", \\"lot\\": \\"$LOT\\"}"',
    )
    def post(self, request: Request) -> Response:
        """Begins a draft of the own firm: to join, to join again what it left, or with specialisms that it does not
        offer yet on a lot where it offers others. 409 where one is open for the same, or where the firm offers
        something there already and `offers` names nothing new; 422 for a lot that takes no firms.
        """
        actor = signed_in(request)
        values(request.GET, ())
        body = object_of(request, ("partner", "lot", "supplier", *SAID))
        texts = {name: text_of(body, name) for name in ("partner", "lot", "supplier")}
        draft = JoiningDraft(
            partner=texts["partner"] or "",
            lot=texts["lot"] or "",
            supplier=texts["supplier"],
            statement=body.get("statement", ""),
            offers=body.get("offers", ()),
        )
        return done_once(
            request, actor.reference, lambda: shown_anew(request, draft_joining(actor, draft).pk, 201)
        )


class JoiningDetail(DetailView):
    """One application."""

    serializer_class = JoiningSerializer
    varies = True

    def rows(self, request: Request) -> QuerySet[Joining]:
        return seen_by(request).told()

    def context(self, request: Request) -> dict[str, Any]:
        return {"actor": signed_in(request)}

    @operation(
        summary="An application to join with its line",
        answer=JoiningSerializer,
        scope="joinings:read",
        headers=("validator",),
        example='curl "http://127.0.0.1:8000/api/v1/joinings/$JOINING/" -H "Authorization: Bearer $TOKEN"',
    )
    def get(self, request: Request, reference: str) -> Response:
        return self.shown(request, self.found(request, reference))

    @operation(
        summary="Say a draft of an application anew",
        answer=JoiningSerializer,
        body={"application/json": JoiningChangesSerializer},
        scope="joinings:write",
        headers=("If-Match",),
        problems=MOVED,
        example='curl -X PATCH "http://127.0.0.1:8000/api/v1/joinings/$JOINING/" '
        '-H "Authorization: Bearer $TOKEN" -H "If-Match: *" '
        "-H 'Content-Type: application/json' -d '{\"statement\": \"We evaluate services in the North.\"}'",
    )
    def patch(self, request: Request, reference: str) -> Response:
        """By the firm; 409 once it was submitted."""
        actor = signed_in(request)
        row = self.found(request, reference)
        assert isinstance(row, Joining)
        revision = revision_meant(request)
        body = object_of(request, SAID)
        with malformed_told():
            edit_joining(actor, row.reference, revision, body)
        return self.shown(request, self.found(request, reference))


class Submission(ApiView):
    """That a firm applies."""

    varies = True

    @operation(
        summary="Submit an application",
        answer=JoiningSerializer,
        body={"application/json": NOTHING},
        scope="joinings:write",
        headers=("If-Match", "Idempotency-Key"),
        problems=MOVED,
        example=f"curl -X POST \"http://127.0.0.1:8000/api/v1/joinings/$JOINING/submit/\" {SENDS}'{{}}'",
    )
    def post(self, request: Request, reference: str) -> Response:
        """By the firm; 422 while it says nothing or offers nothing, 409 where it offers all of it already or the lot
        takes no firms any more.
        """
        return moved(request, reference, submit_joining)


class Agreement(ApiView):
    """The word of a consortium's lead."""

    varies = True

    @operation(
        summary="Agree to an application as the consortium's lead",
        answer=JoiningSerializer,
        body={"application/json": NOTHING},
        scope="joinings:write",
        headers=("If-Match", "Idempotency-Key"),
        problems=MOVED,
        example=f"curl -X POST \"http://127.0.0.1:8000/api/v1/joinings/$SUBMITTED/agree/\" {SENDS}'{{}}'",
    )
    def post(self, request: Request, reference: str) -> Response:
        """It goes on to the framework's owner."""
        return moved(request, reference, agree_joining)


class Checking(ApiView):
    """The check by a framework's owner."""

    varies = True

    @operation(
        summary="Note that an application was checked",
        answer=JoiningSerializer,
        body={"application/json": NOTHING},
        scope="joinings:write",
        headers=("If-Match", "Idempotency-Key"),
        problems=MOVED,
        example=f"curl -X POST \"http://127.0.0.1:8000/api/v1/joinings/$AGREED/check/\" {SENDS}'{{}}'",
    )
    def post(self, request: Request, reference: str) -> Response:
        """By the framework's owner. 409 before the lead has agreed, where the firm is excluded or suspended, and where
        the framework has ended, the lot has closed or the consortium's place on it does not stand any more.
        """
        return moved(request, reference, check_joining)


class Admission(ApiView):
    """The end of an application by which a firm belongs."""

    varies = True

    @operation(
        summary="Admit a firm",
        answer=JoiningSerializer,
        body={"application/json": NOTHING},
        scope="joinings:write",
        headers=("If-Match", "Idempotency-Key"),
        problems=MOVED,
        example=f"curl -X POST \"http://127.0.0.1:8000/api/v1/joinings/$CHECKED/admit/\" {SENDS}'{{}}'",
    )
    def post(self, request: Request, reference: str) -> Response:
        """By the framework's owner: from today on the firm belongs and offers what it said, and searches find it. Its
        own place on the lot that was withdrawn or has ended is given anew. 409 as for the check.
        """
        return moved(request, reference, admit_joining)


class Refusal(ApiView):
    """The end of an application that is not taken."""

    varies = True

    @operation(
        summary="Refuse an application",
        answer=JoiningSerializer,
        body={"application/json": ReasonSerializer},
        scope="joinings:write",
        headers=("If-Match", "Idempotency-Key"),
        problems=MOVED,
        example='curl -X POST "http://127.0.0.1:8000/api/v1/joinings/$SUBMITTED/refuse/" '
        f'{SENDS}\'{{"reason": "The lot is served well."}}\'',
    )
    def post(self, request: Request, reference: str) -> Response:
        """By the lead until it has agreed, by the framework's owner until the firm is admitted; it is told why."""
        actor = signed_in(request)
        why = text_of(object_of(request, ("reason",), empty=True), "reason") or ""
        return _once(
            request,
            actor,
            reference,
            lambda who, known, revision: refuse_joining(who, known, revision, why),
        )


class Withdrawal(ApiView):
    """The end of an application by the firm."""

    varies = True

    @operation(
        summary="Withdraw an application",
        answer=JoiningSerializer,
        body={"application/json": NOTHING},
        scope="joinings:write",
        headers=("If-Match", "Idempotency-Key"),
        problems=MOVED,
        example=f"curl -X POST \"http://127.0.0.1:8000/api/v1/joinings/$SUBMITTED/withdraw/\" {SENDS}'{{}}'",
    )
    def post(self, request: Request, reference: str) -> Response:
        """By the firm, until it is admitted."""
        return moved(request, reference, withdraw_joining)


class Leaving(ApiView):
    """That a firm leaves a consortium."""

    varies = True

    @operation(
        summary="Leave a consortium",
        answer=MemberSerializer,
        body={"application/json": NOTHING},
        scope="joinings:write",
        headers=("Idempotency-Key",),
        problems=(404, 409, 422),
        example='curl -X POST "http://127.0.0.1:8000/api/v1/suppliers/$CONSORTIUM/members/$MEMBER/leave/" '
        '-H "Authorization: Bearer $TOKEN" -H "Idempotency-Key: $KEY" '
        "-H 'Content-Type: application/json' -d '{}'",
    )
    def post(self, request: Request, reference: str, partner: str) -> Response:
        """By an administrator of the firm, from today on; buyers with an open offer or a live contract that want it are
        told. 409 for the lead and for a firm alone. It needs no `If-Match`: a membership ends once.
        """
        actor = signed_in(request)
        values(request.GET, ())
        object_of(request, (), empty=True)

        def act() -> Response:
            supplier = one_of(Supplier.objects.all(), reference)
            return Response(MemberSerializer(leave_supplier(actor, supplier.reference, partner)).data)

        return done_once(request, actor.reference, act)
