"""Frameworks are kept through the API: made and changed part by part with their revision, or refused by name."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest
from django.test import Client

from procurement.models import Event, Framework, Grade, Lot, Specialism
from tests.api.conftest import TokenMaker
from tests.api.permitted import KEPT_NEW
from tests.api.test_joinings import send

pytestmark = [pytest.mark.django_db, pytest.mark.usefixtures("market")]

NEW = KEPT_NEW["frameworks/"]


@pytest.fixture
def operator(person: Callable[[str], Client]) -> Client:
    return person("operator")


def kept() -> tuple[Any, ...]:
    return (
        list(Framework.objects.order_by("pk").values_list("reference", "revision", "name")),
        Lot.objects.count(),
        Specialism.objects.count(),
        Grade.objects.count(),
        Event.objects.count(),
    )


def test_a_framework_is_made_and_changed_part_by_part(operator: Client) -> None:
    made = send(
        operator,
        "POST",
        "/api/v1/frameworks/",
        NEW | {"maximum_value": "1000.50", "rate_rise_ceiling": "2.5"},
    )
    assert made.status_code == 201, made.content
    assert (made["Location"], made.json()["maximum_value"]["amount"], made.json()["rate_rise_ceiling"]) == (
        "/api/v1/frameworks/xd9/", "1000.50", "2.50",
    )  # fmt: skip
    said = {
        "framework": "xd9",
        "number": "1",
        "name": "One",
        "direct_award": True,
        "direct_award_cap": "75000.00",
        "work_types": ["advice"],
        "accreditations": ["cyber-essentials"],
        "public_liability": "1000000.00",
    }
    lot = send(operator, "POST", "/api/v1/lots/", said, **{"If-Match": made["ETag"]})
    assert lot.status_code == 201, lot.content
    assert (lot.json()["reference"], lot.json()["direct_award_cap"]["amount"]) == ("xd9~1", "75000.00")
    assert lot.json()["work_types"] == ["advice"]
    assert (lot.json()["accreditations"], lot.json()["professional_indemnity"]) == (
        ["cyber-essentials"],
        None,
    )
    assert lot.json()["public_liability"]["amount"] == "1000000.00"
    stale = {"If-Match": made["ETag"], "Idempotency-Key": "k2"}
    late = send(
        operator, "POST", "/api/v1/grades/", {"lot": "xd9~1", "code": "G1", "name": "x", "rank": 1}, **stale
    )
    assert late.status_code == 412
    fresh = {"If-Match": lot["ETag"], "Idempotency-Key": "k3"}
    grade = send(
        operator, "POST", "/api/v1/grades/", {"lot": "xd9~1", "code": "G1", "name": "x", "rank": 1}, **fresh
    )
    assert grade.status_code == 201, grade.content
    read = operator.get(grade["Location"])
    changed = send(operator, "PATCH", grade["Location"], {"name": "Junior"}, **{"If-Match": read["ETag"]})
    assert (changed.status_code, changed.json()["name"]) == (200, "Junior")
    assert send(operator, "DELETE", grade["Location"], **{"If-Match": read["ETag"]}).status_code == 412
    assert send(operator, "DELETE", grade["Location"], **{"If-Match": changed["ETag"]}).status_code == 204
    assert send(operator, "DELETE", lot["Location"]).status_code == 204
    assert Framework.objects.get(reference="xd9").revision == 6


def test_a_repeated_request_makes_one_lot(operator: Client) -> None:
    said = {"framework": "rm6309", "number": "11", "name": "One", "competition": True}
    first, again = (send(operator, "POST", "/api/v1/lots/", said) for _ in range(2))
    assert (first.status_code, again.json()) == (201, first.json())
    assert Lot.objects.filter(framework__reference="rm6309", number="11").count() == 1


@pytest.mark.parametrize(
    ("method", "path", "body", "status", "pointers"),
    [
        ("POST", "frameworks/", NEW | {"colour": "red"}, 400, ["/colour"]),
        (
            "POST",
            "frameworks/",
            NEW | {"reference": "rm6309", "ends_on": "soon"},
            422,
            ["/ends_on", "/reference"],
        ),
        ("PATCH", "frameworks/rm6309/", {"reference": "rm1"}, 422, ["/reference"]),
        ("PATCH", "frameworks/rm6309/", {"region_scheme": "ITL2025"}, 422, ["/region_scheme"]),
        ("POST", "lots/", {"framework": "none", "number": "1", "name": "x"}, 404, []),
        (
            "POST",
            "lots/",
            {"framework": "rm6309", "number": "7", "name": "x"},
            422,
            ["/number", "/competition"],
        ),
        ("POST", "specialisms/", {"lot": "rm6309~7", "number": "99"}, 422, ["/name"]),
        ("PATCH", "grades/rm6309~7~g3/", {"rank": "three"}, 422, ["/rank"]),
        ("DELETE", "grades/rm6309~7~g3/", None, 409, []),
        ("DELETE", "lots/rm6309~7/", None, 409, []),
    ],
)
def test_what_is_wrong_is_named_and_changes_nothing(
    method: str, path: str, body: Any, status: int, pointers: list[str], operator: Client
) -> None:
    before = kept()
    answer = send(operator, method, f"/api/v1/{path}", body)
    assert answer.status_code == status, answer.content
    assert [one["pointer"] for one in answer.json().get("errors", [])] == pointers
    assert kept() == before


def test_a_lot_is_moved_up_and_down_as_lots_are_listed(operator: Client) -> None:
    listed = "/api/v1/lots/?framework=rm6309"

    def order() -> list[str]:
        return [one["reference"] for one in operator.get(listed).json()["results"]]

    before, here = order(), "/api/v1/lots/rm6309~7/move/"
    at = before.index("rm6309~7")
    moved = send(operator, "POST", here, {"to": "up"}, Idempotency_Key="m1")
    swapped = [*before[: at - 1], before[at], before[at - 1], *before[at + 1 :]]
    assert (moved.status_code, moved.json()["reference"], order()) == (200, "rm6309~7", swapped)
    again = send(operator, "POST", here, {"to": "up"}, Idempotency_Key="m1")
    assert (again.status_code, again["Idempotency-Replayed"], order()) == (200, "true", swapped)
    down = send(operator, "POST", here, {"to": "down"}, Idempotency_Key="m2", If_Match=moved["ETag"])
    assert (down.status_code, order()) == (200, before)
    unchanged = kept()
    first = f"/api/v1/lots/{before[0]}/move/"
    for path, said, status in (
        (first, {"to": "up"}, 409), (here, {"to": "top"}, 422), (here, {"to": 7}, 400), (here, {}, 400),
        ("/api/v1/lots/rm6309~99/move/", {"to": "up"}, 404),
    ):  # fmt: skip
        assert send(operator, "POST", path, said, Idempotency_Key=f"k{status}").status_code == status
    stale = send(operator, "POST", here, {"to": "up"}, Idempotency_Key="m3", If_Match=moved["ETag"])
    assert (stale.status_code, operator.get(here).status_code) == (412, 405)
    assert (kept(), order()) == (unchanged, before)


def test_a_change_says_what_it_has_read(operator: Client) -> None:
    answer = operator.patch("/api/v1/lots/rm6309~7/", {"name": "x"}, content_type="application/json")
    assert answer.status_code == 428


def test_an_integration_needs_the_scope(client: Client, token: TokenMaker) -> None:
    for scope, status in (("frameworks:write", 200), ("read", 403)):
        headers = {"Authorization": f"Bearer {token('calloff-operations', scope)}"}
        answer = send(client, "PATCH", "/api/v1/lots/rm6309~7/", {"name": "x"}, **headers)
        assert answer.status_code == status, answer.content
