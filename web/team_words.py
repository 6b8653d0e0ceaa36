"""A line of a team in words: how much, of which grade or role, and which line of a card its rate is of.

Lines are JSON values, as requirements, tenders and order forms keep them. Used by what shows a team: matches, offers,
invitations, tenders and their forms.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from django.utils.translation import gettext as _
from django.utils.translation import ngettext

from procurement.vocabulary import QUALIFICATIONS, SITES
from web.saying import said


def asked(line: Mapping[str, Any]) -> str:
    """What is asked for: "12.5 days of G3", "80 hours of Data engineer (5 years or more)"."""
    return _("%(work)s of %(role)s") % {"work": worked(line), "role": named(line)}


def worked(line: Mapping[str, Any]) -> str:
    """How much of it."""
    if "hours" in line:
        return ngettext("%(hours)s hour", "%(hours)s hours", _counted(line["hours"])) % {
            "hours": line["hours"]
        }
    return ngettext("%(days)s day", "%(days)s days", _counted(line["days"])) % {"days": line["days"]}


def named(line: Mapping[str, Any]) -> str:
    """Of what: a grade's code, or a role with the experience that is asked for."""
    if "role" not in line:
        return str(line["grade"])
    return _experienced(line["role"], line.get("experience"))


def charged(line: Mapping[str, Any]) -> str:
    """A priced line as its card calls it: a grade's code and name, or the role's own title on the line that was taken,
    with what tells that from the others.
    """
    if "line" not in line:
        return " ".join(str(line[name]) for name in ("grade", "name") if line.get(name))
    taken = line["line"]
    about = [
        _("line %(key)s of the card") % {"key": taken["key"]},
        said(QUALIFICATIONS.get(taken["qualification"], "")),
        said(SITES.get(taken["site"], "")),
    ]
    told = _experienced(taken["role"], taken["min_experience"])
    return ", ".join([told, *(part for part in about if part)])


def _experienced(role: str, years: int | None) -> str:
    if years is None:
        return role
    told = ngettext("%(role)s (%(years)s year or more)", "%(role)s (%(years)s years or more)", years)
    return told % {"role": role, "years": years}


def _counted(quantity: str) -> int:
    """A part of a day takes the plural, as 2 does."""
    return int(quantity) if quantity.isascii() and quantity.isdigit() else 2
