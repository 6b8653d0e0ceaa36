"""`python3 -m tools.deployment.make_secrets [FOLDER]`: the secrets of compose.yaml, made once, each in a file.

Needs nothing but Python. A secret that exists is kept, so a second run changes nothing; to change one, remove its
file. The folder is its owner's alone; the files in it are readable, because a container runs as another user.
"""

from __future__ import annotations

import secrets
import sys
from collections.abc import Callable
from pathlib import Path

FOLDER = Path("secrets")


def random() -> str:
    """Letters and digits enough that nobody guesses, and none that an address would have to escape."""
    return secrets.token_hex(32)


def make(folder: Path) -> list[str]:
    """Writes what is missing; answers the names of what was written."""
    folder.mkdir(mode=0o700, parents=True, exist_ok=True)
    folder.chmod(0o700)
    written: list[str] = []

    def kept(name: str, text: Callable[[], str] = random) -> str:
        file = folder / name
        if not file.exists():
            file.write_text(text() + "\n")
            file.chmod(0o444)
            written.append(name)
        return file.read_text().strip()

    kept("secret_key")
    kept("elastic_password")
    postgres, redis = kept("postgres_password"), kept("redis_password")
    kept("database_url", lambda: f"postgres://calloff:{postgres}@postgres:5432/calloff")
    kept("broker_url", lambda: f"redis://:{redis}@redis:6379/0")
    kept("cache_url", lambda: f"redis://:{redis}@redis:6379/1")
    # Until an operator names a mail server, what would be sent is written to files: see docs/deployment.md.
    kept("email_url", lambda: "filemail:///data/mail")
    return written


def left_behind(folder: Path) -> str:
    """What still has to be done by hand, as a sentence, "" if nothing: an address of e-mails in the file .env beside
    the folder, where versions before read it.
    """
    environment = folder.absolute().parent / ".env"
    lines = environment.read_text().splitlines() if environment.is_file() else []
    if not any(line.strip().removeprefix("export ").startswith("EMAIL_URL=") for line in lines):
        return ""
    return (
        f"EMAIL_URL in {environment} is not read: write it into {folder / 'email_url'} yourself (after chmod u+w), or "
        "e-mails go to files, and take it out there."
    )


if __name__ == "__main__":
    place = Path(sys.argv[1]) if len(sys.argv) > 1 else FOLDER
    names = make(place)
    print(f"Written to {place}: {', '.join(names)}." if names else f"All secrets stand in {place} already.")
    if told := left_behind(place):
        print(told, file=sys.stderr)
