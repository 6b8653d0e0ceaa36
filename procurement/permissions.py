"""Who may do what: the first question of every action, answered from one table.

An actor is a person with roles in organisations, an integration with scopes for one organisation, or the system itself.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, field, replace
from enum import StrEnum
from typing import Final

from procurement.errors import NotPermitted
from procurement.models import Application, Capability, Membership, Organisation, User

Role = Membership.Role
Kind = Capability.Kind


class Action(StrEnum):
    """Everything that may be refused for want of a role."""

    VIEW_CONTACTS = "view_contacts"
    UPDATE_PROFILE = "update_profile"
    CONFIRM_PROFILE = "confirm_profile"
    PUBLISH_RATES = "publish_rates"
    SEE_RATE_PROPOSALS = "see_rate_proposals"
    PROPOSE_RATES = "propose_rates"
    IMPORT_PARTNERS = "import_partners"
    IMPORT_RATES = "import_rates"
    SEE_OPERATION = "see_operation"
    CANCEL_OPERATION = "cancel_operation"
    MANAGE_ORGANISATIONS = "manage_organisations"
    MANAGE_MEMBERS = "manage_members"
    INVITE_FIRST = "invite_the_first_administrator"
    MANAGE_FRAMEWORK = "manage_framework"
    MANAGE_SUPPLIERS = "manage_suppliers"
    SUSPEND_PARTNER = "suspend_partner"
    REVIEW_PROFILES = "review_profiles"
    REBUILD_INDEX = "rebuild_index"
    SEE_REQUIREMENTS = "see_requirements"
    WRITE_REQUIREMENT = "write_requirement"
    SEE_MATCHES = "see_matches"
    KEEP_MATCH = "keep_match"
    SEE_SHORTLISTS = "see_shortlists"
    EDIT_SHORTLIST = "edit_shortlist"
    LOCK_SHORTLIST = "lock_shortlist"
    MAKE_EVIDENCE = "make_evidence"
    SEE_SAVED_SEARCHES = "see_saved_searches"
    SAVE_SEARCH = "save_search"
    CHANGE_SAVED_SEARCH = "change_saved_search"
    SEE_CALL_OFFS = "see_call_offs"
    WRITE_CALL_OFF = "write_call_off"
    APPROVE_CALL_OFF = "approve_call_off"
    SET_LIMIT = "set_limit"
    SEE_PLANS = "see_outcome_plans"
    APPROVE_PART = "approve_part_of_outcome_plan"
    SEE_ASKED = "see_what_was_asked"
    ANSWER_ASKED = "answer_what_was_asked"
    SEE_JOININGS = "see_joinings"
    APPLY_TO_JOIN = "apply_to_join"
    AGREE_JOINING = "agree_to_joining"
    CHECK_JOINING = "check_joining"
    LEAVE_SUPPLIER = "leave_supplier"
    SEE_EVENTS = "see_events"
    SEE_EVERY_EVENT = "see_every_event"
    SEE_WEBHOOKS = "see_webhooks"
    MANAGE_WEBHOOKS = "manage_webhooks"
    SEE_INBOX = "see_inbox"
    MARK_INBOX = "mark_inbox"
    SEE_DEAD_LETTERS = "see_dead_letters"
    REDRIVE = "redrive"
    SEE_SPEND = "see_spend"


@dataclass(frozen=True, slots=True)
class Actor:
    """Whoever asks. `reference` is what events record; `roles` maps organisation keys to the role held there.

    `scopes` is None for people, whose roles decide; an integration also needs the scope of what it does. `wanting` are
    the scopes for want of which alone it was refused something while it was asked: what it would help to have.
    """

    reference: str
    roles: dict[int, str] = field(default_factory=dict)
    capabilities: dict[int, frozenset[str]] = field(default_factory=dict)
    scopes: frozenset[str] | None = None
    system: bool = False
    wanting: set[str] = field(default_factory=set, compare=False, repr=False)

    def organisations(self) -> Iterable[int]:
        return self.roles.keys()

    @property
    def signed_in(self) -> bool:
        return self.system or bool(self.reference)


ANONYMOUS: Final = Actor("")
SYSTEM: Final = Actor("system", system=True)

EDITORS: Final = frozenset({Role.EDITOR, Role.APPROVER, Role.ADMINISTRATOR})
APPROVERS: Final = frozenset({Role.APPROVER, Role.ADMINISTRATOR})
ADMINISTRATORS: Final = frozenset({Role.ADMINISTRATOR})
EVERY_ROLE: Final = frozenset(Role)


@dataclass(frozen=True, slots=True)
class Grant:
    """One row of the table: a capability of the actor's organisation (None: whatever it is, and where it is none of
    them), the roles in it, whose things, the scope.
    """

    capability: Kind | None
    roles: frozenset[Role]
    own_only: bool
    scope: str


def _buyers(roles: frozenset[Role], *scopes: str) -> tuple[Grant, ...]:
    """What a buyer organisation keeps is its own, whoever else takes part: no partner, framework owner or operator
    sees it. An integration needs one of the scopes.
    """
    return tuple(Grant(Kind.BUYER, roles, True, scope) for scope in scopes)


def _everybody(roles: frozenset[Role], *scopes: str) -> tuple[Grant, ...]:
    """What every organisation has of its own, whatever it is to the service. An integration needs one of the
    scopes.
    """
    return tuple(Grant(None, roles, True, scope) for scope in scopes)


TABLE: Final[dict[Action, tuple[Grant, ...]]] = {
    Action.VIEW_CONTACTS: tuple(Grant(kind, EVERY_ROLE, False, "contacts:read") for kind in Kind),
    Action.UPDATE_PROFILE: (Grant(Kind.PARTNER, EDITORS, True, "partners:write"),),
    Action.CONFIRM_PROFILE: (Grant(Kind.PARTNER, EDITORS, True, "partners:write"),),
    Action.PUBLISH_RATES: (
        Grant(Kind.FRAMEWORK_OWNER, EDITORS, True, "rates:write"),
        Grant(Kind.OPERATOR, EDITORS, False, "rates:write"),
    ),
    # A proposal is seen by the supplier's lead and by the framework's owner, each for its own, and by operators.
    Action.SEE_RATE_PROPOSALS: (
        Grant(Kind.PARTNER, EVERY_ROLE, True, "rate_proposals:read"),
        Grant(Kind.PARTNER, EVERY_ROLE, True, "rate_proposals:write"),
        Grant(Kind.FRAMEWORK_OWNER, EVERY_ROLE, True, "rate_proposals:read"),
        Grant(Kind.FRAMEWORK_OWNER, EVERY_ROLE, True, "rates:write"),
        Grant(Kind.OPERATOR, EVERY_ROLE, False, "rate_proposals:read"),
        Grant(Kind.OPERATOR, EVERY_ROLE, False, "rates:write"),
    ),
    Action.PROPOSE_RATES: (Grant(Kind.PARTNER, EDITORS, True, "rate_proposals:write"),),
    Action.IMPORT_PARTNERS: (Grant(Kind.OPERATOR, EDITORS, False, "imports:write"),),
    Action.IMPORT_RATES: (Grant(Kind.OPERATOR, EDITORS, False, "imports:write"),),
    Action.SEE_OPERATION: (
        *(Grant(kind, EVERY_ROLE, True, "imports:write") for kind in Kind),
        Grant(Kind.BUYER, EVERY_ROLE, True, "shortlists:write"),
    ),
    Action.CANCEL_OPERATION: (
        *(Grant(kind, EDITORS, True, "imports:write") for kind in Kind),
        Grant(Kind.BUYER, EDITORS, True, "shortlists:write"),
    ),
    Action.MANAGE_ORGANISATIONS: (Grant(Kind.OPERATOR, ADMINISTRATORS, False, "admin:write"),),
    # People look after people: no integration has the scope.
    Action.MANAGE_MEMBERS: _everybody(ADMINISTRATORS, "members"),
    # Of an organisation that nobody administers yet, which member_invitations.py asks.
    Action.INVITE_FIRST: (Grant(Kind.OPERATOR, ADMINISTRATORS, False, "members"),),
    Action.MANAGE_FRAMEWORK: (
        Grant(Kind.FRAMEWORK_OWNER, ADMINISTRATORS, True, "frameworks:write"),
        Grant(Kind.OPERATOR, ADMINISTRATORS, False, "frameworks:write"),
    ),
    Action.MANAGE_SUPPLIERS: (
        Grant(Kind.FRAMEWORK_OWNER, EDITORS, True, "frameworks:write"),
        Grant(Kind.OPERATOR, EDITORS, False, "frameworks:write"),
    ),
    Action.SUSPEND_PARTNER: (
        Grant(Kind.FRAMEWORK_OWNER, ADMINISTRATORS, False, "frameworks:write"),
        Grant(Kind.OPERATOR, ADMINISTRATORS, False, "frameworks:write"),
    ),
    Action.REVIEW_PROFILES: (
        Grant(Kind.FRAMEWORK_OWNER, EDITORS, False, "frameworks:write"),
        Grant(Kind.OPERATOR, EDITORS, False, "frameworks:write"),
    ),
    Action.REBUILD_INDEX: (Grant(Kind.OPERATOR, ADMINISTRATORS, False, "admin:write"),),
    Action.SEE_REQUIREMENTS: _buyers(EVERY_ROLE, "requirements:read", "requirements:write"),
    Action.WRITE_REQUIREMENT: _buyers(EDITORS, "requirements:write"),
    Action.SEE_MATCHES: _buyers(EVERY_ROLE, "matches:read", "matches:write"),
    Action.KEEP_MATCH: _buyers(EDITORS, "matches:write"),
    Action.SEE_SHORTLISTS: _buyers(EVERY_ROLE, "shortlists:read", "shortlists:write"),
    Action.EDIT_SHORTLIST: _buyers(EDITORS, "shortlists:write"),
    Action.LOCK_SHORTLIST: _buyers(EDITORS, "shortlists:write"),
    Action.MAKE_EVIDENCE: _buyers(EVERY_ROLE, "shortlists:write"),
    Action.SEE_SAVED_SEARCHES: _buyers(EVERY_ROLE, "saved_searches:read", "saved_searches:write"),
    # A person keeps searches in any role, and changes their own; editors change those of others.
    Action.SAVE_SEARCH: _buyers(EVERY_ROLE, "saved_searches:write"),
    Action.CHANGE_SAVED_SEARCH: _buyers(EDITORS, "saved_searches:write"),
    Action.SEE_CALL_OFFS: _buyers(EVERY_ROLE, "call_offs:read", "call_offs:write"),
    Action.WRITE_CALL_OFF: _buyers(EDITORS, "call_offs:write"),
    Action.APPROVE_CALL_OFF: _buyers(APPROVERS, "call_offs:approve"),
    Action.SET_LIMIT: _buyers(ADMINISTRATORS, "call_offs:approve"),
    # Whoever pays for outcomes with a buyer, or invests in them, is asked for its word, whatever it is to the service.
    Action.SEE_PLANS: _everybody(EVERY_ROLE, "call_offs:read", "call_offs:write"),
    Action.APPROVE_PART: _everybody(APPROVERS, "call_offs:approve"),
    # What a supplier was asked is seen by the firms that it was asked of; only the lead answers.
    Action.SEE_ASKED: (
        Grant(Kind.PARTNER, EVERY_ROLE, True, "offers:read"),
        Grant(Kind.PARTNER, EVERY_ROLE, True, "offers:write"),
    ),
    Action.ANSWER_ASKED: (Grant(Kind.PARTNER, EDITORS, True, "offers:write"),),
    # Applications are seen by the firm, by the consortium's lead and by the framework's owner, each for its own.
    Action.SEE_JOININGS: tuple(
        Grant(kind, EVERY_ROLE, True, scope)
        for kind in (Kind.PARTNER, Kind.FRAMEWORK_OWNER)
        for scope in ("joinings:read", "joinings:write")
    ),
    Action.APPLY_TO_JOIN: (Grant(Kind.PARTNER, EDITORS, True, "joinings:write"),),
    Action.AGREE_JOINING: (Grant(Kind.PARTNER, EDITORS, True, "joinings:write"),),
    Action.CHECK_JOINING: (Grant(Kind.FRAMEWORK_OWNER, EDITORS, True, "joinings:write"),),
    Action.LEAVE_SUPPLIER: (Grant(Kind.PARTNER, ADMINISTRATORS, True, "joinings:write"),),
    Action.SEE_EVENTS: _everybody(EVERY_ROLE, "events:read"),
    # Whoever answers for the service reads the whole log, what buyers keep to themselves included: it is the audit.
    Action.SEE_EVERY_EVENT: (Grant(Kind.OPERATOR, ADMINISTRATORS, False, "events:read"),),
    Action.SEE_WEBHOOKS: _everybody(EVERY_ROLE, "webhooks:read", "webhooks:write"),
    Action.MANAGE_WEBHOOKS: _everybody(ADMINISTRATORS, "webhooks:write"),
    Action.SEE_INBOX: _everybody(EVERY_ROLE, "inbox:read", "inbox:write"),
    Action.MARK_INBOX: _everybody(EVERY_ROLE, "inbox:write"),
    Action.SEE_DEAD_LETTERS: (Grant(Kind.OPERATOR, EDITORS, False, "admin:write"),),
    Action.REDRIVE: (Grant(Kind.OPERATOR, ADMINISTRATORS, False, "admin:write"),),
    # Totals alone: an owner sees what was bought under its frameworks and how often each buyer signed without a
    # competition, neither what a buyer needed or paid nor a tender.
    Action.SEE_SPEND: (
        Grant(Kind.FRAMEWORK_OWNER, EVERY_ROLE, True, "frameworks:write"),
        Grant(Kind.OPERATOR, EVERY_ROLE, False, "admin:write"),
    ),
}

SCOPES: Final[dict[str, str]] = {
    "read": "Read what is public",
    "contacts:read": "Read partners' contacts",
    "partners:write": "Update the own organisation's profile",
    "rates:write": "Publish rate cards, and decide on those that are proposed",
    "rate_proposals:read": "Read proposals of rate cards that concern the own organisation",
    "rate_proposals:write": "Propose the own supplier's rate cards",
    "imports:write": "Import partners and rate cards",
    "requirements:read": "Read the own organisation's requirements",
    "requirements:write": "Write the own organisation's requirements",
    "matches:read": "Read the own organisation's matches",
    "matches:write": "Match a requirement and keep the answer",
    "shortlists:read": "Read the own organisation's shortlists",
    "shortlists:write": "Write the own organisation's shortlists",
    "saved_searches:read": "Read the own organisation's saved searches",
    "saved_searches:write": "Keep searches and be told what they find",
    "call_offs:read": "Read the own organisation's call-offs, and plans of outcomes that it has a part in",
    "call_offs:write": "Write the own organisation's call-offs and move them",
    "call_offs:approve": "Approve call-offs and parts in plans of outcomes, undo awards, set the limit for approval",
    "offers:read": "Read what the own organisation was asked for as a supplier",
    "offers:write": "Answer what the own organisation was asked for as a supplier",
    "joinings:read": "Read applications to join that concern the own organisation",
    "joinings:write": "Apply to join a consortium or a lot, agree to and check applications, leave",
    "events:read": "Follow the events that the own organisation may read",
    "webhooks:read": "Read the own organisation's webhooks and what was sent",
    "webhooks:write": "Register webhooks, change them, have messages sent again",
    "inbox:read": "Read the own organisation's inbox",
    "inbox:write": "Mark messages of the inbox as read",
    "frameworks:write": "Manage frameworks, appointments and offerings",
    "admin:write": "Manage organisations and the index",
}


def person(user: User) -> Actor:
    """The actor behind a signed-in person: their roles and what those organisations are (two queries)."""
    roles = dict(user.memberships.values_list("organisation_id", "role"))
    return Actor(user.reference, roles, _capabilities(roles))


def integration(application: Application, scopes: Iterable[str]) -> Actor:
    """The actor behind a client-credentials token: an administrator of its organisation, within its scopes."""
    if application.organisation_id is None:
        return Actor(application.reference, scopes=frozenset(scopes))
    roles = {application.organisation_id: str(Role.ADMINISTRATOR)}
    return Actor(application.reference, roles, _capabilities(roles), frozenset(scopes))


def _capabilities(roles: dict[int, str]) -> dict[int, frozenset[str]]:
    held: dict[int, set[str]] = {}
    for organisation, kind in Capability.objects.filter(organisation__in=roles).values_list(
        "organisation_id", "kind"
    ):
        held.setdefault(organisation, set()).add(kind)
    return {organisation: frozenset(kinds) for organisation, kinds in held.items()}


def can(actor: Actor, action: Action, owner: Organisation | int | None = None) -> bool:
    """Whether the actor may do this to something that is `owner`'s (an organisation or its key, None: nobody's)."""
    if actor.system:
        return True
    key = owner.pk if isinstance(owner, Organisation) else owner
    scopes = [grant.scope for grant in TABLE[action] if _fits(actor, grant, key)]
    if actor.scopes is None:
        return bool(scopes)
    if actor.scopes.isdisjoint(scopes):
        # The first is the least that does: reading stands before writing in the table.
        actor.wanting.update(scopes[:1])
        return False
    return True


def _fits(actor: Actor, grant: Grant, owner: int | None) -> bool:
    """Whether the grant is the actor's, but for the scope that an integration needs beside."""
    return any(
        role in grant.roles
        and grant.capability in (None, *actor.capabilities.get(organisation, ()))
        and (not grant.own_only or organisation == owner)
        for organisation, role in actor.roles.items()
    )


def entitling(actor: Actor, action: Action) -> list[int]:
    """Those of the actor's organisations (keys) in which their role lets them do this, whatever they are elsewhere."""
    return [key for key, role in actor.roles.items() if can(replace(actor, roles={key: role}), action, key)]


def require(actor: Actor, action: Action, owner: Organisation | int | None = None) -> None:
    """Refuse with NotPermitted, which says who may, unless the table grants it."""
    if not can(actor, action, owner):
        raise NotPermitted(f"You may not do this: {action.value.replace('_', ' ')}.{_whose(actor, action)}")


def _whose(actor: Actor, action: Action) -> str:
    """What kinds of organisation may, where the actor's is none of them; else who in the organisation may. "" for who
    acts for none, and where a scope is all that is lacking.
    """
    kinds = {grant.capability for grant in TABLE[action]}
    held = {None, *(kind for kinds in actor.capabilities.values() for kind in kinds)}
    if not kinds & held:
        labels = [str(kind.label).lower() for kind in Kind if kind in kinds]
        return f" It is for organisations of this kind: {', '.join(labels)}."
    if not actor.roles or actor.wanting:
        return ""
    grants = [one for one in TABLE[action] if one.capability in held]
    roles = {role for one in grants for role in one.roles}
    whose = "that this belongs to" if all(one.own_only for one in grants) else "that you act for"
    return f" In the organisation {whose} these may: {', '.join(role.label.lower() for role in Role if role in roles)}."
