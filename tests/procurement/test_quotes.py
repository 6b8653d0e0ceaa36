"""Quotes from the database: which version of which card holds, whom a lot lets in, and how many queries that takes."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import replace
from datetime import date
from decimal import Decimal

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext

from procurement.actions.appointments import AppointmentDraft, save_appointments
from procurement.actions.organisations import PartnerDraft, save_partners
from procurement.actions.rate_lines import LineDraft
from procurement.actions.rates import CardDraft, publish_cards
from procurement.actions.suppliers import MemberDraft, SupplierDraft, save_suppliers
from procurement.dated import last_day
from procurement.errors import Invalid
from procurement.models import Appointment, Framework, Lot, Supplier
from procurement.named import Terms, question_of, suppliers_named
from procurement.permissions import SYSTEM
from procurement.quotes import Quote, quotes, yardsticks
from procurement.team_lines import TeamLine
from procurement.team_rates import none_for_lot
from tests.guards import unguarded
from tests.world import LIVE_FROM, make_world, publish_rates

pytestmark = pytest.mark.django_db

TODAY = date(2026, 3, 2)
TEAM = (TeamLine("G1", Decimal(10)), TeamLine("g3", Decimal("2.5")))
PRICES = {"wr1~1~G1": 40_000, "wr1~1~G2": 65_050, "wr1~1~G3": 90_000}


@pytest.fixture(autouse=True, scope="module")
def world(module_database: None) -> None:
    make_world()


def asked(
    *suppliers: str, framework: str = "wr1", lot: str | None = "wr1~1", today: date = TODAY, **terms: object
) -> list[Quote]:
    """Quotes of these suppliers for ten days of G1 and two and a half of G3."""
    known = Framework.objects.get(reference=framework)
    of = Lot.objects.get(reference=lot) if lot else None
    question = question_of(
        known,
        of,
        replace(Terms(TEAM, TODAY), **terms),
        suppliers,  # type: ignore[arg-type]
    )
    return quotes(question, suppliers_named(suppliers), today)


def total(quote: Quote) -> int | list[str]:
    return quote.price.total if quote.price else [why.code for why in quote.unpriced]


def codes(quote: Quote) -> list[str]:
    return [note.code for note in quote.notes]


@contextmanager
def refused(*faults: tuple[str, str]) -> Iterator[None]:
    with pytest.raises(Invalid) as refusal:
        yield
    assert [(each.pointer, each.code) for each in refusal.value.faults] == list(faults)


def test_a_team_is_priced_on_the_card_in_force() -> None:
    [quote] = asked("oak")
    assert quote.price is not None
    assert quote.held is not None
    assert (quote.price.total, quote.price.vat, quote.price.total_with_vat) == (625_000, 125_000, 750_000)
    assert [line.amount for line in quote.price.lines] == [400_000, 225_000]
    assert (quote.held.card.reference, quote.held.version.number, codes(quote)) == ("wr1~oak", 1, [])


def test_who_holds_no_place_on_the_lot_that_day_is_not_priced() -> None:
    assert total(asked("yew")[0]) == ["not_appointed"]
    assert total(asked("yew", lot=None)[0]) == ["no_card"]
    Appointment.objects.filter(supplier__reference="oak").update(status="suspended")
    assert total(asked("oak")[0]) == ["not_appointed"]
    assert total(asked("oak", lot=None)[0]) == ["not_appointed"]


def test_the_version_of_the_day_is_pinned_and_a_change_during_the_work_is_said() -> None:
    dearer = {key: price + 10_000 for key, price in PRICES.items()}
    publish_rates("oak", "wr1", dearer, valid_from=date(2026, 6, 1), valid_to=date(2026, 12, 31))
    [before] = asked("oak", months=6)
    assert (total(before), codes(before)) == (625_000, ["card_changes"])
    assert codes(asked("oak", months=2)[0]) == []
    [after] = asked("oak", starts_on=date(2026, 6, 1), ends_on=date(2027, 1, 31))
    assert after.held is not None
    assert (total(after), after.held.version.number, codes(after)) == (750_000, 2, ["card_ends"])
    # When the second has ended the first, which names no last day, does not come back: it was superseded.
    [later] = asked("oak", starts_on=date(2027, 2, 1))
    assert (total(later), later.held) == (["no_card"], None)


def dated(key: str, price: int, first: date | None, last: date | None) -> LineDraft:
    """A line of the grade that the key begins with."""
    grade = f"wr1~1~{key[:2]}"
    return LineDraft(key, price, lot="wr1~1", grade=grade, valid_from=first, valid_to=last)


def notes(months: int) -> list[tuple[str, str]]:
    [quote] = asked("oak", months=months)
    assert total(quote) == 625_000
    return [(note.code, note.message) for note in quote.notes]


def test_a_rate_that_changes_by_its_line_s_own_days_during_the_work_is_said() -> None:
    lines = (
        dated("g1-old", 40_000, None, date(2026, 5, 31)),
        dated("g1-same", 40_000, date(2026, 6, 1), date(2026, 8, 31)),
        dated("g1-new", 44_000, date(2026, 9, 1), None),
        dated("g3", 90_000, None, date(2026, 11, 30)),
        dated("g2", 65_050, None, date(2026, 4, 1)),
    )
    publish_cards(SYSTEM, [CardDraft("oak", "wr1", lines, valid_to=date(2027, 1, 31))])
    changes = ("card_changes", "The card's rate for G1 is 440.00 from 2026-09-01, during the work.")
    ends = ("card_ends", "From 2026-12-01, during the work, the card has no single rate for g3.")
    over = ("card_ends", "The card ends on 2027-01-31, before the work does on 2027-03-01.")
    assert [notes(months) for months in (1, 5, 7, 10, 12)] == [
        [], [], [changes], [changes, ends], [changes, ends, over],
    ]  # fmt: skip
    # What the lines of a version would say once another has begun does not count.
    publish_rates("oak", "wr1", PRICES, valid_from=date(2026, 9, 1))
    assert [code for code, _ in notes(10)] == ["card_changes"]
    assert notes(10)[0][1].startswith("Another version of the card takes force on 2026-09-01")


def test_a_grade_is_priced_by_the_line_that_states_it_alone() -> None:
    clerk = LineDraft("clerk", 9_500, "Junior data clerk", lot="wr1~1", grade="wr1~1~g3")
    alone = (dated("g1", 40_000, None, None), dated("g3", 90_000, None, None))
    publish_cards(SYSTEM, [CardDraft("oak", "wr1", (clerk, *alone))])
    assert total(asked("oak")[0]) == 625_000
    # Where none does, the line that names a role beside the grade is all that the card says of it.
    publish_cards(SYSTEM, [CardDraft("oak", "wr1", (clerk, alone[0]))])
    assert total(asked("oak")[0]) == 423_750


def test_a_price_is_of_the_basis_of_the_version_that_states_it() -> None:
    publish_rates("oak", "wr1", PRICES, basis="illustrative")
    real = {key: price + 10_000 for key, price in PRICES.items()}
    publish_rates("oak", "wr1", real, valid_from=date(2026, 6, 1))
    [made_up], [stated] = asked("oak"), asked("oak", starts_on=date(2026, 6, 1))
    assert (total(made_up), codes(made_up)) == (625_000, ["illustrative"])
    assert (total(stated), codes(stated)) == (750_000, [])
    assert [yardsticks([one])["GBP"].illustrative for one in (made_up, stated)] == [True, False]


def test_a_draft_prices_nothing() -> None:
    oak = Supplier.objects.get(reference="oak")
    with unguarded():
        oak.rate_cards.get().versions.update(status="draft")
    assert total(asked("oak")[0]) == ["no_card"]


def test_an_expired_framework_is_priced_as_on_its_last_day_with_a_note() -> None:
    publish_rates("oak", "wr0", {"wr0~5~G1": 30_000, "wr0~5~G3": 50_000}, basis="illustrative")
    [quote] = asked("oak", framework="wr0", lot="wr0~5")
    assert (total(quote), codes(quote)) == (425_000, ["framework_ends", "illustrative"])
    assert quote.notes[0].message == (
        "WR0 ended on 2021-09-03: no call-off can be made under it after that day. "
        "This is the card in force on 2021-09-03."
    )


def test_a_framework_that_is_not_yet_live_is_priced_with_a_note() -> None:
    assert codes(asked("oak", today=date(2024, 3, 1))[0]) == ["framework_not_open"]


def test_a_card_by_the_hour_needs_the_hours_of_a_day() -> None:
    oak = Supplier.objects.get(reference="oak")
    with unguarded():
        oak.rate_cards.update(unit="hour")
    assert total(asked("oak")[0]) == ["hours_per_day"]
    assert total(asked("oak", hours_per_day=Decimal("7.5"))[0]) == 625_000 * 15 // 2


def test_a_grade_that_the_card_lacks_is_named() -> None:
    [quote] = asked("oak", team=(TeamLine("G1", Decimal(1)), TeamLine("G7", Decimal(1))))
    assert quote.price is None
    assert [(why.code, why.grade, why.message) for why in quote.unpriced] == [
        ("no_grade", "G7", "The card has no G7; it has G1, G2, G3.")
    ]


def test_a_card_with_grades_for_other_lots_alone_says_for_which() -> None:
    save_appointments(SYSTEM, [AppointmentDraft("oak", "wr1~2a", LIVE_FROM)])
    for _ in range(2):
        with CaptureQueriesContext(connection) as told:
            [quote] = asked("oak", lot="wr1~2a", team=(TeamLine("G3", Decimal(1)),))
    with CaptureQueriesContext(connection) as priced:
        asked("oak", team=(TeamLine("G3", Decimal(1)),))
    assert (quote.price, len(told) - len(priced)) == (None, 1)
    assert [(why.code, why.grade, why.message) for why in quote.unpriced] == [
        ("no_grade", "G3", "The card has no rates by grade for lot 2a; it has some for lot 1.")
    ]


def test_lots_with_rates_by_grade_are_joined_into_a_sentence() -> None:
    begins = "The card has no rates by grade for lot 9; it has some for"
    assert none_for_lot("9", ["1"]) == f"{begins} lot 1."
    assert none_for_lot("9", ["1", "2a"]) == f"{begins} lots 1 and 2a."
    assert none_for_lot("9", ["1", "2a", "10"]) == f"{begins} lots 1, 2a and 10."


def test_a_lot_is_asked_for_only_where_it_changes_the_price() -> None:
    assert total(asked("oak", lot=None)[0]) == 625_000
    save_appointments(SYSTEM, [AppointmentDraft("oak", "wr1~2a", LIVE_FROM)])
    publish_rates("oak", "wr1", {**PRICES, "wr1~2a~G1": 45_000, "wr1~2a~G3": 90_000})
    [quote] = asked("oak", lot=None)
    assert [(why.code, why.grade, why.choices) for why in quote.unpriced] == [
        ("lot", "G1", ("wr1~1", "wr1~2a"))
    ]
    # A lot on which the supplier no longer stands is no choice.
    Appointment.objects.filter(supplier__reference="oak", lot__reference="wr1~2a").update(status="withdrawn")
    assert total(asked("oak", lot=None)[0]) == 625_000


def test_a_proposed_rate_lowers_the_price_and_one_above_the_ceiling_is_refused() -> None:
    [quote] = asked("oak", proposed={"oak": {"g1": 35_000}})
    assert quote.price is not None
    assert total(quote) == 575_000
    assert (quote.price.lines[0].rate.minor, quote.price.lines[0].rate.ceiling) == (35_000, 40_000)
    with refused(("/proposed/oak/g1", "above_ceiling")):
        asked("oak", proposed={"oak": {"g1": 40_001}})


def test_what_is_proposed_for_nobody_or_no_grade_of_the_team_is_refused() -> None:
    with refused(
        ("/proposed/yew", "unknown"), ("/proposed/oak/G2", "unknown"), ("/proposed/oak/G1", "range")
    ):
        asked("oak", proposed={"yew": {"G1": 1}, "oak": {"G2": 1, "G1": 0}})


def test_dates_that_contradict_each_other_are_refused() -> None:
    with refused(("/ends_on", "range")):
        asked("oak", ends_on=date(2026, 3, 1))
    with refused(("/months", "conflict")):
        asked("oak", ends_on=date(2026, 4, 1), months=1)
    with refused(("/starts_on", "range")):
        asked("oak", starts_on=date(9999, 12, 31), months=120)
    with refused(("/hours_per_day", "range")):
        asked("oak", hours_per_day=Decimal(25))


def test_a_supplier_that_there_is_not_or_twice_is_refused() -> None:
    with refused(("/suppliers/1", "unknown"), ("/suppliers/2", "twice")):
        suppliers_named(["oak", "nobody", "oak"])


@pytest.mark.parametrize(
    ("starts_on", "months", "ends_on"),
    [("2026-03-01", 3, "2026-05-31"), ("2026-01-31", 1, "2026-02-28"), ("2024-01-31", 1, "2024-02-29"),
     ("2026-12-15", 1, "2027-01-14"), ("2026-01-01", 12, "2026-12-31"), ("2024-02-29", 12, "2025-02-28")],
)  # fmt: skip
def test_months_end_the_day_before_they_begin_again(starts_on: str, months: int, ends_on: str) -> None:
    assert last_day(date.fromisoformat(starts_on), months) == date.fromisoformat(ends_on)


def many(count: int) -> list[str]:
    """So many firms alone on wr1~1, each a pound dearer than the one before."""
    names = [f"firm-{number:03d}" for number in range(count)]
    save_partners(SYSTEM, [PartnerDraft(name, name.title()) for name in names])
    save_suppliers(
        SYSTEM,
        [
            SupplierDraft(name, name.title(), "alone", (MemberDraft(name, "lead", LIVE_FROM),))
            for name in names
        ],
    )
    save_appointments(SYSTEM, [AppointmentDraft(name, "wr1~1", LIVE_FROM) for name in names])
    for place, name in enumerate(names):
        publish_rates(name, "wr1", {"wr1~1~G1": 30_000 + 100 * place, "wr1~1~G3": 80_000})
    return names


def test_the_number_of_queries_does_not_grow_with_the_suppliers() -> None:
    names = many(50)
    for some in (names[:1], names):
        with CaptureQueriesContext(connection) as queries:
            found = asked(*some)
        assert len(queries) == 6, [each["sql"] for each in queries]
        assert [total(one) for one in found] == [500_000 + 1_000 * place for place in range(len(some))]
    measured = yardsticks(found)["GBP"]
    assert (measured.cheapest, measured.median, measured.count) == (500_000, 524_000, 50)


def test_currencies_are_measured_apart() -> None:
    names = many(3)
    with unguarded():
        Supplier.objects.get(reference=names[0]).rate_cards.update(currency="EUR")
    found = yardsticks(asked(*names))
    assert {currency: (one.cheapest, one.count) for currency, one in found.items()} == {
        "EUR": (500_000, 1),
        "GBP": (501_000, 2),
    }
