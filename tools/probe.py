"""`python -m tools.probe PORT PATH`: whether this container answers there with 200; what compose.yaml asks."""

from __future__ import annotations

import http.client
import os
import sys

SECONDS = 5


def answers(port: int, path: str, at: str = "127.0.0.1") -> bool:
    """Asks the process that listens at an address, as a visitor of the first allowed host."""
    host = os.environ.get("ALLOWED_HOSTS", "localhost").split(",")[0].strip().lstrip(".*") or "localhost"
    connection = http.client.HTTPConnection(at, port, timeout=SECONDS)
    try:
        connection.request("GET", path, headers={"Host": host})
        return connection.getresponse().status == 200
    except (OSError, http.client.HTTPException):
        return False
    finally:
        connection.close()


if __name__ == "__main__":
    sys.exit(0 if answers(int(sys.argv[1]), sys.argv[2]) else 1)
