"""Cards by role in the world of tests/world.py, for whatever prices a team."""

from __future__ import annotations

from typing import Any, Final

from procurement.actions.rate_lines import LineDraft
from procurement.actions.rates import CardDraft, publish_cards
from procurement.permissions import SYSTEM

OAK: Final = (
    LineDraft("e5", 60_000, "Data engineer", min_experience=5, qualification="bachelors"),
    LineDraft("e10", 85_000, "Data  Engineer", min_experience=10, qualification="masters", site="contractor"),
    LineDraft("e8", 70_000, "DATA ENGINEER", min_experience=8, site="customer"),
    LineDraft("e?", 40_000, "Data engineer"),
    LineDraft("d", 45_000, "Designer", min_experience=2),
)
"""Of the engineers the cheapest does not say how much experience it asks for."""
YEW: Final = (LineDraft("1", 50_000, "Data engineer", min_experience=3),)
TEAM: Final[list[dict[str, Any]]] = [
    {"role": "data engineer", "experience": 6, "days": "10"},
    {"role": "Designer", "hours": "20"},
]
"""At oak 7,000.00 for the engineer; of the designer 20 hours, at eight a day 1,125.00."""


def publish_role_cards(**card: Any) -> None:
    """Oak's and yew's cards on wr1, by role alone."""
    publish_cards(SYSTEM, [CardDraft("oak", "wr1", OAK, **card), CardDraft("yew", "wr1", YEW, **card)])
