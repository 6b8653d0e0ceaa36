"""`python -m tools.lighthouse [ADDRESS]`: a table of the main pages; fails where one is below what is wanted."""

from __future__ import annotations

import os
import shutil
import sys
from typing import Final

from tools.lighthouse.measuring import (
    MAIN,
    METRICS,
    SIGNED_IN,
    WANTED,
    LighthouseError,
    measure,
    signed_in,
)

BUYER: Final = "buyer@example.org"
PASSWORD: Final = "call off the lot"  # noqa: S105 - of the demonstration, on this machine alone
"""What `make run` prints, unless DEMO_PASSWORD says otherwise."""


def main(address: str) -> int:
    """Measures and prints; 1 where a page is worse than it should be."""
    chromium = next(filter(None, map(shutil.which, ("chromium", "chromium-browser", "google-chrome"))), None)
    if chromium is None:
        sys.exit("Chromium is not installed (Debian and Ubuntu: apt-get install chromium).")
    try:
        cookie = signed_in(address, BUYER, os.environ.get("DEMO_PASSWORD", PASSWORD))
        print(f"{'page':<56} {'of 100':>7} " + " ".join(f"{one:>18}" for one in METRICS.values()))
        worst = 100
        for path in (*MAIN, *SIGNED_IN):
            score = measure(f"{address}{path}", chromium, cookie if path in SIGNED_IN else "")
            worst = min(worst, score.points)
            told = " ".join(f"{score.metrics[one]:>18,.2f}" for one in METRICS.values())
            print(f"{path:<56} {score.points:>7} {told}", flush=True)
    except (LighthouseError, OSError) as error:
        sys.exit(f"Not measured: {error} Is the demonstration running (`make run`)?")
    return int(worst < WANTED)


if __name__ == "__main__":
    sys.exit(main(sys.argv[1].rstrip("/") if len(sys.argv) > 1 else "http://127.0.0.1:8000"))
