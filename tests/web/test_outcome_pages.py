"""Paying for outcomes on the pages: the library, a plan that others approve, claims with their evidence, payments."""

from __future__ import annotations

from typing import Any

import pytest
from django.core.files.uploadedfile import SimpleUploadedFile
from django.test import Client

from procurement.models import (
    CallOff,
    Claim,
    ClaimFile,
    Contract,
    Event,
    Measure,
    Organisation,
    OutcomePayment,
    OutcomePlan,
)
from tests.web.buying import colleague, signed
from tests.web.calling_off import begun
from tests.web.market import HOSTILE
from tests.web.paying import (
    ALDER,
    APPROVER,
    OUTCOME,
    PAYER,
    agreed,
    claim_form,
    claimed,
    contracted,
    library,
    people,
    plan_form,
    planned,
    send,
    step,
)
from tests.web.reading import read, rows, wrong

INVESTOR = "investor@example.org"


@pytest.fixture(autouse=True)
def everybody(page: Client) -> None:
    people()


def state() -> list[Any]:
    return [
        Event.objects.count(),
        list(OutcomePlan.objects.order_by("pk").values()),
        list(Claim.objects.order_by("pk").values()),
        [one.objects.count() for one in (Measure, ClaimFile, OutcomePayment)],
    ]


def steps_on(page: Client, address: str) -> set[str]:
    return {one.attributes["value"] for one in read(page.get(address)).all("input", name="do")}


def test_an_outcome_is_added_to_the_library_for_everybody(page: Client) -> None:
    signed(page)
    before = state()
    refused = page.post("/measures", OUTCOME | {"unit": "", "definition": ""})
    assert refused.status_code == 422
    assert {anchor for _, anchor in wrong(read(refused))} == {"#unit", "#definition"}
    unnamed = page.post("/measures", OUTCOME | {"name": ""})
    assert wrong(read(unnamed)) == [("Name: this must not be empty", "#name")]
    assert state() == before
    library(page)
    for email, status in ((PAYER, 200), (ALDER, 404)):
        answer = signed(page, email).get("/measures")
        assert (answer.status_code, b"In paid work for 26 weeks." in answer.content) == (
            status,
            status == 200,
        )


def test_a_plan_is_said_proposed_and_agreed_by_all_who_pay(page: Client) -> None:
    address = planned(page)
    plan = OutcomePlan.objects.get()
    assert (plan.cap_minor, plan.status) == (250_000, "draft")
    assert steps_on(page, address) == {"propose", "remove"}
    shown = read(page.get(f"/call-offs/{plan.call_off.reference}"))
    assert address in [one.attributes["href"] for one in shown.all("a")]
    assert signed(page, PAYER).get(address).status_code == 404
    assert step(signed(page), address, "propose")["Location"] == f"{address}?done=propose"
    assert (
        "Next: a body that pays, to approve share"
        in page.get(f"/call-offs/{plan.call_off.reference}").content.decode()
    )
    assert steps_on(signed(page, PAYER), address) == {"approve_share"}
    assert address in [one.attributes["href"] for one in read(page.get("/outcome-plans")).all("a")]
    assert page.get(f"/call-offs/{plan.call_off.reference}").status_code == 404
    before = state()
    assert step(page, address, "remove").status_code == 403
    assert page.post(address, {"do": "approve_share", "revision": 1}).status_code == 409
    assert signed(page, ALDER).get(address).status_code == 404
    assert state() == before
    for email in (PAYER, APPROVER):
        assert step(signed(page, email), address, "approve_share").status_code == 303
    plan.refresh_from_db()
    assert plan.status == "agreed"
    table = rows(read(page.get(address)), "Bodies that pay, with their shares")
    assert [row[1] for row in table[1:]] == ["Share: 66.67%", "Share: 33.33%"]


def test_what_is_wrong_with_a_plan_is_told_at_its_fields_and_shown_again(page: Client) -> None:
    address = f"{begun(signed(page))}/outcomes"
    said = plan_form(
        library(page),
        cap="much",
        price=["0", "", ""],
        target=["", "", ""],
        payer_organisation=["nobody", "ministry", ""],
        payer_pot=["", "", ""],
        investor="council",
        investor_name=HOSTILE,
    )
    before = state()
    answer = send(page, address, **said)
    assert answer.status_code == 422
    assert {anchor for _, anchor in wrong(read(answer))} == {
        "#cap", "#price-1", "#target-1", "#investor_name", "#investor_scheme", "#investor_identifier",
        "#payer_organisation-2",
    }  # fmt: skip
    again = read(answer)
    assert again.one("input", id="payer_organisation-1").attributes["value"] == "nobody"
    assert HOSTILE not in answer.content.decode()
    assert state() == before
    unknown = send(page, address, **plan_form(library(page), payer_organisation=["nobody", "ministry", ""]))
    assert [anchor for _, anchor in wrong(read(unknown))] == ["#payer_organisation-1"]
    assert page.post(address, {"revision": 99, **plan_form(library(page))}).status_code == 409
    assert signed(page, PAYER).get(address).status_code == 404
    assert state() == before


def test_a_draft_tells_what_is_missing_is_said_anew_and_taken_away(page: Client) -> None:
    address = planned(page, cap="", **{"answer-adds": "no"})
    form = f"/call-offs/{OutcomePlan.objects.get().call_off.reference}/outcomes"
    shown = page.get(address).content.decode()
    assert "Missing before it is proposed" in shown
    assert "propose" not in steps_on(page, address)
    typed = read(page.get(form))
    assert typed.one("input", id="price-1").attributes["value"] == "100.01"
    assert typed.one("input", id="payer_pot-2").attributes["value"] == "300.00"
    assert typed.one("input", id="answer-adds-2").attributes.get("checked") == ""
    assert send(page, form, **plan_form(library(page))).status_code == 303
    assert "Missing before it is proposed" not in page.get(address).content.decode()
    gone = step(page, address, "remove")
    assert (gone.status_code, gone["Location"].partition("?")[0]) == (303, form.removesuffix("/outcomes"))
    assert page.get(address).status_code == 404
    assert CallOff.objects.get().outcomes_minor == 0


def test_a_social_investor_says_its_word_or_the_buyers_approver_where_it_stands(page: Client) -> None:
    colleague(INVESTOR, "fund", "approver")
    address = planned(page, investor="fund")
    step(page, address, "propose")
    for email in (PAYER, APPROVER):
        step(signed(page, email), address, "approve_share")
    before = state()
    refused = step(signed(page, APPROVER), address, "approve_investor", note="")
    assert [anchor for _, anchor in wrong(read(refused))] == ["#note"]
    assert step(signed(page, PAYER), address, "approve_investor", note="Yes.").status_code == 403
    assert state() == before
    assert steps_on(signed(page, INVESTOR), address) == {"approve_investor"}
    assert step(page, address, "approve_investor").status_code == 303
    assert OutcomePlan.objects.get().status == "agreed"
    assert "Has approved its part" in page.get(address).content.decode()


def test_an_investor_that_buys_nothing_here_finds_the_plan_from_its_account_and_says_its_word(
    page: Client,
) -> None:
    Organisation.objects.create(reference="fund", name="A fund")
    colleague(INVESTOR, "fund", "approver")
    address = planned(page, investor="fund")
    step(page, address, "propose")
    for email in (PAYER, APPROVER):
        step(signed(page, email), address, "approve_share")
    signed(page, INVESTOR)
    for here, link in (("/account", "/outcome-plans"), ("/outcome-plans", address)):
        assert link in [one.attributes["href"] for one in read(page.get(here)).all("a")], here
    assert "/measures" not in page.get("/outcome-plans").content.decode()
    assert steps_on(page, address) == {"approve_investor"}
    assert step(page, address, "approve_investor").status_code == 303
    assert OutcomePlan.objects.get().status == "agreed"


def test_outcomes_are_claimed_with_a_file_verified_by_another_and_paid_by_shares(page: Client) -> None:
    plan = agreed(page)
    contract = contracted(page, plan)
    claims = f"{contract}/claims"
    assert claims in [one.attributes["href"] for one in read(page.get(contract)).all("a")]
    before = state()
    revision = Contract.objects.get().revision
    refused = page.post(claims, claim_form(count="", last_day="2999-01-01", revision=revision))
    assert {anchor for _, anchor in wrong(read(refused))} >= {"#count", "#last_day"}
    assert state() == before
    claim = claimed(page, contract)
    row = Claim.objects.get()
    file = SimpleUploadedFile("returns.txt", b"Twenty people.", "text/plain")
    assert step(page, claim, "add_file", file=file)["Location"] == f"{claim}?done=add_file"
    kept = ClaimFile.objects.get()
    before = state()
    bad = step(page, claim, "add_file", file=SimpleUploadedFile("returns.exe", b"MZ"))
    assert [anchor for _, anchor in wrong(read(bad))] == ["#file"]
    assert step(page, claim, "verify", counted="20").status_code == 403
    assert state() == before
    for email in ("buyer@example.org", PAYER, ALDER):
        assert (
            b"".join(signed(page, email).get(f"/files/{kept.reference}").streaming_content)
            == b"Twenty people."
        )
    assert signed(page, "nobody@example.org").get(f"/files/{kept.reference}").status_code == 404
    signed(page)
    assert steps_on(page, claim) == {"verify", "reject"}
    misread = step(page, claim, "verify", counted="some")
    assert wrong(read(misread)) == [("How many are borne out: this must be a whole number", "#counted")]
    assert step(page, claim, "verify", counted="40").status_code == 422
    assert step(page, claim, "verify", counted="10").status_code == 303
    assert steps_on(page, claim) == {"unverify"}
    assert step(page, claim, "unverify", reason="").status_code == 422
    assert step(page, claim, "unverify", reason="A slip.").status_code == 303
    assert steps_on(page, claim) == {"verify", "reject"}
    assert step(page, claim, "verify", counted="10").status_code == 303
    assert steps_on(signed(page, APPROVER), claim) == {"pay"}
    assert step(page, claim, "pay").status_code == 303
    row.refresh_from_db()
    # Ten of 100.01; the fund pays no more than its pot holds.
    assert (row.status, row.amount_minor) == ("paid", 100_010)
    assert sorted(OutcomePayment.objects.values_list("minor", flat=True)) == [30_000, 70_010]
    shown = signed(page, PAYER).get(claim).content.decode()
    assert "£300 of Top-up" in shown
    assert claim in [one.attributes["href"] for one in read(page.get(plan)).all("a")]
    assert page.get(contract).status_code == 404


def test_a_claim_is_rejected_for_a_reason_and_claimed_anew(page: Client) -> None:
    contract = contracted(page, agreed(page))
    claim = claimed(page, contract)
    before = state()
    again = page.post(f"{contract}/claims", claim_form(revision="99"))
    assert again.status_code == 409
    assert step(signed(page), claim, "reject", reason="").status_code == 422
    assert state() == before
    assert step(page, claim, "reject", reason=HOSTILE).status_code == 303
    assert HOSTILE not in page.get(claim).content.decode()
    assert claimed(page, contract) != claim
    assert len(rows(read(page.get(f"{contract}/claims")), "Claims, newest first")) == 3


def test_a_contract_that_pays_for_none_has_no_claims(page: Client) -> None:
    signed(page, ALDER)
    assert page.get("/contracts/CON-2020-0001/claims").status_code == 404
    assert page.get("/claims/CL-2020-0001").status_code == 404
