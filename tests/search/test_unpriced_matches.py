"""A team that cannot be priced on a card says when that was or will be in force."""

from __future__ import annotations

from decimal import Decimal

import pytest

from procurement.requirements import TeamLine
from tests.search.engines import Indexing, index
from tests.search.firms import firm
from tests.search.test_matching import asked, found


@pytest.mark.parametrize(
    ("gap", "said"),
    [
        (None, "There is no rate card."),
        (("2026-03-31", None), "The rate card is not in force: it ended on 2026-03-31."),
        ((None, "2026-12-01"), "The rate card is not in force: it begins on 2026-12-01."),
        (
            ("2026-03-31", "2026-12-01"),
            "The rate card is not in force: it ended on 2026-03-31 and the next begins on 2026-12-01.",
        ),
    ],
)
def test_a_team_without_a_price_says_when_the_card_was_or_will_be_in_force(
    indexing: Indexing, gap: tuple[str | None, str | None] | None, said: str
) -> None:
    unpriced = firm("Hazel", "Work.")
    if gap is not None:
        unpriced["stored"]["rates_not_in_force"] = {
            "card": "rm1~hazel",
            "ended_on": gap[0],
            "begins_on": gap[1],
        }
    engine = index(indexing, [unpriced, firm("Fir", "Work.", rates={"G1": 900})])
    answer = asked(engine, "work", team=(TeamLine("G1", Decimal(1)),))
    assert found(answer, "Hazel")["price"]["because"] == said
