"""What was bought under the frameworks that somebody answers for: routes, grounds, buyers, months and suppliers, each
as a chart and as the table that holds its numbers. Totals alone: of a buyer how often, never what it needed or paid.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import replace
from datetime import date
from typing import Any

from django.contrib.auth.decorators import login_required
from django.http import HttpRequest, HttpResponse
from django.utils import timezone
from django.utils.translation import gettext as _
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_safe

from procurement.permissions import Action
from procurement.spending import AwardUse, BuyerUse, Spending, spending
from web.administering import administrator, only
from web.bars import bars
from web.faults import not_offered
from web.formats import money, month
from web.pages import render


@never_cache
@login_required
@require_safe
def spend(request: HttpRequest) -> HttpResponse:
    """All frameworks that are the own, or the one that the address names (eight queries beside who asks); 400 where it
    names none of them.
    """
    who = administrator(request)
    only(who.spending)
    frameworks = list(
        who.frameworks(Action.SEE_SPEND).order_by("number").values_list("pk", "reference", "number", "name")
    )
    wanted = request.GET.get("framework", "")
    choices = [
        ("", _("All frameworks")),
        *((reference, f"{number} {name}") for _pk, reference, number, name in frameworks),
    ]
    if faults := not_offered("framework", _("Framework"), choices, wanted):
        return _page(request, choices, "", status_code=400, found=None, faults=faults)
    chosen = [pk for pk, reference, *_rest in frameworks if wanted in ("", reference)]
    found = _said(spending(chosen, timezone.localdate()))
    return _page(
        request,
        choices,
        wanted,
        found=found,
        grounds=bars([(one.label, one.begun, str(one.begun)) for one in found.grounds]),
        bodies=bars([(one.label, one.begun, str(one.begun)) for one in found.bodies]),
        buyers=bars([(one.label, one.direct, _of_all(one)) for one in found.buyers]),
        months=bars([(one.label, one.minor, money(one.minor, found.currency)) for one in found.months]),
        suppliers=bars([(one.label, one.minor, money(one.minor, found.currency)) for one in found.suppliers]),
    )


def _page(request: HttpRequest, choices: list[tuple[str, str]], chosen: str, **shown: Any) -> HttpResponse:
    """The form with its choice, and what is shown below it."""
    return render(request, "spending.html", "administration", frameworks=choices, framework=chosen, **shown)


def _said(found: Spending) -> Spending:
    """What was spent, its routes, grounds and months in the reader's language."""
    return replace(
        found,
        routes=tuple(replace(one, route=_(one.route)) for one in found.routes),
        grounds=_called(found.grounds),
        bodies=_called(found.bodies),
        months=tuple(replace(one, label=month(date.fromisoformat(f"{one.key}-01"))) for one in found.months),
    )


def _of_all(one: BuyerUse) -> str:
    return _("%(direct)s of %(contracts)s") % {"direct": one.direct, "contracts": one.contracts}


def _called(awards: Iterable[AwardUse]) -> tuple[AwardUse, ...]:
    return tuple(replace(one, label=_(one.label) if one.label else _("Not recorded")) for one in awards)
