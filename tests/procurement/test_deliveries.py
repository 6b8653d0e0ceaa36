"""The worker: what is due is tried once at a time, rests ever longer, dies in the end, and is tried again where an
operator asks for it; nothing leaves before commit.
"""

from __future__ import annotations

import smtplib
import threading
from datetime import timedelta
from typing import Any

import pytest
from django.core import mail
from django.core.management import CommandError, call_command
from django.db import IntegrityError, connection, transaction
from django.test.utils import CaptureQueriesContext
from django.utils import timezone
from hypothesis import given
from hypothesis import strategies as st

from procurement.actions.dead_letters import redrive, redrive_all
from procurement.actions.deliveries import FIRST_REST, LEASE, LONGEST_REST, claim, deliver_due, rest
from procurement.actions.events import Happening, record
from procurement.actions.inbox import mark_message
from procurement.actions.standing import move_appointment
from procurement.errors import Conflict, NotFound, NotPermitted
from procurement.event_names import names_for
from procurement.models import (
    Appointment,
    Capability,
    Delivery,
    Event,
    InboxMessage,
    Membership,
    Organisation,
    User,
)
from procurement.notices import notice_for
from procurement.permissions import SYSTEM
from procurement.querysets import InboxQuerySet
from tests.world import editor_of, make_buyers, make_world

pytestmark = pytest.mark.django_db

MAILED = Delivery.Channel.EMAIL


@pytest.fixture
def world() -> None:
    make_world()
    make_buyers("shire")
    editor_of("oak")


def suspend() -> Event:
    """Owes one e-mail and one message to oak."""
    move_appointment(
        SYSTEM, Appointment.objects.get(lot__reference="wr1~1").reference, None, "suspend", "Mr Bell rang."
    )
    return Event.objects.get(type="appointment.suspended")


def refuse_mail(monkeypatch: pytest.MonkeyPatch) -> None:
    def fail(*_: object, **__: object) -> int:
        raise smtplib.SMTPRecipientsRefused({"editor@oak.example.org": (550, b"no")})

    monkeypatch.setattr("django.core.mail.backends.locmem.EmailBackend.send_messages", fail)


def test_a_notice_is_written_to_the_inbox_and_mailed_once(world: None) -> None:
    event = suspend()
    assert (InboxMessage.objects.count(), len(mail.outbox)) == (0, 0)
    assert deliver_due() == (2, False)
    assert deliver_due() == (0, False)
    message = InboxMessage.objects.get()
    assert (message.organisation.reference, message.user, message.read_at) == ("oak", None, None)
    assert (message.title, message.link) == ("Place on lot 1 of WR1 suspended", "/frameworks/wr1")
    assert message.text == (
        "The place of Oak Consortium on lot 1 of WR1 rests: no call-off can be made with it until it is reinstated."
    )
    assert message.delivery.event == event
    (sent,) = mail.outbox
    owed = Delivery.objects.get(channel=MAILED)
    assert (sent.to, sent.subject) == (["editor@oak.example.org"], "Calloff: Place on lot 1 of WR1 suspended")
    assert sent.extra_headers["Message-ID"] == f"<{owed.reference}@127.0.0.1>"
    assert "http://127.0.0.1:8000/frameworks/wr1" in sent.body
    assert "Bell" not in sent.body + message.text
    assert set(Delivery.objects.values_list("status", "attempts", "last_error")) == {("sent", 1, "")}


def test_people_read_names_and_where_nothing_is_known_by_it_any_more_the_reference(world: None) -> None:
    event = suspend()
    notice = notice_for("supplier.member_left", "lead")
    left = Event(subject_type="supplier", subject="oak", references={"partner": ["oak", "gone"]}, changes={})
    with CaptureQueriesContext(connection) as asked:
        names = names_for(notice, left)
    assert (names, len(asked)) == ({"partner": "Oak Advisers, gone", "subject": "Oak Consortium"}, 2)
    assert names_for(notice_for(event.type, "supplier"), event) == {
        "supplier": "Oak Consortium", "framework": "WR1", "lot": "1",
    }  # fmt: skip


def test_nothing_is_delivered_before_its_transaction_is_committed(
    world: None, django_capture_on_commit_callbacks: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    nudged: list[bool] = []
    monkeypatch.setattr("procurement.tasks.deliver.apply_async", lambda **_: nudged.append(True))
    monkeypatch.setattr("procurement.tasks._quiet", threading.local())
    with django_capture_on_commit_callbacks() as waiting:
        suspend()
    assert nudged == []
    for callback in waiting:
        callback()
    assert nudged == [True]


def test_a_dead_queue_fails_no_request_and_is_left_alone_for_a_while(
    world: None, django_capture_on_commit_callbacks: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    tried: list[bool] = []

    def fail(**_: object) -> None:
        tried.append(True)
        raise ConnectionRefusedError

    monkeypatch.setattr("procurement.tasks.deliver.apply_async", fail)
    monkeypatch.setattr("procurement.tasks._quiet", threading.local())
    with django_capture_on_commit_callbacks(execute=True):
        suspend()
    with django_capture_on_commit_callbacks(execute=True), transaction.atomic():
        record(SYSTEM, Happening("partner.suspended", "partner", "oak", {}, {}))
    assert tried == [True]
    assert Delivery.objects.filter(status="pending").count() == 4


def test_what_fails_rests_ever_longer_and_is_then_a_dead_letter(
    world: None, monkeypatch: pytest.MonkeyPatch, settings: Any
) -> None:
    settings.DELIVERY_ATTEMPTS = 3
    refuse_mail(monkeypatch)
    suspend()
    now = timezone.now()
    for attempt, least in ((1, 15), (2, 30)):
        deliver_due(now)
        row = Delivery.objects.get(channel=MAILED)
        assert (row.status, row.attempts) == ("pending", attempt)
        assert timedelta(seconds=least) <= row.next_attempt_at - now <= timedelta(seconds=2 * least)
        assert deliver_due(row.next_attempt_at - timedelta(seconds=1)) == (0, False)
        now = row.next_attempt_at
    deliver_due(now)
    row.refresh_from_db()
    assert (row.status, row.attempts) == ("dead", 3)
    assert row.last_error == "The mail server did not take it (SMTPRecipientsRefused)."
    assert deliver_due(now + timedelta(days=30)) == (0, False)
    assert InboxMessage.objects.count() == 1


@given(st.integers(1, 60_000), st.floats(0, 1, exclude_max=True))
def test_a_rest_is_between_half_and_all_of_what_is_doubled_up_to_a_day(attempts: int, chance: float) -> None:
    whole = min(FIRST_REST * 2 ** min(attempts - 1, 40), LONGEST_REST)
    assert whole / 2 <= rest(attempts, lambda: chance) <= whole
    assert rest(attempts, lambda: 0.0) == whole


def test_a_delivery_that_is_being_tried_is_nobody_elses_until_its_lease_ends(world: None) -> None:
    suspend()
    now = timezone.now()
    first = claim(MAILED, now)
    assert first is not None
    assert claim(MAILED, now + LEASE - timedelta(seconds=1)) is None
    again = claim(MAILED, now + LEASE)
    assert again is not None
    assert (again.pk, again.reference, again.attempts) == (first.pk, first.reference, 2)


def test_whoever_has_lost_its_lease_notes_nothing(world: None, monkeypatch: pytest.MonkeyPatch) -> None:
    suspend()
    now = timezone.now()

    def overtaken(*_: object, **__: object) -> int:
        assert claim(MAILED, now + LEASE) is not None
        raise OSError

    monkeypatch.setattr("django.core.mail.backends.locmem.EmailBackend.send_messages", overtaken)
    deliver_due(now)
    row = Delivery.objects.get(channel=MAILED)
    assert (row.status, row.attempts, row.last_error) == ("pending", 2, "")
    assert row.next_attempt_at == now + 2 * LEASE


@pytest.mark.django_db(transaction=True)
def test_two_workers_at_once_send_each_once(world: None) -> None:
    for _ in range(10):
        with transaction.atomic():
            record(SYSTEM, Happening("partner.suspended", "partner", "oak", {}, {}))
    tried: list[int] = []

    def work() -> None:
        tried.append(deliver_due()[0])
        connection.close()

    workers = [threading.Thread(target=work) for _ in range(3)]
    for worker in workers:
        worker.start()
    for worker in workers:
        worker.join()
    assert sum(tried) == 20
    assert len({message.extra_headers["Message-ID"] for message in mail.outbox}) == len(mail.outbox) == 10
    assert InboxMessage.objects.count() == 10


def test_whoever_has_left_is_told_nothing(world: None) -> None:
    suspend()
    Membership.objects.filter(organisation__reference="oak").update(role="viewer")
    deliver_due()
    assert mail.outbox == []
    row = Delivery.objects.get(channel=MAILED)
    assert (row.status, row.last_error) == ("dropped", "The person has no such role any more.")


def test_one_that_cannot_be_worded_keeps_no_other_waiting(world: None) -> None:
    with transaction.atomic():
        # Lacks all that the notice speaks of.
        record(SYSTEM, Happening("operation.finished", "operation", "OP-1", {}, {}))
        record(SYSTEM, Happening("rate_card.published", "rate_card", "wr1~oak", {"supplier": "oak"}, {}))
        record(SYSTEM, Happening("partner.suspended", "partner", "oak", {}, {}))
    deliver_due()
    assert InboxMessage.objects.get().title == "Profile suspended"
    assert Delivery.objects.get(event__type="rate_card.published").last_error == "KeyError"


def test_an_operator_has_dead_letters_tried_again(
    world: None, monkeypatch: pytest.MonkeyPatch, settings: Any
) -> None:
    settings.DELIVERY_ATTEMPTS = 1
    with monkeypatch.context() as broken:
        refuse_mail(broken)
        suspend()
        deliver_due()
    row = Delivery.objects.get(channel=MAILED)
    operator = Organisation.objects.get(reference="owner")
    Capability.objects.create(organisation=operator, kind=Capability.Kind.OPERATOR)
    for actor in (editor_of("oak", "administrator"), editor_of("owner")):
        with pytest.raises(NotPermitted):
            redrive(actor, row.reference)
    assert Delivery.objects.get(pk=row.pk).status == "dead"
    administrator = editor_of("owner", "administrator")
    assert redrive(administrator, row.reference).status == "pending"
    event = Event.objects.latest("position")
    assert (event.type, event.subject, event.actor) == (
        "delivery.redriven", row.reference, administrator.reference,
    )  # fmt: skip
    with pytest.raises(Conflict):
        redrive(administrator, row.reference)
    with pytest.raises(NotFound):
        redrive(administrator, "msg_none")
    assert deliver_due()[0] == 1
    row.refresh_from_db()
    assert (row.status, row.attempts, len(mail.outbox)) == ("sent", 1, 1)
    assert mail.outbox[0].extra_headers["Message-ID"].startswith(f"<{row.reference}@")
    assert redrive_all(SYSTEM) == 0


def test_what_is_tried_again_is_told_to_a_worker(
    world: None, django_capture_on_commit_callbacks: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    suspend()
    row = Delivery.objects.get(channel=MAILED)
    Delivery.objects.filter(pk=row.pk).update(status="dead")
    nudged: list[bool] = []
    monkeypatch.setattr("procurement.tasks.deliver.apply_async", lambda **_: nudged.append(True))
    monkeypatch.setattr("procurement.tasks._quiet", threading.local())
    with django_capture_on_commit_callbacks(execute=True):
        redrive(SYSTEM, row.reference)
    assert nudged == [True]


def test_the_command_has_one_or_all_tried_again(
    world: None, monkeypatch: pytest.MonkeyPatch, settings: Any, capsys: pytest.CaptureFixture[str]
) -> None:
    settings.DELIVERY_ATTEMPTS = 1
    refuse_mail(monkeypatch)
    suspend()
    with transaction.atomic():
        record(SYSTEM, Happening("partner.suspended", "partner", "oak", {}, {}))
    deliver_due()
    first, second = Delivery.objects.filter(status="dead").order_by("pk")
    call_command("redrive", first.reference)
    assert capsys.readouterr().out == "1 delivery will be tried again.\n"
    call_command("redrive", "--all", "--channel", "webhook")
    call_command("redrive", "--all")
    assert capsys.readouterr().out == ("0 deliveries will be tried again.\n1 delivery will be tried again.\n")
    assert set(Delivery.objects.filter(channel=MAILED).values_list("status", flat=True)) == {"pending"}
    for words in ((), (first.reference, "--all")):
        with pytest.raises(CommandError, match="Name dead letters"):
            call_command("redrive", *words)
    with pytest.raises(CommandError, match="pending, not dead"):
        call_command("redrive", second.reference)


def test_a_message_is_seen_and_marked_by_those_whom_it_is_for(world: None) -> None:
    viewer = editor_of("shire", "viewer")
    with transaction.atomic():
        record(
            SYSTEM,
            Happening(
                "organisation.member_added",
                "organisation",
                "shire",
                {"user": viewer.reference},
                {"role": "viewer"},
            ),
        )
    suspend()
    deliver_due()
    personal = InboxMessage.objects.get(user=User.objects.get(reference=viewer.reference))
    shared = InboxMessage.objects.get(organisation__reference="oak")
    colleague, firm = editor_of("shire"), editor_of("oak", "viewer")

    def seen(actor: Any) -> set[int]:
        return set(InboxQuerySet(InboxMessage).seen_by(actor).values_list("pk", flat=True))

    assert (seen(viewer), seen(colleague), seen(firm)) == ({personal.pk}, set(), {shared.pk})
    with pytest.raises(NotFound):
        mark_message(colleague, personal.reference, True)
    events = Event.objects.count()
    read = mark_message(firm, shared.reference, True)
    assert (read.read_at is not None, read.read_by) == (True, firm.reference)
    assert mark_message(firm, shared.reference, True).read_at == read.read_at
    unread = mark_message(firm, shared.reference, False)
    assert (unread.read_at, unread.read_by) == (None, "")
    assert Event.objects.count() == events


def test_messages_stand_in_the_order_of_what_happened_whichever_was_delivered_first(world: None) -> None:
    first = suspend()
    move_appointment(SYSTEM, first.subject, None, "reinstate", "Mr Bell wrote.")
    late = Delivery.objects.filter(event=first)
    assert late.update(next_attempt_at=timezone.now() + timedelta(days=1)) == 2
    deliver_due()
    late.update(next_attempt_at=timezone.now())
    deliver_due()
    shown = InboxQuerySet(InboxMessage).seen_by(editor_of("oak", "viewer"))
    kinds = [one.delivery.event.type for one in shown.told().newest_first()]
    assert kinds == ["appointment.reinstated", "appointment.suspended"]
    assert [one.pk for one in shown.order_by("-pk")] != [one.pk for one in shown.newest_first()]


@pytest.fixture
def told(world: None) -> InboxMessage:
    suspend()
    deliver_due()
    return InboxMessage.objects.get()


def test_what_is_owed_and_said_is_never_edited(told: InboxMessage) -> None:
    for change in (
        lambda: InboxMessage.objects.update(text="Never said."),
        lambda: Delivery.objects.update(recipient="yew"),
        lambda: Delivery.objects.update(event_id=1),
    ):
        with pytest.raises(IntegrityError, match="is never edited"), transaction.atomic():
            change()
