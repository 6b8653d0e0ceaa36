"""The README's tour, run line by line as a newcomer would paste it: each does what the sentence
above it says.
"""

from __future__ import annotations

import re
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from tests.api.curl import run

README = Path(__file__).resolve().parents[2] / "README.md"
LINES = re.findall(r"^```sh\n(curl .+)\n```$", README.read_text(encoding="utf-8"), flags=re.MULTILINE)


def evaluation(body: dict[str, Any]) -> None:
    assert body["results"][0]["partner"]["name"] == "OPM Group"
    assert len(body["results"]) == 3


def charities(body: dict[str, Any]) -> None:
    assert body["count"] >= 1
    assert {hit["ownership"] for hit in body["results"]} <= {"charity", "public-service-mutual"}
    siblings = {value["value"] for value in body["facets"]["ownership"]["values"] if value["count"]}
    assert len(siblings) > 2, "a facet's counts ignore its own filter"


def cheapest(body: dict[str, Any]) -> None:
    rates = [float(hit["rate"]["amount"]) for hit in body["results"]]
    assert rates
    assert rates == sorted(rates)
    assert rates[-1] <= 900


def suggested(body: dict[str, Any]) -> None:
    assert {"partner", "specialism"} <= {one["kind"] for one in body["results"]}
    assert all("soc" in one["name"].lower() for one in body["results"])


def priced(body: dict[str, Any]) -> None:
    assert body["count"] > 100
    assert len(body["statistics"]["histogram"]) == 8
    assert body["statistics"]["count"] == sum(one["count"] for one in body["statistics"]["histogram"])
    assert body["proposed"]["amount"] == "950.00"
    assert len(body["results"]) == 5


def refused(body: dict[str, Any]) -> None:
    assert body["status"] == 400
    assert [error["parameter"] for error in body["errors"]] == ["colour"]


def matched(body: dict[str, Any]) -> None:
    answer = body["answer"]
    assert len(answer["results"]) == 3
    assert all(one["evidence"] for one in answer["results"])
    assert answer["recommended_lots"]
    assert answer["notes"] == []


@pytest.mark.parametrize(
    ("line", "expected"),
    list(zip(LINES, [evaluation, charities, cheapest, suggested, priced, refused, matched], strict=True)),
)
def test_each_line_of_the_tour_does_what_is_said(
    line: str, expected: Callable[[dict[str, Any]], None], demonstration: None, db: None
) -> None:
    expected(run(line, {}).json())


def test_every_file_the_readme_points_at_exists() -> None:
    targets = re.findall(r"\]\(([^)#:]+)\)", README.read_text(encoding="utf-8"))
    assert [target for target in targets if not (README.parent / target).exists()] == []
