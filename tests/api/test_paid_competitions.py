"""A competition that pays for outcomes, by the API from draft to signed contract: beside days, and instead of them.

Tenderers are told what is paid for, under the digest; where outcomes are paid instead of days nobody is asked a price.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator
from datetime import timedelta
from itertools import count
from typing import Any, Final

import pytest
from django.test import Client
from django.utils import timezone

from procurement.actions.due import move_due
from procurement.actions.requirements import create_requirement
from procurement.canonical import canonical, digest_of_text
from procurement.deadlines import months_after
from procurement.models import CallOff, Contract, Tender, TenderRevision
from tests.api import competing, outcomes
from tests.api.buying import buyer
from tests.api.calling_off import acting
from tests.competed import after, at, past_deadline

pytestmark = [pytest.mark.django_db, pytest.mark.usefixtures("market")]

CAP: Final = "60000.00"
TEAM: Final = [{"grade": "G3", "days": "10"}]
OFFERED: Final = [{"grade": "G3", "days": "10", "rate": "400.00"}]
BESIDE: Final = {"value": "9000.00", "expenses": "100.00"}
PERSON = Callable[[str], Client]
KEYS: Final[Iterator[int]] = count()
MEASURE: Final = {
    "measure": "in-work",
    "name": "In work",
    "definition": "In paid work for 26 weeks.",
    "data_source": "Payroll.",
    "unit": "a person",
    "baseline": 10,
    "target": 30,
    "price": "2000.00",
    "most": 30,
}


@pytest.fixture(autouse=True, scope="module")
def contest(market: None, module_database: None) -> None:
    competing.place_contest()
    outcomes.people()


def send(client: Client, method: str, path: str, body: Any, status: int = 200) -> Any:
    """Sends it and answers what is told, where the status is as expected."""
    headers = {"If-Match": "*", "Idempotency-Key": f"k{next(KEYS)}"}
    sent = client.generic(
        method, f"/api/v1/{path}", json.dumps(body), content_type="application/json", headers=headers
    )
    assert sent.status_code == status, (path, sent.content)
    return sent.json()


def got(client: Client, path: str) -> Any:
    """What is told there."""
    answer = client.get(f"/api/v1/{path}")
    assert answer.status_code == 200, (path, answer.content)
    return answer.json()


def said_outcomes(reference: str, *, alone: bool) -> dict[str, Any]:
    """What everybody is told of the plan."""
    return {
        "reference": f"{reference}~outcomes",
        "instead_of_days": alone,
        "long_stop_on": (timezone.localdate() + timedelta(days=700)).isoformat(),
        "cap": {"amount": CAP, "currency": "GBP", "vat": "excluded"},
        "measures": [MEASURE],
    }


def drafted(person: PERSON, terms: dict[str, str], team: list[dict[str, str]], due: int = 14) -> str:
    """A draft whose plan of outcomes is agreed and whose competition is planned; its reference."""
    content = {
        "text": "Help people into work.",
        "framework": "xd1",
        "lot": "xd1~1",
        "starts_on": (timezone.localdate() + timedelta(days=30)).isoformat(),
        "months": 6,
        "team": team,
    }
    needed = create_requirement(buyer(), content).reference
    said = {"title": "Into work", "route": "competition", "requirement": needed, "terms": terms}
    reference: str = send(person("buyer"), "POST", "call-offs/", said, 201)["reference"]
    paid = outcomes.terms(
        cap=CAP,
        measures=[{name: MEASURE[name] for name in ("measure", "baseline", "target", "price", "most")}],
        payers=[{"organisation": "leeds-city-council", "share": "100"}],
    )
    send(person("buyer"), "PUT", f"call-offs/{reference}/outcomes/", paid, 201)
    send(person("buyer"), "POST", f"call-offs/{reference}/outcomes/propose/", {})
    send(person("approver"), "POST", f"call-offs/{reference}/outcomes/approve-share/", {})
    send(person("buyer"), "PUT", f"call-offs/{reference}/competition/", planned(due))
    return reference


def planned(due: int) -> dict[str, Any]:
    """How tenders are evaluated, which are due in so many days."""
    return {"rules": competing.RULES, "clarify_until": after(days=7), "deadline": after(days=due)}


def published(person: PERSON, terms: dict[str, str], team: list[dict[str, str]]) -> str:
    """The same, published, with its assessor and moderator."""
    reference = drafted(person, terms, team)
    send(person("buyer"), "POST", f"call-offs/{reference}/competition/publish/", {})
    for name, part in (("first", "assessor"), ("moderator", "moderator")):
        about = {"user": acting(name).reference, "part": part}
        send(person("buyer"), "POST", f"call-offs/{reference}/people/", about, 201)
    return reference


def tender_of(person: PERSON, supplier: str, reference: str) -> str:
    """The supplier's own tender, by reference; others it does not find."""
    mine = got(person(supplier), f"tenders/?call_off={reference}")["results"]
    assert [one["supplier"]["reference"] for one in mine] == [supplier]
    found: str = mine[0]["reference"]
    return found


def tendered(person: PERSON, reference: str, prices: dict[str, Any]) -> None:
    """Both suppliers have submitted what `prices` state for them, each with its own words."""
    for supplier in competing.SUPPLIERS:
        tender = tender_of(person, supplier, reference)
        written = {"answers": {"method": f"As {supplier} does."}} | prices
        send(person(supplier), "PUT", f"tenders/{tender}/", written)
        send(person(supplier), "POST", f"tenders/{tender}/submit/", {}, 201)


def ranked(person: PERSON, reference: str, scores: dict[str, int]) -> list[dict[str, Any]]:
    """Closed by the clock, opened, scored, agreed and ranked; the rows of the ranking."""
    with at(past_deadline(CallOff.objects.get(reference=reference))):
        move_due()
    send(person("buyer"), "POST", f"call-offs/{reference}/open-tenders/", {})
    for name in ("first", "moderator"):
        send(person(name), "POST", f"call-offs/{reference}/declarations/", {"conflict": False}, 201)
    tenders = {supplier: tender_of(person, supplier, reference) for supplier in competing.SUPPLIERS}
    for supplier, score in scores.items():
        said = {"criterion": "method", "score": score, "note": "Read."}
        send(person("first"), "POST", f"tenders/{tenders[supplier]}/assessments/", said, 201)
        agreed = {"criterion": "method", "score": score, "reason": "Read."}
        send(person("moderator"), "POST", f"tenders/{tenders[supplier]}/consensus/", agreed, 201)
    send(person("buyer"), "POST", f"call-offs/{reference}/conclude/", {})
    rows: list[dict[str, Any]] = got(person("buyer"), f"call-offs/{reference}/ranking/")["rows"]
    return rows


def signed(person: PERSON, reference: str, supplier: str) -> dict[str, Any]:
    """The contract, signed by both, as the supplier reads it."""
    send(person("buyer"), "POST", f"call-offs/{reference}/intend/", {})
    send(person("buyer"), "POST", f"call-offs/{reference}/award/", {"conflicts": "None known."})
    contract = Contract.objects.get(call_off__reference=reference).reference
    send(person(supplier), "POST", f"contracts/{contract}/sign/", {})
    send(person("buyer"), "POST", f"contracts/{contract}/sign/", {})
    told: dict[str, Any] = got(person(supplier), f"contracts/{contract}/")
    assert got(person("buyer"), f"contracts/{contract}/")["outcomes"] == told["outcomes"]
    return told


def test_outcomes_beside_days_are_told_from_the_invitation_to_the_contract(person: PERSON) -> None:
    reference = published(person, BESIDE, TEAM)
    outcomes_said = said_outcomes(reference, alone=False)
    invitation = got(person("larch"), f"invitations/?call_off={reference}")["results"][0]["reference"]
    told = got(person("larch"), f"invitations/{invitation}/")
    assert told["document"]["outcomes"] == outcomes_said
    assert digest_of_text(canonical(told["document"])) == told["digest"]
    other = told["document"] | {"outcomes": outcomes_said | {"long_stop_on": "2099-01-01"}}
    assert digest_of_text(canonical(other)) != told["digest"]
    tendered(person, reference, {"team": OFFERED})
    tender = tender_of(person, "larch", reference)
    own = got(person("larch"), f"tenders/{tender}/")
    assert own["outcomes"] == outcomes_said
    document = json.loads(TenderRevision.objects.get(tender__reference=tender).document)
    assert document["outcomes"] == outcomes_said
    assert (document["price"]["work"], document["price"]["compared"]) == ("4000.00", "4100.00")
    # Sealed: the plan is everybody's, what is tendered for it the tenderer's alone.
    assert "As brightwater does." not in json.dumps([told, own])
    others = tender_of(person, "brightwater", reference)
    assert person("larch").get(f"/api/v1/tenders/{others}/").status_code == 404
    assert person("buyer").get(f"/api/v1/tenders/{tender}/").status_code == 404
    rows = ranked(person, reference, {"larch": 4, "brightwater": 3})
    assert [one["tender"] for one in rows] == [tender, others]
    contract = signed(person, reference, "larch")
    assert (contract["status"], contract["outcomes"]) == ("active", outcomes_said)
    assert (contract["value"]["amount"], contract["maximum"]["amount"]) == ("4100.00", "64100.00")


def test_outcomes_instead_of_days_ask_no_price_and_come_to_their_cap(person: PERSON) -> None:
    reference = published(person, {}, [])
    call_off = CallOff.objects.get(reference=reference)
    outcomes_said = said_outcomes(reference, alone=True)
    assert json.loads(call_off.competition.document)["outcomes"] == outcomes_said
    tender = tender_of(person, "larch", reference)
    priced = {"price": "0.01", "answers": {"method": "Soundly."}}
    send(person("larch"), "PUT", f"tenders/{tender}/", priced)
    refused = send(person("larch"), "POST", f"tenders/{tender}/submit/", {}, 422)
    assert [(one["pointer"], one["code"]) for one in refused["errors"]] == [("/price", "priced_by_outcomes")]
    assert (TenderRevision.objects.count(), Tender.objects.get(reference=tender).status) == (0, "draft")
    tendered(person, reference, {"price": None})
    document = json.loads(TenderRevision.objects.get(tender__reference=tender).document)
    assert document["outcomes"] == outcomes_said
    assert document["price"] == {
        "work": "0.00",
        "expenses": "0.00",
        "options": [],
        "compared": CAP,
        "currency": "GBP",
        "vat": "excluded",
    }
    rows = ranked(person, reference, {"larch": 3, "brightwater": 4})
    # The price is the same for all, so that quality decides.
    assert [(one["price"]["amount"], one["price_points"]) for one in rows] == [(CAP, "40"), (CAP, "40")]
    assert [one["result"] for one in rows] == ["88.00", "76.00"]
    assert got(person("buyer"), f"call-offs/{reference}/low-prices/")["results"] == []
    contract = signed(person, reference, "brightwater")
    assert (contract["status"], contract["outcomes"]) == ("active", outcomes_said)
    assert (contract["value"]["amount"], contract["maximum"]["amount"]) == ("0.00", CAP)


def test_what_is_paid_for_outcomes_stands_once_it_is_published(person: PERSON) -> None:
    reference = published(person, {}, [])
    before = json.loads(CallOff.objects.get(reference=reference).competition.document)
    other = outcomes.terms(cap="1.00")
    for method, path, body in (
        ("PUT", f"call-offs/{reference}/outcomes/", other),
        ("POST", f"call-offs/{reference}/outcomes/propose/", {}),
        ("DELETE", f"outcome-plans/{reference}~outcomes/", {}),
        ("POST", f"call-offs/{reference}/competition/amend/", {"reason": "A cap.", "material": True}),
    ):
        send(person("buyer"), method, path, body, 409)
    tender = tender_of(person, "larch", reference)
    assert got(person("larch"), f"tenders/{tender}/")["outcomes"] == before["outcomes"]
    assert before["outcomes"]["cap"]["amount"] == CAP


def test_outcomes_instead_of_days_are_estimated_at_their_cap(person: PERSON) -> None:
    reference = drafted(person, {"expenses": "100.00"}, [])
    told = got(person("buyer"), f"call-offs/{reference}/")
    assert told["greatest_total"]["amount"] == "60100.00"
    assert told["blocking"] == []


def test_work_that_begins_before_tenders_can_be_opened_is_not_published(person: PERSON) -> None:
    reference = drafted(person, BESIDE, TEAM, due=31)
    first = timezone.localdate() + timedelta(days=30)
    shown = send(person("buyer"), "POST", f"call-offs/{reference}/competition/preview/", {})
    assert [(one["pointer"], one["code"]) for one in shown["blocking"]] == [("/deadline", "after_start")]
    assert str(first) in shown["blocking"][0]["message"]
    before = CallOff.objects.values().get(reference=reference)
    refused = send(person("buyer"), "POST", f"call-offs/{reference}/competition/publish/", {}, 422)
    assert [one["code"] for one in refused["errors"]] == ["after_start"]
    assert CallOff.objects.values().get(reference=reference) == before
    send(person("buyer"), "PUT", f"call-offs/{reference}/competition/", planned(30))
    shown = send(person("buyer"), "POST", f"call-offs/{reference}/competition/preview/", {})
    assert shown["blocking"] == []
    assert (shown["starts_on"], shown["ends_on"]) == (first.isoformat(), months_after(first, 6).isoformat())
