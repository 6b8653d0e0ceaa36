"""A database that is filled with people, contracts, competitions, tenders and files. For
tests/procurement/test_move.py; and, taken back to before the reminders of contracts and competitions and forward again,
for tests/procurement/test_filled_migrations.py, which runs it as a process of its own: python -m tests.filled. It
prints as JSON what stood after each way. DATABASE_URL or CALLOFF_DATA says where the database is, which is empty.
"""

from __future__ import annotations

import json
from typing import Any, Final

import django

django.setup()

from django.core.management import call_command  # noqa: E402 - it needs the settings
from django.db import connection  # noqa: E402

from procurement.actions.awards import cancel_call_off  # noqa: E402
from procurement.actions.contracts import complete_contract  # noqa: E402
from procurement.actions.due import move_due  # noqa: E402
from procurement.actions.events import verify  # noqa: E402
from procurement.actions.files import add_document, add_tender_file  # noqa: E402
from procurement.models import Competition, Contract, Event, Lot, Tender  # noqa: E402
from tests.bought import active, awarded, begun  # noqa: E402
from tests.competed import after, closed, make_contest, planned, published, written  # noqa: E402

BEFORE: Final = "0013_outbox"


def standing() -> dict[str, Any]:
    """What the data steps write: the days on which the clock looks at contracts, the moments at which it reminds of
    competitions, what became of tenders.
    """
    competitions = Competition.objects.order_by("pk").values(
        "call_off__status",
        "published_at",
        "invited_at",
        "interest_until",
        "deadline",
        "remind_at",
        "reminded_at",
    )
    return {
        "contracts": list(Contract.objects.order_by("pk").values("status", "notice_on", "remind_on")),
        "competitions": list(competitions),
        "light_touch": list(Lot.objects.order_by("reference").values_list("light_touch", flat=True)),
        "work_types": list(Lot.objects.order_by("reference").values_list("work_types", flat=True)),
        "tenders": list(Tender.objects.order_by("pk").values_list("status", "reason")),
        "events": Event.objects.count(),
        "holds": verify() is None,
        "guards": guards(),
    }


def guards() -> list[str]:
    """The triggers that keep what is immutable."""
    table, name = (
        ("pg_trigger WHERE NOT tgisinternal", "tgname")
        if connection.vendor == "postgresql"
        else ("sqlite_master WHERE type = 'trigger'", "name")
    )
    with connection.cursor() as cursor:
        cursor.execute(f"SELECT {name} FROM {table} ORDER BY {name}")  # noqa: S608 - names of ours
        return [row[0] for row in cursor.fetchall()]


def fill() -> dict[str, str]:
    """Fills a migrated database; the references of a contract that is not signed and of one that is active."""
    contest = make_contest()
    # Before anything else is out: its deadline comes by the clock, which would close that too.
    call_off = closed(contest)
    cancel_call_off(contest.market.buyer, call_off.reference, call_off.revision, "The money has gone.")
    # Versions before left them as they were.
    Tender.objects.filter(status="unsuccessful").update(status="submitted", reason="")
    unsigned, live = awarded(contest.market), active(contest.market)
    done = begun(contest.market)
    complete_contract(contest.market.buyer, done.reference, done.revision)
    planned(contest)
    out = published(contest)
    add_document(contest.market.buyer, out.reference, "brief.txt", [b"What is needed."])
    tender = written(contest.market.oak, out, "oak")
    add_tender_file(
        contest.market.oak, tender.reference, tender.revision, "method.txt", "quality", [b"How it is done."]
    )
    published(contest, plan={"interest_until": after(days=5)})
    return {"unsigned": unsigned.reference, "live": live.reference}


def main() -> None:
    call_command("migrate", verbosity=0)
    references = fill()
    first = standing()
    call_command("migrate", "procurement", BEFORE, verbosity=0)
    call_command("migrate", verbosity=0)
    second = standing()
    move_due()
    told = {"first": first, "second": second, "swept": standing()} | references
    print(json.dumps(told, default=str))


if __name__ == "__main__":
    main()
