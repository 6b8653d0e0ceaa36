"""The Jinja environment of the pages: templates in web/jinja2, cached once compiled, and what every template
may call.

Each page is a view in web/views, which reads and shapes, and a template, which only lays out.
"""

from __future__ import annotations

from typing import Any

from django.conf import settings
from django.templatetags.static import static
from django.urls import reverse
from jinja2 import Environment, StrictUndefined

from web import formats
from web.once import once_input


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
        }
    )
    made.globals.update(
        url=_url,
        static=static,
        demo=settings.DEMO,
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
        score=formats.score,
        written=formats.written,
    )
    return made


def _url(name: str, *args: str) -> str:
    return reverse(f"web:{name}", args=args)
