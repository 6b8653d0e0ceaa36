"""Facets of few listings are counted by what each bears, of many by who bears each value: the same counts."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

from search.engines.bits import counts_among, mask_of
from search.engines.columns import rows_of
from search.engines.embedded import EmbeddedEngine
from search.engines.listings import ListingsReader
from search.engines.listings_view import ListingsView
from search.engines.spots import begins, tallied
from search.fields import FILTERS
from search.query import ListingQuery
from tests.search.listing_documents import fill, listing, lots, offering, specialism

SIZE = 40


@pytest.fixture(scope="module")
def view(tmp_path_factory: pytest.TempPathFactory) -> ListingsView:
    """Forty listings: every second with a lot and specialisms of its own, every fifth accredited, one of them with one
    specialism on two lots.
    """
    root: Path = tmp_path_factory.mktemp("index")
    fill(EmbeddedEngine(root), [_firm(number) for number in range(SIZE)])
    return ListingsReader(root / "listings").view()


def _firm(number: int) -> dict[str, object]:
    offered = [offering("rm1~1", "rm1~1~1", "UKC")]
    if number % 2:
        offered += [offering("rm1~2", f"rm1~2~{number % 3}", "UKD"), offering("rm1~2", "rm1~1~1", "UKC")]
    return listing(
        f"firm-{number}",
        framework="rm1",
        summary="Evaluation" if number % 10 == 0 else "Audit",
        lots=lots("rm1", "1", "2"),
        specialisms=[
            specialism("rm1~1", "1", "Sight"),
            *(specialism("rm1~2", str(at), "Care") for at in range(3)),
        ],
        offerings=offered,
        sectors=["health", "education"][: number % 3],
        accreditations=[] if number % 5 else ["cyber-essentials"],
        size=["micro", "small", "medium"][number % 3],
    )


@pytest.mark.parametrize("every", [1, 2, 7, 39])
def test_both_ways_of_counting_agree(view: ListingsView, every: int) -> None:
    slots = view.everything[::every]
    starts, numbers = view.all_borne
    by_listing = np.bincount(numbers[rows_of(starts, slots)], minlength=len(view.all_bearers))
    assert by_listing.tolist() == counts_among(view.all_bearers, mask_of(slots, view.size)).tolist()


def test_numbers_name_the_values_of_each_facet(view: ListingsView) -> None:
    table = view.facets
    assert set(table.stretches) == {field.name for field in FILTERS}
    for name, (first, last) in table.stretches.items():
        assert table.values[first:last] == view.codes[name].values
    assert table.stretches["region"][1] == table.size


def test_a_facet_lists_most_first_and_equals_by_the_alphabet(view: ListingsView) -> None:
    first, last = view.facets.stretches["size"]
    counts = np.zeros(view.facets.size, dtype=np.int64)
    counts[first:last] = [2, 3, 2]
    ordered = view.facets.ordered(counts)
    assert [view.facets.values[number] for number in ordered["size"]] == ["small", "medium", "micro"]
    assert not any(found for name, found in ordered.items() if name != "size")


def test_few_hits_are_counted_as_in_a_question_of_many(view: ListingsView) -> None:
    reader = ListingsReader(view.directory.parent)
    few = reader.search(ListingQuery(q="evaluation"), lambda _: view.freshness())
    assert few.count == 4
    told = {facet.name: {value.value: value.count for value in facet.values} for facet in few.facets}
    assert told["size"] == {"micro": 2, "small": 1, "medium": 1}
    assert told["accreditation"] == {"cyber-essentials": 4}


@pytest.mark.parametrize(
    ("kind", "wanted", "rows"),
    [
        ("specialism", ["rm1~1~1"], 60),
        ("lot", ["rm1~1", "rm1~2"], 100),
        ("lot", [], 0),
        ("lot", ["rm1~2"], 60),
    ],
)
def test_offerings_of_a_value_are_found_in_order(
    view: ListingsView, kind: str, wanted: list[str], rows: int
) -> None:
    found = view.offers_of(kind, view.codes[kind].find(wanted))
    codes = set(view.codes[kind].find(wanted))
    column = view.columns.array(f"offer_{kind}").tolist()
    assert found.tolist() == [row for row, code in enumerate(column) if code in codes]
    assert len(found) == rows


def test_keys_are_tallied_and_their_beginnings_found() -> None:
    found, counts = tallied(np.array([5, 1, 5, 5]), 7)
    assert (found.tolist(), counts.tolist()) == ([1, 5], [1, 3])
    assert begins(np.array([1, 1, 2, 5, 5])).tolist() == [True, False, True, True, False]
    assert begins(np.zeros(0, dtype=np.int64)).tolist() == []
