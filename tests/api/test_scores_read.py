"""Who of the buyer reads what opened tenders came to: those who take part, and nobody who declared a conflict."""

from __future__ import annotations

from collections.abc import Callable, Iterator

import pytest
from django.test import Client

from procurement.actions.assessing import declare_interests
from procurement.actions.awards import undo_award
from procurement.actions.ranking import evaluate_again
from procurement.models import CallOff
from tests.api import competing
from tests.api.calling_off import acting
from tests.api.competing import again, explained, intended, opened, scored
from tests.competed import tender_of

pytestmark = [pytest.mark.django_db, pytest.mark.usefixtures("market")]

OF_CALL_OFF = ("ranking/", "low-prices/")
OF_TENDER = ("assessments/", "consensus/", "letters/")
CLOSED = "Prices and scores are read by whoever runs or approves the call-off"


@pytest.fixture(autouse=True, scope="module")
def contest(market: None, module_database: None) -> None:
    competing.place_contest()


def places(call_off: CallOff) -> Iterator[str]:
    yield from (f"/api/v1/call-offs/{call_off.reference}/{name}" for name in OF_CALL_OFF)
    tender = tender_of(call_off, "larch").reference
    yield from (f"/api/v1/tenders/{tender}/{name}" for name in OF_TENDER)


def answered(client: Client, call_off: CallOff) -> set[int]:
    """By which statuses all of it is answered; a refusal says nothing but who may."""
    found = set()
    for place in places(call_off):
        answer = client.get(place)
        found.add(answer.status_code)
        if answer.status_code == 403:
            assert answer.json()["detail"].startswith(CLOSED), place
    return found


def conflicted(name: str, call_off: CallOff) -> None:
    declare_interests(acting(name), call_off.reference, conflict=True, note="A cousin works there.")


def test_what_the_tenders_came_to_is_read_by_those_who_take_part(person: Callable[[str], Client]) -> None:
    call_off = intended()
    for who, told in (
        ("buyer", {200}), ("approver", {200}), ("first", {200}), ("moderator", {200}), ("reader", {403}),
        ("second", {403}), ("neighbour", {404}),
    ):  # fmt: skip
        assert answered(person(who), call_off) == told, who
    # Who declares a conflict reads nothing any more, whatever they are.
    for who in ("first", "buyer"):
        conflicted(who, call_off)
        assert answered(person(who), call_off) == {403}, who
    tender = f"/api/v1/tenders/{tender_of(call_off, 'larch').reference}/"
    for who in ("reader", "first"):
        shown = person(who).get(tender).json()
        assert (shown["status"], shown["submitted"]["price"]) == ("successful", None)


def test_scores_are_closed_to_who_takes_no_part_before_they_are_ranked_too(
    person: Callable[[str], Client],
) -> None:
    call_off = scored(opened())
    place = f"/api/v1/tenders/{tender_of(call_off, 'larch').reference}/assessments/"
    assert [one["score"] for one in person("moderator").get(place).json()["results"]] == [4]
    conflicted("moderator", call_off)
    assert (person("moderator").get(place).status_code, person("reader").get(place).status_code) == (403, 403)
    # The tenderer learns nothing of them.
    assert person("larch").get(place).json()["results"] == []


def test_what_was_asked_about_a_price_is_read_by_the_tenderer_and_those_who_take_part(
    person: Callable[[str], Client],
) -> None:
    place = f"/api/v1/tenders/{explained().reference}/price-question/"
    read = {who: person(who).get(place).status_code for who in ("larch", "buyer", "moderator", "reader")}
    assert read == {"larch": 200, "buyer": 200, "moderator": 200, "reader": 403}


def test_letters_are_closed_with_the_prices_while_it_is_evaluated_again(
    person: Callable[[str], Client],
) -> None:
    call_off = intended()
    place = f"/api/v1/tenders/{tender_of(call_off, 'larch').reference}/letters/?page_size=5"
    assert person("buyer").get(place).json()["count"] == 1
    undo_award(acting("approver"), call_off.reference, call_off.revision, "It was mistyped.")
    evaluate_again(acting("moderator"), call_off.reference, again(call_off).revision, "It was mistyped.")
    assert person("buyer").get(place).json()["count"] == 0
    assert person("larch").get(place).json()["count"] == 2


def test_the_page_of_a_competition_shows_its_ranking_to_those_who_take_part(
    person: Callable[[str], Client],
) -> None:
    call_off = intended()
    place = f"/call-offs/{call_off.reference}/competition"
    shown = {who: person(who).get(place).content.decode() for who in ("buyer", "moderator", "reader")}
    for who, reads in (("buyer", True), ("moderator", True), ("reader", False)):
        assert ("The arithmetic" in shown[who], "Ranking, by" in shown[who]) == (reads, reads), who
        assert ("The tenders are ranked. Prices and scores are read by" in shown[who]) == (not reads), who
        assert "Larch" in shown[who]
    conflicted("moderator", call_off)
    assert "The arithmetic" not in person("moderator").get(place).content.decode()
