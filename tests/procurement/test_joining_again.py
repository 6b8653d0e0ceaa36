"""A firm joins again what it left, and applies with more than it offers; what it left does not come back by itself."""

from __future__ import annotations

from datetime import timedelta

import pytest
from django.utils import timezone

from procurement.actions.appointments import AppointmentDraft, save_appointments
from procurement.actions.consortia import add_member, end_member, name_lead
from procurement.actions.joining import (
    JoiningDraft,
    admit_joining,
    agree_joining,
    check_joining,
    draft_joining,
    edit_joining,
    submit_joining,
)
from procurement.actions.leaving import leave_supplier
from procurement.errors import Conflict, Invalid, NotPermitted
from procurement.listing_facts import shown
from procurement.models import Event, Framework, Joining, Lot, Offering, Supplier
from procurement.permissions import SYSTEM
from tests.bought import Market
from tests.world import LIVE_FROM, editor_of

pytestmark = pytest.mark.django_db

MORE = [{"specialism": "wr1~1~3", "regions": ["TLI"]}]
OFFERED = [{"specialism": "wr1~1~1"}, {"specialism": "wr1~1~2"}]
ALL_OFFERED = "The firm offers all of this there already: name a specialism that it does not offer yet."


def admitted(market: Market, draft: JoiningDraft) -> Joining:
    """An application of ash, by everybody's word."""
    joining, owner = draft_joining(market.ash, draft), editor_of("owner")
    for step, actor in (
        (submit_joining, market.ash),
        (agree_joining, market.oak),
        (check_joining, owner),
        (admit_joining, owner),
    ):
        joining = step(actor, joining.reference, joining.revision)
    return joining


def offers(framework: str = "wr1") -> list[tuple[str | None, list[str]]]:
    """What ash offers within oak, as it stands."""
    rows = Offering.objects.filter(
        partner__reference="ash",
        appointment__supplier__reference="oak",
        appointment__lot__framework__reference=framework,
    )
    return list(rows.order_by("specialism__reference").values_list("specialism__reference", "regions"))


def left(market: Market) -> None:
    leave_supplier(editor_of("ash", "administrator"), "oak", "ash")


def test_a_further_specialism_is_applied_for_and_stands_beside_what_is_offered(market: Market) -> None:
    admitted(market, JoiningDraft("ash", "wr1~1", "oak", "We design.", MORE))
    assert offers() == [("wr1~1~1", ["TLC"]), ("wr1~1~2", ["TLC"]), ("wr1~1~3", ["TLI"])]


def test_an_application_that_names_what_was_not_stated_states_it(market: Market) -> None:
    Offering.objects.filter(partner__reference="ash", specialism__reference="wr1~1~1").update(specialism=None)
    Offering.objects.filter(partner__reference="ash", specialism__reference="wr1~1~2").delete()
    admitted(market, JoiningDraft("ash", "wr1~1", "oak", "We design.", MORE))
    assert offers() == [("wr1~1~3", ["TLI"])]


@pytest.mark.parametrize(
    ("said", "told"),
    [
        ((), "The firm offers something there already: name the specialisms that it would add."),
        (OFFERED, ALL_OFFERED),
    ],
)
def test_only_what_brings_nothing_new_is_refused(market: Market, said: object, told: str) -> None:
    events = Event.objects.count()
    with pytest.raises(Conflict, match=told):
        draft_joining(market.ash, JoiningDraft("ash", "wr1~1", "oak", "We evaluate.", said))
    assert (Joining.objects.count(), Event.objects.count()) == (0, events)


def test_a_draft_that_comes_to_bring_nothing_new_is_not_submitted(market: Market) -> None:
    joining = draft_joining(market.ash, JoiningDraft("ash", "wr1~1", "oak", "We evaluate.", MORE))
    with pytest.raises(Invalid) as refused:
        edit_joining(market.ash, joining.reference, 1, {"offers": OFFERED})
    assert [(one.pointer, one.code) for one in refused.value.faults] == [("/offers", "offered")]
    Joining.objects.update(offers=OFFERED)
    with pytest.raises(Conflict, match=ALL_OFFERED):
        submit_joining(market.ash, joining.reference, 1)
    joining.refresh_from_db()
    assert (joining.status, joining.revision) == ("draft", 1)


def test_a_firm_that_left_joins_the_same_lot_again_with_what_it_says_alone(market: Market) -> None:
    left(market)
    admitted(market, JoiningDraft("ash", "wr1~1", "oak", "We are back.", [{"specialism": "wr1~1~1"}]))
    assert offers() == [("wr1~1~1", ["UK"])]
    assert shown(["wr1~oak~ash"], timezone.localdate()) == {"wr1~oak~ash"}


def test_an_admission_on_one_lot_brings_nothing_back_on_others(market: Market) -> None:
    save_appointments(SYSTEM, [AppointmentDraft("oak", "wr1~2a", LIVE_FROM)])
    left(market)
    assert (len(offers()), len(offers("wr0"))) == (2, 1)
    admitted(market, JoiningDraft("ash", "wr1~2a", "oak", "We are back.", [{"specialism": "wr1~2a~1"}]))
    assert (offers(), offers("wr0")) == ([("wr1~2a~1", ["UK"])], [])
    told = Event.objects.filter(type="offering.published", subject="ash").order_by("-position")[:3]
    assert [(one.references["framework"], len(one.changes["offerings"])) for one in told] == [
        ("wr1", 1), ("wr0", 0), ("wr1", 0),
    ]  # fmt: skip


def test_what_an_owner_has_join_again_or_lead_offers_nothing_of_what_it_did(market: Market) -> None:
    owner, today = editor_of("owner"), timezone.localdate()

    def revision() -> int:
        return Supplier.objects.get(reference="oak").revision

    end_member(owner, "oak", revision(), "ash", (today - timedelta(days=1)).isoformat())
    add_member(owner, "oak", revision(), "ash")
    assert offers() == []
    before = Offering.objects.filter(partner__reference="elm").count()
    end_member(owner, "oak", revision(), "elm")
    name_lead(owner, "oak", revision(), "elm")
    assert (before, Offering.objects.filter(partner__reference="elm").count()) == (2, 0)
    # Whoever belongs without a break keeps what it offers.
    assert Offering.objects.filter(partner__reference="oak").count() == 3


@pytest.mark.parametrize(
    ("changed", "told"),
    [
        (
            {"status": "standstill"},
            "WR1 is in standstill: firms join it while it is open to applications or live.",
        ),
        ({"ends_on": "2024-05-01"}, "WR1 ended on 2024-05-01: no firm joins it."),
    ],
)
def test_no_firm_applies_on_a_framework_that_takes_none(
    market: Market, changed: dict[str, str], told: str
) -> None:
    begun = draft_joining(market.ash, JoiningDraft("ash", "wr1~1", "oak", "We design.", MORE))
    Framework.objects.filter(reference="wr1").update(**changed)
    with pytest.raises(Invalid) as refused:
        draft_joining(market.yew, JoiningDraft("yew", "wr1~1", "oak", "We design.", MORE))
    assert [(one.pointer, one.code, one.message) for one in refused.value.faults] == [
        ("/lot", "closed", told)
    ]
    with pytest.raises(Conflict, match=told):
        submit_joining(market.ash, begun.reference, 1)
    assert list(Joining.objects.values_list("status", "revision")) == [("draft", 1)]


def test_no_firm_applies_on_a_lot_that_has_closed(market: Market) -> None:
    yesterday = timezone.localdate() - timedelta(days=1)
    Lot.objects.filter(reference="wr1~1").update(closes_on=yesterday)
    with pytest.raises(Invalid) as refused:
        draft_joining(market.yew, JoiningDraft("yew", "wr1~1", "oak"))
    assert [one.message for one in refused.value.faults] == [
        f"The lot closed on {yesterday}: no firm joins it."
    ]


def test_a_firm_alone_that_would_leave_is_told_of_no_other_lead(market: Market) -> None:
    with pytest.raises(Conflict) as refused:
        leave_supplier(editor_of("yew", "administrator"), "yew", "yew")
    assert str(refused.value) == (
        "This supplier is the firm by itself: whoever runs the framework ends its places."
    )


def test_whoever_may_not_leave_is_told_who_may(market: Market) -> None:
    with pytest.raises(NotPermitted) as refused:
        leave_supplier(market.ash, "oak", "ash")
    assert str(refused.value) == (
        "You may not do this: leave supplier. In the organisation that this belongs to these may: administrator."
    )
