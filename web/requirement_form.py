"""A requirement said anew: the form of a need, without what only a match asks.

Journey: /requirements/REQ-2026-0001/edit -> web/need_form.py -> procurement/actions/requirements.py -> event -> its
page (303).
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, Final

from django.utils.translation import gettext as _
from django.utils.translation import gettext_noop as N_

from web.meanwhile import Value, Written
from web.need_choices import NeedChoices
from web.need_form import LABELS, NeedForm
from web.saying import said
from web.team_words import asked

COMPARED: Final = (
    "text", "framework", "lot", "specialisms", "regions", "starts_on", "months", "work_type", "budget",
    "ownership", "size",
)  # fmt: skip
"""Fields of the form, in its order."""
DONE: Final = {
    "revised": N_(
        "The requirement says so from now on. A call-off keeps the version that it took until it takes this one."
    ),
    "withdraw": N_("The requirement is withdrawn. What it said stays."),
}


def form_of(content: Mapping[str, Any]) -> NeedForm:
    """The form of what a requirement says."""
    return NeedForm.of(content, "balanced", {})


def written(form: NeedForm, stands: Mapping[str, Any], choices: NeedChoices) -> list[Written]:
    """What was written into the fields, which can be taken, beside what the requirement says now."""
    now = form_of(stands)
    labels = _labels(choices)
    fields = [
        Written(name, said(LABELS[name]), _value(form, name), _value(now, name), labels.get(name))
        for name in COMPARED
    ]
    ticks = labels["specialisms"] | labels["regions"]
    return [
        *fields,
        Written("regions", _("Must have"), _must(form), _must(now), ticks),
        Written("", _("Team"), _team(form.content().to_json()), _team(stands)),
    ]


def _must(form: NeedForm) -> Value:
    return (*form.must_specialisms, *form.must_regions)


def _team(content: Mapping[str, Any]) -> Value:
    return [asked(line) for line in content["team"]]


def _value(form: NeedForm, name: str) -> Value:
    value: Value = getattr(form, name)
    return value


def _labels(choices: NeedChoices) -> dict[str, dict[str, str]]:
    """How values of closed lists are called, by field."""
    return {
        "framework": dict(choices.frameworks),
        "lot": dict(choices.lots),
        "specialisms": {one.value: one.label for one in choices.specialisms},
        "regions": {one.value: one.label for one in choices.regions},
        "work_type": dict(choices.work_types),
        "ownership": {value: label for value, label, _liked in choices.ownership},
        "size": {value: label for value, label, _liked in choices.sizes},
    }
