"""Suppliers that a made-up firm leads, marked alike in every answer that names some, in no query for each of them."""

from __future__ import annotations

import json
from collections.abc import Callable
from datetime import date
from typing import Any

import pytest
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext

from procurement.models import Organisation
from tests.api import calling_off, competing
from tests.competed import tender_of

CALL_OFF = "/api/v1/call-offs/{}/"
TEAM: dict[str, Any] = {"framework": "xd1", "lot": "1", "team": [{"grade": "G3", "days": 10}]}
LARCH, BRIGHTWATER = "Larch Consortium", "Brightwater Advisory"

pytestmark = [pytest.mark.django_db, pytest.mark.usefixtures("market")]


@pytest.fixture(autouse=True, scope="module")
def contest(market: None, module_database: None) -> None:
    competing.place_contest()


def made_up(organisation: str, identifier: str) -> None:
    """The organisation's identifier is one of those that stand for nobody."""
    Organisation.objects.filter(reference=organisation).update(scheme="XX-DEMO", identifier=identifier)


def ask(client: Client, path: str, body: Any = None) -> Any:
    """The answer, to a question that is asked by POST where it has a body."""
    sent = {} if body is None else {"data": json.dumps(body), "content_type": "application/json"}
    answer = client.generic("GET" if body is None else "POST", path, **sent)
    assert answer.status_code == 200, answer.content
    return answer.json()


def marks(rows: list[dict[str, Any]]) -> dict[str, bool]:
    """Whether each supplier of an answer is marked, by its name."""
    return {row["supplier"]["name"]: row["fictional"] for row in rows}


def counted(client: Client, path: str, body: Any = None) -> int:
    """How many queries an answer takes."""
    with CaptureQueriesContext(connection) as queries:
        ask(client, path, body)
    return len(queries)


def test_a_price_is_marked_where_a_made_up_firm_leads_the_supplier(client: Client) -> None:
    body = TEAM | {"suppliers": ["brightwater", "larch"]}
    assert marks(ask(client, "/api/v1/quotes/", body)["results"]) == {BRIGHTWATER: True, LARCH: False}
    made_up("larch", "00009999")
    assert marks(ask(client, "/api/v1/quotes/", body)["results"]) == {BRIGHTWATER: True, LARCH: True}


def test_a_price_takes_as_many_queries_for_two_suppliers_as_for_one(client: Client) -> None:
    one, two = (
        counted(client, "/api/v1/quotes/", TEAM | {"suppliers": suppliers})
        for suppliers in (["larch"], ["brightwater", "larch"])
    )
    # framework, lot, suppliers; places, versions, lines of cards; whom a made-up firm leads
    assert (one, two) == (7, 7)


def test_a_team_is_marked_by_who_leads_the_supplier_and_each_partner_by_itself(client: Client) -> None:
    body = TEAM | {"specialisms": ["1"], "suppliers": ["brightwater", "larch"]}
    made_up("alder", "00009999")
    told = ask(client, "/api/v1/teams/", body)["results"]
    assert marks(told) == {BRIGHTWATER: True, LARCH: False}
    assert [one["quote"]["fictional"] for one in told] == [True, False]
    assert [[(one["partner"]["reference"], one["fictional"]) for one in each["team"]] for each in told] == [
        [("brightwater", True)],
        [("alder", True)],
    ]


def test_suppliers_of_a_call_off_are_marked(person: Callable[[str], Client]) -> None:
    path = CALL_OFF.format(calling_off.sent().call_off.reference)
    assert marks(ask(person("buyer"), path)["suppliers"]) == {LARCH: False, BRIGHTWATER: True}
    made_up("larch", "00009999")
    assert marks(ask(person("buyer"), path)["suppliers"]) == {LARCH: True, BRIGHTWATER: True}


def test_whom_a_competition_asks_and_leaves_out_is_marked_before_and_after_it_is_published(
    person: Callable[[str], Client],
) -> None:
    planned, published = competing.planned(), competing.published()
    path = f"{CALL_OFF.format(planned.reference)}competition/preview/"
    assert marks(ask(person("buyer"), path, {})["invited"]) == {LARCH: False, BRIGHTWATER: True}
    told = ask(person("buyer"), f"{CALL_OFF.format(published.reference)}competition/")
    assert marks(told["asked"]) == {LARCH: False, BRIGHTWATER: True}
    Organisation.objects.filter(reference="brightwater").update(excluded_since=date(2026, 1, 1))
    assert marks(ask(person("buyer"), path, {})["ruled_out"]) == {BRIGHTWATER: True}
    left_out = competing.published()
    told = ask(person("buyer"), f"{CALL_OFF.format(left_out.reference)}competition/")
    assert (marks(told["asked"]), marks(told["ruled_out"])) == ({LARCH: False}, {BRIGHTWATER: True})


def test_tenders_their_ranking_and_low_prices_are_marked(person: Callable[[str], Client]) -> None:
    call_off = competing.evaluated(("400.00", "10.00"))
    path = CALL_OFF.format(call_off.reference)
    buyer = person("buyer")
    assert marks(ask(buyer, f"{path}ranking/")["rows"]) == {LARCH: False, BRIGHTWATER: True}
    assert marks(ask(buyer, f"{path}low-prices/")["results"]) == {BRIGHTWATER: True}
    assert marks(ask(buyer, f"/api/v1/tenders/?call_off={call_off.reference}")["results"]) == {
        LARCH: False,
        BRIGHTWATER: True,
    }
    reference = tender_of(call_off, "brightwater").reference
    assert ask(buyer, f"/api/v1/tenders/{reference}/")["fictional"] is True


def test_an_invitation_is_marked_in_the_list_and_by_itself(person: Callable[[str], Client]) -> None:
    call_off = competing.published()
    listed = f"/api/v1/invitations/?call_off={call_off.reference}"
    assert marks(ask(person("buyer"), listed)["results"]) == {LARCH: False, BRIGHTWATER: True}
    for who, marked in (("larch", False), ("brightwater", True)):
        reference = tender_of(call_off, who).invitation.reference
        assert ask(person(who), f"/api/v1/invitations/{reference}/")["fictional"] is marked
