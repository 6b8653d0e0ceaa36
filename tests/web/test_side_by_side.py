"""Fields that stand side by side on a page: one button keeps what it says, and nothing that was written elsewhere is
lost by it.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import pytest
from django.test import Client

from procurement.actions.assessing import declare_interests
from procurement.actions.call_off_people import add_person
from procurement.actions.clarifications import ask_clarification
from procurement.models import Assessment, Clarification, Consensus, Event, User
from tests.standing import standing
from tests.web.buying import signed
from tests.web.competing import (
    ASSESSOR,
    LEAD,
    MODERATOR,
    OTHER,
    acting,
    call_off_of,
    invitation_of,
    opened,
    published,
    tender_of,
)
from tests.web.reading import Page, read, wrong


@pytest.fixture(autouse=True, scope="module")
def one_for_all(market: None, module_database: None) -> Iterator[None]:
    with standing(Client(), published):
        yield


MINE = {
    "assess-score-method": "4",
    "assess-note-method": "Good.",
    "assess-score-social-value": "3",
    "assess-note-social-value": "Fair.",
}
AGREED = {
    "agree-score-method": "4",
    "agree-reason-method": "Agreed on method.",
    "agree-score-social-value": "3",
    "agree-reason-social-value": "Agreed on social value.",
}


def scores() -> list[tuple[str, int, str]]:
    return list(Assessment.objects.order_by("criterion").values_list("criterion", "score", "note"))


def agreed() -> list[tuple[str, int, str]]:
    return list(Consensus.objects.order_by("criterion").values_list("criterion", "score", "reason"))


def fields(shown: Page) -> dict[str, str]:
    """What stands in the fields of a page, by their ids."""
    found = {one.attributes["id"]: one.attributes.get("value", "") for one in shown.all("input", type="text")}
    return found | {one.attributes["id"]: one.text for one in shown.all("textarea")}


def left(shown: Page) -> list[str]:
    """Where the page leads to for what is not kept yet."""
    at = [one.attributes.get("id") for one in shown.elements]
    if "still-written" not in at:
        return []
    inset = shown.elements[at.index("still-written") :]
    end = next(n for n, one in enumerate(inset) if n and one.tag not in ("p", "ul", "li", "a"))
    return [one.attributes["href"] for one in inset[:end] if one.tag == "a"]


def tender_at(address: str) -> str:
    return f"/tenders/{tender_of(address, 'alders').reference}"


def judging_both(page: Client) -> str:
    """A tender that one person assesses and moderates; its address."""
    address = opened(page)
    one = call_off_of(address)
    add_person(acting("buyer@example.org"), one.reference, acting(MODERATOR).reference, "assessor")
    declare_interests(acting(MODERATOR), one.reference, conflict=False)
    signed(page, MODERATOR)
    return tender_at(address)


def test_all_scores_that_are_filled_in_are_kept_at_once(page: Client) -> None:
    tender = tender_at(opened(page))
    signed(page, ASSESSOR)
    shown = read(page.get(tender))
    assert [one.text for one in shown.all("button", name="do")] == ["Keep my scores"]
    assert page.post(tender, {"do": "assess", **MINE})["Location"] == f"{tender}?done=assess"
    assert scores() == [("method", 4, "Good."), ("social-value", 3, "Fair.")]
    before = Event.objects.count()
    changed = MINE | {"assess-score-method": "5"}
    assert page.post(tender, {"do": "assess", **changed}).status_code == 303
    assert scores() == [("method", 5, "Good."), ("social-value", 3, "Fair.")]
    assert Event.objects.count() == before + 1


def test_a_score_alone_is_kept_without_the_others(page: Client) -> None:
    tender = tender_at(opened(page))
    signed(page, ASSESSOR)
    sent = {"assess-score-method": "4", "assess-note-method": "Good.", "assess-score-social-value": ""}
    assert page.post(tender, {"do": "assess", **sent}).status_code == 303
    assert scores() == [("method", 4, "Good.")]


@pytest.mark.parametrize(
    ("changes", "told"),
    [
        (
            {"assess-score-social-value": "9"},
            [("Your score of Social value: from 0 to 5", "#assess-score-social-value")],
        ),
        (
            {"assess-score-method": "x", "assess-note-social-value": ""},
            [
                ("Your score of Method: a score is a whole number", "#assess-score-method"),
                ("Why, for Social value: this must not be empty", "#assess-note-social-value"),
            ],
        ),
        (dict.fromkeys(MINE, ""), [("Score one criterion at least", "")]),
    ],
)
def test_where_one_score_is_wrong_none_is_kept_and_all_stay_written(
    page: Client, changes: dict[str, str], told: list[tuple[str, str]]
) -> None:
    tender = tender_at(opened(page))
    signed(page, ASSESSOR)
    before = Event.objects.count()
    sent = MINE | changes
    answer = page.post(tender, {"do": "assess", **sent})
    shown = read(answer)
    assert (answer.status_code, scores(), Event.objects.count()) == (422, [], before)
    assert wrong(shown) == [one for one in told if one[1]]
    assert all(text in shown.texts("li") for text, _ in told)
    assert fields(shown) == sent


def test_scores_are_agreed_at_once_and_none_twice(page: Client) -> None:
    address = opened(page)
    tender = tender_at(address)
    signed(page, ASSESSOR)
    page.post(tender, {"do": "assess", **MINE})
    signed(page, MODERATOR)
    assert page.post(tender, {"do": "agree", **AGREED}).status_code == 303
    assert agreed() == [("method", 4, "Agreed on method."), ("social-value", 3, "Agreed on social value.")]
    before = Event.objects.count()
    assert page.post(tender, {"do": "agree", **AGREED}).status_code == 303
    assert Event.objects.count() == before


def test_a_score_that_somebody_agreed_meanwhile_is_neither_taken_back_nor_in_the_way(page: Client) -> None:
    tender = tender_at(opened(page))
    signed(page, ASSESSOR)
    page.post(tender, {"do": "assess", **MINE})
    signed(page, MODERATOR)
    older = {f"agree-was-{one.removeprefix('agree-')}": "" for one in AGREED}
    hidden = {one.attributes["name"] for one in read(page.get(tender)).all("input", type="hidden")}
    assert set(older) <= hidden
    assert page.post(tender, {"do": "agree", **AGREED}).status_code == 303
    stands, before = agreed(), Event.objects.count()
    untouched = dict.fromkeys(AGREED, "") | {"agree-score-method": "1", "agree-reason-method": "Other."}
    answer = page.post(tender, {"do": "agree", **untouched, **older})
    assert (answer.status_code, agreed(), Event.objects.count()) == (409, stands, before)
    told = "Method has another score since you opened this page: 4. Send yours again to put it in its place"
    assert told in read(answer).texts("li")
    seen = {"agree-was-score-method": "4", "agree-was-reason-method": "Agreed on method."}
    assert page.post(tender, {"do": "agree", **untouched, **older, **seen}).status_code == 303
    assert agreed() == [("method", 1, "Other."), stands[1]]


def test_a_score_that_counts_no_longer_is_shown_as_that_and_scored_again(page: Client) -> None:
    address = opened(page)
    tender = tender_at(address)
    signed(page, ASSESSOR)
    page.post(tender, {"do": "assess", **MINE})
    signed(page, MODERATOR)
    page.post(tender, {"do": "agree", **AGREED})
    declare_interests(acting(ASSESSOR), call_off_of(address).reference, conflict=True, note="A friend.")
    shown = read(page.get(tender))
    assert "Agreed before as 4 of 5, which counts no longer." in shown.texts("p")
    assert shown.one("input", id="agree-score-method").attributes.get("value", "") == ""


def test_a_score_that_cannot_be_agreed_yet_is_named_and_none_is_agreed(page: Client) -> None:
    tender = tender_at(opened(page))
    signed(page, ASSESSOR)
    page.post(tender, {"do": "assess", "assess-score-method": "4", "assess-note-method": "Good."})
    signed(page, MODERATOR)
    before = Event.objects.count()
    answer = page.post(tender, {"do": "agree", **AGREED})
    shown = read(answer)
    assert (answer.status_code, agreed(), Event.objects.count()) == (409, [], before)
    assert "Social value: 0 of 1 have scored this" in shown.texts("li")
    assert fields(shown) == AGREED


def test_who_assesses_and_moderates_loses_neither_by_keeping_the_other(page: Client) -> None:
    tender = judging_both(page)
    sent: dict[str, Any] = {"do": "assess", "once": "a-key", **MINE, **AGREED}
    for _ in range(2):
        answer = page.post(tender, sent)
        shown = read(answer)
        assert (answer.status_code, len(scores()), agreed()) == (200, 2, [])
        assert shown.texts("p", class_="govuk-notification-banner__heading") == ["Your scores are kept."]
        assert left(shown) == [f"#{one}" for one in AGREED]
        assert fields(shown) == MINE | AGREED
    assert Event.objects.filter(type="tender.assessed").count() == 2
    assert page.post(tender, sent | {"do": "agree"}).status_code == 303
    assert len(agreed()) == 2


def test_what_is_not_kept_is_kept_from_the_browser(page: Client) -> None:
    tender = judging_both(page)
    answer = page.post(tender, {"do": "assess", **MINE, **AGREED})
    assert (answer.status_code, "no-store" in answer["Cache-Control"]) == (200, True)
    assert User.objects.filter(email=MODERATOR).exists()


def asked(address: str) -> tuple[str, str]:
    """Two questions to the competition; their references."""
    for email, supplier, text in (
        (LEAD, "alders", "May one meet?"),
        (OTHER, "dogwood", "May one write?"),
    ):
        ask_clarification(acting(email), invitation_of(address, supplier).rpartition("/")[2], text)
    first, second = Clarification.objects.order_by("number").values_list("reference", flat=True)
    return first, second


def test_an_answer_to_one_question_leaves_the_others_written(page: Client) -> None:
    competition = published(page)
    address = f"{competition}/questions"
    first, second = asked(competition)
    signed(page)
    written = {
        f"told-{first}": "May one meet?",
        f"answer-{first}": "Yes.",
        f"told-{second}": "May we write?",
        f"answer-{second}": "No.",
    }
    said: dict[str, Any] = {"do": "answer", "once": "a-key", "revision": 0, "question": first, **written}
    for _ in range(2):
        answer = page.post(address, said)
        shown = read(answer)
        assert (answer.status_code, Clarification.objects.filter(answered_at=None).count()) == (200, 1)
        assert shown.texts("p", class_="govuk-notification-banner__heading") == [
            "The question is answered, to everybody."
        ]
        assert left(shown) == [f"#told-{second}", f"#answer-{second}"]
        assert fields(shown).items() >= {f"told-{second}": "May we write?", f"answer-{second}": "No."}.items()
    assert page.post(address, said | {"question": second})["Location"] == f"{competition}?done=answer"
    assert not read(page.get(address)).all("textarea")
    kept = Clarification.objects.order_by("number").values_list("told", "answer")
    assert list(kept) == [("May one meet?", "Yes."), ("May we write?", "No.")]


def test_an_answer_that_is_refused_leaves_all_written(page: Client) -> None:
    competition = published(page)
    address = f"{competition}/questions"
    first, second = asked(competition)
    signed(page)
    said = {"do": "answer", "question": first, f"answer-{first}": " ", f"answer-{second}": "No."}
    answer = page.post(address, said)
    shown = read(answer)
    assert (answer.status_code, wrong(shown)) == (
        422,
        [("Answer: this must not be empty", f"#answer-{first}")],
    )
    assert fields(shown)[f"answer-{second}"] == "No."
    assert not Clarification.objects.exclude(answered_at=None).exists()
