"""What the killed writers of test_rates_replacement.py do: replace one card by a short and a long version in turn."""

from __future__ import annotations

import sys

from tests.search.index_processes import engine_at
from tests.search.rate_market import card, line

LONG, SHORT = 3_000, 3

if __name__ == "__main__":
    first, *where = sys.argv[1:]
    with engine_at(*where).writer() as writer:
        for number in range(int(first), int(first) + 900):
            lines = [
                line("a", i, price_minor=1_000 * number + i % 1_000) for i in range((SHORT, LONG)[number % 2])
            ]
            writer.apply("rates", [card("a", lines, version=number)])
            sys.stdout.write(f"{number}\n")
            sys.stdout.flush()
