"""Who may do what through the API: one table of every operation, by the roles of docs and design; nothing is read off
the code. tests/api/test_matrix.py asks each operation as everybody here.

A row says what is asked, and which of ASKERS may; `sees` are those that see it beside and are told 403; of what is
addressed by a reference everybody else is told that there is none (404), of a collection that it is not theirs (403).
Nobody at all is a 401, but where reading is public.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, Final

from procurement.permissions import SCOPES
from tests.api.buying import BUYER
from tests.api.conftest import Asker

_BUYING: Final = ("requirements", "matches", "shortlists", "saved_searches", "call_offs")
_TOLD: Final = "events:read inbox:read webhooks:read"
_READING: Final = " ".join(f"{name}:read" for name in _BUYING)
_WRITING: Final = " ".join(f"{name}:write" for name in _BUYING)
_OTHERS: Final = (
    "read contacts:read partners:write rates:write offers:read offers:write joinings:write frameworks:write"
)

ASKERS: Final[dict[str, Asker]] = {
    "nobody": "",
    # Of the buyer.
    "viewer": "reader",
    "editor": "buyer",
    "approver": "approver",
    "administrator": "chief",
    "assessor": "second",
    "moderator": "moderator",
    "token": (BUYER, f"{_WRITING} events:read inbox:write webhooks:write"),
    "approving token": (BUYER, f"{_READING} call_offs:approve"),
    "reading token": (BUYER, f"{_READING} {_TOLD}"),
    "token of other scopes": (BUYER, _OTHERS),
    # Of another buyer.
    "other buyer": "neighbour",
    "other buyer's viewer": "payer-viewer",
    # Of the supplier that was asked: who leads it, a member whose listing was wanted and that may write the tender.
    "lead": "larch",
    "lead's viewer": "larch-reader",
    "lead's administrator": "larch-chief",
    "member": "alder",
    "member's administrator": "alder-chief",
    "lead's token": ("larch", "offers:write joinings:write rate_proposals:write"),
    "lead's reading token": ("larch", "offers:read joinings:read rate_proposals:read"),
    "lead's token of other scopes": ("larch", f"read partners:write {_READING}"),
    # Of another supplier, which is asked as well and applies to join; and of one that has to do with none of it.
    "competitor": "brightwater",
    "competitor's viewer": "brightwater-reader",
    "outsider": "partner",
    # Of whoever answers for the framework, for another one, for the service.
    "owner": "owner",
    "owner's viewer": "owner-reader",
    "other owner": "other-owner",
    "operator": "operator",
    "operator's token": ("calloff-operations", " ".join(SCOPES)),
}

BUYERS: Final = ("viewer", "editor", "approver", "administrator", "assessor", "moderator")
READERS: Final = (*BUYERS, "token", "reading token", "approving token")
"""Whoever reads what the buyer keeps, in any role, with the scope to read or to write."""
SEE_INVITED: Final = (*BUYERS, "operator")
OF_BODY: Final = (*READERS, "token of other scopes")
"""Whoever is of the buyer, whatever they may there."""
TOLD: Final = (*BUYERS, "token", "reading token")
TAKING_PART: Final = (*BUYERS[1:], "token", "approving token")
"""Whoever reads what was tendered to the buyer, having declared no conflict of interest."""
NO_PART: Final = ("viewer", "reading token")
EDITORS: Final = ("editor", "approver", "administrator", "token")
KEEPERS: Final = (*BUYERS, "token")
"""What every role does: keep searches, have evidence made."""
APPROVERS: Final = ("approver", "administrator", "approving token")
ADMINISTRATORS: Final = ("administrator", "approving token")
NEXT_DOOR: Final = ("other buyer", "other buyer's viewer")

LEADS: Final = ("lead", "lead's administrator", "lead's token")
LED: Final = (*LEADS, "lead's viewer", "lead's reading token")
MEMBERS: Final = ("member", "member's administrator")
WRITERS: Final = (*LEADS, *MEMBERS)
ASKED: Final = (*LED, *MEMBERS)
RIVALS: Final = ("competitor", "competitor's viewer")
SUPPLIERS: Final = (*ASKED, *RIVALS, "outsider")
BOTH_SIDES: Final = (*READERS, *ASKED)
OWNERS: Final = ("owner", "owner's viewer")
JOINING: Final = (*RIVALS, *LED, *OWNERS)
OPERATORS: Final = ("operator", "operator's token")
PROPOSING: Final = (*LED, *OWNERS, *OPERATORS)
RUNNING: Final = ("owner", *OPERATORS)
"""Whoever runs the framework XD1."""
EVERYBODY: Final = tuple(ASKERS)
SIGNED_IN: Final = tuple(name for name in ASKERS if name != "nobody")
PAYING: Final = tuple(
    name
    for name in SIGNED_IN
    if name not in ("token of other scopes", "lead's token", "lead's reading token")
)
"""Whoever may have a part in a plan of outcomes, with the scope to read it: nobody is kept out by what they are."""
PEOPLE: Final = tuple(name for name, asker in ASKERS.items() if isinstance(asker, str) and asker)
MANAGERS: Final = (
    "administrator", "token", "other buyer", "lead's administrator", "member's administrator", "other owner",
    *OPERATORS,
)  # fmt: skip
"""Administrators of whatever organisation."""


@dataclass(frozen=True, slots=True)
class Row:
    """`{NAME}` in the address stands for what was made by that name (World.made in tests/api/test_matrix.py)."""

    method: str
    path: str
    may: tuple[str, ...]
    sees: tuple[str, ...] = ()
    body: Any = None
    others: int = 0
    """What everybody else is told, where it is not what the path says."""

    def expected(self, who: str) -> int:
        """What they are told: 200 stands for whatever only who may is told, a rule that is broken among it."""
        if who in self.may:
            return 200
        if who == "nobody":
            return 401
        if who in self.sees:
            return 403
        return self.others or (404 if "{" in self.path else 403)


def _public(*paths: str) -> tuple[Row, ...]:
    return tuple(Row("GET", path, EVERYBODY) for path in paths)


def _read(may: tuple[str, ...], *paths: str) -> tuple[Row, ...]:
    return tuple(Row("GET", path, may) for path in paths)


def _move(may: tuple[str, ...], sees: tuple[str, ...], *steps: tuple[str, Any]) -> tuple[Row, ...]:
    return tuple(Row("POST", path, may, sees, body) for path, body in steps)


WHY: Final = {"reason": "Because."}
FORM: Final = {"file": "brief.txt"}
"""Is sent as a form with a file of that name."""
_NEED: Final = {"text": "Evaluation", "framework": "xd1", "lot": "xd1~1"}
_CALL_OFF, _COMP, _RANKED = "call-offs/{DRAFT}/", "call-offs/{COMPETITION}/", "call-offs/{RANKED}/"
_SHORTLIST, _LOCKED = "shortlists/{SHORTLIST}/", "shortlists/{LOCKED}/"
_TENDER, _JUDGED, _INVITATION = "tenders/{TENDER}/", "tenders/{JUDGED}/", "invitations/{INVITATION}/"
_OFFER, _CONTRACT, _CLAIM = "offers/{OFFER}/", "contracts/{CONTRACT}/", "claims/{CLAIM}/"
_PLAN, _JOINING, _WEBHOOK = "outcome-plans/{PLAN}/", "joinings/{JOINING}/", "webhooks/{WEBHOOK}/"
_PROPOSAL: Final = "rate-proposals/{PROPOSAL}/"
_INVITED: Final = "organisations/{BODY}/invitations/"
_DOMAINS: Final = "organisations/{BODY}/domains/"

KEPT_NEW: Final[dict[str, Any]] = {
    "frameworks/": {
        "reference": "xd9",
        "number": "XD9",
        "name": "x",
        "owner": "commons-exchange",
        "status": "coming",
        "starts_on": "2030-02-02",
        "ends_on": "2034-02-01",
        "regime": "pa2023",
        "region_scheme": "ITL2025",
        "rate_unit": "day",
    },
    "lots/": {"framework": "xd1", "number": "9", "name": "x", "competition": True},
    "specialisms/": {"lot": "xd1~1", "number": "99", "name": "x"},
    "grades/": {"lot": "xd1~1", "code": "G9", "name": "x", "rank": 9},
}
KEPT_PARTS: Final = ("frameworks/xd1/", "lots/xd1~1/", "specialisms/xd1~1~1/", "grades/xd1~1~g3/")

TABLE: Final[tuple[Row, ...]] = (
    # What is public, and questions that change nothing.
    *_public(
        "", "listings/", "listings/suggestions/?q=ev", "listings/{LISTING}/", "rates/", "rates/suggestions/?q=se",
        "rates.csv", "frameworks/", "frameworks/xd1/", "lots/", "lots/xd1~1/", "specialisms/",
        "specialisms/xd1~1~1/", "grades/", "grades/xd1~1~g3/", "organisations/", "organisations/{BODY}/", "partners/",
        "partners/larch/", "partners/larch/offerings/", "suppliers/", "suppliers/larch/", "rate-cards/",
        "rate-cards/xd1~larch/",
        "comparisons/?{COMPARED}", "comparisons.csv?{COMPARED}", "comparisons.xlsx?{COMPARED}", "measures/",
        "measures/{MEASURE}/", "health/live/", "health/ready/", "schema/",
    ),
    Row("POST", "quotes/", EVERYBODY, body={}),
    Row("POST", "teams/", EVERYBODY, body={}),
    Row("POST", "matches/", EVERYBODY, body={"need": {}, "keep": False}),
    # What a firm, an operator and an organisation's people have.
    Row("PATCH", "partners/larch/", ("lead", "lead's administrator", "lead's token of other scopes"), SIGNED_IN,
        {"summary": "Larch evaluates."}),
    Row("PUT", "partners/larch/offerings/", ("lead", "lead's administrator", "lead's token of other scopes"), SIGNED_IN,
        {"framework": "xd1", "supplier": "larch", "offerings": []}),
    Row("POST", "suppliers/larch/members/alder/leave/", ("member's administrator",), ("member",), {}, others=404),
    *(
        Row("POST", f"organisation-invitations/{answer}/", PEOPLE, body={"token": "none"})
        for answer in ("accept", "decline")
    ),
    Row("POST", "imports/?dry_run=true", OPERATORS, body=b"{}\n"),
    Row("POST", "imports/?kind=rates&framework=xd1&dry_run=true", OPERATORS, body={"file": "rates.csv"}),
    *_read((*PEOPLE, "operator's token", "token"), "operations/"),
    *_read(OPERATORS, "operations/{OPERATION}/"),
    Row("DELETE", "operations/{OPERATION}/", OPERATORS),
    *_read((*PEOPLE, "token", "reading token", "operator's token"), "events/", "inbox/", "webhooks/"),
    *_read(TOLD, "inbox/{MESSAGE}/", _WEBHOOK, f"{_WEBHOOK}deliveries/"),
    Row("PATCH", "inbox/{MESSAGE}/", KEEPERS, TOLD, {"read": True}),
    Row("POST", "webhooks/", MANAGERS, body={"url": "https://hooks.example.org/x", "event_types": ["partner."]}),
    Row("PATCH", _WEBHOOK, ("administrator", "token"), TOLD, {"event_types": ["partner."]}),
    Row("DELETE", _WEBHOOK, ("administrator", "token"), TOLD),
    *_move(("administrator", "token"), TOLD, (f"{_WEBHOOK}rotate/", {}), (f"{_WEBHOOK}test/", {}),
           (_WEBHOOK + "deliveries/{DELIVERY}/replay/", {})),
    *_read(OPERATORS, "dead-letters/"),
    # Who stands on a framework is its owner's and the operator's to say, a firm's standing their administrators'.
    *_read((*RUNNING, "other owner"), "appointments/"),
    *_read(RUNNING, "appointments/{PLACE}/"),
    *_move(RUNNING, (), ("appointments/{PLACE}/suspend/", WHY), ("appointments/{PLACE}/reinstate/", WHY),
           ("appointments/{PLACE}/withdraw/", WHY)),
    # Who is appointed, and who belongs to a supplier, is said by whoever runs all the frameworks that it stands on.
    Row("POST", "suppliers/", RUNNING, body={"name": "Grove", "form": "alone", "lead": "alder", "lots": ["xd1~1"],
                                             "starts_on": "2026-01-05"}),
    *_move(RUNNING, SIGNED_IN, ("suppliers/larch/members/", {"partner": "brightwater"}),
           ("suppliers/larch/members/alder/end/", {}), ("suppliers/larch/lead/", {"partner": "alder"}),
           ("suppliers/larch/places/", {"lots": ["xd1~1"], "starts_on": "2026-01-05"})),
    *_move(("other owner", *OPERATORS), SIGNED_IN, ("partners/larch/suspend/", WHY),
           ("partners/larch/reinstate/", WHY)),
    # What firms publish is looked at by whoever answers for any framework.
    *_read((*RUNNING, "other owner"), "profile-reviews/"),
    *_move((*RUNNING, "other owner"), SIGNED_IN, ("partners/larch/profile/leave/", {"version": 1}),
           ("partners/larch/profile/take-back/", {"version": 1} | WHY)),
    *_read(("owner", "owner's viewer", "other owner", *OPERATORS), "spending/"),
    # People of an organisation look after each other; no integration does.
    *_read(BUYERS, "organisations/{BODY}/members/"),
    Row("PATCH", "organisations/{BODY}/members/{ASSESSOR}/", ("administrator",), BUYERS, {"role": "approver"}),
    # Each leaves by themselves.
    Row("DELETE", "organisations/{BODY}/members/{ASSESSOR}/", ("administrator", "assessor"), BUYERS),
    # An operator invites only where nobody administers.
    *(Row("GET", path, ("administrator",), SEE_INVITED) for path in (_INVITED, _INVITED + "{MEMBER_INVITATION}/")),
    *_move(("administrator",), SEE_INVITED, (_INVITED, {"email": "n@example.org", "role": "viewer"}),
           (_INVITED + "{MEMBER_INVITATION}/send/", {})),
    Row("DELETE", _INVITED + "{MEMBER_INVITATION}/", ("administrator",), SEE_INVITED),
    # Which organisations there are is the operator's to say.
    Row("POST", "organisations/", OPERATORS, body={"name": "Northshire Council", "capabilities": ["buyer"]}),
    *(Row("GET", path, (*OPERATORS, "administrator"), OF_BODY) for path in (_DOMAINS, _DOMAINS + "{DOMAIN}/")),
    Row("POST", _DOMAINS, (*OPERATORS, "administrator"), OF_BODY, {"domain": "example.org"}),
    Row("DELETE", _DOMAINS + "{DOMAIN}/", (*OPERATORS, "administrator"), OF_BODY),
    Row("PATCH", "organisations/{BODY}/", OPERATORS, SIGNED_IN, {"name": "Leeds"}),
    Row("POST", "dead-letters/{DELIVERY}/redrive/", OPERATORS, SIGNED_IN, {}),
    # What a buyer keeps.
    *_read((*READERS, *NEXT_DOOR), "requirements/", "matches/", "shortlists/", "saved-searches/"),
    *_read(
        READERS, "requirements/{REQUIREMENT}/", "requirements/{REQUIREMENT}/revisions/", "matches/{MATCH}/", _SHORTLIST,
        f"{_SHORTLIST}entries/", f"{_SHORTLIST}history/", f"{_SHORTLIST}notes/", f"{_LOCKED}snapshots/",
        f"{_LOCKED}snapshots/1/", f"{_LOCKED}verify/", _LOCKED + "evidence-packs/{PACK}/",
        "saved-searches/{SAVED_SEARCH}/", "saved-searches/{SAVED_SEARCH}/results/",
    ),
    Row("POST", "requirements/", (*EDITORS, "other buyer"), body=_NEED),
    Row("POST", "matches/", (*EDITORS, "other buyer"), body={"need": _NEED, "size": 1, "keep": True}),
    Row("POST", "shortlists/", (*EDITORS, "other buyer"), body={"title": "Evaluators"}),
    Row("POST", "saved-searches/", (*KEEPERS, *NEXT_DOOR), body={"title": "Evaluators", "query": "framework=xd1"}),
    Row("PATCH", "requirements/{REQUIREMENT}/", EDITORS, READERS, {"text": "Otherwise."}),
    *_move(EDITORS, READERS, ("requirements/{REQUIREMENT}/withdraw/", {})),
    Row("PATCH", _SHORTLIST, EDITORS, READERS, {"title": "Others"}),
    Row("PATCH", f"{_SHORTLIST}entries/", EDITORS, READERS, {"listings": ["{LISTING}"]}),
    Row("PATCH", _SHORTLIST + "entries/{LISTING}/", EDITORS, READERS, {"decision": "in"}),
    Row("DELETE", _SHORTLIST + "entries/{LISTING}/", EDITORS, READERS),
    *_move(EDITORS, READERS, (f"{_SHORTLIST}entries/", {"listings": ["xd1~larch~alder"]}), (f"{_SHORTLIST}lock/", {}),
           (f"{_SHORTLIST}notes/", {"text": "Asked."}), (f"{_LOCKED}unlock/", WHY)),
    Row("POST", f"{_LOCKED}evidence-packs/", KEEPERS, READERS, {"format": "json"}),
    Row("PATCH", "saved-searches/{SAVED_SEARCH}/", EDITORS, READERS, {"title": "Others"}),
    Row("DELETE", "saved-searches/{SAVED_SEARCH}/", EDITORS, READERS),
    # Call-offs: their buyer's alone.
    *_read((*READERS, *NEXT_DOOR), "call-offs/"),
    # Whoever pays or invests with a buyer has a part in its plan, whatever it is to the service.
    *_read(PAYING, "outcome-plans/"),
    *_read(
        READERS, _CALL_OFF, f"{_CALL_OFF}history/", f"{_CALL_OFF}offers/", f"{_CALL_OFF}outcomes/", _PLAN,
        "organisations/{BODY}/limit/", f"{_COMP}competition/", f"{_COMP}clarifications/", f"{_COMP}people/",
        f"{_COMP}declarations/", f"{_COMP}documents/",
    ),
    # Who tendered what is read by those who take part; whoever sees the purchase beside is told so.
    *(Row("GET", f"{_RANKED}{name}/", TAKING_PART, NO_PART) for name in ("ranking", "low-prices")),
    Row("POST", "call-offs/", (*EDITORS, "other buyer"),
        body={"title": "Evaluation", "route": "competition", "requirement": "REQ-2020-0001"}),
    Row("PATCH", _CALL_OFF, EDITORS, READERS, {"title": "Otherwise"}),
    Row("PUT", f"{_CALL_OFF}outcomes/", EDITORS, READERS, {"cap": "9.00"}),
    Row("DELETE", _PLAN, EDITORS, READERS),
    *_move(EDITORS, READERS, (f"{_CALL_OFF}offers/", {}), (f"{_CALL_OFF}ask-approval/", {}),
           (f"{_CALL_OFF}outcomes/propose/", {}), (f"{_PLAN}propose/", {}),
           (f"{_CALL_OFF}award/", {"conflicts": "None."}), (f"{_CALL_OFF}cancel/", WHY), (f"{_CALL_OFF}fail/", WHY),
           (f"{_CALL_OFF}not-sign/", WHY)),
    *_move(APPROVERS, READERS, (f"{_CALL_OFF}approve/", {}), (f"{_CALL_OFF}send-back/", WHY),
           (f"{_CALL_OFF}undo/", WHY),
           (f"{_CALL_OFF}outcomes/approve-share/", {}), (f"{_PLAN}approve-share/", {}),
           (f"{_PLAN}approve-investor/", {"note": "A letter."})),
    Row("PUT", "organisations/{BODY}/limit/", ADMINISTRATORS, READERS, {"approval_from": "1.00"}),
    Row("DELETE", "organisations/{BODY}/limit/", ADMINISTRATORS, READERS),
    Row("POST", "measures/", (*EDITORS, "other buyer"),
        body={"name": "At school", "definition": "Is.", "data_source": "Register.", "unit": "a child"}),
    # Competitions, on the buyer's side: scores are given by people who have the part, by no integration.
    Row("PUT", f"{_COMP}competition/", EDITORS, READERS, {"standstill": True}),
    Row("POST", f"{_COMP}competition/preview/", READERS, body={}),
    Row("POST", f"{_COMP}documents/", EDITORS, READERS, FORM),
    Row("DELETE", _COMP + "documents/{DOCUMENT}/", EDITORS, READERS),
    Row("DELETE", _COMP + "people/{ASSESSOR}/assessor/", EDITORS, READERS),
    *_move(EDITORS, READERS, (f"{_COMP}competition/publish/", {}), (f"{_COMP}competition/extend/", WHY),
           (f"{_COMP}competition/amend/", WHY | {"material": False}), (f"{_COMP}open-tenders/", {}),
           (f"{_COMP}intend/", {}), (f"{_COMP}people/", {"user": "{ASSESSOR}", "part": "moderator"})),
    Row("GET", "call-offs/{INTENDED}/notices/uk6/", TAKING_PART, NO_PART),
    *_move(EDITORS, READERS, ("call-offs/{INTENDED}/notices/uk6/publish/",
                              {"number": "2020/S 1", "published_on": "2020-01-01"})),
    *_move((*EDITORS, "moderator"), READERS, (f"{_RANKED}conclude/", {}), (f"{_RANKED}evaluate-again/", WHY)),
    *_move(("assessor", "moderator"), READERS, (f"{_RANKED}declarations/", {"conflict": False})),
    *_move(EDITORS, READERS, ("clarifications/{QUESTION}/answer/", {"answer": "Here."})),
    # Offers and contracts: of the buyer, of the lead and of the members that were wanted; the lead answers.
    *_read((*READERS, *NEXT_DOOR, *SUPPLIERS), "offers/", "contracts/", "invitations/", "tenders/"),
    *_read(BOTH_SIDES, _OFFER, f"{_OFFER}order-form/", _CONTRACT, f"{_CONTRACT}claims/"),
    # The buyer next door pays a share of what is claimed.
    *_read((*BOTH_SIDES, *NEXT_DOOR), _CLAIM),
    *_read(READERS, f"{_PLAN}claims/"),
    # To have read it is said by the lead; of anybody else who reads it nothing is noted.
    *_move(BOTH_SIDES, (), (f"{_OFFER}view/", {})),
    *_move(LEADS, BOTH_SIDES, (f"{_OFFER}accept/", {}), (f"{_OFFER}decline/", WHY)),
    *_move(EDITORS, BOTH_SIDES, (f"{_OFFER}extend/", {"reply_by": "2020-01-01T12:00:00Z"}),
           (f"{_OFFER}withdraw/", WHY), (f"{_OFFER}not-sign/", WHY)),
    # A notice is the buyer's to prepare; that it was published is kept with the contract, which both sides see.
    *_read(READERS, "contracts/{NOTIFIED}/notices/uk7/"),
    *_move(EDITORS, BOTH_SIDES, ("contracts/{NOTIFIED}/notices/uk7/publish/",
                                 {"number": "2020/S 1", "published_on": "2020-01-01"})),
    Row("PATCH", _CONTRACT, EDITORS, BOTH_SIDES, {"identifiers": {"purchase_order": "1"}}),
    Row("PUT", f"{_CONTRACT}indicators/", EDITORS, BOTH_SIDES, {"no_indicators": "One report."}),
    *_move(EDITORS, BOTH_SIDES, (f"{_CONTRACT}assessments/", {"notice": "uk9-1", "ratings": []})),
    *_move((*EDITORS, *LEADS), BOTH_SIDES, (f"{_CONTRACT}sign/", {})),
    *_move(EDITORS, BOTH_SIDES, (f"{_CONTRACT}extend/", {}), (f"{_CONTRACT}complete/", {}),
           (f"{_CONTRACT}reopen/", WHY),
           (f"{_CONTRACT}terminate/", WHY), (f"{_CLAIM}verify/", {"counted": 1}), (f"{_CLAIM}reject/", WHY),
           (f"{_CLAIM}unverify/", WHY)),
    *_move(APPROVERS, BOTH_SIDES, (f"{_CLAIM}pay/", {})),
    *_move(LEADS, BOTH_SIDES, (f"{_CONTRACT}claims/", {
        "measure": "{MEASURE}", "count": 1, "evidence": "Returns.", "first_day": "2020-01-01", "last_day": "2020-01-02",
    })),
    Row("POST", f"{_CLAIM}files/", LEADS, BOTH_SIDES, FORM),
    # Invitations and tenders: a tender is its tenderer's alone until the deadline.
    *_read(BOTH_SIDES, _INVITATION, f"{_INVITATION}clarifications/"),
    *_move(LEADS, BOTH_SIDES, (f"{_INVITATION}decline/", WHY), (f"{_INVITATION}interest/", {"interested": True})),
    *_move(WRITERS, BOTH_SIDES, (f"{_INVITATION}clarifications/", {"question": "When?"})),
    *_read(ASKED, _TENDER, f"{_TENDER}files/", f"{_TENDER}letters/", "files/{FILE}/"),
    *_read((*BOTH_SIDES, *RIVALS), "files/{DOCUMENT}/"),
    Row("PUT", _TENDER, WRITERS, ASKED, {"answers": {"method": "Otherwise."}}),
    Row("PUT", f"{_TENDER}drafters/", LEADS, ASKED, {"partners": ["alder"]}),
    Row("POST", f"{_TENDER}files/", WRITERS, ASKED, FORM | {"part": "quality"}),
    Row("DELETE", _TENDER + "files/{FILE}/", WRITERS, ASKED),
    *_move(ASKED, (), (f"{_TENDER}view/", {})),
    *_move(LEADS, ASKED, (f"{_TENDER}submit/", {}), (f"{_TENDER}withdraw/", WHY), (f"{_TENDER}confirm/", {})),
    # A tender that was opened and ranked.
    *_read(BOTH_SIDES, _JUDGED, f"{_JUDGED}files/"),
    *(
        Row("GET", f"{_JUDGED}{name}/", (*TAKING_PART, *ASKED), NO_PART)
        for name in ("letters", "assessments", "consensus", "price-question")
    ),
    *_read(ASKED, f"{_JUDGED}receipts/1/"),
    *_move(("assessor",), BOTH_SIDES, (f"{_JUDGED}assessments/", {"criterion": "method", "score": 3, "note": "So."})),
    *_move(("moderator",), BOTH_SIDES, (f"{_JUDGED}consensus/", {"criterion": "method", "score": 3, "reason": "So."})),
    *_move(EDITORS, BOTH_SIDES, (f"{_JUDGED}price-question/", {"question": "How?"}),
           (f"{_JUDGED}price-question/accept/", WHY), (f"{_JUDGED}disqualify/", WHY | {"ground": "not_compliant"}),
           (f"{_JUDGED}reinstate/", WHY)),
    *_move(LEADS, BOTH_SIDES, (f"{_JUDGED}price-question/explain/", {"answer": "So."})),
    # Applications to join: of the firm, of the consortium's lead, of the framework's owner.
    *_read((*SUPPLIERS, *OWNERS, "other owner"), "joinings/"),
    *_read(JOINING, _JOINING),
    Row("POST", "joinings/", ("competitor",), ("competitor's viewer",), {"partner": "brightwater", "lot": "xd1~1"},
        others=404),
    Row("PATCH", _JOINING, ("competitor",), JOINING, {"statement": "We do."}),
    *_move(("competitor",), JOINING, (f"{_JOINING}submit/", {}), (f"{_JOINING}withdraw/", {})),
    *_move(LEADS, JOINING, (f"{_JOINING}agree/", {})),
    *_move(("owner",), JOINING, (f"{_JOINING}check/", {}), (f"{_JOINING}admit/", {})),
    *_move((*LEADS, "owner"), JOINING, (f"{_JOINING}refuse/", WHY)),
    # A framework and its parts are kept by administrators of its owner and of operators; everybody reads them.
    *(Row("POST", path, OPERATORS, body=body) for path, body in KEPT_NEW.items()),
    *(Row("PATCH", path, OPERATORS, SIGNED_IN, {"name": "Anew"}) for path in KEPT_PARTS),
    *(Row("DELETE", path, OPERATORS, SIGNED_IN) for path in KEPT_PARTS[1:]),
    Row("POST", "lots/xd1~1/move/", OPERATORS, SIGNED_IN, {"to": "down"}),
    # Proposals of rate cards: of the supplier's lead, of the framework's owner and of operators.
    *_read((*SUPPLIERS, *OWNERS, "other owner", *OPERATORS), "rate-proposals/"),
    *_read(PROPOSING, _PROPOSAL, f"{_PROPOSAL}comparison/"),
    Row("POST", "rate-proposals/", LEADS,
        tuple(who for who in SIGNED_IN if who not in (*MEMBERS, "competitor", "outsider")),
        {"supplier": "larch", "framework": "xd1"}, others=404),
    Row("PATCH", _PROPOSAL, LEADS, PROPOSING, {"note": "We do."}),
    *_move(LEADS, PROPOSING, (f"{_PROPOSAL}file/", FORM), (f"{_PROPOSAL}submit/", {}), (f"{_PROPOSAL}withdraw/", {})),
    *_move(RUNNING, PROPOSING, (f"{_PROPOSAL}approve/", {}), (f"{_PROPOSAL}refuse/", WHY)),
)  # fmt: skip
