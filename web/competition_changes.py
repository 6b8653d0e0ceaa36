"""Changes of a competition that its page offers: which action each form stands for.

Journey: /call-offs/CO-2026-0001/competition (POST) -> here -> procurement/actions/ -> event -> the page again (303).
"""

from __future__ import annotations

from typing import Any, Final

from django.http import HttpRequest, QueryDict
from django.utils.translation import gettext_noop as N_

from procurement.actions.assessing import declare_interests
from procurement.actions.awards import award_not_signed, cancel_call_off, fail_call_off, undo_award
from procurement.actions.call_off_people import add_person, remove_person
from procurement.actions.call_offs import approve_call_off, ask_approval, send_back
from procurement.actions.closing import open_tenders
from procurement.actions.competition_awards import award_competition, intend_award
from procurement.actions.competition_changes import amend_competition, extend_competition
from procurement.actions.competitions import MOMENTS
from procurement.actions.files import add_document, remove_document
from procurement.actions.intention_notices import publish_intended
from procurement.actions.publishing import publish_competition
from procurement.actions.ranking import conclude_evaluation, evaluate_again
from procurement.models import Competition
from procurement.permissions import Actor
from web.call_off_changes import publication
from web.competition_form import LABELS, local, moment_of
from web.doing import STEP_LABELS, Change

ANSWERS: Final = {"yes": True, "no": False}

OF_COMPETITIONS: Final[dict[str, Change]] = {
    "publish": lambda actor, reference, revision, __: publish_competition(actor, reference, revision),
    "add_person": lambda actor, reference, __, sent: add_person(
        actor, reference, sent.get("user", ""), sent.get("part", "")
    ),
    "remove_person": lambda actor, reference, __, sent: remove_person(
        actor, reference, sent.get("user", ""), sent.get("part", "")
    ),
    "remove_document": lambda actor, reference, __, sent: remove_document(
        actor, reference, sent.get("document", "")
    ),
    "amend": lambda actor, reference, revision, sent: amend_competition(
        actor,
        reference,
        revision,
        sent.get("reason", ""),
        material=sent.get("material") == "yes",
        deadline=moment_of(sent.get("deadline", "")),
    ),
    "open_tenders": lambda actor, reference, revision, __: open_tenders(actor, reference, revision),
    "declare": lambda actor, reference, __, sent: declare_interests(
        actor, reference, ANSWERS.get(sent.get("conflict", "")), sent.get("note", "")
    ),
    "ask_approval": lambda actor, reference, revision, __: ask_approval(actor, reference, revision),
    "approve": lambda actor, reference, revision, __: approve_call_off(actor, reference, revision),
    "send_back": lambda actor, reference, revision, sent: send_back(
        actor, reference, revision, sent.get("reason", "")
    ),
    "conclude": lambda actor, reference, revision, __: conclude_evaluation(actor, reference, revision),
    "evaluate_again": lambda actor, reference, revision, sent: evaluate_again(
        actor, reference, revision, sent.get("reason", "")
    ),
    "intend": lambda actor, reference, revision, __: intend_award(actor, reference, revision),
    "publish_notice": lambda actor, reference, revision, sent: publish_intended(
        actor, reference, revision, *publication(sent)
    ),
    "award": lambda actor, reference, revision, sent: award_competition(
        actor, reference, revision, sent.get("conflicts", "")
    ),
    "not_sign": lambda actor, reference, revision, sent: award_not_signed(
        actor, reference, revision, sent.get("reason", "")
    ),
    "undo": lambda actor, reference, revision, sent: undo_award(
        actor, reference, revision, sent.get("reason", "")
    ),
    "fail": lambda actor, reference, revision, sent: fail_call_off(
        actor, reference, revision, sent.get("reason", "")
    ),
    "cancel": lambda actor, reference, revision, sent: cancel_call_off(
        actor, reference, revision, sent.get("reason", "")
    ),
}
"""By what the form says in `do`; those that need more than the form's fields are in `changes_of`."""

OF_REASONS: Final = {"extend": N_("Why the dates move"), "amend": N_("Why it is amended")}
"""How the reason of a step is called, where it is not that alone."""

DONE: Final = {
    "planned": N_("The competition is planned."),
    "publish": N_("The competition is published. Every supplier that is entitled has been told."),
    "add_person": N_("They take part."),
    "remove_person": N_("They take part no longer."),
    "add_document": N_("The document is added."),
    "remove_document": N_("The document is taken away."),
    "answer": N_("The question is answered, to everybody."),
    "extend": N_("The dates are moved. Everybody has been told."),
    "amend": N_("The competition is amended. Everybody has been told."),
    "open_tenders": N_("The tenders are opened."),
    "declare": N_("Your declaration is kept."),
    "ask_approval": N_("The approvers of your organisation are told."),
    "approve": N_("The award is approved."),
    "send_back": N_("It is sent back. Your organisation has been told why."),
    "conclude": N_("The tenders are ranked."),
    "evaluate_again": N_("The tenders are evaluated again."),
    "intend": N_("Every tenderer has been told the intention."),
    "publish_notice": N_("The publication is kept."),
    "award": N_("The call-off is awarded. The contract waits for both signatures."),
    "not_sign": N_(
        "The award has fallen, and the other tenders are ranked anew. Every tenderer has been told."
    ),
    "undo": N_("The outcome is open again. Every tenderer has been told."),
    "fail": N_("The call-off is ended without a supplier."),
    "cancel": N_("The call-off is cancelled."),
}


def changes_of(request: HttpRequest, competition: Competition | None) -> dict[str, Change]:
    """All of them: what is uploaded, and which dates differ from those that stand."""

    def add(actor: Actor, reference: str, _: int, __: QueryDict) -> object:
        sent = request.FILES.get("file")
        return add_document(actor, reference, sent.name if sent else "", sent.chunks() if sent else ())

    def extend(actor: Actor, reference: str, revision: int, sent: QueryDict) -> object:
        moved: dict[str, Any] = {
            name: moment_of(sent.get(name, ""))
            for name in MOMENTS
            if name in sent and sent.get(name) != local(getattr(competition, name, None))
        }
        return extend_competition(actor, reference, revision, moved, sent.get("reason", ""))

    return OF_COMPETITIONS | {"add_document": add, "extend": extend}


def labels_of(sent: QueryDict) -> dict[str, str]:
    """How the fields of the forms are called, by the first step of a fault's pointer."""
    why = OF_REASONS.get(sent.get("do", ""), STEP_LABELS["reason"])
    note = {"note": N_("What it is")} if sent.get("do") == "declare" else {}
    return {
        **STEP_LABELS,
        **{name: LABELS[name] for name in MOMENTS if name in LABELS},
        **note,
        "reason": why,
        "user": N_("Colleague"),
        "part": N_("Part"),
        "material": N_("How far it goes"),
    }


ANCHORS: Final = {
    "reason": "{do}-reason",
    "conflicts": "conflicts",
    "file": "file",
    "name": "file",
    "user": "user",
    "part": "part",
    "conflict": "conflict",
    "material": "material",
    "note": "note",
    "number": "number",
    "published_on": "published-on",
    **{name: f"{{do}}-{name}" for name in MOMENTS},
}
"""Which field of which form a fault belongs to."""
