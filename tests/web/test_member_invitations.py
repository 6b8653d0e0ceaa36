"""Invitations to act for an organisation: alike for every address, answered by whoever holds the link or signs in."""

from __future__ import annotations

import hashlib
import re
from datetime import timedelta
from typing import Any

import pytest
from django.core import mail
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext
from django.utils import timezone
from pytest_django import DjangoCaptureOnCommitCallbacks

from procurement.actions.belonging import accept_request, ask_to_belong
from procurement.actions.deliveries import deliver_due
from procurement.actions.member_invitations import WAITING_MOST, send_invitation
from procurement.models import Event, InboxMessage, MemberInvitation, Membership, Organisation, User
from procurement.permissions import person
from tests.web.buying import colleague, signed
from tests.web.market import HOSTILE
from tests.web.reading import read, rows, wrong
from tests.web.test_every_page import sound

PEOPLE, OWN = "/organisations/council/members", "/account/organisations"
INVITING = f"{PEOPLE}/invite"
CHIEF, NEW, KNOWN, OTHER = "chief@example.org", "new@example.org", "alder@example.org", "nobody@example.org"
GOOD = "seven grey herons wade"
ACCEPTED = {"do": "accept", "full_name": " Ada ", "password": GOOD, "again": GOOD}
LINK = re.compile(r"https?://[^/]+(/organisation-invitations/\S+)")


@pytest.fixture(autouse=True)
def chief(page: Client) -> None:
    colleague(CHIEF, "council", "administrator")


def invited(page: Client, email: str = NEW, **said: str) -> MemberInvitation:
    signed(page, CHIEF)
    answer = page.post(INVITING, {"do": "invite", "email": email, "role": "editor"} | said)
    assert (answer.status_code, answer["Location"]) == (303, f"{PEOPLE}?done=invite")
    page.logout()
    return MemberInvitation.objects.latest("sent_at")


def link_of(invitation: MemberInvitation) -> str:
    """The link that the worker sends."""
    invitation.refresh_from_db()
    assert send_invitation(invitation.reference, invitation.sendings)
    found = LINK.search(str(mail.outbox[-1].body))
    assert found is not None
    return found[1]


def kept() -> list[Any]:
    """All that a refusal must leave as it is."""
    return [
        Event.objects.count(),
        list(
            MemberInvitation.objects.order_by("pk").values_list(
                "status", "token", "sendings", "role", "until"
            )
        ),
        list(Membership.objects.order_by("pk").values_list("user", "organisation", "role")),
        User.objects.count(),
    ]


def summary(answer: Any) -> list[str]:
    return read(answer).texts("ul", class_="govuk-error-summary__list")


def role_of(email: str) -> str | None:
    held = Membership.objects.filter(user__email=email, organisation__reference="council")
    return held.values_list("role", flat=True).first()


def test_an_address_with_an_account_and_one_without_are_invited_exactly_alike(page: Client) -> None:
    told = []
    for email in (KNOWN, NEW):
        signed(page, CHIEF)
        with CaptureQueriesContext(connection) as asked:
            answer = page.post(INVITING, {"do": "invite", "email": email, "full_name": "A", "role": "viewer"})
        shown = rows(read(page.get(PEOPLE)), "Invitations and what became of them")[1]
        invitation = MemberInvitation.objects.get(email=email)
        link = link_of(invitation)
        message = mail.outbox[-1]
        event = Event.objects.latest("position")
        told.append(
            (
                answer.status_code,
                answer["Location"],
                len(asked),
                [shown[0].replace(email, ""), shown[1]],
                (message.subject, str(message.body).replace(link, ""), message.to == [email]),
                (event.type, event.changes, set(event.references)),
            )
        )
        assert (User.objects.filter(email=email).exists(), role_of(email)) == (email == KNOWN, None)
        assert email not in str([event.references, event.changes])
        page.post(PEOPLE, {"do": "withdraw_invitation", "invitation": invitation.reference})
    assert told[0] == told[1]
    assert told[0][5] == ("organisation.member_invited", {"role": "viewer"}, {"invitation"})


def test_whoever_has_no_account_sets_a_password_and_accepts_in_one_step(page: Client) -> None:
    invitation = invited(page, " New@Example.org", full_name="New One")
    link = link_of(invitation)
    assert mail.outbox[-1].to == [NEW]
    shown = page.get(link)
    sound(read(shown))
    assert read(shown).one("input", name="full_name").attributes["value"] == "New One"
    before = kept()
    weak = page.post(link, ACCEPTED | {"full_name": "", "password": "short", "again": "short"})
    assert (weak.status_code, [anchor for _, anchor in wrong(read(weak))]) == (
        422,
        ["#full_name", "#password"],
    )
    differ = page.post(link, ACCEPTED | {"again": "other"})
    assert (differ.status_code, [anchor for _, anchor in wrong(read(differ))]) == (422, ["#again"])
    assert page.post(link, {"do": "other"}).status_code == 404
    assert kept() == before
    done = page.post(link, ACCEPTED)
    assert (done.status_code, done["Location"]) == (303, "/account?done=accept")
    made = User.objects.get(email=NEW)
    assert (made.full_name, role_of(NEW)) == ("Ada", "editor")
    accepted, added = Event.objects.order_by("-position")[:2][::-1]
    assert (accepted.type, accepted.actor, accepted.references) == (
        "organisation.invitation_accepted",
        made.reference,
        {"invitation": invitation.reference, "user": made.reference},
    )
    assert (added.type, added.references, added.changes) == (
        "organisation.member_added",
        {"user": made.reference},
        {"role": "editor"},
    )
    assert page.get(PEOPLE).status_code == 200
    page.logout()
    assert page.get(link).status_code == page.post(link, ACCEPTED).status_code == 410
    assert page.login(username=NEW, password=GOOD)
    signed(page, CHIEF)
    assert ["Ada new@example.org", "Role: Editor", "Second step: Off"] in [
        row[:3] for row in rows(read(page.get(PEOPLE)), "People and their roles")
    ]


def test_whoever_has_an_account_signs_in_by_the_link_and_accepts(page: Client) -> None:
    link = link_of(invited(page, KNOWN, full_name="Somebody"))
    shown = page.get(link)
    sound(read(shown))
    way_in = f"/sign-in?next={link.replace('/', '%2F')}"
    assert way_in in [one.attributes["href"] for one in read(shown).all("a")]
    assert not read(shown).all("input", name="password")
    before = kept()
    refused = page.post(link, ACCEPTED)
    assert (refused.status_code, refused["Location"], kept()) == (303, way_in, before)
    signed(page, KNOWN)
    sound(read(page.get(link)))
    done = page.post(link, {"do": "accept"})
    assert (done.status_code, done["Location"]) == (303, "/account?done=accept")
    assert role_of(KNOWN) == "editor"
    assert User.objects.get(email=KNOWN).full_name != "Somebody"
    assert page.get(link).status_code == 410


def test_whoever_is_signed_in_with_another_address_is_told_and_nothing_changes(page: Client) -> None:
    link = link_of(invited(page, KNOWN))
    before = kept()
    signed(page, OTHER)
    told = page.get(link)
    sound(read(told))
    assert told.status_code == 403
    assert f"You are signed in as {OTHER}" in told.content.decode()
    for do in ("accept", "decline"):
        assert page.post(link, {"do": do}).status_code == 403
    reference = MemberInvitation.objects.get().reference
    for do in ("accept_invitation", "decline_invitation"):
        assert page.post(OWN, {"do": do, "invitation": reference}).status_code == 404
    assert not read(page.get(OWN)).all("input", value="accept_invitation")
    assert kept() == before


def test_an_invitation_stands_on_the_own_pages_and_is_answered_there(page: Client) -> None:
    invitation = invited(page, KNOWN)
    signed(page, KNOWN)
    for address in ("/account", OWN):
        shown = read(page.get(address))
        sound(shown)
        assert [one.attributes["value"] for one in shown.all("input", name="invitation")] == [
            invitation.reference
        ] * 2
    sent = {"do": "accept_invitation", "invitation": invitation.reference}
    assert page.post(OWN, sent)["Location"] == f"{OWN}?done=accept_invitation"
    assert role_of(KNOWN) == "editor"
    assert page.post(OWN, sent).status_code == 404
    assert not read(page.get("/account")).all("input", name="invitation")


def test_declining_names_nobody_and_is_told_to_the_organisation(page: Client) -> None:
    ended = []
    for email, signs_in in ((NEW, False), (KNOWN, False), (KNOWN, True)):
        invitation = invited(page, email)
        link = link_of(invitation)
        if signs_in:
            signed(page, email)
            sent = {"do": "decline_invitation", "invitation": invitation.reference}
            assert page.post(OWN, sent)["Location"] == f"{OWN}?done=decline_invitation"
        else:
            answer = page.post(link, {"do": "decline"})
            sound(read(answer))
            assert (answer.status_code, read(answer).one("h1").text) == (200, "You have declined")
        page.logout()
        assert page.get(link).status_code == 410
        event = Event.objects.latest("position")
        assert event.references == {"invitation": invitation.reference}
        ended.append((event.type, event.actor, event.changes))
        assert role_of(email) is None
    assert ended == [("organisation.invitation_declined", "", {})] * 3
    deliver_due()
    told = InboxMessage.objects.filter(organisation__reference="council", title="An invitation was declined")
    assert told.count() == 3
    signed(page, CHIEF)
    shown = rows(read(page.get(PEOPLE)), "Invitations and what became of them")[1:]
    assert [row[3] for row in shown] == ["Answer: Declined"] * 3


def test_inviting_an_address_again_sends_anew_and_its_link_before_falls(
    page: Client, django_capture_on_commit_callbacks: DjangoCaptureOnCommitCallbacks
) -> None:
    first = link_of(invited(page))
    with django_capture_on_commit_callbacks() as later:
        again = invited(page, role="viewer")
    assert len(later) >= 1
    assert page.get(first).status_code == 410
    assert (MemberInvitation.objects.count(), again.sendings, again.role) == (1, 2, "viewer")
    assert not send_invitation(again.reference, 1)
    second = link_of(again)
    assert second != first
    signed(page, CHIEF)
    sent = {"do": "send_again", "invitation": again.reference}
    assert page.post(PEOPLE, sent)["Location"] == f"{PEOPLE}?done=send_again"
    kinds = Event.objects.order_by("position").values_list("type", flat=True)
    assert list(kinds)[-3:] == ["organisation.member_invited", *["organisation.invitation_sent_again"] * 2]
    page.logout()
    assert page.get(second).status_code == 410
    assert page.post(link_of(again), ACCEPTED).status_code == 303
    assert role_of(NEW) == "viewer"


def test_a_token_is_kept_as_its_digest_alone(page: Client) -> None:
    invitation = invited(page)
    token = link_of(invitation).rpartition("/")[2]
    invitation.refresh_from_db()
    assert invitation.token == hashlib.sha256(token.encode()).hexdigest()
    assert page.get(f"/organisation-invitations/{invitation.token}").status_code == 410
    gone = page.get("/organisation-invitations/made-up")
    sound(read(gone))
    assert gone.status_code == 410


def test_a_member_is_not_invited_and_nothing_is_sent(page: Client) -> None:
    signed(page, CHIEF)
    before = kept()
    answer = page.post(INVITING, {"do": "invite", "email": "Buyer@Example.org", "role": "viewer"})
    assert answer.status_code == 409
    assert wrong(read(answer)) == [("That person belongs to the organisation already", "#email")]
    assert read(answer).one("input", id="email").attributes["value"] == "Buyer@Example.org"
    assert kept() == before


def test_an_address_is_sent_five_within_a_day(page: Client) -> None:
    for _ in range(4):
        invitation = invited(page)
    signed(page, CHIEF)
    page.post(PEOPLE, {"do": "withdraw_invitation", "invitation": invitation.reference})
    last = invited(page)
    signed(page, CHIEF)
    before = kept()
    again = {"do": "send_again", "invitation": last.reference}
    for where, sent in ((PEOPLE, again), (INVITING, {"do": "invite", "email": NEW, "role": "viewer"})):
        answer = page.post(where, sent)
        assert answer.status_code == 409
        assert summary(answer) == ["That address was sent 5 invitations within a day: wait a day"]
    assert kept() == before
    MemberInvitation.objects.update(sent_at=timezone.now() - timedelta(hours=25))
    assert page.post(PEOPLE, again).status_code == 303
    last.refresh_from_db()
    assert last.sendings == 1


def test_so_many_may_wait_and_no_more(page: Client) -> None:
    one = invited(page)
    MemberInvitation.objects.bulk_create(
        MemberInvitation(
            organisation=one.organisation, email=f"{number}@example.org", role="viewer", until=one.until,
            invited_at=one.invited_at, sent_at=one.sent_at,
        )
        for number in range(WAITING_MOST - 1)
    )  # fmt: skip
    signed(page, CHIEF)
    before = kept()
    answer = page.post(INVITING, {"do": "invite", "email": "more@example.org", "role": "viewer"})
    assert (answer.status_code, kept()) == (409, before)
    with CaptureQueriesContext(connection) as taken:
        shown = page.get(PEOPLE)
    assert (shown.content.count(b"the invitation to"), len(taken) <= 11) == (50, True)
    assert len(shown.content) < 100_000
    assert any(one.startswith("Only those that were sent last") for one in read(shown).texts("p"))


def test_one_that_is_too_old_is_accepted_by_nobody_until_it_is_sent_again(page: Client) -> None:
    invitation = invited(page, KNOWN)
    link = link_of(invitation)
    MemberInvitation.objects.update(until=timezone.now())
    before = kept()
    signed(page, KNOWN)
    assert page.post(link, {"do": "accept"}).status_code == 410
    sent = {"do": "accept_invitation", "invitation": invitation.reference}
    assert page.post(OWN, sent).status_code == 404
    assert not send_invitation(invitation.reference, 1)
    assert kept() == before
    signed(page, CHIEF)
    (row,) = rows(read(page.get(PEOPLE)), "Invitations and what became of them")[1:]
    assert row[3].startswith("Answer: Too old")
    assert page.post(PEOPLE, {"do": "send_again", "invitation": invitation.reference}).status_code == 303
    signed(page, KNOWN)
    assert page.post(OWN, sent).status_code == 303
    assert role_of(KNOWN) == "editor"


def test_one_that_is_withdrawn_is_accepted_by_nobody(page: Client) -> None:
    invitation = invited(page)
    link = link_of(invitation)
    signed(page, CHIEF)
    sent = {"do": "withdraw_invitation", "invitation": invitation.reference}
    assert page.post(PEOPLE, sent)["Location"] == f"{PEOPLE}?done=withdraw_invitation"
    event = Event.objects.latest("position")
    assert (event.type, event.references) == (
        "organisation.invitation_withdrawn",
        {"invitation": invitation.reference},
    )
    before = kept()
    for do in ("withdraw_invitation", "send_again"):
        assert page.post(PEOPLE, sent | {"do": do}).status_code == 409
    page.logout()
    assert page.post(link, ACCEPTED).status_code == 410
    assert kept() == before


def test_nobody_but_administrators_sees_or_changes_what_waits(page: Client) -> None:
    invitation = invited(page, full_name=HOSTILE[:100])
    before = kept()
    for email, status in (("buyer@example.org", 403), (KNOWN, 404)):
        signed(page, email)
        if status == 403:
            assert NEW.encode() not in page.get(PEOPLE).content
        for do in ("withdraw_invitation", "send_again"):
            sent = {"do": do, "invitation": invitation.reference}
            assert page.post(PEOPLE, sent).status_code == status
    colleague("other@example.org", "district", "administrator")
    signed(page, "other@example.org")
    for do in ("withdraw_invitation", "send_again"):
        sent = {"do": do, "invitation": invitation.reference}
        assert page.post("/organisations/district/members", sent).status_code == 404
    assert Membership.objects.filter(user__email="other@example.org").delete()[0] == 1
    User.objects.get(email="other@example.org").delete()
    assert kept() == before


def test_an_invitation_and_a_request_of_one_person_are_answered_together(page: Client) -> None:
    invitation = invited(page, KNOWN)
    user = User.objects.get(email=KNOWN)
    asked = ask_to_belong(user, "council")
    accept_request(person(User.objects.get(email=CHIEF)), asked.reference, "viewer")
    invitation.refresh_from_db()
    assert (invitation.status, role_of(KNOWN)) == ("accepted", "viewer")
    ended, added = Event.objects.order_by("-position")[:2][::-1]
    assert (ended.type, ended.references) == (
        "organisation.invitation_accepted",
        {"invitation": invitation.reference, "user": user.reference},
    )
    assert (added.type, added.changes) == ("organisation.member_added", {"role": "viewer"})
    Membership.objects.filter(user=user).delete()
    asked = ask_to_belong(user, "council")
    invitation = invited(page, KNOWN)
    signed(page, KNOWN)
    page.post(OWN, {"do": "accept_invitation", "invitation": invitation.reference})
    asked.refresh_from_db()
    assert (asked.status, role_of(KNOWN)) == ("accepted", "editor")


def test_an_erased_account_takes_invitations_to_its_address_along(page: Client) -> None:
    invited(page, OTHER)
    kept_one = invited(page, NEW)
    User.objects.get(email=OTHER).delete()
    assert list(MemberInvitation.objects.all()) == [kept_one]
    colleague("second@example.org", "council", "administrator")
    MemberInvitation.objects.update(invited_by=User.objects.get(email="second@example.org"))
    User.objects.get(email="second@example.org").delete()
    kept_one.refresh_from_db()
    assert kept_one.invited_by is None
    signed(page, CHIEF)
    assert page.get(PEOPLE).status_code == 200


def test_an_administrator_and_whoever_is_invited_walk_through_it_in_two_browsers(page: Client) -> None:
    theirs = Client()
    signed(page, CHIEF)
    page.post(INVITING, {"do": "invite", "email": NEW, "full_name": "Ada", "role": "administrator"})
    (invitation,) = MemberInvitation.objects.all()
    link = link_of(invitation)
    assert theirs.get(PEOPLE).status_code == 302
    assert rows(read(page.get(PEOPLE)), "Invitations and what became of them")[1][0] == "new@example.org Ada"
    assert theirs.post(link, ACCEPTED).status_code == 303
    assert "Your organisations" in read(theirs.get("/account")).texts("h2")
    shown = read(page.get(PEOPLE))
    assert "Invitations that nobody has accepted" not in shown.texts("h2")
    assert [row[0] for row in rows(shown, "People and their roles")[1:]] == [
        "Ada new@example.org", "Buyer buyer@example.org", "Chief chief@example.org",
    ]  # fmt: skip
    assert theirs.post(INVITING, {"do": "invite", "email": KNOWN, "role": "viewer"}).status_code == 303
    assert rows(read(page.get(PEOPLE)), "Invitations and what became of them")[1][2].endswith(
        "Invited by Ada"
    )
    assert page.post(PEOPLE, {"do": "leave"})["Location"] == "/account?done=leave"
    assert theirs.post(PEOPLE, {"do": "leave"}).status_code == 409
    assert (page.get(PEOPLE).status_code, theirs.get(PEOPLE).status_code) == (404, 200)


def test_two_organisations_invite_one_address_apart(page: Client) -> None:
    first = invited(page, KNOWN)
    colleague("other@example.org", "district", "administrator")
    signed(page, "other@example.org")
    page.post("/organisations/district/members/invite", {"do": "invite", "email": KNOWN, "role": "viewer"})
    page.logout()
    signed(page, KNOWN)
    page.post(OWN, {"do": "decline_invitation", "invitation": first.reference})
    second = MemberInvitation.objects.get(organisation__reference="district")
    assert page.post(OWN, {"do": "accept_invitation", "invitation": second.reference}).status_code == 303
    held = Membership.objects.filter(
        user__email=KNOWN, organisation=Organisation.objects.get(reference="district")
    )
    assert (role_of(KNOWN), held.get().role) == (None, "viewer")
