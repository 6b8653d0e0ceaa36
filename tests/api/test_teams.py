"""Teams through the API: the smallest team of each supplier with its price, and what is refused."""

from __future__ import annotations

import json
from typing import Any

import pytest
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext

pytestmark = [pytest.mark.django_db, pytest.mark.usefixtures("market")]

QUESTION: dict[str, Any] = {
    "framework": "rm6309", "lot": "7", "specialisms": ["1", "rm6309~7~2"], "regions": ["TLC", "TLI"],
    "work_type": "advice", "team": [{"grade": "G3", "days": 10}],
}  # fmt: skip


def post(client: Client, status: int = 200, **changes: Any) -> Any:
    body = {name: value for name, value in {**QUESTION, **changes}.items() if value is not ...}
    answer = client.post("/api/v1/teams/", json.dumps(body), content_type="application/json")
    assert answer.status_code == status, answer.content
    return answer.json()


def test_each_supplier_on_the_lot_answers_with_its_smallest_team_and_price(client: Client) -> None:
    told = post(client)
    assert [one["reference"] for one in told["specialisms"]] == ["rm6309~7~1", "rm6309~7~2"]
    assert (told["lot"]["reference"], told["regions"]) == ("rm6309~7", ["TLC", "TLI"])
    [found] = told["results"]
    pairs = [{"specialism": f"rm6309~7~{number}", "region": "TLC"} for number in (1, 2)]
    assert found["team"] == [
        {
            "partner": {"reference": "brightwater", "name": "Brightwater Advisory"},
            "fictional": True,
            "role": "lead",
            "brings": pairs,
            "alone": pairs,
        }
    ]
    assert found["missing"] == [{"specialism": f"rm6309~7~{number}", "region": "TLI"} for number in (1, 2)]
    assert (found["complete"], found["exact"], found["bound"], found["appointed"]) == (
        False,
        True,
        None,
        True,
    )
    assert found["quote"]["price"]["total"] == "7800.00"
    assert told["compared"][0]["cheapest"] == "7800.00"


def test_partners_of_whom_it_is_not_stated_are_named(client: Client) -> None:
    told = post(
        client, framework="rm3745", lot="5", specialisms=["1"], regions=..., starts_on="2020-01-06",
        team=..., work_type=..., suppliers=["ppl", "brightwater"],
    )  # fmt: skip
    ppl, brightwater = told["results"]
    assert {one["what"] for one in ppl["not_stated"]} == {"specialisms"}
    assert "scie" in {one["partner"]["reference"] for one in ppl["not_stated"]}
    assert (brightwater["appointed"], brightwater["team"], brightwater["complete"]) == (False, [], False)
    assert (ppl["quote"], told["team"], told["compared"]) == (None, [], [])
    assert brightwater["missing"] == [{"specialism": "rm3745~5~1", "region": None}]


def test_a_team_takes_as_many_queries_as_it_takes(client: Client) -> None:
    with CaptureQueriesContext(connection) as queries:
        post(client)
    # framework, lot; specialisms, regions, twins; places, members, offerings; places, versions, lines of cards;
    # whom a made-up firm leads
    assert len(queries) == 12, [each["sql"] for each in queries]


@pytest.mark.parametrize(
    ("status", "changes", "wrong"),
    [
        (400, {"specialisms": []}, [("/specialisms", "min_length")]),
        (400, {"colour": 1}, [("/colour", "unknown_field")]),
        (400, {"lot": ...}, [("/lot", "required")]),
        (400, {"team": ..., "vat": False}, [("/work_type", "conflict"), ("/vat", "conflict")]),
        (400, {"suppliers": ["a"] * 101}, [("/suppliers", "max_length")]),
        (422, {"specialisms": ["77"]}, [("/specialisms/0", "unknown")]),
        (422, {"regions": ["XX"]}, [("/regions/0", "unknown")]),
        (422, {"suppliers": ["nobody"]}, [("/suppliers/0", "unknown")]),
        (422, {"starts_on": "9999-12-31"}, [("/starts_on", "range")]),
        (422, {"team": [{"grade": "G1", "days": 1}] * 2}, [("/team/1/grade", "twice")]),
        (422, {"proposed": {"brightwater": {"G3": "780.01"}}}, [("/proposed/brightwater/G3", "above_ceiling")]),
    ],
)  # fmt: skip
def test_a_wrong_question_is_refused_by_pointer(
    client: Client, status: int, changes: dict[str, Any], wrong: list[tuple[str, str]]
) -> None:
    told = post(client, status, **changes)
    assert [(each["pointer"], each["code"]) for each in told["errors"]] == wrong
