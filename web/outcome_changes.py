"""Changes of a plan of outcomes and of a claim that their pages offer: which action each form stands for.

Journey: /outcome-plans/CO-2026-0001~outcomes or /claims/CL-2026-0001 (POST) -> here -> procurement/actions/ -> event ->
the page again (303).
"""

from __future__ import annotations

from typing import Final

from django.http import HttpRequest, QueryDict
from django.utils.translation import gettext_noop as N_

from procurement.actions.claims import (
    ClaimDraft,
    pay_claim,
    reject_claim,
    submit_claim,
    unverify_claim,
    verify_claim,
)
from procurement.actions.files import add_claim_file
from procurement.actions.outcome_plans import (
    MeasureDraft,
    add_measure,
    approve_investor,
    approve_share,
    propose_plan,
    remove_plan,
)
from procurement.permissions import Actor
from web.doing import Change
from web.typed import whole_typed

OF_PLANS: Final[dict[str, Change]] = {
    "propose": lambda actor, reference, revision, _: propose_plan(actor, reference, revision),
    "approve_share": lambda actor, reference, revision, _: approve_share(actor, reference, revision),
    "approve_investor": lambda actor, reference, revision, sent: approve_investor(
        actor, reference, revision, sent.get("note", "")
    ),
}
"""By what the form says in `do`; that a plan is removed leads elsewhere (REMOVAL)."""
REMOVAL: Final[dict[str, Change]] = {
    "remove": lambda actor, reference, revision, _: remove_plan(actor, reference, revision)
}
OF_MEASURES: Final[dict[str, Change]] = {
    "add": lambda actor, _, __, sent: add_measure(
        actor,
        MeasureDraft(
            sent.get("name", ""),
            sent.get("definition", ""),
            sent.get("data_source", ""),
            sent.get("unit", ""),
            sent.get("organisation") or None,
        ),
    )
}
CLAIMING: Final[dict[str, Change]] = {
    "claim": lambda actor, contract, revision, sent: submit_claim(
        actor,
        contract,
        revision,
        ClaimDraft(
            sent.get("measure", ""),
            whole_typed(sent.get("count", "")),
            sent.get("first_day", "").strip() or None,
            sent.get("last_day", "").strip() or None,
            sent.get("evidence", ""),
        ),
    )
}
OF_CLAIMS: Final[dict[str, Change]] = {
    "verify": lambda actor, reference, revision, sent: verify_claim(
        actor, reference, revision, whole_typed(sent.get("counted", ""))
    ),
    "reject": lambda actor, reference, revision, sent: reject_claim(
        actor, reference, revision, sent.get("reason", "")
    ),
    "unverify": lambda actor, reference, revision, sent: unverify_claim(
        actor, reference, revision, sent.get("reason", "")
    ),
    "pay": lambda actor, reference, revision, _: pay_claim(actor, reference, revision),
}

DONE: Final = {
    "saved": N_("What is paid for outcomes is said. What payers had approved before has fallen."),
    "propose": N_("The bodies that are to pay have been told."),
    "approve_share": N_("The share is approved."),
    "approve_investor": N_("The social investor’s word is kept."),
    "remove": N_("The call-off pays for no outcomes."),
    "add": N_("The outcome stands in the library."),
    "claim": N_("The outcomes are claimed. Put files with the claim as evidence until it is decided."),
    "verify": N_("The claim is verified."),
    "reject": N_("The claim is rejected. The supplier has been told why."),
    "unverify": N_("The verification is taken back. Everybody concerned has been told why."),
    "pay": N_("The payment is kept, each body its share."),
    "add_file": N_("The file is put with the claim."),
}


def claim_changes(request: HttpRequest) -> dict[str, Change]:
    """All of a claim, what is uploaded among them."""

    def add(actor: Actor, reference: str, revision: int, _: QueryDict) -> object:
        sent = request.FILES.get("file")
        return add_claim_file(
            actor, reference, revision, sent.name if sent else "", sent.chunks() if sent else ()
        )

    return OF_CLAIMS | {"add_file": add}
