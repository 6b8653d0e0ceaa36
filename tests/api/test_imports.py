"""A file is taken once, however often it is sent, and followed as an operation."""

from __future__ import annotations

import io
from collections.abc import Callable
from typing import Any

import pytest
from django.core.files.uploadedfile import SimpleUploadedFile
from django.test import Client
from openpyxl import Workbook

from procurement.actions.operations import uploads
from procurement.actions.running import run
from procurement.models import IdempotencyRecord, Operation, RateLine

pytestmark = [pytest.mark.django_db, pytest.mark.usefixtures("market")]

IMPORTS = "/api/v1/imports/"
ROW = b'{"reference": "opm-group", "name": "OPM Group"}\n'


@pytest.fixture
def operator(person: Callable[[str], Client]) -> Client:
    return person("operator")


def post(client: Client, body: bytes = ROW, key: str | None = "one", query: str = "", **more: Any) -> Any:
    sent = {"content_type": "application/x-ndjson", **more}
    headers = {} if key is None else {"Idempotency-Key": key}
    return client.post(f"{IMPORTS}{query}", body, headers=headers, **sent)


def kept() -> tuple[int, int, int]:
    return Operation.objects.count(), IdempotencyRecord.objects.count(), len(list(uploads().iterdir()))


def test_a_file_is_taken_and_its_operation_told(operator: Client) -> None:
    response = post(operator, query="?dry_run=true")
    assert response.status_code == 202
    told = response.json()
    assert (told["kind"], told["status"], told["cancellable"]) == ("import_partners", "queued", True)
    assert response["Location"] == f"/api/v1/operations/{told['reference']}/"
    assert operator.get(response["Location"]).json() == told
    assert [each["reference"] for each in operator.get("/api/v1/operations/").json()["results"]] == [
        told["reference"]
    ]
    made = Operation.objects.get(reference=told["reference"])
    assert made.parameters["options"] == {"dry_run": True}


def test_the_same_request_again_is_answered_again_and_done_once(operator: Client) -> None:
    first = post(operator)
    before = kept()
    again = post(operator)
    assert (again.status_code, again.json(), again["Location"]) == (202, first.json(), first["Location"])
    assert (again["Idempotency-Replayed"], first.get("Idempotency-Replayed")) == ("true", None)
    assert kept() == before


@pytest.mark.parametrize(("body", "query"), [(ROW + ROW, ""), (ROW, "?dry_run=true")])
def test_a_key_that_was_used_for_something_else_is_refused(operator: Client, body: bytes, query: str) -> None:
    post(operator)
    before = kept()
    response = post(operator, body, query=query)
    assert (response.status_code, response.json()["code"]) == (422, "idempotency_key_reused")
    assert kept() == before


def test_another_key_is_another_request(operator: Client) -> None:
    assert post(operator, key="one").json()["reference"] != post(operator, key="two").json()["reference"]


def test_a_key_belongs_to_who_used_it(operator: Client, token: Callable[..., str]) -> None:
    mine = post(operator)
    headers = {
        "Authorization": f"Bearer {token('calloff-operations', 'imports:write')}",
        "Idempotency-Key": "one",
    }
    other = Client().post(IMPORTS, ROW, content_type="application/x-ndjson", headers=headers)
    assert (other.status_code, other.get("Idempotency-Replayed")) == (202, None)
    assert other.json()["reference"] != mine.json()["reference"]


@pytest.mark.parametrize("key", [None, "", "  ", "a b", "é", "x" * 256])
def test_a_request_without_a_proper_key_is_refused(operator: Client, key: str | None) -> None:
    before = kept()
    response = post(operator, key=key)
    assert response.status_code == 400
    assert response.json()["errors"][0]["header"] == "Idempotency-Key"
    assert kept() == before


def test_a_refusal_leaves_its_key_free(operator: Client) -> None:
    # The test's client says no type of an empty body by itself.
    assert post(operator, b"").status_code == 415
    empty = post(operator, b"", CONTENT_TYPE="application/x-ndjson")
    assert (empty.status_code, empty.json()["detail"]) == (400, "The body is empty.")
    assert IdempotencyRecord.objects.count() == 0
    assert post(operator).status_code == 202


@pytest.mark.parametrize(
    ("query", "parameter"),
    [("?dry_run=yes", "dry_run"), ("?dry_run=", "dry_run"), ("?dry_run=+", "dry_run"), ("?partial", "partial"),
     ("?dry_run=true&dry_run=", "dry_run"), ("?colour=red", "colour"), ("?partial=1", "partial"),
     ("?dry_run=true&dry_run=true", "dry_run"), ("?name=" + "a" * 201, "name")],
)  # fmt: skip
def test_a_wrong_option_is_named(operator: Client, query: str, parameter: str) -> None:
    before = kept()
    response = post(operator, query=query)
    assert response.status_code == 400
    assert [each["parameter"] for each in response.json()["errors"]] == [parameter]
    assert kept() == before


@pytest.mark.parametrize("content_type", ["application/json", "text/plain", "", "application/zip"])
def test_a_file_of_another_kind_is_a_415(operator: Client, content_type: str) -> None:
    assert post(operator, content_type=content_type).status_code == 415


def test_a_file_that_is_too_long_is_a_413(operator: Client, settings: Any) -> None:
    settings.API_IMPORT_MAX_BYTES = 10
    before = kept()
    assert post(operator).status_code == 413
    assert kept() == before


def test_an_operation_is_cancelled_once(operator: Client) -> None:
    place = post(operator)["Location"]
    cancelled = operator.delete(place)
    assert (cancelled.status_code, cancelled.json()["status"], cancelled.json()["cancellable"]) == (
        200, "cancelled", False,
    )  # fmt: skip
    again = operator.delete(place)
    assert (again.status_code, again.json()["code"]) == (409, "conflict")


def test_an_operation_is_its_own_organisations(operator: Client, person: Callable[[str], Client]) -> None:
    place = post(operator)["Location"]
    for other in ("buyer", "partner"):
        assert person(other).get(place).status_code == 404
        assert person(other).delete(place).status_code == 404
        assert person(other).get("/api/v1/operations/").json()["count"] == 0
    assert Operation.objects.get().status == "queued"


FIRM = "Brightwater Advisory"
SHEET = (["Firm", "Lot", "Level", "Day rate"], [FIRM, "2", "G1", "401"], [FIRM, "2", "G2", "502"])
OF_RATES = "?kind=rates&framework=rm6309&map=supplier%3DFirm&map=price%3DDay+rate&map=grade%3DLevel"


def csv(*rows: list[str]) -> bytes:
    return "".join(f"{','.join(row)}\n" for row in rows).encode()


def workbook(*rows: list[str]) -> bytes:
    book, held = Workbook(), io.BytesIO()
    for row in rows:
        book.active.append(row)
    book.save(held)
    return held.getvalue()


def rates(
    client: Client, content: bytes, query: str = OF_RATES, name: str = "rates.csv", key: str = "one"
) -> Any:
    """Sends a sheet of rates as a form."""
    sent = {"file": SimpleUploadedFile(name, content)}
    return client.post(f"{IMPORTS}{query}", sent, headers={"Idempotency-Key": key})


def ended(client: Client, answer: Any) -> Any:
    """The operation once the worker is through with it."""
    assert answer.status_code == 202, answer.content
    assert run(answer.json()["reference"])
    return client.get(answer["Location"]).json()


def prices() -> dict[str, int]:
    """Of the version in force, by grade."""
    lines = RateLine.objects.filter(
        version__status="published", version__card__reference="rm6309~brightwater"
    )
    return dict(lines.values_list("grade__reference", "price_minor"))


@pytest.mark.parametrize(("make", "name"), [(csv, "rates.csv"), (workbook, "rates.xlsx")])
def test_a_sheet_of_rates_is_checked_and_then_loaded(
    operator: Client, make: Callable[..., bytes], name: str
) -> None:
    before = prices()
    checked = ended(operator, rates(operator, make(*SHEET), f"{OF_RATES}&dry_run=true", name))
    assert (checked["kind"], checked["status"]) == ("import_rates", "succeeded")
    assert (checked["result"]["rows"], checked["result"]["applied"], prices()) == (2, False, before)
    by_number = OF_RATES.replace("rm6309", "RM6309")
    loaded = ended(operator, rates(operator, make(*SHEET), by_number, name=name, key="two"))
    assert (loaded["result"]["applied"], loaded["result"]["loaded"]) == (True, 2)
    assert prices() == {"rm6309~2~g1": 40_100, "rm6309~2~g2": 50_200}


def test_what_changes_about_a_whole_card_is_told(operator: Client) -> None:
    ended(operator, rates(operator, csv(*SHEET)))
    told = ended(
        operator, rates(operator, csv(*SHEET), f"{OF_RATES}&basis=illustrative&dry_run=true", key="two")
    )
    assert (told["result"]["changed"], told["result"]["lines"]) == (0, [])
    assert [one["card"] for one in told["result"]["cards"]] == [
        {"basis": {"before": "published", "after": "illustrative"}}
    ]


def test_what_is_wrong_with_a_sheet_is_told_by_row_and_cell_and_nothing_is_loaded(operator: Client) -> None:
    before = prices()
    bad = csv(*SHEET, [FIRM, "2", "G3", "much"], ["Nobody we know", "2", "G1", "300"])
    told = ended(operator, rates(operator, bad))
    assert told["status"] == "failed"
    assert [(one["line"], one["pointer"]) for one in told["problem"]["errors"]] == [
        (4, "/Day rate"), (5, "/Firm"),
    ]  # fmt: skip
    assert prices() == before
    made = ended(operator, rates(operator, bad, f"{OF_RATES}&partial=true&create_suppliers=true", key="two"))
    assert made["result"]["new_suppliers"] == ["Nobody we know"]
    odd = csv(SHEET[0], [FIRM, "2", "G1", "6"])
    assert (
        ended(operator, rates(operator, odd, f"{OF_RATES}&dry_run=true", key="three"))["status"]
        == "succeeded"
    )
    strict = ended(operator, rates(operator, odd, f"{OF_RATES}&strict=true", key="four"))
    assert [one["line"] for one in strict["problem"]["errors"]] == [2]


def test_options_of_an_import_of_rates_reach_the_worker_as_the_page_s_do(operator: Client) -> None:
    more = (
        "&sheet=Two&currency=EUR&unit=hour&basis=illustrative&strict=false&create_suppliers=true&partial=true"
    )
    assert rates(operator, csv(*SHEET), f"{OF_RATES}{more}").status_code == 202
    assert Operation.objects.get().parameters["options"] == {
        "framework": "rm6309", "headings": {"supplier": "Firm", "price": "Day rate", "grade": "Level"},
        "sheet": "Two", "currency": "EUR", "unit": "hour", "basis": "illustrative", "strict": False,
        "create_suppliers": True, "partial": True,
    }  # fmt: skip


def test_a_sheet_sent_twice_is_taken_once(operator: Client) -> None:
    first = rates(operator, csv(*SHEET))
    before = kept()
    again = rates(operator, csv(*SHEET))
    assert (again.status_code, again.json(), again["Idempotency-Replayed"]) == (202, first.json(), "true")
    for content, query, name in (
        (csv(SHEET[0], SHEET[1]), OF_RATES, "rates.csv"),
        (csv(*SHEET), f"{OF_RATES}&strict=true", "rates.csv"),
        (csv(*SHEET), OF_RATES, "others.csv"),
    ):
        answer = rates(operator, content, query, name)
        assert (answer.status_code, answer.json()["code"]) == (422, "idempotency_key_reused")
    assert kept() == before


@pytest.mark.parametrize(
    ("query", "parameter"),
    [
        ("?kind=offers", "kind"),
        (f"{OF_RATES}&strict=", "strict"),
        (f"{OF_RATES}&create_suppliers=", "create_suppliers"),
        ("?kind=rates", "framework"),
        ("?kind=rates&framework=rm9999", "framework"),
        (f"{OF_RATES}&name=x.csv", "name"),
        (f"{OF_RATES}&map=price%3DCost", "map"),
        (f"{OF_RATES}&map=price", "map"),
        (f"{OF_RATES}&map=lot%3D+", "map"),
        (f"{OF_RATES}&currency=CHF", "currency"),
        (f"{OF_RATES}&unit=week", "unit"),
        (f"{OF_RATES}&basis=real", "basis"),
        (f"{OF_RATES}&strict=yes", "strict"),
        ("?framework=rm6309", "framework"),
        ("?kind=partners&strict=true", "strict"),
    ],
)
def test_a_wrong_option_of_an_import_of_rates_is_named(operator: Client, query: str, parameter: str) -> None:
    before = kept()
    answer = rates(operator, csv(*SHEET), query)
    assert answer.status_code == 400
    assert [each["parameter"] for each in answer.json()["errors"]] == [parameter]
    assert kept() == before


def test_each_kind_takes_its_own_form_of_file(operator: Client, settings: Any) -> None:
    before = kept()
    assert post(operator, csv(*SHEET), query=OF_RATES).status_code == 415
    assert rates(operator, csv(*SHEET), "").status_code == 415
    assert rates(operator, b"").status_code == 422
    nothing = operator.post(f"{IMPORTS}{OF_RATES}", {"strict": "true"}, headers={"Idempotency-Key": "one"})
    assert [one["pointer"] for one in nothing.json()["errors"]] == ["/strict", "/file"]
    assert kept() == before


def test_rates_are_imported_with_the_scope_of_imports_by_operators_alone(
    person: Callable[[str], Client], token: Callable[..., str]
) -> None:
    for name in ("buyer", "partner"):
        assert rates(person(name), csv(*SHEET)).status_code == 403
    for scopes, status in (("read", 403), ("imports:write", 202)):
        answer = Client().post(
            f"{IMPORTS}{OF_RATES}",
            {"file": SimpleUploadedFile("rates.csv", csv(*SHEET))},
            headers={
                "Authorization": f"Bearer {token('calloff-operations', scopes)}", "Idempotency-Key": "one",
            },
        )  # fmt: skip
        assert answer.status_code == status
    assert Operation.objects.count() == 1
