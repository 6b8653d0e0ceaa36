"""A firm applies on the pages, the lead agrees, the owner checks and admits; each sees its own and what is wrong."""

from __future__ import annotations

from datetime import date

import pytest
from django.test import Client
from pytest_django import DjangoAssertNumQueries

from procurement.models import (
    Appointment,
    Event,
    Joining,
    Lot,
    Offering,
    Partner,
    Specialism,
    Supplier,
    SupplierMember,
)
from tests.web.buying import signed
from tests.web.joining import FIRM, LEAD, OFFERED, OWNER, applicants, begun, sent_in, step, submitted
from tests.web.market import HOSTILE
from tests.web.reading import Page, read, rows, wrong
from web.choosing import MOST_CHOICES

READER = "reader@example.org"


@pytest.fixture(autouse=True)
def people(page: Client) -> None:
    applicants()


def offered(page: Client, address: str) -> set[str]:
    """The steps that the page offers forms for."""
    return {one.attributes["value"] for one in read(page.get(address)).all(name="do")}


def hrefs(shown: Page) -> list[str]:
    return [one.attributes["href"] for one in shown.all("a")]


def test_a_firm_joins_a_consortium_from_draft_to_member(page: Client) -> None:
    address = begun(signed(page, FIRM))
    assert offered(page, address) == {"edit", "submit", "withdraw"}
    assert step(page, address, "edit", **OFFERED).status_code == 303
    assert step(page, address, "submit", **OFFERED).status_code == 303
    assert offered(page, address) == {"withdraw"}
    signed(page, LEAD)
    assert offered(page, address) == {"agree", "refuse"}
    assert step(page, address, "agree").status_code == 303
    signed(page, OWNER)
    assert offered(page, address) == {"check", "refuse"}
    assert step(page, address, "check").status_code == 303
    assert offered(page, address) == {"admit", "refuse"}
    answer = step(page, address, "admit")
    assert answer["Location"] == f"{address}?done=admit"
    shown = read(page.get(answer["Location"]))
    assert shown.one("p", class_="govuk-notification-banner__heading").text == (
        "The firm belongs from today on, and searches find what it offers."
    )
    assert len(shown.all("li", class_="app-line__station--done")) == 5
    assert offered(page, address) == set()
    assert SupplierMember.objects.filter(supplier__reference="alders", partner__reference="dogwood").exists()
    offering = Offering.objects.get(appointment__reference="rm1~2a~alders", partner__reference="dogwood")
    assert (offering.specialism and offering.specialism.reference, offering.regions) == ("rm1~2a~1", ["TLI"])


def test_an_application_without_a_lot_asks_for_one(page: Client) -> None:
    signed(page, FIRM)
    answer = page.post("/joinings/new", {"partner": "dogwood", "lot": "", "supplier": ""})
    assert (answer.status_code, wrong(read(answer))) == (422, [("Lot: choose one", "#lot")])
    assert Joining.objects.count() == 0


def test_what_is_missing_is_told_at_its_field_and_nothing_moves(page: Client) -> None:
    address = begun(signed(page, FIRM))
    before = Event.objects.count()
    answer = step(page, address, "submit")
    assert (answer.status_code, wrong(read(answer))) == (
        422,
        [
            ("Say what the firm would bring", "#statement"),
            ("Name at least one specialism that the firm offers", "#specialisms"),
        ],
    )
    assert Event.objects.count() == before
    assert Joining.objects.get().status == "draft"


def test_what_is_submitted_is_what_stands_in_the_fields(page: Client) -> None:
    address = begun(signed(page, FIRM))
    assert step(page, address, "edit", **OFFERED, once="first").status_code == 303
    answer = step(page, address, "submit", **OFFERED | {"statement": "SECOND", "regions": ["TLC"]})
    assert (answer.status_code, answer["Location"]) == (303, f"{address}?done=submit")
    found = Joining.objects.get()
    assert (found.status, found.statement) == ("submitted", "SECOND")
    assert found.offers == [{"specialism": "rm1~2a~1", "regions": ["TLC"]}]


def test_a_submission_that_is_refused_keeps_nothing_and_shows_what_was_typed(page: Client) -> None:
    address = begun(signed(page, FIRM))
    before = Joining.objects.values().get(), Event.objects.count()
    answer = step(page, address, "submit", statement="Typed", regions=["TLC"])
    shown = read(answer)
    assert (answer.status_code, wrong(shown)) == (
        422,
        [("Name at least one specialism that the firm offers", "#specialisms")],
    )
    assert shown.one("textarea", id="statement").text == "Typed"
    ticked = [
        one.attributes["value"] for one in shown.all("input", name="regions") if "checked" in one.attributes
    ]
    assert ticked == ["TLC"]
    assert (Joining.objects.values().get(), Event.objects.count()) == before


def test_a_draft_has_one_form_for_keeping_and_submitting(page: Client) -> None:
    shown = read(page.get(begun(signed(page, FIRM))))
    assert [one.text for one in shown.all("button", name="do")] == ["Keep the changes", "Keep and submit"]
    assert shown.texts("button", class_="govuk-button")[-3:] == [
        "Keep the changes",
        "Keep and submit",
        "Withdraw the application",
    ]


def test_regions_that_differ_by_specialism_stay_so_where_no_box_was_changed(page: Client) -> None:
    address = begun(signed(page, FIRM))
    lot = Lot.objects.get(reference="rm1~2a")
    Specialism.objects.create(lot=lot, reference="rm1~2a~9", number="9", name="Ninth", position=9)
    apart = [
        {"specialism": one, "regions": [region]} for one, region in (("rm1~2a~1", "TLI"), ("rm1~2a~9", "TLC"))
    ]
    Joining.objects.update(offers=apart)
    sent = {"statement": "We design.", "specialisms": ["rm1~2a~1", "rm1~2a~9"], "regions": ["TLC", "TLI"]}
    assert step(page, address, "submit", **sent).status_code == 303
    assert (Joining.objects.get().status, Joining.objects.get().offers) == ("submitted", apart)


def test_what_was_typed_stays_where_it_is_refused(page: Client) -> None:
    address = begun(signed(page, FIRM))
    answer = step(page, address, "edit", statement="Typed", specialisms=["rm1~1~1"])
    shown = read(answer)
    assert answer.status_code == 422
    assert shown.all("textarea", id="statement")[0].text.strip() == "Typed"
    assert Joining.objects.get().statement == ""


def test_an_application_that_was_changed_meanwhile_keeps_what_was_written(page: Client) -> None:
    address = begun(signed(page, FIRM))
    assert (
        step(page, address, "edit", statement="Theirs", specialisms=["rm1~2a~1"], regions=["TLI"]).status_code
        == 303
    )
    before = Event.objects.count()
    mine = {"do": "edit", "revision": 1, "statement": "Mine", "specialisms": ["rm1~2a~1"], "regions": ["TLC"]}
    answer = page.post(address, mine)
    shown = read(answer)
    assert (answer.status_code, Event.objects.count()) == (409, before)
    assert [to for _, to in wrong(shown)] == ["#statement", "#regions"]
    assert shown.one("textarea", id="statement").text == "Mine"
    ticked = [
        one.attributes["value"] for one in shown.all("input", name="regions") if "checked" in one.attributes
    ]
    assert ticked == ["TLC"]
    assert Joining.objects.get().statement == "Theirs"


def test_a_lot_is_needed_and_one_application_is_open_for_the_same(page: Client) -> None:
    signed(page, FIRM)
    answer = page.post("/joinings/new", {"lot": "", "supplier": "alders"})
    assert (answer.status_code, wrong(read(answer))) == (422, [("Lot: choose one", "#lot")])
    begun(page)
    answer = page.post("/joinings/new", {"lot": "rm1~2a", "supplier": "alders"})
    assert answer.status_code == 409
    assert Joining.objects.count() == 1


def test_what_the_address_names_is_chosen_and_closed_frameworks_are_not_offered(page: Client) -> None:
    shown = read(signed(page, FIRM).get("/joinings/new?lot=rm1~2a&supplier=alders"))
    lots = {one.attributes["value"]: "selected" in one.attributes for one in shown.all("option")}
    assert lots == {
        "": False, "rm1~1": False, "rm1~2a": True, "alders": True,
    }  # fmt: skip


def test_a_firm_by_itself_meets_no_lead(page: Client) -> None:
    address = begun(signed(page, FIRM), supplier="")
    sent_in(page, address)
    stations = read(page.get(address)).texts("li", class_="app-line__station")
    assert [one.partition(",")[0] for one in stations] == [
        "Draft",
        "Submitted",
        "Checked by the framework owner",
        "Joined",
    ]
    assert signed(page, LEAD).get(address).status_code == 404


def test_a_refusal_needs_a_reason_and_the_firm_reads_it(page: Client) -> None:
    address = submitted(page)
    signed(page, LEAD)
    answer = step(page, address, "refuse", reason="")
    told = [("Reason: this must not be empty", "#refuse-reason")]
    assert (answer.status_code, wrong(read(answer))) == (422, told)
    assert Joining.objects.get().status == "submitted"
    assert step(page, address, "refuse", reason=HOSTILE).status_code == 303
    told = read(signed(page, FIRM).get(address)).texts("dd", class_="govuk-summary-list__value")
    assert HOSTILE in told
    assert offered(page, address) == set()


def test_a_draft_is_its_firms_alone_and_a_reader_only_reads(page: Client) -> None:
    address = begun(signed(page, FIRM))
    for email in (LEAD, OWNER, "buyer@example.org"):
        assert signed(page, email).get(address).status_code == 404
        assert step(page, address, "submit").status_code == 404
    sent_in(signed(page, FIRM), address)
    signed(page, READER)
    assert offered(page, address) == set()
    assert step(page, address, "agree").status_code == 403
    assert page.get("/joinings/new").status_code == 403
    assert Joining.objects.get().status == "submitted"


def test_a_stale_form_changes_nothing(page: Client) -> None:
    address = begun(signed(page, FIRM))
    answer = page.post(address, {"do": "edit", "revision": 9, **OFFERED})
    assert answer.status_code == 409
    assert Joining.objects.get().offers == []


def test_the_list_takes_the_same_statements_for_one_and_for_many(
    page: Client, django_assert_max_num_queries: DjangoAssertNumQueries
) -> None:
    address = submitted(page)
    begun(page, supplier="")
    assert [
        row[0].partition(" JA-")[0]
        for row in rows(read(page.get("/joinings")), "Applications, newest first")[1:]
    ] == ["Dogwood Digital"] * 2
    signed(page, LEAD)
    with django_assert_max_num_queries(8):
        shown = read(page.get("/joinings"))
    assert [one for one in hrefs(shown) if "JA-" in one] == [address]
    assert signed(page).get("/joinings").status_code == 404


def test_a_firm_is_led_to_it_from_its_account_and_from_a_lot(page: Client) -> None:
    signed(page, FIRM)
    assert "/joinings" in hrefs(read(page.get("/account")))
    of_lots = {"/joinings/new?lot=rm1~1", "/joinings/new?lot=rm1~2a"}
    assert of_lots <= set(hrefs(read(page.get("/frameworks/rm1"))))
    assert not [one for one in hrefs(read(page.get("/frameworks/rm0"))) if one.startswith("/joinings")]


def test_among_hundreds_a_consortium_is_named_by_its_reference(page: Client) -> None:
    lot = Lot.objects.get(reference="rm1~1")
    made = Supplier.objects.bulk_create(
        Supplier(reference=f"both-{number}", name=f"Both {number}", form=Supplier.Form.PRIME)
        for number in range(MOST_CHOICES)
    )
    alder = Partner.objects.get(reference="alder")
    SupplierMember.objects.bulk_create(
        SupplierMember(supplier=one, partner=alder, role="lead", joined_on=date(2020, 1, 1)) for one in made
    )
    Appointment.objects.bulk_create(
        Appointment(reference=f"rm1~1~{one.reference}", supplier=one, lot=lot, starts_on=date(2020, 1, 1))
        for one in made
    )
    signed(page, FIRM)
    shown = read(page.get("/joinings/new?lot=rm1~1&supplier=alders"))
    assert shown.all("select", id="supplier") == []
    assert shown.one("input", id="supplier").attributes["value"] == "alders"
    answer = page.post("/joinings/new", {"lot": "rm1~1", "supplier": "nobody"})
    assert (answer.status_code, [target for _, target in wrong(read(answer))]) == (422, ["#supplier"])
    assert page.post("/joinings/new", {"lot": "rm1~1", "supplier": "alders"}).status_code == 303


def test_a_firm_adds_a_specialism_where_it_offers_others(page: Client) -> None:
    signed(page, LEAD)
    place = Appointment.objects.get(reference="rm1~2a~alders")
    Offering.objects.filter(appointment=place, partner__reference="alder").delete()
    alder = Partner.objects.get(reference="alder")
    known = place.lot.specialisms.get()
    Offering.objects.create(appointment=place, partner=alder, specialism=known, regions=["UK"])
    further = Specialism.objects.create(lot=place.lot, reference="rm1~2a~9", name="Coaching", position=9)
    rest = [further.reference]
    link = read(page.get("/firms/alder/offerings/rm1~2a~alders")).all("a")
    (address,) = (one.attributes["href"] for one in link if "/joinings/new" in one.attributes["href"])
    assert address == "/joinings/new?lot=rm1~2a&supplier=alders&partner=alder"
    boxes = read(page.get(address)).all("input", name="specialisms")
    assert [one.attributes["value"] for one in boxes] == rest
    named = {"lot": "rm1~2a", "supplier": "alders"}
    answer = page.post("/joinings/new", named)
    assert (answer.status_code, wrong(read(answer)), Joining.objects.count()) == (
        422,
        [("Specialisms: name those that the firm would add to what it offers there", "#specialisms")],
        0,
    )
    assert page.post("/joinings/new", named | {"specialisms": rest[:1]}).status_code == 303
    assert Joining.objects.get().offers == [{"specialism": rest[0], "regions": ["UK"]}]


def test_a_firm_that_offers_the_whole_of_a_lot_has_nothing_to_add(page: Client) -> None:
    signed(page, LEAD)
    place = Appointment.objects.get(reference="rm1~2a~alders")
    Offering.objects.filter(appointment=place, partner__reference="alder").delete()
    alder = Partner.objects.get(reference="alder")
    for one in place.lot.specialisms.all():
        Offering.objects.create(appointment=place, partner=alder, specialism=one, regions=["UK"])
    answer = page.post("/joinings/new", {"lot": "rm1~2a", "supplier": "alders"})
    assert (answer.status_code, wrong(read(answer)), Joining.objects.count()) == (
        422,
        [("Specialisms: the firm offers all of this lot already", "#lot")],
        0,
    )
