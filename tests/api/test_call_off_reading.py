"""Call-offs, offers and contracts as they are read: lists, queries, the order form as bytes and on paper."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Callable

import pytest
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext

from procurement.actions.offers import decline_offer, send_offer
from procurement.models import Appointment, CallOff, Event, Offer, Organisation
from tests.api import calling_off
from tests.api.buying import buyer
from tests.api.calling_off import acting, drafted

LIST, OFFERS, CONTRACTS = "/api/v1/call-offs/", "/api/v1/offers/", "/api/v1/contracts/"

pytestmark = [pytest.mark.django_db, pytest.mark.usefixtures("market")]


@pytest.fixture(autouse=True, scope="module")
def lot(market: None, module_database: None) -> None:
    calling_off.place()


def test_the_order_form_is_the_stored_bytes_or_paper(person: Callable[[str], Client]) -> None:
    offer = calling_off.sent()
    for name in ("buyer", "larch", "alder"):
        file = person(name).get(f"{OFFERS}{offer.reference}/order-form/")
        assert file.content == offer.document.encode()
        assert hashlib.sha256(file.content).hexdigest() == offer.digest
        assert file["ETag"] == f'"{offer.digest}"'
    assert file["Content-Disposition"] == f'attachment; filename="{offer.reference}.json"'
    told = person("buyer").get(f"{OFFERS}{offer.reference}/").json()
    text = json.dumps(told["order"], sort_keys=True, separators=(",", ":"), ensure_ascii=False)
    assert hashlib.sha256(text.encode()).hexdigest() == told["digest"]
    paper = person("larch").get(f"{OFFERS}{offer.reference}/order-form/?form=pdf")
    assert (paper["Content-Type"], paper.content[:8]) == ("application/pdf", b"%PDF-1.7")
    again = person("buyer").get(
        f"{OFFERS}{offer.reference}/order-form/?form=pdf", headers={"If-None-Match": paper["ETag"]}
    )
    assert (again.status_code, again.content) == (304, b"")
    assert person("buyer").get(f"{OFFERS}{offer.reference}/order-form/?form=docx").status_code == 400


def test_lists_are_narrowed_and_newest_first(person: Callable[[str], Client]) -> None:
    client = person("buyer")
    first, second = drafted(), calling_off.sent().call_off

    def found(path: str) -> list[str]:
        return [one["reference"] for one in client.get(path).json()["results"]]

    assert found(LIST) == [second.reference, first.reference]
    assert found(f"{LIST}?status=out") == [second.reference]
    assert found(f"{LIST}?route=competition") == []
    assert found(f"{LIST}?lot=xd1~1&status=draft") == [first.reference]
    assert found(f"{LIST}?requirement={first.requirement.requirement.reference}") == [first.reference]
    assert found(f"{OFFERS}?call_off={second.reference}&status=sent") == [f"{second.reference}~1"]
    assert found(f"{OFFERS}?status=declined") == []
    assert found(f"{CONTRACTS}?status=active") == []
    assert client.get(f"{LIST}?colour=red").status_code == 400


def test_offers_and_contracts_say_whether_a_made_up_firm_leads_the_supplier(
    person: Callable[[str], Client],
) -> None:
    client, contract = person("buyer"), calling_off.active()
    offer = Offer.objects.get(call_off=contract.call_off, status=Offer.Status.ACCEPTED)
    for made_up in (False, True):
        for path in (OFFERS, f"{OFFERS}{offer.reference}/", CONTRACTS, f"{CONTRACTS}{contract.reference}/"):
            told = client.get(path).json()
            assert [one["fictional"] for one in told.get("results", [told])] == [made_up]
        Organisation.objects.filter(reference="larch").update(scheme="XX-DEMO", identifier="00009999")


def test_lists_take_as_many_queries_for_many_as_for_one(person: Callable[[str], Client]) -> None:
    client, counts = person("buyer"), []
    for many in (1, 3):
        for _ in range(many):
            contract = calling_off.active()
        one = f"{LIST}{contract.call_off.reference}/"
        for path in (LIST, OFFERS, CONTRACTS, one, f"{one}offers/", f"{one}history/"):
            with CaptureQueriesContext(connection) as queries:
                assert client.get(path).status_code == 200
            counts.append(len(queries))
    assert counts[:6] == counts[6:]


def test_a_call_off_takes_no_more_queries_for_two_offers_than_for_one(
    person: Callable[[str], Client],
) -> None:
    client, counts = person("buyer"), []
    offer = calling_off.declined()
    for many in (1, 2):
        with CaptureQueriesContext(connection) as queries:
            told = client.get(f"{LIST}{offer.call_off.reference}/").json()
        assert len(told["offers"]) == many
        counts.append(len(queries))
        call_off = CallOff.objects.get(pk=offer.call_off_id)
        if many == 1:
            second = send_offer(buyer(), call_off.reference, call_off.revision)
            decline_offer(acting("brightwater"), second.reference, 1, "No.")
    assert counts[0] == counts[1]


def test_whom_the_next_order_form_goes_to_is_read_before_and_meant_as_it_is_sent(
    person: Callable[[str], Client],
) -> None:
    client, call_off = person("buyer"), calling_off.drafted()
    one = f"{LIST}{call_off.reference}/"
    assert [each["is_next"] for each in client.get(one).json()["suppliers"]] == [True, False]
    Appointment.objects.filter(supplier__reference="larch").update(status="suspended")
    told = client.get(one).json()
    assert told["blocking"] == []
    seen = [(each["is_next"], [why["code"] for why in each["passed_over"]]) for each in told["suppliers"]]
    assert seen == [(False, ["not_appointed"]), (True, [])]
    before = Event.objects.count()
    headers = {"If-Match": "*", "Idempotency-Key": "k1"}
    answer = client.post(
        f"{one}offers/", {"supplier": "larch"}, content_type="application/json", headers=headers
    )
    assert (answer.status_code, Event.objects.count(), Offer.objects.count()) == (409, before, 0)
    name = told["suppliers"][1]["supplier"]["name"]
    assert answer.json()["detail"].startswith(
        f"The order form would go to {name} (brightwater) now, not to larch. "
    )
