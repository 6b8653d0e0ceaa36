"""A run from an empty database to its figures."""

from __future__ import annotations

import random
import time
from collections import Counter
from collections.abc import Sequence
from datetime import datetime, timedelta
from pathlib import Path
from typing import Final
from urllib.parse import urlsplit

from django.conf import settings
from django.core.management import call_command
from django.db import connection

from benchmarks.lifecycles import checks, competitions, direct
from benchmarks.lifecycles.client import Client
from benchmarks.lifecycles.clock import Clock
from benchmarks.lifecycles.driving import Poller, delivered, drive, served
from benchmarks.lifecycles.market import BUYERS, LOTS, OPERATOR, SUPPLIERS, Market, make_market
from benchmarks.lifecycles.purchase import LONDON, Ending, Purchase
from benchmarks.lifecycles.receiving import Hooks, hooks, mailed
from procurement.models import Delivery, Event

BEGINS: Final = datetime(2027, 2, 1, 9, tzinfo=LONDON)
"""A Monday; whatever day it is, a run is the same."""
DAYS: Final = 4
"""Over which call-offs begin."""
WIDE: Final = 0.1
"""The part of call-offs that go to the lot with all twelve suppliers."""
ENDINGS: Final = (*direct.ENDINGS, *competitions.ENDINGS)
TOLD: Final = {
    **dict.fromkeys(
        SUPPLIERS, ("offer.", "contract.", "invitation.", "tender.", "clarification.", "call_off.")
    ),
    **dict.fromkeys(BUYERS, ("call_off.",)),
}
"""Which types each organisation has sent to its webhook."""


def run(data: Path, call_offs: int, clients: int, seed: int) -> int:
    """Makes the market, drives every call-off, checks, and prints; 1 where anything differs from the plan."""
    clock: Clock = settings.CLOCK
    clock.move(BEGINS)
    call_command("migrate", verbosity=0)
    if Event.objects.exists():
        raise SystemExit(
            "The database is not empty: name a new folder, or an empty database by DATABASE_URL."
        )
    market = make_market()
    call_command("rebuild_index", verbosity=0)
    with hooks() as customers, served(data) as (port, processes):
        client = Client(port, clock)
        _register(client, market, customers)
        delivered()
        setup = Event.objects.latest("position").position
        before = mailed(Path(settings.EMAIL_FILE_PATH))
        letters = checks.inboxes(client, market)
        customers.got.clear()
        client.taken.clear()
        client.statements.clear()
        purchases = planned(client, market, call_offs, seed)
        poller = Poller(client, market.machines[OPERATOR])
        poller.start()
        began, own = time.monotonic(), time.process_time()
        moves = drive([(_begins(at), one) for at, one in enumerate(purchases)], clock, clients)
        took = time.monotonic() - began
        used = processes.seconds() | {"clients and customers": time.process_time() - own}
        poller.ended.set()
        poller.join(120)
        taken = {kind: sorted(times) for kind, times in client.taken.items()}
        statements = dict(client.statements)
        events = list(Event.objects.order_by("position"))
        due = checks.owed(market, events, setup, {one: list(types) for one, types in TOLD.items()})
        wrong = [
            *checks.ended(purchases, events),
            *checks.chain(),
            *(checks.untaken(events) if call_offs >= len(ENDINGS) else ()),
            *_read(client, market, due, poller, events, setup),
            *_received(client, market, due, customers, before, letters),
            *(f"{child.name} ended and was started again" for child in processes.children if child.deaths),
        ]
    days = (clock.now() - BEGINS).days
    queue = "the embedded queue" if settings.BROKER_IS_OURS else urlsplit(settings.BROKER_URL).scheme
    run_on = f"{connection.vendor}, {queue}, {clients} clients, seed {seed}"
    print(f"{run_on}: {call_offs:,} call-offs of {len(ENDINGS)} endings, {len(SUPPLIERS)} suppliers; "
          f"{days} days passed in {moves} moves of the clock")  # fmt: skip
    _outcomes(purchases)
    requests = sum(len(times) for times in taken.values())
    print(f"{took:,.0f} s: {call_offs / took:.2f} call-offs, {requests / took:.1f} requests, "
          f"{(len(events) - setup) / took:.1f} events, {due.count / took:.1f} messages a second")  # fmt: skip
    print("processor seconds: " + ", ".join(f"{name} {spent:,.0f}" for name, spent in used.items()))
    print(
        f"{len(events) - setup:,} events of call-offs, {len(poller.read):,} read by the poller from the beginning"
    )
    print(
        f"owed: {due.inbox.total():,} in inboxes, {due.mail.total():,} e-mails, {due.hooks.total():,} webhooks"
    )
    _table(taken, statements)
    if client.again:
        print("asked again: " + ", ".join(f"{kind} ({number})" for kind, number in client.again.items()))
    for one in wrong[:40]:
        print(f"DIFFERS: {one}")
    print(
        f"{len(wrong)} differences"
        if wrong
        else "Every call-off ended as planned; every message came exactly once."
    )
    return 1 if wrong else 0


def planned(client: Client, market: Market, call_offs: int, seed: int) -> list[Purchase]:
    """Each ending as often as any other, to one or so, in an order of the seed's."""
    endings: list[Ending] = [ENDINGS[at % len(ENDINGS)] for at in range(call_offs)]
    random.Random(seed).shuffle(endings)
    found = []
    for at, ending in enumerate(endings):
        chance = random.Random(f"{seed} {at}")
        lot = LOTS[0] if chance.random() < WIDE else chance.choice(LOTS[1:])
        found.append(Purchase(ending, market, client, chance, chance.choice(list(BUYERS)), lot))
    return found


def _begins(at: int) -> datetime:
    return BEGINS + timedelta(days=at % DAYS, hours=1)


def _register(client: Client, market: Market, customers: Hooks) -> None:
    """Each organisation that is sent events registers where."""
    for organisation, types in TOLD.items():
        said = {"url": customers.url(organisation), "event_types": list(types)}
        answer = client.ask(market.machines[organisation], "POST", "/api/v1/webhooks/", said)
        customers.secrets[organisation] = answer.body["secret"]


def _read(
    client: Client, market: Market, due: checks.Owed, poller: Poller, events: Sequence[Event], setup: int
) -> list[str]:
    """Where the change feed told somebody too little, too much, twice or out of order."""
    wrong = [poller.fault] if poller.fault else []
    if poller.read != [event.position for event in events]:
        wrong.append(f"the poller read {len(poller.read):,} of {len(events):,} events, or not in their order")
    for organisation, who in market.machines.items():
        if organisation == OPERATOR:
            continue
        if checks.feed(client, who, setup) != due.readable[organisation]:
            wrong.append(f"the feed of {organisation} is not what it may read")
    return wrong


def _received(
    client: Client,
    market: Market,
    due: checks.Owed,
    customers: Hooks,
    before: tuple[Counter[tuple[str, str]], Counter[str]],
    letters: tuple[Counter[tuple[str, str, str]], Counter[str]],
) -> list[str]:
    """Where what came is not what was owed, and what is left."""
    mail, mail_ids = mailed(Path(settings.EMAIL_FILE_PATH))
    inbox, inbox_ids = checks.inboxes(client, market)
    left = Delivery.objects.exclude(status=Delivery.Status.SENT).values_list("status", flat=True)
    wrong = [
        *checks.differences("inbox", due.inbox, inbox - letters[0]),
        *checks.differences("e-mail", due.mail, mail - before[0]),
        *checks.differences("webhook", due.hooks, customers.got),
        *checks.doubled("e-mail", mail_ids),
        *checks.doubled("webhook", customers.ids),
        *checks.doubled("inbox", inbox_ids),
        *(f"a webhook was not signed by us: {one}" for one in customers.wrong),
        *(f"a delivery is {one}" for one in left),
    ]
    recorded = Delivery.objects.count()
    came = mail_ids.total() + inbox_ids.total() + customers.ids.total()
    if recorded != came:
        wrong.append(f"{recorded:,} deliveries are recorded and {came:,} came")
    return wrong


def _outcomes(purchases: Sequence[Purchase]) -> None:
    for route in ("direct_award", "competition"):
        told = Counter(one.ending.name for one in purchases if one.ending.route == route)
        if told:
            names = "; ".join(f"{name} {number}" for name, number in sorted(told.items()))
            print(f"{route.replace('_', ' ')} ({told.total()}): {names}")


def _table(taken: dict[str, list[float]], statements: dict[str, int]) -> None:
    """Each kind of request, the most frequent first."""
    print(f"{'request':<58} {'number':>7} {'p50 ms':>7} {'p99 ms':>7} {'statements at most':>19}")
    rows = sorted(taken.items(), key=lambda one: -len(one[1]))
    for kind, times in [*rows, ("all", sorted(one for _, some in rows for one in some))]:
        p50, p99 = (times[min(len(times) * part // 100, len(times) - 1)] * 1000 for part in (50, 99))
        most = statements.get(kind) or max(statements.values())
        print(f"{kind:<58} {len(times):>7,} {p50:>7.0f} {p99:>7.0f} {most:>19}")
