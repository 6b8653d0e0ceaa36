"""A buyer's limit is changed by who says which state of it was read, as everything else with a revision is."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest
from django.test import Client

from procurement.models import BuyerLimit, Event
from tests.api import calling_off
from tests.api.buying import BUYER

LIMIT = f"/api/v1/organisations/{BUYER}/limit/"
AMOUNT = {"approval_from": "5000.00"}
TAKEN: list[tuple[str, dict[str, str] | None]] = [("put", AMOUNT), ("delete", None)]

pytestmark = [pytest.mark.django_db, pytest.mark.usefixtures("market")]


@pytest.fixture(autouse=True, scope="module")
def lot(market: None, module_database: None) -> None:
    calling_off.place()


def change(client: Client, how: str, body: dict[str, str] | None, if_match: str) -> Any:
    headers = {"If-Match": if_match} if if_match else {}
    return getattr(client, how)(LIMIT, body, content_type="application/json", headers=headers)


def stands() -> tuple[list[int], int]:
    """The limits there are, and how many events."""
    return list(BuyerLimit.objects.values_list("approval_from_minor", flat=True)), Event.objects.count()


@pytest.mark.parametrize(("how", "body"), TAKEN)
def test_a_change_that_names_no_state_is_refused(
    how: str, body: dict[str, str] | None, person: Callable[[str], Client]
) -> None:
    chief = person("chief")
    assert change(chief, "put", {"approval_from": "7000.00"}, "*").status_code == 200
    before = stands()
    answer = change(chief, how, body, "")
    assert (answer.status_code, answer.json()["errors"][0]["header"]) == (428, "If-Match")
    assert stands() == before == ([700_000], before[1])


@pytest.mark.parametrize(("how", "body"), TAKEN)
def test_a_change_of_an_older_state_is_refused(
    how: str, body: dict[str, str] | None, person: Callable[[str], Client]
) -> None:
    chief = person("chief")
    read = chief.get(LIMIT)["ETag"]
    assert change(chief, "put", {"approval_from": "7000.00"}, read).status_code == 200
    before = stands()
    answer = change(chief, how, body, read)
    assert (answer.status_code, answer.json()["detail"]) == (412, "The limit has changed since you read it.")
    assert stands() == before == ([700_000], before[1])


def test_each_answer_bears_the_tag_for_the_next_change(person: Callable[[str], Client]) -> None:
    chief = person("chief")
    made = change(chief, "put", AMOUNT, chief.get(LIMIT)["ETag"])
    assert (made.status_code, made["Location"], made["ETag"]) == (200, LIMIT, chief.get(LIMIT)["ETag"])
    taken = change(chief, "delete", None, made["ETag"])
    assert (taken.status_code, taken.json()["approval_from"]) == (200, None)
    assert taken["ETag"] == chief.get(LIMIT)["ETag"] != made["ETag"]
    assert stands()[0] == []
