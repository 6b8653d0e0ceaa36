"""The commands of imports say what is wrong of any file, in text that a terminal takes."""

from __future__ import annotations

import json
import os
from pathlib import Path

import pytest
from django.core.management import call_command
from django.core.management.base import CommandError

from procurement.models import Partner, RateCardVersion
from tests.world import make_world

pytestmark = pytest.mark.django_db


@pytest.fixture(autouse=True, scope="module")
def world(module_database: None) -> None:
    make_world()


@pytest.mark.parametrize("as_json", [False, True])
@pytest.mark.parametrize("name", [r"\ud800", r"\u0000", r"\u001b[31m"], ids=["surrogate", "nul", "escape"])
def test_a_field_that_no_text_may_name_is_printed(
    tmp_path: Path, capfd: pytest.CaptureFixture[str], name: str, as_json: bool
) -> None:
    file = tmp_path / "partners.jsonl"
    file.write_text(f'{{"reference":"zz-a","name":"A","{name}":1}}\n')
    before = Partner.objects.count()
    with pytest.raises(SystemExit):
        call_command("import_partners", str(file), json=as_json)
    said = capfd.readouterr().out
    shown = "/?" + name[6:]
    if as_json:
        assert [one["pointer"] for one in json.loads(said)["errors"]] == [shown]
    else:
        field = shown.removeprefix("/")
        assert said.splitlines()[0] == f"line 1 zz-a {shown}: There is no field “{field}” in a row."
    assert Partner.objects.count() == before


def test_a_sheet_whose_name_is_no_text_is_imported(tmp_path: Path) -> None:
    file = tmp_path / os.fsdecode(b"r\xe9.csv")
    file.write_text("Supplier,Role,Price\nYew Digital,Analyst,650\n")
    call_command("import_rates", str(file), "--framework", "wr1")
    assert RateCardVersion.objects.get(card__reference="wr1~yew").source == "import of r?.csv"


def test_a_mapped_field_that_is_no_text_is_refused_as_one_that_there_is_not(tmp_path: Path) -> None:
    file = tmp_path / "rates.csv"
    file.write_text("Supplier,Role,Price\nYew Digital,Analyst,650\n")
    before = RateCardVersion.objects.count()
    with pytest.raises(CommandError, match=r"^There is no field r\?; .*\n  /map/r\?: There is no field r\?;"):
        call_command("import_rates", str(file), "--framework", "wr1", "--map", os.fsdecode(b"r\xe9=Role"))
    assert RateCardVersion.objects.count() == before


@pytest.mark.parametrize(
    ("line", "character"),
    [
        ("reference", 1),
        ('{"reference":"a" "name":"A"}', 18),
        ('{"reference":"a"', 17),
        ('{"reference":"a"} x', 19),
    ],
)
def test_a_line_that_is_no_json_is_told_without_words_for_programmers(
    tmp_path: Path, capfd: pytest.CaptureFixture[str], line: str, character: int
) -> None:
    file = tmp_path / "partners.jsonl"
    file.write_text(f'{{"reference":"zz-a","name":"A"}}\n{line}\n')
    before = Partner.objects.count()
    with pytest.raises(SystemExit):
        call_command("import_partners", str(file))
    said = f"line 2 ? /: The row is not a JSON object: it cannot be read from character {character} on."
    assert capfd.readouterr().out.splitlines()[0] == said
    assert Partner.objects.count() == before


def test_a_damaged_workbook_is_told_with_what_to_do_about_it(tmp_path: Path) -> None:
    file = tmp_path / "rates.xlsx"
    file.write_bytes(b"PK\x03\x04nonsense")
    before = RateCardVersion.objects.count()
    why = r"^rates\.xlsx: the workbook is cut off: its end is missing; download it again, or save it anew\.$"
    with pytest.raises(CommandError, match=why):
        call_command("import_rates", str(file), "--framework", "wr1")
    assert RateCardVersion.objects.count() == before
