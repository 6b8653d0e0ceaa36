"""Tells in a header how many statements a request needed."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, Final

from django.db import connection
from django.http import HttpRequest
from django.http.response import HttpResponseBase

HEADER: Final = "X-Statements"


class Counting:
    """Around every other middleware."""

    def __init__(self, get_response: Callable[[HttpRequest], HttpResponseBase]) -> None:
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponseBase:
        asked = 0

        def counted(execute: Callable[..., Any], sql: str, params: Any, many: bool, context: Any) -> Any:
            nonlocal asked
            asked += 1
            return execute(sql, params, many, context)

        # What wraps each statement of a connection is set when it opens, and would be taken off in place of ours.
        connection.ensure_connection()
        with connection.execute_wrapper(counted):
            response = self.get_response(request)
        response[HEADER] = str(asked)
        return response
