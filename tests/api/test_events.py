"""The change feed: who reads what, in order, each once, in a bounded number of queries."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext

from procurement.actions.requirements import create_requirement
from procurement.actions.standing import suspend_partner
from procurement.models import Chain, Event, Partner
from procurement.permissions import SYSTEM
from tests.api.buying import BUYER, NEED, buyer
from tests.api.conftest import Asker, TokenMaker, asks

pytestmark = [pytest.mark.django_db, pytest.mark.usefixtures("market")]

FEED = "/api/v1/events/"
WHO: dict[str, Asker] = {
    "nobody": "",
    "own editor": "buyer",
    "own viewer": "reader",
    "other buyer": "neighbour",
    "partner": "lead",
    "operator": "operator",
    "own token": (BUYER, "events:read"),
    "token without scope": (BUYER, "requirements:write"),
    "partner's token": ("opm-group", "events:read"),
}


def end() -> int:
    return Chain.objects.get(pk=1).position


@pytest.mark.parametrize(
    ("who", "status", "own"),
    [
        ("nobody", 401, False),
        ("own editor", 200, True),
        ("own viewer", 200, True),
        ("other buyer", 200, False),
        ("partner", 200, False),
        ("operator", 200, True),
        ("own token", 200, True),
        ("token without scope", 403, False),
        ("partner's token", 200, False),
    ],
)
def test_who_reads_what(
    who: str, status: int, own: bool, person: Callable[[str], Client], token: TokenMaker
) -> None:
    before = end()
    made = create_requirement(buyer(), NEED)
    suspend_partner(
        SYSTEM, "brightwater", Partner.objects.get(reference="brightwater").revision, "Late accounts."
    )
    client, headers = asks(WHO[who], person, token)
    answer = client.get(f"{FEED}?after={before}", headers=headers)
    assert answer.status_code == status
    if status != 200:
        assert answer["Content-Type"] == "application/problem+json"
        return
    told = {one["type"]: one for one in answer.json()["results"]}
    assert set(told) == {"partner.suspended", *(["requirement.created"] if own else [])}
    public = told["partner.suspended"]
    assert (public["position"], public["version"]) == (before + 2, 1)
    assert public["subject"] == {"type": "partner", "reference": "brightwater"}
    whole = who == "operator"
    assert public["changes"] == {"suspended": True, **({"reason": "Late accounts."} if whole else {})}
    assert public["actor"] == ("system" if whole else None)
    if own:
        assert told["requirement.created"]["subject"]["reference"] == made.reference
        assert told["requirement.created"]["actor"] == buyer().reference
    assert made.reference in answer.content.decode() if own else made.reference not in answer.content.decode()


def test_a_poller_that_follows_next_misses_nothing_and_reads_nothing_twice(token: TokenMaker) -> None:
    headers = {"Authorization": f"Bearer {token('calloff-operations', 'events:read')}"}
    address, read, pages = f"{FEED}?page_size=7", [], 0
    while True:
        body = Client().get(address, headers=headers).json()
        read += [one["position"] for one in body["results"]]
        address, pages = body["next"], pages + 1
        if not body["more"]:
            break
    assert read == list(range(1, end() + 1))
    assert pages == -(-len(read) // 7)
    assert Client().get(address, headers=headers).json()["results"] == []
    create_requirement(buyer(), NEED)
    body = Client().get(address, headers=headers).json()
    assert [one["type"] for one in body["results"]] == ["requirement.created"]
    assert body["after"] == end()


def test_a_poller_is_led_past_what_it_may_not_read(person: Callable[[str], Client]) -> None:
    before = end()
    for _ in range(3):
        create_requirement(buyer(), NEED)
    body = person("neighbour").get(f"{FEED}?after={before}").json()
    assert (body["results"], body["more"], body["after"]) == ([], False, before + 3)
    assert body["next"] == f"http://testserver{FEED}?after={before + 3}"


def test_types_are_chosen_by_name_and_by_beginning(person: Callable[[str], Client]) -> None:
    client = person("buyer")
    create_requirement(buyer(), NEED)
    one = client.get(f"{FEED}?type=requirement.&type=rate_card.published&page_size=500").json()
    expected = Event.objects.filter(type__in=["requirement.created", "rate_card.published"]).order_by(
        "position"
    )
    assert [each["position"] for each in one["results"]] == list(expected.values_list("position", flat=True))
    first = client.get(f"{FEED}?type=appointment.&page_size=1").json()
    assert first["more"] is True
    assert first["next"].endswith(f"?type=appointment.&page_size=1&after={first['after']}")


@pytest.mark.parametrize(
    ("query", "parameter"),
    [("type=nothing.", "type"), ("type=partner", "type"), ("after=-1", "after"), ("after=x", "after"),
     ("page_size=501", "page_size"), ("page_size=0", "page_size"), ("page=2", "page")],
)  # fmt: skip
def test_what_cannot_be_asked_is_named(person: Callable[[str], Client], query: str, parameter: str) -> None:
    answer = person("buyer").get(f"{FEED}?{query}")
    assert (answer.status_code, answer.json()["code"]) == (400, "bad_parameters")
    assert [one["parameter"] for one in answer.json()["errors"]] == [parameter]


def test_a_position_that_the_log_has_not_reached_is_refused(person: Callable[[str], Client]) -> None:
    answer = person("buyer").get(f"{FEED}?after={end() + 1}")
    assert (answer.status_code, answer.json()["errors"][0]["parameter"]) == (400, "after")
    assert answer.json()["errors"][0]["detail"] == (
        f"The log ends at {end()}: no answer of it has told {end() + 1}. Begin again from a position that it has."
    )


def test_an_answer_that_has_not_changed_is_a_304(person: Callable[[str], Client]) -> None:
    client = person("buyer")
    answer = client.get(f"{FEED}?after={end()}")
    assert answer["Cache-Control"] == "private, no-cache"
    again = client.get(f"{FEED}?after={end()}", headers={"If-None-Match": answer["ETag"]})
    assert (again.status_code, again.content) == (304, b"")


def test_a_page_takes_two_queries_however_large(person: Callable[[str], Client]) -> None:
    client = person("buyer")
    asked: list[int] = []
    for size in (1, 200):
        with CaptureQueriesContext(connection) as counted:
            body: Any = client.get(f"{FEED}?page_size={size}").json()
        assert len(body["results"]) == min(size, Event.objects.exclude(type="demo.loaded").count())
        asked.append(
            sum("procurement_event" in one["sql"] or "procurement_chain" in one["sql"] for one in counted)
        )
        assert len(counted) <= 6
    assert asked == [2, 2]
