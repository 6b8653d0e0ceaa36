"""A firm alone that is suspended is not there to buy from: neither its supplier, its rate cards nor a quote."""

from __future__ import annotations

import json
from collections.abc import Callable

import pytest
from django.test import Client

from procurement.actions.standing import reinstate_partner, suspend_partner
from procurement.models import Partner
from procurement.permissions import SYSTEM

pytestmark = [pytest.mark.django_db, pytest.mark.usefixtures("market")]

ADDRESSES = ("/api/v1/suppliers/brightwater/", "/api/v1/rate-cards/rm6309~brightwater/")
QUOTE = {
    "framework": "rm6309",
    "lot": "7",
    "work_type": "advice",
    "starts_on": "2026-01-05",
    "team": [{"grade": "G3", "days": 10}],
    "suppliers": ["brightwater"],
}


@pytest.fixture
def suspended() -> Partner:
    partner = Partner.objects.get(reference="brightwater")
    return suspend_partner(SYSTEM, "brightwater", partner.revision, "under review")


def listed(client: Client) -> list[int]:
    addresses = ("/api/v1/suppliers/?partner=brightwater", "/api/v1/rate-cards/?supplier=brightwater")
    return [client.get(address).json()["count"] for address in addresses]


def quoted(client: Client) -> tuple[int, list[str]]:
    answer = client.post("/api/v1/quotes/", json.dumps(QUOTE), content_type="application/json")
    return answer.status_code, [one["detail"] for one in answer.json().get("errors", [])]


def test_nobody_else_is_told_of_it_and_no_quote_prices_it(client: Client, suspended: Partner) -> None:
    assert [client.get(address).status_code for address in ADDRESSES] == [404, 404]
    assert listed(client) == [0, 0]
    assert quoted(client) == (422, ["There is no supplier brightwater."])
    asked = {"framework": "rm6309", "lot": "7", "specialisms": ["1"], "regions": ["UKC1"]}
    told = client.post("/api/v1/teams/", json.dumps(asked), content_type="application/json")
    assert "brightwater" not in str(told.json())


def test_the_firm_itself_still_reads_what_is_its_own(
    token: Callable[..., str], client: Client, suspended: Partner
) -> None:
    headers = {"Authorization": f"Bearer {token('brightwater', 'partners:write')}"}
    answers = [client.get(address, headers=headers) for address in ADDRESSES]
    assert [answer.status_code for answer in answers] == [200, 200]
    assert {answer["Vary"] for answer in answers} == {"Authorization, Cookie"}


def test_it_comes_back_once_it_is_reinstated(client: Client, suspended: Partner) -> None:
    reinstate_partner(SYSTEM, "brightwater", suspended.revision, "cleared")
    assert [client.get(address).status_code for address in ADDRESSES] == [200, 200]
    assert listed(client) == [1, 1]
    assert quoted(client) == (200, [])


def test_a_consortium_stays_while_a_member_is_suspended(client: Client) -> None:
    suspend_partner(SYSTEM, "opm-group", Partner.objects.get(reference="opm-group").revision, "under review")
    assert client.get("/api/v1/suppliers/ppl/").status_code == 200
    assert client.get("/api/v1/rate-cards/rm3745~ppl/").status_code == 200


@pytest.mark.parametrize(
    ("organisation", "scope", "status"),
    [
        ("crown-commercial-service", "frameworks:write", 200),
        ("calloff-operations", "admin:write", 200),
        # A framework owner that it has no place with.
        ("commons-exchange", "frameworks:write", 404),
    ],
)
def test_whoever_looks_after_its_places_still_finds_it(
    token: Callable[..., str], client: Client, suspended: Partner, organisation: str, scope: str, status: int
) -> None:
    headers = {"Authorization": f"Bearer {token(organisation, scope)}"}
    answers = [client.get(address, headers=headers) for address in ADDRESSES]
    assert [answer.status_code for answer in answers] == [status, status]
    # By its revision its places are changed.
    assert ("ETag" in answers[0].headers) is (status == 200)
