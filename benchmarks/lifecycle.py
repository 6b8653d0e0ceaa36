"""Whole call-offs, side by side, from draft to their planned end: `.venv/bin/python benchmarks/lifecycle.py`.

500 call-offs of both routes are driven through the public API, over HTTP, by an integration or a person for each step,
against the web processes, the worker and the queue that `make run` starts; twelve suppliers of a made-up framework
answer, webhooks and e-mails are received. How each is to end is planned beforehand with a seed, from a table of every
ending of both routes (lifecycles/direct.py, competitions.py). The clock is moved forward: every process lives by
lifecycles/clock.py (by its settings, lifecycles/settings.py; secrets are hashed quickly there), and what falls due is
moved by the tasks that beat would start.

Afterwards it is checked that each call-off ended as planned, with exactly the events that were planned in their order;
that the chain of the log holds; that a poller has read the change feed without a gap and without a double; and that
every message that the events owe, worked out anew, came exactly once: inbox, e-mail, webhook. It prints throughput,
times and statements for each kind of request, and ends with 1 where anything differs.

Options: --call-offs 500, --clients 8 (threads that ask), --seed 3745, --keep FOLDER (its data stays there). Its
database is a SQLite file in a throw-away folder, or the empty one of DATABASE_URL; its queue the embedded one, or that
of BROKER_URL (`.venv/bin/python -m tools.services postgresql redis -- .venv/bin/python benchmarks/lifecycle.py`).
"""

from __future__ import annotations

import argparse
import os
import sys
import tempfile
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent
sys.path.insert(0, str(ROOT))

from benchmarks.lifecycles.clock import VARIABLE  # noqa: E402 - a script's folder is not the project's


def main() -> int:
    """Prepares the environment, runs, and answers the exit code."""
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--call-offs", type=int, default=500)
    parser.add_argument("--clients", type=int, default=8)
    parser.add_argument("--seed", type=int, default=3745)
    parser.add_argument("--keep", type=Path)
    options = parser.parse_args()
    with tempfile.TemporaryDirectory(prefix="calloff-lifecycle-") as name:
        data = options.keep or Path(name)
        data.mkdir(parents=True, exist_ok=True)
        for ours in ("SEARCH_URL", "EMAIL_URL"):
            os.environ.pop(ours, None)
        os.environ.update(CALLOFF_DATA=str(data), DEMO="1", LOG_LEVEL="ERROR", STATIC_HASHED="0",
                          DJANGO_SETTINGS_MODULE="benchmarks.lifecycles.settings")  # fmt: skip
        os.environ[VARIABLE] = str(data / "clock")
        import django  # noqa: PLC0415 - its settings are read from the environment that was just made

        django.setup()
        from benchmarks.lifecycles.report import run  # noqa: PLC0415 - it loads models

        return run(data, options.call_offs, options.clients, options.seed)


if __name__ == "__main__":
    sys.exit(main())
