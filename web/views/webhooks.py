"""Where an organisation has events sent: its webhooks, one with what was sent to it, and the secret that is shown once.

Journey: /organisations/<organisation>/webhooks (POST) -> procurement/actions/webhooks.py -> the webhook's page, which
shows the new secret in this answer alone; another sending of the same form leads to the page without it. What is said
of a webhook is changed on a page of its own: no other button stands there that would leave what is written behind.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable
from typing import Final

from django.contrib.auth.decorators import login_required
from django.core.exceptions import PermissionDenied
from django.http import Http404, HttpRequest, HttpResponse, QueryDict
from django.urls import reverse
from django.utils.translation import gettext as _
from django.utils.translation import gettext_noop as N_
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_http_methods

from procurement.actions.webhooks import (
    WebhookDraft,
    change_webhook,
    delete_webhook,
    register_webhook,
    replay_delivery,
    rotate_secret,
    try_webhook,
)
from procurement.event_types import BEGINNINGS, examples_of
from procurement.models import Capability, Delivery, Organisation, WebhookEndpoint
from procurement.permissions import Action, Actor, can
from procurement.querysets import DeliveryQuerySet, WebhookQuerySet
from web.buying import actor_of
from web.doing import Change, Refusal, do
from web.faults import FieldFault, labelled
from web.meanwhile import Written, differing
from web.pages import render
from web.paging import listed
from web.saying import done_said, said

ANCHORS: Final = {"url": "url", "event_types": "event_types", "description": "description"}
LABELS: Final = {"url": N_("Address"), "event_types": N_("Events"), "description": N_("Description")}
DONE: Final = {
    "register": N_("The webhook is registered."),
    "change": N_("The webhook is changed."),
    "disable": N_("Nothing is sent there until you make it active again."),
    "enable": N_(
        "The webhook is active again. What was not delivered meanwhile is sent where you ask for it below."
    ),
    "rotate": N_("The webhook has a new secret."),
    "test": N_("A message is on its way. It stands below, with what becomes of it."),
    "replay": N_("The message is sent again."),
    "delete": N_("The webhook is deleted."),
}
Made = tuple[WebhookEndpoint, str]


def _said(sent: QueryDict) -> dict[str, object]:
    patterns = [line.strip() for line in sent.get("event_types", "").splitlines() if line.strip()]
    return {
        "url": sent.get("url", "").strip(),
        "event_types": patterns,
        "description": sent.get("description", ""),
    }


CHANGING: Final[dict[str, Change]] = {
    "change": lambda actor, reference, revision, sent: change_webhook(actor, reference, revision, _said(sent))
}
OF_WEBHOOKS: Final[dict[str, Change]] = {
    "disable": lambda actor, reference, revision, _: change_webhook(
        actor, reference, revision, {"status": "disabled"}
    ),
    "enable": lambda actor, reference, revision, _: change_webhook(
        actor, reference, revision, {"status": "active"}
    ),
    "test": lambda actor, reference, _, __: try_webhook(actor, reference),
    "replay": lambda actor, reference, _, sent: replay_delivery(actor, reference, sent.get("delivery", "")),
}


@never_cache
@login_required
@require_http_methods(["GET", "HEAD", "POST"])
def webhooks(request: HttpRequest, reference: str) -> HttpResponse:
    """The organisation's webhooks, 404 for all but its people; or a new one, with its secret: 422 where it breaks a
    rule.
    """
    actor = actor_of(request)
    body = Organisation.objects.filter(reference=reference).first()
    if body is None or not can(actor, Action.SEE_WEBHOOKS, body):
        raise Http404
    faults: list[FieldFault] = []
    status = 200
    if request.method == "POST":
        here = reverse("web:webhooks", args=[reference])

        def register(who: Actor, of: str, _: int, sent: QueryDict) -> Made:
            wanted = _said(sent)
            draft = WebhookDraft(wanted["url"], wanted["event_types"], wanted["description"], of)
            return register_webhook(who, draft)

        done = _told_once(request, actor, reference, "register", register, here)
        if not isinstance(done, Refusal):
            return done
        faults, status = labelled(done.faults, LABELS), done.status
    rows = WebhookQuerySet(WebhookEndpoint).seen_by(actor).told().filter(organisation=body)
    return render(
        request,
        "webhooks.html",
        "account",
        status_code=status,
        organisation=body,
        rows=list(rows.order_by("-pk")),
        manages=can(actor, Action.MANAGE_WEBHOOKS, body),
        beginnings=BEGINNINGS,
        often=_often(body.pk),
        typed=request.POST.dict() if faults else {},
        done=done_said(request, DONE),
        faults=faults,
    )


@never_cache
@login_required
@require_http_methods(["GET", "HEAD", "POST"])
def webhook(request: HttpRequest, reference: str) -> HttpResponse:
    """One webhook with what was sent to it, or a step of it: 409 where it was changed meanwhile or its state does not
    allow it.
    """
    actor = actor_of(request)
    found = _seen(actor, reference)
    if request.method != "POST":
        return _page(request, actor, found, ())
    here = reverse("web:webhook", args=[reference])
    name = request.POST.get("do", "")
    if name == "rotate":
        done = _told_once(
            request,
            actor,
            reference,
            name,
            lambda who, known, revision, _: rotate_secret(who, known, revision),
            here,
        )
    elif name == "delete":
        # The page is gone with it.
        here = reverse("web:webhooks", args=[found.organisation.reference])
        changes: dict[str, Change] = {
            name: lambda who, known, revision, _: delete_webhook(who, known, revision)
        }
        done = do(request, actor, reference, changes, ANCHORS, here)
    else:
        done = do(request, actor, reference, OF_WEBHOOKS, ANCHORS, here)
    if not isinstance(done, Refusal):
        return done
    return _page(request, actor, _seen(actor, reference), done.faults, done.status)


@never_cache
@login_required
@require_http_methods(["GET", "HEAD", "POST"])
def change(request: HttpRequest, reference: str) -> HttpResponse:
    """The form by which a webhook is changed, for whoever manages it (403): 422 where it breaks a rule, 409 where it
    was changed meanwhile.
    """
    actor = actor_of(request)
    found = _seen(actor, reference)
    if not can(actor, Action.MANAGE_WEBHOOKS, found.organisation_id):
        raise PermissionDenied
    faults: list[FieldFault] = []
    status, typed = 200, _stands(found)
    if request.method == "POST":
        there = reverse("web:webhook", args=[reference])
        done = do(request, actor, reference, CHANGING, ANCHORS, there)
        if not isinstance(done, Refusal):
            return done
        found, faults = _seen(actor, reference), labelled(done.faults, LABELS)
        status, typed = done.status, {one: request.POST.get(one, "") for one in LABELS}
        if done.stale:
            now = _stands(found)
            faults += differing(
                Written(one, said(label), typed[one], now[one]) for one, label in LABELS.items()
            )
    return render(
        request,
        "webhook_form.html",
        "account",
        status_code=status,
        webhook=found,
        beginnings=BEGINNINGS,
        often=_often(found.organisation_id),
        typed=typed,
        faults=faults,
    )


def _stands(found: WebhookEndpoint) -> dict[str, str]:
    """What is said of it now, as the form's fields hold it."""
    types = "\n".join(found.event_types)
    return {"url": found.url, "event_types": types, "description": found.description}


def _told_once(
    request: HttpRequest,
    actor: Actor,
    reference: str,
    name: str,
    act: Callable[[Actor, str, int, QueryDict], Made],
    here: str,
) -> Refusal | HttpResponse:
    """Does it once, and answers with the webhook's page and its secret; a repetition is led on without it."""
    made: list[Made] = []

    def kept(who: Actor, known: str, revision: int, sent: QueryDict) -> None:
        made.append(act(who, known, revision, sent))

    done = do(request, actor, reference, {name: kept}, ANCHORS, here)
    if isinstance(done, Refusal) or not made:
        return done
    endpoint, secret = made[-1]
    return _page(request, actor, _seen(actor, endpoint.reference), (), told=_(DONE[name]), secret=secret)


def _seen(actor: Actor, reference: str) -> WebhookEndpoint:
    found = WebhookQuerySet(WebhookEndpoint).seen_by(actor).told().filter(reference=reference).first()
    if found is None:
        raise Http404
    return found


def _page(
    request: HttpRequest,
    actor: Actor,
    found: WebhookEndpoint,
    faults: Iterable[FieldFault],
    status_code: int = 200,
    *,
    told: str = "",
    secret: str = "",
) -> HttpResponse:
    page = listed(request, DeliveryQuerySet(Delivery).told().filter(endpoint=found).order_by("-pk"))
    return render(
        request,
        "webhook.html",
        "account",
        status_code=status_code,
        webhook=found,
        manages=can(actor, Action.MANAGE_WEBHOOKS, found.organisation_id),
        secret=secret,
        rows=page.rows,
        pages=page.pages,
        done=told or done_said(request, DONE),
        faults=faults,
    )


def _often(organisation: int) -> tuple[str, ...]:
    """Examples of what an organisation (by its key) asks for (one query)."""
    return examples_of(Capability.objects.filter(organisation=organisation).values_list("kind", flat=True))
