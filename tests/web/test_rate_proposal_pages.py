"""A supplier's lead proposes rates on the pages, the framework's owner sees them beside the card and decides; each sees
its own and what is wrong.
"""

from __future__ import annotations

from typing import Any

import pytest
from django.core.files.uploadedfile import SimpleUploadedFile
from django.test import Client
from pytest_django import DjangoAssertNumQueries

from procurement.actions.rate_lines import LineDraft
from procurement.models import Event, Framework, RateCardVersion, RateLine, RateProposal
from tests.guards import unguarded
from tests.web.buying import colleague, signed
from tests.web.market import HOSTILE
from tests.web.proposing import CARD, LEAD, OWNER, begun, changed, first_day, proposers, step, submitted
from tests.web.reading import Page, read, wrong
from web.rate_proposal_form import Names

pytestmark = pytest.mark.django_db


@pytest.fixture(autouse=True)
def people(page: Client) -> None:
    proposers()


def offered(page: Client, address: str) -> set[str]:
    """The steps that the page offers forms for."""
    return {one.attributes["value"] for one in read(page.get(address)).all(name="do")}


def fields(shown: Page) -> set[str]:
    """The fields that the error summary leads to; "" for a message that leads nowhere."""
    return {address.removeprefix("#") for _, address in wrong(shown)}


def kept() -> tuple[Any, ...]:
    found = RateProposal.objects.order_by("pk").values_list(
        "reference", "status", "revision", "lines", "note"
    )
    return list(found), RateCardVersion.objects.count(), Event.objects.count()


def test_rates_that_were_changed_meanwhile_stay_written_beside_their_own_lines(page: Client) -> None:
    address = begun(signed(page, LEAD))
    shown = read(page.get(address))
    lines = {
        one.attributes["name"]: one.attributes["value"]
        for one in shown.all("input")
        if one.attributes["name"].startswith(("line-", "rate-"))
    }
    assert step(page, address, "edit", **{"drop-0": "yes", "rate-1": "700"}).status_code == 303
    before = kept()
    answer = page.post(address, lines | {"do": "edit", "revision": 1, "rate-0": "111", "rate-2": "222"})
    assert (answer.status_code, kept()) == (409, before)
    shown = read(answer)
    assert fields(shown) == {"rate-0", "rate-1"}
    told = {anchor: text for text, anchor in wrong(shown)}
    assert told["#rate-0"] == f"{lines['line-1']}: now “700.00”"
    assert f"{lines['line-0']}: no longer on this page; you wrote 111" in shown.texts("li")
    assert shown.one("input", id="rate-1").attributes["value"] == "222"
    assert shown.one("input", name="line-1").attributes["value"] == lines["line-2"]


def test_a_day_and_a_note_that_were_changed_meanwhile_stay_written(page: Client) -> None:
    address = begun(signed(page, LEAD))
    assert step(page, address, "edit", valid_from=first_day(), note="Theirs").status_code == 303
    before = kept()
    answer = page.post(address, {"do": "edit", "revision": 1, "valid_from": first_day(), "note": "Mine"})
    assert (answer.status_code, kept()) == (409, before)
    assert wrong(read(answer)) == [("Note: now “Theirs”", "#note")]
    assert read(answer).one("textarea", id="note").text == "Mine"


def test_rates_go_from_the_form_to_force(page: Client) -> None:
    address = begun(signed(page, LEAD))
    assert offered(page, address) == {"edit", "file", "submit", "withdraw"}
    address_of_owner = signed(page, OWNER).get(address)
    assert address_of_owner.status_code == 404
    signed(page, LEAD)
    step(page, address, "withdraw")
    address = submitted(page)
    assert offered(page, address) == {"withdraw"}
    signed(page, OWNER)
    assert "</a>: 1 proposal" in page.get("/administration").content.decode()
    listed = read(page.get("/rate-proposals?status=submitted"))
    assert address in [one.attributes["href"] for one in listed.all("a")]
    wrongly = page.get("/rate-proposals?status=foo")
    told = [("Status: “foo” is none of the choices", "#status")]
    assert (wrongly.status_code, wrong(read(wrongly))) == (400, told)
    assert address not in wrongly.content.decode()
    shown = page.get(address)
    assert offered(page, address) == {"approve", "refuse"}
    text = shown.content.decode()
    for words in ("£400", "£380.50", "−£19.50, −4.9%", "Withdrawn: who asks for it can no longer be priced.",
                  "1 line changed (0 raised, 1 lowered), 1 added, 1 withdrawn, 4 as before."):  # fmt: skip
        assert words in " ".join(text.split()), words
    answer = step(page, address, "approve", compared_with="1")
    assert answer["Location"] == f"{address}?done=approve"
    done = read(page.get(answer["Location"]))
    assert len(done.all("li", class_="app-line__station--done")) == 3
    version = RateCardVersion.objects.get(card__supplier__reference="alders", number=2)
    assert (version.status, version.valid_from and version.valid_from.isoformat()) == (
        "published",
        first_day(),
    )
    assert sorted(RateLine.objects.filter(version=version).values_list("price_minor", flat=True)) == [
        38_050, 40_000, 65_050, 65_050, 90_000, 120_000,
    ]  # fmt: skip


def test_what_is_wrong_is_told_at_its_field_and_nothing_is_kept(page: Client) -> None:
    address = begun(signed(page, LEAD))
    before = kept()
    answer = step(page, address, "edit", **{"rate-1": "much", "new-grade-1": "rm1~1~G1", "new-amount-1": ""})
    assert answer.status_code == 422
    shown = read(answer)
    line = shown.one("label", **{"for": "rate-1"}).text
    assert wrong(shown) == [
        (f"{line}: 'much' is not a price; write it as 650, 650.50 or 1,250.00", "#rate-1"),
        ("New line 2: is blank; a price is never taken as 0", "#new-amount-1"),
    ]
    assert shown.one("input", id="rate-1").attributes["value"] == "much"
    answer = step(page, address, "edit", valid_from="soon", note="x")
    assert (answer.status_code, fields(read(answer))) == (422, {"valid_from"})
    answer = step(page, address, "submit")
    assert (answer.status_code, fields(read(answer))) == (422, {"valid_from"})
    answer = step(page, address, "file")
    assert (answer.status_code, fields(read(answer))) == (422, {"file"})
    assert wrong(read(answer)) == [("Choose a file", "#file")]
    text = SimpleUploadedFile("rates.csv", b"grade,lot,price\nG1,1,much\n")
    answer = step(page, address, "file", file=text)
    assert (answer.status_code, fields(read(answer))) == (422, {"file"})
    assert kept() == before


def test_what_is_proposed_is_what_stands_in_the_fields(page: Client) -> None:
    address = begun(signed(page, LEAD))
    answer = step(page, address, "submit", valid_from=first_day(), note="Few.", **{"rate-0": "380.50"})
    assert (answer.status_code, answer["Location"]) == (303, f"{address}?done=submit")
    row = RateProposal.objects.get()
    assert (row.status, row.note, row.valid_from and row.valid_from.isoformat()) == (
        "submitted",
        "Few.",
        first_day(),
    )
    assert row.lines[0]["price_minor"] == 38_050


def test_keeping_a_draft_keeps_day_and_rates_at_once(page: Client) -> None:
    address = begun(signed(page, LEAD))
    assert step(page, address, "edit", valid_from=first_day(), **{"rate-0": "380.50"}).status_code == 303
    row = RateProposal.objects.get()
    assert (row.valid_from and row.valid_from.isoformat(), row.lines[0]["price_minor"]) == (
        first_day(),
        38_050,
    )


def test_a_proposal_that_is_refused_keeps_nothing_and_shows_what_was_typed(page: Client) -> None:
    Framework.objects.filter(reference="rm1").update(rate_rise_ceiling="2.50")
    address = begun(signed(page, LEAD))
    before = kept()
    answer = step(page, address, "submit", valid_from=first_day(), note="Few.", **{"rate-1": "700"})
    shown = read(answer)
    assert (answer.status_code, fields(shown), kept()) == (422, {"rate-1"}, before)
    assert shown.one("input", id="rate-1").attributes["value"] == "700"
    assert shown.one("input", id="valid_from").attributes["value"] == first_day()
    assert shown.one("textarea", id="note").text == "Few."


def test_a_file_that_is_chosen_is_not_dropped_by_another_button(page: Client) -> None:
    address = begun(signed(page, LEAD))
    before = kept()
    for do in ("edit", "submit"):
        text = SimpleUploadedFile("rates.csv", b"grade,lot,price\nG1,1,390\nG2,1,640\n")
        answer = step(page, address, do, valid_from=first_day(), file=text)
        assert (answer.status_code, wrong(read(answer)), kept()) == (
            422,
            [("File: Press “Read the file” for its rates, or choose it no longer", "#file")],
            before,
        )
        assert read(answer).one("input", id="valid_from").attributes["value"] == first_day()


def test_a_file_without_a_heading_is_told_so_in_words(page: Client) -> None:
    address = begun(signed(page, LEAD))
    for content, said in (
        (b"grade,lot,cost\nG1,1,390\n", "No column is headed price: head the one that says it so"),
        (b"name,lot,price\nG1,1,390\n", "No column is headed grade or role: head the one that says it so"),
        (
            b"grade,Price,price\nG1,390,400\n",
            "Several columns could be the price: head one of them so, and the others otherwise",
        ),
    ):
        answer = step(page, address, "file", file=SimpleUploadedFile("rates.csv", content))
        told = answer.content.decode()
        assert (answer.status_code, said in told, "--map" in told) == (422, True, False), said


def test_a_file_says_the_rates(page: Client) -> None:
    address = begun(signed(page, LEAD))
    text = SimpleUploadedFile("rates.csv", b"grade,lot,price\nG1,1,390\nG2,1,640\n")
    sent = {"file": text, "valid_from": first_day(), "note": "Few.", "rate-0": "1"}
    assert step(page, address, "file", **sent).status_code == 303
    row = RateProposal.objects.get()
    assert ([one["price_minor"] for one in row.lines], row.source) == ([39_000, 64_000], "rates.csv")
    assert (row.valid_from and row.valid_from.isoformat(), row.note) == (first_day(), "Few.")


def test_a_rise_beyond_the_ceiling_is_named_where_it_stands(page: Client) -> None:
    Framework.objects.filter(reference="rm1").update(rate_rise_ceiling="2.50")
    address = changed(signed(page, LEAD))
    step(page, address, "edit", **{"rate-1": "700"})
    assert "Not allowed" in page.get(address).content.decode()
    answer = step(page, address, "submit")
    assert (answer.status_code, fields(read(answer))) == (422, {"rate-1"})


def test_a_comparison_that_has_changed_is_told_and_nothing_is_approved(page: Client) -> None:
    address = submitted(page)
    before = kept()
    signed(page, OWNER)
    assert step(page, address, "approve", compared_with="7").status_code == 409
    assert page.post(address, {"do": "approve", "revision": 1}).status_code == 409
    assert step(page, address, "refuse").status_code == 422
    assert kept() == before
    assert step(page, address, "refuse", reason="Too much.").status_code == 303
    assert "Too much." in signed(page, LEAD).get(address).content.decode()


def test_an_illustrative_card_says_so_wherever_its_proposal_is_shown(page: Client) -> None:
    with unguarded():
        RateCardVersion.objects.filter(card__supplier__reference="alders").update(basis="illustrative")
    address = submitted(page)
    for one in (address, "/rate-proposals"):
        assert "Illustrative" in page.get(one).content.decode(), one


def test_others_find_no_such_page(page: Client) -> None:
    address = submitted(page, HOSTILE)
    for email, organisation in (("rival@example.org", "dogwood"), ("birch@example.org", "birch")):
        colleague(email, organisation, "editor")
        assert signed(page, email).get(address).status_code == 404
    assert signed(page, "buyer@example.org").get("/rate-proposals").status_code == 404
    colleague("reader@example.org", "alder", "viewer")
    assert signed(page, "reader@example.org").get("/rate-proposals/new").status_code == 403
    assert offered(page, address) == set()
    assert step(page, address, "withdraw").status_code == 403


def test_which_card_must_be_said_where_there_are_several(page: Client) -> None:
    colleague(LEAD, "dogwood", "editor")
    signed(page, LEAD)
    assert fields(read(page.post("/rate-proposals/new", {"card": "none"}))) == {"card"}
    chosen = read(page.get(f"/rate-proposals/new?card={CARD.replace(' ', '+')}"))
    assert [one.attributes["value"] for one in chosen.all("option") if "selected" in one.attributes] == [CARD]
    begun(page)
    assert page.post("/rate-proposals/new", {"card": CARD}).status_code == 409


def test_long_cards_are_edited_page_by_page(page: Client) -> None:
    address = begun(signed(page, LEAD))
    row = RateProposal.objects.get()
    row.lines = [{"key": str(n), "price_minor": 50_000 + n, "role_title": f"Role {n}"} for n in range(120)]
    row.save()
    shown = read(page.get(f"{address}?rates=3"))
    assert [one.attributes["id"] for one in shown.all("input", inputmode="decimal")][:2] == [
        "rate-100",
        "rate-101",
    ]
    assert step(page, address, "edit", rates="3", **{"rate-101": "111"}).status_code == 303
    row.refresh_from_db()
    assert [one["price_minor"] for one in row.lines[100:103]] == [50_100, 11_100, 50_102]
    assert len(page.get(address).content) < 100_000


def test_the_page_takes_as_many_queries_however_long_the_card(
    page: Client, django_assert_max_num_queries: DjangoAssertNumQueries
) -> None:
    address = changed(signed(page, LEAD))
    with django_assert_max_num_queries(22):
        page.get(address)


@pytest.mark.parametrize(("years", "told"), [(1, "1 year or more"), (2, "2 years or more")])
def test_a_line_says_the_experience_that_it_asks_for(years: int, told: str) -> None:
    line = LineDraft("1", 40000, role_title="Analyst", min_experience=years)
    assert Names({}, {}).line(line) == f"Analyst, {told}"
