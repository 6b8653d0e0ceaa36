"""Saved searches through the API: who is answered what, validators, repeats, faults by pointer, results."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext

from procurement.actions.saved_searches import SavedSearchDraft
from procurement.models import Event, SavedSearch
from search.alerts import keep
from tests.api.buying import BUYER, askers, buyer
from tests.api.conftest import TokenMaker, asks

pytestmark = [pytest.mark.django_db, pytest.mark.usefixtures("market")]

LIST = "/api/v1/saved-searches/"
JSON = "application/json"
SENT = {"title": "Sight", "query": "framework=RM6309&q=+evaluation&page=2"}
WHO = askers("saved_searches:write", "saved_searches:read", "read shortlists:write")


def post(client: Client, body: Any, key: str = "k1", **headers: str) -> Any:
    return client.post(LIST, body, content_type=JSON, headers={"Idempotency-Key": key, **headers})


def patch(client: Client, path: str, body: Any, **headers: str) -> Any:
    return client.patch(path, body, content_type=JSON, headers=headers)


@pytest.mark.parametrize(
    ("who", "reads", "lists", "writes", "creates"),
    [
        ("nobody", 401, 401, 401, 401),
        ("editor", 200, 200, 200, 201),
        ("viewer", 200, 200, 403, 201),
        ("other buyer", 404, 200, 404, 201),
        ("partner", 404, 403, 404, 403),
        ("operator", 404, 403, 404, 403),
        ("token", 200, 200, 200, 201),
        ("reading token", 200, 200, 403, 403),
        ("token without scope", 404, 403, 404, 403),
        ("partner's token", 404, 403, 404, 403),
    ],
)
def test_who_is_answered_what(
    who: str,
    reads: int,
    lists: int,
    writes: int,
    creates: int,
    person: Callable[[str], Client],
    token: TokenMaker,
) -> None:
    made = keep(buyer(), SavedSearchDraft("Sight", "q=evaluation"))
    client, headers = asks(WHO[who], person, token)
    one = f"{LIST}{made.reference}/"
    before = Event.objects.count()
    assert client.get(one, headers=headers).status_code == reads
    assert client.get(f"{one}results/", headers=headers).status_code == reads
    listed = client.get(LIST, headers=headers)
    assert listed.status_code == lists
    if lists == 200:
        assert listed.json()["count"] == (1 if reads == 200 else 0)
    assert patch(client, one, {"alerts": "none"}, **headers, **{"If-Match": "*"}).status_code == writes
    assert post(client, SENT, **headers).status_code == creates
    assert client.delete(one, headers=headers | {"If-Match": "*"}).status_code == writes
    done = (2 if writes == 200 else 0) + (1 if creates == 201 else 0)
    assert Event.objects.count() == before + done


def test_a_search_is_kept_changed_and_deleted(person: Callable[[str], Client]) -> None:
    client = person("buyer")
    made = post(client, SENT)
    assert made.status_code == 201, made.content
    body = made.json()
    one = made["Location"]
    assert one == f"{LIST}{body['reference']}/"
    assert (body["query"], body["alerts"], body["frequency"], body["status"], body["found"]) == (
        "q=evaluation&framework=rm6309", "new", "daily", "open", 1,
    )  # fmt: skip
    assert (body["organisation"]["reference"], body["results"]) == (BUYER, f"{one}results/")
    assert body["owner"].startswith("usr_")
    assert "example.org" not in made.content.decode()
    read = client.get(one)
    assert (read.json(), read["ETag"]) == (body, made["ETag"])
    assert read["Cache-Control"] == "private, no-cache"
    changed = patch(client, one, {"alerts": "none", "title": "Seeing"}, **{"If-Match": read["ETag"]})
    assert (changed.status_code, changed.json()["alerts"], changed.json()["title"]) == (200, "none", "Seeing")
    stale = patch(client, one, {"alerts": "new"}, **{"If-Match": read["ETag"]})
    assert (stale.status_code, stale.json()["code"]) == (412, "stale")
    assert patch(client, one, {"alerts": "new"}).status_code == 428
    assert client.get(f"{LIST}?alerts=none").json()["count"] == 1
    assert client.get(f"{LIST}?alerts=new").json()["count"] == 0
    assert client.delete(one).status_code == 428
    gone = client.delete(one, headers={"If-Match": changed["ETag"]})
    assert (gone.status_code, gone.json()["status"]) == (200, "deleted")
    assert client.get(one).status_code == 404
    assert client.get(LIST).json()["count"] == 0


def test_an_integration_keeps_one_without_an_owner(token: TokenMaker) -> None:
    headers = {"Authorization": f"Bearer {token(BUYER, 'saved_searches:write')}"}
    assert post(Client(), SENT, **headers).json()["owner"] is None


def test_a_repeated_post_is_done_once(person: Callable[[str], Client]) -> None:
    client = person("buyer")
    first, again = post(client, SENT), post(client, SENT)
    assert (again.status_code, again.json(), again["Idempotency-Replayed"]) == (201, first.json(), "true")
    assert SavedSearch.objects.count() == 1
    other = post(client, SENT | {"title": "Other"})
    assert (other.status_code, other.json()["code"]) == (422, "idempotency_key_reused")
    missing = client.post(LIST, SENT, content_type=JSON)
    assert (missing.status_code, missing.json()["code"]) == (400, "idempotency_key_missing")


@pytest.mark.parametrize(
    ("changes", "status", "pointers"),
    [
        ({"colour": "blue"}, 400, ["/colour"]),
        ({"query": 5}, 400, ["/query"]),
        ({"title": None}, 400, ["/title"]),
        ({"alerts": "all"}, 422, ["/alerts"]),
        ({"frequency": "hourly"}, 422, ["/frequency"]),
        ({"title": ""}, 422, ["/title"]),
        ({"query": "colour=blue&sort=up"}, 422, ["/query", "/query"]),
        ({"query": "framework=rm9999"}, 422, ["/query"]),
        ({"query": "framework=rm6309&grade=G99"}, 422, ["/query"]),
        ({"organisation": 5}, 400, ["/organisation"]),
    ],
)
def test_faults_are_named_by_pointer(
    person: Callable[[str], Client], changes: dict[str, Any], status: int, pointers: list[str]
) -> None:
    client = person("buyer")
    made = keep(buyer(), SavedSearchDraft("Sight", "q=evaluation"))
    answer = post(client, SENT | changes)
    assert answer.status_code == status, answer.content
    assert [each["pointer"] for each in answer.json()["errors"]] == pointers
    assert SavedSearch.objects.count() == 1
    if changes.keys() != {"organisation"}:
        changed = patch(client, f"{LIST}{made.reference}/", changes, **{"If-Match": "*"})
        assert changed.status_code == status, changed.content
    assert SavedSearch.objects.get().revision == 1


def test_results_are_those_of_the_search_from_page_to_page(person: Callable[[str], Client]) -> None:
    client = person("reader")
    made = keep(buyer(), SavedSearchDraft("Consortium", "supplier=ppl&sort=name"))
    one = f"{LIST}{made.reference}/results/"
    found = client.get(f"{one}?page_size=5&seed=2").json()
    same = client.get("/api/v1/listings/?supplier=ppl&sort=name&page_size=5&seed=2").json()
    assert (found["count"], found["results"], found["facets"]) == (
        same["count"], same["results"], same["facets"],
    )  # fmt: skip
    following = client.get(found["next"]).json()
    assert following["previous"].endswith(f"{one}?page_size=5&seed=2&page=1")
    assert not {each["reference"] for each in following["results"]} & {
        each["reference"] for each in found["results"]
    }
    refused = client.get(f"{one}?q=other")
    assert (refused.status_code, refused.json()["errors"][0]["parameter"]) == (400, "q")


def test_a_list_takes_the_same_queries_whatever_it_holds(person: Callable[[str], Client]) -> None:
    client = person("buyer")
    counts = []
    for _ in range(2):
        for _ in range(3):
            keep(buyer(), SavedSearchDraft("Sight", "framework=rm3745"))
        with CaptureQueriesContext(
            connection,
        ) as asked:
            listed = client.get(LIST)
        counts.append((len(listed.json()["results"]), len(asked)))
    assert counts == [(3, counts[0][1]), (6, counts[0][1])]
    assert counts[0][1] <= 6


def test_an_index_that_is_away_keeps_nobody_from_reading(
    person: Callable[[str], Client], settings: Any, tmp_path: Any
) -> None:
    made = keep(buyer(), SavedSearchDraft("Sight", "q=evaluation"))
    client = person("buyer")
    settings.INDEX_FOLDER = tmp_path / "none"
    assert client.get(f"{LIST}{made.reference}/").status_code == 200
    assert client.get(f"{LIST}{made.reference}/results/").status_code == 503
    assert post(client, SENT).status_code == 503
    assert (
        patch(client, f"{LIST}{made.reference}/", {"alerts": "none"}, **{"If-Match": "*"}).status_code == 200
    )
    assert SavedSearch.objects.count() == 1
