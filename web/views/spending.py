"""What was bought under the frameworks that somebody answers for: routes, months and suppliers, each as a chart and
as the table that holds its numbers. Totals alone: whose need it was is not told.
"""

from __future__ import annotations

from django.contrib.auth.decorators import login_required
from django.http import HttpRequest, HttpResponse
from django.utils import timezone
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_safe

from procurement.permissions import Action
from procurement.spending import spending
from web.administering import administrator, only
from web.bars import bars
from web.formats import money
from web.pages import render


@never_cache
@login_required
@require_safe
def spend(request: HttpRequest) -> HttpResponse:
    """All frameworks that are the own, or the one that the address names (five queries beside who asks)."""
    who = administrator(request)
    only(who.spending)
    frameworks = list(
        who.frameworks(Action.SEE_SPEND).order_by("number").values_list("pk", "reference", "number", "name")
    )
    wanted = request.GET.get("framework", "")
    known = {reference for _, reference, *_ in frameworks}
    chosen = [pk for pk, reference, *_ in frameworks if wanted not in known or reference == wanted]
    found = spending(chosen, timezone.localdate())
    return render(
        request,
        "spending.html",
        "administration",
        frameworks=[
            ("", "All frameworks"),
            *((reference, f"{number} {name}") for _, reference, number, name in frameworks),
        ],
        framework=wanted if wanted in known else "",
        found=found,
        months=bars([(one.label, one.minor, money(one.minor, found.currency)) for one in found.months]),
        suppliers=bars([(one.label, one.minor, money(one.minor, found.currency)) for one in found.suppliers]),
    )
