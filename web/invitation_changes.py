"""Changes that the page of an invitation offers its supplier: which action each form stands for.

Journey: /invitations/inv_… (POST) -> here -> procurement/actions/interest.py, clarifications.py, tenders.py, files.py
-> event -> the page again (303).
"""

from __future__ import annotations

from typing import Final

from django.http import HttpRequest, QueryDict
from django.utils.translation import gettext_noop as N_

from procurement.actions.clarifications import ask_clarification
from procurement.actions.files import add_tender_file, remove_tender_file
from procurement.actions.interest import express_interest
from procurement.actions.ranking import explain_price
from procurement.actions.tenders import confirm_tender, decline_tender, let_write, withdraw_tender
from procurement.models import Tender
from procurement.permissions import Actor
from web.doing import STEP_LABELS, Change

OF_INVITATIONS: Final[dict[str, Change]] = {
    "interested": lambda actor, reference, _, __: express_interest(actor, reference, True),
    "not_interested": lambda actor, reference, _, __: express_interest(actor, reference, False),
}
"""What is said to the invitation itself, by what the form says in `do`."""

ASKING: Final[dict[str, Change]] = {
    "ask": lambda actor, reference, _, sent: ask_clarification(actor, reference, sent.get("question", ""))
}
"""What stands on a page of its own: no other button leaves a half-written question behind there."""

OF_OWN_TENDERS: Final[dict[str, Change]] = {
    "decline": lambda actor, reference, revision, sent: decline_tender(
        actor, reference, revision, sent.get("reason", "")
    ),
    "withdraw": lambda actor, reference, revision, sent: withdraw_tender(
        actor, reference, revision, sent.get("reason", "")
    ),
    "let": lambda actor, reference, revision, sent: let_write(
        actor, reference, revision, sent.getlist("partners")
    ),
    "confirm": lambda actor, reference, revision, _: confirm_tender(actor, reference, revision),
    "remove_file": lambda actor, reference, revision, sent: remove_tender_file(
        actor, reference, revision, sent.get("file", "")
    ),
    "answer_price": lambda actor, reference, _, sent: explain_price(actor, reference, sent.get("answer", "")),
}
"""What is done with the tender that the invitation led to."""

DONE: Final = {
    "interested": N_("The buyer has been told that you are interested."),
    "not_interested": N_("The buyer has been told that you are not interested."),
    "ask": N_("Your question is asked. Nobody is told that it is yours."),
    "decline": N_("The invitation is declined. Until the deadline you may think again."),
    "withdraw": N_("The tender is withdrawn. Until the deadline it can be submitted anew."),
    "let": N_("Who may write the tender is kept."),
    "confirm": N_("What you submitted stands."),
    "add_file": N_("The file is added. It counts once the tender is submitted with it."),
    "remove_file": N_("The file is taken out of the draft."),
    "answer_price": N_("Your explanation is with the buyer."),
    "draft": N_("The draft is kept. Nobody else reads it."),
    "submit": N_("The tender is submitted. The receipt is below."),
}

ANCHORS: Final = {
    "question": "question",
    "reason": "{do}-reason",
    "partners": "partners",
    "file": "file",
    "name": "file",
    "part": "part",
    "answer": "answer",
}
"""Which field of which form a fault belongs to."""
NAMES: Final = {
    **STEP_LABELS,
    "partners": N_("Members that may write the draft"),
    "part": N_("What it belongs to"),
    "answer": N_("Your explanation"),
}
"""How these are called."""


def changes_of(request: HttpRequest, tender: Tender | None) -> dict[str, Change]:
    """All that can be sent to the page: what is done with a tender only for whoever sees that there is one."""
    changes = dict(OF_INVITATIONS)
    if tender is None:
        return changes
    own = tender.reference

    def add(actor: Actor, _: str, revision: int, sent: QueryDict) -> object:
        file = request.FILES.get("file")
        name, chunks = (file.name, file.chunks()) if file else ("", ())
        return add_tender_file(actor, own, revision, name, sent.get("part", ""), chunks)

    def of_tender(change: Change) -> Change:
        return lambda actor, _, revision, sent: change(actor, own, revision, sent)

    changes |= {name: of_tender(change) for name, change in OF_OWN_TENDERS.items()}
    return changes | {"add_file": add}
