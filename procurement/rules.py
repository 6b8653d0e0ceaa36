"""What a call-off must keep, as pure predicates: each returns the faults it finds, with a pointer and a sentence.

Asked when a draft is written (as a preview), when an offer or an invitation goes out, and again at award and signature:
the index advises, the database decides. Money is in minor units of pounds (pence), VAT excluded; every rule takes the
day that it is asked for.
"""

from __future__ import annotations

from collections.abc import Container, Iterable, Iterator
from datetime import date, datetime
from decimal import Decimal
from typing import Final

from procurement.deadlines import months_after
from procurement.errors import Fault
from procurement.evaluation_rules import Bounds, EvaluationRules, weight_faults
from procurement.models.call_offs import CallOff
from procurement.models.frameworks import Framework, Lot
from procurement.models.organisations import Organisation
from procurement.models.suppliers import Appointment, Partner
from procurement.on_day import appointed
from procurement.pricing import money, plain
from procurement.requirements import RequirementContent
from procurement.terms import Terms
from procurement.vocabulary import BUYER_CLASSES
from procurement.working_days import LONDON

CENTRAL: Final = "central-government"
LEAST_SOCIAL_VALUE: Final = Decimal(10)
"""Of 100: Procurement Policy Note 06/20 (since 24 February 2025, PPN 002) for central government's own contracts."""


def open_faults(framework: Framework, lot: Lot, on: date) -> Iterator[Fault]:
    """The framework and the lot take call-offs on that day: made before the lot closes, its last day included."""
    if not framework.open_to_call_offs(on):
        status = Framework.Status(framework.status_on(on)).label.lower()
        message = f"{framework.number} takes no call-offs on {on}: it is {status}."
        yield Fault("/lot", "framework_not_open", message)
    elif lot.closes_on is not None and on > lot.closes_on:
        yield Fault("/lot", "lot_closed", f"Lot {lot.number} closed on {lot.closes_on}.")


def buyer_faults(buyer: Organisation, framework: Framework) -> Iterator[Fault]:
    """The buyer is of a class that the framework serves; one that names none serves every public body."""
    if framework.buyer_classes and buyer.buyer_class not in framework.buyer_classes:
        served = ", ".join(BUYER_CLASSES.get(one, one) for one in framework.buyer_classes)
        message = f"{buyer.name} may not buy under {framework.number}, which serves: {served}."
        yield Fault("/organisation", "not_eligible", message)


def route_faults(lot: Lot, route: str) -> Iterator[Fault]:
    """The lot allows the route."""
    allowed = lot.direct_award if route == CallOff.Route.DIRECT_AWARD else lot.competition
    if not allowed:
        yield Fault(
            "/route", "route_not_allowed", f"Lot {lot.number} allows no {CallOff.Route(route).label.lower()}."
        )


def value_faults(lot: Lot, route: str, total: int) -> Iterator[Fault]:
    """The total with every option and without VAT is within the lot's bounds, and under the cap of direct awards."""
    cap = lot.direct_award_cap_pence
    if route == CallOff.Route.DIRECT_AWARD and cap is not None and total > cap:
        message = f"£{money(total)} is above the lot's cap of £{money(cap)} for direct awards."
        yield Fault("/terms/value", "above_cap", message)
    if lot.minimum_value_pence is not None and total < lot.minimum_value_pence:
        message = f"£{money(total)} is below the lot's least value of £{money(lot.minimum_value_pence)}."
        yield Fault("/terms/value", "below_minimum", message)
    if lot.maximum_value_pence is not None and total > lot.maximum_value_pence:
        message = f"£{money(total)} is above the lot's greatest value of £{money(lot.maximum_value_pence)}."
        yield Fault("/terms/value", "above_maximum", message)


def term_faults(lot: Lot, content: RequirementContent, terms: Terms, on: date) -> Iterator[Fault]:
    """First day and length are stated, the work neither ended nor begins in the past, and with every option it is no
    longer than the lot allows; it may run past the lot's own end.
    """
    ended = list(ended_faults(content, on))
    yield from ended
    if content.starts_on is None:
        yield Fault("/requirement", "start_missing", "The requirement does not say when the work starts.")
    elif content.starts_on < on and not ended:
        yield Fault("/requirement", "start_past", f"The work starts on {content.starts_on}, which is past.")
    if content.months is None:
        yield Fault("/requirement", "length_missing", "The requirement does not say how long the work takes.")
        return
    months, longest = content.months + terms.most_months, lot.longest_term_months
    if longest is not None and months > longest:
        message = f"{months} months with every option are more than the lot's {longest}."
        yield Fault("/terms/extensions", "too_long", message)


def ended_faults(content: RequirementContent, on: date) -> Iterator[Fault]:
    """The last day of the initial term is not past: nobody contracts for work that was to be over."""
    ends = last_day(content)
    if ends is not None and ends < on:
        message = f"The work starts on {content.starts_on} and ends on {ends}, which is past."
        yield Fault("/requirement", "end_past", message)


def opening_faults(content: RequirementContent, deadline: datetime | None) -> Iterator[Fault]:
    """The work does not begin before the day on which tenders can be opened, which is that of the deadline."""
    if deadline is None or content.starts_on is None:
        return
    opened = deadline.astimezone(LONDON).date()
    if content.starts_on < opened:
        ends = last_day(content)
        until = f" and ends on {ends}" if ends is not None and ends < opened else ""
        message = (
            f"The work starts on {content.starts_on}{until}, before tenders can be opened on {opened}: name an earlier "
            "deadline, or a later start in the requirement."
        )
        yield Fault("/deadline", "after_start", message)


def supplier_faults(
    appointment: Appointment,
    framework: Framework,
    partners: Iterable[Partner],
    members: Container[int],
    on: date,
) -> Iterator[Fault]:
    """The supplier holds its place on that day; its lead and the partners that are wanted belong to it (`members` are
    keys of partners) and none is suspended or excluded. `partners` come with their organisation.
    """
    name = appointment.supplier.name
    if not appointed(appointment, framework, on):
        yield Fault("/supplier", "not_appointed", f"{name} holds no active place on the lot on {on}.")
    for partner in partners:
        if partner.pk not in members:
            message = f"{partner.organisation.name} no longer belongs to {name}."
            yield Fault("/supplier", "not_a_member", message)
        since = partner.organisation.excluded_since
        if since is not None and since <= on:
            message = f"{partner.organisation.name} has been excluded since {since}."
            yield Fault("/supplier", "excluded", message)
        if partner.suspended:
            yield Fault("/supplier", "suspended", f"{partner.organisation.name} is suspended.")


def direct_award_faults(terms: Terms) -> Iterator[Fault]:
    """A direct award says by which objective mechanism its supplier is chosen, and why."""
    if not terms.mechanism:
        yield Fault("/terms/mechanism", "required", "Say on what the direct award rests.")
    if not terms.reason:
        yield Fault("/terms/reason", "required", "Say why this is awarded without competition.")


def evaluation_faults(rules: EvaluationRules, buyer: Organisation, lot: Lot) -> Iterator[Fault]:
    """The weights are 100 together and in the lot's bounds; central government gives social value 10 or more."""
    yield from weight_faults(rules, Bounds.of(lot.weightings))
    if buyer.buyer_class == CENTRAL and rules.social_value < LEAST_SOCIAL_VALUE:
        message = f"Social value weighs {plain(rules.social_value)}: central government gives it 10 or more."
        yield Fault("/rules/criteria", "social_value", message)


def date_faults(
    interest_until: datetime | None, clarify_until: datetime | None, deadline: datetime | None, now: datetime
) -> Iterator[Fault]:
    """A competition's moments are ahead and in their order: interest, questions, tenders."""
    if deadline is None:
        yield Fault("/deadline", "required", "State by when tenders are to be submitted.")
    elif deadline <= now:
        yield Fault("/deadline", "past", "The deadline is past.")
    if interest_until is not None:
        if interest_until <= now:
            yield Fault("/interest_until", "past", "The day for expressions of interest is past.")
        elif deadline is not None and interest_until >= deadline:
            yield Fault("/interest_until", "order", "Interest is asked for before the deadline for tenders.")
    if clarify_until is None:
        yield Fault("/clarify_until", "required", "State until when questions are taken.")
    elif clarify_until <= now or (interest_until is not None and clarify_until <= interest_until):
        yield Fault("/clarify_until", "order", "Questions are taken for some time after the invitation.")
    elif deadline is not None and clarify_until > deadline:
        yield Fault("/clarify_until", "order", "Questions end no later than tenders.")


def last_day(content: RequirementContent) -> date | None:
    """The last day of the initial term, None where start or length are not stated."""
    if content.starts_on is None or content.months is None:
        return None
    return months_after(content.starts_on, content.months)
