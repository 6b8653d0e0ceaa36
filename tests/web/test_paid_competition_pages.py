"""A competition that pays for outcomes, on the pages: the buyer, tenderers and both sides of a contract read them."""

from __future__ import annotations

from django.test import Client

from procurement.models import TenderRevision
from tests.web import paying
from tests.web.buying import signed
from tests.web.calling_off import need
from tests.web.competing import (
    LEAD,
    closed_by_the_clock,
    drafted,
    invitation_of,
    plan,
    revision,
    taken,
    tender_of,
)
from tests.web.reading import Page, read, rows, summary

ALONE = "Outcomes are paid instead of days: no price of the work is asked for."
OUTCOMES = "Outcomes that are paid for"


def competed(page: Client, *, value: str, **changes: object) -> str:
    """A draft of a competition whose plan of outcomes is agreed; the address of the competition."""
    paying.people()
    address = drafted(
        signed(page), value=value, expenses="", amount=[""], months=[""], requirement=need(**changes)
    )
    form = paying.plan_form(paying.library(page))
    assert paying.send(page, f"{address}/outcomes", **form).status_code == 303
    outcomes = f"/outcome-plans/{address.rpartition('/')[2]}~outcomes"
    assert paying.step(page, outcomes, "propose").status_code == 303
    for email in (paying.APPROVER, paying.PAYER):
        assert paying.step(signed(page, email), outcomes, "approve_share").status_code == 303
    signed(page)
    answer = page.post(
        f"{address}/competition/plan", plan() | {"revision": revision(f"{address}/competition")}
    )
    assert answer.status_code == 303
    return f"{address}/competition"


def told(shown: Page) -> list[str]:
    """What a page says of the one outcome."""
    [line] = rows(shown, OUTCOMES)[1:]
    return line


def test_outcomes_instead_of_days_are_read_where_they_are_tendered_for(page: Client, market: None) -> None:
    address = competed(page, value="", team=[])
    before = read(page.get(address))
    assert ALONE in " ".join(before.texts("p"))
    assert told(before)[3] == "For one: £100.01"
    taken(page, address, "publish")
    invitation = invitation_of(address)
    shown = read(signed(page, LEAD).get(invitation))
    assert told(shown) == told(before)
    [paid] = [one for one in shown.texts("p") if ALONE in one]
    assert "In all at most £2,500 without VAT." in paid
    form = read(page.get(f"{invitation}/tender"))
    assert [
        one.attributes["name"] for one in form.all("input", type="text") if "price" in one.attributes["name"]
    ] == []
    assert any("No price of the work is asked for." in one for one in form.texts("p"))
    answers = {"answer-method": "We ask everybody.", "answer-social-value": "We hire nearby."}
    sent = {"do": "submit", "revision": tender_of(address, "alders").revision, "expenses": ""} | answers
    assert page.post(f"{invitation}/tender", sent).status_code == 303
    [receipt] = TenderRevision.objects.all()
    assert (receipt.work_minor, receipt.compared_minor) == (0, 250_000)
    closed_by_the_clock(address)
    tender = f"/tenders/{tender_of(address, 'alders').reference}"
    assert told(read(signed(page).get(tender))) == told(before)


def test_a_contract_names_its_outcomes_to_both_sides(page: Client, market: None) -> None:
    paying.people()
    contract = paying.contracted(page, paying.agreed(page))
    for email in (paying.ALDER, "buyer@example.org"):
        shown = read(signed(page, email).get(contract))
        assert told(shown)[3:] == ["For one: £100.01", "At most: 30"]
        assert summary(shown)["Value, without VAT"].endswith(
            "with every option and all outcomes at most £12,505.50"
        )
    offer = read(page.get(f"/offers/{paying.CallOff.objects.get().reference}~1"))
    assert told(offer) == told(shown)
