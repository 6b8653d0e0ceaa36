"""An account of one's own, the organisations it leads to, and their answer."""

from __future__ import annotations

import re
from datetime import timedelta
from typing import Any

import pytest
from django.core import mail, signing
from django.core.management import CommandError, call_command
from django.test import Client
from django.utils import timezone
from pytest_django import DjangoAssertNumQueries, DjangoCaptureOnCommitCallbacks

from procurement.actions.deliveries import deliver_due
from procurement.actions.registering import SALT, send_registration
from procurement.email_domains import domains_of, wrong_with
from procurement.models import (
    Capability,
    EmailDomain,
    Event,
    InboxMessage,
    Membership,
    MembershipRequest,
    Organisation,
    Registration,
    User,
)
from tests.web.administering import OPERATOR, make_administrators
from tests.web.buying import colleague, signed
from tests.web.market import HOSTILE
from tests.web.reading import read, rows, wrong
from tests.web.test_every_page import sound

CHIEF, NEW = "chief@example.org", "ada@council.example.org"
GOOD = "seven grey herons wade"
REQUESTS = "/administration/requests"
OWN, PEOPLE = "/account/organisations", "/organisations/council/members"
LINK = re.compile(r"https?://[^/]+(/register/\S+)")


def asked(page: Client, email: str = NEW) -> Any:
    return page.post("/register", {"email": email})


def link() -> str:
    """The link that the worker sends to the newest address that asked."""
    assert send_registration(Registration.objects.latest("pk").reference)
    found = LINK.search(str(mail.outbox[-1].body))
    assert found is not None
    return found[1]


def registered(page: Client, email: str = NEW) -> Client:
    """Somebody with a new account, signed in."""
    page.logout()
    asked(page, email)
    done = page.post(link(), {"full_name": "Ada", "password": GOOD, "again": GOOD})
    assert (done.status_code, done["Location"]) == (303, f"{OWN}?done=made")
    return page


def asks(page: Client, email: str = NEW) -> MembershipRequest:
    registered(page, email)
    assert page.post(OWN, {"do": "ask", "organisation": "council"}).status_code == 303
    return MembershipRequest.objects.latest("pk")


@pytest.fixture(autouse=True)
def chief(page: Client) -> None:
    colleague(CHIEF, "council", "administrator")


def test_an_account_is_made_by_the_link_alone(page: Client) -> None:
    people = User.objects.count()
    answer = asked(page, f" {NEW.upper()} ")
    assert (answer.status_code, answer["Location"]) == (303, "/register?asked=yes")
    address = link()
    assert User.objects.count() == people
    assert mail.outbox[-1].to == [NEW]
    weak = page.post(address, {"full_name": "", "password": "short", "again": "short"})
    assert (weak.status_code, [anchor for _, anchor in wrong(read(weak))]) == (
        422,
        ["#full_name", "#password"],
    )
    differ = page.post(address, {"full_name": "Ada", "password": GOOD, "again": "other"})
    assert [anchor for _, anchor in wrong(read(differ))] == ["#again"]
    assert User.objects.count() == people
    done = page.post(address, {"full_name": " Ada ", "password": GOOD, "again": GOOD})
    assert (done.status_code, done["Location"]) == (303, f"{OWN}?done=made")
    assert "Your account is made, and you are signed in." in read(page.get(done["Location"])).texts("p")
    made = User.objects.get(email=NEW)
    assert (made.full_name, made.memberships.count()) == ("Ada", 0)
    assert page.get(address).status_code == 410
    assert page.get(OWN).status_code == 200
    page.logout()
    assert page.login(username=NEW, password=GOOD)


def test_every_address_gets_the_same_answer_and_one_with_an_account_the_link_for_its_password(
    page: Client,
) -> None:
    answers = []
    for email in (CHIEF, NEW):
        answer = asked(page, email)
        answers.append((answer.status_code, answer["Location"], page.get(answer["Location"]).content))
    assert answers[0] == answers[1]
    assert send_registration(Registration.objects.get(email=CHIEF).reference)
    assert "/password/" in str(mail.outbox[-1].body)


def test_an_address_is_sent_one_link_in_ten_minutes(
    page: Client, django_capture_on_commit_callbacks: DjangoCaptureOnCommitCallbacks
) -> None:
    sent = []
    for minutes in (0, 5, 11):
        Registration.objects.update(asked_at=timezone.now() - timedelta(minutes=minutes))
        with django_capture_on_commit_callbacks() as later:
            asked(page)
        sent.append(len(later))
    assert sent == [1, 0, 1]
    assert Registration.objects.count() == 1


@pytest.mark.parametrize("email", ["", "no address", "a@b", HOSTILE, f"{'x' * 250}@example.org"])
def test_what_is_no_address_is_told(page: Client, email: str) -> None:
    answer = asked(page, email)
    assert (answer.status_code, [anchor for _, anchor in wrong(read(answer))]) == (422, ["#email"])
    assert Registration.objects.count() == 0


def test_a_link_that_is_made_up_or_too_old_leads_nowhere(page: Client, settings: Any) -> None:
    asked(page)
    address = link()
    assert page.get("/register/made-up").status_code == 410
    assert page.get(f"/register/{signing.dumps('reg_1', salt=SALT)}").status_code == 410
    settings.PASSWORD_RESET_TIMEOUT = -1
    assert page.post(address, {"full_name": "A", "password": GOOD, "again": GOOD}).status_code == 410
    assert not User.objects.filter(email=NEW).exists()


def test_an_address_leads_to_the_organisation_whose_domain_it_is_of(page: Client) -> None:
    signed(page, CHIEF)
    assert page.post(PEOPLE, {"do": "add_domain", "domain": "@Example.ORG"}).status_code == 303
    assert page.post(PEOPLE, {"do": "add_domain", "domain": "example.org"}).status_code == 409
    event = Event.objects.filter(type="organisation.domain_added").get()
    assert (event.subject, event.changes) == ("council", {"domain": "example.org"})
    registered(page)
    shown = read(page.get(OWN))
    assert [one.text for one in shown.all("input", name="organisation")] == [""]
    assert shown.one("input", name="organisation").attributes["value"] == "council"
    registered(page, "eve@elsewhere.example")
    assert not read(page.get(OWN)).all("input", name="organisation")
    signed(page, CHIEF)
    assert page.post(PEOPLE, {"do": "remove_domain", "domain": "example.org"}).status_code == 303
    assert page.post(PEOPLE, {"do": "remove_domain", "domain": "example.org"}).status_code == 404
    assert EmailDomain.objects.count() == 0


@pytest.mark.parametrize("domain", ["", "gmail.com", "gov.uk", "council", "a b.org", "x" * 200 + ".org"])
def test_a_domain_of_everybody_or_of_no_shape_is_refused(page: Client, domain: str) -> None:
    signed(page, CHIEF)
    answer = page.post(PEOPLE, {"do": "add_domain", "domain": domain})
    assert (answer.status_code, [anchor for _, anchor in wrong(read(answer))]) == (422, ["#domain"])
    assert EmailDomain.objects.count() == 0


@pytest.mark.parametrize("domain", ["leeds.example", "council.example.org", "mple.org"])
def test_a_domain_where_the_administrator_has_no_address_is_added_by_the_operator_alone(
    page: Client, domain: str, capsys: pytest.CaptureFixture[str]
) -> None:
    signed(page, CHIEF)
    before = Event.objects.count()
    answer = page.post(PEOPLE, {"do": "add_domain", "domain": domain})
    assert (answer.status_code, [anchor for _, anchor in wrong(read(answer))]) == (422, ["#domain"])
    assert (EmailDomain.objects.count(), Event.objects.count()) == (0, before)
    call_command("add_domain", "council", f"@{domain}")
    assert capsys.readouterr().out == f"{domain} is a domain of council now.\n"
    assert Event.objects.latest("position").changes == {"domain": domain}
    for organisation, other in (("council", domain), ("council", "gov.uk"), ("nobody", "leeds.example")):
        with pytest.raises(CommandError):
            call_command("add_domain", organisation, other)
    assert [one.domain for one in EmailDomain.objects.all()] == [domain]


def test_an_address_below_a_domain_proves_nothing_of_it(page: Client) -> None:
    colleague(NEW, "council", "administrator")
    signed(page, NEW)
    assert page.post(PEOPLE, {"do": "add_domain", "domain": "example.org"}).status_code == 422
    assert EmailDomain.objects.count() == 0
    assert page.post(PEOPLE, {"do": "add_domain", "domain": "council.example.org"}).status_code == 303


def test_an_organisation_is_found_by_its_identifier(page: Client) -> None:
    Organisation.objects.filter(reference="council").update(scheme="GB-LAE", identifier="LDS")
    registered(page)
    found = read(page.get(f"{OWN}?scheme=GB-LAE&identifier=lds"))
    assert found.one("input", name="organisation").attributes["value"] == "council"
    none = read(page.get(f"{OWN}?scheme=GB-LAE&identifier=ABC"))
    assert any(one.startswith("There is none with that identifier") for one in none.texts("p"))
    for query in ("scheme=GB-LAE&identifier=12", "scheme=x&identifier=1"):
        answer = page.get(f"{OWN}?{query}")
        assert (answer.status_code, [anchor for _, anchor in wrong(read(answer))]) == (400, ["#identifier"])
    kind, number = ("Kind of identifier: choose one", "#scheme"), ("Identifier: enter it", "#identifier")
    for query, told in (
        ("scheme=GB-LAE&identifier=", [number]),
        ("scheme=&identifier=LDS", [kind]),
        ("scheme=&identifier=", [kind, number]),
    ):
        answer = page.get(f"{OWN}?{query}")
        assert (answer.status_code, wrong(read(answer))) == (400, told)


def test_an_administrator_accepts_and_the_person_acts(page: Client) -> None:
    request = asks(page)
    assert page.post(OWN, {"do": "ask", "organisation": "council"}).status_code == 409
    assert page.get(PEOPLE).status_code == 404
    event = Event.objects.filter(type="organisation.membership_asked").get()
    assert event.references == {"user": request.user.reference, "request": request.reference}
    signed(page, CHIEF)
    assert "Who asks to act for it" in read(page.get(PEOPLE)).texts("h2")
    unknown = page.post(PEOPLE, {"do": "accept", "request": request.reference, "role": "king"})
    assert unknown.status_code == 422
    accepted = page.post(PEOPLE, {"do": "accept", "request": request.reference, "role": "editor"})
    assert accepted.status_code == 303
    assert (
        page.post(PEOPLE, {"do": "accept", "request": request.reference, "role": "editor"}).status_code == 409
    )
    assert Membership.objects.get(user=request.user).role == "editor"
    assert Event.objects.filter(type="organisation.member_added", subject="council").exists()
    page.logout()
    assert page.login(username=NEW, password=GOOD)
    assert page.get(PEOPLE).status_code == 200
    assert page.post(OWN, {"do": "ask", "organisation": "council"}).status_code == 409


def test_a_refusal_has_its_reason_and_may_be_asked_again(page: Client) -> None:
    request = asks(page)
    signed(page, CHIEF)
    bare = page.post(PEOPLE, {"do": "refuse", "request": request.reference, "reason": " "})
    anchor = f"#reason-{request.reference}"
    assert (bare.status_code, [there for _, there in wrong(read(bare))]) == (422, [anchor])
    assert (
        page.post(PEOPLE, {"do": "refuse", "request": request.reference, "reason": "Unknown."}).status_code
        == 303
    )
    page.logout()
    assert page.login(username=NEW, password=GOOD)
    assert rows(read(page.get(OWN)), "Organisations that you have asked")[1][2] == "Refused Unknown."
    assert page.post(OWN, {"do": "ask", "organisation": "council"}).status_code == 303
    again = MembershipRequest.objects.latest("pk")
    assert page.post(OWN, {"do": "withdraw", "request": request.reference}).status_code == 409
    assert page.post(OWN, {"do": "withdraw", "request": again.reference}).status_code == 303
    assert Membership.objects.filter(user=request.user).count() == 0


def test_a_refused_answer_stands_at_its_own_request_with_what_was_written(page: Client) -> None:
    first, second = asks(page), asks(page, "bea@example.org")
    signed(page, CHIEF)
    before = Event.objects.count()
    long = "No. " * 300
    for reason in ("", long):
        answer = page.post(PEOPLE, {"do": "refuse", "request": second.reference, "reason": reason})
        shown = read(answer)
        sound(shown)
        assert answer.status_code == 422
        [(said, anchor)] = wrong(shown)
        assert (said.startswith("Reason: "), anchor) == (True, f"#reason-{second.reference}")
        fields = {one.attributes["id"]: one for one in shown.all("textarea", name="reason")}
        assert list(fields) == [f"reason-{first.reference}", f"reason-{second.reference}"]
        assert [one.text for one in fields.values()] == ["", reason.strip()]
        assert [one.attributes.get("aria-describedby") for one in fields.values()] == [
            None,
            f"reason-{second.reference}-error",
        ]
        assert ["open" in one.attributes for one in shown.all("details")][:2] == [False, True]
    unknown = page.post(PEOPLE, {"do": "accept", "request": second.reference, "role": "king"})
    told = [
        (
            "Role: 'king' is none of viewer, editor, approver, administrator",
            f"#accept-role-{second.reference}",
        )
    ]
    assert (unknown.status_code, wrong(read(unknown))) == (422, told)
    assert ["open" in one.attributes for one in read(unknown).all("details")][:2] == [False, False]
    assert {one.status for one in MembershipRequest.objects.all()} == {"waiting"}
    assert Event.objects.count() == before


def test_nobody_else_answers_and_nobody_withdraws_anothers(page: Client) -> None:
    request = asks(page)
    sent = {"do": "accept", "request": request.reference, "role": "administrator"}
    for email, status in (("buyer@example.org", 403), ("alder@example.org", 404)):
        signed(page, email)
        assert page.post(PEOPLE, sent).status_code == status, email
        assert not read(page.get("/account")).all("input", value="accept")
        assert page.post(OWN, {"do": "withdraw", "request": request.reference}).status_code == 404
    colleague("other@example.org", "district", "administrator")
    signed(page, "other@example.org")
    assert page.post("/organisations/district/members", sent).status_code == 404
    request.refresh_from_db()
    assert request.status == "waiting"
    assert Membership.objects.filter(user=request.user).count() == 0


def test_an_operator_answers_where_nobody_administers(page: Client) -> None:
    make_administrators()
    registered(page)
    for organisation in ("council", "dogwood"):
        assert page.post(OWN, {"do": "ask", "organisation": organisation}).status_code == 303
    waiting = MembershipRequest.objects.get(organisation__reference="dogwood")
    assert page.get(REQUESTS).status_code == 404
    signed(page, "chief@example.org")
    assert page.get(REQUESTS).status_code == 404
    signed(page, OPERATOR)
    shown = read(page.get(REQUESTS))
    assert [one for one in shown.texts("h3") if "act for" in one] == ["Ada, to act for Dogwood"]
    bare = page.post(REQUESTS, {"do": "refuse", "request": waiting.reference, "reason": ""})
    anchor = f"#reason-{waiting.reference}"
    assert (bare.status_code, [there for _, there in wrong(read(bare))]) == (422, [anchor])
    sent = {"do": "accept", "request": waiting.reference, "role": "administrator"}
    assert page.post(REQUESTS, sent)["Location"] == f"{REQUESTS}?done=accept"
    assert Membership.objects.get(user=waiting.user).organisation.reference == "dogwood"
    assert "None waits." in read(page.get(REQUESTS)).texts("p")


def test_an_operator_answers_neither_for_who_is_administered_nor_what_he_asked_himself(page: Client) -> None:
    make_administrators()
    colleague("second@example.org", "operator", "administrator")
    asks(page)
    signed(page, OPERATOR)
    for organisation in ("council", "dogwood"):
        assert page.post(OWN, {"do": "ask", "organisation": organisation}).status_code == 303
    theirs, own, alone = MembershipRequest.objects.order_by("pk")
    before = Event.objects.count()
    for one in (theirs, own, alone):
        for sent in ({"do": "accept", "role": "administrator"}, {"do": "refuse", "reason": "No."}):
            assert page.post(REQUESTS, sent | {"request": one.reference}).status_code == 403, one
    assert "None waits." in read(page.get(REQUESTS)).texts("p")
    assert {one.status for one in MembershipRequest.objects.all()} == {"waiting"}
    assert Membership.objects.filter(user=own.user).count() == 1
    assert Membership.objects.filter(user=theirs.user).count() == 0
    assert Event.objects.count() == before
    signed(page, "second@example.org")
    sent = {"do": "accept", "request": alone.reference, "role": "administrator"}
    assert page.post(REQUESTS, sent)["Location"] == f"{REQUESTS}?done=accept"


def test_whoever_administers_is_told_that_somebody_asks(page: Client) -> None:
    asks(page)
    deliver_due()
    (told,) = InboxMessage.objects.filter(organisation__reference="council")
    assert told.title == "Somebody asks to act for The Council"
    assert [one.to for one in mail.outbox if one.subject.endswith(told.title)] == [[CHIEF]]


def test_the_page_asks_the_database_as_often_for_many_requests(
    page: Client, django_assert_num_queries: DjangoAssertNumQueries
) -> None:
    signed(page, CHIEF)
    page.get(PEOPLE)
    with django_assert_num_queries(11):
        page.get(PEOPLE)
    council = Organisation.objects.get(reference="council")
    for number in range(5):
        user = User.objects.create_user(f"one{number}@example.org", None)
        MembershipRequest.objects.create(user=user, organisation=council)
    with django_assert_num_queries(11):
        assert page.get(PEOPLE).content.count(b"Accept one") == 5


@pytest.mark.parametrize(
    ("email", "domains"),
    [
        ("ada@hr.leeds.gov.uk", ["hr.leeds.gov.uk", "leeds.gov.uk", "gov.uk"]),
        ("ada@Example.ORG", ["example.org"]),
    ],
)
def test_an_address_is_of_its_domain_and_those_above(email: str, domains: list[str]) -> None:
    assert domains_of(email) == domains


def test_the_domains_that_many_share_say_so() -> None:
    assert (
        wrong_with("gov.uk") == "Many organisations have addresses under gov.uk: enter the whole of your own."
    )
    assert wrong_with("leeds.gov.uk") is None


def navigation(page: Client) -> list[str]:
    """Where the service navigation leads."""
    return read(page.get("/account")).texts("a", class_="govuk-service-navigation__link")


def test_the_navigation_follows_an_organisation_that_is_joined_and_left_without_a_new_sign_in(
    page: Client,
) -> None:
    request = asks(page)
    administrator = signed(Client(), CHIEF)
    buying = {"Shortlists", "Call-offs"}
    assert buying.isdisjoint(navigation(page))
    assert page.get("/shortlists").status_code == 404
    accepted = {"do": "accept", "request": request.reference, "role": "editor"}
    assert administrator.post(PEOPLE, accepted).status_code == 303
    assert buying <= set(navigation(page))
    assert page.get("/shortlists").status_code == 200
    assert read(page.get("/search")).all("details", id="save") != []
    Membership.objects.filter(user__email=NEW).update(role="viewer")
    assert page.post("/shortlists", {"title": "Mine"}).status_code == 403
    Membership.objects.filter(user__email=NEW).delete()
    assert buying.isdisjoint(navigation(page))
    assert page.get("/shortlists").status_code == 404
    assert read(page.get("/search")).all("details", id="save") == []


def test_the_navigation_follows_what_an_organisation_is(page: Client) -> None:
    signed(page, CHIEF)
    assert "Administration" not in navigation(page)
    body = Organisation.objects.get(reference="council")
    owner = Capability.objects.create(organisation=body, kind=Capability.Kind.FRAMEWORK_OWNER)
    assert "Administration" in navigation(page)
    owner.delete()
    assert "Administration" not in navigation(page)


def test_unread_messages_are_counted_once_whatever_an_organisation_is(page: Client) -> None:
    asks(page)
    signed(page, CHIEF)
    deliver_due()
    waiting = InboxMessage.objects.filter(organisation__reference="council", read_at=None).count()
    assert waiting > 0
    body = Organisation.objects.get(reference="council")
    Capability.objects.create(organisation=body, kind=Capability.Kind.FRAMEWORK_OWNER)
    assert f"Inbox ({waiting} unread)" in navigation(page)
