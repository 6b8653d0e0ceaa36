"""What the form of a call-off offers to choose from, and what stands in it already."""

from __future__ import annotations

import pytest
from django.test import Client

from procurement.models import CallOff
from tests.web.bounded import asked
from tests.web.buying import ALDER, colleague, signed
from tests.web.calling_off import begun, form, need
from tests.web.calling_off import chosen as locked
from tests.web.reading import Page, chosen, options, read
from web.call_off_form import CHOICES


def offered(shown: Page, name: str) -> list[str]:
    """The values of a select, without the one for none."""
    [_none, *values] = [one.attributes["value"] for one in options(shown, name)]
    return values


def test_an_older_requirement_stays_chosen_beside_the_newest(page: Client) -> None:
    oldest = need()
    draft = begun(signed(page), requirement=oldest)
    newest = [need() for _ in range(CHOICES)][::-1]
    on_no_lot = [need(framework=None, lot=None, team=[]) for _ in range(2)]
    assert offered(read(asked(page, "/call-offs/new")), "requirement") == newest
    for address in (f"/call-offs/new?requirement={oldest}", f"{draft}/edit"):
        shown = read(asked(page, address))
        assert offered(shown, "requirement") == [*newest, oldest], address
        assert chosen(shown, "requirement") == oldest, address
    shown = read(page.get(f"/call-offs/new?requirement={on_no_lot[0]}"))
    assert offered(shown, "requirement") == newest
    sent = form(page, requirement=oldest, title="Second evaluation", revision=1)
    assert page.post(f"{draft}/edit", sent).status_code == 303
    held = CallOff.objects.get()
    assert (held.title, held.requirement.requirement.reference) == ("Second evaluation", oldest)


def test_what_another_buyer_needs_is_no_choice_though_it_is_named(page: Client) -> None:
    reference = need()
    colleague("other@example.org", "district", "editor")
    shown = read(signed(page, "other@example.org").get(f"/call-offs/new?requirement={reference}"))
    assert offered(shown, "requirement") == []


@pytest.mark.parametrize("named", ["requirement", "shortlist"])
def test_whose_it_is_is_chosen_with_what_is_bought(page: Client, named: str) -> None:
    reference = need() if named == "requirement" else locked(signed(page), ALDER)
    colleague("buyer@example.org", "district", "editor")
    shown = read(signed(page).get(f"/call-offs/new?{named}={reference}"))
    assert (chosen(shown, named), chosen(shown, "organisation")) == (reference, "council")
    assert chosen(read(page.get("/call-offs/new")), "organisation") == ""
