"""How long what nobody has to keep is kept: one table. Pure.

What the law asks to keep is not in it and is never purged: the event log and who may read it, call-offs, offers,
contracts with their notices, indicators and ratings, competitions, what was submitted with its files, scores, consensus
and letters (Procurement Act 2023, section 98: three years from the contract or the award; Public Contracts Regulations
2015, regulation 84(9)). The setting RETENTION_DAYS replaces days by name.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final


@dataclass(frozen=True, slots=True)
class Kept:
    """What is kept for `days` after it was done with, and why so long."""

    what: str
    days: int
    why: str


KEPT: Final = (
    Kept("ended_sessions", 1, "Signed in no more: their time is over."),
    Kept("registrations", 2, "Asked for an account and did not follow the link, which was good for a day."),
    Kept(
        "member_invitations",
        30,
        "Accepted, declined, withdrawn or too old: the address of somebody who may have no account.",
    ),
    Kept("idempotency_records", 2, "A request is repeated within hours; docs/api.md promises 48."),
    Kept(
        "deliveries",
        90,
        "Sent or dropped; the event itself stays. Some quarter may be asked what was told to whom.",
    ),
    Kept("dead_letters", 365, "Given up: an operator may have them tried again for a year."),
    Kept("read_messages", 365, "Of the inbox, once somebody has read them."),
    Kept("finds_by_day", 400, "How often a listing was shown on a day: a year and a month, to compare."),
    Kept(
        "finds_by_month",
        1_100,
        "The same by month and firm: three years. They are numbers and name nobody who searched.",
    ),
    Kept(
        "removed_files",
        30,
        "Bytes of files that were taken away and were part of nothing published or submitted.",
    ),
    Kept(
        "files_without_row",
        1,
        "Bytes of uploads that came to nothing: sent twice at once, or broken off. No transaction takes a day.",
    ),
)
"""Messages that nobody has read stay, and with each the delivery that wrote it."""
DAYS: Final = {one.what: one.days for one in KEPT}
