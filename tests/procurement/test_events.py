"""The event log promises: gapless, chained, in the change's own transaction, and tampering shows."""

from __future__ import annotations

import threading

import pytest
from django.core.management import CommandError, call_command
from django.db import connection, transaction

from procurement.actions.events import Break, Happening, record, record_many, verify
from procurement.models import Chain, Event
from procurement.permissions import SYSTEM, Actor
from procurement.signals import events_recorded
from tests.guards import unguarded

OPENED = Happening(
    "framework.opened", "framework", "rm3745", {"lots": ["rm3745~5"]}, {"status": ["coming", "live"]}
)


@pytest.mark.django_db
def test_events_get_gapless_positions_and_each_follows_its_predecessor() -> None:
    with transaction.atomic():
        first, second = record_many(SYSTEM, [OPENED, OPENED])
    with transaction.atomic():
        third = record(Actor("usr_1"), OPENED)
    assert [first.position, second.position, third.position] == [1, 2, 3]
    assert first.previous_hash == "0" * 64
    assert second.previous_hash == first.hash
    assert third.previous_hash == second.hash
    assert third.actor == "usr_1"
    assert verify() is None


@pytest.mark.django_db
def test_an_event_outside_a_transaction_is_refused(transactional_db: None) -> None:
    with pytest.raises(transaction.TransactionManagementError):
        record(SYSTEM, OPENED)
    assert not Event.objects.exists()


@pytest.mark.django_db(transaction=True)
def test_a_change_that_fails_leaves_no_event_and_no_gap() -> None:
    def fail() -> None:
        with transaction.atomic():
            record(SYSTEM, OPENED)
            raise RuntimeError

    with pytest.raises(RuntimeError):
        fail()
    with transaction.atomic():
        assert record(SYSTEM, OPENED).position == 1
    assert Event.objects.count() == 1


@pytest.mark.django_db(transaction=True)
def test_writers_at_once_share_one_chain_without_a_gap() -> None:
    def write() -> None:
        for _ in range(5):
            with transaction.atomic():
                record(SYSTEM, OPENED)
        connection.close()

    writers = [threading.Thread(target=write) for _ in range(4)]
    for writer in writers:
        writer.start()
    for writer in writers:
        writer.join()
    assert list(Event.objects.values_list("position", flat=True)) == list(range(1, 21))
    assert verify() is None


@pytest.mark.django_db
@pytest.mark.parametrize(
    ("change", "expected"),
    [
        ({"actor": "usr_2"}, Break(2, "altered")),
        ({"changes": {"status": ["coming", "expired"]}}, Break(2, "altered")),
        ({"previous_hash": "f" * 64}, Break(2, "does not follow its predecessor")),
    ],
)
def test_an_altered_event_is_found(change: dict[str, object], expected: Break) -> None:
    with transaction.atomic():
        record_many(SYSTEM, [OPENED] * 3)
    with unguarded():
        Event.objects.filter(position=2).update(**change)
    assert verify() == expected


@pytest.mark.django_db
def test_a_removed_event_is_found_in_the_middle_and_at_the_end() -> None:
    with transaction.atomic():
        record_many(SYSTEM, [OPENED] * 3)
    with unguarded():
        Event.objects.get(position=3).delete()
    assert verify() == Break(3, "cut off")
    with unguarded():
        Event.objects.get(position=1).delete()
    assert verify() == Break(1, "missing")


@pytest.mark.django_db
def test_the_command_says_how_many_events_hold_or_where_they_do_not(
    capsys: pytest.CaptureFixture[str],
) -> None:
    with transaction.atomic():
        record_many(SYSTEM, [OPENED] * 2)
    call_command("verify_events")
    assert capsys.readouterr().out == "2 events, and the chain holds.\n"
    with unguarded():
        Event.objects.filter(position=1).update(subject="rm9999")
    with pytest.raises(CommandError, match=r"position 1: altered"):
        call_command("verify_events")


@pytest.mark.django_db
def test_listeners_hear_of_all_events_of_an_action_at_once_and_may_stop_it() -> None:
    heard: list[list[int]] = []

    def listen(events: list[Event], **_: object) -> None:
        heard.append([event.position for event in events])

    events_recorded.connect(listen, weak=False)
    try:
        with transaction.atomic():
            record_many(SYSTEM, [OPENED] * 2)
    finally:
        events_recorded.disconnect(listen)
    assert heard == [[1, 2]]


@pytest.mark.django_db
def test_no_happenings_leave_the_chain_untouched() -> None:
    with transaction.atomic():
        assert record_many(SYSTEM, []) == []
    assert not Chain.objects.exists()
