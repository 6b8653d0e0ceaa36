"""Who may do what: every role of every kind of organisation against every action, written out."""

from __future__ import annotations

import pytest

from procurement.errors import NotPermitted
from procurement.models import Application, Capability, Membership, Organisation, User
from procurement.permissions import ANONYMOUS, SYSTEM, TABLE, Action, Actor, can, integration, person, require

OWN, OTHER = 1, 2
KINDS = ("buyer", "partner", "framework_owner", "operator")
EDITOR_UP = {"editor", "approver", "administrator"}
ADMINISTRATOR = {"administrator"}
ALL = {"viewer"} | EDITOR_UP
APPROVER_UP = {"approver", "administrator"}

ALLOWED_ON_OWN: dict[Action, dict[str, set[str]]] = {
    Action.VIEW_CONTACTS: {"buyer": ALL, "partner": ALL, "framework_owner": ALL, "operator": ALL},
    Action.UPDATE_PROFILE: {"partner": EDITOR_UP},
    Action.CONFIRM_PROFILE: {"partner": EDITOR_UP},
    Action.PUBLISH_RATES: {"framework_owner": EDITOR_UP, "operator": EDITOR_UP},
    Action.SEE_RATE_PROPOSALS: {"partner": ALL, "framework_owner": ALL, "operator": ALL},
    Action.PROPOSE_RATES: {"partner": EDITOR_UP},
    Action.IMPORT_PARTNERS: {"operator": EDITOR_UP},
    Action.IMPORT_RATES: {"operator": EDITOR_UP},
    Action.SEE_OPERATION: {"buyer": ALL, "partner": ALL, "framework_owner": ALL, "operator": ALL},
    Action.CANCEL_OPERATION: {
        "buyer": EDITOR_UP,
        "partner": EDITOR_UP,
        "framework_owner": EDITOR_UP,
        "operator": EDITOR_UP,
    },
    Action.MANAGE_ORGANISATIONS: {"operator": ADMINISTRATOR},
    Action.MANAGE_FRAMEWORK: {"framework_owner": ADMINISTRATOR, "operator": ADMINISTRATOR},
    Action.MANAGE_SUPPLIERS: {"framework_owner": EDITOR_UP, "operator": EDITOR_UP},
    Action.SEE_SPEND: {"framework_owner": ALL, "operator": ALL},
    Action.SUSPEND_PARTNER: {"framework_owner": ADMINISTRATOR, "operator": ADMINISTRATOR},
    Action.REVIEW_PROFILES: {"framework_owner": EDITOR_UP, "operator": EDITOR_UP},
    Action.REBUILD_INDEX: {"operator": ADMINISTRATOR},
    Action.SEE_REQUIREMENTS: {"buyer": ALL},
    Action.WRITE_REQUIREMENT: {"buyer": EDITOR_UP},
    Action.SEE_MATCHES: {"buyer": ALL},
    Action.KEEP_MATCH: {"buyer": EDITOR_UP},
    Action.SEE_SHORTLISTS: {"buyer": ALL},
    Action.EDIT_SHORTLIST: {"buyer": EDITOR_UP},
    Action.LOCK_SHORTLIST: {"buyer": EDITOR_UP},
    Action.MAKE_EVIDENCE: {"buyer": ALL},
    Action.SEE_SAVED_SEARCHES: {"buyer": ALL},
    Action.SAVE_SEARCH: {"buyer": ALL},
    Action.CHANGE_SAVED_SEARCH: {"buyer": EDITOR_UP},
    Action.SEE_CALL_OFFS: {"buyer": ALL},
    Action.WRITE_CALL_OFF: {"buyer": EDITOR_UP},
    Action.APPROVE_CALL_OFF: {"buyer": APPROVER_UP},
    Action.SET_LIMIT: {"buyer": ADMINISTRATOR},
    Action.SEE_PLANS: dict.fromkeys((*KINDS, ""), ALL),
    Action.APPROVE_PART: dict.fromkeys((*KINDS, ""), APPROVER_UP),
    Action.SEE_ASKED: {"partner": ALL},
    Action.ANSWER_ASKED: {"partner": EDITOR_UP},
    Action.SEE_JOININGS: {"partner": ALL, "framework_owner": ALL},
    Action.APPLY_TO_JOIN: {"partner": EDITOR_UP},
    Action.AGREE_JOINING: {"partner": EDITOR_UP},
    Action.CHECK_JOINING: {"framework_owner": EDITOR_UP},
    Action.LEAVE_SUPPLIER: {"partner": ADMINISTRATOR},
    Action.SEE_EVENTS: dict.fromkeys((*KINDS, ""), ALL),
    Action.SEE_EVERY_EVENT: {"operator": ADMINISTRATOR},
    Action.SEE_WEBHOOKS: dict.fromkeys((*KINDS, ""), ALL),
    Action.MANAGE_WEBHOOKS: dict.fromkeys((*KINDS, ""), ADMINISTRATOR),
    Action.MANAGE_MEMBERS: dict.fromkeys((*KINDS, ""), ADMINISTRATOR),
    Action.INVITE_FIRST: {"operator": ADMINISTRATOR},
    Action.SEE_INBOX: dict.fromkeys((*KINDS, ""), ALL),
    Action.MARK_INBOX: dict.fromkeys((*KINDS, ""), ALL),
    Action.SEE_DEAD_LETTERS: {"operator": EDITOR_UP},
    Action.REDRIVE: {"operator": ADMINISTRATOR},
}
OF_ITS_OWN = (
    Action.SEE_OPERATION,
    Action.CANCEL_OPERATION,
    Action.SEE_PLANS,
    Action.APPROVE_PART,
    Action.SEE_EVENTS,
    Action.SEE_WEBHOOKS,
    Action.MANAGE_WEBHOOKS,
    Action.MANAGE_MEMBERS,
    Action.SEE_INBOX,
    Action.MARK_INBOX,
)
NOT_ON_OTHERS = {
    ("partner", Action.UPDATE_PROFILE),
    ("partner", Action.CONFIRM_PROFILE),
    ("buyer", Action.SEE_REQUIREMENTS),
    ("buyer", Action.WRITE_REQUIREMENT),
    ("buyer", Action.SEE_MATCHES),
    ("buyer", Action.KEEP_MATCH),
    ("buyer", Action.SEE_SHORTLISTS),
    ("buyer", Action.EDIT_SHORTLIST),
    ("buyer", Action.LOCK_SHORTLIST),
    ("buyer", Action.MAKE_EVIDENCE),
    ("buyer", Action.SEE_SAVED_SEARCHES),
    ("buyer", Action.SAVE_SEARCH),
    ("buyer", Action.CHANGE_SAVED_SEARCH),
    ("buyer", Action.SEE_CALL_OFFS),
    ("buyer", Action.WRITE_CALL_OFF),
    ("buyer", Action.APPROVE_CALL_OFF),
    ("buyer", Action.SET_LIMIT),
    ("partner", Action.SEE_ASKED),
    ("partner", Action.ANSWER_ASKED),
    ("partner", Action.SEE_RATE_PROPOSALS),
    ("framework_owner", Action.SEE_RATE_PROPOSALS),
    ("partner", Action.PROPOSE_RATES),
    ("partner", Action.SEE_JOININGS),
    ("framework_owner", Action.SEE_JOININGS),
    ("partner", Action.APPLY_TO_JOIN),
    ("partner", Action.AGREE_JOINING),
    ("framework_owner", Action.CHECK_JOINING),
    ("partner", Action.LEAVE_SUPPLIER),
    ("framework_owner", Action.PUBLISH_RATES),
    ("framework_owner", Action.MANAGE_FRAMEWORK),
    ("framework_owner", Action.MANAGE_SUPPLIERS),
    ("framework_owner", Action.SEE_SPEND),
    *((kind, action) for kind in (*KINDS, "") for action in OF_ITS_OWN),
}


def actor(kind: str, role: str, scopes: frozenset[str] | None = None) -> Actor:
    return Actor("usr_1", {OWN: role}, {OWN: frozenset({kind})} if kind else {}, scopes)


@pytest.mark.parametrize("action", list(Action))
@pytest.mark.parametrize("role", ["viewer", "editor", "approver", "administrator"])
@pytest.mark.parametrize("kind", [*KINDS, pytest.param("", id="none of them")])
def test_a_role_may_do_exactly_what_the_written_table_says(kind: str, role: str, action: Action) -> None:
    on_own = role in ALLOWED_ON_OWN[action].get(kind, set())
    assert can(actor(kind, role), action, OWN) is on_own
    assert can(actor(kind, role), action, OTHER) is (on_own and (kind, action) not in NOT_ON_OTHERS)


@pytest.mark.parametrize("action", list(Action))
def test_nobody_signed_in_may_do_nothing_and_the_system_everything(action: Action) -> None:
    assert not can(ANONYMOUS, action, OWN)
    assert can(SYSTEM, action, OWN)


@pytest.mark.parametrize("action", list(Action))
def test_an_integration_needs_the_scope_of_what_it_does(action: Action) -> None:
    for grant in TABLE[action]:
        kind = str(grant.capability or "")
        assert can(actor(kind, "administrator", frozenset({grant.scope})), action, OWN)
        assert not can(actor(kind, "administrator", frozenset({"read"})), action, OWN)


def test_a_refusal_names_what_was_refused() -> None:
    with pytest.raises(NotPermitted, match="update profile"):
        require(ANONYMOUS, Action.UPDATE_PROFILE, OWN)


@pytest.mark.django_db
def test_a_person_brings_the_roles_and_capabilities_of_their_organisations(
    django_assert_num_queries: pytest.FixtureRequest,
) -> None:
    council = Organisation.objects.create(reference="council", name="A council")
    firm = Organisation.objects.create(reference="firm", name="A firm")
    Capability.objects.create(organisation=council, kind="buyer")
    Capability.objects.create(organisation=firm, kind="partner")
    Capability.objects.create(organisation=firm, kind="buyer")
    user = User.objects.create_user("Someone@Example.org", "secret")
    Membership.objects.create(user=user, organisation=council, role="viewer")
    Membership.objects.create(user=user, organisation=firm, role="editor")
    with django_assert_num_queries(2):  # type: ignore[operator]
        found = person(user)
    assert user.email == "someone@example.org"
    assert found.roles == {council.pk: "viewer", firm.pk: "editor"}
    assert found.capabilities == {council.pk: {"buyer"}, firm.pk: {"partner", "buyer"}}


@pytest.mark.django_db
def test_an_integration_without_an_organisation_may_do_nothing() -> None:
    application = Application(organisation=None)
    found = integration(application, {"partners:write", "contacts:read"})
    assert not any(can(found, action, OWN) for action in Action)
