"""Columns that an import of rates does not read and that may say another currency, unit, VAT or basis than it takes.

Beside rate_cells.py, which reads the others: what all the rates of a file are in is asked for once, and a column that
says something else must not be passed over.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Final

from procurement.actions.rate_cells import UNKNOWN, CellFault
from procurement.team_lines import folded

CURRENCY_WORDS: Final = {
    "GBP": frozenset(("gbp", "£", "pound", "pounds", "sterling", "pound sterling", "pounds sterling")),
    "EUR": frozenset(("eur", "€", "euro", "euros")),
    "USD": frozenset(("usd", "$", "us$", "dollar", "dollars", "us dollar", "us dollars")),
}
UNIT_WORDS: Final = {
    "day": frozenset(("day", "days", "per day", "a day", "/day", "daily", "day rate", "daily rate")),
    "hour": frozenset(
        ("hour", "hours", "per hour", "an hour", "/hour", "hourly", "hourly rate", "hr", "hrs")
    ),
}
WITHOUT_VAT: Final = frozenset(
    (
        "excluded", "excluding", "exclusive", "excl", "excl.", "ex", "ex.", "ex vat", "exc", "exc vat", "excl vat",
        "excl. vat", "excluding vat", "vat excluded", "exclusive of vat", "without", "without vat", "net", "no",
        "not included", "plus vat", "+ vat", "false", "n",
    )
)  # fmt: skip
BASES: Final = frozenset(("published", "illustrative"))
HEADINGS: Final = {
    "currency": ("currency", "ccy", "currencycode", "ratecurrency", "pricecurrency"),
    "unit": ("unit", "units", "rateunit", "priceunit", "unitofmeasure", "uom", "per"),
    "VAT": (
        "vat",
        "vatstatus",
        "vatbasis",
        "vatincluded",
        "inclvat",
        "incvat",
        "includesvat",
        "includingvat",
    ),
    "basis": ("basis", "ratebasis", "pricebasis"),
}
_MEANT: Final = {heading: what for what, headings in HEADINGS.items() for heading in headings}


class Beside:
    """Watches the columns of one file that nobody reads: `unread` has their headings, and what `plain` of
    rate_headings.py makes of each; the rates are taken in `currency` and for one `unit`, as rates of the `basis`.
    """

    def __init__(self, unread: Mapping[str, str], currency: str, unit: str, basis: str) -> None:
        self._columns = [(heading, _MEANT[plain]) for heading, plain in unread.items() if plain in _MEANT]
        self._taken = {
            "currency": f"in {currency}",
            "unit": f"for a {unit}",
            "VAT": "without VAT",
            "basis": f"as {basis}",
        }
        self._same = {"currency": CURRENCY_WORDS[currency], "unit": UNIT_WORDS[unit], "VAT": WITHOUT_VAT}
        self._other_bases = BASES - {basis}

    def odd(self, row: int, cells: Mapping[str, str]) -> Iterable[CellFault]:
        """A warning for each cell of a row that says something else than what is taken."""
        for heading, what in self._columns:
            cell = folded(cells.get(heading, ""))
            if what == "basis":
                # A basis may be anything else in a sheet, such as time and materials.
                same = cell not in self._other_bases
            else:
                same = cell in UNKNOWN or cell in self._same[what] or (what == "VAT" and _per_cent(cell))
            if same:
                continue
            message = f"is not read, and the rate is taken {self._taken[what]}"
            yield CellFault(row, heading, cells[heading][:200], message)


def _per_cent(cell: str) -> bool:
    """Whether a cell says how high VAT is, and not whether it is included."""
    return cell.removesuffix("%").strip().replace(".", "", 1).isdecimal()
