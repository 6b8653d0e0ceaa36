"""Loading the demonstration: every file of `fixtures/` through the same actions as anybody's data.

Once loaded, the same files are not compared again, so that what people changed in the demonstration
stays as they left it.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from dataclasses import replace
from pathlib import Path
from typing import Final, TypeVar

from django.db import transaction
from django.utils.text import slugify

from procurement.actions.appointments import save_appointments
from procurement.actions.demo_call_offs import load_call_offs
from procurement.actions.demo_joinings import load_joinings
from procurement.actions.demo_rate_proposals import load_rate_proposals
from procurement.actions.events import Happening, record
from procurement.actions.frameworks import save_framework
from procurement.actions.offerings import save_offerings
from procurement.actions.organisations import save_organisations, save_partners
from procurement.actions.outcome import Outcome
from procurement.actions.people import save_people
from procurement.actions.profiles import publish_profiles
from procurement.actions.rate_lines import CardDraft
from procurement.actions.rates import publish_cards
from procurement.actions.regions import save_regions
from procurement.actions.suppliers import save_suppliers
from procurement.fixtures import Fixtures, digest, read_fixtures
from procurement.models import Event, Partner, ProfileVersion, RateCardVersion, RateLine
from procurement.permissions import SYSTEM

LOADED: Final = "demo.loaded"
BATCH: Final = 100
"""Objects handed to one action: a fraction of a second of SQLite's write lock."""

Item = TypeVar("Item")
Progress = Callable[[str, int, int], None]


def load_demo(
    folder: Path, password: str | None, progress: Progress, *, again: bool = False
) -> dict[str, Outcome] | None:
    """Load what is missing and change what differs; what each kind came to, or None where it is loaded
    already.

    `password` None makes no accounts. `again` compares every object even if the files are those that
    were loaded; a
    profile that its own firm has edited is left alone all the same. Raises what the actions raise.
    """
    current = digest(folder)
    if not again and _loaded() == current:
        return None
    fixtures = read_fixtures(folder)
    outcomes: dict[str, Outcome] = {}
    for kind, total, steps in _steps(fixtures):
        outcomes[kind] = Outcome()
        done = 0
        for size, step in steps:
            outcomes[kind] += step()
            done += size
            progress(kind, done, total)
    if password is not None:
        outcomes["people"] = save_people(SYSTEM, fixtures.people, password)
        progress("people", len(fixtures.people), len(fixtures.people))
        outcomes["call-offs"] = load_call_offs(folder)
        outcomes["applications"] = load_joinings(folder)
        outcomes["proposed rate cards"] = load_rate_proposals(folder)
    if _loaded() != current:
        with transaction.atomic():
            counts = {kind: outcome.touched for kind, outcome in outcomes.items()}
            record(SYSTEM, Happening(LOADED, "demo", "demo", {}, {"digest": current, "touched": counts}))
    return outcomes


def _loaded() -> str:
    """The digest of the files that were loaded last."""
    last = Event.objects.filter(type=LOADED).order_by("-position").first()
    return str(last.changes["digest"]) if last else ""


Step = tuple[int, Callable[[], Outcome]]


def _steps(fixtures: Fixtures) -> Iterator[tuple[str, int, Iterator[Step]]]:
    """Kinds in the order in which one rests on another, each with its number of objects and its batches."""
    yield (
        "regions",
        len(fixtures.regions),
        iter([(len(fixtures.regions), lambda: save_regions(SYSTEM, fixtures.regions, fixtures.twins))]),
    )
    yield _batched("organisations", fixtures.organisations, lambda some: save_organisations(SYSTEM, some))
    yield _batched("frameworks", fixtures.frameworks, lambda some: save_framework(SYSTEM, some[0]), 1)
    yield _batched("partners", fixtures.partners, lambda some: save_partners(SYSTEM, some))
    edited = set(
        Partner.objects.filter(published__status=ProfileVersion.Status.PUBLISHED)
        .exclude(published__actor=SYSTEM.reference)
        .values_list("reference", flat=True)
    )
    profiles = [one for one in fixtures.profiles if one.reference not in edited]
    yield _batched("profiles", profiles, lambda some: publish_profiles(SYSTEM, some))
    yield _batched("suppliers", fixtures.suppliers, lambda some: save_suppliers(SYSTEM, some))
    yield _batched("appointments", fixtures.appointments, lambda some: save_appointments(SYSTEM, some))
    yield _batched("offerings", fixtures.placements, lambda some: save_offerings(SYSTEM, some))
    yield "rate cards", len(fixtures.cards), iter([(len(fixtures.cards), lambda: _publish_cards(fixtures))])


def _batched(
    kind: str, items: Sequence[Item], action: Callable[[Sequence[Item]], Outcome], size: int = BATCH
) -> tuple[str, int, Iterator[Step]]:
    def step(some: Sequence[Item]) -> Step:
        return len(some), lambda: action(some)

    return kind, len(items), (step(items[start : start + size]) for start in range(0, len(items), size))


def _publish_cards(fixtures: Fixtures) -> Outcome:
    changes = publish_cards(SYSTEM, _with_standing_keys(fixtures.cards))
    return Outcome(
        [one.draft.reference for one in changes if one.before is None],
        [one.draft.reference for one in changes if one.before is not None and not one.same],
        sum(one.same for one in changes),
    )


def _with_standing_keys(cards: Sequence[CardDraft]) -> list[CardDraft]:
    """The cards, a line that was loaded under a key with blanks still under that key: a line's key is for ever."""
    standing: dict[str, dict[str, str]] = {}
    published = RateLine.objects.filter(version__status=RateCardVersion.Status.PUBLISHED, key__contains=" ")
    for card, key in published.values_list("version__card__reference", "key"):
        standing.setdefault(card, {})[slugify(key)] = key
    return [
        replace(
            card,
            lines=tuple(
                replace(line, key=standing[card.reference].get(line.key, line.key)) for line in card.lines
            ),
        )
        if card.reference in standing
        else card
        for card in cards
    ]
