"""A 403 names a scope where that alone is lacking, and says who may where no scope would help."""

from __future__ import annotations

import json
from collections.abc import Callable
from typing import Any

import pytest
from django.test import Client

from procurement.models import CallOff, Capability, Claim, Contract, Event, Offer, Organisation
from tests.api import calling_off, outcomes
from tests.api.buying import BUYER
from tests.api.conftest import TokenMaker

CALL_OFFS, OFFERS = "/api/v1/call-offs/", "/api/v1/offers/{}/"
CONTRACTS, CLAIMS = "/api/v1/contracts/{}/", "/api/v1/claims/{}/"
BUYS, SUPPLIES = "call_offs:read call_offs:write call_offs:approve", "offers:read offers:write"
LEAD, OWNER = " The lead supplier may.", " The owner may."
WHY = {"reason": "Because."}

pytestmark = [pytest.mark.django_db, pytest.mark.usefixtures("market")]


@pytest.fixture(autouse=True, scope="module")
def lot(market: None, module_database: None) -> None:
    calling_off.place()
    outcomes.people()


def kept() -> list[Any]:
    """All that a refusal must leave as it is."""
    return [
        Event.objects.count(),
        *(
            list(model.objects.order_by("pk").values("revision", "status"))
            for model in (CallOff, Offer, Contract, Claim)
        ),
    ]


def refused(token: str, path: str, body: Any = None) -> tuple[int, str, str | None]:
    """The status, what is told, and the challenge, of what must change nothing; read where there is no body."""
    before = kept()
    headers = {"Authorization": f"Bearer {token}", "If-Match": "*", "Idempotency-Key": "k1"}
    content = "" if body is None else json.dumps(body)
    method = "GET" if body is None else "POST"
    answer = Client().generic(method, path, content, content_type="application/json", headers=headers)
    assert kept() == before
    return answer.status_code, answer.json()["detail"], answer.headers.get("WWW-Authenticate")


def lacks(scope: str) -> str:
    return f'Bearer realm="calloff", error="insufficient_scope", scope="{scope}"'


def test_the_wrong_party_is_told_who_may_whatever_its_scopes(token: TokenMaker) -> None:
    offer, contract = calling_off.sent().reference, calling_off.active().reference
    claim = outcomes.claimed().reference
    said = {"measure": outcomes.OUTCOME, "count": 1, "evidence": "Payroll.", **outcomes.days()}
    for who, scopes, path, body, told in (
        (BUYER, BUYS, OFFERS.format(offer) + "accept/", {}, "accept." + LEAD),
        (BUYER, f"{BUYS} {SUPPLIES}", OFFERS.format(offer) + "accept/", {}, "accept." + LEAD),
        (BUYER, BUYS, OFFERS.format(offer) + "decline/", WHY, "decline." + LEAD),
        (BUYER, BUYS, CONTRACTS.format(contract) + "claims/", said, "claim outcomes." + LEAD),
        ("larch", SUPPLIES, OFFERS.format(offer) + "withdraw/", WHY, "withdraw." + OWNER),
        ("larch", f"{BUYS} {SUPPLIES}", OFFERS.format(offer) + "withdraw/", WHY, "withdraw." + OWNER),
        ("larch", SUPPLIES, CONTRACTS.format(contract) + "terminate/", WHY, "terminate." + OWNER),
        ("larch", SUPPLIES, CLAIMS.format(claim) + "verify/", {"counted": 1}, "verify." + OWNER),
        ("larch", SUPPLIES, CLAIMS.format(claim) + "pay/", {}, "pay. The approver may."),
        ("alder", SUPPLIES, OFFERS.format(offer) + "accept/", {}, "accept." + LEAD),
    ):
        seen = refused(token(who, scopes), path, body)
        assert seen == (403, f"You may not do this: {told}", None), (who, scopes, path)


def test_a_person_of_the_wrong_party_is_told_the_same(person: Callable[[str], Client]) -> None:
    offer = calling_off.sent()
    answer = person("buyer").post(
        OFFERS.format(offer.reference) + "accept/", {}, content_type="application/json",
        headers={"If-Match": "*", "Idempotency-Key": "k1"},
    )  # fmt: skip
    assert (answer.status_code, answer.json()["detail"]) == (403, "You may not do this: accept." + LEAD)
    offer.refresh_from_db()
    assert (offer.status, offer.revision) == ("sent", 1)


def test_the_right_party_is_told_the_scope_that_its_token_lacks(token: TokenMaker) -> None:
    offer, contract = calling_off.sent().reference, calling_off.awarded().reference
    call_off, claim = calling_off.drafted().reference, outcomes.claimed().reference
    owner, may = "The access token lacks the scope ", "You may not do this: "
    for who, scopes, path, body, told, scope in (
        (BUYER, "call_offs:read", f"{CALL_OFFS}{call_off}/cancel/", WHY, f"cancel.{OWNER}", "call_offs:write"),
        (BUYER, "call_offs:read", CLAIMS.format(claim) + "pay/", {}, "pay. The approver may.", "call_offs:approve"),
        ("larch", "offers:read", OFFERS.format(offer) + "accept/", {}, "accept." + LEAD, "offers:write"),
        (BUYER, "call_offs:read", CONTRACTS.format(contract) + "sign/", {},
         "sign. The owner or the lead supplier may.", "call_offs:write"),
        # The other side of the same address needs the scope of its own side.
        ("larch", "offers:read", CONTRACTS.format(contract) + "sign/", {},
         "sign. The owner or the lead supplier may.", "offers:write"),
    ):  # fmt: skip
        seen = refused(token(who, scopes), path, body)
        assert seen == (403, f"{may}{told} {owner}{scope}.", lacks(scope)), (who, path)


def test_a_list_of_both_sides_names_the_scope_of_the_side_that_asks(token: TokenMaker) -> None:
    neither = "You act neither for a buyer nor for a supplier."
    for who, name, scope in (
        (BUYER, "offers", "call_offs:read"),
        ("larch", "offers", "offers:read"),
        (BUYER, "contracts", "call_offs:read"),
        ("larch", "contracts", "offers:read"),
        ("larch", "tenders", "offers:read"),
    ):
        told = f"{neither} The access token lacks the scope {scope}."
        assert refused(token(who, "read"), f"/api/v1/{name}/") == (403, told, lacks(scope)), (who, name)
    assert refused(token("commons-exchange", "read"), "/api/v1/contracts/") == (403, neither, None)


def test_a_kind_of_organisation_that_never_may_is_told_which_do(token: TokenMaker) -> None:
    told = "You may not do this: see call offs. It is for organisations of this kind: buyer."
    assert refused(token("larch", "read"), CALL_OFFS) == (403, told, None)
    told = "You may not do this: redrive. It is for organisations of this kind: operator."
    assert refused(token(BUYER, BUYS), "/api/v1/dead-letters/MSG-1/redrive/", {}) == (403, told, None)


def test_a_firm_that_buys_too_is_told_of_no_scope_of_its_other_side(token: TokenMaker) -> None:
    """As a buyer it would have the scope, but this is another buyer's."""
    Capability.objects.create(organisation=Organisation.objects.get(reference="larch"), kind="buyer")
    claim = outcomes.claimed().reference
    told = "You may not do this: verify." + OWNER
    seen = refused(token("larch", SUPPLIES), CLAIMS.format(claim) + "verify/", {"counted": 1})
    assert seen == (403, told, None)
