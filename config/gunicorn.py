"""How gunicorn serves: the socket, processes and threads come from the supervisor's environment.

Threads wait for the database and for slow clients; they share one interpreter, so more of them does not mean
more searches a second, and more processes than cores does not either. The program is loaded once and forked;
what must not cross a fork, the index and the database's connections, is opened on first use, in each process.
"""

from __future__ import annotations

import ctypes
import gc
import os
from typing import Any, Final
from wsgiref.util import setup_testing_defaults

from django.conf import settings
from django.utils.module_loading import import_string
from gunicorn.config import Config
from gunicorn.glogging import Logger

from config.web_worker import FewestFirst
from search.index import service_fault, service_warning

os.environ.setdefault("DJANGO_SETTINGS_MODULE", "config.settings")
wsgi_app = "config.wsgi:application"
preload_app = True
worker_class = FewestFirst
workers = settings.WEB_PROCESSES
threads = settings.WEB_THREADS
bind = [os.environ.get("WEB_BIND", "127.0.0.1:8000")]
keepalive = 30
timeout = 60
graceful_timeout = 8
# A pasted need of 2,000 characters is up to three times as long when percent-encoded.
limit_request_line = 8190
# The log of requests is that of config/middleware.py, one line of JSON each.
accesslog = None
errorlog = "-"
loglevel = "warning"
control_socket_disable = True

# Which header says HTTPS is BEHIND_PROXY's to decide (config/settings.py); gunicorn would trust it on loopback.
forwarded_allow_ips = ""
secure_scheme_headers: dict[str, str] = {}


class OneLog(Logger):
    """Leaves the writing to the log of every process (config/logging.py), which says nothing that was typed."""

    def setup(self, cfg: Config) -> None:
        super().setup(cfg)
        self.error_log.handlers.clear()
        self.error_log.propagate = True


logger_class = OneLog

GARBAGE_AFTER = 20_000
"""Objects more than were freed before Python looks for garbage among the young ones."""

KEPT_MEMORY = {-3: 32 << 20, -1: 128 << 20, -2: 16 << 20}
"""Of malloc.h: what is mapped for itself (M_MMAP_THRESHOLD), what is given back (M_TRIM_THRESHOLD), and what is asked
for beyond need (M_TOP_PAD), in bytes.
"""

WARMED = ("/api/v1/health/ready/", "/api/v1/listings/?page_size=1", "/api/v1/rates/?page_size=1", "/search")
"""What a new process answers to nobody first: the first person does not wait for what is opened once."""


FINDS: Final = "search.finds.finds"
"""Named, not imported: it knows models, and this is read before Django is set up."""


def keep_freed_memory() -> None:
    """Lets a process keep memory that it has freed, for the next answer: an answer of 100 kB and the arrays behind it
    otherwise go back to the system and are fetched anew, page by page, which took a tenth of a search. glibc's
    malloc alone knows these settings.
    """
    mallopt = getattr(ctypes.CDLL(None), "mallopt", None)
    if mallopt is not None:
        for setting, size in KEPT_MEMORY.items():
            mallopt(setting, size)


def on_starting(server: Any) -> None:
    """Called once, before any process is forked: what is wrong with the search service, or the way to it, is said, and
    all else is served.
    """
    if (warning := service_warning()) is not None:
        server.log.warning("%s", warning)
    if (fault := service_fault()) is not None:
        server.log.warning("Searches will answer 503: %s. Everything else is served.", fault)


def child_exit(_server: Any, worker: FewestFirst) -> None:
    """Called by gunicorn in the first process when another has ended."""
    worker.gone()


def post_worker_init(worker: Any) -> None:
    """Called by gunicorn in each new process, before it accepts; what is answered does not matter."""
    keep_freed_memory()
    host = next((name for name in settings.ALLOWED_HOSTS if name.strip(".*")), "localhost").lstrip(".")
    for address in WARMED:
        path, _, query = address.partition("?")
        environ: dict[str, Any] = {"HTTP_HOST": host, "PATH_INFO": path, "QUERY_STRING": query}
        environ |= {"wsgi.url_scheme": "https" if settings.HTTPS else "http", "REMOTE_ADDR": "127.0.0.1"}
        setup_testing_defaults(environ)
        answer = worker.wsgi(environ, lambda *_: None)
        try:
            for _ in answer:
                pass
        finally:
            answer.close()
    # What is loaded by now stays: looking through it for garbage would hold up a request by a tenth of a second.
    gc.collect()
    gc.freeze()
    gc.set_threshold(GARBAGE_AFTER)
    import_string(FINDS).begin()


def worker_exit(_server: Any, _worker: Any) -> None:
    """Called by gunicorn in a process that ends: what it has counted and not yet written is written."""
    import_string(FINDS).end()
