"""Public notices of a contract, and of an intention to award: those the law asks for, each as a draft, and that one was
published.
"""

from __future__ import annotations

from typing import Any

from django.db.models import QuerySet
from django.utils import timezone
from rest_framework.request import Request
from rest_framework.response import Response

from api.auth import signed_in
from api.changing import done_once, object_of
from api.conditional import revision_meant
from api.parameters import values
from api.schema import operation
from api.v1.call_off_shapes import CallOffSerializer
from api.v1.call_offs import revision_read, shown_anew
from api.v1.call_offs import seen_by as call_offs_seen_by
from api.v1.contracts import MOVED, contract_answered, seen_by
from api.v1.notice_shapes import NoticeDraftSerializer, PublicationSerializer
from api.v1.offer_shapes import ContractSerializer
from api.v1.offers import SENDS
from api.views import ApiView, DetailView, one_of
from procurement.actions.intention_notices import intended_contract, publish_intended
from procurement.actions.public_notices import notice_of, publish_notice
from procurement.models import CallOff, Contract
from procurement.querysets_call_offs import buying


class NoticeDraft(DetailView):
    """A notice of a contract as a draft."""

    serializer_class = NoticeDraftSerializer
    varies = True

    def rows(self, request: Request) -> QuerySet[Contract]:
        """The buyer's own: what it says for publication is the buyer's to prepare."""
        return seen_by(request).told().filter(call_off__organisation__in=buying(signed_in(request)))

    @operation(
        summary="A public notice as a draft",
        answer=NoticeDraftSerializer,
        scope="call_offs:read",
        headers=("validator",),
        example='curl "http://127.0.0.1:8000/api/v1/contracts/$NOTIFIED/notices/uk7/" '
        '-H "Authorization: Bearer $TOKEN"',
    )
    def get(self, request: Request, reference: str, notice: str) -> Response:
        """By its key: OCID, parties, value without and with VAT, days and CPV codes, as far as we hold them. It is
        published where the law says, not here; `publish/` keeps that it was.
        """
        row = self.found(request, reference)
        assert isinstance(row, Contract)
        due = notice_of(row, notice.lower(), timezone.localdate())
        self.revision = row.revision
        return Response(NoticeDraftSerializer(row, context={"notice": due}).data)


class Publication(ApiView):
    """That a notice was published."""

    varies = True

    @operation(
        summary="Say that a public notice was published",
        answer=ContractSerializer,
        body={"application/json": PublicationSerializer},
        scope="call_offs:write",
        headers=("If-Match", "Idempotency-Key"),
        problems=MOVED,
        example='curl -X POST "http://127.0.0.1:8000/api/v1/contracts/$NOTIFIED/notices/uk7/publish/" '
        f'{SENDS}"{{\\"number\\": \\"2026/S 000-012345\\", \\"published_on\\": \\"$TODAY\\"}}"',
    )
    def post(self, request: Request, reference: str, notice: str) -> Response:
        """By the buyer, with the number that it has where it was published. Said again, it corrects what was kept. 409
        while its time has not come.
        """
        actor = signed_in(request)
        body = object_of(request, ("number", "published_on"))

        def once() -> Response:
            values(request.GET, ())
            row = one_of(seen_by(request), reference)
            told: tuple[Any, Any] = (body.get("number"), body.get("published_on"))
            made = publish_notice(actor, row.reference, revision_meant(request), notice.lower(), *told)
            return contract_answered(actor, made)

        return done_once(request, actor.reference, once)


class IntendedNoticeDraft(DetailView):
    """The contract award notice after the intention to award as a draft."""

    serializer_class = NoticeDraftSerializer
    varies = True

    def rows(self, request: Request) -> QuerySet[CallOff]:
        return call_offs_seen_by(request).told()

    @operation(
        summary="The contract award notice as a draft, after the intention to award",
        answer=NoticeDraftSerializer,
        scope="call_offs:read",
        headers=("validator",),
        problems=(403,),
        example='curl "http://127.0.0.1:8000/api/v1/call-offs/$INTENDED/notices/uk6/" '
        '-H "Authorization: Bearer $TOKEN"',
    )
    def get(self, request: Request, reference: str, notice: str) -> Response:
        """Of the tender that ranks first, where the law asks for it before the contract is entered into; once it is
        awarded, of its contract. 403 for whom the ranking is closed to.
        """
        row = self.found(request, reference)
        assert isinstance(row, CallOff)
        contract, due = intended_contract(signed_in(request), row, notice.lower(), timezone.localdate())
        self.revision = row.revision
        return Response(NoticeDraftSerializer(contract, context={"notice": due}).data)


class IntendedPublication(ApiView):
    """That the contract award notice was published after the intention to award."""

    varies = True

    @operation(
        summary="Say that the contract award notice was published",
        answer=CallOffSerializer,
        body={"application/json": PublicationSerializer},
        scope="call_offs:write",
        headers=("If-Match", "Idempotency-Key"),
        problems=MOVED,
        example='curl -X POST "http://127.0.0.1:8000/api/v1/call-offs/$INTENDED/notices/uk6/publish/" '
        f'{SENDS}"{{\\"number\\": \\"2026/S 000-012345\\", \\"published_on\\": \\"$TODAY\\"}}"',
    )
    def post(self, request: Request, reference: str, notice: str) -> Response:
        """By the buyer, between the intention to award and the award, no earlier than on the day of the intention. A
        standstill that was promised runs from the day of publication: until that is kept nothing is awarded. Said
        again, it corrects what was kept; the contract takes it over.
        """
        actor = signed_in(request)
        body = object_of(request, ("number", "published_on"))

        def once() -> Response:
            told: tuple[Any, Any] = (body.get("number"), body.get("published_on"))
            revision = revision_read(request, reference)
            made = publish_intended(actor, reference, revision, notice.lower(), *told)
            return shown_anew(request, made.pk)

        return done_once(request, actor.reference, once)
