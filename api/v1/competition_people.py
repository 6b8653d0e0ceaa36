"""Who assesses and moderates a competition's tenders, and what these and who decides declare of their interests.

POST here -> actions/call_off_people.py and actions/assessing.py -> one event each. Not the call-off's revision but each
part changes, so that no ETag is asked for.
"""

from __future__ import annotations

from typing import Any, Final

from django.db.models import QuerySet
from django.urls import reverse
from rest_framework.request import Request
from rest_framework.response import Response

from api.auth import signed_in
from api.changing import done_once, object_of, text_of, wrong_type
from api.parameters import values
from api.schema import operation
from api.v1.call_offs import seen_by
from api.v1.competition_shapes import (
    DeclarationSerializer,
    NewDeclarationSerializer,
    NewPersonSerializer,
    PersonSerializer,
)
from api.views import ApiView, ListView, one_of
from procurement.actions.assessing import declare_interests
from procurement.actions.call_off_people import add_person, remove_person
from procurement.models import CallOff, CallOffPerson, Declaration

POSTS: Final = (
    '-H "Authorization: Bearer $TOKEN" -H "Idempotency-Key: $KEY" -H \'Content-Type: application/json\' -d '
)
"""Headers of an example that does something once, to which no ETag belongs."""
AS_A_PERSON: Final = (
    '-b "sessionid=$SESSION; csrftoken=$CSRF" -H "X-CSRFToken: $CSRF" -H "Idempotency-Key: $KEY" '
    "-H 'Content-Type: application/json' -d "
)
"""The same of somebody who has signed in: no integration declares interests or scores."""


def declared_on(call_off: CallOff) -> dict[int, bool]:
    """By user, whether they declared a conflict when they last declared (one query)."""
    rows = Declaration.objects.filter(competition__call_off=call_off).order_by("pk")
    return dict(rows.values_list("user", "conflict"))


class People(ListView):
    """Who takes part in the evaluation of a call-off."""

    serializer_class = PersonSerializer
    varies = True

    def rows(self, request: Request) -> QuerySet[CallOffPerson]:
        self.call_off = one_of(seen_by(request), self.kwargs["reference"])
        return self.call_off.people.select_related("user").order_by("pk")

    def context(self, request: Request) -> dict[str, Any]:
        return {"declared": declared_on(self.call_off)}

    @operation(
        summary="Who assesses and moderates",
        answer=PersonSerializer,
        listed=True,
        scope="call_offs:read",
        headers=("validator",),
        example='curl "http://127.0.0.1:8000/api/v1/call-offs/$CLOSED/people/" -H "Authorization: Bearer $TOKEN"',
    )
    def get(self, request: Request, reference: str) -> Response:
        """With what each declared of their interests last."""
        return self.listed(request)

    @operation(
        summary="Give somebody a part",
        answer=PersonSerializer,
        status=201,
        body={"application/json": NewPersonSerializer},
        scope="call_offs:write",
        headers=("Idempotency-Key",),
        problems=(404, 409, 422),
        example='curl -X POST "http://127.0.0.1:8000/api/v1/call-offs/$PLANNED/people/" '
        f'{POSTS}"{{\\"user\\": \\"$COLLEAGUE\\", \\"part\\": \\"assessor\\"}}"',
    )
    def post(self, request: Request, reference: str) -> Response:
        """Somebody of the buyer's organisation, until the tenders are evaluated; a second time changes nothing."""
        actor = signed_in(request)
        body = object_of(request, ("user", "part"))
        user, part = text_of(body, "user") or "", text_of(body, "part") or ""

        def act() -> Response:
            values(request.GET, ())
            call_off = one_of(seen_by(request), reference)
            row = add_person(actor, call_off.reference, user, part)
            data = PersonSerializer(row, context={"declared": declared_on(call_off)}).data
            place = reverse("api:call-off-person", args=[call_off.reference, row.user.reference, row.part])
            return Response(data, status=201, headers={"Location": place})

        return done_once(request, actor.reference, act)


class Person(ApiView):
    """Somebody's part in an evaluation."""

    varies = True

    @operation(
        summary="Take a part away",
        answer=None,
        status=204,
        scope="call_offs:write",
        problems=(404, 409),
        example='curl -X DELETE "http://127.0.0.1:8000/api/v1/call-offs/$CLOSED/people/$ASSESSOR/assessor/" '
        '-H "Authorization: Bearer $TOKEN"',
    )
    def delete(self, request: Request, reference: str, user: str, part: str) -> Response:
        """Until the tenders are evaluated; scores that were given stay."""
        self.asked(request)
        call_off = one_of(seen_by(request), reference)
        remove_person(signed_in(request), call_off.reference, user, part)
        return Response(status=204)


class Declarations(ListView):
    """What whoever has a part in the award declared of their interests, newest first."""

    serializer_class = DeclarationSerializer
    varies = True

    def rows(self, request: Request) -> QuerySet[Declaration]:
        call_off = one_of(seen_by(request), self.kwargs["reference"])
        rows = Declaration.objects.filter(competition__call_off=call_off)
        return rows.select_related("user").order_by("-pk")

    @operation(
        summary="Declarations of interest",
        answer=DeclarationSerializer,
        listed=True,
        scope="call_offs:read",
        headers=("validator",),
        example='curl "http://127.0.0.1:8000/api/v1/call-offs/$EVALUATED/declarations/" '
        '-H "Authorization: Bearer $TOKEN"',
    )
    def get(self, request: Request, reference: str) -> Response:
        return self.listed(request)

    @operation(
        summary="Declare one's interests",
        answer=DeclarationSerializer,
        status=201,
        body={"application/json": NewDeclarationSerializer},
        scope="call_offs:write",
        headers=("Idempotency-Key",),
        problems=(404, 409, 422),
        example='curl -X POST "http://127.0.0.1:8000/api/v1/call-offs/$OPENED/declarations/" '
        f"{AS_A_PERSON}'{{\"conflict\": false}}'",
    )
    def post(self, request: Request, reference: str) -> Response:
        """By whoever owns, approves, assesses or moderates, who are people, once the tenders are opened and the
        tenderers known. Whoever has a conflict scores nothing and neither approves nor awards; the last word counts.
        """
        actor = signed_in(request)
        body = object_of(request, ("conflict", "note"))
        if not isinstance(body.get("conflict"), bool):
            raise wrong_type("conflict", "This must be true or false.")
        note = text_of(body, "note") or ""

        def act() -> Response:
            values(request.GET, ())
            call_off = one_of(seen_by(request), reference)
            made = declare_interests(actor, call_off.reference, body["conflict"], note)
            return Response(DeclarationSerializer(made).data, status=201)

        return done_once(request, actor.reference, act)
