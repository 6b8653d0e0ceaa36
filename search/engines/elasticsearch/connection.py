"""Where the search service is and how it is spoken to. Apart from the client, which takes half a second to load: who
needs no service does not wait for it.
"""

from __future__ import annotations

import ssl
from dataclasses import dataclass
from pathlib import Path
from typing import Final
from urllib.parse import SplitResult, urlsplit

NO_ADDRESS: Final = "SEARCH_URL must be http:// or https:// addresses, comma-separated"
NO_PORT: Final = "SEARCH_URL names a port that is none: it must be a number from 1 to 65535"


@dataclass(frozen=True, slots=True)
class Connection:
    """Where the service is and how it is spoken to. `ca_cert` is a file; `timeout` are seconds for one
    answer.
    """

    hosts: tuple[str, ...]
    api_key: str = ""
    ca_cert: str = ""
    verify: bool = True
    timeout: float = 10.0
    retries: int = 2
    compress: bool = False
    connections: int = 10
    prefix: str = "calloff-"
    replicas: int = 0


def hosts_of(addresses: str) -> tuple[str, ...]:
    """The hosts of SEARCH_URL, comma-separated, each with its port; raises ValueError naming what is no
    address.
    """
    hosts = []
    for address in filter(None, (part.strip().rstrip("/") for part in addresses.split(","))):
        parts = _split(address)
        port = _port(parts)
        who = parts.netloc.rpartition("@")[0]
        host = f"[{parts.hostname}]" if ":" in (parts.hostname or "") else parts.hostname
        hosts.append(f"{parts.scheme}://{who + '@' if who else ''}{host}:{port}{parts.path}")
    return tuple(hosts)


def check_authority(file: str, variable: str = "SEARCH_CA_CERT") -> None:
    """Raises ValueError where the file holds no certificate, in a sentence that names the variable and not the file:
    whoever asks after our health reads it.
    """
    if not Path(file).is_file():
        raise ValueError(f"{variable} names a file that is not there")
    try:
        ssl.create_default_context(cafile=file)
    except ssl.SSLError as error:
        raise ValueError(f"{variable} names a file that holds no certificate") from error
    except OSError as error:
        raise ValueError(f"{variable} names a file that cannot be read ({error.strerror})") from error


def may_be_sent(key: str) -> bool:
    """Whether a key can stand in the header of a request: visible ASCII without blanks, as keys are made of."""
    return all("!" <= sign <= "~" for sign in key)


def _split(address: str) -> SplitResult:
    try:
        parts = urlsplit(address)
    except ValueError:
        # The library repeats what it was given, in which a password may stand.
        raise ValueError(NO_ADDRESS) from None
    if parts.scheme not in ("http", "https") or not parts.hostname:
        raise ValueError(NO_ADDRESS)
    return parts


def _port(parts: SplitResult) -> int:
    try:
        port = parts.port
    except ValueError:
        raise ValueError(NO_PORT) from None
    if port == 0:
        raise ValueError(NO_PORT)
    return port or (443 if parts.scheme == "https" else 9200)
