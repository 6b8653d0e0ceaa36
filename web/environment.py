"""The Jinja environment of the pages: templates in web/jinja2, cached once compiled, and what every template
may call.

Each page is a view in web/views, which reads and shapes, and a template, which only lays out.
"""

from __future__ import annotations

from typing import Any

from django.conf import settings
from django.templatetags.static import static
from django.urls import reverse
from django.utils.translation import gettext, ngettext
from jinja2 import Environment, StrictUndefined, pass_context
from jinja2.runtime import Context

from web import formats
from web.languages import language, languages
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
    # New style: what a sentence holds is escaped as everywhere, the sentence itself is ours and may hold markup.
    made.install_gettext_callables(gettext, ngettext, newstyle=True)  # type: ignore[attr-defined]
    made.globals.update(
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
        day=formats.day,
        difference=formats.difference,
        moment=formats.moment,
        money=formats.money,
        number=formats.number,
        paragraphs=formats.paragraphs,
        month=formats.month,
        said=_said,
        score=formats.score,
        written=formats.written,
    )
    return made


@pass_context
def _said(_: Context, text: str) -> str:
    """A text of ours that no template holds (a label of procurement), as the reader's language says it.

    With the context, so that Jinja never works it out while it compiles: that would be in one language for everybody.
    """
    return said(text)


def _url(name: str, *args: str) -> str:
    return reverse(f"web:{name}", args=args)
