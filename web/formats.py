"""How pages write money, numbers, days and texts, British and in London time: the last step of a page."""

from __future__ import annotations

import html
import re
from datetime import date, datetime, time, timedelta
from typing import Final
from zoneinfo import ZoneInfo

from django.utils.translation import gettext as _
from django.utils.translation import gettext_noop as N_
from django.utils.translation import ngettext
from markupsafe import Markup, escape

from procurement.pricing import CURRENCIES

LONDON: Final = ZoneInfo("Europe/London")
MARKS: Final = {"<mark>": Markup("<mark>"), "</mark>": Markup("</mark>")}
MONTHS: Final = (
    N_("January"),
    N_("February"),
    N_("March"),
    N_("April"),
    N_("May"),
    N_("June"),
    N_("July"),
    N_("August"),
    N_("September"),
    N_("October"),
    N_("November"),
    N_("December"),
)
_MARKED: Final = re.compile(r"(</?mark>)")
_DAY: Final = re.compile(r"[0-9]{4}-[0-9]{2}-[0-9]{2}")
_DAY_WITHIN: Final = re.compile(rf"\b{_DAY.pattern}\b", re.ASCII)
_AMOUNT: Final = re.compile(r"£(\d{1,12}(?:\.\d{2})?)(?![\d,]|\.\d)", re.ASCII)
_BLANK_LINE: Final = re.compile(r"\n\s*\n")


def money(minor: float, currency: str = "GBP") -> str:
    """Whole minor units as people read them: 72500 is £725, 72550 is £725.50, 1234500 is £12,345."""
    whole = round(minor)
    pounds, pence = divmod(abs(whole), 100)
    amount = f"{pounds:,}.{pence:02d}" if pence else f"{pounds:,}"
    symbol = CURRENCIES.get(currency)
    sign = "−" if whole < 0 else ""
    return f"{sign}{symbol}{amount}" if symbol else f"{sign}{amount} {currency}"


def difference(minor: int, currency: str = "GBP") -> str:
    """A difference in minor units, not 0, in words: -4800 is "£48 below", 4800 "£48 above"."""
    told = _("%(amount)s below") if minor < 0 else _("%(amount)s above")
    return told % {"amount": money(abs(minor), currency)}


def written(text: str) -> str:
    """A text that may be a day as ISO 8601, which is written out; any other as it is."""
    return day(text) if _DAY.fullmatch(text) else text


def days_written(text: str) -> str:
    """A sentence in which every day that stands as ISO 8601 is written out; what is no day stays as it is."""

    def one(found: re.Match[str]) -> str:
        try:
            return day(found[0])
        except ValueError:
            return found[0]

    return _DAY_WITHIN.sub(one, text)


def minor(amount: str) -> int:
    """A stored decimal string in minor units: "650.50" is 65050."""
    pounds, _, pence = amount.partition(".")
    return int(pounds) * 100 + int(f"{pence:0<2}")


def grouped(amount: str) -> str:
    """A stored decimal string as people read it after a sign of pounds: "2000.00" is 2,000."""
    return money(minor(amount)).removeprefix("£")


def amounts(text: str) -> str:
    """A sentence whose amounts are as programs write them, as people read it: £95000.00 is £95,000."""
    return _AMOUNT.sub(lambda found: money(minor(found[1])), text)


def number(value: int) -> str:
    """1234 is 1,234."""
    return f"{value:,}"


def plural(count: int, one: str, many: str) -> str:
    """'1 listing', '1,234 listings': the number, and the form of the word that the reader's language has for it."""
    return f"{count:,} {ngettext(one, many, count)}"


def day(value: date | datetime | str | None) -> str:
    """A day as GOV.UK writes it: 4 September 2017. Text is read as ISO 8601; nothing gives nothing."""
    if not value:
        return ""
    if isinstance(value, str):
        value = datetime.fromisoformat(value) if "T" in value else date.fromisoformat(value)
    if isinstance(value, datetime) and value.tzinfo is not None:
        value = value.astimezone(LONDON)
    named = {"day": value.day, "month": _(MONTHS[value.month - 1]), "year": f"{value:%Y}"}
    return _("%(day)s %(month)s %(year)s") % named


def month(value: date) -> str:
    """The month of a day: September 2017."""
    return _("%(month)s %(year)s") % {"month": _(MONTHS[value.month - 1]), "year": f"{value:%Y}"}


def moment(value: datetime | str | None) -> str:
    """A moment to the minute that has begun, in London: 4 September 2017 at 2:05pm. What is due by a day ends with it,
    and is not told as the first moment of the next, which reads as if that day could be used.
    """
    return _moment(value, "%M")


def second(value: datetime | str | None) -> str:
    """The same to the second, 4 September 2017 at 2:05:09pm: for receipts and the event log, which prove an order."""
    return _moment(value, "%M:%S")


def _moment(value: datetime | str | None, minutes: str) -> str:
    if not value:
        return ""
    if isinstance(value, str):
        value = datetime.fromisoformat(value)
    local = value.astimezone(LONDON)
    if local.time() == time.min:
        return _("midnight at the end of %(day)s") % {"day": day(local - timedelta(days=1))}
    half = _("am") if local.hour < 12 else _("pm")
    clock = f"{local.hour % 12 or 12}:{local.strftime(minutes)}{half}"
    return _("%(day)s at %(time)s") % {"day": day(local), "time": clock}


def score(value: float) -> str:
    """A part of a score, to two places."""
    return f"{value:.2f}"


def paragraphs(text: str) -> Markup:
    """Plain text as paragraphs: escaped, a blank line parts them, a single line break stays one."""
    parts = (part.strip() for part in _BLANK_LINE.split(text.replace("\r\n", "\n")))
    return Markup("").join(
        Markup('<p class="govuk-body">{}</p>').format(Markup("<br>").join(part.split("\n")))
        for part in parts
        if part
    )


def mark(highlight: str) -> Markup:
    """A highlight of the engine (escaped text with `<mark>` around what matched) as markup.

    The text is read back and escaped anew, so that a page never trusts what came out of the index:
    nothing
    but `mark` elements can stand in it.
    """
    return Markup("").join(
        MARKS.get(part) or escape(html.unescape(part)) for part in _MARKED.split(highlight)
    )
