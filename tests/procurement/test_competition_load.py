"""A competition of a hundred suppliers costs the statements of one of a few; a submission meets the close once."""

from __future__ import annotations

import threading
import time
from datetime import timedelta

import pytest
from django.db import connection, connections
from django.test.utils import CaptureQueriesContext
from django.utils import timezone

from procurement.actions.appointments import AppointmentDraft, save_appointments
from procurement.actions.closing import close_competition
from procurement.actions.competitions import preview
from procurement.actions.publishing import publish_competition
from procurement.actions.suppliers import MemberDraft, SupplierDraft, save_suppliers
from procurement.actions.tenders import submit_tender
from procurement.errors import Conflict
from procurement.models import CallOff, Competition, Event, Invitation
from procurement.permissions import SYSTEM
from tests.competed import Contest, make_contest, planned, published, tender_of, written
from tests.world import LIVE_FROM, make_partners


def more_suppliers(count: int) -> None:
    """So many firms alone on wr1~1, with no card."""
    names = {f"firm{at:03}": f"Firm {at}" for at in range(count)}
    make_partners(names)
    save_suppliers(
        SYSTEM,
        [
            SupplierDraft(one, name, "alone", (MemberDraft(one, "lead", LIVE_FROM),))
            for one, name in names.items()
        ],
    )
    save_appointments(SYSTEM, [AppointmentDraft(one, "wr1~1", LIVE_FROM) for one in names])


def queries_of_publishing(contest: Contest) -> int:
    call_off = planned(contest)
    with CaptureQueriesContext(connection) as found:
        publish_competition(contest.market.buyer, call_off.reference, call_off.revision)
    return len(found)


@pytest.mark.django_db
def test_a_hundred_suppliers_cost_no_more_statements_than_two() -> None:
    contest = make_contest()
    few = queries_of_publishing(contest)
    more_suppliers(98)
    call_off = planned(contest)
    with CaptureQueriesContext(connection) as shown:
        assert len(preview(contest.market.buyer, call_off.reference).invited) == 100
    many = queries_of_publishing(contest)
    assert Invitation.objects.count() == 102
    assert Event.objects.filter(type="invitation.sent").count() == 102
    # SQLite takes so many parameters a statement: a batch more for so many more rows. And where none of the first fifty
    # suppliers has a card, the others are priced as well.
    assert few <= many <= few + 2 + 4 <= 44
    assert len(shown) <= 20


@pytest.mark.django_db(transaction=True)
def test_a_submission_at_the_last_moment_and_the_close_have_one_outcome() -> None:
    contest = make_contest()
    call_off = published(contest)
    tender = written(contest.market.oak, call_off, "oak")
    soon = timezone.now() + timedelta(seconds=2)
    Competition.objects.filter(call_off=call_off).update(deadline=soon)
    outcome: list[str] = []
    gate = threading.Barrier(2)

    def submit() -> None:
        gate.wait()
        revision = tender.revision
        try:
            while True:
                submit_tender(contest.market.oak, tender.reference, revision)
                revision += 1
        except Conflict:
            outcome.append("refused")
        finally:
            connections.close_all()

    def close() -> None:
        gate.wait()
        time.sleep(max(0.0, (soon - timezone.now()).total_seconds() - 0.02))
        try:
            while not close_competition(call_off.reference, timezone.now()):
                pass
            outcome.append("closed")
        finally:
            connections.close_all()

    threads = [threading.Thread(target=one) for one in (submit, close)]
    for one in threads:
        one.start()
    for one in threads:
        one.join(60)
    assert sorted(outcome) == ["closed", "refused"]
    standing, last = tender_of(call_off, "oak"), CallOff.objects.get()
    made = list(standing.revisions.order_by("number"))
    assert all(one.submitted_at < soon for one in made)
    assert (last.status, standing.status, standing.current) == (
        ("closed", "submitted", made[-1]) if made else ("unsuccessful", "draft", None)
    )
    kinds = list(Event.objects.order_by("position").values_list("type", flat=True))
    assert "tender.submitted" not in kinds[kinds.index(f"call_off.{last.status}") :]
