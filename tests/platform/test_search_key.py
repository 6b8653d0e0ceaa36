"""tools/deployment/search_key.sh beside nodes of which some, or all, are away: no upgrade waits for them in vain."""

from __future__ import annotations

import json
import os
import ssl
import subprocess
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from threading import Thread

import pytest

from tests.platform.supervised import ROOT, free_port
from tests.platform.test_deployment import SERVICES
from tools.search_node.certificates import issue, make_authority, write_authority

AUTHORITY = make_authority()
KEPT = "a2V5OmtlcHQ="
MADE = "a2V5Om1hZGU="


class Answers(ThreadingHTTPServer):
    """A search node of which only the status is known that each of its two answers has."""

    daemon_threads = True
    to_key = 200
    to_password = 200


class Handler(BaseHTTPRequestHandler):
    server: Answers

    def do_GET(self) -> None:
        assert self.headers["Authorization"] == f"ApiKey {KEPT}"
        self._answer(self.server.to_key, {})

    def do_POST(self) -> None:
        asked = json.loads(self.rfile.read(int(self.headers["Content-Length"])))
        assert asked["role_descriptors"]["calloff"]["indices"][0]["names"] == ["calloff-*"]
        self._answer(self.server.to_password, {"encoded": MADE} if self.server.to_password == 200 else {})

    def _answer(self, status: int, body: dict[str, str]) -> None:
        self.send_response(status)
        self.end_headers()
        self.wfile.write(json.dumps(body, separators=(",", ":")).encode())

    def log_message(self, *_: object) -> None:
        pass


@contextmanager
def node(folder: Path, to_key: int, to_password: int) -> Iterator[str]:
    """Its address."""
    server = Answers(("127.0.0.1", 0), Handler)
    server.to_key, server.to_password = to_key, to_password
    for name, content in zip(("node.key", "node.crt"), issue(AUTHORITY, ["127.0.0.1"]), strict=True):
        (folder / name).write_bytes(content)
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(folder / "node.crt", folder / "node.key")
    server.socket = context.wrap_socket(server.socket, server_side=True)
    Thread(target=server.serve_forever, daemon=True).start()
    try:
        yield f"https://127.0.0.1:{server.server_port}"
    finally:
        server.shutdown()
        server.server_close()


@pytest.fixture
def access(tmp_path: Path) -> Path:
    """The volume that the services read, with a key that was made before."""
    folder = tmp_path / "access"
    folder.mkdir()
    write_authority(AUTHORITY, folder / "ca.crt")
    (folder / "api-key").write_text(f"{KEPT}\n")
    (tmp_path / "password").write_text("a-password-of-the-test\n")
    return folder


def key(access: Path, *answers: tuple[int, int] | None) -> tuple[int, str, str, str]:
    """Status, what was said and complained of, and the key that is kept then, with a node for each of `answers`: what
    it says to the key and to the password, None for one that is down. Addresses are told as N.
    """
    with ExitStack() as running:
        addresses = [
            running.enter_context(node(access.parent, *answer))
            if answer
            else f"https://127.0.0.1:{free_port()}"
            for answer in answers
        ]
        done = subprocess.run(
            ["bash", str(ROOT / "tools" / "deployment" / "search_key.sh")],
            env={
                "PATH": os.environ["PATH"],
                **SERVICES["search-key"]["environment"],
                "ACCESS": str(access),
                "NODES": " ".join(addresses),
                "PATIENCE": "0",
                "READER": str(os.getuid()),
                "PASSWORD_FILE": str(access.parent / "password"),
            },
            capture_output=True,
            text=True,
            timeout=60,
            check=False,
        )
    complaint = done.stderr
    for number, address in enumerate(addresses, 1):
        complaint = complaint.replace(address, f"N{number}")
    kept = access / "api-key"
    return done.returncode, done.stdout, complaint, kept.read_text().strip() if kept.exists() else ""


def test_any_node_says_that_the_key_works(access: Path) -> None:
    said = "The API key works and is kept.\n"
    assert key(access, None, (503, 503), (200, 500)) == (0, said, "", KEPT)


def test_any_node_gives_a_key_where_there_is_none_or_one_that_works_no_more(access: Path) -> None:
    said = "A new API key for calloff-* was made.\n"
    assert key(access, None, (401, 401), (401, 200)) == (0, said, "", MADE)
    assert (access / "api-key").stat().st_mode & 0o777 == 0o400
    (access / "api-key").unlink()
    assert key(access, None, (500, 503), (500, 200)) == (0, said, "", MADE)


def test_a_key_is_kept_and_the_rest_goes_on_while_no_node_can_say_whether_it_works(access: Path) -> None:
    assert key(access, None, (503, 200), (401, 503)) == (
        0,
        "",
        (
            "No search node says that the API key works (N1: 000, N2: 503, N3: 503). It is kept; searches may answer "
            "503 until one does.\n"
        ),
        KEPT,
    )


def test_a_key_and_a_password_that_a_node_refuses_keep_an_upgrade(access: Path) -> None:
    complaint = (
        "A search node takes neither a kept API key nor the password of elastic (N1: 000, N2: 401, N3: 503). Put right "
        "elastic_password.\n"
    )
    assert key(access, None, (401, 401), (401, 503)) == (1, "", complaint, KEPT)


def test_without_a_key_nothing_starts_and_a_sentence_says_why(access: Path) -> None:
    (access / "api-key").unlink()
    assert key(access, None, (500, 403)) == (
        1,
        "",
        "No search node gave an API key within 0 s (N1: 000, N2: 403; 000 is no answer). Look at their logs.\n",
        "",
    )
