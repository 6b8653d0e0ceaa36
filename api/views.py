"""What every address of the API does alike: read the address, know who asks, count, answer with a validator.

`ApiView` for any address; `ListView` and `DetailView` for resources read from the database.
"""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Sequence
from typing import Any, ClassVar, Final, TypeVar

from django.db.models import Model, QuerySet
from django.http import HttpRequest
from rest_framework.authentication import BaseAuthentication
from rest_framework.parsers import BaseParser
from rest_framework.request import Request
from rest_framework.response import Response
from rest_framework.serializers import BaseSerializer
from rest_framework.views import APIView

from api.auth import Bearer, Session, actor_of, anybody_named
from api.conditional import tag, unchanged
from api.errors import Problem
from api.existing import existing
from api.formats import OneForm, ORJSONRenderer, StrictJSONParser
from api.limits import spend
from api.parameters import PAGE_SIZE, PAGING, readable, values
from api.references import linked
from procurement.errors import NotPermitted
from procurement.models import Framework, Organisation, Partner, Supplier
from procurement.references import rows_named
from search.parameters import Parameter

Row = TypeVar("Row", bound=Model)

_methods: dict[type[APIView], list[str]] = {}
"""The methods that each address takes, kept at hand."""

READING: Final = frozenset({"GET", "HEAD", "OPTIONS"})

NAMED_BY_PEOPLE: Final = (Framework, Organisation, Partner, Supplier)
"""Whose references somebody chose, some of them with capitals before those were refused."""


class ApiView(APIView):
    """One address. `parameters` are all that its query string may hold; `kind` says which quota it spends, ""
    none.
    """

    authentication_classes = (Bearer, Session)
    parser_classes: Sequence[type[BaseParser]] = (StrictJSONParser,)
    renderer_classes = (ORJSONRenderer,)
    content_negotiation_class = OneForm
    parameters: ClassVar[tuple[Parameter, ...]] = ()
    kind: ClassVar[str] = "read"
    posts_read: ClassVar[bool] = False
    """Whether a POST only asks, its question too large for an address: it spends the quota of `kind`."""
    tagged: ClassVar[bool] = True
    """Whether the answer carries an ETag."""
    varies: ClassVar[bool] = False
    """Whether the answer depends on who asks."""

    def _allowed_methods(self) -> list[str]:
        # Told with every answer, and the same for every request. What is asked by GET may be asked by HEAD.
        view, by = type(self), {"head": "get"}
        if view not in _methods:
            _methods[view] = [
                name.upper() for name in view.http_method_names if hasattr(view, by.get(name, name))
            ]
        return _methods[view]

    def get_authenticators(self) -> list[BaseAuthentication]:
        return super().get_authenticators() if self.request and anybody_named(self.request) else []

    def initial(self, request: Request, *args: Any, **kwargs: Any) -> None:
        readable(request.META.get("QUERY_STRING", ""))
        super().initial(request, *args, **kwargs)
        kind = self.kind if request.method in READING or self.posts_read else "write"
        principal = actor_of(request).reference or request.META.get("REMOTE_ADDR", "")
        if kind:
            self.limits = spend(kind, principal)

    def asked(self, request: Request) -> dict[str, Any]:
        """The query parameters, read and checked."""
        return values(request.GET, self.parameters)

    def handle_exception(self, exc: Exception) -> Response:
        """What may not be done for want of a scope says so, as RFC 6750 asks."""
        missing = self._missing_scope() if isinstance(exc, NotPermitted) else ""
        if missing:
            challenge = f'Bearer realm="calloff", error="insufficient_scope", scope="{missing}"'
            told = f"{exc} The access token lacks the scope {missing}."
            exc = Problem(403, told, code="not_permitted", headers={"WWW-Authenticate": challenge})
        return super().handle_exception(exc)

    def _missing_scope(self) -> str:
        """The scope for want of which alone an access token was refused this; "" where none would help, or no token."""
        handler = getattr(self, (self.request.method or "").lower(), None)
        told = getattr(handler, "operation", None)
        wanting = actor_of(self.request).wanting
        return next((scope for scope in (told.scope, told.either) if scope in wanting), "") if told else ""

    def http_method_not_allowed(self, request: HttpRequest, *args: Any, **kwargs: Any) -> Response:
        raise Problem(
            405,
            f"{request.method} is not allowed here; allowed: {', '.join(self.allowed_methods)}.",
            headers={"Allow": ", ".join(self.allowed_methods)},
        )

    def options(self, request: HttpRequest, *args: Any, **kwargs: Any) -> Response:
        return Response(status=204)

    def finalize_response(self, request: Request, response: Any, *args: Any, **kwargs: Any) -> Any:
        response = super().finalize_response(request, response, *args, **kwargs)
        for name, value in getattr(self, "limits", {}).items():
            response.headers.setdefault(name, value)
        if isinstance(response, Response) and not response.exception:
            self._validate(request, response)
        return response

    def _validate(self, request: Request, response: Response) -> None:
        """Tag what was read; answer 304 where the client holds the same."""
        if not self.tagged or request.method not in {"GET", "HEAD", "PATCH"} or response.status_code != 200:
            return
        response.render()
        current = tag(response.content, getattr(self, "revision", None))
        response.headers["ETag"] = current
        response.headers.setdefault("Cache-Control", "private, no-cache" if self.varies else "no-cache")
        if self.varies:
            response.headers["Vary"] = "Authorization, Cookie"
        if request.method != "PATCH" and unchanged(request, current):
            response.status_code = 304
            response.content = b""
            del response.headers["Content-Type"]


def one_of(rows: QuerySet[Row], reference: str) -> Row:
    """The row of that reference, or a 404 that does not tell a hidden one from none."""
    # People write RM6309; parameters take that too.
    if rows.model in NAMED_BY_PEOPLE:
        row = rows_named(rows, [reference]).get(reference)
    else:
        row = rows.filter(reference__in={reference, reference.lower()}).first()
    if row is None:
        raise Problem(404, f"There is nothing called {reference} here, or nothing that you may see.")
    return row


class ListView(ApiView, ABC):
    """A list `{count, next, previous, results}`. Subclasses state their rows, their parameters and how these
    narrow.
    """

    serializer_class: ClassVar[type[BaseSerializer[Any]]]
    filters: ClassVar[tuple[Parameter, ...]] = ()

    def __init_subclass__(cls, **kwargs: Any) -> None:
        super().__init_subclass__(**kwargs)
        cls.parameters = cls.filters + PAGING

    @abstractmethod
    def rows(self, request: Request) -> QuerySet[Any]:
        """Everything that whoever asks may see, with what the serializer reads fetched along."""

    def context(self, request: Request) -> dict[str, Any]:
        """What the serializer needs to know beside the rows."""
        return {}

    def narrowed(self, rows: QuerySet[Any], asked: dict[str, Any]) -> QuerySet[Any]:
        """The rows that were asked for."""
        return rows

    def listed(self, request: Request) -> Response:
        """The page that was asked for."""
        asked = self.asked(request)
        page, size = asked.pop("page", 1), asked.pop("page_size", PAGE_SIZE)
        seen = self.rows(request)
        # Asked once it is certain that whoever asks may read the list.
        rows = self.narrowed(seen, existing(asked))
        count = rows.count()
        start = (page - 1) * size
        found = list(rows[start : start + size]) if start < count else []
        return Response(
            {
                "count": count,
                "next": linked(request, page + 1) if start + size < count else None,
                "previous": linked(request, min(page - 1, -(-count // size) or 1)) if page > 1 else None,
                "results": self.serializer_class(found, many=True, context=self.context(request)).data,
            }
        )


class DetailView(ApiView, ABC):
    """One object by its reference."""

    serializer_class: ClassVar[type[BaseSerializer[Any]]]

    @abstractmethod
    def rows(self, request: Request) -> QuerySet[Any]:
        """Everything that whoever asks may see, with what the serializer reads fetched along."""

    def context(self, request: Request) -> dict[str, Any]:
        """What the serializer needs to know beside the rows."""
        return {}

    def found(self, request: Request, reference: str) -> Model:
        """The object, or a 404 that does not tell a hidden one from none."""
        self.asked(request)
        row: Model = one_of(self.rows(request), reference)
        return row

    def shown(self, request: Request, row: Model) -> Response:
        """The object as the serializer writes it; its revision goes into the ETag."""
        self.revision = getattr(row, "revision", None)
        return Response(self.serializer_class(row, context=self.context(request)).data)
