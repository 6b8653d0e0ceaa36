"""What the clock moves in call-offs: reminders and ends of windows, found by what is due and never by a day's name.

Each is a transaction of its own, asked again under its lock: a second worker, or a sweep after an outage, moves nothing
twice and leaves nothing behind.
"""

from __future__ import annotations

from datetime import datetime

from django.db.models import QuerySet
from django.utils import timezone

from procurement.actions.closing import close_competition
from procurement.actions.contract_reminders import remind_contract
from procurement.actions.interest import end_interest, remind_interest
from procurement.actions.offers import expire_offer, remind_offer
from procurement.actions.passed_windows import end_standstill, lapse_question
from procurement.actions.public_notices import remind_notices
from procurement.actions.tender_reminders import remind_tenders
from procurement.models import CallOff, Competition, Contract, LowPriceQuestion, Offer, Tender

WAITING = (Offer.Status.SENT, Offer.Status.VIEWED)
BATCH = 500
"""Moved in one sweep of each kind; the next takes the rest."""


def move_due(now: datetime | None = None) -> dict[str, int]:
    """Moves whatever is due at `now` (with a time zone); how many of each kind."""
    at = now or timezone.now()
    waiting = Offer.objects.filter(status__in=WAITING)
    expired = waiting.filter(reply_by__lte=at).order_by("reply_by", "pk")
    # Past its window an offer expires; a reminder would come too late.
    half = waiting.filter(remind_at__lte=at, reply_by__gt=at, reminded_at=None).order_by("remind_at", "pk")
    out = Competition.objects.filter(call_off__status=CallOff.Status.OUT)
    ended = out.filter(interest_until__lte=at, invited_at=None).order_by("interest_until", "pk")
    # After an outage one may be past both: interest ends first, and nobody has tendered.
    ends = sum(end_interest(one, at) for one in _call_offs(ended))
    closed = out.filter(deadline__lte=at).order_by("deadline", "pk")
    waited = out.filter(remind_at__lte=at, reminded_at=None).order_by("remind_at", "pk")
    silent = waited.filter(invited_at=None, interest_until__gt=at)
    missing = waited.filter(deadline__gt=at).exclude(invited_at=None)
    stood = Competition.objects.filter(call_off__status=CallOff.Status.INTENTION, standstill_ended_at=None)
    stood = stood.filter(standstill_until__lte=at).order_by("standstill_until", "pk")
    lapsed = LowPriceQuestion.objects.filter(
        answer_by__lte=at, answered_at=None, lapsed_at=None, accepted=None
    )
    # Of a tender that an outcome has come to nothing is waited for.
    lapsed = lapsed.filter(tender__status=Tender.Status.SUBMITTED).order_by("answer_by", "pk")
    # While it is evaluated again nothing says whether its price looks low.
    lapsed = lapsed.filter(tender__competition__ranking__isnull=False)
    silent_on_price = lapsed.values_list("tender__reference", flat=True)[:BATCH]
    today = timezone.localdate(at)
    close = Contract.objects.filter(notice_on__lte=today).order_by("notice_on", "pk")
    looked = Contract.objects.filter(remind_on__lte=today).order_by("remind_on", "pk")
    return {
        "interest_ended": ends,
        "competitions_closed": sum(close_competition(one, at) for one in _call_offs(closed)),
        "interest_reminded": sum(remind_interest(one, at) for one in _call_offs(silent)),
        "tenders_reminded": sum(remind_tenders(one, at) for one in _call_offs(missing)),
        "standstills_ended": sum(end_standstill(one, at) for one in _call_offs(stood)),
        "prices_unanswered": sum(lapse_question(one, at) for one in list(silent_on_price)),
        "offers_expired": sum(expire_offer(one, at) for one in _references(expired)),
        "offers_reminded": sum(remind_offer(one, at) for one in _references(half)),
        "notices_reminded": sum(remind_notices(one, at) for one in _references(close)),
        "contracts_reminded": sum(remind_contract(one, at) for one in _references(looked)),
    }


def _references(rows: QuerySet[Offer] | QuerySet[Contract]) -> list[str]:
    return list(rows.values_list("reference", flat=True)[:BATCH])


def _call_offs(rows: QuerySet[Competition]) -> list[str]:
    return list(rows.values_list("call_off__reference", flat=True)[:BATCH])
