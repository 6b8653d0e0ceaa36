"""What a search finds by the rates of a grade is what holds today and can be set against others, on both engines: lines
have days of their own, and cards units and currencies.
"""

from __future__ import annotations

from dataclasses import replace
from datetime import date, timedelta
from decimal import Decimal
from typing import Any

import orjson
import pytest
from django.utils import timezone

from procurement.actions.appointments import AppointmentDraft, save_appointments
from procurement.actions.dates import announce_due
from procurement.actions.offerings import save_offerings
from procurement.actions.rate_lines import LineDraft
from procurement.actions.rates import CardDraft, publish_cards
from procurement.models import Event, Framework, Lot, Supplier
from procurement.permissions import SYSTEM
from procurement.quotes import QuoteQuestion, quotes
from procurement.team_lines import TeamLine
from search.compare_params import ComparisonQuestion
from search.comparing import compare
from search.drift import drift
from search.engines.base import Writer
from search.index import engine
from search.query import Hit, ListingQuery
from search.rate_query import RateQuery
from search.sync import drain
from tests.world import LIVE_FROM, placed, publish_rates

pytestmark = [pytest.mark.django_db, pytest.mark.usefixtures("each_engine")]

LOT = "wr1~1"
OAKS = ["wr1~oak~ash", "wr1~oak~elm", "wr1~oak~oak"]
YEW = "wr1~yew~yew"


class Days:
    """Today, and the days around it, by a clock that can be put forward."""

    def __init__(self, monkeypatch: pytest.MonkeyPatch) -> None:
        self.first = timezone.localdate()
        self._real, self._ahead = timezone.now, timedelta()
        monkeypatch.setattr(timezone, "now", lambda: self._real() + self._ahead)

    def later(self, days: int) -> date:
        return self.first + timedelta(days=days)

    def go_to(self, days: int) -> None:
        self._ahead = timedelta(days=days)


@pytest.fixture
def days(monkeypatch: pytest.MonkeyPatch) -> Days:
    return Days(monkeypatch)


def three_prices(days: Days) -> None:
    """G3 at a hundred pounds until yesterday, at nine hundred for ten days, at 950 from then on."""
    spans = [(None, -1, 10_000), (0, 9, 90_000), (10, None, 95_000)]
    lines = tuple(
        LineDraft(
            f"g3-{price}", price, lot=LOT, grade=f"{LOT}~g3",
            valid_from=None if first is None else days.later(first),
            valid_to=None if last is None else days.later(last),
        )
        for first, last, price in spans
    )  # fmt: skip
    publish_cards(SYSTEM, [CardDraft("oak", "wr1", lines)])


def asked(**changes: Any) -> tuple[Hit, ...]:
    filters = {"framework": ("wr1",), "lot": (LOT,)}
    on = timezone.localdate()
    return engine().search_listings(ListingQuery(filters=filters, grade="G3", on=on, **changes)).hits


def told(hits: tuple[Hit, ...]) -> list[tuple[str, int | None]]:
    return sorted((hit.reference, hit.rate.price_minor if hit.rate else None) for hit in hits)


def amounts(hit: Hit) -> list[str]:
    return [line["amount"] for line in orjson.loads(hit.stored)["rates"]["lines"]]


def test_a_rate_counts_and_is_shown_on_the_days_of_its_line_alone(days: Days, writer: Writer) -> None:
    three_prices(days)
    drain(writer)
    for sort in ("relevance", "rate"):
        assert told(asked(sort=sort)) == [(key, 90_000) for key in OAKS]
    assert {tuple(amounts(hit)) for hit in asked()} == {("900.00",)}
    assert asked(max_rate=15_000) == ()
    assert asked(min_rate=92_500) == ()
    assert drift().count == 0


def test_a_grade_goes_by_the_line_that_states_it_alone_as_quotes_price_it(writer: Writer) -> None:
    clerk = LineDraft("clerk", 9_500, "Junior data clerk", lot=LOT, grade=f"{LOT}~g3")
    alone = LineDraft("g3", 80_000, lot=LOT, grade=f"{LOT}~g3")
    publish_cards(SYSTEM, [CardDraft("oak", "wr1", (clerk, alone))])
    drain(writer)
    assert told(asked(sort="rate")) == [(key, 80_000) for key in OAKS]
    assert asked(max_rate=15_000) == ()
    assert {tuple(amounts(hit)) for hit in asked()} == {("800.00",)}
    assert drift().count == 0


def facet(name: str, **changes: Any) -> dict[str, int]:
    query = ListingQuery(filters={"framework": ("wr1",)}, grade="G3", on=timezone.localdate(), **changes)
    (found,) = [one for one in engine().search_listings(query).facets if one.name == name]
    return {one.value: one.count for one in found.values}


def test_a_rate_for_every_lot_counts_on_those_without_their_own_as_quotes_price_it(writer: Writer) -> None:
    save_appointments(SYSTEM, [AppointmentDraft("oak", "wr1~2a", LIVE_FROM)])
    here = placed("wr1", "oak", "oak", LOT, [f"{LOT}~1"], ["TLC"])
    there = placed("wr1", "oak", "oak", "wr1~2a", ["wr1~2a~1"], ["TLC"])
    save_offerings(SYSTEM, [replace(here, offerings=(*here.offerings, *there.offerings))])
    every = LineDraft("every", 60_000, grade=f"{LOT}~g3")
    kind = LineDraft("kind", 50_000, grade=f"{LOT}~g3", work_type="advice")
    own = LineDraft("own", 80_000, lot=LOT, grade=f"{LOT}~g3")
    publish_cards(SYSTEM, [CardDraft("oak", "wr1", (every, kind, own))])
    drain(writer)
    assert told(asked(sort="rate")) == [(key, 80_000) for key in OAKS]
    assert asked(max_rate=70_000) == ()
    assert {tuple(amounts(hit)) for hit in asked()} == {("600.00", "500.00", "800.00")}
    anywhere = {"filters": {"framework": ("wr1",)}, "grade": "G3", "on": timezone.localdate()}
    hits = engine().search_listings(ListingQuery(sort="rate", **anywhere)).hits
    assert [(hit.rate.price_minor, hit.rate.lot) for hit in hits[:3] if hit.rate] == [
        (50_000, "wr1~2a"),
        (80_000, LOT),
        (80_000, LOT),
    ]
    assert facet("lot", max_rate=70_000) == {"wr1~2a": 1}
    assert facet("lot", min_rate=70_000) == {LOT: 3}
    for lot, priced in (LOT, ["800.00"]), ("wr1~2a", ["500.00", "600.00"]):
        rates = engine().search_rates(RateQuery(lots=(lot,)))
        assert [orjson.loads(line)["amount"] for line in rates.lines] == priced
    question = QuoteQuestion(
        Framework.objects.get(reference="wr1"),
        Lot.objects.get(reference=LOT),
        (TeamLine(grade="G3", quantity=Decimal(1)),),
        timezone.localdate(),
    )
    (quote,) = quotes(question, [Supplier.objects.get(reference="oak")], timezone.localdate())
    assert quote.price is not None
    assert quote.price.total == 80_000
    assert drift().count == 0


def test_a_listing_is_indexed_again_on_the_day_on_which_a_line_begins_or_ends(
    days: Days, writer: Writer
) -> None:
    three_prices(days)
    announce_due()
    drain(writer)
    days.go_to(9)
    announce_due()
    drain(writer)
    assert (told(asked()), drift().count) == ([(key, 90_000) for key in OAKS], 0)
    days.go_to(30)  # nothing ran on the days between
    before = Event.objects.count()
    announce_due()
    drain(writer)
    assert told(asked()) == [(key, 95_000) for key in OAKS]
    assert asked(max_rate=92_500) == ()
    assert drift().count == 0
    assert list(Event.objects.filter(type="rate_card.lines_changed").values_list("subject", "changes")) == [
        ("wr1~oak", {"version": 2, "on": days.later(day).isoformat()}) for day in (0, 10)
    ]
    assert Event.objects.count() == before + 1
    announce_due()
    assert Event.objects.count() == before + 1


def test_a_comparison_reads_the_line_of_the_day(days: Days, writer: Writer) -> None:
    three_prices(days)
    for on, minor in ((-1, 10_000), (0, 90_000), (9, 90_000), (10, 95_000)):
        question = ComparisonQuestion(tuple(OAKS[:2]), (), None, LOT, days.later(on))
        found = compare(question)
        assert found.grades == (("G3", "Grade 3"),)
        assert [one.cells[0].minor for one in found.listings] == [minor, minor]


@pytest.mark.parametrize("kind", [{"unit": "hour"}, {"currency": "EUR"}])
def test_a_rate_in_another_unit_or_currency_is_shown_and_nothing_goes_by_it(
    kind: dict[str, str], writer: Writer
) -> None:
    save_appointments(SYSTEM, [AppointmentDraft("yew", LOT, LIVE_FROM)])
    save_offerings(SYSTEM, [placed("wr1", "yew", "yew", LOT, [f"{LOT}~1"], ["TLC"])])
    publish_rates("yew", "wr1", {f"{LOT}~G3": 10_500}, **kind)
    drain(writer)
    assert told(asked(max_rate=15_000)) == []
    assert told(asked(max_rate=90_000)) == [(key, 90_000) for key in OAKS]
    by_rate = asked(sort="rate", page_size=4)
    assert (by_rate[-1].reference, by_rate[-1].rate) == (YEW, None)
    assert told(by_rate[:3]) == [(key, 90_000) for key in OAKS]
    card = orjson.loads(by_rate[-1].stored)["rates"]
    assert {name: card[name] for name in kind} == kind
    assert amounts(by_rate[-1]) == ["105.00"]
    result = engine().search_listings(
        ListingQuery(filters={"framework": ("wr1",)}, grade="G3", max_rate=15_000, on=timezone.localdate())
    )
    assert [value.count for facet in result.facets for value in facet.values if value.count] == []
    assert drift().count == 0
