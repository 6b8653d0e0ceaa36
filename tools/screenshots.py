"""Pictures of the main pages for the docs, taken of a running demonstration in the machine's own Chromium.

`python -m tools.screenshots [ADDRESS [NAME …]]` (http://127.0.0.1:8000 if not given) writes docs/images/*.png,
all of them or those that are named. It needs what the tests need (requirements-dev.txt) and Chromium.
"""

from __future__ import annotations

import os
import shutil
import sys
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final

from playwright.sync_api import sync_playwright

from tools.assets import ROOT

FOLDER: Final = ROOT / "docs" / "images"
FLAGS: Final = ["--no-sandbox", "--disable-gpu", "--disable-background-networking", "--no-first-run"]


PASSWORD: Final = "call off the lot"  # noqa: S105 - of the demonstration, on this machine alone
"""What `make run` prints, unless DEMO_PASSWORD says otherwise."""


@dataclass(frozen=True, slots=True)
class Picture:
    """A page, and the size of the part of it that is shown, in pixels; `person` is signed in.

    From `path` fields are filled by their labels, then links are followed by their texts: what is bought in the
    demonstration has other numbers each year. A word that is no link is a button, such as one that shows a preview.
    What `at` selects stands at the top of the picture.
    """

    name: str
    path: str
    width: int
    height: int
    person: str = ""
    follow: tuple[str, ...] = ()
    fill: tuple[tuple[str, str], ...] = ()
    at: str = ""


BUYER, LEAD, OWNER = "buyer@example.org", "lead@example.org", "owner@example.org"
NEED: Final = (
    "Evaluate a vision rehabilitation service: what it changes for people, and what it saves in health care."
)
PICTURES: Final = (
    Picture("search", "/search?q=vision+rehabilitation+evaluation&seed=0", 1100, 1100),
    Picture("rates", "/rates?framework=rm6309&grade=G3&proposed=800", 1100, 1180),
    Picture(
        "match",
        "/match?framework=rm6309",
        900,
        1160,
        follow=("Find matches",),
        fill=(("What you need", NEED),),
    ),
    Picture("shortlist", "/shortlists", 900, 1200, BUYER, ("Evaluation of the winter night shelter",)),
    Picture(
        "finder",
        "/find/answer?need=Evaluate+a+vision+rehabilitation+service&whom=local-government&where=TLE&value=60000&starts=&months=6&pays=days",
        900,
        900,
    ),
    Picture("map", "/map?q=evaluation", 1100, 1000),
    Picture(
        "compare",
        "/compare?listing=cx-demo-01~islaywath-compact~cobblow-caldrigg-llp"
        "&listing=cx-demo-01~glasdale-consortium~the-skelcombe-evidence-practice&team=G2:20&team=G3:10&lot=cx-demo-01~2a",
        1100,
        1500,
        at=".app-scroll",
    ),
    Picture("call-off", "/call-offs?page=2", 900, 760, BUYER, ("Review of school transport routes",)),
    Picture(
        "competition",
        "/call-offs",
        900,
        900,
        BUYER,
        ("Listening to people who sleep rough", "The competition and its tenders"),
    ),
    Picture("tender", "/invitations", 900, 820, LEAD, ("Support for victims of repeated burglary",)),
    Picture("outcome-plan", "/outcome-plans", 900, 820, BUYER, ("Job coaching for people who were carers",)),
    Picture("firm", "/firms/the-skelcombe-evidence-practice", 900, 900, LEAD),
    Picture("preview", "/profile/the-skelcombe-evidence-practice", 900, 700, LEAD, ("Preview",)),
    Picture("administration", "/administration", 900, 640, OWNER),
    Picture("spending", "/administration/spend", 900, 820, OWNER),
    Picture("second-step", "/account/second-step", 900, 700, BUYER),
    Picture("browsers", "/account/sessions", 900, 560, BUYER),
)


def main(address: str, names: Sequence[str] = ()) -> None:
    """Takes every picture, or those of `names`; a page that does not answer 200 ends the program with a sentence."""
    chromium = next(filter(None, map(shutil.which, ("chromium", "chromium-browser", "google-chrome"))), None)
    if chromium is None:
        sys.exit("Chromium is not installed (Debian and Ubuntu: apt-get install chromium).")
    FOLDER.mkdir(parents=True, exist_ok=True)
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=chromium, args=FLAGS)
        for picture in [one for one in PICTURES if not names or one.name in names]:
            page = browser.new_page(viewport={"width": picture.width, "height": picture.height})
            if picture.person:
                page.goto(f"{address}/sign-in")
                page.get_by_label("Email address").fill(picture.person)
                page.get_by_label("Password").fill(os.environ.get("DEMO_PASSWORD", PASSWORD))
                page.get_by_role("button", name="Sign in").click()
            answer = page.goto(f"{address}{picture.path}")
            if answer is None or not answer.ok:
                sys.exit(f"{address}{picture.path} does not answer; start the demonstration with `make run`.")
            for label, value in picture.fill:
                page.get_by_label(label, exact=True).fill(value)
            for text in picture.follow:
                link = page.get_by_role("link", name=text).first
                (link if link.count() else page.get_by_role("button", name=text, exact=True).first).click()
            if picture.at:
                page.locator(picture.at).first.evaluate("one => one.scrollIntoView()")
            target = FOLDER / f"{picture.name}.png"
            page.screenshot(path=target)
            print(f"{target.relative_to(ROOT)}  {target.stat().st_size // 1024} kB")
            page.close()
        browser.close()


if __name__ == "__main__":
    main(sys.argv[1].rstrip("/") if len(sys.argv) > 1 else "http://127.0.0.1:8000", sys.argv[2:])
