"""What need not be kept goes after its days, once; what the law asks to keep stays."""

from __future__ import annotations

import os
import time
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest
from django.apps import apps
from django.core.files.storage import default_storage
from django.db import transaction
from django.utils import timezone

from procurement.actions.deliveries import deliver_due
from procurement.actions.files import add_document, add_tender_file, opened, remove_tender_file
from procurement.actions.inbox import mark_message
from procurement.actions.operations import uploads
from procurement.actions.retention import PURGES, STORED, purge
from procurement.actions.tenders import submit_tender
from procurement.errors import NotFound
from procurement.models import (
    CompetitionDocument,
    Delivery,
    Event,
    EventAudience,
    IdempotencyRecord,
    InboxMessage,
    MemberInvitation,
    Operation,
    Organisation,
    Session,
    TenderFile,
)
from procurement.models.files import StoredFile
from procurement.retention import DAYS, KEPT
from procurement.tasks import purge as task
from tests.competed import Contest, planned, published, tender_of, written

NOTHING = dict.fromkeys(PURGES, 0)


@pytest.fixture(autouse=True)
def folders(settings: Any, tmp_path: Path) -> Path:
    """No test finds what another left on the disk."""
    settings.MEDIA_ROOT, settings.CALLOFF_DATA = tmp_path / "media", tmp_path
    return tmp_path


def aged(path: Path, days: float) -> Path:
    """The same file, written so long ago."""
    then = time.time() - days * 86_400
    os.utime(path, (then, then))
    return path


def test_each_row_of_the_table_is_purged_and_nothing_else() -> None:
    assert set(PURGES) == set(DAYS) == {one.what for one in KEPT}


def test_answers_to_repeats_go_after_their_days(db: None, settings: Any) -> None:
    now = timezone.now()
    for number in range(3):
        made = IdempotencyRecord.objects.create(
            principal="usr_1", route="/", key=str(number), fingerprint="", status=200, body=b""
        )
        IdempotencyRecord.objects.filter(pk=made.pk).update(created_at=now - timedelta(days=1 + number))
    assert purge(now) == NOTHING | {"idempotency_records": 2}
    assert purge(now) == NOTHING
    settings.RETENTION_DAYS = {"idempotency_records": 1}
    assert task() == NOTHING | {"idempotency_records": 1}


def test_sessions_go_a_day_after_their_end(db: None) -> None:
    now = timezone.now()
    for hours in (-1, 23, 25):
        Session.objects.create(
            session_key=f"k{hours}", session_data="", expire_date=now - timedelta(hours=hours)
        )
    assert purge(now) == NOTHING | {"ended_sessions": 1}
    assert sorted(Session.objects.values_list("session_key", flat=True)) == ["k-1", "k23"]
    assert purge(now) == NOTHING


def test_an_invitation_and_its_address_go_a_month_after_its_end(contest: Contest) -> None:
    now = timezone.now()
    body = Organisation.objects.earliest("pk")
    for status in ("accepted", "declined", "withdrawn", "waiting"):
        for days in (29, 31):
            ended = now - timedelta(days=days)
            MemberInvitation.objects.create(
                organisation=body, email=f"{status}-{days}@example.org", role="viewer", status=status,
                invited_at=ended - timedelta(days=7), sent_at=ended - timedelta(days=7),
                until=ended if status == "waiting" else now, ended_at=None if status == "waiting" else ended,
            )  # fmt: skip
    events = Event.objects.count()
    assert purge(now) == NOTHING | {"member_invitations": 4}
    assert sorted(MemberInvitation.objects.values_list("email", flat=True)) == [
        f"{status}-29@example.org" for status in ("accepted", "declined", "waiting", "withdrawn")
    ]
    assert (purge(now), Event.objects.count()) == (NOTHING, events)


def test_messages_go_once_read_and_deliveries_once_nothing_rests_on_them(contest: Contest) -> None:
    published(contest)
    deliver_due()
    events, readers = Event.objects.count(), EventAudience.objects.count()
    sent = Delivery.objects.filter(status="sent")
    told, mailed = sent.filter(channel="inbox").count(), sent.filter(channel="email").count()
    message = InboxMessage.objects.filter(organisation__reference="oak").first()
    assert message is not None
    mark_message(contest.market.oak, message.reference, read=True)
    later = timezone.now() + timedelta(days=366)
    # E-mails and other deliveries without a message go; one message was read, and its delivery goes with it.
    assert purge(later) == NOTHING | {"read_messages": 1, "deliveries": mailed + 1}
    assert InboxMessage.objects.count() == told - 1
    assert (Event.objects.count(), EventAudience.objects.count()) == (events, readers)
    assert purge(later) == NOTHING


def test_a_dead_letter_stays_a_year(contest: Contest) -> None:
    published(contest)
    Delivery.objects.update(status="dead")
    count, now = Delivery.objects.count(), timezone.now()
    assert purge(now + timedelta(days=364)) == NOTHING
    assert purge(now + timedelta(days=366)) == NOTHING | {"dead_letters": count}


def test_bytes_go_of_what_was_taken_away_and_never_submitted(contest: Contest) -> None:
    call_off, lead = published(contest), contest.market.oak
    written(lead, call_off, "oak")

    def added(name: str) -> TenderFile:
        tender = tender_of(call_off, "oak")
        return add_tender_file(lead, tender.reference, tender.revision, name, "quality", [b"Soundly."])

    def removed(file: TenderFile) -> None:
        tender = tender_of(call_off, "oak")
        remove_tender_file(lead, tender.reference, tender.revision, file.reference)

    never = added("never.txt")
    removed(never)
    once = added("once.txt")
    tender = tender_of(call_off, "oak")
    submit_tender(lead, tender.reference, tender.revision)
    removed(once)
    stays = added("stays.txt")
    now = timezone.now()
    assert purge(now + timedelta(days=29)) == NOTHING
    assert purge(now + timedelta(days=31)) == NOTHING | {"removed_files": 1}
    assert purge(now + timedelta(days=31)) == NOTHING
    assert [default_storage.exists(one.stored_as) for one in (never, once, stays)] == [False, True, True]
    never.refresh_from_db()
    assert never.purged_at is not None
    with pytest.raises(NotFound):
        opened(lead, never.reference)


def test_every_model_with_files_is_looked_at_before_bytes_go() -> None:
    assert {one for one in apps.get_models() if issubclass(one, StoredFile)} == set(STORED)


def test_bytes_without_a_row_go_after_a_day(contest: Contest, folders: Path) -> None:
    call_off, market = published(contest), contest.market
    tender = written(market.oak, call_off, "oak")
    kept = add_tender_file(market.oak, tender.reference, tender.revision, "kept.txt", "price", [b"Soundly."])
    files = folders / "media" / "files"
    aged(files / Path(kept.stored_as).name, 3)
    for days in (0.9, 1.1):
        (files / f"f_{days}").write_bytes(b"Broken off.")
        aged(files / f"f_{days}", days)
    events = Event.objects.count()
    # What is younger than every row may be known to the database that is put back next.
    TenderFile.objects.update(added_at=timezone.now() - timedelta(days=2))
    assert purge() == NOTHING
    TenderFile.objects.update(added_at=timezone.now())
    assert purge() == NOTHING | {"files_without_row": 1}
    assert {one.name for one in files.iterdir()} == {Path(kept.stored_as).name, "f_0.9"}
    assert (purge(), Event.objects.count()) == (NOTHING, events)


def test_without_any_row_no_bytes_go(db: None, folders: Path) -> None:
    files = folders / "media" / "files"
    files.mkdir(parents=True)
    (files / "f_1").write_bytes(b"Of another database.")
    aged(files / "f_1", 400)
    assert purge() == NOTHING
    assert (files / "f_1").exists()


def test_bytes_go_whose_row_fell_with_the_transaction_around_it(contest: Contest, folders: Path) -> None:
    call_off, buyer = planned(contest), contest.market.buyer
    # As where a request is sent twice at once, and the slower one finds its key taken.
    with transaction.atomic():
        add_document(buyer, call_off.reference, "a.txt", [b"Soundly."])
        transaction.set_rollback(True)
    made = add_document(buyer, call_off.reference, "a.txt", [b"Soundly."])
    files = folders / "media" / "files"
    assert (CompetitionDocument.objects.count(), len(list(files.iterdir()))) == (1, 2)
    assert purge() == NOTHING
    for one in files.iterdir():
        aged(one, 2)
    assert purge() == NOTHING | {"files_without_row": 1}
    assert [f"files/{one.name}" for one in files.iterdir()] == [made.stored_as]


def test_an_upload_that_no_operation_waits_for_goes_after_a_day(db: None, folders: Path) -> None:
    for name in ("waited-for.jsonl", "left.jsonl", "ended.jsonl"):
        aged(_written(uploads() / name), 2)
    _written(uploads() / "young.jsonl")
    for name, status in (("waited-for", "running"), ("ended", "failed")):
        Operation.objects.create(
            reference=name, kind="import_partners", status=status, parameters={"file": f"{name}.jsonl"}
        )
    Operation.objects.create(reference="evidence", kind="evidence", parameters={})
    assert purge() == NOTHING | {"files_without_row": 2}
    assert {one.name for one in uploads().iterdir()} == {"waited-for.jsonl", "young.jsonl"}


def _written(path: Path) -> Path:
    path.write_bytes(b"{}")
    return path
