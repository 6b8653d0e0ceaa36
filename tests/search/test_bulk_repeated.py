"""A bulk whose answer is lost is asked for again, and what it did the first time is known for its own."""

from __future__ import annotations

import http.client
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from urllib.parse import urlsplit

import pytest

from search.engines.elasticsearch.connection import Connection, hosts_of
from search.engines.elasticsearch.engine import ElasticsearchEngine
from search.query import ListingQuery
from tests.search.engines import ElasticsearchIndexing
from tests.search.listing_documents import listing

pytestmark = [pytest.mark.elasticsearch, pytest.mark.timeout(120)]


class Forgetful(ThreadingHTTPServer):
    """Stands before a node, and once drops the answer to a bulk that the node has carried out."""

    def __init__(self, node: str) -> None:
        super().__init__(("127.0.0.1", 0), Handler)
        self.node = urlsplit(node)
        self.forgets = threading.Event()
        self.forgotten = 0


class Handler(BaseHTTPRequestHandler):
    server: Forgetful
    protocol_version = "HTTP/1.1"

    def log_message(self, *_: object) -> None:
        """Says nothing."""

    def carry(self) -> None:
        body = self.rfile.read(int(self.headers.get("Content-Length", 0)))
        far = http.client.HTTPConnection(self.server.node.hostname or "", self.server.node.port, timeout=60)
        far.request(self.command, self.path, body, dict(self.headers))
        answer = far.getresponse()
        content = answer.read()
        far.close()
        if self.server.forgets.is_set() and self.path.startswith("/_bulk"):
            self.server.forgets.clear()
            self.server.forgotten += 1
            self.close_connection = True
            return
        self.send_response(answer.status)
        for name in ("Content-Type", "X-Elastic-Product"):
            if value := answer.headers.get(name):
                self.send_header(name, value)
        self.send_header("Content-Length", str(len(content)))
        self.end_headers()
        self.wfile.write(content)


for method in ("GET", "POST", "PUT", "DELETE"):
    setattr(Handler, f"do_{method}", Handler.carry)


@contextmanager
def before(node: str) -> Iterator[Forgetful]:
    server = Forgetful(node)
    thread = threading.Thread(target=server.serve_forever)
    thread.start()
    try:
        yield server
    finally:
        server.shutdown()
        thread.join()
        server.server_close()


def test_a_bulk_whose_answer_was_lost_is_shown_as_a_step_of_its_own(search_node: str) -> None:
    made = ElasticsearchIndexing(search_node)
    made.empty()
    with before(search_node) as server:
        place = f"http://127.0.0.1:{server.server_address[1]}"
        engine = ElasticsearchEngine(Connection(hosts_of(place), prefix=made.prefix))
        with engine.writer() as writer:
            rebuild = writer.begin_rebuild("listings")
            rebuild.put([listing("a", version=1, summary="early")])
            rebuild.commit()
            generation = engine.state("listings").generation
            server.forgets.set()
            assert writer.apply("listings", [listing("a", version=2, summary="late")]) == generation + 1
            assert server.forgotten == 1
            assert engine.search_listings(ListingQuery(q="late")).count == 1
            assert writer.apply("listings", [listing("a", version=2, summary="late")]) == generation + 1
        engine.close()
    made.remove()
