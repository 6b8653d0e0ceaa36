"""E-mails about accounts are owed by rows that hold no secret, and sent once the queue and the mail server answer."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

import pytest
from django.core import mail
from django.core.cache import caches
from django.core.mail.backends.locmem import EmailBackend
from django.db import transaction
from django.utils import timezone
from structlog.testing import capture_logs

from procurement.actions.account_mail import owe_account_mail
from procurement.actions.account_mail_queue import SENDERS, send_owed
from procurement.actions.passwords import ask_link
from procurement.actions.registering import ask_to_register
from procurement.models import AccountMail, User
from procurement.tasks import send_account_mails

ADA = "ada@example.org"
Kind = AccountMail.Kind


class Away(EmailBackend):
    """A mail server that takes nothing."""

    def send_messages(self, _messages: Any) -> int:
        raise ConnectionRefusedError


class Slow(EmailBackend):
    """A mail server that answers once somebody else tries the same e-mail."""

    def send_messages(self, messages: Any) -> int:
        AccountMail.objects.update(attempts=2, next_attempt_at=timezone.now() + timedelta(hours=1))
        return super().send_messages(messages)


@pytest.fixture(autouse=True)
def ada(db: None) -> User:
    caches["attempts"].clear()
    return User.objects.create_user(ADA, "seven grey herons wade", full_name="Ada")


def owed() -> list[tuple[str, str, int]]:
    return list(AccountMail.objects.values_list("kind", "about", "attempts"))


def test_every_kind_has_its_sender() -> None:
    assert set(SENDERS) == set(Kind)


def test_what_the_queue_lost_is_sent_by_the_sweep(
    ada: User, django_capture_on_commit_callbacks: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    def refuse(*_: object, **__: object) -> None:
        raise ConnectionRefusedError

    monkeypatch.setattr("procurement.tasks.send_account_mails.apply_async", refuse)
    with capture_logs() as logged, django_capture_on_commit_callbacks(execute=True):
        ask_link(ADA)
    assert [one["event"] for one in logged] == ["account_mail_nudge_lost"]
    assert owed() == [("password", ada.reference, 0)]
    send_account_mails()
    assert [one.to for one in mail.outbox] == [[ADA]]
    assert "/password/" in mail.outbox[0].body
    assert owed() == []
    assert not send_owed()
    assert len(mail.outbox) == 1


def test_whoever_has_no_account_is_owed_a_row_alike_and_sent_nothing(django_assert_num_queries: Any) -> None:
    for email in (ADA, "nobody@example.org"):
        with django_assert_num_queries(2):
            ask_link(email)
    assert AccountMail.objects.count() == 2
    assert not send_owed()
    assert [one.to for one in mail.outbox] == [[ADA]]
    assert owed() == []


def test_a_row_holds_neither_address_nor_link(settings: Any) -> None:
    ask_to_register("new@example.org")
    row = AccountMail.objects.values().get()
    assert (row["kind"], "@" in str(row), "/" in row["about"]) == ("registration", False, False)
    assert not send_owed()
    assert [one.to for one in mail.outbox] == [["new@example.org"]]


def test_nothing_is_owed_where_the_transaction_fails(ada: User) -> None:
    with transaction.atomic():
        owe_account_mail(Kind.SECOND_STEP, ada.reference, 1)
        transaction.set_rollback(True)
    assert owed() == []


def test_a_mail_server_that_is_away_is_tried_again_and_given_up_in_the_end(ada: User, settings: Any) -> None:
    settings.EMAIL_BACKEND, settings.DELIVERY_ATTEMPTS = f"{__name__}.Away", 3
    owe_account_mail(Kind.SECOND_STEP, ada.reference, 1)
    now = timezone.now()
    for attempts in (1, 2):
        assert not send_owed(now)
        assert owed() == [("second_step", ada.reference, attempts)]
        assert not send_owed(now + timedelta(seconds=10))
        assert AccountMail.objects.get().attempts == attempts
        now += timedelta(minutes=2)
    with capture_logs() as logged:
        assert not send_owed(now)
    assert [(one["event"], one["kind"], one["why"]) for one in logged] == [
        ("account_mail_given_up", "second_step", "ConnectionRefusedError")
    ]
    assert (owed(), mail.outbox) == ([], [])


def test_one_that_was_tried_by_another_meanwhile_is_not_removed(ada: User, settings: Any) -> None:
    settings.EMAIL_BACKEND = f"{__name__}.Slow"
    owe_account_mail(Kind.PASSWORD, ada.reference)
    assert not send_owed()
    assert owed() == [("password", ada.reference, 2)]
