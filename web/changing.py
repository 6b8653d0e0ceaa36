"""What every page that changes something does alike: read the revision that the form was made from, and lead the
browser on once the change is made, so that a reload repeats nothing.
"""

from __future__ import annotations

from django.http import HttpRequest, HttpResponse, QueryDict

from procurement.revisions import NONE

SEE_OTHER = 303
_LONGEST = 10


def sent_revision(sent: QueryDict) -> int:
    """The revision that the form carries; one that is no number is one that nothing has."""
    revision = sent.get("revision", "")
    if revision.isascii() and revision.isdigit() and len(revision) < _LONGEST:
        return int(revision)
    return NONE


def see_other(address: str) -> HttpResponse:
    """303: the browser gets that page, whatever it sent here."""
    return HttpResponse(status=SEE_OTHER, headers={"Location": address})


def led_by(request: HttpRequest, parameter: str = "done") -> str:
    """The name in the address of the form that led here; "" where none did.

    A browser says where a request began (Sec-Fetch-Site): whoever follows a link in a message, or one of another site,
    was led by no form of ours, and is not told that anything was done. One that says nothing of it is believed.
    """
    ours = request.headers.get("Sec-Fetch-Site", "same-origin") == "same-origin"
    return request.GET.get(parameter, "") if request.method == "GET" and ours else ""
