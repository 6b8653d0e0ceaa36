"""The pages on which a contract's key performance indicators are set, and its periods assessed."""

from __future__ import annotations

from typing import Any

import pytest
from django.test import Client
from django.utils import timezone

from procurement.models import Contract, Event, Indicator, IndicatorRating
from tests.web.bounded import asked
from tests.web.buying import colleague, signed
from tests.web.calling_off import awarded, step
from tests.web.market import HOSTILE
from tests.web.measuring import NAMES, TARGETS, large, measured, periods, ratings_form, revision, set_form
from tests.web.reading import chosen, read, wrong
from tests.web.test_call_off_pages import offered_steps


def kept() -> list[Any]:
    """All that a refusal must leave as it is."""
    return [
        Event.objects.count(),
        *(list(one.objects.order_by("pk").values()) for one in (Contract, Indicator, IndicatorRating)),
    ]


def links(page: Client, address: str) -> list[str]:
    return [one.attributes["href"] for one in read(page.get(address)).all("a")]


def test_the_buyer_sets_them_before_it_signs_and_both_sides_read_them(page: Client) -> None:
    contract = large(page)
    told = page.get(contract).content.decode()
    assert "say which before you sign" in told
    assert "sign" not in offered_steps(page, contract)
    before = kept()
    assert step(page, contract, "sign").status_code == 409
    assert kept() == before
    signed(page, "alder@example.org")
    assert "Key performance indicators" not in page.get(contract).content.decode()
    signed(page)
    form = f"{contract}/indicators"
    assert form in links(page, contract)
    shown = read(page.get(form))
    assert len(shown.all("input", name="name")) == 3
    answer = page.post(form, set_form(contract))
    assert (answer.status_code, answer["Location"]) == (303, f"{contract}?done=set_indicators")
    assert "The indicators are kept" in page.get(answer["Location"]).content.decode()
    assert list(Indicator.objects.values_list("name", "target")) == list(zip(NAMES, TARGETS, strict=True))
    assert "sign" in offered_steps(page, contract)
    shown = read(page.get(form))
    assert [one.attributes.get("value", "") for one in shown.all("input", name="name")] == [*NAMES, ""]
    signed(page, "alder@example.org")
    told = page.get(contract).content.decode()
    assert all(one in told for one in (*NAMES, *TARGETS))
    assert form not in links(page, contract)
    assert page.get(form).status_code == 403
    before = kept()
    assert page.post(form, set_form(contract)).status_code == 403
    assert kept() == before
    colleague("stranger@example.org", "ministry", "editor")
    signed(page, "stranger@example.org")
    assert page.get(form).status_code == 404


def test_what_is_wrong_with_the_list_stands_beside_its_fields_with_what_was_written(page: Client) -> None:
    contract = large(page)
    form, before = f"{contract}/indicators", kept()
    few = set_form(contract, name=[HOSTILE, "", ""], target=["", "Two", ""])
    answer = page.post(form, few)
    assert answer.status_code == 422
    assert wrong(read(answer)) == [
        ("What counts as met of indicator 1: this must not be empty", "#target-1"),
        ("Name of indicator 2: this must not be empty", "#name-2"),
    ]
    assert next(one.attributes.get("value", "") for one in read(answer).all("input", name="name")) == HOSTILE
    answer = page.post(form, set_form(contract, name=NAMES[:2], target=TARGETS[:2]))
    assert answer.status_code == 422
    [(told, anchor)] = wrong(read(answer))
    assert (told.endswith("by any"), anchor) == (True, "#name-3")
    assert "these are 2. Set them, or say why" in told
    answer = page.post(form, set_form(contract, no_indicators="One report."))
    assert wrong(read(answer)) == [
        (
            "Why there are none: there are indicators: say why there are none, or which there are, and not both",
            "#no_indicators",
        )
    ]
    assert kept() == before


def test_rows_are_added_without_a_script_and_nothing_is_kept(page: Client) -> None:
    contract = large(page)
    form, before = f"{contract}/indicators", kept()
    answer = page.post(form, set_form(contract, do="rows"))
    assert answer.status_code == 200
    assert [one.attributes.get("value", "") for one in read(answer).all("input", name="name")] == [
        *NAMES,
        *[""] * 4,
    ]
    many = {"name": ["a"] * 20, "target": ["b"] * 20}
    answer = page.post(form, set_form(contract, do="rows", **many))
    assert len(read(answer).all("input", name="name")) == 20
    assert read(answer).all("button", name="do") == []
    assert kept() == before


def test_who_was_slower_sees_what_stands_and_can_send_it_again(page: Client) -> None:
    contract = large(page)
    form = f"{contract}/indicators"
    late = set_form(contract, name=["Others", *NAMES[1:]], target=TARGETS)
    assert page.post(form, set_form(contract)).status_code == 303
    before = kept()
    answer = page.post(form, late)
    assert answer.status_code == 409
    assert "You changed this last" in answer.content.decode()
    assert ("Name of indicator 1: now “Reports on time”", "#name-1") in wrong(read(answer))
    assert kept() == before
    assert page.post(form, late | {"revision": revision(contract)}).status_code == 303
    assert Indicator.objects.get(position=1).name == "Others"


@pytest.mark.parametrize(
    ("changes", "status"), [({"do": "rows"}, 200), ({"target": ["", *TARGETS[1:], ""]}, 422)]
)
def test_more_rows_and_a_refusal_leave_the_form_as_old_as_it_was(
    page: Client, changes: dict[str, Any], status: int
) -> None:
    contract = large(page)
    form = f"{contract}/indicators"
    opened = revision(contract)
    late = set_form(contract, name=["Others", *NAMES[1:], ""])
    assert page.post(form, set_form(contract)).status_code == 303
    before = kept()
    answer = page.post(form, late | changes)
    carried = read(answer).one("input", name="revision").attributes["value"]
    assert (answer.status_code, carried) == (status, str(opened))
    assert page.post(form, late | {"revision": carried}).status_code == 409
    assert kept() == before


def test_what_was_rated_stays_beside_its_indicator_where_the_list_was_set_anew(page: Client) -> None:
    contract = measured(page)
    [form] = periods(page, contract)
    sent = [one.attributes["value"] for one in read(page.get(form)).all("input", name="indicator")]
    late = ratings_form(contract, "good", "inadequate", "approaching_target")
    assert (sent, late["indicator"]) == (NAMES, NAMES)
    held = Contract.objects.get()
    held.indicators.all().delete()
    for position, name in enumerate(["New ones", *NAMES[:2]], start=1):
        Indicator.objects.create(contract=held, position=position, name=name, target="So.")
    Contract.objects.update(revision=held.revision + 1)
    before = kept()
    answer = page.post(form, late)
    assert answer.status_code == 409
    shown = read(answer)
    assert [chosen(shown, f"rating-{at}") for at in (1, 2, 3)] == ["", "good", "inadequate"]
    assert shown.one("textarea", id="note-3").text == "As the returns show."
    told = [one for one in read(answer).texts("li") if one.startswith("What you wrote on ")]
    assert told == ["What you wrote on “Satisfied users”, which is no indicator any more: Approaching target"]
    assert kept() == before


def test_who_was_slower_than_others_that_were_assessed_sees_them_all(page: Client) -> None:
    contract = measured(page)
    form, late = f"{contract}/indicators", set_form(contract)
    names = [*NAMES, "Complaints", "Incidents", "Savings"]
    made = page.post(form, set_form(contract, name=names, target=["One."] * 6))
    assert made.status_code == 303
    [period] = periods(page, contract)
    assert page.post(period, ratings_form(contract, *["good"] * 6)).status_code == 303
    before = kept()
    for sent, status in ((late, 409), (late | {"do": "rows"}, 200)):
        answer = page.post(form, sent)
        assert answer.status_code == status
        shown = [one.attributes["value"] for one in read(answer).all("input", name="name")[:6]]
        assert shown == names
    assert kept() == before


def test_a_contract_that_was_taken_back_has_no_form_of_indicators(page: Client) -> None:
    contract = large(page)
    Contract.objects.update(status="terminated", ended_on=timezone.localdate())
    told = page.get(f"{contract}/indicators").content.decode()
    assert "The contract has ended: its indicators stand." in told
    assert "<fieldset" not in told
    assert f"{contract}/indicators" not in links(page, contract)
    before = kept()
    assert page.post(f"{contract}/indicators", set_form(contract)).status_code == 409
    assert kept() == before


def test_a_smaller_contract_may_have_some(page: Client) -> None:
    _, _, contract = awarded(signed(page))
    assert "The law asks for none of this contract" in page.get(f"{contract}/indicators").content.decode()
    answer = page.post(f"{contract}/indicators", set_form(contract, name=NAMES[:1], target=TARGETS[:1]))
    assert answer.status_code == 303
    assert Indicator.objects.get().name == NAMES[0]
    assert page.post(f"{contract}/indicators", set_form(contract, name=[], target=[])).status_code == 303
    assert "None is set." in page.get(contract).content.decode()


def test_a_period_is_assessed_and_read_by_both_sides(page: Client) -> None:
    contract = measured(page)
    [form] = periods(page, contract)
    # It has ended, and others may still be set for the notice of its end.
    assert len(read(page.get(f"{contract}/indicators")).all("input", name="name")) == 4
    before = kept()
    answer = page.post(form, ratings_form(contract, "good", "", "inadequate", note=["", "", " "]))
    assert answer.status_code == 422
    assert wrong(read(answer)) == [
        ("Choose how the contract performed by indicator 2", "#rating-2"),
        ("Note of indicator 3: this must not be empty", "#note-3"),
    ]
    notice = form.rpartition("/")[2]
    assert notice not in [
        one.attributes["value"]
        for one in read(page.get(contract)).all("option")
        if one.attributes.get("value", "").startswith("uk9")
    ]
    assert kept() == before
    late = ratings_form(contract, "good", "good", "good")
    answer = page.post(form, ratings_form(contract, "good", "approaching_target", "inadequate"))
    assert (answer.status_code, answer["Location"]) == (303, f"{contract}?done=assess")
    assert "The assessment is kept" in page.get(answer["Location"]).content.decode()
    before = kept()
    answer = page.post(form, late)
    assert answer.status_code == 409
    assert ("Rating of indicator 3: now “Inadequate”", "#rating-3") in wrong(read(answer))
    assert kept() == before
    assert page.post(form, late | {"revision": revision(contract)}).status_code == 303
    signed(page, "alder@example.org")
    told = page.get(contract).content.decode()
    assert told.count(">Good<") == 3
    assert page.get(form).status_code == 403
    signed(page)
    today = Contract.objects.get().ended_on
    assert today is not None
    said = {"notice": notice, "number": "2026/S 000-9", "published_on": today.isoformat()}
    assert step(page, contract, "publish_notice", **said).status_code == 303
    told = page.get(form).content.decode()
    assert "was published: what it says stands" in told
    assert NAMES[0] in told
    before = kept()
    assert page.post(form, ratings_form(contract, "good", "good", "good")).status_code == 409
    assert kept() == before
    for key in ("uk7", "uk9-7", "x"):
        assert page.get(f"{contract}/assess/{key}").status_code == 404


def test_the_pages_stay_within_their_queries_however_long_the_list(page: Client) -> None:
    many = {"name": [HOSTILE] * 20, "target": [HOSTILE] * 20}
    contract = measured(page, **many)
    [form] = periods(page, contract)
    for address in (contract, f"{contract}/indicators", form):
        answer = asked(page, address)
        assert answer.status_code == 200
        assert len(answer.content) < 60_000, address
    sent = ratings_form(contract, *["other"] * 20, note=["a" * 1_000] * 20)
    assert page.post(form, sent).status_code == 303
    for address in (contract, form):
        assert len(asked(page, address).content) < 80_000, address
