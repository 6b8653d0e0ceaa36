"""What is longer than any form of its page is refused before a byte of it is read, whoever sends it."""

from __future__ import annotations

from typing import Any

import pytest
from django.test import Client, override_settings

from tests.web.reading import read
from web.bodies import LONGEST
from web.urls import urlpatterns

MB = 1024 * 1024
MULTIPART = "multipart/form-data; boundary=b"
LOST = "/sign-in?next={}&lost=yes"


class Unread:
    """A body that nobody may begin to read."""

    def read(self, *_: Any) -> bytes:
        raise AssertionError("it was read")

    readline = read


def sent(page: Client, address: str, length: int | str, kind: str = MULTIPART) -> Any:
    """Sends a body of which nothing but its length is there."""
    said = {"CONTENT_LENGTH": str(length), "CONTENT_TYPE": kind, "wsgi.input": Unread()}
    return page.generic("POST", address, **said)  # type: ignore[arg-type]


@pytest.mark.parametrize("address", ["/sign-in", "/register", "/call-offs/new", "/admin/login/", "/nowhere"])
@pytest.mark.parametrize("kind", [MULTIPART, "application/x-www-form-urlencoded"])
def test_a_form_without_a_file_is_short(db: None, address: str, kind: str) -> None:
    strict = Client(enforce_csrf_checks=True)
    response = sent(strict, address, 4 * MB + 1, kind)
    assert response.status_code == 413
    assert read(response).texts("h1") == ["What you sent is too large"]
    assert "The form is longer than any that this page takes." in response.content.decode()


@pytest.mark.parametrize(
    ("address", "most"),
    [
        ("/call-offs/CO-1/competition", 25),
        ("/claims/CL-1", 25),
        ("/invitations/INV-1", 25),
        ("/rate-proposals/RP-1", 5),
        ("/administration/imports", 64),
        ("/administration/rate-imports", 64),
    ],
)
def test_a_form_with_a_file_is_no_longer_than_its_file_may_be(
    signed_in: Client, address: str, most: int
) -> None:
    response = sent(signed_in, address, (most + 4) * MB + 1)
    assert response.status_code == 413
    assert f"A file on this page may have at most {most} MB." in response.content.decode()
    with pytest.raises(AssertionError, match="it was read"):
        sent(signed_in, address, (most + 4) * MB)
    # Who is not signed in is led to sign in, which says that the form was not kept.
    led = sent(Client(enforce_csrf_checks=True), f"{address}?saved=yes", (most + 4) * MB)
    assert (led.status_code, led["Location"]) == (303, LOST.format(address))


def test_every_page_that_takes_a_file_says_how_long_it_may_be() -> None:
    marked = {one.name for one in urlpatterns if hasattr(getattr(one, "callback", None), LONGEST)}
    assert marked == {"competition", "claim", "invitation", "rate-proposal", "imports", "import-rates"}


def test_a_program_is_told_by_a_problem(db: None) -> None:
    response = sent(Client(), "/oauth/token/", 300 * MB)
    assert (response.status_code, response["Content-Type"]) == (413, "application/problem+json")
    assert response.json()["detail"] == "The request is larger than this address takes."


@pytest.mark.parametrize("length", ["", "many"])
def test_a_body_that_says_no_length_is_not_read(db: None, length: str) -> None:
    strict = Client(enforce_csrf_checks=True)
    response = sent(strict, "/sign-in", length)
    assert response.status_code == 403


@override_settings(DATA_UPLOAD_MAX_MEMORY_SIZE=10)
def test_what_a_form_may_be_is_a_setting(db: None) -> None:
    page = Client()
    assert page.post("/sign-in", {"username": "somebody@example.org"}).status_code == 413
    assert page.get("/sign-in").status_code == 200
