"""What firms have published about themselves and nobody has looked at, and one of these with what it changed.

Journey: /administration/profiles/<partner> (POST) -> procurement/actions/reviewing.py -> the next that waits.
"""

from __future__ import annotations

from typing import Final

from django.contrib.auth.decorators import login_required
from django.http import Http404, HttpRequest, HttpResponse
from django.urls import reverse
from django.utils.translation import gettext_noop as N_
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_http_methods, require_safe

from procurement.actions.reviewing import leave_profile, take_back_profile
from procurement.models import ProfileReview, ProfileVersion
from procurement.querysets_administering import ProfileVersionQuerySet
from web.administering import administrator, only
from web.doing import Change, Refusal, do
from web.pages import render
from web.paging import listed
from web.profile_changes import changed_fields
from web.saying import done_said

OF_REVIEWS: Final[dict[str, Change]] = {
    "leave": lambda actor, partner, number, _: leave_profile(actor, partner, number),
    "take-back": lambda actor, partner, number, sent: take_back_profile(
        actor, partner, number, sent.get("reason", "")
    ),
}
DONE: Final = {
    "leave": N_("The profile stays as it is."),
    "take-back": N_("What stood before is published again, and the firm is told why."),
}


@never_cache
@login_required
@require_safe
def profiles(request: HttpRequest) -> HttpResponse:
    """Those that wait, the oldest first."""
    only(administrator(request).profiles)
    page = listed(request, ProfileVersionQuerySet(ProfileVersion).to_be_looked_at())
    return render(
        request,
        "profiles_to_review.html",
        "administration",
        rows=page.rows,
        pages=page.pages,
    )


@never_cache
@login_required
@require_http_methods(["GET", "HEAD", "POST"])
def profile(request: HttpRequest, reference: str) -> HttpResponse:
    """What buyers read of a firm, what that changed, and the verdict: 409 where the firm has published another."""
    who = administrator(request)
    only(who.profiles)
    here = reverse("web:review-profile", args=[reference])
    refused = None
    if request.method == "POST":
        done = do(
            request,
            who.actor,
            reference,
            OF_REVIEWS,
            {"reason": "take-back-reason"},
            here,
            ("partner", reference),
        )
        if not isinstance(done, Refusal):
            return done
        refused = done
    versions = ProfileVersionQuerySet(ProfileVersion).select_related("partner")
    shown = versions.filter(partner__reference=reference, status=ProfileVersion.Status.PUBLISHED).first()
    if shown is None:
        raise Http404
    before = ProfileVersionQuerySet(ProfileVersion).before(shown)
    faults = refused.faults if refused else []
    return render(
        request,
        "profile_to_review.html",
        "administration",
        status_code=refused.status if refused else 200,
        here=here,
        version=shown,
        before=before,
        changed=changed_fields(before, shown),
        waits=versions.to_be_looked_at().filter(pk=shown.pk).exists(),
        review=ProfileReview.objects.filter(version=shown).first(),
        typed=request.POST.dict() if refused else {},
        done=done_said(request, DONE),
        faults=faults,
    )
