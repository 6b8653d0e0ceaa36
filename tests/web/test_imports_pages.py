"""An operator sends a file of partners, has it checked or loaded, and reads what is wrong by line and field."""

from __future__ import annotations

import json

import pytest
from django.core.files.uploadedfile import SimpleUploadedFile
from django.test import Client

from procurement.actions.running import run
from procurement.models import Operation, Partner
from tests.web.administering import OPERATOR, make_administrators
from tests.web.buying import signed
from tests.web.reading import read, rows, wrong

IMPORTS = "/administration/imports"


@pytest.fixture(autouse=True)
def operator(page: Client) -> None:
    make_administrators()
    signed(page, OPERATOR)


def file(*lines: dict[str, object]) -> SimpleUploadedFile:
    return SimpleUploadedFile("firms.jsonl", "\n".join(json.dumps(line) for line in lines).encode())


def sent(page: Client, *lines: dict[str, object], **options: str) -> str:
    """Sends a file; the address of its import once the worker is through with it."""
    answer = page.post(IMPORTS, {"file": file(*lines), **options})
    assert answer.status_code == 303, answer.content[:2000]
    address = str(answer["Location"])
    assert run(address.rpartition("/")[2])
    return address


ELM = {"reference": "elm", "name": "Elm", "summary": "Service design."}


def test_a_file_is_checked_first_and_then_loaded(page: Client) -> None:
    shown = read(page.get(sent(page, ELM, what="check")))
    assert not Partner.objects.filter(reference="elm").exists()
    assert shown.texts("dd")[:3] == ["Succeeded, only checked", "1 of 1 done with", "1"]
    loaded = read(page.get(sent(page, ELM, what="load")))
    assert Partner.objects.filter(reference="elm").exists()
    assert loaded.texts("dd")[0] == "Succeeded"
    assert [row[1] for row in rows(read(page.get(IMPORTS)), "Imports, newest first")[1:]] == [
        "Succeeded",
        "Succeeded, only checked",
    ]


def test_errors_are_told_by_line_and_field_and_nothing_is_loaded(page: Client) -> None:
    shown = read(page.get(sent(page, ELM, {"reference": "fir", "size": "huge"}, what="load")))
    assert [row[:2] for row in rows(shown, "Errors by row and field")[1:]] == [
        ["Line: 2", "Field: size"],
        ["Line: 2", "Field: name"],
    ]
    assert not Partner.objects.filter(reference__in=["elm", "fir"]).exists()


def test_the_rows_that_are_right_are_loaded_where_that_is_asked(page: Client) -> None:
    sent(page, ELM, {"reference": "fir", "size": "huge"}, what="load", partial="yes")
    assert list(Partner.objects.filter(reference__in=["elm", "fir"]).values_list("reference", flat=True)) == [
        "elm"
    ]


def test_without_a_file_or_with_an_empty_one_nothing_begins(page: Client) -> None:
    for data in ({}, {"file": SimpleUploadedFile("none.jsonl", b"")}):
        answer = page.post(IMPORTS, data)
        assert answer.status_code == 422
        assert [anchor for _, anchor in wrong(read(answer))] == ["#file"]
    assert not Operation.objects.exists()


def test_an_import_that_waits_can_be_stopped_and_one_that_ended_cannot(page: Client) -> None:
    address = str(page.post(IMPORTS, {"file": file(ELM), "what": "load"})["Location"])
    assert read(page.post(address)).texts("dd")[0] == "Cancelled"
    assert page.post(address).status_code == 409
    assert not run(address.rpartition("/")[2])
    assert page.get(f"{IMPORTS}/OP-2026-000999").status_code == 404
