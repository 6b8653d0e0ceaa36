"""A contract of the small market above £5 million, made by the forms of the pages."""

from __future__ import annotations

from typing import Any, Final

from django.test import Client
from django.utils import timezone

from procurement.models import Contract, Framework, Lot
from tests.web.buying import signed
from tests.web.calling_off import awarded as awarded_small
from tests.web.calling_off import step
from tests.web.reading import read

NAMES: Final = ["Reports on time", "Answered calls", "Satisfied users"]
TARGETS: Final = ["95 in 100 by their day.", "Nine of ten within a minute.", "Four of five helped."]


def revision(contract: str) -> int:
    return Contract.objects.get(reference=contract.rpartition("/")[2]).revision


def set_form(contract: str, **changes: Any) -> dict[str, Any]:
    """The form of the list as it is sent, an empty row last."""
    rows = {"name": [*NAMES, ""], "target": [*TARGETS, ""]}
    return {"revision": revision(contract), **rows, "no_indicators": "", **changes}


def large(page: Client) -> str:
    """Awarded, its award notice published; the contract's address."""
    Framework.objects.filter(reference="rm1").update(regime="pa2023")
    Lot.objects.filter(reference="rm1~1").update(direct_award_cap_pence=None, maximum_value_pence=None)
    _, _, contract = awarded_small(signed(page), expenses="£5,000,000")
    said = {"notice": "uk6", "number": "2026/S 000-0", "published_on": timezone.localdate().isoformat()}
    assert step(page, contract, "publish_notice", **said).status_code == 303
    return contract


def measured(page: Client, **changes: Any) -> str:
    """The same with three indicators, signed by both and ended before its time; the buyer is signed in."""
    contract = large(page)
    assert page.post(f"{contract}/indicators", set_form(contract, **changes)).status_code == 303
    signed(page, "alder@example.org")
    assert step(page, contract, "sign").status_code == 303
    signed(page)
    assert step(page, contract, "sign").status_code == 303
    assert step(page, contract, "terminate", reason="The service was closed.").status_code == 303
    return contract


def periods(page: Client, contract: str) -> list[str]:
    """The addresses at which the contract's periods are assessed, as its page links to them."""
    found = [one.attributes["href"] for one in read(page.get(contract)).all("a")]
    return [one for one in found if one.startswith(f"{contract}/assess/")]


def ratings_form(contract: str, *ratings: str, **changes: Any) -> dict[str, Any]:
    """The form of a period as it is sent, with a note where one is needed."""
    notes = ["" if one in ("good", "approaching_target") else "As the returns show." for one in ratings]
    rows = Contract.objects.get(reference=contract.rpartition("/")[2]).indicators
    names = list(rows.order_by("position").values_list("name", flat=True))
    sent = {"indicator": names, "rating": list(ratings), "note": notes}
    return {"revision": revision(contract), **sent, **changes}
