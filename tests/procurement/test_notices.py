"""The table of notices: every row speaks of what its type's events say, in words that can be told."""

from __future__ import annotations

from typing import Any

import pytest
from django.utils import timezone

from procurement.concerned import WAYS
from procurement.event_names import names_for
from procurement.event_types import EVENT_TYPES
from procurement.models import CallOff, Delivery, Event
from procurement.notice import USER
from procurement.notices import NOTICES, notice_for, worded
from tests.bought import awarded
from tests.competed import Contest

CHANGES: dict[str, dict[str, Any]] = {
    "operation.finished": {"kind": "import_partners", "status": "succeeded"},
    "organisation.member_added": {"role": "viewer"},
    "organisation.member_role_changed": {"role": "viewer", "before": "editor"},
    "organisation.client_created": {"name": "Ours"},
    "partner.confirmation_asked": {"since": "2026-05-01"},
    "partner.profile_taken_back": {"version": 3, "reason": "It advertises."},
    "rate_card.published": {"version": 3},
    "rate_card.expired": {"version": 3},
    "rate_proposal.submitted": {"valid_from": "2027-04-01"},
    "rate_proposal.approved": {"valid_from": "2027-04-01", "version": 3},
    "rate_proposal.refused": {"reason": "Too much."},
    "supplier.member_joined": {"role": "member", "joined_on": "2026-04-01"},
    "supplier.member_left": {"left_on": "2026-05-01"},
    "supplier.lead_changed": {"former": "a", "since": "2026-05-01", "stays": True},
    "appointment.made": {"starts_on": "2026-05-01"},
    "offer.extended": {"reply_by": "2026-05-01T12:00:00+00:00"},
    "offer.lead_changed": {"since": "2026-05-01"},
    "contract.lead_changed": {"since": "2026-05-01"},
    "tender.lead_changed": {"since": "2026-05-01"},
    "contract.reopened": {"reason": "The last report is still to come."},
    "contract.extended": {"ends_on": "2027-05-01"},
    "contract.indicators_set": {"indicators": ["Reports on time"], "no_indicators": ""},
    "contract.assessed": {"notice": "uk9-1", "first_day": "2026-05-01", "last_day": "2027-04-30"},
    "outcome_plan.resumed": {"reason": "The last report is still to come."},
    "outcome_plan.ended": {"ended": "cancelled", "reason": "No money.", "left": {"ministry": 30_000}},
    "outcome_plan.approvals_lapsed": {"before": "agreed"},
    "claim.verified": {"counted": 3, "amount": 300},
    "claim.unverified": {"counted": 1, "amount": 100, "reason": "It was a slip."},
    "call_off.cancelled": {"reason": "The need has gone."},
    "call_off.sent_back": {"reason": "Say why no competition is held."},
    "call_off.unsuccessful": {"reason": "No tender was submitted by the deadline."},
    "contract.signature_reminded": {"unsigned": ["buyer", "supplier"]},
    "contract.option_reminded": {"ends_on": "2026-09-30", "months": 3},
    "contract.end_reminded": {"ends_on": "2026-09-30"},
    "invitation.reminded": {"interest_until": "2026-05-01T12:00:00+00:00"},
    "call_off.person_added": {"part": "assessor"},
    "contract.notice_reminded": {
        "notice": "uk7",
        "name": "UK7 contract details notice",
        "due_on": "2026-05-01",
    },
    "tender.reminded": {"deadline": "2026-05-01T12:00:00+00:00"},
    "webhook.disabled": {"because": "gone"},
    "webhook.rotated": {"previous_until": "2026-04-02T09:00:00.000000Z"},
}
ROWS = [(kind, notice) for kind, rows in NOTICES.items() for notice in rows]


def event(kind: str) -> Event:
    known = EVENT_TYPES[kind]
    references: dict[str, Any] = {name: f"{name}-1" for name in known.references}
    if "listing" in references:
        references["listing"] = ["a", "b"]
    return Event(
        position=1, type=kind, actor="system", subject_type=known.subject, subject="subject-1",
        references=references, changes=CHANGES.get(kind, {}), at=timezone.now(),
    )  # fmt: skip


@pytest.mark.parametrize(("kind", "notice"), ROWS)
def test_every_row_can_be_told(kind: str, notice: Any) -> None:
    known = EVENT_TYPES[kind]
    assert notice.whom == USER or WAYS[notice.whom].kind in {known.subject, *known.references}
    assert notice_for(kind, notice.whom) is notice
    told = worded(event(kind), notice, {})
    assert told.title
    assert told.text[-1] in ".)"
    assert "{" not in told.title + told.text + told.link
    assert told.link == "" or told.link.startswith("/")
    assert notice.whom != USER or notice.channels == (Delivery.Channel.INBOX,)
    assert notice.roles


def test_nobody_is_told_twice_of_one_type_by_one_way() -> None:
    pairs = [(kind, notice.whom) for kind, notice in ROWS]
    assert len(pairs) == len(set(pairs))


def test_words_are_those_of_the_event() -> None:
    told = worded(event("operation.finished"), notice_for("operation.finished", "operation"), {})
    assert told.title == "Work has succeeded: subject-1"
    assert told.text == "The work “import partners” (subject-1) has succeeded."
    assert told.link == "/operations/subject-1"
    finished, notice = event("operation.finished"), notice_for("operation.finished", "operation")
    why = "The file has errors, and nothing of it would be imported: 1 of 1 row is wrong."
    finished.changes = {"kind": "import_rates", "status": "succeeded"}
    finished.changes |= {"dry_run": True, "refused": 1, "outcome": why}
    told = worded(finished, notice, {})
    assert told.title == "A check has found errors: subject-1"
    assert told.text == f"The work “import rates” (subject-1) was only checked. {why}"
    told = worded(event("saved_search.matched"), notice_for("saved_search.matched", "organisation"), {})
    assert (told.text, told.link) == (
        "It has found 2 listings that are new or changed.",
        "/saved-searches/subject-1",
    )


@pytest.mark.parametrize(
    ("deadline", "said"),
    [
        ("2026-05-01T12:00:00+00:00", "1 May 2026 at 1:00pm"),
        ("2026-05-01T23:00:00.000000Z", "midnight at the end of 1 May 2026"),
    ],
)
def test_days_and_moments_are_written_out_in_londons_time(deadline: str, said: str) -> None:
    reminded = event("tender.reminded")
    reminded.changes = {"deadline": deadline}
    told = worded(reminded, notice_for("tender.reminded", "lead"), {})
    assert told.text.endswith(f"The deadline is {said}.")
    ends = worded(event("contract.end_reminded"), notice_for("contract.end_reminded", "organisation"), {})
    assert ends.text == "The last day of the contract subject-1 is 30 September 2026."


@pytest.mark.django_db
def test_a_purchase_is_called_by_its_title_to_whoever_reads_it_there_and_to_nobody_else(
    contest: Contest,
) -> None:
    """Names are put in place for every row; the numbers stay in every one."""
    contract = awarded(contest.market)
    call_off = contract.call_off
    title = (
        "A service that has a very long name, so that nobody would read all of it in the subject of an e-mail"
    )
    CallOff.objects.filter(pk=call_off.pk).update(title=title)
    shown = f"“{title[:79]}…”"
    numbers = {
        "call_off": call_off.reference,
        "contract": contract.reference,
        "offer": f"{call_off.reference}~1",
    }
    told = set()
    for kind, notice in ROWS:
        one = event(kind)
        one.subject = numbers.get(one.subject_type, one.subject)
        one.references |= {name: numbers[name] for name in numbers if name in one.references}
        message = worded(one, notice, names_for(notice, one))
        assert len(message.title) < 250
        if shown in message.title + message.text:
            told.add((kind, notice.whom))
            assert any(f"{shown} ({number})" in message.title + message.text for number in numbers.values())
        assert title not in message.title + message.text
        assert notice.link is None or shown not in message.link
    parties = {whom for _, whom in told}
    assert parties == {
        "organisation",
        USER,
        "lead",
        "invited",
        "writers",
        "drafters",
        "offered",
        "payer",
        "investor",
    }
    unread = {(kind, whom) for kind, whom in told if whom in ("payer", "investor", "dropped")}
    assert unread == {
        ("outcome_plan.proposed", "payer"),
        ("outcome_plan.proposed", "investor"),
        ("outcome_plan.ended", "payer"),
        ("outcome_plan.ended", "investor"),
        ("outcome_plan.resumed", "payer"),
        ("outcome_plan.resumed", "investor"),
        ("claim.verified", "payer"),
        ("claim.unverified", "payer"),
        ("claim.paid", "payer"),
    }
    assert ("call_off.cancelled", "offered") in told
    assert ("call_off.evaluation_reopened", USER) in told


def test_a_row_that_is_gone_is_a_fault_that_says_so() -> None:
    with pytest.raises(LookupError, match=r"appointment\.started is told to no supplier"):
        notice_for("appointment.started", "supplier")
