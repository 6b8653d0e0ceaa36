"""A real Elasticsearch for tests and developers: one node or several on loopback, started, killed, cut off.

with cluster(nodes=3) as running:
    running.nodes[0].kill()
"""

from __future__ import annotations

import base64
import contextlib
import hashlib
import http.client
import os
import random
import secrets
import shutil
import signal
import socket
import ssl
import subprocess
import tempfile
import time
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import yaml

from tools.search_node.account import ACCOUNT, give, node_folder
from tools.search_node.certificates import issue, make_authority, trusting, write_authority
from tools.search_node.guard import Guard
from tools.search_node.java import Java, find_java
from tools.search_node.rest import call
from tools.search_node.software import software

ADDRESS = "127.0.0.1"
PORTS = range(20_000, 32_000)
"""Below those that the system gives to outgoing connections, so that a node finds its own again after a kill."""
READY_WITHIN = 300.0
STOP_WITHIN = 30.0
SUPERUSER = "calloff"
QUICK = "-XX:TieredStopAtLevel=1 -XX:-AlwaysPreTouch"
"""Options for a throw-away node: half the work until it answers, and slower only once it has run for long."""
DROPPED_OPTIONS = ("gc.log", "HeapDump", "ErrorFile")
"""Of the options for Java that come with the software: those that write beside it."""
PLAIN: Mapping[str, Any] = {
    "xpack.ml.enabled": False,
    # A developer's disk is often nearly full, and a node that then allocates nothing looks like a broken test.
    "cluster.routing.allocation.disk.watermark.low": "97%",
    "cluster.routing.allocation.disk.watermark.high": "98%",
    "cluster.routing.allocation.disk.watermark.flood_stage": "99%",
}


class NodeError(Exception):
    """Why a node does not run, with the end of its log."""


def is_free(port: int) -> bool:
    with socket.socket() as probe:
        probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            probe.bind((ADDRESS, port))
        except OSError:
            return False
    return True


def free_port(taken: set[int]) -> int:
    """A port that nobody listens on, and that is not among those given away already; adds it to them."""
    while True:
        port = random.choice(PORTS)
        if port not in taken and is_free(port):
            taken.add(port)
            return port


def password_hash(password: str) -> str:
    """The password as a node's own file of users keeps it."""
    salt = secrets.token_bytes(32)
    made = hashlib.pbkdf2_hmac("sha512", password.encode(), salt, 10_000, 32)
    return "{PBKDF2}10000$" + "$".join(base64.b64encode(part).decode() for part in (salt, made))


@dataclass(frozen=True)
class Access:
    """How we ourselves speak to the nodes: plainly, or over TLS as the superuser."""

    authority: Path | None = None
    password: str = ""

    @property
    def scheme(self) -> str:
        return "https" if self.authority else "http"

    @property
    def context(self) -> ssl.SSLContext | None:
        return trusting(self.authority) if self.authority else None

    @property
    def authorization(self) -> str | None:
        if not self.authority:
            return None
        return "Basic " + base64.b64encode(f"{SUPERUSER}:{self.password}".encode()).decode()


class Node:
    """One node: its folder, its port, and its process tree while it runs."""

    def __init__(self, owner: Cluster, name: str, port: int, transport_port: int) -> None:
        self.owner = owner
        self.name = name
        self.port = port
        self.transport_port = transport_port
        self.folder = owner.folder / name
        self.url = f"{owner.access.scheme}://{ADDRESS}:{port}"
        self.output = owner.folder / f"{name}.log"
        self.process: subprocess.Popen[bytes] | None = None
        self.paused = False

    def configure(self, settings: Mapping[str, Any], files: Mapping[str, bytes]) -> None:
        """Writes the node's configuration anew; its data stays."""
        configuration = self.folder / "config"
        shutil.rmtree(configuration, ignore_errors=True)
        shutil.rmtree(self.folder / "tmp", ignore_errors=True)
        shutil.copytree(self.owner.home / "config", configuration)
        for part in ("data", "logs", "tmp"):
            (self.folder / part).mkdir(exist_ok=True)
        options = configuration / "jvm.options"
        kept = (
            line
            for line in options.read_text().splitlines()
            if not any(dropped in line for dropped in DROPPED_OPTIONS)
        )
        options.write_text("\n".join([*kept, f"-XX:ErrorFile={self.folder}/logs/hs_err_pid%p.log", ""]))
        for name, content in files.items():
            (configuration / name).write_bytes(content)
        own = {
            "node.name": self.name,
            "http.host": ADDRESS,
            "http.port": self.port,
            "transport.host": ADDRESS,
            "transport.port": self.transport_port,
            "path.data": str(self.folder / "data"),
            "path.logs": str(self.folder / "logs"),
        }
        (configuration / "elasticsearch.yml").write_text(yaml.safe_dump({**settings, **own}))
        give(ACCOUNT, self.folder)

    def launch(self) -> None:
        """Starts the process and does not wait until it answers."""
        home, java, heap = self.owner.home, self.owner.java, self.owner.heap
        environment = {
            "PATH": os.environ.get("PATH", os.defpath),
            "HOSTNAME": self.name,
            "ES_HOME": str(home),
            "ES_PATH_CONF": str(self.folder / "config"),
            "ES_TMPDIR": str(self.folder / "tmp"),
            "ES_JAVA_OPTS": f"-Xms{heap} -Xmx{heap} {QUICK if self.owner.throw_away else ''}",
            "ES_JAVA_HOME": str(java.home),
            "JAVA_HOME": str(java.home),
            "JAVA": str(java.program),
            "JAVA_TYPE": "ES_JAVA_HOME",
            "ES_DISTRIBUTION_TYPE": "zip",
        }
        launcher = ["-Xms4m", "-Xmx64m", "-XX:+UseSerialGC", "-cp", "lib/tools/server-launcher/*"]
        with self.output.open("ab") as output:
            self.process = subprocess.Popen(
                [str(java.program), *launcher, "org.elasticsearch.server.launcher.ServerLauncher"],
                cwd=home,
                env=environment,
                stdin=subprocess.DEVNULL,
                stdout=output,
                stderr=output,
                # Its own group, which holds the launcher and the node that it starts.
                start_new_session=True,
                user=ACCOUNT.user if ACCOUNT else None,
                group=ACCOUNT.group if ACCOUNT else None,
                extra_groups=[] if ACCOUNT else None,
            )
        self.paused = False
        self.owner.tell_guard()

    def start(self) -> None:
        """Starts it, on the data that it has, and waits until it is one of the cluster."""
        self.launch()
        self.wait()

    def wait(self, seconds: float = READY_WITHIN) -> None:
        """Until it answers and sees every node that runs. Raises NodeError with the end of its log."""
        end = time.monotonic() + seconds
        path = f"/_cluster/health?wait_for_status=yellow&wait_for_nodes=ge({self.owner.count()})&timeout=2s"
        while time.monotonic() < end:
            if not self.running():
                raise NodeError(f"{self.name} ended while it started:\n{self.last_words()}")
            with contextlib.suppress(OSError, http.client.HTTPException, ValueError):
                if self.request("GET", path)[0] == 200:
                    return
            time.sleep(0.2)
        raise NodeError(f"{self.name} was not ready within {seconds:.0f} s:\n{self.last_words()}")

    def running(self) -> bool:
        return self.process is not None and self.process.poll() is None

    def kill(self) -> None:
        """Ends the whole process tree by SIGKILL, as a failing machine would."""
        if self.process is None:
            return
        self.signal(signal.SIGKILL)
        self.process.wait()
        self.process = None
        self.owner.tell_guard()
        # The launcher has ended; the node under it holds its ports a moment longer while its memory is given back.
        end = time.monotonic() + STOP_WITHIN
        while not (is_free(self.port) and is_free(self.transport_port)) and time.monotonic() < end:
            time.sleep(0.02)

    def stop(self) -> None:
        """Ends it in order; by SIGKILL if that takes too long."""
        if self.process is None:
            return
        if self.paused:
            self.resume()
        self.process.terminate()
        with contextlib.suppress(subprocess.TimeoutExpired):
            self.process.wait(STOP_WITHIN)
        self.kill()

    def pause(self) -> None:
        """Cuts it off: its connections stay open and nothing answers."""
        self.signal(signal.SIGSTOP)
        self.paused = True
        # Its threads do not all stop at once, and one may yet answer what arrives first.
        with contextlib.suppress(OSError, http.client.HTTPException):
            while self.running():
                self.request("GET", "/", seconds=0.5)

    def resume(self) -> None:
        self.signal(signal.SIGCONT)
        self.paused = False

    def signal(self, number: int) -> None:
        """To the launcher and the node alike."""
        if self.process is not None:
            with contextlib.suppress(ProcessLookupError):
                os.killpg(self.process.pid, number)

    def request(
        self, method: str, path: str, body: Mapping[str, Any] | None = None, seconds: float = 30
    ) -> tuple[int, Any]:
        """Status and body of a request that may do everything."""
        access = self.owner.access
        return call(
            self.url,
            method,
            path,
            body,
            authorization=access.authorization,
            context=access.context,
            seconds=seconds,
        )

    def version(self) -> str:
        return str(self.request("GET", "/")[1]["version"]["number"])

    def last_words(self, lines: int = 40) -> str:
        """The end of what it wrote."""
        if not self.output.exists():
            return ""
        return "\n".join(self.output.read_bytes()[-20_000:].decode(errors="replace").splitlines()[-lines:])


@dataclass
class Cluster:
    """Nodes that belong together, and who watches over them."""

    folder: Path
    home: Path
    java: Java
    heap: str
    throw_away: bool
    access: Access
    guard: Guard
    nodes: list[Node] = field(default_factory=list)

    @property
    def urls(self) -> list[str]:
        return [node.url for node in self.nodes]

    def count(self) -> int:
        """How many nodes run and are not cut off."""
        return sum(node.running() and not node.paused for node in self.nodes)

    def tell_guard(self) -> None:
        self.guard.watch([node.process.pid for node in self.nodes if node.process is not None])

    def request(self, method: str, path: str, body: Mapping[str, Any] | None = None) -> tuple[int, Any]:
        """Status and body of a request to the first node that runs."""
        return next(node for node in self.nodes if node.running() and not node.paused).request(
            method, path, body
        )

    def api_key(self, name: str, roles: Mapping[str, Any] | None = None) -> str:
        """A new API key as clients send it, limited to role descriptors; without any it may do everything."""
        status, answer = self.request(
            "POST", "/_security/api_key", {"name": name, "role_descriptors": dict(roles or {})}
        )
        if status != 200:
            raise NodeError(f"The API key {name} was refused: {answer}")
        return str(answer["encoded"])

    def end(self) -> None:
        """Stops all of them, in order; throw-away ones have nothing to save, and are killed."""
        for node in self.nodes:
            if self.throw_away:
                node.kill()
            elif node.process is not None and not node.paused:
                node.process.terminate()
        for node in self.nodes:
            node.stop()
        self.guard.close()


def stated_rights(prefix: str) -> dict[str, Any]:
    """The role descriptors of the key that a deployment has (tools/deployment/search_key.sh): our indices alone."""
    indices = [{"names": [f"{prefix}*"], "privileges": ["read", "write", "manage"]}]
    return {"calloff": {"cluster": [], "indices": indices}}


def secured(
    names: Sequence[str], expired: bool, password: str, folder: Path
) -> tuple[dict[str, Any], dict[str, bytes]]:
    """Settings and files of a node that asks for TLS and a name, other nodes for TLS; writes the clients' authority."""
    authority = make_authority()
    write_authority(authority, folder / "authority.pem")
    key, certificate = issue(authority, names, expired)
    settings = {
        "xpack.security.enabled": True,
        "xpack.security.http.ssl.enabled": True,
        "xpack.security.http.ssl.key": "node.key",
        "xpack.security.http.ssl.certificate": "node.pem",
        "xpack.security.http.ssl.certificate_authorities": "authority.pem",
        "xpack.security.transport.ssl.enabled": True,
        "xpack.security.transport.ssl.key": "node.key",
        "xpack.security.transport.ssl.certificate": "node.pem",
        "xpack.security.transport.ssl.certificate_authorities": "authority.pem",
        "xpack.security.transport.ssl.verification_mode": "full",
    }
    files = {
        "authority.pem": (folder / "authority.pem").read_bytes(),
        "node.key": key,
        "node.pem": certificate,
        "users": f"{SUPERUSER}:{password_hash(password)}\n".encode(),
        "users_roles": f"superuser:{SUPERUSER}\n".encode(),
    }
    return settings, files


def gathered(nodes: Sequence[Node]) -> dict[str, Any]:
    """The settings by which nodes find each other."""
    if len(nodes) == 1:
        return {"discovery.type": "single-node"}
    return {
        "discovery.seed_hosts": [f"{ADDRESS}:{node.transport_port}" for node in nodes],
        "cluster.initial_master_nodes": [node.name for node in nodes],
    }


@contextlib.contextmanager
def cluster(
    nodes: int = 1,
    *,
    security: bool = False,
    expired: bool = False,
    names: Sequence[str] = ("localhost", ADDRESS),
    heap: str = "512m",
    port: int = 0,
    folder: Path | None = None,
    settings: Mapping[str, Any] | None = None,
) -> Iterator[Cluster]:
    """Runs nodes for as long as the block lasts, and leaves no process behind, however we end.

    With `security` they speak TLS with a certificate for `names`, which `expired` makes one that ended yesterday.
    `port` 0 chooses free ones. A given `folder` is kept, and its data found again by the next call; without one
    they are throw-away nodes, which start sooner and are no measure of speed. `settings` are added to each
    node's own. Raises NodeUnavailableError where this machine cannot run a node, NodeError with the end of the
    log where one does not start.
    """
    java = find_java()
    base = node_folder()
    home = software(base)
    chosen = [port + number for number in range(nodes)] if port else []
    for number in chosen:
        if not is_free(number):
            raise NodeError(
                f"Port {number} on {ADDRESS} cannot be used; something listens there. Choose another."
            )
    taken = set(chosen)
    if folder is None:
        place = Path(tempfile.mkdtemp(prefix="nodes-", dir=base))
        place.chmod(0o755)
    else:
        place = folder.absolute()
        place.mkdir(parents=True, exist_ok=True)
    password = secrets.token_urlsafe(24)
    access = Access(place / "authority.pem", password) if security else Access()
    throw_away = folder is None
    running = Cluster(place, home, java, heap, throw_away, access, Guard(place if throw_away else None))
    try:
        for number in range(nodes):
            http_port = chosen[number] if chosen else free_port(taken)
            running.nodes.append(Node(running, f"node-{number + 1}", http_port, free_port(taken)))
        common, files = (
            secured(names, expired, password, place) if security else ({"xpack.security.enabled": False}, {})
        )
        for node in running.nodes:
            node.folder.mkdir(exist_ok=True)
            node.configure(
                {
                    **PLAIN,
                    "cluster.name": place.name,
                    **common,
                    **gathered(running.nodes),
                    **(settings or {}),
                },
                files,
            )
            node.launch()
        for node in running.nodes:
            node.wait()
        yield running
    finally:
        running.end()
