"""Who asks: a person by session, an integration by access token, or nobody. Each becomes an Actor of
permissions.py.

Nothing is looked up unless the request carries a session cookie or an `Authorization` header, so that an
anonymous search reads no database. `request.auth` is the Actor; `request.user` stays Django's.
"""

from __future__ import annotations

from typing import Any

from django.conf import settings
from django.contrib.auth.models import AnonymousUser
from django.utils.decorators import method_decorator
from django.views.decorators.csrf import csrf_exempt
from oauth2_provider.contrib.rest_framework.authentication import OAuth2Authentication
from oauth2_provider.scopes import BaseScopes
from oauth2_provider.views.base import TokenView
from rest_framework.authentication import BaseAuthentication, SessionAuthentication
from rest_framework.request import Request

from api.errors import Problem, plain, unauthenticated
from api.limits import spend
from procurement.models import User
from procurement.permissions import ANONYMOUS, SCOPES, Actor, integration, person


class Scopes(BaseScopes):
    """The scopes of permissions.py; a client that names none gets `read` alone."""

    def get_all_scopes(self) -> dict[str, str]:
        return SCOPES

    def get_available_scopes(
        self, application: Any = None, request: Any = None, *args: Any, **kwargs: Any
    ) -> list[str]:
        return list(SCOPES)

    def get_default_scopes(
        self, application: Any = None, request: Any = None, *args: Any, **kwargs: Any
    ) -> list[str]:
        return ["read"]


class Bearer(BaseAuthentication):
    """An access token from client credentials: the application acts for its organisation, within the token's
    scopes.
    """

    def authenticate(self, request: Request) -> tuple[AnonymousUser, Actor] | None:
        header = request.META.get("HTTP_AUTHORIZATION", "")
        if not header:
            return None
        if header.partition(" ")[0].lower() != "bearer":
            raise unauthenticated("This API takes access tokens: `Authorization: Bearer …`.", "invalid_token")
        found = OAuth2Authentication().authenticate(request)
        token = found[1] if found else None
        if token is None or token.application is None:
            raise unauthenticated("The access token is unknown or has expired.", "invalid_token")
        return AnonymousUser(), integration(token.application, token.scope.split())

    def authenticate_header(self, request: Request) -> str:
        return 'Bearer realm="calloff"'


class Session(SessionAuthentication):
    """A person signed in through the pages; a change needs the CSRF token too."""

    def authenticate(self, request: Request) -> tuple[User, Actor] | None:
        found = super().authenticate(request)
        return None if found is None else (found[0], person(found[0]))

    def enforce_csrf(self, request: Request) -> None:
        try:
            super().enforce_csrf(request)
        except Exception as refused:
            raise Problem(403, "The CSRF token is missing or wrong.", code="csrf_failed") from refused


def anybody_named(request: Request) -> bool:
    """Whether the request carries anything that could say who asks."""
    return "HTTP_AUTHORIZATION" in request.META or settings.SESSION_COOKIE_NAME in request.COOKIES


def actor_of(request: Request) -> Actor:
    """The actor behind a request that has been authenticated, ANONYMOUS for nobody."""
    return request.auth if isinstance(request.auth, Actor) else ANONYMOUS


def signed_in(request: Request) -> Actor:
    """The actor, or a 401 for nobody."""
    actor = actor_of(request)
    if not actor.signed_in:
        raise unauthenticated()
    return actor


@method_decorator(csrf_exempt, name="dispatch")
class ClientCredentialsView(TokenView):
    """`/oauth/token/`: an access token for an integration. Its errors have the form of RFC 6749,
    section 5.2.
    """

    http_method_names = ("post", "options")

    def dispatch(self, request: Any, *args: Any, **kwargs: Any) -> Any:
        try:
            left = spend("token", request.META.get("REMOTE_ADDR", ""))
        except Problem as problem:
            return plain(problem)
        response = super().dispatch(request, *args, **kwargs)
        for name, value in left.items():
            response.headers[name] = value
        return response
