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
