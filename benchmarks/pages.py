"""How fast every page answers: `.venv/bin/python benchmarks/pages.py`.

A data folder with the demonstration and its fictional market copied until there are 20,000 listings
(benchmarks/grown.py), an index of as many listings as benchmarks/search.py makes them, and the rate lines of all
copies. Every address of the site is asked as nobody and as each person of the demonstration: those of
tests/web/test_every_page.py, its small market's objects replaced by the demonstration's, and every route that names
an object with whichever of the demonstration's objects takes most queries. Who may read it is found out, and queries
are counted, by Django's client in this process; times are those of two web processes of gunicorn as `make run` starts
them, one request after the other on a connection kept alive, after some that are not counted: wall clock, and the
processor time of the web processes for each request, which says more where a machine has other work. Options:
--listings 20000, --times 20, --seed 3745, --only ROUTE, --keep FOLDER (which is made once and used again), --out
FILE. It ends with 1 where a page that has a bound of queries was read by nobody.
"""

from __future__ import annotations

import argparse
import gzip
import http.client
import os
import random
import sys
import tempfile
import time
from collections.abc import Iterator
from dataclasses import dataclass
from functools import cache
from itertools import chain
from pathlib import Path
from typing import Any, Final

ROOT = Path(__file__).resolve().parent.parent
sys.path[:0] = [str(ROOT), str(ROOT / "benchmarks")]

from grown import grow  # noqa: E402
from listing_questions import market, multiplied  # noqa: E402

from benchmarks.search import Server, build, share  # noqa: E402

WARMING: Final = 3
WANTED_MS, WANTED_BYTES = 100, 100_000
TRIED: Final = 6
"""Objects of a route that are looked at for the one that takes most queries."""
LOOKED_FOR: Final = 24
"""Objects that are asked for until so many are found: not everybody may read all."""
ADMINISTRATOR: Final = "lead@example.org"
"""Who of the demonstration administers an organisation."""
MORE: Final = (
    "/find/starts?need=Evaluation&whom=health&where=&value=5",
    "/find/months?need=Evaluation&whom=health&where=&value=5&starts=",
    "/find/pays?need=Evaluation&whom=health&where=&value=5&starts=&months=",
    "/shortlists/add?listing=rm1~alders~alder&back=/search",
)
"""Addresses beside those that tests go through."""
SIGNED_IN: Final = 3
"""Queries more than the tests allow: they read as nobody what nobody must sign in for (tests/web/bounded.py)."""
NOT_THERE: Final = ("assess", "indicators")
"""Of contracts above £5 million, which the demonstration has not."""
DEMONSTRATED: Final = {
    "rm1~alders~alder": "cx-demo-01~glasdale-consortium~the-skelcombe-evidence-practice",
    "rm1~alders~birch": "cx-demo-01~islaywath-compact~cobblow-caldrigg-llp",
    "rm0~alders~alder": "rm3745~ppl~opm-group",
    "rm1~dogwood~dogwood": "cx-demo-01~sabrstead-policy-lab-federation~griswick-advisory-mutual",
    "lot=rm1~1": "lot=cx-demo-01~2a",
    "rm1": "cx-demo-01",
    "rm0": "rm3745",
}
"""What stands in the addresses of the tests' small market, and what of the demonstration takes its place."""
NEED: Final = (
    "Evaluate how the family hubs help families, with the people who use them, and what they change."
)


@dataclass(frozen=True, slots=True)
class Asked:
    """An address and who asks for it ("" for nobody)."""

    route: str
    address: str
    person: str
    queries: int
    size: int
    zipped: int


@dataclass(frozen=True, slots=True)
class Measured:
    """Milliseconds of one address."""

    asked: Asked
    p50: float
    p95: float
    processor: float


def prepare(work: Path, count: int, seed: int) -> None:
    """Fills the data folder."""
    documents = market()
    from django.core.files.uploadedfile import SimpleUploadedFile  # noqa: PLC0415 - market() has set Django up

    from procurement.models import Organisation  # noqa: PLC0415
    from search.index import borrowed_writer  # noqa: PLC0415
    from search.rebuild import rebuild  # noqa: PLC0415

    print(f"{grow(count):,} listings in the database", flush=True)
    with borrowed_writer() as writer:
        rebuild(writer, ("rates",))
    made = chain(documents, multiplied(documents, count - len(documents), random.Random(seed)))
    build(work / "index", made, count)
    buyer = browser("buyer@example.org")
    own = Organisation.objects.get(memberships__user__email="buyer@example.org").reference
    match = buyer.post("/match", {"text": NEED, "framework": "cx-demo-01", "lot": "cx-demo-01~2a"})[
        "Location"
    ]
    kept = sorted(document["key"] for document in documents if document["framework"] == "cx-demo-01")[:50]
    begun = buyer.post(
        "/shortlists", {"title": "Evaluators", "listings": "\n".join(kept), "organisation": own}
    )
    lead = browser(ADMINISTRATOR)
    theirs = Organisation.objects.get(memberships__user__email=ADMINISTRATOR).reference
    hook = {"url": "https://hooks.example.org/x", "types": "offer.", "do": "register"}
    lead.post(f"/organisations/{theirs}/webhooks", hook)
    profiles = SimpleUploadedFile("partners.jsonl", b'{"reference": "nobody-s-profile"}')
    browser("operator@example.org").post("/administration/imports", {"file": profiles, "what": "try"})
    made_of = packed(buyer, own, kept[:10])
    print(
        f"a match and a shortlist of {len(kept)}: {match} {begun['Location']}, a pack {made_of}", flush=True
    )


def packed(buyer: Any, own: str, listings: list[str]) -> str:
    """A shortlist of its own, locked, and the page of its evidence pack, which is made."""
    from procurement.actions.running import run  # noqa: PLC0415 - settings first

    sent = {"title": "Locked", "listings": "\n".join(listings), "organisation": own}
    locked = buyer.post("/shortlists", sent)["Location"].partition("?")[0]
    buyer.post(locked, {"do": "lock", "revision": 1})
    page = str(buyer.post(locked, {"do": "evidence", "format": "json"})["Location"])
    run(page.rpartition("/")[2])
    return page


def invited() -> str:
    """The token of a link that invites somebody to an organisation, as their e-mail names it."""
    from procurement.actions.member_invitations import invite_member, new_link  # noqa: PLC0415 - settings first
    from procurement.models import Membership  # noqa: PLC0415
    from procurement.permissions import person  # noqa: PLC0415

    inviting = Membership.objects.get(user__email=ADMINISTRATOR, role=Membership.Role.ADMINISTRATOR)
    own = inviting.organisation.reference
    found = invite_member(person(inviting.user), own, "somebody.new@example.org", "Somebody New", "viewer")
    return new_link(found).rpartition("/")[2]


def browser(person: str) -> Any:
    """Django's client, signed in as the person; as nobody for ""."""
    from django.test import Client  # noqa: PLC0415 - settings first

    from procurement.models import User  # noqa: PLC0415

    client = Client(SERVER_NAME="127.0.0.1")
    if person:
        client.force_login(User.objects.get(email=person), "django.contrib.auth.backends.ModelBackend")
    return client


@cache
def objects() -> dict[str, list[dict[str, Any]]]:
    """Of each route that names an object, what there is of it in the demonstration."""
    from procurement import models  # noqa: PLC0415 - settings first

    def of(model: Any) -> list[dict[str, Any]]:
        return [
            {"reference": one}
            for one in model.objects.order_by("pk").values_list("reference", flat=True)[:LOOKED_FOR]
        ]

    firms = [{"reference": one} for one in models.Partner.objects.filter(
        organisation__memberships__isnull=False).values_list("reference", flat=True).distinct()]  # fmt: skip
    own = [{"reference": one} for one in models.Organisation.objects.filter(
        memberships__isnull=False).values_list("reference", flat=True).distinct()]  # fmt: skip
    listings = models.Offering.objects.filter(partner__organisation__memberships__isnull=False).values_list(
        "appointment__lot__framework__reference", "appointment__supplier__reference", "partner__reference"
    )
    places = models.Offering.objects.filter(partner__organisation__memberships__isnull=False).values_list(
        "partner__reference", "appointment__reference"
    )
    packs = models.Operation.objects.filter(kind="evidence_pack")
    belonging = models.Membership.objects.values_list("organisation__reference", "user__reference")
    return {
        "listing": [{"reference": "~".join(one)} for one in listings.distinct()],
        "kept-match": of(models.Match),
        "requirement": of(models.Requirement),
        "edit-requirement": of(models.Requirement),
        "shortlist": of(models.Shortlist),
        "verification": of(models.Shortlist),
        "evidence": [{"reference": one.parameters["shortlist"], "operation": one.reference} for one in packs],
        **{name: of(models.CallOff) for name in (
            "call-off", "edit-call-off", "competition", "plan-competition", "edit-outcomes", "questions")},
        "outcome-plan": of(models.OutcomePlan),
        "offer": of(models.Offer),
        "contract": of(models.Contract),
        "claims": of(models.Contract),
        "claim": of(models.Claim),
        "invitation": of(models.Invitation),
        "ask": of(models.Invitation),
        "tender-draft": of(models.Invitation),
        "tender": of(models.Tender),
        "joining": of(models.Joining),
        "import": of(models.Operation),
        "review-profile": firms,
        **{name: of(models.Framework) for name in (
            "framework", "places", "framework-data", "edit-framework", "new-lot", "appoint")},
        **{name: of(models.Lot) for name in ("lot-data", "edit-lot", "new-specialism", "new-grade")},
        "edit-specialism": of(models.Specialism),
        "edit-grade": of(models.Grade),
        "supplier": of(models.Supplier),
        "rate-proposal": of(models.RateProposal),
        "organisation-data": own, "edit-organisation": own,
        "place": of(models.Appointment),
        "partner-standing": firms,
        "members": own, "invite-member": own, "limit": own, "webhooks": own,
        "member": [{"reference": body, "person": person} for body, person in belonging],
        "member-invitation": [{"token": invited()}],
        "webhook": of(models.WebhookEndpoint),
        "change-webhook": of(models.WebhookEndpoint),
        "profile": firms, "firm": firms, "versions": firms,
        "version": [one | {"number": 1} for one in firms],
        "offerings": [{"reference": firm, "place": place} for firm, place in places.distinct()],
        "saved-search": of(models.SavedSearch),
    }  # fmt: skip


def addresses() -> Iterator[tuple[str, list[str]]]:
    """Every page: its route and what it may be asked at; of several the one with most queries is measured."""
    from django.urls import resolve, reverse  # noqa: PLC0415 - settings first

    from tests.web.test_every_page import PAGES  # noqa: PLC0415
    from web.urls import urlpatterns  # noqa: PLC0415

    listed: dict[str, list[str]] = {}
    for address in (*PAGES, *MORE):
        for small, demonstrated in DEMONSTRATED.items():
            if small in address:
                address = address.replace(small, demonstrated)
        listed.setdefault(resolve(address.partition("?")[0]).url_name or "", []).append(address)
    known = objects()
    for pattern in urlpatterns:
        name, parts = str(pattern.name), pattern.pattern.converters  # type: ignore[union-attr]
        for address in listed.get(name, ()):
            yield name, [address]
        if not parts and name not in listed:
            yield name, [reverse(f"web:{name}")]
        if parts:
            yield name, [reverse(f"web:{name}", kwargs=one) for one in known.get(name, ())]


def readable(person: str) -> tuple[dict[str, str], list[Asked]]:
    """The person's cookies, and every page that they may read with its queries."""
    from django.db import connection  # noqa: PLC0415 - settings first
    from django.test.utils import CaptureQueriesContext  # noqa: PLC0415

    client = browser(person)
    found = []
    for route, several in addresses():
        best: Asked | None = None
        answered = 0
        for address in several:
            if answered == TRIED:
                break
            if several[1:] and client.get(address).status_code != 200:
                continue
            with CaptureQueriesContext(connection) as counted:
                answer = client.get(address)
            if answer.status_code != 200 or not answer["Content-Type"].startswith("text/html"):
                continue
            answered += 1
            body = answer.content
            one = Asked(route, address, person, len(counted), len(body), len(gzip.compress(body)))
            if best is None or (one.queries, one.size) > (best.queries, best.size):
                best = one
        if best is not None:
            found.append(best)
    return {name: one.value for name, one in client.cookies.items()}, found


def measure(server: Server, cookies: dict[str, str], asked: Asked, times: int) -> Measured:
    """Asks so many times, one after the other."""
    connection = http.client.HTTPConnection("127.0.0.1", server.port, timeout=120)
    headers = {"Cookie": "; ".join(f"{name}={value}" for name, value in cookies.items())}
    taken: list[float] = []
    for number in range(WARMING + times):
        if number == WARMING:
            before = server.processor_seconds()
        began = time.perf_counter()
        connection.request("GET", asked.address, headers=headers)
        answer = connection.getresponse()
        answer.read()
        taken.append((time.perf_counter() - began) * 1000)
        if answer.status != 200:
            raise SystemExit(f"{asked.address} for {asked.person or 'nobody'}: {answer.status}")
    used = (server.processor_seconds() - before) * 1000 / times
    connection.close()
    counted = taken[WARMING:]
    return Measured(asked, share(counted, 0.5), share(counted, 0.95), used)


def table(rows: list[Measured]) -> str:
    """In Markdown, the slowest first; of a page that several people read, the one whom it takes longest."""
    worst: dict[tuple[str, str], tuple[Measured, int]] = {}
    for row in rows:
        key = row.asked.route, row.asked.address.partition("?")[2]
        held, readers = worst.get(key, (row, 0))
        worst[key] = (row if row.processor > held.processor else held), readers + 1
    lines = [
        "| page | as | readers | p50, ms | p95, ms | processor, ms | queries | bytes | gzip |",
        "| --- | --- | --- | --- | --- | --- | --- | --- | --- |",
    ]
    for row, readers in sorted(worst.values(), key=lambda one: -one[0].processor):
        asked = row.asked
        over = " !" if row.processor > WANTED_MS or asked.size > WANTED_BYTES else ""
        person = asked.person.partition("@")[0] or "nobody"
        lines.append(
            f"| {asked.address[:90]}{over} | {person} | {readers} | {row.p50:.1f} | {row.p95:.1f} | "
            f"{row.processor:.1f} | {asked.queries} | {asked.size:,} | {asked.zipped:,} |"
        )
    return "\n".join(lines) + "\n"


def main() -> None:
    """Fills, finds out who reads what, asks, prints."""
    options = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    options.add_argument("--listings", type=int, default=20_000)
    options.add_argument("--times", type=int, default=20)
    options.add_argument("--seed", type=int, default=3745)
    options.add_argument("--only", default="")
    options.add_argument("--keep", type=Path)
    options.add_argument("--out", type=Path)
    given = options.parse_args()
    with tempfile.TemporaryDirectory(prefix="calloff-pages-") as thrown:
        work = given.keep or Path(thrown)
        os.environ.update(CALLOFF_DATA=str(work), DEMO="1", LOG_LEVEL="ERROR", STATIC_HASHED="0",
                          DJANGO_SETTINGS_MODULE="config.settings")  # fmt: skip
        if not (work / "filled").exists():
            prepare(work, given.listings, given.seed)
            (work / "filled").touch()
        else:
            import django  # noqa: PLC0415 - its settings are read from the environment

            django.setup()
        from procurement.models import User  # noqa: PLC0415 - settings first
        from tests.web.bounded import ELSEWHERE, MOST  # noqa: PLC0415

        people = ["", *User.objects.filter(email__endswith="@example.org").values_list("email", flat=True)]
        read = {person: readable(person) for person in people}
        with Server() as server:
            rows = [
                measure(server, cookies, one, given.times)
                for cookies, found in read.values()
                for one in found
                if given.only in one.route
            ]
        reached = {one.route for _, found in read.values() for one in found}
        unread = sorted(
            (set(MOST) | {route for route, _ in addresses()}) - reached - {*ELSEWHERE, *NOT_THERE}
        )
    shown = table(rows)
    over = [row for row in rows if row.processor > WANTED_MS]
    large = [row for row in rows if row.asked.size > WANTED_BYTES]
    print(f"{len(rows)} pages and people, {given.times} times each: {len(over)} above {WANTED_MS} ms of processor, "
          f"{sum(row.p50 > WANTED_MS for row in rows)} above it at p50, {len(large)} above {WANTED_BYTES:,} bytes; "
          f"not read by anybody: {', '.join(unread) or 'none'}\n\n{shown}")  # fmt: skip
    for row in rows:
        allowed = MOST.get(row.asked.route, row.asked.queries) + (SIGNED_IN if row.asked.person else 0)
        if row.asked.queries > allowed:
            print(
                f"{row.asked.address} as {row.asked.person}: {row.asked.queries} queries, {allowed} allowed"
            )
    if given.out:
        given.out.write_text(shown)
    if unread:
        raise SystemExit(1)


if __name__ == "__main__":
    main()
