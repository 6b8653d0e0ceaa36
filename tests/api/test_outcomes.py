"""Paying for outcomes through the API: who is answered what, plans and claims with their totals, repeats, refusals."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from django.core.files.uploadedfile import SimpleUploadedFile
from django.db import connection, transaction
from django.test import Client
from django.test.utils import CaptureQueriesContext

from procurement.actions.awards import cancel_call_off
from procurement.models import CallOff, Claim, Contract, Event, Measure, OutcomePayment, OutcomePlan, Payer
from tests.api import calling_off, outcomes
from tests.api.buying import BUYER, buyer
from tests.api.calling_off import drafted
from tests.api.conftest import Asker, TokenMaker, asks
from tests.api.outcomes import PAYER, days, terms

CALL_OFFS, PLANS, CLAIMS = "/api/v1/call-offs/", "/api/v1/outcome-plans/", "/api/v1/claims/"
CONTRACTS, MEASURES = "/api/v1/contracts/", "/api/v1/measures/"
WHO: dict[str, Asker] = {
    "nobody": "",
    "editor": "buyer",
    "viewer": "reader",
    "approver": "approver",
    "administrator": "chief",
    "payer's editor": "payer-editor",
    "payer's viewer": "payer-viewer",
    "payer's approver": "payer",
    "payer's administrator": "neighbour",
    "lead": "larch",
    "lead's viewer": "larch-viewer",
    "wanted partner": "alder",
    "other supplier": "brightwater",
    "operator": "operator",
    "token": (BUYER, "call_offs:read call_offs:write"),
    "reading token": (BUYER, "call_offs:read"),
    "approving token": (BUYER, "call_offs:read call_offs:approve"),
    "token without scope": (BUYER, "read shortlists:write"),
    "payer's token": (PAYER, "call_offs:read call_offs:approve"),
    "payer's reading token": (PAYER, "call_offs:read"),
    "supplier's token": ("larch", "offers:read offers:write"),
    "supplier's reading token": ("larch", "offers:read"),
    "framework owner's token": ("commons-exchange", "frameworks:write joinings:write"),
}
BUYERS = ("editor", "viewer", "approver", "administrator", "token", "reading token", "approving token")
EDITORS = ("editor", "approver", "administrator", "token")
APPROVERS = ("approver", "administrator", "approving token")
PAYERS = (
    "payer's editor", "payer's viewer", "payer's approver", "payer's administrator", "payer's token",
    "payer's reading token",
)  # fmt: skip
PAYING = ("payer's approver", "payer's administrator", "payer's token")
SUPPLIERS = ("lead", "lead's viewer", "wanted partner", "supplier's token", "supplier's reading token")
LEAD = ("lead", "supplier's token")
SCOPELESS = (
    "nobody", "token without scope", "supplier's token", "supplier's reading token", "framework owner's token",
)  # fmt: skip
REASON = {"reason": "Because."}
CLAIM = {"measure": outcomes.OUTCOME, "count": 3, "evidence": "Returns."}

MOVES: tuple[tuple[str, str, str, Any, int, tuple[str, ...], tuple[str, ...]], ...] = (
    ("OUTCOMES", "PUT", CALL_OFFS + "{}/outcomes/", {"cap": "9.00"}, 200, EDITORS, BUYERS),
    ("OUTCOMES", "POST", CALL_OFFS + "{}/outcomes/propose/", {}, 200, EDITORS, BUYERS),
    ("PLAN", "POST", PLANS + "{}/propose/", {}, 200, EDITORS, BUYERS),
    ("PLAN", "DELETE", PLANS + "{}/", None, 204, EDITORS, BUYERS),
    ("ASKED", "DELETE", PLANS + "{}/", None, 204, EDITORS, (*BUYERS, *PAYERS)),
    ("PROPOSED", "POST", CALL_OFFS + "{}/outcomes/approve-share/", {}, 200, APPROVERS, BUYERS),
    ("ASKED", "POST", PLANS + "{}/approve-share/", {}, 200, (*APPROVERS, *PAYING), (*BUYERS, *PAYERS)),
    (
        "INVESTED",
        "POST",
        PLANS + "{}/approve-investor/",
        {"note": "A letter."},
        200,
        APPROVERS,
        (*BUYERS, *PAYERS),
    ),
    ("PAYS", "POST", CONTRACTS + "{}/claims/", CLAIM, 201, LEAD, (*BUYERS, *SUPPLIERS)),
    ("CLAIM", "POST", CLAIMS + "{}/verify/", {"counted": 5}, 200, EDITORS, (*BUYERS, *SUPPLIERS)),
    ("CLAIM", "POST", CLAIMS + "{}/reject/", REASON, 200, EDITORS, (*BUYERS, *SUPPLIERS)),
    ("VERIFIED", "POST", CLAIMS + "{}/unverify/", REASON, 200, ("editor", "token"), (*BUYERS, *SUPPLIERS)),
    ("VERIFIED", "POST", CLAIMS + "{}/pay/", {}, 200, APPROVERS, (*BUYERS, *SUPPLIERS)),
)

pytestmark = [pytest.mark.django_db, pytest.mark.usefixtures("market")]


@pytest.fixture(autouse=True, scope="module")
def lot(market: None, module_database: None) -> None:
    calling_off.place()
    outcomes.people()


def send(client: Client, method: str, path: str, body: Any = None, **headers: str) -> Any:
    """A change of whatever is there (If-Match: *), unless the headers say otherwise."""
    told = {"If-Match": "*", "Idempotency-Key": "k1"} | {
        name.replace("_", "-"): value for name, value in headers.items()
    }
    content = "" if body is None else json.dumps(body)
    return client.generic(method, path, content, content_type="application/json", headers=told)


def kept() -> list[Any]:
    """All that a refusal must leave as it is."""
    return [
        Event.objects.count(),
        list(CallOff.objects.order_by("pk").values("revision", "status", "outcomes_minor")),
        list(Contract.objects.order_by("pk").values("revision", "status")),
        list(OutcomePlan.objects.order_by("pk").values("revision", "status", "cap_minor")),
        list(Payer.objects.order_by("pk").values("organisation", "share", "approved_at")),
        list(Claim.objects.order_by("pk").values("revision", "status", "counted", "amount_minor")),
        [one.objects.count() for one in (Measure, OutcomePayment)],
    ]


def pounds(amount: str) -> dict[str, str]:
    return {"amount": amount, "currency": "GBP", "vat": "excluded"}


@pytest.mark.whole
def test_who_may_move_what(person: Callable[[str], Client], token: TokenMaker) -> None:
    things = {kind: outcomes.MADE[kind]() for kind in dict.fromkeys(move[0] for move in MOVES)}
    before = kept()
    for who, known in WHO.items():
        client, headers = asks(known, person, token)
        for kind, method, path, body, good, may, see in MOVES:
            one, said = path.format(things[kind]), body | days() if body is CLAIM else body
            # Taken back, so that the next finds it as it was.
            with transaction.atomic():
                answer = send(client, method, one, said, **headers)
                expected = 401 if who == "nobody" else good if who in may else 403 if who in see else 404
                assert answer.status_code == expected, (who, method, one, answer.content)
                assert (kept() == before) is (who not in may), (who, method, one)
                transaction.set_rollback(True)


@pytest.mark.parametrize("made", [outcomes.said, outcomes.proposed])
def test_who_reads_a_plan(
    made: Callable[[], OutcomePlan], person: Callable[[str], Client], token: TokenMaker
) -> None:
    plan = made()
    see = BUYERS if plan.status == "draft" else (*BUYERS, *PAYERS)
    for who, known in WHO.items():
        client, headers = asks(known, person, token)
        answer = client.get(f"{PLANS}{plan.reference}/", headers=headers)
        assert answer.status_code == (401 if who == "nobody" else 200 if who in see else 404), who
        beside = client.get(f"{CALL_OFFS}{plan.call_off.reference}/outcomes/", headers=headers)
        assert beside.status_code == (401 if who == "nobody" else 200 if who in BUYERS else 404), who
        listed = client.get(PLANS, headers=headers)
        # Whoever pays or invests is asked, whatever it is to the service: nobody with the scope is kept out.
        reads = who not in SCOPELESS
        assert listed.status_code == (401 if who == "nobody" else 200 if reads else 403), who
        if reads:
            found = [one["reference"] for one in listed.json()["results"]]
            assert found == [plan.reference][: who in see], who


@pytest.mark.whole
def test_who_reads_claims(person: Callable[[str], Client], token: TokenMaker) -> None:
    claim = outcomes.paid()
    for who, known in WHO.items():
        client, headers = asks(known, person, token)
        for path, readers in (
            (f"{CLAIMS}{claim.reference}/", (*BUYERS, *SUPPLIERS, *PAYERS)),
            (f"{CONTRACTS}{claim.contract.reference}/claims/", (*BUYERS, *SUPPLIERS)),
            (f"{PLANS}{claim.contract.call_off.reference}~outcomes/claims/", (*BUYERS, *PAYERS)),
        ):
            expected = 401 if who == "nobody" else 200 if who in readers else 404
            assert client.get(path, headers=headers).status_code == expected, (who, path)


def test_a_body_that_pays_reads_what_it_pays_for_and_moves_none_of_it(
    person: Callable[[str], Client],
) -> None:
    claim = outcomes.claimed()
    paying = person("payer")
    listed = paying.get(
        f"{PLANS}{claim.contract.call_off.reference}~outcomes/claims/?status=submitted"
    ).json()
    assert [one["reference"] for one in listed["results"]] == [claim.reference]
    told = paying.get(f"{CLAIMS}{claim.reference}/").json()
    assert (told["evidence"], told["available_actions"]) == ("Payroll returns.", [])


def test_who_adds_to_the_library_which_anybody_reads(
    person: Callable[[str], Client], token: TokenMaker
) -> None:
    body = {"name": "Housed", "definition": "For a year.", "data_source": "Tenancies.", "unit": "a household"}
    may = (*EDITORS, "payer's editor", "payer's approver", "payer's administrator")
    before = kept()
    for who, known in WHO.items():
        client, headers = asks(known, person, token)
        assert client.get(f"{MEASURES}in-work/", headers=headers).status_code == 200
        assert client.get(MEASURES, headers=headers).json()["count"] == 1
        with transaction.atomic():
            answer = send(client, "POST", MEASURES, body, **headers)
            assert answer.status_code == (401 if who == "nobody" else 201 if who in may else 403), who
            assert (kept() == before) is (who not in may), who
            transaction.set_rollback(True)
    first, again = (send(person("buyer"), "POST", MEASURES, body) for _ in range(2))
    assert (first["Location"], again.json()) == (f"{MEASURES}housed/", first.json())
    told = first.json()
    assert (told["organisation"]["reference"], told["unit"]) == (BUYER, "a household")
    assert Measure.objects.count() == 2
    wrong = send(person("buyer"), "POST", MEASURES, {"name": 5, "unit": " "}, Idempotency_Key="k2")
    assert wrong.status_code == 400
    assert [each["pointer"] for each in wrong.json()["errors"]] == [
        "/name", "/definition", "/data_source", "/unit",
    ]  # fmt: skip


def test_from_a_plan_to_the_last_penny(person: Callable[[str], Client]) -> None:
    client, payer, approver, lead = (person(one) for one in ("buyer", "payer", "approver", "larch"))
    call_off = f"{CALL_OFFS}{drafted().reference}/"
    assert client.get(f"{call_off}outcomes/").status_code == 404
    tag = client.get(call_off)["ETag"]
    made = send(client, "PUT", f"{call_off}outcomes/", terms(cap="9000.00"), If_Match=tag)
    assert made.status_code == 201, made.content
    told = made.json()
    assert [one["pointer"] for one in told["blocking"]] == ["/cap"]
    assert told["available_actions"] == ["edit", "remove", "propose"]
    tag = client.get(call_off)["ETag"]
    made = send(client, "PUT", f"{call_off}outcomes/", terms(), If_Match=tag)
    assert (made.status_code, made.json()["blocking"]) == (200, [])
    assert made["ETag"] == client.get(f"{call_off}outcomes/")["ETag"]
    plan = made["Location"]
    assert made.json()["measures"] == [
        {"measure": "in-work", "name": "In work", "unit": "a person", "baseline": 10, "target": 30,
         "price": pounds("100.01"), "most": 30, "cap": pounds("3000.30")},
    ]  # fmt: skip
    assert made.json()["payers"][1] == {
        "organisation": {"reference": PAYER, "name": "Kirklees Council"}, "share": "33.33", "fund": "Top-up",
        "pot": pounds("300.00"), "opens_on": "2020-01-01", "closes_on": "2099-01-01", "approved_at": None,
        "paid": pounds("0.00"), "left": pounds("300.00"),
    }  # fmt: skip
    assert payer.get(plan).status_code == 404
    asked = send(client, "POST", f"{call_off}outcomes/propose/", {}, If_Match=made["ETag"])
    assert (asked.status_code, asked.json()["status"]) == (200, "proposed")
    blocked = client.get(call_off).json()["blocking"]
    assert [one["pointer"] for one in blocked] == ["/outcomes"]
    seen = payer.get(plan)
    assert seen.json()["available_actions"] == ["approve_share"]
    shared = send(payer, "POST", f"{plan}approve-share/", {}, If_Match=seen["ETag"])
    assert (shared.json()["status"], shared.json()["available_actions"]) == ("proposed", [])
    again = send(payer, "POST", f"{plan}approve-share/", {}, Idempotency_Key="k2")
    assert again.status_code == 409
    shared = send(approver, "POST", f"{call_off}outcomes/approve-share/", {})
    assert (shared.json()["status"], shared.json()["available_actions"]) == ("agreed", ["edit"])
    offer = send(client, "POST", f"{call_off}offers/", {})
    assert offer.status_code == 201, offer.content
    assert client.get(plan).json()["available_actions"] == []
    late = send(client, "PUT", f"{call_off}outcomes/", terms())
    assert late.status_code == 409
    assert send(lead, "POST", f"{offer['Location']}accept/", {}).status_code == 200
    award = send(client, "POST", f"{call_off}award/", {"conflicts": "None."}).json()
    contract = f"{CONTRACTS}{award['contract']['reference']}/"
    for signer in (lead, client):
        send(signer, "POST", f"{contract}sign/", {})
    Contract.objects.update(starts_on=days()["first_day"])
    first = send(
        lead,
        "POST",
        f"{contract}claims/",
        CLAIM | days() | {"count": 20, "last_day": days()["first_day"]},
        If_Match=lead.get(contract)["ETag"],
    )
    assert first.status_code == 201, first.content
    assert (first.json()["claimed"], first.json()["amount"], first.json()["available_actions"]) == (
        pounds("2000.20"), None, ["add_file"],
    )  # fmt: skip
    claim = first["Location"]
    assert first["ETag"] == lead.get(claim)["ETag"]
    assert client.get(claim).json()["available_actions"] == ["verify", "reject"]
    assert totals(payer, plan) == ["2500.00", "2000.20", "0.00", "0.00", "2500.00"]
    seen = send(client, "POST", f"{claim}verify/", {"counted": 20}, If_Match=client.get(claim)["ETag"])
    assert (seen.json()["counted"], seen.json()["amount"]) == (20, pounds("2000.20"))
    assert totals(payer, plan) == ["2500.00", "0.00", "2000.20", "0.00", "499.80"]
    settled = send(approver, "POST", f"{claim}pay/", {}).json()
    assert [(one["organisation"]["reference"], one["fund"], one["amount"]) for one in settled["payments"]] == [
        (BUYER, "", pounds("1700.20")), (PAYER, "Top-up", pounds("300.00")),
    ]  # fmt: skip
    assert lead.get(claim).json()["payments"] == settled["payments"]
    assert totals(payer, plan) == ["2500.00", "0.00", "0.00", "2000.20", "499.80"]
    fund = payer.get(plan).json()["payers"][1]
    assert (fund["paid"], fund["left"]) == (pounds("300.00"), pounds("0.00"))
    again = CLAIM | days() | {"count": 20}
    twice = send(lead, "POST", f"{contract}claims/", again, Idempotency_Key="k2")
    assert (twice.status_code, [one["pointer"] for one in twice.json()["errors"]]) == (422, ["/first_day"])
    again["first_day"] = again["last_day"]
    second = send(lead, "POST", f"{contract}claims/", again, Idempotency_Key="k3")
    capped = send(client, "POST", f"{second['Location']}verify/", {"counted": 20}).json()
    assert capped["amount"] == pounds("499.80")
    listed = client.get(f"{contract}claims/").json()["results"]
    assert [one["status"] for one in listed] == ["verified", "paid"]
    assert client.get(f"{contract}claims/?status=paid&measure=in-work").json()["count"] == 1
    unknown = client.get(f"{contract}claims/?measure=housed")
    assert (unknown.status_code, [one["parameter"] for one in unknown.json()["errors"]]) == (400, ["measure"])
    history = [one["type"] for one in client.get(f"{call_off}history/?page_size=100").json()["results"]]
    assert history[:4] == ["claim.verified", "claim.submitted", "claim.paid", "claim.verified"]
    assert history[-7:-1] == [
        "outcome_plan.agreed", "outcome_plan.share_approved", "outcome_plan.share_approved",
        "outcome_plan.proposed", "outcome_plan.edited", "outcome_plan.edited",
    ]  # fmt: skip


def test_a_plan_that_is_not_agreed_is_removed_and_one_that_follows_goes_on_from_its_revision(
    person: Callable[[str], Client],
) -> None:
    client, payer, plan = person("buyer"), person("payer"), outcomes.proposed()
    path, call_off = f"{PLANS}{plan.reference}/", f"{CALL_OFFS}{plan.call_off.reference}/"
    before, tag = kept(), payer.get(path)["ETag"]
    for headers, status in (({"If_Match": ""}, 428), ({"If_Match": '"1"'}, 412)):
        assert send(client, "DELETE", path, **headers).status_code == status
    assert kept() == before
    assert send(client, "DELETE", path, If_Match=tag).status_code == 204
    assert client.get(path).status_code == client.get(f"{call_off}outcomes/").status_code == 404
    assert send(client, "DELETE", path).status_code == 404
    assert "/outcomes" not in [one["pointer"] for one in client.get(call_off).json()["blocking"]]
    made = send(client, "PUT", f"{call_off}outcomes/", terms(cap="2000.00"))
    assert made.status_code == 201, made.content
    assert send(client, "POST", f"{call_off}outcomes/propose/", {}).status_code == 200
    assert send(payer, "POST", f"{path}approve-share/", {}, If_Match=tag).status_code == 412
    for name, asker in (("a1", payer), ("a2", person("approver"))):
        assert send(asker, "POST", f"{path}approve-share/", {}, Idempotency_Key=name).status_code == 200
    assert send(client, "DELETE", path).status_code == 409


def totals(client: Client, plan: str) -> list[str]:
    told = client.get(plan).json()["totals"]
    return [told[name]["amount"] for name in ("cap", "claimed", "verified", "paid", "left")]


def test_a_cancelled_call_off_takes_no_step_of_its_plan(person: Callable[[str], Client]) -> None:
    plan = outcomes.proposed()
    call_off = CallOff.objects.get(pk=plan.call_off_id)
    cancel_call_off(buyer(), call_off.reference, call_off.revision, "The need has gone.")
    before = kept()
    assert person("payer").get(f"{PLANS}{plan.reference}/").json()["available_actions"] == []
    refused = send(person("payer"), "POST", f"{PLANS}{plan.reference}/approve-share/", {})
    assert (refused.status_code, kept()) == (409, before)


def test_every_change_needs_if_match_and_every_post_a_key(person: Callable[[str], Client]) -> None:
    things = {kind: outcomes.MADE[kind]() for kind in dict.fromkeys(move[0] for move in MOVES)}
    for kind, method, path, body, _, may, _ in MOVES:
        client = person(str(WHO[may[0]]))
        one, said = path.format(things[kind]), body | days() if body is CLAIM else body
        before = kept()
        bare = send(client, method, one, said, If_Match="")
        assert (bare.status_code, bare.json()["code"]) == (428, "precondition_required"), path
        stale = send(client, method, one, said, If_Match='"99-0a"')
        assert (stale.status_code, stale.json()["code"]) == (412, "stale"), path
        if method == "POST":
            bare = send(client, method, one, said, Idempotency_Key="")
            assert (bare.status_code, bare.json()["code"]) == (400, "idempotency_key_missing"), path
        assert kept() == before, path


def test_a_claim_that_is_sent_twice_is_made_and_paid_once(person: Callable[[str], Client]) -> None:
    contract = f"{CONTRACTS}{outcomes.live().reference}/"
    lead, tag = person("larch"), person("larch").get(contract)["ETag"]
    first, again = (send(lead, "POST", f"{contract}claims/", CLAIM | days(), If_Match=tag) for _ in range(2))
    assert (again.status_code, again.json(), again["ETag"]) == (201, first.json(), first["ETag"])
    assert Claim.objects.count() == 1
    send(person("buyer"), "POST", f"{first['Location']}verify/", {"counted": 3})
    for _ in range(2):
        answer = send(person("approver"), "POST", f"{first['Location']}pay/", {})
        assert (answer.status_code, answer.json()["status"]) == (200, "paid")
    assert OutcomePayment.objects.count() == 2


FAULTS: tuple[tuple[str, str, str, str, Any, int, list[str] | None], ...] = (
    ("OUTCOMES", "buyer", "PUT", CALL_OFFS + "{}/outcomes/", {"colour": 1}, 400, ["/colour"]),
    ("OUTCOMES", "buyer", "PUT", CALL_OFFS + "{}/outcomes/", {"cap": 5}, 400, ["/cap"]),
    ("OUTCOMES", "buyer", "PUT", CALL_OFFS + "{}/outcomes/", {"cap": "5.001"}, 422, ["/cap"]),
    ("OUTCOMES", "buyer", "PUT", CALL_OFFS + "{}/outcomes/", {"payers": [{"organisation": "none", "share": "5"}]},
     422, ["/payers/0/organisation"]),
    ("OUTCOMES", "buyer", "PUT", CALL_OFFS + "{}/outcomes/", {"measures": [{"measure": "x", "colour": 1}]}, 400,
     None),
    ("OUTCOMES", "buyer", "POST", CALL_OFFS + "{}/outcomes/propose/", {"cap": "1.00"}, 400, ["/cap"]),
    ("PAYS", "larch", "POST", CONTRACTS + "{}/claims/", {"measure": "none", "count": 0}, 422,
     ["/measure", "/count", "/first_day", "/last_day", "/evidence"]),
    ("PAYS", "larch", "POST", CONTRACTS + "{}/claims/", {"measure": 5}, 400, ["/measure"]),
    ("PAYS", "larch", "POST", CONTRACTS + "{}/claims/", {"colour": 5}, 400, ["/colour"]),
    ("CLAIM", "buyer", "POST", CLAIMS + "{}/verify/", {"counted": 21}, 422, ["/counted"]),
    ("CLAIM", "buyer", "POST", CLAIMS + "{}/verify/", {"counted": "5"}, 400, ["/counted"]),
    ("CLAIM", "buyer", "POST", CLAIMS + "{}/reject/", {}, 422, ["/reason"]),
    ("CLAIM", "buyer", "POST", CLAIMS + "{}/reject/", {"reason": 5}, 400, ["/reason"]),
    ("VERIFIED", "approver", "POST", CLAIMS + "{}/pay/", {"amount": "5.00"}, 400, ["/amount"]),
)  # fmt: skip


def test_faults_are_named_by_pointer(person: Callable[[str], Client]) -> None:
    things = {kind: outcomes.MADE[kind]() for kind in dict.fromkeys(fault[0] for fault in FAULTS)}
    before = kept()
    for kind, who, method, path, body, status, pointers in FAULTS:
        answer = send(person(who), method, path.format(things[kind]), body)
        assert answer.status_code == status, (path, body, answer.content)
        assert pointers in (None, [each["pointer"] for each in answer.json()["errors"]]), (path, body)
        assert kept() == before, (path, body)


def test_an_unpaid_claim_is_not_paid_and_a_rejected_one_is_over(person: Callable[[str], Client]) -> None:
    one, two = outcomes.claimed(), outcomes.rejected()
    before = kept()
    assert send(person("approver"), "POST", f"{CLAIMS}{one.reference}/pay/", {}).status_code == 409
    assert (
        send(person("buyer"), "POST", f"{CLAIMS}{two.reference}/verify/", {"counted": 1}).status_code == 409
    )
    told = person("larch").get(f"{CLAIMS}{two.reference}/").json()
    assert (told["status"], told["reason"], told["counted"], told["amount"]) == (
        "rejected", "No returns.", None, None,
    )  # fmt: skip
    bare = f"{CONTRACTS}{calling_off.active().reference}/claims/"
    before = kept()
    assert send(person("larch"), "POST", bare, CLAIM | days()).status_code == 409
    assert kept() == before


def test_lists_take_as_many_queries_for_many_as_for_one(person: Callable[[str], Client]) -> None:
    client, counts = person("buyer"), []
    contract = outcomes.live()
    for many in ((1,), (2, 3, 4)):
        for day in many:
            claim = outcomes.claimed(contract, day)
            outcomes.proposed()
        plan = f"{PLANS}{contract.call_off.reference}~outcomes/"
        for path in (
            PLANS,
            plan,
            f"{CONTRACTS}{contract.reference}/claims/",
            f"{CLAIMS}{claim.reference}/",
            MEASURES,
        ):
            with CaptureQueriesContext(connection) as queries:
                assert client.get(path).status_code == 200
            counts.append(len(queries))
    assert counts[:5] == counts[5:]


def test_a_social_investor_is_a_party_and_its_word_is_kept(person: Callable[[str], Client]) -> None:
    plan = f"{PLANS}{outcomes.invested().reference}/"
    approver = person("approver")
    told = approver.get(plan).json()
    assert told["investor"] == {
        "reference": None, "name": "A social fund", "scheme": "XX-DEMO", "identifier": "00000001",
        "approved_at": None, "note": "",
    }  # fmt: skip
    assert "approve_investor" in told["available_actions"]
    assert send(approver, "POST", f"{plan}approve-investor/", {}).json()["errors"][0]["pointer"] == "/note"
    told = send(
        approver, "POST", f"{plan}approve-investor/", {"note": "A letter."}, Idempotency_Key="k2"
    ).json()
    assert (told["investor"]["note"], told["status"]) == ("A letter.", "proposed")
    assert told["investor"]["approved_at"]
    assert "approve_investor" not in told["available_actions"]


def test_evidence_as_a_file_is_read_by_both_sides_and_by_whoever_pays(
    person: Callable[[str], Client], settings: Any, tmp_path: Path
) -> None:
    settings.MEDIA_ROOT = tmp_path
    claim = f"{CLAIMS}{outcomes.claimed().reference}/"
    lead = person("larch")
    sent = lead.post(
        f"{claim}files/",
        {"file": SimpleUploadedFile("returns.txt", b"Three were paid.")},
        headers={"If-Match": "*", "Idempotency-Key": "k1"},
    )
    assert sent.status_code == 201, sent.content
    (file,) = sent.json()["files"]
    assert (file["name"], file["media_type"], file["size"]) == ("returns.txt", "text/plain", 16)
    for who, status in (("larch", 200), ("buyer", 200), ("payer", 200), ("brightwater", 404)):
        assert person(who).get(f"/api/v1/files/{file['reference']}/").status_code == status, who


def test_plans_are_narrowed(person: Callable[[str], Client]) -> None:
    client = person("buyer")
    draft, asked = outcomes.said(), outcomes.proposed()

    def found(query: str) -> list[str]:
        return [one["reference"] for one in client.get(PLANS + query).json()["results"]]

    assert found("") == [asked.reference, draft.reference]
    assert found("?status=proposed") == [asked.reference]
    assert found(f"?call_off={draft.call_off.reference}&organisation={BUYER}") == [draft.reference]
    assert found(f"?organisation={PAYER}") == []
    assert client.get(f"{PLANS}?colour=red").status_code == 400
