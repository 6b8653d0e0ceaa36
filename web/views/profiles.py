"""A firm edits its own profile: the same action, the same rules and the same refusals as the API's PATCH."""

from __future__ import annotations

from django.contrib.auth.decorators import login_required
from django.core.exceptions import PermissionDenied
from django.http import Http404, HttpRequest, HttpResponse
from django.urls import reverse
from django.utils.translation import gettext as _
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_http_methods

from procurement.actions.profiles import edit_of, region_codes, update_profile
from procurement.errors import Invalid, Stale
from procurement.models import Partner, ProfileVersion
from procurement.permissions import Action, can, person
from procurement.profiles import ProfileContent
from procurement.vocabulary import ACCREDITATIONS, OWNERSHIP, SECTORS, SIZES
from web.changing import led_by
from web.faults import FieldFault
from web.meanwhile import CONFLICT, conflict
from web.once import done_once
from web.pages import render
from web.profile_changes import changed_fields
from web.profile_form import CONTACTS, EVIDENCE, LABELS, ProfileForm, labels_stated
from web.saying import choices_said, labels_said


@never_cache
@login_required
@require_http_methods(["GET", "HEAD", "POST"])
def profile(request: HttpRequest, reference: str) -> HttpResponse:
    """The form, a preview of the edit that keeps nothing, or the edit: 403 for anybody but the firm's editors, 404
    where it has no published profile.
    """
    assert request.user.is_authenticated
    partner = Partner.objects.select_related("published").filter(reference=reference).first()
    if partner is None or partner.published is None:
        raise Http404
    actor = person(request.user)
    if not can(actor, Action.UPDATE_PROFILE, partner.organisation_id):
        raise PermissionDenied
    if request.method != "POST":
        return _page(request, partner, partner.published, ProfileForm.of(partner.published, partner.revision))
    form = ProfileForm.sent(request.POST)
    if request.POST.get("do") == "preview":
        edit, wrong = edit_of(partner, form.changes(), region_codes())
        if edit is None:
            return _page(request, partner, partner.published, form, form.faults(wrong), 422)
        return _page(request, partner, partner.published, form, preview=edit.content)
    changes = form.changes()

    def act() -> str:
        update_profile(actor, reference, form.revision, changes)
        return f"{reverse('web:profile', args=[reference])}?saved=yes"

    try:
        return done_once(request, actor, act)
    except Invalid as refused:
        return _page(request, partner, partner.published, form, form.faults(refused.faults), 422)
    except Stale:
        partner.refresh_from_db(fields=["revision", "published"])
        stands = ProfileForm.of(partner.published, partner.revision)
        again = form.over(stands)
        newer = conflict(actor, ("partner", reference), again.written(stands))
        return _page(request, partner, partner.published, again, newer, CONFLICT)


def _page(
    request: HttpRequest,
    partner: Partner,
    published: ProfileVersion,
    form: ProfileForm,
    faults: list[FieldFault] | None = None,
    status_code: int = 200,
    preview: ProfileContent | None = None,
) -> HttpResponse:
    return render(
        request,
        "profile.html",
        "account",
        status_code=status_code,
        partner=partner,
        published=published,
        form=form,
        preview=preview,
        previewed=labels_stated(preview) if preview is not None else {},
        changed=changed_fields(published, preview) if preview is not None else [],
        saved=led_by(request, "saved") == "yes",
        ownerships=choices_said(OWNERSHIP.items()),
        sizes=choices_said(SIZES.items()),
        sectors=[(slug, label, slug in form.sectors) for slug, label in choices_said(SECTORS.items())],
        accreditations=[
            (slug, label, slug in form.accreditations) for slug, label in choices_said(ACCREDITATIONS.items())
        ],
        study_sectors=[("", _("Not stated")), *choices_said(SECTORS.items())],
        evidence_fields=choices_said(EVIDENCE.items()),
        contact_fields=choices_said(CONTACTS.items()),
        labels=labels_said(LABELS),
        faults=faults or (),
    )
