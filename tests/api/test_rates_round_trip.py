"""Rates that are exported and imported again are the same."""

from __future__ import annotations

import csv
import io
from pathlib import Path
from typing import Any

import orjson
import pytest
from django.core.management import call_command
from django.test import Client

from procurement.models import RateCardVersion, RateLine

pytestmark = [pytest.mark.django_db, pytest.mark.usefixtures("market")]


def export(client: Client, framework: str) -> list[list[str]]:
    answer = client.get(f"/api/v1/rates.csv?framework={framework}&include_expired=true")
    return list(csv.reader(io.StringIO(answer.getvalue().decode())))


def imported(path: Path, rows: list[list[str]], framework: str, *options: str) -> dict[str, Any]:
    text = io.StringIO()
    csv.writer(text).writerows(rows)
    path.write_text(text.getvalue())
    told = io.StringIO()
    call_command("import_rates", str(path), "--framework", framework, "--json", *options, stdout=told)
    report: dict[str, Any] = orjson.loads(told.getvalue())
    return report


@pytest.mark.parametrize(("framework", "basis"), [("rm3745", "illustrative"), ("rm6309", "published")])
def test_a_card_that_is_exported_and_imported_again_is_the_same_in_whatever_order(
    client: Client, tmp_path: Path, framework: str, basis: str
) -> None:
    headings, *lines = export(client, framework)
    before = RateCardVersion.objects.count()

    for rows in (lines, lines[::-1]):
        report = imported(tmp_path / "rates.csv", [headings, *rows], framework, "--basis", basis, "--dry-run")
        assert (report["rows"], report["loaded"], report["refused"]) == (len(lines), len(lines), 0)
        assert report["lines"] == {"added": 0, "changed": 0, "unchanged": len(lines), "withdrawn": 0}
        assert (report["cards"], report["faults"]) == ({}, [])
        assert {(one["row"], one["message"].endswith("is not used")) for one in report["warnings"]} == {
            (1, True)
        }

    assert len(lines) == RateLine.objects.filter(version__card__framework__reference=framework).count()
    assert RateCardVersion.objects.count() == before


def test_an_export_of_illustrative_rates_is_not_taken_as_published_without_a_word(
    client: Client, tmp_path: Path
) -> None:
    rows = export(client, "rm3745")

    report = imported(tmp_path / "rates.csv", rows, "rm3745", "--dry-run")

    odd = [one for one in report["warnings"] if one["message"].endswith("the rate is taken as published")]
    assert [(one["heading"], one["cell"]) for one in odd] == [("basis", "illustrative")] * (len(rows) - 1)
    assert report["cards"]["rm3745~ppl"]["card"] == {
        "basis": {"before": "illustrative", "after": "published"}
    }


def test_a_price_that_is_changed_in_the_file_is_all_that_changes(client: Client, tmp_path: Path) -> None:
    headings, *lines = export(client, "rm6309")
    price, key = headings.index("price"), headings.index("key")
    lines[0][price] = "1.00"

    report = imported(tmp_path / "rates.csv", [headings, *lines], "rm6309", "--dry-run")

    assert report["lines"] == {"added": 0, "changed": 1, "unchanged": len(lines) - 1, "withdrawn": 0}
    (card,) = report["cards"].values()
    assert [line["key"] for line in card["lines"]] == [lines[0][key]]
