"""Proposals of rate cards: begun, edited and submitted by a supplier's lead, compared with the card in force, approved
or refused by the framework's owner.

Every change walks: the view (visible to the actor, else 404) -> Idempotency-Key, on a POST -> If-Match ->
procurement/actions/rate_proposals.py -> one event; it answers the whole proposal with the ETag for the next change.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, ClassVar, Final

from django.db.models import QuerySet
from django.urls import reverse
from rest_framework.request import Request
from rest_framework.response import Response

from api.auth import signed_in
from api.changing import answered, done_once, malformed_told, object_of, text_of, wrong_type
from api.conditional import revision_meant
from api.parameters import choice, reference, values
from api.schema import operation
from api.uploads import FileParser, Form
from api.v1.call_off_shapes import ReasonSerializer
from api.v1.files import FORM, form_schema, handed_in
from api.v1.offers import SENDS
from api.v1.rate_proposal_shapes import (
    ApprovalSerializer,
    NewRateProposalSerializer,
    RateComparisonSerializer,
    RateProposalChangesSerializer,
    RateProposalSerializer,
    RateProposalSummarySerializer,
    comparison_shown,
)
from api.v1.shortlist_shapes import NOTHING
from api.views import ApiView, DetailView, ListView, one_of
from procurement.actions.buyers import require_somewhere
from procurement.actions.rate_proposals import (
    RateProposalDraft,
    approve_rate_proposal,
    compared,
    draft_rate_proposal,
    edit_rate_proposal,
    read_rates_file,
    refuse_rate_proposal,
    submit_rate_proposal,
    withdraw_rate_proposal,
)
from procurement.models import RateProposal
from procurement.models.rate_proposals import OPEN
from procurement.permissions import Action, Actor
from procurement.querysets_rate_proposals import RateProposalQuerySet, version_in_force
from search.parameters import Parameter

MOVED: Final = (404, 409, 412, 422, 428)
SAID: Final = ("valid_from", "note", "lines")
PLACE: Final = "http://127.0.0.1:8000/api/v1/rate-proposals"


def seen_by(request: Request) -> RateProposalQuerySet:
    """The proposals that whoever asks may see; 401 for nobody."""
    return RateProposalQuerySet(RateProposal).seen_by(signed_in(request))


def shown_anew(request: Request, key: int, status: int = 200) -> Response:
    """The whole proposal as it is after a change."""
    row = RateProposalQuerySet(RateProposal).told().get(pk=key)
    data = RateProposalSerializer(row, context={"actor": signed_in(request)}).data
    return answered(data, row.revision, reverse("api:rate-proposal", args=[row.reference]), status)


def moved(
    request: Request,
    reference: str,
    act: Callable[[Actor, str, int], RateProposal],
    known: tuple[str, ...] = (),
) -> Response:
    """Moves a proposal by an action that takes actor, reference and revision, once; the body holds fields of `known`
    at most, which `act` knows.
    """
    actor = signed_in(request)
    object_of(request, known, empty=True)

    def once() -> Response:
        values(request.GET, ())
        row = one_of(seen_by(request), reference)
        return shown_anew(request, act(actor, row.reference, revision_meant(request)).pk)

    return done_once(request, actor.reference, once)


class RateProposalList(ListView):
    """Proposals of the own supplier, or under the own framework, newest first."""

    serializer_class = RateProposalSummarySerializer
    varies = True
    filters: ClassVar[tuple[Parameter, ...]] = (
        choice("status", "Only with this status.", RateProposal.Status.values, "submitted"),
        reference("supplier", "Only of this supplier.", "ppl"),
        reference("framework", "Only under this framework.", "rm6309"),
    )

    def rows(self, request: Request) -> QuerySet[RateProposal]:
        require_somewhere(signed_in(request), Action.SEE_RATE_PROPOSALS)
        return seen_by(request).told().order_by("-pk")

    def narrowed(self, rows: QuerySet[RateProposal], asked: dict[str, Any]) -> QuerySet[RateProposal]:
        paths = {"supplier": "supplier__reference", "framework": "framework__reference"}
        return rows.filter(**{paths.get(name, name): value for name, value in asked.items()})

    @operation(
        summary="Proposals of rate cards that concern you",
        answer=RateProposalSummarySerializer,
        listed=True,
        scope="rate_proposals:read",
        headers=("validator",),
        problems=(403,),
        example=f"curl '{PLACE}/?status=submitted' -H \"Authorization: Bearer $TOKEN\"",
    )
    def get(self, request: Request) -> Response:
        """A draft is shown to its supplier's lead alone."""
        return self.listed(request)

    @operation(
        summary="Begin a proposal of a rate card",
        answer=RateProposalSerializer,
        status=201,
        body={"application/json": NewRateProposalSerializer},
        scope="rate_proposals:write",
        headers=("Idempotency-Key",),
        problems=(404, 409, 422),
        example=f'curl -X POST "{PLACE}/" '
        '-H "Authorization: Bearer $TOKEN" -H "Idempotency-Key: $KEY" -H \'Content-Type: application/json\' '
        '-d "{\\"supplier\\": \\"$CONSORTIUM\\", \\"framework\\": \\"$FRAMEWORK\\"}"',
    )
    def post(self, request: Request) -> Response:
        """Begins a draft of a supplier that the own organisation leads, with the rates in force where none are sent.
        409 where one is open for the same card.
        """
        actor = signed_in(request)
        values(request.GET, ())
        body = object_of(request, ("supplier", "framework", "currency", "unit", *SAID))
        texts = {name: text_of(body, name) for name in ("supplier", "framework", "currency", "unit")}
        draft = RateProposalDraft(
            supplier=texts["supplier"] or "",
            framework=texts["framework"] or "",
            currency=texts["currency"] or "GBP",
            unit=texts["unit"] or "",
            valid_from=body.get("valid_from"),
            note=body.get("note", ""),
            lines=body.get("lines"),
        )
        require_somewhere(actor, Action.PROPOSE_RATES)
        return done_once(
            request, actor.reference, lambda: shown_anew(request, draft_rate_proposal(actor, draft).pk, 201)
        )


class RateProposalDetail(DetailView):
    """One proposal."""

    serializer_class = RateProposalSerializer
    varies = True

    def rows(self, request: Request) -> QuerySet[RateProposal]:
        return seen_by(request).told()

    def context(self, request: Request) -> dict[str, Any]:
        return {"actor": signed_in(request)}

    @operation(
        summary="A proposal of a rate card with its rates and line",
        answer=RateProposalSerializer,
        scope="rate_proposals:read",
        headers=("validator",),
        example=f'curl "{PLACE}/$PROPOSAL/" -H "Authorization: Bearer $TOKEN"',
    )
    def get(self, request: Request, reference: str) -> Response:
        return self.shown(request, self.found(request, reference))

    @operation(
        summary="Say a draft of a rate card anew",
        answer=RateProposalSerializer,
        body={"application/json": RateProposalChangesSerializer},
        scope="rate_proposals:write",
        headers=("If-Match",),
        problems=MOVED,
        example=f'curl -X PATCH "{PLACE}/$PROPOSAL/" '
        '-H "Authorization: Bearer $TOKEN" -H "If-Match: *" '
        "-H 'Content-Type: application/json' -d '{\"note\": \"We have fewer people of the lowest grade.\"}'",
    )
    def patch(self, request: Request, reference: str) -> Response:
        """By the supplier's lead; 409 once it was submitted."""
        actor = signed_in(request)
        row = self.found(request, reference)
        assert isinstance(row, RateProposal)
        revision = revision_meant(request)
        body = object_of(request, SAID)
        with malformed_told():
            edit_rate_proposal(actor, row.reference, revision, body)
        return self.shown(request, self.found(request, reference))


class RateComparison(DetailView):
    """A proposal beside the card in force."""

    serializer_class = RateComparisonSerializer
    varies = True
    tagged = False

    def rows(self, request: Request) -> QuerySet[RateProposal]:
        return seen_by(request).told()

    @operation(
        summary="A proposal of a rate card beside the card in force",
        answer=RateComparisonSerializer,
        scope="rate_proposals:read",
        example=f'curl "{PLACE}/$PROPOSAL/comparison/" -H "Authorization: Bearer $TOKEN"',
    )
    def get(self, request: Request, reference: str) -> Response:
        """Every row that is added, changed or withdrawn, with the difference in money and per cent and what is to be
        said of it; rows that stay are counted.
        """
        row = self.found(request, reference)
        assert isinstance(row, RateProposal)
        version = version_in_force(row) if row.status in OPEN else row.compared
        return Response(comparison_shown(row, version.number if version else 0, compared(row)))


class RatesFile(ApiView):
    """The rates of a draft as a file."""

    parser_classes = (FileParser,)
    varies = True

    @operation(
        summary="Say all rates of a draft by a file",
        answer=RateProposalSerializer,
        body={FORM: form_schema()},
        scope="rate_proposals:write",
        headers=("If-Match", "Idempotency-Key"),
        problems=MOVED,
        example=f'curl -X POST "{PLACE}/$PROPOSAL/file/" '
        '-H "Authorization: Bearer $TOKEN" -H "If-Match: *" -H "Idempotency-Key: $KEY" -F \'file=@rates.csv\'',
    )
    def post(self, request: Request, reference: str) -> Response:
        """CSV or XLSX with the headings of an import, at most 5 MB and 2,000 rows; a `supplier` need not be there.
        Each cell that cannot be read is named, and then nothing is changed.
        """

        def act(form: Form) -> Response:
            row = one_of(seen_by(request), reference)
            revision = revision_meant(request)
            made = read_rates_file(signed_in(request), row.reference, revision, form.name, form.chunks())
            return shown_anew(request, made.pk)

        return handed_in(request, (), act)


class Proposing(ApiView):
    """That a supplier proposes."""

    varies = True

    @operation(
        summary="Submit a proposal of a rate card",
        answer=RateProposalSerializer,
        body={"application/json": NOTHING},
        scope="rate_proposals:write",
        headers=("If-Match", "Idempotency-Key"),
        problems=MOVED,
        example=f"curl -X POST \"{PLACE}/$CHANGED/submit/\" {SENDS}'{{}}'",
    )
    def post(self, request: Request, reference: str) -> Response:
        """By the supplier's lead; 422 without a day to come, where it changes nothing, and for every rate that is
        raised by more than the framework allows.
        """
        return moved(request, reference, submit_rate_proposal)


class Approval(ApiView):
    """That a proposal is taken."""

    varies = True

    @operation(
        summary="Approve a proposal of a rate card",
        answer=RateProposalSerializer,
        body={"application/json": ApprovalSerializer},
        scope="rates:write",
        headers=("If-Match", "Idempotency-Key"),
        problems=MOVED,
        example=f"curl -X POST \"{PLACE}/$PROPOSED/approve/\" {SENDS}'{{}}'",
    )
    def post(self, request: Request, reference: str) -> Response:
        """By the framework's owner or an operator, and nobody who wrote it: it becomes the card's next version, in
        force from its day (from today, where that has passed), the one before until the day before; searches and
        prices follow.
        """
        read = object_of(request, ("compared_with",), empty=True).get("compared_with")
        if read is not None and (not isinstance(read, int) or isinstance(read, bool) or read < 0):
            raise wrong_type("compared_with", "This must be the number of a version.")

        def act(actor: Actor, known: str, revision: int) -> RateProposal:
            return approve_rate_proposal(actor, known, revision, read)

        return moved(request, reference, act, ("compared_with",))


class Refusal(ApiView):
    """That a proposal is not taken."""

    varies = True

    @operation(
        summary="Refuse a proposal of a rate card",
        answer=RateProposalSerializer,
        body={"application/json": ReasonSerializer},
        scope="rates:write",
        headers=("If-Match", "Idempotency-Key"),
        problems=MOVED,
        example=f'curl -X POST "{PLACE}/$PROPOSED/refuse/" '
        f'{SENDS}\'{{"reason": "The indexation rule allows no rise this year."}}\'',
    )
    def post(self, request: Request, reference: str) -> Response:
        """By the framework's owner or an operator, and nobody who wrote it; the lead is told why."""
        why = text_of(object_of(request, ("reason",), empty=True), "reason") or ""

        def act(actor: Actor, known: str, revision: int) -> RateProposal:
            return refuse_rate_proposal(actor, known, revision, why)

        return moved(request, reference, act, ("reason",))


class Withdrawal(ApiView):
    """That a supplier proposes no longer."""

    varies = True

    @operation(
        summary="Withdraw a proposal of a rate card",
        answer=RateProposalSerializer,
        body={"application/json": NOTHING},
        scope="rate_proposals:write",
        headers=("If-Match", "Idempotency-Key"),
        problems=MOVED,
        example=f"curl -X POST \"{PLACE}/$PROPOSAL/withdraw/\" {SENDS}'{{}}'",
    )
    def post(self, request: Request, reference: str) -> Response:
        """By the supplier's lead, until it is decided on."""
        return moved(request, reference, withdraw_rate_proposal)
