"""People of an organisation: invited, given another role, taken away by its administrators; a password by a link."""

from __future__ import annotations

import re

import pytest
from django.core import mail
from django.core.cache import caches
from django.test import Client
from pytest_django import DjangoCaptureOnCommitCallbacks

from procurement.actions.passwords import ask_link, send_link
from procurement.models import Event, MemberInvitation, Membership, User
from tests.web.buying import colleague, signed
from tests.web.reading import read, rows, wrong

PEOPLE = "/organisations/council/members"
INVITING = f"{PEOPLE}/invite"
CHIEF, NEW = "chief@example.org", "new@example.org"
GOOD = "seven grey herons wade"
LINK = re.compile(r"https?://[^/]+(/password/\S+)")


@pytest.fixture(autouse=True)
def chief(page: Client) -> None:
    colleague(CHIEF, "council", "administrator")


def person(email: str) -> str:
    return User.objects.get(email=email).reference


def of(email: str) -> str:
    """The page of one of its people."""
    return f"{PEOPLE}/{person(email)}"


def role_of(email: str) -> str | None:
    return (
        Membership.objects.filter(user__email=email, organisation__reference="council")
        .values_list("role", flat=True)
        .first()
    )


def test_people_are_seen_by_their_own_and_changed_by_administrators_alone(page: Client) -> None:
    for email, status, may in (
        (CHIEF, 200, True),
        ("buyer@example.org", 200, False),
        ("alder@example.org", 404, False),
    ):
        signed(page, email)
        answer = page.get(PEOPLE)
        assert answer.status_code == status, email
        if status == 200:
            forms = {one.attributes["value"] for one in read(answer).all("input", name="do")}
            assert (forms == {"leave"}) is not may, email
        before = Event.objects.count()
        hidden = 403 if status == 200 else 404
        looks = [page.get(one).status_code for one in (INVITING, of("buyer@example.org"))]
        assert looks == ([200, 200] if may else [hidden, hidden])
        refused = page.post(of("buyer@example.org"), {"do": "remove"})
        if not may:
            assert refused.status_code == hidden
            assert Event.objects.count() == before
            assert role_of("buyer@example.org") == "editor"
        else:
            assert refused.status_code == 303
            colleague("buyer@example.org", "council", "editor")
    page.logout()
    assert page.get(PEOPLE).status_code == 302


def test_a_password_is_set_by_the_link_and_once(page: Client) -> None:
    User.objects.create_user(NEW, None)
    colleague(NEW, "council", "editor")
    assert send_link(person(NEW))
    (message,) = mail.outbox
    assert message.to == [NEW]
    found = LINK.search(str(message.body))
    assert found is not None
    weak = page.post(found[1], {"password": "short", "again": "other"})
    assert weak.status_code == 422
    assert [anchor for _, anchor in wrong(read(weak))] == ["#password", "#again"]
    assert not User.objects.get(email=NEW).has_usable_password()
    done = page.post(found[1], {"password": GOOD, "again": GOOD})
    assert (done.status_code, done["Location"]) == (303, "/account?done=password")
    assert "Your new password is set." in read(page.get(done["Location"])).texts("p")
    assert page.get(PEOPLE).status_code == 200
    assert page.get(found[1]).status_code == 410
    page.logout()
    assert page.login(username=NEW, password=GOOD)


def test_what_is_wrong_with_an_invitation_is_told_at_its_field(page: Client) -> None:
    signed(page, CHIEF)
    answer = page.post(
        INVITING, {"do": "invite", "email": "no address", "full_name": "x" * 151, "role": "king"}
    )
    assert answer.status_code == 422
    assert read(answer).one("input", id="email").attributes["value"] == "no address"
    assert [anchor for _, anchor in wrong(read(answer))] == ["#email", "#full_name", "#role"]
    assert MemberInvitation.objects.count() == 0


def test_a_role_is_changed_and_the_last_administrator_stays(page: Client) -> None:
    signed(page, CHIEF)
    buyer, chief = of("buyer@example.org"), of(CHIEF)
    changed = page.post(buyer, {"do": "role", "role": "approver"})
    assert (changed.status_code, changed["Location"]) == (303, f"{PEOPLE}?done=role")
    assert role_of("buyer@example.org") == "approver"
    unknown = page.post(buyer, {"do": "role", "role": "king"})
    assert (unknown.status_code, [anchor for _, anchor in wrong(read(unknown))]) == (422, ["#role"])
    for change in ({"do": "role", "role": "viewer"}, {"do": "remove"}):
        refused = page.post(chief, change)
        assert refused.status_code == 409
        assert role_of(CHIEF) == "administrator"
    assert page.post(buyer, {"do": "role", "role": "administrator"}).status_code == 303
    assert page.get(f"{PEOPLE}/nobody").status_code == 404
    gone = page.post(chief, {"do": "remove"})
    assert (gone.status_code, gone["Location"]) == (303, "/account?done=remove")
    assert "You act for the organisation no more." in read(page.get(gone["Location"])).texts("p")
    assert role_of(CHIEF) is None
    assert page.get(PEOPLE).status_code == 404


def test_the_list_names_people_with_their_roles(page: Client) -> None:
    signed(page, "buyer@example.org")
    found = rows(read(page.get(PEOPLE)), "People and their roles")[1:]
    assert found == [
        ["Buyer buyer@example.org", "Role: Editor", "Second step: Off"],
        ["Chief chief@example.org", "Role: Administrator", "Second step: Off"],
    ]


def test_asking_for_a_link_answers_alike_whether_an_address_has_an_account(
    page: Client, django_capture_on_commit_callbacks: DjangoCaptureOnCommitCallbacks
) -> None:
    caches["attempts"].clear()
    answers = []
    for email in ("alder@example.org", "unknown@example.org"):
        answer = page.post("/password", {"email": email})
        answers.append((answer.status_code, answer["Location"], page.get(answer["Location"]).content))
    assert answers[0] == answers[1]
    caches["attempts"].clear()
    with django_capture_on_commit_callbacks() as told:
        ask_link("alder@example.org")
    assert len(told) == 1
    with django_capture_on_commit_callbacks() as told:
        ask_link("unknown@example.org")
    assert len(told) == 1, "it takes as long"
    for email in (" Alder@example.org", "alder@example.org"):
        with django_capture_on_commit_callbacks() as told:
            answer = page.post("/password", {"email": email})
        assert (answer.status_code, told) == (303, []), "it was sent a link a moment ago"
    empty = page.post("/password", {"email": " "})
    assert (empty.status_code, wrong(read(empty))) == (422, [("Enter your email address", "#email")])


@pytest.mark.parametrize("link", ["/password/x/y", "/password/dXNyXzE/c0ffee-0", "/password/%FF/y"])
def test_a_made_up_link_changes_nothing(page: Client, link: str) -> None:
    answer = page.get(link)
    assert (answer.status_code, read(answer).one("h1").text) == (410, "This link is used up")
    assert page.post(link, {"password": GOOD, "again": GOOD}).status_code == 410


def test_a_link_for_somebody_who_left_is_not_sent(page: Client) -> None:
    User.objects.filter(email="alder@example.org").update(is_active=False)
    assert not send_link(person("alder@example.org"))
    assert mail.outbox == []


def test_whoever_leaves_acts_no_more_and_the_last_administrator_stays(page: Client) -> None:
    signed(page, "buyer@example.org")
    left = page.post(PEOPLE, {"do": "leave"})
    assert (left.status_code, left["Location"]) == (303, "/account?done=leave")
    assert "You act for the organisation no more." in read(page.get(left["Location"])).texts("p")
    assert role_of("buyer@example.org") is None
    event = Event.objects.latest("position")
    assert (event.type, event.actor, event.references, event.changes) == (
        "organisation.member_removed", person("buyer@example.org"), {"user": person("buyer@example.org")},
        {"role": "editor"},
    )  # fmt: skip
    assert page.get(PEOPLE).status_code == 404
    assert page.post(PEOPLE, {"do": "leave"}).status_code == 404
    signed(page, CHIEF)
    before = Event.objects.count()
    alone = page.post(PEOPLE, {"do": "leave"})
    assert alone.status_code == 409
    assert read(alone).texts("ul", class_="govuk-error-summary__list") == [
        "Nobody else administers The Council: make another person its administrator first"
    ]
    assert (role_of(CHIEF), Event.objects.count()) == ("administrator", before)


def test_whoever_is_taken_out_twice_by_a_double_click_is_taken_out_once(page: Client) -> None:
    signed(page, CHIEF)
    buyer = of("buyer@example.org")
    for _ in range(2):
        answer = page.post(buyer, {"do": "remove", "once": "a-key"})
        assert (answer.status_code, answer["Location"]) == (303, f"{PEOPLE}?done=remove")
    assert Event.objects.filter(type="organisation.member_removed").count() == 1
