"""Runs the curl lines of the schema and of the documentation against the application, as a reader would run
them.
"""

from __future__ import annotations

import shlex
from collections.abc import Mapping
from string import Template
from typing import Any
from urllib.parse import urlsplit

from django.core.files.uploadedfile import SimpleUploadedFile
from django.http import HttpResponse
from django.test import Client
from django.test.client import BOUNDARY, MULTIPART_CONTENT, encode_multipart

ORIGIN = "http://127.0.0.1:8000"


def run(line: str, variables: Mapping[str, str], files: Mapping[str, bytes] | None = None) -> HttpResponse:
    """The answer to one curl line. Knows -X, -H, -b, -d, -F, --data-binary @file, -s, -i and nothing else."""
    words = [Template(word).substitute(variables) for word in shlex.split(line)]
    assert words.pop(0) == "curl", line
    method, address, body = "", "", b""
    headers: dict[str, str] = {}
    form: dict[str, Any] = {}
    while words:
        word = words.pop(0)
        if word == "-X":
            method = words.pop(0)
        elif word == "-H":
            name, _, value = words.pop(0).partition(": ")
            headers[name] = value
        elif word in {"-d", "--data-binary"}:
            text = words.pop(0)
            body = (files or {})[text[1:]] if text.startswith("@") else text.encode()
            method = method or "POST"
        elif word == "-b":
            headers["Cookie"] = words.pop(0)
        elif word == "-F":
            name, _, text = words.pop(0).partition("=")
            known = text.startswith("@")
            form[name] = SimpleUploadedFile(text[1:], (files or {})[text[1:]]) if known else text
        elif word not in {"-s", "-i"}:
            assert word.startswith(ORIGIN), f"{word!r} in {line}"
            address = word.removeprefix(ORIGIN)
    content_type = headers.pop("Content-Type", "application/x-www-form-urlencoded")
    if form:
        body, content_type = encode_multipart(BOUNDARY, form), MULTIPART_CONTENT
    parts = urlsplit(address)
    return Client().generic(
        method or "GET",
        parts.path,
        body,
        content_type=content_type,
        headers=headers,
        QUERY_STRING=parts.query,
    )
