"""Where a process keeps what it counts: in files that config/exporter.py reads, one set for each process.

A web process must not stop answering in order to be asked, and there are several; so each writes its counts into
files of its own, and one exporter adds them up. Files are never removed while anything runs: a sum that falls
reads as a restart and would count everything twice.
"""

from __future__ import annotations

import os
import socket
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


def forget(folder: Path) -> None:
    """Removes the counts of earlier processes. Called when none runs."""
    for file in folder.glob("*.db"):
        file.unlink(missing_ok=True)
