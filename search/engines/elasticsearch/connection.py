"""Where the search service is and how it is spoken to. Apart from the client, which takes half a second to load: who
needs no service does not wait for it.
"""

from __future__ import annotations

from dataclasses import dataclass
from urllib.parse import urlsplit


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
        parts = urlsplit(address)
        if parts.scheme not in ("http", "https") or not parts.hostname:
            raise ValueError("SEARCH_URL must be http:// or https:// addresses, comma-separated")
        port = parts.port or (443 if parts.scheme == "https" else 9200)
        who = parts.netloc.rpartition("@")[0]
        host = f"[{parts.hostname}]" if ":" in parts.hostname else parts.hostname
        hosts.append(f"{parts.scheme}://{who + '@' if who else ''}{host}:{port}{parts.path}")
    return tuple(hosts)
