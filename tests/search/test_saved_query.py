"""The canonical form of a saved query: one for all that asks the same, and checked as a search is."""

from __future__ import annotations

from datetime import date

import pytest
from hypothesis import given
from hypothesis import strategies as st

from procurement.models import Framework
from search.parameters import BadParameters
from search.params import listing_query
from search.saved_query import asked_of, canonical_query, kept_query
from tests.world import make_frameworks

ON = date(2026, 11, 25)


@pytest.mark.django_db
@pytest.mark.parametrize(
    ("sent", "canonical"),
    [
        ("", ""),
        ("?q=+vision++rehabilitation+", "q=vision+rehabilitation"),
        ("region=tlc&framework=RM6309&q=x&region=TLB&region=TLC", "q=x&framework=rm6309&region=TLB&region=TLC"),
        ("framework=rm6309&lot=7", "framework=rm6309&lot=rm6309%7E7"),
        ("lot=rm6309~7&framework=rm6309", "framework=rm6309&lot=rm6309%7E7"),
        ("framework=rm6309&grade=g3&max_rate=900.5", "framework=rm6309&grade=G3&max_rate=900.50"),
        ("q=x&sort=relevance&page=3&page_size=50&seed=4", "q=x"),
        ("q=x&sort=name", "q=x&sort=name"),
        ("q=&framework=", ""),
    ],
)  # fmt: skip
def test_what_asks_the_same_is_kept_alike(sent: str, canonical: str) -> None:
    written = canonical_query(sent, ON).replace("~", "%7E")
    assert written == canonical
    assert canonical_query(canonical, ON).replace("~", "%7E") == canonical


@pytest.mark.django_db
def test_a_framework_is_kept_by_its_reference_whatever_it_was_named_by() -> None:
    make_frameworks()
    Framework.objects.filter(reference="wr1").update(number="RM1557.14")
    for named in ("RM1557.14", "rm1557.14", "WR1"):
        assert canonical_query(f"framework={named}&lot=2A", ON) == "framework=wr1&lot=wr1~2a"
    assert canonical_query("framework=nobody", ON) == "framework=nobody"


@given(
    q=st.text(max_size=60),
    regions=st.lists(st.sampled_from(["TLC", "tlb", "UKC"]), max_size=3),
    sort=st.sampled_from(["", "name", "relevance"]),
)
def test_the_canonical_form_asks_the_same_and_is_its_own(q: str, regions: list[str], sort: str) -> None:
    asked = asked_of("")
    asked.setlist("q", [q])
    asked.setlist("region", regions)
    asked.setlist("sort", [sort])
    asked["seed"] = "3"
    try:
        query = listing_query(asked, ON)
    except BadParameters:
        return
    canonical = canonical_query(asked.urlencode(), ON)
    kept = kept_query(canonical, ON, {"seed": ["3"]})
    assert kept.q.split() == query.q.split()
    assert {name: set(values) for name, values in kept.filters.items()} == {
        name: set(values) for name, values in query.filters.items()
    }
    assert (kept.sort, kept.seed) == (query.sort, 3)
    assert canonical_query(canonical, ON) == canonical


@pytest.mark.parametrize("sent", ["colour=blue", "grade=G3", "page=0", "q=" + "x" * 9_000, "a&" * 2_000])
def test_what_cannot_be_asked_is_refused(sent: str) -> None:
    with pytest.raises(BadParameters):
        canonical_query(sent, ON)
