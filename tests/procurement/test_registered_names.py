"""A firm's organisation keeps the name that it was registered with, whatever its profile is called; an import tells."""

from __future__ import annotations

import json
from pathlib import Path

import pytest
from django.core.management import call_command

from procurement.actions.organisations import PartnerDraft, save_partners
from procurement.models import Organisation, Partner
from procurement.permissions import SYSTEM
from tests.procurement.test_partner_imports import counts, row, run
from tests.world import make_frameworks

pytestmark = pytest.mark.django_db

SAID = "Its profile gets another name; its organisation stays Alder Limited, by which call-offs and tenders call it."


@pytest.fixture(autouse=True)
def firms(tmp_path: Path) -> None:
    make_frameworks()
    run(tmp_path, [row("a", name="Alder Limited"), row("b", name="Birch")])


def names(reference: str) -> tuple[str, str]:
    partner = Partner.objects.select_related("organisation", "published").get(reference=reference)
    assert partner.published is not None
    return partner.organisation.name, partner.published.name


@pytest.mark.parametrize("dry_run", [False, True])
def test_an_import_that_renames_a_profile_says_which_organisation_keeps_its_name(
    tmp_path: Path, dry_run: bool
) -> None:
    before = counts()
    report = run(tmp_path, [row("a", name="Alder"), row("b", name="Birch", size="large")], dry_run=dry_run)
    note = {
        "reference": "a",
        "code": "registered_name",
        "message": SAID,
    }
    assert report.shown()["notes"] == [note]
    assert names("a") == ("Alder Limited", "Alder Limited" if dry_run else "Alder")
    assert (counts() == before) is dry_run


def test_a_profile_that_bears_the_registered_name_again_is_told_of_no_more(tmp_path: Path) -> None:
    run(tmp_path, [row("a", name="Alder")])
    assert run(tmp_path, [row("a", name="Alder", size="large")]).shown()["notes"] == []
    assert run(tmp_path, [row("a", name="Alder Limited")]).shown()["notes"] == []
    assert names("a") == ("Alder Limited", "Alder Limited")


def test_a_first_profile_under_another_name_is_told_of_too(tmp_path: Path) -> None:
    save_partners(SYSTEM, [PartnerDraft("c", "Cedar Limited")])
    told = run(tmp_path, [row("c", name="Cedar")]).shown()["notes"]
    assert [one["reference"] for one in told] == ["c"]
    assert Organisation.objects.get(reference="c").name == "Cedar Limited"


def test_the_command_says_it(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    file = tmp_path / "renamed.jsonl"
    file.write_text(json.dumps({"reference": "a", "name": "Alder"}))
    call_command("import_partners", str(file), "--dry-run")
    assert capsys.readouterr().out.splitlines()[:2] == [
        "a: name Alder Limited to Alder",
        f"a: {SAID}",
    ]
