"""An operator sends a file of partners or rates, has it checked or loaded, and reads what is wrong in which field."""

from __future__ import annotations

import json
from datetime import timedelta

import pytest
from django.core.files.uploadedfile import SimpleUploadedFile
from django.test import Client
from django.utils import timezone

from procurement.actions.running import run
from procurement.models import Operation, Partner, RateCardVersion, RateLine
from tests.web.administering import CHIEF, OPERATOR, make_administrators
from tests.web.buying import signed
from tests.web.reading import read, rows, wrong
from web.formats import day

IMPORTS, RATES = "/administration/imports", "/administration/rate-imports"


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
    for _ in range(2):
        stopped = page.post(address, {"once": "a-key"})
        assert (stopped.status_code, stopped["Location"]) == (303, address)
    assert read(page.get(address)).texts("dd")[0] == "Cancelled"
    assert page.post(address).status_code == 409
    assert not run(address.rpartition("/")[2])
    assert page.get(f"{IMPORTS}/OP-2026-000999").status_code == 404


def sheet(*lines: str, name: str = "rates.csv") -> SimpleUploadedFile:
    return SimpleUploadedFile(name, "\n".join(lines).encode())


def rates(page: Client, upload: SimpleUploadedFile, **said: str) -> str:
    """Sends a sheet of rates on RM1; the address of its import once the worker is through with it."""
    answer = page.post(RATES, {"file": upload, "framework": "rm1", **said})
    assert answer.status_code == 303, answer.content[:2000]
    address = str(answer["Location"])
    assert run(address.rpartition("/")[2])
    return address


MAPPED = {"heading-supplier": "Firm", "heading-price": "Day rate", "heading-grade": "Level"}
GOOD = ("Firm,Lot,Level,Day rate", "Dogwood Digital,1,G1,310", "Dogwood Digital,1,G2,550")


def prices(supplier: str = "dogwood") -> dict[str, int]:
    lines = RateLine.objects.filter(version__status="published", version__card__supplier__reference=supplier)
    return dict(lines.values_list("grade__reference", "price_minor"))


def test_rates_are_checked_by_their_headings_and_then_loaded(page: Client) -> None:
    before = prices()
    shown = read(page.get(rates(page, sheet(*GOOD), what="check", **MAPPED)))
    assert prices() == before
    assert shown.texts("dd")[0] == "Succeeded, only checked"
    changes = rows(shown, "Lines of rate cards, before and after")[1:]
    assert {row[0] for row in changes} == {"rm1~dogwood"}
    assert {row[2] for row in changes} == {"Changed", "Withdrawn"}
    loaded = read(page.get(rates(page, sheet(*GOOD), what="load", **MAPPED)))
    assert loaded.texts("dd")[0] == "Succeeded"
    assert prices() == {"rm1~1~g1": 31000, "rm1~1~g2": 55000}
    card = RateCardVersion.objects.get(status="published", card__reference="rm1~dogwood")
    assert card.source == "import of rates.csv"


def test_rates_of_a_later_day_say_from_when_they_change(page: Client) -> None:
    first = timezone.localdate() + timedelta(days=30)
    later = (f"{GOOD[0]},valid_from", *(f"{row},{first}" for row in GOOD[1:]))
    shown = read(page.get(rates(page, sheet(*later), what="check", **MAPPED)))
    changes = rows(shown, "Lines of rate cards, before and after")[1:]
    assert {row[2] for row in changes} == {
        f"Changed, from {day(first)}",
        f"Withdrawn, from {day(first)}",
    }


def test_days_and_basis_of_a_card_are_shown_where_no_rate_changes(page: Client) -> None:
    rates(page, sheet(*GOOD), what="load", **MAPPED)
    last = timezone.localdate() - timedelta(days=1)
    ended = (f"{GOOD[0]},valid_to", *(f"{row},{last}" for row in GOOD[1:]))
    for what, heading in (("check", "Cards that would change"), ("load", "Cards that changed")):
        shown = read(page.get(rates(page, sheet(*ended), what=what, basis="illustrative", **MAPPED)))
        assert heading in shown.texts("h2")
        assert rows(shown, "Days and basis of whole rate cards, before and after")[1:] == [
            ["rm1~dogwood", "What changes: Basis", "Before: Published", "After: Illustrative"],
            ["rm1~dogwood", "What changes: Last day", "Before: Not stated", f"After: {day(last)}"],
        ]


def test_an_import_says_which_organisation_keeps_its_name(page: Client) -> None:
    shown = read(page.get(sent(page, {"reference": "dogwood", "name": "Dogwood Studio"}, what="check")))
    assert "What to know" in shown.texts("h2")
    told = [line for line in shown.texts("li") if line.startswith("dogwood: Its profile gets another name")]
    assert [line.partition("; ")[2].startswith("its organisation stays ") for line in told] == [True]


def test_what_is_wrong_with_rates_is_told_by_row_and_cell_and_nothing_is_loaded(page: Client) -> None:
    before = prices()
    bad = (*GOOD, "Dogwood Digital,1,G9,dear", "Elm,1,G1,400")
    shown = read(page.get(rates(page, sheet(*bad), what="load", **MAPPED)))
    found = [row[:2] for row in rows(shown, "Errors by row and field")[1:]]
    assert found == [
        ["Line: 4", "Field: Day rate"],
        ["Line: 4", "Field: Level"],
        ["Line: 5", "Field: Firm"],
    ]
    assert shown.texts("dd")[0] == "Failed"
    assert prices() == before
    rates(page, sheet(*bad), what="load", partial="yes", create_suppliers="yes", **MAPPED)
    assert prices("elm") == {"rm1~1~g1": 40000}


def test_what_is_odd_is_told_and_refused_where_that_is_asked(page: Client) -> None:
    odd = (GOOD[0], "Dogwood Digital,1,G1,6")
    shown = read(page.get(rates(page, sheet(*odd), what="check", **MAPPED)))
    assert [row[:2] for row in rows(shown, "Warnings by row and field")[1:]] == [
        ["Line: 2", "Field: Day rate"]
    ]
    strict = read(page.get(rates(page, sheet(*odd), what="load", strict="yes", **MAPPED)))
    assert [row[:2] for row in rows(strict, "Errors by row and field")[1:]] == [
        ["Line: 2", "Field: Day rate"]
    ]


def test_each_import_stands_under_the_page_that_it_was_sent_from(page: Client) -> None:
    for address, led_by in (
        (sent(page, ELM, what="check"), ["Administration", "Imports of partners"]),
        (rates(page, sheet(*GOOD), what="check", **MAPPED), ["Administration", "Import rate cards"]),
    ):
        shown = read(page.get(address))
        assert shown.texts("a", class_="govuk-breadcrumbs__link") == led_by


def test_a_supplier_that_there_is_not_is_told_without_a_command_s_words(page: Client) -> None:
    answer = page.get(rates(page, sheet(*GOOD, "Elm,1,G1,400"), what="check", **MAPPED))
    assert b"--create" not in answer.content
    assert rows(read(answer), "Errors by row and field")[1:] == [
        ["Line: 4", "Field: Firm", "“Elm” is no supplier; the form can have it made"]
    ]


def test_headings_that_are_not_there_are_told_without_a_command_s_words(page: Client) -> None:
    address = rates(page, sheet(*GOOD), what="check")
    answer = page.get(address)
    assert b"--map" not in answer.content
    assert [row[1] for row in rows(read(answer), "Errors by row and field")[1:]] == [
        "Field: supplier",
        "Field: price",
        "Field: role",
    ]


def test_an_import_of_rates_needs_a_file_and_a_framework(page: Client) -> None:
    for said, anchors in (
        ({}, ["#file", "#framework"]),
        ({"framework": "rm9", "file": sheet(*GOOD)}, ["#framework"]),
        ({"framework": "rm1", "file": sheet()}, ["#file"]),
    ):
        answer = page.post(RATES, said)
        assert (answer.status_code, [anchor for _, anchor in wrong(read(answer))]) == (422, anchors)
    assert not Operation.objects.exists()


def test_rates_are_imported_by_operators_alone(page: Client) -> None:
    signed(page, CHIEF)
    assert page.post(RATES, {"framework": "rm1", "file": sheet(*GOOD)}).status_code == 404
    assert not Operation.objects.exists()


def test_a_check_that_finds_errors_says_so_where_its_status_stands(page: Client) -> None:
    told = "The file has errors, and nothing of it would be imported: 1 of 1 row is wrong."
    for address in (
        sent(page, {"reference": "elm"}, what="check"),
        rates(page, sheet(GOOD[0], "Dogwood Digital,1,G1,abc"), what="check", **MAPPED),
    ):
        shown = read(page.get(address))
        assert shown.texts("dd")[0] == "Only checked, errors found"
        assert told in shown.texts("p")
    assert rows(shown, "Errors by row and field")[1:] == [
        ["Line: 2", "Field: Day rate", "“abc” is not a price; write it as 650, 650.50 or 1,250.00"]
    ]
    listed = read(page.get(IMPORTS))
    assert [row[1] for row in rows(listed, "Imports, newest first")[1:]] == ["Only checked, errors found"] * 2
