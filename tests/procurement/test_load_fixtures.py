"""Loading the demonstration: whole, through the actions, once, and again without touching anything."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from io import StringIO
from typing import Any, Final

import pytest
from django.conf import settings as django_settings
from django.core.management import call_command
from django.db import transaction
from django.db.models import Model, Value
from django.db.models.functions import Replace
from django.utils import timezone
from pytest_django import DjangoDbBlocker

from procurement.actions.events import verify
from procurement.actions.profiles import update_profile
from procurement.actions.rate_cells import plain_key
from procurement.actions.rates import publish_cards
from procurement.actions.requirements import create_requirement
from procurement.event_types import EVENT_TYPES
from procurement.fixtures import read_fixtures
from procurement.ground import codes_in
from procurement.models import (
    Appointment,
    CallOff,
    Claim,
    Competition,
    Contract,
    Event,
    Framework,
    Invitation,
    Joining,
    Membership,
    Offer,
    Offering,
    Organisation,
    OutcomePlan,
    Partner,
    RateCard,
    RateLine,
    RateProposal,
    Region,
    RuledOut,
    Supplier,
    Tender,
    User,
)
from procurement.permissions import SYSTEM
from procurement.states import MACHINES
from tests.world import FIXTURES, editor_of

pytestmark = pytest.mark.django_db


class Undone(Exception):  # noqa: N818
    """Ends the transaction of the module."""


@pytest.fixture(scope="module")
def demonstration(django_db_setup: None, django_db_blocker: DjangoDbBlocker) -> Iterator[str]:
    """What the command said; the whole of it is undone after the module."""
    said = StringIO()
    try:
        with django_db_blocker.unblock(), transaction.atomic():
            call_command("load_fixtures", stdout=said)
            yield said.getvalue()
            raise Undone
    except Undone:
        pass


def loaded(*arguments: str) -> str:
    said = StringIO()
    call_command("load_fixtures", *arguments, stdout=said)
    return said.getvalue()


def test_the_demonstration_is_whole(demonstration: str) -> None:
    assert Framework.objects.count() == 4
    assert Region.objects.count() == 111
    assert Organisation.objects.filter(capabilities__kind="buyer").count() == 60
    assert Partner.objects.exclude(published=None).count() == 318
    assert Supplier.objects.count() == 121
    assert Appointment.objects.exclude(status="active").count() == 4
    assert RateCard.objects.filter(basis="illustrative").count() == 1
    assert RateLine.objects.filter(version__card__framework__reference="rm3745").count() == 18
    assert Partner.objects.exclude(confirmed_on=None).count() == 0
    assert Offering.objects.filter(partner__reference="scie", specialism=None).count() == 3
    assert "rate cards: 218 new, 0 changed, 0 as they were" in demonstration


def test_everything_in_it_is_in_the_log_by_a_known_name_and_the_chain_holds(demonstration: str) -> None:
    kinds = set(Event.objects.values_list("type", flat=True))
    assert kinds <= set(EVENT_TYPES)
    assert {"framework.published", "partner.profile_published", "offering.published", "demo.loaded"} <= kinds
    buying = set(MACHINES) | {"invitation", "measure", "requirement", "shortlist"}
    approved = RateProposal.objects.filter(status="approved").values("version__card__reference")
    market = Event.objects.exclude(subject_type__in=buying).exclude(type="organisation.limit_set")
    market = market.exclude(subject__in=approved)
    assert set(market.values_list("actor", flat=True)) == {"system"}
    assert verify() is None


STATES: Final[dict[str, type[Model]]] = {
    "call_off": CallOff,
    "offer": Offer,
    "tender": Tender,
    "contract": Contract,
    "joining": Joining,
    "rate_proposal": RateProposal,
    "outcome_plan": OutcomePlan,
    "claim": Claim,
}


@pytest.mark.parametrize("kind", MACHINES)
def test_the_demonstration_has_one_of_every_status_of(demonstration: str, kind: str) -> None:
    held = set(STATES[kind]._default_manager.values_list("status", flat=True))
    assert held == set(MACHINES[kind].labels)


def test_call_offs_of_the_demonstration_stand_in_every_status_of_their_route(demonstration: str) -> None:
    for route, others in (
        ("direct_award", {"closed", "evaluating", "evaluated", "intention"}),
        ("competition", set()),
    ):
        held = set(CallOff.objects.filter(route=route).values_list("status", flat=True))
        assert held == set(CallOff.Status.values) - others
    assert "call-offs: 32 new, 0 changed, 0 as they were" in demonstration
    assert "applications: 7 new, 0 changed, 0 as they were" in demonstration
    assert "proposed rate cards: 5 new, 0 changed, 0 as they were" in demonstration


def test_competitions_of_the_demonstration_are_on_a_lot_that_is_open_and_ask_for_interest_too(
    demonstration: str,
) -> None:
    lots = CallOff.objects.values_list("lot__framework__reference", "lot__framework__regime")
    assert set(lots) == {("cx-demo-01", "pa2023"), ("rm6309", "pcr2015")}
    assert not CallOff.objects.exclude(lot__framework__status="live").exists()
    under = CallOff.objects.filter(lot__framework__reference="rm6309")
    assert sorted(under.values_list("route", "status")) == [
        ("competition", "approved"),
        ("competition", "cancelled"),
        ("competition", "contracted"),
        ("competition", "evaluated"),
        ("competition", "intention"),
        ("competition", "out"),
    ]
    assert set(Invitation.objects.values_list("interest", flat=True)) == {"", "asked", "yes", "no"}
    assert "no_interest" in RuledOut.objects.values_list("rule", flat=True)
    assert Competition.objects.filter(
        call_off__status="intention", standstill_until__gt=timezone.now()
    ).exists()


def test_the_same_files_are_not_loaded_a_second_time(demonstration: str) -> None:
    before = Event.objects.count()
    assert loaded() == "The demonstration is loaded: nothing to change.\n"
    assert Event.objects.count() == before


@pytest.mark.whole
def test_comparing_every_object_again_changes_nothing(demonstration: str) -> None:
    before = Event.objects.count()
    assert loaded("--again") == "The demonstration is loaded: nothing to change.\n"
    assert Event.objects.count() == before


def test_every_rate_line_of_the_demonstration_has_a_key_that_an_address_takes_as_it_is(
    demonstration: str,
) -> None:
    keys = list(RateLine.objects.values_list("key", flat=True))
    assert [key for key in keys if not plain_key(key)] == []
    assert RateLine.objects.filter(
        version__card__reference="cx-demo-01~mardscar-farrowdale-mutual",
        version__status="published",
        key="2b-change-and-adoption-lead",
    ).exists()


def test_a_line_that_was_loaded_under_a_key_with_blanks_keeps_it(demonstration: str) -> None:
    [draft] = [
        one
        for one in read_fixtures(FIXTURES).cards
        if one.reference == "cx-demo-01~mardscar-farrowdale-mutual"
    ]
    lines = [replace(one, key=f"2b-{one.role_title}") if one.role_title else one for one in draft.lines]
    old = sorted(one.key for one in lines)
    assert any(" " in key for key in old)
    publish_cards(SYSTEM, [replace(draft, lines=tuple(lines))])
    assert loaded("--again") == "The demonstration is loaded: nothing to change.\n"
    held = RateLine.objects.filter(version__card__reference=draft.reference, version__status="published")
    assert sorted(held.values_list("key", flat=True)) == old


def test_what_a_firm_changed_itself_is_left_as_the_firm_left_it(demonstration: str) -> None:
    partner = Partner.objects.get(reference="veydale-blue-light")
    actor = editor_of("veydale-blue-light")
    update_profile(actor, partner.reference, partner.revision, {"summary": "What the firm says of itself."})
    assert loaded("--again") == "The demonstration is loaded: nothing to change.\n"
    partner.refresh_from_db()
    assert partner.published is not None
    assert partner.published.summary == "What the firm says of itself."


def test_what_an_operator_broke_is_put_right(demonstration: str) -> None:
    Appointment.objects.filter(supplier__reference="ppl", lot__number="6").update(quality_marks=[])
    said = loaded("--again")
    assert "appointments: 0 new, 1 changed, 625 as they were" in said
    assert Appointment.objects.get(supplier__reference="ppl", lot__number="6").quality_marks == [
        "Maximum quality marks"
    ]


def test_demo_people_can_sign_in_for_fictional_firms_and_nobody_else_s(demonstration: str) -> None:
    users = User.objects.filter(email__endswith="@example.org")
    assert users.count() == 9
    assert all(user.check_password(django_settings.DEMO_PASSWORD) for user in users)
    partners = Membership.objects.filter(organisation__capabilities__kind="partner", user__in=users)
    assert set(partners.values_list("organisation__scheme", flat=True)) == {"XX-DEMO"}


def test_no_accounts_are_made_without_a_demo_password(demonstration: str, settings: Any) -> None:
    settings.DEMO_PASSWORD = None
    people = User.objects.filter(email__endswith="@example.org")
    people.update(email=Replace("email", Value("@"), Value("@gone.")))
    loaded("--again")
    assert not User.objects.filter(email__endswith="@example.org").exists()


def test_every_region_of_today_can_be_required_on_every_framework(demonstration: str) -> None:
    buyer = editor_of(
        Organisation.objects.filter(capabilities__kind="buyer").order_by("reference")[0].reference
    )
    regions = list(Region.objects.filter(scheme="ITL2025", level=1).order_by("code"))
    frameworks = Framework.objects.order_by("reference")
    assert (len(regions), len(frameworks)) == (12, 4)
    for framework in frameworks:
        codes = [code for one in regions for code in codes_in(framework.region_scheme, [one.code])]
        kept = create_requirement(
            buyer, {"text": "An evaluation", "framework": framework.reference, "regions": codes}
        )
        assert kept.current is not None
        named = Region.objects.filter(code__in=kept.current.content["regions"], level=1).order_by("code")
        assert [(one.scheme, one.code[2:]) for one in named] == [
            (framework.region_scheme, one.code[2:]) for one in regions
        ]
