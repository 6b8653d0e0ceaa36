"""The outcome of a competition for each tenderer: successful or not, told in a letter with its own scores and reasons,
open again where an award is taken back, and nothing where the call-off ends without a contract: whoever was assessed is
told its own scores then, too.
"""

from __future__ import annotations

from collections.abc import Container
from typing import Any, Final

from django.utils import timezone

from procurement.actions.closing import tenders_of
from procurement.actions.events import Happening
from procurement.actions.leaving import told_of_return
from procurement.actions.ranking import rank_tenders
from procurement.actions.steps import not_theirs
from procurement.actions.tenders import happening, moved
from procurement.canonical import canonical, digest_of_text
from procurement.competition_checks import agreed_scores, missing_scores, rules_of
from procurement.invitation_document import instant
from procurement.models import CallOff, Competition, OutcomeLetter, Tender
from procurement.models.base import opaque
from procurement.parts import buyer_parts
from procurement.permissions import Actor
from procurement.states import TENDERS, Transition

FORMAT: Final = 1
"""Of a letter: a reader of a later one must know the earlier ones, too."""
Status = Tender.Status
TOLD: Final = (Status.SUCCESSFUL, Status.UNSUCCESSFUL, Status.DISQUALIFIED)
"""Whoever is in one of these was told of the outcome, and is told where it is taken back."""


NOT_SIGNED: Final = "The supplier that it was awarded to did not sign the contract."
"""What the other tenderers are told of that: why it did not is between it and the buyer."""


def decided(actor: Actor, competition: Competition, winner: str) -> list[Happening]:
    """Marks every submitted tender as successful (the one of that reference) or not, and writes each tenderer's letter,
    those of the disqualified included. What happened, not yet recorded.
    """
    tenders = [one for one in tenders_of(competition) if one.current_id is not None]
    first = next(one for one in tenders if one.reference == winner)
    told = []
    for tender in tenders:
        tender.competition = competition
        if tender.status == Status.SUBMITTED:
            name = "win" if tender.pk == first.pk else "lose"
            told.append(moved(tender, _step(actor, tender, name), {}))
        if tender.status in TOLD:
            told.append(_send(tender, _outcome(tender, first)))
    return told


def reopened(actor: Actor, call_off: CallOff, reason: str) -> list[Happening]:
    """The outcome of every tender is open again, and each tenderer told so with the reason, the disqualified as well,
    for whom nothing else changes. What happened, not yet recorded; nothing on a direct award.
    """
    competition = Competition.objects.select_for_update().filter(call_off=call_off).first()
    if competition is None or call_off.route != CallOff.Route.COMPETITION:
        return []
    competition.call_off = call_off
    _end_intention(competition)
    competition.save(update_fields=["standstill_until"])
    told = []
    for tender in tenders_of(competition).filter(status__in=TOLD):
        tender.competition = competition
        lost = tender.status == Status.UNSUCCESSFUL
        if tender.status != Status.DISQUALIFIED:
            told.append(moved(tender, _step(actor, tender, "reopen"), {"reason": reason}))
        if lost:
            # Of the successful one its contract has told.
            told.extend(told_of_return(tender))
        told.append(_send(tender, {"outcome": "reopened", "reason": reason}))
    return told


def passed_by(actor: Actor, call_off: CallOff, reason: str) -> list[Happening]:
    """The supplier of the successful tender did not sign, for a reason that it alone is told: that tender takes part no
    longer, the outcome of every other is open again, each tenderer is told, and those that stand are ranked anew. Where
    scores count no longer they are ranked once those are given again, and that tender leaves the ranking before. What
    happened, not yet recorded.
    """
    competition = Competition.objects.select_for_update().get(call_off=call_off)
    competition.call_off = call_off
    told, out = [], ""
    for tender in tenders_of(competition).filter(status__in=TOLD):
        tender.competition = competition
        outcome, why = "reopened", NOT_SIGNED
        if tender.status == Status.SUCCESSFUL:
            out = tender.reference
            outcome, why, tender.reason = str(Status.NOT_SIGNED), reason, reason
            told.append(moved(tender, _step(actor, tender, "not_sign"), {"reason": reason}, "reason"))
        elif tender.status == Status.UNSUCCESSFUL:
            told.append(moved(tender, _step(actor, tender, "reopen"), {"reason": NOT_SIGNED}))
            told.extend(told_of_return(tender))
        told.append(_send(tender, {"outcome": outcome, "reason": why}))
    _end_intention(competition)
    if not missing_scores(competition):
        rank_tenders(competition)
    elif competition.ranking is not None:
        competition.ranking = _without(competition.ranking, out)
    competition.save(update_fields=["standstill_until", "ranking"])
    return told


def ended(actor: Actor, call_off: CallOff, status: str, reason: str) -> list[Happening]:
    """Nothing comes of what was submitted for a call-off that becomes `status`, cancelled or given up, for its reason;
    once the tenders were ranked each tenderer has a letter with its own scores, the disqualified included. What
    happened, not yet recorded; nothing on a direct award.
    """
    competition = Competition.objects.select_for_update().filter(call_off=call_off).first()
    if competition is None or call_off.route != CallOff.Route.COMPETITION:
        return []
    competition.call_off = call_off
    tenders = [one for one in tenders_of(competition) if one.status in (Status.SUBMITTED, *TOLD)]
    told = []
    if competition.ranking is not None:
        nobody = {"status": status, "reason": reason}
        agreed, counts = agreed_scores(competition), not missing_scores(competition)
        for tender in tenders:
            tender.competition = competition
            kept = None if tender.status == Status.DISQUALIFIED else agreed.get(tender.pk, {})
            told.append(_send(tender, _without_award(tender, nobody, kept, ranked=counts)))
    for tender in tenders:
        if tender.status in (Status.SUBMITTED, Status.SUCCESSFUL):
            tender.competition = competition
            tender.reason = reason
            told.append(moved(tender, _step(actor, tender, "end"), {"reason": reason}, "reason"))
    return told


def _end_intention(competition: Competition) -> None:
    """Its notice stays as it was published; the standstill, still to be saved, has run for nothing."""
    competition.intentions.filter(ended_at=None).update(ended_at=timezone.now())
    competition.standstill_until = None


def _outcome(tender: Tender, first: Tender) -> dict[str, Any]:
    """A letter's content: its own scores and reasons, its own price, and of the successful tender who it is and what it
    came to (Public Contracts Regulations 2015, regulation 55; Procurement Act 2023, section 50).
    """
    competition = tender.competition
    best = _ranked(competition)[first.reference]
    return {
        "outcome": tender.status,
        "ground": tender.ground,
        "reason": tender.reason,
        "criteria": _scores(tender),
        "ranked": _own(tender),
        "successful": {
            "supplier": first.invitation.asked.appointment.supplier.reference,
            "name": first.invitation.asked.appointment.supplier.name,
            "result": best["result"],
            "criteria": [{"key": one["key"], "score": one["score"]} for one in best["criteria"]],
        },
        "standstill_until": instant(competition.standstill_until),
        "standstill_from_notice": competition.standstill and competition.standstill_until is None,
    }


def _without_award(
    tender: Tender, nobody: dict[str, str], agreed: Container[str] | None, *, ranked: bool
) -> dict[str, Any]:
    """A letter's content where nobody is awarded, and why (`nobody`): its own scores and reasons, those alone that
    count (`agreed`, by criterion; None: all), and how it ranked where that counts.
    """
    out = tender.status == Status.DISQUALIFIED
    own = _own(tender) if ranked else None
    if own is not None and own["rank"] is not None:
        # What a price earned tells what the lowest is, which may be another's: that may be asked for once more.
        own = {name: own[name] for name in ("tender", "rank", "quality", "price", "criteria")}
    return {
        "outcome": Status.DISQUALIFIED if out else "ended",
        "ground": tender.ground,
        "reason": tender.reason if out else nobody["reason"],
        "criteria": _scores(tender, agreed),
        "ranked": own,
        "successful": None,
        "nobody": nobody,
        "standstill_until": None,
        "standstill_from_notice": False,
    }


def _scores(tender: Tender, kept: Container[str] | None = None) -> list[dict[str, Any]]:
    names = {one.key: one for one in rules_of(tender.competition).criteria}
    return [
        {
            "key": one.criterion,
            "name": names[one.criterion].name,
            "score": one.score,
            "scale": names[one.criterion].scale,
            "reason": one.reason,
        }
        for one in tender.consensus.order_by("pk")
        if kept is None or one.criterion in kept
    ]


def _without(ranking: dict[str, Any], tender: str) -> dict[str, Any]:
    """The ranking without the tender of that reference; the others keep their ranks, so that none ranks first in place
    of the first.
    """
    rows = [one for one in ranking["rows"] if one["tender"] != tender]
    low = {name: mean for name, mean in ranking["low"].items() if name != tender}
    return {**ranking, "rows": rows, "low": low}


def _ranked(competition: Competition) -> dict[str, dict[str, Any]]:
    return {one["tender"]: one for one in (competition.ranking or {}).get("rows", [])}


def _own(tender: Tender) -> dict[str, Any] | None:
    own = _ranked(tender.competition).get(tender.reference)
    if own is not None and own["rank"] is not None:
        # The arithmetic of a price names the lowest, which may be another's.
        return {name: said for name, said in own.items() if name != "shown"}
    return own


def _head(tender: Tender) -> dict[str, Any]:
    call_off = tender.competition.call_off
    return {
        "format": FORMAT,
        "call_off": call_off.reference,
        "title": call_off.title,
        "buyer": call_off.organisation.name,
        "tender": tender.reference,
        "supplier": tender.invitation.asked.appointment.supplier.name,
    }


def letter_of(tender: Tender, content: dict[str, Any]) -> OutcomeLetter:
    """A letter to a tenderer with that content, headed by what it is about."""
    now = timezone.now()
    text = canonical({**_head(tender), **content, "at": instant(now)})
    return OutcomeLetter.objects.create(
        reference=opaque("ltr"), tender=tender, document=text, digest=digest_of_text(text), at=now
    )


def _send(tender: Tender, content: dict[str, Any]) -> Happening:
    letter = letter_of(tender, content)
    return happening(tender, "tender.told", {"letter": letter.reference, "digest": letter.digest})


def _step(actor: Actor, tender: Tender, name: str) -> Transition:
    step = TENDERS.step(name, tender.status)
    assert step is not None
    if step.who.isdisjoint(buyer_parts(actor, tender.competition.call_off)):
        raise not_theirs(name, step.who)
    return step
