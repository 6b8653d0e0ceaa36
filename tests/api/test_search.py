"""Searching through the API: the engine's answer, told whole, without a read of the database."""

from __future__ import annotations

import csv
import io
from collections.abc import Callable
from typing import Any

import pytest
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext

pytestmark = [pytest.mark.django_db, pytest.mark.usefixtures("market")]


def get(client: Client, path: str, **more: Any) -> Any:
    response = client.get(f"/api/v1/{path}", **more)
    assert response.status_code == 200, response.content
    return response.json()


@pytest.mark.parametrize(
    "path",
    ["listings/?q=evaluation&region=UKC", "listings/rm3745~ppl~opm-group/",
     "listings/suggestions/?q=opm", "rates/",
     "rates/suggestions/?q=con", "rates.csv"],
)  # fmt: skip
def test_a_search_by_nobody_reads_no_database(client: Client, path: str) -> None:
    client.get(f"/api/v1/{path}")
    with CaptureQueriesContext(connection) as queries:
        response = client.get(f"/api/v1/{path}")
    assert response.status_code == 200
    assert [each["sql"] for each in queries] == []


@pytest.mark.parametrize(
    "path", ["listings/", "rates/", "rates.csv", "specialisms/", "grades/", "suppliers/"]
)
def test_a_lot_s_number_alone_is_told_alike_wherever_it_is_asked_for(client: Client, path: str) -> None:
    answer = client.get(f"/api/v1/{path}?lot=5")
    assert (answer.status_code, answer.json()["errors"]) == (
        400,
        [
            {
                "parameter": "lot",
                "code": "conflict",
                "detail": "The bare number '5' needs exactly one framework.",
            }
        ],
    )
    assert client.get(f"/api/v1/{path}?lot=5&framework=RM3745").status_code == 200


@pytest.mark.parametrize("what", ["listings", "rates"])
def test_a_supplier_that_the_index_does_not_know_is_looked_for_in_other_capitals(
    client: Client, what: str
) -> None:
    with CaptureQueriesContext(connection) as queries:
        answer = client.get(f"/api/v1/{what}/?supplier=nobody")
    (error,) = answer.json()["errors"]
    assert (answer.status_code, error["parameter"], error["code"]) == (400, "supplier", "choice")
    assert error["detail"].startswith(f"'nobody' has no {what}; there are brightwater, ppl.")
    assert len(queries) == 2


def test_the_short_way_answers_as_the_long_way(client: Client, person: Callable[[str], Client]) -> None:
    path = "/api/v1/listings/?q=evaluation&seed=3"
    short, long = client.get(path), person("buyer").get(path)
    assert short.json() == long.json()
    for name in ("Content-Type", "X-Content-Type-Options", "X-Frame-Options", "Referrer-Policy",
                 "Cache-Control",
                 "Content-Length", "Content-Security-Policy"):  # fmt: skip
        assert short[name] == long[name]


def test_the_founding_case_is_found_first_and_told_whole(client: Client) -> None:
    told = get(client, "listings/?q=vision+rehabilitation+evaluation&framework=rm3745")
    first = told["results"][0]
    assert first["reference"] == "rm3745~ppl~opm-group"
    assert (first["partner"]["name"], first["supplier"]["name"], first["lead"]["name"]) == (
        "OPM Group",
        "PPL",
        "PPL",
    )
    assert [lot["number"] for lot in first["lots"]] == ["5", "6", "8"]
    assert first["framework"]["status"] == "expired"
    assert (first["rates"]["basis"], first["rates"]["vat"]) == ("illustrative", "excluded")
    assert "<mark>" in " ".join(each["html"] for each in first["highlights"])
    assert sum(reason["score"] for reason in first["why"]) == pytest.approx(first["score"], abs=0.001)
    assert "contacts" not in str(told)
    assert set(told["index"]) == {"generation", "position", "applied_at", "caught_up_at"}


def test_a_grade_shows_bounds_and_sorts_by_its_rate(client: Client) -> None:
    told = get(client, "listings/?framework=rm3745&grade=G3&sort=rate&min_rate=700&max_rate=725.00")
    assert told["count"] == 14
    assert told["results"][0]["rate"] == {
        "grade": "G3", "amount": "725.00", "currency": "GBP", "unit": "day", "basis": "illustrative",
        "vat": "excluded", "lot": told["results"][0]["rate"]["lot"], "work_type": None,
    }  # fmt: skip
    assert get(client, "listings/?framework=rm3745&grade=G3&min_rate=725.01")["count"] == 0


@pytest.mark.parametrize(
    ("query", "parameter"),
    [("min_rate=5", "grade"), ("grade=G3", "framework"), ("sort=rate", "grade"), ("lot=5", "lot"),
     ("sort=nonsense", "sort"), ("seed=16", "seed"), ("page=-1", "page"), ("page_size=101", "page_size"),
     ("page=501", "page"), ("page=1&page=1", "page"), ("status=alive", "status"), ("after=nonsense", "after"),
     ("min_rate=-1&grade=G1&framework=rm3745", "min_rate"), ("ownership=mine", "ownership"), ("Q=x", "Q"),
     ("max_rate=1&min_rate=2&grade=G1&framework=rm3745", "max_rate"), ("q=" + "a" * 7_000, "q")],
)  # fmt: skip
def test_what_cannot_be_understood_is_named(client: Client, query: str, parameter: str) -> None:
    response = client.get(f"/api/v1/listings/?{query}")
    assert (response.status_code, response.json()["code"]) == (400, "bad_parameters")
    assert parameter in [each["parameter"] for each in response.json()["errors"]]


@pytest.mark.parametrize(
    ("query", "parameter"),
    [("unit=week", "unit"), ("currency=BTC", "currency"), ("bins=0", "bins"), ("page_size=201", "page_size"),
     ("proposed=ten", "proposed"), ("as_of=2026-02-30", "as_of"), ("min_experience=5&max_experience=1",
      "max_experience"), ("currency=USD", "currency"), ("include_expired=1", "include_expired"),
      ("page=2&after=x", "after")],
)  # fmt: skip
def test_a_rate_question_that_cannot_be_understood_is_named(
    client: Client, query: str, parameter: str
) -> None:
    response = client.get(f"/api/v1/rates/?{query}")
    assert (response.status_code, response.json()["code"]) == (400, "bad_parameters")
    assert parameter in [each["parameter"] for each in response.json()["errors"]]


@pytest.mark.parametrize("path", ["listings/?page_size=4",
                                  "listings/?page_size=4&q=the+and+evaluation+consultancy",
                                  "rates/?page_size=5&include_expired=true",
                                  "rates/?page_size=5&q=consultant"])  # fmt: skip
@pytest.mark.parametrize("by", ["next", "after"])
def test_pages_and_cursors_lead_through_everything_once(client: Client, path: str, by: str) -> None:
    page = get(client, path)
    count, seed, found = page["count"], page["seed"], []
    for _ in range(20):
        found += [each["reference"] for each in page["results"]]
        assert page["seed"] == seed
        if page[by] is None:
            break
        page = get(client, page["next"].partition("/api/v1/")[2] if by == "next" else
                   f"{path}&seed={seed}&after={page['after']}")  # fmt: skip
    assert len(found) == len(set(found)) == count


@pytest.mark.parametrize("path", ["listings/?page_size=4", "listings/?page_size=4&q=the+and+evaluation+consultancy",
                                  "rates/?page_size=5&include_expired=true&sort=relevance",
                                  "rates/?page_size=5&q=consultant"])  # fmt: skip
def test_pages_counted_by_number_alone_show_everything_once(client: Client, path: str) -> None:
    pages = [get(client, path)]
    while pages[-1]["next"]:
        pages.append(get(client, f"{path}&page={len(pages) + 1}"))
    found = [each["reference"] for page in pages for each in page["results"]]
    assert len(found) == len(set(found)) == pages[0]["count"]
    assert len(pages) > 1


def test_rates_are_explored_with_statistics_and_a_proposed_price(client: Client) -> None:
    told = get(client, "rates/?framework=rm6309&grade=G3&proposed=650&bins=4")
    assert (told["count"], told["currency"], told["unit"], told["vat"]) == (2, "GBP", "day", "excluded")
    assert (told["statistics"]["minimum"], told["statistics"]["maximum"]) == ("780.00", "780.00")
    assert (told["proposed"]["below"], told["proposed"]["above"]) == (0, 2)
    assert "ceilings" in told["caveat"]
    both = get(client, "rates/?include_expired=true&page_size=200")
    assert (both["count"], both["illustrative_left_out"], both["statistics"]["count"]) == (30, 18, 12)
    left = get(client, f"rates/?framework=rm6309&exclude={told['results'][0]['reference']}&grade=G3")
    assert left["count"] == 1


def test_an_export_in_a_currency_that_no_card_has_names_those_that_cards_have(client: Client) -> None:
    shown, exported = client.get("/api/v1/rates/?currency=EUR"), client.get("/api/v1/rates.csv?currency=EUR")
    assert (exported.status_code, exported["Content-Type"]) == (400, "application/problem+json")
    assert exported.json() == shown.json()
    assert exported.json()["errors"][0]["parameter"] == "currency"


def test_the_export_holds_every_line_found_with_its_headings(client: Client) -> None:
    response = client.get("/api/v1/rates.csv?framework=rm6309")
    assert (response.status_code, response["Content-Type"]) == (200, "text/csv; charset=utf-8")
    assert response["Content-Disposition"] == 'attachment; filename="rates.csv"'
    assert response["RateLimit"].startswith('"export";')
    text = b"".join(response.streaming_content).decode()  # type: ignore[attr-defined]
    rows = list(csv.DictReader(io.StringIO(text)))
    assert len(rows) == 12
    assert {(row["supplier"], row["currency"], row["vat"]) for row in rows} == {
        ("brightwater", "GBP", "excluded")
    }


@pytest.mark.parametrize(
    ("name", "value", "column"),
    [
        ("qualification", "masters", "qualification"),
        ("site", "both", "site"),
        ("size", "small", "supplier_size"),
        ("unit", "day", "unit"),
    ],
)
def test_a_value_of_a_rate_is_spelt_the_same_in_filter_json_and_export(
    client: Client, name: str, value: str, column: str
) -> None:
    query = f"framework=rm6309&{name}={value}"
    told = get(client, f"rates/?{query}")
    text = b"".join(client.get(f"/api/v1/rates.csv?{query}").streaming_content).decode()  # type: ignore[attr-defined]
    rows = list(csv.DictReader(io.StringIO(text)))
    assert told["count"] == len(rows) == 12
    assert {line[name] for line in told["results"]} == {row[column] for row in rows} == {value}


@pytest.mark.parametrize("name", ["ownership", "size"])
def test_a_value_of_a_listing_is_spelt_the_same_in_filter_facet_and_json(client: Client, name: str) -> None:
    counts = {one["value"]: one["count"] for one in get(client, "listings/")["facets"][name]["values"]}
    assert sum(counts.values()) == 15
    for value, count in counts.items():
        found = get(client, f"listings/?{name}={value}")["results"]
        assert [listing[name] for listing in found] == [value] * count
        firm = found[0]["partner"]["reference"]
        assert get(client, f"partners/{firm}/")[name] == value


def test_a_specialism_that_is_asked_twice_is_asked_once(client: Client) -> None:
    path = "listings/?seed=1&specialism=rm6309~2~1"
    once, twice = get(client, path), get(client, f"{path}&specialism=rm6309~2~1")
    assert [listing["reference"] for listing in once["results"]] == ["rm6309~brightwater~brightwater"]
    assert twice == once


def test_a_framework_in_both_spellings_is_one_framework(client: Client) -> None:
    path = "listings/?seed=1&grade=G3&sort=rate&framework=rm3745"
    assert get(client, f"{path}&framework=RM3745") == get(client, path)


def test_a_grade_that_the_framework_does_not_have_is_named_with_those_that_it_has(client: Client) -> None:
    answer = client.get("/api/v1/listings/?framework=rm3745&grade=G9")
    assert (answer.status_code, answer.json()["errors"][0]["parameter"]) == (400, "grade")
    assert answer.json()["errors"][0]["detail"].startswith("RM3745 has no grade G9; it has ")
    page = client.get("/search?framework=rm3745&grade=G9")
    assert page.status_code == 400
    assert "RM3745 has no grade G9" in page.content.decode()


@pytest.mark.parametrize(
    ("path", "parameter", "detail"),
    [
        ("listings/?region=TLZ", "region", "'TLZ' is no region."),
        ("rates/?exclude=nope", "exclude", "'nope' is no rate line."),
        ("rates.csv?exclude=nope", "exclude", "'nope' is no rate line."),
    ],
)  # fmt: skip
def test_a_value_that_the_index_does_not_know_is_named_without_a_read_of_the_database(
    client: Client, path: str, parameter: str, detail: str
) -> None:
    client.get(f"/api/v1/{path}")
    with CaptureQueriesContext(connection) as queries:
        answer = client.get(f"/api/v1/{path}")
    assert (answer.status_code, answer.json()["code"]) == (400, "bad_parameters")
    (error,) = answer.json()["errors"]
    assert (error["parameter"], error["code"]) == (parameter, "choice")
    assert error["detail"].startswith(detail)
    assert [each["sql"] for each in queries] == []


@pytest.mark.parametrize(
    ("path", "parameter", "detail"),
    [
        ("listings/?framework=NOPE", "framework", "'nope' has no listings; there are rm3745, rm6309."),
        ("listings/?lot=rm3745~5&lot=rm3745~99", "lot",
         "'rm3745~99' has no listings; there are rm3745~5, rm3745~6, rm3745~8."),
        ("listings/?specialism=rm3745~5~999", "specialism", "'rm3745~5~999' has no listings"),
        ("listings/suggestions/?q=opm&framework=NOPE", "framework", "'nope' has no listings; "),
        ("rates/?framework=NOPE", "framework", "'nope' has no rates; there are rm3745, rm6309."),
        ("rates/?lot=rm3745~99", "lot", "'rm3745~99' has no rates; there are rm3745~5, "),
        ("rates/suggestions/?q=con&framework=NOPE", "framework", "'nope' has no rates; "),
    ],
)  # fmt: skip
def test_a_framework_a_lot_or_a_specialism_that_there_is_not_is_named_by_one_query(
    client: Client, path: str, parameter: str, detail: str
) -> None:
    client.get(f"/api/v1/{path}")
    with CaptureQueriesContext(connection) as queries:
        answer = client.get(f"/api/v1/{path}")
    (error,) = answer.json()["errors"]
    assert (answer.status_code, error["parameter"], error["code"]) == (400, parameter, "choice")
    assert error["detail"].startswith(detail)
    assert len(queries) == 1


@pytest.mark.parametrize(
    ("path", "notes"),
    [
        ("listings/?lot=rm3745~7", [("no_listings", "Nobody is listed at present on rm3745~7 (")]),
        (
            "listings/?specialism=rm3745~5~1",
            [("no_listings", "Nobody is listed at present for rm3745~5~1 (")],
        ),
        ("rates/?lot=rm3745~7", [("no_rates", "There are no rates at present on rm3745~7 (")]),
        ("rates/?framework=rm3745", [("not_in_force", "18 lines that match are not in force on ")]),
        ("rates/?framework=rm3745&include_expired=true", []),
        ("listings/?specialism=rm3745~5~16", []),
        (
            "listings/?framework=rm6309&lot=rm3745~5",
            [("elsewhere", "rm3745~5 is a lot of another framework than rm6309: nothing is in both.")],
        ),
        (
            "listings/?framework=rm3745&framework=rm6309&lot=rm3745~6&specialism=rm3745~5~16",
            [("elsewhere", "rm3745~5~16 is a specialism of another lot than rm3745~6: nothing is in both.")],
        ),
        ("listings/?framework=rm3745&lot=rm3745~6&lot=rm3745~5&specialism=rm3745~5~16", []),
    ],
)
def test_an_answer_that_is_empty_for_want_of_a_firm_or_a_day_says_so(
    client: Client, path: str, notes: list[tuple[str, str]]
) -> None:
    told = get(client, path)
    assert (told["count"] == 0) == bool(notes)
    assert [one["code"] for one in told["notes"]] == [code for code, _ in notes]
    assert all(one["detail"].startswith(said) for one, (_, said) in zip(told["notes"], notes, strict=True))


@pytest.mark.parametrize("path", ["listings/", "rates/"])
@pytest.mark.parametrize(
    ("q", "notes"),
    [
        ("the", [{"code": "too_common", "detail": "“the” is too common to search by."}]),
        ("---", [{"code": "no_words", "detail": "“---” holds no word to search by."}]),
        ("AND", [{"code": "too_common", "detail": "“AND” is too common to search by."}]),
        ("v*", [{"code": "too_short", "detail": "“v*” is too short: a word that is looked for by its beginning needs "
                 "at least 2 letters of it."}]),
        ("zzzzzz", []),
        ("", []),
    ],
)  # fmt: skip
def test_a_question_that_can_find_nothing_is_told_why(
    client: Client, path: str, q: str, notes: list[dict[str, str]]
) -> None:
    told = get(client, f"{path}?q={q}")
    assert (told["notes"], told["count"] == 0) == (notes, bool(q))


def test_signs_of_a_question_that_is_read_as_a_need_are_told_not_to_count(client: Client) -> None:
    words = "evaluation+health+services+adults+learning+disabilities+community+housing+schools+transport"
    told = get(client, f"listings/?q={words}+autism+-school")
    assert told["notes"] == [
        {
            "code": "read_as_need",
            "detail": "Quotes, -word and word* do not count here, since with more than 10 different words this is "
            "read as a need: use fewer words for them to count.",
        }
    ]
    assert told["count"] == get(client, f"listings/?q={words}+autism+school")["count"] > 0
    assert get(client, f"listings/?q={words}+-school")["notes"] == []
    assert get(client, f"listings/?q={words}+autism+-+school")["notes"] == []


def test_a_corrected_question_is_told_alike_of_listings_and_rates(client: Client) -> None:
    assert get(client, "listings/?q=vision+evalution")["did_you_mean"] == "vision evaluation"
    assert get(client, "rates/?q=Senior+consultnt,+x")["did_you_mean"] == "Senior consultant, x"
    assert get(client, "listings/?q=evaluation")["did_you_mean"] is None
    assert get(client, "rates/?q=consultant")["did_you_mean"] is None


@pytest.mark.parametrize(("firm", "fictional"), [("brightwater", True), ("opm-group", False)])
def test_a_firm_that_is_made_up_is_marked_wherever_it_is_told(
    client: Client, firm: str, fictional: bool
) -> None:
    found = [one for one in get(client, "listings/")["results"] if one["partner"]["reference"] == firm]
    assert [one["fictional"] for one in found] == [fictional]
    assert get(client, f"listings/{found[0]['reference']}/")["fictional"] is fictional
    assert get(client, f"partners/{firm}/")["fictional"] is fictional
    assert get(client, f"organisations/{firm}/")["fictional"] is fictional
    place = found[0]["framework"]["reference"], found[0]["supplier"]["reference"]
    lines = get(client, "rates/?framework={}&supplier={}&include_expired=true".format(*place))["results"]
    assert {line["fictional"] for line in lines} == {fictional}
    exported = client.get("/api/v1/rates.csv?framework={}&supplier={}&include_expired=true".format(*place))
    cells = csv.DictReader(io.StringIO(exported.getvalue().decode()))
    assert {line["fictional"] for line in cells} == {str(fictional).lower()}
    of_both = get(client, "comparisons/?listing=rm3745~ppl~opm-group&listing=rm6309~brightwater~brightwater")
    assert [one["fictional"] for one in of_both["results"] if one["partner"]["reference"] == firm] == [
        fictional
    ]


def test_a_framework_is_reached_by_its_number_as_people_write_it(client: Client) -> None:
    assert get(client, "frameworks/RM3745/") == get(client, "frameworks/rm3745/")


def test_a_region_by_its_name_is_told_what_a_code_looks_like(client: Client) -> None:
    answer = client.get("/api/v1/listings/?region=london")
    assert answer.status_code == 400
    assert "such as TLI" in answer.json()["errors"][0]["detail"]


def test_names_and_roles_are_completed(client: Client) -> None:
    found = get(client, "listings/suggestions/?q=opm")["results"]
    assert found[0] == {
        "kind": "partner", "reference": "opm-group", "name": "OPM Group", "framework": found[0]["framework"],
        "framework_number": found[0]["framework_number"],
    }  # fmt: skip
    assert get(client, "listings/suggestions/?q=zzzz")["results"] == []
    assert {each["count"] for each in get(client, "rates/suggestions/?q=anal")["results"]} == {2}
    assert get(client, "rates/suggestions/?q=anal&currency=GBP&unit=day")["results"]
    assert get(client, "rates/suggestions/?q=anal&currency=USD")["results"] == []


def test_without_an_index_search_alone_is_a_503(client: Client, settings: Any, tmp_path: Any) -> None:
    settings.INDEX_FOLDER = tmp_path / "nothing"
    for path in (
        "listings/",
        "listings/x/",
        "listings/suggestions/?q=a",
        "rates/",
        "rates/suggestions/?q=a",
        "rates.csv",
    ):
        response = client.get(f"/api/v1/{path}")
        assert (response.status_code, response["Content-Type"]) == (503, "application/problem+json"), path
        assert response.json()["code"] == "search_unavailable"
        assert int(response["Retry-After"]) > 0
    for path in ("frameworks/", "partners/opm-group/", "rate-cards/", "health/live/"):
        assert client.get(f"/api/v1/{path}").status_code == 200


@pytest.mark.parametrize("q", ["C%2B%2B", "%22unclosed", "-", "-health", "*", "a*", "()",
                               "%F0%9F%98%80", "%E2%80%AE", "AND+OR",
                               "%22%22", "+", ":", "a:b", "%5C", "~", "'", "%3Cscript%3E",
                               "%25"])  # fmt: skip
def test_whatever_somebody_types_is_answered(client: Client, q: str) -> None:
    for path in ("listings/", "rates/", "listings/suggestions/", "rates/suggestions/"):
        told = get(client, f"{path}?q={q}")
        assert "<script>" not in str(told)
