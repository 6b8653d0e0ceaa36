"""What a match promises: who is ranked how, why, and who is ruled out by what; on each engine."""

from __future__ import annotations

from collections.abc import Callable
from datetime import date
from decimal import Decimal
from typing import Any

import pytest
from hypothesis import HealthCheck, Phase, given, settings
from hypothesis import strategies as st

from procurement.requirements import MustHave, Preferences, RequirementContent, TeamLine
from search import answers
from search.analysis import term_of, words_of
from search.engines import gathering
from search.engines.base import Engine
from search.engines.elasticsearch import matching, matching_query
from search.matching import MatchOptions, match
from search.need import Mode
from search.ranks import WEIGHTS
from tests.examples import examples
from tests.search.engines import Indexing, index
from tests.search.firms import LOT, firm

TODAY = date(2026, 11, 25)
PHASES = (Phase.explicit, Phase.generate)
Answer = dict[str, Any]
Asks = Callable[..., Answer]

FIRMS = [
    firm("Alder", "We evaluated a sight loss service for blind people.", offers={"1": ["TLC"], "2": ["TLC"]},
         rates={"G1": 500, "G2": 800}, confirmed_on="2026-10-01", ownership="charity"),
    firm("Beech", "Roads and bridges were repaired.", "A road was resurfaced.", offers={"1": ["TLD"]},
         rates={"G1": 400, "G2": 900}, confirmed_on="2025-06-01"),
    firm("Cedar", "Vision rehabilitation was evaluated with users.", offers=None, rates={"G1": 600, "G2": 700}),
    firm("Damson", "Public consultation on a runway.", offers={"2": ["UK", "TLC", "TLD"]}, rates={"G1": 450},
         basis="illustrative"),
]  # fmt: skip


def asked(engine: Engine, text: str = "", mode: Mode = "balanced", **told: Any) -> Answer:
    """The answer of a match in lot 1 of RM1, in the seed's order 0."""
    weights = {**WEIGHTS, **told.pop("weights", {})}
    explained = told.pop("explained", True)
    content = RequirementContent(text=text, framework="rm1", lot=LOT, **told)
    options = MatchOptions(TODAY, mode, weights, seed=0, size=100, explained=explained)
    return match(content, options, engine).answer


@pytest.fixture(scope="module")
def firms(indexing: Indexing) -> Engine:
    return index(indexing, FIRMS)


def names(answer: Answer) -> list[str]:
    return [one["partner"]["name"] for one in answer["results"]]


def found(answer: Answer, name: str) -> Any:
    return next(one for one in answer["results"] if one["partner"]["name"] == name)


SPECIALISMS = (f"{LOT}~1", f"{LOT}~2")


def test_words_and_meaning_find_who_did_the_like(firms: Engine) -> None:
    answer = asked(firms, "Evaluation of a vision rehabilitation service")
    assert set(names(answer)[:2]) == {"Alder", "Cedar"}
    alder = found(answer, "Alder")
    # "blind people" and "sight loss" are no words of the need.
    assert alder["text"]["meaning"] > found(answer, "Beech")["text"]["meaning"]
    assert [term["word"] for term in found(answer, "Cedar")["text"]["terms"]][:2] == [
        "rehabilitation",
        "vision",
    ]


def test_without_the_model_words_alone_count_and_the_answer_says_so(
    indexing: Indexing, settings: Any
) -> None:
    settings.MEANING = False
    answer = asked(index(indexing, FIRMS), "Evaluation of a vision rehabilitation service")
    assert answer["model"] is None
    assert answer["notes"] == [
        "Matched by words alone: there is no model of meaning that made this index's vectors."
    ]
    assert {one["text"]["meaning"] for one in answer["results"]} == {0.0}
    assert names(answer)[0] == "Cedar"


def test_an_index_of_another_model_is_still_read_by_its_words_until_it_is_rebuilt(
    indexing: Indexing, settings: Any
) -> None:
    settings.MEANING = False
    engine = index(indexing, FIRMS)
    settings.MEANING = True
    assert asked(engine, "vision rehabilitation")["model"] is None
    assert "model of meaning" in str(engine.state("listings").rebuild_because)
    with engine.writer() as writer:
        writer.apply("listings", [firm("Elder", "Vision rehabilitation.") | {"version": 2}])
    assert "Elder" in names(asked(engine, "vision rehabilitation"))


def test_coverage_is_told_in_words_and_unknown_is_not_no(firms: Engine) -> None:
    answer = asked(firms, specialisms=SPECIALISMS, regions=("TLC",))
    told = {one["partner"]["name"]: one["coverage"]["told"] for one in answer["results"]}
    assert told == {
        "Alder": "2 of 2",
        "Beech": "0 of 2, missing Evaluation in North East (England); "
        "Community engagement in North East (England)",
        "Cedar": "0 of 2, not stated: Evaluation in North East (England); "
        "Community engagement in North East (England)",
        "Damson": "1 of 2, missing Evaluation in North East (England)",
    }
    assert {one["partner"]["name"]: one["parts"]["coverage"] for one in answer["results"]} == {
        "Alder": 1.0,
        "Beech": 0.0,
        "Cedar": 0.5,
        "Damson": 0.5,
    }


def test_how_each_region_is_served_is_told_beside_the_coverage(firms: Engine) -> None:
    answer = asked(firms, specialisms=SPECIALISMS, regions=("TLC", "TLD"))
    told = {
        one["partner"]["name"]: [
            (each["region"]["reference"], each["met"], each["not_stated"], each["asked"])
            for each in one["regions"]
        ]
        for one in answer["results"]
    }
    assert told == {
        "Alder": [("TLC", 2, 0, 2), ("TLD", 0, 0, 2)],
        "Beech": [("TLC", 0, 0, 2), ("TLD", 1, 0, 2)],
        "Cedar": [("TLC", 0, 2, 2), ("TLD", 0, 2, 2)],
        "Damson": [("TLC", 1, 0, 2), ("TLD", 1, 0, 2)],
    }
    assert asked(firms, specialisms=SPECIALISMS)["results"][0]["regions"] == []


def test_a_must_have_rules_out_who_certainly_lacks_it_and_names_it(firms: Engine) -> None:
    answer = asked(firms, specialisms=SPECIALISMS, must_have=MustHave(specialisms=SPECIALISMS[:1]))
    assert sorted(names(answer)) == ["Alder", "Beech", "Cedar"]
    assert answer["eligible"] == 3
    assert answer["ruled_out_count"] == 1
    assert [(one["partner"]["name"], one["rules"]) for one in answer["ruled_out"]] == [
        (
            "Damson",
            [
                {
                    "rule": "must_have",
                    "specialism": {"reference": f"{LOT}~1", "name": "Evaluation"},
                    "region": None,
                }
            ],
        )
    ]
    assert [(one["specialism"]["name"], one["count"]) for one in answer["ruled_out_by"]] == [
        ("Evaluation", 1)
    ]


def test_the_ruled_out_are_told_as_long_as_their_rules_are_few(
    firms: Engine, monkeypatch: pytest.MonkeyPatch
) -> None:
    def told(most: int) -> list[list[str]]:
        monkeypatch.setattr(answers, "RULES_TOLD", most)
        both = MustHave(specialisms=SPECIALISMS)
        answer = asked(firms, specialisms=SPECIALISMS, regions=("TLC",), must_have=both)
        assert answer["ruled_out_count"] == 2
        assert [one["count"] for one in answer["ruled_out_by"]] == [2, 1]
        return [[rule["specialism"]["name"] for rule in one["rules"]] for one in answer["ruled_out"]]

    beech, damson = ["Evaluation", "Community engagement"], ["Evaluation"]
    assert told(3) == [beech, damson]
    assert told(2) == [beech]
    # Nobody is told with a part of what it lacks.
    assert told(1) == []


def test_the_team_is_priced_on_each_card_and_placed_among_cards_of_its_kind(firms: Engine) -> None:
    team = (TeamLine("G1", Decimal("1.5")), TeamLine("G2", Decimal(1)))
    answer = asked(firms, "evaluation", team=team)
    price = {one["partner"]["name"]: one["price"] for one in answer["results"]}
    assert {name: one["total"] for name, one in price.items()} == {
        "Alder": "1550.00",
        "Beech": "1500.00",
        "Cedar": "1600.00",
        "Damson": None,
    }
    assert (price["Beech"]["percentile"], price["Beech"]["among"]) == (33.3, 3)
    assert price["Cedar"]["percentile"] == 100.0
    assert price["Damson"]["because"].startswith("Not every grade of the team has one rate a day here")
    alone = asked(firms, "evaluation", team=team[:1])
    # An illustrative card is measured by its like alone.
    assert (found(alone, "Damson")["price"]["basis"], found(alone, "Damson")["price"]["among"]) == (
        "illustrative",
        1,
    )


def test_a_card_by_the_hour_says_why_it_has_no_price_and_currencies_are_ordered_apart(
    indexing: Indexing,
) -> None:
    hourly, euros = firm("Hazel", "Work.", rates={"G1": 60}), firm("Elm", "Work.", rates={"G1": 100})
    hourly["unit"] = hourly["stored"]["rates"]["unit"] = "hour"
    euros["currency"] = euros["stored"]["rates"]["currency"] = "EUR"
    listed = [
        hourly,
        euros,
        firm("Fir", "Work.", rates={"G1": 900}),
        firm("Gorse", "Work.", rates={"G1": 500}),
    ]
    engine = index(indexing, listed)
    answer = asked(engine, "work", "price", team=(TeamLine("G1", Decimal(1)),))
    # A hundred euros are not less than five hundred pounds: they are something else.
    assert names(answer) == ["Gorse", "Fir", "Elm", "Hazel"]
    assert found(answer, "Hazel")["price"]["because"].startswith("Its card is by the hour")
    assert found(answer, "Elm")["price"]["because"] == ""


@pytest.mark.parametrize(
    ("starts_on", "team", "said"),
    [
        (date(2026, 11, 24), False, "The work would have begun on 2026-11-24, before 2026-11-25, whose facts count"),
        (TODAY, True, None),
        (date(2026, 12, 1), False, None),
        (date(2026, 12, 1), True, "The team is priced on the cards in force on 2026-11-25: a quote prices it on"),
    ],
)  # fmt: skip
def test_which_day_s_facts_count_is_said_where_the_work_begins_on_another(
    firms: Engine, starts_on: date, team: bool, said: str | None
) -> None:
    lines = (TeamLine("G1", Decimal(1)),) if team else ()
    notes = asked(firms, "evaluation", starts_on=starts_on, team=lines)["notes"]
    assert [one[: len(said or "")] for one in notes] == ([] if said is None else [said])


def test_a_grade_with_several_rates_is_priced_once_the_work_type_is_said(indexing: Indexing) -> None:
    engine = index(
        indexing, [firm("Fir", "Evaluation.", work_types={"G1": {"advice": 500, "delivery": 300}})]
    )
    team = (TeamLine("G1", Decimal(2)),)
    assert found(asked(engine, "evaluation", team=team), "Fir")["price"]["total"] is None
    assert (
        found(asked(engine, "evaluation", team=team, work_type="delivery"), "Fir")["price"]["total"]
        == "600.00"
    )


@pytest.mark.parametrize(
    ("mode", "order"),
    [
        ("price", ["Beech", "Alder", "Cedar", "Damson"]),
        ("name", ["Alder", "Beech", "Cedar", "Damson"]),
        ("coverage", ["Alder", "Damson", "Cedar", "Beech"]),
    ],
)
def test_a_mode_ranks_by_that_first(firms: Engine, mode: Mode, order: list[str]) -> None:
    team = (TeamLine("G1", Decimal("1.5")), TeamLine("G2", Decimal(1)))
    needed = asked(firms, "Runway consultation", mode, specialisms=SPECIALISMS, regions=("TLC",), team=team)
    assert names(needed) == order


def test_who_is_good_in_every_part_is_ranked_though_first_in_none(
    indexing: Indexing, monkeypatch: pytest.MonkeyPatch
) -> None:
    """However few are gathered, the first of an answer are the first among all."""
    evidence = ("Rail timetables.", "An evaluation.", "An evaluation of a vision rehabilitation service.")
    market = [
        firm(
            f"Firm {number}",
            evidence[number % 3],
            offers={"1": ["TLC" if number % 5 else "TLD"]},
            rates={"G1": 400 + number * 7 % 100 * 5},
            ownership="charity" if number % 4 else "not-stated",
        )
        for number in range(150)
    ]
    engine = index(indexing, market)
    told: dict[str, Any] = {
        "specialisms": SPECIALISMS[:1],
        "regions": ("TLC",),
        "team": (TeamLine("G1", Decimal(3)),),
        "preferences": Preferences(ownership=("charity",)),
    }
    need = "Evaluation of vision rehabilitation"
    among_all = [
        names(asked(engine, need, mode, explained=False, **told)) for mode in ("balanced", "coverage")
    ]
    for module in (gathering, matching_query):
        monkeypatch.setattr(module, "TOGETHER", 20)
    for module in (gathering, matching, matching_query):
        monkeypatch.setattr(module, "AT_LEAST", 0)
    for mode, everybody in zip(("balanced", "coverage"), among_all, strict=True):
        answer = asked(engine, need, mode, explained=False, **told)
        assert answer["count"] == 20
        assert names(answer)[:10] == everybody[:10]


def test_a_shuffle_is_the_seed_s_and_stays_what_it_is(firms: Engine) -> None:
    orders = []
    for seed in range(16):
        options = MatchOptions(TODAY, "shuffle", seed=seed, size=100)
        content = RequirementContent(text="evaluation", framework="rm1", lot=LOT)
        first, again = (match(content, options, firms).answer["results"] for _ in range(2))
        assert first == again
        orders.append(tuple(one["partner"]["name"] for one in first))
    assert len(set(orders)) > 4


def test_preferences_and_freshness_count_by_their_weights_and_rule_nobody_out(firms: Engine) -> None:
    answer = asked(firms, specialisms=SPECIALISMS[1:], preferences=Preferences(ownership=("charity",)))
    assert answer["eligible"] == 4
    alder, damson = found(answer, "Alder"), found(answer, "Damson")
    assert (alder["preferences"], damson["preferences"]) == ({"ownership": True}, {"ownership": False})
    assert alder["parts"] == {"coverage": 1.0, "preferences": 1.0, "freshness": 1.0}
    # A weight of 25 of 35; never confirmed.
    assert damson["parts"] == {"coverage": 1.0, "preferences": 0.0, "freshness": 0.0}
    assert (alder["score"], damson["score"]) == (1.0, 0.7143)
    assert found(answer, "Beech")["parts"]["freshness"] == 0.3889


def test_an_ended_framework_is_matched_and_the_answer_says_that_it_ended(indexing: Indexing) -> None:
    ended = firm("Gorse", "Evaluation.") | {"ends_on": "2021-09-03"}
    ended["stored"]["framework"]["ends_on"] = "2021-09-03"
    answer = asked(index(indexing, [ended]), "evaluation")
    assert names(answer) == ["Gorse"]
    assert answer["notes"] == ["RM1 ended on 2021-09-03: no call-off can be made under it any more."]


def test_without_a_framework_every_live_one_is_matched_and_the_lots_that_fit_are_named(
    indexing: Indexing,
) -> None:
    ended = firm("Gorse", "Evaluation.") | {"ends_on": "2021-09-03"}
    engine = index(indexing, [*FIRMS, ended])
    answer = match(
        RequirementContent(text="community engagement"), MatchOptions(TODAY, seed=0), engine
    ).answer
    assert "Gorse" not in names(answer)
    assert answer["eligible"] == 4
    (lot,) = answer["recommended_lots"]
    assert (lot["reference"], [one["name"] for one in lot["because"]]) == (LOT, ["Community engagement"])
    assert [one["reference"] for one in answer["suggested_specialisms"]] == [f"{LOT}~2"]
    assert answer["suggested_specialisms"][0]["words"] == ["community", "engagement"]


@pytest.mark.parametrize("mode", ["balanced", "coverage", "price"])
def test_a_need_of_nothing_but_stop_words_ranks_nobody_and_says_so(firms: Engine, mode: Mode) -> None:
    answer = asked(firms, "the 2026 and 31", mode)
    assert answer["notes"] == [
        "The text has no word that says what is needed: nobody is ranked by it.",
        "There is nothing to rank by, so the listings stand in a fair order that the seed draws.",
    ]
    assert answer["scored_by"] == []
    assert [(one["score"], one["parts"], one["evidence"]) for one in answer["results"]] == [(0.0, {}, [])] * 4
    # Beech confirmed its profile a year ago, Cedar never: that moves nobody.
    assert names(answer) == names(asked(firms, "evaluation", "shuffle"))


def test_what_else_is_asked_for_ranks_where_the_text_says_nothing(firms: Engine) -> None:
    answer = asked(firms, "it is for the 31 of that", specialisms=SPECIALISMS, regions=("TLC",))
    assert answer["notes"] == ["The text has no word that says what is needed: nobody is ranked by it."]
    assert answer["scored_by"] == ["coverage"]
    assert {tuple(one["parts"]) for one in answer["results"]} == {("coverage", "freshness")}
    assert names(answer)[0] == "Alder"


def test_words_that_nobody_holds_rank_nobody(indexing: Indexing, settings: Any) -> None:
    settings.MEANING = False
    answer = asked(index(indexing, FIRMS), "Zymurgy")
    assert answer["notes"][1:] == [
        "No word of the text stands in any listing: nobody is ranked by it.",
        "There is nothing to rank by, so the listings stand in a fair order that the seed draws.",
    ]
    assert {one["score"] for one in answer["results"]} == {0.0}


def without(document: dict[str, Any], text: str) -> dict[str, Any]:
    """The listing as it would be, had its texts never held this."""
    studies = [{**one, "text": one["text"].replace(text, " ")} for one in document["case_studies"]]
    return document | {
        "version": 2,
        "case_studies": studies,
        "summary": document["summary"].replace(text, " "),
    }


def without_word(document: dict[str, Any], word: str) -> dict[str, Any]:
    """The same of a word, in whatever form it stands there."""
    texts = [document["summary"], *(one["text"] for one in document["case_studies"])]
    for held in {one for text in texts for one in words_of(text) if term_of(one) == term_of(word)}:
        document = without(document, held)
    return document


SENTENCES = [
    "We evaluated a vision rehabilitation service for a county council.",
    "Costs were avoided in health and social care.",
    "Residents were consulted about a new road.",
    "The team built a data platform for schools.",
    "Commissioners were trained in outcomes contracts.",
    "An audit of supply chains was carried out.",
]


@pytest.mark.parametrize("number", range(len(SENTENCES)))
def test_a_reason_shown_is_a_reason_used(indexing: Indexing, number: int) -> None:
    """Taking a shown word or sentence out of the profile lowers its text's score by what was told, but for what the
    word's own rarity changes.
    """
    mine = firm("Hazel", " ".join(SENTENCES[number : number + 3]), SENTENCES[number - 1], offers={})
    others = [firm(f"Other {at}", text, offers={}) for at, text in enumerate(SENTENCES * 3)]
    engine = index(indexing, [mine, *others])
    need = "Evaluation of social care and health services: trained commissioners, a data platform, roads"
    shown = found(asked(engine, need), "Hazel")
    before = shown["parts"]["text"]
    assert shown["text"]["terms"]
    assert shown["evidence"]
    taken = [one["sentence"] for one in shown["evidence"] if one["field"] == "evidence"]
    for sentence in taken:
        changed = index(indexing, [without(mine, sentence), *others])
        assert found(asked(changed, need), "Hazel")["parts"]["text"] < before
    for term in shown["text"]["terms"]:
        changed = index(indexing, [without_word(mine, term["word"]), *others])
        assert found(asked(changed, need, explained=False), "Hazel")["parts"]["text"] < before, term
    told = [one["adds"] for one in (*shown["text"]["terms"], *shown["evidence"])]
    assert min(told) >= 0.0005


specialisms = st.lists(st.sampled_from(["1", "2", "3"]), min_size=1, max_size=3, unique=True)
offers = st.one_of(
    st.none(),
    st.dictionaries(st.sampled_from(["1", "2", "3"]), st.just(["UK", "TLC", "TLD"]), min_size=1, max_size=3),
)
MARKETS = settings(
    max_examples=examples(15), deadline=None, phases=PHASES,
    suppress_health_check=[HealthCheck.function_scoped_fixture],
)  # fmt: skip


@MARKETS
@given(st.lists(offers, min_size=1, max_size=6), specialisms)
def test_asking_for_more_never_raises_the_coverage_of_who_lacks_it(
    indexing: Indexing, market: list[Any], wanted: list[str]
) -> None:
    engine = index(indexing, [firm(f"Firm {at}", "Work.", offers=one) for at, one in enumerate(market)])
    references = tuple(f"{LOT}~{number}" for number in wanted)
    before = asked(engine, specialisms=references[:1], explained=False)
    after = asked(engine, specialisms=references, explained=False)
    for one in after["results"]:
        covered = market[int(one["partner"]["name"].split()[1])]
        if covered is not None and not set(wanted[1:]) & set(covered):
            was = found(before, one["partner"]["name"])
            assert one["parts"]["coverage"] <= was["parts"]["coverage"]


@MARKETS
@given(st.lists(st.integers(200, 900), min_size=2, max_size=8))
def test_a_cheaper_card_never_ranks_lower_on_price(indexing: Indexing, pounds: list[int]) -> None:
    engine = index(
        indexing, [firm(f"Firm {at}", "Work.", rates={"G1": one}) for at, one in enumerate(pounds)]
    )
    answer = asked(engine, "work", team=(TeamLine("G1", Decimal("7.25")),), mode="price", explained=False)
    totals = [float(one["price"]["total"]) for one in answer["results"]]
    assert totals == sorted(totals)
    values = [one["parts"]["price"] for one in answer["results"]]
    assert values == sorted(values, reverse=True)
    assert values[0] == 1.0


@MARKETS
@given(st.lists(offers, min_size=1, max_size=6), specialisms)
def test_ruled_out_means_a_rule_that_fails_and_nobody_else_is(
    indexing: Indexing, market: list[Any], wanted: list[str]
) -> None:
    engine = index(indexing, [firm(f"Firm {at}", "Work.", offers=one) for at, one in enumerate(market)])
    references = tuple(f"{LOT}~{number}" for number in wanted)
    answer = asked(
        engine, specialisms=references, must_have=MustHave(specialisms=references), explained=False
    )
    lacking = {
        f"Firm {at}": {f"{LOT}~{number}" for number in wanted if number not in one}
        for at, one in enumerate(market)
        if one is not None and not set(wanted) <= set(one)
    }
    told = {
        one["partner"]["name"]: {rule["specialism"]["reference"] for rule in one["rules"]}
        for one in answer["ruled_out"]
    }
    assert told == lacking
    assert answer["ruled_out_count"] == len(lacking)
    assert sorted(names(answer)) == sorted({f"Firm {at}" for at in range(len(market))} - lacking.keys())
