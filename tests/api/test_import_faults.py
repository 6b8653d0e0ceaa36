"""What is wrong with an import can be read, whatever the file holds."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest
from django.core.files.uploadedfile import SimpleUploadedFile
from django.test import Client

from procurement.actions.running import run
from procurement.models import Operation, Partner, RateLine

pytestmark = [pytest.mark.django_db, pytest.mark.usefixtures("market")]

IMPORTS = "/api/v1/imports/"
GOOD = rb'{"reference":"zz-good","name":"Good"}'


def imported(client: Client, body: bytes, query: str = "") -> Operation:
    """An import of partners that the worker has carried out."""
    headers = {"Idempotency-Key": "one"}
    sent = client.post(f"{IMPORTS}{query}", body, content_type="application/x-ndjson", headers=headers)
    assert sent.status_code == 202
    run(sent.json()["reference"])
    return Operation.objects.get(reference=sent.json()["reference"])


def answers(client: Client, operation: Operation) -> Any:
    """The operation's own answer; the list and the page that tell of it must be there too."""
    assert client.get("/api/v1/operations/").status_code == 200
    assert client.get(f"/administration/imports/{operation.reference}").status_code == 200
    one = client.get(f"/api/v1/operations/{operation.reference}/")
    assert one.status_code == 200
    return one.json()


@pytest.mark.parametrize(
    ("row", "pointer", "code"),
    [
        (rb'{"reference":"zz-a","name":"A","\ud800":1}', "/?", "unknown_field"),
        (rb'{"reference":"zz-a","name":"A","\u0000":1}', "/?", "unknown_field"),
        (rb'{"reference":"zz-a","name":"A","\ud800":1,"\ud800":2}', "/?", "duplicate_field"),
        (
            rb'{"reference":"zz-a","name":"A","ownership_evidence":{"a\ud800":1}}',
            "/ownership_evidence/a?",
            "unknown_field",
        ),
        (
            rb'{"reference":"zz-a","name":"A","case_studies":[{"title":"T","text":"T","\ud800/":1}]}',
            "/case_studies/0/?~1",
            "unknown_field",
        ),
        (
            rb'{"reference":"zz-a","name":"A","accreditations":["\ud800"]}',
            "/accreditations/0",
            "unknown_value",
        ),
    ],
)
def test_a_row_with_half_a_character_is_told_and_harms_no_answer(
    person: Callable[[str], Client], row: bytes, pointer: str, code: str
) -> None:
    client, before = person("operator"), Partner.objects.count()
    told = answers(client, imported(client, row))
    assert told["status"] == "failed"
    assert [(one["pointer"], one["code"]) for one in told["problem"]["errors"]] == [(pointer, code)]
    assert Partner.objects.count() == before


def test_what_was_loaded_beside_a_row_with_half_a_character_can_be_read(
    person: Callable[[str], Client],
) -> None:
    client = person("operator")
    bad = rb'{"reference":"zz-a","name":"A","\ud800":1}'
    told = answers(client, imported(client, bad + b"\n" + GOOD, "?partial=true"))
    assert (told["status"], told["result"]["loaded"]) == ("succeeded", 1)
    assert [(one["line"], one["pointer"]) for one in told["result"]["errors"]] == [(1, "/?")]
    assert Partner.objects.filter(reference__startswith="zz-").count() == 1


@pytest.mark.parametrize(
    ("headings", "why"),
    [
        ('"supp"lier,price,role', "something follows a cell's closing quotation mark"),
        ('supplier,price,"role', "a quotation mark opens a cell and none closes it"),
    ],
)
def test_a_wrong_quotation_mark_in_the_headings_is_told_with_its_row(
    person: Callable[[str], Client], headings: str, why: str
) -> None:
    client, before = person("operator"), RateLine.objects.count()
    file = SimpleUploadedFile("rates.csv", f"{headings}\nFirm,650,Analyst\n".encode())
    sent = client.post(
        f"{IMPORTS}?kind=rates&framework=rm6309", {"file": file}, headers={"Idempotency-Key": "one"}
    )
    assert run(sent.json()["reference"])
    told = answers(client, Operation.objects.get(reference=sent.json()["reference"]))
    assert (told["status"], told["problem"]["code"]) == ("failed", "invalid")
    assert told["problem"]["title"].startswith(f"rates.csv: row 1 cannot be read as CSV: {why}")
    assert RateLine.objects.count() == before


def test_a_workbook_that_is_cut_off_is_refused_as_that_in_the_api_and_on_its_page(
    person: Callable[[str], Client],
) -> None:
    operator, before = person("operator"), RateLine.objects.count()
    file = SimpleUploadedFile("rates.xlsx", b"PK\x03\x04" + bytes(200))
    headers = {"Idempotency-Key": "one"}
    sent = operator.post(f"{IMPORTS}?kind=rates&framework=rm6309", {"file": file}, headers=headers)
    assert (sent.status_code, run(sent.json()["reference"])) == (202, True)
    operation = Operation.objects.get(reference=sent.json()["reference"])
    told = answers(operator, operation)
    why = "rates.xlsx: the workbook is cut off: its end is missing; download it again, or save it anew."
    assert (told["status"], told["problem"]["title"], RateLine.objects.count()) == ("failed", why, before)
    assert why in operator.get(f"/administration/imports/{operation.reference}").content.decode()
