"""Changes of a tender that the buyer's page of it offers: which action each form stands for.

Journey: /tenders/tnd_… (POST) -> here -> procurement/actions/assessing.py and ranking.py -> event -> the page again.
"""

from __future__ import annotations

from typing import Final

from django.http import QueryDict
from django.utils.translation import gettext_noop as N_

from procurement.actions.assessing import agree, assess
from procurement.actions.ranking import accept_price, ask_about_price, disqualify
from web.competition_form import whole
from web.doing import Change
from web.faults import id_part

OF_TENDERS: Final[dict[str, Change]] = {
    "assess": lambda actor, reference, _, sent: assess(
        actor, reference, sent.get("criterion", ""), whole(sent.get("score", "")), sent.get("note", "")
    ),
    "agree": lambda actor, reference, _, sent: agree(
        actor, reference, sent.get("criterion", ""), whole(sent.get("score", "")), sent.get("reason", "")
    ),
    "ask_price": lambda actor, reference, _, sent: ask_about_price(
        actor, reference, sent.get("question", "")
    ),
    "accept_price": lambda actor, reference, _, sent: accept_price(actor, reference, sent.get("reason", "")),
    "disqualify": lambda actor, reference, revision, sent: disqualify(
        actor, reference, revision, sent.get("ground", ""), sent.get("reason", "")
    ),
}
"""By what the form says in `do`."""

DONE: Final = {
    "assess": N_("Your score is kept."),
    "agree": N_("The score is agreed."),
    "ask_price": N_("The tenderer has been asked about its price."),
    "accept_price": N_("The explanation of the price is taken."),
    "disqualify": N_("The tender takes part no longer."),
}


def anchors_of(sent: QueryDict) -> dict[str, str]:
    """Which field of which form a fault belongs to; a form that scores has its criterion in its fields' names."""
    criterion = id_part(sent.get("criterion", ""))
    scored = sent.get("do") in ("assess", "agree")
    return {
        "score": f"{{do}}-score-{criterion}",
        "note": f"{{do}}-note-{criterion}",
        "reason": f"{{do}}-reason-{criterion}" if scored else "{do}-reason",
        "question": "question",
        "ground": "ground",
    }
