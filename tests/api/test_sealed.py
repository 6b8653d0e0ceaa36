"""A tender is sealed until its deadline: what stands in it is looked for everywhere else, and found nowhere."""

from __future__ import annotations

import json
import logging
import re
from collections.abc import Callable, Iterator
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest
from django.apps import apps
from django.conf import settings
from django.contrib import admin
from django.core import serializers
from django.core.files.uploadedfile import SimpleUploadedFile
from django.core.management import call_command
from django.test import Client, override_settings
from django.test.client import BOUNDARY, MULTIPART_CONTENT, encode_multipart
from django.urls import URLPattern, reverse
from prometheus_client import generate_latest
from pytest_django import DjangoCaptureOnCommitCallbacks

from api.v1.urls import urlpatterns as of_api
from config.celery import app as celery
from procurement.actions.closing import open_tenders
from procurement.actions.deliveries import deliver_due
from procurement.actions.due import move_due
from procurement.actions.webhooks import WebhookDraft, register_webhook
from procurement.event_types import EVENT_TYPES
from procurement.models import (
    CallOff,
    Delivery,
    IdempotencyRecord,
    InboxMessage,
    Tender,
    TenderFile,
    TenderRevision,
    User,
)
from procurement.permissions import SYSTEM
from tests.api import competing
from tests.api.buying import BUYER, CALLING_OFF, buyer
from tests.api.competing import again, published, written
from tests.api.conftest import Asker, TokenMaker, asks
from tests.competed import MARKER, after, at, past_deadline, tender_of
from tests.examples import examples, tried
from tests.receiving import customer
from web.urls import urlpatterns as of_web

JSON = "application/json"
RATE, PRICE = "391.17", "3911.70"
"""Ten days of it, so that the price is known by itself."""
SECRETS = re.compile(rf"{MARKER}|(?<![0-9a-f.])(?:391\.17|3,?911\.70|391170|39117)(?![0-9a-f])")
"""The marker and the figures, in pounds and in pence; not where digits stand by chance in a digest or a time."""
OF_PURCHASES = (
    "call-offs", "tenders", "invitations", "clarifications", "files", "offers", "contracts", "operations",
    "requirements", "account",
)  # fmt: skip
"""Where what belongs to a purchase might be told; every other address is asked by the long test."""
OTHERS: dict[str, Asker] = {
    "nobody": "",
    "editor": "buyer",
    "viewer": "reader",
    "assessor": "first",
    "moderator": "moderator",
    "approver": "approver",
    "administrator": "chief",
    "other buyer": "neighbour",
    "member that may not write": "alder",
    "other supplier": "brightwater",
    "framework owner": "framer",
    "operator": "operator",
    "buyer's token": (BUYER, CALLING_OFF),
    "other supplier's token": ("brightwater", CALLING_OFF),
    "operator's token": ("calloff-operations", f"imports:write admin:write {CALLING_OFF}"),
}

pytestmark = [pytest.mark.django_db, pytest.mark.usefixtures("market")]


@pytest.fixture(autouse=True, scope="module")
def contest(market: None, module_database: None) -> None:
    competing.place_contest()
    competing.framer()


@pytest.fixture(autouse=True)
def own_files(settings: Any, tmp_path: Path) -> None:
    settings.MEDIA_ROOT = tmp_path


@pytest.fixture
def sent(monkeypatch: pytest.MonkeyPatch) -> list[str]:
    """What is handed to the queue."""
    kept: list[str] = []
    monkeypatch.setattr(
        celery, "send_task", lambda *arguments, **named: kept.append(repr((arguments, named)))
    )
    return kept


def leaks(text: str | bytes) -> list[str]:
    whole = text.decode(errors="replace") if isinstance(text, bytes) else text
    return SECRETS.findall(whole)


def send(client: Client, method: str, path: str, body: Any, key: str) -> Any:
    headers = {"If-Match": "*", "Idempotency-Key": key}
    return client.generic(method, path, json.dumps(body), content_type=JSON, headers=headers)


def tendered(lead: Client, call_off: CallOff) -> Tender:
    """Larch's tender by the API: written, with a file, refused once, submitted, taken back, written and submitted."""
    tender = tender_of(call_off, "larch")
    one = f"/api/v1/tenders/{tender.reference}/"
    team = [{"grade": "G3", "days": "10", "rate": RATE, "people": MARKER}]
    content = {"team": team, "answers": {"method": MARKER}}
    assert send(lead, "PUT", one, content | {"price": "1.00"}, "p0").status_code == 200
    refused = send(lead, "POST", f"{one}submit/", {}, "s0")
    assert (refused.status_code, refused.json()["errors"][0]["pointer"]) == (422, "/price")
    assert send(lead, "PUT", one, content, "p1").status_code == 200
    for part in ("quality", "price"):
        file = SimpleUploadedFile(f"{MARKER}-{part}.txt", f"{MARKER} {part}".encode())
        form = encode_multipart(BOUNDARY, {"part": part, "file": file})
        headers = {"If-Match": "*", "Idempotency-Key": f"f{part}"}
        for _ in range(2):
            answer = lead.generic(
                "POST", f"{one}files/", form, content_type=MULTIPART_CONTENT, headers=headers
            )
            assert answer.status_code == 201, answer.content
    assert tender.files.count() == 2
    for _ in range(2):
        assert send(lead, "POST", f"{one}submit/", {}, "s1").status_code == 201
    for _ in range(2):
        answer = send(lead, "POST", f"{one}withdraw/", {"reason": f"{MARKER} is why"}, "w1")
        assert (answer.status_code, answer.json()["status"]) == (200, "withdrawn")
    assert answer["Idempotency-Replayed"] == "true"
    assert MARKER in answer.content.decode()
    decline = f"/api/v1/invitations/{tender.invitation.reference}/decline/"
    assert send(lead, "PUT", one, content | {"expenses": "50.00"}, "p2").status_code == 200
    assert send(lead, "POST", decline, {"reason": f"{MARKER} again"}, "d1").status_code == 200
    assert send(lead, "PUT", one, content, "p3").status_code == 200
    assert send(lead, "POST", f"{one}submit/", {}, "s2").status_code == 201
    tender.refresh_from_db()
    return tender


def addresses(patterns: list[Any], prefix: str, known: dict[str, list[str]]) -> Iterator[str]:
    """Every address below these patterns, about what is known of the collection that it stands in."""
    for one in patterns:
        assert isinstance(one, URLPattern)
        found = [str(one.pattern)]
        values = known.get(found[0].partition("/")[0], known[""])
        for name, converter in one.pattern.converters.items():
            kind = {"StringConverter": "str", "IntConverter": "int"}.get(
                type(converter).__name__, "reference"
            )
            told = ["1"] if kind == "int" else values if name == "reference" else known["files"]
            found = [each.replace(f"<{kind}:{name}>", value) for each in found for value in told]
        yield from (prefix + each for each in found)


def every_address(tender: Tender) -> list[str]:
    """Every address of the API and of the pages, about everything that belongs to the tender."""
    known = {
        "call-offs": [tender.competition.call_off.reference],
        "tenders": [tender.reference],
        "invitations": [tender.invitation.reference],
        "files": [one.reference for one in tender.files.all()],
        "frameworks": ["xd1"],
        "lots": ["xd1~1"],
        "listings": ["xd1~larch~larch"],
        "rate-cards": ["xd1~larch"],
        "": ["larch"],
    }
    found = [*addresses(of_api, "/api/v1/", known), *addresses(of_web, "/", known)]
    return [one for one in dict.fromkeys(found) if "schema" not in one and "docs" not in one]


def looked_for(
    who: str,
    places: list[str],
    tender: Tender,
    person: Callable[[str], Client],
    token: TokenMaker,
) -> int:
    """Asks for every place as this one and finds nothing; how many were answered with something."""
    client, headers = asks(OTHERS[who], person, token)
    answered = 0
    for place in places:
        answer = client.get(place, headers=headers)
        content = b"".join(answer.streaming_content) if answer.streaming else answer.content
        answered += answer.status_code == 200
        assert not leaks(content), (who, place)
        assert not leaks(repr(answer.headers)), (who, place)
        assert answer.status_code < 500, (who, place)
    own = f"/api/v1/tenders/{tender.reference}/"
    for place in (own, f"{own}files/", f"/api/v1/files/{tender.files.latest('pk').reference}/"):
        assert client.get(place, headers=headers).status_code in (401, 404), (who, place)
    return answered


@pytest.mark.whole
def test_nobody_else_reads_a_word_of_a_tender_before_its_deadline(
    person: Callable[[str], Client],
    token: TokenMaker,
    caplog: pytest.LogCaptureFixture,
    sent: list[str],
    django_capture_on_commit_callbacks: DjangoCaptureOnCommitCallbacks,
) -> None:
    caplog.set_level(logging.DEBUG)
    # The queue is told after commit, and a test's transaction never does.
    with django_capture_on_commit_callbacks(execute=True):
        tender = tendered(person("larch"), published())
    places = [one for one in every_address(tender) if any(f"/{name}" in one for name in OF_PURCHASES)]
    assert len(places) > 30
    own = f"/api/v1/tenders/{tender.reference}/"
    assert {own, f"{own}files/"} <= set(places)
    for place in (own, f"{own}files/"):
        assert MARKER in person("larch").get(place).content.decode()
    answered = {}
    for row, who in enumerate(OTHERS):
        # The buyer's editor, who reads most, is asked for everything.
        asked = [one for column, one in enumerate(places) if who == "editor" or tried(row, column)]
        answered[who] = looked_for(who, asked, tender, person, token)
    assert (answered["nobody"] < 5, answered["editor"] > 15) == (True, True), answered
    assert not leaks(caplog.text)
    assert not [one for record in caplog.records for one in leaks(repr(vars(record)))]
    assert [text for text in sent if "procurement.tasks.deliver" in text]
    assert not [one for text in sent for one in leaks(text)]


def fed(client: Client, headers: dict[str, str]) -> Iterator[bytes]:
    """Every page of the feed of events, followed to its end."""
    place: str | None = "/api/v1/events/?after=0&page_size=200"
    while place:
        answer = client.get(place, headers=headers)
        yield answer.content
        told = answer.json()
        place = told["next"] if answer.status_code == 200 and told["more"] else None


def test_nothing_that_is_sent_or_followed_holds_a_word_of_it(
    person: Callable[[str], Client], token: TokenMaker, mailoutbox: list[Any]
) -> None:
    """Webhooks of everybody, e-mails, inboxes, the feed to its end: before the deadline, and with all that the buyer
    may do meanwhile.
    """
    everything = sorted({f"{name.partition('.')[0]}." for name in EVENT_TYPES})
    with customer() as receiver:
        for name in (BUYER, "larch", "alder", "brightwater", "kirklees-council", "calloff-operations"):
            register_webhook(SYSTEM, WebhookDraft(receiver.url, everything, organisation=name))
        call_off = published()
        tender = tendered(person("larch"), call_off)
        asked = f"/api/v1/invitations/{tender.invitation.reference}/clarifications/"
        assert send(person("larch"), "POST", asked, {"question": "Where?"}, "q1").status_code == 201
        moved = {"deadline": after(days=20), "reason": "Many questions."}
        one = f"/api/v1/call-offs/{call_off.reference}/competition/extend/"
        assert send(person("buyer"), "POST", one, moved, "e1").status_code == 200
        while deliver_due()[0]:
            pass
    told = {one.event.type for one in Delivery.objects.select_related("event")}
    assert {"tender.submitted", "tender.withdrawn", "call_off.extended"} <= told
    assert not Delivery.objects.exclude(status=Delivery.Status.SENT).exists()
    assert len(receiver.got) == Delivery.objects.filter(channel="webhook").count() > 20
    assert not [one for got in receiver.got for one in leaks(got.body + repr(got.headers).encode())]
    assert len(mailoutbox) == Delivery.objects.filter(channel="email").count() > 0
    assert not [one for mail in mailoutbox for one in leaks(mail.message().as_bytes())]
    assert not [
        one for row in InboxMessage.objects.all() for one in leaks(f"{row.title} {row.text} {row.link}")
    ]
    followed = {}
    for who in (*OTHERS, "tenderer"):
        known: Asker = OTHERS.get(who, "larch")
        client, headers = asks(
            (known[0], "events:read") if isinstance(known, tuple) else known, person, token
        )
        pages = list(fed(client, headers))
        assert not [one for page in pages for one in leaks(page)], who
        followed[who] = b"tender.submitted" in b"".join(pages)
    # Of a tender hears its tenderer, and whoever answers for the service.
    assert {who for who, heard in followed.items() if heard} == {"tenderer", "operator", "operator's token"}
    assert not leaks(generate_latest())


@pytest.mark.long
@pytest.mark.parametrize("who", list(OTHERS))
def test_nor_is_a_word_of_it_read_anywhere_else(
    who: str, person: Callable[[str], Client], token: TokenMaker
) -> None:
    tender = tendered(person("larch"), published())
    places = every_address(tender)
    assert len(places) > 100
    assert looked_for(who, places, tender, person, token) > 20


def test_no_table_but_the_tenders_own_holds_a_word_of_it(
    person: Callable[[str], Client], token: TokenMaker, tmp_path: Path
) -> None:
    tender = tendered(person("larch"), published())
    own = {Tender, TenderRevision, TenderFile}
    looked = 0
    for model in apps.get_models(include_auto_created=True):
        if model in own or model._meta.proxy:
            continue
        for row in serializers.serialize("jsonl", model._base_manager.all()).splitlines():
            looked += 1
            assert not leaks(row), model.__name__
    # Bytes are written otherwise where rows are made text.
    records = IdempotencyRecord.objects.all()
    assert len(records) >= 6
    assert not [one for row in records for one in leaks(bytes(row.body) + json.dumps(row.headers).encode())]
    assert looked > 300
    for kept in own:
        assert MARKER in serializers.serialize("json", kept._base_manager.all())
    # Neither a name of ours nor the index says it; the bytes lie in the tender's own files.
    index = tmp_path / "index"
    with override_settings(INDEX_FOLDER=index):
        call_command("rebuild_index", verbosity=0)
    indexed = [one for one in index.rglob("*") if one.is_file()]
    assert indexed
    assert not [one for one in indexed if leaks(one.read_bytes())]
    stored = {Path(settings.MEDIA_ROOT, one.stored_as) for one in tender.files.all()}
    assert not [one for one in stored if MARKER in one.name]
    beside = [one for one in Path(settings.MEDIA_ROOT).rglob("*") if one.is_file() and one not in stored]
    assert not [one for one in beside if MARKER.encode() in one.read_bytes()]


def test_the_admin_shows_no_word_of_it(person: Callable[[str], Client]) -> None:
    tendered(person("larch"), published())
    chief = User.objects.create_superuser("staff@example.org", "a long enough password")
    client = Client()
    client.force_login(chief)
    registered = [one._meta for one in admin.site._registry]
    assert not {Tender, TenderRevision, TenderFile} & {one.model for one in registered}
    seen = 0
    for meta in registered:
        listed = client.get(reverse(f"admin:{meta.app_label}_{meta.model_name}_changelist"))
        assert (listed.status_code, leaks(listed.content)) == (200, []), meta.label
        for key in meta.model._base_manager.values_list("pk", flat=True).order_by("-pk")[: examples(20)]:
            place = reverse(f"admin:{meta.app_label}_{meta.model_name}_change", args=[key])
            answer = client.get(place)
            seen += 1
            assert not leaks(answer.content), place
    assert seen > 20


def test_what_each_step_opens(person: Callable[[str], Client], token: TokenMaker) -> None:
    call_off = published()
    tender = tendered(person("larch"), call_off)
    written(call_off, "brightwater")
    one, editor = f"/api/v1/tenders/{tender.reference}/", person("buyer")
    names = [f"{MARKER}-quality.txt", f"{MARKER}-price.txt"]
    assert editor.get(one).status_code == 404
    with at(past_deadline(call_off)):
        move_due()
    told = editor.get(one).json()
    assert (told["status"], told["draft"], told["receipts"], told["files"]) == ("submitted", None, None, [])
    assert (told["submitted"]["content"], told["submitted"]["price"]) == (None, None)
    open_tenders(buyer(), call_off.reference, again(call_off).revision)
    told = editor.get(one).json()
    assert told["submitted"]["content"]["answers"] == {"method": MARKER}
    assert told["submitted"]["content"]["team"][0]["rate"] is None
    assert [each["name"] for each in told["files"]] == names[:1]
    # Whoever buys without a part in it reads no more than that it was submitted.
    read = person("reader").get(one).json()
    assert (read["status"], read["submitted"]["content"], read["files"]) == ("submitted", None, [])
    quality = tender.files.get(part="quality").reference
    assert person("reader").get(f"/api/v1/files/{quality}/").status_code == 404
    for part, status in (("quality", 200), ("price", 404)):
        file = tender.files.get(part=part)
        got = editor.get(f"/api/v1/files/{file.reference}/")
        assert got.status_code == status
    assert not [each for each in (RATE, PRICE) if each in editor.get(one).content.decode()]
    assert person("brightwater").get(one).status_code == 404


def test_the_buyer_reads_the_files_that_the_receipt_names_whatever_the_clocks_said(
    person: Callable[[str], Client],
) -> None:
    call_off = published()
    lead, tender = person("larch"), tendered(person("larch"), call_off)
    one, editor = f"/api/v1/tenders/{tender.reference}/", person("buyer")
    form = encode_multipart(BOUNDARY, {"part": "quality", "file": SimpleUploadedFile("later.txt", b"Later.")})
    headers = {"If-Match": "*", "Idempotency-Key": "later"}
    added = lead.generic("POST", f"{one}files/", form, content_type=MULTIPART_CONTENT, headers=headers)
    assert added.status_code == 201
    quality, later = (tender.files.get(name=name) for name in (f"{MARKER}-quality.txt", "later.txt"))
    # The host that took the files was ahead of the one that took the tender, then behind it.
    assert tender.current is not None
    moment = tender.current.submitted_at
    for file, span in ((quality, timedelta(milliseconds=5)), (later, timedelta(milliseconds=-5))):
        TenderFile.objects.filter(pk=file.pk).update(added_at=moment + span)
    with at(past_deadline(call_off)):
        move_due()
    open_tenders(buyer(), call_off.reference, again(call_off).revision)
    listed = [each["reference"] for each in editor.get(f"{one}files/?page_size=1").json()["results"]]
    shown = [each["reference"] for each in editor.get(one).json()["files"]]
    assert (listed, shown) == ([quality.reference], [quality.reference])
    assert editor.get(f"/api/v1/files/{quality.reference}/").status_code == 200
    assert editor.get(f"/api/v1/files/{later.reference}/").status_code == 404
    own = lead.get(f"{one}files/").json()["results"]
    assert [each["reference"] for each in own] == [each.reference for each in tender.files.order_by("pk")]
