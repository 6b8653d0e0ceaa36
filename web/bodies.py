"""How long what is sent to a page may be, said before a byte of it is read: the check against forged requests reads a
form whole, and files of any length onto the disk, whoever sends it.

A form that brings no file has the bytes of the setting REQUEST_BYTES_MAX, one that does those of its file besides; the
latter for people who are signed in alone. The API looks after its own bodies (api/uploads.py, api/formats.py). A body
without a length (chunked) is none to Django: nothing of it is read.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Final, TypeVar
from urllib.parse import urlencode

from django.conf import settings
from django.http import HttpRequest, HttpResponse
from django.http.response import HttpResponseBase
from django.urls import Resolver404, resolve, reverse

from web.changing import see_other, unled
from web.signing_in import LOST
from web.views.errors import body_too_long

LONGEST: Final = "longest_file"
"""Where a view says how many bytes the file of its forms may have."""
OF_PROGRAMS: Final = "/api/"

View = TypeVar("View", bound=Callable[..., HttpResponseBase])


def takes_file(longest: int) -> Callable[[View], View]:
    """Marks a view that has a form with a file of at most so many bytes."""

    def marked(view: View) -> View:
        setattr(view, LONGEST, longest)
        return view

    return marked


class BoundedForms:
    """Refuses a form that is longer than any of its page (413). Stands ahead of all that read one (the check against
    forged requests does once every middleware has begun), and behind what answers the searches of nobody in particular.
    """

    def __init__(self, get_response: Callable[[HttpRequest], HttpResponseBase]) -> None:
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponseBase:
        # Of other methods neither Django nor a page reads a body.
        if request.method == "POST" and (refused := _refused(request)) is not None:
            return refused
        return self.get_response(request)


def _refused(request: HttpRequest) -> HttpResponse | None:
    length, most = _length(request), settings.DATA_UPLOAD_MAX_MEMORY_SIZE
    if length <= most or request.path_info.startswith(OF_PROGRAMS):
        return None
    file = _longest(request)
    if not file or length > file + most:
        return body_too_long(request, file)
    if request.user.is_authenticated:
        return None
    # As the page itself would lead there, had it read the form.
    query = urlencode({"next": unled(request.get_full_path()), LOST: "yes"}, safe="/")
    return see_other(f"{reverse('web:sign-in')}?{query}")


def _longest(request: HttpRequest) -> int:
    """Bytes of a file that the page takes, 0 where it takes none, or is none."""
    try:
        return int(getattr(resolve(request.path_info).func, LONGEST, 0))
    except Resolver404:
        return 0


def _length(request: HttpRequest) -> int:
    """Bytes of the body, as Django reads them: 0 where nothing or no number is said."""
    try:
        return int(request.META.get("CONTENT_LENGTH") or 0)
    except ValueError:
        return 0
