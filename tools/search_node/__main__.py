"""`make search-node`: runs Elasticsearch until Ctrl-C, and prints what Calloff needs to know to use it."""

from __future__ import annotations

import argparse
import os
import signal
import sys
import time
from collections.abc import Iterator
from types import FrameType
from typing import Final

from tools.search_node.account import node_folder
from tools.search_node.java import NodeUnavailableError
from tools.search_node.nodes import Cluster, NodeError, cluster, stated_rights
from tools.search_node.software import VERSION, SoftwareError

PREFIX: Final = "calloff-"
"""What names of our indices begin with unless SEARCH_PREFIX says so."""


def say(text: str) -> None:
    print(text, flush=True)


def terminated(_number: int, _frame: FrameType | None) -> None:
    raise KeyboardInterrupt


def watch(running: Cluster) -> None:
    """Returns only by an exception: Ctrl-C, or a node that ended."""
    while True:
        time.sleep(0.5)
        for node in running.nodes:
            if not node.running():
                raise NodeError(f"{node.name} ended:\n{node.last_words()}")


def settings_for(running: Cluster, *, secure: bool) -> Iterator[str]:
    """The variables that Calloff reaches it by. The key may do what a deployment's may and no more, so that what needs
    another right fails here first.
    """
    yield f"SEARCH_URL={','.join(running.urls)}"
    if secure:
        rights = stated_rights(os.environ.get("SEARCH_PREFIX", PREFIX))
        yield f"SEARCH_CA_CERT={running.access.authority}"
        yield f"SEARCH_API_KEY={running.api_key('calloff', rights)}"


def main() -> int:
    parser = argparse.ArgumentParser(prog="python -m tools.search_node", description="Runs Elasticsearch.")
    parser.add_argument("--port", type=int, default=9200, help="of the first node; 0 chooses a free one")
    parser.add_argument("--nodes", type=int, default=1)
    parser.add_argument("--secure", action="store_true", help="with TLS and an API key for our indices alone")
    parser.add_argument("--heap", default="1g", help="memory of each node")
    parser.add_argument("--throw-away", action="store_true", help="start empty, and keep nothing")
    arguments = parser.parse_args()
    # Both by name: a shell that starts us in the background has SIGINT ignored.
    for number in (signal.SIGINT, signal.SIGTERM):
        signal.signal(number, terminated)
    began = time.monotonic()
    try:
        kept = node_folder() / f"kept-{arguments.nodes}{'-secure' if arguments.secure else ''}"
        if not (node_folder() / VERSION).is_dir():
            say(f"Elasticsearch {VERSION} is fetched once: a download of 1 GB, some minutes …")
        with cluster(
            arguments.nodes,
            security=arguments.secure,
            heap=arguments.heap,
            port=arguments.port,
            folder=None if arguments.throw_away else kept,
        ) as running:
            say(f"Elasticsearch {running.nodes[0].version()} is ready ({time.monotonic() - began:.0f} s).")
            for line in settings_for(running, secure=arguments.secure):
                say(line)
            say("Stop with Ctrl-C.")
            watch(running)
    except KeyboardInterrupt:
        say("Stopped.")
    except (NodeUnavailableError, NodeError, SoftwareError, PermissionError) as error:
        print(error, file=sys.stderr)
        return 1
    return 0


if __name__ == "__main__":
    sys.exit(main())
