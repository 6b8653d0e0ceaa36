"""A firm updates its own profile: conditionally, strictly, as a new version with an event, or not at all."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest
from django.test import Client

from procurement.models import Event, Partner, ProfileVersion

pytestmark = [pytest.mark.django_db, pytest.mark.usefixtures("market")]

PROFILE = "/api/v1/partners/opm-group/"


def patch(client: Client, body: Any, tag: str | None, content_type: str = "application/json") -> Any:
    headers = {} if tag is None else {"If-Match": tag}
    return client.patch(PROFILE, body, content_type=content_type, headers=headers)


def state() -> tuple[Any, ...]:
    """Everything that an update changes."""
    partner = Partner.objects.get(reference="opm-group")
    versions = ProfileVersion.objects.filter(partner=partner).count()
    return partner.revision, partner.published_id, versions, Event.objects.count()


@pytest.fixture
def firm(person: Callable[[str], Client]) -> Client:
    return person("partner")


def test_what_is_sent_replaces_and_what_is_not_sent_stays(firm: Client) -> None:
    before = firm.get(PROFILE)
    response = patch(firm, {"summary": "Research\nand evaluation.", "size": "medium"}, before["ETag"])
    assert response.status_code == 200
    told = response.json()
    expected = before.json() | {
        "summary": "Research\nand evaluation.",
        "size": "medium",
        "profile_version": 2,
        "published_at": told["published_at"],
        "confirmed_on": told["confirmed_on"],
    }
    assert told == expected
    assert response["ETag"] != before["ETag"]
    assert firm.get(PROFILE).content == response.content
    event = Event.objects.order_by("-position")[0]
    assert (event.type, event.subject) == ("partner.profile_published", "opm-group")
    assert event.changes["fields"] == ["summary", "size"]


def test_a_merge_patch_is_taken_too(firm: Client) -> None:
    response = patch(firm, '{"size": "small"}', firm.get(PROFILE)["ETag"], "application/merge-patch+json")
    assert (response.status_code, response.json()["size"]) == (200, "small")


MERGED = "application/merge-patch+json"


def test_a_merge_patch_goes_into_objects_and_null_takes_away(firm: Client) -> None:
    contacts = {"email": "all@example.org", "phone": "020 7946 0100", "website": "https://example.org"}
    evidence = {"register": "Mutuals Public Register", "number": "12"}
    whole = {"contacts": contacts, "ownership_evidence": evidence, "size": "medium", "sectors": ["health"]}
    assert patch(firm, whole, "*").status_code == 200
    changes = {
        "contacts": {"phone": "020 7946 0999", "website": None},
        "ownership_evidence": {"note": "Looked up."},
        "summary": None,
        "size": None,
        "sectors": None,
    }
    told = patch(firm, changes, "*", MERGED)
    assert told.status_code == 200
    assert {name: told.json()[name] for name in changes} == {
        "contacts": {"email": "all@example.org", "phone": "020 7946 0999"},
        "ownership_evidence": {**evidence, "note": "Looked up."},
        "summary": "",
        "size": "not-stated",
        "sectors": [],
    }
    assert Event.objects.order_by("-position")[0].changes["fields"] == [
        "summary", "ownership_evidence", "size", "sectors", "contacts",
    ]  # fmt: skip
    gone = patch(firm, {"contacts": None}, "*", f"{MERGED}; charset=utf-8")
    assert (gone.status_code, gone.json()["contacts"]) == (200, {})


def test_sent_as_plain_json_an_object_is_replaced_whole(firm: Client) -> None:
    assert patch(firm, {"contacts": {"email": "all@example.org", "phone": "1"}}, "*").status_code == 200
    told = patch(firm, {"contacts": {"phone": "2"}}, "*")
    assert (told.status_code, told.json()["contacts"]) == (200, {"phone": "2"})


@pytest.mark.parametrize(
    ("body", "status", "pointer"),
    [
        ({"name": None}, 422, "/name"),
        ({"colour": None}, 400, "/colour"),
        ({"contacts": {"fax": "1"}}, 400, "/contacts/fax"),
        ({"contacts": {"email": "nobody"}}, 422, "/contacts/email"),
        ({"contacts": []}, 400, "/contacts"),
        ({"sectors": [None]}, 400, "/sectors/0"),
    ],
)
def test_what_is_wrong_in_a_merge_patch_is_named_and_nothing_changes(
    firm: Client, body: Any, status: int, pointer: str
) -> None:
    before = state()
    response = patch(firm, body, "*", MERGED)
    assert response.status_code == status
    assert [each["pointer"] for each in response.json()["errors"]] == [pointer]
    assert state() == before


def test_the_last_write_does_not_win(firm: Client) -> None:
    tag = firm.get(PROFILE)["ETag"]
    assert patch(firm, {"summary": "First."}, tag).status_code == 200
    before = state()
    response = patch(firm, {"summary": "Second."}, tag)
    assert (response.status_code, response.json()["code"]) == (412, "stale")
    assert state() == before


def test_a_write_without_if_match_is_a_428(firm: Client) -> None:
    before = state()
    response = patch(firm, {"summary": "x"}, None)
    assert (response.status_code, response.json()["errors"][0]["header"]) == (428, "If-Match")
    assert state() == before


def test_any_tag_will_do_where_the_client_says_so(firm: Client) -> None:
    assert patch(firm, {"summary": "Whatever was there."}, "*").status_code == 200


def test_an_edit_that_changes_nothing_makes_no_version(firm: Client) -> None:
    before, told = state(), firm.get(PROFILE)
    response = patch(firm, {"summary": told.json()["summary"]}, told["ETag"])
    assert (response.status_code, response["ETag"]) == (200, told["ETag"])
    assert state() == before


@pytest.mark.parametrize(
    ("body", "status", "pointer"),
    [
        ({"colour": "red"}, 400, "/colour"),
        ({"reference": "other"}, 400, "/reference"),
        ({"published_at": "2020-01-01"}, 400, "/published_at"),
        ({"summary": 7}, 400, "/summary"),
        ({"summary": None}, 400, "/summary"),
        ({"sectors": "health"}, 400, "/sectors"),
        ({"case_studies": [{"title": "a", "text": "b", "price": 1}]}, 400, "/case_studies/0/price"),
        ({"contacts": {"fax": "1"}}, 400, "/contacts/fax"),
        ({"name": ""}, 422, "/name"),
        ({"ownership": "mine"}, 422, "/ownership"),
        ({"sectors": ["health", "space"]}, 422, "/sectors/1"),
        ({"sectors": ["health", "health"]}, 422, "/sectors/1"),
        ({"regions": ["ZZ9"]}, 422, "/regions/0"),
        ({"contacts": {"email": "nobody"}}, 422, "/contacts/email"),
        ({"contacts": {"website": "javascript:alert(1)"}}, 422, "/contacts/website"),
        ({"summary": "a\u0007b"}, 422, "/summary"),
        ({"case_studies": [{"title": "", "text": "b"}]}, 422, "/case_studies/0/title"),
        ({"case_studies": [{"title": "a", "text": "b", "year": 12}]}, 422, "/case_studies/0/year"),
    ],
)
def test_what_is_wrong_is_named_by_its_pointer_and_nothing_changes(
    firm: Client, body: Any, status: int, pointer: str
) -> None:
    before = state()
    response = patch(firm, body, "*")
    assert (response.status_code, response["Content-Type"]) == (status, "application/problem+json")
    assert pointer in [each["pointer"] for each in response.json()["errors"]]
    assert state() == before


def test_who_changed_a_profile_is_never_taken_from_the_body(firm: Client) -> None:
    before = state()
    response = patch(firm, {"size": "small", "updated_by": "somebody-else"}, firm.get(PROFILE)["ETag"])
    assert response.status_code == 400
    assert [(each["pointer"], each["code"]) for each in response.json()["errors"]] == [
        ("/updated_by", "unknown_field")
    ]
    assert state() == before


@pytest.mark.parametrize(
    ("body", "content_type", "status"),
    [
        ("", "application/json", 400),
        ("{", "application/json", 400),
        ("[]", "application/json", 400),
        ("{}", "application/json", 400),
        ("null", "application/json", 400),
        ('"text"', "application/json", 400),
        ('{"summary": NaN}', "application/json", 400),
        ('{"summary": "a", "summary": "b"}', "application/json", 400),
        ('{"summary": "\\ud800"}', "application/json", 400),
        ('{"summary": "\\u0000"}', "application/json", 400),
        ('{"summary": ' + "[" * 40 + "]" * 40 + "}", "application/json", 400),
        (b'{"summary": "\xff"}', "application/json", 400),
        ('{"summary": "' + "a" * 1_100_000 + '"}', "application/json", 413),
        ("<summary>x</summary>", "application/xml", 415),
        ("summary=x", "application/x-www-form-urlencoded", 415),
        ('{"summary": "x"}', "text/plain", 415),
        ('{"summary": "x"}', "", 415),
        ('{"summary": "x"}', "multipart/form-data; boundary=x", 415),
    ],
)
def test_a_body_that_cannot_be_read_is_a_problem_and_nothing_changes(
    firm: Client, body: Any, content_type: str, status: int
) -> None:
    before = state()
    response = patch(firm, body, "*", content_type)
    assert (response.status_code, response["Content-Type"]) == (status, "application/problem+json")
    assert state() == before


def test_contacts_are_kept_out_of_the_log(firm: Client) -> None:
    response = patch(firm, {"contacts": {"email": "new@example.org", "phone": "020 7946 0999"}}, "*")
    assert response.json()["contacts"] == {"email": "new@example.org", "phone": "020 7946 0999"}
    event = Event.objects.order_by("-position")[0]
    assert event.changes["fields"] == ["contacts"]
    assert "new@example.org" not in str(event.changes)


def test_a_suspended_partner_is_told_to_nobody_but_itself(firm: Client, client: Client) -> None:
    Partner.objects.filter(reference="opm-group").update(suspended=True)
    assert client.get(PROFILE).status_code == 404
    assert "opm-group" not in str(client.get("/api/v1/partners/").json()["results"])
    assert firm.get(PROFILE).json()["suspended"] is True


def test_a_draft_is_told_to_nobody(client: Client) -> None:
    partner = Partner.objects.get(reference="opm-group")
    ProfileVersion.objects.create(
        partner=partner, number=9, status="draft", name="Secret plans", digest="0" * 64, actor="usr_x"
    )
    assert b"Secret plans" not in client.get(PROFILE).content
    Partner.objects.filter(pk=partner.pk).update(published=None)
    assert client.get(PROFILE).status_code == 404
