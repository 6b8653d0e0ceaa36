"""Which lots a need is for: judged needs as data, and what a word counts in a name."""

from __future__ import annotations

from pathlib import Path
from typing import Any, Final

import pytest
import yaml

from search.index import engine
from search.lots import FittingLot
from search.matching import lots_for
from search.short_needs import Names, short_need

pytestmark = pytest.mark.django_db

JUDGED: Final[dict[str, list[dict[str, Any]]]] = yaml.safe_load(
    Path(__file__).with_name("needs.yaml").read_text(encoding="utf-8")
)
OPEN: Final = ("rm6309~", "cx-demo-01~")


class Listings:
    """An index of a hundred listings, of which so many hold a term."""

    documents = 100

    def __init__(self, **holders: int) -> None:
        self._holders = holders

    def frequency(self, term: str) -> int:
        return self._holders.get(term, 0)


def fitting(need: str) -> list[FittingLot]:
    """The lots that take call-offs in the demonstration, for a need."""
    index = engine()
    known = index.reading().labels.facts["lot"]
    return lots_for(need, [one for one in known if one.startswith(OPEN)], index)


def wrong(rows: list[dict[str, Any]]) -> list[tuple[str, str | None, bool | None]]:
    """The needs that are answered otherwise than judged, with what stands first and whether it is called a guess."""
    found = []
    for row in rows:
        lots = fitting(row["need"])
        first = lots[0].reference if lots else None
        guess = lots[0].weak if lots else True
        right = guess is row.get("guess", False) and ("first" not in row or first in row["first"])
        if not right:
            found.append((row["need"], first, guess))
    return found


def test_a_short_need_is_led_to_its_lot_or_told_that_it_is_a_guess(each_demonstration: str) -> None:
    assert len(JUDGED["short"]) >= 30
    assert wrong(JUDGED["short"]) == []


def test_what_public_bodies_published_is_answered_no_worse_than_before(each_demonstration: str) -> None:
    assert len(JUDGED["published"]) == 51
    assert wrong(JUDGED["published"]) == []


@pytest.mark.parametrize(
    ("need", "other"),
    [
        ("Evaluate a vision rehabilitation service", "an evaluation of a vision rehabilitation service"),
        ("Evaluate a mentoring scheme", "The evaluation of a mentoring scheme"),
    ],
)
def test_a_need_is_as_clear_in_whichever_form_its_words_stand(
    demonstration: None, need: str, other: str
) -> None:
    assert [(one.reference, one.weak) for one in fitting(need)[:1]] == [
        (one.reference, one.weak) for one in fitting(other)[:1]
    ]


def test_a_word_counts_more_in_a_name_of_its_own_than_in_a_longer_one() -> None:
    names = Names(["Rail", "Rail and road freight", "Housing"])
    told = {"rail": 1.0}
    assert names.share("Rail", told) == (("rail",), 1.0)
    assert names.share("Housing", told) == ((), 0.0)
    shared, part = names.share("Rail and road freight", told)
    assert (shared, 0.4 < part < 0.7) == (("rail",), True)


def test_what_is_asked_for_tells_more_than_what_it_is_for_and_unknown_words_count_against_all() -> None:
    names = Names(["Impact evaluation", "Schools"])
    need = short_need("An evaluation of schools", names, Listings())
    assert need is not None
    assert need.told["evalu"] == 2 * need.told["school"]
    assert need.words == {"evalu": "evaluation", "school": "schools"}
    laptops = short_need("laptops for schools", names, Listings())
    assert laptops is not None
    assert laptops.whole > need.whole
    guards = short_need("evaluation guards", names, Listings())
    assert guards is not None
    assert guards.told["guard"] == 4 * names.rarity("guard")
    frequent = short_need("evaluation guards", names, Listings(guard=99))
    assert frequent is not None
    assert frequent.told["guard"] < guards.told["guard"] / 100


def test_a_long_need_and_one_of_nothing_are_no_short_ones() -> None:
    names = Names(["Evaluation"])
    assert short_need("of the 2027", names, Listings()) is None
    assert short_need("one two three four five six seven eight nine ten", names, Listings()) is not None
    assert short_need("one two three four five six seven eight nine ten eleven", names, Listings()) is None
