"""Query strings about rates: what they come to, and what is said of those that cannot be understood."""

from __future__ import annotations

from datetime import date

import pytest
from django.http import QueryDict

from search.parameters import BadParameters
from search.rate_params import (
    EXPORT_PARAMETERS,
    PARAMETERS,
    ROLE_PARAMETERS,
    encode_cursor,
    export_query,
    other_units,
    rate_query,
    role_query,
)
from search.rate_query import OtherUnits, RateCursor, RateQuery
from search.rate_roles import Role, corrected, roles_of
from search.ties import SEEDS


def faults(text: str) -> list[tuple[str, str]]:
    with pytest.raises(BadParameters) as raised:
        rate_query(QueryDict(text))
    return [(fault.parameter, fault.code) for fault in raised.value.faults]


def test_every_parameter_reaches_the_question() -> None:
    asked = (
        "q=lead&framework=RM6309&lot=7&lot=rm6309~8&supplier=Oak&grade=g4&min_experience=2&max_experience=9"
        "&qualification=bachelors&qualification=masters&site=both&size=small&work_type=advice&basis=published"
        "&currency=USD&unit=hour&min_rate=10.5&max_rate=1250&exclude=a~1&as_of=2026-03-31&include_expired=true"
        "&sort=-price&seed=7&proposed=650.05&bins=20&page=2&page_size=100"
    )

    assert rate_query(QueryDict(asked)) == RateQuery(
        q="lead", frameworks=("rm6309",), lots=("rm6309~7", "rm6309~8"), suppliers=("oak",), grades=("G4",),
        min_experience=2, max_experience=9, qualifications=("bachelors", "masters"), sites=("both",),
        sizes=("small",), work_types=("advice",), bases=("published",), currency="USD", unit="hour",
        stated_unit=True, min_rate=1_050, max_rate=125_000, exclude=("a~1",), as_of=date(2026, 3, 31),
        include_expired=True, sort="-price", seed=7, proposed=65_005, bins=20, page=2, page_size=100,
    )  # fmt: skip


def test_beginnings_of_two_letters_or_more_are_looked_for_or_left_out() -> None:
    [role] = roles_of("da* -con* e-learn* c* -x* -*")
    assert role == Role(
        words=("e", "c"), prefixes=("da", "learn"), excluded=(("x",),), excluded_prefixes=("con",)
    )
    assert roles_of("-con*") == (Role(excluded_prefixes=("con",)),)


def test_what_must_not_be_there_alone_between_commas_takes_from_every_role() -> None:
    junior = (("junior",),)
    manager = Role(phrases=(("project", "manag"),), excluded=junior, quoted=("project", "manager"))
    assert roles_of('"project manager", -junior') == (manager,)
    assert roles_of('-junior, "project manager"') == (manager,)
    assert roles_of("lead -head, clerk, -junior, -con*") == (
        Role(words=("lead",), excluded=(("head",), *junior), excluded_prefixes=("con",)),
        Role(words=("clerk",), excluded=junior, excluded_prefixes=("con",)),
    )
    assert roles_of("-junior, -lead") == (Role(excluded=(*junior, ("lead",))),)


@pytest.mark.parametrize(
    ("pasted", "typed"),
    [
        ("consultant \N{MINUS SIGN}junior", "consultant -junior"),
        ("consultant \N{EN DASH}junior*", "consultant -junior*"),
        ("“project manager”", '"project manager"'),
        ("«project manager», „clerk“ \N{EN DASH}“head clerk”", '"project manager", "clerk" -"head clerk"'),
    ],
)
def test_quotation_marks_and_dashes_of_a_word_processor_are_read_as_those_of_a_keyboard(
    pasted: str, typed: str
) -> None:
    assert roles_of(pasted) == roles_of(typed)
    assert corrected(f"{pasted}, anlyst", [("anlyst", "analyst")]) == f"{typed}, analyst"


def test_nothing_asked_is_pounds_a_day_by_price_twelve_bins() -> None:
    query = rate_query(QueryDict(""))

    assert (query.currency, query.unit, query.stated_unit, query.sort) == ("GBP", "day", False, "price")
    assert (query.bins, query.page, query.page_size, query.include_expired) == (12, 1, 50, False)
    assert rate_query(QueryDict("q=lead")).sort == "relevance"


def test_a_form_s_empty_fields_are_not_given() -> None:
    assert rate_query(QueryDict("q=&lot=&min_rate=&grade=&sort=")) == rate_query(QueryDict(""))


@pytest.mark.parametrize(
    ("text", "wrong"),
    [
        ("colour=red", [("colour", "unknown")]),
        ("page_size=201", [("page_size", "range")]),
        ("page_size=many", [("page_size", "shape")]),
        ("page=0", [("page", "range")]),
        ("page=51&page_size=200", [("page", "range")]),
        ("bins=51", [("bins", "range")]),
        ("sort=cheapest", [("sort", "choice")]),
        ("currency=CHF", [("currency", "choice")]),
        ("currency=GBP&currency=USD", [("currency", "repeated")]),
        ("qualification=guru", [("qualification", "choice")]),
        ("min_rate=£650", [("min_rate", "shape")]),
        ("min_rate=650.505", [("min_rate", "shape")]),
        ("proposed=-5", [("proposed", "shape")]),
        ("min_rate=700&max_rate=600", [("max_rate", "range")]),
        ("min_experience=9&max_experience=2", [("max_experience", "range")]),
        ("as_of=31/03/2026", [("as_of", "shape")]),
        ("as_of=2026-02-30", [("as_of", "shape")]),
        ("as_of=1899-12-31", [("as_of", "range")]),
        ("include_expired=yes", [("include_expired", "shape")]),
        ("lot=5", [("lot", "conflict")]),
        ("lot=5&framework=rm3745&framework=rm6309", [("lot", "conflict")]),
        ("seed=16", [("seed", "range")]),
        ("q=%00", [("q", "shape")]),
        ("after=nonsense", [("after", "shape")]),
        ("after=W10", [("after", "shape")]),
        ("after=W1tdLDExLFsxXSwiayJd", [("after", "shape")]),
        (f"after={encode_cursor(RateCursor('price', SEEDS, (65_000,), 'a~1'))}", [("after", "shape")]),
        ("colour=red&page=x", [("colour", "unknown"), ("page", "shape")]),
    ],
)
def test_what_cannot_be_understood_is_refused_by_name(text: str, wrong: list[tuple[str, str]]) -> None:
    assert faults(text) == wrong


def test_page_fifty_of_two_hundred_is_the_last_by_number() -> None:
    assert rate_query(QueryDict("page=50&page_size=200")).page == 50


@pytest.mark.parametrize(
    "cursor",
    [
        RateCursor("price", 3, (65_000,), "a~1"),
        RateCursor("role", 3, ("Chef d'équipe", 65_000), "a~ü"),
        RateCursor("experience", 3, (-1, 65_000), "a~1"),
    ],
)
def test_a_cursor_goes_out_and_comes_back(cursor: RateCursor) -> None:
    text = encode_cursor(cursor)

    assert rate_query(QueryDict(f"after={text}&sort={cursor.sort}&seed=3")).after == cursor
    # Without a seed it brings its own: that of the day may have been another when it was made.
    assert rate_query(QueryDict(f"after={text}&sort={cursor.sort}")).seed == 3
    assert faults(f"after={text}&sort=-price&seed=3") == [("after", "conflict")]
    assert faults(f"after={text}&sort={cursor.sort}&seed=4") == [("after", "conflict")]
    assert faults(f"after={text}&sort={cursor.sort}&seed=3&page=2") == [("page", "conflict")]
    for empty in ("", "+"):
        sent = rate_query(QueryDict(f"after={text}&sort={cursor.sort}&seed=3&page={empty}"))
        assert (sent.after, sent.page) == (cursor, 1)


def test_the_day_s_own_order_of_equals_is_fair_over_days() -> None:
    seeds = {rate_query(QueryDict(f"as_of=2026-03-{day:02d}")).seed for day in range(1, 17)}

    assert seeds == set(range(16))


def test_suggestions_and_export_have_their_own_parameters() -> None:
    query = role_query(QueryDict("q=proj+man&framework=RM3745&limit=5"))

    assert (query.q, query.frameworks, query.limit) == ("proj man", ("rm3745",), 5)
    assert export_query(QueryDict("sort=role")).sort == "role"
    with pytest.raises(BadParameters):
        role_query(QueryDict("page=2"))
    with pytest.raises(BadParameters):
        export_query(QueryDict("page=2"))


def test_other_units_are_named_with_what_to_give() -> None:
    refusal = other_units(OtherUnits((("USD", "hour"),)), RateQuery())

    assert [fault.parameter for fault in refusal.faults] == ["currency", "unit"]
    assert "currency=USD&unit=hour" in refusal.faults[0].message


def test_tables_state_each_parameter_once_with_a_description() -> None:
    for table in (PARAMETERS, EXPORT_PARAMETERS, ROLE_PARAMETERS):
        names = [parameter.name for parameter in table]
        assert len(names) == len(set(names))
        assert all(parameter.description.endswith(".") for parameter in table)
