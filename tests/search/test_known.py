"""Values that an index does not know: each engine names them with what there is instead, from memory."""

from __future__ import annotations

from datetime import date

import pytest
from django.http import QueryDict

from search.engines.base import Engine
from search.known import refuse_unknown_frameworks, refuse_unknown_rate_values, refuse_unknown_values
from search.parameters import BadParameters
from search.params import listing_query, suggestion_query
from search.query import Unknown
from search.rate_params import rate_query, role_query
from tests.search.engines import Indexing
from tests.search.listing_documents import fill, listing, lots, specialism
from tests.search.rate_market import build, card, line

TODAY = date(2026, 11, 22)


@pytest.fixture(scope="module")
def engine(indexing: Indexing) -> Engine:
    """Listings on lot 5 of RM3745 and lots 1 to 12 of RM9; one card of rates."""
    made = indexing.empty()
    many = lots("rm9", *map(str, range(1, 13)))
    fill(
        made,
        [
            listing("opm-group", specialisms=[specialism("rm3745~5", "1", "Evaluation")]),
            listing("lone", framework="rm9", supplier="lone", lots=many),
        ],
    )
    build(made, [card("c1", lines=[line("c1", 1, lots=["rm9~1"])], framework="rm9", supplier="acme")])
    return made


def listings_refused(engine: Engine, asked: str) -> list[tuple[str, str]]:
    """What is said of a question about listings, by parameter; nothing where it may be asked."""
    try:
        refuse_unknown_values(engine, listing_query(QueryDict(asked), TODAY))
    except BadParameters as bad:
        return [(fault.parameter, fault.message) for fault in bad.faults]
    return []


def rates_refused(engine: Engine, asked: str) -> list[tuple[str, str]]:
    try:
        refuse_unknown_rate_values(engine, rate_query(QueryDict(asked)))
    except BadParameters as bad:
        return [(fault.parameter, fault.message) for fault in bad.faults]
    return []


@pytest.mark.parametrize(
    ("asked", "refused"),
    [
        ("framework=NOPE", [("framework", "'nope' has no listings; there are rm3745, rm9.")]),
        ("lot=rm3745~99", [("lot", "'rm3745~99' has no listings; there is rm3745~5.")]),
        ("lot=rm3745~5&lot=rm3745~99", [("lot", "'rm3745~99' has no listings; there is rm3745~5.")]),
        ("framework=rm9&lot=99", [("lot", "'rm9~99' has no listings.")]),
        (
            "specialism=rm3745~5~999",
            [("specialism", "'rm3745~5~999' has no listings; there is rm3745~5~1.")],
        ),
        ("specialism=rm9~1~1", [("specialism", "'rm9~1~1' has no listings.")]),
        ("supplier=nobody", [("supplier", "'nobody' has no listings; there are lone, ppl.")]),
        ("region=TLZ", [("region", "'TLZ' is no region; there are TLC, TLD, UK, UKC, UKD.")]),
        (
            "q=x&framework=a&supplier=b",
            [
                ("framework", "'a' has no listings; there are rm3745, rm9."),
                ("supplier", "'b' has no listings; there are lone, ppl."),
            ],
        ),
        ("framework=RM3745&lot=5&specialism=rm3745~5~1&region=tlc&supplier=PPL&ownership=charity", []),
        ("q=nothing", []),
    ],
)
def test_a_value_that_no_listing_bears_is_named_with_what_there_is(
    engine: Engine, asked: str, refused: list[tuple[str, str]]
) -> None:
    assert listings_refused(engine, asked) == refused


@pytest.mark.parametrize(
    ("asked", "refused"),
    [
        ("framework=NOPE", [("framework", "'nope' has no rates; there is rm9.")]),
        ("lot=rm9~1&lot=rm9~99", [("lot", "'rm9~99' has no rates; there is rm9~1.")]),
        ("lot=rm3745~5", [("lot", "'rm3745~5' has no rates.")]),
        ("supplier=nobody", [("supplier", "'nobody' has no rates; there is acme.")]),
        ("exclude=nope", [("exclude", "'nope' is no rate line.")]),
        ("framework=RM9&lot=1&supplier=ACME&exclude=c1~1", []),
        ("q=nothing", []),
    ],
)
def test_a_value_that_no_rate_line_bears_is_named_with_what_there_is(
    engine: Engine, asked: str, refused: list[tuple[str, str]]
) -> None:
    assert rates_refused(engine, asked) == refused
    assert rates_refused(engine, asked) == refused


def test_names_and_roles_are_completed_within_frameworks_that_there_are(engine: Engine) -> None:
    with pytest.raises(BadParameters, match=r"^framework: 'nope' has no listings; "):
        refuse_unknown_frameworks(engine, suggestion_query(QueryDict("q=opm&framework=nope")))
    with pytest.raises(BadParameters, match=r"^framework: 'rm3745' has no rates; "):
        refuse_unknown_frameworks(engine, role_query(QueryDict("q=con&framework=rm3745")))
    refuse_unknown_frameworks(engine, suggestion_query(QueryDict("q=opm&framework=RM3745")))
    refuse_unknown_frameworks(engine, role_query(QueryDict("q=con&framework=rm9")))


def test_a_value_is_known_as_soon_as_a_listing_or_line_of_it_is_written(indexing: Indexing) -> None:
    engine = indexing.empty()
    fill(engine, [listing("opm-group")])
    build(engine, [card("c1", lines=[line("c1", 1)], framework="rm9", supplier="acme")])
    asked = {"framework": ("rm7",)}
    assert engine.unknown_values("listings", asked) == (Unknown("framework", "rm7", ("rm3745",)),)
    assert engine.unknown_values("rates", asked) == (Unknown("framework", "rm7", ("rm9",)),)
    with engine.writer() as writer:
        writer.apply("listings", [listing("lone", framework="rm7")])
        writer.apply("rates", [card("c2", lines=[line("c2", 1)], framework="rm7", supplier="acme")])
    assert engine.unknown_values("listings", asked) == ()
    assert engine.unknown_values("rates", asked) == ()
