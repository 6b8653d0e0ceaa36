"""What the plain resources show, narrow and hide, in a number of queries that does not grow with
what is shown.
"""

from __future__ import annotations

import socket
from datetime import date, timedelta
from pathlib import Path
from shutil import copytree, rmtree
from typing import Any

import pytest
from django.db import OperationalError, connection
from django.db.backends.base.base import BaseDatabaseWrapper
from django.test import Client
from django.test.utils import CaptureQueriesContext
from django.utils import timezone
from pytest_django import DjangoAssertNumQueries

from procurement.actions.rate_lines import LineDraft
from procurement.actions.rates import CardDraft, publish_cards
from procurement.models import Framework, Grade, RateCardVersion, SupplierMember
from procurement.permissions import SYSTEM

pytestmark = [pytest.mark.django_db, pytest.mark.usefixtures("market")]

QUERIES = {
    "frameworks": 3, "lots": 2, "specialisms": 2, "grades": 2, "organisations": 3, "partners": 3,
    "suppliers": 5,
    "rate-cards": 3,
}  # fmt: skip


def get(client: Client, path: str) -> Any:
    response = client.get(f"/api/v1/{path}")
    assert response.status_code == 200, response.content
    return response.json()


def references(client: Client, path: str) -> list[str]:
    return [each["reference"] for each in get(client, path)["results"]]


@pytest.mark.parametrize("path", QUERIES)
def test_a_list_takes_as_many_queries_whatever_its_length(client: Client, path: str) -> None:
    for size in (1, 100):
        with CaptureQueriesContext(
            connection,
        ) as queries:
            get(client, f"{path}/?page_size={size}")
        assert len(queries) == QUERIES[path], [each["sql"] for each in queries]


def test_a_framework_tells_its_status_of_today(client: Client) -> None:
    over = get(client, "frameworks/rm3745/")
    assert (over["status"], over["open_to_call_offs"], over["ends_on"]) == ("expired", False, "2021-09-03")
    assert [lot["number"] for lot in over["lots"]] == ["2", "3", "4", "5", "6", "7", "8"]
    assert over["owner"] == {"reference": "crown-commercial-service", "name": "Crown Commercial Service"}
    assert get(client, "frameworks/rm6309/")["status"] == "live"


def test_frameworks_are_narrowed_by_the_status_that_is_told(client: Client) -> None:
    today = timezone.localdate()
    for status in Framework.Status.values:
        told = references(client, f"frameworks/?status={status}")
        assert told == sorted(
            each.reference for each in Framework.objects.all() if each.status_on(today) == status
        )


def test_lots_keep_their_order_and_count_their_specialisms(client: Client) -> None:
    lots = get(client, "lots/?framework=rm6309")["results"]
    assert [lot["number"] for lot in lots] == [str(number) for number in range(1, 11)]
    assert sum(lot["specialism_count"] for lot in lots) == 161
    assert references(client, "lots/?framework=rm6309&direct_award=true") == []


@pytest.mark.parametrize(
    ("path", "count"),
    [("specialisms/?framework=rm3745", 161), ("specialisms/?lot=rm3745~5", 22),
     ("grades/?framework=rm3745", 42), ("grades/?lot=rm3745~5", 6), ("suppliers/?lot=rm3745~5", 1),
     ("suppliers/?framework=rm6309&form=prime", 0), ("suppliers/?partner=opm-group", 1),
     ("partners/?supplier=ppl", 14),
     ("partners/?ownership=employee-owned", 1), ("partners/?size=small&supplier=brightwater", 1),
     ("organisations/?capability=buyer", 2), ("organisations/?nation=wales", 0),
     ("organisations/?identifier=LDS", 1), ("lots/?framework=RM3745", 7), ("specialisms/?lot=RM3745~5", 22),
     ("specialisms/?framework=RM3745&lot=5", 22), ("grades/?lot=5&framework=rm3745", 6),
     ("grades/?framework=rm6309&lot=rm3745~5", 0), ("suppliers/?lot=RM3745~5", 1),
     ("suppliers/?partner=OPM-Group", 1), ("partners/?supplier=PPL", 14), ("rate-cards/?supplier=PPL", 1),
     ("rate-cards/?framework=RM3745", 1), ("frameworks/?owner=Crown-Commercial-Service", 2),
     ("measures/?organisation=Leeds-City-Council", 0),
     ("rate-cards/?basis=illustrative", 1), ("rate-cards/?supplier=ppl&framework=rm6309", 0)],
)  # fmt: skip
def test_a_filter_narrows(client: Client, path: str, count: int) -> None:
    assert get(client, path)["count"] == count


@pytest.mark.parametrize(
    ("path", "wrong"),
    [("lots/?framework=nope", [("framework", "choice", "'nope' is no framework that there is.")]),
     ("specialisms/?lot=rm3745~99", [("lot", "choice", "'rm3745~99' is no lot that there is.")]),
     ("specialisms/?framework=rm3745&lot=99", [("lot", "choice", "'99' is no lot that there is.")]),
     ("specialisms/?lot=nope",
      [("lot", "conflict", "The bare number 'nope' needs exactly one framework.")]),
     ("grades/?framework=nope&lot=nope", [("framework", "choice", "'nope' is no framework that there is."),
                                          ("lot", "choice", "'nope' is no lot that there is.")]),
     ("rate-cards/?supplier=nope", [("supplier", "choice", "'nope' is no supplier that there is.")]),
     ("rate-cards/?framework=nope", [("framework", "choice", "'nope' is no framework that there is.")]),
     ("suppliers/?lot=rm3745~nope", [("lot", "choice", "'rm3745~nope' is no lot that there is.")]),
     ("suppliers/?framework=nope", [("framework", "choice", "'nope' is no framework that there is.")]),
     ("suppliers/?partner=nope", [("partner", "choice", "'nope' is no partner that there is.")]),
     ("partners/?supplier=nope", [("supplier", "choice", "'nope' is no supplier that there is.")]),
     ("frameworks/?owner=nope", [("owner", "choice", "'nope' is no organisation that there is.")]),
     ("measures/?organisation=nope", [("organisation", "choice", "'nope' is no organisation that there is.")])],
)  # fmt: skip
def test_what_there_is_not_is_refused_by_name(
    client: Client, path: str, wrong: list[tuple[str, str, str]]
) -> None:
    answer = client.get(f"/api/v1/{path}")
    assert answer.status_code == 400, answer.content
    told = answer.json()
    assert told["code"] == "bad_parameters"
    assert [(one["parameter"], one["code"], one["detail"]) for one in told["errors"]] == wrong


@pytest.mark.parametrize(
    ("path", "count"),
    [("lots/?framework=rm3745", 3), ("specialisms/?framework=RM3745&lot=5", 4), ("suppliers/?lot=rm3745~5", 6),
     ("rate-cards/?framework=rm3745&supplier=ppl", 5), ("partners/?supplier=ppl", 4)],
)  # fmt: skip
def test_a_list_takes_one_query_more_for_each_thing_that_a_filter_names(
    client: Client, django_assert_num_queries: DjangoAssertNumQueries, path: str, count: int
) -> None:
    with django_assert_num_queries(count):
        get(client, path)


def test_a_framework_goes_by_its_number_where_that_is_not_its_reference(client: Client) -> None:
    Framework.objects.filter(reference="rm6309").update(number="MCF4")
    assert references(client, "lots/?framework=mcf4") == references(client, "lots/?framework=rm6309") != []


def test_a_supplier_tells_its_members_over_time(client: Client) -> None:
    member = SupplierMember.objects.get(supplier__reference="ppl", partner__reference="scie")
    SupplierMember.objects.filter(pk=member.pk).update(left_on="2020-01-01")
    told = get(client, "suppliers/ppl/")
    assert told["lead"] == {"reference": "ppl", "name": "PPL"}
    assert (len(told["members"]), told["members"][0]["role"]) == (14, "lead")
    left = {each["partner"]["reference"]: each["left_on"] for each in told["members"]}
    assert left["scie"] == "2020-01-01"
    assert {day for partner, day in left.items() if partner != "scie"} == {None}
    assert [each["lot"]["number"] for each in told["appointments"]] == ["5", "6", "8"]
    assert told["appointments"][0]["quality_marks"] == ["Maximum quality marks"]
    assert "scie" not in references(client, "partners/?supplier=ppl")


def test_an_illustrative_card_says_so(client: Client) -> None:
    card = get(client, "rate-cards/rm3745~ppl/")
    assert (card["basis"], card["vat"], card["line_count"], len(card["lines"])) == (
        "illustrative",
        "excluded",
        18,
        18,
    )
    assert card["caveat"].startswith("Illustrative: made up")
    line = card["lines"][0]
    grade = {"code": "G1", "name": "Junior consultant", "rank": 1}
    assert (line["lot"], line["grade"], line["role_title"], line["amount"]) == (
        "rm3745~5",
        grade,
        None,
        "425.00",
    )
    assert get(client, "rate-cards/rm6309~brightwater/")["caveat"].startswith("Ceilings")


@pytest.mark.parametrize("card", ["rm3745~ppl", "rm6309~brightwater"])
def test_a_line_says_the_same_in_its_card_and_among_the_rates(client: Client, card: str) -> None:
    said = (
        "grade",
        "role_title",
        "work_type",
        "min_experience",
        "max_experience",
        "qualification",
        "site",
        "amount",
    )
    lines = get(client, f"rate-cards/{card}/")["lines"]
    found = get(client, f"rates/?framework={card.split('~')[0]}&include_expired=true&page_size=200")[
        "results"
    ]
    among = {one["reference"]: [one[name] for name in said] for one in found if one["card"] == card}
    assert among == {f"{card}~{one['key']}": [one[name] for name in said] for one in lines}


def test_a_card_that_begins_later_says_which_version_holds_today(client: Client) -> None:
    holding = {"version": 1, "basis": "published", "valid_from": "2025-08-18", "valid_to": "2028-08-18"}
    assert get(client, "rate-cards/rm6309~brightwater/")["in_force"] == holding
    assert get(client, "rate-cards/rm3745~ppl/")["in_force"] is None
    grade = Grade.objects.get(lot__reference="rm6309~7", code="G3")
    line = LineDraft(key="x", price_minor=70_000, lot="rm6309~7", grade=grade.reference)
    tomorrow = date.today() + timedelta(days=1)  # noqa: DTZ011
    draft = CardDraft("brightwater", "rm6309", (line,), basis="illustrative", valid_from=tomorrow)
    publish_cards(SYSTEM, [draft])

    card = get(client, "rate-cards/rm6309~brightwater/")
    assert (card["version"], card["basis"], card["valid_from"]) == (2, "illustrative", tomorrow.isoformat())
    assert card["in_force"] == holding | {"valid_to": date.today().isoformat()}  # noqa: DTZ011
    listed = {one["reference"]: one["in_force"] for one in get(client, "rate-cards/")["results"]}
    assert listed == {"rm6309~brightwater": card["in_force"], "rm3745~ppl": None}


def test_no_card_is_in_force_under_a_framework_that_is_said_to_have_expired(client: Client) -> None:
    assert get(client, "rate-cards/rm6309~brightwater/")["in_force"] is not None
    Framework.objects.filter(reference="rm6309").update(status="expired")
    assert get(client, "rate-cards/rm6309~brightwater/")["in_force"] is None


def test_a_card_without_days_is_in_force_within_its_frameworks_alone(client: Client) -> None:
    grade = Grade.objects.get(lot__reference="rm6309~7", code="G3")
    line = LineDraft(key="x", price_minor=70_000, lot="rm6309~7", grade=grade.reference)
    publish_cards(SYSTEM, [CardDraft("brightwater", "rm6309", (line,))])
    card = get(client, "rate-cards/rm6309~brightwater/")
    assert (card["valid_to"], card["in_force"]["valid_from"], card["in_force"]["valid_to"]) == (
        None, None, "2028-08-18",
    )  # fmt: skip
    Framework.objects.filter(reference="rm6309").update(ends_on=date(2025, 8, 23))
    assert get(client, "rate-cards/rm6309~brightwater/")["in_force"] is None


def test_a_line_of_a_card_says_its_own_days(client: Client) -> None:
    first = date(2026, 8, 18)
    lines = tuple(
        LineDraft(
            key=key, price_minor=70_000, lot="rm6309~7", grade="rm6309~7~g3", valid_from=begins, valid_to=ends
        )
        for key, begins, ends in (("x", None, first - timedelta(days=1)), ("y", first, None))
    )
    publish_cards(SYSTEM, [CardDraft("brightwater", "rm6309", lines)])
    card = get(client, "rate-cards/rm6309~brightwater/")
    assert [(line["key"], line["valid_from"], line["valid_to"]) for line in card["lines"]] == [
        ("x", None, "2026-08-17"),
        ("y", "2026-08-18", None),
    ]


def test_a_card_s_versions_are_read_once_whatever_they_are(
    client: Client, django_assert_num_queries: DjangoAssertNumQueries
) -> None:
    grade = Grade.objects.get(lot__reference="rm6309~7", code="G3")
    for price in (70_000, 71_000):
        line = LineDraft(key="x", price_minor=price, lot="rm6309~7", grade=grade.reference)
        publish_cards(SYSTEM, [CardDraft("brightwater", "rm6309", (line,))])
    with django_assert_num_queries(3):
        card = get(client, "rate-cards/rm6309~brightwater/")
    amounts = [line["amount"] for line in card["lines"]]
    assert (card["version"], card["line_count"], amounts) == (3, 1, ["710.00"])


def test_a_card_shows_its_published_version_alone(client: Client) -> None:
    version = RateCardVersion.objects.get(card__reference="rm3745~ppl")
    RateCardVersion.objects.create(
        card=version.card, number=2, status="draft", digest="0" * 64, actor="usr_x"
    )
    assert get(client, "rate-cards/rm3745~ppl/")["version"] == 1
    RateCardVersion.objects.filter(pk=version.pk).update(status="superseded")
    assert client.get("/api/v1/rate-cards/rm3745~ppl/").status_code == 404
    assert references(client, "rate-cards/") == ["rm6309~brightwater"]


def test_an_organisation_tells_what_it_is(client: Client) -> None:
    told = get(client, "organisations/leeds-city-council/")
    assert told == {
        "reference": "leeds-city-council", "name": "Leeds City Council", "scheme": "GB-LAE",
        "identifier": "LDS",
        "fictional": False, "capabilities": ["buyer"], "buyer_class": "local-government", "nation": "england",
        "parent": None,
    }  # fmt: skip


def health(client: Client) -> tuple[Any, ...]:
    """The answer's status, what it says of all, and of the database, the index and the queue."""
    response = client.get("/api/v1/health/ready/")
    told = response.json()
    return (
        response.status_code,
        told["status"],
        *(told[part]["status"] for part in ("database", "index", "broker")),
    )


def test_health_names_each_part_and_what_all_else_is_served_without_degrades_it(
    client: Client, settings: Any, tmp_path: Any
) -> None:
    settings.BROKER_URL = f"redis+socket://{tmp_path}/nobody.sock"
    assert get(client, "health/live/") == {"status": "live"}
    assert health(client) == (200, "degraded", "ok", "ok", "down")
    settings.INDEX_FOLDER = tmp_path
    assert health(client) == (200, "degraded", "ok", "down", "down")
    with socket.socket() as queue:
        queue.bind(("127.0.0.1", 0))
        queue.listen()
        settings.BROKER_URL = f"redis://127.0.0.1:{queue.getsockname()[1]}"
        assert health(client) == (200, "degraded", "ok", "down", "ok")


@pytest.mark.parametrize("collection", ["listings", "rates"])
def test_health_names_the_index_where_one_of_its_halves_is_gone(
    client: Client, settings: Any, tmp_path: Path, collection: str
) -> None:
    copytree(settings.INDEX_FOLDER, tmp_path / "index")
    settings.INDEX_FOLDER = tmp_path / "index"
    assert health(client)[3] == "ok"
    rmtree(tmp_path / "index" / collection)
    assert health(client)[:4] == (200, "degraded", "ok", "down")
    path = "rates/" if collection == "rates" else "listings/"
    assert client.get(f"/api/v1/{path}").status_code == 503


def test_whoever_has_no_database_is_sent_no_requests(client: Client, monkeypatch: pytest.MonkeyPatch) -> None:
    def away(*_: Any) -> None:
        raise OperationalError("the server closed the connection")

    with monkeypatch.context() as patch:
        patch.setattr(BaseDatabaseWrapper, "cursor", away)
        assert health(client)[:4] == (503, "unready", "down", "ok")
    assert client.get("/api/v1/health/ready/").json()["database"]["status"] == "ok"


def test_the_documentation_page_loads_nothing_from_elsewhere(client: Client) -> None:
    response = client.get("/api/v1/docs/")
    text = response.content.decode()
    assert response.status_code == 200
    assert "http" not in text.replace("http-equiv", "")
    assert "<script>" not in text
    policy = response["Content-Security-Policy"].split("; ")
    assert "default-src 'none'" in policy
    assert "script-src 'self'" in policy
