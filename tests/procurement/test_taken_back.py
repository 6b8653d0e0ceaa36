"""A tender that was taken back before the deadline: whatever became of it, it stays its tenderer's alone."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from procurement.actions.closing import open_tenders
from procurement.actions.due import move_due
from procurement.actions.files import add_tender_file
from procurement.actions.files import opened as opened_file
from procurement.actions.ranking import conclude_evaluation
from procurement.actions.tenders import decline_tender, submit_tender, withdraw_tender, write_tender
from procurement.errors import NotFound
from procurement.models import CallOff, Partner, Tender
from procurement.performance import performance
from procurement.permissions import Actor
from procurement.sealing import Open, open_to
from tests.competed import (
    Contest,
    agreed,
    at,
    declare_interests,
    past_deadline,
    published,
    submitted,
    tender_of,
    written,
)

pytestmark = pytest.mark.django_db

WHY = "We are busy elsewhere."
NOTHING, ALL = Open(own=False, answers=False, price=False), Open(own=True, answers=True, price=True)
WAYS = {
    "withdrawn": (),
    "draft": ("write",),
    "declined": ("write", "decline"),
    "submitted": ("write", "submit"),
}


@pytest.fixture(autouse=True)
def own_files(settings: Any, tmp_path: Path) -> None:
    settings.MEDIA_ROOT = tmp_path


def moved(lead: Actor, tender: Tender, *steps: str) -> None:
    """Withdrawn after it was submitted, and then these steps."""
    for step in ("withdraw", *steps):
        tender.refresh_from_db()
        row = lead, tender.reference, tender.revision
        if step == "withdraw":
            withdraw_tender(*row, WHY)
        elif step == "write":
            write_tender(*row, {"answers": {"method": "Otherwise.", "social": "We hire nearby."}})
        elif step == "decline":
            decline_tender(*row, WHY)
        else:
            submit_tender(*row)


def ranked(contest: Contest, call_off: CallOff, *suppliers: str) -> None:
    """Past its deadline, opened and evaluated, so that prices are open, too."""
    with at(past_deadline(call_off)):
        move_due()
    call_off = open_tenders(
        contest.market.buyer, call_off.reference, CallOff.objects.get(pk=call_off.pk).revision
    )
    for actor in (contest.first, contest.second, contest.moderator):
        declare_interests(actor, call_off.reference, conflict=False)
    agreed(contest, call_off, dict.fromkeys(suppliers, (4, 3)))
    call_off.refresh_from_db()
    conclude_evaluation(contest.market.buyer, call_off.reference, call_off.revision)


@pytest.mark.parametrize("status", WAYS)
def test_what_was_taken_back_is_opened_to_nobody_of_the_buyer(contest: Contest, status: str) -> None:
    call_off, market = published(contest), contest.market
    tender = written(market.oak, call_off, "oak")
    files = []
    for part in ("quality", "price"):
        tender.refresh_from_db()
        said = market.oak, tender.reference, tender.revision, f"{part}.txt", part, [part.encode()]
        files.append(add_tender_file(*said).reference)
    tender.refresh_from_db()
    submit_tender(market.oak, tender.reference, tender.revision)
    submitted(market.yew, call_off, "yew")
    moved(market.oak, tender, *WAYS[status])
    stands = status == "submitted"
    ranked(contest, call_off, *(("oak", "yew") if stands else ("yew",)))
    tender = tender_of(call_off, "oak")
    assert (tender.status, tender.current_id is None) == (status, False)
    assert open_to(market.oak, tender) == ALL
    for actor in (market.buyer, market.approver, contest.first, contest.moderator):
        assert open_to(actor, tender_of(call_off, "yew")) == Open(own=False, answers=True, price=True)
        assert open_to(actor, tender) == (Open(own=False, answers=True, price=True) if stands else NOTHING)
        for file in files:
            if stands:
                opened_file(actor, file)[1].close()
            else:
                with pytest.raises(NotFound):
                    opened_file(actor, file)
    oak = Partner.objects.get(reference="oak")
    assert performance(oak, market.oak, tender.invited_at.date()).tendered == stands
