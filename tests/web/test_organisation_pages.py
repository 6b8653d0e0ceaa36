"""Whoever runs the service lets organisations in on the pages, invites their first administrator and keeps domains."""

from __future__ import annotations

from typing import Any

import pytest
from django.test import Client
from django.utils import timezone

from procurement.actions.member_invitations import invite_member
from procurement.models import (
    Capability,
    EmailDomain,
    Event,
    MemberInvitation,
    Membership,
    Organisation,
    User,
)
from procurement.permissions import person
from tests.web.administering import CHIEF, OPERATOR, make_administrators
from tests.web.bounded import asked
from tests.web.buying import colleague, signed
from tests.web.market import HOSTILE, make_buyer
from tests.web.reading import read, rows, summary, wrong
from tests.web.test_every_page import sound

ALL = "/administration/organisations"
NEW, COUNCIL = f"{ALL}/new", f"{ALL}/council/data"
EDIT = f"{ALL}/council/edit"
LIST = "Organisations by name"
SENT = (
    "Nobody who belongs to the organisation now sent these: whoever runs the service did, or somebody who has left. "
    "Whoever accepts one administers the organisation too: withdraw what was sent to a wrong address."
)
LEEDS: dict[str, Any] = {
    "name": " Northshire County Council", "reference": "", "scheme": "GB-LAE", "identifier": "NSC",
    "capabilities": ["buyer"], "buyer_class": "local-government", "nation": "england",
}  # fmt: skip


@pytest.fixture(autouse=True)
def people(page: Client) -> None:
    make_administrators()
    signed(page, OPERATOR)


def kept() -> list[Any]:
    """All that a refusal must leave as it is."""
    return [
        Event.objects.count(),
        list(Organisation.objects.order_by("pk").values()),
        list(Capability.objects.order_by("pk").values()),
        list(EmailDomain.objects.order_by("pk").values()),
        list(MemberInvitation.objects.order_by("pk").values()),
        Membership.objects.count(),
    ]


def fields(answer: Any) -> list[str]:
    return [address.removeprefix("#") for _, address in wrong(read(answer))]


def test_an_organisation_is_made_shown_and_changed(page: Client) -> None:
    made = page.post(NEW, LEEDS)
    here = f"{ALL}/northshire-county-council/data"
    assert (made.status_code, made["Location"]) == (303, f"{here}?done=made"), made.content[:2000]
    shown = read(page.get(made["Location"]))
    told = "It is made. Next, invite its first administrator: nobody acts for it before."
    assert told in shown.texts("p")
    assert summary(shown) == {
        "Register": "English local authority code", "Number in that register": "NSC",
        "Class of buyer": "Local government", "Nation": "England", "What it does here": "Buyer",
    }  # fmt: skip
    edit = f"{ALL}/northshire-county-council/edit"
    form = read(page.get(edit))
    assert form.one("input", id="name").attributes["value"] == "Northshire County Council"
    offered = [one.attributes["value"] for one in form.all("input", name="capabilities")]
    assert (offered, form.all("input", name="reference")) == (["framework_owner"], [])
    said = LEEDS | {
        "name": "Northshire",
        "capabilities": ["framework_owner"],
        "revision": 1,
        "identifier": "NSX",
    }
    changed = page.post(edit, said)
    assert (changed.status_code, changed["Location"]) == (303, f"{here}?done=changed"), changed.content[:2000]
    body = Organisation.objects.get(reference="northshire-county-council")
    assert (body.name, body.identifier, body.revision) == ("Northshire", "NSX", 2)
    assert sorted(body.capabilities.values_list("kind", flat=True)) == ["buyer", "framework_owner"]
    assert not read(page.get(edit)).all("input", name="capabilities")
    assert list(Event.objects.order_by("-position").values_list("type", flat=True)[:2]) == [
        "organisation.changed",
        "organisation.created",
    ]


def test_what_cannot_be_made_is_told_at_its_field_with_what_was_typed(page: Client) -> None:
    before = kept()
    answer = page.post(NEW, LEEDS | {"name": "", "reference": "council", "capabilities": ["king"]})
    assert (answer.status_code, sorted(fields(answer))) == (422, ["capabilities", "name", "reference"])
    assert read(answer).one("input", id="reference").attributes["value"] == "council"
    answer = page.post(NEW, LEEDS | {"identifier": "12"})
    assert (answer.status_code, fields(answer)) == (422, ["identifier"])
    Organisation.objects.filter(reference="council").update(scheme="GB-LAE", identifier="NSC")
    before = kept()
    answer = page.post(NEW, LEEDS)
    assert (answer.status_code, fields(answer)) == (422, ["identifier"])
    answer = page.post(NEW, LEEDS | {"identifier": "NSD", "capabilities": ["partner"]})
    assert (answer.status_code, fields(answer)) == (422, ["capabilities"])
    assert kept() == before


def test_a_form_from_an_older_state_changes_nothing_and_says_what_stands(page: Client) -> None:
    form = {"name": "Our council", "scheme": "", "identifier": "", "buyer_class": "health", "nation": ""}
    assert page.post(EDIT, form | {"revision": 1}).status_code == 303
    before = kept()
    answer = page.post(EDIT, form | {"revision": 1, "name": "The council"})
    assert (answer.status_code, fields(answer)) == (409, ["name"])
    shown = read(answer)
    assert shown.one("input", id="name").attributes["value"] == "The council"
    assert shown.one("input", name="revision").attributes["value"] == "2"
    assert kept() == before


def test_the_first_administrator_is_invited_and_nobody_after_them(page: Client) -> None:
    Membership.objects.filter(organisation__reference="council").delete()
    answer = page.post(COUNCIL, {"do": "invite", "email": "ada@example.org", "full_name": HOSTILE[:100]})
    assert (answer.status_code, answer["Location"]) == (303, f"{COUNCIL}?done=invite")
    invitation = MemberInvitation.objects.get()
    assert (invitation.organisation.reference, invitation.role) == ("council", "administrator")
    shown = read(page.get(answer["Location"]))
    assert len(rows(shown, "Invitations and what became of them")) == 2
    assert page.post(COUNCIL, {"do": "send_again", "invitation": invitation.reference}).status_code == 303
    assert (
        page.post(COUNCIL, {"do": "withdraw_invitation", "invitation": invitation.reference}).status_code
        == 303
    )
    before = kept()
    wrongly = page.post(COUNCIL, {"do": "invite", "email": "nobody"})
    assert (wrongly.status_code, fields(wrongly)) == (422, ["email"])
    assert kept() == before
    colleague("ada@example.org", "council", "administrator")
    before = kept()
    assert page.post(COUNCIL, {"do": "invite", "email": "late@example.org"}).status_code == 403
    assert kept() == before
    shown = read(page.get(COUNCIL))
    assert not shown.all("input", id="email")
    assert "It has 1 person of its own to administer it, who invite the others." in shown.texts("p")


def test_a_mistyped_first_invitation_is_taken_back_after_another_was_accepted(page: Client) -> None:
    Membership.objects.filter(organisation__reference="council").delete()
    for email in ("ada@exmaple.org", "ada@example.org"):
        assert page.post(COUNCIL, {"do": "invite", "email": email}).status_code == 303
    mistyped = MemberInvitation.objects.get(email="ada@exmaple.org").reference
    colleague("ada@example.org", "council", "administrator")
    MemberInvitation.objects.filter(email="ada@example.org").update(
        status="accepted", ended_at=timezone.now()
    )
    theirs = invite_member(
        person(User.objects.get(email="ada@example.org")), "council", "bob@example.org", "", "administrator"
    ).reference
    shown = read(page.get(COUNCIL))
    assert [row[0] for row in rows(shown, "Invitations and what became of them")[1:]] == ["ada@exmaple.org"]
    assert SENT in shown.texts("p")
    assert {one.attributes["value"] for one in shown.all("input", name="do")} == {
        "withdraw_invitation",
        "add_domain",
    }
    before = kept()
    for sent in (
        {"do": "withdraw_invitation", "invitation": theirs},
        {"do": "send_again", "invitation": mistyped},
    ):
        assert page.post(COUNCIL, sent).status_code == 403
    assert kept() == before
    taken = page.post(COUNCIL, {"do": "withdraw_invitation", "invitation": mistyped})
    assert (taken.status_code, MemberInvitation.objects.get(reference=mistyped).status) == (303, "withdrawn")
    assert MemberInvitation.objects.get(reference=theirs).status == "waiting"


def test_an_invitation_of_an_administrator_who_has_left_is_not_said_to_be_an_operators(page: Client) -> None:
    for email in ("ada@example.org", "eve@example.org"):
        colleague(email, "council", "administrator")
    ada = User.objects.get(email="ada@example.org")
    theirs = invite_member(person(ada), "council", "bob@example.org", "", "administrator").reference
    assert SENT not in read(page.get(COUNCIL)).texts("p")
    Membership.objects.filter(user=ada).delete()
    shown = read(page.get(COUNCIL))
    assert [row[0] for row in rows(shown, "Invitations and what became of them")[1:]] == ["bob@example.org"]
    assert SENT in shown.texts("p")
    assert page.post(COUNCIL, {"do": "withdraw_invitation", "invitation": theirs}).status_code == 303
    assert MemberInvitation.objects.get(reference=theirs).status == "withdrawn"


def test_whoever_administers_and_may_not_sign_in_any_more_is_nobody(page: Client) -> None:
    colleague("ada@example.org", "council", "administrator")
    User.objects.filter(email="ada@example.org").update(is_active=False)
    assert page.post(COUNCIL, {"do": "invite", "email": "bob@example.org"}).status_code == 303


def test_domains_are_added_and_removed(page: Client) -> None:
    answer = page.post(COUNCIL, {"do": "add_domain", "domain": "@Council.example"})
    assert (answer.status_code, answer["Location"]) == (303, f"{COUNCIL}?done=add_domain")
    assert EmailDomain.objects.get().domain == "council.example"
    before = kept()
    for domain, status in (("gov.uk", 422), ("", 422), ("council.example", 409)):
        assert page.post(COUNCIL, {"do": "add_domain", "domain": domain}).status_code == status, domain
    assert page.post(COUNCIL, {"do": "leave"}).status_code == 404
    assert kept() == before
    assert page.post(COUNCIL, {"do": "remove_domain", "domain": "council.example"}).status_code == 303
    assert page.post(COUNCIL, {"do": "remove_domain", "domain": "council.example"}).status_code == 404
    assert EmailDomain.objects.count() == 0


def test_the_list_is_searched_by_name_and_paged(page: Client) -> None:
    for number in range(25):
        make_buyer(f"town-{number:02}", f"Town {number:02}")
    first = asked(page, f"{ALL}?name=tOwN")
    names = [row[0] for row in rows(read(first), LIST)[1:]]
    assert names == [f"Town {number:02} Fictional town-{number:02}" for number in range(20)]
    second = rows(read(asked(page, f"{ALL}?name=tOwN&page=2")), LIST)[1:]
    assert [row[0] for row in second] == [
        f"Town {number:02} Fictional town-{number:02}" for number in range(20, 25)
    ]
    assert second[0][2] == "Administrators: None yet"
    for name in ("no such", "_"):
        shown = read(page.get(f"{ALL}?name={name}"))
        assert "There is none of that name." in shown.texts("p"), name
    colleague("ada@example.org", "town-00", "administrator")
    assert rows(read(page.get(f"{ALL}?name=town+00")), LIST)[1][2] == "Administrators: Of its own"


def test_names_of_others_stand_on_sound_pages(page: Client) -> None:
    Organisation.objects.filter(reference="council").update(name=HOSTILE[:250])
    for address in (ALL, COUNCIL, EDIT, NEW):
        sound(read(asked(page, address)))


@pytest.mark.parametrize("who", [CHIEF, "buyer@example.org", "alder@example.org", ""])
def test_to_everybody_else_the_pages_are_not_there(page: Client, who: str) -> None:
    page.logout()
    if who:
        signed(page, who)
    before = kept()
    for address in (ALL, NEW, COUNCIL, EDIT):
        assert page.get(address).status_code == (404 if who else 302), address
    for address, sent in (
        (NEW, LEEDS),
        (EDIT, LEEDS),
        (COUNCIL, {"do": "add_domain", "domain": "a.example"}),
    ):
        assert page.post(address, sent).status_code == (404 if who else 302), address
    assert kept() == before


def test_the_hub_leads_there(page: Client) -> None:
    links = {one.attributes["href"] for one in read(page.get("/administration")).all("a")}
    assert ALL in links
    assert page.get(f"{ALL}/nobody/data").status_code == 404
    assert page.get(f"{ALL}/nobody/edit").status_code == 404
