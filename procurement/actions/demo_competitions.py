"""The demonstration's competitions: fixtures/competitions.yaml, brought to their statuses by everybody's actions.

A competition is ended by the clock alone. One that the file closes is therefore planned with a deadline five minutes
ahead, which leaves a slow machine time to submit its tenders, and the closing, which takes the moment that it works
for, is told the deadline: nothing waits for it, and for the first minutes the time of closing is still ahead.
Expressions of interest end in the same way. Nothing else of the program tells either of them another moment than now.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from decimal import ROUND_DOWN, Decimal
from pathlib import Path
from typing import Any, Final

import yaml
from django.utils import timezone

from procurement.actions.assessing import agree, assess, declare_interests
from procurement.actions.awards import award_not_signed, cancel_call_off, undo_award
from procurement.actions.call_off_people import add_person
from procurement.actions.call_offs import CallOffDraft, approve_call_off, create_call_off
from procurement.actions.closing import close_competition, open_tenders
from procurement.actions.competition_awards import award_competition, intend_award
from procurement.actions.competitions import plan_competition
from procurement.actions.demo_cast import Cast
from procurement.actions.demo_contracts import CONTRACT_STEPS
from procurement.actions.interest import end_interest, express_interest
from procurement.actions.publishing import publish_competition
from procurement.actions.ranking import conclude_evaluation, disqualify
from procurement.actions.requirements import create_requirement
from procurement.actions.tenders import (
    decline_tender,
    submit_tender,
    view_tender,
    withdraw_tender,
    write_tender,
)
from procurement.models import CallOff, CallOffPerson, Invitation, Tender
from procurement.permissions import Actor
from procurement.pricing import MINOR_PER_MAJOR
from procurement.tender_document import ceilings
from procurement.tenders import TenderContent

STARTS_IN: Final = timedelta(days=90)
OPEN_FOR: Final = {
    "interest_until": timedelta(days=7),
    "clarify_until": timedelta(days=14),
    "deadline": timedelta(days=21),
}
CLOSES_IN: Final = {
    "interest_until": timedelta(minutes=3),
    "clarify_until": timedelta(minutes=4),
    "deadline": timedelta(minutes=5),
}
PARTS: Final = CallOffPerson.Part


@dataclass(frozen=True, slots=True)
class Play:
    """A competition on its way: who takes part, its row of the file, the file."""

    cast: Cast
    call_off: CallOff
    row: Mapping[str, Any]
    file: Mapping[str, Any]

    @property
    def tenderers(self) -> Mapping[str, Any]:
        """What each supplier (by its reference) tenders, and how it is scored."""
        tenderers: Mapping[str, Any] = self.file["tenderers"]
        return tenderers

    @property
    def criteria(self) -> list[str]:
        """Those that are scored, by their keys: all, unless the row names some."""
        return list(self.row.get("scored", [one["key"] for one in self.file["rules"]["criteria"]]))

    def tender(self, supplier: str) -> Tender:
        """A supplier's tender as it stands."""
        return (
            Tender.objects.filter(competition__call_off=self.call_off)
            .select_related("competition__call_off__lot", "invitation__card_version")
            .select_related("invitation__asked__appointment")
            .get(invitation__asked__appointment__supplier__reference=supplier)
        )

    def standing(self) -> Iterator[tuple[str, Tender]]:
        """Tenders that are submitted, each with its supplier's reference."""
        rows = Tender.objects.filter(competition__call_off=self.call_off, status=Tender.Status.SUBMITTED)
        for one in rows.select_related("invitation__asked__appointment__supplier").order_by("pk"):
            yield one.invitation.asked.appointment.supplier.reference, one


def load_competitions(cast: Cast, folder: Path) -> list[str]:
    """Makes every competition of the file; their references."""
    read = yaml.safe_load((folder / "competitions.yaml").read_text(encoding="utf-8"))
    return [_competition(cast, row, read).reference for row in read["competitions"]]


def _competition(cast: Cast, row: Mapping[str, Any], read: Mapping[str, Any]) -> CallOff:
    lot = row.get("lot", read["lot"])
    content = {
        "text": row["text"],
        "framework": lot.partition("~")[0],
        "lot": lot,
        "specialisms": [row["specialism"]],
        "must_have": {"specialisms": [row["specialism"]]},
        "starts_on": (timezone.localdate() + STARTS_IN).isoformat(),
        "months": row["months"],
        "team": [{"grade": grade, "days": days} for grade, days in row["team"].items()],
        "work_type": row.get("work_type", ""),
    }
    requirement = create_requirement(cast.editor, content)
    terms = {"value": row["value"], "expenses": read["expenses"], "extensions": row.get("extensions", [])}
    draft = CallOffDraft(row["title"], CallOff.Route.COMPETITION, requirement.reference, None, terms)
    call_off = create_call_off(cast.editor, draft)
    plan = {"rules": read["rules"], "standstill": row.get("standstill", False), **_moments(row)}
    plan_competition(cast.editor, call_off.reference, call_off.revision, plan)
    play = Play(cast, call_off, row, read)
    for step in row["steps"]:
        call_off.refresh_from_db()
        STEPS[step](play)
    return call_off


def _moments(row: Mapping[str, Any]) -> dict[str, str]:
    spans = CLOSES_IN if "close" in row["steps"] else OPEN_FOR
    now = timezone.now()
    asked = "interest" in row
    return {
        name: (now + span).isoformat() for name, span in spans.items() if asked or name != "interest_until"
    }


def _approve(play: Play) -> None:
    approve_call_off(play.cast.approver, play.call_off.reference, play.call_off.revision)


def _publish(play: Play) -> None:
    publish_competition(play.cast.editor, play.call_off.reference, play.call_off.revision)


def _interest(play: Play) -> None:
    asked = Invitation.objects.filter(competition__call_off=play.call_off).select_related(
        "asked__appointment__supplier"
    )
    said = play.row["interest"]
    for one in asked:
        place = one.asked.appointment
        if place.supplier.reference in said:
            express_interest(play.cast.lead(place), one.reference, said[place.supplier.reference])


def _end_interest(play: Play) -> None:
    end_interest(play.call_off.reference, _moment(play.call_off.competition.interest_until))


def _tender(play: Play) -> None:
    for supplier, steps in play.row["tenders"].items():
        for step in steps:
            TENDER_STEPS[step](play, supplier)


def _close(play: Play) -> None:
    close_competition(play.call_off.reference, _moment(play.call_off.competition.deadline))


def _moment(planned: datetime | None) -> datetime:
    assert planned is not None
    return planned


def _open(play: Play) -> None:
    """Opened, by people who have no other part in it and no interest."""
    reference = play.call_off.reference
    parts = ((play.cast.assessor, PARTS.ASSESSOR), (play.cast.moderator, PARTS.MODERATOR))
    for actor, part in parts:
        add_person(play.cast.editor, reference, actor.reference, part)
    play.call_off.refresh_from_db()
    open_tenders(play.cast.editor, reference, play.call_off.revision)
    for actor, _ in parts:
        declare_interests(actor, reference, conflict=False)


def _disqualify(play: Play) -> None:
    for supplier, reason in play.row["disqualified"].items():
        tender = play.tender(supplier)
        disqualify(play.cast.editor, tender.reference, tender.revision, "not_compliant", reason)


def _assess(play: Play) -> None:
    for supplier, tender in play.standing():
        for key in play.criteria:
            given = play.tenderers[supplier]["scores"][key]
            assess(play.cast.assessor, tender.reference, key, given["score"], given["reason"])


def _agree(play: Play) -> None:
    for supplier, tender in play.standing():
        for key in play.criteria:
            given = play.tenderers[supplier]["scores"][key]
            agree(play.cast.moderator, tender.reference, key, given["score"], given["reason"])


def _conclude(play: Play) -> None:
    conclude_evaluation(play.cast.editor, play.call_off.reference, play.call_off.revision)


def _intend(play: Play) -> None:
    intend_award(play.cast.editor, play.call_off.reference, play.call_off.revision)


def _award(play: Play) -> None:
    award_competition(play.cast.editor, play.call_off.reference, play.call_off.revision, "None is known.")


def _not_sign(play: Play) -> None:
    award_not_signed(play.cast.editor, play.call_off.reference, play.call_off.revision, play.row["reason"])


def _undo(play: Play) -> None:
    undo_award(play.cast.approver, play.call_off.reference, play.call_off.revision, play.row["reason"])


def _cancel(play: Play) -> None:
    cancel_call_off(play.cast.editor, play.call_off.reference, play.call_off.revision, play.row["reason"])


def _view_one(play: Play, supplier: str) -> None:
    tender = play.tender(supplier)
    view_tender(_lead(play, tender), tender.reference)


def _decline_one(play: Play, supplier: str) -> None:
    tender = play.tender(supplier)
    reason = "Our people for this work are bound elsewhere until the summer."
    decline_tender(_lead(play, tender), tender.reference, tender.revision, reason)


def _write_one(play: Play, supplier: str) -> None:
    """The team that is asked for, at the supplier's share of its card's rates, rounded down to whole pounds."""
    tender = play.tender(supplier)
    known = play.tenderers[supplier]
    asked = [{"grade": grade, "days": days, "rate": "1.00"} for grade, days in play.row["team"].items()]
    rates = ceilings(tender, TenderContent.from_json({"team": asked}))
    team = [{**one, "rate": _share(rates[one["grade"]].minor, known["share"])} for one in asked]
    said = {"team": team, "answers": known["answers"]}
    write_tender(_lead(play, tender), tender.reference, tender.revision, said)


def _submit_one(play: Play, supplier: str) -> None:
    tender = play.tender(supplier)
    submit_tender(_lead(play, tender), tender.reference, tender.revision)


def _withdraw_one(play: Play, supplier: str) -> None:
    tender = play.tender(supplier)
    reason = "The person who was to lead the work is leaving us."
    withdraw_tender(_lead(play, tender), tender.reference, tender.revision, reason)


def _lead(play: Play, tender: Tender) -> Actor:
    return play.cast.lead(tender.invitation.asked.appointment)


def _share(minor: int, share: str) -> str:
    pounds = (Decimal(minor) * Decimal(share) / MINOR_PER_MAJOR).quantize(Decimal(1), ROUND_DOWN)
    return f"{pounds}.00"


def _of_contract(step: Callable[[Cast, CallOff], object]) -> Callable[[Play], object]:
    return lambda play: step(play.cast, play.call_off)


STEPS: Final[dict[str, Callable[[Play], object]]] = {
    "approve": _approve,
    "publish": _publish,
    "interest": _interest,
    "end_interest": _end_interest,
    "tender": _tender,
    "close": _close,
    "open": _open,
    "disqualify": _disqualify,
    "assess": _assess,
    "agree": _agree,
    "conclude": _conclude,
    "intend": _intend,
    "award": _award,
    "not_sign": _not_sign,
    "undo": _undo,
    "cancel": _cancel,
    **{name: _of_contract(step) for name, step in CONTRACT_STEPS.items()},
}
TENDER_STEPS: Final[dict[str, Callable[[Play, str], None]]] = {
    "view": _view_one,
    "decline": _decline_one,
    "write": _write_one,
    "submit": _submit_one,
    "withdraw": _withdraw_one,
}
