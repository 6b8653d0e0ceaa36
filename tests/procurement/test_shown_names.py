"""A name shows something: blanks, zero-width signs and fillers are none, wherever a name is given."""

from __future__ import annotations

from collections.abc import Callable
from datetime import date
from typing import Any

import pytest
from django.db import models

from procurement.actions.applications import create_client
from procurement.actions.framework_edits import create_framework
from procurement.actions.frameworks import FrameworkDraft, save_framework
from procurement.actions.member_invitations import invite_to
from procurement.actions.new_account import checked_name
from procurement.actions.organisations import (
    OrganisationDraft,
    PartnerDraft,
    save_organisations,
    save_partners,
)
from procurement.actions.profiles import update_profile
from procurement.actions.suppliers import MemberDraft, SupplierDraft, save_suppliers
from procurement.errors import Invalid
from procurement.models import (
    Application,
    Event,
    Framework,
    MemberInvitation,
    Organisation,
    Partner,
    ProfileVersion,
    Supplier,
)
from procurement.permissions import SYSTEM
from procurement.visible import shows_something
from tests.world import LIVE_FROM, make_world

pytestmark = pytest.mark.django_db

NOTHING = "This shows nothing: write at least one letter or digit."
KEPT: tuple[type[models.Model], ...] = (
    Application, Event, Framework, MemberInvitation, Organisation, Partner, ProfileVersion, Supplier,
)  # fmt: skip
FRAMEWORK: dict[str, Any] = {
    "reference": "wr9", "number": "WR9", "owner": "owner", "status": "coming", "starts_on": "2027-04-01",
    "ends_on": "2031-03-31", "regime": "pa2023", "region_scheme": "ITL2025", "rate_unit": "day",
}  # fmt: skip


@pytest.fixture(autouse=True, scope="module")
def world(module_database: None) -> None:
    make_world()


def refused(act: Callable[[], object]) -> list[tuple[str, str, str]]:
    before = [list(table._base_manager.order_by("pk").values()) for table in KEPT]
    with pytest.raises(Invalid) as refusal:
        act()
    assert [list(table._base_manager.order_by("pk").values()) for table in KEPT] == before
    return [(one.pointer, one.code, one.message) for one in refusal.value.faults]


@pytest.mark.parametrize(
    "name",
    [
        "",
        " ",
        "\u200b\u200b",
        "\u2060",
        "\ufeff",
        "\u00ad",
        "\u202e",
        "\u3000",
        "\u3164",
        "\u2800",
        "\u034f",
        "\u0301",
    ],
)
def test_blanks_and_signs_without_width_show_nothing(name: str) -> None:
    assert not shows_something(name)


@pytest.mark.parametrize("name", ["A", "7", "\u200bA", "北", "é", "e\u0301", "№", "&", "Ab Ltd", "क\u200dष"])
def test_a_letter_a_digit_or_a_sign_shows_something(name: str) -> None:
    assert shows_something(name)


def test_a_profile_is_given_no_name_that_shows_nothing() -> None:
    revision = Partner.objects.get(reference="ash").revision
    assert refused(lambda: update_profile(SYSTEM, "ash", revision, {"name": "\u200b\u200b"})) == [
        ("/name", "required", NOTHING)
    ]
    study = {"title": "\u2060", "text": "What it achieved."}
    assert refused(lambda: update_profile(SYSTEM, "ash", revision, {"case_studies": [study]})) == [
        ("/case_studies/0/title", "required", NOTHING)
    ]


def test_an_organisation_is_given_no_name_that_shows_nothing() -> None:
    told = [("/0/name", "length", NOTHING)]
    assert refused(lambda: save_organisations(SYSTEM, [OrganisationDraft("new", "\u200b\u200b")])) == told
    assert refused(lambda: save_partners(SYSTEM, [PartnerDraft("new", "\u3164")])) == told


def test_a_supplier_is_given_no_name_that_shows_nothing() -> None:
    draft = SupplierDraft("new", "\u200b", "alone", (MemberDraft("ash", "lead", LIVE_FROM),))
    assert refused(lambda: save_suppliers(SYSTEM, [draft])) == [("/0/name", "length", NOTHING)]


def test_a_framework_is_given_no_name_that_shows_nothing() -> None:
    assert refused(lambda: create_framework(SYSTEM, FRAMEWORK | {"name": "\u200b"})) == [
        ("/name", "required", NOTHING)
    ]
    draft = FrameworkDraft(
        "wr9", "WR9", "\u200b", "owner", "live", date(2024, 1, 1), date(2027, 12, 31), "pcr2015", ()
    )
    assert refused(lambda: save_framework(SYSTEM, draft)) == [
        ("/name", "required", "A framework has a number and a name.")
    ]


def test_an_integration_is_given_no_name_that_shows_nothing() -> None:
    assert refused(lambda: create_client(SYSTEM, "ash", "\u200b")) == [("/name", "length", NOTHING)]


def test_a_person_is_given_no_name_that_shows_nothing() -> None:
    assert refused(lambda: checked_name("new@example.org", "\u200b", "a long and rare pass phrase 7")) == [
        ("/full_name", "required", "Enter your name.")
    ]
    told = "This shows nothing: write a name, or leave it empty."
    assert refused(
        lambda: invite_to(SYSTEM, Organisation(name="Ash"), "new@example.org", "\u2060", "viewer")
    ) == [("/full_name", "shape", told)]
