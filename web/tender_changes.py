"""Changes of a tender that the buyer's page of it offers: which action each form stands for.

Journey: /tenders/tnd_… (POST) -> here -> procurement/actions/assessing.py and ranking.py -> event -> the page again.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import replace
from typing import Any, Final

from django.http import QueryDict
from django.utils.translation import gettext as _
from django.utils.translation import gettext_noop as N_

from procurement.actions.assessing import agree, assess
from procurement.actions.ranking import accept_price, ask_about_price, disqualify
from procurement.actions.reinstating import reinstate
from procurement.competition_checks import agreed_scores
from procurement.errors import Conflict, Fault, Invalid
from procurement.evaluation_rules import Criterion, EvaluationRules
from procurement.models import Assessment, Competition, Tender
from procurement.permissions import Actor
from web.competition_form import whole
from web.doing import Change
from web.faults import lowered
from web.meanwhile import Written, same
from web.tender_page import TenderPage

OF_TENDERS: Final[dict[str, Change]] = {
    "assess": lambda actor, reference, __, sent: _assess(actor, reference, sent),
    "agree": lambda actor, reference, __, sent: _agree(actor, reference, sent),
    "ask_price": lambda actor, reference, __, sent: ask_about_price(
        actor, reference, sent.get("question", "")
    ),
    "accept_price": lambda actor, reference, __, sent: accept_price(actor, reference, sent.get("reason", "")),
    "disqualify": lambda actor, reference, revision, sent: disqualify(
        actor, reference, revision, sent.get("ground", ""), sent.get("reason", "")
    ),
    "reinstate": lambda actor, reference, revision, sent: reinstate(
        actor, reference, revision, sent.get("reason", "")
    ),
}
"""By what the form says in `do`."""

WORDS: Final = {"assess": "note", "agree": "reason"}
"""By what the form of scores says in `do`: the field of the words that a score is given with."""
LABELS: Final = {
    ("assess", "score"): N_("Your score of %(name)s"),
    ("assess", "note"): N_("Why, for %(name)s"),
    ("agree", "score"): N_("Agreed score of %(name)s"),
    ("agree", "reason"): N_("Reason that the tenderer is told, for %(name)s"),
}
"""How the fields of scores are called, by `do` and field."""

MEANWHILE: Final = N_(
    "%(name)s has another score since you opened this page: %(score)s. Send yours again to put it in its place"
)

DONE: Final = {
    "assess": N_("Your scores are kept."),
    "agree": N_("The scores are agreed."),
    "ask_price": N_("The tenderer has been asked about its price."),
    "accept_price": N_("The explanation of the price is taken."),
    "disqualify": N_("The tender takes part no longer."),
    "reinstate": N_("The tender takes part again."),
}


def _assess(actor: Actor, reference: str, sent: QueryDict) -> None:
    """The own scores of all criteria that were filled in or changed, in one."""
    rows = Assessment.objects.filter(tender__reference=reference, assessor__reference=actor.reference)
    stands = {one.criterion: (str(one.score), one.note) for one in rows}
    _each("assess", reference, sent, stands, lambda *given: assess(actor, reference, *given))


def _agree(actor: Actor, reference: str, sent: QueryDict) -> None:
    """The agreed scores of all criteria that were filled in or changed, or that count no longer, in one."""
    found = Tender.objects.select_related("competition").get(reference=reference)
    counting = agreed_scores(found.competition).get(found.pk, {})
    stands = {
        one.criterion: (str(one.score), one.reason)
        for one in found.consensus.all()
        if one.criterion in counting
    }
    _each("agree", reference, sent, stands, lambda *given: agree(actor, reference, *given))


def _each(
    do: str,
    reference: str,
    sent: QueryDict,
    stands: Mapping[str, tuple[str, str]],
    act: Callable[[str, object, str], object],
) -> None:
    """Carries out what was said of each criterion whose fields were changed; what is wrong is told of all. Raises what
    `act` raises; Conflict where somebody else has said it anew since the page was read, whose word would be lost;
    Invalid where nothing was said at all.
    """
    rules = EvaluationRules.from_json(
        Competition.objects.filter(tenders__reference=reference).values_list("rules", flat=True).get()
    )
    faults: list[Fault] = []
    said, typed = False, touched(sent.dict())
    for one in rules.criteria:
        now = stands.get(one.key, ("", ""))
        score, words = (
            typed.get(f"{do}-{field}-{one.key}", kept).strip()
            for field, kept in zip(("score", WORDS[do]), now, strict=True)
        )
        was = tuple(
            sent.get(f"{do}-was-{field}-{one.key}", kept)
            for field, kept in zip(("score", WORDS[do]), now, strict=True)
        )
        said = said or bool(score or words)
        if same(score, now[0]) and same(words, now[1]):
            continue
        if not (same(was[0], now[0]) and same(was[1], now[1])):
            raise Conflict(_(MEANWHILE) % {"name": one.name, "score": now[0] or _("no score")})
        try:
            act(one.key, whole(score), words)
        except Conflict as refused:
            raise Conflict(f"{one.name}: {lowered(refused.message)}") from refused
        except Invalid as refused:
            faults += [_labelled(fault, do, one) for fault in refused.faults]
    if faults:
        raise Invalid(_("Nothing was scored."), tuple(faults))
    if not said:
        raise Invalid(_("Nothing was scored."), (Fault("", "required", _("Score one criterion at least")),))


def touched(sent: Mapping[str, Any]) -> dict[str, Any]:
    """What was sent, without the fields of scores that were left as they stood when the page was read: they say nothing
    of what stands now.
    """
    left = set()
    for name, was in sent.items():
        do, mark, field = name.partition("-was-")
        if mark and do in WORDS and same(sent.get(f"{do}-{field}", was), was):
            left.add(f"{do}-{field}")
    return {name: value for name, value in sent.items() if name not in left}


def _label(do: str, field: str, criterion: Criterion) -> str:
    return _(LABELS[do, field]) % {"name": criterion.name}


def _labelled(fault: Fault, do: str, criterion: Criterion) -> Fault:
    field = fault.pointer.strip("/")
    message = f"{_label(do, field, criterion)}: {lowered(fault.message)}"
    return replace(fault, pointer=f"/scores/{criterion.key}/{field}", message=message)


def written(sent: Mapping[str, str], page: TenderPage) -> list[Written]:
    """What was written into the fields of scores that the page has, beside what stands now."""
    fields = []
    for line in page.criteria:
        own, agreed = line.own, line.agreed
        stands = {}
        if page.assesses and agreed is None:
            stands["assess"] = (str(own.score), own.note) if own else ("", "")
        if page.moderates:
            stands["agree"] = (str(agreed.score), agreed.reason) if agreed else ("", "")
        for do, values in stands.items():
            for field, now in zip(("score", WORDS[do]), values, strict=True):
                anchor = f"{do}-{field}-{line.criterion.key}"
                label = _label(do, field, line.criterion)
                fields.append(Written(anchor, label, sent.get(anchor, now), now))
    return fields


def anchors_of(sent: QueryDict) -> Callable[[str], str]:
    """Which field of which form a fault belongs to; one of a score is led by its criterion."""
    do = sent.get("do", "")

    def anchor(pointer: str) -> str:
        first, *rest = pointer.strip("/").split("/")
        if first == "scores" and len(rest) > 1:
            return f"{do}-{rest[1]}-{rest[0]}"
        return {"reason": f"{do}-reason", "question": "question", "ground": "ground"}.get(first, "")

    return anchor
