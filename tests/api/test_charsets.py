"""What a request says of how it is written: addresses are UTF-8 whatever it says, another body is refused."""

from __future__ import annotations

import gzip
import io
import json
from collections.abc import Iterator
from typing import Any, NamedTuple
from wsgiref.util import setup_testing_defaults

import pytest
from django.core.signals import request_finished, request_started
from django.db import close_old_connections

from config.wsgi import application
from procurement.models import Event, Partner
from tests.api.conftest import TokenMaker

NO_TEXT = (
    "hex",
    "zlib",
    "base64",
    "rot13",
    "punycode",
    "undefined",
    "idna",
    "utf-16",
    "utf-7",
    "latin-1",
    "none",
)
ADDRESSES = ("/api/v1/listings/?q=caf%C3%A9", "/api/v1/rates/?q=caf%C3%A9", "/api/v1/partners/?page_size=1",
             "/api/v1/health/live/?x=%C3%A9", "/search?q=caf%C3%A9", "/rates?q=caf%C3%A9")  # fmt: skip

pytestmark = [pytest.mark.django_db, pytest.mark.usefixtures("market")]


class Answer(NamedTuple):
    """What the application said."""

    status: int
    headers: dict[str, str]
    body: bytes


@pytest.fixture(autouse=True)
def keeping_the_connection() -> Iterator[None]:
    """On the connection that holds the test's transaction."""
    for signal in (request_started, request_finished):
        signal.disconnect(close_old_connections)
    yield
    for signal in (request_started, request_finished):
        signal.connect(close_old_connections)


def ask(method: str, address: str, body: bytes = b"", **more: str) -> Answer:
    """Asks the application as gunicorn does; `more` as a WSGI environment has them."""
    path, _, query = address.partition("?")
    environ: dict[str, Any] = {"REQUEST_METHOD": method, "PATH_INFO": path, "QUERY_STRING": query,
                               "wsgi.input": io.BytesIO(body), "CONTENT_LENGTH": str(len(body)), **more}  # fmt: skip
    setup_testing_defaults(environ)
    environ["HTTP_HOST"] = "127.0.0.1"
    told: list[Any] = []

    def start_response(status: str, headers: list[tuple[str, str]], *_: object) -> None:
        told.extend([int(status.split()[0]), dict(headers)])

    content = b"".join(application(environ, start_response))
    return Answer(*told, content)


@pytest.mark.parametrize("address", ADDRESSES)
def test_an_address_is_read_as_utf_8_whatever_charset_is_stated(address: str) -> None:
    plain = ask("GET", address)
    assert plain.status == (400 if "health" in address else 200)
    for charset in NO_TEXT:
        answer = ask("GET", address, CONTENT_TYPE=f"text/plain; charset={charset}")
        assert (answer.status, answer.headers["Content-Type"]) == (
            plain.status,
            plain.headers["Content-Type"],
        )
        assert (b"caf\xc3\xa9" in answer.body) == (b"caf\xc3\xa9" in plain.body)


def test_a_body_in_another_charset_or_packed_is_a_415_that_names_it_and_nothing_changes(
    token: TokenMaker,
) -> None:
    secret = token("opm-group", "partners:write")
    before = Event.objects.count(), Partner.objects.get(reference="opm-group").revision
    more = {"HTTP_AUTHORIZATION": f"Bearer {secret}", "HTTP_IF_MATCH": "*"}
    utf16, nothing = json.dumps({"summary": "Grün"}).encode("utf-16"), b"{}"
    for named, body, headers in (
        ("charset utf-16", utf16, {"CONTENT_TYPE": "application/json; charset=utf-16"}),
        ("charset hex", nothing, {"CONTENT_TYPE": 'application/json; charset="HEX"'}),
        ("Content-Encoding gzip", gzip.compress(nothing), {"HTTP_CONTENT_ENCODING": "gzip"}),
    ):
        stated = {"CONTENT_TYPE": "application/json", **more, **headers}
        answer = ask("PATCH", "/api/v1/partners/opm-group/", body, **stated)
        problem = json.loads(answer.body)
        assert (answer.status, problem["code"]) == (415, "unsupported_media_type")
        assert answer.headers["Content-Type"] == "application/problem+json"
        assert problem["detail"] == f"The body is said to be in {named}; send it in UTF-8, and not packed."
    assert (Event.objects.count(), Partner.objects.get(reference="opm-group").revision) == before
    said = {**more, "CONTENT_TYPE": "application/json; charset=UTF-8"}
    assert ask("PATCH", "/api/v1/partners/opm-group/", b'{"summary": "Plain."}', **said).status == 200


def test_a_form_in_another_charset_is_told_in_plain_words() -> None:
    kind = "application/x-www-form-urlencoded; charset=utf-16"
    answer = ask("POST", "/sign-in", b"username=x", CONTENT_TYPE=kind)
    assert (answer.status, answer.headers["Content-Type"]) == (415, "text/plain; charset=utf-8")
    assert (
        answer.body.decode() == "The body is said to be in charset utf-16; send it in UTF-8, and not packed."
    )
