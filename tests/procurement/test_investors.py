"""A social investor, and bodies that pay, of whatever kind: each gives its own word on its part in a plan."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest

from procurement.actions.organisations import OrganisationDraft, save_organisations
from procurement.actions.outcome_plans import approve_investor, approve_share, propose_plan, save_plan
from procurement.errors import Conflict, Invalid, NotFound, NotPermitted, Refused
from procurement.models import CallOff, Event, OutcomePlan, Payer
from procurement.permissions import SYSTEM, Actor
from procurement.querysets_call_offs import CallOffQuerySet
from tests.bought import Market, drafted
from tests.competed import told
from tests.paid import body, measure_of
from tests.world import editor_of, make_buyers

pytestmark = pytest.mark.django_db


@pytest.fixture
def payer(market: Market) -> Actor:
    make_buyers("ministry")
    return editor_of("ministry", "approver")


def refused(kind: type[Refused], act: Callable[[], object]) -> list[tuple[str, str]]:
    """What was wrong, by pointer and code; and that nothing has changed."""

    def state() -> list[Any]:
        return [list(OutcomePlan.objects.values()), list(Payer.objects.values()), Event.objects.count()]

    before = state()
    with pytest.raises(kind) as refusal:
        act()
    assert state() == before
    return [(fault.pointer, fault.code) for fault in refusal.value.faults]


OUTSIDE = {"name": "A social fund", "scheme": "XX-DEMO", "identifier": "00000001"}


def test_a_plan_is_agreed_once_its_social_investor_has_approved_too(market: Market, payer: Actor) -> None:
    call_off = drafted(market.buyer)
    said = body(measure_of(market).reference, investor="borough")
    plan = save_plan(market.buyer, call_off.reference, call_off.revision, said)
    refused(NotFound, lambda: approve_investor(market.stranger, plan.reference, plan.revision, ""))
    plan = propose_plan(market.buyer, plan.reference, plan.revision)
    assert "borough" in told("outcome_plan.proposed")["inbox"]
    for actor in (payer, market.approver):
        plan = approve_share(actor, plan.reference, plan.revision)
    assert plan.status == "proposed"
    refused(NotPermitted, lambda: approve_investor(market.buyer, plan.reference, plan.revision, "Said so."))
    refused(NotPermitted, lambda: approve_investor(payer, plan.reference, plan.revision, "Said so."))
    plan = approve_investor(market.stranger, plan.reference, plan.revision, "")
    assert plan.status == "agreed"
    kinds = list(Event.objects.order_by("-position").values_list("type", flat=True)[:2])
    assert kinds == ["outcome_plan.agreed", "outcome_plan.investor_approved"]
    refused(Conflict, lambda: approve_investor(market.stranger, plan.reference, plan.revision, ""))
    call_off.refresh_from_db()
    again = save_plan(market.buyer, call_off.reference, call_off.revision, said)
    assert again.investor_approval is None


def test_the_word_of_an_investor_who_is_not_known_here_is_recorded_with_where_it_stands(
    market: Market, payer: Actor
) -> None:
    call_off = drafted(market.buyer)
    said = body(measure_of(market).reference, investor_named=OUTSIDE)
    plan = save_plan(market.buyer, call_off.reference, call_off.revision, said)
    plan = propose_plan(market.buyer, plan.reference, plan.revision)
    for note in ("", None, "x" * 1001):
        (fault,) = refused(
            Invalid, lambda note=note: approve_investor(market.approver, plan.reference, plan.revision, note)
        )
        assert fault[0] == "/note"
    plan = approve_investor(market.approver, plan.reference, plan.revision, "Letter of 3 March.")
    assert (plan.status, plan.investor_approval["note"]) == ("proposed", "Letter of 3 March.")
    assert plan.investor_approval["by"] == market.approver.reference
    for actor in (payer, market.approver):
        plan = approve_share(actor, plan.reference, plan.revision)
    assert plan.status == "agreed"


@pytest.mark.parametrize("kind", ["partner", "framework_owner", ""])
def test_an_investor_and_a_payer_of_whatever_kind_approve_their_parts(market: Market, kind: str) -> None:
    """Organisations that buy nothing here: they are told, see the plan alone, and each gives its own word."""
    held = frozenset({kind} if kind else ())
    bodies = [OrganisationDraft(name, name.title(), "XX-DEMO", f"0000777{at}", capabilities=held)
              for at, name in enumerate(("fund", "trust"))]  # fmt: skip
    save_organisations(SYSTEM, bodies)
    fund, viewer, trust = (
        editor_of(*said) for said in (("fund", "approver"), ("fund", "viewer"), ("trust", "administrator"))
    )
    call_off = drafted(market.buyer)
    payers = [{"organisation": "shire", "share": "50"}, {"organisation": "trust", "share": "50"}]
    said = body(measure_of(market).reference, investor="fund", payers=payers)
    plan = save_plan(market.buyer, call_off.reference, call_off.revision, said)
    for actor in (fund, trust):
        refused(NotFound, lambda actor=actor: approve_share(actor, plan.reference, 1))
    plan = propose_plan(market.buyer, plan.reference, plan.revision)
    assert {"fund", "trust"} <= told("outcome_plan.proposed")["inbox"]
    refused(NotPermitted, lambda: approve_investor(viewer, plan.reference, plan.revision, ""))
    refused(NotPermitted, lambda: approve_share(fund, plan.reference, plan.revision))
    refused(NotPermitted, lambda: approve_investor(trust, plan.reference, plan.revision, "Said so."))
    assert not CallOffQuerySet(CallOff).seen_by(fund).exists()
    plan = approve_investor(fund, plan.reference, plan.revision, "")
    for actor in (trust, market.approver):
        plan = approve_share(actor, plan.reference, plan.revision)
    assert plan.status == "agreed"
    assert plan.investor_approval["by"] == fund.reference


def test_an_investor_who_is_named_by_an_identifier_that_is_known_here_is_that_organisation(
    market: Market, payer: Actor
) -> None:
    save_organisations(
        SYSTEM, [OrganisationDraft("fund", "A fund", OUTSIDE["scheme"], OUTSIDE["identifier"])]
    )
    call_off = drafted(market.buyer)
    said = body(measure_of(market).reference, investor_named=OUTSIDE)
    plan = save_plan(market.buyer, call_off.reference, call_off.revision, said)
    assert (plan.investor.reference, plan.investor_named) == ("fund", None)


def test_without_a_social_investor_nobody_is_waited_for(market: Market, payer: Actor) -> None:
    call_off = drafted(market.buyer)
    plan = save_plan(market.buyer, call_off.reference, call_off.revision, body(measure_of(market).reference))
    plan = propose_plan(market.buyer, plan.reference, plan.revision)
    refused(Conflict, lambda: approve_investor(market.approver, plan.reference, plan.revision, "None."))
