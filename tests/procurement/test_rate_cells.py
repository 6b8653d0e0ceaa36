"""What single cells of a rate sheet say."""

from __future__ import annotations

from datetime import date

import pytest

from procurement.actions.rate_cells import read_day, read_qualification, read_slug, read_years
from procurement.vocabulary import SITES


@pytest.mark.parametrize(
    ("cell", "slug", "words"),
    [
        ("Bachelors", "bachelors", ""), ("Bachelor's", "bachelors", ""), ("BS", "bachelors", "BS"),
        ("B.A. or B.S.", "bachelors", "B.A. or B.S."), ("Master’s", "masters", ""), ("Ph.D.", "phd", ""),
        ("MA/MS", "masters", "MA/MS"), ("High School Diploma", "high-school", "High School Diploma"),
        ("None", "none", ""), ("", "", ""), ("N/A", "", ""), ("AA Degree", "associates", "AA Degree"),
        ("BSc", "bachelors", "BSc"), ("BA (Hons)", "bachelors", "BA (Hons)"), ("ba (hons)", "bachelors", "ba (hons)"),
        ("B.Sc. (Hons)", "bachelors", "B.Sc. (Hons)"), ("BEng", "bachelors", "BEng"), ("LLB", "bachelors", "LLB"),
        ("MSc", "masters", "MSc"), ("MBA", "masters", "MBA"), ("MEng", "masters", "MEng"),
        ("PhD", "phd", ""), ("DPhil", "phd", "DPhil"), ("HND", "associates", "HND"), ("HNC", "associates", "HNC"),
        ("Foundation degree", "associates", "Foundation degree"), ("A level", "high-school", "A level"),
        ("3 A-levels", "high-school", "3 A-levels"), ("AS level", "high-school", "AS level"),
        ("GCSEs", "high-school", "GCSEs"), ("NVQ level 3", "high-school", "NVQ level 3"),
        ("NVQ Level 4", "associates", "NVQ Level 4"), ("NVQ6", "bachelors", "NVQ6"),
        ("NVQ level 7", "masters", "NVQ level 7"), ("NVQ", "", "NVQ"), ("A level of care", "", "A level of care"),
        ("Certifications, such as ASQ", "", "Certifications, such as ASQ"),
    ],
)  # fmt: skip
def test_a_qualification_keeps_the_sources_words_where_they_say_more(
    cell: str, slug: str, words: str
) -> None:
    assert read_qualification(cell) == (slug, words)


@pytest.mark.parametrize(
    ("cell", "years"), [("5", 5), ("5.0", 5), ("5+", 5), ("5 years", 5), ("0", 0), ("", None), ("N/A", None)]
)
def test_years_are_whole(cell: str, years: int | None) -> None:
    assert read_years(cell) == years


@pytest.mark.parametrize("cell", ["five", "-1", "4.5", "61", "3-5"])
def test_what_is_no_number_of_years_is_refused(cell: str) -> None:
    with pytest.raises(ValueError, match="number of years"):
        read_years(cell)


def test_days_are_iso_and_an_ambiguous_one_is_refused() -> None:
    assert read_day("2026-03-31") == read_day("2026-03-31 00:00:00") == date(2026, 3, 31)
    assert read_day("") is None
    for cell in ("03/04/2026", "2026-02-30", "soon", "20260101", "2026-W01-1", "2026-1-1", "٢٠٢٦-01-01"):
        with pytest.raises(ValueError, match="is no day"):
            read_day(cell)


def test_closed_lists_are_read_by_slug_label_or_usual_word() -> None:
    words = {"client": "customer"}
    assert [read_slug(cell, SITES, words) for cell in ("both", "Either", " CLIENT ", "", "n/a")] == [
        "both", "both", "customer", "", "",
    ]  # fmt: skip
    with pytest.raises(ValueError, match="is none of customer, contractor, both"):
        read_slug("moon", SITES, words)
