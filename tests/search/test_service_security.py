"""A search service with security and TLS on: the least key that is enough, and what is said of what is wrong."""

from __future__ import annotations

import base64
import json
import logging
import re
import secrets
import ssl
import subprocess
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import date
from io import StringIO
from pathlib import Path
from typing import Any

import pytest
from django.core.management import CommandError, call_command
from django.test import Client, override_settings

from procurement.models import Partner
from search.engines.base import EngineUnavailable
from search.engines.elasticsearch.client import UNASSIGNED, NotAllowed
from search.engines.elasticsearch.making import why_unassigned
from search.index import COLLECTIONS, engine, release_writer, service_fault
from search.query import ListingQuery, SuggestionQuery
from search.rate_query import RateQuery, RoleQuery
from search.rebuild import rebuild
from search.sync import drain
from tests.platform.supervised import ROOT
from tests.search.faults import assert_agrees, assert_unavailable, edit, found, indexed, probe, roles, until
from tests.world import make_world
from tools.prepare import build_index
from tools.search_node import Cluster, Node, cluster
from tools.search_node.certificates import issue, make_authority, write_authority

pytestmark = [
    pytest.mark.elasticsearch,
    pytest.mark.long,
    pytest.mark.django_db,
    pytest.mark.timeout(600),
]

LISTINGS = 6
PREFIX = "calloff-"
DEPLOYMENT = (ROOT / "docs" / "deployment.md").read_text()
NEEDED = ["read", "write", "manage"]


def stated_role() -> dict[str, Any]:
    """The rights of a key as docs/deployment.md states them."""
    block = re.search(r"```json\n(.*?)```", DEPLOYMENT, re.DOTALL)
    assert block is not None
    return dict(json.loads(block[1]))


@pytest.fixture(scope="module")
def secure(own_nodes: None) -> Iterator[Cluster]:
    with cluster(security=True, names=["localhost"], heap="512m") as running:
        yield running


def address(node: Node, host: str = "localhost", scheme: str = "https") -> str:
    return f"{scheme}://{host}:{node.port}"


def settings_of(running: Cluster, key: str, **others: Any) -> dict[str, Any]:
    """A client that does everything right, but for `others`."""
    return {
        "SEARCH_URL": address(running.nodes[0]),
        "SEARCH_API_KEY": key,
        "SEARCH_CA_CERT": str(running.access.authority),
        "SEARCH_PREFIX": f"{PREFIX}{secrets.token_hex(4)}-",
        **others,
    }


def test_the_rights_in_the_operations_guide_are_those_that_the_deployment_asks_for() -> None:
    script = (ROOT / "tools" / "deployment" / "search_key.sh").read_text()
    line = next(line for line in script.splitlines() if line.startswith("role="))
    command = f'PREFIX={PREFIX}\n{line}\nprintf %s "$role"'
    asked = subprocess.run(["bash", "-c", command], capture_output=True, text=True, check=True).stdout
    assert json.loads(asked)["role_descriptors"] == {"calloff": stated_role()}
    assert stated_role() == {"cluster": [], "indices": [{"names": [f"{PREFIX}*"], "privileges": NEEDED}]}


def test_a_key_with_the_stated_rights_is_enough_for_everything_that_we_do(
    secure: Cluster, client: Client
) -> None:
    make_world()
    key = secure.api_key("stated", {"calloff": stated_role()})
    where = settings_of(secure, key)
    with indexed(secure, **where) as writer:
        assert service_fault() is None
        assert found(client, "yew") == ["wr1~yew~yew"]
        assert engine().suggest(SuggestionQuery("yew"))[0].reference == "yew"
        assert engine().search_rates(RateQuery(as_of=date(2025, 1, 1))).count == 3
        assert list(engine().suggest_roles(RoleQuery("a"))) == []
        edit("under a key")
        drain(writer)
        assert found(client, "key") == ["wr1~yew~yew"]
        assert_agrees(LISTINGS)
        rebuild(writer)
        assert roles(secure, where["SEARCH_PREFIX"]) == [
            ["listings", "listings-write"],
            ["listings-previous"],
        ]
        for collection in COLLECTIONS:
            writer.rollback(collection)
        assert found(client, "key") == ["wr1~yew~yew"]
        rebuild(writer)
        assert_agrees(LISTINGS)


@pytest.mark.parametrize("right", NEEDED)
def test_none_of_the_stated_rights_can_be_left_out(secure: Cluster, right: str) -> None:
    make_world()
    role = stated_role()
    role["indices"][0]["privileges"].remove(right)
    key = secure.api_key("less", {"calloff": role})
    with override_settings(**settings_of(secure, key)), pytest.raises(EngineUnavailable) as refused:
        build_and_search()
    assert str(refused.value) == NOT_ENOUGH


def lacking(what: str, prefix: str) -> str:
    """What is said of a key that lacks these rights for a prefix."""
    return f"our key (SEARCH_API_KEY) lacks {what} for the indices {prefix}* (SEARCH_PREFIX) of the search service"


def without(secure: Cluster, *rights: str) -> str:
    """A key with the stated rights but these."""
    role = stated_role()
    role["indices"][0]["privileges"] = [right for right in NEEDED if right not in rights]
    return secure.api_key("without", {"calloff": role})


def refusal_of(*words: str) -> str:
    """What check_index ends with."""
    with pytest.raises(CommandError) as refused:
        call_command("check_index", *words, stdout=StringIO())
    return str(refused.value)


def test_a_comparison_names_the_right_that_the_key_lacks_and_the_prefix(secure: Cluster) -> None:
    make_world()
    where = settings_of(secure, secure.api_key("stated", {"calloff": stated_role()}))
    prefix = where["SEARCH_PREFIX"]
    with indexed(secure, **where):
        for rights, what in (
            (("read",), "the right read"),
            (("manage",), "the right manage"),
            (("read", "manage"), "the rights read and manage"),
        ):
            with override_settings(SEARCH_API_KEY=without(secure, *rights)):
                assert refusal_of() == f"Nothing was compared: {lacking(what, prefix)}."
        with override_settings(SEARCH_PREFIX="others-"):
            what = "the rights read, write and manage"
            assert refusal_of() == f"Nothing was compared: {lacking(what, 'others-')}."


def test_a_repair_names_the_right_that_the_key_lacks_and_the_prefix(secure: Cluster) -> None:
    make_world()
    where = settings_of(secure, secure.api_key("stated", {"calloff": stated_role()}))
    with indexed(secure, **where):
        release_writer()
        Partner.objects.filter(reference="yew").update(suspended=True)
        with override_settings(SEARCH_API_KEY=without(secure, "write")):
            told = refusal_of("--repair")
        release_writer()
        assert told == f"1 wait to be written again: {lacking('the right write', where['SEARCH_PREFIX'])}."
        assert found(Client(), "yew") == ["wr1~yew~yew"]


def test_a_key_that_may_look_but_make_no_index_stops_searches_alone(
    secure: Cluster, client: Client, capsys: pytest.CaptureFixture[str]
) -> None:
    make_world()
    role = stated_role()
    role["indices"][0]["privileges"] = ["read", "write", "view_index_metadata"]
    with override_settings(**settings_of(secure, secure.api_key("looks", {"calloff": role}))):
        build_index()
        told = capsys.readouterr().err
        assert told.startswith(
            "Searches of this version will answer 503 until it is built. The index was not rebuilt"
        )
        assert NOT_ENOUGH in told
        assert_unavailable(client)
        assert client.get("/api/v1/frameworks/").status_code == 200


def build_and_search() -> None:
    """What we do first at a service: look at it, build, search."""
    checked = probe()
    try:
        checked.check()
    finally:
        checked.close()
    with engine().writer() as writer:
        rebuild(writer)
    engine().search_listings(ListingQuery(q="yew"))


def test_a_key_with_the_stated_rights_reaches_nothing_else(secure: Cluster) -> None:
    assert secure.request("PUT", "/others/_doc/1", {"name": "Ada"})[0] == 201
    key = secure.api_key("narrow", {"calloff": stated_role()})
    with override_settings(**settings_of(secure, key)):
        client = probe().client
        for method, path, body in (
            ("GET", "/others/_doc/1", None),
            ("POST", "/others/_search", None),
            ("PUT", "/others/_doc/2", {"name": "Grace"}),
            ("DELETE", "/others", None),
            ("PUT", "/calloffs", None),
            ("PUT", "/_cluster/settings", {"persistent": {"action.auto_create_index": "false"}}),
            ("GET", "/_security/user", None),
            ("POST", "/_security/api_key", {"name": "more"}),
        ):
            with pytest.raises(EngineUnavailable) as refused:
                client.call(method, path, body)
            assert str(refused.value) == NOT_ENOUGH, path
        client.close()


def test_only_a_key_that_may_monitor_may_ask_why_no_node_takes_an_index(secure: Cluster) -> None:
    nowhere = {"settings": {"index.routing.allocation.require._name": "nobody"}}
    assert secure.request("PUT", f"/{PREFIX}nowhere?timeout=1s", nowhere)[1]["shards_acknowledged"] is False
    asked: dict[str, Any] = {"index": f"{PREFIX}nowhere", "shard": 0, "primary": True}
    path = "/_cluster/allocation/explain"
    with override_settings(**settings_of(secure, secure.api_key("stated", {"calloff": stated_role()}))):
        stated = probe().client
        with pytest.raises(NotAllowed):
            stated.call("POST", path, asked)
        assert why_unassigned(stated, asked["index"]) == UNASSIGNED
        stated.close()
    role = {**stated_role(), "cluster": ["monitor"]}
    with override_settings(**settings_of(secure, secure.api_key("monitor", {"calloff": role}))):
        monitoring = probe().client
        told = monitoring.call("POST", path, asked)["node_allocation_decisions"]
        assert [decider["decider"] for node in told for decider in node["deciders"]] == ["filter"]
        monitoring.close()


NOT_ENOUGH = "our key may not do this at the search service (it must read, write and manage our indices)"
WRONG_KEY = "the search service does not accept our key (SEARCH_API_KEY)"
PASSWORD = "p4ss-w0rd-of-nobody"
WRONG = base64.b64encode(b"nobody:a-secret-that-opens-nothing").decode()
SECRETS = (PASSWORD, WRONG, "a-secret-that-opens-nothing")

FAULTS = {
    "a wrong key": ({"SEARCH_API_KEY": WRONG}, WRONG_KEY),
    "no key": ({"SEARCH_API_KEY": ""}, WRONG_KEY),
    "a wrong password": ({"SEARCH_API_KEY": "", "who": f"nobody:{PASSWORD}@"}, WRONG_KEY),
    "an unknown host": (
        {"SEARCH_URL": "https://search.invalid:9200"},
        "the search service's host name is unknown (SEARCH_URL)",
    ),
    "a strange authority": (
        {"SEARCH_CA_CERT": ""},
        "the search service's certificate is not signed by an authority we trust (SEARCH_CA_CERT names its file)",
    ),
    "another name": (
        {"host": "127.0.0.1"},
        "the search service's certificate is for another host name than SEARCH_URL says",
    ),
    "no TLS": (
        {"scheme": "http"},
        "the search service closed the connection without an answer (if it speaks TLS, SEARCH_URL begins with https)",
    ),
}


@contextmanager
def wrong(secure: Cluster, key: str, changes: dict[str, str]) -> Iterator[None]:
    """Settings with something wrong in them."""
    node = secure.nodes[0]
    host = changes.get("who", "") + changes.get("host", "localhost")
    url = address(node, host, changes.get("scheme", "https"))
    given = {name: value for name, value in changes.items() if name.isupper()}
    with override_settings(**settings_of(secure, key, **{"SEARCH_URL": url, **given})):
        yield


def assert_told(reason: str, client: Client, capsys: pytest.CaptureFixture[str]) -> str:
    """The reason is told at the start, in a line, and by each command; searches answer 503, others as ever. Returns
    all that was said.
    """
    assert service_fault() == reason
    capsys.readouterr()
    build_index()
    started = capsys.readouterr()
    assert started.err == f"Searches will answer 503: {reason}. Everything else is served.\n"
    with pytest.raises(CommandError) as compared:
        call_command("check_index", stdout=StringIO())
    assert str(compared.value) == f"Nothing was compared: {reason}."
    with pytest.raises(CommandError) as built:
        call_command("rebuild_index", stdout=StringIO())
    assert_unavailable(client)
    assert client.get("/api/v1/frameworks/").status_code == 200
    ready = client.get("/api/v1/health/ready/")
    assert (ready.status_code, ready.json()["status"], ready.json()["index"]["status"]) == (
        200,
        "degraded",
        "down",
    )
    return " ".join((started.err, str(compared.value), str(built.value), ready.content.decode()))


@pytest.fixture
def watched_key(secure: Cluster, caplog: pytest.LogCaptureFixture) -> str:
    """A key with the stated rights, while the log is at its most talkative."""
    caplog.set_level(logging.DEBUG)
    return secure.api_key("stated", {"calloff": stated_role()})


@pytest.mark.parametrize("fault", FAULTS)
def test_what_is_wrong_is_said_in_a_line_without_a_secret_and_stops_searches_alone(
    secure: Cluster,
    watched_key: str,
    client: Client,
    capsys: pytest.CaptureFixture[str],
    caplog: pytest.LogCaptureFixture,
    fault: str,
) -> None:
    changes, reason = FAULTS[fault]
    with wrong(secure, watched_key, changes):
        said = assert_told(reason, client, capsys)
    assert_no_secret(watched_key, said, caplog)


def test_an_expired_certificate_is_said_in_a_line_and_stops_searches_alone(
    secure: Cluster,
    watched_key: str,
    client: Client,
    capsys: pytest.CaptureFixture[str],
    caplog: pytest.LogCaptureFixture,
    tmp_path: Path,
) -> None:
    """It expires while the node runs, which reads its certificate again when the file changes."""
    authority = make_authority()
    write_authority(authority, tmp_path / "authority.pem")
    with served(secure.nodes[0], *issue(authority, ["localhost"], expired=True)):
        where = settings_of(secure, watched_key, SEARCH_CA_CERT=str(tmp_path / "authority.pem"))
        with override_settings(**where):
            said = assert_told("the search service's certificate has expired", client, capsys)
    assert_no_secret(watched_key, said, caplog)


@contextmanager
def served(node: Node, key: bytes, certificate: bytes) -> Iterator[None]:
    """A node that serves another certificate, and its own again afterwards."""
    files = [node.folder / "config" / name for name in ("node.key", "node.pem")]
    own = [file.read_bytes() for file in files]
    try:
        serve(node, files, [key, certificate])
        yield
    finally:
        serve(node, files, own)


def serve(node: Node, files: list[Path], contents: list[bytes]) -> None:
    for file, content in zip(files, contents, strict=True):
        file.write_bytes(content)
    wanted = ssl.PEM_cert_to_DER_cert(contents[1].decode())

    def is_served() -> bool:
        told = ssl.get_server_certificate(("127.0.0.1", node.port), timeout=5)
        return ssl.PEM_cert_to_DER_cert(told) == wanted

    until(is_served, 60, "the certificate was not read again")


def assert_no_secret(key: str, said: str, caplog: pytest.LogCaptureFixture) -> None:
    """No key and no password stands in what was said, or in any line of the log, even at its most talkative."""
    told = said + caplog.text + " ".join(str(record.__dict__) for record in caplog.records)
    for secret in (key, base64.b64decode(key).decode().partition(":")[2], *SECRETS):
        assert secret not in told
