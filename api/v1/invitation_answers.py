"""An invitation to act for an organisation, answered by whoever was invited and holds the link that was sent.

The link's token comes in the body and stands in no address, so that no log keeps it. People alone answer: a role is a
person's, and an integration has an organisation already. Whoever has no account makes one on the page of the link.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, Final

from rest_framework import serializers
from rest_framework.request import Request
from rest_framework.response import Response

from api.auth import signed_in
from api.changing import done_once, object_of, text_of
from api.errors import Problem
from api.parameters import values
from api.schema import operation
from api.v1.competition_people import AS_A_PERSON
from api.v1.shapes import Named
from api.views import ApiView
from procurement.actions.member_invitations import accept_invitation, decline_by_link, invitation_of_link
from procurement.errors import NotFound, NotPermitted
from procurement.models import MemberInvitation, Membership, User

ANSWERS: Final = AS_A_PERSON.replace("$SESSION", "$INVITED") + "'{\"token\": \"'$LINK'\"}'"
HERE: Final = "http://127.0.0.1:8000/api/v1/organisation-invitations/"
GONE: Final = "This link is used, withdrawn or too old, or there never was such a link."
ACCEPTED, DECLINED = MemberInvitation.Status.ACCEPTED.value, MemberInvitation.Status.DECLINED.value


class LinkSerializer(serializers.Serializer[Any]):
    """What the link of the e-mail ends in."""

    token = serializers.CharField(max_length=200)


class AnsweredSerializer(serializers.Serializer[Any]):
    """What was answered, of which organisation and role."""

    organisation = Named()
    role = serializers.ChoiceField(choices=Membership.Role.choices)
    status = serializers.ChoiceField(choices=[ACCEPTED, DECLINED])


class Acceptance(ApiView):
    """An invitation accepted."""

    varies = True
    tagged = False

    @operation(
        summary="Accept an invitation to act for an organisation",
        answer=AnsweredSerializer,
        body={"application/json": LinkSerializer},
        people=True,
        headers=("Idempotency-Key",),
        problems=(403, 410),
        example=f'curl -X POST "{HERE}accept/" {ANSWERS}',
    )
    def post(self, request: Request) -> Response:
        """By the person whose address was invited, with the token of the link: from then on they act for the
        organisation. 410 for a link that is used, withdrawn or too old, and for one that never was: alike, whoever has
        an account. 403 for who has signed in with another address than the invited one.
        """

        def accept(user: User, invited: MemberInvitation, _token: str) -> bool:
            try:
                accept_invitation(user, invited.reference)
            except NotFound:
                return False
            return True

        return _answered(request, accept, ACCEPTED)


class Decline(ApiView):
    """An invitation declined."""

    varies = True
    tagged = False

    @operation(
        summary="Decline an invitation to act for an organisation",
        answer=AnsweredSerializer,
        body={"application/json": LinkSerializer},
        people=True,
        headers=("Idempotency-Key",),
        problems=(403, 410),
        example=f'curl -X POST "{HERE}decline/" {ANSWERS}',
    )
    def post(self, request: Request) -> Response:
        """By the same person: nothing comes of it, and the organisation does not learn who it was. 410 and 403 as where
        one is accepted.
        """
        return _answered(request, lambda _user, _invited, token: decline_by_link(token), DECLINED)


def _answered(
    request: Request, answer: Callable[[User, MemberInvitation, str], bool], status: str
) -> Response:
    actor = signed_in(request)
    if not isinstance(request.user, User):
        raise NotPermitted("People answer invitations, and no integration does: sign in.")
    user = request.user
    token = text_of(object_of(request, ("token",)), "token") or ""

    def act() -> Response:
        values(request.GET, ())
        invited = invitation_of_link(token)
        if invited is None:
            raise Problem(410, GONE)
        if user.email != invited.email:
            raise NotPermitted("The invitation was sent to another address than that of your account.")
        if not answer(user, invited, token):
            raise Problem(410, GONE)
        told = {"organisation": invited.organisation, "role": invited.role, "status": status}
        return Response(AnsweredSerializer(told).data)

    return done_once(request, actor.reference, act)
