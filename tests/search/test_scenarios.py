"""Who is found for what: the scenarios of scenarios.yaml, asked of each engine over the demonstration."""

from __future__ import annotations

from datetime import date
from pathlib import Path
from typing import Any

import pytest
import yaml
from django.http import QueryDict

from search.index import engine
from search.params import listing_query
from search.query import ListingResult

SCENARIOS: list[dict[str, Any]] = yaml.safe_load(
    (Path(__file__).parent / "scenarios.yaml").read_text(encoding="utf-8")
)
DAY = date(2026, 11, 22)
# The searches read no database, but pytest-django sets it up for the loading only where a test may use it.
pytestmark = pytest.mark.django_db
KEYS = {"about", "ask", "first", "within", "must_appear", "must_not", "did_you_mean", "count"}


def asked(parameters: dict[str, str]) -> ListingResult:
    """The first hundred listings."""
    query = QueryDict(mutable=True)
    query.update({name: value for name, value in parameters.items() if value})
    query.update({"page_size": "100", "seed": "3"})
    return engine().search_listings(listing_query(query, DAY))


def partners(result: ListingResult) -> list[str]:
    """Partners in the order of their best listing."""
    return list(dict.fromkeys(hit.reference.split("~")[2] for hit in result.hits))


@pytest.mark.parametrize(
    "scenario", SCENARIOS, ids=[f"{one['about']}: {one['ask']['q'][:40]}" for one in SCENARIOS]
)
def test_the_right_partners_are_found(each_demonstration: str, scenario: dict[str, Any]) -> None:
    result = asked(scenario["ask"])
    found = partners(result)
    near = found[: scenario.get("within", 10)]
    assert found[:1] == [scenario.get("first", found[0])] if found else "first" not in scenario, found[:10]
    assert set(scenario.get("must_appear", ())) <= set(near), near
    assert not set(scenario.get("must_not", ())) & set(found), found
    if "did_you_mean" in scenario:
        assert result.did_you_mean == scenario["did_you_mean"]
    if "count" in scenario:
        assert result.count == scenario["count"]


def test_every_scenario_says_something_and_there_are_enough_of_them() -> None:
    assert len(SCENARIOS) >= 45
    assert all(set(one) <= KEYS and set(one) - {"about", "ask", "within"} for one in SCENARIOS)


def test_scenarios_name_partners_that_exist(each_demonstration: str) -> None:
    known = {key.split("~")[2] for key, _ in engine().listing_keys()}
    named = {
        partner
        for one in SCENARIOS
        for partner in [
            *one.get("must_appear", ()),
            *one.get("must_not", ()),
            *filter(None, [one.get("first")]),
        ]
    }
    assert named <= known
