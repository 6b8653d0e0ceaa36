"""A form that is sent from an older state keeps what was written, tells who was quicker and what stands now, and
applies when it is sent again.
"""

from __future__ import annotations

from typing import Any

from django.test import Client

from procurement.models import (
    CallOff,
    Event,
    Framework,
    Lot,
    Partner,
    SavedSearch,
    Shortlist,
    User,
    WebhookEndpoint,
)
from procurement.permissions import person
from tests.web.administering import CHIEF, make_administrators
from tests.web.buying import begin as begin_shortlist
from tests.web.buying import colleague, lock, signed
from tests.web.calling_off import awarded, begun, form
from tests.web.paying import library, people, plan_form, planned, send
from tests.web.reading import Page, read, wrong
from web.faults import by_anchor
from web.formats import moment
from web.meanwhile import Written, changed, differing, rows_written

ALDER, DOGWOOD = "rm1~alders~alder", "rm1~dogwood~dogwood"
BELOW = "Below it is as it stands now, with what you wrote: send it again to replace what stands"
SECOND = "second@example.org"


def told(shown: Page) -> str:
    """Who was quicker, as the error summary says it: its one line that leads to no field."""
    (list_,) = shown.all("ul", class_="govuk-error-summary__list")
    return shown.elements[shown.elements.index(list_) + 1].text


def by(name: str) -> str:
    at = moment(Event.objects.latest("position").at)
    return f"{name} changed this last, on {at}, so nothing of yours was changed. {BELOW}"


def refused(answer: Any) -> Page:
    assert answer.status_code == 409, answer.status_code
    return read(answer)


def revisions(shown: Page) -> set[str]:
    return {one.attributes["value"] for one in shown.all("input", name="revision")}


def test_only_what_differs_is_told_in_short_in_the_summary_and_whole_beside_its_field() -> None:
    long = "Evaluation of services for people. " * 9
    faults = differing(
        [
            Written("same", "Same", "a\r\nb ", "a\nb"),
            Written("boxes", "Boxes", ["b", "a"], ["a", "b"]),
            Written("amount", "Amount", "£1,000", "1000.00"),
            Written("number", "Number", "007", "7"),
            Written("text", "Text", "Mine", long),
            Written("kind", "Kind", "x", "y", {"y": "Yes"}),
            Written("gone", "Gone", "Mine", ""),
            Written("ticked", "Ticked", [], ["b", "a"], {"a": "Alpha"}),
        ]
    )
    assert [(one.anchor, one.message) for one in faults] == [
        ("number", "Number: now “7”"),
        ("text", "Text: now “Evaluation of services for people. Evaluation of services for people…”"),
        ("kind", "Kind: now “Yes”"),
        ("gone", "Gone: empty now"),
        ("ticked", "Ticked: now “b, Alpha”"),
    ]
    assert by_anchor(faults) == {
        "number": "What stands now: 7",
        "text": f"What stands now: {long.strip()}",
        "kind": "What stands now: Yes",
        "gone": "What stands now: nothing",
        "ticked": "What stands now: b, Alpha",
    }


def test_a_row_that_the_form_has_not_leads_nowhere() -> None:
    fields = rows_written(
        "p_", {"a": "A"}, [{"a": "1"}], [{"a": "2"}, {"a": "3"}], "%(field)s of row %(number)s"
    )
    assert [(one.anchor, one.label, one.written, one.stands) for one in fields] == [
        ("p_a-1", "A of row 1", "1", "2"),
        ("", "A of row 2", "", "3"),
    ]


def test_a_stranger_is_not_named_and_oneself_is(page: Client) -> None:
    address = begun(signed(page))
    reference = address.rpartition("/")[2]
    buyer, stranger = (
        person(User.objects.get(email=one)) for one in ("buyer@example.org", "alder@example.org")
    )
    at = moment(Event.objects.filter(subject=reference).latest("position").at)
    assert changed(buyer, ("call_off", reference)).message == (
        f"You changed this last, on {at} and from another page, so nothing of this form was changed. {BELOW}"
    )
    nobody = f"Somebody changed this meanwhile, so nothing of yours was changed. {BELOW}"
    assert changed(stranger, ("call_off", reference)).message == nobody
    assert changed(buyer, ("offer", reference)).message == nobody


def test_a_call_off_changed_by_a_colleague_keeps_what_was_written(page: Client) -> None:
    said = form(signed(page))
    address = str(page.post("/call-offs/new", said)["Location"]).partition("?")[0]
    colleague(SECOND, "council", "editor")
    signed(page, SECOND)
    theirs = said | {"title": "Theirs", "revision": 1, "expenses": "", "months": ["6", "", "", ""]}
    assert page.post(f"{address}/edit", theirs).status_code == 303
    signed(page)
    before = CallOff.objects.values().get(), Event.objects.count()
    mine = said | {"title": "Mine", "revision": 1}
    shown = refused(page.post(f"{address}/edit", mine))
    assert told(shown) == by("Second")
    assert wrong(shown) == [
        ("Title: now “Theirs”", "#title"),
        ("Expenses: empty now", "#expenses"),
        ("Working days to answer: now “2”", "#reply_days"),
        ("Months of option 1: now “6”", "#months-1"),
    ]
    assert shown.one("input", id="title").attributes["value"] == "Mine"
    assert shown.one("p", id="title-error").text == "Error: What stands now: Theirs"
    assert shown.one("input", id="months-1").attributes["value"] == "3"
    assert revisions(shown) == {"2"}
    assert (CallOff.objects.values().get(), Event.objects.count()) == before
    assert page.post(f"{address}/edit", mine | {"revision": 2}).status_code == 303
    assert CallOff.objects.get().title == "Mine"


def test_a_plan_of_outcomes_keeps_what_was_written(page: Client) -> None:
    people()
    planned(page)
    address = f"/call-offs/{CallOff.objects.get().reference}/outcomes"
    assert send(page, address, **plan_form(library(page), cap="£2,600")).status_code == 303
    before = CallOff.objects.get().revision, Event.objects.count()
    mine = plan_form(library(page), cap="£2,700", most=["20", "", ""])
    shown = refused(page.post(address, {"revision": 2, **mine}))
    assert told(shown).startswith("You changed this last, on ")
    anchors = {to: text for text, to in wrong(shown)}
    assert anchors["#cap"] == "At most in all: now “2600.00”"
    assert anchors["#most-1"] == "At most paid for, outcome 1: now “30”"
    assert "#target-1" not in anchors
    assert shown.one("input", id="cap").attributes["value"] == "£2,700"
    assert (CallOff.objects.get().revision, Event.objects.count()) == before
    assert send(page, address, **mine).status_code == 303


def test_a_lot_changed_by_another_keeper_keeps_what_was_written(page: Client) -> None:
    make_administrators()
    signed(page, CHIEF)
    lot = Lot.objects.get(reference="rm1~1")
    revision = lot.framework.revision
    address = "/administration/lots/rm1~1/edit"
    said = {
        one.attributes["name"]: one.attributes.get("value", "")
        for one in read(page.get(address)).all("input", class_="govuk-input")
    }
    Framework.objects.filter(pk=lot.framework_id).update(revision=revision + 1)
    Lot.objects.filter(pk=lot.pk).update(name="Theirs")
    before = Event.objects.count()
    shown = refused(page.post(address, said | {"revision": revision, "name": "Mine"}))
    assert told(shown) == f"Somebody changed this meanwhile, so nothing of yours was changed. {BELOW}"
    assert ("Name: now “Theirs”", "#name") in wrong(shown)
    assert shown.one("input", id="name").attributes["value"] == "Mine"
    assert revisions(shown) == {str(revision + 1)}
    assert (Lot.objects.get(pk=lot.pk).name, Event.objects.count()) == ("Theirs", before)


def test_what_a_firm_offers_keeps_what_was_ticked(signed_in: Client) -> None:
    address = "/firms/alder/offerings/rm1~1~alders"
    revision = Partner.objects.get(reference="alder").revision
    mine = {"revision": revision, "specialism-0": "rm1~1~1", "offered-0": "yes", "regions-0": ["TLI"]}
    assert signed_in.post(address, mine).status_code == 303
    before = Event.objects.count()
    shown = refused(signed_in.post(address, mine | {"regions-0": ["TLC"]}))
    assert told(shown).startswith("You changed this last, on ")
    assert [to for _, to in wrong(shown)] == ["#regions-0"]
    ticked = [
        one.attributes["value"] for one in shown.all("input", name="regions-0") if "checked" in one.attributes
    ]
    assert ticked == ["TLC"]
    assert Event.objects.count() == before
    again = mine | {"regions-0": ["TLC"], "revision": next(iter(revisions(shown)))}
    assert signed_in.post(address, again).status_code == 303


def test_a_title_and_a_decision_on_a_shortlist_stay_written(page: Client) -> None:
    address = begin_shortlist(signed(page), ALDER)
    assert page.post(address, {"do": "title", "revision": 1, "title": "Theirs"}).status_code == 303
    shown = refused(page.post(address, {"do": "title", "revision": 1, "title": "Mine"}))
    assert wrong(shown)[1:] == [("Title: now “Theirs”", "#title")]
    assert shown.one("input", id="title").attributes["value"] == "Mine"
    sent = {"do": "decide", "listing": ALDER, "decision": "out", "reason": "Far", "revision": 1}
    shown = refused(page.post(address, sent))
    assert wrong(shown)[1:] == [
        ("Decision: now “Undecided”", "#decision-1"),
        ("Reason: empty now", "#reason-1"),
    ]
    assert shown.one("textarea", id="reason-1").text == "Far"
    assert Shortlist.objects.get().title == "Theirs"


def test_a_webhook_changed_meanwhile_keeps_what_was_written(page: Client) -> None:
    colleague("chief@example.org", "council", "administrator")
    signed(page, "chief@example.org")
    sent = {
        "do": "register",
        "url": "https://hooks.example.org/x",
        "event_types": "offer.",
        "description": "",
    }
    assert page.post("/organisations/council/webhooks", sent).status_code == 200
    address = f"/webhooks/{WebhookEndpoint.objects.get().reference}/change"
    mine = sent | {"do": "change", "revision": 1, "description": "Mine"}
    assert page.post(address, mine | {"description": "Theirs"}).status_code == 303
    shown = refused(page.post(address, mine))
    assert wrong(shown) == [("Description: now “Theirs”", "#description")]
    assert shown.one("input", id="description").attributes["value"] == "Mine"
    assert WebhookEndpoint.objects.get().description == "Theirs"


def test_a_saved_search_changed_meanwhile_keeps_what_was_chosen(page: Client) -> None:
    signed(page)
    kept = {"title": "Evaluators", "query": "q=evaluation", "alerts": "new", "frequency": "daily"}
    assert page.post("/saved-searches", kept).status_code == 303
    reference = SavedSearch.objects.get().reference
    sent = {"revision": "1", "alerts": "none", "frequency": "daily"}
    assert page.post(f"/saved-searches/{reference}", sent).status_code == 303
    shown = refused(page.post(f"/saved-searches/{reference}", sent | {"alerts": "new_and_changed"}))
    assert wrong(shown) == [("Tell about: now “Nothing”", f"#alerts-{reference}")]
    assert shown.one("option", value="new_and_changed", selected="").text.startswith("New listings, and")
    assert revisions(shown) == {"2"}
    assert SavedSearch.objects.get().alerts == "none"


def test_a_reason_stays_written_where_the_state_has_moved_on(page: Client) -> None:
    address = begun(signed(page))
    assert page.post(address, {"do": "cancel", "revision": 9, "reason": "Not needed."}).status_code == 409
    shown = refused(page.post(address, {"do": "cancel", "revision": 9, "reason": "Not needed."}))
    assert shown.one("textarea", id="cancel-reason").text == "Not needed."
    assert CallOff.objects.get().status == "draft"


def test_a_step_that_was_done_in_another_tab_is_told_and_no_form_is_promised(page: Client) -> None:
    address, offer, contract = awarded(signed(page))
    call_off = CallOff.objects.get()
    before = call_off.revision, Event.objects.count()
    sent = {"do": "award", "revision": call_off.revision - 1, "conflicts": "None known"}
    shown = refused(page.post(address, sent))
    assert told(shown) == (
        f"You changed this last, on {moment(Event.objects.filter(type='call_off.awarded').get().at)} and from another "
        "page, so nothing of this form was changed. What was done then: “It was awarded”. Below it is as it stands "
        "now. Where the form is still there it holds what you wrote, and can be sent again"
    )
    assert shown.all("textarea", id="conflicts") == []
    assert (CallOff.objects.get().revision, Event.objects.count()) == before
    opened = call_off.contracts.get().revision
    assert page.post(contract, {"do": "sign", "revision": opened}).status_code == 303
    before = call_off.contracts.get().revision, Event.objects.count()
    at = moment(Event.objects.filter(type="contract.signed").get().at)
    assert told(refused(page.post(contract, {"do": "sign", "revision": opened}))) == (
        f"You changed this last, on {at} and from another page, so nothing of this form was changed. What was done "
        "then: “One of the two parties has signed”. Below it is as it stands now"
    )
    assert (call_off.contracts.get().revision, Event.objects.count()) == before
    signed(page, "alder@example.org")
    assert told(refused(page.post(offer, {"do": "accept", "revision": 1}))).endswith(
        " What was done then: “The lead supplier takes the order”. Below it is as it stands now"
    )


def test_a_shortlist_unlocked_twice_is_told_what_was_done(page: Client) -> None:
    address = begin_shortlist(signed(page), ALDER)
    lock(page, address, 1)
    sent = {"do": "unlock", "revision": 2, "why": "One more."}
    assert page.post(address, sent).status_code == 303
    before = Event.objects.count()
    (link,) = wrong(refused(page.post(address, sent)))
    assert link[0].endswith(" What was done then: “It is open again”. Below it is as it stands now")
    assert Event.objects.count() == before
