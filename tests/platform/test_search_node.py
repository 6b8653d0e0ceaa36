"""The script that runs a real Elasticsearch: what it finds, fetches, starts, kills and leaves behind."""

from __future__ import annotations

import json
import os
import signal
import ssl
import subprocess
import sys
import tempfile
import time
import zipfile
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.platform.supervised import ROOT, until
from tools.search_node import VERSION, Cluster, NodeError, NodeUnavailableError, SoftwareError, cluster
from tools.search_node.__main__ import settings_for
from tools.search_node.account import Account, node_folder, reaches
from tools.search_node.guard import Guard
from tools.search_node.java import find_java, find_maven
from tools.search_node.nodes import free_port, stated_rights
from tools.search_node.rest import call
from tools.search_node.software import software, unzip, verify

SLOW = 600
HANGS = """
import time
from tools.search_node import cluster
with cluster() as running:
    running.nodes[0].pause()
    print(running.nodes[0].process.pid, running.folder, flush=True)
    time.sleep(600)
"""


def group_runs(group: int) -> bool:
    """Whether a process of a group is alive; one that ended and nobody waited for is not."""
    for entry in Path("/proc").iterdir():
        if entry.name.isdigit():
            try:
                fields = (entry / "stat").read_text().rpartition(")")[2].split()
            except OSError:
                continue
            if int(fields[2]) == group and fields[0] != "Z":
                return True
    return False


def checkpoints(running: Cluster) -> list[int]:
    """Up to which operation each copy of the index's one shard knows that all copies have it."""
    _, stats = running.request("GET", "/shared/_stats?level=shards")
    return [copy["seq_no"]["global_checkpoint"] for copy in stats["indices"]["shared"]["shards"]["0"]]


def fake_java(home: Path, version: str) -> Path:
    program = home / "bin" / "java"
    program.parent.mkdir(parents=True)
    program.write_text(f"#!/bin/sh\necho 'openjdk version \"{version}\" 2025-01-01' >&2\n")
    program.chmod(0o755)
    return home


@pytest.fixture(scope="module")
def single(own_nodes: None) -> Iterator[Cluster]:
    with cluster() as running:
        yield running


@pytest.fixture(scope="module")
def secure(own_nodes: None) -> Iterator[Cluster]:
    with cluster(security=True, names=["localhost"]) as running:
        yield running


def test_no_java_is_one_line_that_says_what_is_needed() -> None:
    with pytest.raises(NodeUnavailableError) as caught:
        find_java([])
    assert str(caught.value) == (
        "Elasticsearch needs Java 21 or newer; none was found. Install one, or name its folder in ES_JAVA_HOME."
    )


@pytest.fixture
def open_folder() -> Iterator[Path]:
    """A folder that the account of the nodes can enter, as pytest's own cannot be."""
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        folder.chmod(0o755)
        yield folder


def test_a_java_that_is_too_old_is_named_by_its_release(open_folder: Path) -> None:
    with pytest.raises(
        NodeUnavailableError, match=r"^Elasticsearch needs Java 21 or newer; the newest found is 17\."
    ):
        find_java([fake_java(open_folder / "a", "1.8.0_402"), fake_java(open_folder / "b", "17.0.15")])


def test_the_first_java_that_is_new_enough_is_taken(open_folder: Path) -> None:
    old, new = fake_java(open_folder / "old", "17.0.15"), fake_java(open_folder / "new", "25")
    found = find_java([open_folder / "nothing", old, new])
    assert (found.home, found.release) == (new.resolve(), 25)


def test_no_maven_is_one_line_that_says_how_to_get_it(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    monkeypatch.setenv("PATH", str(tmp_path))
    with pytest.raises(
        NodeUnavailableError, match=r"^Elasticsearch is fetched by Maven, and mvn is not on the PATH"
    ):
        software(tmp_path)
    assert [path.name for path in tmp_path.iterdir()] == ["unzip.lock"]
    with pytest.raises(NodeUnavailableError):
        find_maven()


def test_an_archive_that_is_not_the_pinned_one_is_refused(tmp_path: Path) -> None:
    archive = tmp_path / "archive.zip"
    archive.write_bytes(b"something else")
    with pytest.raises(SoftwareError, match=r"^archive\.zip has the SHA-256 [0-9a-f]{64}, and not b7306f5e"):
        verify(archive)


def test_only_the_nodes_part_of_an_archive_is_unzipped_and_nothing_outside(tmp_path: Path) -> None:
    archive = tmp_path / "archive.zip"
    with zipfile.ZipFile(archive, "w") as made:
        for name in ("top/readme", "top/elasticsearch/lib/a.jar", "top/elasticsearch/../../../outside"):
            made.writestr(name, name)
    unzip(archive, tmp_path / "made")
    files = sorted(str(path.relative_to(tmp_path)) for path in tmp_path.rglob("*") if path.is_file())
    assert files == ["archive.zip", "made/lib/a.jar"]


def test_a_closed_folder_is_not_given_to_an_account_that_cannot_enter_it(tmp_path: Path) -> None:
    tmp_path.chmod(0o700)
    assert not reaches(Account(65534, 65534), tmp_path)
    assert reaches(Account(65534, 65534), Path("/usr"))


def test_a_guard_kills_what_it_watches_and_removes_the_folder(tmp_path: Path) -> None:
    folder = tmp_path / "throw away"
    folder.mkdir()
    # A shell that has ended leaves its group to what it started, as a node's launcher may.
    command = ["sh", "-c", "sleep 600 >/dev/null 2>&1 & echo $$"]
    group = int(subprocess.run(command, start_new_session=True, capture_output=True, check=True).stdout)
    assert group_runs(group)
    guard = Guard(folder)
    guard.watch([group])
    guard.close()
    assert (group_runs(group), folder.exists()) == (False, False)


def test_a_guard_leaves_alone_what_was_taken_from_it(tmp_path: Path) -> None:
    with subprocess.Popen(["sleep", "600"], start_new_session=True) as sleeper:
        guard = Guard(None)
        guard.watch([sleeper.pid])
        guard.watch([])
        guard.close()
        assert sleeper.poll() is None
        sleeper.kill()


@pytest.mark.elasticsearch
def test_the_shared_node_answers_its_version(search_node: str) -> None:
    status, answer = call(search_node, "GET", "/")
    assert (status, answer["version"]["number"], answer["version"]["build_flavor"]) == (
        200,
        VERSION,
        "default",
    )


@pytest.mark.elasticsearch
def test_the_software_is_unzipped_once(
    own_nodes: None, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    monkeypatch.setenv("PATH", str(tmp_path))
    began = time.monotonic()
    assert software(node_folder()) == node_folder() / VERSION
    assert time.monotonic() - began < 1


@pytest.mark.elasticsearch
@pytest.mark.timeout(SLOW)
@pytest.mark.parametrize("how", ["kill", "stop"])
def test_a_node_that_ended_starts_again_with_its_data(single: Cluster, how: str) -> None:
    node = single.nodes[0]
    status, _ = node.request("PUT", f"/kept-{how}/_doc/1", {"name": "Ada"})
    assert (status, node.process is not None) == (201, True)
    group = node.process.pid if node.process else 0
    getattr(node, how)()
    assert (node.running(), group_runs(group)) == (False, False)
    with pytest.raises(OSError, match="refused"):
        node.request("GET", "/")
    node.start()
    assert node.request("GET", f"/kept-{how}/_doc/1")[1]["_source"] == {"name": "Ada"}


@pytest.mark.elasticsearch
@pytest.mark.timeout(SLOW)
def test_a_node_that_is_cut_off_answers_again_once_it_is_back(single: Cluster) -> None:
    node = single.nodes[0]
    node.pause()
    try:
        with pytest.raises(TimeoutError):
            node.request("GET", "/", seconds=1)
    finally:
        node.resume()
    assert node.version() == VERSION


@pytest.mark.elasticsearch
@pytest.mark.timeout(SLOW)
def test_three_nodes_go_on_answering_when_one_is_killed(own_nodes: None) -> None:
    with cluster(nodes=3) as running:
        assert running.request("GET", "/_cluster/health")[1]["number_of_nodes"] == 3
        index = {"settings": {"number_of_shards": 1, "number_of_replicas": 2}}
        assert running.request("PUT", "/shared?wait_for_active_shards=all", index)[0] == 200
        assert running.request("PUT", "/shared/_doc/1?refresh=true", {"name": "Ada"})[0] == 201
        # A copy that takes over reads from its last safe commit while it catches up: what is to be found meanwhile
        # must be in one, and be known by every copy to be.
        until(lambda: checkpoints(running) == [0, 0, 0], 60, "a copy does not know that the others have it")
        assert running.request("POST", "/shared/_flush?force=true&wait_if_ongoing=true")[0] == 200
        running.nodes[0].kill()
        for _ in range(50):
            for node in running.nodes[1:]:
                status, answer = node.request("GET", "/shared/_search")
                assert (status, answer["hits"]["total"]["value"], answer["_shards"]["failed"]) == (200, 1, 0)
        health = running.request("GET", "/_cluster/health?wait_for_nodes=2&timeout=60s")[1]
        assert (health["number_of_nodes"], health["timed_out"]) == (2, False)


@pytest.mark.elasticsearch
@pytest.mark.timeout(SLOW)
def test_a_secure_node_refuses_whoever_has_no_key(secure: Cluster) -> None:
    context = ssl.create_default_context(cafile=secure.access.authority)
    url = f"https://localhost:{secure.nodes[0].port}"
    key = secure.api_key("reader", {"reader": {"cluster": ["monitor"], "indices": []}})
    assert call(url, "GET", "/", context=context)[0] == 401
    assert call(url, "GET", "/", context=context, authorization="ApiKey d3Jvbmc6a2V5")[0] == 401
    status, answer = call(url, "GET", "/", context=context, authorization=f"ApiKey {key}")
    assert (status, answer["version"]["number"]) == (200, VERSION)
    assert call(url, "PUT", "/closed", context=context, authorization=f"ApiKey {key}")[0] == 403


@pytest.mark.elasticsearch
@pytest.mark.timeout(SLOW)
def test_the_key_that_a_secure_node_prints_may_do_what_a_deployments_may_and_no_more(
    secure: Cluster, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("SEARCH_PREFIX", "tried-")
    told = dict(line.split("=", 1) for line in settings_for(secure, secure=True))
    assert list(told) == ["SEARCH_URL", "SEARCH_CA_CERT", "SEARCH_API_KEY"]
    context = ssl.create_default_context(cafile=told["SEARCH_CA_CERT"])
    url, key = f"https://localhost:{secure.nodes[0].port}", f"ApiKey {told['SEARCH_API_KEY']}"
    for method, path, status in (
        ("PUT", "/tried-listings", 200),
        ("DELETE", "/tried-listings", 200),
        ("PUT", "/another", 403),
        ("GET", "/_cluster/health", 403),
        ("GET", "/_security/user", 403),
    ):
        assert call(url, method, path, context=context, authorization=key)[0] == status, path


def test_the_rights_of_that_key_are_those_that_the_deployment_asks_for() -> None:
    script = (ROOT / "tools" / "deployment" / "search_key.sh").read_text()
    role = next(line for line in script.splitlines() if line.startswith("role="))
    asked = json.loads(role.removeprefix("role=$(printf '").partition("' ")[0])
    assert asked["role_descriptors"] == stated_rights("%s")


@pytest.mark.elasticsearch
@pytest.mark.timeout(SLOW)
def test_a_secure_node_is_trusted_by_its_authority_and_its_name_alone(secure: Cluster) -> None:
    port = secure.nodes[0].port
    trusting, stranger = (
        ssl.create_default_context(cafile=secure.access.authority),
        ssl.create_default_context(),
    )
    with pytest.raises(ssl.SSLCertVerificationError, match="IP address mismatch"):
        call(f"https://127.0.0.1:{port}", "GET", "/", context=trusting)
    with pytest.raises(ssl.SSLCertVerificationError, match="unable to get local issuer certificate"):
        call(f"https://localhost:{port}", "GET", "/", context=stranger)


@pytest.mark.elasticsearch
@pytest.mark.timeout(SLOW)
def test_an_expired_certificate_is_one(own_nodes: None) -> None:
    with cluster(security=True, expired=True) as running:
        assert running.nodes[0].version() == VERSION
        context = ssl.create_default_context(cafile=running.access.authority)
        with pytest.raises(ssl.SSLCertVerificationError, match="certificate has expired"):
            call(running.urls[0], "GET", "/", context=context)


@pytest.mark.elasticsearch
def test_a_port_that_is_taken_is_named(own_nodes: None, search_node: str) -> None:
    port = int(search_node.rpartition(":")[2])
    with pytest.raises(NodeError, match=rf"^Port {port} on 127\.0\.0\.1 cannot be used"), cluster(port=port):
        pytest.fail("it started")


@pytest.mark.elasticsearch
@pytest.mark.timeout(SLOW)
def test_a_node_that_cannot_start_says_why_and_leaves_nothing(own_nodes: None) -> None:
    before = sorted(node_folder().glob("nodes-*"))
    with (
        pytest.raises(NodeError, match=r"unknown setting \[no\.such\.setting\]"),
        cluster(settings={"no.such.setting": 1}),
    ):
        pytest.fail("it started")
    assert sorted(node_folder().glob("nodes-*")) == before


@pytest.mark.elasticsearch
@pytest.mark.timeout(SLOW)
def test_whoever_is_killed_leaves_neither_process_nor_folder(own_nodes: None) -> None:
    with subprocess.Popen(
        [sys.executable, "-c", HANGS], cwd=ROOT, stdout=subprocess.PIPE, text=True
    ) as owner:
        assert owner.stdout
        number, _, folder = owner.stdout.readline().strip().partition(" ")
        assert group_runs(int(number))
        owner.kill()
    until(lambda: not group_runs(int(number)), 10, "the node still runs")
    until(lambda: not Path(folder).exists(), 20, "its folder is still there")


@pytest.mark.elasticsearch
@pytest.mark.timeout(SLOW)
def test_the_command_prints_where_it_listens_and_ends_with_all_it_started(own_nodes: None) -> None:
    port = free_port(set())
    command = [
        sys.executable,
        "-m",
        "tools.search_node",
        "--port",
        str(port),
        "--heap",
        "512m",
        "--throw-away",
    ]
    with subprocess.Popen(command, cwd=ROOT, stdout=subprocess.PIPE, text=True, env=os.environ) as owner:
        assert owner.stdout
        assert owner.stdout.readline().startswith(f"Elasticsearch {VERSION} is ready (")
        assert owner.stdout.readline() == f"SEARCH_URL=http://127.0.0.1:{port}\n"
        assert owner.stdout.readline() == "Stop with Ctrl-C.\n"
        assert call(f"http://127.0.0.1:{port}", "GET", "/")[0] == 200
        owner.send_signal(signal.SIGINT)
        assert owner.stdout.read() == "Stopped.\n"
    assert owner.returncode == 0
    with pytest.raises(OSError, match="refused"):
        call(f"http://127.0.0.1:{port}", "GET", "/")
