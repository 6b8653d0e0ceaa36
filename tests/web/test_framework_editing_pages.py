"""Whoever keeps a framework makes and changes it on the pages, part by part; others find no such page."""

from __future__ import annotations

from typing import Any

import pytest
from django.test import Client
from pytest_django import DjangoAssertNumQueries

from procurement.models import Event, Framework, Grade, Lot, Specialism
from tests.web.administering import CHIEF, CLERK, OF_KEEPERS, OPERATOR, make_administrators
from tests.web.buying import colleague, signed
from tests.web.reading import Page, read, wrong

NEW: dict[str, Any] = {
    "reference": "rm9", "number": "RM9", "name": "Later advice", "owner": "owner", "status": "coming",
    "starts_on": "2027-04-01", "ends_on": "2031-03-31", "regime": "pa2023", "region_scheme": "ITL2025",
    "rate_unit": "day", "buyer_classes": ["health"], "maximum_value": "£1,000",
}  # fmt: skip


@pytest.fixture(autouse=True)
def people(page: Client) -> None:
    make_administrators()


def fields(shown: Page) -> set[str]:
    return {address.removeprefix("#") for _, address in wrong(shown)}


def sent(page: Client, address: str, **said: Any) -> Any:
    """Sends a form, made from its framework as it is now."""
    revision = Framework.objects.get(reference="rm9" if "rm9" in address else "rm1").revision
    return page.post(address, {"revision": revision, **said})


def test_a_framework_is_made_part_by_part(page: Client) -> None:
    signed(page, CHIEF)
    answer = page.post("/administration/new-framework", NEW)
    assert answer["Location"] == "/administration/frameworks/rm9/data?done=made", answer.content[:2000]
    made = Framework.objects.get(reference="rm9")
    assert (made.maximum_value_pence, made.buyer_classes, made.fictional) == (100_000, ["health"], False)
    lot = {
        "number": "1",
        "name": "Health",
        "direct_award": "yes",
        "direct_award_cap": "75,000",
        "closes_on": "",
        "work_types": ["advice", "complex"],
        "accreditations": ["cyber-essentials"],
        "professional_indemnity": "2,000,000",
    }
    answer = sent(page, "/administration/frameworks/rm9/new-lot", **lot)
    assert answer["Location"] == "/administration/lots/rm9~1?done=made", answer.content[:2000]
    answer = sent(
        page, "/administration/lots/rm9~1/new-specialism", number="1", name="Advice", cpv="79410000\n79411000"
    )
    assert answer["Location"] == "/administration/lots/rm9~1?done=made", answer.content[:2000]
    assert (
        sent(page, "/administration/lots/rm9~1/new-grade", code="G1", name="Junior", rank="1").status_code
        == 303
    )
    assert Specialism.objects.get(reference="rm9~1~1").cpv == ["79410000", "79411000"]
    shown = page.get("/administration/lots/rm9~1").content.decode()
    for words in (
        "£75,000",
        "79410000, 79411000",
        "G1 Junior",
        "Advice, Complex",
        "Cyber Essentials",
        "£2,000,000",
    ):
        assert words in shown
    public = page.get("/frameworks/rm9").content.decode()
    assert public.count("Rates differ by type of work: advice, complex.") == 1
    assert "Rates differ" not in page.get("/frameworks/rm1").content.decode()
    changed = sent(page, "/administration/grades/rm9~1~g1", name="Analyst", rank="1")
    assert changed["Location"] == "/administration/lots/rm9~1?done=changed"
    assert sent(page, "/administration/grades/rm9~1~g1", do="remove").status_code == 303
    assert sent(page, "/administration/lots/rm9~1/edit", do="remove")["Location"] == (
        "/administration/frameworks/rm9/data?done=removed"
    )
    assert not Lot.objects.filter(framework=made).exists()


def test_what_is_wrong_is_told_at_its_field_and_nothing_is_changed(page: Client) -> None:
    signed(page, CHIEF)
    before = Event.objects.count()
    answer = page.post(
        "/administration/new-framework", NEW | {"reference": "rm1", "starts_on": "soon", "name": ""}
    )
    assert answer.status_code == 422
    assert fields(read(answer)) == {"reference", "starts_on", "name"}
    answer = sent(page, "/administration/lots/rm1~1/edit", name="Health")
    assert (answer.status_code, fields(read(answer))) == (422, {"competition"})
    answer = sent(page, "/administration/specialisms/rm1~1~1", name="Evaluation", cpv="1")
    assert (answer.status_code, fields(read(answer))) == (422, {"cpv"})
    answer = page.post("/administration/frameworks/rm1/edit", {"revision": 7, "name": "Old"})
    assert answer.status_code == 409
    answer = sent(page, "/administration/grades/rm1~1~g1", do="remove")
    assert answer.status_code == 409
    assert "rate cards have it" in answer.content.decode()
    assert Event.objects.count() == before
    assert Grade.objects.filter(reference="rm1~1~g1").exists()


def test_a_form_that_is_sent_as_it_stands_changes_nothing(page: Client) -> None:
    signed(page, OPERATOR)
    before = Framework.objects.get(reference="rm1")
    for address in ("/administration/frameworks/rm1/edit", "/administration/lots/rm1~1/edit"):
        shown = read(page.get(address))
        said: dict[str, Any] = {
            one.attributes["name"]: one.attributes.get("value", "")
            for one in shown.all("input")
            if (one.attributes.get("type") in ("text", "hidden") or "checked" in one.attributes)
            and one.attributes["name"] != "do"
        }
        said |= {one.attributes["name"]: one.text for one in shown.all("textarea")}
        for name in ("status", "regime", "region_scheme", "rate_unit"):
            said |= {name: getattr(before, name)}
        answer = page.post(address, said | {"owner": "owner"})
        assert answer.status_code == 303, answer.content[:3000]
    assert Framework.objects.get(reference="rm1").revision == before.revision


def test_lots_are_moved_up_and_down(page: Client) -> None:
    signed(page, CHIEF)
    address = "/administration/frameworks/rm1/data"

    def listed() -> list[str]:
        found = read(page.get(address))
        return [one.text for one in found.all("a") if one.text.startswith("Lot ")]

    assert read(page.get(address)).texts("button")[-2:] == ["Move lot 1 down", "Move lot 2a up"]
    assert listed() == ["Lot 1: Health", "Lot 2a: Digital"]
    answer = sent(page, address, do="up", lot="rm1~2a")
    assert (answer.status_code, answer["Location"]) == (303, f"{address}?done=up")
    assert "The lot is moved up. Searches follow within seconds." in read(page.get(answer["Location"])).texts(
        "p"
    )
    assert listed() == ["Lot 2a: Digital", "Lot 1: Health"]
    before = Framework.objects.get(reference="rm1").revision, Event.objects.count()
    stale = page.post(address, {"revision": 1, "do": "down", "lot": "rm1~2a"})
    ended = sent(page, address, do="down", lot="rm1~1")
    assert (stale.status_code, ended.status_code) == (409, 409)
    assert "It is the last lot" in read(ended).texts("li")
    for said in ({"do": "up", "lot": "rm0~1"}, {"do": "sideways", "lot": "rm1~1"}, {}):
        assert sent(page, address, **said).status_code == 404
    assert (Framework.objects.get(reference="rm1").revision, Event.objects.count()) == before
    colleague("editor@example.org", "owner", "editor")
    assert sent(signed(page, "editor@example.org"), address, do="up", lot="rm1~1").status_code == 404
    assert listed() == []


def test_others_find_no_such_page(page: Client) -> None:
    colleague("rival@example.org", "dogwood", "administrator")
    colleague("editor@example.org", "owner", "editor")
    for email in (CLERK, "rival@example.org", "editor@example.org", "buyer@example.org"):
        signed(page, email)
        for address in OF_KEEPERS:
            assert page.get(address).status_code == 404, (email, address)
    signed(page, CHIEF)
    for address in (
        "/administration/lots/rm1~9",
        "/administration/grades/rm1~1~g9",
        "/administration/specialisms/x",
    ):
        assert page.get(address).status_code == 404


def test_the_pages_take_a_bounded_number_of_queries(
    page: Client, django_assert_max_num_queries: DjangoAssertNumQueries
) -> None:
    signed(page, CHIEF)
    for address in ("/administration/frameworks/rm1/data", "/administration/lots/rm1~1"):
        with django_assert_max_num_queries(10):
            page.get(address)
