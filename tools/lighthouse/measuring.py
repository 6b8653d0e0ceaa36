"""Lighthouse's score of performance for an address: fetched once by npm, run as a process of its own.

Lighthouse plays a phone on a slow line whose processor is a quarter as fast as this machine's. Where the machine has
other work its clock counts that too, so an address is measured up to five times and the best counts, as long as it
is not yet as good as is wanted: what the page is cannot be slower than it was seen to be.
"""

from __future__ import annotations

import json
import re
import shutil
import subprocess
import urllib.request
from dataclasses import dataclass
from http.cookiejar import CookieJar
from pathlib import Path
from typing import Any, Final
from urllib.parse import urlencode

from tools.assets import digest, node_environment

FOLDER: Final = Path(__file__).resolve().parent
WANTED: Final = 95
TRIES: Final = 5
FLAGS: Final = "--headless=new --no-sandbox --disable-gpu --disable-background-networking --no-first-run"
METRICS: Final = {
    "first-contentful-paint": "first paint, ms",
    "largest-contentful-paint": "largest paint, ms",
    "total-blocking-time": "blocked, ms",
    "cumulative-layout-shift": "shift",
}
MAIN: Final = (
    "/",
    "/search?q=vision+rehabilitation+evaluation&seed=0",
    "/map",
    "/listings/rm3745~ppl~opm-group",
    "/frameworks/",
    "/rates?framework=rm6309&grade=G3&proposed=800",
    "/match",
    "/find/need",
    "/sign-in",
)
SIGNED_IN: Final = ("/account", "/call-offs", "/shortlists", "/inbox")
"""What is measured as a buyer."""


class LighthouseError(Exception):
    """What is missing for measuring, or what Lighthouse said, in a sentence."""


@dataclass(frozen=True, slots=True)
class Score:
    """Of 100, and what it is made of by the names of METRICS."""

    address: str
    points: int
    metrics: dict[str, float]


def install() -> Path:
    """Fetches Lighthouse where it is not there yet in this version; the script to run.

    Raises LighthouseError where npm is missing or reaches no registry.
    """
    stamp, wanted = FOLDER / "node_modules" / ".fetched", digest([FOLDER / "package-lock.json"])
    if not stamp.exists() or stamp.read_text() != wanted:
        environment = node_environment()
        npm = shutil.which("npm", path=environment["PATH"])
        if npm is None:
            raise LighthouseError(
                "npm is missing from the virtual environment; remove .venv and run make again."
            )
        done = subprocess.run(
            [npm, "--silent", "ci"],
            cwd=FOLDER,
            env=environment,
            capture_output=True,
            text=True,
            stdin=subprocess.DEVNULL,
        )
        if done.returncode:
            raise LighthouseError(f"npm could not fetch Lighthouse: {done.stderr.strip()[-300:]}")
        stamp.write_text(wanted)
    return FOLDER / "node_modules" / "lighthouse" / "cli" / "index.js"


def measure(address: str, chromium: str, cookie: str = "", tries: int = TRIES) -> Score:
    """The best of so many scores of an address, or the first that is as good as is wanted.

    Raises LighthouseError where it cannot be fetched, or where no try came to a score.
    """
    script = install()
    scores: list[Score] = []
    failed = ""
    for _ in range(tries):
        try:
            scores.append(_once(script, address, chromium, cookie))
        except LighthouseError as error:
            # A browser on a busy machine may lose the beginning of its own trace.
            failed = str(error)
            continue
        if scores[-1].points >= WANTED:
            break
    if not scores:
        raise LighthouseError(failed)
    return max(scores, key=lambda one: one.points)


def _once(script: Path, address: str, chromium: str, cookie: str) -> Score:
    environment = node_environment() | {"CHROME_PATH": chromium}
    node = shutil.which("node", path=environment["PATH"])
    words = [
        str(node), str(script), address, "--quiet", "--output=json", "--only-categories=performance",
        f"--chrome-flags={FLAGS}",
    ]  # fmt: skip
    if cookie:
        words.append(f"--extra-headers={json.dumps({'Cookie': cookie})}")
    done = subprocess.run(words, env=environment, capture_output=True, text=True, timeout=180)
    if done.returncode:
        raise LighthouseError(f"{address}: {done.stderr.strip()[-300:]}")
    told: dict[str, Any] = json.loads(done.stdout)
    if told.get("runtimeError"):
        raise LighthouseError(f"{address}: {told['runtimeError']['message']}")
    metrics = {
        label: round(float(told["audits"][name]["numericValue"]), 3) for name, label in METRICS.items()
    }
    return Score(address, round(told["categories"]["performance"]["score"] * 100), metrics)


def signed_in(address: str, email: str, password: str) -> str:
    """The cookie of somebody who signs in by the form of the pages at `address`."""
    jar = CookieJar()
    browser = urllib.request.build_opener(urllib.request.HTTPCookieProcessor(jar))
    with browser.open(f"{address}/sign-in") as page:
        token = re.search(r'name="csrfmiddlewaretoken" value="([^"]+)"', page.read().decode())
    assert token is not None
    sent = {"csrfmiddlewaretoken": token[1], "username": email, "password": password}
    page_of = f"{address}/sign-in"
    asked = urllib.request.Request(page_of, urlencode(sent).encode(), {"Referer": page_of})  # noqa: S310 - our own
    with browser.open(asked) as answer:
        if answer.url.rstrip("/").endswith("/sign-in"):
            raise LighthouseError(f"{email} could not sign in at {address}.")
    return "; ".join(f"{one.name}={one.value}" for one in jar)
