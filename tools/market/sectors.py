"""Which sector a case study is of, by the words it uses: a story about care homes is of social care, whoever
tells it.
"""

from __future__ import annotations

import re
from typing import Final

WORDS: Final = {
    "social-care": (
        r"care homes?|home care|care packages?|carers?|reablement|learning disability|social workers?|"
        r"care association|day centres?|help at home|care really costs|residential"
    ),
    "health": (
        r"hospitals?|wards|patients?|nurses?|clinics?|clinicians?|NHS|ambulances?|trust's|acute trust|"
        r"integrated care|health|vaccin\w+|theatres|crisis (?:line|offer)|peer workers|"
        r"therap(?:y|ists)|surgeons|screening|midwi\w+|blood and tissue"
    ),
    "children-and-families": (
        r"foster\w*|children's|children in|living in homes|adoption|safeguarding|parenting|"
        r"disabled children|families for three years"
    ),
    "education": (
        r"schools?|pupils?|college|university|students?|teachers?|apprentices|multi-academy|diocesan"
    ),
    "housing": (
        r"homeless\w*|rough sleepers?|tenants?|tenancies|housing|temporary accommodation|empty homes|"
        r"damp"
    ),
    "justice": (
        r"police|probation|prison\w*|courthouses?|stabbings|violence|"
        r"fire (?:engines?|and rescue|authority)|watch room|control room"
    ),
    "defence": (r"defence|naval|fleet|ships|command"),
    "transport": (
        r"bus(?:es)?|trains?|rail|station|airport|flight path|runway|junction|highways?|potholes|"
        r"cyclists?|ferry|passenger|workplace parking|self-driving|roads?"
    ),
    "energy": (
        r"energy|heat (?:network|pumps?)|grid|wind (?:farm|turbines?)|floating wind|substation|pylons|"
        r"fuel|disused mine|mine water|gas|price control|network company\w*"
    ),
    "environment": (
        r"flood\w*|river\w*|catchment|salmon|cliff|nitrates?|habitat|recycl\w*|waste|sewage|air above|"
        r"cleaner air|clean air|breathed air|air quality|incinerator|furnace|water bills|"
        r"water regulator|arsenic|scrapyard|noise|bins|national park|carbon|emissions"
    ),
    "culture": (
        r"museums?|librar\w+|festival|leisure|swimming|pool|theatre company|lottery distributor|"
        r"heritage|visitors|sport\w*"
    ),
    "employment": (
        r"out of work|benefits agency|welfare|pension credit|employers' forum|jobs brokerage|"
        r"engineering plant|the plant|redundan\w+"
    ),
    "economy": (
        r"high street|town deal|regeneration|mill site|development corporation|coastal town|wages|"
        r"steelworks|economic regulator|competition authority|subsidy"
    ),
    "digital": (
        r"mainframe|portals?|software|ransomware|backups?|spreadsheets?|video call|broadband|data|"
        r"letters read|cyber|cable"
    ),
    "third-sector": (r"charit\w+|voluntary|community foundation|mutual|grant-making|outcomes contract"),
    "local-government": (
        r"councils?|councillors?|county|borough|districts?|unitary|city region|combined authority|"
        r"town hall|pension fund"
    ),
    "central-government": (
        r"Whitehall|ministers?|department|agency|Treasury|arm's length|non-departmental|tax authority|"
        r"civil service|devolved government|inspectorate|levy"
    ),
}
"""Who is helped before who pays: where two sectors have as many words, the first of this list is it."""
_FOUND: Final = {sector: re.compile(rf"\b(?:{words})\b", re.IGNORECASE) for sector, words in WORDS.items()}


def sector_of(title: str, text: str) -> str | None:
    """The sector of most words, a title's counting twice; None where no word tells."""
    counts = {
        sector: 2 * len(found.findall(title)) + len(found.findall(text)) for sector, found in _FOUND.items()
    }
    best = max(counts, key=lambda sector: counts[sector])
    return best if counts[best] else None
