"""The three Elasticsearch nodes of compose.yaml without a container: its settings, the certificates of its own script,
and an address for each node that no certificate holds, as a container has.
"""

from __future__ import annotations

import os
import shutil
import subprocess
import tempfile
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from typing import Any, Final

import yaml

from tests.platform.supervised import ROOT
from tools.search_node.account import ACCOUNT, give, node_folder
from tools.search_node.guard import Guard
from tools.search_node.java import Java, find_java
from tools.search_node.nodes import PLAIN, Access, Cluster, Node, free_port
from tools.search_node.software import software

SERVICES: Final[dict[str, dict[str, Any]]] = yaml.safe_load((ROOT / "compose.yaml").read_text())["services"]
ADDRESSES: Final = {"search1": "127.0.0.11", "search2": "127.0.0.12", "search3": "127.0.0.13"}
OF_THE_MACHINE: Final = ("ES_JAVA_OPTS", "bootstrap.memory_lock")
"""What compose.yaml sets of a node that says how large it is, and not how it works."""
TOOLS: Final = {
    "certutil": "modules/x-pack-core,modules/x-pack-security,lib/tools/security-cli",
    "keystore": "lib/tools/keystore-cli",
}
"""Elasticsearch's own commands, and where their code lies: what we have of the software lacks their shell scripts."""


class DeployedNode(Node):
    """A node that is set by compose.yaml alone, but for where it listens and keeps its files."""

    def configure(self, settings: Mapping[str, Any], files: Mapping[str, bytes]) -> None:
        super().configure(settings, files)
        (self.folder / "config" / "elasticsearch.yml").write_text(
            yaml.safe_dump(
                {
                    **settings,
                    # The image's own is 0.0.0.0, by which a node publishes its container's address; here each has one
                    # of the loopback's, and publishes that unless compose.yaml says what else.
                    "network.host": ADDRESSES[self.name],
                    "http.port": self.port,
                    "transport.port": self.transport_port,
                    "path.data": str(self.folder / "data"),
                    "path.logs": str(self.folder / "logs"),
                }
            )
        )


class Deployed:
    """The nodes by name, none of them started, and what their containers and those beside them would find."""

    def __init__(self, running: Cluster, work: Path) -> None:
        self.work = work
        self.nodes = {node.name: node for node in running.nodes}
        self.password = work / "elastic_password"
        self.access = work / "access"

    def environment(self, node: str) -> dict[str, str]:
        """Where curl finds that node, whether by its name or, as in its container, as localhost."""
        home = self.work / f"curl-{node}"
        home.mkdir(exist_ok=True)
        port = self.nodes[node].port
        (home / ".curlrc").write_text(
            "".join(f'connect-to = "{name}:9200:{ADDRESSES[node]}:{port}"\n' for name in ("localhost", node))
        )
        return {"PATH": os.environ["PATH"], "CURL_HOME": str(home)}

    def health(self, node: str) -> int:
        """The exit code of the health check of that node's service, as it stands in compose.yaml."""
        kind, command = SERVICES[node]["healthcheck"]["test"]
        assert kind == "CMD-SHELL"
        return subprocess.run(
            ["sh", "-c", command.replace("$$", "$").replace("/run/secrets", str(self.work))],
            cwd=self.nodes[node].folder,
            env=self.environment(node),
            timeout=60,
            check=False,
        ).returncode

    def answers(self, node: str) -> str:
        """The status that the node gives to whoever has no name; 000 where it does not answer."""
        return subprocess.run(
            ["curl", "-s", "-o", "/dev/null", "-w", "%{http_code}", "--cacert", str(self.access / "ca.crt"),
             "https://localhost:9200"],
            env=self.environment(node),
            capture_output=True,
            text=True,
            timeout=60,
            check=False,
        ).stdout  # fmt: skip

    def replicated(self, node: str) -> bool:
        """Whether, as that node says, another holds a copy of all that each holds, the keys of callers among it."""
        return (
            subprocess.run(
                ["curl", "-s", "-f", "-o", "/dev/null", "-K", "-", "--cacert", str(self.access / "ca.crt"),
                 "https://localhost:9200/_cluster/health?wait_for_status=green&timeout=5s&expand_wildcards=all"],
                env=self.environment(node),
                input=f'user = "elastic:{self.password.read_text().strip()}"\n',
                text=True,
                timeout=60,
                check=False,
            ).returncode
            == 0
        )  # fmt: skip

    def script(self, name: str, node: str, **environment: str) -> subprocess.CompletedProcess[str]:
        """Runs a script of tools/deployment/ beside a node. The longest that asks has a PATIENCE of 180 seconds, and
        begins no round after it.
        """
        return subprocess.run(
            ["bash", str(ROOT / "tools" / "deployment" / name)],
            env={**self.environment(node), **environment},
            capture_output=True,
            text=True,
            timeout=300,
            check=False,
        )


def command(name: str, home: Path, java: Java) -> str:
    """The shell script of one of Elasticsearch's commands."""
    return (
        f"#!/bin/bash\nexport ES_HOME={home} ES_JAVA_HOME={java.home} CLI_NAME={name} CLI_LIBS={TOOLS[name]}\n"
        f'exec "{home}/bin/elasticsearch-cli" "$@"\n'
    )


def certificates(work: Path, home: Path, java: Java) -> dict[str, Path]:
    """What search_certificates.sh makes in the volumes of its service, by the variable that names each."""
    tool = work / "certutil"
    tool.write_text(command("certutil", home, java))
    tool.chmod(0o755)
    volumes = {name: work / name.lower() for name in ("CERTIFICATES", "AUTHORITY", "ACCESS")}
    for folder in volumes.values():
        folder.mkdir(exist_ok=True)
    subprocess.run(
        ["bash", str(ROOT / "tools" / "deployment" / "search_certificates.sh")],
        env={
            "PATH": os.environ["PATH"],
            "CERTUTIL": str(tool),
            "NODES": SERVICES["search-certificates"]["environment"]["NODES"],
            **{name: str(folder) for name, folder in volumes.items()},
        },
        check=True,
        timeout=300,
    )
    return volumes


@contextmanager
def deployed(work: Path) -> Iterator[Deployed]:
    """The nodes ready to be launched, in an order of the test's own; none is left at the end."""
    java, base = find_java(), node_folder()
    home = software(base)
    volumes = certificates(work, home, java)
    place = Path(tempfile.mkdtemp(prefix="nodes-", dir=base))
    place.chmod(0o755)
    running = Cluster(place, home, java, "400m", True, Access(), Guard(place))
    try:
        # One port for all: what discovery.seed_hosts names has the port of whoever asks.
        taken: set[int] = set()
        port, transport = free_port(taken), free_port(taken)
        running.nodes += [DeployedNode(running, name, port, transport) for name in ADDRESSES]
        made = Deployed(running, work)
        made.password.write_text("a-password-of-the-test\n")
        hosts = place / "hosts"
        hosts.write_text("".join(f"{address} {name}\n" for name, address in ADDRESSES.items()))
        for node in running.nodes:
            _prepare(node, made, volumes["CERTIFICATES"], hosts)
        yield made
    finally:
        running.end()


def _prepare(node: Node, made: Deployed, certificates_made: Path, hosts: Path) -> None:
    given = SERVICES[node.name]["environment"]
    settings = {name: value for name, value in given.items() if name not in OF_THE_MACHINE}
    node.folder.mkdir()
    node.configure({**PLAIN, **settings}, {})
    configuration = node.folder / "config"
    shutil.copytree(certificates_made, configuration / "certs")
    (configuration / "jvm.options.d").mkdir(exist_ok=True)
    (configuration / "jvm.options.d" / "hosts.options").write_text(f"-Djdk.net.hosts.file={hosts}\n")
    keystore = made.work / "keystore"
    keystore.write_text(command("keystore", node.owner.home, node.owner.java))
    subprocess.run(
        ["bash", str(keystore), "add", "-x", "-f", "bootstrap.password"],
        env={"PATH": os.environ["PATH"], "ES_PATH_CONF": str(configuration)},
        input=made.password.read_text().strip().encode(),
        check=True,
        timeout=120,
        capture_output=True,
    )
    give(ACCOUNT, node.folder)
