"""What rests on a part of a framework, as whoever would change or take it away is told: counts and public names, never
whose purchase it is.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from typing import Any, Final

from django.db.models import Max, QuerySet, TextField
from django.db.models.functions import Cast

from procurement.models import (
    Appointment,
    CallOff,
    Contract,
    Framework,
    Grade,
    Joining,
    Lot,
    Offering,
    RateCardVersion,
    RateLine,
    RateProposal,
    RequirementRevision,
    Specialism,
)

ENDED: Final = (CallOff.Status.CANCELLED, CallOff.Status.UNSUCCESSFUL)
DONE: Final = (*ENDED, CallOff.Status.CONTRACTED)
NAMED: Final = 3


def call_offs_of(place: Framework | Lot, *, route: str | None = None, under_way: bool = False) -> str:
    """`3 call-offs` that have not come to nothing (`under_way`: nor to a contract), "" for none; one query."""
    rows = (
        CallOff.objects.filter(lot=place)
        if isinstance(place, Lot)
        else CallOff.objects.filter(lot__framework=place)
    )
    rows = rows.exclude(status__in=DONE if under_way else ENDED)
    return _many((rows.filter(route=route) if route else rows).count(), "call-off")


def most_bought(lot: Lot, route: str | None) -> int | None:
    """The most that a call-off on the lot comes to by contract or approval, in pence without VAT; None for none."""
    rows = CallOff.objects.filter(lot=lot).exclude(status__in=ENDED)
    contracts = Contract.objects.filter(call_off__lot=lot)
    if route:
        rows, contracts = rows.filter(route=route), contracts.filter(call_off__route=route)
    values = (
        rows.aggregate(most=Max("approved_minor"))["most"],
        contracts.aggregate(most=Max("value_minor"))["most"],
    )
    return max((one for one in values if one is not None), default=None)


def offered_regions(framework: Framework) -> str:
    """`3 offerings` of the framework, "" for none."""
    return _many(Offering.objects.filter(appointment__lot__framework=framework).count(), "offering")


def rates_for_other_work(lot: Lot) -> str:
    """`3 rate lines are` published for the lot by types of work that it does not state, "" for none; one query."""
    if not lot.work_types:
        return ""
    lines = RateLine.objects.filter(lot=lot, version__status=RateCardVersion.Status.PUBLISHED)
    many = lines.exclude(work_type__in=["", *lot.work_types]).count()
    return f"{_many(many, 'rate line')} {'is' if many == 1 else 'are'}" if many else ""


def lot_uses(lot: Lot) -> list[str]:
    """What rests on a lot."""
    suppliers = Appointment.objects.filter(lot=lot).values_list("supplier__name", flat=True)
    lines = RateLine.objects.filter(lot=lot) | RateLine.objects.filter(grade__lot=lot)
    return list(
        _told(
            (_named("supplier holds a place on it", "suppliers hold places on it", suppliers), ""),
            (_many(CallOff.objects.filter(lot=lot).count(), "call-off"), " on it"),
            (_many(Joining.objects.filter(lot=lot).count(), "application"), " to join it"),
            (_many(lines.count(), "rate line"), " for it"),
            (
                _many(
                    _mentioning(RequirementRevision.objects.all(), "content", lot.reference), "requirement"
                ),
                " for it",
            ),
        )
    )


def specialism_uses(specialism: Specialism) -> list[str]:
    """What rests on a specialism."""
    firms = Offering.objects.filter(specialism=specialism).values_list("partner__published__name", flat=True)
    requirements = _mentioning(RequirementRevision.objects.all(), "content", specialism.reference)
    joinings = _mentioning(Joining.objects.all(), "offers", specialism.reference)
    return list(
        _told(
            (_named("firm offers it", "firms offer it", firms), ""),
            (_many(requirements, "requirement"), " for it"),
            (_many(joinings, "application"), " to offer it"),
        )
    )


def grade_uses(grade: Grade) -> list[str]:
    """What rests on a grade."""
    cards = RateLine.objects.filter(grade=grade).values_list("version__card__reference", flat=True)
    teams = RequirementRevision.objects.filter(content__lot=grade.lot.reference)
    proposals = _mentioning(RateProposal.objects.all(), "lines", grade.reference)
    return list(
        _told(
            (_named("rate card has it", "rate cards have it", cards), ""),
            (_many(proposals, "proposed rate card"), " with it"),
            (_many(_mentioning(teams, "content", grade.code), "requirement"), " for a team with it"),
        )
    )


def _told(*uses: tuple[str, str]) -> Iterator[str]:
    return (f"{many}{what}" for many, what in uses if many)


def _many(count: int, what: str) -> str:
    return f"{count:,} {what}{'' if count == 1 else 's'}" if count else ""


def _named(one: str, many: str, names: Iterable[str | None]) -> str:
    """`2 firms offer it (Alder, Birch)`, with the first three names."""
    known = sorted({name or "not named" for name in names})
    if not known:
        return ""
    rest = f" and {len(known) - NAMED} more" if len(known) > NAMED else ""
    return f"{len(known):,} {one if len(known) == 1 else many} ({', '.join(known[:NAMED])}{rest})"


def _mentioning(rows: QuerySet[Any], column: str, word: str) -> int:
    """How many rows hold a text as a JSON string anywhere in a column: neither database looks into lists alike."""
    texts = rows.annotate(as_text=Cast(column, TextField()))
    count: int = texts.filter(as_text__contains=f'"{word}"').count()
    return count
