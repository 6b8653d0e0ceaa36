"""Competitions on the pages of their buyer: planned, previewed, published, run; who sees what, and what is refused."""

from __future__ import annotations

from datetime import date
from typing import Any

import pytest
from django.core.files.uploadedfile import SimpleUploadedFile
from django.test import Client

from procurement.actions.requirements import revise_requirement
from procurement.models import (
    Appointment,
    CallOff,
    Competition,
    CompetitionDocument,
    Event,
    Invitation,
    Partner,
    Supplier,
    SupplierMember,
    User,
)
from procurement.permissions import person
from tests.web.buying import colleague, signed
from tests.web.calling_off import begun, need
from tests.web.competing import (
    call_off_of,
    drafted,
    fetched,
    in_days,
    plan,
    planned,
    published,
    revision,
    sent,
    taken,
)
from tests.web.reading import read, rows, summary
from web.competition_page import LISTED


def state() -> tuple[Any, ...]:
    """All that a refusal must leave alone."""
    return (
        list(CallOff.objects.order_by("pk").values_list("reference", "status", "revision")),
        list(Competition.objects.order_by("pk").values_list("rules", "deadline", "digest")),
        Invitation.objects.count(),
        Event.objects.count(),
    )


def offered(page: Client, address: str) -> set[str]:
    """The steps that the page offers forms for."""
    return {one.attributes["value"] for one in read(page.get(address)).all("input", name="do")}


def test_a_plan_shows_its_dates_who_would_be_asked_and_who_is_ruled_out(page: Client) -> None:
    requirement = need(specialisms=["rm1~1~2"], must_have={"specialisms": ["rm1~1~2"]})
    address = f"{drafted(signed(page), requirement=requirement)}/competition"
    answer = page.post(f"{address}/plan", plan(standstill="yes") | {"revision": 1})
    assert (answer.status_code, answer["Location"]) == (303, f"{address}?done=planned")
    shown = read(page.get(answer["Location"]))
    assert rows(shown, "Ruled out")[1:] == [
        ["Consortium Alder Fictional firm", "Offers less than what must be had", "Public engagement"]
    ]
    assert "1 supplier would be asked" in shown.texts("h2")
    assert summary(shown)["Standstill"].startswith("Promised; told at the deadline it would end ")
    criteria = rows(shown, "How tenders are evaluated")[1:]
    assert criteria[1][0].startswith("Social value ")
    assert "(social value)" not in criteria[1][0]
    assert [row[1] for row in criteria] == [
        "Weight: 50", "Weight: 10", "Weight: 40",
    ]  # fmt: skip
    assert Invitation.objects.count() == 0


def test_of_many_that_are_ruled_out_the_first_are_listed_and_the_others_counted(page: Client) -> None:
    requirement = need(specialisms=["rm1~1~2"], must_have={"specialisms": ["rm1~1~2"]})
    address = f"{drafted(signed(page), requirement=requirement)}/competition"
    page.post(f"{address}/plan", plan() | {"revision": 1})
    lot = CallOff.objects.get().lot
    made = Supplier.objects.bulk_create(
        Supplier(reference=f"zz-{number:03}", name=f"Offers none {number}", form=Supplier.Form.PRIME)
        for number in range(LISTED + 1)
    )
    alder = Partner.objects.get(reference="alder")
    SupplierMember.objects.bulk_create(
        SupplierMember(supplier=one, partner=alder, role="lead", joined_on=date(2020, 1, 1)) for one in made
    )
    Appointment.objects.bulk_create(
        Appointment(
            reference=f"{lot.reference}~{one.reference}", supplier=one, lot=lot, starts_on=date(2020, 1, 1)
        )
        for one in made
    )

    def ruled_out() -> tuple[int, list[str]]:
        shown = read(page.get(address))
        told = [one for one in shown.texts("p") if "ruled out too" in one]
        return len(rows(shown, "Ruled out")[1:]), told

    before = ruled_out()
    taken(page, address, "publish")
    listed = LISTED, ["2 others are ruled out too; the API names them."]
    assert (before, ruled_out()) == (listed, listed)


def test_the_form_keeps_the_plan_and_its_keys(page: Client) -> None:
    address = planned(signed(page))
    shown = read(page.get(f"{address}/plan"))
    keys = [one.attributes["value"] for one in shown.all("input", name="criterion_key")]
    assert keys == ["method", "social-value", "", ""]
    [deadline] = shown.all("input", name="deadline")
    assert deadline.attributes["value"] == in_days(14)
    before = state()
    again = plan() | {"criterion_key": ["method", "social-value", ""], "revision": revision(address)}
    assert page.post(f"{address}/plan", again).status_code == 303
    assert state() == before


@pytest.mark.parametrize(
    ("changes", "anchor", "told"),
    [
        ({"deadline": "soon"}, "deadline", "Deadline for tenders: a moment is ISO 8601"),
        ({"criterion_weight": ["x", "10", ""]}, "weight-1", "Weight of criterion 1: a decimal string"),
        ({"criterion_name": ["Method", "Method", ""]}, "name-2", "Name of criterion 2: another criterion"),
        ({"criterion_question": ["", "a", ""]}, "question-1", "Question of criterion 1: this must not"),
        ({"criterion_scale": ["5", "1000", ""]}, "scale-2", "Highest score of criterion 2: from 1 to 100"),
        ({"method": "guess"}, "method", "Method: “guess” is not one of the known values"),
        ({"assessors": "many"}, "assessors", "Assessors for each criterion: this must be a whole number"),
    ],
)
def test_a_plan_that_breaks_a_rule_changes_nothing_and_keeps_what_was_typed(
    page: Client, changes: dict[str, Any], anchor: str, told: str
) -> None:
    address = f"{drafted(signed(page))}/competition"
    before = state()
    answer = page.post(f"{address}/plan", plan(**changes) | {"revision": 1})
    shown = read(answer)
    assert (answer.status_code, state()) == (422, before)
    link = next(one for one in shown.all("a") if one.attributes.get("href") == f"#{anchor}")
    assert link.text.startswith(told), link.text
    assert anchor in {one.attributes.get("id") for one in shown.elements}
    assert shown.one("input", name="price_weight").attributes["value"] == "40"


def test_a_refused_plan_is_as_old_as_the_form_that_it_was_written_in(page: Client) -> None:
    address = planned(signed(page))
    stale = revision(address)
    assert page.post(f"{address}/plan", plan(low_price="12") | {"revision": stale}).status_code == 303
    before = state()
    answer = page.post(f"{address}/plan", plan(deadline="soon") | {"revision": stale})
    carried = read(answer).one("input", name="revision").attributes["value"]
    assert (answer.status_code, carried) == (422, str(stale))
    assert page.post(f"{address}/plan", plan() | {"revision": carried}).status_code == 409
    assert state() == before


def test_what_keeps_it_from_being_published_is_told_and_publishing_is_not_offered(page: Client) -> None:
    address = planned(signed(page), price_weight="30")
    assert "The weights are 90, not 100." in read(page.get(address)).texts("li")
    assert "publish" not in offered(page, address)
    before = state()
    assert (sent(page, address, "publish").status_code, state()) == (422, before)


def test_a_published_competition_tells_numbers_and_takes_no_new_plan(page: Client) -> None:
    address = published(page)
    shown = read(page.get(address))
    assert "2 suppliers asked" in shown.texts("h2")
    assert any(
        one.startswith("2 invited to tender, 0 declined. Tenders are sealed") for one in shown.texts("p")
    )
    assert "Assessor: Assessor" in shown.texts("li")
    assert offered(page, address) == {
        "add_document", "add_person", "remove_person", "extend", "amend", "fail", "cancel",
    }  # fmt: skip
    before = state()
    assert page.post(f"{address}/plan", plan() | {"revision": revision(address)}).status_code == 409
    assert (page.get(f"{address}/plan").status_code, state()) == (409, before)


def test_dates_move_later_and_never_earlier(page: Client) -> None:
    address = published(page)
    dates = {"clarify_until": in_days(7), "deadline": in_days(21)}
    taken(page, address, "extend", reason="More time.", **dates)
    assert summary(read(page.get(address)))["Deadline for tenders"].endswith("at 12:00pm")
    before = state()
    answer = sent(page, address, "extend", reason="Less.", **dates | {"deadline": in_days(20)})
    assert (answer.status_code, state()) == (422, before)
    assert "#extend-deadline" in {one.attributes.get("href") for one in read(answer).all("a")}
    assert sent(page, address, "extend", reason="Same.", **dates).status_code == 409


def test_a_document_is_told_by_an_amendment_and_fetched_by_the_buyer(page: Client) -> None:
    address = published(page)
    file = SimpleUploadedFile("annex.txt", b"Where the service is.")
    taken(page, address, "add_document", file=file)
    [document] = CompetitionDocument.objects.all()
    assert fetched(page, f"/files/{document.reference}") == b"Where the service is."
    taken(page, address, "amend", reason="An annex.")
    assert any("Amendment 1" in one and "An annex." in one for one in read(page.get(address)).texts("p"))
    before = state()
    bad = SimpleUploadedFile("annex.pdf", b"No PDF.")
    answer = sent(page, address, "add_document", file=bad)
    assert (answer.status_code, state()) == (422, before)
    assert "#file" in {one.attributes.get("href") for one in read(answer).all("a")}
    assert sent(page, address, "add_document").status_code == 422
    assert sent(page, address, "amend", reason="Nothing.").status_code == 409


def test_a_longer_contract_is_not_amended_as_immaterial(page: Client) -> None:
    address = published(page)
    requirement = call_off_of(address).requirement.requirement
    editor = person(User.objects.get(pk=page.session["_auth_user_id"]))
    revise_requirement(editor, requirement.reference, requirement.revision, {"months": 18})
    before = state()
    answer = sent(page, address, "amend", reason="Longer.")
    assert (answer.status_code, state()) == (422, before)
    assert "#material" in {one.attributes.get("href") for one in read(answer).all("a")}
    taken(page, address, "amend", reason="Longer.", material="yes")
    told = [one for one in read(page.get(address)).texts("li") if "months" in one]
    assert told == ["Length in months: 18, before that 6"]


def test_a_plan_that_was_changed_meanwhile_keeps_what_was_written(page: Client) -> None:
    address = planned(signed(page))
    stale = revision(address)
    theirs = plan(price_weight="30", criterion_weight=["60", "10", ""]) | {"revision": stale}
    assert page.post(f"{address}/plan", theirs).status_code == 303
    before = state()
    mine = plan(criterion_question=["Mine?", "What else?", ""], low_price="12")
    answer = page.post(f"{address}/plan", mine | {"revision": stale})
    assert (answer.status_code, state()) == (409, before)
    shown = read(answer)
    assert [one.attributes["href"] for one in shown.all("a") if one.text.partition(":")[2].startswith(" now ")] == [
        "#price_weight", "#low_price", "#weight-1", "#question-1", "#scale-2", "#pass_mark-2", "#words-2",
    ]  # fmt: skip
    assert shown.one("textarea", id="question-1").text == "Mine?"
    assert shown.one("input", name="revision").attributes["value"] == str(revision(address))
    again = page.post(f"{address}/plan", mine | {"revision": revision(address)})
    assert again.status_code == 303


def test_a_competition_from_an_older_state_changes_nothing_and_says_so(page: Client) -> None:
    address = published(page)
    before = state()
    answer = page.post(address, {"do": "cancel", "revision": 1, "reason": "Late."})
    assert (answer.status_code, state()) == (409, before)
    assert "You changed this last, on " in answer.content.decode()
    assert read(answer).one("textarea", id="cancel-reason").text == "Late."
    assert sent(page, address, "send_offer").status_code == 404


def test_a_plan_that_is_cancelled_before_it_is_published_keeps_its_page(page: Client) -> None:
    address = planned(signed(page))
    said = {"do": "cancel", "revision": revision(address), "reason": "No longer needed."}
    answer = page.post(address, said)
    assert answer.status_code == 303
    assert CallOff.objects.get().status == "cancelled"
    answer = page.get(answer["Location"])
    assert answer.status_code == 200
    shown = read(answer)
    assert "Digest" not in summary(shown)
    assert [one for one in shown.texts("h2") if "asked" in one] == []
    assert page.get(f"{address}/plan").status_code == 409


def test_to_others_a_competition_is_not_there(page: Client) -> None:
    address = published(page)
    colleague("district@example.org", "district", "administrator")
    before = state()
    for email in ("district@example.org", "nobody@example.org", "alder@example.org"):
        signed(page, email)
        for one in (address, f"{address}/plan"):
            assert page.get(one).status_code == 404, (email, one)
        assert sent(page, address, "cancel", reason="x").status_code == 404
    assert state() == before


def test_a_colleague_who_only_reads_is_offered_no_step(page: Client) -> None:
    address = published(page)
    colleague("reads@example.org", "council", "viewer")
    signed(page, "reads@example.org")
    before = state()
    assert offered(page, address) == set()
    assert page.get(f"{address}/plan").status_code == 403
    user = User.objects.get(email="reads@example.org").reference
    for do, fields in (
        ("cancel", {"reason": "x"}),
        ("extend", {"reason": "x", "deadline": in_days(30)}),
        ("add_person", {"user": user, "part": "assessor"}),
    ):
        assert sent(page, address, do, **fields).status_code == 403, do
    assert state() == before


def test_a_direct_award_has_no_competition(page: Client) -> None:
    address = begun(signed(page))
    assert page.get(f"{address}/competition").status_code == 404
    assert page.get(f"{address}/competition/plan").status_code == 404
