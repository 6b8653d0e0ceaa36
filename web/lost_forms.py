"""What becomes of a form that was sent after its session had ended: sign-in carries it and offers it again
(web/kept_form.py), or says that it was not kept.
"""

from __future__ import annotations

from collections.abc import Callable
from urllib.parse import urlsplit

from django.http import HttpRequest, HttpResponse
from django.http.response import HttpResponseBase
from django.urls import reverse
from django.utils.cache import add_never_cache_headers

from procurement.models import User
from web.changing import see_other
from web.kept_form import KEPT, kept_of, note_author, opened
from web.pages import render
from web.signing_in import LOST


class LostForms:
    """Has sign-in keep a form that leads there, as mostly a session ended meanwhile, or say that it was not kept."""

    def __init__(self, get_response: Callable[[HttpRequest], HttpResponseBase]) -> None:
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponseBase:
        response = self.get_response(request)
        note_author(request, response)
        # 302 is what Django leads to sign-in by; our own pages answer a form that was taken by 303.
        if request.method == "POST" and response.status_code == 302:
            target = urlsplit(response["Location"])
            if target.path == reverse("web:sign-in"):
                if kept := kept_of(request):
                    return sign_in_asked(request, kept, request.get_full_path())
                lost = f"{LOST}=yes"
                response["Location"] = target._replace(query=f"{target.query}&{lost}".lstrip("&")).geturl()
        return response


def sign_in_asked(request: HttpRequest, kept: str, following: str) -> HttpResponse:
    """The form of sign-in, on to `following`, in answer to another form, which it carries: no address could."""
    response = render(
        request,
        "sign_in.html",
        "sign-in",
        status_code=403,
        kept=kept,
        next=following,
        email="",
    )
    add_never_cache_headers(response)
    return response


def gone_on(request: HttpRequest, user: User, following: str) -> HttpResponse:
    """Where whoever has signed in goes on: to the form that they had sent before, or to `following`, which says that it
    was not kept where it is somebody else's or took too long.
    """
    if text := request.POST.get(KEPT, ""):
        if kept := opened(text, user):
            return render(request, "kept_form.html", kept=kept, following=following, ended=True)
        request.session[LOST] = True
    return see_other(following)
