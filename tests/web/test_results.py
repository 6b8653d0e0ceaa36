"""A hit in words: rates, specialisms, passages, reasons, whatever of them is known."""

from __future__ import annotations

from typing import Any

import orjson
import pytest

from search.query import Highlight, Hit, HitRate, Reason
from web.results import Passage, Why, grades_of, result, shortened

STORED: dict[str, Any] = {
    "partner": {"reference": "elm", "name": "Elm"},
    "supplier": {"reference": "oak", "name": "Oak", "form": "prime"},
    "lead": {"reference": "oak", "name": "Oak"},
    "framework": {"number": "RM1", "name": "Advice"},
    "lots": [{"reference": "rm1~1", "number": "1", "name": "Health"}],
    "specialisms": [
        {"reference": f"rm1~1~{number}", "number": str(number), "name": f"Service {number}"}
        for number in range(6)
    ],
    "specialisms_stated": True,
    "fictional": False,
    "summary": "A summary.",
    "ownership": "charity",
    "case_studies": [{"key": "one", "title": "Work & play"}],
    "rates": {
        "currency": "GBP",
        "unit": "hour",
        "basis": "published",
        "lines": [
            {"lot": None, "grade": "G2", "name": "Senior", "rank": 2, "amount": "90.50"},
            {"lot": None, "grade": "G1", "name": "Junior", "rank": 1, "amount": "60.00"},
        ],
    },
    "rates_not_in_force": None,
}


def hit(changes: dict[str, Any] | None = None, **fields: Any) -> Hit:
    values: dict[str, Any] = {
        "reference": "rm1~oak~elm",
        "stored": orjson.dumps(STORED | (changes or {})),
        "status": "live",
        "score": 0.0,
        "specialisms": (),
        "rate": None,
        "highlights": (),
        "why": (),
    }
    return Hit(**(values | fields))


def test_what_did_not_match_is_shown_in_part() -> None:
    shown = result(hit())
    assert (shown.specialisms, shown.more_specialisms, shown.matched) == (
        ("Service 0", "Service 1", "Service 2", "Service 3"),
        2,
        False,
    )
    assert (shown.rates, shown.by_hour, shown.illustrative) == ("£60 to £90.50 an hour", True, False)
    assert (shown.via, shown.lead, shown.ownership) == ("Oak", "", "Charity")


def test_what_matched_is_shown_instead() -> None:
    shown = result(hit(specialisms=("rm1~1~5", "rm1~1~9")))
    assert (shown.specialisms, shown.more_specialisms, shown.matched) == (("Service 5",), 0, True)


def test_what_is_not_known_is_left_out() -> None:
    shown = result(
        hit({"ownership": "not-stated", "rates": None, "specialisms": [], "specialisms_stated": False})
    )
    assert (shown.ownership, shown.rates, shown.specialisms) == ("", "", ())
    assert not shown.illustrative


@pytest.mark.parametrize(
    ("lot", "work_type", "written"),
    [
        ("rm1~2a", "advice", "£650.50 a day (G3, advice, lot 2a)"),
        (None, "", "£650.50 a day (G3)"),
        ("rm1~1", "", "£650.50 a day (G3, lot 1)"),
    ],
)
def test_the_rate_asked_for_says_which_it_is(lot: str | None, work_type: str, written: str) -> None:
    rate = HitRate("G3", 65050, "GBP", "day", "published", lot, work_type)
    assert result(hit(rate=rate)).rates == written


def test_passages_come_from_case_studies_first_and_say_a_title_once() -> None:
    lights = (
        Highlight("name", "", "<mark>Elm</mark>"),
        Highlight("summary", "", "A <mark>summary</mark>."),
        Highlight("evidence", "one", "<mark>Work</mark> &amp; play. It went well."),
        Highlight("evidence", "one", "…it <mark>works</mark>."),
    )
    assert result(hit(highlights=lights)).passages == (
        Passage("Case study", "<mark>Work</mark> &amp; play. It went well."),
        Passage("Case study Work & play", "…it <mark>works</mark>."),
    )


def test_reasons_are_kept_in_order() -> None:
    why = (Reason("evidence", "Case studies", ("vision", "aid"), 3.5), Reason("name", "Name", ("elm",), 1.0))
    assert result(hit(why=why, score=4.5)).why == (
        Why(("vision", "aid"), "Case studies", 3.5),
        Why(("elm",), "Name", 1.0),
    )


def test_grades_of_a_page_stand_once_lowest_first() -> None:
    assert grades_of([hit(), hit({"rates": None}), hit()]) == [("G1", "G1 Junior"), ("G2", "G2 Senior")]


def test_a_long_text_is_cut_after_a_word() -> None:
    assert shortened("short", 10) == "short"
    assert shortened("one two, three four", 10) == "one two…"
    assert len(shortened("word " * 100, 240)) <= 241
    assert shortened("x" * 300, 240) == "x" * 240 + "…"


@pytest.mark.parametrize(
    ("ended_on", "begins_on", "told"),
    [
        ("2026-03-31", None, "Not in force: the rate card ended on 31 March 2026."),
        (None, "2026-10-01", "Not yet in force: the rate card begins on 1 October 2026."),
        (
            "2026-03-31",
            "2026-10-01",
            "Not in force: the rate card ended on 31 March 2026 and the next begins on 1 October 2026.",
        ),
    ],
)
def test_rates_that_are_not_in_force_say_since_or_until_when(
    ended_on: str | None, begins_on: str | None, told: str
) -> None:
    gap = {"card": "rm1~oak", "ended_on": ended_on, "begins_on": begins_on}
    shown = result(hit({"rates": None, "rates_not_in_force": gap}))
    assert (shown.rates, shown.no_rates) == ("", told)
    assert result(hit({"rates": None})).no_rates == "None by grade"


@pytest.mark.parametrize(
    ("lots", "matched", "told"),
    [
        ((), (), ("£60 to £90 a day", "")),
        (("rm1~1",), (), ("£60 a day (lot 1)", "")),
        (("rm1~2",), ("rm1~1~1",), ("£80 to £90 a day (lot 2)", "")),
        ((), ("rm1~2~1",), ("£80 to £90 a day (lot 2)", "")),
        ((), ("rm1~1~1", "rm1~2~1"), ("£60 to £90 a day", "")),
        (("rm1~3",), (), ("", "None by grade for lot 3")),
    ],
)
def test_rates_are_those_of_the_lots_asked_for_or_of_what_matched(
    lots: tuple[str, ...], matched: tuple[str, ...], told: tuple[str, str]
) -> None:
    lines = [
        {"lot": lot, "grade": grade, "name": grade, "rank": int(grade[1]), "amount": amount}
        for lot, grade, amount in (
            ("rm1~1", "G1", "60.00"), ("rm1~2", "G1", "80.00"), ("rm1~2", "G2", "90.00"),
        )
    ]  # fmt: skip
    changes = {
        "lots": [{"reference": f"rm1~{one}", "number": str(one), "name": "A lot"} for one in (1, 2, 3)],
        "rates": {"currency": "GBP", "unit": "day", "basis": "published", "lines": lines},
    }
    shown = result(hit(changes, specialisms=matched), lots)
    assert (shown.rates, shown.no_rates) == told
