"""The order form on paper, from the document that an offer froze: the same order gives the same bytes.

Everything comes from the stored JSON; nothing is read anew. Amounts are decimal strings of pounds, VAT excluded.
"""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping
from decimal import Decimal
from typing import Any, Final

from procurement.evidence.content import CEILINGS, ILLUSTRATIVE, Pack, Table, told
from procurement.team_lines import TeamLine, Unit, years_or_more
from procurement.terms import MECHANISMS
from procurement.vocabulary import QUALIFICATIONS, SITES

VERIFYING: Final = (
    "The digest is the SHA-256 of the order as JSON with sorted names, without blanks, in UTF-8; the order form as "
    "JSON is that text."
)
AT_MOST: Final = "Amounts in pounds, VAT excluded. The total is the most that the purchase may come to."


def order_pack(document: str, digest: str) -> Pack:
    """The order as a titled pack of tables, for paper.py."""
    order = json.loads(document)
    title = f"Order form {order['call_off']['reference']} to {order['supplier']['name']}"
    tables = (
        _fields("Order", _parties(order) | {"Digest": digest}, VERIFYING),
        _fields(
            "What is bought", {_named(name): one for name, one in order["requirement"]["content"].items()}
        ),
        _fields("Price", _price(order), AT_MOST),
        _rates(order["price"]),
        _options(order["terms"]),
        *_outcomes(order.get("outcomes")),
    )
    return Pack(title, order["sent_at"], tables)


def _parties(order: Mapping[str, Any]) -> dict[str, Any]:
    call_off, framework, lot = order["call_off"], order["framework"], order["lot"]
    return {
        "Call-off": f"{call_off['reference']} {call_off['title']}",
        "OCID": call_off["ocid"],
        "Buyer": order["buyer"]["name"],
        "Supplier": order["supplier"]["name"],
        "Partners wanted": ", ".join(order["partners"]) or "left to the supplier",
        "Framework": f"{framework['number']} {framework['name']}",
        "Lot": f"{lot['number']} {lot['name']}",
        "Requirement": f"{order['requirement']['reference']} revision {order['requirement']['number']}",
        "First day": order["starts_on"],
        "Last day": order["ends_on"],
        "Sent at": order["sent_at"],
        "Answer by": order["reply_by"],
        "Awarded directly because": "\n".join(
            part
            for part in (MECHANISMS.get(order["terms"]["mechanism"], ""), order["terms"]["reason"])
            if part
        ),
    }


def _price(order: Mapping[str, Any]) -> dict[str, Any]:
    price, card = order["price"], order["price"]["rate_card"]
    return {
        "Price of the work": price["amount"],
        "Expenses at most": order["terms"]["expenses"],
        "Total with every option": order["total"]["amount"],
        "Rate card": f"{card['reference']} version {card['version']}" if card else "a stated price",
        "Digest of the rate card": card["digest"] if card else None,
    }


def _rates(price: Mapping[str, Any]) -> Table:
    card = price["rate_card"]
    note = f"{CEILINGS} {ILLUSTRATIVE}" if card and card["basis"] == "illustrative" else CEILINGS
    if any("role" in line for line in price["lines"]):
        columns = ("Grade or role", "Of the card", "Work", "Rate", "Amount")
        return Table("Work and rates", columns, tuple(map(_line, price["lines"])), note)
    # An order of grades alone stays the very table that it was: the same order gives the same bytes.
    rows = tuple(
        tuple(told(line[name]) for name in ("grade", "name", "days", "rate", "amount"))
        for line in price["lines"]
    )
    return Table("Days and rates", ("Grade", "Name", "Days", "Rate", "Amount"), rows, note)


def _line(line: Mapping[str, Any]) -> tuple[str, ...]:
    """A line of the team: what was asked for, which line of the card it is priced by, how much of it."""
    unit: Unit = "hour" if "hours" in line else "day"
    quantity = Decimal(line[f"{unit}s"])
    if "role" not in line:
        asked, of_card = TeamLine(line["grade"], quantity), line["name"]
    else:
        asked, taken = TeamLine("", quantity, line["role"], line["experience"], unit), line["line"]
        least = taken["min_experience"]
        about = [
            f"line {taken['key']}",
            "" if least is None else years_or_more(least),
            QUALIFICATIONS.get(taken["qualification"], ""),
            SITES.get(taken["site"], ""),
        ]
        of_card = ", ".join([taken["role"], *filter(None, about)])
    return asked.named, of_card, asked.worked, line["rate"], line["amount"]


def _options(terms: Mapping[str, Any]) -> Table:
    rows = tuple((told(one["months"]), one["amount"]) for one in terms["extensions"])
    return Table("Options to extend, in their order", ("Months", "At most"), rows)


def _outcomes(plan: Mapping[str, Any] | None) -> Iterator[Table]:
    """What is paid for outcomes beside; nothing in an order without, or of the time before there were any."""
    if plan is None:
        return
    columns = (
        "Measure",
        "What counts, and where it is read",
        "Baseline and target",
        "Price of each",
        "At most",
    )
    rows = tuple(
        (
            one["name"],
            f"{one['definition']}\n{one['data_source']}",
            f"{told(one['baseline'])} to {told(one['target'])} {one['unit']}",
            one["price"],
            told(one["most"]),
        )
        for one in plan["measures"]
    )
    note = f"{plan['reference']}: {plan['cap']['amount']} pounds at most, VAT excluded."
    if plan["long_stop_on"]:
        note += f" Nothing is claimed after {plan['long_stop_on']}."
    yield Table("Paid for outcomes", columns, rows, note)


def _fields(title: str, fields: Mapping[str, Any], note: str = "") -> Table:
    rows = tuple((name, told(value)) for name, value in fields.items() if told(value))
    return Table(title, ("Field", "Value"), rows, note)


def _named(name: str) -> str:
    return name.replace("_", " ").capitalize()
