"""The real part of the fixtures: frameworks, regions, buyers and the founding consortium are as the
sources have them.
"""

from __future__ import annotations

import csv
from collections import Counter
from functools import cache
from pathlib import Path

import pytest

from procurement.fixtures import Fixtures, pence, read_fixtures, read_framework
from procurement.identifiers import SCHEMES, wrong_with

FOLDER = Path(__file__).parents[2] / "fixtures"


@cache
def fixtures() -> Fixtures:
    return read_fixtures(FOLDER)


def names(framework: str, lot: str) -> list[str]:
    draft = read_framework(FOLDER / "frameworks", framework)
    return [one.name for found in draft.lots if found.number == lot for one in found.specialisms]


@pytest.mark.parametrize(
    ("framework", "lots", "specialisms", "starts_on", "ends_on"),
    [
        ("rm3745", 7, 161, "2017-09-04", "2021-09-03"),
        ("rm6187", 9, 131, "2021-08-24", "2025-08-23"),
        ("rm6309", 10, 161, "2025-08-18", "2028-08-18"),
        ("cx-demo-01", 3, 42, "2026-02-02", "2030-02-01"),
    ],
)
def test_frameworks_have_all_their_lots_specialisms_and_dates(
    framework: str, lots: int, specialisms: int, starts_on: str, ends_on: str
) -> None:
    draft = read_framework(FOLDER / "frameworks", framework)
    assert (len(draft.lots), sum(len(lot.specialisms) for lot in draft.lots)) == (lots, specialisms)
    assert (draft.starts_on.isoformat(), draft.ends_on.isoformat()) == (starts_on, ends_on)
    for lot in draft.lots:
        assert [one.number for one in lot.specialisms] == [str(n + 1) for n in range(len(lot.specialisms))]


def test_the_lots_of_rm3745_start_at_two_and_hold_what_they_held() -> None:
    draft = read_framework(FOLDER / "frameworks", "rm3745")
    assert [(lot.number, len(lot.specialisms)) for lot in draft.lots] == [
        ("2", 34), ("3", 18), ("4", 11), ("5", 22), ("6", 30), ("7", 27), ("8", 19),
    ]  # fmt: skip


def test_names_with_commas_are_whole() -> None:
    assert {
        "Capital fund raising, derivatives & hedging",
        "Investment, financial advice and market services",
        "Mergers, acquisitions and divestment",
    } <= set(names("rm3745", "2"))
    assert "Advice on managing temporary staff, including IR35" in names("rm3745", "4")
    assert "Healthcare operational review, improvement and/or modelling" in names("rm6187", "7")
    assert "Recruitment, retention and employee value proposition" in names("rm6309", "5")
    assert max(map(len, names("rm6309", "10"))) == 268


def test_eleven_specialisms_stand_under_each_of_lots_5_to_8() -> None:
    def plain(lot: str) -> set[str]:
        shared = {name.replace(" & ", " and ").lower() for name in names("rm3745", lot)}
        return {name.replace("change and assurance", "change and delivery") for name in shared}

    everywhere = plain("5") & plain("6") & plain("7") & plain("8")
    assert len(everywhere) == 12
    assert {
        "programme and project management",
        "commissioning services",
        "capability development",
    } <= everywhere


def test_rates_on_rm6309_are_by_six_grades_and_lot_2b_of_the_fictional_framework_by_role() -> None:
    rm6309 = read_framework(FOLDER / "frameworks", "rm6309")
    assert {tuple(grade.code for grade in lot.grades) for lot in rm6309.lots} == {
        ("G1", "G2", "G3", "G4", "G5", "G6")
    }
    demo = read_framework(FOLDER / "frameworks", "cx-demo-01")
    assert [len(lot.grades) for lot in demo.lots] == [5, 5, 0]
    assert [(lot.direct_award, lot.competition, lot.direct_award_cap_pence) for lot in demo.lots] == [
        (True, False, 7_500_000), (False, True, None), (True, True, 15_000_000),
    ]  # fmt: skip
    assert (demo.regime, demo.fictional, rm6309.regime) == ("pa2023", True, "pcr2015")


def test_regions_of_both_schemes_and_their_twins() -> None:
    levels = Counter((one.scheme, one.level) for one in fixtures().regions)
    assert levels == {
        ("UK", 0): 1, ("NUTS2013", 1): 12, ("NUTS2013", 2): 40, ("ITL2025", 1): 12, ("ITL2025", 2): 46,
    }  # fmt: skip
    called = {one.code: one.name for one in fixtures().regions}
    twins: dict[str, list[tuple[str, bool]]] = {}
    for twin in fixtures().twins:
        twins.setdefault(twin.nuts, []).append((twin.itl, twin.same))
    second = [one.code for one in fixtures().regions if (one.scheme, one.level) == ("NUTS2013", 2)]
    assert set(second) <= set(twins)
    assert sum(all(called[itl] != called[code] for itl, _ in twins[code]) for code in second) == 8
    assert sum(not any(same for _, same in twins[code]) for code in second) == 9
    assert {itl for pairs in twins.values() for itl, _ in pairs} == {
        one.code for one in fixtures().regions if one.scheme == "ITL2025"
    }
    assert twins["UKC1"] == [("TLC3", False), ("TLC4", False)]


def test_sixty_buyers_carry_well_formed_codes_of_their_registers() -> None:
    buyers = [one for one in fixtures().organisations if "buyer" in one.capabilities]
    assert Counter(one.buyer_class for one in buyers) == {
        "central-government": 20, "health": 20, "local-government": 20,
    }  # fmt: skip
    assert {one.scheme for one in buyers} <= set(SCHEMES) - {"XX-DEMO"}
    assert len({(one.scheme, one.identifier) for one in buyers}) == 60
    assert [one.name for one in buyers if wrong_with(one.scheme, one.identifier)] == []


def test_nothing_is_invented_about_a_founding_firm() -> None:
    founding = fixtures().suppliers[0]
    firms = [member.partner for member in founding.members]
    profiles = {one.reference: one.changes for one in fixtures().profiles if one.reference in firms}
    assert len(firms) == 14
    assert founding.members[0] == founding.members[0].__class__("ppl", "lead", founding.members[0].joined_on)
    assert {one.scheme for one in fixtures().organisations if one.reference in firms} == {""}
    assert not any("contacts" in profile or "size" in profile for profile in profiles.values())
    assert {reference for reference, profile in profiles.items() if len(profile) > 1} == {"ppl", "opm-group"}
    assert len(profiles["opm-group"]["case_studies"]) == 7
    assert profiles["opm-group"]["ownership"] == "employee-owned"
    assert founding.form == "not_stated"
    assert {one: profile.get("sectors", []) for one, profile in profiles.items() if "sectors" in profile} == {
        "ppl": ["health"],
        "opm-group": ["health", "local-government"],
    }
    studies = {study["key"]: study for study in profiles["opm-group"]["case_studies"]}
    assert [study for study in studies.values() if "sector" in study] == []
    # Nobody says that the work for RNIB was an evaluation, though the founding search asks for one.
    assert studies["vision-rehabilitation"]["text"] == (
        "Vision rehabilitation for RNIB, with the support of the Department of Health. At one county service, health "
        "and social care costs of over £3.4m a year were avoided, reduced or deferred by a service that cost about "
        "£900,000 a year."
    )


def test_the_grades_of_rm3745_say_that_they_are_illustrative() -> None:
    draft = read_framework(FOLDER / "frameworks", "rm3745")
    assert "The six grades shown are illustrative" in draft.description


def test_founding_partners_stand_on_three_lots_and_only_opm_group_states_specialisms() -> None:
    placements = [one for one in fixtures().placements if one.supplier == "ppl"]
    assert len(placements) == 14
    for placement in placements:
        assert {offer.lot for offer in placement.offerings} == {"rm3745~5", "rm3745~6", "rm3745~8"}
        stated = [offer.specialism for offer in placement.offerings if offer.specialism]
        assert len(stated) == (6 if placement.partner == "opm-group" else 0)


def test_the_founding_rate_card_is_illustrative() -> None:
    card = fixtures().cards[0]
    assert (card.supplier, card.basis, len(card.lines)) == ("ppl", "illustrative", 18)
    assert [one.supplier for one in fixtures().cards if one.basis != "published"] == ["ppl"]


def test_cpv_codes_have_eight_digits_and_most_specialisms_of_rm3745_have_none_or_a_plain_one() -> None:
    with (FOLDER / "frameworks" / "rm3745-specialisms.csv").open(encoding="utf-8", newline="") as file:
        rows = list(csv.DictReader(file))
    assert sum(bool(row["cpv"]) for row in rows) == 91
    assert all(len(code) == 8 and code.isdigit() for row in rows for code in row["cpv"].split())


@pytest.mark.parametrize(("pounds", "expected"), [("650", 65_000), ("650.50", 65_050), ("0.01", 1)])
def test_pounds_become_pence_to_the_penny(pounds: str, expected: int) -> None:
    assert pence(pounds) == expected


def test_a_fraction_of_a_penny_is_refused() -> None:
    with pytest.raises(ValueError, match=r"0\.005 is not a whole number of pence"):
        pence("0.005")
