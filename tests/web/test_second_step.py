"""The second step of signing in: set up by scanning, asked after the password, done without by recovery codes."""

from __future__ import annotations

import base64
from datetime import timedelta
from io import StringIO
from typing import Any

import pytest
from django.core import mail
from django.core.management import CommandError, call_command
from django.test import Client
from django.utils import timezone
from django_otp.oath import hotp
from pytest_django import DjangoCaptureOnCommitCallbacks

from procurement.actions.passwords import send_link, set_password
from procurement.actions.second_steps import UNREADABLE, tell_of_second_step
from procurement.models import RecoveryCode, SecondStep, User
from tests.web.bounded import asked
from tests.web.buying import signed
from tests.web.market import PASSWORD
from tests.web.reading import read, wrong
from tests.web.test_every_page import sound
from tests.web.test_members_page import GOOD, LINK

EMAIL = "buyer@example.org"
STEP, CODE = "/account/second-step", "/sign-in/code"


class Clock:
    """The server's clock and the authenticator's: both stand still until somebody waits."""

    def __init__(self) -> None:
        self.now = timezone.now()

    def code(self, key: bytes, steps: int = 0) -> str:
        """What an authenticator shows, `steps` thirty seconds from now."""
        at = int(self.now.timestamp()) // 30 + steps
        return f"{hotp(key, at):06d}"

    def wait(self, seconds: int) -> None:
        self.now += timedelta(seconds=seconds)


@pytest.fixture
def clock(monkeypatch: pytest.MonkeyPatch) -> Clock:
    made = Clock()
    monkeypatch.setattr(timezone, "now", lambda: made.now)
    return made


def scanned(page: Client) -> bytes:
    """Begins, and reads the key off the page as somebody types it."""
    assert page.post(STEP, {"do": "begin"}).status_code == 303
    (key,) = read(page.get(STEP)).texts("code")
    return base64.b32decode(key)


def set_up(page: Client, clock: Clock) -> tuple[bytes, list[str]]:
    """The key and the recovery codes of somebody who has set it up, half a minute later."""
    signed(page)
    key = scanned(page)
    codes = read(page.post(STEP, {"do": "confirm", "code": clock.code(key)})).texts("code")
    clock.wait(30)
    return key, codes


def half(page: Client) -> None:
    """Enters the password in a browser that nobody is signed in with."""
    page.logout()
    answer = page.post("/sign-in", {"username": EMAIL, "password": PASSWORD, "next": "/inbox"})
    assert (answer.status_code, answer["Location"]) == (303, CODE)


def user() -> User:
    return User.objects.get(email=EMAIL)


def test_it_is_on_after_a_first_code_and_asked_after_the_password(page: Client, clock: Clock) -> None:
    signed(page)
    assert "Set it up" in read(page.get(STEP)).texts("button")
    key = scanned(page)
    assert read(page.get(STEP)).one("div", role="img").attributes["class"] == "app-qr"
    half_begun = page.post(STEP, {"do": "confirm", "code": "12345"})
    assert half_begun.status_code == 422
    ((message, anchor),) = wrong(read(half_begun))
    assert (message, anchor) == (
        "That code is wrong, or was used before. Wait 1 second before the next",
        "#code",
    )
    assert not SecondStep.objects.filter(confirmed=True).exists()
    clock.wait(2)
    done = page.post(STEP, {"do": "confirm", "code": clock.code(key)})
    codes = read(done).texts("code")
    assert (done.status_code, len(set(codes))) == (200, 10)
    assert "no-store" in done["Cache-Control"]
    assert read(page.get(STEP)).texts("code") == []
    half(page)
    assert page.get("/account")["Location"] == "/sign-in?next=/account"
    assert page.get("/api/v1/operations/").status_code in (401, 403)
    clock.wait(30)
    entered = page.post(CODE, {"code": clock.code(key)})
    assert (entered.status_code, entered["Location"]) == (303, "/inbox")
    assert "Second step of signing in: on" in read(page.get("/account")).texts("li")


def test_each_of_its_pages_is_sound_and_small_and_takes_few_queries(page: Client, clock: Clock) -> None:
    signed(page)
    key = scanned(page)
    shown = [
        asked(page, STEP),
        page.post(STEP, {"do": "confirm", "code": clock.code(key)}),
        asked(page, STEP),
    ]
    half(page)
    shown += [asked(page, CODE), page.post(CODE, {"code": "000000"})]
    assert [one.status_code for one in shown] == [200, 200, 200, 200, 422]
    for one in shown:
        sound(read(one))
        assert len(one.content) < 80_000


def test_a_code_signs_in_once_and_wrong_ones_make_the_next_wait(page: Client, clock: Clock) -> None:
    key, _ = set_up(page, clock)
    code = clock.code(key)
    half(page)
    assert page.post(CODE, {"code": code[:3] + " " + code[3:]}).status_code == 303
    half(page)
    again = page.post(CODE, {"code": code})
    assert again.status_code == 422
    assert read(again).texts("title") == ["Error: Enter a code – Calloff"]
    clock.wait(31)
    assert page.post(CODE, {"code": "000000"}).status_code == 422
    right = clock.code(key)
    refused = page.post(CODE, {"code": right})
    assert refused.status_code == 422
    assert "No code is looked at yet. Wait 2 seconds before the next" in refused.content.decode()
    assert "_auth_user_id" not in page.session
    clock.wait(2)
    assert page.post(CODE, {"code": clock.code(key)}).status_code == 303


def test_wrong_codes_make_nobody_wait_longer_than_a_quarter_of_an_hour(page: Client, clock: Clock) -> None:
    key, _ = set_up(page, clock)
    SecondStep.objects.update(throttling_failure_count=40, throttling_failure_timestamp=clock.now)
    clock.wait(895)
    half(page)
    refused = page.post(CODE, {"code": clock.code(key)})
    assert "No code is looked at yet. Wait 5 seconds before the next" in refused.content.decode()
    clock.wait(5)
    assert page.post(CODE, {"code": clock.code(key)}).status_code == 303
    assert SecondStep.objects.get().throttling_failure_count == 0


def test_whoever_knew_the_password_before_enters_no_codes_once_another_is_set(
    page: Client, clock: Clock
) -> None:
    key, _ = set_up(page, clock)
    intruder = Client()
    half(intruder)
    set_password(user(), "another twelve herons")
    for code in ("000000", clock.code(key)):
        assert intruder.post(CODE, {"code": code})["Location"] == "/sign-in"
    assert "_auth_user_id" not in intruder.session
    assert SecondStep.objects.get().throttling_failure_count == 0


def test_the_codes_of_a_minute_ago_and_of_the_next_are_no_more_than_one_step_off(
    page: Client, clock: Clock
) -> None:
    key, _ = set_up(page, clock)
    clock.wait(300)
    for steps, status in ((-2, 422), (-1, 303)):
        half(page)
        assert page.post(CODE, {"code": clock.code(key, steps)}).status_code == status, steps
        clock.wait(60)
    for steps, status in ((2, 422), (1, 303)):
        half(page)
        assert page.post(CODE, {"code": clock.code(key, steps)}).status_code == status, steps
        clock.wait(60)


def test_a_recovery_code_signs_in_once_and_new_ones_replace_the_old(page: Client, clock: Clock) -> None:
    key, codes = set_up(page, clock)
    half(page)
    assert page.post(CODE, {"code": codes[0].lower()}).status_code == 303
    assert RecoveryCode.objects.count() == 9
    half(page)
    assert page.post(CODE, {"code": codes[0]}).status_code == 422
    clock.wait(30)
    assert page.post(CODE, {"code": codes[1]}).status_code == 303
    renewed = read(page.post(STEP, {"do": "renew", "code": clock.code(key)})).texts("code")
    assert (len(renewed), set(renewed) & set(codes)) == (10, set())
    half(page)
    assert page.post(CODE, {"code": codes[2]}).status_code == 422
    clock.wait(30)
    assert page.post(CODE, {"code": renewed[0]}).status_code == 303


def test_it_is_turned_off_by_a_code_alone_and_the_person_is_told(
    page: Client, clock: Clock, django_capture_on_commit_callbacks: DjangoCaptureOnCommitCallbacks
) -> None:
    key, _ = set_up(page, clock)
    refused = page.post(STEP, {"do": "off", "code": "000000"})
    assert (refused.status_code, [anchor for _, anchor in wrong(read(refused))]) == (422, ["#code-off"])
    assert SecondStep.objects.count() == 1
    clock.wait(30)
    assert page.post(STEP, {"do": "begin"}).status_code == 409
    assert page.post(STEP, {"do": "confirm", "code": clock.code(key)}).status_code == 409
    with django_capture_on_commit_callbacks() as later:
        assert page.post(STEP, {"do": "off", "code": clock.code(key)}).status_code == 303
    assert len(later) == 1
    assert SecondStep.objects.count() == RecoveryCode.objects.count() == 0
    assert tell_of_second_step(user().reference, False)
    assert [one.subject for one in mail.outbox] == ["Calloff: the second step of your account is off"]
    page.logout()
    assert page.post("/sign-in", {"username": EMAIL, "password": PASSWORD})["Location"] == "/"
    assert page.post(STEP, {"do": "nothing"}).status_code == 404


def test_no_other_door_leads_past_it(page: Client, clock: Clock) -> None:
    key, _ = set_up(page, clock)
    page.logout()
    assert send_link(user().reference)
    link = LINK.search(str(mail.outbox[0].body))
    assert link is not None
    by_link = page.post(link[1], {"password": GOOD, "again": GOOD})
    assert (by_link.status_code, by_link["Location"]) == (303, CODE)
    assert "_auth_user_id" not in page.session
    assert page.get("/admin/login/?next=/admin/")["Location"] == "/sign-in?next=%2Fadmin%2F"
    User.objects.filter(email=EMAIL).update(is_staff=True)
    assert page.post("/admin/login/", {"username": EMAIL, "password": GOOD})["Location"] == "/sign-in?"
    assert page.get("/admin/").status_code == 302
    assert page.post(CODE, {"code": clock.code(key)})["Location"] == "/account?done=password"
    assert page.get("/admin/").status_code == 200


def test_a_password_is_good_for_ten_minutes_of_entering_codes(page: Client, clock: Clock) -> None:
    key, _ = set_up(page, clock)
    half(page)
    clock.wait(601)
    late = page.post(CODE, {"code": clock.code(key)})
    assert (late.status_code, late["Location"]) == (303, "/sign-in")
    assert page.get(CODE)["Location"] == "/sign-in"


def test_whoever_may_not_see_the_administration_is_told_so_and_not_led_in_a_circle(page: Client) -> None:
    signed(page)
    assert page.get("/admin/login/?next=/admin/").status_code == 403


def test_an_operator_takes_it_away_from_whoever_lost_everything(page: Client, clock: Clock) -> None:
    set_up(page, clock)
    half(page)
    said = StringIO()
    call_command("remove_second_step", f" {EMAIL.upper()}", stdout=said)
    assert said.getvalue() == "The password alone signs in to that account now.\n"
    assert page.post(CODE, {"code": "000000"})["Location"] == "/sign-in"
    with pytest.raises(CommandError, match="is off"):
        call_command("remove_second_step", EMAIL)
    with pytest.raises(CommandError, match="no account"):
        call_command("remove_second_step", "unknown@example.org")


def test_the_key_and_the_recovery_codes_are_not_readable_in_the_database(page: Client, clock: Clock) -> None:
    key, codes = set_up(page, clock)
    kept = SecondStep.objects.get()
    assert key.hex() not in kept.sealed_key
    assert base64.b32encode(key).decode() not in kept.sealed_key
    digests = set(RecoveryCode.objects.values_list("digest", flat=True))
    assert {len(one) for one in digests} == {64}
    assert not digests & {one.replace("-", "") for one in codes}


def test_a_key_that_another_secret_sealed_is_told_and_a_recovery_code_signs_in(
    page: Client, clock: Clock, settings: Any, caplog: pytest.LogCaptureFixture
) -> None:
    key, codes = set_up(page, clock)
    settings.SECRET_KEY = "another" * 9
    half(page)
    refused = page.post(CODE, {"code": clock.code(key)})
    assert refused.status_code == 422
    ((message, anchor),) = wrong(read(refused))
    assert (message, anchor) == (UNREADABLE.rstrip("."), "#code")
    assert [one.getMessage() for one in caplog.records if one.name.endswith("second_steps")] == [
        "the key of a second step cannot be read"
    ]
    assert page.post(CODE, {"code": codes[0]})["Location"] == "/inbox"
    assert read(page.get(STEP)).texts("button") != []


def test_a_step_that_was_begun_under_another_secret_is_begun_anew(page: Client, settings: Any) -> None:
    signed(page)
    scanned(page)
    settings.SECRET_KEY = "another" * 9
    signed(page)
    assert "Set it up" in read(page.get(STEP)).texts("button")
    assert page.post(STEP, {"do": "begin"}).status_code == 303
    assert len(read(page.get(STEP)).texts("code")) == 1
