"""Two requests inside at the same time: one outcome, the other is told 409 or 412, and nothing stands twice.

Both are held at the lock of their call-off until each waits there, in the order in which they came; on PostgreSQL they
go on in that order, on SQLite, whose writers are woken by chance, in either.
"""

from __future__ import annotations

import json
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from datetime import datetime, timedelta
from typing import Any
from unittest.mock import patch

import pytest
from django.db import connection, transaction
from django.test import Client

from procurement.actions.due import move_due
from procurement.actions.events import verify
from procurement.models import (
    CallOff,
    Competition,
    Contract,
    Delivery,
    Event,
    EventAudience,
    IdempotencyRecord,
    Offer,
    Tender,
    TenderRevision,
    User,
)
from procurement.permissions import Actor
from tests.bought import accepted, drafted
from tests.competed import (
    ANSWERS,
    Contest,
    evaluated,
    make_contest,
    past_deadline,
    published,
    submitted,
    team,
    tender_of,
    written,
)

pytestmark = pytest.mark.django_db(transaction=True)

WAITS_WITHIN = 30.0
MILLISECOND = timedelta(milliseconds=1)
AWARD = {"conflicts": "None known."}
IN_ORDER = pytest.mark.parametrize("first", ["request", "clock"])
Sent = Callable[[], Any]


@pytest.fixture
def contest() -> Contest:
    return make_contest()


class Held:
    """Requests that have come as far as the lock of one call-off, and what each was answered."""

    def __init__(self) -> None:
        self.answers: dict[int, Any] = {}
        self._threads: list[threading.Thread] = []

    def begin(self, send: Sent) -> None:
        """Starts one and waits until it waits for the lock."""
        number, arrived = len(self._threads), threading.Event()

        def watch(execute: Any, sql: str, parameters: Any, many: bool, context: Any) -> Any:
            if sql.startswith("BEGIN") or "FOR UPDATE" in sql:
                arrived.set()
            return execute(sql, parameters, many, context)

        def run() -> None:
            try:
                with connection.execute_wrapper(watch):
                    self.answers[number] = send()
            finally:
                connection.close()

        thread = threading.Thread(target=run)
        self._threads.append(thread)
        thread.start()
        assert arrived.wait(WAITS_WITHIN), "it does not come to the lock"
        if connection.vendor == "postgresql":
            until = time.monotonic() + WAITS_WITHIN
            while waiting() < len(self._threads):
                assert time.monotonic() < until, "it does not wait"
                time.sleep(0.01)
        assert self.answers == {}

    def ended(self) -> list[Any]:
        """The answers in the order in which they began, once all have come."""
        for thread in self._threads:
            thread.join(WAITS_WITHIN)
        return [self.answers[number] for number in range(len(self._threads))]


def waiting() -> int:
    """How many connections wait for a lock that another holds."""
    with connection.cursor() as cursor:
        # Within a transaction the list of connections is read once.
        cursor.execute("SELECT pg_stat_clear_snapshot()")
        cursor.execute(
            "SELECT count(DISTINCT pid) FROM pg_locks WHERE NOT granted AND pid IN"
            " (SELECT pid FROM pg_stat_activity WHERE datname = current_database())"
        )
        return int(cursor.fetchone()[0])


@contextmanager
def held(call_off: CallOff) -> Iterator[Held]:
    """Holds the lock of a call-off while requests come to it."""
    found = Held()
    with transaction.atomic():
        CallOff.objects.select_for_update().get(pk=call_off.pk)
        yield found


def both(call_off: CallOff, *sent: Sent) -> list[Any]:
    """What each is answered where all are inside before any goes on."""
    with held(call_off) as found:
        for one in sent:
            found.begin(one)
    return found.ended()


def request(actor: Actor, method: str, path: str, body: Any, match: str, key: str = "once") -> Sent:
    """A request by a person who has signed in, ready to be sent from a thread of its own."""
    client = Client()
    client.force_login(User.objects.get(reference=actor.reference))
    headers = {"If-Match": match, "Idempotency-Key": key}

    def send() -> Any:
        content = json.dumps(body)
        return client.generic(
            method, f"/api/v1/{path}", content, content_type="application/json", headers=headers
        )

    return send


def outcome(answers: list[Any], done: int) -> Any:
    """Sees that one was done with this status and the other refused for having come late; the one that was done."""
    (won,) = (one for one in answers if one.status_code < 400)
    (late,) = (one for one in answers if one.status_code >= 400)
    assert won.status_code == done
    assert (late.status_code, late.json()["code"]) in ((409, "conflict"), (412, "stale")), late.content
    assert late["Content-Type"] == "application/problem+json"
    return won


def since(position: int) -> list[str]:
    """The types of the events since then, in their order."""
    return list(
        Event.objects.filter(position__gt=position).order_by("position").values_list("type", flat=True)
    )


def position() -> int:
    return Event.objects.count()


def rows() -> list[Any]:
    """Everything that a request of these may write, row by row, but for what keys are kept."""
    kept = (CallOff, Competition, Offer, Contract, Tender, TenderRevision, Event, EventAudience, Delivery)
    return [list(one._base_manager.order_by("pk").values()) for one in kept]


@pytest.fixture(params=["read", "*"])
def condition(request: pytest.FixtureRequest) -> Callable[[int], str]:
    """If-Match as the two send it: what both have read, or whatever it is."""
    return lambda revision: "*" if request.param == "*" else f'"{revision}-"'


def test_of_two_buyers_that_award_at_once_one_does(contest: Contest, condition: Callable[[int], str]) -> None:
    market = contest.market
    call_off = accepted(market).call_off
    path, match, before = f"call-offs/{call_off.reference}/award/", condition(call_off.revision), position()
    answers = both(
        call_off,
        *(request(one, "POST", path, AWARD, match) for one in (market.buyer, market.approver)),
    )
    outcome(answers, 200)
    assert since(before) == ["call_off.awarded"]
    assert (Contract.objects.count(), IdempotencyRecord.objects.count()) == (1, 1)
    now = CallOff.objects.get()
    assert (now.status, now.revision) == ("awarded", call_off.revision + 1)
    assert verify() is None


def test_of_two_buyers_that_award_a_competition_at_once_one_does(contest: Contest) -> None:
    market = contest.market
    call_off = evaluated(contest)
    path, match, before = f"call-offs/{call_off.reference}/award/", f'"{call_off.revision}-"', position()
    answers = both(
        call_off,
        *(request(one, "POST", path, AWARD, match) for one in (market.buyer, market.approver)),
    )
    outcome(answers, 200)
    assert since(before) == [
        "tender.successful", "tender.told", "tender.unsuccessful", "tender.told", "call_off.awarded",
    ]  # fmt: skip
    assert Contract.objects.count() == 1
    assert sorted(Tender.objects.values_list("status", flat=True)) == ["successful", "unsuccessful"]
    assert verify() is None


def test_of_two_offers_at_once_one_goes_out(contest: Contest, condition: Callable[[int], str]) -> None:
    market = contest.market
    call_off = drafted(market.buyer)
    path, match, before = f"call-offs/{call_off.reference}/offers/", condition(call_off.revision), position()
    answers = both(
        call_off, *(request(one, "POST", path, {}, match) for one in (market.buyer, market.approver))
    )
    outcome(answers, 201)
    assert since(before) == ["offer.sent"]
    assert [one.asked.position for one in Offer.objects.all()] == [1]
    assert CallOff.objects.get().revision == call_off.revision + 1
    assert verify() is None


def test_edits_of_whatever_it_is_at_once_are_made_one_after_the_other_and_none_is_lost(
    contest: Contest,
) -> None:
    call_off, before = drafted(contest.market.buyer), position()
    path = f"call-offs/{call_off.reference}/"
    said: tuple[dict[str, Any], ...] = (
        {"title": "First"},
        {"terms": {"expenses": "7.00"}},
        {"title": "Last"},
    )
    answers = both(
        call_off, *(request(contest.market.buyer, "PATCH", path, one, "*", str(one)) for one in said)
    )
    assert [one.status_code for one in answers] == [200, 200, 200]
    assert since(before) == ["call_off.edited"] * 3
    # Each answers what stands once it is made, a quicker one's edit among it: the last of them, what stands now.
    now = CallOff.objects.get()
    made = sorted((one.json() for one in answers), key=lambda one: int(one["revision"]))
    assert now.revision == call_off.revision + 3
    assert [one["revision"] for one in made] == [
        max(one["revision"], call_off.revision + number) for number, one in enumerate(made, start=1)
    ]
    assert (now.title, now.terms["expenses"], now.revision) == (
        made[-1]["title"],
        "7.00",
        made[-1]["revision"],
    )
    assert now.title in {"First", "Last"}
    assert verify() is None


def test_edits_at_once_of_what_both_have_read_are_made_once(contest: Contest) -> None:
    call_off, before = drafted(contest.market.buyer), position()
    path, match = f"call-offs/{call_off.reference}/", f'"{call_off.revision}-"'
    answers = both(
        call_off,
        *(
            request(contest.market.buyer, "PATCH", path, {"title": one}, match, one)
            for one in ("First", "Last")
        ),
    )
    outcome(answers, 200)
    assert since(before) == ["call_off.edited"]


def test_a_request_that_is_sent_twice_at_once_is_done_once_and_told_twice(contest: Contest) -> None:
    call_off = drafted(contest.market.buyer)
    path, before = f"call-offs/{call_off.reference}/offers/", position()
    sent = [request(contest.market.buyer, "POST", path, {}, f'"{call_off.revision}-"') for _ in range(2)]
    one, other = both(call_off, *sent)
    assert (one.status_code, other.status_code) == (201, 201)
    assert one.json() == other.json()
    assert {one.get("Idempotency-Replayed"), other.get("Idempotency-Replayed")} == {None, "true"}
    assert since(before) == ["offer.sent"]


class Clock:
    """The server's clock, for every thread."""

    def __init__(self, moment: datetime) -> None:
        self.now = moment

    def __call__(self) -> datetime:
        return self.now


@contextmanager
def clock_at(moment: datetime) -> Iterator[Clock]:
    clock = Clock(moment)
    with patch("django.utils.timezone.now", clock):
        yield clock


def submission(contest: Contest, call_off: CallOff, key: str = "once") -> Sent:
    tender = tender_of(call_off, "oak")
    path = f"tenders/{tender.reference}/submit/"
    return request(contest.market.oak, "POST", path, {}, f'"{tender.revision}-"', key)


def ordered(first: str, sent: Sent, swept: Sent) -> tuple[Sent, Sent]:
    return (sent, swept) if first == "request" else (swept, sent)


def told(first: str, answers: list[Any]) -> tuple[Any, dict[str, int]]:
    """What was answered and what was swept; on PostgreSQL whoever came first was first."""
    answer, swept = answers if first == "request" else answers[::-1]
    if connection.vendor == "postgresql":
        assert (answer.status_code < 400) is (first == "request"), answer.content
    return answer, swept


@IN_ORDER
def test_a_tender_at_the_last_millisecond_and_the_close_have_one_outcome(
    contest: Contest, first: str
) -> None:
    call_off = published(contest)
    written(contest.market.oak, call_off, "oak")
    deadline, before = past_deadline(call_off), position()
    with clock_at(deadline - MILLISECOND):
        sent = submission(contest, call_off)
        answers = both(call_off, *ordered(first, sent, lambda: move_due(deadline)))
        answer, swept = told(first, answers)
    assert swept["competitions_closed"] == 1
    tender, status = tender_of(call_off, "oak"), CallOff.objects.get().status
    if answer.status_code == 201:
        assert since(before) == ["tender.submitted", "call_off.closed"]
        assert (tender.status, status, TenderRevision.objects.get().submitted_at) == (
            "submitted", "closed", deadline - MILLISECOND,
        )  # fmt: skip
    else:
        assert (answer.status_code, answer.json()["code"]) == (409, "conflict")
        assert since(before) == ["call_off.unsuccessful"]
        assert (tender.status, status, TenderRevision.objects.count()) == ("draft", "unsuccessful", 0)
    assert verify() is None


def test_a_tender_that_waits_past_the_deadline_is_refused_though_nobody_has_closed(contest: Contest) -> None:
    call_off = published(contest)
    written(contest.market.oak, call_off, "oak")
    deadline = past_deadline(call_off)
    before = rows()
    with clock_at(deadline - MILLISECOND) as clock:
        sent = submission(contest, call_off)
        with held(call_off) as found:
            found.begin(sent)
            clock.now = deadline
        (answer,) = found.ended()
    assert (answer.status_code, answer.json()["code"]) == (409, "conflict")
    assert rows() == before
    assert IdempotencyRecord.objects.count() == 0


def test_of_two_submissions_at_the_last_millisecond_one_counts(contest: Contest) -> None:
    call_off = published(contest)
    written(contest.market.oak, call_off, "oak")
    before = position()
    with clock_at(past_deadline(call_off) - MILLISECOND):
        sent = [submission(contest, call_off, key) for key in ("one", "two")]
        won = outcome(both(call_off, *sent), 201)
    assert since(before) == ["tender.submitted"]
    made = TenderRevision.objects.get()
    assert (won.json()["digest"], won.json()["reference"]) == (made.digest, made.reference)


@IN_ORDER
def test_a_tender_written_while_its_competition_closes_is_kept_or_refused_whole(
    contest: Contest, first: str
) -> None:
    call_off = published(contest)
    submitted(contest.market.oak, call_off, "oak")
    tender, deadline, before = tender_of(call_off, "oak"), past_deadline(call_off), position()
    changed = {"team": team("390.00"), "answers": ANSWERS}
    with clock_at(deadline - MILLISECOND):
        path = f"tenders/{tender.reference}/"
        sent = request(contest.market.oak, "PUT", path, changed, f'"{tender.revision}-"')
        answer, _ = told(first, both(call_off, *ordered(first, sent, lambda: move_due(deadline))))
    after = tender_of(call_off, "oak")
    # What was submitted stands, whatever became of the draft.
    assert (after.status, after.current_id) == ("submitted", tender.current_id)
    assert CallOff.objects.get().status == "closed"
    if answer.status_code == 200:
        assert since(before) == ["tender.drafted", "call_off.closed"]
        assert after.draft["team"][0]["rate"] == "390.00"
    else:
        assert (answer.status_code, answer.json()["code"]) == (409, "conflict")
        assert since(before) == ["call_off.closed"]
        assert (after.draft, after.revision) == (tender.draft, tender.revision)


@IN_ORDER
def test_a_deadline_moved_while_the_competition_closes_holds_or_is_refused(
    contest: Contest, first: str
) -> None:
    call_off = published(contest)
    submitted(contest.market.oak, call_off, "oak")
    deadline, before = past_deadline(call_off), position()
    later = (deadline + timedelta(days=7)).isoformat()
    with clock_at(deadline - MILLISECOND):
        path = f"call-offs/{call_off.reference}/competition/extend/"
        body = {"deadline": later, "reason": "Many questions."}
        sent = request(contest.market.buyer, "POST", path, body, f'"{call_off.revision}-"')
        answer, swept = told(first, both(call_off, *ordered(first, sent, lambda: move_due(deadline))))
    status = CallOff.objects.get().status
    if answer.status_code == 200:
        assert (status, swept["competitions_closed"]) == ("out", 0)
        assert since(before) == ["call_off.extended"]
        assert past_deadline(CallOff.objects.get()) == deadline + timedelta(days=7)
    else:
        assert (answer.status_code, answer.json()["code"]) in ((409, "conflict"), (412, "stale"))
        assert (status, swept["competitions_closed"]) == ("closed", 1)
        assert since(before) == ["call_off.closed"]
        assert past_deadline(CallOff.objects.get()) == deadline
    assert verify() is None
