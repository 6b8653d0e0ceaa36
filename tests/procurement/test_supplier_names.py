"""A firm that is renamed is renamed as the supplier that it alone is, however its name came to change."""

from __future__ import annotations

from pathlib import Path

import pytest

from procurement.actions.profiles import update_profile
from procurement.actions.reviewing import take_back_profile
from procurement.actions.suppliers import MemberDraft, SupplierDraft, save_suppliers
from procurement.models import Event, Partner, RateLine, Supplier
from procurement.permissions import SYSTEM
from tests.procurement.test_partner_imports import run
from tests.procurement.test_rate_imports import counts, faults, sheet
from tests.procurement.test_rate_imports import run as run_rates
from tests.world import LIVE_FROM, editor_of, make_partners, make_world

pytestmark = pytest.mark.django_db


def stands(reference: str = "yew") -> tuple[str, int]:
    supplier = Supplier.objects.get(reference=reference)
    return supplier.name, supplier.revision


def told() -> list[tuple[str, dict[str, str]]]:
    events = Event.objects.filter(type="supplier.changed").order_by("position")
    return list(events.values_list("subject", "changes"))


def test_an_import_that_renames_a_firm_alone_renames_its_supplier(tmp_path: Path) -> None:
    make_world()
    name, revision = stands()
    assert run(tmp_path, [{"reference": "yew", "name": "Yew and Daughters"}]).changed == [("yew", ("name",))]
    assert (name, stands()) == ("Yew Digital", ("Yew and Daughters", revision + 1))
    assert told() == [("yew", {"name": "Yew and Daughters"})]
    report = run_rates(tmp_path, sheet("Yew and Daughters,Analyst,650"))
    assert (report.loaded, report.faults) == (1, [])
    assert RateLine.objects.filter(version__card__reference="wr1~yew").count() == 1


def test_a_firm_that_renames_itself_renames_its_supplier_and_so_does_taking_that_back() -> None:
    make_world()
    _, revision = stands()
    partner = Partner.objects.get(reference="yew")
    update_profile(editor_of("yew"), "yew", partner.revision, {"name": "Yew and Daughters"})
    assert stands() == ("Yew and Daughters", revision + 1)
    take_back_profile(SYSTEM, "yew", 2, "It is not so called.")
    assert stands() == ("Yew Digital", revision + 2)
    assert told() == [("yew", {"name": "Yew and Daughters"}), ("yew", {"name": "Yew Digital"})]


def test_an_edit_of_anything_else_leaves_the_supplier_as_it_is() -> None:
    make_world()
    before, partner = stands(), Partner.objects.get(reference="yew")
    update_profile(editor_of("yew"), "yew", partner.revision, {"summary": "Something else."})
    assert (stands(), told()) == (before, [])


def test_a_supplier_of_another_name_than_its_firm_keeps_it(tmp_path: Path) -> None:
    make_world()
    make_partners({"fir": "Fir Limited"})
    alone = (MemberDraft("fir", "lead", LIVE_FROM),)
    save_suppliers(SYSTEM, [SupplierDraft("fir", "Fir Trading", "alone", alone)])
    before = stands("oak"), stands("fir")
    rows = [{"reference": "oak", "name": "Oaks"}, {"reference": "fir", "name": "Firs"}]
    assert len(run(tmp_path, rows).changed) == 2
    assert ((stands("oak"), stands("fir")), told()) == (before, [])


ANOTHER = "give the reference, or another name, of the firm that is meant"


@pytest.mark.parametrize("create", [False, True])
@pytest.mark.parametrize(
    ("name", "why"),
    [
        ("Ash Research", "is a partner of oak and no supplier; give the supplier's reference: oak"),
        ("ash", "is a partner of oak and no supplier; give the supplier's reference: oak"),
        ("Fir Limited", f"is the partner fir and no supplier; appoint it first, or {ANOTHER}"),
        ("Framework Owner", f"is the organisation owner and no supplier; {ANOTHER}"),
    ],
)
def test_a_name_that_another_than_a_supplier_bears_makes_none_and_says_whose_it_is(
    tmp_path: Path, name: str, why: str, create: bool
) -> None:
    make_world()
    make_partners({"fir": "Fir Limited"})
    before = counts()
    report = run_rates(tmp_path, sheet(f"{name},Analyst,650"), create_suppliers=create)
    assert (faults(report), report.new_suppliers, counts()) == ([(2, "Firm", why)], [], before)


def test_what_a_refusal_of_a_name_says_helps(tmp_path: Path) -> None:
    make_world()
    make_partners({"fir": "Fir Limited"})
    alone = (MemberDraft("fir", "lead", LIVE_FROM),)
    save_suppliers(SYSTEM, [SupplierDraft("fir", "Fir Limited", "alone", alone)])
    rows = sheet("Fir Limited,Analyst,650", "Framework Owner (the firm),Analyst,650")
    report = run_rates(tmp_path, rows, create_suppliers=True)
    assert (report.loaded, report.faults) == (2, [])
    assert report.new_suppliers == ["Framework Owner (the firm)"]


def test_a_firm_alone_is_known_by_the_names_that_its_profile_and_its_organisation_bear(
    tmp_path: Path,
) -> None:
    make_world()
    make_partners({"fir": "Fir Limited"})
    save_suppliers(
        SYSTEM, [SupplierDraft("fir-x", "Fir Trading", "alone", (MemberDraft("fir", "lead", LIVE_FROM),))]
    )
    run(tmp_path, [{"reference": "fir", "name": "Firs"}])
    rows = [
        f"{name},Role {number},650" for number, name in enumerate(("Fir Trading", "fir-x", "fir", "Firs"))
    ]
    report = run_rates(tmp_path, sheet(*rows), create_suppliers=True)
    assert (report.loaded, report.new_suppliers, list(report.cards)) == (4, [], ["wr1~fir-x"])


def test_a_firm_that_takes_a_suppliers_name_takes_no_rates_from_it(tmp_path: Path) -> None:
    make_world()
    make_partners({"fir": "Fir Limited"})
    save_suppliers(
        SYSTEM, [SupplierDraft("fir", "Fir Trading", "alone", (MemberDraft("fir", "lead", LIVE_FROM),))]
    )
    run(tmp_path, [{"reference": "fir", "name": "Yew Digital"}])
    report = run_rates(tmp_path, sheet("Yew Digital,Analyst,650"))
    assert (report.faults, list(report.cards)) == ([], ["wr1~yew"])
