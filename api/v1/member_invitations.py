"""Invitations to act for an organisation: its administrators invite, see what waits, send again and withdraw; while it
has none an operator's administrators do, for the first of them.

An invitation names an address and never an account: the answer is the same whether there is one. People look after
people: whoever asks has signed in. Whoever is invited answers by the link that is sent, on the
pages or by invitation_answers.py.
"""

from __future__ import annotations

from typing import Any, Final

from django.db.models import QuerySet
from django.urls import reverse
from django.utils import timezone
from rest_framework import serializers
from rest_framework.request import Request
from rest_framework.response import Response

from api.auth import signed_in
from api.changing import done_once, object_of, text_of
from api.parameters import values
from api.schema import operation
from api.v1.competition_people import AS_A_PERSON
from api.v1.members import SIGNED, members_of
from api.views import ApiView, ListView, one_of
from procurement.actions.member_invitations import (
    invite_member,
    require_inviting,
    send_again,
    withdraw_invitation,
)
from procurement.actions.members import EMAIL_LENGTH, NAME_LENGTH
from procurement.errors import NotFound
from procurement.models import MemberInvitation, Membership, Organisation
from procurement.permissions import Action, can

SENDS: Final = AS_A_PERSON.replace("$SESSION", "$CHIEF")
INVITED: Final = '{"email": "new@example.org", "full_name": "A colleague", "role": "editor"}'
HERE: Final = "http://127.0.0.1:8000/api/v1/organisations/$BODY/invitations/"


class MemberInvitationSerializer(serializers.Serializer[Any]):
    """An address that was invited; `full_name` is what whoever invited it wrote, and of no account."""

    reference = serializers.CharField()
    email = serializers.EmailField()
    full_name = serializers.CharField(allow_blank=True)
    role = serializers.ChoiceField(choices=Membership.Role.choices)
    status = serializers.ChoiceField(choices=MemberInvitation.Status.choices)
    invited_by = serializers.CharField(
        allow_null=True,
        help_text="Who invited it last, as the `user` of a member; null once that account is gone.",
    )
    invited_at = serializers.DateTimeField()
    sent_at = serializers.DateTimeField(help_text="When it was sent last.")
    until = serializers.DateTimeField(help_text="Until when it may be accepted.")
    ended_at = serializers.DateTimeField(
        allow_null=True, help_text="When it was accepted, declined or withdrawn; null for one that was not."
    )

    def to_representation(self, row: MemberInvitation) -> dict[str, Any]:
        told = {name: getattr(row, name) for name in ("reference", "email", "full_name", "role")}
        moments = {name: getattr(row, name) for name in ("invited_at", "sent_at", "until", "ended_at")}
        return told | {
            "status": row.standing(timezone.now()).value,
            "invited_by": row.invited_by.reference if row.invited_by else None,
            **moments,
        }


class NewInvitationSerializer(serializers.Serializer[Any]):
    """Somebody to invite."""

    email = serializers.EmailField(max_length=EMAIL_LENGTH)
    full_name = serializers.CharField(max_length=NAME_LENGTH, required=False, allow_blank=True)
    role = serializers.ChoiceField(choices=Membership.Role.choices)


def body_of(request: Request, reference: str) -> Organisation:
    """The organisation that somebody is invited to; 401 for nobody, 404 for who does not belong to it and is no
    operator's administrator.
    """
    if can(signed_in(request), Action.INVITE_FIRST):
        return one_of(Organisation.objects.all(), reference)
    people = members_of(request, reference)
    return one_of(Organisation.objects.filter(pk__in=people.values("organisation")), reference)


def invitations_of(request: Request, reference: str) -> QuerySet[MemberInvitation]:
    """Those of an organisation, newest first; 404 as body_of says, 403 for who may not invite to it."""
    body = body_of(request, reference)
    require_inviting(signed_in(request), body)
    return (
        MemberInvitation.objects.filter(organisation=body)
        .select_related("organisation", "invited_by")
        .order_by("-pk")
    )


def shown(row: MemberInvitation, status: int = 200) -> Response:
    place = reverse("api:member-invitation", args=[row.organisation.reference, row.reference])
    return Response(MemberInvitationSerializer(row).data, status=status, headers={"Location": place})


class MemberInvitations(ListView):
    """Invitations to act for an organisation, newest first."""

    serializer_class = MemberInvitationSerializer
    varies = True

    def rows(self, request: Request) -> QuerySet[MemberInvitation]:
        return invitations_of(request, self.kwargs["reference"])

    @operation(
        summary="Invitations to act for an organisation",
        answer=MemberInvitationSerializer,
        listed=True,
        people=True,
        headers=("validator",),
        problems=(403,),
        example=f'curl "{HERE}" {SIGNED}',
    )
    def get(self, request: Request, reference: str) -> Response:
        """For its administrators: those that wait, and those that ended in the last weeks with what became of them."""
        return self.listed(request)

    @operation(
        summary="Invite somebody",
        answer=MemberInvitationSerializer,
        status=201,
        body={"application/json": NewInvitationSerializer},
        people=True,
        headers=("Idempotency-Key",),
        problems=(404, 409, 422),
        example=f"curl -X POST \"{HERE}\" {SENDS}'{INVITED}'",
    )
    def post(self, request: Request, reference: str) -> Response:
        """By an administrator; of whoever is to administer an organisation that nobody administers, by an operator's. A
        link is sent to the address, and whoever follows it accepts or declines; nobody belongs to the organisation
        before. The answer is the same whether the address has an account. One that waits for the address is sent again
        as this one says. 409 for who belongs to it already, and for too many.
        """
        actor = signed_in(request)
        sent = object_of(request, ("email", "full_name", "role"))
        email, name, role = (text_of(sent, field) or "" for field in ("email", "full_name", "role"))

        def act() -> Response:
            values(request.GET, ())
            own = body_of(request, reference).reference
            return shown(invite_member(actor, own, email, name, role), 201)

        def anew() -> Response:
            # Names and addresses of people stand in no kept answer.
            row = invitations_of(request, reference).filter(email=email.strip().lower()).first()
            if row is None:
                raise NotFound("That invitation is kept no more.")
            return shown(row, 201)

        return done_once(request, actor.reference, act, anew)


class OneMemberInvitation(ApiView):
    """An invitation to act for an organisation."""

    varies = True

    @operation(
        summary="An invitation",
        answer=MemberInvitationSerializer,
        people=True,
        headers=("validator",),
        problems=(403,),
        example=f'curl "{HERE}$MEMBER_INVITATION/" {SIGNED}',
    )
    def get(self, request: Request, reference: str, invitation: str) -> Response:
        """For the organisation's administrators."""
        self.asked(request)
        return Response(
            MemberInvitationSerializer(one_of(invitations_of(request, reference), invitation)).data
        )

    @operation(
        summary="Withdraw an invitation",
        answer=None,
        status=204,
        people=True,
        problems=(404, 409),
        example=f'curl -X DELETE "{HERE}$MEMBER_INVITATION/" {SIGNED}',
    )
    def delete(self, request: Request, reference: str, invitation: str) -> Response:
        """By an administrator: nobody can accept it any more. 409 once it is answered or withdrawn."""
        self.asked(request)
        withdraw_invitation(signed_in(request), body_of(request, reference).reference, invitation)
        return Response(status=204)


class InvitationSending(ApiView):
    """Another sending of an invitation."""

    varies = True
    tagged = False

    @operation(
        summary="Send an invitation again",
        answer=MemberInvitationSerializer,
        people=True,
        headers=("Idempotency-Key",),
        problems=(404, 409),
        example=f"curl -X POST \"{HERE}$MEMBER_INVITATION/send/\" {SENDS}'{{}}'",
    )
    def post(self, request: Request, reference: str, invitation: str) -> Response:
        """By an administrator, with a new link and new days; the link before is good no more. 409 once it is answered
        or withdrawn, and where the address was sent too many within a day.
        """
        actor = signed_in(request)
        object_of(request, (), empty=True)

        def act() -> Response:
            values(request.GET, ())
            return shown(send_again(actor, body_of(request, reference).reference, invitation))

        def anew() -> Response:
            return shown(one_of(invitations_of(request, reference), invitation))

        return done_once(request, actor.reference, act, anew)
