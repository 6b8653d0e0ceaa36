"""An answer in words, whatever of it is said: kept ones outlive the form that answers have today."""

from __future__ import annotations

from typing import Any

import pytest

from web.match_answer import Answer, Fit, Price, answer_of, asked_for

BARE = Fit(
    rank=1, reference="a~b~c", name="a~b~c", framework="", via="", lots="", score=0.5, parts="",
    coverage="", regions="",
    words=(), sentences=(), price=None, preferences="", confirmed="Not confirmed by the firm",
)  # fmt: skip

PLAIN = {"reference": "a~b~c", "rank": 1, "score": 0.5}


def test_an_answer_that_says_nothing_is_shown_all_the_same() -> None:
    assert answer_of({}) == Answer(
        "0 listings answer this need", 0, 0, (), (), (), (), (), 0, (), (), "", "", "", ""
    )
    assert asked_for({}, {}) == []


def test_an_answer_that_ranks_nobody_is_not_told_as_if_they_answered() -> None:
    assert answer_of({"results": [PLAIN], "scored_by": []}).heading == "1 listing, in no order of fitness"
    assert answer_of({"results": [PLAIN], "scored_by": ["text"]}).heading == "1 listing answers this need"


def test_a_result_that_says_no_more_than_where_it_stands() -> None:
    found = answer_of({"results": [PLAIN], "ruled_out": [{"reference": "d~e~f", "rules": []}]})
    assert found.fits == (BARE,)
    assert (found.count, found.ruled_out_count, found.ruled_out) == (1, 1, (("d~e~f", "d~e~f", ""),))


def test_a_word_that_adds_nothing_to_two_places_is_not_named() -> None:
    terms = [
        {"word": word, "adds": adds} for word, adds in (("vision", 0.1), ("care", 0.005), ("people", 0.004))
    ]
    (fit,) = answer_of({"results": [{**PLAIN, "text": {"terms": terms}}]}).fits
    assert fit.words == (("vision", 0.1), ("care", 0.005))


def test_regions_are_told_where_more_than_one_thing_is_asked_for_in_them() -> None:
    north, wales = {"reference": "TLC", "name": "North East"}, {"reference": "TLL", "name": "Wales"}
    told = [
        {"region": north, "asked": 3, "met": 1, "not_stated": 2},
        {"region": wales, "asked": 3, "met": 3, "not_stated": 0},
        {"region": wales, "asked": 1, "met": 1, "not_stated": 0},
    ]
    (fit,) = answer_of({"results": [{**PLAIN, "regions": told}]}).fits
    assert fit.regions == "North East 1 of 3, 2 not stated; Wales 3 of 3"


@pytest.mark.parametrize(
    ("told", "price"),
    [
        (
            {"total": "1234.50", "currency": "GBP", "basis": "illustrative", "percentile": 50.0, "among": 1},
            Price("£1,234.50 without VAT", "at or above 50 per cent of 1 illustrative card", "", True),
        ),
        (
            {
                "total": "10.00",
                "currency": "GBP",
                "basis": "published",
                "percentile": None,
                "budget": "within",
            },
            Price("£10 without VAT", "", "within the budget", False),
        ),
        (
            {"total": None, "because": "There is no rate card."},
            Price("There is no rate card.", "", "", False),
        ),
    ],
)
def test_a_price_in_words(told: dict[str, Any], price: Price) -> None:
    assert answer_of({"results": [{**PLAIN, "price": told}]}).fits[0].price == price
