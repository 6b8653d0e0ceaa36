"""A process that ends the nodes when we cannot: killed by SIGKILL, we still leave no Java behind.

It waits for the end of a pipe that only we hold open. Each line that we write says which process groups are ours
now; when the pipe ends, they are killed and a throw-away folder is removed. A pipe and not Linux's signal on
the parent's death, because that one comes when the thread that started the node ends, and misses a node's own child.
"""

from __future__ import annotations

import subprocess
from collections.abc import Sequence
from pathlib import Path

SCRIPT = """
groups=
while read -r line; do groups=$line; done
for group in $groups; do kill -KILL "-$group" 2>/dev/null; done
tries=0
while [ -n "$groups" ] && [ $tries -lt 50 ]; do
    left=
    for group in $groups; do kill -0 "-$group" 2>/dev/null && left=1; done
    [ -n "$left" ] || break
    sleep 0.1
    tries=$((tries + 1))
done
[ -z "$1" ] || rm -rf -- "$1"
"""


class Guard:
    """Watches over us; `throw_away` is the folder that it removes at the end, in whatever way that comes."""

    def __init__(self, throw_away: Path | None) -> None:
        self.process = subprocess.Popen(
            ["/bin/sh", "-c", SCRIPT, "search-node-guard", str(throw_away or "")],
            stdin=subprocess.PIPE,
            stdout=subprocess.DEVNULL,
            # Its own session: what ends ours by Ctrl-C or as a group must not end it.
            start_new_session=True,
        )

    def watch(self, groups: Sequence[int]) -> None:
        """Says which process groups are ours from now on."""
        if self.process.stdin:
            self.process.stdin.write(" ".join(map(str, groups)).encode() + b"\n")
            self.process.stdin.flush()

    def close(self) -> None:
        """Ends what is left of them, removes the throw-away folder, and waits until that is done."""
        if self.process.stdin:
            self.process.stdin.close()
        self.process.wait(60)
