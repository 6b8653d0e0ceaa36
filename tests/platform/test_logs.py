"""What a log line says, and what it leaves out: through the handler that every process writes with."""

from __future__ import annotations

import io
import json
import logging
from collections.abc import Callable, Iterator
from typing import Any

import pytest
import structlog
from django.core.exceptions import DisallowedHost
from django.db import IntegrityError
from django.http import HttpRequest, HttpResponse
from django.test import Client, override_settings
from django.urls import include, path

from config.discretion import failures
from config.logging import logging_settings

PRIVATE = ("jo.typed@example.org", "Johanna", "hospice", "s3cr3t")
Lines = Callable[[], list[dict[str, Any]]]


def broken(request: HttpRequest, reference: str = "") -> HttpResponse:
    """Fails as a database does, with the row in its words."""
    try:
        raise ValueError(request.body.decode())
    except ValueError as error:
        raise IntegrityError("Key (email)=(jo.typed@example.org) already exists.") from error


urlpatterns = [path("broken/<str:reference>", broken), path("", include("config.urls"))]


@pytest.fixture
def lines() -> Iterator[Lines]:
    """What the service's own handler wrote, read back."""
    written = io.StringIO()
    made = logging_settings("INFO", readable=False)
    line = dict(made["formatters"]["line"])
    handler = logging.StreamHandler(written)
    handler.setFormatter(line.pop("()")(**line))
    root = logging.getLogger()
    before = root.level
    root.addHandler(handler)
    root.setLevel(logging.INFO)
    yield lambda: [json.loads(text) for text in written.getvalue().splitlines()]
    root.removeHandler(handler)
    root.setLevel(before)


@pytest.mark.django_db
@override_settings(ROOT_URLCONF=__name__)
def test_a_request_that_fails_is_told_by_class_and_place(lines: Lines) -> None:
    client = Client(raise_request_exception=False)
    answer = client.post(
        "/broken/Johanna?q=hospice",
        json.dumps({"name": "Johanna", "email": "jo.typed@example.org"}),
        content_type="application/json",
        headers={"Authorization": "Bearer s3cr3t"},
    )
    assert answer.status_code == 500
    (line,) = [line for line in lines() if line["logger"] == "django.request"]
    assert (line["event"], line["status"]) == ("request failed", 500)
    assert [part["error"] for part in line["failure"]] == [
        "django.db.utils.IntegrityError",
        "builtins.ValueError",
    ]
    assert line["failure"][0]["at"][-1].startswith("tests/platform/test_logs.py:")
    assert [word for word in PRIVATE if word in json.dumps(lines())] == []


@pytest.mark.django_db
def test_a_foreign_host_is_refused_without_repeating_it(lines: Lines, client: Client) -> None:
    assert client.get("/search?q=hospice", headers={"Host": "johanna.example.org"}).status_code == 400
    (line,) = [line for line in lines() if line["logger"].startswith("django.security")]
    assert line["event"] == f"request refused: {DisallowedHost.__name__}"
    assert "johanna" not in json.dumps(lines())


@pytest.mark.django_db
def test_a_failed_sign_in_names_nobody(lines: Lines, client: Client) -> None:
    client.post("/sign-in", {"username": "jo.typed@example.org", "password": "hospice"})
    client.post("/oauth/token/", {"client_id": "Johanna", "client_secret": "s3cr3t"})
    assert [word for word in PRIVATE if word in json.dumps(lines())] == []


def test_a_failed_task_is_told_without_its_errors_words(lines: Lines) -> None:
    try:
        raise LookupError("Johanna")
    except LookupError as error:
        logger = structlog.wrap_logger(
            logging.getLogger("django_structlog.celery.receivers"),
            processors=structlog.get_config()["processors"],
        )
        logger.error("task_failed", error=str(error), exception=error, exc_info=True, task_id="7")
    (line,) = lines()
    assert line["failure"][0]["error"] == "builtins.LookupError"
    assert line.keys() == {"event", "failure", "level", "logger", "task_id", "timestamp"}
    assert "Johanna" not in json.dumps(line)


@pytest.mark.parametrize(
    "said", ["Invalid request from ip=198.51.100.7: hospice", "Error handling request /q=hospice"]
)
def test_gunicorn_tells_what_happened_and_not_to_whom(lines: Lines, said: str) -> None:
    logging.getLogger("gunicorn.error").warning(said)
    (line,) = lines()
    assert line["event"] in {"invalid request", "error handling request"}
    assert "hospice" not in json.dumps(line)
    assert "198.51" not in json.dumps(line)


def test_a_task_that_is_not_known_is_told_without_its_message(lines: Lines) -> None:
    logging.getLogger("celery.worker.consumer.consumer").error(
        "Received unregistered task of type %s.\nThe full contents of the message body was:\n%s",
        "x",
        "Johanna",
    )
    (line,) = lines()
    assert line["event"] == "received unregistered task"
    assert "Johanna" not in json.dumps(line)


def test_the_systems_own_words_are_kept() -> None:
    try:
        open("/nowhere/johanna")  # noqa: SIM115, PTH123
    except OSError as error:
        (told,) = failures(error)
    assert told["says"] == "No such file or directory"
    assert "johanna" not in json.dumps(told)
