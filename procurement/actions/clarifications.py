"""Questions on a competition: asked by a supplier that stays hidden, answered to all at once.

Journey: POST /api/v1/invitations/{reference}/clarifications/ -> here -> the buyer answers -> one event, by which every
supplier that is asked is told.
"""

from __future__ import annotations

from django.db import transaction
from django.utils import timezone

from procurement.actions.buyers import owner_references
from procurement.actions.competitions import require_open, running
from procurement.actions.events import Happening, record
from procurement.actions.interest import locked_invitation
from procurement.actions.steps import not_theirs
from procurement.errors import Conflict, Fault, Invalid, NotFound
from procurement.models import Clarification, Tender
from procurement.models.base import opaque
from procurement.parts import supplier_parts, tender_parts
from procurement.permissions import SYSTEM, Actor
from procurement.profiles import TEXT_LENGTH, Reader
from procurement.querysets_competitions import ClarificationQuerySet
from procurement.states import Part


def ask_clarification(actor: Actor, invitation: str, question: object) -> Clarification:
    """Asks the buyer something (1 to 20,000 characters), by the lead or a member that may write, until questions end.

    The event is recorded as the service's own: an actor in the log would tell who asks; the row keeps it.
    Raises NotFound, NotPermitted, Conflict once questions have ended, Invalid at /question.
    """
    text = _text(question, "/question", "Nothing was asked.")
    with transaction.atomic():
        asking = locked_invitation(actor, invitation)
        parts = supplier_parts(actor, asking.asked.appointment)
        tender = Tender.objects.filter(invitation=asking).select_related("competition__call_off").first()
        if tender is not None:
            parts |= tender_parts(actor, tender)
        if parts.isdisjoint({Part.LEAD, Part.MEMBER}):
            raise not_theirs("ask a question", {Part.LEAD, Part.MEMBER})
        competition = asking.competition
        require_open(competition)
        now = timezone.now()
        if competition.clarify_until is None or now >= competition.clarify_until:
            raise Conflict("Questions have ended.")
        made = Clarification.objects.create(
            reference=opaque("clr"),
            competition=competition,
            invitation=asking,
            number=competition.clarifications.count() + 1,
            question=text,
            actor=actor.reference,
            asked_at=now,
        )
        record(SYSTEM, _happening(made, "clarification.asked"))
    return made


def answer_clarification(actor: Actor, reference: str, answer: object, told: object = None) -> Clarification:
    """Answers a question to all at once, before the deadline; `told` is the question as they read it, where the buyer
    takes out what gives the asker away (None: as it was asked). An answer is given once: what changes is amended.

    Raises NotFound, NotPermitted, Conflict, Invalid at /answer and /told.
    """
    text = _text(answer, "/answer", "Nothing was answered.")
    with transaction.atomic():
        seen = ClarificationQuerySet(Clarification).seen_by(actor).filter(reference=reference)
        found = seen.select_related("competition__call_off").first()
        if found is None:
            raise NotFound(f"There is no question {reference}.")
        competition = running(actor, found.competition.call_off.reference, None, "answer")
        clarification = Clarification.objects.select_for_update().get(pk=found.pk)
        clarification.competition = competition
        if clarification.answered_at is not None:
            raise Conflict("It was answered already.")
        asked = clarification.question
        clarification.told = asked if told is None else _text(told, "/told", "Nothing was answered.")
        clarification.answer, clarification.answered_by = text, actor.reference
        clarification.answered_at = timezone.now()
        clarification.save()
        record(actor, _happening(clarification, "clarification.answered"))
    return clarification


def _happening(clarification: Clarification, kind: str) -> Happening:
    call_off = clarification.competition.call_off
    references = owner_references(call_off.organisation, call_off=call_off.reference)
    return Happening(
        kind, "clarification", clarification.reference, references, {"number": clarification.number}
    )


def _text(value: object, pointer: str, told: str) -> str:
    faults: list[Fault] = []
    text = Reader(pointer, faults).text(value, TEXT_LENGTH, required=True, lines=True)
    if faults:
        raise Invalid(told, tuple(faults))
    return text
