"""What firms have published about themselves and nobody has looked at yet: listed, left as it is, or taken back.

Both answers walk: the view (a profile that is published, else 404) -> Idempotency-Key -> the version that was read, by
its number -> procurement/actions/reviewing.py -> one event -> the index, within seconds. A profile is found before
anybody has looked at it.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, Final

from rest_framework import serializers
from rest_framework.request import Request
from rest_framework.response import Response

from api.auth import signed_in
from api.changing import done_once, object_of, text_of, wrong_type
from api.schema import operation
from api.v1.offers import SENDS
from api.v1.partners import PartnerSerializer
from api.v1.shapes import Named
from api.v1.standing import firm_shown
from api.views import ApiView, ListView, one_of
from procurement.actions.buyers import require_somewhere
from procurement.actions.reviewing import leave_profile, take_back_profile
from procurement.models import Partner, ProfileVersion
from procurement.permissions import Action
from procurement.profiles import NOTE_LENGTH
from procurement.querysets import PartnerQuerySet
from procurement.querysets_administering import ProfileVersionQuerySet

ANSWERED: Final = (404, 409, 412, 422)
ONCE: Final = SENDS.replace('-H "If-Match: *" ', "")
"""Headers of an example whose body names the version that was read."""


class ProfileToReviewSerializer(serializers.Serializer[Any]):
    """A version of a firm's profile that buyers read now and nobody has looked at."""

    partner = Named()
    version = serializers.IntegerField()
    published_at = serializers.DateTimeField()

    def to_representation(self, row: ProfileVersion) -> dict[str, Any]:
        return {
            "partner": {"reference": row.partner.reference, "name": row.name},
            "version": row.number,
            "published_at": row.published_at,
        }


class SeenVersionSerializer(serializers.Serializer[Any]):
    """The version that was read."""

    version = serializers.IntegerField(min_value=1)


class TakenBackSerializer(SeenVersionSerializer):
    """The version that was read, and why it may not stay, which the firm is told."""

    reason = serializers.CharField(max_length=NOTE_LENGTH)


class ProfileReviews(ListView):
    """What waits to be looked at."""

    serializer_class = ProfileToReviewSerializer
    varies = True

    def rows(self, request: Request) -> ProfileVersionQuerySet:
        require_somewhere(signed_in(request), Action.REVIEW_PROFILES)
        return ProfileVersionQuerySet(ProfileVersion).to_be_looked_at()

    @operation(
        summary="Profiles that nobody has looked at",
        answer=ProfileToReviewSerializer,
        listed=True,
        scope="frameworks:write",
        headers=("validator",),
        problems=(403,),
        example="curl 'http://127.0.0.1:8000/api/v1/profile-reviews/' -H \"Authorization: Bearer $TOKEN\"",
    )
    def get(self, request: Request) -> Response:
        """What firms wrote themselves and buyers read now, the oldest first, for owners of frameworks and operators."""
        return self.listed(request)


def looked_at(request: Request, known: str, act: Callable[[str, int, str], object], *fields: str) -> Response:
    """Answers what waits of a firm by the version in the body; the firm as it then is."""
    actor = signed_in(request)
    sent = object_of(request, ("version", *fields))
    number, reason = sent.get("version"), text_of(sent, "reason") or ""
    if not isinstance(number, int) or isinstance(number, bool) or number < 1:
        raise wrong_type("version", "This must be the number of the version that was read.")

    def once() -> Response:
        row = one_of(PartnerQuerySet(Partner).exclude(published=None), known)
        act(row.reference, number, reason)
        return firm_shown(actor, PartnerQuerySet(Partner).told().get(pk=row.pk))

    require_somewhere(actor, Action.REVIEW_PROFILES)
    return done_once(request, actor.reference, once)


class ProfileLeft(ApiView):
    """That a profile stays."""

    @operation(
        summary="Leave a profile as it is",
        answer=PartnerSerializer,
        verb="leave",
        body={"application/json": SeenVersionSerializer},
        scope="frameworks:write",
        headers=("Idempotency-Key",),
        problems=ANSWERED,
        example='curl -X POST "http://127.0.0.1:8000/api/v1/partners/$REVIEWED/profile/leave/" '
        f"{ONCE}'{{\"version\": 2}}'",
    )
    def post(self, request: Request, reference: str) -> Response:
        """Notes that somebody has looked at it. 412 where the firm has published another version since, 409 where it
        was looked at already.
        """
        self.asked(request)
        actor = signed_in(request)
        return looked_at(request, reference, lambda known, number, _: leave_profile(actor, known, number))


class ProfileTakenBack(ApiView):
    """That a profile does not stay."""

    @operation(
        summary="Take a profile back",
        answer=PartnerSerializer,
        verb="take_back",
        body={"application/json": TakenBackSerializer},
        scope="frameworks:write",
        headers=("Idempotency-Key",),
        problems=ANSWERED,
        example='curl -X POST "http://127.0.0.1:8000/api/v1/partners/$TAKEN_BACK/profile/take-back/" '
        f'{ONCE}\'{{"version": 2, "reason": "It names another firm."}}\'',
    )
    def post(self, request: Request, reference: str) -> Response:
        """What stood before is published anew, and the firm is told why. 412 where the firm has published another
        version since, 409 where it was looked at already or nothing stood before.
        """
        self.asked(request)
        actor = signed_in(request)

        def act(known: str, number: int, reason: str) -> object:
            return take_back_profile(actor, known, number, reason)

        return looked_at(request, reference, act, "reason")
