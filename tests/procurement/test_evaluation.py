"""From scores to a ranking: worked by hand, and what holds whatever the scores."""

from __future__ import annotations

from dataclasses import replace
from decimal import Decimal
from fractions import Fraction
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from procurement.errors import Invalid
from procurement.evaluation import Ranking, Scored, low_prices, rank, rounded
from procurement.evaluation_rules import METHODS, TIE_BREAKS, EvaluationRules, weight_faults
from procurement.models import Lot, Organisation
from procurement.rules import evaluation_faults


def said(**changes: Any) -> dict[str, Any]:
    """Rules as a buyer states them: price 30, method 60 of 5, social value 10 of 5."""
    return {
        "criteria": [
            {"key": "method", "name": "Method", "weight": "60", "pass_mark": 2, "question": "How?"},
            {
                "key": "social",
                "name": "Value",
                "kind": "social_value",
                "weight": "10",
                "question": "What else?",
            },
        ],
        "price_weight": "30",
    } | changes


ASKED = {"key": "a", "name": "A", "weight": "1", "question": "What?"}
RULES = EvaluationRules.from_json(said())
WITHOUT_PRICE = EvaluationRules.from_json(
    said(
        price_weight="0",
        criteria=[
            {"key": "method", "name": "Method", "weight": "80", "question": "How?"},
            {
                "key": "social",
                "name": "Value",
                "kind": "social_value",
                "weight": "20",
                "question": "What else?",
            },
        ],
    )
)


def tender(reference: str, method: int, social: int, price: int) -> Scored:
    return Scored(reference, {"method": method, "social": social}, price)


def order(ranking: Ranking) -> list[tuple[str, int | None, str | None]]:
    return [(one.reference, one.rank, one.result and f"{one.result:f}") for one in ranking.rows]


def test_quality_and_the_lowest_price_over_the_price_are_added_and_shown() -> None:
    ranking = rank([tender("a", 4, 3, 1_250_000), tender("b", 3, 5, 1_000_000)], RULES, "seed")
    assert order(ranking) == [("a", 1, "78.00"), ("b", 2, "76.00")]
    first = ranking.first
    assert first is not None
    assert [one.shown for one in first.points] == ["4 of 5 × 60 = 48", "3 of 5 × 10 = 6"]
    assert first.shown == "price £10000.00 ÷ £12500.00 × 30 = 24; quality 54; together 78.00"


def test_a_score_below_its_pass_mark_is_not_ranked_and_its_price_counts_for_nobody() -> None:
    ranking = rank([tender("a", 1, 5, 1), tender("b", 3, 5, 1_000_000)], RULES, "seed")
    assert order(ranking) == [("b", 1, "76.00"), ("a", None, None)]
    assert (ranking.rows[1].failed, ranking.rows[1].shown) == (
        "below_pass_mark",
        "method: 1 is below the pass mark of 2",
    )


def test_the_lowest_price_of_those_that_reach_the_threshold_is_first() -> None:
    rules = replace(WITHOUT_PRICE, method="quality_threshold", threshold=Decimal(60))
    tenders = [tender("a", 5, 5, 900), tender("b", 3, 3, 800), tender("c", 2, 3, 100)]
    ranking = rank(tenders, rules, "seed")
    assert order(ranking) == [("b", 1, "8.00"), ("a", 2, "9.00"), ("c", None, None)]
    assert ranking.rows[2].shown == "quality of 44 is below the threshold of 60"


def test_a_quality_point_that_costs_least_is_first_and_none_is_divided_by_nothing() -> None:
    rules = replace(WITHOUT_PRICE, method="price_per_quality_point")
    ranking = rank([tender("a", 5, 5, 10_000), tender("b", 0, 0, 1), tender("c", 4, 4, 9_000)], rules, "seed")
    assert order(ranking) == [("a", 1, "1.00"), ("c", 2, "1.12"), ("b", None, None)]
    assert ranking.rows[1].shown == "£90.00 ÷ 80 points = £1.12 a point"


def test_equal_results_are_told_apart_in_the_fixed_order_and_then_by_lot() -> None:
    rules = replace(RULES, tie_break=("social_value",), decimals=0)
    ranking = rank([tender("a", 4, 3, 500), tender("b", 4, 4, 536)], rules, "seed")
    assert [(one.reference, one.told_apart) for one in ranking.rows] == [
        ("b", "social_value"),
        ("a", "social_value"),
    ]
    drawn = [rank([tender(one, 4, 3, 500) for one in "ab"], rules, seed) for seed in map(str, range(40))]
    assert {one.rows[0].told_apart for one in drawn} == {"lot"}
    assert {one.rows[0].reference for one in drawn} == {"a", "b"}


@pytest.mark.parametrize("price", [0, 1, 10**13])
def test_equal_prices_each_have_every_point_of_price_whatever_they_are(price: int) -> None:
    ranking = rank([tender("a", 4, 3, price), tender("b", 4, 3, price)], RULES, "seed")
    assert {one.price_points for one in ranking.rows} == {Fraction(30)}


def test_a_half_is_rounded_once_and_to_the_even_neighbour() -> None:
    assert [rounded(Fraction(one, 200), 2) for one in (1, 3, 5)] == [
        Decimal("0.00"),
        Decimal("0.02"),
        Decimal("0.02"),
    ]
    assert rounded(Fraction(-1, 3), 3) == Decimal("-0.333")


def test_a_price_below_the_stated_share_of_the_mean_of_the_others_looks_low() -> None:
    assert low_prices({"a": 79, "b": 100, "c": 100}, 80) == {"a": Fraction(100)}
    assert low_prices({"a": 80, "b": 100, "c": 100}, 80) == {}
    assert low_prices({"a": 1}, 80) == {}


tenders_of = st.lists(
    st.builds(
        tender,
        st.uuids().map(str),
        st.integers(0, 5),
        st.integers(0, 5),
        st.integers(1, 10**9),
    ),
    min_size=1,
    max_size=8,
    unique_by=lambda one: one.reference,
)
rules_of = st.builds(
    lambda method, ties, decimals: replace(
        RULES if method == "lowest_over_price" else WITHOUT_PRICE,
        method=method,
        tie_break=tuple(ties),
        decimals=decimals,
        threshold=Decimal(40 if method == "quality_threshold" else 0),
    ),
    st.sampled_from(sorted(METHODS)),
    st.permutations(sorted(TIE_BREAKS)),
    st.integers(0, 6),
)


@given(tenders_of, rules_of, st.randoms(use_true_random=False))
def test_the_order_in_which_tenders_stand_changes_nothing(
    tenders: list[Scored], rules: EvaluationRules, random: Any
) -> None:
    shuffled = list(tenders)
    random.shuffle(shuffled)
    assert rank(tenders, rules, "seed") == rank(shuffled, rules, "seed")


@given(tenders_of, rules_of)
def test_every_tender_stands_once_and_ranks_are_whole(tenders: list[Scored], rules: EvaluationRules) -> None:
    rows = rank(tenders, rules, "seed").rows
    assert sorted(one.reference for one in rows) == sorted(one.reference for one in tenders)
    ranked = [one.rank for one in rows if one.rank is not None]
    assert ranked == list(range(1, len(ranked) + 1))
    assert all((one.rank is None) == bool(one.failed) == (one.result is None) for one in rows)


@given(tenders_of)
def test_the_cheaper_never_has_fewer_points_of_price_and_none_has_more_than_its_weight(
    tenders: list[Scored],
) -> None:
    rows = [one for one in rank(tenders, RULES, "seed").rows if one.rank is not None]
    for one in rows:
        assert 0 < one.price_points <= 30
        assert all(one.price_points >= other.price_points for other in rows if one.price <= other.price)


@given(tenders_of, rules_of)
def test_better_in_quality_and_cheaper_is_never_behind(tenders: list[Scored], rules: EvaluationRules) -> None:
    place = {one.reference: at for at, one in enumerate(rank(tenders, rules, "seed").rows)}
    for one in tenders:
        for other in tenders:
            if other.price > one.price and all(other.scores[key] < one.scores[key] for key in one.scores):
                ahead = place[one.reference] < place[other.reference]
                # Both fail where neither is good enough; then they stand by reference.
                assert ahead or rank([one, other], rules, "seed").first is None or not _ranked(one, rules)


def _ranked(one: Scored, rules: EvaluationRules) -> bool:
    return rank([one], rules, "seed").first is not None


@given(tenders_of, rules_of)
def test_a_ranking_is_kept_exactly(tenders: list[Scored], rules: EvaluationRules) -> None:
    for row in rank(tenders, rules, "seed").to_json()["rows"]:
        assert sum(Fraction(one["points"]) for one in row["criteria"]) == Fraction(row["quality"])


def test_rules_are_read_and_written_alike() -> None:
    assert EvaluationRules.from_json(RULES.to_json()) == RULES


@pytest.mark.parametrize(
    ("changes", "pointer", "code"),
    [
        ({"colour": 1}, "/rules/colour", "unknown_field"),
        ({"method": "cheapest"}, "/rules/method", "unknown_value"),
        ({"price_weight": "1e1"}, "/rules/price_weight", "shape"),
        ({"price_weight": "٣٠"}, "/rules/price_weight", "shape"),
        ({"price_weight": "100.5"}, "/rules/price_weight", "shape"),
        ({"decimals": 7}, "/rules/decimals", "range"),
        ({"decimals": True}, "/rules/decimals", "type"),
        ({"tie_break": ["price", "price"]}, "/rules/tie_break/1", "duplicate"),
        ({"criteria": [ASKED | {"key": "A b"}]}, "/rules/criteria/0/key", "shape"),
        ({"criteria": [ASKED | {"weight": "0"}]}, "/rules/criteria/0/weight", "range"),
        ({"criteria": [ASKED | {"pass_mark": 6}]}, "/rules/criteria/0/pass_mark", "range"),
        ({"criteria": [ASKED, ASKED]}, "/rules/criteria/1/key", "duplicate"),
        ({"low_price": 100}, "/rules/low_price", "range"),
    ],
)  # fmt: skip
def test_what_is_wrong_with_rules_is_named(changes: dict[str, Any], pointer: str, code: str) -> None:
    with pytest.raises(Invalid) as refusal:
        EvaluationRules.from_json(said(**changes))
    assert [(one.pointer, one.code) for one in refusal.value.faults] == [(pointer, code)]


@pytest.mark.parametrize(
    ("rules", "codes"),
    [
        (RULES, []),
        (EvaluationRules(), ["required", "weights", "price_weight"]),
        (replace(RULES, price_weight=Decimal("30.5")), ["weights"]),
        (replace(RULES, method="quality_threshold"), ["no_price_weight", "required"]),
        (replace(WITHOUT_PRICE, method="price_per_quality_point"), []),
        (WITHOUT_PRICE, ["price_weight"]),
        (replace(RULES, threshold=Decimal(1)), ["no_threshold"]),
    ],
)
def test_weights_are_a_hundred_and_price_is_in_its_bounds(rules: EvaluationRules, codes: list[str]) -> None:
    assert [one.code for one in weight_faults(rules)] == codes


def test_central_government_gives_social_value_ten_or_more() -> None:
    department = Organisation(name="Department", buyer_class="central-government")
    assert list(evaluation_faults(RULES, department, Lot())) == []
    low = replace(RULES, criteria=(RULES.criteria[0], replace(RULES.criteria[1], kind="quality")))
    assert [one.code for one in evaluation_faults(low, department, Lot())] == ["social_value"]
    assert (
        list(evaluation_faults(low, Organisation(name="Council", buyer_class="local-government"), Lot()))
        == []
    )


@pytest.mark.parametrize(
    ("stated", "codes"),
    [
        (None, []),
        ({"price": ["40", "40"], "quality": ["50", "50"], "social_value": ["10", "10"]}, []),
        ({"price": ["40.01", "90"]}, ["price_weight"]),
        ({"price": ["0", "39.5"]}, ["price_weight"]),
        ({"quality": ["60", "80"]}, ["quality_weight"]),
        ({"social_value": ["12.5", "30"], "quality": ["0", "40"]}, ["quality_weight", "social_value_weight"]),
    ],
)
def test_weights_keep_the_bounds_that_the_lot_states(
    stated: dict[str, list[str]] | None, codes: list[str]
) -> None:
    rules = EvaluationRules.from_json(
        {
            "criteria": [
                {"key": "method", "name": "Method", "weight": "50", "question": "How?"},
                {
                    "key": "social",
                    "name": "Value",
                    "kind": "social_value",
                    "weight": "10",
                    "question": "What else?",
                },
            ],
            "price_weight": "40",
        }
    )
    found = list(evaluation_faults(rules, Organisation(name="Council"), Lot(weightings=stated)))
    assert [one.code for one in found] == codes
    assert all("on this lot" in one.message for one in found)
