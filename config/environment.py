"""First step of every process: what the environment asks for, checked; else a sentence on what is missing.

Nothing here reads a setting of Django; settings.py is built from what these functions answer.
"""

from __future__ import annotations

import hashlib
import ipaddress
import os
import secrets
import tempfile
from collections.abc import Mapping, Sequence
from pathlib import Path

from django.core.exceptions import ImproperlyConfigured

from search.engines.elasticsearch.connection import check_authority, hosts_of

LONGEST_SOCKET_PATH = 100
"""Bytes that fit the address of a Unix socket on every system (104 on macOS, 108 on Linux)."""

SECRETS = (
    "SECRET_KEY",
    "SECRET_KEY_FALLBACKS",
    "DATABASE_URL",
    "BROKER_URL",
    "CACHE_URL",
    "EMAIL_URL",
    "SEARCH_URL",
    "SEARCH_API_KEY",
)
"""Variables that may hold a password: each may instead name a file that holds its value, as SECRET_KEY_FILE."""


def with_secret_files(environment: Mapping[str, str]) -> dict[str, str]:
    """The environment, with the value of each secret whose file it names.

    Raises ImproperlyConfigured for a file that cannot be read, that is empty, or that stands beside the value.
    """
    read = dict(environment)
    for name in SECRETS:
        if not (path := environment.get(f"{name}_FILE")):
            continue
        if environment.get(name):
            raise ImproperlyConfigured(f"{name} and {name}_FILE are both set; unset one of them.")
        try:
            # Some editors begin a file with the mark of its encoding.
            read[name] = Path(path).read_text(encoding="utf-8-sig").strip()
        except (OSError, UnicodeDecodeError) as error:
            raise ImproperlyConfigured(
                f"{name}_FILE names {path}, which cannot be read ({type(error).__name__})."
            ) from error
        if not read[name]:
            raise ImproperlyConfigured(f"{name}_FILE names {path}, which is empty.")
    return read


def data_folder(path: Path) -> Path:
    """Makes the one folder that everything is written to.

    Raises ImproperlyConfigured when it cannot be made or written to.
    """
    path = path.expanduser().absolute()
    try:
        path.mkdir(parents=True, exist_ok=True, mode=0o700)
        for name in ("broker", "index", "logs", "mail", "media", "metrics", "static"):
            (path / name).mkdir(exist_ok=True, mode=0o700)
    except OSError as error:
        raise ImproperlyConfigured(
            f"The data folder {path} cannot be made or written to ({error.strerror}). "
            "Set CALLOFF_DATA to a folder that can be."
        ) from error
    if not os.access(path, os.W_OK | os.X_OK):
        raise ImproperlyConfigured(
            f"The data folder {path} cannot be written to. Set CALLOFF_DATA to a folder that can be."
        )
    return path


def kept_secret(path: Path) -> str:
    """The secret kept at `path` with mode 0600, made on first use; processes that start together agree."""
    if not path.exists():
        fresh = path.with_name(f"{path.name}.{secrets.token_hex(6)}")
        with os.fdopen(os.open(fresh, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600), "w") as file:
            file.write(secrets.token_urlsafe(64))
        try:
            os.link(fresh, path)
        except FileExistsError:
            # Another process was first; its secret is the one that counts.
            pass
        finally:
            fresh.unlink()
    return path.read_text().strip()


def port_number(text: str, name: str = "PORT") -> int:
    """The port that a variable names. Raises ImproperlyConfigured where it is none."""
    if not text.isdecimal() or not 0 < int(text) < 65536:
        raise ImproperlyConfigured(f"{name} must be a number from 1 to 65535, not {text!r}.")
    return int(text)


def public_url(demo: bool, host: str, port: int, allowed_hosts: Sequence[str]) -> str:
    """Where people reach the pages unless the environment says so: over HTTPS at the first allowed host, a demo where
    it listens. Raises ImproperlyConfigured where that host is any.
    """
    if demo:
        return f"http://{host}:{port}"
    if not (name := allowed_hosts[0].lstrip(".*")):
        raise ImproperlyConfigured(
            "PUBLIC_URL must be set where ALLOWED_HOSTS begins with *: links in e-mails begin with it, such as "
            "https://calloff.example.org."
        )
    return f"https://{name}"


def is_loopback(host: str) -> bool:
    """Whether nobody but this machine reaches `host`."""
    if host == "localhost":
        return True
    try:
        return ipaddress.ip_address(host.strip("[]")).is_loopback
    except ValueError:
        return False


def refuse_unsafe(demo: bool, host: str, given: dict[str, object]) -> None:
    """Refuses a start that would be unsafe.

    `given` maps the names of variables that a real installation must set to their values. Raises
    ImproperlyConfigured naming every one that is missing, or the host that a demo may not listen on.
    """
    if demo:
        if not is_loopback(host):
            raise ImproperlyConfigured(
                f"DEMO=1 has logins that everybody knows and listens on loopback only, not on HOST={host}. "
                "Unset HOST, or unset DEMO and give this installation its own secrets."
            )
        return
    missing = [name for name, value in given.items() if not value]
    if missing:
        raise ImproperlyConfigured(
            f"Without DEMO=1 these must be set: {', '.join(missing)}. "
            "For a try on your own machine: `make run`, which sets DEMO=1; commands beside it as "
            "`DEMO=1 .venv/bin/python manage.py COMMAND`."
        )


def search_service(addresses: str, ca_cert: str) -> str:
    """The addresses in SEARCH_URL. Raises ImproperlyConfigured where they are none, or SEARCH_CA_CERT names no
    certificate that can be read.
    """
    try:
        hosts_of(addresses)
    except ValueError as error:
        raise ImproperlyConfigured(f"{error}.") from error
    if addresses and ca_cert:
        try:
            check_authority(ca_cert)
        except ValueError as error:
            raise ImproperlyConfigured(f"{error}: {ca_cert}.") from error
    return addresses


def broker_socket(data: Path) -> Path:
    """Where the queue of a data folder listens: inside it, or in the temporary folder if that is too long."""
    inside = data / "broker" / "valkey.sock"
    if len(os.fsencode(inside)) <= LONGEST_SOCKET_PATH:
        return inside
    digest = hashlib.sha256(os.fsencode(data)).hexdigest()[:16]
    return Path(tempfile.gettempdir()) / f"calloff-{os.getuid()}-{digest}.sock"
