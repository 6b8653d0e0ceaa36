"""The people of an organisation: seen by its own, invited, given another role and taken away by its administrators.

People look after people: whoever asks has signed in, no integration reads or changes them. A role has no revision, so
that no change needs `If-Match`; the last administrator stays.
"""

from __future__ import annotations

from typing import Any, Final

from django.urls import reverse
from rest_framework import serializers
from rest_framework.request import Request
from rest_framework.response import Response

from api.auth import signed_in
from api.changing import done_once, object_of, text_of
from api.parameters import values
from api.schema import operation
from api.v1.competition_people import AS_A_PERSON
from api.views import ApiView, ListView, one_of
from procurement.actions.members import EMAIL_LENGTH, NAME_LENGTH, change_role, invite_member, remove_member
from procurement.errors import NotFound
from procurement.models import Membership, Organisation
from procurement.querysets_administering import MembershipQuerySet

SIGNED: Final = '-b "sessionid=$CHIEF; csrftoken=$CSRF" -H "X-CSRFToken: $CSRF"'
"""Of somebody who has signed in and administers the organisation."""
SENDS: Final = AS_A_PERSON.replace("$SESSION", "$CHIEF")
INVITED: Final = '{"email": "new@example.org", "full_name": "A colleague", "role": "editor"}'


class ColleagueSerializer(serializers.Serializer[Any]):
    """A person of an organisation. `user` names them wherever a person is named."""

    user = serializers.CharField()
    full_name = serializers.CharField(allow_blank=True)
    email = serializers.EmailField()
    role = serializers.ChoiceField(choices=Membership.Role.choices)

    def to_representation(self, row: Membership) -> dict[str, Any]:
        user = row.user
        return {"user": user.reference, "full_name": user.full_name, "email": user.email, "role": row.role}


class NewColleagueSerializer(serializers.Serializer[Any]):
    """Somebody to invite."""

    email = serializers.EmailField(max_length=EMAIL_LENGTH)
    full_name = serializers.CharField(max_length=NAME_LENGTH, required=False, allow_blank=True)
    role = serializers.ChoiceField(choices=Membership.Role.choices)


class RoleSerializer(serializers.Serializer[Any]):
    """Another role."""

    role = serializers.ChoiceField(choices=Membership.Role.choices)


def members_of(request: Request, reference: str) -> MembershipQuerySet:
    """The people of one of the own organisations; 404 for any other, 401 for nobody."""
    rows = MembershipQuerySet(Membership).seen_by(signed_in(request))
    body = one_of(Organisation.objects.filter(pk__in=rows.values("organisation")), reference)
    return rows.filter(organisation=body).told()


class Members(ListView):
    """The people of an organisation, by name."""

    serializer_class = ColleagueSerializer
    varies = True

    def rows(self, request: Request) -> MembershipQuerySet:
        return members_of(request, self.kwargs["reference"])

    @operation(
        summary="The people of an organisation",
        answer=ColleagueSerializer,
        listed=True,
        people=True,
        headers=("validator",),
        example=f'curl "http://127.0.0.1:8000/api/v1/organisations/$BODY/members/" {SIGNED}',
    )
    def get(self, request: Request, reference: str) -> Response:
        """With their roles, for whoever belongs to it."""
        return self.listed(request)

    @operation(
        summary="Invite somebody",
        answer=ColleagueSerializer,
        status=201,
        body={"application/json": NewColleagueSerializer},
        people=True,
        headers=("Idempotency-Key",),
        problems=(404, 409, 422),
        example=f"curl -X POST \"http://127.0.0.1:8000/api/v1/organisations/$BODY/members/\" {SENDS}'{INVITED}'",
    )
    def post(self, request: Request, reference: str) -> Response:
        """By an administrator. Whoever has no account gets one, and a link to set a password; who has one acts for the
        organisation at once. 409 for who belongs to it already.
        """
        actor = signed_in(request)
        sent = object_of(request, ("email", "full_name", "role"))
        email, name, role = (text_of(sent, field) or "" for field in ("email", "full_name", "role"))

        def shown(row: Membership) -> Response:
            place = reverse("api:member", args=[row.organisation.reference, row.user.reference])
            return Response(ColleagueSerializer(row).data, status=201, headers={"Location": place})

        def act() -> Response:
            values(request.GET, ())
            members_of(request, reference)
            return shown(invite_member(actor, reference, email, name, role))

        def anew() -> Response:
            # Names and addresses of people stand in no kept answer.
            row = members_of(request, reference).filter(user__email=email.strip().lower()).first()
            if row is None:
                raise NotFound("That person belongs to the organisation no more.")
            return shown(row)

        return done_once(request, actor.reference, act, anew)


class Member(ApiView):
    """Somebody's role in an organisation."""

    varies = True
    tagged = False

    @operation(
        summary="Give somebody another role",
        answer=ColleagueSerializer,
        body={"application/json": RoleSerializer},
        people=True,
        problems=(404, 409, 422),
        example='curl -X PATCH "http://127.0.0.1:8000/api/v1/organisations/$BODY/members/$COLLEAGUE/" '
        f"{SIGNED} -H 'Content-Type: application/json' -d '{{\"role\": \"approver\"}}'",
    )
    def patch(self, request: Request, reference: str, user: str) -> Response:
        """By an administrator. 409 where it is their role already, or nobody else would administer."""
        self.asked(request)
        role = text_of(object_of(request, ("role",)), "role") or ""
        rows = members_of(request, reference)
        change_role(signed_in(request), reference, user, role)
        return Response(ColleagueSerializer(rows.get(user__reference=user)).data)

    @operation(
        summary="Take somebody out of an organisation",
        answer=None,
        status=204,
        people=True,
        problems=(404, 409),
        example='curl -X DELETE "http://127.0.0.1:8000/api/v1/organisations/$BODY/members/$COLLEAGUE/" '
        f"{SIGNED}",
    )
    def delete(self, request: Request, reference: str, user: str) -> Response:
        """By an administrator; the account stays. 409 where nobody else would administer."""
        self.asked(request)
        members_of(request, reference)
        remove_member(signed_in(request), reference, user)
        return Response(status=204)
