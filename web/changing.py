"""What every page that changes something does alike: read the revision that the form was made from, and lead the
browser on once the change is made, so that a reload repeats nothing.
"""

from __future__ import annotations

from django.http import HttpResponse, QueryDict

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
