"""One request to a node, with the standard library alone: the application's client is what tests put to the test."""

from __future__ import annotations

import http.client
import json
import ssl
from collections.abc import Mapping
from typing import Any
from urllib.parse import urlsplit


def call(
    url: str,
    method: str,
    path: str,
    body: Mapping[str, Any] | None = None,
    *,
    authorization: str | None = None,
    context: ssl.SSLContext | None = None,
    seconds: float = 30,
) -> tuple[int, Any]:
    """Status and body, read as JSON. Raises OSError or http.client.HTTPException where nothing answers."""
    parts = urlsplit(url)
    host, port = parts.hostname or "", parts.port
    connection = (
        http.client.HTTPSConnection(host, port, timeout=seconds, context=context)
        if parts.scheme == "https"
        else http.client.HTTPConnection(host, port, timeout=seconds)
    )
    headers = {"Content-Type": "application/json"}
    if authorization:
        headers["Authorization"] = authorization
    try:
        connection.request(method, path, None if body is None else json.dumps(body), headers)
        answer = connection.getresponse()
        return answer.status, json.loads(answer.read() or b"null")
    finally:
        connection.close()
