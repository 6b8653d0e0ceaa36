"""From rows to what is found: documents of rate cards, the index after an import, answers and exports."""

from __future__ import annotations

import csv
import io
from collections.abc import Iterator
from dataclasses import replace
from datetime import date, timedelta
from decimal import Decimal
from pathlib import Path
from typing import Any

import openpyxl
import orjson
import pytest
from django.core.management import CommandError, call_command

from procurement.actions.appointments import AppointmentDraft, save_appointments
from procurement.actions.framework_edits import edit_framework
from procurement.actions.organisations import OrganisationDraft, save_organisations
from procurement.actions.profiles import ProfileDraft, publish_profiles
from procurement.actions.rate_lines import LineDraft
from procurement.actions.rates import CardDraft, publish_cards
from procurement.models import Appointment, Framework, RateCard, RateCardVersion, SupplierMember
from procurement.permissions import SYSTEM
from search.drift import drift
from search.engines.base import Writer
from search.index import engine, release_writer
from search.rate_answer import answer
from search.rate_documents import rate_documents
from search.rate_export import csv_lines, guarded
from search.rate_query import RateQuery, RoleQuery, RoleSuggestion
from search.sync import drain
from tests.search.engines import KINDS, ElasticsearchIndexing
from tests.world import OLD_FROM, OLD_TO

TODAY = date.today()  # noqa: DTZ011
USD: dict[str, Any] = {"currency": "USD", "unit": "hour"}


@pytest.fixture(params=KINDS)
def index_folder(request: pytest.FixtureRequest, settings: Any, tmp_path: Path) -> Iterator[Path]:
    """Where this test's index lies; for Elasticsearch the settings name the node and names of the test's own."""
    settings.INDEX_FOLDER = tmp_path / "index"
    if request.param == "embedded":
        yield settings.INDEX_FOLDER
        return
    indexing = ElasticsearchIndexing(request.getfixturevalue("search_node"))
    settings.SEARCH_URL = request.getfixturevalue("search_node")
    indexing.empty()
    settings.SEARCH_PREFIX = indexing.prefix
    yield settings.INDEX_FOLDER
    release_writer()
    indexing.remove()


def found(query: RateQuery) -> list[dict[str, Any]]:
    return [orjson.loads(line) for line in engine().search_rates(query).lines]


def publish(lines: list[LineDraft], **card: Any) -> None:
    publish_cards(
        SYSTEM, [CardDraft(**{"supplier": "oak", "framework": "wr1", "lines": tuple(lines), **card})]
    )


def lines_of(card: str) -> list[dict[str, Any]]:
    (document,) = rate_documents([RateCard.objects.get(reference=card).pk], 1)
    return [dict(line) for line in document["lines"]]


def test_a_card_s_lines_are_found_with_everything_they_say(writer: Writer) -> None:
    (line,) = found(RateQuery(grades=("G2",)))

    assert line == {
        "reference": "wr1~oak~wr1~1~G2",
        "role_title": None,
        "grade": {"code": "G2", "name": "Grade 2", "rank": 2},
        "amount": "650.50",
        "currency": "GBP",
        "unit": "day",
        "vat": "excluded",
        "basis": "published",
        "fictional": False,
        "supplier": {"reference": "oak", "name": "Oak Consortium"},
        "framework": {"reference": "wr1", "number": "WR1"},
        "lots": line["lots"],
        "work_type": None,
        "min_experience": None,
        "max_experience": None,
        "qualification": None,
        "qualification_label": None,
        "site": None,
        "site_label": None,
        "size": "small",
        "card": "wr1~oak",
        "version": 1,
        "valid_from": "2024-04-01",
        "valid_to": "2099-03-31",
        "stated": {
            "key": "wr1~1~G2",
            "lot": "wr1~1",
            "qualification": None,
            "size": None,
            "valid_from": None,
            "valid_to": None,
        },
    }


@pytest.mark.parametrize("last", [None, date(2016, 1, 1)])
def test_a_card_is_in_force_on_no_day_beyond_its_frameworks(writer: Writer, last: date | None) -> None:
    publish([LineDraft("x", 50_000, role_title="Adviser")], framework="wr0", valid_to=last)
    drain(writer)

    def on(day: date, *, expired: bool = False) -> list[str]:
        query = RateQuery(frameworks=("wr0",), as_of=day, include_expired=expired)
        return [line["reference"] for line in found(query)]

    whole = [] if last else ["wr0~oak~x"]
    assert [on(day) for day in (OLD_FROM - timedelta(days=1), OLD_FROM)] == [[], whole]
    assert [on(day) for day in (OLD_TO, OLD_TO + timedelta(days=1), TODAY)] == [whole, [], []]
    assert on(TODAY, expired=True) == ["wr0~oak~x"]
    assert drift().count == 0


def test_a_new_version_replaces_every_line_of_the_old(writer: Writer) -> None:
    publish([LineDraft("x", 77_700, role_title="Principal Adviser")])
    drain(writer)

    assert [line["reference"] for line in found(RateQuery())] == ["wr1~oak~x"]
    assert [line["amount"] for line in found(RateQuery(q="advisers", sort="relevance"))] == ["777.00"]
    assert drift().count == 0


def test_a_line_bears_the_size_its_source_states_else_that_of_the_lead_else_that_none_is_stated(
    writer: Writer,
) -> None:
    stated = LineDraft("y", 60_000, role_title="Other", size="other")
    publish([LineDraft("x", 50_000, role_title="Adviser"), stated])
    drain(writer)

    def by_size(size: str) -> list[str]:
        return [line["reference"] for line in found(RateQuery(sizes=(size,)))]

    assert (by_size("small"), by_size("other"), by_size("large")) == (["wr1~oak~x"], ["wr1~oak~y"], [])

    publish_profiles(SYSTEM, [ProfileDraft("oak", {"size": "large"})])
    drain(writer)
    assert (by_size("small"), by_size("other"), by_size("large")) == ([], ["wr1~oak~y"], ["wr1~oak~x"])

    publish_profiles(SYSTEM, [ProfileDraft("oak", {"size": "not-stated"})])
    drain(writer)
    assert [line["size"] for line in found(RateQuery())] == ["not-stated", "other"]
    assert (by_size("large"), by_size("not-stated")) == ([], ["wr1~oak~x"])


def test_a_grade_is_found_and_completed_by_its_code_as_by_its_name(writer: Writer) -> None:
    def by_words(q: str) -> list[str]:
        return [line["reference"] for line in found(RateQuery(q=q, sort="relevance"))]

    assert by_words("G2") == by_words('"grade 2"') == by_words("g2") == ["wr1~oak~wr1~1~G2"]
    assert by_words("G9") == []
    for typed in ("G2", "g2", "grade 2"):
        assert engine().suggest_roles(RoleQuery(typed, as_of=TODAY)) == [RoleSuggestion("Grade 2 G2", 1)]


def test_the_size_of_a_member_that_does_not_lead_is_not_its_supplier_s(writer: Writer) -> None:
    publish_profiles(SYSTEM, [ProfileDraft("ash", {"size": "large"})])
    drain(writer)
    assert {line["size"] for line in found(RateQuery())} == {"small"}


def test_a_version_published_ahead_leaves_the_one_before_until_its_day(writer: Writer) -> None:
    publish([LineDraft("x", 50_000, role_title="Adviser")])
    publish([LineDraft("x", 60_000, role_title="Adviser")], valid_from=TODAY + timedelta(days=10))
    drain(writer)

    def prices(days: int) -> list[str]:
        return [line["amount"] for line in found(RateQuery(as_of=TODAY + timedelta(days=days)))]

    assert prices(0) == prices(9) == ["500.00"]
    assert prices(10) == ["600.00"]


def test_lines_of_a_supplier_that_a_made_up_firm_leads_are_marked(writer: Writer) -> None:
    lead = SupplierMember.objects.get(supplier__reference="oak", role="lead").partner.organisation
    save_organisations(SYSTEM, [OrganisationDraft(lead.reference, lead.name, "XX-DEMO", "00009999")])
    drain(writer)

    assert {line["supplier"]["reference"]: line["fictional"] for line in found(RateQuery())} == {"oak": True}
    assert {line["stored"]["fictional"] for line in lines_of("wr1~oak")} == {True}
    assert drift().count == 0


def test_a_suspended_supplier_s_lines_are_not_shown(db: None, writer: Writer) -> None:
    Appointment.objects.filter(supplier__reference="oak", lot__reference="wr1~1").update(status="suspended")

    assert lines_of("wr1~oak") == []


def test_a_line_without_a_lot_holds_for_every_lot_of_the_supplier(writer: Writer) -> None:
    save_appointments(SYSTEM, [AppointmentDraft("oak", "wr1~2a", date(2024, 4, 1))])
    publish([LineDraft("x", 50_000, role_title="Adviser")])
    drain(writer)

    for lot in ("wr1~1", "wr1~2a"):
        assert [line["reference"] for line in found(RateQuery(lots=(lot,)))] == ["wr1~oak~x"]
    assert found(RateQuery(lots=("wr0~5",))) == []


def lots_found(day: date, *, ended: bool = False) -> list[tuple[str, list[str]]]:
    return [
        (line["amount"], [lot["reference"] for lot in line["lots"]])
        for line in found(RateQuery(as_of=day, include_expired=ended))
    ]


def test_a_line_holds_on_a_lot_on_the_days_of_the_suppliers_place_there(writer: Writer) -> None:
    begins, ends = TODAY + timedelta(days=30), TODAY + timedelta(days=60)
    save_appointments(SYSTEM, [AppointmentDraft("oak", "wr1~2a", begins, ends)])
    lines = [
        LineDraft("x", 50_000, role_title="Adviser"),
        LineDraft("y", 60_000, role_title="Adviser", lot="wr1~2a"),
    ]
    publish(lines)
    drain(writer)

    before = [("500.00", ["wr1~1"])]
    for ended in (False, True):
        assert lots_found(TODAY, ended=ended) == before
        assert lots_found(begins - timedelta(days=1), ended=ended) == before
        for day in (begins, ends):
            assert lots_found(day, ended=ended) == [*before, ("600.00", ["wr1~2a"])]
        assert lots_found(ends + timedelta(days=1), ended=ended) == before
    assert drift().count == 0


def test_a_line_for_every_lot_gives_way_on_the_days_of_one_of_the_lot(writer: Writer) -> None:
    save_appointments(SYSTEM, [AppointmentDraft("oak", "wr1~2a", date(2024, 4, 1))])
    begins, ends = TODAY + timedelta(days=30), TODAY + timedelta(days=60)
    lines = [
        LineDraft("x", 50_000, grade="wr1~1~g3"),
        LineDraft("y", 60_000, lot="wr1~2a", grade="wr1~2a~g3", valid_from=begins, valid_to=ends),
        LineDraft("z", 70_000, role_title="Adviser", min_experience=5),
        LineDraft("w", 80_000, role_title="Adviser", min_experience=2, lot="wr1~2a"),
    ]
    publish(lines)
    drain(writer)

    both, roles = ["wr1~1", "wr1~2a"], [("700.00", ["wr1~1", "wr1~2a"]), ("800.00", ["wr1~2a"])]
    for day in (TODAY, begins - timedelta(days=1), ends + timedelta(days=1)):
        assert lots_found(day) == [("500.00", both), *roles]
    for day in (begins, ends):
        assert lots_found(day) == [("500.00", ["wr1~1"]), ("600.00", ["wr1~2a"]), *roles]
    assert drift().count == 0


def test_a_framework_that_is_said_to_have_expired_has_no_card_in_force(writer: Writer) -> None:
    framework = Framework.objects.get(reference="wr1")
    framework = edit_framework(SYSTEM, "wr1", framework.revision, {"status": "expired"})
    drain(writer)

    assert found(RateQuery()) == []
    besides = found(RateQuery(include_expired=True))
    assert {(line["amount"], line["valid_to"]) for line in besides} == {
        (amount, "2099-03-31") for amount in ("400.00", "650.50", "900.00")
    }
    assert drift().count == 0
    edit_framework(SYSTEM, "wr1", framework.revision, {"status": "live"})
    drain(writer)
    assert len(found(RateQuery())) == 3


def test_illustrative_lines_are_listed_and_stay_out_of_statistics_unless_asked(writer: Writer) -> None:
    publish([LineDraft("x", 10_000, role_title="Adviser")], supplier="yew", basis="illustrative")
    drain(writer)

    told = answer(engine().search_rates(RateQuery()))
    assert (told["count"], told["statistics"]["count"], told["illustrative_left_out"]) == (4, 3, 1)
    assert told["statistics"]["minimum"] == "400.00"
    asked = answer(engine().search_rates(RateQuery(bases=("illustrative",))))
    assert (asked["count"], asked["statistics"]["minimum"], asked["illustrative_left_out"]) == (
        1,
        "100.00",
        0,
    )


@pytest.mark.parametrize(("now", "later"), [("illustrative", "published"), ("published", "illustrative")])
def test_a_line_is_of_the_basis_of_its_own_version(writer: Writer, now: str, later: str) -> None:
    first = TODAY + timedelta(days=30)
    publish([LineDraft("x", 10_000, role_title="Adviser")], supplier="yew", basis=now)
    publish([LineDraft("x", 20_000, role_title="Adviser")], supplier="yew", basis=later, valid_from=first)
    drain(writer)

    for day, basis, amount in ((TODAY, now, "100.00"), (first, later, "200.00")):
        query = RateQuery(suppliers=("yew",), as_of=day)
        (line,) = found(query)
        assert (line["basis"], line["amount"]) == (basis, amount)
        told = answer(engine().search_rates(query))
        counted = 1 if basis == "published" else 0
        assert (told["statistics"] is not None, told["illustrative_left_out"]) == (bool(counted), 1 - counted)
        assert found(replace(query, bases=(now if basis == later else later,))) == []
    assert drift().count == 0


def test_a_day_finds_the_version_of_each_card_that_holds_then_and_no_line_twice(writer: Writer) -> None:
    first, second, third = (TODAY + timedelta(days=days) for days in (-300, -30, 30))
    line = LineDraft("x", 50_000, role_title="Zoologist")
    publish([line], supplier="yew", valid_from=first)
    publish([replace(line, price_minor=60_000)], supplier="yew", valid_from=second)
    publish([replace(line, price_minor=70_000)], supplier="yew", valid_from=third)
    drain(writer)

    before = timedelta(days=1)
    days = (first - before, first, second - before, second, TODAY, third - before, third)
    held = (None, 50_000, 50_000, 60_000, 60_000, 60_000, 70_000)
    for day, price in zip(days, held, strict=True):
        for ended in (False, True):
            query = RateQuery(suppliers=("yew",), as_of=day, include_expired=ended)
            told = answer(engine().search_rates(query))
            shown = price or (50_000 if ended else None)
            prices = [one["amount"] for one in found(query)]
            assert prices == ([] if shown is None else [f"{shown // 100}.00"]), (day, ended)
            assert told["count"] == (0 if shown is None else 1)
            assert found(replace(query, exclude=("wr1~yew~x",))) == []
            roles = engine().suggest_roles(RoleQuery("zool", as_of=day, include_expired=ended))
            assert roles == ([] if shown is None else [RoleSuggestion("Zoologist", 1)])
    assert drift().count == 0


def test_a_version_that_has_ended_is_the_one_of_its_card_that_is_found_besides(writer: Writer) -> None:
    line = LineDraft("x", 50_000, role_title="Adviser")
    first, last = TODAY - timedelta(days=90), TODAY - timedelta(days=5)
    publish([line], supplier="yew")
    publish([replace(line, price_minor=60_000)], supplier="yew", valid_from=first, valid_to=last)
    drain(writer)

    def prices(day: date, ended: bool = False) -> list[str]:
        query = RateQuery(suppliers=("yew",), as_of=day, include_expired=ended)
        return [one["amount"] for one in found(query)]

    assert (prices(last), prices(first - timedelta(days=1))) == (["600.00"], ["500.00"])
    assert (prices(TODAY), prices(TODAY, ended=True)) == ([], ["600.00"])


def test_an_answer_states_currency_vat_and_that_rates_are_ceilings(writer: Writer) -> None:
    told = answer(engine().search_rates(RateQuery(proposed=65_050, bins=2)))

    assert (told["currency"], told["unit"], told["vat"]) == ("GBP", "day", "excluded")
    assert "ceilings" in told["caveat"]
    assert told["proposed"] == {
        "amount": "650.50", "below": 1, "equal": 1, "above": 1, "percentile": 66.7, "deviations": 0.0,
    }  # fmt: skip
    assert told["statistics"] == {
        "count": 3,
        "minimum": "400.00",
        "maximum": "900.00",
        "mean": "650.17",
        "standard_deviation": "204.12",
        "percentiles": {"10": "400.00", "25": "400.00", "50": "650.50", "75": "900.00", "90": "900.00"},
        "histogram": [
            {"from": "400.00", "to": "650.00", "count": 1}, {"from": "650.00", "to": "900.00", "count": 2},
        ],
        "exact": True,
    }  # fmt: skip


def test_role_titles_are_completed_with_counts_whatever_their_case(writer: Writer) -> None:
    titles = ["Project Manager", "PROJECT MANAGER", "Project Manager", "Project Lead", "Manager, Projects"]
    publish([LineDraft(str(i), 50_000 + i, role_title=title) for i, title in enumerate(titles)])
    drain(writer)

    suggested = [(one.title, one.count) for one in engine().suggest_roles(RoleQuery("proj man"))]
    assert suggested == [("Project Manager", 3), ("Manager, Projects", 1)]
    assert engine().suggest_roles(RoleQuery("zzz")) == []
    assert engine().suggest_roles(RoleQuery("")) == []


def test_an_export_guards_cells_that_spreadsheets_would_run(writer: Writer) -> None:
    publish(
        [LineDraft("x", 50_000, role_title='=HYPERLINK("http://x")'), LineDraft("y", 50_001, role_title="+1")]
    )
    drain(writer)

    rows = list(csv.DictReader(io.StringIO("".join(csv_lines(engine().rate_lines(RateQuery()))))))

    assert [row["role"] for row in rows] == ['\'=HYPERLINK("http://x")', "'+1"]
    assert [(row["price"], row["currency"], row["vat"]) for row in rows] == [
        ("500.00", "GBP", "excluded"), ("500.01", "GBP", "excluded"),
    ]  # fmt: skip


@pytest.mark.parametrize("start", ["=", "+", "-", "@", "\t", "\r"])
def test_every_dangerous_start_is_guarded(start: str) -> None:
    assert guarded(f"{start}1") == f"'{start}1"
    assert guarded("plain") == "plain"
    assert guarded(None) == ""


@pytest.fixture
def dollars(tmp_path: Path) -> Path:
    """A slice of a sheet as US firms publish it, made up but for its shape."""
    path = tmp_path / "dollars.csv"
    with path.open("w", newline="", encoding="utf-8") as file:
        rows = csv.writer(file)
        rows.writerow(["vendor_name", "labor_category", "education_level", "min_years", "price_usd_per_hour"])
        for i in range(400):
            title = ["Strategic Planner Level III", "Network Architect, Senior", "Help Desk " + "x" * 900][
                i % 3
            ]
            cents = 588 + i * 557
            rows.writerow(
                [f"Vendor {i % 7}", title, ["Bachelors", "", "N/A"][i % 3], i % 9 or "", f"{cents / 100:.2f}"]
            )
    return path


def test_a_sheet_in_dollars_an_hour_loads_whole_and_is_found_to_the_cent(
    writer: Writer, dollars: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    release_writer()
    call_command(
        "import_rates", str(dollars), "--framework", "wr1", "--currency", "USD", "--unit", "hour",
        "--create-suppliers", "--map", "supplier=vendor_name", "role=labor_category",
        "qualification=education_level", "min_experience=min_years", "price=price_usd_per_hour",
    )  # fmt: skip

    with dollars.open(newline="", encoding="utf-8") as file:
        wanted = sorted(Decimal(row["price_usd_per_hour"]) for row in csv.DictReader(file))
    lines = [orjson.loads(line) for line in engine().rate_lines(RateQuery(**USD))]
    assert [Decimal(line["amount"]) for line in lines] == wanted
    assert "400 rows: 400 loaded (400 new, 0 changed, 0 as they were), 0 refused" in capsys.readouterr().out


def test_a_card_before_whose_next_version_it_is_exported_is_the_same_when_it_comes_again(
    writer: Writer, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    lasts = TODAY + timedelta(days=90)
    lines = [
        LineDraft("x", 50_000, role_title="Adviser"),
        LineDraft("y", 51_000, role_title="-Lead", valid_from=TODAY, valid_to=lasts),
    ]
    publish(lines, valid_from=TODAY - timedelta(days=9))
    publish([LineDraft("x", 60_000, role_title="Adviser")], valid_from=TODAY + timedelta(days=30))
    drain(writer)
    release_writer()
    stored = engine().rate_lines(RateQuery(include_expired=True))
    exported = list(csv.reader(io.StringIO("".join(csv_lines(stored)))))
    keys, lasting = exported[0].index("key"), exported[0].index("valid_to")
    ends = (TODAY + timedelta(days=29)).isoformat()
    assert [(row[keys], row[lasting]) for row in exported[1:]] == [("x", ends), ("y", ends)]
    before = list(RateCardVersion.objects.order_by("pk").values())
    path, saved = tmp_path / "rates.csv", openpyxl.Workbook()
    with path.open("w", newline="", encoding="utf-8") as file:
        csv.writer(file).writerows(exported)
    assert saved.active is not None
    for row in exported:
        saved.active.append(row)
    saved.save(tmp_path / "rates.xlsx")

    for name in ("rates.csv", "rates.xlsx"):
        call_command("import_rates", str(tmp_path / name), "--framework", "wr1", "--json")
        report = orjson.loads(capsys.readouterr().out)
        assert (report["rows"], report["loaded"], report["refused"], report["cards"]) == (2, 2, 0, {})
        assert report["lines"] == {"added": 0, "changed": 0, "unchanged": 2, "withdrawn": 0}
    assert list(RateCardVersion.objects.order_by("pk").values()) == before


def test_the_command_tells_faults_and_leaves_with_1(
    writer: Writer, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    path = tmp_path / "rates.csv"
    path.write_text("supplier,role,price\nYew Digital,Analyst,\n")

    with pytest.raises(SystemExit) as left:
        call_command("import_rates", str(path), "--framework", "wr1")

    assert left.value.code == 1
    assert "row 2 price '': is blank; a price is never taken as 0 (wrong)" in capsys.readouterr().out
    with pytest.raises(CommandError, match="no framework wr9"):
        call_command("import_rates", str(path), "--framework", "wr9")
    with pytest.raises(CommandError, match="no file"):
        call_command("import_rates", str(tmp_path / "none.csv"), "--framework", "wr1")
