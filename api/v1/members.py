"""The people of an organisation: seen by its own, given another role and taken away by its administrators; each may
leave. They come by invitation (member_invitations.py) or ask themselves.

People look after people: whoever asks has signed in, no integration reads or changes them. A role has no revision, so
that no change needs `If-Match`; the last administrator stays.
"""

from __future__ import annotations

from typing import Any, Final

from rest_framework import serializers
from rest_framework.request import Request
from rest_framework.response import Response

from api.auth import signed_in
from api.changing import object_of, text_of
from api.schema import operation
from api.views import ApiView, ListView, one_of
from procurement.actions.members import change_role, leave_organisation, remove_member
from procurement.models import Membership, Organisation
from procurement.querysets_administering import MembershipQuerySet

SIGNED: Final = '-b "sessionid=$CHIEF; csrftoken=$CSRF" -H "X-CSRFToken: $CSRF"'
"""Of somebody who has signed in and administers the organisation."""


class ColleagueSerializer(serializers.Serializer[Any]):
    """A person of an organisation. `user` names them wherever a person is named."""

    user = serializers.CharField()
    full_name = serializers.CharField(allow_blank=True)
    email = serializers.EmailField()
    role = serializers.ChoiceField(choices=Membership.Role.choices)

    def to_representation(self, row: Membership) -> dict[str, Any]:
        user = row.user
        return {"user": user.reference, "full_name": user.full_name, "email": user.email, "role": row.role}


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
        """By an administrator, or by themselves, which is leaving; the account stays. 409 where nobody else would
        administer.
        """
        self.asked(request)
        members_of(request, reference)
        actor = signed_in(request)
        if user == actor.reference:
            leave_organisation(actor, reference)
        else:
            remove_member(actor, reference, user)
        return Response(status=204)
