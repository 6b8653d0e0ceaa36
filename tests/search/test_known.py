"""Values that an index does not know: each engine names them with what there is instead, from memory; what there is
and nobody offers finds nothing and says so.
"""

from __future__ import annotations

from datetime import date

import pytest
from django.http import QueryDict

from procurement.actions.suppliers import MemberDraft, SupplierDraft, save_suppliers
from procurement.models import Framework, Grade, Lot, RateCard, RateCardVersion, RateLine, Supplier
from procurement.permissions import SYSTEM
from search.engines.base import Engine
from search.grades import refuse_unknown_grade, refuse_unknown_grades
from search.known import known_frameworks, known_rate_values, known_values
from search.notes import Note, lines_found, note_on_force, rates_found
from search.parameters import BadParameters
from search.params import listing_query, suggestion_query
from search.query import Unknown
from search.rate_params import rate_query, role_query
from search.rate_query import OtherUnits
from tests.search.engines import Indexing
from tests.search.listing_documents import fill, listing, lots, specialism
from tests.search.rate_market import build, card, line
from tests.world import make_frameworks, make_partners, make_world

pytestmark = pytest.mark.django_db

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
        known_values(engine, listing_query(QueryDict(asked), TODAY))
    except BadParameters as bad:
        return [(fault.parameter, fault.message) for fault in bad.faults]
    return []


def rates_refused(engine: Engine, asked: str) -> list[tuple[str, str]]:
    try:
        known_rate_values(engine, rate_query(QueryDict(asked)))
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
        known_frameworks(engine, suggestion_query(QueryDict("q=opm&framework=nope")))
    with pytest.raises(BadParameters, match=r"^framework: 'rm3745' has no rates; "):
        known_frameworks(engine, role_query(QueryDict("q=con&framework=rm3745")))
    for completed in (
        suggestion_query(QueryDict("q=opm&framework=RM3745")),
        role_query(QueryDict("q=con&framework=rm9")),
        suggestion_query(QueryDict("q=opm")),
    ):
        assert known_frameworks(engine, completed) == completed


def make_idle_supplier() -> None:
    """Elm has a lead and no place anywhere."""
    make_partners({"elm": "Elm Evaluation"})
    members = (MemberDraft("elm", "lead", TODAY),)
    save_suppliers(SYSTEM, [SupplierDraft("elm", "Elm", "prime", members)])


@pytest.mark.parametrize(
    ("asked", "count", "told"),
    [
        ("framework=wr1", 0, ["under wr1 (World wr1)"]),
        ("lot=wr1~2a", 0, ["on wr1~2a (Lot 2a)"]),
        ("lot=wr1~2a&region=TLC&ownership=charity", 0, ["on wr1~2a (Lot 2a)"]),
        (
            "framework=wr1&lot=1&specialism=wr1~1~2&grade=G2&max_rate=900&region=UK&q=research",
            0,
            ["under wr1 (World wr1)", "on wr1~1 (Lot 1)", "for wr1~1~2 (Public engagement)"],
        ),
        ("lot=rm3745~5&lot=wr1~1", 1, ["on wr1~1 (Lot 1)"]),
        ("supplier=ELM&framework=rm3745", 0, ["for elm (Elm)"]),
        ("supplier=elm&supplier=ppl", 1, ["for elm (Elm)"]),
    ],
)
def test_what_there_is_and_nobody_offers_finds_nothing_and_says_so(
    engine: Engine, asked: str, count: int, told: list[str]
) -> None:
    make_frameworks()
    make_idle_supplier()
    query = listing_query(QueryDict(asked), TODAY)
    query, notes = known_values(engine, query)
    assert notes == tuple(Note("no_listings", f"Nobody is listed at present {one}.") for one in told)
    answer = engine.search_listings(query)
    assert (answer.count, len(answer.hits)) == (count, count)


def test_a_framework_is_known_by_its_number_too(indexing: Indexing) -> None:
    make_frameworks()
    Framework.objects.filter(reference="wr1").update(number="RM 1557.14")
    engine = indexing.empty()
    fill(engine, [listing("lone", framework="wr1", lots=lots("wr1", "1")), listing("opm-group")])
    build(engine, [card("c1", lines=[line("c1", 1, lots=["wr1~1"])], framework="wr1", supplier="acme")])

    query, notes = known_values(
        engine, listing_query(QueryDict("framework=Rm+1557.14&lot=1&lot=2A&grade=G1"), TODAY)
    )
    assert query.filters == {"framework": ("wr1",), "lot": ("wr1~1", "wr1~2a")}
    assert notes == (Note("no_listings", "Nobody is listed at present on wr1~2a (Lot 2a)."),)
    assert engine.search_listings(query).count == 1
    twice, _ = known_values(engine, listing_query(QueryDict("framework=RM+1557.14&framework=wr1"), TODAY))
    assert twice.filters == {"framework": ("wr1",)}

    rates, notes = known_rate_values(engine, rate_query(QueryDict("framework=RM+1557.14&lot=1")))
    assert (rates.frameworks, rates.lots, notes) == (("wr1",), ("wr1~1",), ())
    for completed in (
        suggestion_query(QueryDict("q=l&framework=RM+1557.14")),
        role_query(QueryDict("q=e&framework=RM+1557.14")),
    ):
        assert known_frameworks(engine, completed).frameworks == ("wr1",)
    # One that bears it as its reference stands before one that has it as its number.
    Framework.objects.filter(reference="wr1").update(number="rm3745")
    query, _ = known_values(engine, listing_query(QueryDict("framework=RM3745"), TODAY))
    assert query.filters == {"framework": ("rm3745",)}
    assert listings_refused(engine, "framework=RM+1557.14&lot=1") == [
        ("framework", "'rm 1557.14' has no listings; there are rm3745, wr1."),
        ("lot", "'rm 1557.14~1' has no listings."),
    ]


def test_rates_of_what_there_is_and_has_none_are_none_and_say_so(engine: Engine) -> None:
    make_frameworks()
    make_idle_supplier()
    query = rate_query(QueryDict("framework=wr1&lot=2a&grade=G1&supplier=Elm"))
    assert known_rate_values(engine, query)[1] == (
        Note("no_rates", "There are no rates at present under wr1 (World wr1)."),
        Note("no_rates", "There are no rates at present on wr1~2a (Lot 2a)."),
        Note("no_rates", "There are no rates at present for elm (Elm)."),
    )
    assert (engine.search_rates(query).count, list(engine.rate_lines(query))) == (0, [])


def test_a_line_to_leave_out_that_has_gone_is_told_and_left_out_of_the_question(engine: Engine) -> None:
    make_world()
    card_row = RateCard.objects.create(
        reference="wr1~elm", supplier=Supplier.objects.first(), framework=Framework.objects.all()[0]
    )
    version = RateCardVersion.objects.create(card=card_row, number=1, status="draft", actor="system")
    RateLine.objects.create(version=version, key="a~b", ordinal=1, price_minor=1, role_title="Analyst")
    asked = rate_query(QueryDict("exclude=wr1~elm~a~b&exclude=c1~1"))
    assert rates_refused(engine, "exclude=wr1~elm~a~b") == [("exclude", "'wr1~elm~a~b' is no rate line.")]

    RateCardVersion.objects.filter(pk=version.pk).update(status="superseded")

    query, notes = known_rate_values(engine, asked)
    assert notes == (
        Note("no_line", "wr1~elm~a~b is no rate line at present, so that none is left out for it."),
    )
    assert query.exclude == ("c1~1",)
    refused = [("exclude", "'wr1~elm~a' is no rate line.")]
    assert rates_refused(engine, "exclude=wr1~elm~a~b&exclude=wr1~elm~a") == refused


def test_beside_what_there_is_only_what_there_is_not_is_refused(engine: Engine) -> None:
    make_frameworks()
    refused = [("lot", "'wr1~9' has no listings.")]
    assert listings_refused(engine, "lot=wr1~1&lot=wr1~9&specialism=wr1~1~1") == refused
    assert rates_refused(engine, "framework=wr1&lot=wr1~9") == [("lot", "'wr1~9' has no rates.")]


def test_a_lot_that_does_not_have_the_grade_is_told(engine: Engine) -> None:
    make_frameworks()
    Grade.objects.filter(lot__reference="wr1~2a").delete()
    Grade.objects.filter(lot__reference="wr1~1", code="G3").delete()

    def told(asked: str) -> tuple[Note, ...]:
        query = listing_query(QueryDict(f"framework=wr1&max_rate=900&{asked}"), TODAY)
        return refuse_unknown_grade(query, engine.search_listings(query))

    def of_rates(asked: str, count: int) -> tuple[Note, ...]:
        query = rate_query(QueryDict(f"framework=wr1&{asked}"))
        answer = engine.search_rates(query)
        assert answer.count == count
        return refuse_unknown_grades(query, answer)

    assert told("lot=1&lot=2a&grade=G2") == (Note("no_grade", "Lot 2a of WR1 has no grades."),)
    assert told("specialism=wr1~2a~1&grade=G2") == (Note("no_grade", "Lot 2a of WR1 has no grades."),)
    assert of_rates("lot=2a&grade=G2", 0) == (Note("no_grade", "Lot 2a of WR1 has no grades."),)
    assert told("lot=1&grade=G2") == told("grade=G2") == ()
    Grade.objects.filter(lot__reference="wr1~1", code="G2").update(code="G7")
    Grade.objects.create(
        reference="x", lot=Lot.objects.get(reference="wr1~2a"), code="G2", name="Two", rank=2
    )
    assert told("lot=1&grade=G2") == (Note("no_grade", "Lot 1 of WR1 has no grade G2; it has G1, G7."),)


def test_rates_that_are_not_in_force_are_told_where_none_is(indexing: Indexing) -> None:
    engine = indexing.empty()
    lines = [
        line("c1", number, text=text, valid_to="2024-12-31")
        for number, text in enumerate(["Lead", "Lead", "Clerk"])
    ]
    build(engine, [card("c1", lines=lines, framework="rm9", supplier="acme", currency="GBP", unit="day")])

    def told(asked: str) -> list[str]:
        query = rate_query(QueryDict(f"as_of=2026-11-22&{asked}"))
        return [note.detail for note in note_on_force(engine, query, engine.search_rates(query).count)]

    assert told("framework=rm9") == [
        "3 lines that match are not in force on 2026-11-22; include_expired=true finds them."
    ]
    assert told("q=clerk") == [
        "1 line that matches is not in force on 2026-11-22; include_expired=true finds it."
    ]
    assert told("q=clerk&min_rate=999999") == told("include_expired=true") == []


def test_what_is_not_in_force_is_told_although_lines_in_another_unit_are(indexing: Indexing) -> None:
    engine = indexing.empty()
    ended = [line("c1", number, text="Lead", valid_to="2024-12-31") for number in (1, 2)]
    standing = [line("c2", number, text=text) for number, text in enumerate(["Lead", "Clerk"])]
    build(engine, [card("c1", lines=ended, currency="GBP", unit="day"), card("c2", lines=standing)])

    query = rate_query(QueryDict("as_of=2026-11-22&q=lead"))
    found = rates_found(engine, query)
    assert (found.count, found.lines, list(lines_found(engine, query))) == (0, (), [])
    assert [note.detail for note in note_on_force(engine, query, found.count)] == [
        "2 lines that match are not in force on 2026-11-22; include_expired=true finds them."
    ]
    # Where pounds a day have never held such a line, the units that have are told.
    for sent in ("q=clerk", "q=clerk&include_expired=true"):
        for asked in (rates_found, lines_found):
            with pytest.raises(OtherUnits) as elsewhere:
                asked(engine, rate_query(QueryDict(f"as_of=2026-11-22&{sent}")))
            assert elsewhere.value.units == (("USD", "hour"),)


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
