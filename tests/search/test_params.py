"""Reading a query string: what is understood, and that whatever is not is refused by name."""

from __future__ import annotations

from dataclasses import replace
from datetime import date

import pytest
from django.http import QueryDict

from procurement.models import Framework
from search.fields import FILTERS, STATUSES
from search.parameters import BadParameters
from search.parameters import read as read_table
from search.params import LISTING_PARAMETERS, cursor_text, effective_status, listing_query, suggestion_query
from search.query import Cursor, ListingQuery, SuggestionQuery

TODAY = date(2026, 11, 22)


def read(text: str) -> ListingQuery:
    return listing_query(QueryDict(text), TODAY)


def faults(text: str) -> list[tuple[str, str]]:
    with pytest.raises(BadParameters) as refused:
        read(text)
    return [(fault.parameter, fault.code) for fault in refused.value.faults]


def test_where_no_parameter_is_taken_the_refusal_says_so() -> None:
    _, told = read_table((), QueryDict("colour=red"))
    assert [one.message for one in told] == ["There is no parameter colour; none is taken here."]


def test_everything_that_can_be_asked() -> None:
    asked = read(
        "q=vision&framework=RM3745&lot=5&lot=rm3745~6&specialism=RM3745~5~12&region=tlc&sector=health&sector=education"
        "&ownership=charity&size=small&status=live&supplier=ppl&accreditation=b-corp&grade=g3&min_rate=400&max_rate=650.5"
        "&sort=rate&page=2&page_size=100&seed=7"
    )
    assert asked == ListingQuery(
        q="vision",
        filters={
            "framework": ("rm3745",),
            "lot": ("rm3745~5", "rm3745~6"),
            "specialism": ("rm3745~5~12",),
            "region": ("TLC",),
            "sector": ("health", "education"),
            "ownership": ("charity",),
            "size": ("small",),
            "status": ("live",),
            "supplier": ("ppl",),
            "accreditation": ("b-corp",),
        },
        grade="G3",
        min_rate=40_000,
        max_rate=65_050,
        sort="rate",
        page=2,
        page_size=100,
        seed=7,
        on=TODAY,
    )


def test_every_filter_is_a_parameter() -> None:
    assert {field.name for field in FILTERS} <= {parameter.name for parameter in LISTING_PARAMETERS}


def test_values_given_twice_count_once() -> None:
    assert read("framework=rm3745&framework=RM3745&lot=5&lot=rm3745~5").filters == {
        "framework": ("rm3745",),
        "lot": ("rm3745~5",),
    }


def test_empty_parameters_of_a_form_ask_nothing() -> None:
    assert read("q=&framework=&min_rate=&sort=&page=&seed=3") == ListingQuery(seed=3, on=TODAY)


def test_without_a_seed_equals_stand_in_the_day_s_own_order_which_is_fair_over_days() -> None:
    days = [date(2026, 3, day) for day in range(1, 17)]
    assert sorted(listing_query(QueryDict(""), day).seed for day in days) == list(range(16))
    assert [listing_query(QueryDict("page=3"), day) for day in days] == [
        replace(listing_query(QueryDict(""), day), page=3) for day in days
    ]


def test_a_grade_is_asked_for_by_any_code_that_a_framework_may_give() -> None:
    for code in ("SFIA-5", "band5", "1.2a", "G_3"):
        assert read(f"framework=a&grade={code}").grade == code.upper()


def test_a_framework_is_asked_for_by_its_number_whatever_signs_it_has() -> None:
    assert read("framework=RM+1557.14&lot=2").filters == {
        "framework": ("rm 1557.14",),
        "lot": ("rm 1557.14~2",),
    }
    assert read("framework=2026/S+000-012345").filters == {"framework": ("2026/s 000-012345",)}


def test_a_reference_that_nobody_bears_is_no_fault() -> None:
    assert read("framework=nowhere").filters == {"framework": ("nowhere",)}


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("colour=red", [("colour", "unknown")]),
        ("Q=x", [("Q", "unknown")]),
        ("q=a&q=b", [("q", "repeated")]),
        ("q=" + "x" * 2_001, [("q", "range")]),
        ("q=%00", [("q", "shape")]),
        ("status=dead", [("status", "choice")]),
        ("ownership=CHARITY", [("ownership", "choice")]),
        ("size=tiny", [("size", "choice")]),
        ("sector=health&sector=nonsense", [("sector", "choice")]),
        ("lot=5", [("lot", "conflict")]),
        ("lot=5&framework=a&framework=b", [("lot", "conflict")]),
        ("specialism=12", [("specialism", "shape")]),
        ("region=the+north", [("region", "shape")]),
        ("framework=rm3745%00", [("framework", "shape")]),
        ("framework=" + "x" * 201, [("framework", "range")]),
        ("grade=-5&framework=a", [("grade", "shape")]),
        ("grade=Band+5&framework=a", [("grade", "shape")]),
        ("grade=G234567890123&framework=a", [("grade", "range")]),
        ("min_rate=400", [("grade", "missing"), ("framework", "missing")]),
        ("sort=rate&framework=rm3745", [("grade", "missing")]),
        ("grade=G3", [("framework", "missing")]),
        ("grade=G3&framework=a&framework=b", [("framework", "missing")]),
        ("grade=G3&framework=a&min_rate=-1", [("min_rate", "shape")]),
        ("grade=G3&framework=a&min_rate=1e9", [("min_rate", "shape")]),
        ("grade=G3&framework=a&min_rate=NaN", [("min_rate", "shape")]),
        ("grade=G3&framework=a&min_rate=£650", [("min_rate", "shape")]),
        ("grade=G3&framework=a&min_rate=700&max_rate=600", [("max_rate", "range")]),
        ("sort=price", [("sort", "choice")]),
        ("page=0", [("page", "range")]),
        ("page=two", [("page", "shape")]),
        ("page=99999999999999999999", [("page", "range")]),
        ("page=501", [("page", "range")]),
        ("page=101&page_size=100", [("page", "range")]),
        ("page_size=101", [("page_size", "range")]),
        ("seed=16", [("seed", "range")]),
        ("after=nonsense", [("after", "shape")]),
        ("after=bm9uc2Vuc2U", [("after", "shape")]),
        ("after=W1tdLDExLFsxXSwiayJd", [("after", "shape")]),
        ("after=W3t9LDExLDEsImsiXQ", [("after", "shape")]),
    ],
)
def test_what_is_refused_and_why(text: str, expected: list[tuple[str, str]]) -> None:
    assert faults(text) == expected


@pytest.mark.parametrize(
    ("text", "told"),
    [
        ("page=0", "It must be from 1 to 10000."),
        ("page=-99999999999999999999999", "It must be from 1 to 10000."),
        ("page=99999999999999999999999", "It must be from 1 to 10000."),
        ("page=" + "9" * 5_000, "It must be from 1 to 10000."),
        ("page=1e3", "'1e3' is not a whole number."),
    ],
)
def test_a_number_out_of_range_is_told_as_one(text: str, told: str) -> None:
    with pytest.raises(BadParameters) as refused:
        read(text)
    assert [(fault.parameter, fault.message) for fault in refused.value.faults] == [("page", told)]


def test_page_reaches_hit_ten_thousand() -> None:
    assert read("page=500").page == 500
    assert read("page=100&page_size=100").page == 100


@pytest.mark.parametrize(
    "cursor",
    [
        Cursor("relevance", 3, 123_456, "rm3745~ppl~opm-group"),
        Cursor("relevance", 0, -1, "k"),
        Cursor("name", 15, "opm group", "rm3745~ppl~opm-group"),
    ],
)
def test_cursor_comes_back_as_it_went(cursor: Cursor) -> None:
    asked = read(f"after={cursor_text(cursor)}&sort={cursor.sort}")
    assert asked.after == cursor
    assert asked.seed == cursor.seed


@pytest.mark.parametrize(
    "cursor",
    [
        Cursor("rate", 3, "x", "k"),
        Cursor("relevance", 16, 1, "k"),
        Cursor("relevance", 3, 1 << 40, "k"),
        Cursor("relevance", True, 1, "k"),
        Cursor("name", 3, 5, "k"),
        Cursor("relevance", 3, 5, 7),  # type: ignore[arg-type]
        Cursor("other", 3, 5, "k"),  # type: ignore[arg-type]
    ],
)
def test_a_cursor_made_up_is_refused(cursor: Cursor) -> None:
    assert faults(f"after={cursor_text(cursor)}") == [("after", "shape")]


def test_cursor_belongs_to_its_sort_and_seed() -> None:
    text = cursor_text(Cursor("name", 3, "opm group", "k"))
    assert faults(f"after={text}") == [("after", "conflict")]
    assert faults(f"after={text}&sort=name&seed=4") == [("after", "conflict")]
    assert faults(f"after={text}&sort=name&page=2") == [("page", "conflict")]


def test_suggestions() -> None:
    assert suggestion_query(QueryDict("q=opm&framework=RM3745&kind=partner&limit=5")) == SuggestionQuery(
        "opm", ("rm3745",), ("partner",), 5
    )
    with pytest.raises(BadParameters) as refused:
        suggestion_query(QueryDict("q=opm&kind=firm&limit=51&page=1"))
    assert [(fault.parameter, fault.code) for fault in refused.value.faults] == [
        ("page", "unknown"),
        ("kind", "choice"),
        ("limit", "range"),
    ]


def test_statuses_are_the_frameworks() -> None:
    assert dict(Framework.Status.choices) == STATUSES


def test_live_framework_is_coming_before_its_first_day_and_expired_past_its_last() -> None:
    framework = {"status": "live", "starts_on": "2024-11-22", "ends_on": "2026-11-22"}
    assert effective_status(framework, date(2024, 11, 21)) == "coming"
    assert effective_status(framework, date(2024, 11, 22)) == "live"
    assert effective_status(framework, date(2026, 11, 22)) == "live"
    assert effective_status(framework, date(2026, 11, 23)) == "expired"
    assert effective_status(framework | {"status": "coming"}, date(2026, 11, 23)) == "coming"
    assert effective_status(framework | {"ends_on": None}, date(2026, 11, 23)) == "live"
