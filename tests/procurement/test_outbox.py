"""What an event owes is written with it: who may read it, a delivery for each recipient, in a bounded number of
queries, or nothing at all.
"""

from __future__ import annotations

from importlib import import_module
from pathlib import Path
from typing import Any

import pytest
from django.apps import apps
from django.db import connection, transaction
from django.test.utils import CaptureQueriesContext

from procurement.actions.events import Happening, record, record_many
from procurement.actions.operations import start_import
from procurement.actions.requirements import create_requirement
from procurement.actions.standing import move_appointment, suspend_partner
from procurement.concerned import WAYS
from procurement.event_types import COMPETING, EVENT_TYPES, PUBLIC, matching
from procurement.kept_secrets import sealed
from procurement.models import (
    Appointment,
    Capability,
    Delivery,
    Event,
    EventAudience,
    Membership,
    Organisation,
    Partner,
    User,
    WebhookEndpoint,
)
from procurement.permissions import SYSTEM
from procurement.querysets import EventQuerySet
from procurement.tender_events import PARTIES
from procurement.webhooks import new_secret
from tests.world import editor_of, make_buyers, make_world

pytestmark = pytest.mark.django_db


@pytest.fixture(scope="module")
def world(module_database: None) -> None:
    make_world()
    make_buyers("shire", "borough")


def endpoint_of(
    organisation: str, *patterns: str, url: str = "https://hooks.example.org/in"
) -> WebhookEndpoint:
    return WebhookEndpoint.objects.create(
        reference=f"whk_{organisation}_{WebhookEndpoint.objects.count()}",
        organisation=Organisation.objects.get(reference=organisation),
        url=url,
        event_types=list(patterns),
        secret=sealed(new_secret()),
        actor="system",
    )


def owed() -> list[tuple[str, str, str, str]]:
    """Every delivery as (type, channel, recipient, whom); people by the role in their address."""
    people = dict(User.objects.values_list("reference", "email"))
    return sorted(
        (one.event.type, one.channel, people.get(one.recipient, one.recipient), one.whom)
        for one in Delivery.objects.select_related("event")
    )


def readers(position: int) -> set[str]:
    return set(EventAudience.objects.filter(event=position).values_list("organisation__reference", flat=True))


def test_a_requirement_is_read_by_its_own_organisation_and_by_nobody_else(world: None) -> None:
    create_requirement(editor_of("shire"), {"text": "Help with sight loss."})
    event = Event.objects.get(type="requirement.created")
    assert readers(event.position) == {"shire"}
    seen = {
        who: EventQuerySet(Event).seen_by(editor_of(who, "administrator")).filter(pk=event.pk).exists()
        for who in ("shire", "borough", "oak", "owner")
    }
    assert seen == {"shire": True, "borough": False, "oak": False, "owner": False}


def test_a_shortlist_that_names_listings_is_never_told_to_their_firms(world: None) -> None:
    with transaction.atomic():
        event = record(
            SYSTEM,
            Happening(
                "shortlist.created",
                "shortlist",
                "SL-2026-0001",
                {"organisation": "shire", "listing": ["wr1~oak~ash", "wr1~oak~oak"], "partner": "ash"},
            ),
        )
    assert readers(event.position) == {"shire"}


ABOUT_A_FIRM = ("partner_left", "lead_changed", "drafters_named")
MEMBERS = {"offer": "wanted_in_offer", "invitation": "wanted_in_invitation", "tender": "drafters"}


def members_of(name: str) -> set[str]:
    """Which members beside the lead read a type: the firm that it is about unless that left before, else those that
    belong still.
    """
    kind, _, what = name.partition(".")
    if what in ABOUT_A_FIRM:
        return {"partner"}
    if what == "partner_left_meanwhile":
        return set()
    return {MEMBERS[kind]} if kind in MEMBERS else set()


TO_ALL_WHO_COMPETE = {
    "call_off.extended", "call_off.amended", "call_off.cancelled", "call_off.unsuccessful", "clarification.answered",
}  # fmt: skip


def test_no_type_that_a_buyer_keeps_to_itself_is_public_or_told_beyond_it() -> None:
    for name, known in EVENT_TYPES.items():
        assert set(known.concerns) <= set(WAYS), name
        assert set(known.withheld) == set() or known.public, name
        if name.startswith(
            (
                "requirement.",
                "match.",
                "shortlist.",
                "saved_search.",
                "call_off.",
                "measure.",
                "clarification.",
            )
        ):
            told = COMPETING if name in TO_ALL_WHO_COMPETE else ("organisation",)
            # The winner, whose contract waits to be signed; no other supplier.
            told = PARTIES if name == "call_off.awarded" else told
            # Of a direct award, everybody that was sent an order form.
            told = (*told, "offered") if name == "call_off.cancelled" else told
            assert (known.public, known.concerns) == (False, told), name
        if name.startswith(("offer.", "contract.", "claim.", "invitation.", "tender.")):
            assert not known.public, name
            beside = {"payer"} if name in ("claim.verified", "claim.unverified", "claim.paid") else set()
            assert set(known.concerns) <= {*PARTIES, *members_of(name)} | beside, name
    assert {name.partition(".")[0] for name in PUBLIC} == {
        "organisation", "partner", "supplier", "appointment", "offering", "rate_card", "framework", "regions",
    }  # fmt: skip


def test_a_type_that_stands_in_no_table_is_read_by_operators_alone(world: None) -> None:
    with transaction.atomic():
        event = record(SYSTEM, Happening("secret.kept", "organisation", "shire", {"organisation": "shire"}))
    assert readers(event.position) == set()
    Capability.objects.create(
        organisation=Organisation.objects.get(reference="owner"), kind=Capability.Kind.OPERATOR
    )
    for role, sees in (("viewer", False), ("administrator", True)):
        mine = EventQuerySet(Event).seen_by(editor_of("owner", role))
        assert mine.filter(position=event.position).exists() is sees


def test_an_operation_is_read_by_the_organisation_that_asked_for_it(
    world: None, settings: Any, tmp_path: Path
) -> None:
    settings.CALLOFF_DATA = tmp_path
    Capability.objects.create(
        organisation=Organisation.objects.get(reference="owner"), kind=Capability.Kind.OPERATOR
    )
    start_import(editor_of("owner"), "import_partners", [b"{}"], "a.jsonl", {})
    assert readers(Event.objects.get(type="operation.queued").position) == {"owner"}


def test_a_suspended_place_is_told_to_each_member_and_by_mail_to_its_editors(world: None) -> None:
    for organisation, role in (("oak", "administrator"), ("ash", "viewer"), ("yew", "editor")):
        editor_of(organisation, role)
    User.objects.create_user("gone@oak.example.org", None, is_active=False)
    Membership.objects.create(
        user=User.objects.get(email="gone@oak.example.org"),
        organisation=Organisation.objects.get(reference="oak"),
        role="editor",
    )
    move_appointment(
        SYSTEM, Appointment.objects.get(lot__reference="wr1~1").reference, None, "suspend", "Late."
    )
    # Of elm nobody signs in; yew stands in another supplier.
    assert owed() == [
        ("appointment.suspended", "email", "administrator@oak.example.org", "supplier"),
        ("appointment.suspended", "inbox", "ash", "supplier"),
        ("appointment.suspended", "inbox", "oak", "supplier"),
    ]
    assert set(Delivery.objects.values_list("status", "attempts")) == {("pending", 0)}


def test_somebody_who_is_given_a_role_is_told_in_person(world: None) -> None:
    viewer = editor_of("shire", "viewer")
    editor_of("shire")
    with transaction.atomic():
        record(
            SYSTEM,
            Happening(
                "organisation.member_added",
                "organisation",
                "shire",
                {"user": viewer.reference},
                {"role": "viewer"},
            ),
        )
    assert owed() == [("organisation.member_added", "inbox", "viewer@shire.example.org", "user")]
    assert Delivery.objects.get().user == User.objects.get(reference=viewer.reference)


def test_a_webhook_gets_what_it_asks_for_if_its_organisation_may_read_it(world: None) -> None:
    mine = endpoint_of("shire", "requirement.", "partner.suspended")
    other = endpoint_of("borough", "requirement.", "partner.profile_published")
    disabled = endpoint_of("shire", "requirement.")
    WebhookEndpoint.objects.filter(pk=disabled.pk).update(status="disabled")
    create_requirement(editor_of("shire"), {"text": "Help with sight loss."})
    suspend_partner(SYSTEM, "yew", Partner.objects.get(reference="yew").revision, "Late.")
    hooks = [one for one in owed() if one[1] == "webhook"]
    assert hooks == [
        ("partner.suspended", "webhook", mine.reference, ""),
        ("requirement.created", "webhook", mine.reference, ""),
    ]
    assert not Delivery.objects.filter(endpoint=other).exists()


def test_an_operators_webhook_gets_whatever_it_asks_for(world: None) -> None:
    Capability.objects.create(
        organisation=Organisation.objects.get(reference="owner"), kind=Capability.Kind.OPERATOR
    )
    hook = endpoint_of("owner", "requirement.")
    create_requirement(editor_of("shire"), {"text": "Help with sight loss."})
    assert owed() == [("requirement.created", "webhook", hook.reference, "")]


@pytest.mark.parametrize("subscribed", [False, True])
def test_queries_do_not_grow_with_the_number_of_events(world: None, subscribed: bool) -> None:
    editor_of("oak")
    if subscribed:
        endpoint_of("shire", "partner.", "rate_card.")
    asked = []
    for times in (1, 200):
        happenings = [
            Happening("partner.profile_published", "partner", "oak", {"organisation": "oak"}),
            Happening("offering.published", "partner", "oak", {"supplier": "oak", "framework": "wr1"}),
        ] * times
        with transaction.atomic(), CaptureQueriesContext(connection) as counted:
            record_many(SYSTEM, happenings)
        asked.append(sum("INSERT" not in one["sql"] or "event" in one["sql"] for one in counted))
    assert Delivery.objects.count() == (201 if subscribed else 0)
    assert EventAudience.objects.count() == 0
    assert asked[0] == asked[1]


def test_where_nobody_is_told_an_event_costs_one_query_more(world: None) -> None:
    happenings = [Happening("partner.profile_published", "partner", "oak", {"organisation": "oak"})] * 50
    with transaction.atomic(), CaptureQueriesContext(connection) as counted:
        record_many(SYSTEM, happenings)
    ours = [one["sql"] for one in counted if "webhookendpoint" in one["sql"] or "delivery" in one["sql"]]
    assert len(ours) == 1
    assert ours[0].startswith("SELECT")


def test_every_notice_and_audience_together_take_a_bounded_number_of_queries(world: None) -> None:
    for organisation in ("oak", "ash", "shire"):
        editor_of(organisation)
    endpoint_of("oak", "appointment.", "rate_card.")
    kinds = {
        "appointment.suspended": {"supplier": "oak", "lot": "wr1~1", "framework": "wr1"},
        "rate_card.expired": {"supplier": "oak", "framework": "wr1"},
        "partner.suspended": {"partner": "ash"},
        "requirement.created": {"organisation": "shire"},
    }
    many = [Happening(kind, "thing", "x", told) for kind, told in kinds.items()] * 25
    with transaction.atomic(), CaptureQueriesContext(connection) as counted:
        record_many(SYSTEM, many)
    tables = ("eventaudience", "delivery", "webhookendpoint", "membership", "application", "suppliermember")
    statements = [one["sql"].split(" VALUES ")[0][:60] for one in counted]
    # Two ways through suppliers, one each to firms and organisations, people, integrations, endpoints, two inserts.
    assert len([one for one in counted if any(table in one["sql"] for table in tables)]) <= 9, statements
    assert Delivery.objects.filter(channel="inbox").count() == 25 * 4
    assert EventAudience.objects.count() == 25


class Undone(Exception):  # noqa: N818
    """Ends a transaction."""


def test_nothing_is_owed_for_what_was_rolled_back(world: None) -> None:
    endpoint_of("shire", "requirement.")
    editor, owed_within = editor_of("shire"), 0

    def begun_and_undone() -> None:
        nonlocal owed_within
        with transaction.atomic():
            create_requirement(editor, {"text": "Help."})
            owed_within = Delivery.objects.count()
            raise Undone

    with pytest.raises(Undone):
        begun_and_undone()
    assert (owed_within, Delivery.objects.count(), EventAudience.objects.count()) == (1, 0, 0)


def test_events_from_before_there_was_an_audience_get_the_one_that_they_would_have(
    world: None, settings: Any, tmp_path: Path
) -> None:
    settings.CALLOFF_DATA = tmp_path
    viewer = editor_of("shire", "viewer")
    create_requirement(editor_of("shire"), {"text": "Help."})
    create_requirement(editor_of("borough"), {"text": "Help."})
    Capability.objects.create(
        organisation=Organisation.objects.get(reference="owner"), kind=Capability.Kind.OPERATOR
    )
    start_import(editor_of("owner"), "import_partners", [b"{}"], "a.jsonl", {})
    joined = Happening(
        "organisation.member_added", "organisation", "shire", {"user": viewer.reference}, {"role": "viewer"}
    )
    with transaction.atomic():
        record_many(SYSTEM, [joined, Happening("demo.loaded", "demo", "demo")])
    audience = EventAudience.objects.order_by("event", "organisation").values_list("event", "organisation")
    before = list(audience)
    assert len(before) == 4
    EventAudience.objects.all().delete()
    import_module("procurement.migrations.0013_outbox").admit(apps, None)
    assert list(audience) == before


def test_patterns_mean_a_type_or_all_that_begin_with_it() -> None:
    assert matching(["partner.suspended", "partner.suspended"]) == {"partner.suspended"}
    assert matching(["match.", "demo.loaded"]) == {"match.kept", "demo.loaded"}
    assert matching(["partner", "partner.susp", "", ".", "x."]) == frozenset()
