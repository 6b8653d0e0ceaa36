"""What moves on while the index is compared with the database, or waits to be written, is no drift."""

from __future__ import annotations

from collections.abc import Callable

import pytest

from procurement.actions.profiles import update_profile
from procurement.actions.standing import move_appointment, suspend_partner
from procurement.models import Partner, RateCard
from procurement.permissions import SYSTEM
from search import drift as drifting
from search.drift import Drift, drift
from search.engines.base import Writer
from search.models import IndexRequest
from search.sync import drain
from tests.guards import unguarded
from tests.world import publish_rates

pytestmark = [pytest.mark.django_db, pytest.mark.usefixtures("each_engine")]


def suspend(reference: str) -> None:
    suspend_partner(SYSTEM, reference, Partner.objects.get(reference=reference).revision, "under review")


def shows(writer: Writer, reference: str, *, suspended: bool) -> None:
    """The index shows a firm, or does not, as the database would have it."""
    Partner.objects.filter(reference=reference).update(suspended=suspended)
    IndexRequest.objects.create(kind="partner", reference=reference)
    drain(writer)


@pytest.mark.parametrize(
    ("change", "waits"),
    [
        (lambda: move_appointment(SYSTEM, "wr1~1~oak", None, "suspend", "late returns"), {"supplier"}),
        (lambda: publish_rates("oak", "wr1", {"wr1~1~G1": 41_000}), {"rate_card"}),
        (lambda: suspend("oak"), {"partner"}),
    ],
    ids=["a place", "a card", "a lead"],
)
def test_what_a_waiting_request_reaches_is_no_drift(
    writer: Writer, change: Callable[[], object], waits: set[str]
) -> None:
    change()
    assert set(IndexRequest.objects.values_list("kind", flat=True)) == waits
    assert drift().count == 0
    # Without the request all that it reaches differs, cards and listings.
    IndexRequest.objects.all().delete()
    found = drift()
    assert (found.cards, bool(found.different or found.orphaned)) == (
        [] if waits == {"partner"} else ["wr1~oak"],
        True,
    )


def test_a_card_beside_those_that_wait_is_drift(writer: Writer) -> None:
    publish_rates("yew", "wr1", {"wr1~2a~G1": 52_000})
    drain(writer)
    publish_rates("yew", "wr1", {"wr1~2a~G1": 53_000})
    with unguarded():
        RateCard.objects.get(reference="wr1~oak").versions.get(status="published").lines.filter(
            price_minor=90_000
        ).delete()
    assert drift().cards == ["wr1~oak"]


def test_a_firm_that_is_written_during_the_check_is_not_missing(writer: Writer) -> None:
    shows(writer, "yew", suspended=True)
    Partner.objects.filter(reference="yew").update(suspended=False)
    assert drift().missing == ["wr1~yew~yew"]
    assert drift(lambda _done, _total: shows(writer, "yew", suspended=False)).count == 0


def test_a_listing_that_goes_during_the_check_is_no_orphan(
    writer: Writer, monkeypatch: pytest.MonkeyPatch
) -> None:
    Partner.objects.filter(reference="oak").update(suspended=True)
    assert drift().orphaned == ["wr0~oak~oak", "wr1~oak~oak"]
    still = drifting._still

    def later(found: Drift) -> Drift:
        shows(writer, "oak", suspended=True)
        return still(found)

    monkeypatch.setattr(drifting, "_still", later)
    assert drift().count == 0


def test_a_card_that_is_replaced_during_the_check_does_not_differ(
    writer: Writer, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(drifting, "CARDS_AT_ONCE", 1)
    publish_rates("yew", "wr1", {"wr1~2a~G1": 52_000})
    drain(writer)
    seen: list[int] = []

    def replace(done: int, total: int) -> None:
        # The first of the two cards has been compared, and the lines of both were counted before.
        if done == total - 1:
            publish_rates("yew", "wr1", {"wr1~2a~G1": 52_000, "wr1~2a~G2": 71_000})
            drain(writer)
            seen.append(done)

    assert drift(replace).count == 0
    assert len(seen) == 1


def test_a_profile_edited_during_the_check_is_no_drift(writer: Writer) -> None:
    def edit(_done: int, _total: int) -> None:
        revision = Partner.objects.get(reference="yew").revision
        update_profile(SYSTEM, "yew", revision, {"summary": f"Edited {revision} times."})
        drain(writer)

    assert drift(edit).count == 0
