"""What a buyer has kept before an example of the schema runs, and who may run it."""

from __future__ import annotations

from datetime import date

from django.test import Client
from django.utils import timezone

from procurement.actions.deliveries import deliver_due
from procurement.actions.evidence import start_evidence
from procurement.actions.matches import Run, keep_match
from procurement.actions.requirements import create_requirement
from procurement.actions.running import run
from procurement.actions.saved_searches import SavedSearchDraft
from procurement.actions.shortlists import ShortlistDraft, create_shortlist, note_on_shortlist
from procurement.actions.snapshots import lock_shortlist
from procurement.actions.webhooks import WebhookDraft, register_webhook, rotate_secret, try_webhook
from procurement.models import Delivery, InboxMessage, User
from procurement.permissions import SYSTEM, Actor, person
from procurement.requirements import RequirementContent
from procurement.snapshots import Index
from search.alerts import keep
from search.index import engine
from search.matching import MatchOptions, match
from tests.api.conftest import Asker, TokenMaker

BUYER = "leeds-city-council"
SCOPES = "requirements:write matches:write shortlists:write saved_searches:write events:read webhooks:write inbox:write"
KEPT = ("requirements", "matches", "shortlists", "saved-searches", "events", "webhooks", "inbox")
ANSWERING = "offers:read offers:write"
CALLING_OFF = (
    f"call_offs:read call_offs:write call_offs:approve {ANSWERING} requirements:read shortlists:read"
)
BOUGHT = ("call-offs", "offers", "contracts", "outcome-plans", "measures", "claims")
ANSWERS = ("view", "accept", "decline")
OF_BUYER = ("assessments", "consensus", "price-question", "accept", "disqualify", "reinstate")
"""What is done with tenders on the buyer's side."""
STANDING = ("suspend", "reinstate")
COMPETED = ("tenders", "invitations", "clarifications", "files")
NEED = {
    "text": "Evaluate a vision rehabilitation service.",
    "framework": "rm6309",
    "lot": "rm6309~7",
    "specialisms": ["rm6309~7~1"],
    "regions": ["UKC"],
    "team": [{"grade": "G3", "days": "12.5"}],
}
ANSWER = {
    "results": [
        {
            "reference": "rm6309~brightwater~brightwater",
            "rank": 1,
            "score": 0.75,
            "coverage": {"asked": 1, "met": 1, "told": "1 of 1"},
        }
    ],
    "ruled_out": [
        {
            "reference": "rm3745~ppl~opm-group",
            "rules": [{"rule": "must_have", "specialism": None, "region": None}],
        }
    ],
}
RUN = Run("2026.1", "", "embedded", 3, 5, date(2026, 3, 1))


def askers(writing: str, reading: str, another: str) -> dict[str, Asker]:
    """Everybody who may ask for what a buyer keeps, or may not; the tokens by the scopes to write, to read, and for
    something else.
    """
    return {
        "nobody": "",
        "editor": "buyer",
        "viewer": "reader",
        "other buyer": "neighbour",
        "partner": "lead",
        "operator": "operator",
        "token": (BUYER, writing),
        "reading token": (BUYER, reading),
        "token without scope": (BUYER, another),
        "partner's token": ("opm-group", writing),
    }


def buyer() -> Actor:
    return person(User.objects.get(email="buyer@example.org"))


def teller(path: str, method: str = "get") -> tuple[str, str]:
    """The organisation and the scopes of a token that may do this at the address."""
    steps = path.removeprefix("/api/v1/").strip("/").split("/")
    of_firms = steps[0] == "partners" and (steps[-1] in STANDING or "profile" in steps)
    if steps[0] in ("appointments", "spending", "profile-reviews") or of_firms:
        return "calloff-operations", "frameworks:write admin:write"
    if "/partners/" in path:
        return "opm-group", "partners:write"
    if steps[0] == "joinings" or steps[-1] == "leave":
        firms = {"agree": "larch", "leave": "alder"} | dict.fromkeys(
            ("check", "admit", "refuse"), "commons-exchange"
        )
        return firms.get(steps[-1], "brightwater"), "joinings:read joinings:write"
    if steps[0] in ("frameworks", "lots", "specialisms", "grades", "suppliers"):
        return "calloff-operations", "frameworks:write"
    if steps[0] == "rate-proposals":
        decided = steps[-1] in ("approve", "refuse")
        return (
            ("calloff-operations", "rates:write")
            if decided
            else ("larch", "rate_proposals:read rate_proposals:write")
        )
    if steps[0] == "offers" and steps[-1] in ANSWERS:
        return "larch", CALLING_OFF
    claimed = (["contracts", "{reference}", "claims"], ["claims", "{reference}", "files"])
    if steps in claimed and method.lower() == "post":
        return "larch", CALLING_OFF
    if steps[0] in ("tenders", "invitations") and steps[-1] not in OF_BUYER:
        return "larch", CALLING_OFF
    if steps[-1] == "unverify":
        # Somebody else than who pays takes back what another verified.
        return BUYER, "call_offs:read call_offs:write"
    if steps[0] in (*BOUGHT, *COMPETED) or steps[-1] == "limit":
        return BUYER, CALLING_OFF
    if steps[0] in KEPT:
        return BUYER, SCOPES
    return "calloff-operations", "imports:write admin:write"


def buying(client: Client, token: TokenMaker) -> dict[str, str]:
    """Keeps a requirement, a match and two shortlists of it, one of them locked with an evidence pack; answers what
    curl lines name.
    """
    requirement = create_requirement(buyer(), NEED)
    content = RequirementContent.from_json(NEED)
    found = match(content, MatchOptions(timezone.localdate(), seed=5), engine())
    run_by = Run(found.ranking, found.model, "embedded", found.generation, found.seed, timezone.localdate())
    kept = keep_match(buyer(), None, content, found.answer, run_by, requirement.reference)
    headers = {"Authorization": f"Bearer {token(BUYER, SCOPES)}"}
    begun = create_shortlist(buyer(), ShortlistDraft("Evaluators", match=kept.reference))
    note_on_shortlist(buyer(), begun.reference, 1, "Asked the board.")
    locked = create_shortlist(buyer(), ShortlistDraft("Evaluators", match=kept.reference))
    lock_shortlist(buyer(), locked.reference, 1, Index("embedded", 3))
    pack = start_evidence(buyer(), locked.reference, "json")
    run(pack.reference)
    saved = keep(buyer(), SavedSearchDraft("Evaluators", "framework=rm6309"))
    return {
        **told(client, headers),
        "SAVED_SEARCH": saved.reference,
        "SAVED_SEARCH_ETAG": client.get(f"/api/v1/saved-searches/{saved.reference}/", headers=headers)[
            "ETag"
        ],
        "PACK": pack.reference,
        "SHORTLIST": begun.reference,
        "LISTING": begun.entries.get().listing,
        "SHORTLIST_ETAG": client.get(f"/api/v1/shortlists/{begun.reference}/", headers=headers)["ETag"],
        "LOCKED": locked.reference,
        "LOCKED_ETAG": client.get(f"/api/v1/shortlists/{locked.reference}/", headers=headers)["ETag"],
        "REQUIREMENT": requirement.reference,
        "REQUIREMENT_ETAG": client.get(f"/api/v1/requirements/{requirement.reference}/", headers=headers)[
            "ETag"
        ],
        "MATCH": kept.reference,
    }


def told(client: Client, headers: dict[str, str]) -> dict[str, str]:
    """Registers a webhook whose trial was given up, and has its organisation told of a new secret."""
    draft = WebhookDraft("https://hooks.example.org/calloff", ["rate_card."], organisation=BUYER)
    hook, _ = register_webhook(SYSTEM, draft)
    rotate_secret(SYSTEM, hook.reference, 1)
    trial = try_webhook(SYSTEM, hook.reference)
    Delivery.objects.filter(pk=trial.pk).update(status=Delivery.Status.DEAD, attempts=15)
    deliver_due()
    return {
        "WEBHOOK": hook.reference,
        "WEBHOOK_ETAG": client.get(f"/api/v1/webhooks/{hook.reference}/", headers=headers)["ETag"],
        "DELIVERY": trial.reference,
        "DEAD_LETTER": trial.reference,
        "MESSAGE": InboxMessage.objects.get(delivery__event__type="webhook.rotated").reference,
    }
