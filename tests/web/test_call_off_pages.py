"""Call-offs on the pages: begun, edited, sent, answered, awarded, signed; who sees what, and what is refused."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

import pytest
from django.test import Client
from django.utils import timezone
from pytest_django import DjangoAssertNumQueries

from procurement.models import Appointment, CallOff, Contract, Event, Framework, Lot, Offer, Partner
from procurement.working_days import LONDON
from tests.web.buying import ALDER, colleague, signed
from tests.web.calling_off import awarded, begun, chosen, form, need, sent_to_alder, step
from tests.web.reading import read, summary, wrong


def state() -> tuple[Any, ...]:
    """All that a refusal must leave alone."""
    return (
        list(CallOff.objects.order_by("pk").values_list("reference", "title", "status", "revision", "terms")),
        list(Offer.objects.order_by("pk").values_list("reference", "status", "revision")),
        list(Contract.objects.order_by("pk").values_list("reference", "status", "revision")),
        Event.objects.count(),
    )


def status(page: Client, address: str) -> str:
    [_, told, *_] = read(page.get(address)).texts("strong", class_="govuk-tag")
    return told


def offered_steps(page: Client, address: str) -> set[str]:
    """The steps that the page offers forms for."""
    return {one.attributes["value"] for one in read(page.get(address)).all("input", name="do")}


def test_a_direct_award_walks_from_draft_to_contract_on_the_pages(page: Client) -> None:
    address, offer, contract = awarded(signed(page))
    assert status(page, address) == "Awarded"
    assert step(page, contract, "sign").status_code == 303
    assert "sign" not in offered_steps(page, contract)
    signed(page, "alder@example.org")
    assert step(page, contract, "sign").status_code == 303
    assert status(page, contract) == "Active"
    assert summary(read(page.get(offer)))["Contract"].endswith("Active")
    signed(page)
    assert status(page, address) == "Contracted"
    assert offered_steps(page, address) == set()


def test_a_draft_shows_its_suppliers_in_their_order_with_prices(page: Client) -> None:
    shown = read(signed(page).get(begun(page)))
    cells = [cell.text for cell in shown.all("td", class_="govuk-table__cell--numeric")]
    assert cells == ["Price: £6,505", "In all: £10,005.50", "Price: £5,500", "In all: £9,000.50"]
    heads = [one.text for one in shown.all("th", scope="row")]
    assert heads == [
        "1. Consortium Alder Fictional firm Wanted: Alder",
        "2. Dogwood Digital Fictional firm Wanted: Dogwood",
    ]
    assert summary(shown)["Options"] == "3 months for at most £2,500.50"


def test_what_keeps_a_draft_back_is_told_and_no_step_that_would_fail_is_offered(
    page: Client,
) -> None:
    address = begun(signed(page), mechanism="", reason="", requirement=need(months=None))
    shown = read(page.get(address))
    assert [one.text for one in shown.all("li") if "Say" in one.text or "does not" in one.text] == [
        "The requirement does not say how long the work takes.",
        "Say on what the direct award rests.",
        "Say why this is awarded without competition.",
    ]
    assert offered_steps(page, address) == {"cancel"}


def test_what_keeps_a_call_off_back_that_is_out_is_told_of_its_next_order_form(page: Client) -> None:
    draft = begun(signed(page), requirement=need(months=None))
    assert "Before it can go out" in read(page.get(draft)).texts("h2")
    address, offer = sent_to_alder(page)
    step(signed(page, "alder@example.org"), offer, "decline", reason="No capacity.")
    Lot.objects.filter(reference="rm1~1").update(direct_award=False)
    shown = read(signed(page).get(address)).texts("h2")
    told = ("Before the next order form can go out" in shown, "Before it can go out" in shown)
    assert told == (True, False)


def test_a_draft_is_edited_with_what_stood_in_it(page: Client) -> None:
    address = begun(signed(page))
    shown = read(page.get(f"{address}/edit"))
    values = {
        one.attributes["id"]: one.attributes.get("value", "")
        for one in shown.all("input", class_="govuk-input")
    }
    assert values["title"] == "Evaluation"
    assert (values["months-1"], values["amount-1"], values["months-2"]) == ("3", "2500.50", "")
    sent = form(page, title="Second evaluation") | {"revision": 1}
    answer = page.post(f"{address}/edit", sent)
    assert (answer.status_code, answer["Location"]) == (303, f"{address}?done=edited")
    assert read(page.get(address)).texts("h1") == ["Second evaluation"]


@pytest.mark.parametrize(
    ("changes", "anchor", "told"),
    [
        ({"title": ""}, "title", "Title: this must not be empty"),
        ({"route": ""}, "route", "Route: say which"),
        ({"requirement": ""}, "requirement", "Requirement: name the requirement that is bought"),
        ({"shortlist": "SL-2026-9999"}, "shortlist", "Shortlist: your organisation has no such shortlist"),
        (
            {"hours_per_day": "seven"},
            "hours_per_day",
            "Hours a day: a number with at most two decimals, such as 7.5",
        ),
        (
            {"expenses": "much"},
            "expenses",
            "Expenses: an amount is in pounds, such as 1250 or 1250.50, without VAT: pence follow a point",
        ),
        ({"months": ["x"], "amount": ["5"]}, "months-1", "Months of option 1: this must be a whole number"),
        ({"reply_days": "99"}, "reply_days", "Working days to answer: between 1 and 30"),
    ],
)  # fmt: skip
def test_a_draft_that_breaks_a_rule_changes_nothing_and_keeps_what_was_typed(
    page: Client, changes: dict[str, Any], anchor: str, told: str
) -> None:
    sent = form(signed(page), **changes)
    before = state()
    answer = page.post("/call-offs/new", sent)
    shown = read(answer)
    assert (answer.status_code, state()) == (422, before)
    [link] = [one for one in shown.all("a") if one.attributes.get("href") == f"#{anchor}"]
    assert link.text == told
    assert anchor in {one.attributes.get("id") for one in shown.elements}
    [reason] = shown.all("textarea", name="reason")
    assert reason.text == "First in the ranking."


def test_the_lead_supplier_reads_and_declines_and_the_next_is_asked(page: Client) -> None:
    address, offer = sent_to_alder(signed(page))
    assert step(page, address, "send_offer").status_code == 409
    signed(page, "alder@example.org")
    assert read(page.get("/offers")).texts("strong", class_="govuk-tag") == ["Demo", "Sent"]
    assert status(page, offer) == "Viewed"
    assert Event.objects.latest("position").type == "offer.viewed"
    before = state()
    answer = step(page, offer, "decline", reason=" ")
    assert (answer.status_code, state()) == (422, before)
    assert [one.attributes["href"] for one in read(answer).all("a") if "must not" in one.text] == [
        "#decline-reason"
    ]
    assert step(page, offer, "decline", reason="No capacity.").status_code == 303
    signed(page)
    shown = read(page.get(address))
    assert any("No capacity." in line for line in shown.texts("li"))
    assert step(page, address, "send_offer").status_code == 303
    assert Offer.objects.latest("pk").asked.appointment.supplier.reference == "dogwood"


def test_the_form_says_whom_it_goes_to_and_sends_nothing_where_another_is_next(page: Client) -> None:
    address = begun(signed(page))
    shown = read(page.get(address))
    assert shown.one("input", name="supplier").attributes["value"] == "alders"
    assert "Send the order form to Consortium Alder" in shown.one("main").text
    Appointment.objects.filter(reference="rm1~1~alders").update(status="suspended")
    before = state()
    answer = step(page, address, "send_offer", supplier="alders")
    assert (answer.status_code, state()) == (409, before)
    told = read(answer).one("div", class_="govuk-error-summary").text
    assert "The order form would go to Dogwood Digital (dogwood) now, not to alders." in told
    shown = read(page.get(address))
    assert shown.one("input", name="supplier").attributes["value"] == "dogwood"
    offers = [one.text for one in shown.all("td") if "Passed over" in one.text or "Asked next" in one.text]
    assert [one.partition(":")[0] for one in offers] == ["Passed over", "Asked next"]
    assert step(page, address, "send_offer", supplier="dogwood").status_code == 303
    assert Offer.objects.get().asked.appointment.supplier.reference == "dogwood"


@pytest.mark.parametrize("organisation", ["", "dogwood", "owner"])
def test_to_others_neither_call_off_nor_offer_nor_contract_is_there(page: Client, organisation: str) -> None:
    addresses = awarded(signed(page))
    if organisation:
        colleague("other@example.org", organisation, "administrator")
    signed(page, "other@example.org" if organisation else "nobody@example.org")
    before = state()
    for address in (*addresses, "/call-offs", "/call-offs/new", f"{addresses[0]}/edit"):
        assert page.get(address).status_code == 404, address
    assert page.post(addresses[1], {"do": "accept", "revision": 1}).status_code == 404
    assert state() == before


def test_another_buyer_and_another_supplier_see_nothing_of_it(page: Client) -> None:
    call_off, offer, contract = awarded(signed(page))
    colleague("other@example.org", "district", "editor")
    signed(page, "other@example.org")
    assert [page.get(one).status_code for one in (call_off, offer, contract)] == [404, 404, 404]
    signed(page, "alder@example.org")
    assert [page.get(one).status_code for one in (call_off, offer, contract)] == [404, 200, 200]


def test_the_buyer_gives_a_supplier_longer_to_answer(page: Client) -> None:
    _, offer = sent_to_alder(signed(page))
    sent = Offer.objects.get()
    assert {"extend", "withdraw"} <= offered_steps(page, offer)
    assert "Extended by the buyer" not in page.get(offer).content.decode()
    before = state()
    stands = read(page.get(offer)).one("input", id="reply_by").attributes["value"]
    for until in ("", "soon", stands):
        refused = step(page, offer, "extend", reply_by=until)
        assert (refused.status_code, [anchor for _, anchor in wrong(read(refused))]) == (
            422,
            ["#reply_by"],
        ), until
    assert state() == before
    later = sent.reply_by.astimezone(LONDON) + timedelta(days=7)
    answer = step(page, offer, "extend", reply_by=later.strftime("%Y-%m-%dT%H:%M"))
    assert answer["Location"] == f"{offer}?done=extend"
    now = Offer.objects.get()
    assert (now.reply_by, now.document) == (later, sent.document)
    signed(page, "alder@example.org")
    assert "Extended by the buyer: the order form was sent with " in page.get(offer).content.decode()
    assert "extend" not in offered_steps(page, offer)
    assert step(page, offer, "extend", reply_by="2099-01-01T12:00").status_code == 403


def test_a_contract_that_is_not_complete_after_all_goes_on(page: Client) -> None:
    _, _, contract = awarded(signed(page))
    step(page, contract, "sign")
    step(signed(page, "alder@example.org"), contract, "sign")
    Contract.objects.update(starts_on=timezone.localdate())
    signed(page)
    assert step(page, contract, "complete").status_code == 303
    assert "reopen" in offered_steps(page, contract)
    before = state()
    refused = step(page, contract, "reopen", reason=" ")
    assert (refused.status_code, [anchor for _, anchor in wrong(read(refused))]) == (422, ["#reopen-reason"])
    assert step(signed(page, "alder@example.org"), contract, "reopen", reason="So.").status_code == 403
    assert state() == before
    answer = step(signed(page), contract, "reopen", reason="The last report is still to come.")
    assert answer["Location"] == f"{contract}?done=reopen"
    assert (status(page, contract), "reopen" in offered_steps(page, contract)) == ("Active", False)


def test_a_colleague_who_only_reads_is_offered_no_step(page: Client) -> None:
    address, offer = sent_to_alder(signed(page))
    colleague("reads@example.org", "council", "viewer")
    signed(page, "reads@example.org")
    before = state()
    assert (offered_steps(page, address), offered_steps(page, offer)) == (set(), set())
    assert step(page, address, "cancel", reason="x").status_code == 403
    assert step(page, offer, "withdraw", reason="x").status_code == 403
    assert page.get("/call-offs/new").status_code == 403
    assert state() == before


def test_a_step_from_an_older_state_changes_nothing_and_says_so(page: Client) -> None:
    address, _ = sent_to_alder(signed(page))
    before = state()
    answer = page.post(address, {"do": "cancel", "revision": 1, "reason": "Late."})
    assert (answer.status_code, state()) == (409, before)
    assert "You changed this last, on " in answer.content.decode()
    assert read(answer).one("textarea", id="cancel-reason").text == "Late."
    assert page.post(address, {"do": "publish", "revision": 2}).status_code == 404


def test_an_award_without_a_word_on_conflicts_is_refused_by_the_name_of_the_field(page: Client) -> None:
    address, offer = sent_to_alder(signed(page))
    signed(page, "alder@example.org")
    assert step(page, offer, "accept").status_code == 303
    signed(page)
    before = state()
    answer = step(page, address, "award", conflicts=" ")
    told = [("Conflicts of interest: this must not be empty", "#conflicts")]
    assert (answer.status_code, wrong(read(answer)), state()) == (422, told, before)


def test_the_lists_take_the_same_number_of_queries_however_many_there_are(
    page: Client, django_assert_num_queries: DjangoAssertNumQueries
) -> None:
    sent_to_alder(signed(page))
    begun(page, shortlist=chosen(page, ALDER))
    with django_assert_num_queries(8):
        assert len(read(page.get("/call-offs")).all("th", scope="row")) == 2
    signed(page, "alder@example.org")
    with django_assert_num_queries(8):
        assert len(read(page.get("/offers")).all("th", scope="row")) == 1


def test_public_notices_stand_on_the_contract_with_their_last_days(page: Client) -> None:
    Framework.objects.filter(reference="rm1").update(regime="pa2023")
    Lot.objects.filter(reference="rm1~1").update(direct_award_cap_pence=None, maximum_value_pence=None)

    def told(address: str) -> str:
        return str(page.get(address).content.decode())

    address, _, contract = awarded(signed(page), expenses="£300,000")
    assert "Next: the buyer, to publish notice" in told(address)
    assert "UK6 contract award notice is published before you sign" in told(contract)
    assert "sign" not in offered_steps(page, contract)
    today, before = timezone.localdate().isoformat(), state()
    assert step(page, contract, "sign").status_code == 409
    assert state() == before
    step(page, contract, "publish_notice", notice="uk6", number="2026/S 000-0", published_on=today)
    assert "is published before you sign" not in told(contract)
    step(page, contract, "sign")
    signed(page, "alder@example.org")
    step(page, contract, "sign")
    assert "Draft as JSON" not in told(contract)
    assert page.get(f"{contract}/notices/uk7").status_code == 404
    signed(page)
    assert "29 days left" in told(contract)
    assert "publish_notice" in offered_steps(page, contract)
    draft = page.get(f"{contract}/notices/uk7")
    assert draft["Content-Disposition"].endswith('-uk7.json"')
    assert draft.json()["notice"]["key"] == "uk7"
    before = state()
    refused = step(page, contract, "publish_notice", notice="uk7", number="", published_on="9 March")
    assert refused.status_code == 422
    assert state() == before
    kept = step(page, contract, "publish_notice", notice="uk7", number="2026/S 000-1", published_on=today)
    assert kept.status_code == 303
    assert "2026/S 000-1" in told(contract)
    assert page.get(f"{contract}/notices/uk12").status_code == 404
    assert "UK10 contract change notice is published before the next option is taken" in told(contract)
    assert "extend" not in offered_steps(page, contract)
    refused = step(page, contract, "extend")
    assert refused.status_code == 409
    assert "say under uk10-1 where it was" in refused.content.decode()
    step(page, contract, "publish_notice", notice="uk10-1", number="2026/S 000-2", published_on=today)
    assert step(page, contract, "extend").status_code == 303


def test_an_award_that_may_not_be_signed_is_told_with_what_can_be_done(page: Client) -> None:
    address, _, contract = awarded(signed(page))
    signed(page)
    assert "sign" in offered_steps(page, contract)
    Partner.objects.update(suspended=True)
    own = page.get(contract).content.decode()
    assert "Before it can be signed" in own
    assert "sign" not in offered_steps(page, contract)
    signed(page, "alder@example.org")
    assert "sign" not in offered_steps(page, contract)
    signed(page)
    assert step(page, contract, "sign").status_code == 422
    shown = page.get(address).content.decode()
    assert "Before it can be signed" in shown
    assert "Next: an approver, to undo." in shown


def test_a_history_names_colleagues_and_says_of_others_whose_they_are(page: Client) -> None:
    address, _, contract = awarded(signed(page))
    signed(page, "alder@example.org")
    assert step(page, contract, "sign").status_code == 303
    signed(page)
    shown = page.get(address).content.decode()
    assert "usr_" not in shown
    history = [one.text for one in read(page.get(address)).all("li", class_="app-title")]
    assert any("Somebody of Alder" in one and "One of the two parties has signed" in one for one in history)


def test_a_call_off_is_told_without_words_of_programs(page: Client) -> None:
    address, offer, _ = awarded(signed(page))
    shown = summary(read(page.get(address)))
    assert shown["Requirement"].startswith(
        f"{CallOff.objects.get().requirement.requirement.reference}, version 1"
    )
    assert shown["Expenses"] == "At most £1,000"
    assert summary(read(page.get(offer)))["In all, at most"] == "£10,005.50"


def test_an_order_form_names_the_partners_that_are_wanted(page: Client) -> None:
    _, offer = sent_to_alder(signed(page))
    assert Offer.objects.get().asked.partners.get().reference == "alder"
    assert summary(read(page.get(offer)))["Partners wanted"] == "Alder Research"
