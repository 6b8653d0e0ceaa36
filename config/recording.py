"""Where a process keeps what it counts: in files that config/exporter.py reads, one set for each process.

A web process must not stop answering in order to be asked, and there are several; so each writes its counts into
files of its own, and one exporter adds them up. No file of a process that runs is removed: a sum that falls reads as a
restart and would count everything twice.
"""

from __future__ import annotations

import os
import socket
import time
from pathlib import Path

from prometheus_client import values

HOST = socket.gethostname()


def process() -> str:
    """This process among all that write to the folder; those of different containers have equal numbers."""
    return f"{HOST}-{os.getpid()}"


def record(folder: Path) -> None:
    """From here on whatever is counted goes into the folder. Called before anything that counts is imported."""
    os.environ["PROMETHEUS_MULTIPROC_DIR"] = str(folder)
    values.ValueClass = values.MultiProcessValue(process)


def forget(folder: Path, seconds: float = 0) -> None:
    """Removes the counts of processes that have not counted for so long: of all, when none runs; else of those that are
    surely gone, since whatever runs is asked for its health all the time.
    """
    for file in folder.glob("*.db"):
        try:
            if time.time() - file.stat().st_mtime >= seconds:
                file.unlink()
        except FileNotFoundError:
            continue
