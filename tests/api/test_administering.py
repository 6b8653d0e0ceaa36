"""What framework owners, operators, firms and administrators of an organisation do through the API: places and firms,
people, what was bought, what a firm offers.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest
from django.test import Client
from django.utils import timezone
from pytest_django import DjangoAssertNumQueries

from procurement.models import Appointment, Event, Membership, Offering, Organisation, Partner, User
from tests.api import calling_off
from tests.api.buying import BUYER
from tests.api.conftest import TokenMaker
from tests.api.joining import people
from tests.api.test_joinings import send

PLACES, FIRMS, BODIES = "/api/v1/appointments/", "/api/v1/partners/", "/api/v1/organisations/"
PLACE, PEOPLE = f"{PLACES}xd1~1~larch/", f"{BODIES}{BUYER}/members/"
WHY = {"reason": "Its insurance has lapsed."}
NEW = {"email": "New@Example.org", "full_name": "Somebody new", "role": "editor"}
OFFERED = {"lot": "xd1~1", "specialism": "xd1~1~1", "regions": ["TLC"]}

Person = Callable[[str], Client]
pytestmark = [pytest.mark.django_db, pytest.mark.usefixtures("market")]


@pytest.fixture(autouse=True, scope="module")
def lot(market: None, module_database: None) -> None:
    calling_off.place()
    people()


def kept() -> list[Any]:
    """All that a refusal must leave as it is."""
    return [
        Event.objects.count(),
        list(Appointment.objects.order_by("pk").values_list("status", "revision")),
        list(Partner.objects.order_by("pk").values_list("suspended", "revision")),
        list(Membership.objects.order_by("pk").values_list("user", "role")),
        list(Offering.objects.order_by("pk").values_list("specialism", "regions", "evidence")),
        User.objects.count(),
    ]


def role_of(name: str) -> str:
    return Membership.objects.get(user__email=f"{name}@example.org").role


def test_an_owner_rests_a_place_and_takes_it_up_again_for_a_reason(person: Person) -> None:
    owner = person("owner")
    before = kept()
    for body, status in (({"reason": ""}, 422), ({"why": "x"}, 400), ({"reason": 7}, 400)):
        refused = send(owner, "POST", f"{PLACE}suspend/", body)
        assert refused.status_code == status, refused.content
        assert refused.json()["errors"][0]["pointer"] in ("/reason", "/why")
    read = owner.get(PLACE)
    assert send(owner, "POST", f"{PLACE}reinstate/", WHY, If_Match=read["ETag"]).status_code == 409
    for step in ("suspend", "reinstate", "withdraw"):
        bare = {"Idempotency-Key": "k1"}
        answer = owner.post(f"{PLACE}{step}/", WHY, content_type="application/json", headers=bare)
        assert answer.status_code == 428
        assert send(owner, "POST", f"{PLACE}{step}/", WHY, If_Match='"99-x"').status_code == 412
    assert kept() == before
    assert read.json()["available_actions"] == ["suspend", "withdraw"]
    moved = send(owner, "POST", f"{PLACE}suspend/", WHY, Idempotency_Key="k2", If_Match=read["ETag"])
    assert (moved.status_code, moved.json()["status"]) == (200, "suspended")
    assert moved.json()["available_actions"] == ["reinstate", "withdraw"]
    event = Event.objects.latest("position")
    assert (event.type, event.changes["reason"]) == ("appointment.suspended", WHY["reason"])
    assert (moved["ETag"], moved["Location"]) == (owner.get(PLACE)["ETag"], PLACE)
    again = send(owner, "POST", f"{PLACE}suspend/", WHY, Idempotency_Key="k2", If_Match=read["ETag"])
    assert (again.json(), Event.objects.latest("position")) == (moved.json(), event)
    stale = send(owner, "POST", f"{PLACE}withdraw/", WHY, Idempotency_Key="k4", If_Match=read["ETag"])
    assert (stale.status_code, Event.objects.latest("position")) == (412, event)
    back = send(owner, "POST", f"{PLACE}reinstate/", WHY, If_Match=moved["ETag"])
    assert back.json()["status"] == "active"
    assert (
        send(owner, "POST", f"{PLACE}withdraw/", WHY, Idempotency_Key="k3").json()["available_actions"] == []
    )


def test_an_owner_lists_its_own_places_in_a_fixed_number_of_queries(
    person: Person, django_assert_num_queries: DjangoAssertNumQueries
) -> None:
    owner, other = person("owner"), person("other-owner")
    for size, found in ((1, 1), (50, 2)):
        with django_assert_num_queries(7):
            rows = owner.get(f"{PLACES}?framework=xd1&page_size={size}").json()["results"]
        assert len(rows) == found
    assert [one["supplier"]["reference"] for one in rows] == ["brightwater", "larch"]
    assert other.get(f"{PLACES}?framework=xd1").json()["count"] == 0
    assert other.get(f"{PLACES}?supplier=brightwater&lot=rm6309~7&status=active").json()["count"] == 1
    assert other.get(PLACE).status_code == 404
    assert owner.get(f"{PLACES}?status=gone").status_code == 400


def test_a_suspended_firm_is_seen_by_nobody_and_shown_again(client: Client, person: Person) -> None:
    operator, one = person("operator"), f"{FIRMS}alder/"
    etag = client.get(one)["ETag"]
    before = kept()
    bare = {"Idempotency-Key": "k1"}
    answer = operator.post(f"{one}suspend/", WHY, content_type="application/json", headers=bare)
    assert answer.status_code == 428
    assert send(operator, "POST", f"{one}suspend/", WHY, If_Match='"99-x"').status_code == 412
    assert send(operator, "POST", f"{one}reinstate/", WHY, If_Match=etag).status_code == 409
    for who in ("owner", "alder", "buyer"):
        assert send(person(who), "POST", f"{one}suspend/", WHY).status_code == 403
    assert kept() == before
    gone = send(operator, "POST", f"{one}suspend/", WHY, If_Match=etag, Idempotency_Key="k2")
    assert (gone.status_code, gone.json()["suspended"]) == (200, True)
    assert client.get(one).status_code == 404
    assert send(person("buyer"), "POST", f"{one}reinstate/", WHY).status_code == 404
    back = send(operator, "POST", f"{one}reinstate/", WHY, If_Match=gone["ETag"])
    assert (back.status_code, back.json()["suspended"]) == (200, False)
    assert client.get(one).json()["suspended"] is False


def test_people_are_told_by_name_and_nobody_is_put_among_them(person: Person) -> None:
    chief, before = person("chief"), kept()
    assert send(chief, "POST", PEOPLE, NEW).status_code == 405
    assert kept() == before
    rows = chief.get(PEOPLE).json()["results"]
    assert [one["full_name"] for one in rows] == sorted(one["full_name"] for one in rows)


def test_roles_are_given_and_ended_and_an_administrator_stays(person: Person, token: TokenMaker) -> None:
    chief = person("chief")
    approver = f"{PEOPLE}{User.objects.get(email='approver@example.org').reference}/"
    own = f"{PEOPLE}{User.objects.get(email='chief@example.org').reference}/"
    before = kept()
    assert send(chief, "PATCH", own, {"role": "viewer"}).status_code == 409
    assert send(chief, "DELETE", own).status_code == 409
    assert send(chief, "PATCH", approver, {"role": "king"}).status_code == 422
    assert send(chief, "PATCH", approver, {"role": "approver"}).status_code == 409
    assert send(chief, "PATCH", f"{PEOPLE}usr_none/", {"role": "viewer"}).status_code == 404
    assert send(person("buyer"), "DELETE", approver).status_code == 403
    assert send(person("neighbour"), "DELETE", approver).status_code == 404
    headers = {"Authorization": f"Bearer {token(BUYER, 'read contacts:read call_offs:write')}"}
    assert Client().get(PEOPLE, headers=headers).status_code == 404
    assert send(Client(), "DELETE", approver, **headers).status_code == 404
    assert kept() == before
    assert (
        send(chief, "PATCH", approver, {"role": "viewer"}).json()["role"] == role_of("approver") == "viewer"
    )
    assert send(chief, "DELETE", approver).status_code == 204
    assert not Membership.objects.filter(user__email="approver@example.org").exists()
    kinds = list(Event.objects.order_by("position").values_list("type", flat=True))[-2:]
    assert kinds == ["organisation.member_role_changed", "organisation.member_removed"]


def test_whoever_belongs_leaves_and_the_last_administrator_does_not(person: Person) -> None:
    buyer, chief = person("buyer"), person("chief")
    own = {
        name: f"{PEOPLE}{User.objects.get(email=f'{name}@example.org').reference}/"
        for name in ("buyer", "chief")
    }
    before, name = kept(), Organisation.objects.get(reference=BUYER).name
    alone = send(chief, "DELETE", own["chief"])
    assert (alone.status_code, alone.json()["detail"]) == (
        409,
        f"Nobody else administers {name}: make another person its administrator first.",
    )
    assert send(buyer, "DELETE", own["chief"]).status_code == 403
    assert send(person("neighbour"), "DELETE", own["buyer"]).status_code == 404
    assert kept() == before
    assert send(buyer, "DELETE", own["buyer"]).status_code == 204
    event = Event.objects.latest("position")
    assert (event.type, event.actor, event.references["user"]) == (
        "organisation.member_removed", event.references["user"], own["buyer"].split("/")[-2],
    )  # fmt: skip
    assert not Membership.objects.filter(
        user__email="buyer@example.org", organisation__reference=BUYER
    ).exists()
    assert send(buyer, "DELETE", own["buyer"]).status_code == 404


def test_what_was_bought_is_added_up_for_who_answers_for_the_framework(person: Person) -> None:
    calling_off.active()
    owner = person("owner")
    told = owner.get("/api/v1/spending/?framework=xd1").json()
    value = {"amount": "4100.00", "currency": "GBP", "vat": "excluded"}
    assert (told["frameworks"], told["value"], told["other_suppliers"]) == (["xd1"], value, 0)
    assert told["routes"] == [
        {
            "framework": {"reference": "xd1", "name": "Direct awards", "number": "XD1"},
            "route": "direct_award",
            "went_out": 1,
            "going_on": 0,
            "contracted": 1,
            "ended_without": 0,
            "value": value,
        }
    ]
    month = f"{timezone.localdate():%Y-%m}"
    assert told["months"][-1] == {"month": month, "contracts": 1, "value": value}
    assert len(told["months"]) == 12
    larch = {"reference": "larch", "name": "Larch Consortium"}
    assert told["suppliers"] == [{"supplier": larch, "fictional": False, "contracts": 1, "value": value}]
    Organisation.objects.filter(reference="larch").update(scheme="XX-DEMO", identifier="00009999")
    assert [one["fictional"] for one in owner.get("/api/v1/spending/").json()["suppliers"]] == [True]
    assert person("owner-reader").get("/api/v1/spending/").json()["value"] == value
    other = person("other-owner")
    assert other.get("/api/v1/spending/").json()["suppliers"] == []
    assert other.get("/api/v1/spending/?framework=xd1").status_code == 404
    assert person("buyer").get("/api/v1/spending/").status_code == 403
    assert [(one["organisation"]["reference"], one["contracts"]) for one in told.pop("buyers")] == [
        (BUYER, 1)
    ]
    assert BUYER not in str(told)


def test_a_firm_says_where_it_does_what_it_offers(
    client: Client, person: Person, django_assert_num_queries: DjangoAssertNumQueries
) -> None:
    one, firm = f"{FIRMS}brightwater/offerings/", person("brightwater")
    with django_assert_num_queries(3):
        read = client.get(one)
    assert [each["listing"] for each in read.json()["placements"]] == [
        "rm6309~brightwater~brightwater", "xd1~brightwater~brightwater",
    ]  # fmt: skip
    assert read.json()["placements"][1]["offerings"] == [
        {
            "lot": {"reference": "xd1~1", "name": "Evaluation", "number": "1"},
            "specialism": {"reference": "xd1~1~1", "name": "Evaluation", "number": "1"},
            "regions": ["UK"],
            "evidence": [],
        }
    ]
    said = {"framework": "xd1", "supplier": "brightwater", "offerings": [OFFERED | {"evidence": ["wards"]}]}
    before = kept()
    for body, status, pointer in (
        (said | {"colour": "blue"}, 400, "/colour"),
        (said | {"offerings": [OFFERED | {"regions": "TLC"}]}, 400, "/offerings/0/regions"),
        (said | {"offerings": [OFFERED | {"specialism": None}]}, 422, "/offerings/0/specialism"),
        (said | {"offerings": [OFFERED | {"regions": []}]}, 422, "/offerings/0/regions"),
        (said | {"offerings": [OFFERED | {"evidence": ["none"]}]}, 422, "/offerings/0/evidence"),
    ):
        refused = send(firm, "PUT", one, body)
        assert (refused.status_code, refused.json()["errors"][0]["pointer"]) == (status, pointer), (
            refused.content
        )
    assert send(firm, "PUT", one, said, If_Match='"99-x"').status_code == 412
    assert send(person("larch"), "PUT", one, said).status_code == 403
    assert kept() == before
    made = send(firm, "PUT", one, said, If_Match=read["ETag"])
    assert made.status_code == 200, made.content
    (offered,) = made.json()["placements"][1]["offerings"]
    assert (offered["regions"], offered["evidence"]) == (["TLC"], ["wards"])
    assert made.json()["placements"][0] == read.json()["placements"][0]
    assert Event.objects.latest("position").type == "offering.published"
    assert send(firm, "PUT", one, said, If_Match=read["ETag"]).status_code == 412
    fewer = send(firm, "PUT", one, said | {"offerings": []})
    assert len(fewer.json()["placements"]) == 1
