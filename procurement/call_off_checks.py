"""What keeps a call-off from going out, read from the database: the rules of rules.py over its rows.

Shown beside every draft (`blocking`), asked for again when it is approved, when an offer or an invitation goes out, and
at award and signature. A fixed number of queries however many suppliers there are.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from datetime import date
from typing import Final

from django.db.models import QuerySet

from procurement.competition_checks import competition_faults
from procurement.errors import Fault
from procurement.models import (
    Appointment,
    BuyerLimit,
    CallOff,
    CallOffSupplier,
    Requirement,
    Shortlist,
    Supplier,
    SupplierMember,
)
from procurement.on_day import standing
from procurement.order_form import Priced, content_of, priced, team_prices, terms_of
from procurement.outcome_checks import outcome_faults
from procurement.pricing import money
from procurement.rules import (
    buyer_faults,
    direct_award_faults,
    ended_faults,
    open_faults,
    route_faults,
    supplier_faults,
    term_faults,
    value_faults,
)
from procurement.terms import Terms

DIRECT: Final = CallOff.Route.DIRECT_AWARD
DECIDING: Final = frozenset({CallOff.Status.EVALUATED, CallOff.Status.INTENTION})
"""Statuses in which a competition's outcome is known and not awarded: what ranks first is what would be approved."""

OUTCOME_NOT_APPROVED: Final = (
    "The organisation's limit asks for an approval of what the tender that ranks first comes to."
)

SETTLED: Final = frozenset({"start_past"})
"""Rules that do not bear on an award: a start that was agreed may have come while it was answered, and a contract
begins with its second signature where that is later.
"""

NEXT_NOT_APPROVED: Final = (
    "The next order form comes to more than was approved: an approver approves it before it is sent."
)
AMENDED_NOT_APPROVED: Final = "With that it would come to more than was approved."

OF_SUPPLIER: Final = "/supplier"
"""Where a fault is the supplier's own (its place, members or card): no change of the call-off would mend it."""

FEW: Final = 20
"""Suppliers whose prices are worked out at first: one that can tender is enough, and nearly always it is among them."""

Prices = Mapping[int, Priced]
"""A price for each supplier of a direct award by the key of its row, as prices_of reads them once; none of a
competition.
"""


def standing_faults(call_off: CallOff, prices: Prices, on: date) -> list[Fault]:
    """Everything that is wrong with a call-off whichever supplier it goes to, and its price with each of them."""
    planned = [] if call_off.route == DIRECT else competition_faults(call_off)
    return [*place_faults(call_off, on), *_price_faults(call_off, prices), *planned]


def place_faults(call_off: CallOff, on: date) -> Iterator[Fault]:
    """What is wrong with the buyer, the framework, the lot, the route, the dates and what is paid for outcomes."""
    lot, terms = call_off.lot, terms_of(call_off)
    if call_off.requirement.requirement.status != Requirement.Status.OPEN:
        yield Fault("/requirement", "withdrawn", "The requirement is withdrawn.")
    yield from open_faults(lot.framework, lot, on)
    yield from buyer_faults(call_off.organisation, lot.framework)
    yield from route_faults(lot, call_off.route)
    yield from term_faults(lot, content_of(call_off), terms, on)
    yield from outcome_faults(call_off, on)
    if call_off.route == DIRECT:
        yield from direct_award_faults(terms)
        if call_off.snapshot_id is None:
            message = "A direct award goes to suppliers in the order of a locked shortlist: name it."
            yield Fault("/shortlist", "required", message)
        elif message := unlocked(call_off):
            yield Fault("/shortlist", "unlocked", message)


def unlocked(call_off: CallOff) -> str:
    """Why the order that a direct award rests on stands no longer: its shortlist was unlocked since, whether it was
    locked anew or not. "" where it stands; at most one query.
    """
    snapshot = call_off.snapshot
    if snapshot is None:
        return ""
    shortlist = snapshot.shortlist
    if shortlist.status == Shortlist.Status.LOCKED and shortlist.snapshots.latest("number").pk == snapshot.pk:
        return ""
    return f"{shortlist.reference} was unlocked since: name it again once it is locked."


def reach_faults(
    call_off: CallOff, suppliers: Sequence[int] | QuerySet[Appointment, int], on: date
) -> Iterator[Fault]:
    """Whether any of the suppliers (primary keys) that a competition invites could tender for the team that is asked
    for: its days are fixed and the rates of a card are ceilings, so that what they come to on that day is the most that
    can be tendered. Four queries, eight where none of the first FEW can, none where no team is named.
    """
    if not content_of(call_off).team:
        return
    first = list(suppliers[:FEW])
    if not first:
        return
    terms, least, why = terms_of(call_off), call_off.lot.minimum_value_pence, ""
    reached: list[int] = []
    for some in (first, suppliers[FEW:] if len(first) == FEW else ()):
        asked = Supplier.objects.filter(pk__in=list(some)).order_by("reference") if some else ()
        prices = team_prices(call_off, list(asked), on) if asked else []
        why = why or next((fault.message for one in prices for fault in one.faults), "")
        reached += [terms.total(one.minor) for one in prices if one.minor is not None]
        if reached and (least is None or max(reached) >= least):
            return
    if not reached:
        message = (
            f"None of the suppliers could tender for this team by its rate card: {why}{_newer(call_off)}"
        )
        yield Fault("/requirement/team", "unpriced", message)
    elif least is not None:
        message = (
            f"No tender could reach the lot's least value of £{money(least)}: at the ceilings of the suppliers' rate "
            f"cards the team comes to £{money(max(reached))} at most, with expenses and every option."
        )
        yield Fault("/requirement/team", "below_minimum", message)


def _newer(call_off: CallOff) -> str:
    """What to add of a team where its requirement has been changed since: a call-off keeps the revision it took."""
    taken = call_off.requirement
    current = taken.requirement.current
    if current is None or current.number == taken.number:
        return ""
    reference = taken.requirement.reference
    return (
        f" The call-off is of revision {taken.number} of {reference}; name {reference} as its requirement again "
        f"to take revision {current.number}."
    )


def unreached_faults(call_off: CallOff, on: date) -> Iterator[Fault]:
    """The same of every supplier whose place on the lot has not ended, before it is worked out whom a competition
    invites: what none of them could tender for, none of the invited could. One query more, two where none of the first
    FEW can.
    """
    places = Appointment.objects.filter(standing(on), lot=call_off.lot)
    suppliers = places.order_by("supplier__reference").values_list("supplier", flat=True)
    return reach_faults(call_off, suppliers, on)


def asked_of(call_off: CallOff) -> list[CallOffSupplier]:
    """The call-off's suppliers in their order, with appointment, supplier and wanted partners."""
    rows = call_off.suppliers.select_related("appointment__supplier").order_by("position")
    return list(rows.prefetch_related("partners__organisation"))


def prices_of(call_off: CallOff, asked: Sequence[CallOffSupplier], on: date) -> Prices:
    """What the call-off costs with each of these suppliers on that day; three queries, none in a competition."""
    return priced(call_off, asked, on) if call_off.route == DIRECT and asked else {}


def asked_faults(
    call_off: CallOff,
    asked: CallOffSupplier,
    price: Priced,
    on: date,
    terms: Terms | None = None,
    members: Sequence[SupplierMember] | None = None,
) -> Iterator[Fault]:
    """What is wrong with one of its suppliers on that day: its place, its lead and wanted partners, its price, on the
    call-off's terms or those that were tendered. Its `members` are read where they are not given.
    """
    supplier = asked.appointment.supplier_id
    current = members_of([supplier]).get(supplier, []) if members is None else members
    leads = [one.partner for one in current if one.role == SupplierMember.Role.LEAD]
    partners = {one.pk: one for one in [*leads, *asked.partners.all()]}
    keys = {one.partner_id for one in current}
    found = list(supplier_faults(asked.appointment, call_off.lot.framework, partners.values(), keys, on))
    yield from found
    # A place that does not hold is also why there is no price: it is told once.
    yield from (one for one in price.faults if one.code not in {each.code for each in found})
    if price.minor is not None:
        total = (terms or terms_of(call_off)).total(price.minor)
        yield from value_faults(call_off.lot, call_off.route, total)


def award_faults(
    call_off: CallOff, asked: CallOffSupplier, price: int, on: date, tendered: Terms | None = None
) -> list[Fault]:
    """What keeps it from being awarded to a supplier at its price on that day, by the call-off's terms or those that
    were tendered.
    """
    return [
        *(one for one in place_faults(call_off, on) if one.code not in SETTLED),
        *asked_faults(call_off, asked, Priced(price, None), on, tendered),
    ]


def signing_faults(call_off: CallOff, asked: CallOffSupplier, price: int, on: date) -> list[Fault]:
    """What keeps its contract with a supplier from being signed on that day: a call-off is made by its last signature,
    until which the framework and the lot are open, the buyer eligible, the supplier appointed, the last day of the work
    is not past, and outcomes that it pays for could be claimed.
    """
    own = asked_faults(call_off, asked, Priced(price, None), on)
    return [
        *open_faults(call_off.lot.framework, call_off.lot, on),
        *buyer_faults(call_off.organisation, call_off.lot.framework),
        *ended_faults(content_of(call_off), on),
        *outcome_faults(call_off, on),
        *(one for one in own if one.pointer == OF_SUPPLIER),
    ]


def members_of(suppliers: Iterable[int]) -> dict[int, list[SupplierMember]]:
    """The present members of suppliers by the supplier's key, with partner and organisation; one query."""
    rows = SupplierMember.objects.filter(supplier__in=list(suppliers), left_on=None)
    found: dict[int, list[SupplierMember]] = {}
    for row in rows.select_related("partner__organisation"):
        found.setdefault(row.supplier_id, []).append(row)
    return found


def limit_of(organisation: int) -> int | None:
    """The total in pence from which an organisation's (by its key) call-offs are approved, None where none is."""
    limit = BuyerLimit.objects.filter(organisation=organisation).first()
    return limit.approval_from_minor if limit else None


def approval_asked(limit: int | None, greatest: int | None) -> bool:
    """Whether the buyer's limit asks for an approval of what it may come to; what has no price yet asks for one."""
    return limit is not None and (greatest is None or greatest >= limit)


def approval_missing(call_off: CallOff, limit: int | None, total: int | None, greatest: int | None) -> str:
    """Why what goes out next, which comes to `total`, is not covered by an approval; "" where it is, or needs none.

    Before it goes out at all the greatest total counts: one supplier after the other may be asked. Once it is out
    `total` alone does: of the next order form of a direct award, or of the tender that ranks first in a competition.
    """
    if call_off.went_out_at is None:
        asked = approval_asked(limit, greatest)
    else:
        asked = total is not None and approval_asked(limit, total)
    if not asked:
        return ""
    if call_off.went_out_at is not None:
        covered = call_off.approved_minor is not None and (total or 0) <= call_off.approved_minor
        direct = NEXT_NOT_APPROVED if call_off.route == DIRECT else AMENDED_NOT_APPROVED
        later = OUTCOME_NOT_APPROVED if call_off.status in DECIDING else direct
        return "" if covered else later
    if call_off.approved_minor is None:
        return "The organisation's limit asks for an approval before this goes out."
    if total is not None and total > call_off.approved_minor:
        return "It now comes to more than was approved: edit it and have it approved again."
    return ""


def greatest_total(call_off: CallOff, prices: Prices) -> int | None:
    """The most that it may come to, in minor units without VAT, options included: as estimated for a competition, with
    the dearest of its suppliers for a direct award. None where nothing says.
    """
    if call_off.route != DIRECT:
        return estimate_of(call_off)
    found = [one.minor for one in prices.values() if one.minor is not None]
    return terms_of(call_off).total(max(found)) if found else None


def estimate_of(call_off: CallOff) -> int | None:
    """The total that a competition is estimated at: the stated value, else the requirement's budget, with options.
    Where outcomes are paid instead of days it is known: their cap, with expenses and options. A team beside outcomes
    costs what nothing but those says.
    """
    terms, content = terms_of(call_off), content_of(call_off)
    budget = content.budget
    if terms.outcomes_alone(content):
        return terms.total(0)
    if terms.value is not None:
        return terms.total(terms.value)
    return terms.total(budget.minor) if budget else None


def estimate_missing(call_off: CallOff) -> Iterator[Fault]:
    """That nothing says what a competition comes to, so that neither bounds nor the buyer's limit could be asked."""
    if estimate_of(call_off) is None:
        yield Fault("/terms/value", "required", "State the value, or a budget in the requirement.")


def _price_faults(call_off: CallOff, prices: Prices) -> Iterator[Fault]:
    if call_off.route != DIRECT:
        yield from estimate_missing(call_off)
        if (estimate := estimate_of(call_off)) is not None:
            yield from value_faults(call_off.lot, call_off.route, estimate)
        return
    found = [one.minor for one in prices.values() if one.minor is not None]
    if found:
        # Where the cheapest cannot be asked, nobody can; each is asked about again when it is sent its offer.
        yield from value_faults(call_off.lot, call_off.route, terms_of(call_off).total(min(found)))
    elif prices:
        yield from next(iter(prices.values())).faults
