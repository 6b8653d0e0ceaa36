"""Whether a step that the line of a competition names next is taken: each is tried, and taken back at once."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from functools import partial
from typing import Any, Final

from django.db import transaction

from procurement.actions.assessing import agree, assess, declare_interests
from procurement.actions.awards import cancel_call_off, fail_call_off, undo_award
from procurement.actions.call_off_people import add_person
from procurement.actions.call_offs import approve_call_off, ask_approval, edit_call_off
from procurement.actions.closing import open_tenders
from procurement.actions.competition_awards import award_competition, intend_award
from procurement.actions.competitions import plan_competition
from procurement.actions.contracts import sign_contract
from procurement.actions.interest import express_interest
from procurement.actions.publishing import publish_competition
from procurement.actions.ranking import (
    accept_price,
    ask_about_price,
    conclude_evaluation,
    disqualify,
    evaluate_again,
    explain_price,
)
from procurement.actions.tenders import submit_tender, write_tender
from procurement.errors import Invalid, Refused
from procurement.models import Contract, Invitation, LowPriceQuestion
from procurement.permissions import Actor
from procurement.states import Part
from tests.competed import RULES, after
from tests.competition_walk import SUPPLIERS, WHY, Walk

KEYS: Final = ("method", "social")
WRITTEN: Final = {"answers": dict.fromkeys(KEYS, "So.")}
MOVES: Final[dict[str, Callable[..., Any]]] = {
    "edit": lambda *call_off: edit_call_off(*call_off, {"title": "Said anew"}),
    "plan": lambda *call_off: plan_competition(
        *call_off, {"rules": RULES, "clarify_until": after(days=4), "deadline": after(days=9)}
    ),
    "ask_approval": ask_approval,
    "approve": approve_call_off,
    "publish": publish_competition,
    "open_tenders": open_tenders,
    "conclude": conclude_evaluation,
    "evaluate_again": lambda *call_off: evaluate_again(*call_off, WHY),
    "intend": intend_award,
    "award": lambda *call_off: award_competition(*call_off, "None known."),
    "undo": lambda *call_off: undo_award(*call_off, WHY),
    "cancel": lambda *call_off: cancel_call_off(*call_off, WHY),
    "fail": lambda *call_off: fail_call_off(*call_off, WHY),
    "declare": lambda actor, reference, _: declare_interests(actor, reference, conflict=False),
}
"""Steps of the call-off, or of its competition, by its reference and revision."""


def is_taken(walk: Walk, part: Part, name: str) -> bool:
    """Whether somebody with the part takes the step of that name, of the call-off or of any of its tenders."""
    return any(_succeeds(attempt) for attempt in _attempts(walk, part, name))


def _succeeds(attempt: Callable[[], Any]) -> bool:
    point = transaction.atomic()
    with point:
        try:
            with transaction.atomic():
                attempt()
        except Refused:
            return False
        finally:
            transaction.set_rollback(True)
    return True


def _actors(walk: Walk, part: Part) -> list[Actor]:
    return {
        Part.OWNER: [walk.buyer],
        Part.APPROVER: [walk.actor("approver")],
        Part.ASSESSOR: [walk.actor("first"), walk.actor("second")],
        Part.MODERATOR: [walk.actor("moderator"), walk.actor("second")],
        Part.LEAD: [walk.actor(one) for one in SUPPLIERS],
    }[part]


def _attempts(walk: Walk, part: Part, name: str) -> Iterator[Callable[[], Any]]:
    call_off = walk.call_off
    for actor in _actors(walk, part):
        if name in MOVES:
            yield lambda actor=actor: MOVES[name](actor, call_off.reference, call_off.revision)
        elif name == "add_person":
            for one in ("assessor", "moderator"):
                yield lambda actor=actor, one=one: add_person(
                    actor, call_off.reference, walk.actor("second").reference, one
                )
        elif name == "express_interest":
            for invitation in Invitation.objects.filter(competition=walk.competition):
                yield lambda actor=actor, one=invitation.reference: express_interest(actor, one, True)
        elif name == "sign":
            contract = Contract.objects.latest("pk")
            yield partial(sign_contract, actor, contract.reference, contract.revision)
        else:
            yield from _of_tenders(walk, actor, name)


def _of_tenders(walk: Walk, actor: Actor, name: str) -> Iterator[Callable[[], Any]]:
    for supplier in SUPPLIERS:
        tender = walk.tender(supplier)
        if tender is None:
            continue
        reference, revision = tender.reference, tender.revision
        if name == "assess":
            for key in KEYS:
                yield lambda key=key, one=reference: assess(actor, one, key, 4, "So.")
        elif name == "agree":
            for key in KEYS:
                yield lambda key=key, one=reference: agree(actor, one, key, 4, "So.")
        elif name == "draft":
            yield lambda one=reference, at=revision: write_tender(actor, one, at, WRITTEN)
        elif name == "submit":
            yield lambda one=reference, at=revision: _submitted(actor, one, at)
        elif name == "ask_price":
            yield lambda one=reference: ask_about_price(actor, one, "How?")
        elif name == "answer_price":
            yield lambda one=reference: explain_price(actor, one, "So.")
        elif name == "accept_price":
            yield lambda one=reference: accept_price(actor, one, WHY)
        elif name == "disqualify":
            low = LowPriceQuestion.objects.filter(tender=tender, accepted=None).exists()
            ground = "abnormally_low" if low else "excluded"
            yield lambda one=reference, at=revision, ground=ground: disqualify(actor, one, at, ground, WHY)
        else:
            raise AssertionError(f"{name} is known to nobody here")


def _submitted(actor: Actor, reference: str, revision: int) -> None:
    """Something is written and submitted; what is wrong with it is no matter of who acts next."""
    tender = write_tender(actor, reference, revision, WRITTEN)
    try:
        submit_tender(actor, reference, tender.revision)
    except Invalid:
        return
