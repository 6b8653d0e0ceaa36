"""The very first step of every request: addresses are read as UTF-8, and a body in something else or packed is refused.

Before Django makes its request, which reads address and body alike in the charset that the body is said to have; and
Python knows some by which no text can be read.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable
from typing import Any, Final

from django.http import HttpResponse
from django.utils.http import parse_header_parameters

from api.errors import Problem, plain
from api.middleware import PREFIXES

Environ = dict[str, Any]
Application = Callable[[Environ, Callable[..., Any]], Iterable[bytes]]

UTF8: Final = frozenset({"", "utf-8", "utf8", "us-ascii", "ascii"})
UNPACKED: Final = frozenset({"", "identity"})


def in_utf8(application: Application) -> Application:
    """The application, asked in UTF-8 alone: whatever has another body is answered 415 before it."""

    def read(environ: Environ, start_response: Callable[..., Any]) -> Iterable[bytes]:
        kind, stated = parse_header_parameters(environ.get("CONTENT_TYPE", ""))
        charset = stated.get("charset", "").strip().lower()
        packed = environ.get("HTTP_CONTENT_ENCODING", "").strip().lower()
        if charset in UTF8 and packed in UNPACKED:
            return application(environ, start_response)
        if environ.get("CONTENT_LENGTH", "") not in ("", "0") or "HTTP_TRANSFER_ENCODING" in environ:
            wrong = f"charset {charset[:40]}" if packed in UNPACKED else f"Content-Encoding {packed[:40]}"
            refused = _refused(
                environ, f"The body is said to be in {wrong}; send it in UTF-8, and not packed."
            )
            start_response("415 Unsupported Media Type", list(refused.items()))
            return [refused.content]
        return application({**environ, "CONTENT_TYPE": kind}, start_response)

    return read


def _refused(environ: Environ, message: str) -> HttpResponse:
    if environ.get("PATH_INFO", "").startswith(PREFIXES):
        return plain(Problem(415, message))
    return HttpResponse(message, status=415, content_type="text/plain; charset=utf-8")
