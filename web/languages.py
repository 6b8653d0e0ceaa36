"""The languages of the pages: which are offered, which one a reader has chosen, and how it is changed.

English needs no catalogue; another language is offered where its compiled catalogue lies in settings.LOCALE_PATHS. What
a reader chose is remembered in a cookie alone. Accept-Language is not asked: a page that is shared or kept is the same
for everybody who did not choose, and half of the people who read Welsh use browsers that say English.
"""

from __future__ import annotations

from collections.abc import Callable
from contextvars import ContextVar
from dataclasses import dataclass
from functools import lru_cache
from pathlib import Path
from typing import Final

from django.conf import settings
from django.http import HttpRequest, HttpResponseRedirect
from django.http.response import HttpResponseBase
from django.utils.cache import patch_vary_headers
from django.utils.encoding import escape_uri_path
from django.utils.http import escape_leading_slashes
from django.utils.translation import get_language, override

from web.changing import LEADING

CHOICE: Final = "lang"
"""The parameter that chooses a language: it is noted and never stays in an address."""
ENGLISH: Final = "en"
"""No page differs between kinds of English."""
NO_PAGES: Final = ("/api/", "/oauth/", "/admin/", "/static/")
"""What lies below is English whatever was chosen."""


_SOURCE: Final = ContextVar("source", default=False)


@dataclass(frozen=True, slots=True)
class Language:
    """A language in which the pages can be read: its code as HTML writes it, and its name in itself. `address` is where
    it is chosen, "" for the one that is read now.
    """

    code: str
    name: str
    address: str = ""


def offered() -> dict[str, str]:
    """Codes of the languages that can be chosen, with their names: English, and those that have a catalogue."""
    return _with_catalogue(tuple(settings.LANGUAGES), settings.LANGUAGE_CODE, tuple(settings.LOCALE_PATHS))


@lru_cache(maxsize=8)
def _with_catalogue(
    named: tuple[tuple[str, str], ...], english: str, folders: tuple[Path, ...]
) -> dict[str, str]:
    return {
        _short(code): name
        for code, name in named
        if code == english
        or any((folder / code / "LC_MESSAGES" / "django.mo").exists() for folder in folders)
    }


def _short(code: str) -> str:
    return ENGLISH if code == settings.LANGUAGE_CODE else code


def as_in_source() -> bool:
    """Whether the page that is made is in English, as its templates are: a hundred texts of it need no look-up then."""
    return _SOURCE.get()


def language() -> str:
    """The code of the language that is read now, as the html element states it."""
    return _short(get_language() or ENGLISH)


def languages(request: HttpRequest) -> list[Language]:
    """The languages among which this page offers a choice; none where there is but one."""
    known = offered()
    if len(known) < 2:
        return []
    now, sent = language(), request.GET.copy()
    for one in LEADING:
        sent.pop(one, None)
    made = []
    for code, name in known.items():
        sent[CHOICE] = code
        # Of this very page: an address that begins with its query can lead nowhere else.
        made.append(Language(code, name, "" if code == now else f"?{sent.urlencode()}"))
    return made


class PageLanguage:
    """Has a page written in the language that its reader chose, and notes a choice.

    A choice leads back to the page on which it was made, with its whole query: the path comes from the request itself.
    """

    def __init__(self, get_response: Callable[[HttpRequest], HttpResponseBase]) -> None:
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponseBase:
        if request.path_info.startswith(NO_PAGES):
            return self.get_response(request)
        known = offered()
        if len(known) > 1 and request.method == "GET" and (asked := request.GET.get(CHOICE, "")) in known:
            return _noted(request, asked)
        spoken = request.COOKIES.get(settings.LANGUAGE_COOKIE_NAME, "")
        translated = spoken in known and spoken != ENGLISH
        noted = _SOURCE.set(not translated)
        # None has nothing looked up: the source is English, and a look into Django's own English costs four times that.
        try:
            with override(spoken if translated else None, deactivate=True):
                response = self.get_response(request)
        finally:
            _SOURCE.reset(noted)
        if len(known) > 1:
            response.headers.setdefault("Content-Language", spoken if translated else ENGLISH)
            patch_vary_headers(response, ("Cookie",))
        return response


def _noted(request: HttpRequest, code: str) -> HttpResponseBase:
    """Back to the page without the choice. `//example.org` is a path of ours, and must not become another host."""
    left = request.GET.copy()
    del left[CHOICE]
    path = escape_leading_slashes(escape_uri_path(request.path))
    response = HttpResponseRedirect(f"{path}?{left.urlencode()}" if left else path)
    response.set_cookie(
        settings.LANGUAGE_COOKIE_NAME,
        code,
        max_age=settings.LANGUAGE_COOKIE_AGE,
        secure=settings.LANGUAGE_COOKIE_SECURE,
        httponly=True,
        samesite="Lax",
    )
    return response
