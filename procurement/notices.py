"""Who is told of what, how and in which words: one table, a row for each type of event and each party to it.

To tell of another type, add a row: here, or for the market, competitions and outcomes in market_notices.py,
competition_notices.py and outcome_notices.py. `title` and `text` are format strings over what the event says:
`{subject}`, each reference and each changed value by its name; a function takes their place where a format string does
not do. No name of a person, no contact, no price stands in an event, so none can stand in a notice; a purchase is
told with its title to whoever reads it there (event_names.py).
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from datetime import date, datetime, time, timedelta
from functools import partial
from typing import Any, Final

from django.urls import reverse

from procurement.competition_notices import CALL_OFF, COMPETITION_NOTICES, INVITED_TO
from procurement.market_notices import MARKET_NOTICES
from procurement.models import Event, WebhookEndpoint
from procurement.models.outbox import TITLE_LENGTH
from procurement.notice import URGENT, USER, Notice, Words
from procurement.outcome_notices import OUTCOME_NOTICES
from procurement.permissions import ADMINISTRATORS, APPROVERS, SYSTEM
from procurement.working_days import LONDON

_DAY: Final = re.compile(r"\d{4}-\d\d-\d\d")
_MOMENT: Final = re.compile(r"\d{4}-\d\d-\d\dT[\d:.]+(?:Z|[+-]\d\d:\d\d)")


@dataclass(frozen=True, slots=True)
class Message:
    """A notice as it is told; `link` is a path, or empty."""

    title: str
    text: str
    link: str


def _found(said: Mapping[str, Any]) -> str:
    count = len(said["listing"]) if isinstance(said["listing"], list) else 1
    several = count != 1
    return f"It has found {count:,} listing{'s' * several} that {'are' if several else 'is'} new or changed."


def _notice_due(said: Mapping[str, Any]) -> str:
    last = f"by {_plain(said['due_on'])}" if said.get("due_on") else "now: the law names no last day"
    subject = said["names"].get("subject", said["subject"])
    return f"{said['name']} of {subject} is to be published {last}. Say its number there once it is."


def _indicators(said: Mapping[str, Any]) -> str:
    subject = said["names"].get("subject", said["subject"])
    if said["no_indicators"]:
        return f"The performance of {subject} is assessed by no indicators: {said['no_indicators']}"
    count = len(said["indicators"])
    by = f"{count} key performance indicator{'s' * (count != 1)}" if count else "no indicators any more"
    return f"The performance of {subject} is assessed by {by}."


def _lapsed_title(said: Mapping[str, Any]) -> str:
    since = "sent back" if said.get("sent_back") else "changed"
    return f"Approved, and {since} since: {said['names'].get('subject', said['subject'])}"


def _lapsed(said: Mapping[str, Any]) -> str:
    subject = said["names"].get("subject", said["subject"])
    if said.get("sent_back"):
        return f"Another approver has sent the call-off {subject} back: your approval counts no longer."
    return (
        f"The call-off {subject} was changed after you approved it: your approval counts no longer. An approver who "
        "has written none of it approves it anew."
    )


def _disabled(said: Mapping[str, Any]) -> str:
    why = WebhookEndpoint.Why(said["because"]).label
    return (
        f"The webhook {said['subject']} is sent nothing more. {why}. What was not delivered is kept, and is sent again "
        "where you ask for it."
    )


def _by_the_clock(event: Event) -> bool:
    """Nobody of the buyer did it, so that nobody of it knows."""
    return event.actor == SYSTEM.reference


def _first_of_two(event: Event) -> bool:
    """With the second signature the contract stands: contract.concluded tells that both have signed."""
    return not event.changes.get("both")


def _unsigned(side: str, event: Event) -> bool:
    """That side has not signed."""
    return side in event.changes["unsigned"]


def _by_a_firm_alone(event: Event) -> bool:
    """No lead has to agree first."""
    return "supplier" not in event.references


OFFER: Final = ("web:offer", "{subject}")
CONTRACT: Final = ("web:contract", "{subject}")
JOINING: Final = ("web:joining", "{subject}")
PROPOSAL: Final = ("web:rate-proposal", "{subject}")
HOOK: Final = ("web:webhook", "{subject}")

NOTICES: Final[dict[str, tuple[Notice, ...]]] = {
    **MARKET_NOTICES,
    **COMPETITION_NOTICES,
    "saved_search.matched": (
        Notice("organisation", "Saved search {subject}", _found, ("web:saved-search", "{subject}")),
    ),
    "offer.sent": (
        Notice("lead", "An order form to answer: {subject}",
               "A buyer has sent {supplier} an order form of the call-off {call_off}. It says by when to answer.",
               OFFER, URGENT),
    ),
    "offer.reminded": (
        Notice("lead", "Half the time to answer {subject} has passed",
               "The order form {subject} of the call-off {call_off} waits for the answer of {supplier}.",
               OFFER, URGENT),
    ),
    "offer.extended": (
        Notice("lead", "Longer to answer: {subject}",
               "The buyer gives {supplier} longer to answer the order form {subject} of the call-off {call_off}: until "
               "{reply_by}.", OFFER, URGENT),
    ),
    "offer.withdrawn": (
        Notice("lead", "Order form withdrawn: {subject}", "The buyer has taken back the order form {subject}.", OFFER,
               URGENT),
    ),
    "offer.accepted": (
        Notice("organisation", "Order accepted: {subject}",
               "{supplier} takes the order of the call-off {call_off}.", CALL_OFF, URGENT),
    ),
    "offer.declined": (
        Notice("organisation", "Order declined: {subject}",
               "{supplier} does not take the order of the call-off {call_off}.", CALL_OFF, URGENT),
    ),
    "offer.expired": (
        Notice("organisation", "No answer to {subject}",
               "{supplier} has not answered the order form of the call-off {call_off} in time.", CALL_OFF, URGENT),
        Notice("lead", "Too late to answer {subject}",
               "The time to answer the order form of the call-off {call_off} has passed.", OFFER),
    ),
    "offer.lead_changed": (
        Notice("organisation", "{partner} leads {supplier}",
               "{partner} leads the supplier {supplier} of the open order form {subject} from {since}.", CALL_OFF,
               URGENT),
    ),
    "offer.partner_left": (
        Notice("organisation", "{partner} has left {supplier}",
               "{partner}, which the open order form {subject} wants, does not belong to {supplier} any more.",
               CALL_OFF, URGENT),
    ),
    "contract.signed": (
        Notice("organisation", "Signed by one: {subject}", "One of the two parties has signed {subject}.", CONTRACT,
               when=_first_of_two),
        Notice("lead", "Signed by one: {subject}", "One of the two parties has signed {subject}.", CONTRACT,
               when=_first_of_two),
    ),
    "contract.concluded": (
        Notice("organisation", "Contract stands: {subject}", "Both parties have signed {subject}.", CONTRACT, URGENT),
        Notice("lead", "Contract stands: {subject}", "Both parties have signed {subject}.", CONTRACT, URGENT),
    ),
    "contract.voided": (
        Notice("lead", "Contract void: {subject}",
               "The award that {subject} rested on was taken back before both had signed.", CONTRACT, URGENT),
    ),
    "contract.indicators_set": (
        Notice("organisation", "Indicators set: {subject}", _indicators, CONTRACT),
        Notice("lead", "Indicators set: {subject}", _indicators, CONTRACT, URGENT),
    ),
    "contract.assessed": (
        Notice("organisation", "Performance assessed: {subject}",
               "The performance of {subject} from {first_day} to {last_day} is assessed.", CONTRACT),
        Notice("lead", "Performance assessed: {subject}",
               "The buyer has assessed the performance of {subject} from {first_day} to {last_day}.", CONTRACT, URGENT),
    ),
    "contract.extended": (
        Notice("lead", "Option taken: {subject}", "The buyer has taken a priced option: {subject} lasts to {ends_on}.",
               CONTRACT, URGENT),
    ),
    "contract.completed": (
        Notice("lead", "Contract complete: {subject}", "The work of {subject} is done.", CONTRACT, URGENT),
    ),
    "contract.reopened": (
        Notice("lead", "Contract goes on: {subject}",
               "The buyer had said by mistake that the work of {subject} is done. It goes on: {reason}", CONTRACT,
               URGENT),
    ),
    "contract.terminated": (
        Notice("lead", "Contract ended early: {subject}", "{subject} ended before its time.", CONTRACT, URGENT),
    ),
    "contract.lead_changed": (
        Notice("organisation", "{partner} leads {supplier}",
               "{partner} leads the supplier {supplier} of the contract {subject} from {since}.", CONTRACT, URGENT),
    ),
    **dict.fromkeys(("contract.partner_left", "contract.partner_left_meanwhile"), (
        Notice("organisation", "{partner} has left {supplier}",
               "{partner}, which the contract {subject} wanted, does not belong to {supplier} any more.", CONTRACT,
               URGENT),
    )),
    "contract.signature_reminded": (
        Notice("organisation", "To be signed: {subject}", "The contract {subject} waits for your signature.", CONTRACT,
               URGENT, when=partial(_unsigned, "buyer")),
        Notice("lead", "To be signed: {subject}", "The contract {subject} waits for your signature.", CONTRACT, URGENT,
               when=partial(_unsigned, "supplier")),
    ),
    "contract.option_reminded": (
        Notice("organisation", "An option to take: {subject}",
               "The next priced option of {subject}, of {months} months, can be taken until {ends_on}.", CONTRACT,
               URGENT),
    ),
    "contract.end_reminded": (
        Notice("organisation", "It ends soon: {subject}", "The last day of the contract {subject} is {ends_on}.",
               CONTRACT, URGENT),
        Notice("lead", "It ends soon: {subject}", "The last day of the contract {subject} is {ends_on}.", CONTRACT,
               URGENT),
    ),
    "contract.notice_reminded": (
        Notice("organisation", "A notice to publish: {subject}", _notice_due, CONTRACT, URGENT),
    ),
    "call_off.approval_asked": (
        Notice("organisation", "To approve: {subject}",
               "An approval of the call-off {subject} is asked for: it goes on once it is given.",
               ("web:call-off", "{subject}"), URGENT, APPROVERS),
    ),
    "call_off.approved": (
        Notice("organisation", "Approved: {subject}", "The call-off {subject} is approved and may go out.",
               ("web:call-off", "{subject}"), URGENT),
    ),
    "call_off.sent_back": (
        Notice("organisation", "Sent back: {subject}",
               "An approver has sent the call-off {subject} back: {reason}", ("web:call-off", "{subject}"), URGENT),
    ),
    "call_off.approval_lapsed": (
        Notice(USER, _lapsed_title, _lapsed, ("web:call-off", "{subject}")),
    ),
    "call_off.awarded": (
        Notice("lead", "A contract to sign: {contract}",
               "The call-off {subject} is awarded to {supplier}: the contract {contract} waits to be signed.",
               ("web:contract", "{contract}"), URGENT),
    ),
    "call_off.cancelled": (
        Notice("invited", "Cancelled: {subject}", "Nothing is bought in the competition {subject}. {reason}",
               INVITED_TO, URGENT),
        Notice("writers", "Cancelled: {subject}",
               "Nothing is bought in the competition {subject}, whose tender your lead let you write. {reason}",
               INVITED_TO, URGENT),
        Notice("offered", "Cancelled: {subject}", "Nothing is bought in the call-off {subject}. {reason}", None,
               URGENT),
    ),
    "call_off.unsuccessful": (
        Notice("invited", "Ended without award: {subject}",
               "The competition {subject} ended without an award. {reason}", INVITED_TO, URGENT),
        Notice("writers", "Ended without award: {subject}",
               "The competition {subject}, whose tender your lead let you write, ended without an award. {reason}",
               INVITED_TO, URGENT),
        Notice("organisation", "Ended without award: {subject}", "The competition {subject} has ended. {reason}",
               ("web:call-off", "{subject}"), URGENT, when=_by_the_clock),
    ),
    **OUTCOME_NOTICES,
    "joining.submitted": (
        Notice("lead", "A firm asks to join: {subject}", "{partner} asks to join ({subject}).", JOINING, URGENT),
        Notice("owner", "An application to check: {subject}", "{partner} has applied ({subject}).", JOINING, URGENT,
               when=_by_a_firm_alone),
    ),
    "joining.agreed": (
        Notice("partner", "The lead agrees: {subject}",
               "The lead of the consortium would have {partner} ({subject}). The framework's owner checks it now.",
               JOINING),
        Notice("owner", "An application to check: {subject}",
               "{partner} has applied ({subject}), and the lead of the consortium agrees.", JOINING, URGENT),
    ),
    "joining.checked": (
        Notice("partner", "Application checked: {subject}",
               "The framework's owner has checked the application {subject}.", JOINING),
    ),
    "joining.joined": (
        Notice("partner", "Application taken: {subject}", "{partner} belongs from now on ({subject}).", JOINING,
               URGENT),
    ),
    "joining.refused": (
        Notice("partner", "Application refused: {subject}", "The application {subject} was not taken.", JOINING,
               URGENT),
    ),
    "joining.withdrawn": (
        Notice("lead", "Application withdrawn: {subject}", "{partner} applies no longer ({subject}).", JOINING),
        Notice("owner", "Application withdrawn: {subject}", "{partner} applies no longer ({subject}).", JOINING),
    ),
    "rate_proposal.submitted": (
        Notice("owner", "A rate card to approve: {subject}",
               "{supplier} proposes a rate card on {framework} from {valid_from} ({subject}).", PROPOSAL, URGENT),
    ),
    "rate_proposal.approved": (
        Notice("lead", "Rate card approved: {subject}",
               "The rate card that {supplier} proposed on {framework} ({subject}) is in force from {valid_from}.",
               PROPOSAL, URGENT),
    ),
    "rate_proposal.refused": (
        Notice("lead", "Rate card refused: {subject}",
               "The rate card that {supplier} proposed on {framework} ({subject}) was not taken: {reason}", PROPOSAL,
               URGENT),
    ),
    "rate_proposal.withdrawn": (
        Notice("owner", "Proposal withdrawn: {subject}", "{supplier} proposes the rate card {subject} no longer.",
               PROPOSAL),
    ),
    "webhook.disabled": (
        Notice("organisation", "A webhook was disabled",
               _disabled, HOOK, URGENT, ADMINISTRATORS),
    ),
    "webhook.rotated": (
        Notice("organisation", "A webhook has a new secret",
               "The webhook {subject} signs with its new secret; the one before is good until {previous_until}.", HOOK),
    ),
}  # fmt: skip


def notices_of(event: Event) -> Iterator[Notice]:
    """The rows by which an event is told, in the table's order."""
    for notice in NOTICES.get(event.type, ()):
        if notice.when is None or notice.when(event):
            yield notice


def notice_for(kind: str, whom: str) -> Notice:
    """The row of a type for one party. Raises LookupError where the table has none any more."""
    for notice in NOTICES.get(kind, ()):
        if notice.whom == whom:
            return notice
    raise LookupError(f"{kind} is told to no {whom}.")


def worded(event: Event, notice: Notice, names: Mapping[str, str]) -> Message:
    """The notice as it is told of this event, with names in place of references where there are some (event_names.py).
    Raises KeyError where the event lacks what the words need. A function has the names as `names`.
    """
    said = {**event.changes, **event.references, "subject": event.subject, "names": names}
    named = {*event.references, "subject"}
    plain = {name: _plain(value) for name, value in said.items() if name != "names"}
    # A reference is told to the letter; of what changed `import_partners` is "import partners".
    plain |= {name: text.replace("_", " ") for name, text in plain.items() if name not in named}
    link = ""
    if notice.link is not None:
        address, of = notice.link
        link = reverse(address, args=[argument] if (argument := of.format_map(plain)) else [])
    plain |= names
    title = _told(notice.title, said, plain)
    return Message(title[:TITLE_LENGTH], _told(notice.text, said, plain), link)


def _told(words: Words, said: Mapping[str, Any], plain: Mapping[str, str]) -> str:
    return words.format_map(plain) if isinstance(words, str) else words(said)


def _plain(value: Any) -> str:
    """A value as text; several stand in a row. Days and moments are written out, in London's time: they are read."""
    if isinstance(value, list):
        return ", ".join(map(_plain, value))
    text = str(value)
    if _DAY.fullmatch(text):
        return _day(date.fromisoformat(text))
    if _MOMENT.fullmatch(text):
        local = datetime.fromisoformat(text).astimezone(LONDON)
        if local.time() == time.min:
            return f"midnight at the end of {_day(local.date() - timedelta(days=1))}"
        return (
            f"{_day(local.date())} at {local.hour % 12 or 12}:{local:%M}{'am' if local.hour < 12 else 'pm'}"
        )
    return text


def _day(on: date) -> str:
    return f"{on.day} {on:%B %Y}"
