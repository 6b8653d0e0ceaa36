"""What a buyer needs, on the pages: read as it is and as it once was, said anew, withdrawn; and the way to it from what
buys it.
"""

from __future__ import annotations

from typing import Any, Final

import pytest
from django.test import Client

from procurement.models import CallOff, Event, Match, Requirement, RequirementRevision
from tests.web.buying import NEED, colleague, signed
from tests.web.calling_off import begun, need, step
from tests.web.competing import call_off_of, drafted, published, taken
from tests.web.market import HOSTILE
from tests.web.reading import Page, read, rows, summary, wrong

EVERYTHING: Final[dict[str, Any]] = {
    "specialisms": ["rm1~1~1", "rm1~1~2"],
    "regions": ["TLI"],
    "must_have": {"specialisms": ["rm1~1~2"], "regions": ["TLI"]},
    "preferences": {"ownership": ["employee-owned"], "size": ["small"]},
    "budget": {"amount": "8000.00"},
}
"""All that can be said of a need beside its words, its dates and its team."""


def state() -> list[Any]:
    return [
        list(Requirement.objects.order_by("pk").values_list("reference", "revision", "status", "current")),
        RequirementRevision.objects.count(),
        Event.objects.count(),
    ]


def links(found: Page) -> dict[str, str]:
    return {one.text: one.attributes["href"] for one in found.all("a")}


def sent_by(found: Page, action: str) -> dict[str, list[str]]:
    """What a form of the page sends as it stands."""
    sent: dict[str, list[str]] = {}
    start = found.elements.index(found.one("form", action=action))
    end = next(
        (at for at, one in enumerate(found.elements) if at > start and one.tag in ("form", "footer")), None
    )
    chosen = ""
    for one in found.elements[start:end]:
        kind = one.attributes.get("type", "")
        if one.tag == "select":
            chosen = one.attributes["name"]
        elif one.tag == "option" and "selected" in one.attributes:
            sent.setdefault(chosen, []).append(one.attributes["value"])
        elif one.tag == "textarea":
            sent.setdefault(one.attributes["name"], []).append(one.text)
        elif one.tag == "input" and (kind != "checkbox" or "checked" in one.attributes):
            sent.setdefault(one.attributes["name"], []).append(one.attributes.get("value", ""))
    return sent


def test_a_requirement_is_read_as_it_is_and_as_it_once_was(page: Client) -> None:
    reference = need(**EVERYTHING)
    found = read(signed(page).get(f"/requirements/{reference}"))
    assert found.texts("h1") == ["Evaluate a vision rehabilitation service."]
    told = summary(found)
    assert told["Framework"] == "RM1 Advice"
    assert told["Lot"] == "1 Health"
    assert told["Specialisms"].endswith("; Public engagement")
    assert told["Regions"] == "London"
    assert told["Must have"] == "Public engagement; London"
    assert told["Team"] == "10 days of G2"
    assert told["Budget"] == "£8,000 without VAT"
    assert told["Length"] == "6 months"
    assert page.get(f"/requirements/{reference.lower()}").status_code == 200
    assert (
        page.post(f"/requirements/{reference}/edit", {"revision": 1, "text": "Another."}).status_code == 303
    )
    now, once = (read(page.get(f"/requirements/{reference}{more}")) for more in ("", "?version=1"))
    assert (now.texts("h1"), "Team" in summary(now)) == (["Another."], False)
    assert once.texts("h1") == ["Evaluate a vision rehabilitation service."]
    assert summary(once) == told
    assert links(once)["Version 2 is what counts now"] == f"/requirements/{reference}"
    assert links(now)["version 1"] == f"/requirements/{reference}?version=1"
    for number in ("3", "0", "x", "١", "9" * 30):
        assert page.get(f"/requirements/{reference}", {"version": number}).status_code == 404


@pytest.mark.parametrize("email", ["alder@example.org", "nobody@example.org", "other@example.org"])
def test_to_others_a_requirement_is_not_there(page: Client, email: str) -> None:
    reference = need()
    colleague("other@example.org", "district", "editor")
    before = state()
    signed(page, email)
    for address in (f"/requirements/{reference}", f"/requirements/{reference}/edit"):
        assert page.get(address).status_code == 404
        assert page.post(address, {"do": "withdraw", "revision": 1, "text": "Mine."}).status_code == 404
    assert page.get("/requirements").status_code == (200 if email.startswith("other") else 404)
    assert state() == before


def test_who_only_reads_is_offered_no_change_and_makes_none(page: Client) -> None:
    reference = need()
    colleague("reads@example.org", "council", "viewer")
    found = read(signed(page, "reads@example.org").get(f"/requirements/{reference}"))
    assert "Change the requirement" not in links(found)
    assert not found.all("input", name="do")
    before = state()
    assert page.get(f"/requirements/{reference}/edit").status_code == 403
    assert page.post(f"/requirements/{reference}/edit", {"revision": 1, "text": "Mine."}).status_code == 403
    assert page.post(f"/requirements/{reference}", {"do": "withdraw", "revision": 1}).status_code == 403
    assert state() == before


def test_the_form_holds_all_that_a_requirement_says_and_says_it_anew(page: Client) -> None:
    reference = need(**EVERYTHING)
    address = f"/requirements/{reference}/edit"
    form = sent_by(read(signed(page).get(address)), address)
    before = Requirement.objects.get().current
    assert page.post(address, form | {"once": ["a"]}).status_code == 303
    assert Requirement.objects.get().current == before
    changed = form | {"once": ["b"], "months": ["9"], "days": ["12.5"], "budget": ["£9,000"]}
    response = page.post(address, changed)
    assert response["Location"] == f"/requirements/{reference}?done=revised"
    now = Requirement.objects.get()
    assert before is not None
    assert now.current is not None
    assert (now.revision, now.current.number) == (2, 2)
    assert now.current.content == before.content | {
        "months": 9,
        "team": [{"grade": "G2", "days": "12.5"}],
        "budget": {"amount": "9000.00", "currency": "GBP"},
    }
    told = read(page.get(response["Location"])).texts("p", class_="govuk-notification-banner__heading")
    assert [one.partition(".")[0] for one in told] == ["The requirement says so from now on"]


def test_what_cannot_be_taken_is_told_at_its_field_and_stays(page: Client) -> None:
    reference = need()
    address = f"/requirements/{reference}/edit"
    before = state()
    sent = {"revision": 1, "text": "", "framework": "rm1", "lot": "rm1~1", "grade": "G2", "days": "ten"}
    response = signed(page).post(address, sent | {"months": "six"})
    assert (response.status_code, state()) == (422, before)
    found = read(response)
    assert wrong(found) == [
        ("What you need: say in words what is needed, or choose a specialism", "#text"),
        ("Length in months: it must be a whole number such as 6", "#months"),
        ("Days in row 1 of the team: they must be a number such as 10 or 12.5", "#days-0"),
    ]
    assert found.one("input", id="days-0").attributes["value"] == "ten"
    assert found.one("input", name="revision").attributes["value"] == "1"


def test_choices_and_rows_come_without_a_change(page: Client) -> None:
    reference = need()
    address = f"/requirements/{reference}/edit"
    before = state()
    form = sent_by(read(signed(page).get(address)), address)
    other = read(page.post(address, form | {"do": "choices", "framework": "rm0"}))
    assert other.one("input", name="revision").attributes["value"] == "1"
    assert "rm0~1" in [one.attributes["value"] for one in other.all("option")]
    more = read(page.post(address, form | {"do": "rows"}))
    assert len(more.all("select", name="grade")) >= len(other.all("select", name="grade"))
    assert state() == before


def test_a_form_from_an_older_state_changes_nothing_and_says_what_stands(page: Client) -> None:
    reference = need()
    address = f"/requirements/{reference}/edit"
    form = sent_by(read(signed(page).get(address)), address)
    theirs = {"once": ["theirs"], "text": ["Theirs."], "days": ["20"], "must_region": ["TLI"]}
    assert page.post(address, form | theirs).status_code == 303
    before = state()
    response = page.post(address, form | {"once": ["mine"], "text": ["Mine."]})
    assert (response.status_code, state()) == (409, before)
    found = read(response)
    told = [one for one in found.texts("li") if one.startswith("You changed this last, on ")]
    assert len(told) == 1
    assert wrong(found) == [
        ("What you need: now “Theirs.”", "#text"),
        ("Regions: now “London”", "#regions"),
        ("Must have: now “London”", "#regions"),
    ]
    assert "Team: now “20 days of G2”" in found.texts("li")
    assert found.one("textarea", id="text").text == "Mine."
    again = sent_by(found, address)
    assert again["revision"] == ["2"]
    assert page.post(address, again).status_code == 303
    now = Requirement.objects.get()
    assert now.current is not None
    assert (now.current.number, now.current.content["text"]) == (3, "Mine.")


def test_a_requirement_is_withdrawn_for_a_reason_that_its_page_tells(page: Client) -> None:
    reference = need()
    address = f"/requirements/{reference}"
    response = signed(page).post(address, {"do": "withdraw", "revision": 1, "reason": "The money went."})
    assert response["Location"] == f"{address}?done=withdraw"
    found = read(page.get(response["Location"]))
    assert "The requirement is withdrawn. What it said stays." in found.texts("p")
    assert any(one.endswith("It is needed no longer: The money went.") for one in found.texts("li"))
    assert "Change the requirement" not in links(found)
    before = state()
    assert page.get(f"{address}/edit")["Location"] == address
    assert page.post(f"{address}/edit", {"revision": 2, "text": "Again."}).status_code == 409
    assert page.post(f"{address}/edit", {"revision": 1, "text": "Again."}).status_code == 409
    assert page.post(address, {"do": "withdraw", "revision": 2}).status_code == 409
    assert state() == before


def test_what_a_competition_rests_on_is_not_withdrawn(page: Client) -> None:
    address = published(page)
    call_off = call_off_of(address)
    requirement = call_off.requirement.requirement
    before = state()
    here = f"/requirements/{requirement.reference}"
    sent = {"do": "withdraw", "revision": requirement.revision, "reason": "No more."}
    response = page.post(here, sent)
    assert (response.status_code, state()) == (409, before)
    assert f"{call_off.reference} is under way for it: cancel that first" in read(response).texts("li")
    refused = page.post(here, sent | {"reason": "x" * 1001})
    assert (refused.status_code, state()) == (422, before)
    assert wrong(read(refused))[0][1] == "#withdraw-reason"


def test_a_need_that_runs_is_changed_and_the_competition_takes_it_over(page: Client) -> None:
    address = published(page)
    found = read(page.get(address))
    call_off = call_off_of(address)
    named, reference = call_off.reference, call_off.requirement.requirement.reference
    edit = f"/requirements/{reference}/edit"
    assert links(found)[f"{reference}, version 1"] == f"/requirements/{reference}?version=1"
    assert links(found)["Change the requirement"] == edit
    form = sent_by(read(page.get(edit)), edit)
    assert page.post(edit, form | {"months": ["18"]}).status_code == 303
    assert links(read(page.get(address)))["changed since"] == f"/requirements/{reference}"
    _heading, shown = rows(read(page.get(f"/requirements/{reference}")), "Call-offs that buy it")
    assert shown == [
        f"Evaluation {named}",
        "Out to suppliers",
        f"Version: 1 Amend the competition of {named}",
    ]
    taken(page, address, "amend", reason="Longer.", material="yes")
    later = links(read(page.get(address)))
    assert f"{reference}, version 2" in later
    assert "changed since" not in later


def test_a_draft_leads_to_what_it_buys_and_takes_the_newest_when_it_is_kept(page: Client) -> None:
    address = begun(signed(page))
    reference = CallOff.objects.get().requirement.requirement.reference
    assert links(read(page.get(address)))[f"{reference}, version 1"] == f"/requirements/{reference}?version=1"
    assert page.post(f"/requirements/{reference}/edit", {
        "revision": 1, "text": "Newer.", "framework": "rm1", "lot": "rm1~1", "grade": "G2", "days": "10",
    }).status_code == 303  # fmt: skip
    assert "changed since" in links(read(page.get(address)))
    edit = f"{address}/edit"
    assert page.post(edit, sent_by(read(page.get(edit)), edit)).status_code == 303
    assert CallOff.objects.get().requirement.number == 2
    assert "changed since" not in links(read(page.get(address)))
    assert step(page, address, "cancel", reason="Done.").status_code == 303


def test_the_list_names_every_need_and_leads_to_it(page: Client) -> None:
    first, second = need(), need(text="", specialisms=["rm1~1~1"])
    found = read(signed(page).get("/requirements"))
    assert links(found)["Evaluate a vision rehabilitation service."] == f"/requirements/{first}"
    assert links(found)["A need by specialisms alone"] == f"/requirements/{second}"
    assert links(read(page.get("/call-offs")))["Requirements, which call-offs buy"] == "/requirements"
    assert page.post("/requirements", {}).status_code == 405


def test_a_kept_need_is_matched_from_its_page(page: Client) -> None:
    reference = need(**EVERYTHING)
    found = read(signed(page).get(f"/requirements/{reference}"))
    shown = read(page.post("/match", sent_by(found, "/match") | {"do": "choices"}))
    assert shown.one("textarea", id="text").text == "Evaluate a vision rehabilitation service."
    must = shown.all("input", name="must_specialism")
    assert [one.attributes["value"] for one in must if "checked" in one.attributes] == ["rm1~1~2"]
    assert Match.objects.count() == 0


def test_any_text_of_a_need_is_shown_as_text(page: Client) -> None:
    reference = need(text=HOSTILE)
    found = read(signed(page).get(f"/requirements/{reference}"))
    assert found.all("script") == found.all("b") == []
    assert NEED["lot"] in [one.attributes.get("value") for one in found.all("input", name="lot")]


def test_who_is_not_signed_in_is_led_to_it(page: Client) -> None:
    address = f"/requirements/{need()}"
    assert page.get(address)["Location"] == f"/sign-in?next={address}"
    assert page.get("/requirements")["Location"] == "/sign-in?next=/requirements"
    assert page.get(f"{address}/edit")["Location"] == f"/sign-in?next={address}/edit"


def test_whoever_assesses_reads_what_is_needed_from_the_competition(page: Client) -> None:
    call_off = drafted(signed(page))
    reference = call_off_of(call_off).requirement.requirement.reference
    colleague("reads@example.org", "council", "viewer")
    found = read(signed(page, "reads@example.org").get(f"{call_off}/competition"))
    assert page.get(links(found)[f"{reference}, version 1"]).status_code == 200
