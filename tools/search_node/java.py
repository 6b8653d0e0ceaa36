"""The Java that runs a node and the Maven that fetches it: where they are, or one line on what is missing."""

from __future__ import annotations

import os
import re
import shutil
import subprocess
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from pathlib import Path

from tools.search_node.account import ACCOUNT, reaches

OLDEST = 21
"""The first release of Java that the node's code runs on."""
FOLDERS = (
    "/usr/lib/jvm/*",
    "/opt/*",
    "/opt/java/*",
    "/usr/local/*",
    "/Library/Java/JavaVirtualMachines/*/Contents/Home",
    "/opt/homebrew/opt/openjdk*/libexec/openjdk.jdk/Contents/Home",
    "~/.sdkman/candidates/java/*",
    "~/.jdks/*",
)
"""Where installers put one beside an older default."""


class NodeUnavailableError(Exception):
    """Why no node can be had on this machine, as one line for the person who asked for it."""


@dataclass(frozen=True)
class Java:
    """One installed Java: its folder and its release."""

    home: Path
    release: int

    @property
    def program(self) -> Path:
        return self.home / "bin" / "java"


def release_of(home: Path) -> int | None:
    """The release of the Java in a folder; None where there is none that runs."""
    try:
        answer = subprocess.run(
            [home / "bin" / "java", "-version"], capture_output=True, text=True, timeout=60, check=True
        )
    except (OSError, subprocess.SubprocessError):
        return None
    found = re.search(r'version "(?:1\.)?(\d+)', answer.stderr)
    return int(found[1]) if found else None


def homes() -> Iterator[Path]:
    """The folders that may hold a Java, the one that was asked for by name first."""
    for name in ("ES_JAVA_HOME", "JAVA_HOME"):
        if named := os.environ.get(name):
            yield Path(named)
    if program := shutil.which("java"):
        yield Path(program).resolve().parent.parent
    for pattern in FOLDERS:
        folder = Path(pattern).expanduser()
        yield from sorted(Path(folder.anchor).glob(str(folder.relative_to(folder.anchor))), reverse=True)


def find_java(candidates: Iterable[Path] | None = None) -> Java:
    """A Java that runs the node, among the candidates, by default this machine's.

    Raises NodeUnavailableError, naming the newest one found, where all are too old or there is none.
    """
    newest: int | None = None
    seen: set[Path] = set()
    for home in homes() if candidates is None else candidates:
        place = home.resolve()
        if place in seen or not (place / "bin" / "java").is_file() or not reaches(ACCOUNT, place):
            continue
        seen.add(place)
        release = release_of(place)
        if release is not None and release >= OLDEST:
            return Java(place, release)
        newest = max(newest or 0, release or 0) or None
    found = f"the newest found is {newest}" if newest else "none was found"
    raise NodeUnavailableError(
        f"Elasticsearch needs Java {OLDEST} or newer; {found}. Install one, or name its folder in ES_JAVA_HOME."
    )


def find_maven() -> str:
    """The path of `mvn`. Raises NodeUnavailableError where it is not installed."""
    if program := shutil.which("mvn"):
        return program
    raise NodeUnavailableError(
        "Elasticsearch is fetched by Maven, and mvn is not on the PATH (Debian and Ubuntu: apt-get install maven)."
    )
