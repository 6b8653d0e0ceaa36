"""Pictures of the main pages for the docs, taken of a running demonstration in the machine's own Chromium.

`python -m tools.screenshots [ADDRESS]` (http://127.0.0.1:8000 if not given) writes docs/images/*.png. It
needs what the tests need (requirements-dev.txt) and Chromium.
"""

from __future__ import annotations

import shutil
import sys
from dataclasses import dataclass
from typing import Final

from playwright.sync_api import sync_playwright

from tools.assets import ROOT

FOLDER: Final = ROOT / "docs" / "images"
FLAGS: Final = ["--no-sandbox", "--disable-gpu", "--disable-background-networking", "--no-first-run"]


@dataclass(frozen=True, slots=True)
class Picture:
    """A page, and the size of the part of it that is shown, in pixels."""

    name: str
    path: str
    width: int
    height: int


PICTURES: Final = (
    Picture("search", "/search?q=vision+rehabilitation+evaluation&seed=0", 1100, 1100),
    Picture("rates", "/rates?framework=rm6309&grade=G3&proposed=800", 1100, 1180),
    Picture("listing", "/listings/rm3745~ppl~opm-group", 1100, 1000),
    Picture("search-phone", "/search?q=vision+rehabilitation+evaluation&seed=0", 390, 800),
)


def main(address: str) -> None:
    """Takes every picture; a page that does not answer 200 ends the program with a sentence."""
    chromium = next(filter(None, map(shutil.which, ("chromium", "chromium-browser", "google-chrome"))), None)
    if chromium is None:
        sys.exit("Chromium is not installed (Debian and Ubuntu: apt-get install chromium).")
    FOLDER.mkdir(parents=True, exist_ok=True)
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=chromium, args=FLAGS)
        for picture in PICTURES:
            page = browser.new_page(viewport={"width": picture.width, "height": picture.height})
            answer = page.goto(f"{address}{picture.path}")
            if answer is None or not answer.ok:
                sys.exit(f"{address}{picture.path} does not answer; start the demonstration with `make run`.")
            target = FOLDER / f"{picture.name}.png"
            page.screenshot(path=target)
            print(f"{target.relative_to(ROOT)}  {target.stat().st_size // 1024} kB")
            page.close()
        browser.close()


if __name__ == "__main__":
    main(sys.argv[1].rstrip("/") if len(sys.argv) > 1 else "http://127.0.0.1:8000")
