"""What suppliers have asked about a competition, where its buyer answers: on a page of its own, so that no step of the
competition leaves behind what is being written.

Journey: /call-offs/CO-2026-0001/competition/questions (POST) -> procurement/actions/clarifications.py -> the page again
while others wait, else the competition's (303). To whoever may not see the competition it is not there (404).
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from typing import Final

from django.contrib.auth.decorators import login_required
from django.core.exceptions import PermissionDenied
from django.http import HttpRequest, HttpResponse, QueryDict
from django.urls import reverse
from django.utils.translation import gettext as _
from django.utils.translation import gettext_noop as N_
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_http_methods

from procurement.actions.clarifications import answer_clarification
from procurement.models import CallOff, Clarification
from procurement.permissions import Action, Actor, can
from procurement.querysets_competitions import ClarificationQuerySet
from web.buying import actor_of
from web.competition_changes import DONE
from web.doing import Change, Refusal, do
from web.faults import FieldFault, id_part
from web.meanwhile import Written
from web.pages import render
from web.saying import done_said, said
from web.unkept import unkept
from web.views.competitions import address_of, seen_competition

TOLD: Final = N_("Question %(number)s as everybody reads it")
ANSWER: Final = N_("Answer to question %(number)s")
"""How the two fields of a question are called."""


def _answer(actor: Actor, _: str, __: int, sent: QueryDict) -> object:
    """The question whose button was pressed; the fields of the others come along."""
    question = sent.get("question", "")
    answer, told = (sent.get(f"{field}-{question}", "") for field in ("answer", "told"))
    return answer_clarification(actor, question, answer, told or None)


ANSWERING: Final[dict[str, Change]] = {"answer": _answer}


@never_cache
@login_required
@require_http_methods(["GET", "HEAD", "POST"])
def questions(request: HttpRequest, reference: str) -> HttpResponse:
    """The questions that wait for an answer, or the answer to one of them, for whoever writes the call-off (403): 422
    where it breaks a rule, 409 where it was answered already or it is too late.
    """
    actor = actor_of(request)
    found = seen_competition(actor, reference)
    if not can(actor, Action.WRITE_CALL_OFF, found.organisation_id):
        raise PermissionDenied
    waiting = _waiting(actor, found)
    if request.method != "POST":
        return _page(request, found, waiting, ())
    others = [one for one in waiting if one.reference != request.POST.get("question", "")]
    there = reverse("web:questions", args=[found.reference]) if others else address_of(found)
    question = id_part(request.POST.get("question", ""))
    anchors = {"answer": f"answer-{question}", "told": f"told-{question}"}
    done = do(request, actor, found.reference, ANSWERING, anchors, there)
    waiting = _waiting(actor, found)
    if isinstance(done, Refusal):
        return _page(request, found, waiting, done.faults, done.status)
    left = unkept(_written(request.POST, waiting))
    return _page(request, found, waiting, (), left=left) if left else done


def _waiting(actor: Actor, call_off: CallOff) -> list[Clarification]:
    """Those without an answer, by number; none once the competition takes no tenders any more."""
    if call_off.status != CallOff.Status.OUT:
        return []
    rows = ClarificationQuerySet(Clarification).seen_by(actor).filter(competition__call_off=call_off)
    return list(rows.filter(answered_at=None).order_by("number"))


def _written(sent: Mapping[str, str], waiting: Iterable[Clarification]) -> list[Written]:
    """What was written into the fields of questions, beside what stands there at first."""
    fields = []
    for one in waiting:
        told, answer, number = f"told-{one.reference}", f"answer-{one.reference}", {"number": one.number}
        fields += [
            Written(told, _(TOLD) % number, sent.get(told, one.question), one.question),
            Written(answer, _(ANSWER) % number, sent.get(answer, ""), ""),
        ]
    return fields


def _page(
    request: HttpRequest,
    found: CallOff,
    waiting: Sequence[Clarification],
    faults: Iterable[FieldFault],
    status_code: int = 200,
    left: Sequence[FieldFault] = (),
) -> HttpResponse:
    """The page; `left` are fields that hold what was written and not kept by what was done."""
    return render(
        request,
        "competition_questions.html",
        "call-offs",
        status_code=status_code,
        call_off=found,
        waiting=waiting,
        done=said(DONE["answer"]) if left else done_said(request, DONE),
        unkept=left,
        typed=request.POST.dict(),
        faults=faults,
    )
