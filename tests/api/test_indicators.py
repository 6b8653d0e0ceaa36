"""Key performance indicators through the API: set before a signature, assessed for a period, read by both sides."""

from __future__ import annotations

from collections.abc import Callable
from datetime import date
from typing import Any

import pytest
from django.test import Client
from django.utils import timezone

from procurement.models import Contract, Event, Indicator, IndicatorRating
from tests.api import calling_off
from tests.api.calling_off import INDICATORS, awarded, measured, period
from tests.api.conftest import TokenMaker
from tests.api.test_call_offs import CONTRACTS, send

RATINGS = [
    {"position": 1, "rating": "good"},
    {"position": 2, "rating": "approaching_target", "note": ""},
    {"position": 3, "rating": "inadequate", "note": "Two of five."},
]

pytestmark = [pytest.mark.django_db, pytest.mark.usefixtures("market")]


@pytest.fixture(autouse=True, scope="module")
def lot(market: None, module_database: None) -> None:
    calling_off.place()


def kept() -> list[Any]:
    """All that a refusal must leave as it is."""
    return [
        Event.objects.count(),
        *(list(one.objects.order_by("pk").values()) for one in (Contract, Indicator, IndicatorRating)),
    ]


def test_a_large_contract_is_signed_once_its_indicators_are_set(person: Callable[[str], Client]) -> None:
    contract = awarded(expenses="5000000.00")
    path, buyer = f"{CONTRACTS}{contract.reference}/", person("buyer")
    said = {"number": "2026/S 000-6", "published_on": timezone.localdate().isoformat()}
    assert send(buyer, "POST", f"{path}notices/uk6/publish/", said).status_code == 200
    shown = buyer.get(path).json()
    assert (shown["indicators"], shown["no_indicators"]) == ([], "")
    assert shown["available_actions"] == ["identify", "set_indicators"]
    assert "sign" in person("larch").get(path).json()["available_actions"]
    call_off = buyer.get(f"/api/v1/call-offs/{shown['call_off']['reference']}/").json()
    assert [one["pointer"] for one in call_off["blocking"]] == ["/indicators"]
    assert call_off["line"]["next"]["steps"] == ["set_indicators"]
    before = kept()
    assert send(buyer, "POST", f"{path}sign/", {}).status_code == 409
    assert kept() == before
    answer = send(buyer, "PUT", f"{path}indicators/", {"indicators": INDICATORS})
    assert answer.status_code == 200
    told = [{"position": at, **row, "ratings": []} for at, row in enumerate(INDICATORS, start=1)]
    assert answer.json()["indicators"] == told
    assert "sign" in answer.json()["available_actions"]
    assert answer["ETag"] == buyer.get(path)["ETag"]
    for who in ("larch", "alder", "reader"):
        assert person(who).get(path).json()["indicators"] == told
    assert send(buyer, "POST", f"{path}sign/", {}).status_code == 200


def test_indicators_are_refused_as_the_rules_say_and_nothing_changes(
    person: Callable[[str], Client], token: TokenMaker
) -> None:
    contract = awarded(expenses="5000000.00")
    path, buyer = f"{CONTRACTS}{contract.reference}/indicators/", person("buyer")
    before = kept()
    for body, status, pointers in (
        ({"indicators": INDICATORS[:2]}, 422, ["/indicators"]),
        ({"indicators": INDICATORS, "no_indicators": "None."}, 422, ["/no_indicators"]),
        ({"indicators": [{"name": "", "target": "b"}]}, 422, ["/indicators/0/name"]),
        ({"indicators": {}}, 400, ["/indicators"]),
        ({"indicators": [{"name": 1, "target": "b"}]}, 400, ["/indicators/0/name"]),
        ({"kpis": []}, 400, ["/kpis"]),
    ):
        answer = send(buyer, "PUT", path, body)
        assert answer.status_code == status, answer.content
        assert [one["pointer"] for one in answer.json()["errors"]] == pointers
    good = {"indicators": INDICATORS}
    for who, status in (
        ("larch", 403),
        ("alder", 403),
        ("brightwater", 404),
        ("reader", 403),
        ("neighbour", 404),
    ):
        assert send(person(who), "PUT", path, good).status_code == status
    assert send(buyer, "PUT", path, good, **{"If-Match": '"9-x"'}).status_code == 412
    assert buyer.put(path, good, content_type="application/json").status_code == 428
    bearer = {"Authorization": f"Bearer {token('leeds-city-council', 'call_offs:read')}"}
    assert send(Client(), "PUT", path, good, **bearer).status_code in (403, 404)
    assert send(buyer, "PUT", f"{path}?x=1", good).status_code == 400
    assert kept() == before


def test_a_reason_stands_where_there_are_none(person: Callable[[str], Client]) -> None:
    contract = awarded(expenses="5000000.00")
    path, buyer = f"{CONTRACTS}{contract.reference}/", person("buyer")
    answer = send(buyer, "PUT", f"{path}indicators/", {"no_indicators": "It is one report."})
    assert answer.status_code == 200
    shown = person("larch").get(path).json()
    assert (shown["indicators"], shown["no_indicators"]) == ([], "It is one report.")
    assert not [one for one in shown["notices"] if one["kind"] == "uk9"]
    draft = buyer.get(f"{path}notices/uk7/").json()
    assert (draft["indicators"], draft["no_indicators"], draft["performance"]) == (
        [],
        "It is one report.",
        None,
    )


def test_a_period_is_assessed_drafted_and_published(person: Callable[[str], Client]) -> None:
    contract = measured()
    key, path, buyer = period(contract), f"{CONTRACTS}{contract.reference}/", person("buyer")
    shown = buyer.get(path).json()
    assert "assess" in shown["available_actions"]
    assert "assess" not in person("larch").get(path).json()["available_actions"]
    body = {"notice": key, "ratings": RATINGS}
    published = {"number": "2026/S 000-9", "published_on": timezone.localdate().isoformat()}
    before = kept()
    assert send(buyer, "POST", f"{path}notices/{key}/publish/", published).status_code == 409
    for said, status, pointers in (
        ({"notice": key, "ratings": RATINGS[:2]}, 422, ["/ratings"]),
        ({"notice": "uk7", "ratings": RATINGS}, 422, ["/notice"]),
        ({"ratings": RATINGS}, 400, ["/notice"]),
        ({"notice": key}, 400, ["/ratings", "/ratings", "/ratings", "/ratings"]),
        ({"notice": key, "ratings": RATINGS, "colour": "blue"}, 400, ["/colour"]),
    ):
        answer = send(buyer, "POST", f"{path}assessments/", said)
        assert answer.status_code == status, answer.content
        assert [one["pointer"] for one in answer.json()["errors"]] == pointers
    for who, status in (("larch", 403), ("brightwater", 404), ("reader", 403)):
        assert send(person(who), "POST", f"{path}assessments/", body).status_code == status
    assert send(buyer, "POST", f"{path}assessments/", body, **{"If-Match": '"1-x"'}).status_code == 412
    assert kept() == before
    made = send(buyer, "POST", f"{path}assessments/", body, Idempotency_Key="k2")
    assert made.status_code == 200
    [_, _, third] = person("larch").get(path).json()["indicators"]
    [rating] = third["ratings"]
    day = timezone.localdate().isoformat()
    assert date.fromisoformat(rating.pop("assessed_at")[:10])
    assert rating == {
        "notice": key, "first_day": day, "last_day": day, "rating": "inadequate", "note": "Two of five.",
    }  # fmt: skip
    assert send(buyer, "POST", f"{path}assessments/", body, Idempotency_Key="k2").json() == made.json()
    draft = buyer.get(f"{path}notices/{key}/").json()
    assert draft["performance"] == {
        "first_day": day,
        "last_day": day,
        "ratings": [{"note": ""} | one for one in RATINGS],
    }
    told = send(buyer, "POST", f"{path}notices/{key}/publish/", published, Idempotency_Key="k3")
    assert told.status_code == 200
    assert "assess" not in told.json()["available_actions"]
    assert send(buyer, "POST", f"{path}assessments/", body, Idempotency_Key="k4").status_code == 409
