"""A light load generator: `load.py PORT CLIENTS [FILE]` reads targets from standard input, prints one line of JSON.

It runs in a process of its own, because it shares the machine's cores with what it measures: its processor
time is told apart. Every client keeps one connection open and asks its share of the targets, one after the
other. FILE gets what was answered, but for the results: a line for each target, with a tab between, written when all
is timed.
"""

from __future__ import annotations

import json
import resource
import socket
import sys
import threading
import time
from pathlib import Path

RESULTS = b',"results":'
"""Where the part of an answer begins that is not kept: the lines of a page are its bulk."""


def ask(
    port: int,
    targets: list[str],
    taken: list[float],
    wrong: list[str],
    kept: list[tuple[str, bytes]] | None = None,
) -> None:
    """One client: sends each target and reads the whole answer; keeps what comes before the results."""
    connection = socket.create_connection(("127.0.0.1", port))
    connection.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
    buffer = bytearray(1 << 18)
    view = memoryview(buffer)
    for target in targets:
        began = time.perf_counter()
        connection.sendall(
            f"GET {target} HTTP/1.1\r\nHost: 127.0.0.1\r\nAccept: application/json\r\n\r\n".encode()
        )
        got = connection.recv_into(view)
        head = bytes(view[:got])
        end = head.find(b"\r\n\r\n")
        while end < 0:
            more = connection.recv_into(view[got:])
            got += more
            head = bytes(view[:got])
            end = head.find(b"\r\n\r\n")
        fields = head[:end].lower()
        at = fields.index(b"content-length:")
        left = int(fields[at + 15 :].split(b"\r\n", 1)[0]) + end + 4 - got
        body = bytearray() if kept is None else bytearray(head[end + 4 :])
        whole = kept is None or RESULTS in body
        while left > 0:
            more = connection.recv_into(view)
            left -= more
            if not whole:
                body += view[:more]
                whole = RESULTS in body
        taken.append(time.perf_counter() - began)
        if kept is not None:
            cut = body.find(RESULTS)
            kept.append((target, bytes(body if cut < 0 else body[:cut] + b"}")))
        if not head.startswith(b"HTTP/1.1 200"):
            wrong.append(f"{head[:12].decode()} {target}: {head[end + 4 :][:300].decode(errors='replace')}")
    connection.close()


def main(port: int, clients: int, file: str = "") -> None:
    """Asks everything and reports."""
    targets = sys.stdin.read().split()
    taken: list[list[float]] = [[] for _ in range(clients)]
    wrong: list[str] = []
    kept: list[tuple[str, bytes]] | None = [] if file else None
    threads = [
        threading.Thread(target=ask, args=(port, targets[client::clients], taken[client], wrong, kept))
        for client in range(clients)
    ]
    began = time.perf_counter()
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    elapsed = time.perf_counter() - began
    used = resource.getrusage(resource.RUSAGE_SELF)
    times = sorted(one for some in taken for one in some)
    report = {
        "requests": len(times),
        "seconds": elapsed,
        "p50_ms": times[len(times) // 2] * 1000,
        "p99_ms": times[min(len(times) * 99 // 100, len(times) - 1)] * 1000,
        "generator_seconds": used.ru_utime + used.ru_stime,
        "wrong": wrong[:5],
        "wrong_count": len(wrong) + len(targets) - len(times),
    }
    if kept is not None:
        with Path(file).open("wb") as out:
            out.writelines(target.encode() + b"\t" + body + b"\n" for target, body in kept)
    print(json.dumps(report))


if __name__ == "__main__":
    main(int(sys.argv[1]), int(sys.argv[2]), *sys.argv[3:4])
