"""Where somebody is signed in: each browser in words, ended one by one or all others."""

from __future__ import annotations

import re

import pytest
from django.core import mail
from django.test import Client

from procurement.actions.passwords import send_link
from procurement.models import Session, User
from tests.web.buying import signed
from tests.web.market import PASSWORD
from tests.web.reading import read, rows
from web.sessions import agent_in_words

HERE = "/account/sessions"
FIREFOX = "Mozilla/5.0 (X11; Linux x86_64; rv:140.0) Gecko/20100101 Firefox/140.0"
PHONE = (
    "Mozilla/5.0 (iPhone; CPU iPhone OS 18_5 like Mac OS X) AppleWebKit/605.1.15 (KHTML, like Gecko) "
    "Version/18.5 Mobile/15E148 Safari/604.1"
)


def browser(agent: str, email: str = "buyer@example.org") -> Client:
    made = Client(headers={"User-Agent": agent})
    assert made.post("/sign-in", {"username": email, "password": PASSWORD}).status_code == 303
    return made


def shown(page: Client) -> list[tuple[str, str]]:
    return [(row[0], row[3]) for row in rows(read(page.get(HERE)), "Browsers in which you are signed in")[1:]]


def test_each_browser_is_shown_and_signed_out_from_another(page: Client) -> None:
    one, two = browser(FIREFOX), browser(PHONE)
    browser(FIREFOX, "alder@example.org")
    page.get("/search")
    assert sorted(shown(one)) == [
        ("Firefox on Linux", "This one"),
        ("Safari on iPhone or iPad", "Sign out there"),
    ]
    other = Session.objects.get(agent="Safari on iPhone or iPad")
    answer = one.post(HERE, {"session": other.reference})
    assert (answer.status_code, answer["Location"]) == (303, f"{HERE}?done=one")
    assert two.get("/account").status_code == 302
    assert one.get("/account").status_code == 200
    assert one.post(HERE, {"session": other.reference}).status_code == 404


def test_all_others_are_ended_at_once_and_nobody_elses(page: Client) -> None:
    one, two, three = browser(FIREFOX), browser(PHONE), browser(PHONE)
    stranger = browser(FIREFOX, "alder@example.org")
    assert one.post(HERE, {"do": "end-others"})["Location"] == f"{HERE}?done=others"
    assert [client.get("/account").status_code for client in (one, two, three, stranger)] == [
        200,
        302,
        302,
        200,
    ]
    assert "Sign out everywhere else" not in read(one.get(HERE)).texts("button")


def test_a_password_that_is_set_by_the_link_ends_every_session_before_it(page: Client) -> None:
    one, two = browser(FIREFOX), browser(PHONE)
    stranger = browser(FIREFOX, "alder@example.org")
    assert send_link(User.objects.get(email="buyer@example.org").reference)
    found = re.search(r"https?://[^/]+(/password/\S+)", str(mail.outbox[-1].body))
    assert found is not None
    new = "seven grey herons wade"
    assert one.post(found[1], {"password": new, "again": new})["Location"] == "/account?done=password"
    assert shown(one) == [("Firefox on Linux", "This one")]
    assert [client.get("/account").status_code for client in (one, two, stranger)] == [200, 302, 200]
    assert Session.objects.filter(user__email="buyer@example.org").count() == 1


def test_anothers_session_and_ones_own_here_are_not_found(page: Client) -> None:
    one = browser(FIREFOX)
    browser(PHONE, "alder@example.org")
    for session in Session.objects.all():
        assert one.post(HERE, {"session": session.reference}).status_code == 404
    assert one.post(HERE, {"session": ""}).status_code == 404
    assert Session.objects.count() == 2


def test_neither_key_nor_address_of_a_machine_is_shown_or_kept(page: Client) -> None:
    signed(page)
    (row,) = Session.objects.all()
    assert row.session_key not in page.get(HERE).content.decode()
    assert {field.name for field in Session._meta.fields} == {
        "session_key",
        "session_data",
        "expire_date",
        "user",
        "reference",
        "signed_in_at",
        "agent",
    }
    assert "127.0.0.1" not in str(page.session.items())


@pytest.mark.parametrize(
    ("said", "words"),
    [
        (FIREFOX, "Firefox on Linux"),
        (PHONE, "Safari on iPhone or iPad"),
        (
            "Mozilla/5.0 (Windows NT 10.0; Win64; x64) AppleWebKit/537.36 Chrome/140.0 Safari/537.36 Edg/140.0",
            "Edge on Windows",
        ),
        (
            "Mozilla/5.0 (Linux; Android 15) AppleWebKit/537.36 Chrome/140.0 Mobile Safari/537.36",
            "Chrome on Android",
        ),
        ("Mozilla/5.0 (Macintosh; Intel Mac OS X 10_15_7) Chrome/140.0 Safari/537.36", "Chrome on Mac"),
        ("curl/8.14", "An unknown browser"),
        ("", "An unknown browser"),
    ],
)
def test_a_browser_is_told_in_words(said: str, words: str) -> None:
    assert agent_in_words(said) == words
