"""A firm that an import takes back into a supplier that it left offers there what its row says, and no more."""

from __future__ import annotations

from datetime import date
from pathlib import Path
from typing import Any

import pytest

from procurement.actions.suppliers import MemberDraft, SupplierDraft, save_suppliers
from procurement.models import Offering, SupplierMember
from procurement.permissions import SYSTEM
from tests.procurement.test_partner_imports import counts, faults, run
from tests.world import OLD_FROM, make_world

pytestmark = pytest.mark.django_db

LEFT_ON = date(2025, 6, 1)


def left() -> None:
    """ash has left oak, where it offered two specialisms, one of them on evidence, and on another framework."""
    make_world()
    held = Offering.objects.filter(partner__reference="ash", specialism__reference="wr1~1~1")
    held.update(evidence=["a-first-case"])
    times = (MemberDraft("ash", "member", OLD_FROM, LEFT_ON),)
    save_suppliers(SYSTEM, [SupplierDraft("oak", "Oak Consortium", "prime", times)])


def back(**offered: Any) -> dict[str, Any]:
    return {
        "reference": "ash",
        "supplier": "oak",
        "offerings": [{"framework": "wr1", "lot": "1", **offered}] if offered else [],
    }


def offers() -> list[tuple[str, str | None, list[str], list[str]]]:
    rows = Offering.objects.filter(partner__reference="ash").order_by("appointment__lot__reference")
    return list(
        rows.values_list("appointment__lot__reference", "specialism__reference", "regions", "evidence")
    )


def belongs() -> bool:
    return SupplierMember.objects.filter(partner__reference="ash", left_on=None).exists()


def test_it_offers_what_its_row_says_and_the_report_tells_that(tmp_path: Path) -> None:
    left()
    report = run(tmp_path, [back(specialisms=["1"], regions=["UK"])])
    assert (report.loaded, belongs()) == (1, True)
    assert report.values["ash"]["offerings"] == ([], ["wr1~1~1 in UK"])
    assert offers() == [("wr1~1", "wr1~1~1", ["UK"], [])]


def test_specialisms_that_its_row_does_not_say_are_not_stated(tmp_path: Path) -> None:
    left()
    report = run(tmp_path, [back(regions=["UK"])])
    assert report.values["ash"]["offerings"] == ([], ["wr1~1 in UK"])
    assert offers() == [("wr1~1", None, ["UK"], [])]


def test_regions_that_its_row_does_not_say_are_asked_for(tmp_path: Path) -> None:
    left()
    before = counts(), offers()
    report = run(tmp_path, [back(specialisms=["1"])])
    assert faults(report) == [(1, "ash", "/offerings/0/regions", "required")]
    assert ((counts(), offers()), belongs()) == (before, False)


def test_where_its_row_offers_nothing_nothing_is_said_to_stay(tmp_path: Path) -> None:
    left()
    report = run(tmp_path, [back()])
    assert (report.loaded, report.notes, belongs(), offers()) == (1, [], True, [])
