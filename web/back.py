"""Back leads to what a form was answered: a browser that has thrown that answer away cannot ask for it again, as what
was sent is gone, and shows an error of its own instead (ERR_CACHE_MISS).

Most answers that a POST gives are an address to go to (303). Those that are given directly cannot have one: a need is
longer than an address may be and nothing to stand in a history or a log, and a form that is shown with its faults, or
previewed, is not kept anywhere. So the browser of whoever sent it keeps it, for its own history.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Final

from django.http import HttpRequest
from django.http.response import HttpResponseBase

from web.kept_form import KEPT

HISTORY: Final = "private, max-age=0"
"""For the history alone: no cache in between may have it, and whoever asks the address again is answered afresh."""
EMPTIED: Final = '"cache"'
"""What sign-out has the browser forget: else Back would show whoever comes next what had been answered before."""
NEVER_KEPT: Final = frozenset(
    {
        # Sealed: what a tender says and what is thought of it.
        "offer", "invitation", "ask", "tender-draft", "tender", "competition", "questions",
        "plan-competition",
        # Secrets that are shown once, and what leads to an account.
        "webhooks", "webhook", "second-step", "enter-code", "set-up-account", "set-password", "member-invitation",
    }
)  # fmt: skip
"""Pages (by their name in web/urls.py) whose answers no browser may keep: a session also ends without sign-out, at its
time or from another browser, and then nothing empties the history. There, Back has to send the form again. The same
holds for what sign-in carries of a form, which may be of any of them.
"""


class BackToAnswers:
    """Lets browsers keep what a POST was answered directly; what GET answers is asked for again on Back, by whoever is
    signed in then.
    """

    def __init__(self, get_response: Callable[[HttpRequest], HttpResponseBase]) -> None:
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponseBase:
        response = self.get_response(request)
        match = request.resolver_match
        if request.method != "POST" or match is None or match.namespace != "web":
            return response
        if match.url_name == "sign-out":
            response["Clear-Site-Data"] = EMPTIED
        elif (
            match.url_name not in NEVER_KEPT
            and KEPT not in request.POST
            and "no-store" in response.get("Cache-Control", "")
        ):
            response["Cache-Control"] = HISTORY
        return response
