"""The fictional market: made again byte for byte, believable, and nobody's real name."""

from __future__ import annotations

import csv
import json
import re
from collections import Counter, defaultdict
from functools import cache
from itertools import combinations
from pathlib import Path
from typing import Any

import pytest
import yaml

from procurement.vocabulary import ACCREDITATIONS, OWNERSHIP, SECTORS, SIZES
from tools.make_market import FIXTURES, files
from tools.market.names import FIRST, SECOND
from tools.market.prose import runs
from tools.market.rates import LEVELS, published_ranges
from tools.market.sectors import sector_of

MARKET = FIXTURES / "market"
FIGURE = r"\d|hal[fv]|third|twice|twofold|\b(?:one|two|three|four|five|six|seven|nine|ten|forty|sixty)\b"


@cache
def partners() -> list[dict[str, Any]]:
    return _lines("partners.jsonl")


@cache
def suppliers() -> list[dict[str, Any]]:
    return _lines("suppliers.jsonl")


def _lines(name: str) -> list[dict[str, Any]]:
    return [json.loads(line) for line in (MARKET / name).read_text(encoding="utf-8").splitlines()]


def _rows(path: Path) -> list[dict[str, str]]:
    with path.open(encoding="utf-8", newline="") as file:
        return list(csv.DictReader(file))


def words(text: str) -> int:
    return len(text.split())


@pytest.mark.long
def test_the_generator_makes_the_committed_files_again_byte_for_byte() -> None:
    made = files(FIXTURES)
    print(f"{len(made)} files")
    assert sorted(made) == sorted(path.name for path in MARKET.iterdir())
    for name, content in made.items():
        assert (MARKET / name).read_bytes() == content.encode(), name


def test_there_are_about_three_hundred_firms_in_a_hundred_and_twenty_suppliers() -> None:
    sizes = [len(supplier["members"]) for supplier in suppliers()]
    consortia = [size for size in sizes if size > 1]
    belonging = Counter(member["partner"] for supplier in suppliers() for member in supplier["members"])
    assert (len(partners()), len(sizes), len(consortia)) == (304, 120, 40)
    assert (min(consortia), max(consortia)) == (2, 8)
    assert set(belonging) == {partner["reference"] for partner in partners()}
    assert Counter(belonging.values()) == {1: 290, 2: 14}
    assert all([one["role"] for one in supplier["members"]].count("lead") == 1 for supplier in suppliers())


def test_profiles_have_80_to_400_words_and_one_to_five_case_studies_with_figures() -> None:
    lengths = [
        words(partner["summary"])
        + sum(words(study["title"]) + words(study["text"]) for study in partner["case_studies"])
        for partner in partners()
    ]
    assert min(lengths) >= 80
    assert max(lengths) <= 400
    assert max(lengths) - min(lengths) > 200
    for partner in partners():
        studies = partner["case_studies"]
        assert 1 <= len(studies) <= 5
        assert len({study["key"] for study in studies}) == len(studies)
        for study in studies:
            assert study["title"]
            assert re.search(FIGURE, study["text"].lower()), study
            assert 20 <= words(study["text"]) <= 150


def test_no_sentence_has_a_wording_that_no_english_speaker_would_write() -> None:
    told = " ".join(
        text
        for partner in partners()
        for text in [partner["summary"], *(study["text"] for study in partner["case_studies"])]
    )
    for wrong in ("told in public who", "tested to the people", "  ", "[", "{", "|", " ,", " ."):
        assert told.count(wrong) == 0, wrong
    assert (
        re.findall(
            r"(?<![\d.,])\b(?:1|one) (?:day|week|month|year|person|site|ward|school|council|firm|bid)s\b",
            told,
        )
        == []
    )


def test_a_firm_has_no_more_members_partners_or_doctors_than_its_size_allows() -> None:
    most = {"micro": 10, "small": 57, "medium": 250, "large": 1_050}
    counted = 0
    for partner in partners():
        for found in re.finditer(r"\b(\d+) (?:members|doctorates|partners own)", partner["summary"]):
            counted += 1
            assert int(found[1]) <= most[partner["size"]], (partner["reference"], found[0])
    assert counted > 20


def test_no_case_study_is_older_than_its_firm() -> None:
    born = re.compile(
        r"(?:Spun out in|(?:formed|set up|founded|began|started|opened)\b[^.]*? in|We left [^.]*? in|dates from|"
        r"Trading since|charity since|has worked on [^.]* since|for money since|elect our board[^.]* since) (\d{4})"
    )
    told = 0
    for partner in partners():
        for found in born.finditer(partner["summary"]):
            told += 1
            oldest = min(study["year"] for study in partner["case_studies"])
            assert oldest >= int(found[1]), (partner["reference"], found[0])
    assert told > 40


def test_the_sector_of_a_case_study_is_told_by_its_words_and_stands_with_its_firm() -> None:
    for partner in partners():
        for study in partner["case_studies"]:
            assert study.get("sector") == sector_of(study["title"], study["text"])
            assert {study["sector"]} <= set(partner["sectors"]) if "sector" in study else True
    assert sector_of("Due diligence on a care home group", "A seller offered 18 care homes.") == "social-care"
    assert sector_of("Heat from a disused mine", "A plan for 2030 existed.") == "energy"
    assert sector_of("After lunch", "Nothing tells.") is None


def test_no_twelve_words_in_a_row_stand_in_more_than_three_profiles() -> None:
    holders: dict[tuple[str, ...], set[str]] = defaultdict(set)
    for partner in partners():
        for text in [partner["summary"], *(study["text"] for study in partner["case_studies"])]:
            for run in runs(text, 12, figures=True):
                holders[run].add(partner["reference"])
    assert max(len(who) for who in holders.values()) <= 3
    assert sum(len(who) == 1 for who in holders.values()) / len(holders) > 0.93


def test_no_two_case_studies_have_a_title_or_a_third_of_their_words_in_common() -> None:
    studies = [study for partner in partners() for study in partner["case_studies"]]
    assert len({study["title"] for study in studies}) == len(studies) == 603
    holders: dict[tuple[str, ...], list[int]] = defaultdict(list)
    threes = [set(runs(study["text"], 3, figures=True)) for study in studies]
    for number, found in enumerate(threes):
        for three in found:
            holders[three].append(number)
    shared = Counter(pair for held in holders.values() for pair in combinations(held, 2))
    assert (
        max(both / min(len(threes[one]), len(threes[other])) for (one, other), both in shared.items()) < 0.3
    )


def test_no_profile_says_the_same_sentence_twice() -> None:
    for partner in partners():
        sentences = re.split(r"(?<=[.?:]) ", partner["summary"].replace("\n\n", " "))
        assert len(set(sentences)) == len(sentences), partner["reference"]


def test_every_firm_is_fictional_and_says_so() -> None:
    coined = {first + second for first in FIRST for second in SECOND}
    for partner in partners():
        assert partner["scheme"] == "XX-DEMO"
        assert re.fullmatch(r"4\d{7}", partner["identifier"])
        assert coined & set(re.findall(r"\w+", partner["name"])), partner["name"]
        assert partner["contacts"]["email"].endswith(".example.org")
        assert partner["contacts"]["website"].endswith(".example.org/")
        assert partner["contacts"]["phone"].startswith("01632 960")
        assert "fictional" in partner["ownership_evidence"]["register"]
    assert len({partner["name"].lower() for partner in partners()}) == len(partners())
    assert len({partner["identifier"] for partner in partners()}) == len(partners())


def test_profiles_use_the_closed_lists_and_reach_every_kind_of_ownership_and_size() -> None:
    for partner in partners():
        assert set(partner["sectors"]) <= set(SECTORS)
        assert set(partner["accreditations"]) <= set(ACCREDITATIONS)
    assert {partner["ownership"] for partner in partners()} == set(OWNERSHIP) - {"not-stated"}
    assert {partner["size"] for partner in partners()} == set(SIZES) - {"not-stated"}


def test_every_specialism_of_an_open_framework_lot_is_offered_by_somebody() -> None:
    offered = {
        (row["framework"], one["lot"])
        for row in _lines("placements.jsonl")
        for one in row["offerings"]
        if one["specialisms"]
    }
    for framework in ("rm6309", "cx-demo-01"):
        lots = yaml.safe_load((FIXTURES / "frameworks" / f"{framework}.yaml").read_text(encoding="utf-8"))[
            "lots"
        ]
        assert {lot for which, lot in offered if which == framework} == {lot["number"] for lot in lots}


def test_rates_lie_inside_the_published_ranges_and_rise_with_the_grade() -> None:
    ranges = published_ranges(FIXTURES)
    rows = _rows(MARKET / "rates.csv")
    assert len(rows) > 800
    for row in rows:
        levels = LEVELS[row["framework"]]
        prices = [float(row[grade]) for grade in levels]
        assert prices == sorted(prices)
        for price, level in zip(prices, levels.values(), strict=True):
            assert ranges[level][0] <= price <= ranges[level][1], row
    for row in _rows(MARKET / "rates_by_role.csv"):
        assert ranges[1][0] <= float(row["price"]) <= ranges[6][1]


def test_advice_and_delivery_have_their_own_rates_and_lot_10_complex_and_non_complex() -> None:
    kinds: dict[str, set[str]] = defaultdict(set)
    for row in _rows(MARKET / "rates.csv"):
        if row["framework"] == "rm6309":
            kinds[row["lot"]].add(row["work_type"])
    assert kinds.pop("10") == {"complex", "non-complex"}
    assert set(map(frozenset, kinds.values())) == {frozenset({"advice", "delivery"})}


def test_some_places_rest_so_that_a_page_that_forgets_to_look_is_found_out() -> None:
    states = Counter(place["status"] for supplier in suppliers() for place in supplier["appointments"])
    assert (states["suspended"], states["withdrawn"]) == (3, 1)


def test_the_fixtures_stay_readable_in_size() -> None:
    assert sum(path.stat().st_size for path in FIXTURES.rglob("*") if path.is_file()) < 6_000_000
