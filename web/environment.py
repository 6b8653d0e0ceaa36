"""The Jinja environment of the pages: templates in web/jinja2, cached once compiled, and what every template
may call.

Each page is a view in web/views, which reads and shapes, and a template, which only lays out.
"""

from __future__ import annotations

from functools import lru_cache
from typing import Any

from django.conf import settings
from django.templatetags.static import static
from django.urls import reverse
from django.utils.translation import gettext, ngettext
from jinja2 import Environment, StrictUndefined, pass_context
from jinja2.runtime import Context
from markupsafe import Markup

from web import formats, team_words
from web.amendment_words import amended
from web.languages import as_in_source, language, languages
from web.once import once_input
from web.saying import said


def environment(**options: Any) -> Environment:
    """Makes the environment; a name that a template misspells is an error, not nothing."""
    made = Environment(  # noqa: S701 - autoescape stands below
        **{
            **options,
            "undefined": StrictUndefined,
            "trim_blocks": True,
            "lstrip_blocks": True,
            "cache_size": -1,
            "autoescape": True,
            "extensions": ["jinja2.ext.i18n"],
        }
    )
    # A sentence that is broken over lines of a template is one line to translators.
    made.policies["ext.i18n.trimmed"] = True
    # New style: a sentence names what it holds. Ours in place of Jinja's own, which take three times as long.
    made.newstyle_gettext = True  # type: ignore[attr-defined]
    made.globals.update(
        _=_text,
        gettext=_text,
        ngettext=_text_of_many,
        url=_url,
        static=static,
        demo=settings.DEMO,
        language=language,
        languages=languages,
        mark=formats.mark,
        once_input=once_input,
        plural=formats.plural,
    )
    made.filters.update(
        amended=amended,
        amounts=formats.amounts,
        day=formats.day,
        days_written=formats.days_written,
        difference=formats.difference,
        grouped=formats.grouped,
        line_asked=team_words.asked,
        line_charged=team_words.charged,
        line_named=team_words.named,
        line_worked=team_words.worked,
        moment=formats.moment,
        money=formats.money,
        number=formats.number,
        paragraphs=formats.paragraphs,
        month=formats.month,
        said=_said,
        score=formats.score,
        second=formats.second,
        written=formats.written,
    )
    return made


def _text(text: str, **held: Any) -> Markup:
    """A text of a template as the reader's language says it. What it holds is escaped as everywhere; the text is ours
    and may hold markup.
    """
    found = _source(text) if as_in_source() else Markup(gettext(text))  # noqa: S704 - markup as in the source
    return found % held if "%" in found else found


@lru_cache(maxsize=4096)
def _source(text: str) -> Markup:
    return Markup(text)  # noqa: S704 - of a template


def _text_of_many(one: str, many: str, count: int, **held: Any) -> Markup:
    """The same of a text that has forms for numbers."""
    return Markup(ngettext(one, many, count)) % {"num": count, **held}  # noqa: S704 - as above


@pass_context
def _said(_: Context, text: str) -> str:
    """A text of ours that no template holds (a label of procurement), as the reader's language says it.

    With the context, so that Jinja never works it out while it compiles: that would be in one language for everybody.
    """
    return said(text)


def _url(name: str, *args: str) -> str:
    return reverse(f"web:{name}", args=args)
