"""How every journey through the API ends when it ends badly: one problem document (RFC 9457) for each
refusal.

Views, parsers and actions raise; `handle` turns what they raise into a problem. Errors that arise outside a
view (an unknown address, a failure in another middleware) are made problems by api/middleware.py with the
same functions.
"""

from __future__ import annotations

import logging
from collections.abc import Iterable, Iterator, Mapping
from http import HTTPStatus
from typing import Any, Final

import orjson
from django.core.exceptions import PermissionDenied, RequestDataTooBig, SuspiciousOperation
from django.http import Http404, HttpResponse
from rest_framework import exceptions
from rest_framework.response import Response
from rest_framework.views import set_rollback

from procurement import errors as refusals
from procurement.passing import AGAIN, passing
from search.engines.base import EngineUnavailable
from search.parameters import BadParameters, ParameterFault

CONTENT_TYPE: Final = "application/problem+json"
RETRY_SECONDS: Final = 5
"""After how long to come again when search cannot answer now."""

log = logging.getLogger(__name__)

CODES: Final[dict[int, str]] = {
    400: "malformed",
    401: "not_authenticated",
    403: "not_permitted",
    404: "not_found",
    405: "method_not_allowed",
    409: "conflict",
    410: "gone",
    412: "stale",
    413: "too_large",
    414: "too_long",
    415: "unsupported_media_type",
    422: "invalid",
    428: "precondition_required",
    429: "too_many_requests",
    500: "internal_error",
    503: "unavailable",
}
"""The `code` of a problem that says nothing more particular."""

REFUSALS: Final[dict[type[refusals.Refused], int]] = {
    refusals.NotPermitted: 403,
    refusals.NotFound: 404,
    refusals.Conflict: 409,
    refusals.Stale: 412,
    refusals.Invalid: 422,
}


def fault(
    code: str,
    detail: str,
    *,
    pointer: str | None = None,
    parameter: str | None = None,
    header: str | None = None,
) -> dict[str, str]:
    """One entry of `errors`: where it is (JSON pointer into the body, parameter or header), what and why."""
    place = {"pointer": pointer, "parameter": parameter, "header": header}
    return {name: value for name, value in place.items() if value is not None} | {
        "code": code,
        "detail": detail,
    }


class Problem(Exception):  # noqa: N818 - an answer, not a failure of ours
    """Raise it anywhere under a view to answer with this problem."""

    def __init__(
        self,
        status: int,
        detail: str,
        *,
        code: str | None = None,
        errors: Iterable[Mapping[str, str]] = (),
        headers: Mapping[str, str] | None = None,
    ) -> None:
        super().__init__(detail)
        self.status = status
        self.detail = detail
        self.code = code or CODES[status]
        self.errors = [dict(error) for error in errors]
        self.headers = dict(headers or {})

    def as_status(self, status: int, code: str) -> Problem:
        """The same faults under another status."""
        return Problem(status, self.detail, code=code, errors=self.errors, headers=self.headers)

    def document(self) -> dict[str, Any]:
        """The body: type, title, status and detail of RFC 9457, our `code`, and `errors` where there are
        several.
        """
        body: dict[str, Any] = {
            "type": "about:blank",
            "title": HTTPStatus(self.status).phrase,
            "status": self.status,
            "detail": self.detail,
            "code": self.code,
        }
        if self.errors:
            body["errors"] = self.errors
        return body


def wrong_parameters(faults: Iterable[ParameterFault]) -> Problem:
    """400 for query parameters that are unknown or malformed, each named."""
    errors = [fault(each.code, each.message, parameter=each.parameter) for each in faults]
    return Problem(400, _summed_up(errors), code="bad_parameters", errors=errors)


def search_unavailable() -> Problem:
    """503 on search alone: nothing else stops when the index cannot be read."""
    return Problem(
        503,
        "Search cannot answer at the moment. Everything else works.",
        code="search_unavailable",
        headers={"Retry-After": str(RETRY_SECONDS)},
    )


def unauthenticated(
    detail: str = "Sign in, or send an access token.", code: str = "not_authenticated"
) -> Problem:
    """401 with the challenge that RFC 6750 asks for."""
    challenge = 'Bearer realm="calloff"'
    if code == "invalid_token":
        challenge += ', error="invalid_token"'
    return Problem(401, detail, code=code, headers={"WWW-Authenticate": challenge})


def handle(exc: Exception, context: Mapping[str, Any]) -> Response:
    """The REST framework's exception handler: whatever a view raises becomes a problem."""
    set_rollback()
    problem = of(exc)
    if isinstance(exc, EngineUnavailable):
        # While the search service is away every search meets it: a line says as much as where it was raised.
        log.warning("search is unavailable: %s", exc)
    elif passing(exc):
        # Its first line says where and why; a wrong password is told as one that is away, and has to be mended.
        log.warning("the database failed for now: %s", (str(exc.__cause__ or exc).splitlines() or [""])[0])
    elif problem.status >= 500 and not isinstance(exc, Problem):
        request = context.get("request")
        log.error(
            "unhandled %s", type(exc).__name__, exc_info=exc, extra={"path": getattr(request, "path", "")}
        )
    return Response(
        problem.document(), status=problem.status, headers=problem.headers, content_type=CONTENT_TYPE
    )


def of(exc: Exception) -> Problem:
    """The problem that tells this exception, without giving away anything of ours."""
    if isinstance(exc, Problem):
        return exc
    if isinstance(exc, refusals.Refused):
        return _refusal(exc)
    if isinstance(exc, BadParameters):
        return wrong_parameters(exc.faults)
    if isinstance(exc, EngineUnavailable):
        return search_unavailable()
    if isinstance(exc, exceptions.ValidationError):
        errors = [
            fault(code, text, pointer=pointer) for pointer, code, text in _flat(exc.get_full_details(), "")
        ]
        return Problem(400, _summed_up(errors), errors=errors)
    if isinstance(exc, Http404):
        return Problem(404, "There is nothing at this address, or nothing that you may see.")
    if isinstance(exc, PermissionDenied):
        return Problem(403, "You may not do this.")
    if isinstance(exc, RequestDataTooBig):
        return Problem(413, "The request is larger than this address takes.")
    if isinstance(exc, SuspiciousOperation):
        return Problem(400, "The request is malformed.")
    if isinstance(exc, exceptions.APIException):
        return _framework(exc)
    if why := passing(exc):
        return Problem(503, why, headers={"Retry-After": str(AGAIN)})
    return Problem(500, "Something failed on our side. It has been logged.")


def plain(problem: Problem) -> HttpResponse:
    """The problem as a bare Django response, for errors outside a view of the REST framework."""
    return HttpResponse(
        orjson.dumps(problem.document()),
        status=problem.status,
        content_type=CONTENT_TYPE,
        headers=problem.headers,
    )


def _refusal(exc: refusals.Refused) -> Problem:
    status = next((status for kind, status in REFUSALS.items() if isinstance(exc, kind)), 422)
    errors = [fault(each.code, each.message, pointer=each.pointer) for each in exc.faults]
    return Problem(status, exc.message, code=exc.code, errors=errors)


def _framework(exc: exceptions.APIException) -> Problem:
    code = exc.get_codes()
    headers = {}
    if isinstance(exc, exceptions.UnsupportedMediaType):
        headers["Accept"] = "application/json"
    known = CODES.get(exc.status_code, "malformed")
    ours = (
        code if isinstance(code, str) and code not in {"error", "parse_error", "permission_denied"} else known
    )
    return Problem(exc.status_code, str(exc.detail), code=ours, headers=headers)


def _flat(details: Any, pointer: str) -> Iterator[tuple[str, str, str]]:
    """Each error of a serializer's nested answer as (JSON pointer, code, message)."""
    if isinstance(details, Mapping):
        if set(details) == {"message", "code"} and isinstance(details["message"], str):
            yield pointer, str(details["code"]), details["message"]
            return
        for name, inner in details.items():
            whole = name == "non_field_errors"
            yield from _flat(inner, pointer if whole else f"{pointer}/{escaped(str(name))}")
    elif isinstance(details, list):
        for index, inner in enumerate(details):
            # A list of errors belongs to the field; a list of nested answers belongs to its items.
            leaf = isinstance(inner, Mapping) and set(inner) == {"message", "code"}
            yield from _flat(inner, pointer if leaf else f"{pointer}/{index}")


def escaped(name: str) -> str:
    """A name as one step of a JSON pointer (RFC 6901)."""
    return name.replace("~", "~0").replace("/", "~1")


def _summed_up(errors: list[dict[str, str]]) -> str:
    """One sentence for a reader who looks at `detail` alone: it says where, too."""
    if len(errors) == 1:
        where, detail = errors[0].get("parameter") or errors[0].get("pointer", ""), errors[0]["detail"]
        return detail if where in detail else f"{where}: {detail}"
    return f"{len(errors)} things are wrong with the request; `errors` names each."
