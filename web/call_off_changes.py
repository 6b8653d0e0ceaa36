"""Changes of a call-off, an offer or a contract that its page offers: which action each form stands for.

Journey: /call-offs/CO-2026-0001 (POST) -> here -> procurement/actions/ -> event -> the page again (303).
"""

from __future__ import annotations

from typing import Final

from django.http import QueryDict
from django.utils.translation import gettext_noop as N_

from procurement.actions.awards import (
    award_direct,
    cancel_call_off,
    fail_call_off,
    offer_not_signed,
    undo_award,
)
from procurement.actions.call_offs import approve_call_off, ask_approval, send_back
from procurement.actions.contracts import (
    IDENTIFIERS,
    complete_contract,
    extend_contract,
    identify_contract,
    reopen_contract,
    sign_contract,
    terminate_contract,
)
from procurement.actions.offers import accept_offer, decline_offer, extend_offer, send_offer, withdraw_offer
from procurement.actions.public_notices import publish_notice
from web.competition_form import moment_of
from web.doing import Change


def _why(sent: QueryDict) -> str:
    return sent.get("reason", "")


def publication(sent: QueryDict) -> tuple[str, str, str]:
    """Which notice was published, its number and the day, as the form says them."""
    return sent.get("notice", ""), sent.get("number", ""), sent.get("published_on", "")


OF_CALL_OFFS: Final[dict[str, Change]] = {
    "ask_approval": lambda actor, reference, revision, _: ask_approval(actor, reference, revision),
    "approve": lambda actor, reference, revision, _: approve_call_off(actor, reference, revision),
    "send_back": lambda actor, reference, revision, sent: send_back(actor, reference, revision, _why(sent)),
    "send_offer": lambda actor, reference, revision, sent: send_offer(
        actor, reference, revision, sent.get("supplier")
    ),
    "award": lambda actor, reference, revision, sent: award_direct(
        actor, reference, revision, sent.get("conflicts", "")
    ),
    "undo": lambda actor, reference, revision, sent: undo_award(actor, reference, revision, _why(sent)),
    "cancel": lambda actor, reference, revision, sent: cancel_call_off(
        actor, reference, revision, _why(sent)
    ),
    "fail": lambda actor, reference, revision, sent: fail_call_off(actor, reference, revision, _why(sent)),
}
"""By what the form says in `do`."""

OF_OFFERS: Final[dict[str, Change]] = {
    "accept": lambda actor, reference, revision, _: accept_offer(actor, reference, revision),
    "decline": lambda actor, reference, revision, sent: decline_offer(actor, reference, revision, _why(sent)),
    "extend": lambda actor, reference, revision, sent: extend_offer(
        actor, reference, revision, moment_of(sent.get("reply_by", ""))
    ),
    "withdraw": lambda actor, reference, revision, sent: withdraw_offer(
        actor, reference, revision, _why(sent)
    ),
    "not_sign": lambda actor, reference, revision, sent: offer_not_signed(
        actor, reference, revision, _why(sent)
    ),
}

OF_CONTRACTS: Final[dict[str, Change]] = {
    "sign": lambda actor, reference, revision, _: sign_contract(actor, reference, revision),
    "identify": lambda actor, reference, revision, sent: identify_contract(
        actor, reference, revision, {kind: sent.get(kind, "") for kind in IDENTIFIERS}
    ),
    "publish_notice": lambda actor, reference, revision, sent: publish_notice(
        actor, reference, revision, *publication(sent)
    ),
    "extend": lambda actor, reference, revision, _: extend_contract(actor, reference, revision),
    "complete": lambda actor, reference, revision, _: complete_contract(actor, reference, revision),
    "reopen": lambda actor, reference, revision, sent: reopen_contract(
        actor, reference, revision, _why(sent)
    ),
    "terminate": lambda actor, reference, revision, sent: terminate_contract(
        actor, reference, revision, _why(sent)
    ),
}

DONE: Final = {
    "begun": N_("The call-off is begun."),
    "edited": N_("The call-off is changed."),
    "ask_approval": N_("The approvers of your organisation are told."),
    "approve": N_("The call-off is approved."),
    "send_back": N_("It is sent back. Your organisation has been told why."),
    "send_offer": N_("The order form is sent."),
    "award": N_("The call-off is awarded. The contract waits for both signatures."),
    "undo": N_("The award is taken back. What was accepted stands until the offer is withdrawn."),
    "cancel": N_("The call-off is cancelled."),
    "fail": N_("The call-off is ended without a supplier."),
    "accept": N_("The offer is accepted. The buyer has been told."),
    "decline": N_("The offer is declined. The buyer has been told."),
    "withdraw": N_("The offer is withdrawn."),
    "not_sign": N_("The award has fallen: another supplier can be asked."),
    "sign": N_("The contract is signed for your side."),
    "identify": N_("The identifiers are kept."),
    "set_indicators": N_("The indicators are kept. The supplier has been told."),
    "assess": N_("The assessment is kept. The supplier has been told."),
    "publish_notice": N_("The publication is kept."),
    "extend": N_("The next option is taken."),
    "complete": N_("The contract is complete."),
    "reopen": N_("The contract goes on. The supplier has been told why."),
    "terminate": N_("The contract is terminated."),
}

DONE_OF_OFFERS: Final = DONE | {"extend": N_("The supplier has longer to answer, and has been told.")}
"""The same where an offer is extended, not a contract."""
