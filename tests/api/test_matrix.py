"""Every operation of the API, asked as everybody: who may is told something else than 401, 403 and 404; nobody else is,
and nothing changes. The table is in tests/api/permitted.py.
"""

from __future__ import annotations

import json
import re
import secrets
from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import Any

import pytest
from django.core.files.uploadedfile import SimpleUploadedFile
from django.db import transaction
from django.test import Client, override_settings
from django.test.client import BOUNDARY, MULTIPART_CONTENT, encode_multipart
from django.urls import resolve
from pytest_django import DjangoDbBlocker

from procurement.actions.assessing import agree, declare_interests
from procurement.actions.belonging import add_domain
from procurement.actions.call_off_people import add_person
from procurement.actions.clarifications import ask_clarification
from procurement.actions.closing import open_tenders
from procurement.actions.due import move_due
from procurement.actions.files import add_document, add_tender_file
from procurement.actions.operations import start_import
from procurement.actions.publishing import publish_competition
from procurement.actions.ranking import ask_about_price, conclude_evaluation
from procurement.actions.tenders import let_write
from procurement.models import Chain, User
from procurement.permissions import SYSTEM
from tests.api import competing, joining, outcomes, proposing
from tests.api.administering import member_invitation
from tests.api.buying import BUYER, buyer, buying
from tests.api.calling_off import acting, active, sent
from tests.api.competing import again, planned, scored, submitted, written
from tests.api.conftest import token_for
from tests.api.described import SCHEMA
from tests.api.permitted import ASKED, ASKERS, TABLE, Row
from tests.competed import MARKER, after, at, past_deadline, tender_of
from tests.examples import examples, tried

DENIED = (401, 403, 404)
SEALED = re.compile(rb"%s|(?<![0-9.])391\.17(?![0-9])" % MARKER.encode())

pytestmark = pytest.mark.django_db


@dataclass
class World:
    """What the table names, and how each asks."""

    made: dict[str, str]
    clients: dict[str, tuple[Client, dict[str, str]]] = field(default_factory=dict)

    def asking(self, who: str) -> tuple[Client, dict[str, str]]:
        if who not in self.clients:
            known = ASKERS[who]
            client = Client()
            if isinstance(known, tuple):
                self.clients[who] = client, {"Authorization": f"Bearer {token_for(*known)}"}
            else:
                if known:
                    client.force_login(User.objects.get(email=f"{known}@example.org"))
                self.clients[who] = client, {}
        return self.clients[who]

    def named(self, said: Any) -> Any:
        """An address or a body with what was made instead of its names."""
        if isinstance(said, dict):
            return {name: self.named(one) for name, one in said.items()}
        if isinstance(said, list):
            return [self.named(one) for one in said]
        if isinstance(said, str):
            for name, one in self.made.items():
                said = said.replace(f"{{{name}}}", one)
        return said


@pytest.fixture(scope="module")
def world(
    market: None, django_db_setup: None, django_db_blocker: DjangoDbBlocker, tmp_path_factory: Any
) -> Iterator[World]:
    """One of everything, made once for all; each request is taken back."""
    media = tmp_path_factory.mktemp("media")
    with django_db_blocker.unblock(), override_settings(MEDIA_ROOT=media), transaction.atomic():
        competing.place_contest()
        outcomes.people()
        joining.people()
        made = World(made_all())
        for who in ASKERS:
            made.asking(who)
        yield made
        transaction.set_rollback(True)


def made_all() -> dict[str, str]:
    kept = buying(Client(), token_for)
    claim = outcomes.claimed()
    plan = outcomes.said()
    begun = start_import(
        acting("operator"), "import_partners", [b"{}\n"], "partners.jsonl", {"dry_run": True}
    )
    return {
        **{name: kept[name] for name in ("SHORTLIST", "LOCKED", "PACK", "REQUIREMENT", "MATCH")},
        **{name: kept[name] for name in ("SAVED_SEARCH", "WEBHOOK", "DELIVERY", "MESSAGE")},
        **running(),
        **judged(),
        "INTENDED": competing.noticed(clarify_until=after(days=3), deadline=after(days=7)).reference,
        "BODY": BUYER,
        "DOMAIN": add_domain(SYSTEM, BUYER, "leeds.example").domain,
        "MEMBER_INVITATION": member_invitation(),
        "PLACE": "xd1~1~larch",
        "MEASURE": outcomes.OUTCOME,
        "LISTING": "rm6309~brightwater~brightwater",
        "COMPARED": "listing=rm3745~ppl~opm-group&listing=rm3745~ppl~scie",
        "OPERATION": begun.reference,
        "OFFER": sent().reference,
        "NOTIFIED": active(expenses="300000.00").reference,
        "CLAIM": claim.reference,
        "CONTRACT": claim.contract.reference,
        "PLAN": plan.reference,
        "DRAFT": plan.call_off.reference,
        "JOINING": joining.brought("SUBMITTED").reference,
        "PROPOSAL": proposing.brought("PROPOSED").reference,
    }


def running() -> dict[str, str]:
    """A competition that is out: Larch writes a tender, lets Alder write it too, and has asked something."""
    call_off = planned()
    document = add_document(buyer(), call_off.reference, "brief.txt", [b"What is needed."])
    publish_competition(buyer(), call_off.reference, again(call_off).revision)
    staffed(call_off.reference)
    tender = written(call_off, rate="391.17", answer=MARKER)
    file = add_tender_file(
        acting("larch"), tender.reference, tender.revision, f"{MARKER}.txt", "quality", [MARKER.encode()]
    )
    tender.refresh_from_db()
    let_write(acting("larch"), tender.reference, tender.revision, ["alder"])
    question = ask_clarification(acting("larch"), tender.invitation.reference, "Where?")
    return {
        "COMPETITION": call_off.reference,
        "DOCUMENT": document.reference,
        "TENDER": tender.reference,
        "INVITATION": tender.invitation.reference,
        "FILE": file.reference,
        "QUESTION": question.reference,
        "ASSESSOR": acting("second").reference,
    }


def staffed(reference: str) -> None:
    for name, part in (("first", "assessor"), ("second", "assessor"), ("moderator", "moderator")):
        add_person(buyer(), reference, acting(name).reference, part)


def judged() -> dict[str, str]:
    """One that is ranked, with the price of Larch asked about, which lets Alder write too."""
    call_off = planned(clarify_until=after(days=3), deadline=after(days=7))
    publish_competition(buyer(), call_off.reference, call_off.revision)
    staffed(call_off.reference)
    submitted(call_off, ("200.00", "500.00"))
    tender = tender_of(call_off, "larch")
    let_write(acting("larch"), tender.reference, tender.revision, ["alder"])
    with at(past_deadline(again(call_off))):
        move_due()
    open_tenders(buyer(), call_off.reference, again(call_off).revision)
    for name in ("first", "second", "moderator"):
        declare_interests(acting(name), call_off.reference, conflict=False)
    scored(call_off)
    for supplier in competing.SUPPLIERS:
        one = tender_of(call_off, supplier).reference
        agree(acting("moderator"), one, "method", 4, "A sound method.")
    conclude_evaluation(buyer(), call_off.reference, again(call_off).revision)
    ask_about_price(buyer(), tender.reference, "How?")
    return {"RANKED": call_off.reference, "JUDGED": tender.reference}


def operation_of(row: Row) -> str:
    """The operation of the schema that a row asks."""
    path = re.sub(r"\{[A-Z_]+\}", "x", row.path.partition("?")[0])
    route = resolve(f"/api/v1/{path}").route
    for kind in ("reference", "int"):
        route = route.replace(f"<{kind}:", "{")
    return f"{row.method} /{route.replace('>', '}')}"


def test_the_table_has_every_operation_of_the_schema() -> None:
    told = {f"{method.upper()} {path}" for path, methods in SCHEMA["paths"].items() for method in methods}
    assert {operation_of(row) for row in TABLE} == told


def test_every_name_of_the_table_is_somebodys() -> None:
    for row in TABLE:
        assert {*row.may, *row.sees} <= set(ASKERS), row


def asked(row: Row, who: str, world: World) -> Any:
    client, headers = world.asking(who)
    headers = headers | {"If-Match": "*", "Idempotency-Key": secrets.token_hex(8)}
    path, body = f"/api/v1/{world.named(row.path)}", world.named(row.body)
    if body is None:
        return client.generic(row.method, path, headers=headers)
    if isinstance(body, bytes):
        return client.generic(row.method, path, body, content_type="application/x-ndjson", headers=headers)
    if "file" in body:
        form = encode_multipart(BOUNDARY, body | {"file": SimpleUploadedFile(body["file"], b"Told.")})
        return client.generic(row.method, path, form, content_type=MULTIPART_CONTENT, headers=headers)
    return client.generic(
        row.method, path, json.dumps(body), content_type="application/json", headers=headers
    )


def found(row: Row, who: str, world: World) -> Any:
    """How one is answered, where it is not as expected; a refusal must leave everything as it is."""
    before = Chain.objects.get().position
    with transaction.atomic():
        answer = asked(row, who, world)
        denied = answer.status_code in DENIED
        if denied:
            assert answer["Content-Type"] == "application/problem+json", (row.path, who)
            assert Chain.objects.get().position == before, (row.path, who)
        transaction.set_rollback(True)
    # A tender is sealed: whatever is asked, by whatever method, nobody but its tenderer is told a word of it.
    content = b"".join(answer.streaming_content) if answer.streaming else answer.content
    assert who in ASKED or not SEALED.search(content + repr(answer.headers).encode()), (row.path, who)
    told = answer.status_code if denied or answer.status_code >= 500 else 200
    good = told == row.expected(who)
    return None if good else (row.expected(who), answer.status_code, content[:200])


@pytest.mark.parametrize("who", ["nobody", "other buyer's viewer", "outsider"])
def test_whoever_has_to_do_with_none_of_it_is_told_so(who: str, world: World) -> None:
    whole = who == "nobody"
    asked_for = [row for number, row in enumerate(TABLE) if whole or tried(len(who), number)]
    rows = [row for row in asked_for if who not in row.may]
    wrong = {f"{row.method} {row.path}": told for row in rows if (told := found(row, who, world))}
    assert wrong == {}
    assert len(rows) > (140 if whole else examples(130))


@pytest.mark.long
@pytest.mark.timeout(300)
@pytest.mark.parametrize("row", TABLE, ids=[f"{row.method} {row.path}" for row in TABLE])
def test_each_may_do_what_the_table_says_and_nothing_else(row: Row, world: World) -> None:
    wrong = {who: told for who in ASKERS if (told := found(row, who, world))}
    assert wrong == {}
