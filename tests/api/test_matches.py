"""POST /matches/: a need answered through the API, for anybody; kept as run for buyers."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext

from procurement.actions.matches import digest_of
from procurement.actions.requirements import create_requirement
from procurement.models import Event, Match
from tests.api.buying import NEED, buyer

pytestmark = [pytest.mark.django_db, pytest.mark.usefixtures("market")]

MATCHES = "/api/v1/matches/"
FOUNDING = {
    "text": "Evaluation of a vision rehabilitation service, and of what it saves in health and social care.",
    "framework": "rm3745",
    "lot": "rm3745~5",
}


def ask(client: Client, body: dict[str, Any], key: str = "k1") -> Any:
    return client.post(
        MATCHES, body, content_type="application/json", headers={"Idempotency-Key": key} if key else {}
    )


def test_anybody_is_answered_and_nothing_is_kept(client: Client) -> None:
    answer = ask(client, {"need": FOUNDING}, key="")
    assert answer.status_code == 200
    told = answer.json()["answer"]
    assert told["results"][0]["partner"] == {"reference": "opm-group", "name": "OPM Group"}
    assert told["results"][0]["supplier"]["reference"] == "ppl"
    assert told["notes"] == ["RM3745 ended on 2021-09-03: no call-off can be made under it any more."]
    assert "rehabilitation" in [term["word"] for term in told["results"][0]["text"]["terms"]]
    assert any("vision" in one["sentence"].lower() for one in told["results"][0]["evidence"])
    assert Match.objects.count() == 0


def test_firms_that_are_made_up_are_marked_ranked_or_ruled_out(client: Client) -> None:
    founding = ask(client, {"need": FOUNDING | {"framework": "rm3745"}}, key="").json()["answer"]
    assert {one["fictional"] for one in founding["results"]} == {False}
    ranked = ask(client, {"need": NEED}, key="").json()["answer"]
    assert {one["fictional"] for one in ranked["results"]} == {True}
    must = {"specialisms": ["rm6309~7~3"], "must_have": {"specialisms": ["rm6309~7~3"]}}
    without = ask(client, {"need": NEED | must}, key="").json()["answer"]
    assert {one["fictional"] for one in without["ruled_out"]} == {True}


def test_a_buyer_s_match_is_kept_with_its_digest_and_its_event(person: Callable[[str], Client]) -> None:
    answer = ask(person("buyer"), {"need": NEED})
    assert answer.status_code == 201
    kept = Match.objects.get()
    assert answer["Location"] == f"{MATCHES}{kept.reference}/"
    assert answer.json()["answer"] == kept.answer
    assert kept.digest == digest_of(kept.content, kept.answer)
    assert (kept.ranking, kept.engine, kept.model_digest) == (
        "2026-11.3",
        "embedded",
        kept.answer["model"]["digest"],
    )
    event = Event.objects.get(type="match.kept")
    assert event.subject == kept.reference
    again = ask(person("buyer"), {"need": NEED})
    assert again.json() == answer.json()
    assert Match.objects.count() == 1


def test_the_index_is_asked_before_anything_is_locked_and_not_for_a_repeat(
    person: Callable[[str], Client],
) -> None:
    client = person("buyer")
    with CaptureQueriesContext(connection) as first:
        assert ask(client, {"need": NEED}).status_code == 201
    said = [one["sql"] for one in first.captured_queries]
    locks = next(at for at, sql in enumerate(said) if sql.startswith("SAVEPOINT"))
    checks = [at for at, sql in enumerate(said) if 'FROM "procurement_grade"' in sql]
    # The need is checked, and so answered, before the transaction begins.
    assert checks
    assert max(checks) < locks
    with CaptureQueriesContext(connection) as again:
        assert ask(client, {"need": NEED}).status_code == 201
    assert not [one for one in again.captured_queries if "procurement_grade" in one["sql"]]
    assert Match.objects.count() == 1


def test_a_buyer_may_ask_without_keeping(person: Callable[[str], Client]) -> None:
    assert ask(person("buyer"), {"need": NEED, "keep": False}, key="").status_code == 200
    assert Match.objects.count() == 0


@pytest.mark.parametrize("who", ["lead", "reader", "operator"])
def test_who_may_not_keep_is_refused_and_may_ask_all_the_same(
    person: Callable[[str], Client], who: str
) -> None:
    assert ask(person(who), {"need": NEED}).status_code == 403
    assert Match.objects.count() == 0
    assert ask(person(who), {"need": NEED, "keep": False}, key="").status_code == 200


def test_a_kept_requirement_is_matched_by_its_reference(person: Callable[[str], Client]) -> None:
    kept = create_requirement(buyer(), FOUNDING)
    answer = ask(person("buyer"), {"requirement": kept.reference, "mode": "name", "seed": 3, "size": 5})
    assert answer.status_code == 201
    told = answer.json()
    assert told["requirement"] == {"reference": kept.reference, "number": 1}
    assert (told["answer"]["mode"], told["answer"]["seed"], len(told["answer"]["results"])) == ("name", 3, 5)
    named = [one["partner"]["name"] for one in told["answer"]["results"]]
    assert named == sorted(named)
    assert ask(person("neighbour"), {"requirement": kept.reference}, key="k2").status_code == 404


@pytest.mark.parametrize(
    ("body", "status", "pointer"),
    [
        ({}, 400, "/need"),
        ({"need": NEED, "requirement": "REQ-2026-0001"}, 400, "/need"),
        ({"need": {"text": ""}}, 422, "/need/text"),
        ({"need": {"text": "x", "colour": "red"}}, 400, "/need/colour"),
        ({"need": {**NEED, "lot": "rm6309~99", "specialisms": []}}, 422, "/need/lot"),
        (
            {"need": {**NEED, "must_have": {"accreditations": ["iso-9001"]}}},
            422,
            "/need/must_have/accreditations",
        ),
        ({"need": {**NEED, "team": [{"grade": "G99", "days": "1"}]}}, 422, "/need/team/0/grade"),
        ({"need": {**NEED, "regions": [f"R{number}" for number in range(101)]}}, 422, "/need/regions"),
        ({"need": NEED, "mode": "cheapest"}, 400, "/mode"),
        ({"need": NEED, "weights": {"preferences": 50}}, 400, "/weights/preferences"),
        ({"need": NEED, "weights": {"luck": 5}}, 400, "/weights/luck"),
        (
            {
                "need": NEED,
                "weights": {"text": 0, "coverage": 0, "price": 0, "preferences": 0, "freshness": 0},
            },
            400,
            "/weights",
        ),
        ({"need": NEED, "size": 101}, 400, "/size"),
        ({"need": NEED, "seed": 16}, 400, "/seed"),
    ],
)
def test_what_is_wrong_is_named_and_nothing_is_kept(
    person: Callable[[str], Client], body: dict[str, Any], status: int, pointer: str
) -> None:
    answer = ask(person("buyer"), body)
    assert answer.status_code == status, answer.content
    assert pointer in [one["pointer"] for one in answer.json()["errors"]]
    assert Match.objects.count() == 0


def test_weights_are_shown_and_change_the_order_that_they_should(client: Client) -> None:
    need = {"text": "evaluation", "framework": "rm6309", "lot": "rm6309~7", "regions": ["UKC"]}
    only_text = {"coverage": 0, "freshness": 0}
    told = ask(client, {"need": need, "weights": only_text, "seed": 0}, key="").json()["answer"]
    assert told["weights"] == {"text": 50, "coverage": 0, "price": 15, "preferences": 5, "freshness": 0}
    texts = [one["parts"]["text"] for one in told["results"]]
    assert texts == sorted(texts, reverse=True)
    assert [one["score"] for one in told["results"]] == texts


def test_an_unkept_match_reads_the_database_only_for_what_the_need_names(client: Client) -> None:
    ask(client, {"need": NEED}, key="")
    with CaptureQueriesContext(connection) as queries:
        assert ask(client, {"need": NEED}, key="").status_code == 200
    assert len(queries) == 5
