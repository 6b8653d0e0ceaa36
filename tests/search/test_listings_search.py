"""Finding listings: words in every form, offerings, rates, facets, pages, reasons and passages."""

from __future__ import annotations

import re
from dataclasses import replace
from datetime import date
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from search.engines.base import Engine
from search.engines.elasticsearch.engine import ElasticsearchEngine
from search.engines.elasticsearch.listings_query import words_query
from search.engines.embedded import EmbeddedEngine
from search.engines.words import compile_plan
from search.highlight import PASSAGE, passage
from search.planner import plan
from search.query import FacetValue, HitRate, ListingQuery, ListingResult
from tests.search.engines import Indexing, index
from tests.search.listing_documents import listing, lots, offering, rate, specialism

TODAY = date(2026, 11, 22)


def ask(engine: Engine, q: str = "", **changes: Any) -> ListingResult:
    filters = {name: changes.pop(name) for name in list(changes) if isinstance(changes[name], tuple)}
    return engine.search_listings(ListingQuery(q=q, filters=filters, **{"on": TODAY, "seed": 1} | changes))


def found(engine: Engine, q: str = "", **changes: Any) -> list[str]:
    return [hit.reference.rsplit("~", 1)[-1] for hit in ask(engine, q, **changes).hits]


@pytest.fixture(scope="module")
def market(indexing: Indexing) -> Engine:
    """A few partners, each there to be found by something."""
    study = "An evaluation of a vision rehabilitation service, with people who are losing their sight."
    return index(
        indexing,
        [
            listing(
                "opm-group",
                name="OPM Group",
                case_studies=[{"key": "sight", "title": "Seeing", "text": study}],
                ownership="employee-owned",
            ),
            listing(
                "ase",
                name="ASE",
                summary="School improvement and leadership in education.",
                specialisms=[specialism("rm3745~5", "4", "School effectiveness")],
                offerings=[offering("rm3745~5", "rm3745~5~4", "UKC", "TLC")],
            ),
            listing("social-finance", name="Social Finance", summary="We structure social impact bonds."),
            listing(
                "scie",
                name="Social Care Institute for Excellence (SCIE)",
                summary="Care, social and otherwise.",
            ),
            listing("r-and-d", name="R&D Partners", summary="Research.", sectors=["health", "education"]),
            listing(
                "3sixty",
                name="3Sixty 24/7 Ltd",
                summary="Always open; the cost of living.",
                sectors=["health"],
            ),
            listing("the-elm", name="The Elm", summary="Naïve café <b>bold</b> & co.", ownership="charity"),
        ],
    )


@pytest.mark.parametrize(
    ("q", "first"),
    [
        ("vision rehabilitation evaluation", "opm-group"),
        ("opm", "opm-group"),
        ("Opm groups", "opm-group"),
        ("evaluating visions", "opm-group"),
        ("evalaution", "opm-group"),
        ("rehab of the blind", "opm-group"),
        ("visual impairment", "opm-group"),
        ("employee owned", "opm-group"),
        ("social finance", "social-finance"),
        ('"impact bond"', "social-finance"),
        ("SCIE", "scie"),
        ("social care institute", "scie"),
        ("school effectiveness", "ase"),
        ("R&D", "r-and-d"),
        ("r & d partners", "r-and-d"),
        ("3sixty", "3sixty"),
        ("24/7", "3sixty"),
        ("24/7 ltd", "3sixty"),
        ('"cost of living"', "3sixty"),
        ("cafe", "the-elm"),
        ("the elm", "the-elm"),
        ("charity", "the-elm"),
        ("sixt*", ""),
        ("3six*", "3sixty"),
        ("effec", "ase"),
    ],
)
def test_who_comes_first(market: Engine, q: str, first: str) -> None:
    assert [*found(market, q), ""][0] == first


def test_any_word_matches_and_more_words_rank_higher(market: Engine) -> None:
    assert found(market, "social care structure") == ["scie", "social-finance"]


def test_holding_every_word_counts_and_is_a_reason(market: Engine) -> None:
    reasons = {reason.field: reason for reason in ask(market, "improvement education").hits[0].why}
    assert (reasons["all_words"].words, reasons["all_words"].score) == (("improvement", "education"), 10.0)
    assert "all_words" not in {reason.field for reason in ask(market, "improvement vision").hits[0].why}


def test_exclusions_alone_count_their_own_facets(market: Engine) -> None:
    assert counts(ask(market, "-social"), "ownership") != counts(ask(market, "-care -vision"), "ownership")
    assert sum(counts(ask(market, "-vision"), "ownership").values()) == 6


def test_a_phrase_must_be_there_in_order(market: Engine) -> None:
    assert found(market, '"social care"') == ["scie"]
    assert found(market, '"care social"') == ["scie"]
    assert found(market, '"finance social"') == []
    assert found(market, '"cost living"') == []


def test_minus_takes_out_words_and_phrases(market: Engine) -> None:
    assert found(market, "social -bonds") == ["scie"]
    assert found(market, 'social -"social care"') == ["social-finance"]
    assert "scie" not in found(market, "-social")
    assert ask(market, "-social").count == 5


def test_framework_and_lot_numbers_are_words(market: Engine) -> None:
    assert ask(market, "RM3745").count == 7
    assert ask(market, "rm3745/5").count == 7
    assert ask(market, '"lot 5"').count == 7
    assert ask(market, '"lot 6"').count == 0


def test_what_was_meant_is_told_and_found(market: Engine) -> None:
    result = ask(market, "Scool efectiveness")
    assert result.did_you_mean == "school effectiveness"
    assert result.hits[0].reference == "rm3745~ppl~ase"
    assert ask(market, "school").did_you_mean is None


def test_words_that_nobody_has_find_nothing(market: Engine) -> None:
    result = ask(market, "xylophone qqqq")
    assert (result.count, result.hits, result.did_you_mean) == (0, (), None)


@pytest.mark.parametrize(
    "q", ['"', "--", "***", "((", "AND OR NOT", "a:b", "[x TO y]", "\\", "^2~", "😀", "\t\n", "'s"]
)
def test_odd_questions_are_answered(market: Engine, q: str) -> None:
    assert ask(market, q).count >= 0


@given(st.text(max_size=80))
def test_any_question_is_answered(market: Engine, q: str) -> None:
    result = ask(market, q)
    assert len(result.hits) == result.count


def test_a_pasted_need_is_ranked(market: Engine) -> None:
    need = (
        "The council is looking for a partner to undertake an independent evaluation of its vision "
        "rehabilitation service. The partner will work with people with lived experience and with the "
        "teams that deliver the service, and will report to the board on outcomes, costs and options. "
        "Experience of local government is desirable. The contract is for twelve months from April with "
        "an option to extend by six months, and the budget is within the limits of direct award. Bidders"
        " should describe their method, their team with day rates, and two examples of similar work in "
        "the last three years, with contacts who may be asked about it."
    )
    assert len(need) > 600
    result = ask(market, need)
    assert result.hits[0].reference == "rm3745~ppl~opm-group"
    assert result.count > 1


# Offerings.


@pytest.fixture(scope="module")
def offered(indexing: Indexing) -> Engine:
    """One offers A in the north and B in the south, one offers both everywhere, one does not say."""
    held = lots("f1", "1", "2")
    both = [specialism("f1~1", "a", "Audit"), specialism("f1~2", "b", "Buildings")]
    common: dict[str, Any] = {"framework": "f1", "framework_number": "F1", "lots": held, "specialisms": both}
    return index(
        indexing,
        [
            listing(
                "apart",
                **common,
                offerings=[offering("f1~1", "f1~1~a", "TLC"), offering("f1~2", "f1~2~b", "TLD")],
                rates=[rate("G1", 500, "f1~1"), rate("G1", 400, "f1~2"), rate("G2", 900)],
            ),
            listing(
                "everywhere",
                **common,
                offerings=[
                    offering("f1~1", "f1~1~a", "UK", "TLC", "TLD"),
                    offering("f1~2", "f1~2~b", "UK", "TLC", "TLD"),
                ],
                rates=[rate("G1", 600, work_type="advice"), rate("G1", 600, work_type="delivery")],
            ),
            listing(
                "unstated",
                **common | {"specialisms": []},
                offerings=[offering("f1~1", None, "UK", "TLC", "TLD")],
            ),
            listing("elsewhere", framework="f2", rates=[rate("G1", 100)]),
        ],
    )


def test_lot_specialism_and_region_are_met_by_one_offering(offered: Engine) -> None:
    assert sorted(found(offered, specialism=("f1~1~a",), region=("TLC",))) == ["apart", "everywhere"]
    assert found(offered, specialism=("f1~1~a",), region=("TLD",)) == ["everywhere"]
    assert found(offered, lot=("f1~2",), region=("TLC",)) == ["everywhere"]
    assert found(offered, lot=("f1~2",), specialism=("f1~1~a",)) == []


def counts(result: ListingResult, name: str) -> dict[str, int]:
    facet = next(facet for facet in result.facets if facet.name == name)
    return {value.value: value.count for value in facet.values}


def test_facets_of_offerings_count_rows_that_meet_the_rest(offered: Engine) -> None:
    result = ask(offered, specialism=("f1~1~a",), region=("TLD",))
    assert counts(result, "specialism") == {"f1~2~b": 2, "f1~1~a": 1}
    assert counts(result, "region") == {"TLC": 2, "TLD": 1, "UK": 1}
    assert counts(result, "lot") == {"f1~1": 1}


def test_a_specialism_not_stated_is_found_by_lot_and_name(offered: Engine) -> None:
    assert "unstated" in found(offered, lot=("f1~1",))
    assert "unstated" in found(offered, "unstated")
    assert "unstated" not in found(offered, specialism=("f1~1~a",))


def test_facets_ignore_their_own_filter(market: Engine) -> None:
    result = ask(market, sector=("education",))
    assert result.count == 1
    assert counts(result, "sector") == {"health": 2, "education": 1}
    assert counts(result, "ownership") == {"private-company": 1}


def test_a_facet_is_cut_but_shows_what_was_asked_for(market: Engine) -> None:
    result = ask(market, ownership=("employee-owned", "university"), facet_size=1)
    ownership = next(facet for facet in result.facets if facet.name == "ownership")
    assert ownership.values == (
        FacetValue("private-company", "Private company", 5, False),
        FacetValue("employee-owned", "Employee-owned", 1, True),
        FacetValue("university", "University or its spin-out", 0, True),
    )
    assert ownership.other == 1


def test_region_facet_shows_the_frameworks_own_scheme(market: Engine) -> None:
    assert counts(ask(market), "region") == {"TLC": 7, "TLD": 6, "UK": 6}
    assert counts(ask(market, framework=("rm3745",)), "region") == {"UKC": 7, "UK": 6, "UKD": 6}


def test_labels_of_values(market: Engine) -> None:
    labels = {facet.name: facet.values[0].label for facet in ask(market).facets if facet.values}
    assert labels["framework"] == "RM3745 Management Consultancy"
    assert labels["lot"] == "RM3745 lot 5: Health and community"
    assert labels["specialism"] == "School effectiveness (RM3745 lot 5)"
    assert labels["supplier"] == "PPL"
    assert labels["status"] == "Live"


def test_the_first_question_may_be_about_expired_frameworks_that_are_stored_as_live(
    indexing: Indexing,
) -> None:
    engine = index(indexing, [listing("ended", ends_on="2026-11-21"), listing("running")])
    assert found(engine, status=("expired",)) == ["ended"]


def test_status_is_that_of_the_day(market: Engine) -> None:
    assert ask(market, status=("live",), on=date(2029, 1, 1)).count == 7
    after = ask(market, status=("live",), on=date(2029, 1, 2))
    assert after.count == 0
    assert counts(after, "status") == {"expired": 7, "live": 0}
    assert ask(market, on=date(2029, 1, 2)).hits[0].status == "expired"


# Rates.


def test_rate_bounds_and_order_are_of_the_grade(offered: Engine) -> None:
    asked = {"framework": ("f1",), "grade": "G1"}
    assert found(offered, sort="rate", **asked) == ["apart", "everywhere", "unstated"]
    assert sorted(found(offered, min_rate=0, **asked)) == ["apart", "everywhere"]
    assert found(offered, max_rate=40_000, **asked) == ["apart"]
    assert found(offered, min_rate=40_001, **asked) == ["everywhere"]
    assert found(offered, framework=("f1",), grade="G2", min_rate=1) == ["apart"]
    assert found(offered, framework=("f1",), grade="G9", min_rate=1) == []


def test_with_a_lot_only_its_rates_count(offered: Engine) -> None:
    asked = {"framework": ("f1",), "grade": "G1", "lot": ("f1~1",)}
    assert found(offered, max_rate=49_999, **asked) == []
    assert found(offered, max_rate=50_000, **asked) == ["apart"]
    assert counts(ask(offered, max_rate=50_000, **asked), "lot") == {"f1~1": 1, "f1~2": 1}


@pytest.mark.parametrize("facet", ["lot", "specialism"])
@pytest.mark.parametrize("bound", [{"max_rate": 49_999}, {"max_rate": 50_000}, {"min_rate": 45_000}])
def test_a_value_counts_whom_it_would_leave_by_the_rates_of_its_lot(
    offered: Engine, facet: str, bound: dict[str, int]
) -> None:
    for other in ({}, {"region": ("TLC",)}, {"specialism": ("f1~1~a",)}, {"lot": ("f1~1",)}):
        asked: dict[str, Any] = {"framework": ("f1",), "grade": "G1", **bound, **other}
        told = counts(ask(offered, **asked), facet)
        for value in {"lot": ("f1~1", "f1~2"), "specialism": ("f1~1~a", "f1~2~b")}[facet]:
            assert told.get(value, 0) == ask(offered, **{**asked, facet: (value,)}).count, (other, value)


def test_with_a_specialism_alone_the_rates_of_its_lot_count(offered: Engine) -> None:
    asked: dict[str, Any] = {"framework": ("f1",), "grade": "G1", "specialism": ("f1~1~a",)}
    of_its_lot = HitRate("G1", 50_000, "GBP", "day", "published", "f1~1", "")
    assert next(hit.rate for hit in ask(offered, sort="rate", **asked).hits) == of_its_lot
    assert found(offered, max_rate=49_999, **asked) == []
    assert found(offered, max_rate=50_000, **asked) == ["apart"]
    assert found(offered, max_rate=40_000, **asked | {"specialism": ("f1~1~a", "f1~2~b")}) == ["apart"]
    assert found(offered, max_rate=40_000, lot=("f1~2",), **asked) == []


def test_the_lowest_rate_says_which_it_is(offered: Engine) -> None:
    result = ask(offered, sort="rate", framework=("f1",), grade="G1")
    assert [hit.rate for hit in result.hits] == [
        HitRate("G1", 40_000, "GBP", "day", "published", "f1~2", ""),
        HitRate("G1", 60_000, "GBP", "day", "published", None, "advice"),
        None,
    ]


# Order and pages.


@pytest.fixture(scope="module")
def crowd(indexing: Indexing) -> Engine:
    """Forty partners, many of them equal."""
    return index(
        indexing,
        [
            listing(
                f"p{number:02d}",
                name=f"Firm {'ABC'[number % 3]}",
                summary="care " * (1 + number % 2),
                rates=[rate("G1", 500 + number % 4)] if number % 5 else [],
            )
            for number in range(40)
        ],
    )


def test_equals_stand_in_a_fair_order_that_the_seed_repeats(crowd: Engine) -> None:
    orders = {tuple(found(crowd, seed=seed, page_size=100)) for seed in range(16)}
    assert len(orders) == 16
    assert len({order[0] for order in orders}) > 8
    assert found(crowd, seed=3) == found(crowd, seed=3)


@pytest.mark.parametrize("sort", ["relevance", "name", "rate"])
@pytest.mark.parametrize("q", ["", "care"])
def test_pages_and_cursors_show_everything_once(crowd: Engine, sort: str, q: str) -> None:
    asked: dict[str, Any] = {"sort": sort, "seed": 5, "page_size": 7, "framework": ("rm3745",), "grade": "G1"}
    whole = found(crowd, q, **asked | {"page_size": 100})
    by_page = [reference for page in range(1, 7) for reference in found(crowd, q, page=page, **asked)]
    assert by_page == whole
    by_cursor, result = [], ask(crowd, q, **asked)
    by_cursor.extend(hit.reference for hit in result.hits)
    while result.after is not None:
        result = ask(crowd, q, after=result.after, **asked)
        assert result.count == 40
        by_cursor.extend(hit.reference for hit in result.hits)
    assert [reference.rsplit("~", 1)[-1] for reference in by_cursor] == whole
    assert len(set(whole)) == 40


@pytest.mark.parametrize("sort", ["relevance", "name", "rate"])
def test_a_cursor_holds_when_its_hit_is_gone(indexing: Indexing, sort: str) -> None:
    documents = [listing(f"p{number}", name=f"Firm {number}", rates=[rate("G1", 500)]) for number in range(9)]
    engine = index(indexing, documents)
    asked: dict[str, Any] = {"sort": sort, "page_size": 3, "framework": ("rm3745",), "grade": "G1"}
    first = ask(engine, **asked)
    rest = found(engine, **asked | {"page_size": 100})[3:]
    with engine.writer() as writer:
        writer.apply("listings", [], [(first.hits[-1].reference, 2)])
    assert found(engine, after=first.after, **asked | {"page_size": 100}) == rest


def test_the_last_page_has_no_cursor_and_a_page_beyond_is_empty(crowd: Engine) -> None:
    assert ask(crowd, page=2, page_size=20).after is None
    beyond = ask(crowd, page=9, page_size=20)
    assert (beyond.count, beyond.hits) == (40, ())


# Reasons and passages.


@pytest.mark.parametrize(
    "q",
    [
        "vision rehabilitation evaluation",
        '"social care"',
        "social care -bonds",
        "the elm",
        "scool",
        "visual impairment",
        "car*",
    ],
)
def test_reasons_sum_to_the_score_that_the_engine_itself_explains(market: Engine, q: str) -> None:
    result = ask(market, q)
    assert result.hits
    for hit in result.hits:
        assert sum(reason.score for reason in hit.why) == pytest.approx(hit.score, abs=1e-9)
        assert explained_score(market, q, hit.reference) == pytest.approx(hit.score, abs=1e-3)


def explained_score(engine: Engine, q: str, reference: str) -> float:
    """What tantivy, or Lucene, says that a listing scores."""
    if isinstance(engine, ElasticsearchEngine):
        reader = engine._listings
        query = {"query": words_query(plan(q, reader.vocabulary.snapshot().lexicon))}
        told = engine.client.call("POST", f"/{reader.indices.read}/_explain/{reference}", query)
        return float(told["explanation"]["value"])
    assert isinstance(engine, EmbeddedEngine)
    view = engine._listings.view()
    compiled, slot = compile_plan(plan(q, view.lexicon)), view.slot_of(reference)
    assert compiled is not None
    assert slot is not None
    return view.words.explained_score(compiled, slot)


def test_why_names_the_fields_and_the_words(market: Engine) -> None:
    hit = ask(market, "vision leadership").hits[0]
    assert [(reason.field, reason.label, reason.words) for reason in hit.why] == [
        ("summary", "Summary", ("leadership",))
    ]


def test_passages_mark_what_matched_and_escape_the_rest(market: Engine) -> None:
    (hit,) = ask(market, "cafes bold").hits
    assert [(shown.field, shown.html) for shown in hit.highlights] == [
        ("summary", "Naïve <mark>café</mark> &lt;b&gt;<mark>bold</mark>&lt;/b&gt; &amp; co.")
    ]


def test_passages_say_which_case_study_or_specialism(market: Engine) -> None:
    (evidence,) = ask(market, "rehabilitation").hits[0].highlights
    assert (evidence.field, evidence.part) == ("evidence", "sight")
    hit = ask(market, "effectiveness").hits[0]
    assert hit.specialisms == ("rm3745~5~4",)
    assert ("specialisms", "rm3745~5~4", "School <mark>effectiveness</mark>") in [
        (shown.field, shown.part, shown.html) for shown in hit.highlights
    ]


def test_a_filter_names_the_specialisms_that_it_matched(market: Engine) -> None:
    assert ask(market, specialism=("rm3745~5~4", "rm3745~5~9")).hits[0].specialisms == ("rm3745~5~4",)


def test_without_words_there_is_no_score_and_no_reason(market: Engine) -> None:
    hit = ask(market).hits[0]
    assert (hit.score, hit.why, hit.highlights) == (0.0, (), ())


@given(st.text(alphabet="ab <&é\n", min_size=1, max_size=600), st.data())
def test_a_passage_is_part_of_the_text(text: str, data: st.DataObject) -> None:
    start = data.draw(st.integers(0, len(text) - 1))
    spots = sorted(data.draw(st.sets(st.integers(start, len(text) - 1), min_size=1, max_size=8)))
    html = passage(text, start, len(text), [(at, at + 1, at % 3) for at in spots])
    assert "<mark>" in html
    plain = re.sub(r"</?mark>|…", "", html).replace("&lt;", "<").replace("&amp;", "&")
    assert plain in text[start:]
    assert len(plain) <= PASSAGE


def test_counts_are_the_same_with_and_without_facets(market: Engine) -> None:
    query = ListingQuery(q="social", on=TODAY)
    assert market.search_listings(query).count == market.search_listings(replace(query, facets=False)).count
    assert market.search_listings(replace(query, facets=False)).facets == ()
